//! Every way to be told no: stable numbers, names, sentences, and whether trying again helps.
//!
//! The same codes stand in a refused reply (the connection stays) and in a go-away (it ends).
//! A number never changes its meaning and is never used again; new ones are added inside their
//! group (spec 10), so a client that meets an unknown number can still tell its group.

use core::fmt;
use core::time::Duration;

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};
use crate::value::Extensions;

/// Whether doing the same again can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not without changing the request, the rights or the client.
    Never,
    /// Yes, after `retry_after` where one is given, else after a short random wait.
    Later,
    /// Yes, after something else was done first: joining, say, or creating the room.
    AfterChange,
}

/// The number of a refusal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Code(u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $retry:ident, $sentence:literal;)+) => {
        impl Code {
            $($(#[$doc])* pub const $name: Self = Self($number);)+

            /// No code: nothing is wrong. Stands where a code may be missing, never in a refusal.
            pub const NONE: Self = Self(0);

            /// Every code of this version, in rising order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name, as in the documentation; `UNKNOWN` for a number of a later version.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self.0 {
                    0 => "NONE",
                    $($number => stringify!($name),)+
                    _ => "UNKNOWN",
                }
            }

            /// One sentence for a person.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self.0 {
                    0 => "nothing is wrong",
                    $($number => $sentence,)+
                    _ => "the broker gave a reason this client does not know",
                }
            }

            /// Whether trying again helps. Of a number this version does not know, only the load
            /// group (7xx) is worth another try.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self.0 {
                    $($number => Retry::$retry,)+
                    700..=799 => Retry::Later,
                    _ => Retry::Never,
                }
            }
        }
    };
}

codes! {
    /// The bytes of a frame are not what its tag says. Ends the connection.
    MALFORMED = 100, Never, "the frame could not be read";
    /// A frame's length prefix is above the limit. Ends the connection.
    TOO_LARGE = 101, Never, "the frame is larger than allowed";
    /// A frame that may not be sent in this state, such as a second hello. Ends the connection.
    UNEXPECTED = 102, Never, "the frame may not be sent now";
    /// No version of the protocol that both sides speak. Ends the connection.
    UNSUPPORTED_VERSION = 103, Never, "the broker speaks none of the offered versions";
    /// The request, option or required extension is not served by this broker.
    NOT_SUPPORTED = 104, Never, "this broker does not serve that";
    /// A field holds a value outside its bounds; the detail names it.
    INVALID_ARGUMENT = 105, Never, "a field is outside its bounds";
    /// A frame, or the first frame, was not finished in time. Ends the connection.
    TOO_SLOW = 106, Later, "a frame was not finished in time";
    /// Nothing was heard for too long. Ends the connection.
    SILENT = 107, Later, "nothing was heard for too long";

    /// The credential is not good for what was asked; one answer for every cause.
    UNAUTHORIZED = 200, Never, "not authorized";
    /// The user has as many sessions as it may.
    TOO_MANY_SESSIONS = 201, AfterChange, "the user has as many sessions as allowed";
    /// A newer session of the same device took over. Ends the connection.
    REPLACED = 202, Never, "a newer session of this device took over";

    /// The user is banned from the app; `retry_after` is the time left, none for ever. Ends the
    /// connection.
    BANNED_FROM_APP = 203, Never, "the user is banned from the app";
    /// The time of the session's token is over: come back with a new one. Ends the connection.
    TOKEN_EXPIRED = 204, AfterChange, "the token's time is over";
    /// The session's token, or the key it was signed with, was revoked: come back with a new one.
    /// Ends the connection.
    TOKEN_REVOKED = 205, AfterChange, "the token was revoked";

    /// The role of this connection may not do that.
    NOT_ALLOWED = 300, Never, "this role may not do that";
    /// Only members of the room may do that.
    NOT_A_MEMBER = 301, AfterChange, "only a member of the room may do that";

    /// The user is muted in this room; `retry_after` is the time left, none for ever.
    MUTED = 302, AfterChange, "the user is muted in the room";
    /// The room is muted, and the user is no exception.
    ROOM_MUTED = 303, AfterChange, "the room is muted";
    /// The user is muted in all rooms of the app; `retry_after` is the time left, none for ever.
    MUTED_IN_APP = 304, AfterChange, "the user is muted in all rooms";
    /// The user is banned from this room; `retry_after` is the time left, none for ever.
    BANNED = 305, AfterChange, "the user is banned from the room";
    /// The session's token does not reach that room.
    OUT_OF_SCOPE = 306, AfterChange, "the token does not reach that room";

    /// There is no room of that id.
    NO_SUCH_ROOM = 400, AfterChange, "there is no such room";

    /// There is no attribute, or no element of the queue, of that key.
    NO_SUCH_KEY = 401, AfterChange, "there is no such key";
    /// There is no message at that place, or not any more.
    NO_SUCH_MESSAGE = 402, Never, "the message is not there any more";
    /// The room has no queue.
    NO_QUEUE = 403, AfterChange, "the room has no queue";

    /// A room of that id exists already.
    ROOM_EXISTS = 500, Never, "the room exists already";
    /// The key is another user's.
    NOT_OWNER = 501, AfterChange, "the key is another user's";
    /// The key has another revision than was asked for, or is not there.
    REVISION = 502, AfterChange, "the key has another revision";
    /// The key is there already.
    KEY_EXISTS = 503, AfterChange, "the key exists already";
    /// The value is no number, or would be beyond what a number can be.
    NOT_A_NUMBER = 504, Never, "the value cannot be added to";

    /// The sender's rate limit is used up; `retry_after` says until when.
    RATE_LIMITED = 600, Later, "the rate limit is used up";

    /// The session did not heed refusals: too many of its frames were refused. Ends the
    /// connection.
    FLOODING = 601, Later, "too many frames were refused";
    /// The room is in slow mode and the member spoke a moment ago; `retry_after` says until when.
    SLOW_MODE = 602, Later, "the room is in slow mode";
    /// More entries than a list or call may hold.
    TOO_MANY = 603, Never, "more entries than allowed";
    /// As many members are in the room as may be.
    ROOM_FULL = 604, Later, "the room is full";
    /// The room has as many attributes as it may.
    ATTRIBUTES_FULL = 605, AfterChange, "the room has as many attributes as allowed";
    /// The queue has as many elements as it may.
    QUEUE_FULL = 606, Later, "the queue is full";
    /// As many connections come from this address as may. Ends the connection, at the most.
    TOO_MANY_CONNECTIONS = 607, Later, "too many connections from this address";

    /// The broker is too busy to take this.
    OVERLOADED = 700, Later, "the broker is overloaded";
    /// The session read too slowly and more was waiting for it than may wait. Ends the connection.
    LAGGING = 701, Later, "the session read too slowly";

    /// The broker is going down in good order. Ends the connection.
    DRAINING = 800, Later, "the broker is shutting down";
    /// The room is closed: nobody may join until it is opened.
    ROOM_CLOSED = 801, AfterChange, "the room is closed";
    /// What came after the position is not there any more, or not this user's to see. Stands in a
    /// `Joined`, beside how much it was.
    NOT_RECOVERED = 802, Never, "what was missed is not there any more";

    /// The broker failed at something that is not the client's fault.
    INTERNAL = 900, Later, "the broker failed";
}

impl Code {
    /// The code of a number, known or not.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.sentence(), self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.0)
    }
}

impl Encode for Code {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Code {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        u16::decode(decoder).map(Self)
    }
}

/// An expected no: which one, when to try again, and what exactly was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Refusal<'a> {
    /// Which no.
    pub code: Code,
    /// Milliseconds after which the same request can succeed; 0 where that cannot be said.
    pub retry_after_ms: u32,
    /// What exactly was wrong, for a developer to read; may be empty, never holds what others
    /// sent.
    pub detail: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

impl<'a> Refusal<'a> {
    /// A refusal that says its code and no more.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, retry_after_ms: 0, detail: "", extensions: Extensions::NONE }
    }

    /// The same with what exactly was wrong.
    #[must_use]
    pub const fn because(mut self, detail: &'a str) -> Self {
        self.detail = detail;
        self
    }

    /// The same with the time after which it can succeed, rounded up to whole milliseconds so
    /// that a client which waits exactly that long is not refused again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let ms = wait.as_nanos().div_ceil(1_000_000);
        self.retry_after_ms = u32::try_from(ms).unwrap_or(u32::MAX);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_so_are_unique() {
        assert!(Code::ALL.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_retry_time_is_rounded_up() {
        let refusal = |wait| Refusal::new(Code::RATE_LIMITED).retry_after(wait).retry_after_ms;
        assert_eq!(refusal(Duration::from_nanos(1)), 1);
        assert_eq!(refusal(Duration::from_millis(1)), 1);
        assert_eq!(refusal(Duration::from_micros(1_001)), 2);
        assert_eq!(refusal(Duration::MAX), u32::MAX);
    }

    #[test]
    fn an_unknown_code_keeps_its_number_and_its_group() {
        let code = Code::from_number(799);
        assert_eq!((code.number(), code.name()), (799, "UNKNOWN"));
        assert_eq!(code.retry(), Retry::Later);
        assert_eq!(Code::from_number(199).retry(), Retry::Never);
    }
}
