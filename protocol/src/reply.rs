//! What the broker answers: one reply to each request, with the request's number.

use crate::codec::{BorrowDecode, Encode};
use crate::value::Extensions;

pub use crate::refusal::Refusal as Refused;

/// The session is in the room; the next entry it sees is the one after `seq` (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Joined<'a> {
    /// The room's epoch, new on every creation of its id.
    pub epoch: u64,
    /// The position at which the user became a member.
    pub seq: u64,
    /// When the room was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Members, the new one included.
    pub members: u64,
    /// The room that had to be left for this one; empty for none.
    pub left: &'a str,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
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
        /// To any request: no.
        Refused = 127,
    }
}
