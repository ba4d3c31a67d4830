//! What rooms and their members are made of: what a room says of itself, what a member does, when
//! a room ends, and the rows of the lists that are asked for in pages.
//!
//! The rules about them are the broker's. Here is only what can be written down, and how much of
//! it fits.

use crate::codec::{BorrowDecode, Encode};
use crate::limits::{
    ANNOUNCEMENT_CHARACTERS_MAX, COUNTS_MAX, EXTENSION_CHARACTERS_MAX, LINK_CHARACTERS_MAX,
    LIST_IDS_MAX, NICKNAME_CHARACTERS_MAX, PAGE_ENTRIES_MAX, ROOM_EXTENSION_CHARACTERS_MAX,
    TITLE_CHARACTERS_MAX,
};
use crate::refusal::Code;

use super::limit::Term;
use super::list::{Element, List};
use super::names::{Class, Counter};
use super::room_names::{Attendance, PolicyKind, RoomRole};
use super::text::{ParseError, check_characters};

/// A field that is outside its bounds: its name, and how.
pub type FieldError = (&'static str, ParseError);

fn check(name: &'static str, text: &str, characters_max: usize) -> Result<(), FieldError> {
    check_characters(text, characters_max).map_err(|error| (name, error))
}

/// When a room is destroyed without anyone asking for it (spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct DestroyPolicy {
    /// What for.
    pub kind: PolicyKind,
    /// After how many seconds; 0 for what the app's configuration says. Without meaning for a room
    /// that is never destroyed.
    pub seconds: u32,
}

/// What a room says of itself (spec 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct About<'a> {
    /// Its name for people, at most 128 characters.
    pub title: &'a str,
    /// What its members shall read first, at most 4,096 characters.
    pub announcement: &'a str,
    /// Where the stream that it accompanies is, at most 1,024 characters.
    pub live_url: &'a str,
    /// What the app keeps with it, at most 4,096 characters.
    pub extension: &'a str,
}

impl About<'_> {
    /// Says whether every text fits.
    ///
    /// # Errors
    /// The first field that does not.
    pub fn check(&self) -> Result<(), FieldError> {
        check("title", self.title, TITLE_CHARACTERS_MAX)?;
        check("announcement", self.announcement, ANNOUNCEMENT_CHARACTERS_MAX)?;
        check("live_url", self.live_url, LINK_CHARACTERS_MAX)?;
        check("extension", self.extension, ROOM_EXTENSION_CHARACTERS_MAX)
    }
}

/// How a member shows itself in a room (spec 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Profile<'a> {
    /// Its name for people, at most 64 characters.
    pub nickname: &'a str,
    /// Where its picture is, at most 1,024 characters.
    pub avatar: &'a str,
    /// What the app keeps with it, at most 2,048 characters.
    pub extension: &'a str,
}

impl Profile<'_> {
    /// Says whether every text fits.
    ///
    /// # Errors
    /// The first field that does not.
    pub fn check(&self) -> Result<(), FieldError> {
        check("nickname", self.nickname, NICKNAME_CHARACTERS_MAX)?;
        check("avatar", self.avatar, LINK_CHARACTERS_MAX)?;
        check_extension(self.extension)
    }
}

/// Says whether what an app keeps with a member, or says along with an action, fits.
///
/// # Errors
/// When it does not.
pub fn check_extension(extension: &str) -> Result<(), FieldError> {
    check("extension", extension, EXTENSION_CHARACTERS_MAX)
}

/// One member of a room (spec 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Member<'a> {
    /// Who.
    pub user: &'a str,
    /// What it may do.
    pub role: RoomRole,
    /// Whether it is there now.
    pub attendance: Attendance,
    /// When it joined, microseconds since the Unix epoch; 0 for a fixed member that never did.
    pub joined_at: u64,
    /// How it shows itself.
    pub profile: Profile<'a>,
}

impl Element for Member<'_> {
    const COUNT_MAX: usize = PAGE_ENTRIES_MAX;
}

/// One user who is banned or muted (spec 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Sanctioned<'a> {
    /// Who.
    pub user: &'a str,
    /// How much longer.
    pub left: Term,
    /// Since when, microseconds since the Unix epoch.
    pub since: u64,
    /// Who did it; empty for a server.
    pub actor: &'a str,
}

impl Element for Sanctioned<'_> {
    const COUNT_MAX: usize = PAGE_ENTRIES_MAX;
}

/// What became of one of many in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct ItemResult {
    /// [`Code::NONE`] if it was done, else why not.
    pub code: Code,
    /// Milliseconds after which the same can succeed; 0 where that cannot be said.
    pub retry_after_ms: u32,
}

impl ItemResult {
    /// It was done.
    pub const DONE: Self = Self { code: Code::NONE, retry_after_ms: 0 };
}

impl Element for ItemResult {
    const COUNT_MAX: usize = LIST_IDS_MAX;
}

impl Element for Attendance {
    const COUNT_MAX: usize = LIST_IDS_MAX;
}

/// One figure of what became of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Count {
    /// What became of them.
    pub counter: Counter,
    /// Their class; protected where there is none.
    pub class: Class,
    /// How many.
    pub count: u64,
}

impl Element for Count {
    const COUNT_MAX: usize = COUNTS_MAX;
}

/// Figures.
pub type Counts<'a> = List<'a, Count>;
/// Members of a room.
pub type Members<'a> = List<'a, Member<'a>>;
/// Users who are banned or muted.
pub type SanctionedUsers<'a> = List<'a, Sanctioned<'a>>;
/// What became of each of many, in the order in which they were named.
pub type ItemResults<'a> = List<'a, ItemResult>;
/// Whether each of many is in a room, in the order in which they were named.
pub type Attendances<'a> = List<'a, Attendance>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_named() {
        let long = "t".repeat(TITLE_CHARACTERS_MAX + 1);
        let about = About { title: &long, ..About::default() };
        let error = ParseError::TooManyCharacters { max: TITLE_CHARACTERS_MAX };
        assert_eq!(about.check(), Err(("title", error)));
        assert_eq!(About { title: &long[1..], ..about }.check(), Ok(()));
        let profile = Profile { avatar: &"a".repeat(1_025), ..Profile::default() };
        let error = ParseError::TooManyCharacters { max: LINK_CHARACTERS_MAX };
        assert_eq!(profile.check(), Err(("avatar", error)));
    }
}
