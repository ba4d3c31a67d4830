//! What can be asked beside joining, leaving and publishing: each request is a value, and its
//! type says what the reply is.
//!
//! So a request that is new needs nothing but a file's worth of it here; all faces have one verb
//! for all of them, `ask`.

use core::time::Duration;

use throng_protocol::limits::LIST_IDS_MAX;
use throng_protocol::request::{self, Request};
use throng_protocol::value::{Extensions, IdList, LimitSetting, ListChange, ListName, RoomId};

use crate::error::Unsent;
use crate::reply::{Counters, Limits, ListChanged, ListEntries, Reply, RoomLimitsSet};

const NONE: Extensions<'static> = Extensions::NONE;

/// A request, and the type of its reply.
pub trait Ask {
    /// What is replied to it.
    type Reply: TryFrom<Reply, Error = Reply>;

    /// The request as it is sent.
    ///
    /// # Errors
    /// When it cannot be one.
    fn request(&self) -> Result<Request<'_>, Unsent>;

    /// The tag of the reply that fits it.
    fn reply_tag(&self) -> u8;
}

fn room(room: &str) -> Result<&str, Unsent> {
    let parsed = RoomId::parse(room).map_err(|error| Unsent::Invalid { field: "room", error })?;
    Ok(parsed.as_str())
}

/// Change a list of names (servers only). Holds wholly or not at all, on every core from the
/// reply on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeList {
    list: ListName,
    room: String,
    change: ListChange,
    entries: Vec<u8>,
    count: usize,
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

    fn of(list: ListName, room: &str) -> Self {
        let (room, change) = (room.to_owned(), ListChange::Add);
        Self { list, room, change, entries: Vec::new(), count: 0 }
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

    fn with<'a>(mut self, change: ListChange, entries: impl IntoIterator<Item = &'a str>) -> Self {
        (self.change, self.count) = (change, 0);
        self.entries.clear();
        for entry in entries {
            self.count += 1;
            IdList::write([entry], &mut self.entries);
        }
        self
    }
}

impl Ask for ChangeList {
    type Reply = ListChanged;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if self.list == ListName::ProtectedUsers {
            room(&self.room)?;
        }
        let too_many = Unsent::TooMany { count: self.count, max: LIST_IDS_MAX };
        let entries = IdList::parse(&self.entries).map_err(|_| too_many)?;
        let Self { list, room, change, .. } = self;
        let (list, change) = (*list, *change);
        Ok(request::ChangeList { list, room, change, entries, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        ListChanged::TAG
    }
}

/// Ask what is on a list of names (servers only).
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
}

impl Ask for QueryList {
    type Reply = ListEntries;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let Self { list, room } = self;
        Ok(request::QueryList { list: *list, room, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        ListEntries::TAG
    }
}

/// Set how much a room takes in and how often one member may speak (servers only). What is not
/// said stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRoomLimits {
    room: String,
    high_only: LimitSetting,
    shared: LimitSetting,
    protected: LimitSetting,
    slow_mode: LimitSetting,
}

impl SetRoomLimits {
    /// The limits of a room, all as they are.
    #[must_use]
    pub fn new(room: &str) -> Self {
        let keep = LimitSetting::Keep;
        let room = room.to_owned();
        Self { room, high_only: keep, shared: keep, protected: keep, slow_mode: keep }
    }

    /// Messages in 200 ms for class high only.
    #[must_use]
    pub const fn high_only(mut self, limit: LimitSetting) -> Self {
        self.high_only = limit;
        self
    }

    /// Messages in 200 ms for class high and low.
    #[must_use]
    pub const fn shared(mut self, limit: LimitSetting) -> Self {
        self.shared = limit;
        self
    }

    /// Messages in 200 ms for protected ones, beyond both others.
    #[must_use]
    pub const fn protected(mut self, limit: LimitSetting) -> Self {
        self.protected = limit;
        self
    }

    /// The least time between two messages of one member, in whole milliseconds; zero for none.
    #[must_use]
    pub fn slow_mode(mut self, interval: Duration) -> Self {
        let ms = u32::try_from(interval.as_millis()).unwrap_or(LimitSetting::MAX);
        self.slow_mode = LimitSetting::Limit(ms);
        self
    }
}

impl Ask for SetRoomLimits {
    type Reply = RoomLimitsSet;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let room = room(&self.room)?;
        let Self { high_only, shared, protected, slow_mode: slow_mode_ms, .. } = *self;
        let extensions = NONE;
        Ok(request::SetRoomLimits { room, high_only, shared, protected, slow_mode_ms, extensions }
            .into())
    }

    fn reply_tag(&self) -> u8 {
        RoomLimitsSet::TAG
    }
}

/// Ask what is left of all limits that hold for this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLimits {
    room: String,
}

impl QueryLimits {
    /// The session's own limits.
    #[must_use]
    pub const fn own() -> Self {
        Self { room: String::new() }
    }

    /// The session's own limits and those of a room.
    #[must_use]
    pub fn of_room(room: &str) -> Self {
        Self { room: room.to_owned() }
    }
}

impl Ask for QueryLimits {
    type Reply = Limits;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if !self.room.is_empty() {
            room(&self.room)?;
        }
        Ok(request::QueryLimits { room: &self.room, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Limits::TAG
    }
}

/// Ask what became of the app's messages (servers only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryCounters;

impl Ask for QueryCounters {
    type Reply = Counters;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::QueryCounters { extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Counters::TAG
    }
}
