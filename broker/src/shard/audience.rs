//! The occupants of one room on one shard, and the room's frames that wait for them.
//!
//! Frames wait once, as chunks that all occupants share; an occupant has a cursor. A chunk is a
//! batch as the room's home sealed it, so a cursor always stands between two whole frames. What
//! everyone has taken is not kept.

use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use hashbrown::HashMap;

use crate::class::{ByClass, Class};
use crate::id::{AppId, ConnectionId, RoomHandle};
use crate::probe::{self, Bug};
use crate::room::Batch;
use crate::session::outbound::Seat;
use crate::shard::chunk::{Chunk, Copying, End, Extent, Skipped, Taking};

/// The occupants of one room on this shard.
#[derive(Debug)]
pub(super) struct Audience {
    /// The room.
    pub(super) room: RoomHandle,
    /// Its id.
    pub(super) name: Box<str>,
    /// Its epoch.
    pub(super) epoch: u64,
    /// Its app.
    pub(super) app: AppId,
    /// Whether it is on the list of those to fan out.
    pub(super) dirty: bool,
    /// How many occupants are still to be looked at since the last chunk came, and who is next.
    unvisited: u32,
    next: u32,
    occupants: Vec<Occupant>,
    chunks: VecDeque<Chunk>,
    /// The number of the first chunk; chunks are numbered from the audience's beginning.
    first: u64,
    /// All that the room ever said to this shard.
    end: Extent,
    /// How many occupants have not taken the last chunk.
    behind: usize,
}

#[derive(Debug, Clone, Copy)]
struct Occupant {
    connection: ConnectionId,
    /// The number of the chunk it takes next.
    cursor: u64,
}

/// What an audience is opened with.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) room: RoomHandle,
    pub(super) name: Box<str>,
    pub(super) epoch: u64,
    pub(super) app: AppId,
}

impl Audience {
    fn new(opening: Opening) -> Self {
        let Opening { room, name, epoch, app } = opening;
        Self {
            room,
            name,
            epoch,
            app,
            dirty: false,
            unvisited: 0,
            next: 0,
            occupants: Vec::new(),
            chunks: VecDeque::new(),
            first: 0,
            end: Extent::default(),
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
        if self.unvisited > 0 {
            // It may be looked at in the place of one who was not yet.
            self.unvisited += 1;
        }
        occupant
    }

    /// Unseats an occupant and drops what waited for it. The last occupant takes its number:
    /// gives the connection of that one.
    pub(super) fn unseat(&mut self, occupant: u32) -> Option<ConnectionId> {
        self.skip(occupant);
        self.occupants.swap_remove(occupant as usize);
        if self.unvisited > 0 {
            // Whoever took the place may not have been looked at yet: all are, once more.
            self.unvisited = self.len();
        }
        self.occupants.get(occupant as usize).map(|moved| moved.connection)
    }

    /// The next occupant to look at since the last chunk came; `None` once all were.
    pub(super) fn visit(&mut self) -> Option<u32> {
        self.unvisited = self.unvisited.checked_sub(1)?;
        let occupant = if self.next < self.len() { self.next } else { 0 };
        self.next = occupant + 1;
        Some(occupant)
    }

    /// Whether there is an occupant to look at.
    pub(super) const fn is_unvisited(&self) -> bool {
        self.unvisited > 0
    }

    /// Puts a batch behind all others; everyone is behind now. Gives how much it is.
    pub(super) fn append(&mut self, batch: Batch) -> Extent {
        let mut chunk = Chunk::new(batch, self.end);
        chunk.awaited_by = self.occupants.len() - self.behind;
        self.behind = self.occupants.len();
        self.unvisited = self.len();
        let end = chunk.end();
        let size = end.since(&self.end);
        self.end = end;
        self.chunks.push_back(chunk);
        self.release();
        size
    }

    /// Whether anything waits for an occupant.
    pub(super) fn is_behind(&self, occupant: u32) -> bool {
        self.occupants[occupant as usize].cursor < self.tail()
    }

    /// How much waits for an occupant.
    pub(super) fn backlog(&self, occupant: u32) -> Extent {
        self.between(occupant, &self.end)
    }

    /// The same without the newest chunk.
    pub(super) fn backlog_before_newest(&self, occupant: u32) -> Extent {
        self.chunks
            .back()
            .map_or_else(Extent::default, |newest| self.between(occupant, &newest.start))
    }

    fn between(&self, occupant: u32, end: &Extent) -> Extent {
        let cursor = self.occupants[occupant as usize].cursor;
        let next = self.chunks.get(self.place(cursor));
        next.map_or_else(Extent::default, |chunk| end.since(&chunk.start))
    }

    /// What waits for all occupants together.
    pub(super) fn waiting(&self) -> ByClass<u64> {
        let mut frames = ByClass::default();
        for chunk in &self.chunks {
            let waiting = self.end.since(&chunk.start).frames;
            for class in Class::ALL {
                *frames.of_mut(class) += waiting.of(class) * chunk.awaited_by as u64;
            }
        }
        frames
    }

    /// The one chunk that waits for an occupant, to be sent as it is; `None` if none or several
    /// do. The occupant has taken it then.
    pub(super) fn take_single(&mut self, occupant: u32) -> Option<Rc<Bytes>> {
        let tail = self.tail();
        let own = &mut self.occupants[occupant as usize];
        if own.cursor + 1 != tail {
            return None;
        }
        let newest = self.chunks.back_mut()?;
        let bytes = Rc::clone(&newest.bytes);
        if probe::planted(Bug::DeliveredTwice) {
            return Some(bytes);
        }
        // What `advance` does, where it is done for every delivery.
        own.cursor = tail;
        newest.awaited_by -= 1;
        self.behind -= 1;
        if newest.awaited_by == 0 {
            self.release();
        }
        Some(bytes)
    }

    /// Copies what the session of a seat is to get of the chunks that wait for it, until there
    /// are none or there are `bytes_max` bytes. It has taken them then. Gives what was skipped.
    pub(super) fn take_copies(
        &mut self,
        seat: &mut Seat,
        taking: Taking<'_>,
        bytes_max: usize,
    ) -> Skipped {
        let cursor = self.occupants[seat.occupant as usize].cursor;
        // The newest chunk is not held against a session, so it stays where it is.
        let stop = self.chunks.len() - usize::from(taking.end == End::Detached);
        let mut copying = self.copying(seat, taking);
        let mut taken = 0;
        for chunk in self.chunks.range(self.place(cursor)..stop) {
            if copying.bytes() >= bytes_max {
                break;
            }
            copying.copy(&chunk.bytes, chunk.first_seq, &chunk.runs, &[]);
            taken += 1;
        }
        let caught_up = cursor + taken == self.tail();
        let skipped = copying.finish(seat, caught_up);
        self.advance(seat.occupant, cursor + taken);
        skipped
    }

    /// Begins to copy for the session of a seat.
    pub(super) fn copying<'a>(&'a self, seat: &Seat, taking: Taking<'a>) -> Copying<'a> {
        Copying::new(&self.name, self.epoch, seat, taking)
    }

    /// Lets an occupant pass over all that waits for it.
    pub(super) fn skip(&mut self, occupant: u32) {
        self.advance(occupant, self.tail());
    }

    fn advance(&mut self, occupant: u32, to: u64) {
        let from = core::mem::replace(&mut self.occupants[occupant as usize].cursor, to);
        if from == to {
            return;
        }
        let (from, to) = (self.place(from), self.place(to));
        self.chunks[from].awaited_by -= 1;
        match self.chunks.get_mut(to) {
            Some(next) => next.awaited_by += 1,
            None => self.behind -= 1,
        }
        if from == 0 {
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

    /// Drops what everyone has taken.
    fn release(&mut self) {
        while self.chunks.front().is_some_and(|chunk| chunk.awaited_by == 0) {
            self.chunks.pop_front();
            self.first += 1;
        }
    }

    fn invariants(&self) {
        let behind = self.occupants.iter().filter(|own| own.cursor < self.tail()).count();
        assert_eq!(behind, self.behind, "those behind are counted");
        for (number, chunk) in (self.first..).zip(&self.chunks) {
            let awaited_by = self.occupants.iter().filter(|own| own.cursor == number).count();
            assert_eq!(awaited_by, chunk.awaited_by, "those who take a chunk next are counted");
        }
        let kept_for = self.chunks.front().map_or(1, |chunk| chunk.awaited_by);
        assert!(kept_for > 0, "nothing is kept that nobody waits for");
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
    pub(super) fn open(&mut self, opening: Opening) -> u32 {
        let room = opening.room;
        self.find(room).unwrap_or_else(|| {
            let audience = u32::try_from(self.all.insert(Audience::new(opening)))
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

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Audience> {
        self.all.iter().map(|(_, audience)| audience)
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
    use throng_protocol::push::Push;

    use super::*;
    use crate::class::Keep;
    use crate::id::{Badge, MemberHandle, ShardId};
    use crate::room::{Run, Runs};
    use crate::slots::Slot;
    use crate::time::Instant;

    fn audience(occupants: u32) -> Audience {
        let slot = Slot { index: 0, generation: 0 };
        let room = RoomHandle { shard: ShardId(0), slot };
        let mut audience =
            Audience::new(Opening { room, name: "r".into(), epoch: 1, app: AppId(0) });
        for slot in 0..occupants {
            audience.seat(ConnectionId { slot, generation: 0 });
        }
        audience
    }

    /// A batch of frames of so many bytes and that class; the bodies are the numbers.
    fn batch(first_seq: u64, frames: &[(Class, &[u8])]) -> Batch {
        let (mut bytes, mut runs) = (Vec::new(), Runs::new());
        for (class, body) in frames {
            bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(body);
            runs.push(Run { class: *class, frames: 1, end: u32::try_from(bytes.len()).unwrap() });
        }
        Batch { bytes: bytes.into(), first_seq, runs, own: Default::default() }
    }

    fn one(body: &'static [u8]) -> Batch {
        batch(1, &[(Class::High, body)])
    }

    fn taking(out: &mut Vec<u8>) -> Taking<'_> {
        Taking { caps: None, now: Instant::ZERO, out, end: End::CaughtUp }
    }

    fn seat_of(occupant: u32) -> Seat {
        let badge = Badge { member: MemberHandle(Slot { index: 0, generation: 0 }), visit: 0 };
        Seat { audience: 0, occupant, badge, lag: None }
    }

    #[test]
    fn nothing_is_kept_once_everyone_has_taken_it() {
        let mut audience = audience(2);
        audience.append(one(b"abc"));
        assert_eq!(audience.take_single(0).unwrap()[4..], *b"abc");
        let bytes = |occupant| audience.backlog(occupant).bytes.total();
        assert_eq!((bytes(0), bytes(1)), (0, 7));
        assert_eq!(audience.chunks.len(), 1);
        assert!(audience.take_single(1).is_some());
        assert!(audience.chunks.is_empty());
        audience.invariants();
    }

    #[test]
    fn one_who_is_always_a_little_behind_does_not_make_it_grow() {
        let mut audience = audience(2);
        for _ in 0..100 {
            audience.append(one(b"abc"));
            audience.skip(0);
            if audience.chunks.len() > 2 {
                audience.take_copies(&mut seat_of(1), taking(&mut Vec::new()), 1);
            }
            assert!(audience.chunks.len() <= 3);
            audience.invariants();
        }
    }

    #[test]
    fn one_who_was_behind_gets_all_of_it_in_order() {
        let mut audience = audience(2);
        for body in [&b"ab"[..], b"cd", b"ef"] {
            audience.append(one(body));
            audience.skip(0);
        }
        assert!(audience.take_single(1).is_none(), "three are waiting");
        let mut out = Vec::new();
        audience.take_copies(&mut seat_of(1), taking(&mut out), 7);
        assert_eq!(out, b"\x02\0\0\0ab\x02\0\0\0cd", "a chunk is never cut");
        assert_eq!(audience.backlog(1).bytes.total(), 6);
        audience.take_copies(&mut seat_of(1), taking(&mut out), usize::MAX);
        assert!(out.ends_with(b"ef"));
        assert!(audience.chunks.is_empty());
        audience.invariants();
    }

    #[test]
    fn who_is_pressed_gets_what_is_kept_and_is_told_of_each_hole_before_what_follows_it() {
        use Class::{High, Low, Protected};
        let mut audience = audience(1);
        let frames = [(Low, b"1"), (Low, b"2"), (High, b"3"), (Protected, b"4"), (Low, b"5")];
        audience.append(batch(1, &frames.map(|(class, body)| (class, &body[..]))));
        assert_eq!(audience.backlog(0).frames, ByClass([1, 1, 3]));
        audience.append(batch(6, &[(High, b"6")]));
        let mut out = Vec::new();
        let mut seat = seat_of(0);
        seat.press(Keep::Protected);
        let taking = Taking { end: End::Detached, ..taking(&mut out) };
        let skipped = audience.take_copies(&mut seat, taking, usize::MAX);
        assert_eq!(skipped.slow, ByClass([0, 1, 3]));
        let open = seat.lag.unwrap().gap.unwrap();
        assert_eq!((open.from_seq, open.to_seq), (5, 5), "told with what comes next");
        let (told, rest) = throng_protocol::frame::split(&out, usize::MAX).unwrap().unwrap();
        let told = throng_protocol::FromBroker::decode(told).unwrap();
        let throng_protocol::FromBroker::Push(Push::Lagged(told)) = told else {
            panic!("{told:?} is not what was skipped");
        };
        assert_eq!((told.from_seq, told.to_seq, told.high, told.low), (1, 3, 1, 2));
        assert_eq!(rest, [1, 0, 0, 0, b'4']);
        audience.invariants();
    }

    #[test]
    fn everyone_is_looked_at_once_a_chunk_came_whoever_comes_and_goes_meanwhile() {
        let mut audience = audience(3);
        audience.append(one(b"1"));
        assert_eq!((audience.visit(), audience.visit()), (Some(0), Some(1)));
        audience.append(one(b"2"));
        assert_eq!(audience.visit(), Some(2), "it goes on where it was");
        audience.seat(ConnectionId { slot: 9, generation: 0 });
        let seen: Vec<_> = std::iter::from_fn(|| audience.visit()).collect();
        assert_eq!(seen, [3, 0, 1], "the new one and all that were left");
        audience.append(one(b"3"));
        audience.visit();
        audience.unseat(0);
        let mut seen: Vec<_> = std::iter::from_fn(|| audience.visit()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2]);
        assert!(!audience.is_unvisited());
    }

    #[test]
    fn what_waits_for_all_is_counted_by_class() {
        let mut audience = audience(3);
        audience.append(batch(1, &[(Class::Low, b"1"), (Class::High, b"2")]));
        audience.skip(0);
        audience.append(batch(3, &[(Class::High, b"3")]));
        assert_eq!(audience.waiting(), ByClass([0, 2 + 3, 2]));
    }

    #[test]
    fn one_who_leaves_holds_nothing_back_and_the_last_takes_its_number() {
        let mut audience = audience(3);
        audience.append(one(b"x"));
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
        audience.append(one(b"old"));
        let late = audience.seat(ConnectionId { slot: 9, generation: 0 });
        assert!(!audience.is_behind(late));
        audience.append(one(b"new"));
        assert_eq!(audience.take_single(late).unwrap()[4..], *b"new");
        audience.invariants();
    }
}
