//! Answers about rooms themselves, and about what is done to many at once.

use core::time::Duration;

use throng_protocol::reply as wire;
use throng_protocol::value::{DestroyPolicy, ItemResult, QueuePermission, RoomFlags};

use super::{Position, id_if_any, refused};
use crate::about::About;
use crate::error::{ProtocolError, Refused, check_extensions};
use crate::id::Id;

/// What a room is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomState {
    /// The room's epoch.
    pub epoch: u64,
    /// The position of the newest entry; 0 before the first.
    pub seq: u64,
    /// When the room was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Members.
    pub members: u64,
    /// Sessions of members that receive the room's messages now.
    pub occupants: u64,
    /// Whether it is muted, closed, kept alive.
    pub flags: RoomFlags,
    /// The user it was created for.
    pub creator: Option<Id>,
    /// What it says of itself.
    pub about: About,
    /// When it is destroyed.
    pub policy: DestroyPolicy,
    /// How many attributes it has.
    pub attributes: u32,
    /// How many elements its queue has.
    pub elements: u32,
    /// How many its queue may have; 0 if there is no queue.
    pub queue_size: u16,
    /// Who may write to its queue.
    pub queue_permission: QueuePermission,
    /// How many of its members are bots.
    pub bots: u32,
}

/// The room exists now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Created {
    /// The room's epoch.
    pub epoch: u64,
    /// When it was created, microseconds since the Unix epoch.
    pub created_at: u64,
}

/// The room is gone; its members are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destroyed {
    /// The room.
    pub room: Id,
}

/// What was to be changed is changed, from this place in the room's order on, on every core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
}

/// What became of each of many. What was done holds on every core.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Results {
    /// One for each, in the order in which they were named.
    pub each: Vec<Result<(), Refused>>,
}

impl RoomState {
    pub(crate) fn from_wire(state: wire::RoomState<'_>) -> Result<Self, ProtocolError> {
        check_extensions(state.extensions)?;
        Ok(Self {
            epoch: state.epoch,
            seq: state.seq,
            created_at: state.created_at,
            members: state.members,
            occupants: state.occupants,
            flags: state.flags,
            creator: id_if_any("creator", state.creator)?,
            about: About::from_wire(state.about),
            policy: state.policy,
            attributes: state.attributes,
            elements: state.elements,
            queue_size: state.queue_size,
            queue_permission: state.queue_permission,
            bots: state.bots,
        })
    }
}

impl Created {
    pub(crate) const TAG: u8 = 69;

    pub(super) fn from_wire(created: wire::Created<'_>) -> Self {
        Self { epoch: created.epoch, created_at: created.created_at }
    }
}

impl Changed {
    pub(crate) const TAG: u8 = 76;

    /// From where on it holds.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }
}

impl Results {
    pub(crate) const TAG: u8 = 77;

    /// Whether all of them were done.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.each.iter().all(Result::is_ok)
    }

    pub(super) fn from_wire(results: wire::Results<'_>) -> Self {
        let result = |ItemResult { code, retry_after_ms }| {
            refused(code, Duration::from_millis(u64::from(retry_after_ms)))
        };
        Self { each: results.results.iter().map(result).collect() }
    }
}
