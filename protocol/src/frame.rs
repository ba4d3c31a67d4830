//! How a stream of bytes becomes frames, and frames become bytes.
//!
//! A frame is a length prefix (four bytes, little-endian, the number of bytes that follow) and a
//! body. The first byte of the body is the frame's tag; requests and replies have their number
//! next. The length is checked as soon as the prefix is there, before any of the body is kept.
//!
//! | tags | frames | one that is not known |
//! |---|---|---|
//! | 1-3 | handshake | malformed |
//! | 16-63 | requests | the broker answers `NOT_SUPPORTED` |
//! | 64-127 | replies | the client reports it, the connection stays |
//! | 128-255 | pushes | the client skips it |

use crate::codec::{self, DecodeError};
use crate::handshake::{GoAway, Hello, MAGIC, VERSION, Welcome};
use crate::limits::PREFIX_BYTES;
use crate::push::Push;
use crate::reply::Reply;
use crate::request::Request;

const TAG_HELLO: u8 = 1;
const TAG_WELCOME: u8 = 2;
const TAG_GO_AWAY: u8 = 3;

/// A length prefix above the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes is larger than the {max} allowed")]
pub struct TooLarge {
    /// The length that was claimed, in bytes.
    pub length: usize,
    /// The limit, in bytes.
    pub max: usize,
}

/// A frame's body and the bytes that follow the frame.
pub type BodyAndRest<'a> = (&'a [u8], &'a [u8]);

/// Takes the first frame off `bytes`, or gives `None` while it is not all there.
///
/// # Errors
/// As soon as four bytes are there and claim a body above `body_bytes_max`.
pub fn split(bytes: &[u8], body_bytes_max: usize) -> Result<Option<BodyAndRest<'_>>, TooLarge> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_BYTES>() else { return Ok(None) };
    let length = u32::from_le_bytes(*prefix) as usize;
    if length > body_bytes_max {
        return Err(TooLarge { length, max: body_bytes_max });
    }
    Ok(rest.split_at_checked(length))
}

/// Appends a frame whose body `body` writes.
fn write(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    body(out);
    let length = u32::try_from(out.len() - start - PREFIX_BYTES)
        .expect("what we encode is bounded far below 4 GiB");
    out[start..start + PREFIX_BYTES].copy_from_slice(&length.to_le_bytes());
}

/// What a broker reads: the frames a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromClient<'a> {
    /// The first frame.
    Hello(Hello<'a>),
    /// A hello of a client that does not speak [`VERSION`]; the rest of it was not read.
    ForeignHello {
        /// The oldest version the client speaks.
        version_min: u16,
        /// The newest version the client speaks.
        version_max: u16,
    },
    /// A request and its number, which the client chose.
    Request(u32, Request<'a>),
    /// A request this version does not know, to be answered with `NOT_SUPPORTED`.
    UnknownRequest(u32, u8),
}

impl<'a> FromClient<'a> {
    /// Reads the body of a frame.
    ///
    /// # Errors
    /// When the body is not exactly one frame that a client may send.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (&tag, rest) = body.split_first().ok_or(DecodeError::Empty)?;
        match tag {
            TAG_HELLO => Self::decode_hello(rest),
            16..=63 => {
                let (number, fields) = codec::decode_prefix(rest)?;
                Ok(match Request::decode_fields(tag, fields)? {
                    Some(request) => Self::Request(number, request),
                    None => Self::UnknownRequest(number, tag),
                })
            }
            _ => Err(DecodeError::UnknownTag(tag)),
        }
    }

    fn decode_hello(fields: &'a [u8]) -> Result<Self, DecodeError> {
        let ((magic, version_min, version_max), _) =
            codec::decode_prefix::<(u32, u16, u16)>(fields)?;
        if magic != MAGIC || version_min > version_max {
            return Err(DecodeError::Invalid);
        }
        if !(version_min..=version_max).contains(&VERSION) {
            return Ok(Self::ForeignHello { version_min, version_max });
        }
        codec::decode(fields).map(Self::Hello)
    }

    /// Appends the frame, length prefix and all.
    ///
    /// # Panics
    /// On the two variants that only ever come out of [`FromClient::decode`].
    pub fn write(&self, out: &mut Vec<u8>) {
        write(out, |body| match self {
            Self::Hello(hello) => {
                body.push(TAG_HELLO);
                codec::encode(hello, body);
            }
            Self::Request(number, request) => {
                body.push(request.tag());
                codec::encode(number, body);
                request.encode_fields(body);
            }
            Self::ForeignHello { .. } | Self::UnknownRequest(..) => {
                unreachable!("an unreadable frame is never written")
            }
        });
    }
}

/// What a client reads: the frames a broker may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromBroker<'a> {
    /// The answer to a hello.
    Welcome(Welcome<'a>),
    /// The last frame.
    GoAway(GoAway<'a>),
    /// The reply to the request of that number.
    Reply(u32, Reply<'a>),
    /// A reply of a later version.
    UnknownReply(u32, u8),
    /// Something unasked.
    Push(Push<'a>),
    /// A push of a later version, to be skipped.
    UnknownPush(u8),
}

impl<'a> FromBroker<'a> {
    /// Reads the body of a frame.
    ///
    /// # Errors
    /// When the body is not exactly one frame that a broker may send.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (&tag, rest) = body.split_first().ok_or(DecodeError::Empty)?;
        match tag {
            TAG_WELCOME => codec::decode(rest).map(Self::Welcome),
            TAG_GO_AWAY => codec::decode(rest).map(Self::GoAway),
            64..=127 => {
                let (number, fields) = codec::decode_prefix(rest)?;
                Ok(match Reply::decode_fields(tag, fields)? {
                    Some(reply) => Self::Reply(number, reply),
                    None => Self::UnknownReply(number, tag),
                })
            }
            128..=255 => Ok(match Push::decode_fields(tag, rest)? {
                Some(push) => Self::Push(push),
                None => Self::UnknownPush(tag),
            }),
            _ => Err(DecodeError::UnknownTag(tag)),
        }
    }

    /// Appends the frame, length prefix and all.
    ///
    /// # Panics
    /// On the two variants that only ever come out of [`FromBroker::decode`].
    pub fn write(&self, out: &mut Vec<u8>) {
        write(out, |body| match self {
            Self::Welcome(welcome) => {
                body.push(TAG_WELCOME);
                codec::encode(welcome, body);
            }
            Self::GoAway(go_away) => {
                body.push(TAG_GO_AWAY);
                codec::encode(go_away, body);
            }
            Self::Reply(number, reply) => {
                body.push(reply.tag());
                codec::encode(number, body);
                reply.encode_fields(body);
            }
            Self::Push(push) => {
                body.push(push.tag());
                push.encode_fields(body);
            }
            Self::UnknownReply(..) | Self::UnknownPush(_) => {
                unreachable!("an unreadable frame is never written")
            }
        });
    }
}

/// Declares an enum of frames with their tags: the table that ties a type to its first byte.
macro_rules! tagged {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $tag:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name<'a> {
            $($(#[$vdoc])* $variant($variant<'a>),)+
        }

        impl<'a> $name<'a> {
            /// The first byte of the frame.
            #[must_use]
            pub const fn tag(&self) -> u8 {
                match self {
                    $(Self::$variant(_) => $tag,)+
                }
            }

            /// The extensions of the frame, whatever it is.
            #[must_use]
            pub const fn extensions(&self) -> $crate::value::Extensions<'a> {
                match self {
                    $(Self::$variant(fields) => fields.extensions,)+
                }
            }

            pub(crate) fn encode_fields(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(fields) => $crate::codec::encode(fields, out),)+
                }
            }

            // Inlined, so that a frame is built where it stays: the largest is twice a message.
            #[inline]
            pub(crate) fn decode_fields(
                tag: u8,
                fields: &'a [u8],
            ) -> Result<Option<Self>, $crate::codec::DecodeError> {
                match tag {
                    $($tag => $crate::codec::decode(fields).map(|it| Some(Self::$variant(it))),)+
                    _ => Ok(None),
                }
            }
        }

        $(impl<'a> From<$variant<'a>> for $name<'a> {
            fn from(fields: $variant<'a>) -> Self {
                Self::$variant(fields)
            }
        })+
    };
}
pub(crate) use tagged;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::{Code, Refusal};
    use crate::request::Ping;
    use crate::value::Extensions;

    fn ping() -> Vec<u8> {
        let mut out = Vec::new();
        FromClient::Request(7, Ping { extensions: Extensions::NONE }.into()).write(&mut out);
        out
    }

    #[test]
    fn a_frame_is_taken_off_only_when_all_of_it_is_there() {
        let mut bytes = ping();
        for cut in 0..bytes.len() {
            assert_eq!(split(&bytes[..cut], 100), Ok(None), "cut at {cut}");
        }
        bytes.push(9);
        let (body, rest) = split(&bytes, 100).unwrap().unwrap();
        assert_eq!((body, rest), (&[19, 7, 0][..], &[9][..]));
    }

    #[test]
    fn a_length_above_the_limit_is_refused_from_the_prefix_alone() {
        let claimed = 101_u32.to_le_bytes();
        assert_eq!(split(&claimed, 100), Err(TooLarge { length: 101, max: 100 }));
        assert_eq!(split(&claimed[..3], 100), Ok(None));
    }

    #[test]
    fn a_request_of_a_later_version_still_has_its_number() {
        assert_eq!(FromClient::decode(&[63, 5, 1, 2, 3]), Ok(FromClient::UnknownRequest(5, 63)));
        assert_eq!(FromBroker::decode(&[255, 1, 2]), Ok(FromBroker::UnknownPush(255)));
        assert_eq!(FromBroker::decode(&[125, 8]), Ok(FromBroker::UnknownReply(8, 125)));
    }

    #[test]
    fn bytes_left_over_are_an_error() {
        assert_eq!(FromClient::decode(&[19, 7, 0, 0]), Err(DecodeError::Trailing(1)));
    }

    #[test]
    fn a_foreign_hello_is_read_as_far_as_its_versions() {
        let mut body = vec![TAG_HELLO];
        codec::encode(&(MAGIC, VERSION + 1, VERSION + 3, 200_u8), &mut body);
        assert_eq!(
            FromClient::decode(&body),
            Ok(FromClient::ForeignHello { version_min: VERSION + 1, version_max: VERSION + 3 })
        );
    }

    #[test]
    fn a_claimed_length_reserves_nothing() {
        // A go-away whose detail claims to be 2^64 - 1 bytes long.
        let mut body = vec![TAG_GO_AWAY, 1, 1, 100, 0, 253];
        body.extend_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(FromBroker::decode(&body), Err(DecodeError::Truncated));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let frame = FromBroker::GoAway(GoAway::new(Refusal::new(Code::DRAINING).because("bye")));
        let mut out = Vec::new();
        frame.write(&mut out);
        let (body, rest) = split(&out, 100).unwrap().unwrap();
        assert_eq!(FromBroker::decode(body), Ok(frame));
        assert!(rest.is_empty());
    }
}
