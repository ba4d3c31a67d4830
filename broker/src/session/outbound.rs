//! What waits for one socket: the session's own frames, and its seats in rooms.
//!
//! A room's frames do not wait here. They wait once per shard, in the room's audience, and a
//! seat there is a cursor into them; so a session that reads slowly costs a few words. Only what
//! is the session's alone (replies, pushes to it) is queued here, as one contiguous piece.
//!
//! At most one send is under way: two on one full socket come out of order.

use smallvec::SmallVec;

use crate::class::Keep;
use crate::id::Badge;
use crate::session::caps::Caps;
use crate::session::lag::Lag;

/// What waits for one socket.
#[derive(Debug, Default)]
pub struct Outbound {
    queued: Vec<u8>,
    /// Bytes of the newest frame of its own, which are not held against it.
    newest_bytes: u32,
    /// Bytes that were asked for at once, as a room's history, and are not held against it either.
    granted_bytes: u32,
    /// Whether a send is under way.
    pub sending: bool,
    /// Whether the session is on this turn's list of those to be flushed.
    pub dirty: bool,
    /// Where the session sits: one seat for each room it occupies, in the order of joining.
    pub seats: SmallVec<[Seat; 1]>,
    /// How much it may be given in a second, if that is limited.
    pub caps: Option<Box<Caps>>,
}

/// A session's place in an audience.
#[derive(Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which audience.
    pub audience: u32,
    /// Which of its occupants.
    pub occupant: u32,
    /// What the session is called in the room.
    pub badge: Badge,
    /// How it is behind there, once it reads too slowly.
    pub lag: Option<Box<Lag>>,
}

impl Seat {
    /// What the session still gets of the room.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.lag.as_ref().map_or(Keep::All, |lag| lag.keep)
    }

    /// Lets the session have no more than that of the room until it has caught up.
    pub fn press(&mut self, keep: Keep) {
        let lag = self.lag.get_or_insert_with(|| Box::new(Lag { keep, gap: None }));
        lag.keep = lag.keep.max(keep);
    }
}

impl Outbound {
    /// The queue, to append whole frames to. Takes a buffer from `spare` if it has none.
    pub fn queue(&mut self, spare: &mut Vec<Vec<u8>>) -> &mut Vec<u8> {
        if self.queued.capacity() == 0
            && let Some(buffer) = spare.pop()
        {
            self.queued = buffer;
        }
        self.newest_bytes = 0;
        &mut self.queued
    }

    /// Appends one frame of the session's own, which `write` writes.
    pub fn push(&mut self, spare: &mut Vec<Vec<u8>>, write: impl FnOnce(&mut Vec<u8>)) {
        let queue = self.queue(spare);
        let before = queue.len();
        write(queue);
        let bytes = self.queued.len() - before;
        self.newest_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    /// Appends what the session asked for in one piece, however much it is.
    pub fn push_granted(&mut self, spare: &mut Vec<Vec<u8>>, write: impl FnOnce(&mut Vec<u8>)) {
        self.push(spare, write);
        self.granted_bytes = self.granted_bytes.saturating_add(self.newest_bytes);
        self.newest_bytes = 0;
    }

    /// Bytes that are queued.
    #[must_use]
    pub const fn queued_bytes(&self) -> usize {
        self.queued.len()
    }

    /// Bytes that are queued and held against the session: all but the newest frame and what it
    /// asked for.
    #[must_use]
    pub const fn counted_bytes(&self) -> usize {
        self.queued.len() - self.newest_bytes as usize - self.granted_bytes as usize
    }

    /// Takes all that is queued, and the buffer with it: a session for which nothing waits
    /// keeps none.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.newest_bytes = 0;
        self.granted_bytes = 0;
        core::mem::take(&mut self.queued)
    }

    /// Whether a room's batch can go straight to the socket: nothing else wants to go with it,
    /// and nothing of it is to be left out.
    #[must_use]
    pub fn is_straight(&self) -> bool {
        self.queued.is_empty()
            && self.seats.len() == 1
            && self.seats[0].lag.is_none()
            && self.caps.is_none()
    }

    /// What is needed to queue a copy of a room's frames: the seat there, the caps, the queue.
    pub fn borrow(
        &mut self,
        audience: u32,
        spare: &mut Vec<Vec<u8>>,
    ) -> Option<(&mut Seat, Option<&mut Caps>, &mut Vec<u8>)> {
        let place = self.seats.iter().position(|seat| seat.audience == audience)?;
        self.queue(spare);
        let Self { seats, caps, queued, .. } = self;
        Some((&mut seats[place], caps.as_deref_mut(), queued))
    }

    /// Which occupant of that audience it is.
    #[must_use]
    pub fn occupant_of(&self, audience: u32) -> Option<u32> {
        self.seats.iter().find(|seat| seat.audience == audience).map(|seat| seat.occupant)
    }

    /// The seat in that audience.
    pub fn seat_mut(&mut self, audience: u32) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.audience == audience)
    }
}
