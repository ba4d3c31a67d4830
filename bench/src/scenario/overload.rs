//! More than the server can take: what still gets through, and how soon is it well again?
//!
//! What it can take is found out first, in a closed loop on the same target. Then a multiple of
//! that is offered by a time table, point by point; after each point the load is silent until
//! all that waits has come. Messages are of three classes by kind. A server that knows classes
//! should bring the protected ones through; one that does not loses or delays all alike.

use std::time::Duration;

use crate::args::scenarios::Overload;
use crate::load::class::{Class, Mix};
use crate::load::order::Flaws;
use crate::load::plan::{Plan, RoomPlan};
use crate::load::schedule::Schedule;
use crate::load::{Load, Pace};
use crate::report::model::{Figure, Round, Sweep, figures};
use crate::scenario::span::{self, Figures, Span, latency_figures, service_figures};
use crate::scenario::stage::{Sheet, Stage, Turn, add_note, histograms, parameter};
use crate::stats::share;
use crate::targets::{Rules, Target};
use crate::{Stop, Verdict};

/// Messages in flight per publisher while it is found out what the server can take.
const WINDOW: u32 = 32;

/// How long that takes, and what comes before it is measured.
const SATURATION: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);

/// How long a server may take to get well again.
const PATIENCE: Duration = Duration::from_secs(10);

const COLUMNS: &[&Figure] = &[
    &figures::SATURATION,
    &figures::OFFERED,
    &figures::DELIVERIES,
    &figures::GOODPUT,
    &figures::SURVIVED_PROTECTED,
    &figures::SURVIVED_HIGH,
    &figures::SURVIVED_LOW,
    &figures::SHED,
    &figures::REFUSED,
    &figures::SKIPPED,
    &figures::CUT_OFF,
    &figures::P50,
    &figures::P99,
    &figures::RECOVERY,
    &figures::RSS,
    &figures::SERVER_CORES,
    &figures::LOAD_BUSY,
];

/// Runs the points and writes the report.
///
/// # Errors
/// When a target cannot be started or dies.
pub fn run(args: &Overload, stop: &Stop) -> anyhow::Result<Verdict> {
    let room = RoomPlan { members: args.members, publishers: args.publishers };
    let plan = Plan {
        mix: Mix::Classes,
        window_max: WINDOW,
        may_lose_members: true,
        ..Plan::alike(String::new(), 1, room, args.payload)
    };
    let stage = Stage::set(&args.target, Rules::Classes, plan.members() + plan.publishers(), stop)?;
    let found = "found out by each target in a closed loop".to_owned();
    let saturation = args.saturation.map_or(found, |rate| format!("{rate} messages a second"));
    let sheet = Sheet {
        scenario: "overload",
        parameters: vec![
            parameter("members", args.members),
            parameter("publishers", format!("{} (client role, not members)", args.publishers)),
            parameter("classes", "of 20 messages 1 protected (tip), 9 high (text), 10 low (like)"),
            parameter("saturation", saturation),
            parameter("payload bytes", args.payload),
            parameter("seconds per point", args.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::GOODPUT,
        sweep: Some(Sweep { title: "offered", unit: "times saturation" }),
    };
    let turns = stage.turns(Some(args.rounds));
    stage.play(sheet, &args.output, &turns, |turn| {
        let mut rounds = Vec::new();
        let saturation = match args.saturation {
            Some(rate) => rate,
            None => saturation_of(&plan, &stage, turn)?,
        };
        for &times in &args.times {
            let point = Point { args, plan: &plan, times, saturation };
            rounds.push(point.run(&stage, turn)?);
        }
        Ok(rounds)
    })
}

/// Messages a second that a target takes in a closed loop.
fn saturation_of(plan: &Plan, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<f64> {
    let (mut target, mut load) = begin(plan, stage, turn)?;
    load.set_pace(Pace::Closed { window: WINDOW });
    load.run_for(WARM_UP, &mut stage.watch(&mut target))?;
    let span = span::measure(stage, &mut target, &mut load, SATURATION)?;
    let each_to = plan.members() as f64;
    let rate = span.per_second(span.counts.deliveries()) / each_to;
    anyhow::ensure!(rate > 0.0, "it delivers nothing");
    Ok(rate)
}

fn begin(plan: &Plan, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<(Target, Load)> {
    let target = stage.open(turn)?;
    let plan = Plan { name: stage.name(), ..plan.clone() };
    let load = Load::open(&target.door, &plan, stage.stop())?;
    Ok((target, load))
}

/// One multiple of what a target can take.
struct Point<'a> {
    args: &'a Overload,
    plan: &'a Plan,
    times: f64,
    /// Messages a second that the target takes.
    saturation: f64,
}

impl Point<'_> {
    fn run(&self, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
        let (mut target, mut load) = begin(self.plan, stage, turn)?;
        let now = load.tally.clock.now_ns();
        let rate = self.saturation * self.times;
        load.set_pace(Pace::Open(Schedule::even(now, rate, load.publishers())));
        load.run_for(WARM_UP, &mut stage.watch(&mut target))?;
        let span = span::measure(stage, &mut target, &mut load, self.args.seconds)?;
        let settled = load.settle(PATIENCE, &mut stage.watch(&mut target))?;
        let gone = load.members_gone();

        if settled.in_time {
            load.round_off(PATIENCE, &mut stage.watch(&mut target))?;
        }

        let latencies = load.tally.latencies();
        let mut more = latency_figures(latencies);
        more.extend(service_figures(latencies));
        more.extend(self.survival(&span));
        more.extend([
            (figures::CUT_OFF.name, gone as f64),
            (figures::RECOVERY.name, settled.took.as_secs_f64() * 1e3),
        ]);
        // What is refused here is refused on purpose; what is lost without a word is not.
        let flaws = Flaws { refused: 0, ..load.flaws(!settled.in_time) };
        let mut round = turn.round(&span, more, flaws);
        round.point = Some(self.times);
        round.load_bound = span.is_load_bound(Some(latencies));
        round.histograms = histograms(latencies);
        if !settled.in_time {
            let seconds = PATIENCE.as_secs();
            add_note(&mut round, &format!("what waited had not all come after {seconds} s"));
        }
        if let Some(refusal) = load.first_refusal() {
            add_note(&mut round, &format!("the first refusal: {refusal}"));
        }
        Ok(round)
    }

    /// What was delivered in the span: of what the target can bring, and by class of what was
    /// offered in it.
    fn survival(&self, span: &Span) -> Figures {
        let counts = &span.counts;
        let members = self.plan.members() as f64;
        let offered = counts.offered as f64 * members;
        let of_class = |class: Class| {
            let offered = offered * Mix::Classes.share(class);
            (counts.delivered[class as usize] as f64 / offered.max(1.0)).min(1.0)
        };
        let can_bring = self.saturation * members;
        let addressed = counts.deliveries() + counts.skipped;
        vec![
            (figures::OFFERED.name, span.per_second(counts.offered)),
            (figures::SATURATION.name, self.saturation),
            (figures::GOODPUT.name, span.per_second(counts.deliveries()) / can_bring),
            (figures::SURVIVED_PROTECTED.name, of_class(Class::Protected)),
            (figures::SURVIVED_HIGH.name, of_class(Class::High)),
            (figures::SURVIVED_LOW.name, of_class(Class::Low)),
            (figures::SHED.name, share(counts.shed, counts.offered)),
            (figures::REFUSED.name, span.per_second(counts.refused)),
            (figures::SKIPPED.name, share(counts.skipped, addressed)),
        ]
    }
}
