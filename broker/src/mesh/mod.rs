//! How workers talk: a bounded lane for each ordered pair of cores, and a doorbell for each
//! worker that sleeps.
//!
//! A lane is one queue, so it keeps its order across classes of messages; what is refused when
//! it fills is decided before anything is sent (see `limits::LANE_REFUSE_AT`). What was let in
//! is never refused any more: what finds its lane full waits on the sender's side, in order, and
//! is moved on every turn. That wait is bounded, because each envelope in it answers or delivers
//! something that passed the mark. A worker never waits for a worker.

mod doorbell;

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::queue::ArrayQueue;

pub use doorbell::Doorbell;

use crate::limits::{LANE_ENVELOPES, LANE_ENVELOPES_PER_TURN};

/// One worker's end of the mesh: its lanes to and from every other, and the doorbells.
#[derive(Debug)]
pub struct Endpoint<T> {
    own: usize,
    outgoing: Vec<Outgoing<T>>,
    incoming: Vec<Arc<ArrayQueue<T>>>,
    bells: Vec<Arc<Doorbell>>,
}

#[derive(Debug)]
struct Outgoing<T> {
    lane: Arc<ArrayQueue<T>>,
    /// What found the lane full, in order.
    waiting: VecDeque<T>,
    /// Whether something was put in since the bell was last rung.
    ring: bool,
}

/// A mesh of so many workers: an endpoint for each.
#[must_use]
pub fn mesh<T>(workers: usize) -> Vec<Endpoint<T>> {
    let bells: Vec<_> = (0..workers).map(|_| Arc::new(Doorbell::default())).collect();
    let lane = || Arc::new(ArrayQueue::new(LANE_ENVELOPES));
    // lanes[from][to]; the lane of a worker to itself is never used.
    let lanes: Vec<Vec<_>> = (0..workers).map(|_| (0..workers).map(|_| lane()).collect()).collect();
    (0..workers)
        .map(|own| Endpoint {
            own,
            outgoing: lanes[own]
                .iter()
                .map(|lane| Outgoing {
                    lane: Arc::clone(lane),
                    waiting: VecDeque::new(),
                    ring: false,
                })
                .collect(),
            incoming: lanes.iter().map(|from| Arc::clone(&from[own])).collect(),
            bells: bells.clone(),
        })
        .collect()
}

impl<T> Endpoint<T> {
    /// This worker's doorbell.
    #[must_use]
    pub fn bell(&self) -> &Arc<Doorbell> {
        &self.bells[self.own]
    }

    /// How many workers there are.
    #[must_use]
    pub const fn workers(&self) -> usize {
        self.bells.len()
    }

    /// How much waits to be taken by another worker.
    #[must_use]
    pub fn waiting(&self, to: usize) -> usize {
        let outgoing = &self.outgoing[to];
        outgoing.lane.len() + outgoing.waiting.len()
    }

    /// Puts something in the lane to another worker.
    pub fn send(&mut self, to: usize, item: T) {
        debug_assert_ne!(to, self.own, "what is for oneself goes through one's own inbox");
        let outgoing = &mut self.outgoing[to];
        outgoing.ring = true;
        if !outgoing.waiting.is_empty() {
            outgoing.waiting.push_back(item);
        } else if let Err(item) = outgoing.lane.push(item) {
            outgoing.waiting.push_back(item);
        }
    }

    /// Moves on what found its lane full, and rings at everyone who got something and sleeps:
    /// at most once each.
    pub fn flush(&mut self) {
        for (outgoing, bell) in self.outgoing.iter_mut().zip(&self.bells) {
            while let Some(item) = outgoing.waiting.pop_front() {
                outgoing.ring = true;
                if let Err(item) = outgoing.lane.push(item) {
                    outgoing.waiting.push_front(item);
                    break;
                }
            }
            if core::mem::take(&mut outgoing.ring) {
                bell.ring();
            }
        }
    }

    /// Whether something found its lane full and still waits on this side.
    #[must_use]
    pub fn is_backed_up(&self) -> bool {
        self.outgoing.iter().any(|outgoing| !outgoing.waiting.is_empty())
    }

    /// Whether something waits to be received.
    #[must_use]
    pub fn has_mail(&self) -> bool {
        self.incoming.iter().any(|lane| !lane.is_empty())
    }

    /// Receives what others have sent, so much from each lane that sockets are not starved.
    pub fn receive(&mut self, mut take: impl FnMut(T)) {
        for lane in &self.incoming {
            for _ in 0..LANE_ENVELOPES_PER_TURN {
                let Some(item) = lane.pop() else { break };
                take(item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_its_lane_full_waits_and_keeps_its_place() {
        let mut ends = mesh::<usize>(2);
        let (mut b, mut a) = (ends.pop().unwrap(), ends.pop().unwrap());
        let total = LANE_ENVELOPES + 100;
        for n in 0..total {
            a.send(1, n);
        }
        assert!(a.is_backed_up());
        assert_eq!(a.waiting(1), total);
        let mut got = Vec::new();
        while got.len() < total {
            b.receive(|n| got.push(n));
            a.flush();
        }
        assert!(got.is_sorted());
        assert!(!a.is_backed_up() && !b.has_mail());
    }

    #[test]
    fn a_turn_takes_no_more_than_its_share() {
        let mut ends = mesh::<usize>(2);
        let (mut b, mut a) = (ends.pop().unwrap(), ends.pop().unwrap());
        for n in 0..=LANE_ENVELOPES_PER_TURN {
            a.send(1, n);
        }
        let mut got = 0;
        b.receive(|_| got += 1);
        assert_eq!(got, LANE_ENVELOPES_PER_TURN);
        assert!(b.has_mail());
    }
}
