//! How a session that reads too slowly is behind in one room: what it still gets, and what was
//! skipped and not told yet (spec 5 and 6).
//!
//! Made when the session is past a mark, gone once it has caught up. Its owner is the session's
//! seat in the room.

use throng_protocol::value::LagReason;

use crate::class::{ByClass, Class, Keep};

/// How a session is behind in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// What it still gets of what waits and of what comes.
    pub keep: Keep,
    /// What was skipped since the last frame it got and is not told yet.
    pub gap: Option<Gap>,
}

impl Lag {
    /// Whether the session is to be given something although nothing more comes. Who is capped is
    /// told with the room's next message.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.keep != Keep::All || self.gap.is_some_and(|gap| gap.reason != LagReason::Cap)
    }
}

/// Consecutive entries of a room that a session does not get, all for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first.
    pub from_seq: u64,
    /// The last.
    pub to_seq: u64,
    /// How many of each class.
    pub skipped: ByClass<u64>,
    /// Why.
    pub reason: LagReason,
}

impl Gap {
    /// A gap of so many entries of one class.
    #[must_use]
    pub fn new(from_seq: u64, class: Class, frames: u32, reason: LagReason) -> Self {
        let mut skipped = ByClass::default();
        *skipped.of_mut(class) = u64::from(frames);
        Self { from_seq, to_seq: from_seq + u64::from(frames) - 1, skipped, reason }
    }

    /// Takes in a gap that begins right behind this one, for the same reason. Says whether it
    /// did.
    pub fn absorb(&mut self, next: &Self) -> bool {
        let follows = next.from_seq == self.to_seq + 1 && next.reason == self.reason;
        if follows {
            self.to_seq = next.to_seq;
            self.skipped.add(&next.skipped);
        }
        follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_grow_together_only_where_nothing_lies_between_them() {
        let slow = |from, frames| Gap::new(from, Class::High, frames, LagReason::SlowReader);
        let mut gap = slow(5, 2);
        assert!(gap.absorb(&slow(7, 1)));
        assert_eq!((gap.from_seq, gap.to_seq, gap.skipped.of(Class::High)), (5, 7, 3));
        assert!(!gap.absorb(&slow(9, 1)), "8 came through");
        assert!(!gap.absorb(&Gap::new(8, Class::High, 1, LagReason::Cap)), "another reason");
    }
}
