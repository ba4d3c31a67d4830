//! Requests of servers alone: messages to many rooms and to everyone, bots, the rooms that have the
//! most of something.

use throng_protocol::limits::{LIST_IDS_MAX, PAYLOAD_BYTES_MAX, TOP_ROOMS_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{
    Bot, BotChange, Bots, ClassHint, Kind, MessageId, PublishOptions, RoomId, TopBy, TopPeriod,
    UserId,
};

use super::{Ask, Ids, NONE, room, unfit};
use crate::about::Profile;
use crate::error::Unsent;
use crate::reply::{BroadcastSent, PublishedMany, Results, TopRooms};

/// A kind as it is sent.
fn kind(kind: &str) -> Result<&str, Unsent> {
    let parsed = Kind::parse(kind).map_err(|error| unfit(("kind", error)))?;
    Ok(parsed.as_str())
}

/// A payload as it is sent.
const fn payload(payload: &[u8]) -> Result<&[u8], Unsent> {
    let (length, max) = (payload.len(), PAYLOAD_BYTES_MAX);
    if length <= max { Ok(payload) } else { Err(Unsent::PayloadTooLarge { length, max }) }
}

/// Publish one message to many rooms, with a result for each (servers only). Counts as so many
/// messages.
///
/// ```
/// use throng_client::ask::PublishMany;
///
/// let note = PublishMany::new(["lobby", "stage"], "notice", "back in five minutes")
///     .message_id("note-17");
/// # let _ = note;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishMany {
    rooms: Ids,
    kind: String,
    payload: Vec<u8>,
    options: PublishOptions,
    class: ClassHint,
    message_id: String,
}

impl PublishMany {
    /// A message of this kind to these rooms, at most 100.
    #[must_use]
    pub fn new<'a>(
        rooms: impl IntoIterator<Item = &'a str>,
        kind: &str,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            rooms: Ids::of(rooms),
            kind: kind.to_owned(),
            payload: payload.into(),
            options: PublishOptions::default(),
            class: ClassHint::Default,
            message_id: String::new(),
        }
    }

    /// Deliver it to this session, too, in the rooms it is a member of. Off by default.
    #[must_use]
    pub const fn echo(mut self) -> Self {
        self.options = self.options.with(PublishOptions::ECHO);
        self
    }

    /// Drop it early when there is too much.
    #[must_use]
    pub const fn low(mut self) -> Self {
        self.class = ClassHint::Low;
        self
    }

    /// Later questions for history shall not find it.
    #[must_use]
    pub const fn no_store(mut self) -> Self {
        self.options = self.options.with(PublishOptions::NO_STORE);
        self
    }

    /// Publish it once, however often it is asked for with this id within two minutes.
    #[must_use]
    pub fn message_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.message_id);
        self
    }
}

impl Ask for PublishMany {
    type Reply = PublishedMany;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let rooms = self.rooms.list(LIST_IDS_MAX)?;
        for own in rooms.iter() {
            RoomId::parse(own).map_err(|error| unfit(("room", error)))?;
        }
        if !self.message_id.is_empty() {
            MessageId::parse(&self.message_id).map_err(|error| unfit(("message_id", error)))?;
        }
        Ok(request::PublishMany {
            rooms,
            kind: kind(&self.kind)?,
            payload: payload(&self.payload)?,
            options: self.options,
            class: self.class,
            message_id: &self.message_id,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        PublishedMany::TAG
    }
}

/// Say something to every session that is in a room of the app now, once (servers only). It has no
/// place in any room's order and is never stored.
///
/// ```
/// use throng_client::ask::Broadcast;
///
/// let maintenance = Broadcast::new("notice", "we are back in ten minutes");
/// # let _ = maintenance;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    kind: String,
    payload: Vec<u8>,
}

impl Broadcast {
    /// A message of this kind.
    #[must_use]
    pub fn new(kind: &str, payload: impl Into<Vec<u8>>) -> Self {
        Self { kind: kind.to_owned(), payload: payload.into() }
    }
}

impl Ask for Broadcast {
    type Reply = BroadcastSent;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let (kind, payload) = (kind(&self.kind)?, payload(&self.payload)?);
        Ok(request::Broadcast { kind, payload, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        BroadcastSent::TAG
    }
}

/// Put bots into a room, or take them out, with a result for each (servers only). A bot is in lists
/// and counts, receives nothing, and is gone after 24 hours.
///
/// ```
/// use throng_client::Profile;
/// use throng_client::ask::ChangeBots;
///
/// let dj = Profile { nickname: "DJ".to_owned(), ..Profile::default() };
/// let add = ChangeBots::add("stage", [("dj", dj)]);
/// let remove = ChangeBots::remove("stage", ["dj"]);
/// # let _ = (add, remove);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeBots {
    room: String,
    change: BotChange,
    bots: Vec<u8>,
    count: usize,
}

impl ChangeBots {
    /// Put these in, at most 100. One that is there gets the profile.
    #[must_use]
    pub fn add<'a>(room: &str, bots: impl IntoIterator<Item = (&'a str, Profile)>) -> Self {
        bots.into_iter().fold(Self::clear(room).to(BotChange::Add), |all, (user, profile)| {
            all.with(user, &profile)
        })
    }

    /// Take these out, at most 100.
    #[must_use]
    pub fn remove<'a>(room: &str, users: impl IntoIterator<Item = &'a str>) -> Self {
        let nobody = Profile::default();
        users
            .into_iter()
            .fold(Self::clear(room).to(BotChange::Remove), |all, user| all.with(user, &nobody))
    }

    /// Take all out.
    #[must_use]
    pub fn clear(room: &str) -> Self {
        Self { room: room.to_owned(), change: BotChange::Clear, bots: Vec::new(), count: 0 }
    }

    fn to(self, change: BotChange) -> Self {
        Self { change, ..self }
    }

    fn with(mut self, user: &str, profile: &Profile) -> Self {
        Bots::write([Bot { user, profile: profile.wire() }], &mut self.bots);
        self.count += 1;
        self
    }
}

impl Ask for ChangeBots {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let too_many = Unsent::TooMany { count: self.count, max: LIST_IDS_MAX };
        let bots = Bots::parse(&self.bots).map_err(|_| too_many)?;
        for bot in bots.iter() {
            UserId::parse(bot.user).map_err(|error| unfit(("user", error)))?;
            bot.profile.check().map_err(unfit)?;
        }
        let (room, change) = (room(&self.room)?, self.change);
        Ok(request::ChangeBots { room, change, bots, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Results::TAG
    }
}

/// Ask which rooms had the most of something in the period that is running (servers only).
///
/// ```
/// use throng_client::ask::QueryTop;
/// use throng_client::{TopBy, TopPeriod};
///
/// let busiest = QueryTop::new(TopBy::Messages, TopPeriod::Hour).limit(10);
/// # let _ = busiest;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryTop {
    by: TopBy,
    period: TopPeriod,
    limit: u16,
}

/// The most that one answer can hold.
const TOP_DEFAULT: u16 = {
    assert!(TOP_ROOMS_MAX == 100);
    100
};

impl QueryTop {
    /// The first rooms by that, in that period.
    #[must_use]
    pub const fn new(by: TopBy, period: TopPeriod) -> Self {
        Self { by, period, limit: TOP_DEFAULT }
    }

    /// At most that many, 1 to 100.
    #[must_use]
    pub const fn limit(mut self, rooms: u16) -> Self {
        self.limit = rooms;
        self
    }
}

impl Ask for QueryTop {
    type Reply = TopRooms;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let Self { by, period, limit } = *self;
        Ok(request::QueryTop { by, period, limit, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        TopRooms::TAG
    }
}
