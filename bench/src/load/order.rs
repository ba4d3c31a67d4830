//! Whether one member got every message once and in order.
//!
//! Who asks does the usual case, a number one above the last. Everything else comes here:
//! a jump leaves a gap, and what comes later either fills a gap (out of order) or does not
//! (a duplicate). What is left of the gaps at the end is lost.

use serde::Serialize;

/// What one member did not get in order.
#[derive(Debug, Default)]
pub struct Order {
    /// Gaps, as the first and the last number that is missing.
    gaps: Vec<(u64, u64)>,
    duplicated: u64,
    disordered: u64,
}

impl Order {
    /// Notes a message that is not the one after `last`, and moves `last` on if it is later.
    /// Tells whether it has not come before.
    #[cold]
    pub fn record_jump(&mut self, last: &mut u64, seq: u64) -> bool {
        if seq > *last {
            self.gaps.push((*last + 1, seq - 1));
            *last = seq;
            return true;
        }
        if self.close_gaps(seq, seq) > 0 {
            self.disordered += 1;
            return true;
        }
        self.duplicated += 1;
        false
    }

    /// Notes a message that came after a later one of its publisher.
    pub const fn record_disorder(&mut self) {
        self.disordered += 1;
    }

    /// These are missing on purpose, and were announced.
    pub fn forgive(&mut self, first: u64, last: u64) {
        self.close_gaps(first, last);
    }

    /// Takes these out of the gaps; gives how many of them were in one.
    fn close_gaps(&mut self, first: u64, last: u64) -> u64 {
        let mut closed = 0;
        let mut left = Vec::new();
        self.gaps.retain(|&(from, to)| {
            let (inner_from, inner_to) = (from.max(first), to.min(last));
            if inner_from > inner_to {
                return true;
            }
            closed += inner_to - inner_from + 1;
            left.extend((from < inner_from).then(|| (from, inner_from - 1)));
            left.extend((inner_to < to).then(|| (inner_to + 1, to)));
            false
        });
        self.gaps.append(&mut left);
        closed
    }

    /// What went wrong, for a member that lacks that many messages at the end.
    pub fn flaws(&self, lacking: u64) -> Flaws {
        let inside: u64 = self.gaps.iter().map(|(first, last)| last - first + 1).sum();
        Flaws {
            lost: inside + lacking,
            duplicated: self.duplicated,
            disordered: self.disordered,
            refused: 0,
        }
    }
}

/// What went wrong, in messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Flaws {
    /// Published and not turned down, and not delivered; summed over the members.
    pub lost: u64,
    /// Delivered more than once, summed over the members.
    pub duplicated: u64,
    /// Delivered after a later one, summed over the members.
    pub disordered: u64,
    /// Not accepted.
    pub refused: u64,
}

impl Flaws {
    /// Whether nothing went wrong.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// These and those of another.
    pub fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.refused += other.refused;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs these `seq`s through as the load does, from 0 on.
    fn check(seqs: &[u64], end: u64) -> Flaws {
        let mut order = Order::default();
        let mut last = 0;
        for &seq in seqs {
            if seq == last + 1 {
                last = seq;
            } else {
                order.record_jump(&mut last, seq);
            }
        }
        order.flaws(end.saturating_sub(last))
    }

    fn flaws(lost: u64, duplicated: u64, disordered: u64) -> Flaws {
        Flaws { lost, duplicated, disordered, refused: 0 }
    }

    #[test]
    fn one_after_the_other_is_without_flaw() {
        assert!(check(&[1, 2, 3], 3).is_none());
    }

    #[test]
    fn a_gap_is_lost_and_so_is_what_never_came_at_the_end() {
        assert_eq!(check(&[1, 5], 5), flaws(3, 0, 0));
        assert_eq!(check(&[1, 2], 6), flaws(4, 0, 0));
        assert_eq!(check(&[2, 3], 3), flaws(1, 0, 0));
    }

    #[test]
    fn what_comes_twice_is_a_duplicate() {
        assert_eq!(check(&[1, 2, 2, 1, 3], 3), flaws(0, 2, 0));
    }

    #[test]
    fn what_is_missing_on_purpose_is_not_lost() {
        let mut order = Order::default();
        let mut last = 0;
        order.record_jump(&mut last, 10);
        order.forgive(1, 3);
        order.forgive(5, 6);
        assert_eq!(order.flaws(0).lost, 4);
        order.forgive(1, 9);
        assert!(order.flaws(0).is_none());
    }

    #[test]
    fn what_comes_late_is_out_of_order_and_not_lost() {
        assert_eq!(check(&[1, 3, 2, 4], 4), flaws(0, 0, 1));
        assert_eq!(check(&[1, 6, 4, 3, 4], 6), flaws(2, 1, 2));
    }
}
