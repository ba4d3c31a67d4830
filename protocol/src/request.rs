//! What a client asks. Every request gets exactly one reply with its number, except a publish
//! that asked for none and was accepted.
//!
//! A client may send requests without waiting for replies. Requests about one room are carried out
//! and answered by it in the order they were sent. Replies about several rooms may overtake each
//! other, and so may those that need no room: a `Pong`, and a refusal for a rate, a bound, or
//! something not served. So a reply is matched by its number, never by its place.

use crate::codec::{BorrowDecode, Encode};
use crate::value::{
    ClassHint, Extensions, IdList, LimitSetting, ListChange, ListName, PublishOptions,
};

/// Become a member of a room and receive its messages on this session (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Join<'a> {
    /// The room.
    pub room: &'a str,
    /// How many of the last messages to get with the answer. Reserved: only 0 is served yet.
    pub history: u8,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Leave a room, with all sessions of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Leave<'a> {
    /// The room.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Publish one message to a room (spec 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Publish<'a> {
    /// The room.
    pub room: &'a str,
    /// The message's type name.
    pub kind: &'a str,
    /// The message, opaque to the broker.
    pub payload: &'a [u8],
    /// Echo, no-ack, no-store.
    pub options: PublishOptions,
    /// The class the sender asks for; it can only lower it (spec 6).
    pub class: ClassHint,
    /// The idempotency key; empty for none. Reserved: only empty is served yet.
    pub message_id: &'a str,
    /// The only users to deliver to; empty for all. Reserved: only empty is served yet.
    pub targets: IdList<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask for a sign of life and the broker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Ping<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask what a room is: its position and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Create a room (servers only, spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct CreateRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Destroy a room (servers only, spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct DestroyRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Change a list of names (servers only, spec 3 and 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ChangeList<'a> {
    /// Which list.
    pub list: ListName,
    /// The room whose list it is; empty for a list of the app.
    pub room: &'a str,
    /// What to do.
    pub change: ListChange,
    /// Users, kinds or rooms.
    pub entries: IdList<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask what is on a list of names (servers only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryList<'a> {
    /// Which list.
    pub list: ListName,
    /// The room whose list it is; empty for a list of the app.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Set how much a room takes in, in messages per 200 ms by pool, and how often one member may
/// speak (servers only, spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SetRoomLimits<'a> {
    /// The room.
    pub room: &'a str,
    /// For class high only.
    pub high_only: LimitSetting,
    /// For high and low.
    pub shared: LimitSetting,
    /// What protected messages have of their own.
    pub protected: LimitSetting,
    /// Milliseconds between two messages of one member; 0, inherit and unlimited for none.
    pub slow_mode_ms: LimitSetting,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask what is left of all limits that hold for this session (spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryLimits<'a> {
    /// The room whose limits are asked for, too; empty for none.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask what became of the app's messages (servers only, spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryCounters<'a> {
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

crate::frame::tagged! {
    /// A request and what it asks for.
    Request {
        /// Become a member of a room.
        Join = 16,
        /// Leave a room.
        Leave = 17,
        /// Publish one message.
        Publish = 18,
        /// Ask for a sign of life.
        Ping = 19,
        /// Ask what a room is.
        QueryRoom = 20,
        /// Create a room.
        CreateRoom = 21,
        /// Destroy a room.
        DestroyRoom = 22,
        /// Change a list of names.
        ChangeList = 23,
        /// Ask what is on a list.
        QueryList = 24,
        /// Set a room's limits.
        SetRoomLimits = 25,
        /// Ask what is left of the limits.
        QueryLimits = 26,
        /// Ask what became of messages.
        QueryCounters = 27,
    }
}

impl<'a> Request<'a> {
    /// The extensions of the request, whatever it is.
    #[must_use]
    pub const fn extensions(&self) -> Extensions<'a> {
        match self {
            Self::Join(request) => request.extensions,
            Self::Leave(request) => request.extensions,
            Self::Publish(request) => request.extensions,
            Self::Ping(request) => request.extensions,
            Self::QueryRoom(request) => request.extensions,
            Self::CreateRoom(request) => request.extensions,
            Self::DestroyRoom(request) => request.extensions,
            Self::ChangeList(request) => request.extensions,
            Self::QueryList(request) => request.extensions,
            Self::SetRoomLimits(request) => request.extensions,
            Self::QueryLimits(request) => request.extensions,
            Self::QueryCounters(request) => request.extensions,
        }
    }
}
