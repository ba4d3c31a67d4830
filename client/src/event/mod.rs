//! What the application is told without having asked, in a form that can be kept.
//!
//! The first half of [`Event`] comes from the broker, in the broker's order; the second half
//! tells of the connection itself.

mod app;
mod notice;
mod state;

use core::time::Duration;

use bytes::Bytes;
use throng_protocol::push as wire;
use throng_protocol::value::{DestroyReason, KickReason, LagReason, LeftReason, Role, Term};

use crate::error::{Failure, ProtocolError, Reason, Refused, Shed, check_extensions};
use crate::id::Id;
use crate::reply::{Position, Welcome, id, id_if_any};
use crate::token::TokenFailure;

pub use app::AppEvent;
pub use notice::{Change, Notice, RoomChange};
pub use state::{Broadcast, Direct, RoomAttributes, RoomQueue, Tombstone};

/// Something the application is told without having asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message of a room the session is in.
    Message(Message),
    /// A message for some members only, of whom this user is one.
    Direct(Direct),
    /// A message of a server to everyone.
    Broadcast(Broadcast),
    /// A message was here and was recalled before this session came.
    Tombstone(Tombstone),
    /// Attributes of a room that the session came into.
    RoomAttributes(RoomAttributes),
    /// The queue of a room that the session came into.
    RoomQueue(RoomQueue),
    /// A room is gone and the session is out of it.
    RoomDestroyed(RoomDestroyed),
    /// The user was put out of a room.
    Kicked(Kicked),
    /// The state of a room or of its members changed.
    Notice(Notice),
    /// How many are in a room now.
    Presence(Presence),
    /// Something happened in the app, for a server that asked with [`crate::ask::Subscribe`].
    App(AppEvent),
    /// Entries of a room were skipped for this session.
    Lagged(Lagged),
    /// The session is out of a room without having asked.
    LeftRoom(LeftRoom),
    /// A publish that wanted no acknowledgement was refused. One that is accepted is not told.
    PublishRefused {
        /// The number `publish_no_ack` gave.
        number: u32,
        /// Why.
        refused: Refused,
    },
    /// A publish that wanted no acknowledgement was dropped on purpose.
    PublishShed {
        /// The number `publish_no_ack` gave.
        number: u32,
        /// Of what there was too much.
        shed: Shed,
    },

    /// The connection was lost; the client will try to get it back.
    Disconnected {
        /// Why.
        reason: Reason,
        /// How long it waits before it tries.
        retry_in: Duration,
    },
    /// An attempt to get the connection back failed; there will be another.
    ReconnectFailed {
        /// Why.
        reason: Reason,
        /// How long it waits before it tries again.
        retry_in: Duration,
    },
    /// The token of the present session could not be refreshed. The session goes on until its time
    /// is over; then the client comes back with a new one.
    RefreshFailed {
        /// Why.
        failure: TokenFailure,
        /// How long the client waits before it tries again; none if it does not.
        retry_in: Option<Duration>,
    },
    /// The connection is back, as a new session, and the client takes its rooms again. What was
    /// missed comes as if nothing had happened; where that cannot be, an [`Event::Missed`] or an
    /// [`Event::RejoinFailed`] says so.
    Reconnected {
        /// What the broker granted this time. An anonymous visitor may have another id.
        welcome: Welcome,
        /// How many attempts it took.
        attempts: u32,
    },
    /// The session is in a room again in which it was when the connection was lost, and what was
    /// said in between, or some of it, is not there any more.
    Missed(Missed),
    /// The session could not get back into a room, and will not try again.
    RejoinFailed {
        /// The room.
        room: Id,
        /// The last place in its order that was reached.
        last: Position,
        /// Why.
        failure: Failure,
    },
    /// The client is closed for good. Nothing follows.
    Closed {
        /// Why.
        reason: Reason,
    },
}

/// A message of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// The user who published it.
    pub sender: Id,
    /// The role of the sender's connection.
    pub sender_role: Role,
    /// The message's type name.
    pub kind: Id,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker put it in order and encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message itself.
    pub payload: Bytes,
}

/// A room is gone and the session is out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomDestroyed {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of this notice in the room's order: the last one.
    pub seq: u64,
    /// Why.
    pub reason: DestroyReason,
}

/// The user was put out of a room. Nothing of it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kicked {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice of it; that of the newest entry, if there is none.
    pub seq: u64,
    /// Whether it may come back at once.
    pub reason: KickReason,
    /// Who did it; `None` for a server.
    pub actor: Option<Id>,
    /// How long it may not come back.
    pub term: Term,
    /// What the app has to say about it.
    pub extension: String,
}

/// How many are in a room. Has no place in its order: only the newest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// Members.
    pub members: u64,
    /// Sessions of members that receive the room's messages now.
    pub occupants: u64,
}

/// Entries of a room were skipped. Comes before the room's next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lagged {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The first entry that was skipped.
    pub from_seq: u64,
    /// The last one; each between was skipped, too.
    pub to_seq: u64,
    /// Messages skipped of class protected.
    pub protected: u64,
    /// Messages skipped of class high.
    pub high: u64,
    /// Messages skipped of class low.
    pub low: u64,
    /// Why.
    pub reason: LagReason,
}

/// The session is out of a room without having asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftRoom {
    /// The room.
    pub room: Id,
    /// Why.
    pub reason: LeftReason,
}

/// The session is in a room again, and something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missed {
    /// The room.
    pub room: Id,
    /// The last place in its order that was reached before the connection was lost.
    pub last: Position,
    /// The place at which the session is in the room again. What is still there of the entries
    /// before it comes now.
    pub now: Position,
    /// How many entries between the two do not come; `None` if the room is another one under the
    /// same id, so that the two positions have nothing to do with each other.
    pub entries: Option<u64>,
}

impl Message {
    /// The message's place in the room's order.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(deliver: wire::Deliver<'_>) -> Result<Self, ProtocolError> {
        check_extensions(deliver.extensions)?;
        Ok(Self {
            room: id("room", deliver.room)?,
            epoch: deliver.epoch,
            seq: deliver.seq,
            sender: id("sender", deliver.sender)?,
            sender_role: deliver.sender_role,
            kind: id("kind", deliver.kind)?,
            ingress_at: deliver.ingress_at,
            egress_at: deliver.egress_at,
            payload: state::payload(deliver.payload)?,
        })
    }
}

impl RoomDestroyed {
    pub(crate) fn from_wire(destroyed: wire::RoomDestroyed<'_>) -> Result<Self, ProtocolError> {
        check_extensions(destroyed.extensions)?;
        Ok(Self {
            room: id("room", destroyed.room)?,
            epoch: destroyed.epoch,
            seq: destroyed.seq,
            reason: destroyed.reason,
        })
    }
}

impl Kicked {
    pub(crate) fn from_wire(kicked: wire::Kicked<'_>) -> Result<Self, ProtocolError> {
        check_extensions(kicked.extensions)?;
        Ok(Self {
            room: id("room", kicked.room)?,
            epoch: kicked.epoch,
            seq: kicked.seq,
            reason: kicked.reason,
            actor: id_if_any("actor", kicked.actor)?,
            term: kicked.term,
            extension: kicked.extension.to_owned(),
        })
    }
}

impl Presence {
    pub(crate) fn from_wire(presence: wire::Presence<'_>) -> Result<Self, ProtocolError> {
        check_extensions(presence.extensions)?;
        let wire::Presence { epoch, members, occupants, .. } = presence;
        Ok(Self { room: id("room", presence.room)?, epoch, members, occupants })
    }
}

impl Lagged {
    pub(crate) fn from_wire(lagged: wire::Lagged<'_>) -> Result<Self, ProtocolError> {
        check_extensions(lagged.extensions)?;
        Ok(Self {
            room: id("room", lagged.room)?,
            epoch: lagged.epoch,
            from_seq: lagged.from_seq,
            to_seq: lagged.to_seq,
            protected: lagged.protected,
            high: lagged.high,
            low: lagged.low,
            reason: lagged.reason,
        })
    }
}

impl LeftRoom {
    pub(crate) fn from_wire(left: wire::LeftRoom<'_>) -> Result<Self, ProtocolError> {
        check_extensions(left.extensions)?;
        Ok(Self { room: id("room", left.room)?, reason: left.reason })
    }
}
