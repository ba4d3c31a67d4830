//! What may be asked for on the command line, as typed. Meaning is made of it by the scenarios.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cores::CoreList;
use throng_protocol::limits::PAYLOAD_BYTES_MAX;

/// Bytes of the publisher's time stamp at the front of every payload.
pub const STAMP_BYTES: usize = 8;

/// Puts a load on a Throng broker and reports what it cost.
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
    /// Many sessions that say nothing: what does one of them cost?
    Idle(Idle),
    /// The practical ceiling: a relay that only copies bytes.
    #[command(hide = true)]
    RawRelay(RawRelay),
    /// Pins itself, ties its life to its parent's, and becomes another program.
    #[command(hide = true)]
    Leash(Leash),
}

/// One room, many members, a few publishers.
#[derive(Debug, clap::Args)]
pub struct Fanout {
    /// Members of the room
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Publishers; they are not members
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub publishers: u32,
    /// Messages in flight per publisher
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub window: u32,
    /// Bytes of a payload; the first eight are a time stamp
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// Seconds that are measured in each round
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub seconds: Duration,
    /// Seconds under load before that
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub warm_up: Duration,
    /// Rounds; 5 beside the raw relay, else 1
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// Measure the raw relay too, in turns with the broker, or alone
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, value_name = "WHEN")]
    #[arg(default_missing_value = "beside")]
    pub raw: Option<Raw>,
    /// Write the report to this file as JSON
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
}

/// Many sessions that say nothing.
#[derive(Debug, clap::Args)]
pub struct Idle {
    /// Sessions
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Seconds for which they are held
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub seconds: Duration,
    /// Write the report to this file as JSON
    #[arg(long, value_name = "PATH")]
    pub json: Option<PathBuf>,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
}

/// When the raw relay is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Raw {
    /// In turns with the broker.
    Beside,
    /// Without the broker.
    Alone,
}

/// Against what the load is put, and where both sides run.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The broker's binary, to be started for each round [default: `throng` beside this one]
    #[arg(long, value_name = "PATH", conflicts_with = "address")]
    pub broker: Option<PathBuf>,
    /// A broker that runs already, with its limits lifted; a loopback address
    #[arg(long, value_name = "IP:PORT", requires = "pid")]
    pub address: Option<SocketAddr>,
    /// The process of the broker that runs already
    #[arg(long, requires = "address")]
    pub pid: Option<u32>,
    /// Workers of the broker
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: u32,
    /// Back end of the broker
    #[arg(long, value_enum, default_value_t = Io::Auto)]
    pub io: Io,
    /// Key of the development app
    #[arg(long, default_value = "dev", value_parser = plain)]
    pub app: String,
    /// Secret of the development app
    #[arg(long, default_value = "throng-development", value_parser = plain)]
    pub secret: String,
    /// The core the load runs on [default: the last]
    #[arg(long, value_name = "CORE")]
    pub load_core: Option<usize>,
    /// The cores the broker runs on, such as 0,2-3 [default: one per worker, not the load's]
    #[arg(long, value_name = "CORES")]
    pub server_cores: Option<CoreList>,
}

/// The back end to ask the broker for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Io {
    /// What the broker finds best.
    Auto,
    /// io_uring.
    Uring,
    /// epoll.
    Epoll,
}

impl Io {
    /// The word the broker's own flag takes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Uring => "uring",
            Self::Epoll => "epoll",
        }
    }
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

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// A text that stands in a configuration file as it is.
fn plain(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        Ok(text.to_owned())
    } else {
        Err("not printable ASCII without quotes and backslashes".to_owned())
    }
}

fn payload_bytes(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|_| "not a number".to_owned())?;
    if (STAMP_BYTES..=PAYLOAD_BYTES_MAX).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(format!("not in {STAMP_BYTES}..={PAYLOAD_BYTES_MAX}"))
    }
}
