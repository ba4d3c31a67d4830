//! What may be asked for on the command line, as typed. Meaning is made of it by the scenarios.

mod form;
pub mod output;
pub mod scenarios;
mod target;

use std::ffi::OsString;
use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::cores::CoreList;
use scenarios::{Comeback, Fanout, Hot, Idle, Latency, Overload, Ramp, Refuse, Rooms, Slow, Storm};

pub use target::{Peer, Target, Timing};

/// Puts a load on a Throng broker, and on peers beside it, and reports what it cost.
///
/// Every scenario has defaults that run in under half a minute on two cores. It ends with 0 when
/// all is well, with 1 when a message was lost, doubled or out of order or an objective was
/// missed, and with 2 when there was nothing to measure.
#[derive(Debug, Parser)]
#[command(name = "throng-bench", version)]
pub struct Args {
    /// What to measure.
    #[command(subcommand)]
    pub command: Command,
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One room, many members, a few publishers: what does a delivery cost?
    Fanout(Fanout),
    /// Many small rooms, as for games: what does a delivery cost?
    Rooms(Rooms),
    /// Rooms of all sizes, few of them busy: what if a few rooms are hot?
    Hot(Hot),
    /// A fixed rate, whatever the server does: how long does a message take?
    Latency(Latency),
    /// Rising rates: what is the highest that meets a latency?
    Ramp(Ramp),
    /// Many clients at once: how fast do they get in?
    Storm(Storm),
    /// Clients that are cut off at once and come back: do rooms that talk notice?
    Comeback(Comeback),
    /// Many sessions that say nothing: what does one of them cost?
    Idle(Idle),
    /// Some members stop reading: do the others notice?
    Slow(Slow),
    /// More than the server can take: what still gets through?
    Overload(Overload),
    /// A sender over its rate: what does a refused message cost?
    Refuse(Refuse),
    /// Two reports as JSON: what changed, and is it more than chance?
    Compare(output::Compare),
    /// The practical ceiling: a relay that only copies bytes.
    #[command(hide = true)]
    RawRelay(RawRelay),
    /// Pins itself, ties its life to its parent's, and becomes another program.
    #[command(hide = true)]
    Leash(Leash),
}

/// The relay that only copies bytes.
#[derive(Debug, clap::Args)]
pub struct RawRelay {
    /// Where to listen
    #[arg(long)]
    pub listen: SocketAddr,
}

/// How a program is started so that it stays where it belongs and ends when it should.
#[derive(Debug, clap::Args)]
pub struct Leash {
    /// The cores it may run on
    #[arg(long)]
    pub cores: CoreList,
    /// The process with which it ends
    #[arg(long)]
    pub parent: u32,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_two_flags_are_in_each_others_way() {
        Args::command().debug_assert();
    }
}
