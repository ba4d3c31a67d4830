//! What shards say to each other. Everything a room needs to know of a user, and a user of a
//! room, travels in here, also between a shard and itself.
//!
//! One lane between two shards keeps its order, and a room and a user each live on one shard.
//! So what a user asks of a room arrives in the order it was asked, and what the room answers
//! and delivers arrives in the order it was decided. Joining is gap-free because of that alone.
//!
//! Nothing in an envelope is a reference into a shard: each could be written to a wire.

use throng_protocol::refusal::Refusal;
use throng_protocol::value::{PublishOptions, Role};

use crate::id::{AppId, Badge, MemberHandle, RoomHandle, SessionKey, UserHandle};
use crate::room::{Batch, JoinedAt, State};
use crate::time::WallTime;

/// One thing that one shard tells another.
#[derive(Debug)]
pub enum Envelope {
    /// To a room's home: a message to publish.
    Publish(Publish),
    /// To a room's home: something asked of a room by name.
    Command(Command),
    /// To a room's home: one session is out of it; the user leaves with its last one.
    Vacate {
        /// The room.
        room: RoomHandle,
        /// What the session is called there.
        badge: Badge,
        /// The session.
        session: SessionKey,
    },
    /// To a session's home: what became of its request.
    Answer {
        /// Which request of which session.
        ticket: Ticket,
        /// What became of it.
        answer: Answer,
    },
    /// To a shard with occupants of a room: its next entries.
    Deliver {
        /// The room.
        room: RoomHandle,
        /// The entries.
        batch: Batch,
    },
    /// To a shard with occupants of a room: its last entries. It is gone.
    End {
        /// The room.
        room: RoomHandle,
        /// The entries; that the room was destroyed is the last of them.
        batch: Batch,
    },
}

/// Whom an answer goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The session.
    pub session: SessionKey,
    /// Its user, which may outlive it.
    pub user: UserHandle,
    /// The number the client gave its request.
    pub request: u32,
}

/// A message on its way to its room.
#[derive(Debug)]
pub struct Publish {
    /// Whom to answer.
    pub ticket: Ticket,
    /// To which room, by whom.
    pub address: Address,
    /// Echo, no-ack, no-store.
    pub options: PublishOptions,
    /// When the broker read it.
    pub ingress_at: WallTime,
    /// What is said.
    pub body: Body,
}

/// A message's kind and payload in one allocation.
#[derive(Debug)]
pub struct Body {
    bytes: Box<[u8]>,
    kind_bytes: u8,
}

impl Body {
    /// Copies both out of a receive buffer. A kind has at most 32 bytes.
    #[must_use]
    pub fn new(kind: &str, payload: &[u8]) -> Self {
        let kind_bytes = u8::try_from(kind.len()).expect("a kind has at most 32 bytes");
        Self { bytes: [kind.as_bytes(), payload].concat().into(), kind_bytes }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        let kind = &self.bytes[..usize::from(self.kind_bytes)];
        core::str::from_utf8(kind).expect("it was copied out of a str, whole")
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.bytes[usize::from(self.kind_bytes)..]
    }
}

/// To which room a message goes, and by whom.
#[derive(Debug)]
pub enum Address {
    /// By a member, of whom it is known where the room is and what it is called there.
    Member {
        /// The room.
        room: RoomHandle,
        /// The sender there.
        member: MemberHandle,
        /// The role of the sender's connection.
        role: Role,
    },
    /// By name: by a server, which need not be a member.
    Named(Box<Named>),
}

/// A room and a sender by their names.
#[derive(Debug)]
pub struct Named {
    /// The app of both.
    pub app: AppId,
    /// The room's id.
    pub room: Box<str>,
    /// The sender's id.
    pub sender: Box<str>,
    /// The role of the sender's connection.
    pub role: Role,
}

/// Something asked of a room by name.
#[derive(Debug)]
pub struct Command {
    /// Whom to answer.
    pub ticket: Ticket,
    /// The app of the room and of who asks.
    pub app: AppId,
    /// The room's id.
    pub room: Box<str>,
    /// What is asked.
    pub ask: Ask,
}

/// What can be asked of a room by name. Whether the role may ask it was checked before.
#[derive(Debug)]
pub enum Ask {
    /// Make the user a member and the session an occupant.
    Join {
        /// The user's id.
        user: Box<str>,
        /// The role of its connection; a server is another user than a client of the same id.
        role: Role,
    },
    /// Take the user out with all its sessions.
    Leave {
        /// The user's id.
        user: Box<str>,
        /// The role of its connection.
        role: Role,
    },
    /// Tell position and counts.
    Query,
    /// Create the room.
    Create,
    /// Destroy the room.
    Destroy,
}

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// The user is in the room.
    Joined {
        /// The room's id, as asked.
        name: Box<str>,
        /// Where the room is.
        room: RoomHandle,
        /// What the session is called there.
        badge: Badge,
        /// The state at that position.
        at: JoinedAt,
    },
    /// The user has left.
    Left {
        /// The room.
        room: RoomHandle,
    },
    /// The message is in the room's order.
    Accepted {
        /// The room's epoch.
        epoch: u64,
        /// Its place there.
        seq: u64,
        /// When.
        time: WallTime,
    },
    /// Position and counts.
    State(State),
    /// The room exists now.
    Created {
        /// Its epoch.
        epoch: u64,
        /// When.
        created_at: WallTime,
    },
    /// The room is gone.
    Destroyed,
    /// No.
    Refused(Refusal<'static>),
}
