//! Answers about who is in a room, and about who is banned or muted.

use throng_protocol::Code;
use throng_protocol::reply as wire;
use throng_protocol::value::{self, Attendance, RoomFlags, RoomRole, Term};

use super::{Position, id, id_if_any};
use crate::about::{About, Profile};
use crate::ask::Cursor;
use crate::error::{ProtocolError, check_extensions};
use crate::id::Id;

/// The session is in the room; the next entry it sees is the one after `seq`.
///
/// Before that come the room's attributes and queue, in as many events as `states` says, and as many
/// entries up to `seq` as `entries` says: the last messages, or what was missed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The position at which the session came in. All that is said here is as it was there.
    pub seq: u64,
    /// When the room was created, microseconds since the Unix epoch.
    pub created_at: u64,
    /// Members, the new one included.
    pub members: u64,
    /// Sessions of members that receive the room's messages now, this one included.
    pub occupants: u64,
    /// The room that had to be left for this one.
    pub left: Option<Id>,
    /// Whether the room is muted.
    pub flags: RoomFlags,
    /// The user it was created for.
    pub creator: Option<Id>,
    /// What it says of itself.
    pub about: About,
    /// What the user may do in it.
    pub role: RoomRole,
    /// How much longer the user is muted, in this room or in all.
    pub mute: Term,
    /// How many entries up to `seq` follow.
    pub entries: u32,
    /// How many events with the room's attributes and queue follow, before the entries.
    pub states: u32,
    /// [`Code::NONE`] unless the session asked to resume and could not: then why.
    pub recovery: Code,
    /// How many entries after the position to resume from do not follow.
    pub missed: u64,
}

/// The user has left the room; nothing of it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The room.
    pub room: Id,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Who.
    pub user: Id,
    /// What it may do.
    pub role: RoomRole,
    /// Whether it is there now.
    pub attendance: Attendance,
    /// When it joined, microseconds since the Unix epoch; 0 for a fixed member that never did.
    pub joined_at: u64,
    /// How it shows itself.
    pub profile: Profile,
}

/// A page of a room's members.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembersPage {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub members: Vec<Member>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// Whether each of some users is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembersFound {
    /// One for each, in the order in which they were named.
    pub attendances: Vec<Attendance>,
}

/// A user who is banned or muted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SanctionedUser {
    /// Who.
    pub user: Id,
    /// How much longer.
    pub left: Term,
    /// Since when, microseconds since the Unix epoch.
    pub since: u64,
    /// Who did it; `None` for a server.
    pub actor: Option<Id>,
}

/// A page of those who are banned or muted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SanctionsPage {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub users: Vec<SanctionedUser>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

impl Joined {
    /// The place in the room's order at which the session came in.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(room: Id, joined: wire::Joined<'_>) -> Result<Self, ProtocolError> {
        check_extensions(joined.extensions)?;
        Ok(Self {
            room,
            epoch: joined.epoch,
            seq: joined.seq,
            created_at: joined.created_at,
            members: joined.members,
            occupants: joined.occupants,
            left: id_if_any("room", joined.left)?,
            flags: joined.flags,
            creator: id_if_any("creator", joined.creator)?,
            about: About::from_wire(joined.about),
            role: joined.role,
            mute: joined.mute,
            entries: joined.entries,
            states: joined.states,
            recovery: joined.recovery,
            missed: joined.missed,
        })
    }
}

impl Member {
    fn from_wire(member: value::Member<'_>) -> Result<Self, ProtocolError> {
        Ok(Self {
            user: id("user", member.user)?,
            role: member.role,
            attendance: member.attendance,
            joined_at: member.joined_at,
            profile: Profile::from_wire(member.profile),
        })
    }
}

impl MembersPage {
    pub(crate) const TAG: u8 = 78;

    pub(super) fn from_wire(page: wire::MembersPage<'_>) -> Result<Self, ProtocolError> {
        let members = page.members.iter().map(Member::from_wire).collect::<Result<_, _>>()?;
        Ok(Self { total: page.total, members, next: next(page.cursor) })
    }
}

impl MembersFound {
    pub(crate) const TAG: u8 = 79;

    pub(super) fn from_wire(found: wire::MembersFound<'_>) -> Self {
        Self { attendances: found.attendances.iter().collect() }
    }
}

impl SanctionedUser {
    fn from_wire(user: value::Sanctioned<'_>) -> Result<Self, ProtocolError> {
        Ok(Self {
            user: id("user", user.user)?,
            left: user.left,
            since: user.since,
            actor: id_if_any("actor", user.actor)?,
        })
    }
}

impl SanctionsPage {
    pub(crate) const TAG: u8 = 80;

    pub(super) fn from_wire(page: wire::SanctionsPage<'_>) -> Result<Self, ProtocolError> {
        let users = page.users.iter().map(SanctionedUser::from_wire).collect::<Result<_, _>>()?;
        Ok(Self { total: page.total, users, next: next(page.cursor) })
    }
}

/// Where the next page begins.
pub(super) fn next(cursor: &[u8]) -> Option<Cursor> {
    (!cursor.is_empty()).then(|| Cursor(cursor.to_vec()))
}
