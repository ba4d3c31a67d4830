//! Texts: ids, kinds and names, which have an alphabet, and what people write, which has none.
//!
//! An id in hand is a good id. Free texts stay `&str`; the values that hold them know how long
//! each may be, and check all of them at once ([`super::About::check`], [`super::Profile::check`]).

use core::fmt;

use crate::limits::{
    CLIENT_NAME_BYTES_MAX, ID_BYTES_MAX, KEY_BYTES_MAX, KEY_ID_BYTES_MAX, KIND_BYTES_MAX,
    MESSAGE_ID_BYTES_MAX,
};

/// Why a text is not the id, kind or name it is offered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing where at least one character is needed.
    #[error("it is empty")]
    Empty,
    /// Longer than the bound for its type.
    #[error("it is longer than {max} bytes")]
    TooLong {
        /// The bound that was passed, in bytes.
        max: usize,
    },
    /// More characters than the bound for its field.
    #[error("it has more than {max} characters")]
    TooManyCharacters {
        /// The bound that was passed, in characters.
        max: usize,
    },
    /// A byte outside the alphabet, at this offset.
    #[error("byte {at} is outside the alphabet")]
    Alphabet {
        /// Offset of the first offending byte.
        at: usize,
    },
}

/// Checks a text that people wrote: any characters, at most so many of them.
///
/// A character is a Unicode scalar value, of one to four bytes.
///
/// # Errors
/// When there are more.
pub fn check_characters(text: &str, max: usize) -> Result<(), ParseError> {
    // Most texts have no more bytes than they may have characters, and need no counting.
    if text.len() <= max || text.chars().nth(max).is_none() {
        Ok(())
    } else {
        Err(ParseError::TooManyCharacters { max })
    }
}

fn parse(text: &str, max: usize, allowed: impl Fn(u8) -> bool) -> Result<(), ParseError> {
    if text.is_empty() {
        return Err(ParseError::Empty);
    }
    if text.len() > max {
        return Err(ParseError::TooLong { max });
    }
    match text.bytes().position(|byte| !allowed(byte)) {
        Some(at) => Err(ParseError::Alphabet { at }),
        None => Ok(()),
    }
}

const fn in_id_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=' | b'-' | b'_' | b'.' | b':' | b'@')
}

const fn in_key_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=' | b'-' | b'_')
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, max $max:expr, alphabet $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// Takes the text as what it says it is, or says what is wrong with it.
            ///
            /// # Errors
            /// When the text is empty, too long, or holds a byte outside the alphabet.
            pub fn parse(text: &'a str) -> Result<Self, ParseError> {
                parse(text, $max, $allowed)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub const fn as_str(self) -> &'a str {
                self.0
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
    };
}

text_type! {
    /// A user's id: 1-64 bytes of `A-Z a-z 0-9 + = - _ . : @` (spec 1).
    UserId, max ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// A room's id: the same bytes as a user's (spec 1).
    RoomId, max ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// A device's id: the same bytes as a user's (spec 1).
    DeviceId, max ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// An app's key: the same bytes as a user's id (spec 1).
    AppKey, max ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// The id of a key that tokens are signed with: 1-32 bytes of the id alphabet.
    KeyId, max KEY_ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// A message's type name, 1-32 bytes of the id alphabet: `text`, `image`, or the app's own
    /// (spec 1).
    Kind, max KIND_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// The key of an attribute or of a queue's element: 1-128 bytes of `A-Z a-z 0-9 + = - _`
    /// (spec 8).
    AttributeKey, max KEY_BYTES_MAX, alphabet in_key_alphabet
}
text_type! {
    /// The idempotency key of a publish: 1-64 bytes of the id alphabet (spec 5).
    MessageId, max MESSAGE_ID_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// What a client calls itself in its `Hello`, for logs: 1-64 printable ASCII bytes.
    ClientName, max CLIENT_NAME_BYTES_MAX, alphabet is_printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_to_sixty_four_bytes_of_its_alphabet() {
        assert!(UserId::parse("A-z_9+=.:@").is_ok());
        assert_eq!(UserId::parse(""), Err(ParseError::Empty));
        assert!(UserId::parse(&"a".repeat(64)).is_ok());
        assert_eq!(UserId::parse(&"a".repeat(65)), Err(ParseError::TooLong { max: 64 }));
        assert_eq!(UserId::parse("a b"), Err(ParseError::Alphabet { at: 1 }));
        assert_eq!(UserId::parse("a\n"), Err(ParseError::Alphabet { at: 1 }));
        assert_eq!(UserId::parse("é"), Err(ParseError::Alphabet { at: 0 }));
    }

    #[test]
    fn a_key_is_one_to_a_hundred_and_twenty_eight_bytes_of_a_smaller_alphabet() {
        assert!(AttributeKey::parse("A-z_9+=").is_ok());
        assert_eq!(AttributeKey::parse(""), Err(ParseError::Empty));
        assert!(AttributeKey::parse(&"k".repeat(128)).is_ok());
        assert_eq!(AttributeKey::parse(&"k".repeat(129)), Err(ParseError::TooLong { max: 128 }));
        for text in ["a.b", "a:b", "a@b", "a b", "a/b"] {
            assert_eq!(AttributeKey::parse(text), Err(ParseError::Alphabet { at: 1 }), "{text}");
        }
    }

    #[test]
    fn what_people_write_is_bounded_in_characters_and_not_in_bytes() {
        assert_eq!(check_characters("", 0), Ok(()));
        assert_eq!(check_characters("聊天室", 3), Ok(()));
        let too_many = Err(ParseError::TooManyCharacters { max: 3 });
        assert_eq!(check_characters("聊天室!", 3), too_many);
        assert_eq!(check_characters("abcd", 3), too_many);
    }
}
