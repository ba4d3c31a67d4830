//! One member of a room, and where it stands.

use crate::load::ear::Record;
use crate::load::wire::Wire;

/// What a member has got of its publishers once it takes no part any more: nobody waits for it.
pub const BEYOND_ALL: u64 = u64::MAX;

/// Whether a member still takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It reads what comes.
    Here,
    /// It has stopped reading on purpose.
    Stalled,
    /// It was cut off.
    Gone,
}

/// One member.
#[derive(Debug)]
pub struct Member {
    /// Its socket.
    pub wire: Wire,
    /// The number of its room.
    pub room: usize,
    /// Where its part of what all members have got begins.
    pub got_start: usize,
    /// Whether its latencies are measured.
    pub sampled: bool,
    /// Whether it takes part.
    pub presence: Presence,
    /// What it has of each publisher of its room, while it takes no part.
    pub had: Vec<u64>,
    /// What went wrong.
    pub record: Record,
}
