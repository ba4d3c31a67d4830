//! One room, many members, a few publishers: what does a delivery cost the server?

use throng_protocol::value::Role;

use crate::args::scenarios::{Fanout, PublisherRole};
use crate::load::plan::{Plan, RoomPlan};
use crate::report::model::{Figure, figures};
use crate::scenario::stage::{Sheet, Stage, parameter};
use crate::scenario::steady::{Rhythm, Steady};
use crate::targets::Rules;
use crate::{Stop, Verdict};

/// What the table of a closed loop shows.
pub const COLUMNS: &[&Figure] = &[
    &figures::DELIVERIES,
    &figures::PUBLISHES,
    &figures::CPU_NS,
    &figures::SERVER_CORES,
    &figures::RSS,
    &figures::PER_READ,
    &figures::LOAD_BUSY,
    &figures::P50,
    &figures::P90,
    &figures::P99,
    &figures::P999,
    &figures::MAX,
    &figures::LAST_P50,
    &figures::LAST_P99,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Fanout, stop: &Stop) -> anyhow::Result<Verdict> {
    let room = RoomPlan { members: args.members, publishers: args.publishers };
    let mut plan = Plan::alike(String::new(), 1, room, args.payload);
    plan.publisher_role = Role::from(args.publisher_role);
    plan.window_max = args.window;
    let stage = Stage::set(&args.target, Rules::Lifted, plan.members() + plan.publishers(), stop)?;
    let steady = Steady {
        plan,
        rhythm: Rhythm::Closed { window: args.window },
        warm_up: args.timing.warm_up,
        seconds: args.timing.seconds,
    };
    let role = match args.publisher_role {
        PublisherRole::Client => "client role",
        PublisherRole::Server => "server role",
    };
    let sheet = Sheet {
        scenario: "fanout",
        parameters: vec![
            parameter("members", args.members),
            parameter("publishers", format!("{} ({role}, not members)", args.publishers)),
            parameter("window", format!("{} messages in flight per publisher", args.window)),
            parameter("payload bytes", args.payload),
            parameter("seconds", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::CPU_NS,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![steady.run(&stage, turn)?]))
}
