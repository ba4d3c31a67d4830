//! What the broker says unasked.
//!
//! A delivered frame is encoded once and is the same for every member of the room, so it names
//! the room and holds nothing of the connection that carries it.

use crate::codec::{BorrowDecode, Encode};
use crate::refusal::Code;
use crate::value::{
    About, AppEventKind, Attributes, Departure, DestroyPolicy, DestroyReason, Extensions, IdList,
    KeyList, KickReason, LagReason, LeftReason, NoticeKind, Profile, QueueElements,
    QueuePermission, Role, RoomFields, RoomRole, Term,
};

/// A message of a room (spec 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Deliver<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// The user who published it.
    pub sender: &'a str,
    /// The role of the sender's connection.
    pub sender_role: Role,
    /// The message's type name.
    pub kind: &'a str,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker put it in order and encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message.
    pub payload: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The room is gone and the session is out of it. Has its place in the room's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RoomDestroyed<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of this notice in the room's order: the last one.
    pub seq: u64,
    /// Why.
    pub reason: DestroyReason,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The user was put out of the room (spec 7). Nothing of it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Kicked<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice of it; that of the newest entry, if there is none.
    pub seq: u64,
    /// Whether it may come back at once.
    pub reason: KickReason,
    /// Who did it; empty for a server.
    pub actor: &'a str,
    /// How long it may not come back.
    pub term: Term,
    /// What the app has to say about it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Entries of the room were skipped for this session (spec 6). Comes before the room's next
/// message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Lagged<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The first entry that was skipped.
    pub from_seq: u64,
    /// The last entry that was skipped, and so was each one between.
    pub to_seq: u64,
    /// Messages skipped of class protected.
    pub protected: u64,
    /// Messages skipped of class high.
    pub high: u64,
    /// Messages skipped of class low.
    pub low: u64,
    /// Why.
    pub reason: LagReason,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The session is out of a room without having asked: the user left it through another session,
/// or for another room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct LeftRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Why.
    pub reason: LeftReason,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Nothing was heard for a while; any frame is an answer, a `Ping` request the cheapest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct AreYouThere<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The state of a room, or of its members, changed (spec 3, 4, 7 and 8). An entry of the room's order
/// as a message is one.
///
/// Which fields mean something depends on `what`; the others are empty. A mute or a ban of the
/// whole app is told to the user alone, with an empty room and no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Notice<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The notice's place in the room's order.
    pub seq: u64,
    /// When it happened, microseconds since the Unix epoch.
    pub at: u64,
    /// What happened.
    pub what: NoticeKind,
    /// Who did it; empty for a server or the broker itself.
    pub actor: &'a str,
    /// To whom.
    pub users: IdList<'a>,
    /// Their role from now on.
    pub role: RoomRole,
    /// For how long.
    pub term: Term,
    /// Why somebody is a member no longer.
    pub departure: Departure,
    /// How a member shows itself from now on.
    pub profile: Profile<'a>,
    /// Which of the two fields below changed, and which texts.
    pub fields: RoomFields,
    /// What the room says of itself from now on.
    pub about: About<'a>,
    /// When it is destroyed.
    pub policy: DestroyPolicy,
    /// Attributes that were written.
    pub attributes: Attributes<'a>,
    /// Elements that were offered to the queue.
    pub elements: QueueElements<'a>,
    /// The keys of attributes, or of elements of the queue, that are there no longer.
    pub keys: KeyList<'a>,
    /// How many elements the queue may have from now on.
    pub queue_size: u16,
    /// Who may write to the queue from now on.
    pub queue_permission: QueuePermission,
    /// The place of the message that was recalled.
    pub target_seq: u64,
    /// What the app has to say about it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// How many are in a room (spec 4). No entry of its order: only the newest one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Presence<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// Members.
    pub members: u64,
    /// Sessions of members that receive the room's messages now.
    pub occupants: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Something happened in the app, for a server that subscribed to it (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct AppEvent<'a> {
    /// What happened.
    pub what: AppEventKind,
    /// When, microseconds since the Unix epoch.
    pub at: u64,
    /// In which room; empty for a session's beginning and end.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// Who joined, left, came or went.
    pub user: &'a str,
    /// The device of a session that came or went.
    pub device: &'a str,
    /// The role of that session's connection.
    pub role: Role,
    /// Why a room was destroyed.
    pub destroyed: DestroyReason,
    /// Why somebody is a member no longer.
    pub departure: Departure,
    /// Why a session was sent away; [`Code::NONE`] if it was not.
    pub code: Code,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Attributes of a room, for a session that came in: one of several that say all of them (spec 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct RoomAttributes<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how they are: that of the `Joined`.
    pub seq: u64,
    /// Some of them.
    pub attributes: Attributes<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The queue of a room, for a session that came in: one of several that say all of it (spec 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct RoomQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how it is: that of the `Joined`.
    pub seq: u64,
    /// How many elements there may be.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Some of its elements, in its order.
    pub elements: QueueElements<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What stands in the place of a message that was recalled, for those who come later (spec 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Tombstone<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the message in the room's order.
    pub seq: u64,
    /// The user who had published it.
    pub sender: &'a str,
    /// The type name it had.
    pub kind: &'a str,
    /// When it was recalled, microseconds since the Unix epoch.
    pub at: u64,
    /// Who recalled it; empty for a server.
    pub actor: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A message for some members only (spec 5). It has no place in the room's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Direct<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the room's newest entry when it was said.
    pub seq: u64,
    /// The user who published it.
    pub sender: &'a str,
    /// The role of the sender's connection.
    pub sender_role: Role,
    /// The message's type name.
    pub kind: &'a str,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message.
    pub payload: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A message of a server to every session that is in a room of the app, once (spec 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Broadcast<'a> {
    /// The user who is said to have published it.
    pub sender: &'a str,
    /// The message's type name.
    pub kind: &'a str,
    /// When the broker read it, microseconds since the Unix epoch.
    pub ingress_at: u64,
    /// When the broker encoded it, microseconds since the Unix epoch.
    pub egress_at: u64,
    /// The message.
    pub payload: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

crate::frame::tagged! {
    /// A push and what it says.
    Push {
        /// A message of a room.
        Deliver = 128,
        /// The room is gone.
        RoomDestroyed = 129,
        /// The user was removed.
        Kicked = 130,
        /// Entries were skipped.
        Lagged = 131,
        /// The session is out of a room.
        LeftRoom = 132,
        /// Nothing was heard for a while.
        AreYouThere = 133,
        /// The state of a room changed.
        Notice = 134,
        /// How many are in a room.
        Presence = 135,
        /// Something happened in the app.
        AppEvent = 136,
        /// Attributes of a room.
        RoomAttributes = 137,
        /// The queue of a room.
        RoomQueue = 138,
        /// A message was here and was recalled.
        Tombstone = 139,
        /// A message for some members only.
        Direct = 140,
        /// A message for everyone.
        Broadcast = 141,
    }
}
