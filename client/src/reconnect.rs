//! When to come back: how long to wait between attempts to get a lost connection back.
//!
//! Each wait is drawn at random between the policy's least delay and a ceiling that doubles with
//! every attempt, so that clients which were cut off together do not return together. The
//! ceiling falls back only after a connection has lasted: a broker that accepts and drops at
//! once is not hammered. Nothing here reads a clock or draws a number; both are arguments.

use core::time::Duration;

use crate::time::Instant;

/// Whether and how a client gets a lost connection back.
///
/// ```
/// use std::time::Duration;
/// use throng_client::{Config, ReconnectPolicy};
///
/// let delays = Duration::from_millis(50)..=Duration::from_secs(2);
/// let eager = Config::new("127.0.0.1:7400").reconnect(ReconnectPolicy::within(delays));
/// let once = Config::new("127.0.0.1:7400").reconnect(ReconnectPolicy::NEVER);
/// # let _ = (eager, once);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectPolicy {
    delays: Option<Delays>,
}

/// Bounds of the wait before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Delays {
    min: Duration,
    max: Duration,
}

impl ReconnectPolicy {
    /// Never reconnect: the first loss closes the client.
    pub const NEVER: Self = Self { delays: None };

    /// Reconnect, waiting at least the start and at most the end of `delays` before an attempt.
    /// A broker that asks for a longer wait gets it.
    ///
    /// An end before the start counts as the start.
    #[must_use]
    pub fn within(delays: core::ops::RangeInclusive<Duration>) -> Self {
        let (min, max) = delays.into_inner();
        Self { delays: Some(Delays { min, max: max.max(min) }) }
    }
}

impl Default for ReconnectPolicy {
    /// 100 ms to 10 s.
    fn default() -> Self {
        Self::within(Duration::from_millis(100)..=Duration::from_secs(10))
    }
}

/// The waits between attempts so far, and what the next one will be.
#[derive(Debug, Clone)]
pub struct Backoff {
    policy: ReconnectPolicy,
    attempts: u32,
    opened_at: Option<Instant>,
}

impl Backoff {
    /// No attempts so far.
    #[must_use]
    pub const fn new(policy: ReconnectPolicy) -> Self {
        Self { policy, attempts: 0, opened_at: None }
    }

    /// Attempts since the connection was lost.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether a connection is established.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.opened_at.is_some()
    }

    /// A connection is established.
    pub const fn record_open(&mut self, now: Instant) {
        self.opened_at = Some(now);
    }

    /// The connection, if there was one, is lost. If it lasted longer than the longest delay,
    /// the attempts before it are forgotten.
    pub fn record_lost(&mut self, now: Instant) {
        let lasted = self.opened_at.take().map(|opened_at| now.since(opened_at));
        if let (Some(lasted), Some(delays)) = (lasted, self.policy.delays)
            && lasted >= delays.max
        {
            self.attempts = 0;
        }
    }

    /// How long to wait before the next attempt, which is counted; `None` if there shall be none.
    ///
    /// `random` decides between the bounds; `retry_after` is what the broker asked for.
    #[must_use]
    pub fn next_delay(&mut self, retry_after: Option<Duration>, random: u64) -> Option<Duration> {
        let Delays { min, max } = self.policy.delays?;
        self.attempts = self.attempts.saturating_add(1);
        let doubled = 2_u32.checked_pow(self.attempts).unwrap_or(u32::MAX);
        let ceiling = min.saturating_mul(doubled).min(max);
        let drawn = min + fraction(ceiling.saturating_sub(min), random);
        Some(drawn.max(retry_after.unwrap_or_default()))
    }
}

/// `random / 2^64` of `span`.
fn fraction(span: Duration, random: u64) -> Duration {
    // Spans above 584 years count as that.
    let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let share = (u128::from(nanos) * u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(share).expect("a fraction of a u64 is a u64"))
}

/// A stream of numbers that one seed decides (SplitMix64): good enough to spread waits.
#[derive(Debug, Clone)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn the_ceiling_doubles_and_the_floor_stays() {
        let (mut low, mut high) =
            (Backoff::new(ReconnectPolicy::default()), Backoff::new(ReconnectPolicy::default()));
        for ceiling in [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            assert_eq!(low.next_delay(None, 0), Some(ms(100)));
            let longest = high.next_delay(None, u64::MAX).unwrap();
            assert!(longest <= ms(ceiling) && longest > ms(ceiling - 1), "{longest:?}");
        }
        for _ in 0..100 {
            assert!(high.next_delay(None, u64::MAX).unwrap() <= ms(10_000));
        }
    }

    #[test]
    fn a_broker_that_asks_for_a_longer_wait_gets_it() {
        let mut backoff = Backoff::new(ReconnectPolicy::default());
        assert_eq!(backoff.next_delay(Some(ms(60_000)), 7), Some(ms(60_000)));
        assert_eq!(backoff.next_delay(Some(ms(1)), 0), Some(ms(100)));
    }

    #[test]
    fn attempts_are_forgotten_only_after_a_connection_that_lasted() {
        let mut backoff = Backoff::new(ReconnectPolicy::default());
        for (lasted_ms, attempts) in [(0, 1), (9_999, 2), (10_000, 1), (5, 2)] {
            backoff.record_open(at(50));
            backoff.record_lost(at(50 + lasted_ms));
            assert!(backoff.next_delay(None, 1).is_some());
            assert_eq!(backoff.attempts(), attempts);
        }
    }

    #[test]
    fn a_policy_of_never_has_no_delay_to_give() {
        let mut backoff = Backoff::new(ReconnectPolicy::NEVER);
        assert_eq!(backoff.next_delay(Some(ms(5)), 1), None);
    }

    #[test]
    fn bounds_the_wrong_way_round_count_as_the_first() {
        let mut backoff = Backoff::new(ReconnectPolicy::within(ms(50)..=ms(1)));
        assert_eq!(backoff.next_delay(None, u64::MAX), Some(ms(50)));
    }

    #[test]
    fn one_seed_gives_one_stream() {
        let draw = |seed| {
            let mut draws = Draws::from_seed(seed);
            [draws.next(), draws.next(), draws.next()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
