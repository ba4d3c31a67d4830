//! The small values every frame is made of: ids, kinds, lists, extensions, small enumerations.
//!
//! Values parse, they do not validate: a [`RoomId`] in hand is a good room id, and nothing after
//! that looks again. Frames carry the raw text, so that a bad id is a refusal with the request's
//! own number and not the end of the connection.

use core::fmt;

use crate::codec::{
    self, BorrowDecode, BorrowDecoder, Decode, DecodeError, Encode, EncodeError, Encoder,
    RawDecodeError,
};
use crate::limits::{
    CLIENT_NAME_BYTES_MAX, COUNTS_MAX, EXTENSIONS_MAX, ID_BYTES_MAX, KIND_BYTES_MAX, LIST_IDS_MAX,
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
    /// A byte outside the alphabet, at this offset.
    #[error("byte {at} is outside the alphabet")]
    Alphabet {
        /// Offset of the first offending byte.
        at: usize,
    },
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
    /// A message's type name, 1-32 bytes of the id alphabet: `text`, `image`, or the app's own
    /// (spec 1).
    Kind, max KIND_BYTES_MAX, alphabet in_id_alphabet
}
text_type! {
    /// What a client calls itself in its `Hello`, for logs: 1-64 printable ASCII bytes.
    ClientName, max CLIENT_NAME_BYTES_MAX, alphabet is_printable
}

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

/// A limit as a server sets it: one number on the wire, the three highest of which say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitSetting {
    /// Leave it as it is.
    Keep,
    /// What the app's configuration says.
    Inherit,
    /// No limit.
    Unlimited,
    /// This much. At most [`LimitSetting::MAX`].
    Limit(u32),
}

impl LimitSetting {
    /// The largest number that is a limit.
    pub const MAX: u32 = u32::MAX - 3;

    const fn to_number(self) -> u32 {
        match self {
            Self::Keep => u32::MAX,
            Self::Inherit => u32::MAX - 1,
            Self::Unlimited => u32::MAX - 2,
            Self::Limit(limit) if limit > Self::MAX => Self::MAX,
            Self::Limit(limit) => limit,
        }
    }

    const fn from_number(number: u32) -> Self {
        match number {
            u32::MAX => Self::Keep,
            4_294_967_294 => Self::Inherit,
            4_294_967_293 => Self::Unlimited,
            limit => Self::Limit(limit),
        }
    }
}

impl Encode for LimitSetting {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.to_number().encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for LimitSetting {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        u32::decode(decoder).map(Self::from_number)
    }
}

/// How much of a limit is left (spec 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Allowance {
    /// The limit; 0 for none.
    pub limit: u32,
    /// Milliseconds of the window it holds for.
    pub window_ms: u32,
    /// How many are granted now; the highest number where there is no limit.
    pub left: u32,
    /// Milliseconds until one is granted, if none is now.
    pub retry_after_ms: u32,
}

byte_enum! {
    /// Why a session no longer occupies a room.
    LeftReason {
        /// The user left through another of its sessions.
        Elsewhere = 0,
        /// The user joined another room and may be in only so many (spec 4).
        JoinedAnother = 1,
    }
}

byte_enum! {
    /// Why a room was destroyed (spec 3).
    DestroyReason {
        /// Nothing happened in it for its idle time.
        Idle = 0,
        /// Its life time ended.
        Lifetime = 1,
        /// Its last member left, its empty time ago.
        Empty = 2,
        /// A server asked for it.
        Request = 3,
    }
}

/// The options of a publish, one bit each; bits a broker does not know are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PublishOptions(u8);

impl PublishOptions {
    /// Deliver the message to the session that published it, too (off by default).
    pub const ECHO: Self = Self(1);
    /// Do not answer when the message is accepted. A refusal is always answered.
    pub const NO_ACK: Self = Self(2);
    /// Do not keep the message in stored history.
    pub const NO_STORE: Self = Self(4);

    const KNOWN: u8 = Self::ECHO.0 | Self::NO_ACK.0 | Self::NO_STORE.0;

    /// These options and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every option of `other` is among these.
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

    /// The options a byte from the wire stands for, known or not.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl Encode for PublishOptions {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for PublishOptions {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        u8::decode(decoder).map(Self)
    }
}

/// A list of ids, on the wire one byte string that holds them one after the other.
///
/// The list stays in the frame and is walked there; decoding reserves nothing. That every
/// element is readable and that there are at most [`LIST_IDS_MAX`] is checked while decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdList<'a>(&'a [u8]);

impl<'a> IdList<'a> {
    /// No ids.
    pub const EMPTY: Self = Self(&[]);

    /// A list over bytes written by [`IdList::write`].
    ///
    /// # Errors
    /// When an element cannot be read or there are more than [`LIST_IDS_MAX`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        for _ in 0..LIST_IDS_MAX {
            if rest.is_empty() {
                return Ok(Self(bytes));
            }
            (_, rest) = codec::decode_prefix::<&str>(rest)?;
        }
        if rest.is_empty() { Ok(Self(bytes)) } else { Err(DecodeError::Invalid) }
    }

    /// Writes ids so that [`IdList::parse`] reads them.
    pub fn write<'t>(ids: impl IntoIterator<Item = &'t str>, out: &mut Vec<u8>) {
        for id in ids {
            codec::encode(&id, out);
        }
    }

    /// Whether there is nothing in the list.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids, as the raw text they are.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (id, after) = codec::decode_prefix::<&str>(rest).ok()?;
            rest = after;
            Some(id)
        })
    }
}

impl Encode for IdList<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for IdList<'de> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        let bytes = <&[u8]>::borrow_decode(decoder)?;
        Self::parse(bytes).map_err(|_| RawDecodeError::Other("bad list of ids"))
    }
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

/// Figures, on the wire one byte string that holds them one after the other; at most
/// [`COUNTS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts<'a>(&'a [u8]);

impl<'a> Counts<'a> {
    /// Figures over bytes written by [`Counts::write`].
    ///
    /// # Errors
    /// When one cannot be read or there are more than [`COUNTS_MAX`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        for _ in 0..COUNTS_MAX {
            if rest.is_empty() {
                return Ok(Self(bytes));
            }
            (_, rest) = codec::decode_prefix::<Count>(rest)?;
        }
        if rest.is_empty() { Ok(Self(bytes)) } else { Err(DecodeError::Invalid) }
    }

    /// Writes figures so that [`Counts::parse`] reads them.
    pub fn write(counts: impl IntoIterator<Item = Count>, out: &mut Vec<u8>) {
        for count in counts {
            codec::encode(&count, out);
        }
    }

    /// The figures in order.
    pub fn iter(&self) -> impl Iterator<Item = Count> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (count, after) = codec::decode_prefix::<Count>(rest).ok()?;
            rest = after;
            Some(count)
        })
    }
}

impl Encode for Counts<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Counts<'de> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        let bytes = <&[u8]>::borrow_decode(decoder)?;
        Self::parse(bytes).map_err(|_| RawDecodeError::Other("bad figures"))
    }
}

/// The room left at the end of every frame for fields of later versions: a byte string of
/// `(number, bytes)` pairs.
///
/// A receiver skips an **odd** number it does not know and refuses an **even** one, so a sender
/// chooses whether what it adds may be missed (`docs/protocol.md`, "Growing").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extensions<'a>(&'a [u8]);

impl<'a> Extensions<'a> {
    /// No extensions: one zero byte on the wire.
    pub const NONE: Self = Self(&[]);

    /// Extensions over bytes written by [`Extensions::write`].
    ///
    /// # Errors
    /// When a pair cannot be read or there are more than [`EXTENSIONS_MAX`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut rest = bytes;
        for _ in 0..EXTENSIONS_MAX {
            if rest.is_empty() {
                return Ok(Self(bytes));
            }
            (_, rest) = codec::decode_prefix::<(u16, &[u8])>(rest)?;
        }
        if rest.is_empty() { Ok(Self(bytes)) } else { Err(DecodeError::Invalid) }
    }

    /// Writes pairs so that [`Extensions::parse`] reads them.
    pub fn write<'t>(pairs: impl IntoIterator<Item = (u16, &'t [u8])>, out: &mut Vec<u8>) {
        for pair in pairs {
            codec::encode(&pair, out);
        }
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (pair, after) = codec::decode_prefix::<(u16, &[u8])>(rest).ok()?;
            rest = after;
            Some(pair)
        })
    }

    /// The first number that must be understood. This version understands none, so a frame that
    /// has one is refused.
    #[must_use]
    pub fn first_required(&self) -> Option<u16> {
        self.iter().map(|(number, _)| number).find(|number| number.is_multiple_of(2))
    }
}

impl Encode for Extensions<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Extensions<'de> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        let bytes = <&[u8]>::borrow_decode(decoder)?;
        Self::parse(bytes).map_err(|_| RawDecodeError::Other("bad extensions"))
    }
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

    #[test]
    fn an_unknown_byte_of_an_enumeration_is_kept() {
        assert_eq!(Role::from_byte(9), Role::Unknown(9));
        assert_eq!(Role::from_byte(9).to_byte(), 9);
        assert!(PublishOptions::from_bits(8).has_unknown());
    }
}
