//! The one place that names bincode.
//!
//! The format is bincode 2's `standard()` layout: little-endian, integers above one byte as
//! varints, strings and byte strings with a varint length, structs as their fields in order.
//! The format is ours to specify (`docs/protocol.md`); the crate only implements it, and a
//! second implementation (wincode) checks it in `tests/oracle.rs`. Should bincode have to go,
//! this file changes and no client notices.
//!
//! Two habits of bincode are tightened here: decoding always runs under a limit, so that a
//! claimed length never becomes an allocation, and bytes left over after a value are an error.
//! Types that come in hold only integers, `&str` and `&[u8]`, so decoding allocates nothing.

use bincode::config::{Configuration, Limit};
use bincode::enc::write::Writer;

pub(crate) use bincode::de::BorrowDecoder;
pub(crate) use bincode::enc::Encoder;
pub(crate) use bincode::error::{DecodeError as RawDecodeError, EncodeError};
pub(crate) use bincode::{BorrowDecode, Decode, Encode};

use crate::limits::BODY_BYTES_MAX;

/// What one decoding may claim to read. bincode counts an integer at its full width, however short
/// its varint is: a full body whose numbers are small claims up to seven bytes more for each of
/// them, the lengths of texts among them, and no frame has thirty-two.
const CLAIMED_BYTES_MAX: usize = BODY_BYTES_MAX + 32 * 7;

type Config = Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    Limit<{ CLAIMED_BYTES_MAX }>,
>;

const CONFIG: Config = bincode::config::standard().with_limit::<{ CLAIMED_BYTES_MAX }>();

/// Why the bytes of a frame's body are not the value they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body has no first byte, so it names no frame.
    #[error("the frame is empty")]
    Empty,
    /// The first byte names no frame this side may receive.
    #[error("no frame has the tag {0}")]
    UnknownTag(u8),
    /// The body ends inside a field.
    #[error("the frame ends inside a field")]
    Truncated,
    /// Bytes are left over after the last field.
    #[error("{0} bytes are left over after the last field")]
    Trailing(usize),
    /// A field holds something its type does not allow (text that is not UTF-8, a number too
    /// wide for its field, a list above its maximum).
    #[error("a field holds a value its type does not allow")]
    Invalid,
}

impl From<RawDecodeError> for DecodeError {
    fn from(error: RawDecodeError) -> Self {
        match error {
            RawDecodeError::UnexpectedEnd { .. } | RawDecodeError::LimitExceeded => Self::Truncated,
            _ => Self::Invalid,
        }
    }
}

/// Appends a value to `out`.
pub(crate) fn encode<T: Encode>(value: &T, out: &mut Vec<u8>) {
    struct Tail<'a>(&'a mut Vec<u8>);
    impl Writer for Tail<'_> {
        fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }
    bincode::encode_into_writer(value, Tail(out), CONFIG)
        .expect("a Vec takes every write, and our types have no other way to fail");
}

/// Reads one value that fills `bytes` exactly, borrowing from them.
pub(crate) fn decode<'de, T: BorrowDecode<'de, ()>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_prefix(bytes)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::Trailing(rest.len())) }
}

/// Reads one value from the front of `bytes` and gives back what follows it.
pub(crate) fn decode_prefix<'de, T: BorrowDecode<'de, ()>>(
    bytes: &'de [u8],
) -> Result<(T, &'de [u8]), DecodeError> {
    let (value, read) = bincode::borrow_decode_from_slice(bytes, CONFIG)?;
    Ok((value, &bytes[read..]))
}
