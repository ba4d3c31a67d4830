//! Envelopes out of this shard, and how full the ways are that they take.
//!
//! A shard's mail to itself goes through an inbox of its own, so that nothing calls upwards. The
//! fill of the lanes is a signal that sheds new work before anything that was accepted could be
//! lost: low messages first, then high ones, and at three quarters everything. The last quarter
//! is for answers and deliveries, which are never refused, because each belongs to something that
//! was let in below the mark.

use std::collections::VecDeque;

use crate::envelope::Envelope;
use crate::event::Mail;
use crate::id::ShardId;
use crate::limits::lane_marks;
use crate::shard::load::{Level, Levels};

/// As many lanes' worth of envelopes may wait for the shard itself before that is too much.
const OWN_INBOX_LANES: u64 = 4;

/// Envelopes that the inbox has room for from the start.
const OWN_ENVELOPES: usize = 64;

/// What leaves a shard.
#[derive(Debug)]
pub(super) struct Post {
    shard: ShardId,
    /// Envelopes to this shard from itself.
    own: VecDeque<Envelope>,
    mail: Vec<Mail>,
    lanes: Vec<Lane>,
    marks: Levels,
}

/// One way out of the shard.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    /// Envelopes that wait in it: as the worker counted them, and what this turn added.
    waiting: usize,
    level: Level,
}

impl Post {
    pub(super) fn new(shard: ShardId, shards: u16, lane_envelopes: usize) -> Self {
        Self {
            shard,
            own: VecDeque::with_capacity(OWN_ENVELOPES),
            mail: Vec::new(),
            lanes: vec![Lane::default(); usize::from(shards)],
            marks: Levels(lane_marks(lane_envelopes).map(|mark| mark as u64)),
        }
    }

    /// Sends an envelope.
    pub(super) fn tell(&mut self, to: ShardId, envelope: Envelope) {
        let waiting = if to == self.shard {
            self.own.push_back(envelope);
            self.own.len()
        } else {
            self.mail.push(Mail { to, envelope });
            self.lanes[to.index()].waiting + 1
        };
        self.set_waiting(to, waiting);
    }

    /// The next envelope to this shard itself.
    pub(super) fn take_own(&mut self) -> Option<Envelope> {
        let envelope = self.own.pop_front();
        self.set_waiting(self.shard, self.own.len());
        envelope
    }

    /// Whether there is one.
    pub(super) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// The envelopes to others. Empty afterwards.
    pub(super) fn take_mail(&mut self) -> impl Iterator<Item = Mail> {
        self.mail.drain(..)
    }

    /// Notes how many envelopes wait in a lane.
    pub(super) fn set_waiting(&mut self, to: ShardId, waiting: usize) {
        let lane = &mut self.lanes[to.index()];
        lane.waiting = waiting;
        // The inbox is no lane: it cannot overflow, and it is emptied before the turn ends.
        let divisor = if to == self.shard { OWN_INBOX_LANES } else { 1 };
        lane.level = self.marks.next(lane.level, waiting as u64 / divisor);
    }

    /// What is shed on the way to a shard.
    pub(super) fn level(&self, to: ShardId) -> Level {
        self.lanes[to.index()].level
    }
}
