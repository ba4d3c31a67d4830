//! What one session sees of one room while it occupies it: where it came in, what follows its join,
//! and how far it got.
//!
//! Each entry must be the next one. What may be missing is the session's own, was skipped and told,
//! or lies before the messages that a join brought as history.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use throng_protocol::Code;

use crate::checker::{Placed, Position};

/// How a session came into a room: what it asked for and what it was answered.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The room's epoch.
    pub epoch: u64,
    /// The position.
    pub seq: u64,
    /// How many entries up to there follow.
    pub entries: u32,
    /// How many messages it asked for.
    pub history: u8,
    /// From where on it wanted to resume, epoch and place.
    pub resumed: Option<(u64, u64)>,
    /// Why it could not.
    pub recovery: Code,
    /// How many entries it misses.
    pub missed: u64,
}

/// What one session sees of one room while it occupies it.
#[derive(Debug)]
pub struct View {
    arrival: Arrival,
    /// The last place that was seen.
    last_seq: u64,
    /// How many entries up to the arrival are still to come.
    behind: u32,
    /// The last of those that came.
    behind_seq: Option<u64>,
    /// Those that came.
    replayed: Vec<u64>,
    /// Places of own messages, which are not delivered to the session.
    own: BTreeSet<u64>,
    /// Places of messages with ids, which are the session's own or come from another one.
    perhaps_own: BTreeSet<u64>,
}

impl Arrival {
    /// Whether it goes on where it was.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.resumed.is_some() && self.recovery == Code::NONE
    }

    /// What a session sees from there on.
    ///
    /// # Panics
    /// When the answer does not fit what was asked.
    #[must_use]
    pub fn view(self) -> View {
        assert!(self.epoch != 0, "{self:?}: an epoch is never 0");
        assert!(u64::from(self.entries) <= self.seq, "{self:?}: more entries than there were");
        match self.resumed {
            Some((epoch, seq)) if self.is_recovered() => {
                assert_eq!(epoch, self.epoch, "{self:?}: another room cannot be gone on with");
                let follow = u64::from(self.entries);
                assert_eq!(seq + follow, self.seq, "{self:?}: all that was missed follows");
                assert_eq!(self.missed, 0, "{self:?}: then nothing is missing");
            }
            Some(_) => assert_eq!(self.recovery, Code::NOT_RECOVERED, "{self:?}"),
            None => assert_eq!((self.recovery, self.missed), (Code::NONE, 0), "{self:?}"),
        }
        let fits = self.is_recovered() || self.entries <= self.history.into();
        assert!(fits, "{self:?}: more history than was asked for");
        let view = View {
            arrival: self,
            last_seq: self.seq,
            behind: self.entries,
            behind_seq: None,
            replayed: Vec::new(),
            own: BTreeSet::new(),
            perhaps_own: BTreeSet::new(),
        };
        view.check_arrived();
        view
    }
}

impl View {
    /// The life of the room that is seen.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.arrival.epoch
    }

    /// The last place that was seen, or at which the session came in.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The places of what came behind the join, in order.
    #[must_use]
    pub fn replayed(&self) -> &[u64] {
        &self.replayed
    }

    /// From where on a later session resumes: the highest place that was seen.
    #[must_use]
    pub fn position(&self) -> (u64, u64) {
        let begins = match self.arrival.resumed {
            Some((_, seq)) if self.arrival.is_recovered() => seq,
            _ => self.arrival.seq,
        };
        let seq = if self.behind > 0 { self.behind_seq.unwrap_or(begins) } else { self.last_seq };
        (self.arrival.epoch, seq)
    }

    /// The session's own message has this place and is not delivered to it.
    pub fn record_own(&mut self, epoch: u64, seq: u64) {
        if epoch == self.arrival.epoch {
            self.own.insert(seq);
        }
    }

    /// The session's message with an id has this place; perhaps another session published it first,
    /// and it is delivered all the same.
    pub fn record_perhaps_own(&mut self, epoch: u64, seq: u64) {
        if epoch == self.arrival.epoch {
            self.perhaps_own.insert(seq);
        }
    }

    /// The place at which the session came in.
    #[must_use]
    pub const fn arrived_at(&self) -> u64 {
        self.arrival.seq
    }

    /// Whether everything up to a place was seen or is the session's own.
    #[must_use]
    pub fn is_complete(&self, seq: u64) -> bool {
        let is_own = |seq| self.own.contains(&seq) || self.perhaps_own.contains(&seq);
        self.behind == 0 && (self.last_seq + 1..=seq).all(is_own)
    }

    /// An entry comes: one of those behind the join while there are any, then the next one.
    ///
    /// # Panics
    /// When it is another one.
    pub(crate) fn take(&mut self, position: &Position, is_message: bool) -> Placed {
        let Position { epoch, seq, .. } = *position;
        assert_eq!(epoch, self.arrival.epoch, "{position:?} is of another life of the room (I5)");
        if self.behind > 0 {
            self.take_behind(position, is_message);
            return Placed::Behind;
        }
        assert!(seq > self.last_seq, "{position:?} after {} (I1, I2, I6)", self.last_seq);
        assert!(!self.own.contains(&seq), "{position:?} is the session's own");
        assert!(self.is_complete(seq - 1), "{position:?} follows a hole after {self:?} (I7)");
        self.last_seq = seq;
        Placed::Live
    }

    fn take_behind(&mut self, position: &Position, is_message: bool) {
        let seq = position.seq;
        let Arrival { resumed, .. } = self.arrival;
        assert!(seq <= self.arrival.seq, "{position:?} is new, and {self:?} waits for old ones");
        if let (Some((_, from)), true) = (resumed, self.arrival.is_recovered()) {
            let before = self.behind_seq.unwrap_or(from);
            assert_eq!(seq, before + 1, "{position:?} is not what {self:?} missed next (I2, I7)");
        } else {
            let rises = self.behind_seq.is_none_or(|before| before < seq);
            assert!(rises, "{position:?} in the history of {self:?} (I1, I2)");
            assert!(is_message, "{position:?}: history holds messages only");
        }
        self.behind -= 1;
        self.behind_seq = Some(seq);
        self.replayed.push(seq);
        self.check_arrived();
    }

    /// All that follows a join is there: what is missing is as much as was told.
    fn check_arrived(&self) {
        let Arrival { resumed, recovery, missed, epoch, seq, .. } = self.arrival;
        if self.behind > 0 || recovery != Code::NOT_RECOVERED {
            return;
        }
        let missing = match resumed {
            Some((from_epoch, from)) if from_epoch == epoch => {
                let came = self.replayed.iter().filter(|place| **place > from).count();
                seq - from - came as u64
            }
            _ => 0,
        };
        assert_eq!(missed, missing, "what {self:?} misses is told");
    }

    /// Places are told to have been skipped.
    ///
    /// # Panics
    /// When they cannot have been.
    pub(crate) fn skip(&mut self, epoch: u64, range: RangeInclusive<u64>) {
        let (from, to) = (*range.start(), *range.end());
        assert_eq!(epoch, self.arrival.epoch, "{range:?} is of another life of the room (I5)");
        assert!(from <= to && from > self.last_seq, "{range:?} after {self:?} (I7)");
        assert!(self.is_complete(from - 1), "{range:?} follows a hole in {self:?} (I7)");
        assert!(range.clone().all(|seq| !self.own.contains(&seq)), "{range:?}: own words");
        self.last_seq = to;
    }
}
