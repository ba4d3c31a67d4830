//! Rooms of all sizes, few of them busy: what if a few rooms are hot?
//!
//! Sizes and rates follow the same law: the nth room has a share that goes with 1 / n to some
//! power. So the largest room is the busiest, too, and one worker has most of the work.

use crate::args::scenarios::Hot;
use crate::load::plan::{Plan, RoomPlan};
use crate::report::model::figures;
use crate::scenario::latency::COLUMNS;
use crate::scenario::stage::{Sheet, Stage, parameter};
use crate::scenario::steady::{Rhythm, Steady};
use crate::targets::Rules;
use crate::{Stop, Verdict};

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Hot, stop: &Stop) -> anyhow::Result<Verdict> {
    let weights = weights(args.rooms, args.skew);
    let sizes = sizes(args.members, &weights);
    let rooms = sizes.iter().map(|&members| RoomPlan { members, publishers: 1 });
    let room = RoomPlan { members: 1, publishers: 1 };
    let plan = Plan { rooms: rooms.collect(), ..Plan::alike(String::new(), 0, room, args.payload) };
    let stage = Stage::set(&args.target, Rules::Lifted, plan.members() + plan.publishers(), stop)?;
    let steady = Steady {
        plan,
        rhythm: Rhythm::Weighted { rate: args.rate, weights },
        warm_up: args.timing.warm_up,
        seconds: args.timing.seconds,
    };
    let (largest, smallest) = (sizes[0], sizes[sizes.len() - 1]);
    let sheet = Sheet {
        scenario: "hot",
        parameters: vec![
            parameter("rooms", args.rooms),
            parameter("members", format!("{} (from {largest} down to {smallest})", args.members)),
            parameter("publishers per room", "1 (client role, not a member)"),
            parameter("rate", format!("{} messages a second, all rooms", args.rate)),
            parameter("skew", args.skew),
            parameter("payload bytes", args.payload),
            parameter("seconds", args.timing.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::P99,
        sweep: None,
    };
    let turns = stage.turns(args.timing.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![steady.run(&stage, turn)?]))
}

/// The shares of so many rooms, which come to 1.
fn weights(rooms: u32, skew: f64) -> Vec<f64> {
    let raw: Vec<_> = (1..=rooms).map(|rank| f64::from(rank).powf(-skew)).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / sum).collect()
}

/// Members of each room: its share of all, but at least one.
#[expect(clippy::cast_possible_truncation, reason = "a share of a u32")]
#[expect(clippy::cast_sign_loss, reason = "shares are not negative")]
fn sizes(members: u32, weights: &[f64]) -> Vec<u32> {
    weights.iter().map(|weight| ((f64::from(members) * weight) as u32).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_room_is_the_largest_and_none_is_empty() {
        let weights = weights(200, 1.0);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((weights[0] / weights[1] - 2.0).abs() < 1e-9);
        let sizes = sizes(4000, &weights);
        assert_eq!((sizes[0], sizes[199]), (680, 3));
        assert_eq!(super::sizes(10, &weights)[199], 1);
    }
}
