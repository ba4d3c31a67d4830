//! What changed in a room, as its members are told.
//!
//! On the wire a notice has fields for everything that it may tell; here it has what it does tell.

use throng_protocol::push as wire;
use throng_protocol::value::{
    Departure, DestroyPolicy, IdList, NoticeKind, QueuePermission, RoomFields, RoomRole, Term,
};

use crate::about::Profile;
use crate::error::{ProtocolError, check_extensions};
use crate::id::Id;
use crate::reply::{Position, id, id_if_any};
use crate::state::{Attribute, QueueElement, keys};

/// The state of a room or of its members changed. Has a place in the room's order as a message
/// has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The room; `None` for what concerns this user in the whole app. Then it has no place.
    pub room: Option<Id>,
    /// The room's epoch.
    pub epoch: u64,
    /// The notice's place in the room's order.
    pub seq: u64,
    /// When it happened, microseconds since the Unix epoch.
    pub at: u64,
    /// Who did it; `None` for a server or the broker.
    pub actor: Option<Id>,
    /// What happened.
    pub change: Change,
    /// What the app has to say about it.
    pub extension: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The room is muted: only its creator, managers and exceptions may speak.
    RoomMuted,
    /// It is not any more.
    RoomUnmuted,
    /// Users may not speak.
    UsersMuted {
        /// Who.
        users: Vec<Id>,
        /// For how long.
        term: Term,
    },
    /// These may speak again.
    UsersUnmuted(Vec<Id>),
    /// These were kicked.
    UsersKicked(Vec<Id>),
    /// Users were banned.
    UsersBanned {
        /// Who.
        users: Vec<Id>,
        /// For how long.
        term: Term,
    },
    /// These may come back.
    UsersUnbanned(Vec<Id>),
    /// Users have another role in the room.
    RoleChanged {
        /// Who.
        users: Vec<Id>,
        /// Which.
        role: RoomRole,
    },
    /// What the room says of itself, or its policy, is another.
    RoomChanged(Box<RoomChange>),
    /// The room is closed. The session is about to be put out.
    RoomClosed,
    /// The room is open again.
    RoomOpened,
    /// Members show themselves differently.
    ProfileChanged {
        /// Who.
        users: Vec<Id>,
        /// How.
        profile: Profile,
    },
    /// Users became members.
    MembersJoined {
        /// Who.
        users: Vec<Id>,
        /// What they may do.
        role: RoomRole,
        /// How they show themselves.
        profile: Profile,
    },
    /// Users are members no longer.
    MembersLeft {
        /// Who.
        users: Vec<Id>,
        /// Why.
        departure: Departure,
    },
    /// Attributes were written, or are there no longer: one notice for each request, and for what
    /// goes by itself.
    AttributesChanged {
        /// Those that were written.
        attributes: Vec<Attribute>,
        /// The keys of those that are there no longer.
        deleted: Vec<String>,
    },
    /// Elements were offered to the queue, or are there no longer.
    QueueChanged {
        /// Those that were offered: new at its end, or changed in their places.
        elements: Vec<QueueElement>,
        /// The keys of those that are there no longer.
        removed: Vec<String>,
    },
    /// The queue is empty.
    QueueCleared,
    /// The queue is another.
    QueueSet {
        /// How many elements it may have from now on; 0 if there is no queue any more.
        size: u16,
        /// Who may write to it.
        permission: QueuePermission,
    },
    /// A message was recalled.
    MessageRecalled {
        /// Its place in the room's order.
        seq: u64,
        /// Who had published it.
        sender: Option<Id>,
    },
    /// Something that only a later version of this client knows. It has its place all the same.
    Unknown(u8),
}

/// What is different about a room; `None` for what stayed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RoomChange {
    /// Its name for people.
    pub title: Option<String>,
    /// What its members shall read first.
    pub announcement: Option<String>,
    /// Where the stream is that it accompanies.
    pub live_url: Option<String>,
    /// What the app keeps with it.
    pub extension: Option<String>,
    /// When it is destroyed.
    pub policy: Option<DestroyPolicy>,
}

impl Notice {
    /// The notice's place in the room's order.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(notice: wire::Notice<'_>) -> Result<Self, ProtocolError> {
        check_extensions(notice.extensions)?;
        Ok(Self {
            room: id_if_any("room", notice.room)?,
            epoch: notice.epoch,
            seq: notice.seq,
            at: notice.at,
            actor: id_if_any("actor", notice.actor)?,
            change: Change::from_wire(notice)?,
            extension: notice.extension.to_owned(),
        })
    }
}

impl Change {
    fn from_wire(notice: wire::Notice<'_>) -> Result<Self, ProtocolError> {
        let users = ids(notice.users)?;
        let wire::Notice { term, role, departure, .. } = notice;
        Ok(match notice.what {
            NoticeKind::RoomMuted => Self::RoomMuted,
            NoticeKind::RoomUnmuted => Self::RoomUnmuted,
            NoticeKind::UsersMuted => Self::UsersMuted { users, term },
            NoticeKind::UsersUnmuted => Self::UsersUnmuted(users),
            NoticeKind::UsersKicked => Self::UsersKicked(users),
            NoticeKind::UsersBanned => Self::UsersBanned { users, term },
            NoticeKind::UsersUnbanned => Self::UsersUnbanned(users),
            NoticeKind::RoleChanged => Self::RoleChanged { users, role },
            NoticeKind::RoomChanged => Self::RoomChanged(Box::new(RoomChange::from_wire(notice))),
            NoticeKind::RoomClosed => Self::RoomClosed,
            NoticeKind::RoomOpened => Self::RoomOpened,
            NoticeKind::ProfileChanged => {
                Self::ProfileChanged { users, profile: Profile::from_wire(notice.profile) }
            }
            NoticeKind::MemberJoined => {
                Self::MembersJoined { users, role, profile: Profile::from_wire(notice.profile) }
            }
            NoticeKind::MemberLeft => Self::MembersLeft { users, departure },
            _ => return Self::of_state(notice, users.first().copied()),
        })
    }
}

impl Change {
    /// What happened to what a room keeps.
    fn of_state(notice: wire::Notice<'_>, sender: Option<Id>) -> Result<Self, ProtocolError> {
        Ok(match notice.what {
            NoticeKind::AttributesChanged => Self::AttributesChanged {
                attributes: Attribute::all(notice.attributes)?,
                deleted: keys(notice.keys)?,
            },
            NoticeKind::QueueChanged => Self::QueueChanged {
                elements: QueueElement::all(notice.elements)?,
                removed: keys(notice.keys)?,
            },
            NoticeKind::QueueCleared => Self::QueueCleared,
            NoticeKind::QueueSet => {
                Self::QueueSet { size: notice.queue_size, permission: notice.queue_permission }
            }
            NoticeKind::MessageRecalled => Self::MessageRecalled { seq: notice.target_seq, sender },
            other => Self::Unknown(other.to_byte()),
        })
    }
}

impl RoomChange {
    fn from_wire(notice: wire::Notice<'_>) -> Self {
        let wire::Notice { fields, about, policy, .. } = notice;
        let text = |field, text: &str| fields.has(field).then(|| text.to_owned());
        Self {
            title: text(RoomFields::TITLE, about.title),
            announcement: text(RoomFields::ANNOUNCEMENT, about.announcement),
            live_url: text(RoomFields::LIVE_URL, about.live_url),
            extension: text(RoomFields::EXTENSION, about.extension),
            policy: fields.has(RoomFields::POLICY).then_some(policy),
        }
    }
}

fn ids(users: IdList<'_>) -> Result<Vec<Id>, ProtocolError> {
    users.iter().map(|user| id("user", user)).collect()
}
