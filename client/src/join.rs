//! How a room is to be joined, borrowed until it is encoded.
//!
//! Nothing is checked here: the session parses the room's id and knows the bounds of the rest.

use throng_protocol::value::{JoinOptions, Profile};

use crate::reply::Position;

/// How many of the last messages a join asks for, if it does not say.
pub const HISTORY_DEFAULT: u8 = 10;

/// A room to be joined, and how. A room's id is one, with nothing else said.
///
/// ```
/// use throng_client::Join;
///
/// let quiet = Join::new("lobby").history(0).without_state();
/// let ann = Join::new("lobby").history(50).nickname("Ann").avatar("https://example.org/ann.png");
/// # let _ = (quiet, ann);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join<'a> {
    pub(crate) room: &'a str,
    pub(crate) history: u8,
    pub(crate) profile: Profile<'a>,
    pub(crate) resume_from: Option<Position>,
    pub(crate) options: JoinOptions,
}

impl<'a> Join<'a> {
    /// The room of this id. Its last [`HISTORY_DEFAULT`] messages come first.
    #[must_use]
    pub fn new(room: &'a str) -> Self {
        let (profile, options) = (Profile::default(), JoinOptions::default());
        Self { room, history: HISTORY_DEFAULT, profile, resume_from: None, options }
    }

    /// How many of the last messages to get first, at most 50; there may be fewer.
    #[must_use]
    pub const fn history(mut self, messages: u8) -> Self {
        self.history = messages;
        self
    }

    /// Do not get the room's attributes and queue first.
    #[must_use]
    pub const fn without_state(self) -> Self {
        self.without_attributes().without_queue()
    }

    /// Do not get the room's attributes first.
    #[must_use]
    pub const fn without_attributes(mut self) -> Self {
        self.options = self.options.with(JoinOptions::NO_ATTRIBUTES);
        self
    }

    /// Do not get the room's queue first.
    #[must_use]
    pub const fn without_queue(mut self) -> Self {
        self.options = self.options.with(JoinOptions::NO_QUEUE);
        self
    }

    /// The user's name for people, in this room; at most 64 characters.
    #[must_use]
    pub const fn nickname(mut self, nickname: &'a str) -> Self {
        self.profile.nickname = nickname;
        self
    }

    /// Where the user's picture is; at most 1,024 characters.
    #[must_use]
    pub const fn avatar(mut self, avatar: &'a str) -> Self {
        self.profile.avatar = avatar;
        self
    }

    /// What the app keeps with the member; at most 2,048 characters.
    #[must_use]
    pub const fn extension(mut self, extension: &'a str) -> Self {
        self.profile.extension = extension;
        self
    }

    /// Get what came after this position, as of an earlier run of the program. After a lost
    /// connection the client does that by itself.
    #[must_use]
    pub const fn resume(mut self, from: Position) -> Self {
        self.resume_from = Some(from);
        self
    }
}

impl<'a> From<&'a str> for Join<'a> {
    fn from(room: &'a str) -> Self {
        Self::new(room)
    }
}

impl<'a> From<&'a String> for Join<'a> {
    fn from(room: &'a String) -> Self {
        Self::new(room)
    }
}
