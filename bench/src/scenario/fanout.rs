//! One room, many members, a few publishers: what does a delivery cost the server?
//!
//! Each round starts its target anew, connects everyone, warms up, measures one window, and
//! waits for what is still in flight. Beside the raw relay the rounds alternate, because the
//! machine changes its pace from one second to the next: only neighbours can be compared.

use crate::args::{Fanout, Raw};
use crate::cores::Placement;
use crate::load::session::Door;
use crate::load::{Load, Plan, SAMPLE_EVERY};
use crate::machine::{Machine, check_descriptors};
use crate::report::fanout::{Parameters, Report};
use crate::report::round::{Round, Window};
use crate::scenario::{place, say, write_json};
use crate::targets::{self, Kind, Target, describe};
use crate::usage::{CoreTicks, Usage};
use crate::{Stop, Verdict};

/// Rounds beside the raw relay.
const ROUNDS_BESIDE: u32 = 5;

/// Runs the rounds and prints the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Fanout, stop: &Stop) -> anyhow::Result<Verdict> {
    check_descriptors(u64::from(args.members) + u64::from(args.publishers))?;
    let kinds: &[Kind] = match args.raw {
        None => &[Kind::Broker],
        Some(Raw::Beside) => &[Kind::Broker, Kind::RawRelay],
        Some(Raw::Alone) => &[Kind::RawRelay],
    };
    if kinds.contains(&Kind::Broker) {
        targets::check_broker(&args.target)?;
    }
    let placement = place(&args.target)?;
    let machine = Machine::look();
    let mut report =
        Report { machine, parameters: parameters(args, &placement, kinds)?, rounds: Vec::new() };
    say(&report.head())?;
    let rounds = args.rounds.unwrap_or(if kinds.len() > 1 { ROUNDS_BESIDE } else { 1 });
    for number in 1..=rounds {
        for &kind in kinds {
            let round = Turn { args, placement: &placement, kind, number }.run(stop)?;
            say(&round.row())?;
            report.rounds.push(round);
        }
    }
    say(&report.foot())?;
    write_json(&report, args.json.as_deref())?;
    let sound = report.rounds.iter().all(|round| round.flaws.is_none());
    Ok(if sound { Verdict::Sound } else { Verdict::Flawed })
}

/// A round that is to be run.
struct Turn<'a> {
    args: &'a Fanout,
    placement: &'a Placement,
    kind: Kind,
    number: u32,
}

impl Turn<'_> {
    fn run(&self, stop: &Stop) -> anyhow::Result<Round> {
        let &Self { args, placement, kind, number } = self;
        let mut target = Target::open(kind, &args.target, &placement.server)?;
        let door =
            Door { address: target.address, app: &args.target.app, secret: &args.target.secret };
        let plan = Plan {
            room: format!("bench-{}-{number}", std::process::id()),
            members: args.members,
            publishers: args.publishers,
            window: args.window,
            payload_bytes: args.payload,
        };
        let mut load = Load::open(&door, &plan, stop)?;
        let words_on_io = target.words_on_io();
        let pid = target.pid;
        let mut watch = || stop.check().and_then(|()| target.check_alive());
        load.run_for(args.warm_up, &mut watch)?;

        let cores = placement.server.as_slice();
        let own = std::process::id();
        let (before, own_before) = (Usage::of(pid)?, Usage::of(own)?);
        let ticks = CoreTicks::of(cores);
        let (counts, began_at) = (load.tally.counts, load.tally.clock.now_ns());
        load.tally.recording = true;
        load.run_for(args.seconds, &mut watch)?;
        load.tally.recording = false;
        let after = Usage::of(pid)?;
        let window = Window {
            wall_ns: load.tally.clock.now_ns() - began_at,
            counts: load.tally.counts.since(&counts),
            spent: after.since(&before),
            load_spent: Usage::of(own)?.since(&own_before),
            cores: CoreTicks::of(cores).since(&ticks),
            cores_count: cores.len(),
            rss_bytes: after.rss_bytes,
            rss_peak_bytes: after.rss_peak_bytes,
            threads: after.threads,
            each: (&load.tally.each).into(),
            last: (&load.tally.last).into(),
        };

        let flaws = load.drain(&mut watch)?;
        let first_refusal = load.first_refusal().map(str::to_owned);
        Ok(Round::new(number, kind, words_on_io, &window).with_flaws(flaws, first_refusal))
    }
}

fn parameters(args: &Fanout, placement: &Placement, kinds: &[Kind]) -> anyhow::Result<Parameters> {
    let mut targets = Vec::new();
    for &kind in kinds {
        targets.push((kind, describe(kind, &args.target)?));
    }
    Ok(Parameters {
        members: args.members,
        publishers: args.publishers,
        window: args.window,
        payload_bytes: args.payload,
        seconds: args.seconds.as_secs_f64(),
        warm_up_seconds: args.warm_up.as_secs_f64(),
        sample_every: SAMPLE_EVERY,
        workers: args.target.address.is_none().then_some(args.target.workers),
        load_core: placement.load,
        server_cores: placement.server.as_slice().to_vec(),
        core_shared: placement.is_shared(),
        targets,
    })
}
