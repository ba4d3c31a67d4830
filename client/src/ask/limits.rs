//! Requests about limits, and about what became of messages.

use core::time::Duration;

use throng_protocol::request::{self, Request};
use throng_protocol::value::LimitSetting;

use super::{Ask, NONE, room};
use crate::error::Unsent;
use crate::reply::{Counters, Limits, RoomLimitsSet};

/// Set how much a room takes in, how often one member may speak, and how much of what happens it
/// keeps (servers only). What is not said stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRoomLimits {
    room: String,
    high_only: LimitSetting,
    shared: LimitSetting,
    protected: LimitSetting,
    slow_mode: LimitSetting,
    ring_messages: LimitSetting,
    ring_bytes: LimitSetting,
}

impl SetRoomLimits {
    /// The limits of a room, all as they are.
    #[must_use]
    pub fn new(room: &str) -> Self {
        let keep = LimitSetting::Keep;
        let room = room.to_owned();
        Self {
            room,
            high_only: keep,
            shared: keep,
            protected: keep,
            slow_mode: keep,
            ring_messages: keep,
            ring_bytes: keep,
        }
    }

    /// Messages in 200 ms for class high only.
    #[must_use]
    pub const fn high_only(mut self, limit: LimitSetting) -> Self {
        self.high_only = limit;
        self
    }

    /// Messages in 200 ms for class high and low.
    #[must_use]
    pub const fn shared(mut self, limit: LimitSetting) -> Self {
        self.shared = limit;
        self
    }

    /// Messages in 200 ms for protected ones, beyond both others.
    #[must_use]
    pub const fn protected(mut self, limit: LimitSetting) -> Self {
        self.protected = limit;
        self
    }

    /// The least time between two messages of one member, in whole milliseconds; zero for none.
    #[must_use]
    pub fn slow_mode(mut self, interval: Duration) -> Self {
        self.slow_mode = interval_of(interval);
        self
    }

    /// How many of its messages the room keeps: 50 to 10,000, and more than those for which the app
    /// holds a seat. Unlimited is refused.
    #[must_use]
    pub const fn ring_messages(mut self, limit: LimitSetting) -> Self {
        self.ring_messages = limit;
        self
    }

    /// How many bytes of them and of the notices between them: 256 KiB to 64 MiB. The last 50
    /// messages stay, however large. Unlimited is refused.
    #[must_use]
    pub const fn ring_bytes(mut self, limit: LimitSetting) -> Self {
        self.ring_bytes = limit;
        self
    }
}

/// An interval in whole milliseconds.
pub(super) fn interval_of(interval: Duration) -> LimitSetting {
    LimitSetting::Limit(u32::try_from(interval.as_millis()).unwrap_or(LimitSetting::MAX))
}

impl Ask for SetRoomLimits {
    type Reply = RoomLimitsSet;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let room = room(&self.room)?;
        Ok(request::SetRoomLimits {
            room,
            high_only: self.high_only,
            shared: self.shared,
            protected: self.protected,
            slow_mode_ms: self.slow_mode,
            ring_messages: self.ring_messages,
            ring_bytes: self.ring_bytes,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        RoomLimitsSet::TAG
    }
}

/// Ask what is left of all limits that hold for this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLimits {
    room: String,
}

impl QueryLimits {
    /// The session's own limits.
    #[must_use]
    pub const fn own() -> Self {
        Self { room: String::new() }
    }

    /// The session's own limits and those of a room.
    #[must_use]
    pub fn of_room(room: &str) -> Self {
        Self { room: room.to_owned() }
    }
}

impl Ask for QueryLimits {
    type Reply = Limits;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if !self.room.is_empty() {
            room(&self.room)?;
        }
        Ok(request::QueryLimits { room: &self.room, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Limits::TAG
    }
}

/// Ask what became of the app's messages (servers only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryCounters;

impl Ask for QueryCounters {
    type Reply = Counters;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::QueryCounters { extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Counters::TAG
    }
}
