//! Answers to what servers alone may ask.

use core::time::Duration;

use throng_protocol::reply as wire;
use throng_protocol::value::{self, PublishResult};

use super::{Position, id, refused};
use crate::error::{ProtocolError, Refused};
use crate::id::Id;

/// What became of a message in each of many rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedMany {
    /// One for each, in the order of the request: its place in the room's order, or why it has
    /// none.
    pub each: Vec<Result<Position, Refused>>,
}

/// The broadcast is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastSent {
    /// When it was taken, microseconds since the Unix epoch.
    pub time: u64,
}

/// The rooms that had the most of something.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopRooms {
    /// When the period that is counted began, microseconds since the Unix epoch.
    pub since: u64,
    /// The rooms, the first of them first.
    pub rooms: Vec<TopRoom>,
}

/// A room and how much of something it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopRoom {
    /// Which.
    pub room: Id,
    /// How much.
    pub count: u64,
    /// By how much the count may be too high.
    pub error: u64,
}

impl PublishedMany {
    pub(crate) const TAG: u8 = 87;

    /// Whether it was accepted in all of them.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.each.iter().all(Result::is_ok)
    }

    pub(super) fn from_wire(published: wire::PublishedMany<'_>) -> Self {
        let each = |result: PublishResult| {
            let PublishResult { code, retry_after_ms, epoch, seq } = result;
            let done = refused(code, Duration::from_millis(retry_after_ms.into()));
            done.map(|()| Position { epoch, seq })
        };
        Self { each: published.results.iter().map(each).collect() }
    }
}

impl BroadcastSent {
    pub(crate) const TAG: u8 = 88;

    pub(super) const fn from_wire(sent: wire::BroadcastSent<'_>) -> Self {
        Self { time: sent.time }
    }
}

impl TopRoom {
    fn from_wire(top: value::TopRoom<'_>) -> Result<Self, ProtocolError> {
        let value::TopRoom { room, count, error } = top;
        Ok(Self { room: id("room", room)?, count, error })
    }
}

impl TopRooms {
    pub(crate) const TAG: u8 = 89;

    pub(super) fn from_wire(top: wire::TopRooms<'_>) -> Result<Self, ProtocolError> {
        let rooms = top.rooms.iter().map(TopRoom::from_wire).collect::<Result<_, _>>()?;
        Ok(Self { since: top.since, rooms })
    }
}
