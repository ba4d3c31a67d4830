//! What the broker answers, in a form that can be kept.
//!
//! The types of the protocol borrow from the receive buffer; these own what they hold. Making
//! one checks what the protocol leaves to the receiver: that ids are within their bounds and that
//! nothing must be understood which is not.

use core::time::Duration;

use throng_protocol::handshake;
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::reply as wire;
use throng_protocol::value::{Allowance, Class, Count, Counter, Role};

use crate::error::{ProtocolError, check_extensions};
use crate::id::Id;

/// A place in a room's order. It names an entry for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The room's epoch, new on every creation of its id.
    pub epoch: u64,
    /// The entry's number in the epoch, from 1.
    pub seq: u64,
}

/// What the broker granted when the session began. The limits are those in force for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Welcome {
    /// The session's number, unique while the broker runs; for logs.
    pub session: u64,
    /// The user the session belongs to: as asked, or as assigned to an anonymous visitor.
    pub user: Id,
    /// The role that was granted.
    pub role: Role,
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
    /// Bytes of the largest frame body either side may send.
    pub body_bytes_max: usize,
    /// Bytes of the largest payload.
    pub payload_bytes_max: usize,
    /// Milliseconds of silence after which the broker sends a ping.
    pub ping_after_ms: u32,
    /// Messages the sender may publish in any window of one second; 0 for no limit.
    pub messages_per_second: u32,
    /// Other requests the session may make in any window of one second; 0 for no limit.
    pub requests_per_second: u32,
    /// Rooms a user may be in; joining one more leaves the one joined longest ago.
    pub rooms_per_user: u32,
}

impl Welcome {
    pub(crate) fn from_wire(welcome: handshake::Welcome<'_>) -> Result<Self, ProtocolError> {
        check_extensions(welcome.extensions)?;
        let bounded = |bytes: u32, max: usize| usize::try_from(bytes).unwrap_or(max).min(max);
        Ok(Self {
            session: welcome.session,
            user: id("user", welcome.user)?,
            role: welcome.role,
            time: welcome.time,
            body_bytes_max: bounded(welcome.body_bytes_max, BODY_BYTES_MAX),
            payload_bytes_max: bounded(welcome.payload_bytes_max, PAYLOAD_BYTES_MAX),
            ping_after_ms: welcome.ping_after_ms,
            messages_per_second: welcome.messages_per_second,
            requests_per_second: welcome.requests_per_second,
            rooms_per_user: welcome.rooms_per_user,
        })
    }
}

/// What a request was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// To a join.
    Joined(Joined),
    /// To a leave.
    Left(Left),
    /// To a publish.
    Accepted(Accepted),
    /// To a ping.
    Pong(Pong),
    /// To a room query.
    RoomState(RoomState),
    /// To a room creation.
    Created(Created),
    /// To a room destruction.
    Destroyed(Destroyed),
    /// To a change of a list.
    ListChanged(ListChanged),
    /// To a query of a list.
    ListEntries(ListEntries),
    /// To a setting of a room's limits.
    RoomLimitsSet(RoomLimitsSet),
    /// To a query of the limits.
    Limits(Limits),
    /// To a query of what became of messages.
    Counters(Counters),
}

impl Reply {
    /// What a reply says to whoever asked for just that; `None` for one that says less than its
    /// request.
    pub(crate) fn from_wire(reply: wire::Reply<'_>) -> Result<Option<Self>, ProtocolError> {
        Ok(Some(match reply {
            wire::Reply::ListChanged(it) => {
                check_extensions(it.extensions)?;
                ListChanged { size: it.size }.into()
            }
            wire::Reply::ListEntries(it) => {
                check_extensions(it.extensions)?;
                ListEntries { entries: it.entries.iter().map(str::to_owned).collect() }.into()
            }
            wire::Reply::RoomLimitsSet(it) => {
                check_extensions(it.extensions)?;
                RoomLimitsSet.into()
            }
            wire::Reply::Limits(it) => Limits::from_wire(it)?.into(),
            wire::Reply::Counters(it) => {
                check_extensions(it.extensions)?;
                Counters { counts: it.counts.iter().collect() }.into()
            }
            _ => return Ok(None),
        }))
    }
}

/// The session is in the room; the next entry it sees is the one after `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The position at which the user became a member.
    pub seq: u64,
    /// When the room was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Members, the new one included.
    pub members: u64,
    /// The room that had to be left for this one.
    pub left: Option<Id>,
}

impl Joined {
    /// The place in the room's order at which the user became a member.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }
}

/// The user has left the room; nothing of it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The room.
    pub room: Id,
}

/// The message is in the room's order at this position and will be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// When it was accepted, microseconds since the Unix epoch.
    pub time: u64,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong {
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
}

/// What a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl RoomLimitsSet {
    pub(crate) const TAG: u8 = 73;
}

impl Limits {
    pub(crate) const TAG: u8 = 74;

    fn from_wire(limits: wire::Limits<'_>) -> Result<Self, ProtocolError> {
        check_extensions(limits.extensions)?;
        Ok(Self {
            messages: limits.messages,
            requests: limits.requests,
            room_high_only: limits.room_high_only,
            room_shared: limits.room_shared,
            room_protected: limits.room_protected,
            slow_mode: Duration::from_millis(limits.slow_mode_ms.into()),
            slow_mode_wait: Duration::from_millis(limits.slow_mode_wait_ms.into()),
        })
    }
}

impl Counters {
    pub(crate) const TAG: u8 = 75;
}

impl Joined {
    pub(crate) fn from_wire(room: Id, joined: wire::Joined<'_>) -> Result<Self, ProtocolError> {
        check_extensions(joined.extensions)?;
        let left = match joined.left {
            "" => None,
            left => Some(id("room", left)?),
        };
        Ok(Self {
            room,
            epoch: joined.epoch,
            seq: joined.seq,
            created_at: joined.created_at,
            members: joined.members,
            left,
        })
    }
}

impl Accepted {
    pub(crate) fn from_wire(accepted: wire::Accepted<'_>) -> Result<Self, ProtocolError> {
        check_extensions(accepted.extensions)?;
        Ok(Self { epoch: accepted.epoch, seq: accepted.seq, time: accepted.time })
    }
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
        })
    }
}

impl Created {
    pub(crate) fn from_wire(created: wire::Created<'_>) -> Result<Self, ProtocolError> {
        check_extensions(created.extensions)?;
        Ok(Self { epoch: created.epoch, created_at: created.created_at })
    }
}

/// Ties each reply to its variant, both ways.
macro_rules! replies {
    ($($name:ident)+) => {
        $(impl From<$name> for Reply {
            fn from(reply: $name) -> Self {
                Self::$name(reply)
            }
        }

        impl TryFrom<Reply> for $name {
            type Error = Reply;

            /// Gives a reply to something else back.
            fn try_from(reply: Reply) -> Result<Self, Reply> {
                match reply {
                    Reply::$name(reply) => Ok(reply),
                    other => Err(other),
                }
            }
        })+
    };
}
replies! {
    Joined Left Accepted Pong RoomState Created Destroyed
    ListChanged ListEntries RoomLimitsSet Limits Counters
}

/// Keeps an id that came in.
pub(crate) fn id(field: &'static str, text: &str) -> Result<Id, ProtocolError> {
    Id::try_from(text).map_err(|_| ProtocolError::Bounds(field))
}
