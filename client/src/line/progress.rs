//! How far a client got in a room's order: what it has seen, what it is still to be sent of what it
//! missed, and which places are its own messages, of which it hears by their `Accepted` alone.
//!
//! One for each seat. It answers two questions: from where to go on after a loss, and whether an
//! entry is news. It knows nothing of requests or connections.

use std::collections::BTreeSet;

use crate::reply::{Joined, Position};

/// Places of own messages that are kept. More than that wait only while a room is silent and this
/// client publishes to it faster than it is answered; of those a loss may show the oldest again.
const OWN_MAX: usize = 4096;

/// How far a client got in a room's order.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// Everything up to here was seen, since the client came in.
    seen: Position,
    /// The next entry may have any place before: it is the first of the room's history.
    begins: bool,
    /// Where it came in.
    joined: Position,
    /// How many entries up to there are still to come.
    awaited: u32,
    /// Places of own messages beyond `seen`.
    own: BTreeSet<u64>,
}

impl Progress {
    /// The room is joined; if that was asked for from a position, what came after it follows.
    pub(super) fn joined(joined: &Joined, from: Option<Position>) -> Self {
        let mut progress = Self {
            seen: from.unwrap_or(joined.position()),
            begins: false,
            joined: joined.position(),
            awaited: 0,
            own: BTreeSet::new(),
        };
        progress.record_joined(joined);
        progress.begins |= from.is_none() && joined.entries > 0;
        progress
    }

    /// The last place that was seen.
    pub(super) const fn position(&self) -> Position {
        self.seen
    }

    /// The room is joined again, from where this is.
    pub(super) fn record_joined(&mut self, joined: &Joined) {
        self.joined = joined.position();
        self.awaited = joined.entries;
        self.begins = self.seen.epoch != joined.epoch;
        if self.begins {
            self.own.clear();
        }
        if self.begins || joined.entries == 0 {
            self.begins &= joined.entries > 0;
            self.seen = joined.position();
            self.pass_own();
        }
    }

    /// An entry came. Says whether it is news: neither seen before nor the client's own words.
    pub(super) fn record_entry(&mut self, entry: Position) -> bool {
        let is_same_room = entry.epoch == self.seen.epoch;
        let is_own = is_same_room && self.own.contains(&entry.seq);
        let is_new = self.begins || !is_same_room || entry.seq > self.seen.seq;
        if is_new {
            self.seen = entry;
            self.begins = false;
        }
        if self.awaited > 0 && entry.epoch == self.joined.epoch {
            self.awaited -= 1;
            if self.awaited == 0 && self.seen.seq < self.joined.seq {
                self.seen = self.joined;
            }
        }
        self.pass_own();
        is_new && !is_own
    }

    /// Everything up to there was skipped.
    pub(super) fn record_skipped(&mut self, to: Position) {
        self.seen = to;
        self.pass_own();
    }

    /// A message of the client's own has its place, and is not delivered to it.
    pub(super) fn record_own(&mut self, place: Position) {
        if place.epoch == self.seen.epoch && place.seq > self.seen.seq {
            self.own.insert(place.seq);
            if self.own.len() > OWN_MAX {
                self.own.pop_first();
            }
            self.pass_own();
        }
    }

    /// Own places right behind what was seen count as seen, and those before it are history.
    fn pass_own(&mut self) {
        if self.begins {
            return;
        }
        self.own = self.own.split_off(&self.seen.seq.saturating_add(1));
        while self.own.first() == self.seen.seq.checked_add(1).as_ref() {
            self.seen.seq += 1;
            self.own.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::joined;

    const fn at(seq: u64) -> Position {
        Position { epoch: 1, seq }
    }

    fn joined_with(seq: u64, entries: u32) -> Joined {
        Joined { entries, ..joined("lobby", seq) }
    }

    #[test]
    fn a_place_is_reached_by_its_entry_or_by_an_own_message_right_behind() {
        let mut progress = Progress::joined(&joined_with(10, 0), None);
        progress.record_own(at(11));
        assert_eq!(progress.position(), at(11));
        progress.record_own(at(14));
        assert_eq!(progress.position(), at(11), "12 and 13 are on their way");
        assert!(progress.record_entry(at(12)) && progress.record_entry(at(13)));
        assert_eq!(progress.position(), at(14));
    }

    #[test]
    fn an_own_message_is_no_news_after_a_loss() {
        let mut progress = Progress::joined(&joined_with(10, 0), None);
        progress.record_own(at(12));
        progress.record_joined(&joined_with(13, 3));
        let news = [11, 12, 13].map(|seq| progress.record_entry(at(seq)));
        assert_eq!(news, [true, false, true]);
        assert_eq!(progress.position(), at(13));
    }

    #[test]
    fn a_loss_amid_what_was_missed_goes_on_from_there() {
        let mut progress = Progress::joined(&joined_with(10, 0), None);
        progress.record_joined(&joined_with(20, 8));
        assert_eq!(progress.position(), at(10));
        progress.record_entry(at(11));
        progress.record_entry(at(13));
        assert_eq!(progress.position(), at(13));
        progress.record_joined(&joined_with(21, 2));
        progress.record_entry(at(15));
        progress.record_entry(at(18));
        assert_eq!(progress.position(), at(21), "all that was to come has come");
    }

    #[test]
    fn what_was_seen_before_is_no_news_when_history_brings_it_again() {
        let mut progress = Progress::joined(&joined_with(10, 0), None);
        progress.record_joined(&joined_with(12, 4));
        let news = [9, 10, 11, 12].map(|seq| progress.record_entry(at(seq)));
        assert_eq!(news, [false, false, true, true]);
        let mut fresh = Progress::joined(&joined_with(12, 2), None);
        assert!(fresh.record_entry(at(11)) && fresh.record_entry(at(12)), "all of it is history");
        assert_eq!(fresh.position(), at(12));
    }

    #[test]
    fn another_room_of_the_same_name_begins_anew() {
        let mut progress = Progress::joined(&joined_with(10, 0), None);
        progress.record_own(at(12));
        let other = Joined { epoch: 2, ..joined_with(3, 2) };
        progress.record_joined(&other);
        let news = [2, 3].map(|seq| progress.record_entry(Position { epoch: 2, seq }));
        assert_eq!(news, [true, true]);
        assert_eq!(progress.position(), other.position());
    }
}
