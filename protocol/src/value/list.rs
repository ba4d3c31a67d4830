//! Lists: of ids, of what an app is told in rows, and of the extensions that let frames grow.
//!
//! A list is one byte string on the wire that holds its elements one after the other. It stays in
//! the frame and is walked there; decoding reserves nothing. That every element is readable, and
//! that there are no more than its kind allows, is checked while decoding.

use core::fmt;
use core::marker::PhantomData;

use crate::codec::{
    self, BorrowDecode, BorrowDecoder, DecodeError, Encode, EncodeError, Encoder, RawDecodeError,
};
use crate::limits::{EXTENSIONS_MAX, LIST_IDS_MAX};

/// What a list can hold.
pub trait Element: Encode {
    /// How many there may be in one list.
    const COUNT_MAX: usize;
}

impl Element for &str {
    const COUNT_MAX: usize = LIST_IDS_MAX;
}

impl Element for (u16, &[u8]) {
    const COUNT_MAX: usize = EXTENSIONS_MAX;
}

/// Elements, as the bytes in which they stand one after the other.
pub struct List<'a, T> {
    bytes: &'a [u8],
    holds: PhantomData<fn() -> T>,
}

/// Ids, as the raw text they are.
pub type IdList<'a> = List<'a, &'a str>;

/// Keys of attributes or of a queue's elements, as the raw text they are.
pub type KeyList<'a> = IdList<'a>;

impl<T> List<'_, T> {
    /// Nothing: one zero byte on the wire.
    pub const EMPTY: Self = Self { bytes: &[], holds: PhantomData };

    /// Whether there is nothing in the list.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'a, T: Element + BorrowDecode<'a, ()>> List<'a, T> {
    /// A list over bytes written by [`List::write`].
    ///
    /// # Errors
    /// When an element cannot be read, or there are more than [`Element::COUNT_MAX`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        for _ in 0..T::COUNT_MAX {
            if rest.is_empty() {
                break;
            }
            (_, rest) = codec::decode_prefix::<T>(rest)?;
        }
        let list = Self { bytes, holds: PhantomData };
        if rest.is_empty() { Ok(list) } else { Err(DecodeError::Invalid) }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            let (element, after) = codec::decode_prefix::<T>(rest).ok()?;
            rest = after;
            Some(element)
        })
    }
}

impl<T: Element> List<'_, T> {
    /// Writes elements so that [`List::parse`] reads them.
    pub fn write(elements: impl IntoIterator<Item = T>, out: &mut Vec<u8>) {
        for element in elements {
            codec::encode(&element, out);
        }
    }
}

// By hand, because what is derived would ask the same of the elements.

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for List<'_, T> {}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("List").field(&self.bytes).finish()
    }
}

impl<T> Encode for List<'_, T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.bytes.encode(encoder)
    }
}

impl<'de, C, T: Element + BorrowDecode<'de, ()>> BorrowDecode<'de, C> for List<'de, T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        let bytes = <&[u8]>::borrow_decode(decoder)?;
        Self::parse(bytes).map_err(|_| RawDecodeError::Other("bad list"))
    }
}

/// The room left at the end of every frame for fields of later versions: a list of
/// `(number, bytes)` pairs.
///
/// A receiver skips an **odd** number it does not know and refuses an **even** one, so a sender
/// chooses whether what it adds may be missed (`docs/protocol.md`, "Growing").
pub type Extensions<'a> = List<'a, (u16, &'a [u8])>;

impl Extensions<'_> {
    /// No extensions: one zero byte on the wire.
    pub const NONE: Self = Self::EMPTY;

    /// The first number that must be understood. This version understands none, so a frame that
    /// has one is refused.
    #[must_use]
    pub fn first_required(&self) -> Option<u16> {
        self.iter().map(|(number, _)| number).find(|number| number.is_multiple_of(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_at_most_its_maximum() {
        let mut bytes = Vec::new();
        IdList::write(std::iter::repeat_n("u", LIST_IDS_MAX), &mut bytes);
        assert_eq!(IdList::parse(&bytes).unwrap().iter().count(), LIST_IDS_MAX);
        IdList::write(["one-more"], &mut bytes);
        assert_eq!(IdList::parse(&bytes), Err(DecodeError::Invalid));
    }

    #[test]
    fn a_list_that_ends_inside_an_id_is_an_error() {
        assert_eq!(IdList::parse(&[5, b'a']), Err(DecodeError::Truncated));
    }

    #[test]
    fn only_even_extensions_must_be_understood() {
        let mut bytes = Vec::new();
        Extensions::write([(3, &b"x"[..]), (7, b"")], &mut bytes);
        assert_eq!(Extensions::parse(&bytes).unwrap().first_required(), None);
        Extensions::write([(300, &b"y"[..])], &mut bytes);
        let extensions = Extensions::parse(&bytes).unwrap();
        assert_eq!(extensions.first_required(), Some(300));
        assert_eq!(extensions.iter().count(), 3);
    }
}
