//! Requests about who is in a room: joining and leaving, members and how they show themselves,
//! roles, and what is done to those who do not behave (spec 2, 4 and 7).

use crate::codec::{BorrowDecode, Encode};
use crate::value::{
    Extensions, IdList, JoinOptions, MemberFilter, MemberOrder, Moderation, NoticeOptions, Profile,
    RoomRole, Sanction, Switch, Term,
};

/// Become a member of a room and receive its messages on this session (spec 4).
///
/// With a position of before, the session resumes: it gets what came after it, if that is still
/// there and its user was a member all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Join<'a> {
    /// The room.
    pub room: &'a str,
    /// How many of the last messages to get with the answer, at most 50. Of no meaning to a
    /// session that resumes, unless it cannot.
    pub history: u8,
    /// How the user shows itself in the room; what is empty stays as it was.
    pub profile: Profile<'a>,
    /// The epoch of the last entry that was seen; 0 to come anew.
    pub resume_epoch: u64,
    /// The place of the last entry that was seen.
    pub resume_seq: u64,
    /// Which part of the room's state not to get with the answer.
    pub options: JoinOptions,
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

/// Ask for a page of a room's members (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueryMembers<'a> {
    /// The room.
    pub room: &'a str,
    /// Which members.
    pub filter: MemberFilter,
    /// In which order of joining.
    pub order: MemberOrder,
    /// Where to go on: as the page before said, empty to begin.
    pub cursor: &'a [u8],
    /// How many at most, 1 to 500. There may be fewer, so that the page fits a frame.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask for each of some users whether it is in a room (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct FindMembers<'a> {
    /// The room.
    pub room: &'a str,
    /// The users, at most 100.
    pub users: IdList<'a>,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Show oneself differently in a room (spec 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct SetProfile<'a> {
    /// The room.
    pub room: &'a str,
    /// The whole of how the user shows itself from now on.
    pub profile: Profile<'a>,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Give users another role in a room (spec 2). A visitor who is made an ordinary member or a
/// manager is a fixed one from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct SetRoomRole<'a> {
    /// The room.
    pub room: &'a str,
    /// The users, at most 20.
    pub users: IdList<'a>,
    /// Manager, ordinary or visitor.
    pub role: RoomRole,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Do something to users who do not behave (spec 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Moderate<'a> {
    /// The room; empty for the whole app (servers only).
    pub room: &'a str,
    /// What to do.
    pub action: Moderation,
    /// The users, at most 20.
    pub users: IdList<'a>,
    /// For how long, at most 30 days or for ever; none where it is not a ban or a mute.
    pub term: Term,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Mute a room, or let it speak again (spec 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct MuteRoom<'a> {
    /// The room.
    pub room: &'a str,
    /// Whether it is muted from now on.
    pub muted: Switch,
    /// Whether to tell the members.
    pub options: NoticeOptions,
    /// What to say along with it.
    pub extension: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Ask who is banned or muted, and for how much longer (spec 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QuerySanctions<'a> {
    /// The room; empty for the whole app (servers only).
    pub room: &'a str,
    /// Bans or mutes.
    pub sanction: Sanction,
    /// Where to go on: as the page before said, empty to begin.
    pub cursor: &'a [u8],
    /// How many at most, 1 to 500. There may be fewer, so that the page fits a frame.
    pub limit: u16,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}
