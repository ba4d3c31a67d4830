//! Some members stop reading: do the others notice?
//!
//! The same room under the same time table twice, in one run: first while everyone reads, then
//! while a share of the members does not. What counts is the latency of those who still read.
//! In the end the others read on, and what they find is checked: it is all there, or they were
//! told what was skipped for them, or they were cut off.

use crate::args::scenarios::Slow;
use crate::load::plan::{Plan, RoomPlan};
use crate::load::schedule::Schedule;
use crate::load::{Load, Pace};
use crate::report::model::{Figure, Round, figures};
use crate::scenario::span::{self, latency_figures, service_figures};
use crate::scenario::stage::{Sheet, Stage, Turn, add_note, histograms, parameter};
use crate::scenario::steady::PATIENCE;
use crate::stats::share;
use crate::targets::Rules;
use crate::{Stop, Verdict};

const COLUMNS: &[&Figure] = &[
    &figures::OFFERED,
    &figures::DELIVERIES,
    &figures::BEFORE_P99,
    &figures::P50,
    &figures::P99,
    &figures::P999,
    &figures::MAX,
    &figures::RSS_GROWTH,
    &figures::CUT_OFF,
    &figures::SKIPPED,
    &figures::CPU_NS,
    &figures::SERVER_CORES,
    &figures::LATE_P99,
    &figures::LOAD_BUSY,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session that reads ends.
pub fn run(args: &Slow, stop: &Stop) -> anyhow::Result<Verdict> {
    let room = RoomPlan { members: args.members, publishers: 1 };
    let plan = Plan { may_lose_members: true, ..Plan::alike(String::new(), 1, room, args.payload) };
    let stage = Stage::set(&args.target, Rules::Classes, plan.members() + plan.publishers(), stop)?;
    let sheet = Sheet {
        scenario: "slow",
        parameters: vec![
            parameter("members", args.members),
            parameter("share that stops reading", args.share),
            parameter("publishers", "1 (client role, not a member)"),
            parameter("rate", format!("{} messages a second", args.rate)),
            parameter("payload bytes", args.payload),
            parameter("seconds before and after", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::P99,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![stall(args, &plan, &stage, turn)?]))
}

fn stall(args: &Slow, plan: &Plan, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
    let mut target = stage.open(turn)?;
    let plan = Plan { name: stage.name(), ..plan.clone() };
    let mut load = Load::open(&target.door, &plan, stage.stop())?;
    let now = load.tally.clock.now_ns();
    load.set_pace(Pace::Open(Schedule::even(now, args.rate, load.publishers())));
    load.run_for(args.timing.warm_up, &mut stage.watch(&mut target))?;
    let before = span::measure(stage, &mut target, &mut load, args.timing.seconds)?;
    let p99_before = load.tally.latencies().each.value_at_quantile(0.99) as f64 / 1e3;

    let stalled = load.stall(args.share)?;
    load.run_for(args.timing.warm_up, &mut stage.watch(&mut target))?;
    let span = span::measure(stage, &mut target, &mut load, args.timing.seconds)?;
    let settled = load.settle(PATIENCE, &mut stage.watch(&mut target))?;
    let latencies = load.tally.latencies();
    let mut more = latency_figures(latencies);
    more.extend(service_figures(latencies));
    let (load_bound, histograms) = (span.is_load_bound(Some(latencies)), histograms(latencies));
    let readers_gone = load.members_gone();

    let counts = load.tally.counts;
    load.wake()?;
    load.settle(PATIENCE, &mut stage.watch(&mut target))?;
    load.round_off(PATIENCE, &mut stage.watch(&mut target))?;
    let flaws = load.drain(PATIENCE, &mut stage.watch(&mut target))?;
    let cut_off = load.members_gone() - readers_gone;
    let found = load.tally.counts.since(&counts);
    more.extend([
        (figures::OFFERED.name, span.per_second(span.counts.offered)),
        (figures::BEFORE_P99.name, p99_before),
        (figures::RSS_GROWTH.name, span.rss_bytes as f64 - before.rss_bytes as f64),
        (figures::CUT_OFF.name, cut_off as f64),
        (figures::SKIPPED.name, share(found.skipped, found.skipped + found.deliveries())),
    ]);
    let mut round = turn.round(&span, more, flaws);
    (round.load_bound, round.histograms) = (load_bound, histograms);
    add_note(
        &mut round,
        &format!(
            "of {stalled} members that stopped reading {cut_off} were cut off; in the end the others \
         found {} messages and were told of {} that were skipped",
            found.deliveries(),
            found.skipped
        ),
    );
    if !settled.in_time {
        let seconds = PATIENCE.as_secs();
        add_note(&mut round, &format!("what waited had not all come after {seconds} s"));
    }
    if readers_gone > 0 {
        add_note(&mut round, &format!("{readers_gone} members were cut off though they read"));
    }
    Ok(round)
}
