//! Numbers of which the highest mean something else: limits as they are set, and how long
//! something holds. And what is left of a limit.
//!
//! One number each on the wire, so that no frame needs a flag beside it.

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};

/// A limit as a server sets it: one number on the wire, the three highest of which say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LimitSetting {
    /// Leave it as it is.
    Keep,
    /// What the app's configuration says.
    #[default]
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

/// How long something holds (spec 7): seconds, none at all, or for ever. The longer, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Term(u32);

impl Term {
    /// Not at all.
    pub const NONE: Self = Self(0);
    /// Until it is lifted.
    pub const FOREVER: Self = Self(u32::MAX);

    /// That many seconds, at most one less than 2^32 - 1.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        if seconds == u32::MAX { Self(u32::MAX - 1) } else { Self(seconds) }
    }

    /// How many seconds, 0 for not at all; `None` for ever.
    #[must_use]
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::FOREVER => None,
            Self(seconds) => Some(seconds),
        }
    }

    /// Whether it does not hold at all.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Encode for Term {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Term {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(
        decoder: &mut D,
    ) -> Result<Self, RawDecodeError> {
        u32::decode(decoder).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_seconds_is_taken_for_ever() {
        assert_eq!(Term::from_seconds(u32::MAX).seconds(), Some(u32::MAX - 1));
        assert_eq!(Term::FOREVER.seconds(), None);
        assert!(Term::from_seconds(0).is_none() && !Term::FOREVER.is_none());
        assert!(Term::FOREVER > Term::from_seconds(u32::MAX));
    }
}
