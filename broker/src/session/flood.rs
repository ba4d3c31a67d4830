//! Whether a session heeds its refusals (spec 6: a flood of refused frames ends in disconnect).

use core::num::NonZeroU32;

use crate::rate::SECOND;
use crate::time::Instant;

/// Refusals since one of them.
#[derive(Debug, Clone, Copy)]
pub struct Flood {
    began_at: Instant,
    refused: u32,
}

impl Default for Flood {
    fn default() -> Self {
        Self { began_at: Instant::ZERO, refused: 0 }
    }
}

impl Flood {
    /// Notes a refusal. Says whether there are more than `refused_max` within a second from the
    /// first of them.
    pub fn record(&mut self, now: Instant, refused_max: Option<NonZeroU32>) -> bool {
        if now.since(self.began_at) >= SECOND {
            *self = Self { began_at: now, refused: 0 };
        }
        self.refused = self.refused.saturating_add(1);
        refused_max.is_some_and(|max| self.refused > max.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_too_many_in_a_second_is_a_flood_and_the_next_second_begins_anew() {
        let (mut flood, max) = (Flood::default(), NonZeroU32::new(3));
        let at = |ms: u64| Instant::from_nanos(ms * 1_000_000);
        assert!(![0, 1, 2].iter().any(|ms| flood.record(at(*ms), max)));
        assert!(!flood.record(at(1_000), max), "a second later");
        assert!(!flood.record(at(1_001), max) && !flood.record(at(1_002), max));
        assert!(flood.record(at(1_003), max));
        assert!(!flood.record(at(1_003), None));
    }
}
