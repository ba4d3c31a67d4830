//! A request that waits for its reply: which replies fit it, and what they must agree with.
//!
//! By the page, not by the broker: the tag of the reply that a request is answered with, as many
//! results as users were named, no more rows than were asked for.

use throng_protocol::limits::CURSOR_BYTES_MAX;
use throng_protocol::reply::{Joined, Reply};
use throng_protocol::request::{Publish, Request};
use throng_protocol::value::PublishOptions;
use throng_protocol::{Code, FromBroker};

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Join {
        room: String,
        history: u8,
        /// Epoch and place of the entry after which it wants to go on; an epoch of 0 for none.
        resume: (u64, u64),
    },
    Leave(String),
    Publish {
        room: String,
        silent: bool,
        echo: bool,
    },
    /// Anything else, by the tag of the reply that it is answered with.
    Other {
        reply: u8,
        rows: Rows,
    },
    Unknown,
}

/// How much a reply may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// It has no rows, or nobody can say how many.
    Any,
    /// One for each that was named.
    Each(usize),
    /// At most as many as were asked for.
    Page(u16),
}

impl Asked {
    pub(super) fn of(request: &Request<'_>) -> Self {
        let (reply, rows) = match request {
            Request::Join(join) => {
                let resume = (join.resume_epoch, join.resume_seq);
                return Self::Join { room: join.room.to_owned(), history: join.history, resume };
            }
            Request::Leave(leave) => return Self::Leave(leave.room.to_owned()),
            Request::Publish(publish) => return Self::publish(publish),
            Request::Ping(_) => (67, Rows::Any),
            Request::QueryRoom(_) => (68, Rows::Any),
            Request::CreateRoom(_) => (69, Rows::Any),
            Request::DestroyRoom(_) => (70, Rows::Any),
            Request::ChangeList(_) => (71, Rows::Any),
            Request::QueryList(_) => (72, Rows::Any),
            Request::SetRoomLimits(_) => (73, Rows::Any),
            Request::QueryLimits(_) => (74, Rows::Any),
            Request::QueryCounters(_) => (75, Rows::Any),
            Request::ChangeRoom(_)
            | Request::SetRoomOpen(_)
            | Request::MuteRoom(_)
            | Request::SetProfile(_) => (76, Rows::Any),
            Request::DestroyRooms(many) => (77, Rows::Each(many.rooms.iter().count())),
            Request::SetRoomRole(many) => (77, Rows::Each(many.users.iter().count())),
            Request::Moderate(many) => (77, Rows::Each(many.users.iter().count())),
            Request::QueryMembers(page) => (78, Rows::Page(page.limit)),
            Request::FindMembers(many) => (79, Rows::Each(many.users.iter().count())),
            Request::QuerySanctions(page) => (80, Rows::Page(page.limit)),
            Request::Subscribe(_) => (81, Rows::Any),
            Request::RefreshToken(_) => (90, Rows::Any),
            Request::RevokeTokens(many) => (77, Rows::Each(many.users.iter().count())),
            _ => return Self::Unknown,
        };
        Self::Other { reply, rows }
    }

    fn publish(publish: &Publish<'_>) -> Self {
        let has = |option| publish.options.has(option);
        let (silent, echo) = (has(PublishOptions::NO_ACK), has(PublishOptions::ECHO));
        Self::Publish { room: publish.room.to_owned(), silent, echo }
    }

    /// Whether what it says of rooms hangs on which reply is whose.
    pub(super) const fn names_room(&self) -> bool {
        !matches!(self, Self::Other { .. })
    }

    /// Whether it is a publish that is answered only with a no.
    pub(super) const fn is_silent(&self) -> bool {
        matches!(self, Self::Publish { silent: true, .. })
    }

    pub(super) fn is_answered_by(&self, reply: &Reply<'_>) -> bool {
        match self {
            Self::Join { .. } => matches!(reply, Reply::Joined(_)),
            Self::Leave(_) => matches!(reply, Reply::Left(_)),
            Self::Publish { silent, .. } => matches!(reply, Reply::Accepted(_)) && !silent,
            Self::Other { reply: tag, .. } => *tag == reply.tag(),
            Self::Unknown => false,
        }
    }

    /// Whether the reply says as much as was asked for.
    pub(super) fn check(&self, reply: &Reply<'_>) {
        let Self::Other { rows, .. } = self else { return };
        let (count, total, cursor) = match reply {
            Reply::Results(own) => (own.results.iter().count(), None, &[][..]),
            Reply::MembersFound(own) => (own.attendances.iter().count(), None, &[][..]),
            Reply::MembersPage(own) => (own.members.iter().count(), Some(own.total), own.cursor),
            Reply::SanctionsPage(own) => (own.users.iter().count(), Some(own.total), own.cursor),
            _ => return,
        };
        match *rows {
            Rows::Any => {}
            Rows::Each(named) => assert_eq!(count, named, "a result for each: {reply:?}"),
            Rows::Page(most) => assert!(count <= usize::from(most), "a page of {most}: {reply:?}"),
        }
        assert!(total.is_none_or(|total| count as u64 <= total), "more than there are: {reply:?}");
        assert!(cursor.len() <= CURSOR_BYTES_MAX);
    }

    /// Whether a session that came into a room is promised what it asked for; where it goes on.
    pub(super) fn check_joined(&self, joined: &Joined<'_>) -> u64 {
        let Self::Join { history, resume: (epoch, seq), .. } = *self else { return joined.seq };
        if epoch == 0 {
            assert!(joined.recovery == Code::NONE && joined.missed == 0, "nothing to recover");
        }
        if epoch == joined.epoch && joined.recovery == Code::NONE {
            let missed = joined.seq.saturating_sub(seq);
            assert_eq!(
                u64::from(joined.entries),
                missed,
                "all that was missed follows: {joined:?}"
            );
            return seq.min(joined.seq);
        }
        assert!(joined.entries <= u32::from(history), "no more than was asked for: {joined:?}");
        if joined.entries == 0 { joined.seq } else { 0 }
    }
}

/// Where the next page begins that a broker's frame tells of.
pub(super) fn cursor_of<'a>(said: &FromBroker<'a>) -> Option<&'a [u8]> {
    match said {
        FromBroker::Reply(_, Reply::MembersPage(page)) => Some(page.cursor),
        FromBroker::Reply(_, Reply::SanctionsPage(page)) => Some(page.cursor),
        _ => None,
    }
}
