//! What each scenario may be told.

use std::time::Duration;

use clap::ValueEnum;
use throng_protocol::value::Role;

use super::form::{milliseconds, payload_bytes, positive, seconds, share};
use super::{Target, Timing};
use crate::args::output::Output;

/// What a publisher is to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PublisherRole {
    /// A user of its own; users spread over the workers.
    Client,
    /// The app's backend; all publishers are one account on one worker.
    Server,
}

impl From<PublisherRole> for Role {
    fn from(role: PublisherRole) -> Self {
        match role {
            PublisherRole::Client => Self::Client,
            PublisherRole::Server => Self::Server,
        }
    }
}

/// One room, many members, a few publishers.
#[derive(Debug, clap::Args)]
pub struct Fanout {
    /// Members of the room
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Publishers; they are not members
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Messages in flight per publisher
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub window: u32,
    /// What publishers are to the broker
    #[arg(long, value_enum, default_value_t = PublisherRole::Client)]
    pub publisher_role: PublisherRole,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Many small rooms.
#[derive(Debug, clap::Args)]
pub struct Rooms {
    /// Rooms
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: u32,
    /// Members of each room
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Publishers of each room; they are not members
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Messages in flight per publisher
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub window: u32,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// Measure each of these numbers of workers, such as 1,2
    #[arg(long, value_delimiter = ',', value_name = "WORKERS", conflicts_with = "address")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub scale: Vec<u32>,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Rooms of all sizes.
#[derive(Debug, clap::Args)]
pub struct Hot {
    /// Rooms
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: u32,
    /// Members of all rooms together
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Messages a second to all rooms together
    #[arg(long, default_value = "1000", value_parser = positive)]
    pub rate: f64,
    /// How uneven sizes and rates are: the share of the nth room goes with 1 / n to this power
    #[arg(long, default_value = "1", value_parser = positive)]
    pub skew: f64,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Rooms and what is published to them, for scenarios with a time table.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Shape {
    /// Rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: u32,
    /// Members of each room
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Publishers of each room; they are not members
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
}

/// A fixed rate.
#[derive(Debug, clap::Args)]
pub struct Latency {
    /// Rooms and what is published to them.
    #[command(flatten)]
    pub shape: Shape,
    /// Messages a second to all rooms together
    #[arg(long, default_value = "100", value_parser = positive)]
    pub rate: f64,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Rising rates.
#[derive(Debug, clap::Args)]
pub struct Ramp {
    /// Rooms and what is published to them.
    #[command(flatten)]
    pub shape: Shape,
    /// Milliseconds within which 99 of 100 deliveries must come
    #[arg(long, default_value = "20", value_parser = milliseconds, value_name = "MS")]
    pub p99_ms: Duration,
    /// Messages a second to begin with; doubled until the objective is missed
    #[arg(long, default_value = "250", value_parser = positive)]
    pub rate: f64,
    /// How close to the truth the answer shall be, as a share of it
    #[arg(long, default_value = "0.1", value_parser = share)]
    pub within: f64,
    /// Seconds that are measured at each rate
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub seconds: Duration,
    /// Seconds under load before that
    #[arg(long, default_value = "0.3", value_parser = seconds)]
    pub warm_up: Duration,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Many clients at once.
#[derive(Debug, clap::Args)]
pub struct Storm {
    /// Clients
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Rooms they join, spread evenly
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: u32,
    /// Clients that are under way at a time
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub at_a_time: u32,
    /// Rounds [default: 5 beside one peer, else 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Clients that are cut off at once and come back.
#[derive(Debug, clap::Args)]
pub struct Comeback {
    /// Clients that are cut off
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Rooms they are in, spread evenly
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub rooms: u32,
    /// Clients that are under way at a time when they come back
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub at_a_time: u32,
    /// Seconds over which they set out, evenly; 0 for all at once
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub spread: Duration,
    /// Rooms that talk all the time, and what is published to them; none of their sessions is
    /// cut off
    #[command(flatten)]
    pub live: Live,
    /// For how long, before the clients are cut off.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Rooms that talk while something else happens.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Live {
    /// Rooms that talk
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub live_rooms: u32,
    /// Members of each of them
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub live_members: u32,
    /// Messages a second to all of them together
    #[arg(long, default_value = "1000", value_parser = positive)]
    pub rate: f64,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
}

/// Many sessions that say nothing.
#[derive(Debug, clap::Args)]
pub struct Idle {
    /// Sessions
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Rooms they join, spread evenly; 0 for none
    #[arg(long, default_value_t = 0)]
    pub rooms: u32,
    /// Seconds for which they are held
    #[arg(long, default_value = "2", value_parser = seconds)]
    pub seconds: Duration,
    /// Rounds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// Some members stop reading.
#[derive(Debug, clap::Args)]
pub struct Slow {
    /// Members of the room
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..))]
    pub members: u32,
    /// Messages a second
    #[arg(long, default_value = "1000", value_parser = positive)]
    pub rate: f64,
    /// Share of the members that stop reading
    #[arg(long, default_value = "0.1", value_parser = share)]
    pub share: f64,
    /// Bytes of a payload; the first 32 are the load's own. Large, so that within seconds no
    /// kernel holds all that a reader leaves
    #[arg(long, default_value_t = 2048, value_parser = payload_bytes)]
    pub payload: usize,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// More than the server can take.
#[derive(Debug, clap::Args)]
pub struct Overload {
    /// Members of the room
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Publishers; they are not members
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// How many times what it can take is offered
    #[arg(long, default_value = "1,2,5,10", value_delimiter = ',', value_parser = positive)]
    pub times: Vec<f64>,
    /// What it can take, in messages a second [default: found out in a closed loop]
    #[arg(long, value_parser = positive)]
    pub saturation: Option<f64>,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// Seconds that are measured at each point
    #[arg(long, default_value = "2", value_parser = seconds)]
    pub seconds: Duration,
    /// Rounds
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}

/// A sender over its rate.
#[derive(Debug, clap::Args)]
pub struct Refuse {
    /// Publishers, each a user with a rate of its own
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub publishers: u16,
    /// Members of the room
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub members: u32,
    /// Messages in flight per publisher
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub window: u32,
    /// Bytes of a payload; the first 32 are the load's own
    #[arg(long, default_value_t = 128, value_parser = payload_bytes)]
    pub payload: usize,
    /// For how long.
    #[command(flatten)]
    pub timing: Timing,
    /// Against what.
    #[command(flatten)]
    pub target: Target,
    /// What becomes of the report.
    #[command(flatten)]
    pub output: Output,
}
