//! What a client asks. Every request gets exactly one reply with its number, except a publish
//! that asked for none and was accepted.
//!
//! A client may send requests without waiting for replies. Requests about one room are carried out
//! in the order they were sent, and answered so, but for those that put somebody out, whose answers
//! wait for other cores. Replies about several rooms may overtake each other, and so may those that
//! need no room: a `Pong`, and a refusal for a rate, a bound, or something not served. So a reply is
//! matched by its number, never by its place.

mod member;
mod room;
mod rule;
mod state;
mod token;

use crate::codec::{BorrowDecode, Encode};
use crate::value::{AppEvents, ClassHint, Extensions, IdList, PublishOptions};

pub use member::{
    FindMembers, Join, Leave, Moderate, MuteRoom, QueryMembers, QuerySanctions, SetProfile,
    SetRoomRole,
};
pub use room::{ChangeRoom, CreateRoom, DestroyRoom, DestroyRooms, QueryRoom, SetRoomOpen};
pub use rule::{ChangeList, QueryCounters, QueryLimits, QueryList, SetRoomLimits};
pub use state::{
    Broadcast, ChangeBots, ClearAttributes, ClearQueue, PollQueue, PublishMany, QueryAttributes,
    QueryHistory, QueryQueue, QueryTop, Recall, SetQueue, WriteAttributes, WriteQueue,
};
pub use token::{RefreshToken, RevokeTokens};

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
    /// The idempotency key; empty for none. Within two minutes the same user's next message of this
    /// key to this room gets the answer of the first and is not published again.
    pub message_id: &'a str,
    /// The only users to deliver to, at most 100; empty for all. To some it is a
    /// [`crate::push::Direct`], which has no place in the order and is never stored.
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

/// Ask to be told what happens in the app, on this session and instead of what it asked for before
/// (servers only, spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Subscribe<'a> {
    /// Which events; none to be told nothing more.
    pub events: AppEvents,
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
        /// Change what a room says of itself.
        ChangeRoom = 28,
        /// Destroy many rooms.
        DestroyRooms = 29,
        /// Close a room, or open it again.
        SetRoomOpen = 30,
        /// Mute a room, or let it speak again.
        MuteRoom = 31,
        /// Ask for a page of members.
        QueryMembers = 32,
        /// Ask whether users are in a room.
        FindMembers = 33,
        /// Show oneself differently.
        SetProfile = 34,
        /// Give users another role.
        SetRoomRole = 35,
        /// Do something to users who do not behave.
        Moderate = 36,
        /// Ask who is banned or muted.
        QuerySanctions = 37,
        /// Ask for events of the app.
        Subscribe = 38,
        /// Write attributes.
        WriteAttributes = 39,
        /// Take attributes away.
        ClearAttributes = 40,
        /// Ask for attributes.
        QueryAttributes = 41,
        /// Give a room a queue, or take it away.
        SetQueue = 42,
        /// Write to a queue.
        WriteQueue = 43,
        /// Take an element out of a queue.
        PollQueue = 44,
        /// Ask for a page of a queue.
        QueryQueue = 45,
        /// Take all elements out of a queue.
        ClearQueue = 46,
        /// Ask for messages that were said before.
        QueryHistory = 47,
        /// Recall a message.
        Recall = 48,
        /// Publish one message to many rooms.
        PublishMany = 49,
        /// Say something to everyone.
        Broadcast = 50,
        /// Put bots into a room, or take them out.
        ChangeBots = 51,
        /// Ask for the first rooms.
        QueryTop = 52,
        /// Show a new token.
        RefreshToken = 53,
        /// Revoke tokens of users.
        RevokeTokens = 54,
    }
}
