//! A fixed rate, whatever the server does: how long does a message take?
//!
//! Latency counts from the time a message was due; service time, from when it was written, is
//! beside it. Where the two differ, the server or the load could not keep to the time table.

use crate::args::scenarios::{Latency, Shape};
use crate::load::plan::{Plan, RoomPlan};
use crate::report::model::{Figure, figures};
use crate::scenario::stage::{Sheet, Stage, parameter};
use crate::scenario::steady::{Rhythm, Steady};
use crate::targets::Rules;
use crate::{Stop, Verdict};

/// What the table of an open loop shows.
pub const COLUMNS: &[&Figure] = &[
    &figures::OFFERED,
    &figures::DELIVERIES,
    &figures::P50,
    &figures::P90,
    &figures::P99,
    &figures::P999,
    &figures::MAX,
    &figures::LAST_P50,
    &figures::LAST_P99,
    &figures::SERVICE_P50,
    &figures::SERVICE_P99,
    &figures::LATE_P99,
    &figures::CPU_NS,
    &figures::SERVER_CORES,
    &figures::LOAD_BUSY,
];

/// The rooms of a shape.
pub fn plan(shape: &Shape) -> Plan {
    let room = RoomPlan { members: shape.members, publishers: shape.publishers };
    Plan::alike(String::new(), shape.rooms, room, shape.payload)
}

/// A shape in words.
pub fn parameters(shape: &Shape) -> Vec<(String, String)> {
    vec![
        parameter("rooms", shape.rooms),
        parameter("members per room", shape.members),
        parameter(
            "publishers per room",
            format!("{} (client role, not members)", shape.publishers),
        ),
        parameter("payload bytes", shape.payload),
    ]
}

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Latency, stop: &Stop) -> anyhow::Result<Verdict> {
    let plan = plan(&args.shape);
    let stage = Stage::set(&args.target, Rules::Lifted, plan.members() + plan.publishers(), stop)?;
    let steady = Steady {
        plan,
        rhythm: Rhythm::Even { rate: args.rate },
        warm_up: args.timing.warm_up,
        seconds: args.timing.seconds,
    };
    let mut parameters = parameters(&args.shape);
    parameters.push(parameter("rate", format!("{} messages a second", args.rate)));
    parameters.push(parameter("seconds", args.timing.seconds.as_secs_f64()));
    let sheet = Sheet {
        scenario: "latency",
        parameters,
        columns: COLUMNS,
        primary: &figures::P99,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![steady.run(&stage, turn)?]))
}
