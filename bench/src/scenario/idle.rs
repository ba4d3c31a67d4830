//! Many sessions that say nothing: what does one of them cost the server?
//!
//! Opens them, holds them, and in the end asks each for a sign of life, so that none is counted
//! that was lost meanwhile. Memory is what is resident in the server's own process; what the
//! kernel keeps for a socket on both ends comes on top and is not counted here.

use std::time::{Duration, Instant};

use crate::args::scenarios::Idle;
use crate::load::crowd::{AT_A_TIME, Crowd};
use crate::load::order::Flaws;
use crate::report::model::{Figure, Round, figures};
use crate::scenario::stage::{Sheet, Stage, Turn, parameter};
use crate::scenario::storm::{connect_figures, guests};
use crate::targets::Rules;
use crate::usage::Usage;
use crate::{Stop, Verdict};

/// How long a look at the stop flag may be away while nothing else happens.
const WATCH_EVERY: Duration = Duration::from_millis(50);

const COLUMNS: &[&Figure] = &[
    &figures::RSS_PER_CONNECTION,
    &figures::RSS,
    &figures::HOLDING,
    &figures::CONNECTS,
    &figures::CPU_PER_CONNECTION,
    &figures::P50,
    &figures::P99,
    &figures::LOST,
];

/// Runs the rounds and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or does not let a session in.
pub fn run(args: &Idle, stop: &Stop) -> anyhow::Result<Verdict> {
    let stage = Stage::set(&args.target, Rules::Lifted, u64::from(args.connections), stop)?;
    let sheet = Sheet {
        scenario: "idle",
        parameters: vec![
            parameter("sessions", args.connections),
            parameter("rooms", args.rooms),
            parameter("seconds", args.seconds.as_secs_f64()),
        ],
        columns: COLUMNS,
        primary: &figures::RSS_PER_CONNECTION,
        sweep: None,
    };
    let turns = stage.turns(Some(args.rounds));
    stage.play(sheet, &args.output, &turns, |turn| Ok(vec![hold(args, &stage, turn)?]))
}

fn hold(args: &Idle, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
    let mut target = stage.open(turn)?;
    let guests = guests(&stage.name(), args.connections, args.rooms);
    let before = Usage::of(target.pid)?;
    let began = Instant::now();
    let mut crowd = Crowd::open(&target.door, &guests, AT_A_TIME, stage.stop())?;
    let opened_in = began.elapsed().as_secs_f64();

    let held_from = Usage::of(target.pid)?;
    let began = Instant::now();
    while began.elapsed() < args.seconds {
        stage.watch(&mut target)()?;
        std::thread::sleep(WATCH_EVERY.min(args.seconds.saturating_sub(began.elapsed())));
    }
    let held_ns = began.elapsed().as_nanos() as f64;
    let after = Usage::of(target.pid)?;
    let dead = crowd.count_dead(stage.stop())?;
    target.check_alive()?;

    let connections = f64::from(args.connections);
    let opening_ns = held_from.since(&before).run_ns as f64;
    let holding_ns = after.since(&held_from).run_ns as f64;
    let grown = after.rss_bytes as f64 - before.rss_bytes as f64;
    let mut figures = vec![
        (figures::RSS_PER_CONNECTION.name, grown / connections),
        (figures::RSS.name, after.rss_bytes as f64),
        (figures::HOLDING.name, holding_ns / held_ns.max(1.0)),
        (figures::CONNECTS.name, connections / opened_in),
        (figures::CPU_PER_CONNECTION.name, opening_ns / connections),
    ];
    figures.extend(connect_figures(crowd.opening()));
    let flaws = Flaws { lost: dead as u64, ..Flaws::default() };
    Ok(Round {
        number: turn.number,
        target: turn.kind.as_str().to_owned(),
        point: None,
        figures,
        histograms: Vec::new(),
        flaws: Some(flaws),
        load_bound: false,
        note: (dead > 0).then(|| format!("{dead} sessions gave no sign of life in the end")),
    })
}
