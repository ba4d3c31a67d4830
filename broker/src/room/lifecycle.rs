//! When a room began and when it ends (spec 3). Knows no sibling; the shard asks it when a
//! timer fires.

use core::time::Duration;

use crate::time::{Instant, Now, WallTime};

/// A room's birth and the clock that ends it.
#[derive(Debug)]
pub struct Lifecycle {
    created_at: WallTime,
    active_at: Instant,
    idle: Duration,
}

impl Lifecycle {
    /// A room created now, to be destroyed after `idle` without activity.
    #[must_use]
    pub fn new(now: Now, idle: Duration) -> Self {
        Self { created_at: now.wall, active_at: now.instant, idle }
    }

    /// When the room was created.
    #[must_use]
    pub const fn created_at(&self) -> WallTime {
        self.created_at
    }

    /// Something happened that resets idleness: a join, a leave, a message.
    pub fn record(&mut self, now: Instant) {
        self.active_at = now;
    }

    /// When the room is to be destroyed if nothing happens until then.
    #[must_use]
    pub fn ends_at(&self) -> Instant {
        self.active_at + self.idle
    }
}
