//! Sessions that read too slowly: what they still get, and when they have to go (spec 6).
//!
//! What waits for a session behind its send is held against two marks and a bound. Past the low
//! mark it gets nothing of class low, neither of what waits nor of what comes; past the high mark
//! only what is protected; and where even that would be over the bound it is cut off. It costs the
//! others nothing: a cursor stands still, and moves on once the room would have to keep too much
//! for it.

use crate::class::{ByClass, Keep};
use crate::counters::Outcome;
use crate::event::Effect;
use crate::id::{AppId, ConnectionId};
use crate::limits::{OUTBOUND_PAUSE_DIVISOR, skip_high_at, skip_low_at};
use crate::probe::{self, Mark};
use crate::shard::Shard;
use crate::shard::chunk::{End, Skipped, Taking};

impl Shard {
    /// Holds what waits behind a send to its bounds. A session that does not take its replies is
    /// not read from, so that it gets no new ones.
    pub(super) fn press(&mut self, connection: ConnectionId) {
        let bytes_max = self.settings.outbound_bytes_max;
        let Some(session) = self.sessions.get(connection) else { return };
        if !session.outbound.sending || session.is_leaving() {
            return;
        }
        if self.counted_bytes(connection) > skip_low_at(bytes_max) as u64 {
            self.press_seats(connection, Keep::High);
            if self.counted_bytes(connection) > skip_high_at(bytes_max) as u64 {
                self.press_seats(connection, Keep::Protected);
            }
        }
        self.detach(connection);
        if self.counted_bytes(connection) > bytes_max as u64 {
            self.lagging.push(connection);
            return;
        }
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if session.outbound.queued_bytes() > bytes_max / OUTBOUND_PAUSE_DIVISOR && !session.paused {
            probe::mark(Mark::Paused);
            session.paused = true;
            self.effects.push(Effect::Pause { connection });
        }
    }

    /// Bytes that wait for a session and are held against it: not the newest frame of its own,
    /// not the newest batch of a room, and not what it will not get any more.
    pub(super) fn counted_bytes(&self, connection: ConnectionId) -> u64 {
        let Some(session) = self.sessions.get(connection) else { return 0 };
        let backlogs = session.outbound.seats.iter().map(|seat| {
            let audience = self.audiences.get(seat.audience);
            audience.backlog_before_newest(seat.occupant).bytes.kept(seat.keep())
        });
        session.outbound.counted_bytes() as u64 + backlogs.sum::<u64>()
    }

    fn press_seats(&mut self, connection: ConnectionId, keep: Keep) {
        probe::mark(if keep == Keep::High { Mark::PressedLow } else { Mark::PressedHigh });
        let Some(session) = self.sessions.get_mut(connection) else { return };
        for seat in &mut session.outbound.seats {
            seat.press(keep);
        }
    }

    /// Lets rooms forget what they kept for a session, once that is more than may wait for it.
    /// What it is to get of that goes to its own queue; the rest is the gap it will be told of.
    fn detach(&mut self, connection: ConnectionId) {
        let (bytes_max, now) = (self.settings.outbound_bytes_max as u64, self.now.instant);
        let Some(session) = self.sessions.get_mut(connection) else { return };
        for place in 0..session.outbound.seats.len() {
            let seat = &session.outbound.seats[place];
            let number = seat.audience;
            let audience = self.audiences.get_mut(number);
            let behind = audience.backlog_before_newest(seat.occupant);
            if seat.lag.is_none() || behind.bytes.total() <= bytes_max {
                continue;
            }
            probe::mark(Mark::Detached);
            let Some((seat, caps, out)) = session.outbound.borrow(number, &mut self.spare) else {
                continue;
            };
            let taking = Taking { caps, now, out, end: End::Detached };
            let skipped = audience.take_copies(seat, taking, usize::MAX);
            let counters = &mut self.counters[usize::from(audience.app.0)];
            counters.count_all(Outcome::SkippedSlow, &skipped.slow);
            counters.count_all(Outcome::SkippedCap, &skipped.cap);
        }
    }

    /// Moves what waits for a session in a room to the session's own queue, so that what is
    /// queued next comes after it.
    pub(super) fn settle(&mut self, connection: ConnectionId, audience: u32) {
        let now = self.now.instant;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let entry = self.audiences.get_mut(audience);
        let seat = session.outbound.seat_mut(audience);
        if !seat.is_some_and(|seat| seat.lag.is_some() || entry.is_behind(seat.occupant)) {
            return; // Before a buffer is taken that nothing would fill.
        }
        let Some((seat, caps, out)) = session.outbound.borrow(audience, &mut self.spare) else {
            return;
        };
        probe::mark(Mark::Settled);
        let taking = Taking { caps, now, out, end: End::Settled };
        let skipped = entry.take_copies(seat, taking, usize::MAX);
        let app = entry.app;
        self.count_skipped(app, &skipped);
        self.mark_dirty(connection);
    }

    /// The same for all rooms of the session.
    pub(super) fn settle_all(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get(connection) else { return };
        let seats: Vec<u32> = session.outbound.seats.iter().map(|seat| seat.audience).collect();
        for audience in seats {
            self.settle(connection, audience);
        }
    }

    /// Takes a session's seat in a room away, with all that waits for it there.
    pub(super) fn unseat(&mut self, connection: ConnectionId, audience: u32) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let Some(occupant) = session.outbound.occupant_of(audience) else { return };
        session.outbound.seats.retain(|own| own.audience != audience);
        let entry = self.audiences.get_mut(audience);
        let (app, cut) = (entry.app, entry.backlog(occupant).frames);
        let moved = entry.unseat(occupant);
        let moved = moved.and_then(|connection| self.sessions.get_mut(connection));
        if let Some(seat) = moved.and_then(|moved| moved.outbound.seat_mut(audience)) {
            seat.occupant = occupant;
        }
        self.audiences.close_if_empty(audience);
        if cut != ByClass::default() {
            self.counters_mut(app).count_all(Outcome::Cut, &cut);
        }
    }

    pub(super) fn count_skipped(&mut self, app: AppId, skipped: &Skipped) {
        let counters = self.counters_mut(app);
        counters.count_all(Outcome::SkippedSlow, &skipped.slow);
        counters.count_all(Outcome::SkippedCap, &skipped.cap);
    }
}
