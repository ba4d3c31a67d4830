//! How much a room takes in: its quota by class (spec 6). Knows no sibling.
//!
//! Three pools of so many messages in any 200 ms: one for `high` only, one that `high` and `low`
//! share, and one more for `protected`. A message takes from the first pool that has something
//! left, in an order that presses the lower class before the higher one:
//!
//! | class | order of pools |
//! |---|---|
//! | low | shared |
//! | high | high only, shared |
//! | protected | shared, high only, its own |
//!
//! The window slides: no 200 ms, wherever they begin, see more than a pool holds. A fixed grid
//! would let twice the quota through around a line of the grid, and a reader that is given 60
//! messages at once gains nothing from the grid's being kept.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::class::Class;
use crate::limits::QUOTA_WINDOW;
use crate::rate::{Allowance, QuotaLimits, RateWindow};
use crate::time::Instant;

/// What is left of each pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLeft {
    /// For class high only.
    pub high_only: Allowance,
    /// For high and low.
    pub shared: Allowance,
    /// For protected messages.
    pub protected: Allowance,
}

const HIGH_ONLY: usize = 0;
const SHARED: usize = 1;
const PROTECTED: usize = 2;

/// A room's quota and what was taken of it.
#[derive(Debug)]
pub struct Quota {
    limits: QuotaLimits,
    /// By pool; made with the first message, because most rooms are silent most of the time.
    taken: Option<Box<[RateWindow; 3]>>,
}

/// A place in a pool, found free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(usize);

const fn pools(class: Class) -> &'static [usize] {
    match class {
        Class::Low => &[SHARED],
        Class::High => &[HIGH_ONLY, SHARED],
        Class::Protected => &[SHARED, HIGH_ONLY, PROTECTED],
    }
}

impl Quota {
    /// A quota of which nothing was taken.
    #[must_use]
    pub const fn new(limits: QuotaLimits) -> Self {
        Self { limits, taken: None }
    }

    /// What holds.
    #[must_use]
    pub const fn limits(&self) -> QuotaLimits {
        self.limits
    }

    /// Changes the limits. What was taken counts.
    pub fn set_limits(&mut self, limits: QuotaLimits) {
        self.limits = limits;
        if let Some(taken) = &mut self.taken {
            for (pool, limit) in taken.iter_mut().zip(in_order(limits)) {
                pool.set_limit(limit);
            }
        }
    }

    /// The pool that one more message of a class is taken from.
    ///
    /// # Errors
    /// When there is none: how long to wait until there is.
    pub fn check(&self, class: Class, now: Instant) -> Result<Place, Duration> {
        let Some(taken) = &self.taken else { return Ok(Place(pools(class)[0])) };
        let mut wait = Duration::MAX;
        for &pool in pools(class) {
            match taken[pool].check(now) {
                Ok(()) => return Ok(Place(pool)),
                Err(until_free) => wait = wait.min(until_free),
            }
        }
        Err(wait)
    }

    /// Takes a place that was found free at this moment.
    pub fn record(&mut self, place: Place, now: Instant) {
        let limits = self.limits;
        let fresh = || Box::new(in_order(limits).map(|limit| RateWindow::new(limit, QUOTA_WINDOW)));
        self.taken.get_or_insert_with(fresh)[place.0].record(now);
    }

    /// What is left of each pool.
    #[must_use]
    pub fn left(&self, now: Instant) -> QuotaLeft {
        let untouched = in_order(self.limits).map(|limit| RateWindow::new(limit, QUOTA_WINDOW));
        let pools = self.taken.as_deref().unwrap_or(&untouched);
        QuotaLeft {
            high_only: pools[HIGH_ONLY].allowance(now),
            shared: pools[SHARED].allowance(now),
            protected: pools[PROTECTED].allowance(now),
        }
    }
}

const fn in_order(limits: QuotaLimits) -> [Option<NonZeroU32>; 3] {
    [limits.high_only, limits.shared, limits.protected]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const LIMITS: QuotaLimits = QuotaLimits {
        high_only: NonZeroU32::new(20),
        shared: NonZeroU32::new(20),
        protected: NonZeroU32::new(20),
    };

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    /// How many of a class get in at one moment.
    fn burst(quota: &mut Quota, class: Class, now: Instant) -> u32 {
        let mut taken = 0;
        while let Ok(place) = quota.check(class, now) {
            quota.record(place, now);
            taken += 1;
        }
        taken
    }

    #[test]
    fn each_class_alone_gets_what_the_table_says() {
        for (class, most) in [(Class::Low, 20), (Class::High, 40), (Class::Protected, 60)] {
            assert_eq!(burst(&mut Quota::new(LIMITS), class, at(7)), most, "{class:?}");
        }
    }

    #[test]
    fn protected_messages_press_low_ones_first_and_keep_their_own_for_the_end() {
        let mut quota = Quota::new(LIMITS);
        for _ in 0..20 {
            let place = quota.check(Class::Protected, at(0)).unwrap();
            quota.record(place, at(0));
        }
        assert!(quota.check(Class::Low, at(0)).is_err());
        assert_eq!(burst(&mut quota, Class::High, at(0)), 20);
        assert_eq!(burst(&mut quota, Class::Protected, at(0)), 20);
    }

    #[test]
    fn low_never_takes_what_is_for_high_only() {
        let mut quota = Quota::new(LIMITS);
        assert_eq!(burst(&mut quota, Class::Low, at(0)), 20);
        assert_eq!(burst(&mut quota, Class::High, at(0)), 20);
        assert_eq!(burst(&mut quota, Class::Protected, at(0)), 20);
    }

    #[test]
    fn whoever_waits_as_told_gets_in_and_a_moment_earlier_does_not() {
        let mut quota = Quota::new(LIMITS);
        burst(&mut quota, Class::High, at(3 * MS));
        assert_eq!(quota.check(Class::High, at(4 * MS)), Err(Duration::from_millis(199)));
        assert!(quota.check(Class::High, at(203 * MS - 1)).is_err());
        assert!(quota.check(Class::High, at(203 * MS)).is_ok());
    }

    #[test]
    fn no_limit_on_a_pool_is_no_limit_on_whoever_may_take_from_it() {
        let mut quota = Quota::new(QuotaLimits { shared: None, ..LIMITS });
        for _ in 0..10_000 {
            let place = quota.check(Class::Low, at(0)).unwrap();
            quota.record(place, at(0));
        }
    }

    /// The rule as plainly as it can be written: all that ever got in, counted anew.
    #[derive(Default)]
    struct Model(Vec<(u64, usize)>);

    impl Model {
        fn offer(&mut self, class: Class, now: u64) -> bool {
            let order: &[usize] = match class {
                Class::Low => &[1],
                Class::High => &[0, 1],
                Class::Protected => &[1, 0, 2],
            };
            let recent = |pool| {
                self.0.iter().filter(|(then, of)| *of == pool && then + 200 * MS > now).count()
            };
            let free = order.iter().copied().find(|pool| recent(*pool) < 20);
            self.0.extend(free.map(|pool| (now, pool)));
            free.is_some()
        }
    }

    #[test]
    fn any_program_of_arrivals_gets_exactly_what_the_rule_gives_it() {
        let (mut taken, mut shed) = (0, 0);
        for program in 0..200_u64 {
            let mut seed = program;
            let mut draw = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 33) % below
            };
            let (mut quota, mut model, mut now) = (Quota::new(LIMITS), Model::default(), 0);
            let pace = [MS / 4, 2 * MS, 8 * MS, 40 * MS][usize::try_from(draw(4)).unwrap()];
            for _ in 0..600 {
                now += draw(pace);
                let class = Class::ALL[usize::try_from(draw(3)).unwrap()];
                let place = quota.check(class, at(now));
                assert_eq!(place.is_ok(), model.offer(class, now), "program {program} at {now}");
                match place {
                    Ok(place) => quota.record(place, at(now)),
                    Err(_) => shed += 1,
                }
            }
            taken += model.0.len();
        }
        assert!(taken > 10_000 && shed > 10_000, "{taken} taken, {shed} shed");
    }
}
