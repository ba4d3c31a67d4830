//! What the broker says unasked.
//!
//! A delivered frame is encoded once and is the same for every member of the room, so it names
//! the room and holds nothing of the connection that carries it.

use crate::codec::{BorrowDecode, Encode};
use crate::value::{DestroyReason, Extensions, LagReason, LeftReason, Role};

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

/// The user was removed from the room and may come back. Reserved: not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Kicked<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the kick in the room's order.
    pub seq: u64,
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
    }
}
