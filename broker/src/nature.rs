//! What the rooms of an app are like unless they are told otherwise. Plain values: the
//! configuration sets them, the app carries them, and a room is given them as a fact whenever it
//! needs one, so that it keeps no copy.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::limits;

/// How long rooms live whose policy names no time (spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without activity.
    pub idle: Duration,
    /// From its creation, if that is what counts.
    pub lifetime: Duration,
    /// From when its last member left, if that is what counts.
    pub empty: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            idle: limits::ROOM_IDLE_DEFAULT,
            lifetime: limits::ROOM_LIFETIME_DEFAULT,
            empty: limits::ROOM_EMPTY_DEFAULT,
        }
    }
}

/// What the rooms of an app are like (spec 2 to 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// How long they live.
    pub lifetimes: Lifetimes,
    /// Members of one; `None` for as many as come.
    pub members_max: Option<NonZeroU32>,
    /// Creator, managers and ordinary members of one.
    pub fixed_members_max: u32,
    /// Messages that one keeps for those who come and those who come back.
    pub ring_messages: u32,
    /// Bytes of what one keeps, notices with it.
    pub ring_bytes: usize,
    /// How long the seat of a member whose connection was lost is held.
    pub grace: Duration,
    /// For how many messages, if those come sooner.
    pub grace_messages: u32,
    /// What members are told of each other's coming and going.
    pub presence: Presence,
    /// Above so many members they are told figures only.
    pub presence_full_max: u32,
}

impl Default for Nature {
    fn default() -> Self {
        Self {
            lifetimes: Lifetimes::default(),
            members_max: None,
            fixed_members_max: limits::FIXED_MEMBERS_MAX,
            ring_messages: limits::RING_MESSAGES_DEFAULT,
            ring_bytes: limits::RING_BYTES_DEFAULT,
            grace: limits::GRACE_DEFAULT,
            grace_messages: limits::GRACE_MESSAGES_DEFAULT,
            presence: Presence::Off,
            presence_full_max: limits::PRESENCE_FULL_DEFAULT,
        }
    }
}

/// What members are told of each other's coming and going (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Off,
    /// How many there are.
    Counts,
    /// Who they are.
    Full,
}
