//! The rooms that a token reaches: by their ids, or by how their ids begin.

use core::fmt;

use crate::limits::{SCOPE_BYTES_MAX, SCOPES_MAX};
use crate::value::{ParseError, RoomId};

/// One scope: a room's id, or the beginning of rooms' ids and `*` (`*` alone reaches every room).
/// 1-64 bytes, the `*` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope<'a>(&'a str);

impl<'a> Scope<'a> {
    /// Takes the text as a scope, or says what is wrong with it.
    ///
    /// # Errors
    /// When it is empty, too long, or holds a byte that no room's id has (but for the last `*`).
    pub fn parse(text: &'a str) -> Result<Self, ParseError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ParseError::TooLong { max: SCOPE_BYTES_MAX });
        }
        if text != "*" {
            RoomId::parse(text.strip_suffix('*').unwrap_or(text))?;
        }
        Ok(Self(text))
    }

    /// The text itself.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether it reaches a room.
    #[must_use]
    pub fn reaches(self, room: &str) -> bool {
        self.0.strip_suffix('*').map_or(room == self.0, |beginning| room.starts_with(beginning))
    }
}

/// The scopes of a token, at most 16. Those of none reach every room.
#[derive(Clone, Copy)]
pub struct Scopes<'a>(Held<'a>);

/// Where the scopes stand.
#[derive(Clone, Copy)]
enum Held<'a> {
    /// As whoever mints a token names them.
    Listed(&'a [&'a str]),
    /// As they stand in a token, each a byte of length and so many bytes of text.
    Parsed(&'a [u8]),
}

impl<'a> Scopes<'a> {
    /// No scopes: every room is reached.
    pub const EVERY_ROOM: Self = Self(Held::Listed(&[]));

    /// These scopes. They are checked when a token is minted.
    #[must_use]
    pub const fn of(scopes: &'a [&'a str]) -> Self {
        Self(Held::Listed(scopes))
    }

    /// Scopes in a token; that all of them are texts was seen.
    pub(super) const fn parsed(bytes: &'a [u8]) -> Self {
        Self(Held::Parsed(bytes))
    }

    /// The scopes in order, as texts.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (mut listed, mut bytes) = match self.0 {
            Held::Listed(scopes) => (scopes.iter(), &[][..]),
            Held::Parsed(bytes) => ([].iter(), bytes),
        };
        core::iter::from_fn(move || {
            if let Some(scope) = listed.next() {
                return Some(*scope);
            }
            let (&length, rest) = bytes.split_first()?;
            let (text, rest) = rest.split_at(usize::from(length));
            bytes = rest;
            Some(core::str::from_utf8(text).expect("it was read as a text before"))
        })
    }

    /// Whether a room is reached.
    #[must_use]
    pub fn reach(&self, room: &str) -> bool {
        let mut scopes = self.iter().peekable();
        scopes.peek().is_none() || scopes.any(|scope| Scope(scope).reaches(room))
    }

    pub(super) fn check(&self) -> Result<(), ParseError> {
        if self.iter().count() > SCOPES_MAX {
            return Err(ParseError::TooLong { max: SCOPES_MAX });
        }
        self.iter().try_for_each(|scope| Scope::parse(scope).map(|_| ()))
    }
}

// By hand, because the same scopes may stand in either of two ways.

impl PartialEq for Scopes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Scopes<'_> {}

impl Default for Scopes<'_> {
    fn default() -> Self {
        Self::EVERY_ROOM
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reaches_a_room_by_its_id_or_all_that_begin_so() {
        let scopes = Scopes::of(&["lobby", "eu-*"]);
        for room in ["lobby", "eu-", "eu-1", "eu-lobby"] {
            assert!(scopes.reach(room), "{room}");
        }
        for room in ["lobby2", "Lobby", "lob", "eu", "us-1", "xeu-1", ""] {
            assert!(!scopes.reach(room), "{room}");
        }
    }

    #[test]
    fn a_star_alone_and_no_scope_at_all_reach_every_room() {
        assert!(Scopes::of(&["*"]).reach("any"));
        assert!(Scopes::EVERY_ROOM.reach("any"));
    }

    #[test]
    fn a_star_means_something_only_at_the_end() {
        for bad in ["", "a*b", "*a", "**", "a**", "a b", "é*", &"a".repeat(65)] {
            assert!(Scope::parse(bad).is_err(), "{bad}");
        }
        let longest = format!("{}*", "a".repeat(63));
        for good in ["*", "a", "a*", "eu-*", &longest, &"a".repeat(64)] {
            assert_eq!(Scope::parse(good).map(Scope::as_str), Ok(good));
        }
        assert_eq!(Scopes::of(&["a"; SCOPES_MAX]).check(), Ok(()));
        assert!(Scopes::of(&["a"; SCOPES_MAX + 1]).check().is_err());
    }
}
