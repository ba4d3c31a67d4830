//! Time as plain values. Nothing here reads a clock: the shell does, once per batch, and passes
//! the result down as [`Now`].
//!
//! Two kinds that cannot be mixed up: [`Instant`] only ever rises and decides everything;
//! [`WallTime`] is what people and other machines are shown, and may jump.

use core::ops::Add;
use core::time::Duration;

/// A point on the node's monotonic clock: nanoseconds since the node's clock began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The beginning of the node's clock.
    pub const ZERO: Self = Self(0);

    /// A point that many nanoseconds after the beginning.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to here; nothing if `earlier` is in fact later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates: what would be after the end of the clock (584 years) never comes.
    fn add(self, wait: Duration) -> Self {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

/// Wall time: microseconds since the Unix epoch, as the protocol shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u64);

impl WallTime {
    /// That many microseconds after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

/// Both clocks, read together at the start of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// What decides.
    pub instant: Instant,
    /// What is shown.
    pub wall: WallTime,
}
