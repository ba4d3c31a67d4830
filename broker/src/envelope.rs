//! What shards say to each other. Everything a room needs to know of a user, and a user of a
//! room, travels in here, also between a shard and itself.
//!
//! One lane between two shards keeps its order, and a room and a user each live on one shard.
//! So what a user asks of a room arrives in the order it was asked, and what the room answers
//! and delivers arrives in the order it was decided. Joining is gap-free because of that alone.
//!
//! Nothing in an envelope is a reference into a shard: each could be written to a wire.

use throng_protocol::refusal::Refusal;
use throng_protocol::value::{LimitSetting, ListChange, ListName, PublishOptions, Role};

use crate::class::{ByClass, Class};
use crate::counters::Counters;
use crate::id::{AppId, Badge, MemberHandle, RoomHandle, SessionKey, ShardId, UserHandle};
use crate::names::Names;
use crate::room::{Batch, JoinedAt, RoomAllowance, Shed, State};
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
    /// To a session's home: whether what its user says in a room is protected from now on.
    Standing {
        /// The session.
        session: SessionKey,
        /// The room.
        room: RoomHandle,
        /// Whether it is.
        protected: bool,
    },
    /// To an app's home: change one of its lists of kinds.
    ChangeKinds(Box<KindsChange>),
    /// To every shard: an app's list of kinds is this one now.
    KindsChanged {
        /// The app.
        app: AppId,
        /// Which of its lists.
        list: ListName,
        /// What it holds.
        kinds: Names,
        /// The app's home, which waits for all shards to have it.
        from: ShardId,
        /// What the home calls the change.
        number: u64,
    },
    /// To an app's home: a shard has the change.
    KindsTaken {
        /// What the home calls it.
        number: u64,
    },
    /// To every shard: what was counted for an app?
    CountersAsked {
        /// The app.
        app: AppId,
        /// Who asks.
        from: ShardId,
        /// What it calls the question.
        number: u64,
    },
    /// To who asked: what a shard counted.
    CountersTold {
        /// What the asking shard calls the question.
        number: u64,
        /// What was counted.
        census: Box<Census>,
    },
}

/// A change of one of an app's lists of kinds.
#[derive(Debug)]
pub struct KindsChange {
    /// Whom to answer.
    pub ticket: Ticket,
    /// The app.
    pub app: AppId,
    /// Which of its lists.
    pub list: ListName,
    /// What to do.
    pub change: ListChange,
    /// The kinds.
    pub kinds: Names,
}

/// What was counted for an app, on one shard or on several.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    /// What became of messages.
    pub counters: Counters,
    /// Messages that wait for an occupant now.
    pub waiting: ByClass<u64>,
}

impl Census {
    /// Adds what another shard counted.
    pub fn add(&mut self, other: &Self) {
        self.counters.add(&other.counters);
        self.waiting.add(&other.waiting);
    }
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
    /// What its kind and its sender's wish make of it.
    pub class: Class,
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
    /// Change the list of users whose messages are protected.
    ChangeProtectedUsers(ListChange, Names),
    /// Tell that list.
    QueryProtectedUsers,
    /// Set how much the room takes in, and how often one member may speak.
    SetLimits(LimitSettings),
    /// Tell what is left of the limits, for a user.
    QueryLimits {
        /// The user's id.
        user: Box<str>,
        /// The role of its connection.
        role: Role,
    },
    /// Create the room.
    Create,
    /// Destroy the room.
    Destroy,
}

/// A room's limits as a server sets them.
#[derive(Debug, Clone, Copy)]
pub struct LimitSettings {
    /// For class high only, in any 200 ms.
    pub high_only: LimitSetting,
    /// For high and low.
    pub shared: LimitSetting,
    /// What protected messages have of their own.
    pub protected: LimitSetting,
    /// Milliseconds between two messages of one member.
    pub slow_mode_ms: LimitSetting,
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
        /// Whether what the user says there is protected.
        protected: bool,
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
    /// A list was changed.
    ListChanged {
        /// How many entries it has now.
        size: u32,
    },
    /// What is on a list.
    Names(Names),
    /// A room's limits were set.
    LimitsSet,
    /// What is left of a room's limits.
    Limits(Box<RoomAllowance>),
    /// What became of an app's messages.
    Counters(Box<Census>),
    /// The message was dropped on purpose.
    Shed(Shed),
    /// No.
    Refused(Refusal<'static>),
}
