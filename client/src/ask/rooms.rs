//! Requests about rooms themselves: how long they live, what they say, whether they are open.

use core::time::Duration;

use throng_protocol::limits::{LIST_IDS_MAX, MUTE_EXCEPTIONS_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{
    DestroyPolicy, LimitSetting, PolicyKind, QueuePermission, RoomFields, RoomFlags, Switch, UserId,
};

use super::attributes::attribute_writes;
use super::limits::interval_of;
use super::rows::{OwnWrite, Rows};
use super::{Ask, Ids, NONE, Telling, room, tells, unfit, whole_seconds};
use crate::about::About;
use crate::error::Unsent;
use crate::reply::{Changed, Created, Results};

/// Create a room (servers only).
///
/// ```
/// use std::time::Duration;
/// use throng_client::ask::CreateRoom;
/// use throng_client::PolicyKind;
///
/// let stage = CreateRoom::new("stage")
///     .creator("ann")
///     .title("Ann on stage")
///     .destroyed_when(PolicyKind::Empty, Duration::from_secs(600));
/// # let _ = stage;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRoom {
    room: String,
    creator: String,
    about: About,
    policy: DestroyPolicy,
    flags: RoomFlags,
    exceptions: Ids,
    /// For high only, for high and low, for protected ones.
    pools: [LimitSetting; 3],
    slow_mode: LimitSetting,
    /// How many messages it keeps, and how many bytes.
    ring: [LimitSetting; 2],
    attributes: Rows<OwnWrite>,
    /// How many elements, and who may write.
    queue: (u16, QueuePermission),
}

impl CreateRoom {
    /// A room of this id, without a word of itself and with the limits of the app.
    #[must_use]
    pub fn new(room: &str) -> Self {
        Self {
            room: room.to_owned(),
            creator: String::new(),
            about: About::default(),
            policy: DestroyPolicy::default(),
            flags: RoomFlags::default(),
            exceptions: Ids::default(),
            pools: [LimitSetting::Inherit; 3],
            slow_mode: LimitSetting::Inherit,
            ring: [LimitSetting::Inherit; 2],
            attributes: Rows::default(),
            queue: (0, QueuePermission::Anyone),
        }
    }

    /// The user who may do everything in it.
    #[must_use]
    pub fn creator(mut self, user: &str) -> Self {
        user.clone_into(&mut self.creator);
        self
    }

    /// Its name for people, at most 128 characters.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.about.title = title.into();
        self
    }

    /// All that it says of itself.
    #[must_use]
    pub fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// When it is destroyed: after whole seconds, 1 s to 7 days; zero for as long as the app says.
    #[must_use]
    pub fn destroyed_when(mut self, kind: PolicyKind, after: Duration) -> Self {
        self.policy = policy(kind, after);
        self
    }

    /// It is muted from the start, but for these users; at most 20.
    #[must_use]
    pub fn muted_except<'a>(mut self, users: impl IntoIterator<Item = &'a str>) -> Self {
        self.flags = self.flags.with(RoomFlags::MUTED);
        self.exceptions = Ids::of(users);
        self
    }

    /// It is closed from the start.
    #[must_use]
    pub const fn closed(mut self) -> Self {
        self.flags = self.flags.with(RoomFlags::CLOSED);
        self
    }

    /// Messages in 200 ms: for class high only, for high and low, and for protected ones beyond
    /// both.
    #[must_use]
    pub const fn quota(mut self, pools: [LimitSetting; 3]) -> Self {
        self.pools = pools;
        self
    }

    /// The least time between two messages of one member, in whole milliseconds; zero for none.
    #[must_use]
    pub fn slow_mode(mut self, interval: Duration) -> Self {
        self.slow_mode = interval_of(interval);
        self
    }

    /// How many of its messages it keeps, 50 to 10,000 and more than those for which the app holds
    /// a seat; and how many bytes of them and of the notices between them, 256 KiB to 64 MiB, of which
    /// the last 50 messages stay however large. Unlimited is refused.
    #[must_use]
    pub const fn ring(mut self, messages: LimitSetting, bytes: LimitSetting) -> Self {
        self.ring = [messages, bytes];
        self
    }

    /// An attribute it has from the start: a key and at most 4,096 bytes; at most 20 of them. The
    /// creator owns them, or a server if there is none.
    #[must_use]
    pub fn attribute(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.attributes.push(OwnWrite::set(key, value.as_ref()));
        self
    }

    /// It has a queue of at most that many elements, up to 1,000, to which these may write.
    #[must_use]
    pub const fn queue(mut self, size: u16, permission: QueuePermission) -> Self {
        self.queue = (size, permission);
        self
    }
}

/// A policy in whole seconds.
fn policy(kind: PolicyKind, after: Duration) -> DestroyPolicy {
    DestroyPolicy { kind, seconds: whole_seconds(after) }
}

impl Ask for CreateRoom {
    type Reply = Created;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if !self.creator.is_empty() {
            UserId::parse(&self.creator).map_err(|error| unfit(("creator", error)))?;
        }
        let about = self.about.wire();
        about.check().map_err(unfit)?;
        let [high_only, shared, protected] = self.pools;
        let [ring_messages, ring_bytes] = self.ring;
        let (queue_size, queue_permission) = self.queue;
        Ok(request::CreateRoom {
            room: room(&self.room)?,
            creator: &self.creator,
            about,
            policy: self.policy,
            flags: self.flags,
            mute_exceptions: self.exceptions.list(MUTE_EXCEPTIONS_MAX)?,
            high_only,
            shared,
            protected,
            slow_mode_ms: self.slow_mode,
            ring_messages,
            ring_bytes,
            attributes: attribute_writes(&self.attributes)?,
            queue_size,
            queue_permission,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Created::TAG
    }
}

/// Change what a room says of itself (its creator, managers and servers), or when it is destroyed
/// (servers only). What is not said stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRoom {
    room: String,
    fields: RoomFields,
    about: About,
    policy: DestroyPolicy,
    telling: Telling,
}

impl ChangeRoom {
    /// A room, all of it as it is.
    #[must_use]
    pub fn new(room: &str) -> Self {
        Self {
            room: room.to_owned(),
            fields: RoomFields::default(),
            about: About::default(),
            policy: DestroyPolicy::default(),
            telling: Telling::default(),
        }
    }

    /// Its name for people, at most 128 characters.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.fields = self.fields.with(RoomFields::TITLE);
        self.about.title = title.into();
        self
    }

    /// What its members shall read first, at most 4,096 characters.
    #[must_use]
    pub fn announcement(mut self, announcement: impl Into<String>) -> Self {
        self.fields = self.fields.with(RoomFields::ANNOUNCEMENT);
        self.about.announcement = announcement.into();
        self
    }

    /// Where the stream is that it accompanies, at most 1,024 characters.
    #[must_use]
    pub fn live_url(mut self, live_url: impl Into<String>) -> Self {
        self.fields = self.fields.with(RoomFields::LIVE_URL);
        self.about.live_url = live_url.into();
        self
    }

    /// What the app keeps with it, at most 4,096 characters.
    #[must_use]
    pub fn extension(mut self, extension: impl Into<String>) -> Self {
        self.fields = self.fields.with(RoomFields::EXTENSION);
        self.about.extension = extension.into();
        self
    }

    /// When it is destroyed: after whole seconds, 1 s to 7 days; zero for as long as the app says.
    #[must_use]
    pub fn destroyed_when(mut self, kind: PolicyKind, after: Duration) -> Self {
        self.fields = self.fields.with(RoomFields::POLICY);
        self.policy = policy(kind, after);
        self
    }
}

impl Ask for ChangeRoom {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let about = self.about.wire();
        about.check().map_err(unfit)?;
        Ok(request::ChangeRoom {
            room: room(&self.room)?,
            fields: self.fields,
            about,
            policy: self.policy,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Changed::TAG
    }
}

/// Destroy many rooms, with a result for each (servers only).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestroyRooms {
    rooms: Ids,
}

impl DestroyRooms {
    /// These rooms, at most 100.
    #[must_use]
    pub fn new<'a>(rooms: impl IntoIterator<Item = &'a str>) -> Self {
        Self { rooms: Ids::of(rooms) }
    }
}

impl Ask for DestroyRooms {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let rooms = self.rooms.list(LIST_IDS_MAX)?;
        Ok(request::DestroyRooms { rooms, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Results::TAG
    }
}

/// Close a room, which puts everyone out and keeps its state, or open it again (its creator and
/// servers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRoomOpen {
    room: String,
    open: Switch,
    telling: Telling,
}

impl SetRoomOpen {
    /// Close it.
    #[must_use]
    pub fn close(room: &str) -> Self {
        Self { room: room.to_owned(), open: Switch::Off, telling: Telling::default() }
    }

    /// Open it.
    #[must_use]
    pub fn open(room: &str) -> Self {
        Self { open: Switch::On, ..Self::close(room) }
    }
}

impl Ask for SetRoomOpen {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::SetRoomOpen {
            room: room(&self.room)?,
            open: self.open,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Changed::TAG
    }
}

tells! { ChangeRoom SetRoomOpen }
