//! How many are in the room, as its members were told last (spec 4, presence `counts`). Knows no
//! sibling.
//!
//! At most one figure goes out in a period, and the last one always does, so what members are shown
//! settles on what is so.

use crate::limits::PRESENCE_PERIOD;
use crate::time::Instant;

/// The figures that members were told last.
#[derive(Debug, Default)]
pub struct Figures {
    told: Figure,
    told_at: Option<Instant>,
    /// Whether somebody who joined since was shown others.
    stale: bool,
}

/// How many are in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figure {
    /// Members.
    pub members: u64,
    /// Sessions of members that receive its messages.
    pub occupants: u64,
}

impl Figures {
    /// What was told last.
    #[must_use]
    pub const fn told(&self) -> Figure {
        self.told
    }

    /// When these figures may be told; `None` if they were.
    #[must_use]
    pub fn due_at(&self, figure: Figure) -> Option<Instant> {
        if figure == self.told && !self.stale {
            return None;
        }
        Some(self.told_at.map_or(Instant::ZERO, |told_at| told_at + PRESENCE_PERIOD))
    }

    /// Somebody is shown these figures alone, by the answer to its join.
    pub fn record_shown(&mut self, figure: Figure) {
        self.stale |= figure != self.told;
    }

    /// They are told now.
    pub fn record(&mut self, figure: Figure, now: Instant) {
        self.told = figure;
        self.told_at = Some(now);
        self.stale = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn one_figure_a_second_and_none_if_nothing_changed() {
        let (one, two) = (Figure { members: 1, occupants: 1 }, Figure { members: 2, occupants: 2 });
        let mut figures = Figures::default();
        let now = Instant::ZERO + Duration::from_secs(9);
        assert_eq!(figures.due_at(one), Some(Instant::ZERO), "at once");
        figures.record(one, now);
        assert_eq!(figures.due_at(one), None);
        assert_eq!(figures.due_at(two), Some(now + Duration::from_secs(1)));
        figures.record_shown(two);
        assert!(figures.due_at(one).is_some(), "somebody believes that there are two");
    }
}
