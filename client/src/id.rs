//! Ids that are kept: of rooms and users, and the kinds of messages.
//!
//! All three are at most 64 bytes on the wire, so [`Id`] holds them in place: a received message
//! costs no allocation but its payload, and a kept id keeps nothing else alive.

use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

use throng_protocol::limits::ID_BYTES_MAX;
use throng_protocol::value::{Kind, RoomId, UserId};

/// The id of a room or a user, or a message's kind. Reads as the `str` it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id {
    length: u8,
    /// Zero beyond `length`, so that equal ids are equal bytes.
    bytes: [u8; ID_BYTES_MAX],
}

/// A text above the 64 bytes an id may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of {length} bytes is longer than the {ID_BYTES_MAX} allowed")]
pub struct IdTooLong {
    /// Its length in bytes.
    pub length: usize,
}

impl Id {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)])
            .expect("an id is only made from text")
    }

    fn from_bounded(text: &str) -> Self {
        Self::try_from(text).expect("the protocol bounds every id and kind to 64 bytes")
    }
}

impl TryFrom<&str> for Id {
    type Error = IdTooLong;

    /// Checks the length and nothing else: what is good as an id is the broker's to say.
    fn try_from(text: &str) -> Result<Self, IdTooLong> {
        let too_long = IdTooLong { length: text.len() };
        let mut bytes = [0; ID_BYTES_MAX];
        bytes.get_mut(..text.len()).ok_or(too_long)?.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).map_err(|_| too_long)?;
        Ok(Self { length, bytes })
    }
}

impl From<RoomId<'_>> for Id {
    fn from(room: RoomId<'_>) -> Self {
        Self::from_bounded(room.as_str())
    }
}

impl From<UserId<'_>> for Id {
    fn from(user: UserId<'_>) -> Self {
        Self::from_bounded(user.as_str())
    }
}

impl From<Kind<'_>> for Id {
    fn from(kind: Kind<'_>) -> Self {
        Self::from_bounded(kind.as_str())
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.as_str().to_owned()
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// As the text hashes, because of [`Borrow`].
impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// As the text orders, because of [`Borrow`].
impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_sixty_four_bytes_and_no_more() {
        let longest = "r".repeat(ID_BYTES_MAX);
        assert_eq!(Id::try_from(&*longest).unwrap(), *longest);
        assert_eq!(Id::try_from(&*"r".repeat(ID_BYTES_MAX + 1)), Err(IdTooLong { length: 65 }));
        assert_eq!(Id::try_from("").unwrap(), "");
    }

    #[test]
    fn ids_are_ordered_as_their_texts() {
        let id = |text| Id::try_from(text).unwrap();
        assert!(id("ab") < id("b"));
        assert!(id("a") < id("aa"));
    }
}
