//! One worker's end of the mesh: what it has sent and not yet rung for, and what was sent to it.
//!
//! A worker sends while it handles its turn, and flushes once at the end. Before it sleeps it
//! lies down, and then asks [`Endpoint::has_mail`]. Never blocks, and never drops anything.
//!
//! Everything that threads share comes from [`super::sync`], so that a test can put this file
//! over other atomics.

use std::collections::VecDeque;
use std::sync::Arc;

use super::doorbell::Doorbell;
use super::sync::ArrayQueue;
use crate::limits::LANE_ENVELOPES_PER_TURN;
use crate::probe::{self, Bug, Mark};

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

/// A mesh of so many workers, with lanes for so many envelopes: an endpoint for each.
#[must_use]
pub fn mesh<T>(workers: usize, lane_envelopes: usize) -> Vec<Endpoint<T>> {
    let bells: Vec<_> = (0..workers).map(|_| Arc::new(Doorbell::default())).collect();
    let lane = || Arc::new(ArrayQueue::new(lane_envelopes));
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
        if !outgoing.waiting.is_empty() && !probe::planted(Bug::LaneOvertaken) {
            outgoing.waiting.push_back(item);
        } else if let Err(item) = outgoing.lane.push(item) {
            probe::mark(Mark::LaneFull);
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
            if core::mem::take(&mut outgoing.ring) && !probe::planted(Bug::LostWakeUp) {
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
