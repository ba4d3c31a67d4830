//! What the broker answers: one reply to each request, with the request's number.

mod state;

use crate::codec::{BorrowDecode, Encode};
use crate::refusal::Code;
use crate::value::{
    About, Allowance, Attendances, Class, Counts, DestroyPolicy, Extensions, IdList, ItemResults,
    Members, QueuePermission, RoomFlags, RoomRole, SanctionedUsers, ShedReason, Term,
};

pub use crate::refusal::Refusal as Refused;
pub use state::{
    AttributesPage, AttributesWritten, BroadcastSent, HistoryPage, Polled, PublishedMany,
    QueuePage, TopRooms,
};

/// The session is in the room; the next entry it sees is the one after `seq` (spec 4).
///
/// Behind it come its attributes and its queue, in as many frames as `states` says, and as many of
/// the room's entries up to `seq` as `entries` says, as they were when they were new; then the room
/// goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Joined<'a> {
    /// The room's epoch, new on every creation of its id; never 0.
    pub epoch: u64,
    /// The position at which the session came in. All that is said here is as it was there.
    pub seq: u64,
    /// When the room was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Members, the new one included.
    pub members: u64,
    /// Sessions of members that receive the room's messages now, the new one included.
    pub occupants: u64,
    /// The room that had to be left for this one; empty for none.
    pub left: &'a str,
    /// Whether the room is muted.
    pub flags: RoomFlags,
    /// The user it was created for; empty for none.
    pub creator: &'a str,
    /// What it says of itself.
    pub about: About<'a>,
    /// What the user may do in it.
    pub role: RoomRole,
    /// How much longer the user is muted, in this room or in all.
    pub mute: Term,
    /// How many entries up to `seq` follow.
    pub entries: u32,
    /// How many `RoomAttributes` and `RoomQueue` follow, before the entries.
    pub states: u32,
    /// [`Code::NONE`] unless the session asked to resume and cannot: then why.
    pub recovery: Code,
    /// How many entries after the position it asked to resume from do not follow. Of another epoch
    /// nobody can say that: then 0.
    pub missed: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The user has left the room; nothing of it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Left<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The message is in the room's order at this position and will be delivered (spec 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Accepted<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// When it was accepted, microseconds since the Unix epoch.
    pub time: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Pong<'a> {
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct RoomState<'a> {
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
    /// The user it was created for; empty for none.
    pub creator: &'a str,
    /// What it says of itself.
    pub about: About<'a>,
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
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The room exists now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Created<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// When it was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The room is gone; its members are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Destroyed<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The list was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ListChanged<'a> {
    /// How many entries it has now.
    pub size: u32,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What is on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ListEntries<'a> {
    /// The entries, in the order in which they came.
    pub entries: IdList<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The room's limits hold from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RoomLimitsSet<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What is left of the limits (spec 6). What is the room's is 0 where no room was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Limits<'a> {
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
    /// Milliseconds between two messages of one member; 0 for none.
    pub slow_mode_ms: u32,
    /// How much of that this user has to wait.
    pub slow_mode_wait_ms: u32,
    /// How many of its messages the room keeps.
    pub ring_messages: u32,
    /// How many bytes of them, and of the notices between them.
    pub ring_bytes: u32,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What became of the app's messages since the broker started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Counters<'a> {
    /// One figure for each counter and class that is not 0.
    pub counts: Counts<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What was to be changed is changed, from this place in the room's order on, on every core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Changed<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What became of each of many. What was done holds on every core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Results<'a> {
    /// One for each, in the order in which they were named.
    pub results: ItemResults<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A page of a room's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct MembersPage<'a> {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub members: Members<'a>,
    /// Where the next page begins; empty on the last.
    pub cursor: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Whether each of some users is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct MembersFound<'a> {
    /// One for each, in the order in which they were named.
    pub attendances: Attendances<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A page of those who are banned or muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct SanctionsPage<'a> {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub users: SanctionedUsers<'a>,
    /// Where the next page begins; empty on the last.
    pub cursor: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What happens in the app is told to this session from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Subscribed<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The session goes on with the new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct TokenRefreshed<'a> {
    /// Milliseconds for which the token holds from now on.
    pub expires_in_ms: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The message was dropped on purpose, because there was too much (spec 6). Nobody gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Shed<'a> {
    /// Its class.
    pub class: Class,
    /// Of what there was too much.
    pub reason: ShedReason,
    /// Milliseconds after which the like of it may get in.
    pub retry_after_ms: u32,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

crate::frame::tagged! {
    /// A reply and what it says.
    Reply {
        /// To a join.
        Joined = 64,
        /// To a leave.
        Left = 65,
        /// To a publish.
        Accepted = 66,
        /// To a ping.
        Pong = 67,
        /// To a room query.
        RoomState = 68,
        /// To a room creation.
        Created = 69,
        /// To a room destruction.
        Destroyed = 70,
        /// To a change of a list.
        ListChanged = 71,
        /// To a query of a list.
        ListEntries = 72,
        /// To a setting of a room's limits.
        RoomLimitsSet = 73,
        /// To a query of the limits.
        Limits = 74,
        /// To a query of what became of messages.
        Counters = 75,
        /// To a change of a room or of a profile.
        Changed = 76,
        /// To what is done to many at once.
        Results = 77,
        /// To a query of members.
        MembersPage = 78,
        /// To a search for members.
        MembersFound = 79,
        /// To a query of bans or mutes.
        SanctionsPage = 80,
        /// To a subscription.
        Subscribed = 81,
        /// To a write of attributes.
        AttributesWritten = 82,
        /// To a query of attributes.
        AttributesPage = 83,
        /// To a poll of a queue.
        Polled = 84,
        /// To a query of a queue.
        QueuePage = 85,
        /// To a query of history.
        HistoryPage = 86,
        /// To a publish to many rooms.
        PublishedMany = 87,
        /// To a broadcast.
        BroadcastSent = 88,
        /// To a query of the first rooms.
        TopRooms = 89,
        /// To a new token.
        TokenRefreshed = 90,
        /// To a publish: there was too much.
        Shed = 126,
        /// To any request: no.
        Refused = 127,
    }
}
