//! Replies about what a room keeps: attributes, its queue, its history; and to what servers say to
//! many rooms at once (spec 5 and 8).

use crate::codec::{BorrowDecode, Encode};
use crate::value::TopRooms as TopRoomRows;
use crate::value::{
    AttributeResults, Attributes, Extensions, PublishResults, QueueElements, QueuePermission,
};

/// What became of each change of an attribute. What was done holds on every core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct AttributesWritten<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
    /// One for each, in the order of the request.
    pub results: AttributeResults<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A page of a room's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct AttributesPage<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how they are.
    pub seq: u64,
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub attributes: Attributes<'a>,
    /// Where the next page begins; empty on the last.
    pub cursor: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What was taken out of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Polled<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
    /// The element; none if there was none.
    pub elements: QueueElements<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A page of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueuePage<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how it is.
    pub seq: u64,
    /// How many elements there are on all pages.
    pub total: u64,
    /// How many there may be.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Those on this page, in the order of the queue.
    pub elements: QueueElements<'a>,
    /// Where the next page begins; empty on the last.
    pub cursor: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// A page of a room's history. Right behind it come so many frames, each a message or a tombstone,
/// in the order that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct HistoryPage<'a> {
    /// The room's epoch.
    pub epoch: u64,
    /// How many frames follow.
    pub entries: u32,
    /// Where the next page begins; empty on the last.
    pub cursor: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// What became of a message in each of many rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct PublishedMany<'a> {
    /// One for each, in the order of the request.
    pub results: PublishResults<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The broadcast is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct BroadcastSent<'a> {
    /// When it was taken, microseconds since the Unix epoch.
    pub time: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The rooms that had the most of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct TopRooms<'a> {
    /// When the period that is counted began, microseconds since the Unix epoch.
    pub since: u64,
    /// The rooms, the first of them first.
    pub rooms: TopRoomRows<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}
