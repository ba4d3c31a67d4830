//! Slow mode: the least time between two messages of one member of a room (spec 6). Knows no
//! sibling; who is exempt is for the caller to say.

use core::time::Duration;

use hashbrown::HashMap;

use crate::id::MemberHandle;
use crate::time::Instant;

type Spoke = HashMap<MemberHandle, Instant, foldhash::fast::FixedState>;

/// The least time, and who spoke within it.
#[derive(Debug, Default)]
pub struct SlowMode {
    interval: Duration,
    /// Those who spoke and may not again yet, and some who may; nobody while it is off.
    spoke: Option<Box<Spoke>>,
    /// The table is swept when it has so many entries.
    sweep_at: usize,
}

impl SlowMode {
    /// Nobody spoke yet. Zero for off.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval, ..Self::default() }
    }

    /// The least time between two messages of a member; zero for off.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Changes the least time. It holds for messages before it, too.
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
        if interval.is_zero() {
            self.spoke = None;
        }
    }

    /// Whether a member may speak.
    ///
    /// # Errors
    /// How long it has to wait.
    pub fn check(&self, member: MemberHandle, now: Instant) -> Result<(), Duration> {
        let spoke = self.spoke.as_ref().and_then(|spoke| spoke.get(&member));
        let wait = spoke.map_or(Duration::ZERO, |then| (*then + self.interval).since(now));
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// A member speaks. Remembered only while it is on: nobody is held back for what was said
    /// before it was.
    pub fn record(&mut self, member: MemberHandle, now: Instant) {
        if self.interval.is_zero() {
            return;
        }
        let interval = self.interval;
        let spoke = self.spoke.get_or_insert_default();
        if spoke.len() >= self.sweep_at.max(SWEEP_LEAST) {
            spoke.retain(|_, then| *then + interval > now);
            self.sweep_at = 2 * spoke.len();
        }
        spoke.insert(member, now);
    }
}

/// A table with fewer entries is not swept.
const SWEEP_LEAST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::Slot;

    fn member(index: u32) -> MemberHandle {
        MemberHandle(Slot { index, generation: 0 })
    }

    fn ms(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_member_waits_out_the_interval_and_others_do_not() {
        let mut slow = SlowMode::default();
        slow.record(member(1), ms(0));
        slow.set_interval(Duration::from_secs(1));
        assert_eq!(slow.check(member(1), ms(1)), Ok(()), "it was off then");
        slow.record(member(1), ms(1));
        assert_eq!(slow.check(member(1), ms(2)), Err(Duration::from_millis(999)));
        assert_eq!(slow.check(member(2), ms(2)), Ok(()));
        assert_eq!(slow.check(member(1), ms(1_001)), Ok(()));
        slow.set_interval(Duration::from_secs(5));
        assert_eq!(slow.check(member(1), ms(1_001)), Err(Duration::from_secs(4)));
        slow.set_interval(Duration::ZERO);
        assert_eq!(slow.check(member(1), ms(2)), Ok(()));
    }

    #[test]
    fn those_who_may_speak_again_are_forgotten_in_time() {
        let mut slow = SlowMode::default();
        slow.set_interval(Duration::from_millis(10));
        for index in 0..10_000 {
            slow.record(member(index), ms(u64::from(index)));
        }
        assert!(slow.spoke.unwrap().len() <= SWEEP_LEAST);
    }
}
