//! What a client is told, in a form that it keeps: replies, notices and events with all that a test
//! may want to look at. Copies, made by the client when it judges a frame; they decide nothing.

use throng_protocol::Code;
use throng_protocol::push as pushed;
use throng_protocol::reply as replied;
use throng_protocol::value::{
    self, AppEventKind, Attendance, Departure, DestroyPolicy, DestroyReason, KickReason,
    NoticeKind, Role, RoomFields, RoomFlags, RoomRole, Term,
};

/// What a room says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Its name for people.
    pub title: String,
    /// What its members shall read first.
    pub announcement: String,
    /// Where the stream is that it accompanies.
    pub live_url: String,
    /// What the app keeps with it.
    pub extension: String,
}

/// How a member shows itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Its name for people.
    pub nickname: String,
    /// Where its picture is.
    pub avatar: String,
    /// What the app keeps with it.
    pub extension: String,
}

/// How a session came into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The room's epoch.
    pub epoch: u64,
    /// The position.
    pub seq: u64,
    /// When the room was created, microseconds.
    pub created_at: u64,
    /// Members.
    pub members: u64,
    /// Their sessions in the room.
    pub occupants: u64,
    /// The room that was left for it, or nothing.
    pub left: String,
    /// How the room is.
    pub flags: RoomFlags,
    /// Whom it was created for, or nothing.
    pub creator: String,
    /// What it says of itself.
    pub about: About,
    /// What the user may do in it.
    pub role: RoomRole,
    /// How much longer the user is muted.
    pub mute: Term,
    /// How many frames of the room's state follow.
    pub states: u32,
    /// How many entries up to the position follow.
    pub entries: u32,
    /// Why what was missed does not follow.
    pub recovery: Code,
    /// How many entries do not.
    pub missed: u64,
}

/// What a room is, beside its counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The room's epoch.
    pub epoch: u64,
    /// When it was created, microseconds.
    pub created_at: u64,
    /// How it is.
    pub flags: RoomFlags,
    /// Whom it was created for, or nothing.
    pub creator: String,
    /// What it says of itself.
    pub about: About,
    /// When it is destroyed.
    pub policy: DestroyPolicy,
}

/// One member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: String,
    /// What it may do.
    pub role: RoomRole,
    /// Whether it is there.
    pub attendance: Attendance,
    /// When it joined, microseconds.
    pub joined_at: u64,
    /// How it shows itself.
    pub profile: Profile,
}

/// One user who is banned or muted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanctioned {
    /// Who.
    pub user: String,
    /// How much longer.
    pub left: Term,
    /// Since when, microseconds.
    pub since: u64,
    /// Who did it, or nothing.
    pub actor: String,
}

/// A page of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub rows: Vec<T>,
    /// Where the next one begins, or nothing.
    pub cursor: Vec<u8>,
}

/// What was said before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// A message, with its place.
    Message(u64, Vec<u8>),
    /// That there was one at this place, and who took it back, or nothing.
    Stone(u64, String),
}

impl Past {
    /// Its place.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Message(seq, _) | Self::Stone(seq, _) => *seq,
        }
    }
}

/// That something about a room changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The room; empty for the whole app.
    pub room: String,
    /// Its place in the room's order.
    pub seq: u64,
    /// What happened.
    pub what: NoticeKind,
    /// Who did it, or nothing.
    pub actor: String,
    /// To whom.
    pub users: Vec<String>,
    /// Their role from now on.
    pub role: RoomRole,
    /// For how long.
    pub term: Term,
    /// Why somebody is a member no longer.
    pub departure: Departure,
    /// How a member shows itself.
    pub profile: Profile,
    /// Which of the two below changed.
    pub fields: RoomFields,
    /// What the room says of itself.
    pub about: About,
    /// When it is destroyed.
    pub policy: DestroyPolicy,
    /// The keys of attributes that were written, or of elements that were offered.
    pub written: Vec<String>,
    /// Those that are there no longer.
    pub gone: Vec<String>,
    /// The place of the message that was taken back.
    pub target_seq: u64,
    /// What the app has to say about it.
    pub extension: String,
}

/// That the user was put out of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kicked {
    /// The room.
    pub room: String,
    /// Its place in the room's order, or that of the newest entry.
    pub seq: u64,
    /// Whether it may come back.
    pub reason: KickReason,
    /// Who did it, or nothing.
    pub actor: String,
    /// How long it may not come back.
    pub term: Term,
    /// What the app has to say about it.
    pub extension: String,
}

/// That something happened in the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppEvent {
    /// What.
    pub what: AppEventKind,
    /// In which room.
    pub room: String,
    /// The room's epoch.
    pub epoch: u64,
    /// Who.
    pub user: String,
    /// Its device.
    pub device: String,
    /// Its role.
    pub role: Role,
    /// Why a room was destroyed.
    pub destroyed: DestroyReason,
    /// Why somebody is a member no longer.
    pub departure: Departure,
    /// Why a session was sent away.
    pub code: Code,
}

impl From<value::About<'_>> for About {
    fn from(about: value::About<'_>) -> Self {
        Self {
            title: about.title.to_owned(),
            announcement: about.announcement.to_owned(),
            live_url: about.live_url.to_owned(),
            extension: about.extension.to_owned(),
        }
    }
}

impl From<value::Profile<'_>> for Profile {
    fn from(profile: value::Profile<'_>) -> Self {
        Self {
            nickname: profile.nickname.to_owned(),
            avatar: profile.avatar.to_owned(),
            extension: profile.extension.to_owned(),
        }
    }
}

impl From<replied::Joined<'_>> for Joined {
    fn from(at: replied::Joined<'_>) -> Self {
        Self {
            epoch: at.epoch,
            seq: at.seq,
            created_at: at.created_at,
            members: at.members,
            occupants: at.occupants,
            left: at.left.to_owned(),
            flags: at.flags,
            creator: at.creator.to_owned(),
            about: at.about.into(),
            role: at.role,
            mute: at.mute,
            states: at.states,
            entries: at.entries,
            recovery: at.recovery,
            missed: at.missed,
        }
    }
}

impl From<replied::RoomState<'_>> for State {
    fn from(state: replied::RoomState<'_>) -> Self {
        Self {
            epoch: state.epoch,
            created_at: state.created_at,
            flags: state.flags,
            creator: state.creator.to_owned(),
            about: state.about.into(),
            policy: state.policy,
        }
    }
}

impl From<replied::MembersPage<'_>> for Page<Member> {
    fn from(page: replied::MembersPage<'_>) -> Self {
        let row = |own: value::Member<'_>| Member {
            user: own.user.to_owned(),
            role: own.role,
            attendance: own.attendance,
            joined_at: own.joined_at,
            profile: own.profile.into(),
        };
        let rows = page.members.iter().map(row).collect();
        Self { total: page.total, rows, cursor: page.cursor.to_vec() }
    }
}

impl From<replied::SanctionsPage<'_>> for Page<Sanctioned> {
    fn from(page: replied::SanctionsPage<'_>) -> Self {
        let row = |own: value::Sanctioned<'_>| Sanctioned {
            user: own.user.to_owned(),
            left: own.left,
            since: own.since,
            actor: own.actor.to_owned(),
        };
        let rows = page.users.iter().map(row).collect();
        Self { total: page.total, rows, cursor: page.cursor.to_vec() }
    }
}

impl From<pushed::Notice<'_>> for Notice {
    fn from(notice: pushed::Notice<'_>) -> Self {
        let attributes = notice.attributes.iter().map(|own| own.key.to_owned());
        let elements = notice.elements.iter().map(|own| own.key.to_owned());
        Self {
            written: attributes.chain(elements).collect(),
            gone: notice.keys.iter().map(str::to_owned).collect(),
            target_seq: notice.target_seq,
            room: notice.room.to_owned(),
            seq: notice.seq,
            what: notice.what,
            actor: notice.actor.to_owned(),
            users: notice.users.iter().map(str::to_owned).collect(),
            role: notice.role,
            term: notice.term,
            departure: notice.departure,
            profile: notice.profile.into(),
            fields: notice.fields,
            about: notice.about.into(),
            policy: notice.policy,
            extension: notice.extension.to_owned(),
        }
    }
}

impl From<pushed::Kicked<'_>> for Kicked {
    fn from(kicked: pushed::Kicked<'_>) -> Self {
        Self {
            room: kicked.room.to_owned(),
            seq: kicked.seq,
            reason: kicked.reason,
            actor: kicked.actor.to_owned(),
            term: kicked.term,
            extension: kicked.extension.to_owned(),
        }
    }
}

impl From<pushed::AppEvent<'_>> for AppEvent {
    fn from(event: pushed::AppEvent<'_>) -> Self {
        Self {
            what: event.what,
            room: event.room.to_owned(),
            epoch: event.epoch,
            user: event.user.to_owned(),
            device: event.device.to_owned(),
            role: event.role,
            destroyed: event.destroyed,
            departure: event.departure,
            code: event.code,
        }
    }
}
