//! What a token grants a session: by which key, made when, until when, and in which rooms. A plain
//! value: made where tokens are checked, held by sessions, judged by the shard.

use core::time::Duration;

use throng_protocol::token::reaches;

use crate::time::{Instant, WallTime};

/// What a token grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The key that the token was signed with.
    pub key: KeyName,
    /// When the token was made, by the clock of whoever made it.
    pub made: WallTime,
    /// When it ends. Counted from when it was checked, so that a wall clock which jumps afterwards
    /// changes nothing.
    pub ends: Instant,
    /// The rooms it reaches, as ids or beginnings of ids with a `*` behind; all if there are none.
    pub scopes: Box<[Box<str>]>,
}

/// A key of an app, by the name that tokens give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyName {
    /// Of connection tokens.
    Token(Box<str>),
    /// Of JSON web tokens.
    Jwt(Box<str>),
}

impl Grant {
    /// Whether it reaches that room.
    #[must_use]
    pub fn reaches(&self, room: &str) -> bool {
        self.reaches_all() || self.scopes.iter().any(|scope| reaches(scope, room))
    }

    /// Whether it reaches every room there is or may be, and so the app as a whole.
    #[must_use]
    pub const fn reaches_all(&self) -> bool {
        self.scopes.is_empty()
    }

    /// How much longer it holds.
    #[must_use]
    pub const fn left(&self, now: Instant) -> Duration {
        self.ends.since(now)
    }
}
