//! What every scenario may be told: against what the load is put, where both sides run, and for
//! how long.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::form::{plain, seconds};
use crate::cores::CoreList;

/// A server that is measured beside the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// A relay that does nothing but copy bytes: the practical ceiling.
    Raw,
    /// Redis, by SUBSCRIBE and PUBLISH.
    Redis,
    /// NATS core, by SUB and PUB.
    Nats,
    /// Mosquitto, by MQTT 3.1.1 with quality of service 0.
    Mosquitto,
}

/// Against what the load is put, and where both sides run.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Targets")]
pub struct Target {
    /// Measure this one too, in turns with the broker; may be given several times
    #[arg(long, value_enum, value_name = "PEER")]
    pub peer: Vec<Peer>,
    /// Measure only the peers
    #[arg(long, requires = "peer")]
    pub without_broker: bool,
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
    /// Have everyone show a token to the broker, in place of the development app's secret
    #[arg(long, conflicts_with = "address")]
    pub tokens: bool,
    /// Measure the broker within TLS, too, in turns: it shows the certificate of the tests
    #[arg(long, conflicts_with = "address")]
    pub tls: bool,
    /// The core the load runs on [default: the last]
    #[arg(long, value_name = "CORE")]
    pub load_core: Option<usize>,
    /// The cores the server runs on, such as 0,2-3 [default: one per worker, not the load's]
    #[arg(long, value_name = "CORES")]
    pub server_cores: Option<CoreList>,
    /// Count the server's system calls with `perf`, which takes rights and makes them dearer
    #[arg(long)]
    pub count_system_calls: bool,
}

/// For how long, and how often.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Time")]
pub struct Timing {
    /// Seconds that are measured in each round
    #[arg(long, default_value = "2", value_parser = seconds)]
    pub seconds: Duration,
    /// Seconds under load before that
    #[arg(long, default_value = "0.5", value_parser = seconds)]
    pub warm_up: Duration,
    /// Rounds [default: 5 beside one peer, else 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
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
