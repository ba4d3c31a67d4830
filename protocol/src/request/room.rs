//! Requests about rooms themselves: what they are, how long they live, what they say of
//! themselves, whether they are open (spec 3).

use crate::codec::{BorrowDecode, Encode};
use crate::value::{
    About, AttributeWrites, DestroyPolicy, Extensions, IdList, LimitSetting, NoticeOptions,
    QueuePermission, RoomFields, RoomFlags, Switch,
};

/// Ask what a room is: its position and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct QueryRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Create a room (servers only, spec 3).
///
/// The default creates one without a word of itself and with all limits as the app has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct CreateRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// The user it is created for, who may do everything in it; empty for none.
    pub creator: &'a str,
    /// What it says of itself.
    pub about: About<'a>,
    /// When it is destroyed.
    pub policy: DestroyPolicy,
    /// Whether it is muted or closed from the start.
    pub flags: RoomFlags,
    /// The users who may speak while it is muted, at most 20.
    pub mute_exceptions: IdList<'a>,
    /// Messages per 200 ms for class high only.
    pub high_only: LimitSetting,
    /// For high and low.
    pub shared: LimitSetting,
    /// What protected messages have of their own.
    pub protected: LimitSetting,
    /// Milliseconds between two messages of one member.
    pub slow_mode_ms: LimitSetting,
    /// How many of its messages it keeps: 50 to 10,000, and more than the app's `grace_messages`;
    /// not unlimited.
    pub ring_messages: LimitSetting,
    /// How many bytes of them, and of the notices between them: 256 KiB to 64 MiB; not unlimited.
    pub ring_bytes: LimitSetting,
    /// The attributes it begins with, at most 20: sets only. The creator owns them, or a server
    /// where there is none.
    pub attributes: AttributeWrites<'a>,
    /// How many elements its queue may have, at most 1,000; 0 for no queue.
    pub queue_size: u16,
    /// Who may write to its queue.
    pub queue_permission: QueuePermission,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Change what a room says of itself, or when it is destroyed (spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct ChangeRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Which of the fields below are meant; the others stay.
    pub fields: RoomFields,
    /// What it says of itself.
    pub about: About<'a>,
    /// When it is destroyed (servers only).
    pub policy: DestroyPolicy,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
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

/// Destroy many rooms, with a result for each (servers only, spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct DestroyRooms<'a> {
    /// The rooms, at most 100.
    pub rooms: IdList<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Close a room, which puts everyone out and keeps its state, or open it again (spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct SetRoomOpen<'a> {
    /// The room.
    pub room: &'a str,
    /// Whether it is open from now on.
    pub open: Switch,
    /// Whether to tell the members why.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}
