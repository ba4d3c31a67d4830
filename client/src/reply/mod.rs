//! What the broker answers, in a form that can be kept.
//!
//! The types of the protocol borrow from the receive buffer; these own what they hold. Making
//! one checks what the protocol leaves to the receiver: that ids are within their bounds and that
//! nothing must be understood which is not.

mod limits;
mod members;
mod rooms;
mod servers;
mod state;
mod tokens;

use core::time::Duration;

use throng_protocol::Code;
use throng_protocol::handshake;
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::reply as wire;
use throng_protocol::value::Role;

use crate::error::{ProtocolError, Refused, check_extensions};
use crate::id::Id;

pub use limits::{Counters, Limits, ListChanged, ListEntries, RoomLimitsSet};
pub use members::{Joined, Left, Member, MembersFound, MembersPage, SanctionedUser, SanctionsPage};
pub use rooms::{Changed, Created, Destroyed, Results, RoomState};
pub use servers::{BroadcastSent, PublishedMany, TopRoom, TopRooms};
pub use state::{
    AttributesPage, AttributesWritten, HistoryEntry, HistoryPage, Polled, QueuePage, Written,
};
pub use tokens::TokenRefreshed;

/// A place in a room's order. It names an entry for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The room's epoch, new on every creation of its id.
    pub epoch: u64,
    /// The entry's number in the epoch, from 1.
    pub seq: u64,
}

/// What the broker granted when the session began. The limits are those in force for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Welcome {
    /// The session's number, unique while the broker runs; for logs.
    pub session: u64,
    /// The user the session belongs to: as asked, or as assigned to an anonymous visitor.
    pub user: Id,
    /// The role that was granted.
    pub role: Role,
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
    /// Bytes of the largest frame body either side may send.
    pub body_bytes_max: usize,
    /// Bytes of the largest payload.
    pub payload_bytes_max: usize,
    /// Milliseconds of silence after which the broker sends a ping.
    pub ping_after_ms: u32,
    /// Messages the sender may publish in any window of one second; 0 for no limit.
    pub messages_per_second: u32,
    /// Other requests the session may make in any window of one second; 0 for no limit.
    pub requests_per_second: u32,
    /// Rooms a user may be in; joining one more leaves the one joined longest ago.
    pub rooms_per_user: u32,
    /// How long the token holds from now on; none for a session that needs none.
    pub expires_in: Option<Duration>,
}

impl Welcome {
    pub(crate) fn from_wire(welcome: handshake::Welcome<'_>) -> Result<Self, ProtocolError> {
        check_extensions(welcome.extensions)?;
        let bounded = |bytes: u32, max: usize| usize::try_from(bytes).unwrap_or(max).min(max);
        Ok(Self {
            session: welcome.session,
            user: id("user", welcome.user)?,
            role: welcome.role,
            time: welcome.time,
            body_bytes_max: bounded(welcome.body_bytes_max, BODY_BYTES_MAX),
            payload_bytes_max: bounded(welcome.payload_bytes_max, PAYLOAD_BYTES_MAX),
            ping_after_ms: welcome.ping_after_ms,
            messages_per_second: welcome.messages_per_second,
            requests_per_second: welcome.requests_per_second,
            rooms_per_user: welcome.rooms_per_user,
            expires_in: (welcome.expires_in_ms > 0)
                .then(|| Duration::from_millis(welcome.expires_in_ms)),
        })
    }
}

/// What a request was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// To a join. In a box, as it is large and the others are many.
    Joined(Box<Joined>),
    /// To a leave.
    Left(Left),
    /// To a publish.
    Accepted(Accepted),
    /// To a ping.
    Pong(Pong),
    /// To a room query. In a box for the same reason.
    RoomState(Box<RoomState>),
    /// To a room creation.
    Created(Created),
    /// To a room destruction.
    Destroyed(Destroyed),
    /// To a change of a list.
    ListChanged(ListChanged),
    /// To a query of a list.
    ListEntries(ListEntries),
    /// To a setting of a room's limits.
    RoomLimitsSet(RoomLimitsSet),
    /// To a query of the limits.
    Limits(Limits),
    /// To a query of what became of messages.
    Counters(Counters),
    /// To a change of a room or of a profile.
    Changed(Changed),
    /// To what is done to many at once.
    Results(Results),
    /// To a query of members.
    MembersPage(MembersPage),
    /// To a search for members.
    MembersFound(MembersFound),
    /// To a query of bans or mutes.
    SanctionsPage(SanctionsPage),
    /// To a subscription.
    Subscribed(Subscribed),
    /// To a write of attributes.
    AttributesWritten(AttributesWritten),
    /// To a query of attributes.
    AttributesPage(AttributesPage),
    /// To a poll of a queue.
    Polled(Polled),
    /// To a query of a queue.
    QueuePage(QueuePage),
    /// To a query of history.
    HistoryPage(HistoryPage),
    /// To a publish to many rooms.
    PublishedMany(PublishedMany),
    /// To a broadcast.
    BroadcastSent(BroadcastSent),
    /// To a query of the first rooms.
    TopRooms(TopRooms),
    /// To a new token.
    TokenRefreshed(TokenRefreshed),
}

impl Reply {
    /// What a reply says to whoever asked for just that; `None` for one that says less than its
    /// request.
    pub(crate) fn from_wire(reply: wire::Reply<'_>) -> Result<Option<Self>, ProtocolError> {
        check_extensions(reply.extensions())?;
        Ok(Some(match reply {
            wire::Reply::Created(it) => Created::from_wire(it).into(),
            wire::Reply::ListChanged(it) => ListChanged { size: it.size }.into(),
            wire::Reply::ListEntries(it) => ListEntries::from_wire(it).into(),
            wire::Reply::RoomLimitsSet(_) => RoomLimitsSet.into(),
            wire::Reply::Limits(it) => Limits::from_wire(it).into(),
            wire::Reply::Counters(it) => Counters { counts: it.counts.iter().collect() }.into(),
            wire::Reply::Changed(it) => Changed { epoch: it.epoch, seq: it.seq }.into(),
            wire::Reply::Results(it) => Results::from_wire(it).into(),
            wire::Reply::MembersPage(it) => MembersPage::from_wire(it)?.into(),
            wire::Reply::MembersFound(it) => MembersFound::from_wire(it).into(),
            wire::Reply::SanctionsPage(it) => SanctionsPage::from_wire(it)?.into(),
            wire::Reply::Subscribed(_) => Subscribed.into(),
            wire::Reply::AttributesWritten(it) => AttributesWritten::from_wire(it).into(),
            wire::Reply::AttributesPage(it) => AttributesPage::from_wire(it)?.into(),
            wire::Reply::Polled(it) => Polled::from_wire(it)?.into(),
            wire::Reply::QueuePage(it) => QueuePage::from_wire(it)?.into(),
            wire::Reply::PublishedMany(it) => PublishedMany::from_wire(it).into(),
            wire::Reply::BroadcastSent(it) => BroadcastSent::from_wire(it).into(),
            wire::Reply::TopRooms(it) => TopRooms::from_wire(it)?.into(),
            wire::Reply::TokenRefreshed(it) => TokenRefreshed::from_wire(it).into(),
            _ => return Ok(None),
        }))
    }
}

/// The message is in the room's order at this position and will be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The room.
    pub room: Id,
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
    /// When it was accepted, microseconds since the Unix epoch.
    pub time: u64,
    /// Whether it is to be delivered to this session, too.
    pub echo: bool,
    /// Whether it is for some users only: then it has no place in the order, and `seq` is that of
    /// the newest entry.
    pub direct: bool,
}

impl Accepted {
    /// The message's place in the room's order.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(crate) fn from_wire(
        (room, echo, direct): (Id, bool, bool),
        accepted: wire::Accepted<'_>,
    ) -> Result<Self, ProtocolError> {
        check_extensions(accepted.extensions)?;
        let wire::Accepted { epoch, seq, time, .. } = accepted;
        Ok(Self { room, epoch, seq, time, echo, direct })
    }
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong {
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
}

/// What happens in the app is told from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscribed;

impl Subscribed {
    pub(crate) const TAG: u8 = 81;
}

/// Ties each reply to its variant, both ways.
macro_rules! replies {
    ($($name:ident)+) => {
        $(impl From<$name> for Reply {
            fn from(reply: $name) -> Self {
                Self::$name(reply)
            }
        }

        impl TryFrom<Reply> for $name {
            type Error = Reply;

            /// Gives a reply to something else back.
            fn try_from(reply: Reply) -> Result<Self, Reply> {
                match reply {
                    Reply::$name(reply) => Ok(reply),
                    other => Err(other),
                }
            }
        })+
    };
}
replies! {
    Left Accepted Pong Created Destroyed
    ListChanged ListEntries RoomLimitsSet Limits Counters
    Changed Results MembersPage MembersFound SanctionsPage Subscribed
    AttributesWritten AttributesPage Polled QueuePage HistoryPage
    PublishedMany BroadcastSent TopRooms TokenRefreshed
}

/// The same for those in a box.
macro_rules! boxed_replies {
    ($($name:ident)+) => {
        $(impl From<$name> for Reply {
            fn from(reply: $name) -> Self {
                Self::$name(Box::new(reply))
            }
        }

        impl TryFrom<Reply> for $name {
            type Error = Reply;

            /// Gives a reply to something else back.
            fn try_from(reply: Reply) -> Result<Self, Reply> {
                match reply {
                    Reply::$name(reply) => Ok(*reply),
                    other => Err(other),
                }
            }
        })+
    };
}
boxed_replies! { Joined RoomState }

/// What a code says that stands where none may be.
fn refused(code: Code, retry_after: Duration) -> Result<(), Refused> {
    match code {
        Code::NONE => Ok(()),
        code => Err(Refused::without_detail(code, retry_after)),
    }
}

/// Keeps an id that came in.
pub(crate) fn id(field: &'static str, text: &str) -> Result<Id, ProtocolError> {
    Id::try_from(text).map_err(|_| ProtocolError::Bounds(field))
}

/// Keeps an id that came in and may be missing.
pub(crate) fn id_if_any(field: &'static str, text: &str) -> Result<Option<Id>, ProtocolError> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}
