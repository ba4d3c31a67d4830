//! The occupants of one room on one shard, and the room's frames that wait for them.
//!
//! Frames wait once, as chunks that all occupants share; an occupant has a cursor. A chunk is a
//! batch as the room's home sealed it, so a cursor always stands between two whole frames. As
//! soon as nobody is behind, nothing is kept.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use hashbrown::HashMap;

use crate::id::{ConnectionId, RoomHandle};
use crate::probe::{self, Bug};

/// The occupants of one room on this shard.
#[derive(Debug)]
pub(super) struct Audience {
    /// The room.
    pub(super) room: RoomHandle,
    /// Its id.
    pub(super) name: Box<str>,
    /// Whether it is on this turn's list of those to fan out.
    pub(super) dirty: bool,
    occupants: Vec<Occupant>,
    chunks: VecDeque<Chunk>,
    /// The number of the first chunk; chunks are numbered from the audience's beginning.
    first: u64,
    /// Bytes of all chunks ever.
    end_bytes: u64,
    /// How many occupants have not taken the last chunk.
    behind: usize,
}

#[derive(Debug, Clone, Copy)]
struct Occupant {
    connection: ConnectionId,
    /// The number of the chunk it takes next.
    cursor: u64,
}

#[derive(Debug)]
struct Chunk {
    bytes: Rc<Bytes>,
    /// Bytes of all chunks before this one.
    start_bytes: u64,
}

impl Audience {
    fn new(room: RoomHandle, name: Box<str>) -> Self {
        Self {
            room,
            name,
            dirty: false,
            occupants: Vec::new(),
            chunks: VecDeque::new(),
            first: 0,
            end_bytes: 0,
            behind: 0,
        }
    }

    /// How many occupants there are; they are numbered from 0.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.occupants.len()).expect("a shard has fewer than 2^32 connections")
    }

    /// The connection of an occupant.
    pub(super) fn connection(&self, occupant: u32) -> ConnectionId {
        self.occupants[occupant as usize].connection
    }

    /// Seats a connection. The next chunk is the first it takes.
    pub(super) fn seat(&mut self, connection: ConnectionId) -> u32 {
        let occupant = self.len();
        self.occupants.push(Occupant { connection, cursor: self.tail() });
        occupant
    }

    /// Unseats an occupant and drops what waited for it. The last occupant takes its number:
    /// gives the connection of that one.
    pub(super) fn unseat(&mut self, occupant: u32) -> Option<ConnectionId> {
        self.skip(occupant);
        self.occupants.swap_remove(occupant as usize);
        self.occupants.get(occupant as usize).map(|moved| moved.connection)
    }

    /// Puts a chunk behind all others; everyone is behind now.
    pub(super) fn append(&mut self, bytes: Bytes) {
        let start_bytes = self.end_bytes;
        self.end_bytes += bytes.len() as u64;
        self.chunks.push_back(Chunk { bytes: Rc::new(bytes), start_bytes });
        self.behind = self.occupants.len();
        self.release();
    }

    /// Whether anything waits for an occupant.
    pub(super) fn is_behind(&self, occupant: u32) -> bool {
        self.occupants[occupant as usize].cursor < self.tail()
    }

    /// How much waits for an occupant.
    pub(super) fn backlog_bytes(&self, occupant: u32) -> u64 {
        let cursor = self.occupants[occupant as usize].cursor;
        match self.chunks.get(self.place(cursor)) {
            Some(chunk) => self.end_bytes - chunk.start_bytes,
            None => 0,
        }
    }

    /// The one chunk that waits for an occupant, to be sent as it is; `None` if none or several
    /// do. The occupant has taken it then.
    pub(super) fn take_single(&mut self, occupant: u32) -> Option<Rc<Bytes>> {
        if self.occupants[occupant as usize].cursor + 1 != self.tail() {
            return None;
        }
        let bytes = Rc::clone(&self.chunks.back()?.bytes);
        if probe::planted(Bug::DeliveredTwice) {
            return Some(bytes);
        }
        self.skip(occupant);
        Some(bytes)
    }

    /// Copies chunks that wait for an occupant to `out`, until there are none or `out` has that
    /// many bytes. The occupant has taken them then.
    pub(super) fn take_copies(&mut self, occupant: u32, out: &mut Vec<u8>, bytes_max: usize) {
        let cursor = self.occupants[occupant as usize].cursor;
        let mut taken = 0;
        for chunk in self.chunks.range(self.place(cursor)..) {
            if out.len() >= bytes_max {
                break;
            }
            out.extend_from_slice(&chunk.bytes);
            taken += 1;
        }
        if cursor + taken == self.tail() {
            self.skip(occupant);
        } else {
            self.occupants[occupant as usize].cursor += taken;
        }
    }

    /// Lets an occupant pass over all that waits for it.
    pub(super) fn skip(&mut self, occupant: u32) {
        let tail = self.tail();
        let cursor = &mut self.occupants[occupant as usize].cursor;
        if *cursor < tail {
            *cursor = tail;
            self.behind -= 1;
            self.release();
        }
    }

    /// The number of the next chunk.
    fn tail(&self) -> u64 {
        self.first + self.chunks.len() as u64
    }

    fn place(&self, cursor: u64) -> usize {
        usize::try_from(cursor - self.first).expect("no cursor is further back than memory")
    }

    fn release(&mut self) {
        if self.behind == 0 {
            self.first = self.tail();
            self.chunks.clear();
        }
    }

    fn invariants(&self) {
        let behind = self.occupants.iter().filter(|own| own.cursor < self.tail()).count();
        assert_eq!(behind, self.behind, "those behind are counted");
        assert!(self.occupants.iter().all(|own| own.cursor >= self.first));
        assert!(!self.occupants.is_empty(), "an audience without occupants is closed");
    }
}

/// All audiences of a shard.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    all: slab::Slab<Audience>,
    by_room: HashMap<RoomHandle, u32, foldhash::fast::FixedState>,
}

impl Audiences {
    /// The audience of a room, if anyone here occupies it.
    pub(super) fn find(&self, room: RoomHandle) -> Option<u32> {
        self.by_room.get(&room).copied()
    }

    /// The audience of a room, opened if need be. It must get an occupant at once.
    pub(super) fn open(&mut self, room: RoomHandle, name: Box<str>) -> u32 {
        self.find(room).unwrap_or_else(|| {
            let audience = u32::try_from(self.all.insert(Audience::new(room, name)))
                .expect("memory ends before 2^32 audiences");
            self.by_room.insert(room, audience);
            audience
        })
    }

    /// The audience at a place, which is known to be taken.
    pub(super) fn get(&self, audience: u32) -> &Audience {
        &self.all[audience as usize]
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, audience: u32) -> &mut Audience {
        &mut self.all[audience as usize]
    }

    /// Whether a place is taken.
    pub(super) fn contains(&self, audience: u32) -> bool {
        self.all.contains(audience as usize)
    }

    /// Closes an audience that has lost its last occupant.
    pub(super) fn close_if_empty(&mut self, audience: u32) {
        if self.get(audience).occupants.is_empty() {
            let gone = self.all.remove(audience as usize);
            self.by_room.remove(&gone.room);
        }
    }

    /// Checks what must hold between any two turns.
    pub(super) fn invariants(&self) {
        assert_eq!(self.all.len(), self.by_room.len());
        for (_, audience) in &self.all {
            audience.invariants();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ShardId;
    use crate::slots::Slot;

    fn audience(occupants: u32) -> Audience {
        let slot = Slot { index: 0, generation: 0 };
        let mut audience = Audience::new(RoomHandle { shard: ShardId(0), slot }, "r".into());
        for slot in 0..occupants {
            audience.seat(ConnectionId { slot, generation: 0 });
        }
        audience
    }

    #[test]
    fn nothing_is_kept_once_everyone_has_taken_it() {
        let mut audience = audience(2);
        audience.append(Bytes::from_static(b"abc"));
        assert_eq!(audience.take_single(0).unwrap().as_ref(), "abc");
        assert_eq!((audience.backlog_bytes(0), audience.backlog_bytes(1)), (0, 3));
        assert_eq!(audience.chunks.len(), 1);
        assert!(audience.take_single(1).is_some());
        assert!(audience.chunks.is_empty());
        audience.invariants();
    }

    #[test]
    fn one_who_was_behind_gets_all_of_it_in_order() {
        let mut audience = audience(2);
        for bytes in [&b"ab"[..], b"cd", b"ef"] {
            audience.append(Bytes::from_static(bytes));
            audience.skip(0);
        }
        assert!(audience.take_single(1).is_none(), "three are waiting");
        let mut out = Vec::new();
        audience.take_copies(1, &mut out, 3);
        assert_eq!(out, b"abcd", "a chunk is never cut");
        assert_eq!(audience.backlog_bytes(1), 2);
        audience.take_copies(1, &mut out, usize::MAX);
        assert_eq!(out, b"abcdef");
        assert!(audience.chunks.is_empty());
        audience.invariants();
    }

    #[test]
    fn one_who_leaves_holds_nothing_back_and_the_last_takes_its_number() {
        let mut audience = audience(3);
        audience.append(Bytes::from_static(b"x"));
        audience.skip(1);
        audience.skip(2);
        assert_eq!(audience.unseat(0), Some(ConnectionId { slot: 2, generation: 0 }));
        assert!(audience.chunks.is_empty());
        assert_eq!(audience.unseat(1), None);
        audience.invariants();
    }

    #[test]
    fn one_who_comes_gets_only_what_comes_after() {
        let mut audience = audience(1);
        audience.append(Bytes::from_static(b"old"));
        let late = audience.seat(ConnectionId { slot: 9, generation: 0 });
        assert!(!audience.is_behind(late));
        audience.append(Bytes::from_static(b"new"));
        assert_eq!(audience.take_single(late).unwrap().as_ref(), "new");
        audience.invariants();
    }
}
