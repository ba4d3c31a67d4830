//! Time as a plain value. The sans-IO machines of this crate never read a clock: whoever drives
//! them does, and passes the result in as `now`. A simulator passes whatever it likes.
//!
//! Only the monotonic clock is needed here; wall time comes from the broker, as microseconds
//! since the Unix epoch, and decides nothing.

use core::ops::Add;
use core::time::Duration;

/// A point on the driver's monotonic clock: nanoseconds since a moment the driver chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The moment the driver chose.
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
