//! Many small rooms, as games have them: what does a delivery cost when few go together?
//!
//! With `--scale` each round is run with several numbers of workers, side by side.

use crate::args::scenarios::Rooms;
use crate::load::plan::{Plan, RoomPlan};
use crate::report::model::{Sweep, figures};
use crate::scenario::fanout::COLUMNS;
use crate::scenario::stage::{Sheet, Stage, parameter};
use crate::scenario::steady::{Rhythm, Steady};
use crate::targets::Rules;
use crate::{Stop, Verdict, args};

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Rooms, stop: &Stop) -> anyhow::Result<Verdict> {
    let room = RoomPlan { members: args.members, publishers: args.publishers };
    let mut plan = Plan::alike(String::new(), args.rooms, room, args.payload);
    plan.window_max = args.window;
    // Cores for the most workers of all points, so that all points have the same.
    let most = args.scale.iter().copied().max().unwrap_or(args.target.workers);
    let target = args::Target { workers: most, ..args.target.clone() };
    let stage = Stage::set(&target, Rules::Lifted, plan.members() + plan.publishers(), stop)?;
    let steady = Steady {
        plan,
        rhythm: Rhythm::Closed { window: args.window },
        warm_up: args.timing.warm_up,
        seconds: args.timing.seconds,
    };
    let scaled = !args.scale.is_empty();
    let sheet = Sheet {
        scenario: "rooms",
        parameters: vec![
            parameter("rooms", args.rooms),
            parameter("members per room", args.members),
            parameter(
                "publishers per room",
                format!("{} (client role, not members)", args.publishers),
            ),
            parameter("window", format!("{} messages in flight per publisher", args.window)),
            parameter("payload bytes", args.payload),
            parameter("seconds", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::CPU_NS,
        sweep: scaled.then_some(Sweep { title: "workers", unit: "" }),
    };
    let workers = if scaled { &args.scale[..] } else { &[target.workers] };
    let turns = stage.turns_of(args.timing.rounds, workers);
    stage.play(sheet, &args.output, &turns, |turn| {
        let mut round = steady.run(&stage, turn)?;
        round.point = scaled.then(|| f64::from(turn.workers));
        Ok(vec![round])
    })
}
