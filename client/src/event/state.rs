//! What a session is told beside messages: the state of a room it came into, tombstones, and
//! messages that have no place in a room's order.

use bytes::Bytes;
use throng_protocol::limits::PAYLOAD_BYTES_MAX;
use throng_protocol::push as wire;
use throng_protocol::value::{QueuePermission, Role};

use crate::error::{ProtocolError, check_extensions};
use crate::id::Id;
use crate::reply::{Position, id, id_if_any};
use crate::state::{Attribute, QueueElement};

/// Attributes of a room, right behind the session came in, and again when it came back after a
/// loss.
///
/// There may be several: all with one position are all attributes of the room at that place, so the
/// first of another position begins anew. Notices up to that place that come behind it tell what is
/// in it already.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomAttributes {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how they are.
    pub seq: u64,
    /// Some of them.
    pub attributes: Vec<Attribute>,
}

/// The queue of a room, or a part of it, as [`RoomAttributes`] comes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomQueue {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how it is.
    pub seq: u64,
    /// How many elements there may be.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Some of its elements, in its order.
    pub elements: Vec<QueueElement>,
}

/// A message was here and was recalled. Comes in its place to those who come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tombstone {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the message in the room's order.
    pub seq: u64,
    /// The user who had published it; `None` of a message that was erased.
    pub sender: Option<Id>,
    /// The type name it had; `None` of a message that was erased.
    pub kind: Option<Id>,
    /// When it was recalled, microseconds since the Unix epoch.
    pub at: u64,
    /// Who recalled it; `None` for a server.
    pub actor: Option<Id>,
}

/// A message for some members only, of whom this user is one. It has no place in the room's order
/// and is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Direct {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the room's newest entry when it was said.
    pub seq: u64,
    /// The user who published it.
    pub sender: Id,
    /// The role of the sender's connection.
    pub sender_role: Role,
    /// The message's type name.
    pub kind: Id,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message itself.
    pub payload: Bytes,
}

/// A message of a server to every session that is in a room of the app. It has no place in any
/// order and is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broadcast {
    /// The user who is said to have published it.
    pub sender: Id,
    /// The message's type name.
    pub kind: Id,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message itself.
    pub payload: Bytes,
}

/// Keeps a payload that came in.
pub(super) fn payload(payload: &[u8]) -> Result<Bytes, ProtocolError> {
    if payload.len() <= PAYLOAD_BYTES_MAX {
        Ok(Bytes::copy_from_slice(payload))
    } else {
        Err(ProtocolError::Bounds("payload"))
    }
}

impl RoomAttributes {
    /// The place at which this is how they are.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(state: wire::RoomAttributes<'_>) -> Result<Self, ProtocolError> {
        check_extensions(state.extensions)?;
        let wire::RoomAttributes { room, epoch, seq, attributes, .. } = state;
        let attributes = Attribute::all(attributes)?;
        Ok(Self { room: id("room", room)?, epoch, seq, attributes })
    }
}

impl RoomQueue {
    /// The place at which this is how it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(state: wire::RoomQueue<'_>) -> Result<Self, ProtocolError> {
        check_extensions(state.extensions)?;
        let wire::RoomQueue { room, epoch, seq, size, permission, elements, .. } = state;
        let elements = QueueElement::all(elements)?;
        Ok(Self { room: id("room", room)?, epoch, seq, size, permission, elements })
    }
}

impl Tombstone {
    /// The place of the message in the room's order.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(tombstone: wire::Tombstone<'_>) -> Result<Self, ProtocolError> {
        check_extensions(tombstone.extensions)?;
        Ok(Self {
            room: id("room", tombstone.room)?,
            epoch: tombstone.epoch,
            seq: tombstone.seq,
            sender: id_if_any("sender", tombstone.sender)?,
            kind: id_if_any("kind", tombstone.kind)?,
            at: tombstone.at,
            actor: id_if_any("actor", tombstone.actor)?,
        })
    }
}

impl Direct {
    pub(crate) fn from_wire(direct: wire::Direct<'_>) -> Result<Self, ProtocolError> {
        check_extensions(direct.extensions)?;
        Ok(Self {
            room: id("room", direct.room)?,
            epoch: direct.epoch,
            seq: direct.seq,
            sender: id("sender", direct.sender)?,
            sender_role: direct.sender_role,
            kind: id("kind", direct.kind)?,
            ingress_at: direct.ingress_at,
            egress_at: direct.egress_at,
            payload: payload(direct.payload)?,
        })
    }
}

impl Broadcast {
    pub(crate) fn from_wire(broadcast: wire::Broadcast<'_>) -> Result<Self, ProtocolError> {
        check_extensions(broadcast.extensions)?;
        Ok(Self {
            sender: id("sender", broadcast.sender)?,
            kind: id("kind", broadcast.kind)?,
            ingress_at: broadcast.ingress_at,
            egress_at: broadcast.egress_at,
            payload: payload(broadcast.payload)?,
        })
    }
}
