//! Requests about the members of rooms: who they are, how they show themselves, what they may do.

use throng_protocol::limits::{CALL_USERS_MAX, LIST_IDS_MAX, PAGE_ENTRIES_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{MemberFilter, MemberOrder, RoomRole};

use super::{Ask, Ids, NONE, Telling, room, tells, unfit};
use crate::about::Profile;
use crate::error::Unsent;
use crate::reply::{Changed, MembersFound, MembersPage, Results};

/// The place at which a list of many pages is read on. Comes with a page, good for the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cursor(pub(crate) Vec<u8>);

/// The most that one page can hold.
pub(super) const PAGE_DEFAULT: u16 = {
    assert!(PAGE_ENTRIES_MAX == 500);
    500
};

/// Ask for a page of a room's members.
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn all(client: throng_client::Client) -> Result<(), throng_client::Error> {
/// use throng_client::ask::QueryMembers;
///
/// let mut query = QueryMembers::of("stage").newest_first();
/// loop {
///     let page = client.ask(query.clone()).await?;
///     for member in &page.members {
///         println!("{} since {}", member.user, member.joined_at);
///     }
///     let Some(next) = page.next else { break };
///     query = query.from(next);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryMembers {
    room: String,
    filter: MemberFilter,
    order: MemberOrder,
    cursor: Cursor,
    limit: u16,
}

impl QueryMembers {
    /// All members of a room, in the order of joining.
    #[must_use]
    pub fn of(room: &str) -> Self {
        Self {
            room: room.to_owned(),
            filter: MemberFilter::All,
            order: MemberOrder::OldestFirst,
            cursor: Cursor::default(),
            limit: PAGE_DEFAULT,
        }
    }

    /// Only the creator, managers and ordinary members, online or not.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.filter = MemberFilter::Fixed;
        self
    }

    /// Who joined last comes first.
    #[must_use]
    pub const fn newest_first(mut self) -> Self {
        self.order = MemberOrder::NewestFirst;
        self
    }

    /// At most that many on the page, 1 to 500; there may be fewer.
    #[must_use]
    pub const fn limit(mut self, members: u16) -> Self {
        self.limit = members;
        self
    }

    /// Go on where a page ended.
    #[must_use]
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self
    }
}

impl Ask for QueryMembers {
    type Reply = MembersPage;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::QueryMembers {
            room: room(&self.room)?,
            filter: self.filter,
            order: self.order,
            cursor: &self.cursor.0,
            limit: self.limit,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        MembersPage::TAG
    }
}

/// Ask for each of some users whether it is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindMembers {
    room: String,
    users: Ids,
}

impl FindMembers {
    /// These users in that room, at most 100.
    #[must_use]
    pub fn new<'a>(room: &str, users: impl IntoIterator<Item = &'a str>) -> Self {
        Self { room: room.to_owned(), users: Ids::of(users) }
    }
}

impl Ask for FindMembers {
    type Reply = MembersFound;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let (room, users) = (room(&self.room)?, self.users.list(LIST_IDS_MAX)?);
        Ok(request::FindMembers { room, users, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        MembersFound::TAG
    }
}

/// Show oneself differently in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetProfile {
    room: String,
    profile: Profile,
    telling: Telling,
}

impl SetProfile {
    /// The whole of how the user shows itself in that room from now on.
    #[must_use]
    pub fn new(room: &str, profile: Profile) -> Self {
        Self { room: room.to_owned(), profile, telling: Telling::default() }
    }

    /// Do not tell the members.
    #[must_use]
    pub fn quietly(mut self) -> Self {
        self.telling.options = throng_protocol::value::NoticeOptions::QUIET;
        self
    }
}

impl Ask for SetProfile {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let (room, profile) = (room(&self.room)?, self.profile.wire());
        profile.check().map_err(unfit)?;
        let options = self.telling.options;
        Ok(request::SetProfile { room, profile, options, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Changed::TAG
    }
}

/// Give users another role in a room, with a result for each. Managers are made and unmade by its
/// creator, ordinary members by managers, too, and all by servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRoomRole {
    room: String,
    users: Ids,
    role: RoomRole,
    telling: Telling,
}

impl SetRoomRole {
    /// Make these users managers, ordinary members, or visitors again; at most 20.
    #[must_use]
    pub fn new<'a>(room: &str, role: RoomRole, users: impl IntoIterator<Item = &'a str>) -> Self {
        let (room, users) = (room.to_owned(), Ids::of(users));
        Self { room, users, role, telling: Telling::default() }
    }
}

impl Ask for SetRoomRole {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::SetRoomRole {
            room: room(&self.room)?,
            users: self.users.list(CALL_USERS_MAX)?,
            role: self.role,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Results::TAG
    }
}

tells! { SetRoomRole }
