//! Sets of options, one bit each in one byte.
//!
//! A set keeps bits it does not know. In a request they are refused, because the sender means
//! something by them; in what a broker says they are passed over.

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};

macro_rules! bit_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$bdoc:meta])* $bit:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
        pub struct $name(u8);

        impl $name {
            $($(#[$bdoc])* pub const $bit: Self = Self($value);)+

            const KNOWN: u8 = 0 $(| $value)+;

            /// These and those of `other`.
            #[must_use]
            pub const fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether every one of `other` is among these.
            #[must_use]
            pub const fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Whether a bit is set that this version gives no meaning to.
            #[must_use]
            pub const fn has_unknown(self) -> bool {
                self.0 & !Self::KNOWN != 0
            }

            /// The byte on the wire.
            #[must_use]
            pub const fn bits(self) -> u8 {
                self.0
            }

            /// What a byte from the wire stands for, known or not.
            #[must_use]
            pub const fn from_bits(bits: u8) -> Self {
                Self(bits)
            }
        }

        impl Encode for $name {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                self.0.encode(encoder)
            }
        }

        impl<'de, C> BorrowDecode<'de, C> for $name {
            fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
                decoder: &mut D,
            ) -> Result<Self, RawDecodeError> {
                u8::decode(decoder).map(Self)
            }
        }
    };
}

bit_set! {
    /// How to publish a message.
    PublishOptions {
        /// Deliver the message to the session that published it, too (off by default).
        ECHO = 1,
        /// Do not answer when the message is accepted. A refusal is always answered.
        NO_ACK = 2,
        /// Do not keep the message: later questions for history do not find it.
        NO_STORE = 4,
    }
}

bit_set! {
    /// How to tell of a change (spec 7).
    NoticeOptions {
        /// Tell nobody but those whom it puts out of the room.
        QUIET = 1,
    }
}

bit_set! {
    /// How a room is: all of them are off in a room that is as usual (spec 3 and 7).
    RoomFlags {
        /// Only its creator, managers and the exceptions may speak.
        MUTED = 1,
        /// Nobody may join.
        CLOSED = 2,
        /// Only an explicit destroy ends it.
        KEPT_ALIVE = 4,
    }
}

bit_set! {
    /// Which fields of a room are meant; the others are as if they were not there (spec 3).
    RoomFields {
        /// Its title.
        TITLE = 1,
        /// Its announcement.
        ANNOUNCEMENT = 2,
        /// Its live URL.
        LIVE_URL = 4,
        /// Its extension.
        EXTENSION = 8,
        /// When it is destroyed.
        POLICY = 16,
    }
}

bit_set! {
    /// Which part of a room's state not to get when joining it (spec 4).
    JoinOptions {
        /// Not its attributes.
        NO_ATTRIBUTES = 1,
        /// Not its queue.
        NO_QUEUE = 2,
    }
}

bit_set! {
    /// How to write an attribute (spec 8).
    AttributeOptions {
        /// Whoever owns it (the creator, managers and servers).
        FORCE = 1,
        /// It goes when its owner leaves, or its seat is given up.
        AUTO_DELETE = 2,
    }
}

bit_set! {
    /// How an element is in a queue (spec 8).
    QueueOptions {
        /// It goes when its owner leaves, or its seat is given up.
        TRANSIENT = 1,
    }
}

bit_set! {
    /// How to recall a message (spec 5).
    RecallOptions {
        /// Nothing stands in its place.
        ERASE = 1,
    }
}

bit_set! {
    /// Which events of its app a server wants to be told (spec 4).
    AppEvents {
        /// Rooms created, destroyed, closed and opened.
        ROOMS = 1,
        /// Members that join and leave.
        MEMBERS = 2,
        /// Sessions that begin and end.
        SESSIONS = 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_that_is_not_known_is_kept_and_seen() {
        let options = PublishOptions::from_bits(8 | 1);
        assert!(options.has(PublishOptions::ECHO) && options.has_unknown());
        assert_eq!(options.bits(), 9);
        assert!(!RoomFlags::MUTED.with(RoomFlags::CLOSED).has_unknown());
        assert!(!RoomFlags::MUTED.has(RoomFlags::MUTED.with(RoomFlags::CLOSED)));
    }
}
