//! The node's clock: the one place of the broker that reads time.
//!
//! A [`Clock`] is made once per node and copied into each back end, so that points in time of
//! all workers can be compared. It has no state but its beginning.

use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use crate::time::{Instant, Now, WallTime};

/// The beginning that all points in time of a node are counted from.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began_at: Monotonic,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { began_at: Monotonic::now() }
    }

    /// Both clocks, read anew.
    #[must_use]
    pub fn now(self) -> Now {
        // A wall clock before 1970 is shown as 1970: it is only ever shown.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = u64::try_from(wall.as_micros()).unwrap_or(u64::MAX);
        Now { instant: self.instant(), wall: WallTime::from_micros(wall) }
    }

    /// The monotonic clock alone.
    #[must_use]
    pub fn instant(self) -> Instant {
        Instant::ZERO + self.began_at.elapsed()
    }
}
