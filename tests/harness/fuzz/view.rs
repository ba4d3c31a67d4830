//! A room as one session has seen it since it joined: which entries came, in which order, and
//! whether all that are owed did.

use std::collections::BTreeSet;

use throng_protocol::reply::Joined;

/// What was seen of a room since joining it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) epoch: u64,
    /// The position at which the session came in.
    joined: u64,
    /// How many entries up to that were promised.
    promised: usize,
    /// The place of the last entry.
    pub(super) last: u64,
    delivered: BTreeSet<u64>,
    /// Accepted, and not to be delivered to this session.
    own: BTreeSet<u64>,
}

impl View {
    /// The session came in, and what it is promised begins after an entry.
    pub(super) fn joined(joined: &Joined<'_>, after: u64) -> Self {
        let (delivered, own) = (BTreeSet::new(), BTreeSet::new());
        let promised = joined.entries as usize;
        Self { epoch: joined.epoch, joined: joined.seq, promised, last: after, delivered, own }
    }

    /// The newest entry that it knows of.
    pub(super) fn known(&self) -> u64 {
        self.own.last().copied().unwrap_or_default().max(self.last).max(self.joined)
    }

    /// Its own words have that place and do not come back.
    pub(super) fn note_own(&mut self, seq: u64) {
        self.own.insert(seq);
    }

    /// Takes entries in that came, or of which it was told that they do not. Says whether they are
    /// the next ones: in the room's order, and what was promised before what is new.
    pub(super) fn take(&mut self, epoch: u64, (from, to): (u64, u64)) -> bool {
        let promised_came = from <= self.joined || self.replayed() == self.promised;
        let next = self.epoch == epoch && self.last < from && promised_came;
        self.last = to;
        self.delivered.extend(from..=to);
        next
    }

    fn replayed(&self) -> usize {
        self.delivered.range(..=self.joined).count()
    }

    pub(super) fn check(&self, silent: u64) {
        assert_eq!(self.replayed(), self.promised, "what a join promised comes: {self:?}");
        let new = || self.delivered.range(self.joined + 1..);
        assert!(!new().any(|seq| self.own.contains(seq)), "own words come back only as an echo");
        let own = self.own.range(self.joined + 1..).count() as u64;
        let seen = new().count() as u64 + own + silent;
        assert!(self.known() - self.joined <= seen, "a hole that nobody announced (I7): {self:?}");
    }
}
