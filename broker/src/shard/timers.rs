//! When something is due next. One entry for each thing that waits, corrected when it fires: a
//! session that is heard does not move its timer, the timer finds out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::id::ConnectionId;
use crate::slots::Slot;
use crate::time::Instant;

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A session's deadline.
    Session(ConnectionId),
    /// A room may have been idle for long enough.
    Room(Slot),
    /// A user without sessions may be forgotten.
    User(Slot),
    /// Rooms are ranked anew.
    Top,
    /// The drain goes on.
    Drain,
}

/// All timers of a shard.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Due)>>,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, at: Instant, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    /// When the next one fires.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes out one that fires by `now`, with the moment it was set for.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Instant, Due)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}
