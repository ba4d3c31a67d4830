//! One tenant: its key, who may connect, and what its users and rooms may do.
//!
//! Every shard has the same table of apps and reads it only. Settings come from the
//! configuration; they are plain values here and were checked there.

mod jwt;
pub mod keys;
pub mod lists;
pub mod token;

use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;

use throng_protocol::value::Role;

use crate::id::AppId;
use crate::limits;
use crate::nature::Nature;
use crate::rate::{CapLimits, QuotaLimits};

use keys::Keys;
use lists::Lists;
use token::Cause;

/// The settings of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The key that clients name it by.
    pub key: Box<str>,
    /// The secret that lets anyone be whoever they say. Only for development: a node that has
    /// such an app listens on loopback only.
    pub development_secret: Option<Secret>,
    /// With what its backends sign who may come in.
    pub keys: Keys,
    /// How long a token may hold from when it was made; one that would hold longer is refused.
    pub token_life_max: Duration,
    /// Whether visitors without an account are let in (spec 2; off by default).
    pub anonymous: bool,
    /// Whether joining a room that does not exist creates it (spec 3; off by default).
    pub create_on_join: bool,
    /// Whether a user may publish to a room without being a member (spec 5; off by default).
    pub publish_without_join: bool,
    /// How many rooms a user may be in; one more leaves the one joined longest ago (spec 4).
    pub rooms_per_user: u32,
    /// What its rooms are like unless they are told otherwise.
    pub rooms: Nature,
    /// Rooms that may be on its keep-alive list (spec 3).
    pub keep_alive_max: u32,
    /// How fast its senders may be.
    pub rates: Rates,
    /// How much a room takes in, unless it has limits of its own.
    pub quota: QuotaLimits,
    /// How much one receiver is given (spec 6; off by default).
    pub receiver_caps: CapLimits,
    /// Its lists, until servers say otherwise.
    pub lists: Lists,
}

/// What must not turn up in a log: it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// The secret itself, for the one who compares or configures it.
    #[must_use]
    pub const fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Requests allowed in any window of one second; `None` for no limit (spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Messages of one user.
    pub client_messages: Option<NonZeroU32>,
    /// Messages of one server credential.
    pub server_messages: Option<NonZeroU32>,
    /// Other requests of one session.
    pub requests: Option<NonZeroU32>,
    /// Refused requests of one session, above which it is cut off.
    pub refused: Option<NonZeroU32>,
    /// Questions of one client's session for the members of rooms (spec 4).
    pub member_queries: Option<NonZeroU32>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            client_messages: NonZeroU32::new(limits::CLIENT_MESSAGES_PER_SECOND_DEFAULT),
            server_messages: NonZeroU32::new(limits::SERVER_MESSAGES_PER_SECOND_DEFAULT),
            requests: NonZeroU32::new(limits::REQUESTS_PER_SECOND_DEFAULT),
            refused: NonZeroU32::new(limits::REFUSED_PER_SECOND_DEFAULT),
            member_queries: NonZeroU32::new(limits::MEMBER_QUERIES_PER_SECOND_DEFAULT),
        }
    }
}

impl Rates {
    /// The limit on messages that goes with a role.
    #[must_use]
    pub const fn messages(&self, role: Role) -> Option<NonZeroU32> {
        match role {
            Role::Server => self.server_messages,
            _ => self.client_messages,
        }
    }
}

impl App {
    /// An app with the defaults of the specification and no way in.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            development_secret: None,
            keys: Keys::default(),
            token_life_max: limits::TOKEN_LIFE_MAX_DEFAULT,
            anonymous: false,
            create_on_join: false,
            publish_without_join: false,
            rooms_per_user: limits::ROOMS_PER_USER_DEFAULT,
            rooms: Nature::default(),
            keep_alive_max: limits::KEEP_ALIVE_ROOMS_DEFAULT,
            rates: Rates::default(),
            quota: QuotaLimits::default(),
            receiver_caps: CapLimits::default(),
            lists: Lists::default(),
        }
    }

    /// Whether that secret opens this app to that role.
    ///
    /// # Errors
    /// The cause why not.
    pub fn check_development(&self, secret: &str, role: Role) -> Result<(), Cause> {
        let known = self.development_secret.as_ref().is_some_and(|own| same(own.expose(), secret));
        if known { self.check_role(role) } else { Err(Cause::Secret) }
    }

    /// Whether the app lets that role in.
    fn check_role(&self, role: Role) -> Result<(), Cause> {
        let granted = match role {
            Role::Client | Role::Server => true,
            Role::Anonymous => self.anonymous,
            _ => false,
        };
        if granted { Ok(()) } else { Err(Cause::Role) }
    }
}

/// Compares without telling by its time where two secrets differ.
fn same(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).fold(0, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && differing == 0
}

/// The place of the app with that key. Apps are few; the table is searched from end to end.
#[must_use]
pub fn find(apps: &[App], key: &str) -> Option<AppId> {
    let index = apps.iter().position(|app| &*app.key == key)?;
    Some(AppId(u16::try_from(index).expect("the configuration allows far fewer apps")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let mut app = App::new("dev");
        app.development_secret = Some("hush".into());
        assert!(!format!("{app:?}").contains("hush"));
    }

    #[test]
    fn a_development_secret_opens_its_app_to_the_roles_that_the_app_takes() {
        let mut app = App::new("dev");
        assert_eq!(app.check_development("", Role::Client), Err(Cause::Secret));
        app.development_secret = Some("secret".into());
        assert_eq!(app.check_development("secret", Role::Client), Ok(()));
        assert_eq!(app.check_development("secreT", Role::Client), Err(Cause::Secret));
        assert_eq!(app.check_development("secret-and-more", Role::Client), Err(Cause::Secret));
        assert_eq!(app.check_development("secret", Role::Anonymous), Err(Cause::Role));
        assert_eq!(app.check_development("secret", Role::Unknown(7)), Err(Cause::Role));
        app.anonymous = true;
        assert_eq!(app.check_development("secret", Role::Anonymous), Ok(()));
    }
}
