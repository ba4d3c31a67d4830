//! Many sessions that say nothing: what does one of them cost the server?
//!
//! Opens them, holds them, and in the end asks each for a sign of life, so that none is counted
//! that was lost meanwhile. Memory is what is resident in the server's own process; what the
//! kernel keeps for a socket on both ends comes on top and is not counted here.

use std::time::Instant;

use anyhow::Context as _;
use throng_protocol::value::Role;

use crate::args::Idle;
use crate::load::session::{self, Door, Guests};
use crate::machine::{Machine, check_descriptors};
use crate::report::idle::Report;
use crate::scenario::{place, say, write_json};
use crate::targets::{self, Kind, Target, describe};
use crate::usage::Usage;
use crate::{Stop, Verdict};

/// How long a look at the stop flag may be away while nothing else happens.
const WATCH_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

/// Opens the sessions, holds them and prints the report.
///
/// # Errors
/// When the broker cannot be started or dies, or does not let a session in.
pub fn run(args: &Idle, stop: &Stop) -> anyhow::Result<Verdict> {
    check_descriptors(u64::from(args.connections))?;
    targets::check_broker(&args.target)?;
    let placement = place(&args.target)?;
    let machine = Machine::look();
    let mut target = Target::open(Kind::Broker, &args.target, &placement.server)?;
    let door = Door { address: target.address, app: &args.target.app, secret: &args.target.secret };
    let name = format!("bench-{}", std::process::id());
    let guests =
        Guests { count: args.connections as usize, name: &name, role: Role::Client, room: None };
    let before = Usage::of(target.pid)?;
    let began = Instant::now();
    let mut sessions = session::open(&door, &guests, stop)?;
    let opened_in = began.elapsed();

    let held_from = Usage::of(target.pid)?;
    let began = Instant::now();
    while began.elapsed() < args.seconds {
        stop.check()?;
        target.check_alive()?;
        std::thread::sleep(WATCH_EVERY.min(args.seconds.saturating_sub(began.elapsed())));
    }
    let held_for = began.elapsed();
    let after = Usage::of(target.pid)?;
    let mut lost = 0;
    for session in &mut sessions {
        stop.check()?;
        if session.ping().is_err() {
            lost += 1;
        }
    }
    target.check_alive().context("after the sessions")?;

    let report = Report {
        machine,
        target: describe(Kind::Broker, &args.target)?,
        words_on_io: target.words_on_io(),
        server_cores: placement.server.as_slice().to_vec(),
        load_core: placement.load,
        connections: args.connections,
        lost,
        opened_in_seconds: opened_in.as_secs_f64(),
        opening: held_from.since(&before),
        held_seconds: held_for.as_secs_f64(),
        holding: after.since(&held_from),
        rss_before_bytes: before.rss_bytes,
        rss_after_bytes: after.rss_bytes,
    };
    say(&report.text())?;
    write_json(&report, args.json.as_deref())?;
    Ok(if lost == 0 { Verdict::Sound } else { Verdict::Flawed })
}
