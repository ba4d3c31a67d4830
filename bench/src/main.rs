//! The `throng-bench` command: puts a load on a broker over sockets and reports what it cost.
//!
//! It knows the broker as any client does, by the protocol alone, and imports nothing of it.
//! Read in this order: `args`, `scenario` (what is asked), `load` (who puts the load on),
//! `targets` (what is measured), `report` (what comes out). `docs/benchmarks.md` says how
//! to read the figures.
//!
//! It ends with 0 when every message arrived once and in order and every objective was held,
//! with 1 when not, and with 2 when there was nothing to measure.

mod args;
mod cores;
mod load;
mod machine;
mod progress;
mod relay;
mod report;
mod scenario;
mod stats;
mod targets;
mod usage;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::Parser as _;
use signal_hook::consts::{SIGINT, SIGTERM};

use args::{Args, Command};

/// Whether what was measured may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every message arrived once and in order, and every objective was held.
    Sound,
    /// Something was lost, doubled, out of order or refused, or an objective was missed.
    Flawed,
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(Verdict::Sound) => ExitCode::SUCCESS,
        Ok(Verdict::Flawed) => ExitCode::from(1),
        Err(error) => {
            eprintln!("throng-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Fanout(args) => scenario::fanout::run(&args, &prepare()?),
        Command::Rooms(args) => scenario::rooms::run(&args, &prepare()?),
        Command::Hot(args) => scenario::hot::run(&args, &prepare()?),
        Command::Latency(args) => scenario::latency::run(&args, &prepare()?),
        Command::Ramp(args) => scenario::ramp::run(&args, &prepare()?),
        Command::Storm(args) => scenario::storm::run(&args, &prepare()?),
        Command::Comeback(args) => scenario::comeback::run(&args, &prepare()?),
        Command::Idle(args) => scenario::idle::run(&args, &prepare()?),
        Command::Slow(args) => scenario::slow::run(&args, &prepare()?),
        Command::Overload(args) => scenario::overload::run(&args, &prepare()?),
        Command::Refuse(args) => scenario::refuse::run(&args, &prepare()?),
        Command::Compare(args) => args.run(),
        Command::RawRelay(args) => relay::run(args.listen).map(|()| Verdict::Sound),
        Command::Leash(args) => Err(targets::leash::run(&args)),
    }
}

/// Lifts the limit of descriptors, and turns the first Ctrl-C into an orderly end, in which
/// everything that was spawned is ended too. A second one kills at once.
fn prepare() -> anyhow::Result<Stop> {
    machine::lift_descriptor_limit().context("cannot lift the limit of descriptors")?;
    let stop = Stop::default();
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop.0))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop.0)))
            .context("cannot listen for signals")?;
    }
    Ok(stop)
}

/// Whether someone asked for the end.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end.
    #[cfg(test)]
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Fails once someone asked for the end.
    ///
    /// # Errors
    /// When a signal came.
    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.0.load(Ordering::Relaxed), "interrupted");
        Ok(())
    }
}
