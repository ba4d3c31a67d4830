//! What waits for one socket: the session's own frames, and its seats in rooms.
//!
//! A room's frames do not wait here. They wait once per shard, in the room's audience, and a
//! seat there is a cursor into them; so a session that reads slowly costs a few words. Only what
//! is the session's alone (replies, pushes to it) is queued here, as one contiguous piece.
//!
//! At most one send is under way: two on one full socket come out of order.

use smallvec::SmallVec;

use crate::id::Badge;

/// What waits for one socket.
#[derive(Debug, Default)]
pub struct Outbound {
    queued: Vec<u8>,
    /// Whether a send is under way.
    pub sending: bool,
    /// Whether the session is on this turn's list of those to be flushed.
    pub dirty: bool,
    /// Where the session sits: one seat for each room it occupies, in the order of joining.
    pub seats: SmallVec<[Seat; 1]>,
}

/// A session's place in an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Which audience.
    pub audience: u32,
    /// Which of its occupants.
    pub occupant: u32,
    /// What the session is called in the room.
    pub badge: Badge,
}

impl Outbound {
    /// The queue, to append whole frames to. Takes a buffer from `spare` if it has none.
    pub fn queue(&mut self, spare: &mut Vec<Vec<u8>>) -> &mut Vec<u8> {
        if self.queued.capacity() == 0
            && let Some(buffer) = spare.pop()
        {
            self.queued = buffer;
        }
        &mut self.queued
    }

    /// Bytes that are queued.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.queued.len()
    }

    /// Takes all that is queued, and the buffer with it: a session for which nothing waits
    /// keeps none.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.queued)
    }

    /// Whether a room's batch can go straight to the socket: nothing else wants to go with it.
    #[must_use]
    pub fn is_straight(&self) -> bool {
        self.queued.is_empty() && self.seats.len() == 1
    }

    /// The seat in that audience.
    #[must_use]
    pub fn seat_in(&self, audience: u32) -> Option<Seat> {
        self.seats.iter().find(|seat| seat.audience == audience).copied()
    }
}
