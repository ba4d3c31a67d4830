//! What the load counts: messages, reads, its own time, latencies. Only sums, no meaning.

use core::ops::RangeInclusive;
use std::time::Instant;

use hdrhistogram::Histogram;

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
    /// Deliveries to members.
    pub deliveries: u64,
    /// Messages that were accepted.
    pub accepted: u64,
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
    /// What was added since an earlier look.
    pub const fn since(&self, before: &Self) -> Self {
        Self {
            deliveries: self.deliveries - before.deliveries,
            accepted: self.accepted - before.accepted,
            reads: self.reads - before.reads,
            bytes: self.bytes - before.bytes,
            busy_ns: self.busy_ns - before.busy_ns,
            idle_ns: self.idle_ns - before.idle_ns,
        }
    }
}

/// A message as a member of the sample got it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its place in the order.
    pub seq: u64,
    /// When it was published, on the load's clock.
    pub sent_at: u64,
    /// When it came, on the same clock.
    pub arrived_at: u64,
}

/// What the load counts.
#[derive(Debug)]
pub struct Tally {
    /// The clock of all time stamps.
    pub clock: Clock,
    /// The sums.
    pub counts: Counts,
    /// Whether latencies are kept.
    pub recording: bool,
    /// From publishing to each delivery, at the members of the sample.
    pub each: Histogram<u64>,
    /// From publishing until the last member has it.
    pub last: Histogram<u64>,
    /// When recent messages were published, by `seq`, as a ring.
    sent: Vec<(u64, u64)>,
}

impl Tally {
    /// Nothing counted yet, with place for that many messages in flight.
    pub fn new(in_flight_max: usize) -> Self {
        Self {
            clock: Clock::new(),
            counts: Counts::default(),
            recording: false,
            each: latency_histogram(),
            last: latency_histogram(),
            sent: vec![(0, 0); in_flight_max.next_power_of_two()],
        }
    }

    /// A message has come to a member of the sample.
    #[inline]
    pub fn record_arrival(&mut self, arrival: &Arrival) {
        let place = self.place(arrival.seq);
        self.sent[place] = (arrival.seq, arrival.sent_at);
        if self.recording {
            self.each.saturating_record(arrival.arrived_at - arrival.sent_at);
        }
    }

    /// The last member has got these messages.
    pub fn record_everywhere(&mut self, seqs: RangeInclusive<u64>, now: u64) {
        if !self.recording {
            return;
        }
        for seq in seqs {
            let (sent_seq, sent_at) = self.sent[self.place(seq)];
            if sent_seq == seq {
                self.last.saturating_record(now - sent_at);
            }
        }
    }

    fn place(&self, seq: u64) -> usize {
        usize::try_from(seq).expect("a 64-bit machine") & (self.sent.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(seq: u64, sent_at: u64, arrived_at: u64) -> Arrival {
        Arrival { seq, sent_at, arrived_at }
    }

    #[test]
    fn the_way_to_the_last_member_is_measured_from_publishing() {
        let mut tally = Tally::new(3);
        tally.record_arrival(&arrival(1, 1_000, 5_000));
        tally.recording = true;
        tally.record_arrival(&arrival(2, 2_000, 5_000));
        tally.record_everywhere(1..=2, 9_000);
        assert_eq!((tally.each.len(), tally.each.min()), (1, 3_000));
        assert_eq!(tally.last.len(), 2);
        assert!(tally.last.max() >= 8_000);
    }

    #[test]
    fn a_message_nobody_in_the_sample_got_has_no_latency() {
        let mut tally = Tally::new(4);
        tally.recording = true;
        tally.record_arrival(&arrival(1, 10, 20));
        tally.record_everywhere(5..=5, 30);
        assert_eq!(tally.last.len(), 0);
    }

    #[test]
    fn the_counts_of_a_window_are_the_difference() {
        let before = Counts { deliveries: 5, ..Counts::default() };
        let after = Counts { deliveries: 9, reads: 2, ..Counts::default() };
        let window = after.since(&before);
        assert_eq!((window.deliveries, window.reads), (4, 2));
    }
}
