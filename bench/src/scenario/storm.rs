//! Many clients at once, as after a restart: how fast do they get in?
//!
//! Each connects, says who it is and joins a room, or subscribes where that is all there is. So
//! many are under way at a time; the next begins when one is in.

use std::time::Instant;

use hdrhistogram::Histogram;
use throng_protocol::value::Role;

use crate::args::scenarios::Storm;
use crate::load::crowd::Crowd;
use crate::load::dialect::Guest;
use crate::report::model::{Figure, Round, figures};
use crate::scenario::span::{FULL, Figures, quantiles};
use crate::scenario::stage::{Sheet, Stage, Turn, parameter};
use crate::targets::Rules;
use crate::usage::Usage;
use crate::{Stop, Verdict};

const COLUMNS: &[&Figure] = &[
    &figures::CONNECTS,
    &figures::CPU_PER_CONNECTION,
    &figures::P50,
    &figures::P99,
    &figures::MAX,
    &figures::SERVER_CORES,
    &figures::RSS,
    &figures::RSS_PER_CONNECTION,
    &figures::LOAD_BUSY,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or does not let a client in.
pub fn run(args: &Storm, stop: &Stop) -> anyhow::Result<Verdict> {
    let stage = Stage::set(&args.target, Rules::Lifted, u64::from(args.connections), stop)?;
    let sheet = Sheet {
        scenario: "storm",
        parameters: vec![
            parameter("clients", args.connections),
            parameter("rooms", args.rooms),
            parameter("under way", format!("{} at a time", args.at_a_time)),
        ],
        columns: COLUMNS,
        primary: &figures::CONNECTS,
        sweep: None,
    };
    let turns = stage.turns(args.rounds);
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![open(args, &stage, turn)?]))
}

/// So many clients, spread evenly over so many rooms; no rooms at all are fine.
pub fn guests(name: &str, connections: u32, rooms: u32) -> Vec<Guest> {
    let guest = |number: u32| Guest {
        user: format!("{name}-m{number}"),
        role: Role::Client,
        room: number.checked_rem(rooms).map(|room| format!("{name}-r{room}")),
        unlimited: false,
    };
    (0..connections).map(guest).collect()
}

/// How long the sessions took to get in.
pub fn connect_figures(opening: &Histogram<u64>) -> Figures {
    quantiles(opening, &[(&figures::P50, 0.5), (&figures::P99, 0.99), (&figures::MAX, 1.0)])
}

fn open(args: &Storm, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
    let mut target = stage.open(turn)?;
    let guests = guests(&stage.name(), args.connections, args.rooms);
    let before = Usage::of(target.pid)?;
    let began = Instant::now();
    let crowd = Crowd::open(&target.door, &guests, args.at_a_time as usize, stage.stop())?;
    let seconds = began.elapsed().as_secs_f64();
    let after = Usage::of(target.pid)?;
    target.check_alive()?;

    let connections = f64::from(args.connections);
    let spent_ns = after.since(&before).run_ns as f64;
    let server_cores = spent_ns / 1e9 / seconds;
    let grown = after.rss_bytes as f64 - before.rss_bytes as f64;
    let mut figures = vec![
        (figures::CONNECTS.name, connections / seconds),
        (figures::CPU_PER_CONNECTION.name, spent_ns / connections),
        (figures::SERVER_CORES.name, server_cores),
        (figures::RSS.name, after.rss_bytes as f64),
        (figures::RSS_PER_CONNECTION.name, grown / connections),
        (figures::LOAD_BUSY.name, crowd.busy_share()),
    ];
    figures.extend(connect_figures(crowd.opening()));
    let server_full = server_cores >= FULL * stage.server_cores().len() as f64;
    Ok(Round {
        number: turn.number,
        target: turn.kind.as_str().to_owned(),
        point: None,
        figures,
        histograms: vec![("connect", crowd.opening().clone())],
        flaws: None,
        load_bound: crowd.busy_share() >= FULL && !server_full,
        note: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_spread_evenly_or_join_nothing() {
        let rooms: Vec<_> = guests("a", 4, 3).into_iter().map(|guest| guest.room).collect();
        let room = |number| Some(format!("a-r{number}"));
        assert_eq!(rooms, [room(0), room(1), room(2), room(0)]);
        assert!(guests("a", 2, 0).iter().all(|guest| guest.room.is_none()));
    }
}
