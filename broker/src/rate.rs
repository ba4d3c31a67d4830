//! An exact rate limit: never more than the number in **any** window of one second, and never
//! fewer when they are asked for (spec 6).
//!
//! It keeps the times of the last `limit` grants. One more is granted when the oldest of them is
//! a full second ago; a window of one second is half open, so exactly one second later is out of
//! it. A bucket of tokens would be smaller, and would let through twice the number at its edges.

use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::VecDeque;

use crate::probe::{self, Bug};
use crate::time::Instant;

const WINDOW: Duration = Duration::from_secs(1);

/// The grants of the last second.
#[derive(Debug)]
pub struct RateWindow {
    limit: Option<NonZeroU32>,
    granted: VecDeque<Instant>,
}

impl RateWindow {
    /// A window in which nothing was granted yet. `None` grants everything and keeps nothing.
    #[must_use]
    pub const fn new(limit: Option<NonZeroU32>) -> Self {
        Self { limit, granted: VecDeque::new() }
    }

    /// Whether one more is granted now.
    ///
    /// # Errors
    /// How long to wait until it would be.
    pub fn check(&self, now: Instant) -> Result<(), Duration> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        if self.granted.len() < limit.get() as usize {
            return Ok(());
        }
        let free_at = self.granted[0] + WINDOW;
        let early = if probe::planted(Bug::LimiterEdge) {
            Duration::from_millis(1)
        } else {
            Duration::ZERO
        };
        if free_at <= now + early { Ok(()) } else { Err(free_at.since(now)) }
    }

    /// Notes that one was granted now; [`RateWindow::check`] must have allowed it.
    pub fn record(&mut self, now: Instant) {
        let Some(limit) = self.limit else { return };
        if self.granted.len() == limit.get() as usize {
            self.granted.pop_front();
        }
        self.granted.push_back(now);
    }

    /// When everything that was granted is out of the window, so that forgetting it changes
    /// nothing.
    #[must_use]
    pub fn forgotten_at(&self) -> Instant {
        self.granted.back().map_or(Instant::ZERO, |&last| last + WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn five() -> RateWindow {
        RateWindow::new(NonZeroU32::new(5))
    }

    #[test]
    fn the_sixth_inside_a_second_is_refused_and_at_one_second_granted() {
        let mut window = five();
        for sent in [0, 1, 2, 3, 4] {
            assert_eq!(window.check(at(sent)), Ok(()));
            window.record(at(sent));
        }
        assert_eq!(window.check(at(5)), Err(Duration::from_nanos(1_000 * MS - 5)));
        assert_eq!(window.check(at(1_000 * MS - 1)), Err(Duration::from_nanos(1)));
        assert_eq!(window.check(at(1_000 * MS)), Ok(()));
        window.record(at(1_000 * MS));
        assert!(window.check(at(1_000 * MS)).is_err(), "the second one is still inside");
    }

    #[test]
    fn any_arrivals_get_the_most_that_no_window_forbids() {
        // A simple model: all grants ever, counted anew for each arrival.
        let mut seed = 7_u64;
        let (mut now, mut window, mut granted) = (0, five(), Vec::<u64>::new());
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += (seed >> 33) % (400 * MS);
            let recent = granted.iter().rev().take_while(|&&then| then + 1_000 * MS > now).count();
            assert_eq!(window.check(at(now)).is_ok(), recent < 5, "at {now}");
            if recent < 5 {
                window.record(at(now));
                granted.push(now);
            }
        }
        assert!(granted.len() > 10_000);
    }

    #[test]
    fn no_limit_grants_everything() {
        let mut window = RateWindow::new(None);
        for _ in 0..1_000 {
            assert_eq!(window.check(at(0)), Ok(()));
            window.record(at(0));
        }
        assert_eq!(window.forgotten_at(), Instant::ZERO);
    }
}
