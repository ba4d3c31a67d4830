//! From a room's batches to sockets: one send for each socket and turn.
//!
//! A session that sits in one room and has nothing else to say gets the room's chunk as it is,
//! by reference. Everyone else's pieces are gathered into one contiguous buffer, because a
//! vector of pieces costs the kernel more than the copy costs us. A socket with a send under way
//! is left alone until that is done; what comes meanwhile waits behind its cursor.

use crate::counters::Outcome;
use crate::event::{Effect, Outgoing, Receive};
use crate::id::{ConnectionId, RoomHandle};
use crate::limits::GATHER_BYTES_MAX;
use crate::probe::{self, Bug, Mark};
use crate::room::{Batch, Own};
use crate::session::Stage;
use crate::session::outbound::{Outbound, Seat};
use crate::shard::Shard;
use crate::shard::chunk::{End, Taking};

impl Shard {
    /// Takes in a batch of a room that has occupants here.
    ///
    /// Who published without wanting an echo gets it as a copy without its own words, behind what
    /// waited for it before; everyone else shares the bytes.
    pub(super) fn on_deliver(&mut self, room: RoomHandle, mut batch: Batch) {
        let Some(audience) = self.audiences.find(room) else { return };
        let mut own = core::mem::take(&mut batch.own);
        own.sort_unstable_by_key(|own| (own.session.connection, own.start));
        for own in own.chunk_by(|a, b| a.session == b.session) {
            if !probe::planted(Bug::SettleSkipped) {
                self.settle(own[0].session.connection, audience);
            }
            self.queue_without_own(own, audience, &batch);
        }
        let entry = self.audiences.get_mut(audience);
        let (app, occupants) = (entry.app, u64::from(entry.len()));
        let mut addressed = entry.append(batch).frames;
        for own in own.chunk_by(|a, b| a.session == b.session) {
            let session = self.sessions.get(own[0].session.connection);
            if let Some(occupant) = session.and_then(|own| own.outbound.occupant_of(audience)) {
                entry.skip(occupant);
            }
        }
        if !entry.dirty {
            entry.dirty = true;
            self.audiences_dirty.push(audience);
        }
        addressed.scale(occupants);
        self.counters_mut(app).count_all(Outcome::Addressed, &addressed);
    }

    /// Queues a batch for the session that published some of it, without that.
    fn queue_without_own(&mut self, own: &[Own], audience: u32, batch: &Batch) {
        let connection = own[0].session.connection;
        let published = batch.classes_of(own);
        let now = self.now.instant;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let Some((seat, caps, out)) = session.outbound.borrow(audience, &mut self.spare) else {
            return;
        };
        probe::mark(Mark::OwnLeftOut);
        let entry = self.audiences.get(audience);
        let mut copying = entry.copying(seat, Taking { caps, now, out, end: End::Detached });
        copying.copy(&batch.bytes, batch.first_seq, &batch.runs, own);
        let skipped = copying.finish(seat, false);
        let app = entry.app;
        self.count_skipped(app, &skipped);
        self.counters_mut(app).count_all(Outcome::Own, &published);
        if skipped.cap.total() > 0 {
            self.set_session_timer(connection);
        }
        self.mark_dirty(connection);
    }

    /// Takes in the last batch of a room: everyone gets what is left of it and is out.
    pub(super) fn on_end(&mut self, room: RoomHandle, batch: Batch) {
        self.on_deliver(room, batch);
        let Some(audience) = self.audiences.find(room) else { return };
        if probe::planted(Bug::EndIgnored) {
            return;
        }
        self.fan_out_one(audience, usize::MAX);
        while self.audiences.contains(audience) {
            let connection = self.audiences.get(audience).connection(0);
            self.settle(connection, audience);
            let session = self.sessions.get(connection).expect("an occupant has a session");
            let user = session.identity().expect("an occupant is open").user;
            self.unseat(connection, audience);
            if let Some(user) = self.users.get_mut(user) {
                user.forget_room(room);
            }
        }
    }

    /// Sends each audience's new chunks to its occupants, as far as this turn goes: what is left
    /// goes on in the next, so that a big room does not keep the others waiting.
    pub(super) fn fan_out(&mut self) {
        let mut dirty = core::mem::take(&mut self.audiences_dirty);
        dirty.retain(|audience| {
            if !self.audiences.contains(*audience) || !self.audiences.get(*audience).dirty {
                return false;
            }
            self.visits_left = self.fan_out_one(*audience, self.visits_left);
            self.audiences.get(*audience).dirty
        });
        if !dirty.is_empty() {
            probe::mark(Mark::Sliced);
        }
        self.audiences_dirty = dirty;
    }

    /// Looks at so many occupants of an audience at most. Gives how many are left of those.
    pub(super) fn fan_out_one(&mut self, audience: u32, mut visits: usize) -> usize {
        let entry = self.audiences.get_mut(audience);
        while visits > 0
            && let Some(occupant) = entry.visit()
        {
            visits -= 1;
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
            } else if !outbound.dirty && entry.is_behind(occupant) {
                outbound.dirty = true;
                self.sessions_dirty.push(connection);
            }
        }
        entry.dirty = entry.is_unvisited();
        visits
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
        session.outbound.dirty = false;
        if !session.outbound.sending {
            let Some(outgoing) = self.gather(connection) else {
                return self.shut_down_if_leaving(connection);
            };
            if let Some(session) = self.sessions.get_mut(connection) {
                session.outbound.sending = true;
            }
            self.effects.push(Effect::Send { connection, outgoing });
        }
        self.press(connection);
    }

    /// All that waits for a session, in one piece: its own frames, then those of its rooms. A
    /// room's chunk alone stays shared.
    fn gather(&mut self, connection: ConnectionId) -> Option<Outgoing> {
        let outbound = &mut self.sessions.get_mut(connection)?.outbound;
        if outbound.is_straight() {
            let seat = &outbound.seats[0];
            let audience = self.audiences.get_mut(seat.audience);
            if let Some(chunk) = audience.take_single(seat.occupant) {
                return Some(Outgoing::Shared(chunk));
            }
        }
        let mut gathered = outbound.take();
        for place in 0..outbound.seats.len() {
            self.gather_seat(connection, place, &mut gathered);
        }
        (!gathered.is_empty()).then_some(Outgoing::Own(gathered))
    }

    /// Gathers what waits for a session in one of its rooms. One that has caught up gets
    /// everything again.
    fn gather_seat(&mut self, connection: ConnectionId, place: usize, gathered: &mut Vec<u8>) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let Outbound { seats, caps, .. } = &mut session.outbound;
        let seat = &mut seats[place];
        let audience = self.audiences.get_mut(seat.audience);
        let due = seat.lag.as_ref().is_some_and(|lag| lag.is_due());
        if !audience.is_behind(seat.occupant) && !due {
            return;
        }
        if gathered.capacity() == 0 {
            *gathered = self.spare.pop().unwrap_or_default();
        }
        probe::mark(Mark::Gathered);
        let (caps, now) = (caps.as_deref_mut(), self.now.instant);
        let taking = Taking { caps, now, out: gathered, end: End::CaughtUp };
        let skipped = audience.take_copies(seat, taking, GATHER_BYTES_MAX);
        let app = audience.app;
        self.count_skipped(app, &skipped);
        if skipped.cap.total() > 0 {
            self.set_session_timer(connection);
        }
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
        let waits = |seat: &Seat| {
            seat.lag.as_ref().is_some_and(|lag| lag.is_due())
                || self.audiences.get(seat.audience).is_behind(seat.occupant)
        };
        if outbound.queued_bytes() > 0 || session.is_leaving() || outbound.seats.iter().any(waits) {
            self.mark_dirty(connection);
        }
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
