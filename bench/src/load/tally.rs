//! What the load counts: messages, reads, its own time, latencies. Only sums, no meaning.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::load::class::{self, ByClass};
use crate::load::stamp::Stamp;
use crate::stats::latency_histogram;

/// Nanoseconds since it was made; one for the whole load, so that its readings can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that begins now.
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// What it shows now.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).expect("584 years")
    }
}

/// Sums since the load was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries to members, by the class of the message.
    pub delivered: ByClass,
    /// Messages that came due; more than were published where a publisher was held up.
    pub offered: u64,
    /// Messages that were published, by class.
    pub published: ByClass,
    /// Messages that were accepted; none of a server that does not answer.
    pub accepted: u64,
    /// Messages that were refused for a limit of their sender, or for any other reason.
    pub refused: u64,
    /// Messages that were dropped on purpose, with an answer.
    pub shed: u64,
    /// Deliveries a member was told it would not get.
    pub skipped: u64,
    /// Receives that brought something, by members.
    pub reads: u64,
    /// Bytes members received.
    pub bytes: u64,
    /// Time of turns in which there was something to read or to publish.
    pub busy_ns: u64,
    /// Time of turns in which there was nothing.
    pub idle_ns: u64,
}

impl Counts {
    /// Deliveries of all classes.
    pub const fn deliveries(&self) -> u64 {
        self.delivered[0] + self.delivered[1] + self.delivered[2]
    }

    /// Messages of all classes that were published.
    pub const fn publishes(&self) -> u64 {
        self.published[0] + self.published[1] + self.published[2]
    }

    /// What was added since an earlier look.
    pub const fn since(&self, before: &Self) -> Self {
        Self {
            delivered: class::since(&self.delivered, &before.delivered),
            offered: self.offered - before.offered,
            published: class::since(&self.published, &before.published),
            accepted: self.accepted - before.accepted,
            refused: self.refused - before.refused,
            shed: self.shed - before.shed,
            skipped: self.skipped - before.skipped,
            reads: self.reads - before.reads,
            bytes: self.bytes - before.bytes,
            busy_ns: self.busy_ns - before.busy_ns,
            idle_ns: self.idle_ns - before.idle_ns,
        }
    }
}

/// The latencies of the messages that were due in one span of time, whenever they came.
#[derive(Debug)]
pub struct Latencies {
    from: u64,
    to: u64,
    /// From the time a message was due to each delivery, at the members of the sample.
    pub each: Histogram<u64>,
    /// From the time it was given to the socket to each delivery, at the same members.
    pub service: Histogram<u64>,
    /// From the time it was due until the last member has it.
    pub last: Histogram<u64>,
    /// How late the load itself published what was due.
    pub late: Histogram<u64>,
}

impl Latencies {
    fn new() -> Self {
        Self {
            from: u64::MAX,
            to: u64::MAX,
            each: latency_histogram(),
            service: latency_histogram(),
            last: latency_histogram(),
            late: latency_histogram(),
        }
    }

    const fn covers(&self, due_at: u64) -> bool {
        self.from <= due_at && due_at < self.to
    }
}

/// What the load counts.
#[derive(Debug)]
pub struct Tally {
    /// The clock of all time stamps.
    pub clock: Clock,
    /// The sums.
    pub counts: Counts,
    latencies: Latencies,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self { clock: Clock::new(), counts: Counts::default(), latencies: Latencies::new() }
    }

    /// From now on messages that come due have their latencies kept.
    pub fn open_span(&mut self) {
        self.latencies = Latencies { from: self.clock.now_ns(), ..Latencies::new() };
    }

    /// No message that comes due from now on has its latency kept; those before still do.
    pub fn close_span(&mut self) {
        self.latencies.to = self.clock.now_ns();
    }

    /// The latencies of the last span.
    pub const fn latencies(&self) -> &Latencies {
        &self.latencies
    }

    /// A message has come to a member of the sample.
    #[inline]
    pub fn record_arrival(&mut self, stamp: &Stamp, arrived_at: u64) {
        if self.latencies.covers(stamp.due_at) {
            self.latencies.each.saturating_record(arrived_at - stamp.due_at);
            self.latencies.service.saturating_record(arrived_at - stamp.written_at);
        }
    }

    /// The last member has got a message that was due then.
    pub fn record_everywhere(&mut self, due_at: u64, now: u64) {
        if self.latencies.covers(due_at) {
            self.latencies.last.saturating_record(now - due_at);
        }
    }

    /// A message that was due then is published now.
    pub fn record_publish(&mut self, due_at: u64, now: u64) {
        if self.latencies.covers(due_at) {
            self.latencies.late.saturating_record(now - due_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::class::Class;

    fn stamp(due_at: u64, written_at: u64) -> Stamp {
        Stamp { due_at, written_at, room: 0, publisher: 0, class: Class::High, number: 1 }
    }

    #[test]
    fn latency_counts_from_the_due_time_and_service_time_from_the_write() {
        let mut tally = Tally::new();
        tally.latencies.from = 0;
        tally.record_arrival(&stamp(1_000, 4_000), 5_000);
        assert_eq!(tally.latencies().each.min(), 4_000);
        assert_eq!(tally.latencies().service.min(), 1_000);
    }

    #[test]
    fn what_was_due_in_the_span_counts_however_late_it_comes() {
        let mut tally = Tally::new();
        (tally.latencies.from, tally.latencies.to) = (1_000, 2_000);
        tally.record_arrival(&stamp(999, 999), 1_500);
        tally.record_arrival(&stamp(1_500, 1_500), 90_000);
        tally.record_arrival(&stamp(2_000, 2_000), 90_000);
        tally.record_everywhere(1_500, 95_000);
        tally.record_everywhere(2_500, 95_000);
        assert_eq!((tally.latencies().each.len(), tally.latencies().last.len()), (1, 1));
        assert!(tally.latencies().each.max() >= 88_000);
    }

    #[test]
    fn without_a_span_no_latency_is_kept() {
        let mut tally = Tally::new();
        tally.record_arrival(&stamp(1, 1), 2);
        assert_eq!(tally.latencies().each.len(), 0);
    }

    #[test]
    fn the_counts_of_a_window_are_the_difference() {
        let before = Counts { delivered: [1, 2, 3], ..Counts::default() };
        let after = Counts { delivered: [1, 4, 9], reads: 2, ..Counts::default() };
        let window = after.since(&before);
        assert_eq!((window.deliveries(), window.reads), (8, 2));
    }
}
