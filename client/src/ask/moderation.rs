//! Requests about those who do not behave, and about what a server wants to be told.

use core::time::Duration;

use throng_protocol::limits::CALL_USERS_MAX;
use throng_protocol::request::{self, Request};
use throng_protocol::value::{AppEvents, Moderation, Sanction, Switch, Term};

use super::members::{Cursor, PAGE_DEFAULT};
use super::{Ask, Ids, NONE, Telling, room, tells, whole_seconds};
use crate::error::Unsent;
use crate::reply::{Changed, Results, SanctionsPage, Subscribed};

/// Kick, ban or mute users, or lift that, with a result for each: at most 20 in a call. In a room
/// of its creator, managers and servers, in the whole app of servers only.
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn moderate(client: throng_client::Client) -> Result<(), throng_client::Error> {
/// use std::time::Duration;
/// use throng_client::ask::Moderate;
///
/// let ten_minutes = Duration::from_secs(600);
/// let mute = Moderate::mute("stage", ["bob", "cid"]).lasting(ten_minutes).saying("calm down");
/// for (user, result) in ["bob", "cid"].iter().zip(client.ask(mute).await?.each) {
///     match result {
///         Ok(()) => println!("{user} listens now"),
///         Err(refused) => println!("{user} goes on: {refused}"),
///     }
/// }
/// client.ask(Moderate::ban_from_app(["eve"])).await?; // For ever, unless said otherwise.
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderate {
    /// `None` for the whole app.
    room: Option<String>,
    action: Moderation,
    users: Ids,
    term: Term,
    telling: Telling,
}

/// Declares the ways to begin: what is done, and where.
macro_rules! beginnings {
    ($($(#[$doc:meta])* $in_room:ident, $(#[$app_doc:meta])* $in_app:ident = $action:ident;)+) => {
        impl Moderate {
            $($(#[$doc])*
            #[must_use]
            pub fn $in_room<'a>(room: &str, users: impl IntoIterator<Item = &'a str>) -> Self {
                Self::begin(Some(room), Moderation::$action, Ids::of(users))
            }

            $(#[$app_doc])*
            #[must_use]
            pub fn $in_app<'a>(users: impl IntoIterator<Item = &'a str>) -> Self {
                Self::begin(None, Moderation::$action, Ids::of(users))
            })+
        }
    };
}

beginnings! {
    /// Put them out of the room and keep them out: for ever, unless it is said how long.
    ban,
    /// Cut them off and keep them out of the app: for ever, unless it is said how long.
    ban_from_app = Ban;
    /// Let them into the room again.
    unban,
    /// Let them into the app again.
    unban_from_app = Unban;
    /// Let them listen and not speak in the room: for ever, unless it is said how long.
    mute,
    /// Let them listen and not speak in all rooms: for ever, unless it is said how long.
    mute_in_app = Mute;
    /// Let them speak in the room again.
    unmute,
    /// Let them speak in all rooms again.
    unmute_in_app = Unmute;
}

impl Moderate {
    /// Put them out of the room; they may come back.
    #[must_use]
    pub fn kick<'a>(room: &str, users: impl IntoIterator<Item = &'a str>) -> Self {
        Self::begin(Some(room), Moderation::Kick, Ids::of(users))
    }

    fn begin(room: Option<&str>, action: Moderation, users: Ids) -> Self {
        let term = match action {
            Moderation::Ban | Moderation::Mute => Term::FOREVER,
            _ => Term::NONE,
        };
        let (room, telling) = (room.map(str::to_owned), Telling::default());
        Self { room, action, users, term, telling }
    }

    /// For how long a ban or a mute holds, in whole seconds: 1 s to 30 days.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.term = Term::from_seconds(whole_seconds(time));
        self
    }
}

impl Ask for Moderate {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::Moderate {
            room: room_or_app(self.room.as_deref())?,
            action: self.action,
            users: self.users.list(CALL_USERS_MAX)?,
            term: self.term,
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

/// The room as it is sent; the whole app is a room without a name.
fn room_or_app(own: Option<&str>) -> Result<&str, Unsent> {
    own.map_or(Ok(""), room)
}

/// Mute a room, but for its creator, managers and exceptions, or let it speak again (of creator,
/// managers and servers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MuteRoom {
    room: String,
    muted: Switch,
    telling: Telling,
}

impl MuteRoom {
    /// Mute it.
    #[must_use]
    pub fn mute(room: &str) -> Self {
        Self { room: room.to_owned(), muted: Switch::On, telling: Telling::default() }
    }

    /// Let it speak again.
    #[must_use]
    pub fn unmute(room: &str) -> Self {
        Self { muted: Switch::Off, ..Self::mute(room) }
    }
}

impl Ask for MuteRoom {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::MuteRoom {
            room: room(&self.room)?,
            muted: self.muted,
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

/// Ask who is banned or muted, and for how much longer: in a room of its creator, managers and
/// servers, in the whole app of servers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySanctions {
    room: Option<String>,
    sanction: Sanction,
    cursor: Cursor,
    limit: u16,
}

impl QuerySanctions {
    /// Those who are banned or muted in a room.
    #[must_use]
    pub fn of_room(room: &str, sanction: Sanction) -> Self {
        Self { room: Some(room.to_owned()), ..Self::of_app(sanction) }
    }

    /// Those who are banned from the app, or muted in all of its rooms.
    #[must_use]
    pub fn of_app(sanction: Sanction) -> Self {
        Self { room: None, sanction, cursor: Cursor::default(), limit: PAGE_DEFAULT }
    }

    /// At most that many on the page, 1 to 500; there may be fewer.
    #[must_use]
    pub const fn limit(mut self, users: u16) -> Self {
        self.limit = users;
        self
    }

    /// Go on where a page ended.
    #[must_use]
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self
    }
}

impl Ask for QuerySanctions {
    type Reply = SanctionsPage;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::QuerySanctions {
            room: room_or_app(self.room.as_deref())?,
            sanction: self.sanction,
            cursor: &self.cursor.0,
            limit: self.limit,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        SanctionsPage::TAG
    }
}

/// Ask to be told what happens in the app, as [`crate::Event::App`] (servers only). Replaces what
/// was asked for before. After a lost connection it has to be asked for again, and what happened
/// in between is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribe {
    events: AppEvents,
}

impl Subscribe {
    /// To these events; several are joined with [`AppEvents::with`].
    #[must_use]
    pub const fn to(events: AppEvents) -> Self {
        Self { events }
    }

    /// To nothing any more.
    #[must_use]
    pub const fn to_nothing() -> Self {
        Self { events: AppEvents::from_bits(0) }
    }
}

impl Ask for Subscribe {
    type Reply = Subscribed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::Subscribe { events: self.events, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Subscribed::TAG
    }
}

tells! { Moderate MuteRoom }
