//! Enumerations of one byte: what a connection is, how a message is treated, which lists there
//! are, what is counted. Those of rooms and their members are in [`super::rooms`].
//!
//! A byte that this version does not know is kept as such and never an error, so that a later
//! broker may add one without breaking an older client. What a receiver may do with it is for
//! each field to say (`docs/protocol.md`, "Small types").

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};

/// An enumeration that is one byte on the wire and tolerates values it does not know, so that a
/// later broker may add one without breaking an older client.
macro_rules! byte_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $value:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value from a later version of the protocol.
            Unknown(u8),
        }

        impl $name {
            /// The byte on the wire.
            #[must_use]
            pub const fn to_byte(self) -> u8 {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(byte) => byte,
                }
            }

            /// What a byte from the wire means.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Self {
                match byte {
                    $($value => Self::$variant,)+
                    other => Self::Unknown(other),
                }
            }
        }

        impl Default for $name {
            /// What the byte 0 means.
            fn default() -> Self {
                Self::from_byte(0)
            }
        }

        impl Encode for $name {
            fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
                self.to_byte().encode(encoder)
            }
        }

        impl<'de, C> BorrowDecode<'de, C> for $name {
            fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
                decoder: &mut D,
            ) -> Result<Self, RawDecodeError> {
                u8::decode(decoder).map(Self::from_byte)
            }
        }
    };
}
pub(crate) use byte_enum;

byte_enum! {
    /// What a connection is, and so what it may do (spec 2).
    Role {
        /// An end user.
        Client = 0,
        /// A visitor without an account: may join and receive, nothing else.
        Anonymous = 1,
        /// The app's own backend.
        Server = 2,
    }
}

byte_enum! {
    /// The class a sender asks for; what the broker makes of it is spec 6.
    ClassHint {
        /// No wish: the kind decides.
        Default = 0,
        /// Drop this one early when there is too much.
        Low = 1,
    }
}

byte_enum! {
    /// How a message is treated when there is too much (spec 6).
    Class {
        /// The last to go.
        Protected = 0,
        /// What is said in the usual way.
        High = 1,
        /// The first to go.
        Low = 2,
    }
}

byte_enum! {
    /// Of what there was too much when a message was shed (spec 6).
    ShedReason {
        /// The room's quota for the class was used up.
        Quota = 0,
        /// The broker had too much to do.
        Overload = 1,
    }
}

byte_enum! {
    /// Why entries of a room were skipped for a session (spec 6).
    LagReason {
        /// The session read too slowly.
        SlowReader = 0,
        /// The app caps what one receiver is given in a second.
        Cap = 1,
    }
}

byte_enum! {
    /// A list of names that servers keep (spec 3 and 6).
    ListName {
        /// Of a room: the users whose messages are protected.
        ProtectedUsers = 0,
        /// Of the app: the kinds whose messages are protected.
        ProtectedKinds = 1,
        /// Of the app: the kinds whose messages are of class low.
        LowKinds = 2,
        /// Of the app: the rooms that only an explicit destroy ends.
        KeepAlive = 3,
        /// Of a room: the users who may speak while it is muted.
        MuteExceptions = 4,
    }
}

byte_enum! {
    /// How a list is to be changed. A change holds wholly or not at all.
    ListChange {
        /// Put the entries on it.
        Add = 0,
        /// Take the entries off it.
        Remove = 1,
        /// Let it hold the entries and nothing else.
        Replace = 2,
    }
}

byte_enum! {
    /// What became of messages, as it is counted (spec 6).
    Counter {
        /// Taken into a room's order.
        Accepted = 0,
        /// Shed because the room had enough.
        ShedQuota = 1,
        /// Shed because the broker had too much to do.
        ShedOverload = 2,
        /// Refused because the sender was too fast.
        RateLimited = 3,
        /// Refused by slow mode.
        SlowMode = 4,
        /// Addressed to an occupant: accepted, times those who were there.
        Addressed = 5,
        /// Skipped for an occupant that read too slowly.
        SkippedSlow = 6,
        /// Skipped for an occupant that was given as much as it may be.
        SkippedCap = 7,
        /// Waiting for an occupant when that left or was cut off.
        Cut = 8,
        /// Not given back to the session that published it.
        Own = 9,
        /// Waiting for an occupant now.
        Waiting = 10,
        /// Handed to an occupant.
        Delivered = 11,
        /// Sessions cut off because they lagged; of no class.
        Lagging = 12,
        /// Sessions cut off because they did not heed refusals; of no class.
        Flooding = 13,
    }
}
