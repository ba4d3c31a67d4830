//! Requests about lists of names, limits, and what became of messages (spec 6).

use crate::codec::{BorrowDecode, Encode};
use crate::value::{Extensions, IdList, LimitSetting, ListChange, ListName};

/// Change a list of names (spec 3, 6 and 7). Servers only, but for the exceptions of a muted room,
/// which its creator and managers change, too.
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

/// Ask what is on a list of names, of those who may change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryList<'a> {
    /// Which list.
    pub list: ListName,
    /// The room whose list it is; empty for a list of the app.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Set how much a room takes in, in messages per 200 ms by pool, how often one member may speak,
/// and how much of what happens is kept (servers only, spec 6 and 8).
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
    /// How many of its messages it keeps: 50 to 10,000, and more than the app's `grace_messages`;
    /// not unlimited.
    pub ring_messages: LimitSetting,
    /// How many bytes of them, and of the notices between them: 256 KiB to 64 MiB; not unlimited.
    pub ring_bytes: LimitSetting,
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
