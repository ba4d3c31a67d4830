//! From a room's batches to sockets: one send for each socket and turn.
//!
//! A session that sits in one room and has nothing else to say gets the room's chunk as it is,
//! by reference. Everyone else's pieces are gathered into one contiguous buffer, because a
//! vector of pieces costs the kernel more than the copy costs us. A socket with a send under way
//! is left alone until that is done; what comes meanwhile waits behind its cursor.

use crate::event::{Effect, Outgoing, Receive};
use crate::id::{ConnectionId, RoomHandle};
use crate::limits::{GATHER_BYTES_MAX, OUTBOUND_PAUSE_DIVISOR};
use crate::probe::{self, Bug, Mark};
use crate::room::{Batch, Own};
use crate::session::Stage;
use crate::session::outbound::{Outbound, Seat};
use crate::shard::Shard;
use crate::shard::audience::Audiences;

impl Shard {
    /// Takes in a batch of a room that has occupants here.
    ///
    /// Who published without wanting an echo gets it as a copy without its own words, behind what
    /// waited for it before; everyone else shares the bytes.
    pub(super) fn on_deliver(&mut self, room: RoomHandle, batch: Batch) {
        let Some(audience) = self.audiences.find(room) else { return };
        let Batch { bytes, mut own } = batch;
        own.sort_unstable_by_key(|own| (own.session.connection, own.start));
        for own in own.chunk_by(|a, b| a.session == b.session) {
            if !probe::planted(Bug::SettleSkipped) {
                self.settle(own[0].session.connection, audience);
            }
            self.queue_without_own(own, audience, &bytes);
        }
        let entry = self.audiences.get_mut(audience);
        entry.append(bytes);
        for own in own.chunk_by(|a, b| a.session == b.session) {
            let session = self.sessions.get(own[0].session.connection);
            if let Some(seat) = session.and_then(|own| own.outbound.seat_in(audience)) {
                entry.skip(seat.occupant);
            }
        }
        if !entry.dirty {
            entry.dirty = true;
            self.audiences_dirty.push(audience);
        }
    }

    /// Queues a batch for the session that published some of it, without that.
    fn queue_without_own(&mut self, own: &[Own], audience: u32, bytes: &[u8]) {
        let connection = own[0].session.connection;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if session.outbound.seat_in(audience).is_none() {
            return;
        }
        probe::mark(Mark::OwnLeftOut);
        let queue = session.outbound.queue(&mut self.spare);
        let mut done = 0;
        for own in own {
            queue.extend_from_slice(&bytes[done..own.start as usize]);
            done = own.end as usize;
        }
        queue.extend_from_slice(&bytes[done..]);
        self.mark_dirty(connection);
    }

    /// Takes in the last batch of a room: everyone gets what is left of it and is out.
    pub(super) fn on_end(&mut self, room: RoomHandle, batch: Batch) {
        self.on_deliver(room, batch);
        let Some(audience) = self.audiences.find(room) else { return };
        if probe::planted(Bug::EndIgnored) {
            return;
        }
        self.fan_out_one(audience);
        while self.audiences.contains(audience) {
            let connection = self.audiences.get(audience).connection(0);
            self.settle(connection, audience);
            let session = self.sessions.get(connection).expect("an occupant has a session");
            let user = session.identity().expect("an occupant is open").user;
            self.unseat(connection, audience);
            if let Some(user) = self.users.get_mut(user) {
                user.rooms.retain(|own| own.room != room);
            }
        }
    }

    /// Sends each audience's new chunks to its occupants.
    pub(super) fn fan_out(&mut self) {
        let mut dirty = core::mem::take(&mut self.audiences_dirty);
        for audience in dirty.drain(..) {
            if self.audiences.contains(audience) && self.audiences.get(audience).dirty {
                self.fan_out_one(audience);
            }
        }
        self.audiences_dirty = dirty;
    }

    fn fan_out_one(&mut self, audience: u32) {
        let entry = self.audiences.get_mut(audience);
        entry.dirty = false;
        for occupant in 0..entry.len() {
            let connection = entry.connection(occupant);
            let Some(session) = self.sessions.get_mut(connection) else { continue };
            let outbound = &mut session.outbound;
            if !outbound.sending
                && outbound.is_straight()
                && let Some(bytes) = entry.take_single(occupant)
            {
                outbound.sending = true;
                let outgoing = Outgoing::Shared(bytes);
                self.effects.push(Effect::Send { connection, outgoing });
            } else if !outbound.dirty {
                outbound.dirty = true;
                self.sessions_dirty.push(connection);
            }
        }
    }

    /// Sends each session that is marked what waits for it.
    pub(super) fn flush_sessions(&mut self) {
        let mut dirty = core::mem::take(&mut self.sessions_dirty);
        for connection in dirty.drain(..) {
            self.flush(connection);
        }
        self.sessions_dirty = dirty;
    }

    fn flush(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let outbound = &mut session.outbound;
        outbound.dirty = false;
        if !outbound.sending {
            let Some(outgoing) = gather(outbound, &mut self.audiences, &mut self.spare) else {
                return self.shut_down_if_leaving(connection);
            };
            outbound.sending = true;
            self.effects.push(Effect::Send { connection, outgoing });
        }
        self.bound(connection);
    }

    /// Holds what waits behind a send to its bound: a session that does not take its replies is
    /// not read from, and if more waits all the same than may, it has to go.
    fn bound(&mut self, connection: ConnectionId) {
        let outbound_bytes_max = self.settings.outbound_bytes_max;
        let waiting = self.waiting_bytes(connection);
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if session.is_leaving() {
            return;
        }
        let queued = session.outbound.queued_bytes();
        if waiting > outbound_bytes_max as u64 {
            self.lagging.push(connection);
        } else if queued > outbound_bytes_max / OUTBOUND_PAUSE_DIVISOR && !session.paused {
            probe::mark(Mark::Paused);
            session.paused = true;
            self.effects.push(Effect::Pause { connection });
        }
    }

    /// Bytes that wait for a session: its own frames, and those of its rooms.
    pub(super) fn waiting_bytes(&self, connection: ConnectionId) -> u64 {
        let Some(session) = self.sessions.get(connection) else { return 0 };
        let seats = session.outbound.seats.iter();
        let backlog = seats.map(|own| self.audiences.get(own.audience).backlog_bytes(own.occupant));
        session.outbound.queued_bytes() as u64 + backlog.sum::<u64>()
    }

    /// The send that was under way is finished: there may be more.
    pub(super) fn on_sent(&mut self, connection: ConnectionId, spare: Option<Vec<u8>>) {
        if let Some(spare) = spare {
            self.keep_spare(spare);
        }
        let Some(session) = self.sessions.get_mut(connection) else { return };
        session.outbound.sending = false;
        if session.paused && !session.is_leaving() {
            session.paused = false;
            self.effects.push(Effect::Resume { connection, receive: Receive::Always });
        }
        let outbound = &session.outbound;
        let behind = |seat: &Seat| self.audiences.get(seat.audience).is_behind(seat.occupant);
        if outbound.queued_bytes() > 0 || session.is_leaving() || outbound.seats.iter().any(behind)
        {
            self.mark_dirty(connection);
        }
    }

    /// Moves what waits for a session in a room to the session's own queue, so that what is
    /// queued next comes after it.
    pub(super) fn settle(&mut self, connection: ConnectionId, audience: u32) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let Some(seat) = session.outbound.seat_in(audience) else { return };
        let audience = self.audiences.get_mut(audience);
        if audience.is_behind(seat.occupant) {
            probe::mark(Mark::Settled);
            let queue = session.outbound.queue(&mut self.spare);
            audience.take_copies(seat.occupant, queue, usize::MAX);
            self.mark_dirty(connection);
        }
    }

    /// Takes a session's seat in a room away, with all that waits for it there.
    pub(super) fn unseat(&mut self, connection: ConnectionId, audience: u32) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let Some(seat) = session.outbound.seat_in(audience) else { return };
        session.outbound.seats.retain(|own| own.audience != audience);
        let moved = self.audiences.get_mut(audience).unseat(seat.occupant);
        let moved = moved.and_then(|connection| self.sessions.get_mut(connection));
        if let Some(moved) = moved
            && let Some(own) = moved.outbound.seats.iter_mut().find(|own| own.audience == audience)
        {
            own.occupant = seat.occupant;
        }
        self.audiences.close_if_empty(audience);
    }

    fn shut_down_if_leaving(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if let Stage::Leaving { shut_down } = &mut session.stage
            && !*shut_down
        {
            *shut_down = true;
            self.effects.push(Effect::Shutdown { connection });
        }
    }
}

/// All that waits for a session, in one piece: its own frames, then those of its rooms. A
/// room's chunk alone stays shared.
fn gather(
    outbound: &mut Outbound,
    audiences: &mut Audiences,
    spare: &mut Vec<Vec<u8>>,
) -> Option<Outgoing> {
    if outbound.is_straight()
        && let Some(chunk) =
            audiences.get_mut(outbound.seats[0].audience).take_single(outbound.seats[0].occupant)
    {
        return Some(Outgoing::Shared(chunk));
    }
    let mut gathered = outbound.take();
    for seat in &outbound.seats {
        let audience = audiences.get_mut(seat.audience);
        if audience.is_behind(seat.occupant) {
            if gathered.capacity() == 0 {
                gathered = spare.pop().unwrap_or_default();
            }
            probe::mark(Mark::Gathered);
            audience.take_copies(seat.occupant, &mut gathered, GATHER_BYTES_MAX);
        }
    }
    (!gathered.is_empty()).then_some(Outgoing::Own(gathered))
}
