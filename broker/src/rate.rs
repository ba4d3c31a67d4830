//! An exact limit: never more than the number in **any** window of that length, and never fewer
//! when they are asked for (spec 6: a second for senders, 200 ms for the quota of a room).
//!
//! It keeps the times of the last `limit` grants. One more is granted when the oldest of them is
//! a full window ago; a window is half open, so exactly one length later is out of it. A bucket
//! of tokens, or windows in a fixed grid, would be smaller, and would let through twice the
//! number at their edges.

use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::VecDeque;

use crate::limits::{QUOTA_POOL_DEFAULT, RECEIVER_HIGH_PER_SECOND_DEFAULT};
use crate::probe::{self, Bug};
use crate::time::Instant;

/// One second, the window of every limit on a sender.
pub const SECOND: Duration = Duration::from_secs(1);

/// The grants of the last window.
#[derive(Debug)]
pub struct RateWindow {
    limit: Option<NonZeroU32>,
    /// Small, because every session has some of these.
    length_ms: u32,
    granted: VecDeque<Instant>,
}

/// How much a room takes in: messages in any 200 ms by pool; `None` for no limit (spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    /// For class high only.
    pub high_only: Option<NonZeroU32>,
    /// For high and low.
    pub shared: Option<NonZeroU32>,
    /// What protected messages have of their own.
    pub protected: Option<NonZeroU32>,
}

impl QuotaLimits {
    /// No limit at all.
    pub const UNLIMITED: Self = Self { high_only: None, shared: None, protected: None };
}

impl Default for QuotaLimits {
    fn default() -> Self {
        let pool = NonZeroU32::new(QUOTA_POOL_DEFAULT);
        Self { high_only: pool, shared: pool, protected: pool }
    }
}

/// How much one receiver is given in any one second (spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapLimits {
    /// Messages of class high and low; `None` for as many as there are, of every class.
    pub normal: Option<NonZeroU32>,
    /// As many more of class high.
    pub high: NonZeroU32,
}

impl Default for CapLimits {
    fn default() -> Self {
        Self { normal: None, high: RECEIVER_HIGH_PER_SECOND_DEFAULT }
    }
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The limit; `None` for none.
    pub limit: Option<NonZeroU32>,
    /// The window it holds for.
    pub window: Duration,
    /// How many are granted now.
    pub left: u32,
    /// How long until one is, if none is now.
    pub retry_after: Duration,
}

impl RateWindow {
    /// A window in which nothing was granted yet. `None` grants everything and keeps nothing.
    ///
    /// # Panics
    /// When the window is longer than some weeks.
    #[must_use]
    pub const fn new(limit: Option<NonZeroU32>, length: Duration) -> Self {
        assert!(length.as_millis() <= u32::MAX as u128);
        #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
        let length_ms = length.as_millis() as u32;
        Self { limit, length_ms, granted: VecDeque::new() }
    }

    const fn length(&self) -> Duration {
        Duration::from_millis(self.length_ms as u64)
    }

    /// Changes the limit. What was granted under another one counts; what was granted under none
    /// does not.
    pub fn set_limit(&mut self, limit: Option<NonZeroU32>) {
        self.limit = limit;
        if limit.is_none() {
            self.granted = VecDeque::new();
        }
    }

    /// Whether one more is granted now.
    ///
    /// # Errors
    /// How long to wait until it would be.
    pub fn check(&self, now: Instant) -> Result<(), Duration> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let Some(place) = self.granted.len().checked_sub(limit.get() as usize) else {
            return Ok(());
        };
        let free_at = self.granted[place] + self.length();
        let early = if probe::planted(Bug::LimiterEdge) {
            Duration::from_millis(1)
        } else {
            Duration::ZERO
        };
        if free_at <= now + early { Ok(()) } else { Err(free_at.since(now)) }
    }

    /// Whether so many more are granted now, all at once.
    ///
    /// # Errors
    /// How long to wait until they would be; for more than the limit the whole window, in vain.
    pub fn check_many(&self, count: u32, now: Instant) -> Result<(), Duration> {
        let Some(limit) = self.limit else { return Ok(()) };
        let over = (self.granted.len() + count as usize).saturating_sub(limit.get() as usize);
        if over == 0 {
            return Ok(());
        }
        let Some(last) = self.granted.get(over - 1) else { return Err(self.length()) };
        let free_at = *last + self.length();
        if free_at <= now { Ok(()) } else { Err(free_at.since(now)) }
    }

    /// Notes that one was granted now; [`RateWindow::check`] must have allowed it.
    pub fn record(&mut self, now: Instant) {
        let Some(limit) = self.limit else { return };
        while self.granted.len() >= limit.get() as usize {
            self.granted.pop_front();
        }
        self.granted.push_back(now);
    }

    /// How much is left now.
    #[must_use]
    pub fn allowance(&self, now: Instant) -> Allowance {
        let used =
            self.granted.iter().rev().take_while(|then| **then + self.length() > now).count();
        let used = u32::try_from(used).expect("limits are far below 2^32");
        Allowance {
            limit: self.limit,
            window: self.length(),
            left: self.limit.map_or(u32::MAX, |limit| limit.get().saturating_sub(used)),
            retry_after: self.check(now).err().unwrap_or_default(),
        }
    }

    /// When everything that was granted is out of the window, so that forgetting it changes
    /// nothing.
    #[must_use]
    pub fn forgotten_at(&self) -> Instant {
        self.granted.back().map_or(Instant::ZERO, |&last| last + self.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_are_granted_when_one_after_the_other_would_be() {
        let ms = |ms| Instant::ZERO + Duration::from_millis(ms);
        let mut window = RateWindow::new(NonZeroU32::new(5), SECOND);
        assert_eq!(window.check_many(5, ms(0)), Ok(()));
        assert_eq!(window.check_many(6, ms(0)), Err(SECOND), "never");
        for at in [0, 100, 200] {
            window.record(ms(at));
        }
        assert_eq!(window.check_many(2, ms(300)), Ok(()));
        assert_eq!(window.check_many(4, ms(300)), Err(Duration::from_millis(800)));
        assert_eq!(window.check_many(4, ms(1_100)), Ok(()));
        assert_eq!(window.check_many(5, ms(1_100)), Err(Duration::from_millis(100)));
    }

    const MS: u64 = 1_000_000;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    fn five() -> RateWindow {
        RateWindow::new(NonZeroU32::new(5), SECOND)
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
    fn what_is_left_is_what_would_be_granted() {
        let mut window = five();
        for sent in [0, 1, 2] {
            window.record(at(sent));
        }
        let left = |window: &RateWindow, now| window.allowance(at(now)).left;
        assert_eq!(left(&window, 5), 2);
        assert_eq!(left(&window, 1_000 * MS), 3);
        for sent in [3, 4] {
            window.record(at(sent));
        }
        assert_eq!(left(&window, 5), 0);
        assert_eq!(window.allowance(at(5)).retry_after, Duration::from_nanos(1_000 * MS - 5));
    }

    #[test]
    fn a_limit_that_is_lowered_counts_what_was_granted_before() {
        let mut window = five();
        for sent in [0, 1, 2, 3] {
            window.record(at(sent));
        }
        window.set_limit(NonZeroU32::new(2));
        assert_eq!(window.check(at(5)), Err(Duration::from_nanos(1_000 * MS - 3)));
        window.set_limit(NonZeroU32::new(4));
        assert_eq!(window.check(at(5)), Err(Duration::from_nanos(1_000 * MS - 5)));
        window.set_limit(NonZeroU32::new(5));
        assert_eq!(window.check(at(5)), Ok(()));
    }

    #[test]
    fn no_limit_grants_everything() {
        let mut window = RateWindow::new(None, SECOND);
        for _ in 0..1_000 {
            assert_eq!(window.check(at(0)), Ok(()));
            window.record(at(0));
        }
        assert_eq!(window.forgotten_at(), Instant::ZERO);
    }
}
