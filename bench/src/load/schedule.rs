//! When messages are due: the open loop.
//!
//! A time table that is made before the load starts and does not care how the server does. A
//! message that could not be published in time stays due at its own time, and its latency counts
//! from there: so a server that stalls is charged for all that should have come meanwhile, and
//! not only for the one message that met the stall.

/// A time table: evenly spaced times, and whose turn it is at each.
#[derive(Debug, Clone)]
pub struct Schedule {
    start_ns: u64,
    /// Messages a second.
    rate: f64,
    /// Messages that were taken off the front.
    taken: u64,
    turns: Turns,
}

/// Whose turn it is.
#[derive(Debug, Clone)]
enum Turns {
    /// Each in its turn.
    Even { publishers: u32 },
    /// By weight, at random, the same in each run.
    Weighted { sums: Vec<f64>, state: u64 },
}

impl Schedule {
    /// So many messages a second from now on, from all publishers in turn.
    pub const fn even(start_ns: u64, rate: f64, publishers: u32) -> Self {
        Self { start_ns, rate, taken: 0, turns: Turns::Even { publishers } }
    }

    /// So many messages a second from now on, each publisher as often as its weight says.
    pub fn weighted(start_ns: u64, rate: f64, weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let sums = weights.iter().map(|weight| {
            sum += weight;
            sum
        });
        let turns = Turns::Weighted { sums: sums.collect(), state: 0 };
        Self { start_ns, rate, taken: 0, turns }
    }

    /// Takes the next message off the table if it is due by now: when it is due, and whose it is.
    #[inline]
    pub fn take(&mut self, now_ns: u64) -> Option<(u64, u32)> {
        let due_at = self.due_at(self.taken);
        if due_at > now_ns {
            return None;
        }
        let publisher = match &mut self.turns {
            Turns::Even { publishers } => {
                usize::try_from(self.taken % u64::from(*publishers)).expect("less than a u32")
            }
            Turns::Weighted { sums, state } => {
                let all = sums.last().copied().unwrap_or_default();
                let at = random(state) * all;
                sums.partition_point(|sum| *sum <= at).min(sums.len() - 1)
            }
        };
        self.taken += 1;
        Some((due_at, u32::try_from(publisher).expect("publishers are counted by a u32")))
    }

    #[expect(clippy::cast_possible_truncation, reason = "saturates, after 584 years")]
    #[expect(clippy::cast_sign_loss, reason = "a rate and a count are not negative")]
    fn due_at(&self, number: u64) -> u64 {
        self.start_ns + (number as f64 * 1e9 / self.rate) as u64
    }
}

/// The next number from 0 up to 1: a multiply-and-mix generator, good enough to draw lots.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_evenly_and_each_publisher_has_its_turn() {
        let mut schedule = Schedule::even(1_000, 1e6, 2);
        assert_eq!(schedule.take(999), None);
        assert_eq!(schedule.take(1_000), Some((1_000, 0)));
        assert_eq!(schedule.take(1_999), None);
        assert_eq!(schedule.take(2_000), Some((2_000, 1)));
        assert_eq!(schedule.take(9_000), Some((3_000, 0)));
    }

    #[test]
    fn what_was_missed_stays_due_at_its_own_time() {
        let mut schedule = Schedule::even(0, 10.0, 1);
        let late = 1_000_000_000;
        let due: Vec<_> = core::iter::from_fn(|| schedule.take(late)).map(|(at, _)| at).collect();
        assert_eq!(due.len(), 11);
        assert_eq!((due[0], due[1], due[10]), (0, 100_000_000, late));
    }

    #[test]
    fn a_rate_that_does_not_divide_the_second_does_not_drift() {
        let mut schedule = Schedule::even(0, 3.0, 1);
        let due = core::iter::from_fn(|| schedule.take(u64::MAX)).take(3_001).last();
        assert_eq!(due, Some((1_000_000_000_000, 0)));
    }

    #[test]
    fn publishers_have_their_turns_by_weight() {
        let mut schedule = Schedule::weighted(0, 1e9, &[3.0, 0.0, 1.0]);
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            let (_, publisher) = schedule.take(u64::MAX).unwrap();
            counts[publisher as usize] += 1;
        }
        assert!((7_000..8_000).contains(&counts[0]), "{counts:?}");
        assert_eq!(counts[1], 0);
    }

    #[test]
    fn lots_are_the_same_in_each_run() {
        let draw = || {
            let mut schedule = Schedule::weighted(0, 1e9, &[1.0, 1.0, 1.0]);
            let turns = core::iter::from_fn(move || schedule.take(u64::MAX));
            turns.take(50).map(|(_, publisher)| publisher).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
    }
}
