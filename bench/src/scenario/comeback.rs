//! Clients that are all cut off at once and come back: do rooms that talk meanwhile notice?
//!
//! The same rooms under the same time table twice, in one run: first while the others are there
//! and silent, then from the first of them that is cut off until the last one is in again. What
//! counts is the second latency over the first. One thread does all of it, one short step of the
//! storm after each look at the rooms, so that the rooms are not read late by the load's fault.

use core::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::args::scenarios::Comeback;
use crate::load::crowd::{Arrival, Crowd, Haste};
use crate::load::dialect::Guest;
use crate::load::plan::{Plan, RoomPlan};
use crate::load::schedule::Schedule;
use crate::load::{Load, Pace};
use crate::report::model::{Figure, Round, figures};
use crate::scenario::span::{self, Span, latency_figures, service_figures, was_late};
use crate::scenario::stage::{Sheet, Stage, Turn, add_note, histograms, parameter};
use crate::scenario::steady::PATIENCE;
use crate::scenario::storm::guests;
use crate::targets::{Rules, Target};
use crate::{Stop, Verdict};

/// Clients that set out or are heard between two looks at the rooms; one of them is cut off.
const PER_STEP: usize = 2;

const COLUMNS: &[&Figure] = &[
    &figures::P99_RATIO,
    &figures::BEFORE_P99,
    &figures::P50,
    &figures::P99,
    &figures::P999,
    &figures::MAX,
    &figures::ALL_BACK,
    &figures::CONNECTS,
    &figures::CPU_PER_CONNECTION,
    &figures::OFFERED,
    &figures::RSS,
    &figures::SERVER_CORES,
    &figures::LATE_P99,
    &figures::LOAD_BUSY,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or does not let a client in.
pub fn run(args: &Comeback, stop: &Stop) -> anyhow::Result<Verdict> {
    let live = args.live;
    let room = RoomPlan { members: live.live_members, publishers: 1 };
    let plan = Plan::alike(String::new(), live.live_rooms, room, live.payload);
    let sessions = u64::from(args.connections) + plan.members() + plan.publishers();
    let stage = Stage::set(&args.target, Rules::Lifted, sessions, stop)?;
    let sheet = Sheet {
        scenario: "comeback",
        parameters: vec![
            parameter("clients that come back", args.connections),
            parameter("rooms they are in", args.rooms),
            parameter("under way", format!("at most {} at a time", args.at_a_time)),
            parameter("set out within", format!("{} s", args.spread.as_secs_f64())),
            parameter("rooms that talk", live.live_rooms),
            parameter("members of each", live.live_members),
            parameter("rate", format!("{} messages a second to all of these", live.rate)),
            parameter("payload bytes", live.payload),
            parameter("seconds before", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::P99_RATIO,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![play(args, &plan, &stage, turn)?]))
}

fn play(args: &Comeback, plan: &Plan, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
    let mut target = stage.open(turn)?;
    let guests = guests(&stage.name(), args.connections, args.rooms);
    let at_a_time = args.at_a_time as usize;
    let crowd = Crowd::open(&target.door, &guests, at_a_time, stage.stop())?;
    let plan = Plan { name: stage.name(), ..plan.clone() };
    let mut load = Load::open(&target.door, &plan, stage.stop())?;
    let now = load.tally.clock.now_ns();
    load.set_pace(Pace::Open(Schedule::even(now, args.live.rate, load.publishers())));
    load.run_for(args.timing.warm_up, &mut stage.watch(&mut target))?;
    let calm = span::measure(stage, &mut target, &mut load, args.timing.seconds)?;
    let latencies = load.tally.latencies();
    let (p99_before, late_before) = (latencies.each.value_at_quantile(0.99), was_late(latencies));

    let storm = Storm { stage, guests: &guests, at_a_time, spread: args.spread };
    let (span, crowd) = storm.blow(&mut target, &mut load, crowd)?;
    let flaws = load.drain(PATIENCE, &mut stage.watch(&mut target))?;
    drop(crowd);

    let latencies = load.tally.latencies();
    let p99 = latencies.each.value_at_quantile(0.99) as f64;
    let clients = f64::from(args.connections);
    // What the rooms take is known from the time before.
    let rooms_ns = calm.spent.run_ns as f64 * span.wall_ns as f64 / calm.wall_ns as f64;
    let spent_ns = (span.spent.run_ns as f64 - rooms_ns).max(0.0);
    let mut more = latency_figures(latencies);
    more.extend(service_figures(latencies));
    more.extend([
        (figures::P99_RATIO.name, p99 / (p99_before as f64).max(1.0)),
        (figures::BEFORE_P99.name, p99_before as f64 / 1e3),
        (figures::ALL_BACK.name, span.wall_ns as f64 / 1e6),
        (figures::CONNECTS.name, clients * 1e9 / span.wall_ns as f64),
        (figures::CPU_PER_CONNECTION.name, spent_ns / clients),
        (figures::OFFERED.name, span.per_second(span.counts.offered)),
    ]);
    let mut round = turn.round(&span, more, flaws);
    // A load that is busy only makes the storm weaker; one that is late makes latencies its own.
    round.load_bound = late_before || was_late(latencies);
    round.histograms = histograms(latencies);
    add_note(&mut round, &format!("{} latencies in the storm", latencies.each.len()));
    Ok(round)
}

/// All clients go and come back.
struct Storm<'a> {
    stage: &'a Stage<'a>,
    guests: &'a [Guest],
    at_a_time: usize,
    /// From the first cut on, the time over which they set out, evenly.
    spread: Duration,
}

impl Storm<'_> {
    /// How many have to be on their way, so long after the first cut.
    fn due(&self, elapsed: Duration) -> usize {
        let share = elapsed.as_secs_f64() / self.spread.as_secs_f64().max(f64::MIN_POSITIVE);
        // Rounded up, and all of them if that is no number of clients.
        let due = (share.min(1.0) * self.guests.len() as f64).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the number of guests"
        )]
        let due = due as usize;
        due
    }

    /// Cuts everyone off, lets them come back, and measures that beside the load.
    fn blow(
        &self,
        target: &mut Target,
        load: &mut Load,
        mut before: Crowd,
    ) -> anyhow::Result<(Span, Crowd)> {
        let haste = Haste { at_a_time: self.at_a_time, per_step: PER_STEP };
        let mut arrival = Arrival::new(&target.door, self.guests, haste)?;
        let began = Instant::now();
        let mut step = || {
            if !before.cut_one() {
                arrival.step(self.due(began.elapsed()))?;
            }
            let over = arrival.is_over();
            Ok(if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let span = span::measure_while(self.stage, target, load, |load, watch| {
            load.run_beside(watch, &mut step)
        })?;
        Ok((span, arrival.into_crowd()))
    }
}
