//! What shards say to each other. Everything a room needs to know of a user, and a user of a
//! room, travels in here, also between a shard and itself.
//!
//! One lane between two shards keeps its order, and a room and a user each live on one shard.
//! So what a user asks of a room arrives in the order it was asked, and what the room answers
//! and delivers arrives in the order it was decided. Joining is gap-free because of that alone.
//!
//! Nothing in an envelope is a reference into a shard: each could be written to a wire.

mod app;

use bytes::Bytes;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    AppEvents, Attendance, AttributeResult, Departure, JoinOptions, LimitSetting, ListChange,
    ListName, MemberFilter, MemberOrder, PublishOptions, QueuePermission, Role, RoomRole,
    Sanction as SanctionKind, TopBy, TopPeriod,
};

use crate::class::Class;
use crate::id::{AppId, Badge, MemberHandle, RoomHandle, SessionKey, ShardId, UserHandle};
use crate::names::Names;
use crate::page::Page;
use crate::room::{
    Actor, AttributeChange, Batch, Change, Expelled, HistoryAsk, HistoryFound, Joined, Placed,
    Profile, QueueChange, RecallAsk, RoomAllowance, Ruling, Shed, State, Telling, Wish,
};
use crate::time::WallTime;

pub use app::{AppListChange, AppRuling, Census, Revocation, TidingsBatch, UserSanction};

/// One thing that one shard tells another.
#[derive(Debug)]
pub enum Envelope {
    /// To a room's home: a message to publish.
    Publish(Publish),
    /// To a room's home: something asked of a room by name.
    Command(Command),
    /// To a room's home: one session is out of it.
    Vacate {
        /// The room.
        room: RoomHandle,
        /// What the session is called there.
        badge: Badge,
        /// The session.
        session: SessionKey,
        /// Why.
        departure: Departure,
        /// Whether the seat is to be held if it was its user's last.
        hold: bool,
    },
    /// To a room's home: a seat that is held will not be taken again.
    Forfeit {
        /// The room.
        room: RoomHandle,
        /// What the session was called there.
        badge: Badge,
        /// Why.
        departure: Departure,
    },
    /// To a user's home: the user is in a room no longer, as the room's home decided.
    Out {
        /// The user.
        user: UserHandle,
        /// The room.
        room: RoomHandle,
        /// What the user was called there.
        member: MemberHandle,
        /// What its sessions are told, if it was put out.
        expelled: Option<Box<Expelled>>,
        /// Who waits for it to be heeded.
        ack: Option<Ack>,
    },
    /// To a shard with occupants of a room: it is closed, and they are out.
    Close {
        /// The room.
        room: RoomHandle,
        /// Who waits for it to be heeded.
        ack: Ack,
    },
    /// To who waits: one more has heeded it.
    Heeded {
        /// What the waiting shard calls it.
        number: u64,
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
    /// To an app's home: change one of its lists.
    ChangeList(Box<AppListChange>),
    /// To every shard: an app's list is this one now.
    ListChanged {
        /// The app.
        app: AppId,
        /// Which of its lists.
        list: ListName,
        /// What it holds.
        entries: Names,
        /// The app's home, which waits for all shards to have it.
        ack: Ack,
    },
    /// To an app's home: ban or mute users in the whole app, or lift that.
    Sanction(Box<AppRuling>),
    /// To a user's home: the user is banned or muted in the whole app, or is not any more.
    SanctionUser(Box<UserSanction>),
    /// To an app's home: who is banned or muted in the whole app?
    SanctionsAsked {
        /// Whom to answer.
        ticket: Ticket,
        /// The app.
        app: AppId,
        /// Bans or mutes.
        kind: SanctionKind,
        /// Where to go on.
        cursor: Box<[u8]>,
        /// How many at most.
        limit: u16,
    },
    /// To every shard: which events of an app are to be told to a shard from now on.
    Listen {
        /// The app.
        app: AppId,
        /// Who listens.
        shard: ShardId,
        /// To which events.
        events: AppEvents,
        /// What the listening shard calls this, if it waits for it to be heeded.
        number: Option<u64>,
    },
    /// To a shard that listens: what happened in an app.
    Tidings {
        /// The app.
        app: AppId,
        /// The events.
        batch: TidingsBatch,
    },
    /// To a user's home: of which moment on the user's tokens hold.
    Revoke(Box<Revocation>),
    /// To who did something to many rooms: what became of it in one of them.
    ItemDone {
        /// What the asking shard calls the request, and which of the items.
        item: Item,
        /// What became of it.
        outcome: ItemOutcome,
    },
    /// To a user's home: a message of a room for some members only.
    Direct {
        /// The user.
        user: UserHandle,
        /// The room.
        room: RoomHandle,
        /// The message as a frame.
        frame: Bytes,
        /// The session that published it, if it wants no echo.
        own: Option<SessionKey>,
    },
    /// To every shard: a message for every session that is in a room of an app.
    Broadcast {
        /// The app.
        app: AppId,
        /// The message as a frame.
        frame: Bytes,
        /// Who waits for it to be heeded.
        ack: Ack,
    },
    /// To every shard: in which rooms does the most go on?
    TopAsked {
        /// The app.
        app: AppId,
        /// By what.
        by: TopBy,
        /// In which period.
        period: TopPeriod,
        /// Who asks, and what it calls the question.
        ack: Ack,
    },
    /// To who asked: rooms and their counts.
    TopTold {
        /// What the asking shard calls the question.
        number: u64,
        /// The rooms.
        rooms: Vec<(Box<str>, u32)>,
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

/// Who waits for something to be heeded on other shards before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The shard that waits.
    pub shard: ShardId,
    /// What it calls it.
    pub number: u64,
}

/// One of many rooms in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What the asking shard calls the request.
    pub number: u64,
    /// Which of the items.
    pub place: u16,
}

/// What became of one of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemOutcome {
    /// [`Code::NONE`] if it was done.
    pub code: Code,
    /// Milliseconds after which it may be; 0 where that cannot be said.
    pub retry_after_ms: u32,
    /// The epoch of the room, of a message that was accepted.
    pub epoch: u64,
    /// Its place there.
    pub seq: u64,
}

impl ItemOutcome {
    /// It was not done, or was and there is no more to say.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, retry_after_ms: 0, epoch: 0, seq: 0 }
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
    /// What only some messages have.
    pub rare: Option<Box<Rare>>,
}

/// What only some messages have.
#[derive(Debug, Default)]
pub struct Rare {
    /// The only members it is for, as the list stood in its frame.
    pub targets: Box<[u8]>,
    /// Which of many rooms it is for; then what becomes of it goes there.
    pub item: Option<Item>,
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
    /// What is asked. On the heap: every envelope is as large as the largest, and most of them are
    /// messages.
    pub ask: Box<Ask>,
}

/// What can be asked of a room by name. What the role of a connection may not do was refused
/// before; what a role in the room may do is for the room to say.
#[derive(Debug)]
pub enum Ask {
    /// Make the user a member and the session an occupant.
    Join(Box<JoinAsk>),
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
    /// Change the list of users who may speak while the room is muted.
    ChangeExceptions(Actor, ListChange, Names),
    /// Tell that list.
    QueryExceptions(Actor),
    /// Set how much the room takes in, how often one member may speak, and how much is kept.
    SetLimits(LimitSettings),
    /// Tell what is left of the limits, for a user.
    QueryLimits {
        /// The user's id.
        user: Box<str>,
        /// The role of its connection.
        role: Role,
    },
    /// Create the room.
    Create(Wish),
    /// Destroy the room.
    Destroy,
    /// Destroy the room, as one of many.
    DestroyOne(Item),
    /// Change what it says of itself, or what it is destroyed for.
    Change(Actor, Box<Change>),
    /// Close it or open it.
    SetOpen(Actor, bool, Telling),
    /// Mute it or let it speak.
    Mute(Actor, bool, Telling),
    /// Kick, ban or mute users, or lift that.
    Rule(Actor, Box<Ruling>),
    /// Tell who is banned or muted.
    QuerySanctions {
        /// Who asks.
        actor: Actor,
        /// Bans or mutes.
        kind: SanctionKind,
        /// Where to go on.
        cursor: Box<[u8]>,
        /// How many at most.
        limit: u16,
    },
    /// Give users another role.
    SetRoles {
        /// Who does.
        actor: Actor,
        /// The users, as they were named.
        users: Box<[Box<str>]>,
        /// Their role.
        role: RoomRole,
        /// How it is told.
        telling: Telling,
    },
    /// Show a member differently.
    SetProfile {
        /// The user's id.
        user: Box<str>,
        /// The role of its connection.
        role: Role,
        /// How it shows itself.
        profile: Option<Box<Profile>>,
        /// Whether nobody is told.
        quiet: bool,
    },
    /// Tell a page of the members.
    QueryMembers {
        /// Which.
        filter: MemberFilter,
        /// In which order.
        order: MemberOrder,
        /// Where to go on.
        cursor: Box<[u8]>,
        /// How many at most.
        limit: u16,
    },
    /// Tell of each of some users whether it is in the room.
    FindMembers(Box<[Box<str>]>),
    /// Write attributes.
    WriteAttributes(Actor, Box<[AttributeChange]>, Telling),
    /// Take away the actor's own attributes, or all.
    ClearAttributes(Actor, bool, Telling),
    /// Tell attributes.
    QueryAttributes {
        /// Who asks.
        actor: Actor,
        /// Which; none for all.
        keys: Box<[Box<str>]>,
        /// Where to go on.
        cursor: Box<[u8]>,
        /// How many at most.
        limit: u16,
    },
    /// Give the room a queue, or take it away.
    SetQueue(Actor, (u16, QueuePermission), Telling),
    /// Offer and remove elements.
    WriteQueue(Actor, Box<[QueueChange]>, Telling),
    /// Take out the first element, or that of a key.
    PollQueue(Actor, Box<str>, Telling),
    /// Take out all elements.
    ClearQueue(Actor, Telling),
    /// Tell elements.
    QueryQueue {
        /// Who asks.
        actor: Actor,
        /// Where to go on.
        cursor: Box<[u8]>,
        /// How many at most.
        limit: u16,
    },
    /// Tell what was said.
    QueryHistory(Actor, HistoryAsk),
    /// Take a message back.
    Recall(Actor, RecallAsk),
    /// Put bots in.
    AddBots(Vec<(Box<str>, Option<Box<Profile>>)>),
    /// Take bots out.
    RemoveBots(Box<[Box<str>]>),
    /// Take all bots out.
    ClearBots,
}

/// How a room is to be joined.
#[derive(Debug)]
pub struct JoinAsk {
    /// The user's id.
    pub user: Box<str>,
    /// The role of its connection; a server is another user than a client of the same id.
    pub role: Role,
    /// How it shows itself; what is empty stays as it was.
    pub profile: Option<Box<Profile>>,
    /// How many of the last messages it wants.
    pub history: u8,
    /// Epoch and place of the last entry it saw, if it comes back.
    pub resume: Option<(u64, u64)>,
    /// What of the room's state it does not want.
    pub options: JoinOptions,
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
    /// Messages that are kept.
    pub ring_messages: LimitSetting,
    /// Bytes that are kept.
    pub ring_bytes: LimitSetting,
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
        /// The state at that position.
        at: Box<Joined>,
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
    /// What the room is.
    State(Box<State>),
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
    /// What was to be changed is changed from there on.
    Changed(Placed),
    /// What became of each of many: [`Code::NONE`] if it was done.
    Results(Vec<Code>),
    /// A page of members.
    MembersPage(Box<Page>),
    /// Of each of some users whether it is in the room.
    Attendances(Vec<Attendance>),
    /// A page of those who are banned or muted.
    SanctionsPage(Box<Page>),
    /// What happens in the app is told to the session.
    Subscribed,
    /// What became of changes of attributes, from where on.
    AttributesWritten(Placed, Vec<AttributeResult>),
    /// Attributes, as they are at a place.
    AttributesPage(Placed, Box<Page>),
    /// The element that was taken out, as a row; nothing if there was none.
    Polled(Placed, Vec<u8>),
    /// Elements of a queue as it is at a place, its size and permission.
    QueuePage(Placed, (u16, QueuePermission), Box<Page>),
    /// What was said.
    History(Box<HistoryFound>),
    /// What became of a message in each of many rooms.
    PublishedMany(Vec<ItemOutcome>),
    /// The message is on its way to everyone.
    BroadcastSent(WallTime),
    /// Rooms with their counts, the first first, and since when that is counted.
    Top(WallTime, Vec<(Box<str>, u32)>),
    /// The message was dropped on purpose.
    Shed(Shed),
    /// No.
    Refused(Refusal<'static>),
}

// Each message moves through two envelopes or more, so none may grow without being noticed.
const _: () = assert!(size_of::<Envelope>() <= 120);
