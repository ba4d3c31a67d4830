//! Requests about what a room keeps: attributes, its queue, its history, its bots; and the two ways
//! in which servers speak to many rooms at once (spec 5 and 8).

use crate::codec::{BorrowDecode, Encode};
use crate::value::{
    AttributeWrites, BotChange, Bots, ClassHint, Extensions, HistoryBy, HistoryOrder, IdList,
    KeyList, NoticeOptions, PublishOptions, QueuePermission, QueueWrites, RecallOptions, Switch,
    TopBy, TopPeriod,
};

/// Write attributes of a room, with a result for each (of members and servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct WriteAttributes<'a> {
    /// The room.
    pub room: &'a str,
    /// The changes, at most 20, done one after the other.
    pub writes: AttributeWrites<'a>,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Take away all attributes that the caller owns, or all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct ClearAttributes<'a> {
    /// The room.
    pub room: &'a str,
    /// Whether those of others are taken away, too (the creator, managers and servers).
    pub force: Switch,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask for a page of a room's attributes (of members and servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueryAttributes<'a> {
    /// The room.
    pub room: &'a str,
    /// Which, at most 100; none for all.
    pub keys: KeyList<'a>,
    /// Where to go on: as the page before said, empty to begin.
    pub cursor: &'a [u8],
    /// How many at most, 1 to 100. There may be fewer, so that the page fits a frame.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Give a room a queue, change what it is like, or take it away (the creator, managers and
/// servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct SetQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// How many elements there may be, at most 1,000; 0 to take the queue away.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Offer elements to a queue, or take them out, with a result for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct WriteQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// The changes, at most 100, done one after the other.
    pub writes: QueueWrites<'a>,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Take one element out of a queue and be told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct PollQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// Which; empty for the first.
    pub key: &'a str,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask for a page of a queue (of members and servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueryQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// Where to go on: as the page before said, empty to begin.
    pub cursor: &'a [u8],
    /// How many at most, 1 to 500. There may be fewer, so that the page fits a frame.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Take all elements out of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct ClearQueue<'a> {
    /// The room.
    pub room: &'a str,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask for messages that were said before (of members and servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueryHistory<'a> {
    /// The room.
    pub room: &'a str,
    /// What `from` is.
    pub by: HistoryBy,
    /// Where to begin: a place, or microseconds since the Unix epoch. With the newest first it is
    /// the newest to give, and `u64::MAX` begins at the end.
    pub from: u64,
    /// In which order.
    pub order: HistoryOrder,
    /// Of which kinds; none for all.
    pub kinds: IdList<'a>,
    /// Where to go on: as the page before said, empty to begin.
    pub cursor: &'a [u8],
    /// How many at most, 1 to 100. There may be fewer.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Recall a message: the own one, or that of anyone (the creator, managers and servers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Recall<'a> {
    /// The room.
    pub room: &'a str,
    /// The room's epoch when the message was said.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// Whether nothing shall stand in its place.
    pub options: RecallOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Publish one message to many rooms, with a result for each (servers only). Counts as so many
/// messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct PublishMany<'a> {
    /// The rooms, at most 100.
    pub rooms: IdList<'a>,
    /// The message's type name.
    pub kind: &'a str,
    /// The message, opaque to the broker.
    pub payload: &'a [u8],
    /// Echo, no-store. Answered in any case.
    pub options: PublishOptions,
    /// The class the sender asks for.
    pub class: ClassHint,
    /// The idempotency key, in each of the rooms; empty for none.
    pub message_id: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Say something to everyone who is in a room of the app now (servers only). It has no place in
/// any room's order and is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Broadcast<'a> {
    /// The message's type name.
    pub kind: &'a str,
    /// The message, opaque to the broker.
    pub payload: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Put bots into a room, or take them out (servers only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct ChangeBots<'a> {
    /// The room.
    pub room: &'a str,
    /// What to do.
    pub change: BotChange,
    /// Which, at most 100; none to clear.
    pub bots: Bots<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask which rooms had the most of something (servers only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueryTop<'a> {
    /// Of what.
    pub by: TopBy,
    /// In which period.
    pub period: TopPeriod,
    /// How many rooms at most, 1 to 100.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}
