//! Judges silence: when to ask a quiet broker for a sign of life, and when it is dead.
//!
//! A broker asks a quiet client after `ping_after`, and is answered; so on a healthy connection
//! something is heard at least that often. After twice that time without a byte the client asks,
//! and a third time later the broker is dead. The third is counted from the asking, so that a
//! client which was itself asleep hears the answer first. While the owner does not read the
//! connection, it cannot hear: then the broker is only kept from thinking the client dead.

use core::time::Duration;

use crate::time::Instant;

/// Since when nothing was heard, and what was done about it.
#[derive(Debug)]
pub(super) struct Pulse {
    /// Zero if the broker does not mind silence.
    ping_after: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Heard at that moment.
    Heard(Instant),
    /// Nothing heard since it was asked at that moment.
    Asked(Instant),
    /// The owner does not read; the last sign of life of our own was at that moment.
    Deaf(Instant),
}

/// What silence calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// Nothing yet.
    Nothing,
    /// A ping.
    Ping,
    /// The end.
    Dead,
}

impl Pulse {
    pub(super) const fn new(ping_after: Duration, now: Instant) -> Self {
        Self { ping_after, state: State::Heard(now) }
    }

    pub(super) const fn record_heard(&mut self, now: Instant) {
        if !matches!(self.state, State::Deaf(_)) {
            self.state = State::Heard(now);
        }
    }

    pub(super) const fn record_reading(&mut self, now: Instant, reading: bool) {
        match (reading, self.state) {
            (true, State::Deaf(_)) => self.state = State::Heard(now),
            (false, State::Heard(_) | State::Asked(_)) => self.state = State::Deaf(now),
            (true, State::Heard(_) | State::Asked(_)) | (false, State::Deaf(_)) => {}
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.ping_after.is_zero() {
            return None;
        }
        Some(match self.state {
            State::Heard(at) => at + self.ping_after * 2,
            State::Asked(at) | State::Deaf(at) => at + self.ping_after,
        })
    }

    /// What is due now. Counts the ping it calls for as sent.
    pub(super) fn expire(&mut self, now: Instant) -> Overdue {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Overdue::Nothing;
        }
        match self.state {
            State::Heard(_) => {
                self.state = State::Asked(now);
                Overdue::Ping
            }
            State::Asked(_) => Overdue::Dead,
            State::Deaf(_) => {
                self.state = State::Deaf(now);
                Overdue::Ping
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING_AFTER: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_broker_is_asked_once_and_then_dead() {
        let mut pulse = Pulse::new(PING_AFTER, at(0));
        assert_eq!(pulse.deadline(), Some(at(60)));
        assert_eq!(pulse.expire(at(59)), Overdue::Nothing);
        assert_eq!(pulse.expire(at(60)), Overdue::Ping);
        assert_eq!(pulse.expire(at(89)), Overdue::Nothing);
        assert_eq!(pulse.expire(at(90)), Overdue::Dead);
    }

    #[test]
    fn a_client_that_slept_asks_before_it_judges() {
        let mut pulse = Pulse::new(PING_AFTER, at(0));
        assert_eq!(pulse.expire(at(10_000)), Overdue::Ping);
        assert_eq!(pulse.deadline(), Some(at(10_030)));
    }

    #[test]
    fn any_byte_is_a_sign_of_life() {
        let mut pulse = Pulse::new(PING_AFTER, at(0));
        assert_eq!(pulse.expire(at(60)), Overdue::Ping);
        pulse.record_heard(at(61));
        assert_eq!(pulse.deadline(), Some(at(121)));
    }

    #[test]
    fn who_does_not_read_says_so_and_judges_nothing() {
        let mut pulse = Pulse::new(PING_AFTER, at(0));
        pulse.record_reading(at(10), false);
        for seconds in [40, 70, 100, 130] {
            assert_eq!(pulse.deadline(), Some(at(seconds)));
            assert_eq!(pulse.expire(at(seconds)), Overdue::Ping);
            pulse.record_reading(at(seconds + 1), false);
        }
        pulse.record_reading(at(140), true);
        assert_eq!(pulse.deadline(), Some(at(200)));
    }

    #[test]
    fn a_broker_that_does_not_mind_silence_is_never_dead() {
        let mut pulse = Pulse::new(Duration::ZERO, at(0));
        assert_eq!(pulse.deadline(), None);
        assert_eq!(pulse.expire(at(1_000_000)), Overdue::Nothing);
    }
}
