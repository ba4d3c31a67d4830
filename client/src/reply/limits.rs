//! Answers about lists of names, limits, and what became of messages.

use core::time::Duration;

use throng_protocol::reply as wire;
use throng_protocol::value::{Allowance, Class, Count, Counter};

/// The list was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListChanged {
    /// How many entries it has now.
    pub size: u32,
}

/// What is on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntries {
    /// The entries, in the order in which they came.
    pub entries: Vec<String>,
}

/// The room's limits hold from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomLimitsSet;

/// What is left of the limits. What is the room's is 0 where no room was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The sender's messages.
    pub messages: Allowance,
    /// The session's other requests.
    pub requests: Allowance,
    /// The room's quota for class high only.
    pub room_high_only: Allowance,
    /// The room's quota for high and low.
    pub room_shared: Allowance,
    /// What protected messages have of their own.
    pub room_protected: Allowance,
    /// The least time between two messages of one member.
    pub slow_mode: Duration,
    /// How much of that this user has to wait.
    pub slow_mode_wait: Duration,
    /// How many of its messages the room keeps.
    pub ring_messages: u32,
    /// How many bytes of them and of the notices between them.
    pub ring_bytes: u32,
}

/// What became of the app's messages since the broker started.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// One figure for each counter and class that is not 0.
    pub counts: Vec<Count>,
}

impl Counters {
    /// One figure.
    #[must_use]
    pub fn of(&self, counter: Counter, class: Class) -> u64 {
        let found = self.counts.iter().find(|own| own.counter == counter && own.class == class);
        found.map_or(0, |count| count.count)
    }
}

impl ListChanged {
    pub(crate) const TAG: u8 = 71;
}

impl ListEntries {
    pub(crate) const TAG: u8 = 72;

    pub(super) fn from_wire(list: wire::ListEntries<'_>) -> Self {
        Self { entries: list.entries.iter().map(str::to_owned).collect() }
    }
}

impl RoomLimitsSet {
    pub(crate) const TAG: u8 = 73;
}

impl Limits {
    pub(crate) const TAG: u8 = 74;

    pub(super) fn from_wire(limits: wire::Limits<'_>) -> Self {
        Self {
            messages: limits.messages,
            requests: limits.requests,
            room_high_only: limits.room_high_only,
            room_shared: limits.room_shared,
            room_protected: limits.room_protected,
            slow_mode: Duration::from_millis(limits.slow_mode_ms.into()),
            slow_mode_wait: Duration::from_millis(limits.slow_mode_wait_ms.into()),
            ring_messages: limits.ring_messages,
            ring_bytes: limits.ring_bytes,
        }
    }
}

impl Counters {
    pub(crate) const TAG: u8 = 75;
}
