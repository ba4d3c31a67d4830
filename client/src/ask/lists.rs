//! Requests about lists of names.

use throng_protocol::limits::LIST_IDS_MAX;
use throng_protocol::request::{self, Request};
use throng_protocol::value::{ListChange, ListName};

use super::{Ask, Ids, NONE, room};
use crate::error::Unsent;
use crate::reply::{ListChanged, ListEntries};

/// Change a list of names (servers only, but for [`ChangeList::mute_exceptions`]). Holds wholly or
/// not at all, on every core from the reply on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeList {
    list: ListName,
    room: String,
    change: ListChange,
    entries: Ids,
}

impl ChangeList {
    /// The users of a room whose messages are protected; at most 5.
    #[must_use]
    pub fn protected_users(room: &str) -> Self {
        Self::of(ListName::ProtectedUsers, room)
    }

    /// The app's kinds of messages that are protected; at most 20.
    #[must_use]
    pub fn protected_kinds() -> Self {
        Self::of(ListName::ProtectedKinds, "")
    }

    /// The app's kinds of messages that go first when there is too much; at most 20.
    #[must_use]
    pub fn low_kinds() -> Self {
        Self::of(ListName::LowKinds, "")
    }

    /// The app's rooms that only an explicit destroy ends; at most 5.
    #[must_use]
    pub fn kept_alive_rooms() -> Self {
        Self::of(ListName::KeepAlive, "")
    }

    /// The users who may speak while a room is muted; at most 20. Also of the room's creator and
    /// managers.
    #[must_use]
    pub fn mute_exceptions(room: &str) -> Self {
        Self::of(ListName::MuteExceptions, room)
    }

    fn of(list: ListName, room: &str) -> Self {
        let (room, change) = (room.to_owned(), ListChange::Add);
        Self { list, room, change, entries: Ids::default() }
    }

    /// Put these on it.
    #[must_use]
    pub fn adding<'a>(self, entries: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(ListChange::Add, entries)
    }

    /// Take these off it.
    #[must_use]
    pub fn removing<'a>(self, entries: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(ListChange::Remove, entries)
    }

    /// Let it hold these and nothing else.
    #[must_use]
    pub fn replacing<'a>(self, entries: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(ListChange::Replace, entries)
    }

    fn with<'a>(self, change: ListChange, entries: impl IntoIterator<Item = &'a str>) -> Self {
        Self { change, entries: Ids::of(entries), ..self }
    }
}

/// Whether a list is one of a room.
fn is_of_room(list: ListName) -> bool {
    matches!(list, ListName::ProtectedUsers | ListName::MuteExceptions)
}

impl Ask for ChangeList {
    type Reply = ListChanged;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if is_of_room(self.list) {
            room(&self.room)?;
        }
        let entries = self.entries.list(LIST_IDS_MAX)?;
        let Self { list, room, change, .. } = self;
        let (list, change) = (*list, *change);
        Ok(request::ChangeList { list, room, change, entries, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        ListChanged::TAG
    }
}

/// Ask what is on a list of names, of those who may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryList {
    list: ListName,
    room: String,
}

impl QueryList {
    /// The users of a room whose messages are protected.
    #[must_use]
    pub fn protected_users(room: &str) -> Self {
        Self { list: ListName::ProtectedUsers, room: room.to_owned() }
    }

    /// The app's kinds of messages that are protected.
    #[must_use]
    pub const fn protected_kinds() -> Self {
        Self { list: ListName::ProtectedKinds, room: String::new() }
    }

    /// The app's kinds of messages that go first when there is too much.
    #[must_use]
    pub const fn low_kinds() -> Self {
        Self { list: ListName::LowKinds, room: String::new() }
    }

    /// The app's rooms that only an explicit destroy ends.
    #[must_use]
    pub const fn kept_alive_rooms() -> Self {
        Self { list: ListName::KeepAlive, room: String::new() }
    }

    /// The users who may speak while a room is muted.
    #[must_use]
    pub fn mute_exceptions(room: &str) -> Self {
        Self { list: ListName::MuteExceptions, room: room.to_owned() }
    }
}

impl Ask for QueryList {
    type Reply = ListEntries;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if is_of_room(self.list) {
            room(&self.room)?;
        }
        let Self { list, room } = self;
        Ok(request::QueryList { list: *list, room, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        ListEntries::TAG
    }
}
