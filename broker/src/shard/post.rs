//! Envelopes out of this shard, and how full the ways are that they take.
//!
//! A shard's mail to itself goes through an inbox of its own, so that nothing calls upwards. The
//! fill of the lanes is the signal that refuses new work before anything that was accepted could
//! be lost: the mark leaves a quarter of a lane for answers and deliveries, which are never
//! refused, because each belongs to something that was let in below the mark.

use std::collections::VecDeque;

use crate::envelope::Envelope;
use crate::event::Mail;
use crate::id::ShardId;
use crate::limits::lane_refuse_at;

/// What leaves a shard.
#[derive(Debug)]
pub(super) struct Post {
    shard: ShardId,
    /// Envelopes to this shard from itself.
    own: VecDeque<Envelope>,
    mail: Vec<Mail>,
    /// Envelopes that wait in each lane: as the worker counted them, and what this turn added.
    waiting: Vec<usize>,
    /// So many waiting in a lane refuse new work for it.
    refuse_at: usize,
}

impl Post {
    pub(super) fn new(shard: ShardId, shards: u16, lane_envelopes: usize) -> Self {
        let waiting = vec![0; usize::from(shards)];
        let refuse_at = lane_refuse_at(lane_envelopes);
        Self { shard, own: VecDeque::new(), mail: Vec::new(), waiting, refuse_at }
    }

    /// Sends an envelope.
    pub(super) fn tell(&mut self, to: ShardId, envelope: Envelope) {
        if to == self.shard {
            self.own.push_back(envelope);
        } else {
            self.waiting[to.index()] += 1;
            self.mail.push(Mail { to, envelope });
        }
    }

    /// The next envelope to this shard itself.
    pub(super) fn take_own(&mut self) -> Option<Envelope> {
        self.own.pop_front()
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
        self.waiting[to.index()] = waiting;
    }

    /// Whether new work for a shard is let in.
    pub(super) fn admits(&self, to: ShardId) -> bool {
        let waiting = if to == self.shard { self.own.len() } else { self.waiting[to.index()] };
        waiting < self.refuse_at
    }
}
