//! What became of messages, counted by class: every one that was not delivered to everybody has
//! its line here (spec 6, reliability I10).
//!
//! Plain numbers of one shard and app; whoever shows them adds the shards up. Each message that
//! was accepted is addressed to every occupant; what was handed on is what is left:
//!
//! `addressed = delivered + skipped + cut + own + waiting`

use crate::class::{ByClass, Class};

/// What can become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Taken into a room's order.
    Accepted,
    /// Shed because its room had enough.
    ShedQuota,
    /// Shed, or refused if it was protected, because the broker had too much to do.
    ShedOverload,
    /// Refused because its sender was too fast.
    RateLimited,
    /// Refused by the room's slow mode.
    SlowMode,
    /// Addressed to an occupant.
    Addressed,
    /// Skipped for an occupant that read too slowly.
    SkippedSlow,
    /// Skipped for an occupant that was given as much as it may be.
    SkippedCap,
    /// Waiting for an occupant when that left or was cut off.
    Cut,
    /// Not given back to the session that published it.
    Own,
}

const OUTCOMES: usize = Outcome::Own as usize + 1;

/// Messages by outcome and class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    counts: [ByClass<u64>; OUTCOMES],
    /// Sessions that were cut off because they lagged.
    pub lagging: u64,
    /// Sessions that were cut off because they did not heed refusals.
    pub flooding: u64,
}

impl Counters {
    /// Counts one message.
    pub fn count(&mut self, outcome: Outcome, class: Class) {
        *self.counts[outcome as usize].of_mut(class) += 1;
    }

    /// Counts many messages.
    pub fn count_all(&mut self, outcome: Outcome, messages: &ByClass<u64>) {
        self.counts[outcome as usize].add(messages);
    }

    /// How many came to that.
    #[must_use]
    pub const fn of(&self, outcome: Outcome) -> ByClass<u64> {
        self.counts[outcome as usize]
    }

    /// Adds what another shard counted.
    pub fn add(&mut self, other: &Self) {
        for (own, more) in self.counts.iter_mut().zip(&other.counts) {
            own.add(more);
        }
        self.lagging += other.lagging;
        self.flooding += other.flooding;
    }

    /// How many were handed to their receivers, if that many still wait.
    #[must_use]
    pub fn delivered(&self, waiting: &ByClass<u64>) -> ByClass<u64> {
        let lost = [Outcome::SkippedSlow, Outcome::SkippedCap, Outcome::Cut, Outcome::Own];
        let rest = self.of(Outcome::Addressed).less(waiting);
        lost.into_iter().fold(rest, |rest, outcome| rest.less(&self.of(outcome)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_addressed_is_delivered_skipped_cut_or_waiting() {
        let mut counters = Counters::default();
        counters.count_all(Outcome::Addressed, &ByClass([10, 20, 30]));
        counters.count_all(Outcome::SkippedSlow, &ByClass([0, 5, 10]));
        counters.count_all(Outcome::Cut, &ByClass([1, 1, 1]));
        counters.count(Outcome::Own, Class::High);
        assert_eq!(counters.delivered(&ByClass([2, 0, 0])), ByClass([7, 13, 19]));
    }
}
