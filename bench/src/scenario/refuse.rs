//! A sender over its rate: what does a message cost that is refused?
//!
//! The same publishers push as hard as their windows allow, once at a broker that lets them and
//! once at one that holds each to the rate of a client. Nearly all messages of the second run are
//! refused, so its CPU time by message is the price of a refusal. A flood must cost the broker
//! less refused than accepted, or refusing protects nothing.

use anyhow::ensure;

use crate::args::scenarios::Refuse;
use crate::load::order::Flaws;
use crate::load::plan::{Plan, RoomPlan};
use crate::load::{Load, Pace};
use crate::report::model::{Figure, Round, figures};
use crate::scenario::span::{self, Span};
use crate::scenario::stage::{Sheet, Stage, Turn, parameter};
use crate::scenario::steady::PATIENCE;
use crate::stats::share;
use crate::targets::{Kind, Rules};
use crate::{Stop, Verdict};

const COLUMNS: &[&Figure] = &[
    &figures::REFUSED_NS,
    &figures::ACCEPTED_NS,
    &figures::REFUSED,
    &figures::ACCEPTED,
    &figures::SERVER_CORES,
    &figures::LOAD_BUSY,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Refuse, stop: &Stop) -> anyhow::Result<Verdict> {
    ensure!(
        args.target.address.is_none() && args.target.peer.is_empty(),
        "the broker is started with and without a rate limit here, and no peer has one: neither \
         --address nor --peer can be used"
    );
    let room = RoomPlan { members: args.members, publishers: args.publishers };
    let mut plan = Plan::alike(String::new(), 1, room, args.payload);
    plan.window_max = args.window;
    let stage = Stage::set(&args.target, Rules::Rated, plan.members() + plan.publishers(), stop)?;
    let sheet = Sheet {
        scenario: "refuse",
        parameters: vec![
            parameter("publishers", format!("{} (client role, not members)", args.publishers)),
            parameter("members", args.members),
            parameter("window", format!("{} messages in flight per publisher", args.window)),
            parameter("payload bytes", args.payload),
            parameter("seconds", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::REFUSED_NS,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| {
        let accepted = flood(args, &plan, &stage, (turn, Rules::Lifted))?;
        let refused = flood(args, &plan, &stage, (turn, Rules::Rated))?;
        Ok(vec![round(turn, &accepted, &refused)])
    })
}

/// One flood: its span, and what went wrong.
fn flood(
    args: &Refuse,
    plan: &Plan,
    stage: &Stage<'_>,
    (turn, rules): (&Turn, Rules),
) -> anyhow::Result<(Span, Flaws)> {
    let mut target = stage.open_with(turn, rules)?;
    let unlimited = rules != Rules::Rated;
    let plan = Plan { name: stage.name(), unlimited, ..plan.clone() };
    let mut load = Load::open(&target.door, &plan, stage.stop())?;
    load.set_pace(Pace::Closed { window: args.window });
    load.run_for(args.timing.warm_up, &mut stage.watch(&mut target))?;
    let span = span::measure(stage, &mut target, &mut load, args.timing.seconds)?;
    let flaws = load.drain(PATIENCE, &mut stage.watch(&mut target))?;
    Ok((span, flaws))
}

fn round(turn: &Turn, accepted: &(Span, Flaws), refused: &(Span, Flaws)) -> Round {
    let (rated, counts) = (&refused.0, &refused.0.counts);
    let accepted_ns = share(accepted.0.spent.run_ns, accepted.0.counts.accepted);
    // The few that are accepted even so are taken for refused.
    let refused_ns = share(rated.spent.run_ns, counts.refused + counts.accepted);
    let mut flaws = accepted.1;
    // What is refused here is refused on purpose; what is lost or doubled is not.
    flaws.add(&Flaws { refused: 0, ..refused.1 });
    Round {
        number: turn.number,
        target: Kind::Broker.as_str().to_owned(),
        point: None,
        figures: vec![
            (figures::REFUSED_NS.name, refused_ns),
            (figures::ACCEPTED_NS.name, accepted_ns),
            (figures::REFUSED.name, rated.per_second(counts.refused)),
            (figures::ACCEPTED.name, accepted.0.per_second(accepted.0.counts.accepted)),
            (figures::SERVER_CORES.name, rated.server_cores_busy()),
            (figures::LOAD_BUSY.name, rated.load_busy()),
        ],
        histograms: Vec::new(),
        flaws: Some(flaws),
        // The CPU time of a message does not depend on who of the two is faster.
        load_bound: false,
        note: Some(format!(
            "a refused message costs {:.2} times what an accepted one does",
            refused_ns / accepted_ns.max(1.0)
        )),
    }
}
