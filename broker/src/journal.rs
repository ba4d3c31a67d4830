//! The log of what was refused to whom, so that whoever runs a node sees who tries to get in.
//!
//! Written by a worker, out of what its shard reports. A flood of connections makes no flood of
//! lines: one for each source and reason in a while, with how many there were meanwhile, and no more
//! than `SOURCES_MAX` sources at a time. Holds no secret, no payload and nothing a stranger
//! chose: ids have an alphabet, and are named only once they were shown to be true.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::event::Report;
use crate::time::Instant;

/// After a line about a source and a reason, the next one comes no sooner.
const PERIOD: Duration = Duration::from_secs(10);

/// Sources and reasons that are told apart at a time; what is beyond them shares lines.
const SOURCES_MAX: usize = 256;

/// What was written lately.
#[derive(Debug, Default)]
pub struct Journal {
    lately: BTreeMap<(Option<IpAddr>, u16), Lately>,
}

/// What became of one source and reason.
#[derive(Debug, Clone, Copy)]
struct Lately {
    written_at: Instant,
    unwritten: u64,
}

impl Journal {
    /// Writes what a shard reports, or counts it.
    pub fn note(&mut self, report: &Report, now: Instant) {
        let Some(unwritten) = self.is_due(report.peer, report.code.number(), now) else { return };
        tracing::info!(
            peer = %report.peer,
            code = report.code.name(),
            cause = report.cause,
            app = report.who.as_ref().map_or("", |who| &who.app),
            user = report.who.as_ref().map_or("", |who| &who.user),
            more_before = unwritten,
            "refused",
        );
    }

    /// How many were not written since the last line, if there is to be one now.
    fn is_due(&mut self, peer: IpAddr, reason: u16, now: Instant) -> Option<u64> {
        let mut key = (Some(peer), reason);
        if !self.lately.contains_key(&key) && self.lately.len() >= SOURCES_MAX {
            self.make_room(reason, now);
            if self.lately.len() >= SOURCES_MAX {
                key.0 = None;
            }
        }
        let Some(own) = self.lately.get_mut(&key) else {
            self.lately.insert(key, Lately { written_at: now, unwritten: 0 });
            return Some(0);
        };
        if now.since(own.written_at) < PERIOD {
            own.unwritten += 1;
            return None;
        }
        own.written_at = now;
        Some(core::mem::take(&mut own.unwritten))
    }

    /// Forgets sources of which nothing was written for a while. What was not written of them goes
    /// into the next line that is about no source of its own.
    fn make_room(&mut self, reason: u16, now: Instant) {
        let mut unwritten = 0;
        self.lately.retain(|(peer, _), own| {
            let stays = peer.is_none() || now.since(own.written_at) < PERIOD;
            unwritten += if stays { 0 } else { own.unwritten };
            stays
        });
        if unwritten > 0 {
            let new = Lately { written_at: now, unwritten: 0 };
            self.lately.entry((None, reason)).or_insert(new).unwritten += unwritten;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    fn at(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_source_gets_one_line_for_a_reason_in_a_while() {
        let mut journal = Journal::default();
        assert_eq!(journal.is_due(peer(1), 200, at(0)), Some(0));
        for ms in 0..9_999 {
            assert_eq!(journal.is_due(peer(1), 200, at(ms)), None);
        }
        assert_eq!(journal.is_due(peer(1), 100, at(9_999)), Some(0), "another reason");
        assert_eq!(journal.is_due(peer(2), 200, at(9_999)), Some(0), "another source");
        assert_eq!(journal.is_due(peer(1), 200, at(10_000)), Some(9_999));
    }

    #[test]
    fn any_number_of_sources_gets_a_bounded_number_of_lines_and_of_bytes() {
        let mut journal = Journal::default();
        let lines = (0..100_000).filter(|n| journal.is_due(peer(*n), 200, at(1)).is_some()).count();
        // One for each that has a place, one for all others.
        assert_eq!(lines, SOURCES_MAX + 1);
        assert_eq!(journal.lately.len(), SOURCES_MAX + 1);
    }

    #[test]
    fn who_was_silent_for_a_while_makes_room() {
        let mut journal = Journal::default();
        for n in 0..100_000 {
            journal.is_due(peer(n), 200, at(1));
        }
        assert_eq!(journal.is_due(peer(200_000), 200, at(10_001)), Some(0));
        assert!(journal.lately.len() <= 2);
    }
}
