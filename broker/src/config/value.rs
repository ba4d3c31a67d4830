//! One value as typed, and the ways to read it. A file says whether something is a number or a
//! text; flags and variables only have text, which then stands for whatever is asked of it.
//!
//! Reading never changes anything; what is wrong comes back as a sentence about the value.

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use super::{suggest, units};

/// A value as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// From a flag or a variable.
    Bare(String),
    /// A text of the file.
    Text(String),
    /// An integer of the file.
    Integer(i128),
    /// A boolean of the file.
    Boolean(bool),
    /// Something else of the file that no setting takes, by what it is.
    Other(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) | Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(number) => number.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl Value {
    /// As a text.
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Self::Bare(text) | Self::Text(text) => Ok(text),
            _ => Err(format!("{self} is not a text: write it in quotes")),
        }
    }

    /// As yes or no.
    pub(super) fn boolean(&self) -> Result<bool, String> {
        match self {
            Self::Boolean(boolean) => Ok(*boolean),
            Self::Bare(text) if text == "true" => Ok(true),
            Self::Bare(text) if text == "false" => Ok(false),
            Self::Text(text) if text == "true" || text == "false" => {
                Err(format!("{self} is a text: write {text} without quotes"))
            }
            _ => Err(format!("{self} is neither true nor false")),
        }
    }

    /// As an integer within bounds.
    pub(super) fn integer<T>(&self, bounds: &RangeInclusive<T>) -> Result<T, String>
    where
        T: TryFrom<i128> + PartialOrd + fmt::Display,
    {
        self.within(bounds).ok_or_else(|| format!("{self} is not {}", described(bounds)))
    }

    /// As an integer within bounds, or as a word that stands for none.
    pub(super) fn integer_or<T>(
        &self,
        word: &str,
        bounds: &RangeInclusive<T>,
    ) -> Result<Option<T>, String>
    where
        T: TryFrom<i128> + PartialOrd + fmt::Display,
    {
        match self {
            Self::Bare(text) | Self::Text(text) if text == word => Ok(None),
            _ => match self.within(bounds) {
                Some(number) => Ok(Some(number)),
                None => Err(format!("{self} is neither {} nor \"{word}\"", described(bounds))),
            },
        }
    }

    fn within<T>(&self, bounds: &RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i128> + PartialOrd,
    {
        let number = match self {
            Self::Integer(number) => *number,
            Self::Bare(text) => text.parse().ok()?,
            _ => return None,
        };
        let number = T::try_from(number).ok()?;
        bounds.contains(&number).then_some(number)
    }

    /// As one of several words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, String> {
        let names = || words.iter().map(|(name, _)| *name);
        let text = self.text()?;
        let found = words.iter().find(|(name, _)| *name == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let known = names().collect::<Vec<_>>().join(", ");
            let suggestion = suggest::did_you_mean(suggest::nearest(text, names()));
            format!("{self} is none of {known}{suggestion}")
        })
    }

    /// As a time within bounds.
    pub(super) fn duration(&self, bounds: &RangeInclusive<Duration>) -> Result<Duration, String> {
        let duration = Duration::from_millis(self.amount(units::TIME)?);
        if bounds.contains(&duration) {
            return Ok(duration);
        }
        let (min, max) = (show_duration(*bounds.start()), show_duration(*bounds.end()));
        Err(format!("{self} is not between {min} and {max}"))
    }

    /// As a number of bytes within bounds.
    pub(super) fn bytes(&self, bounds: &RangeInclusive<usize>) -> Result<usize, String> {
        let amount = self.amount(units::SIZE)?;
        let bytes = usize::try_from(amount).unwrap_or(usize::MAX);
        if bounds.contains(&bytes) {
            return Ok(bytes);
        }
        let (min, max) = (show_bytes(*bounds.start()), show_bytes(*bounds.end()));
        Err(format!("{self} is not between {min} and {max}"))
    }

    fn amount(&self, units: &units::Units) -> Result<u64, String> {
        let text = match self {
            Self::Bare(text) | Self::Text(text) => text,
            Self::Integer(number) => &number.to_string(),
            _ => "",
        };
        units::parse(text, units).map_err(|wrong| format!("{self} {wrong}"))
    }
}

fn described<T: fmt::Display>(bounds: &RangeInclusive<T>) -> String {
    format!("a whole number from {} to {}", bounds.start(), bounds.end())
}

/// The text for a time; what is less than a millisecond cannot be typed and is not shown.
pub(super) fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    units::show(millis, units::TIME)
}

/// The text for a number of bytes.
pub(super) fn show_bytes(bytes: usize) -> String {
    units::show(bytes as u64, units::SIZE)
}
