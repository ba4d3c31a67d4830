//! Taking sessions out: told to go away, gone by themselves, or with the whole node.

use core::time::Duration;

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::GoAway;
use throng_protocol::refusal::{Code, Refusal};

use crate::envelope::Envelope;
use crate::event::Effect;
use crate::id::{ConnectionId, SessionKey};
use crate::limits::{DRAIN_DEADLINE, DRAIN_RETRY_SPREAD, DRAIN_SETTLE};
use crate::session::Identity;
use crate::shard::timers::Due;
use crate::shard::{Drain, Shard};

impl Shard {
    /// Tells a session to go away. It gets what waits for it and then the reason, and is gone
    /// once it read that or had time to.
    pub(super) fn dismiss(&mut self, connection: ConnectionId, code: Code, detail: &str) {
        self.dismiss_with(connection, Refusal::new(code).because(detail));
    }

    fn dismiss_with(&mut self, connection: ConnectionId, refusal: Refusal<'_>) {
        let Some(session) = self.sessions.get(connection) else {
            return;
        };
        if session.is_leaving() {
            return;
        }
        let seats: Vec<u32> = session.outbound.seats.iter().map(|seat| seat.audience).collect();
        for audience in seats {
            if refusal.code != Code::LAGGING {
                self.settle(connection, audience);
            }
        }
        let now = self.now.instant;
        let session = self.sessions.get_mut(connection).expect("found above");
        if let Some(identity) = session.leave(now) {
            self.depart(connection, &identity);
        }
        self.queue(connection, &FromBroker::GoAway(GoAway::new(refusal)));
        self.set_session_timer(connection);
    }

    /// A connection is gone.
    pub(super) fn on_closed(&mut self, connection: ConnectionId) {
        let now = self.now.instant;
        let Some(session) = self.sessions.get_mut(connection) else {
            return;
        };
        if let Some(identity) = session.leave(now) {
            self.depart(connection, &identity);
        }
        self.sessions.remove(connection);
    }

    /// Takes an authenticated session out of its rooms and off its user.
    fn depart(&mut self, connection: ConnectionId, identity: &Identity) {
        let session = SessionKey { shard: self.settings.id, connection };
        while let Some(seat) =
            self.sessions.get(connection).and_then(|own| own.outbound.seats.last())
        {
            let audience = seat.audience;
            let room = self.audiences.get(audience).room;
            self.unseat(connection, audience);
            let user = self.users.get_mut(identity.user).expect("it lives as long as we do");
            let member = user.membership(room).expect("who has a seat is a member").member;
            let others = user.sessions.iter().filter(|own| **own != connection);
            let occupied = others
                .filter_map(|other| self.sessions.get(*other))
                .any(|other| other.outbound.seat_in(audience).is_some());
            if !occupied {
                user.rooms.retain(|own| own.room != room);
            }
            self.post.tell(room.shard, Envelope::Vacate { room, member, session });
        }
        if let Some(user) = self.users.get_mut(identity.user) {
            user.sessions.retain(|own| *own != connection);
        }
        self.forget_user(identity.user.0);
    }

    /// Sends away those for whom more waits than may.
    pub(super) fn dismiss_lagging(&mut self) {
        let mut lagging = core::mem::take(&mut self.lagging);
        for connection in lagging.drain(..) {
            self.dismiss(connection, Code::LAGGING, "");
        }
        self.lagging = lagging;
    }

    /// The node is going down. First what was accepted is seen through to its receivers, on all
    /// shards; then everyone is told, with a time to come back that is spread at random.
    pub(super) fn on_drain(&mut self) {
        if self.drain == Drain::Serving {
            self.drain = Drain::Settling;
            self.timers.set(self.now.instant + DRAIN_SETTLE, Due::Drain);
        }
    }

    pub(super) fn on_drain_timer(&mut self) {
        match self.drain {
            Drain::Serving | Drain::Over => {}
            Drain::Settling => {
                self.drain = Drain::Leaving;
                for connection in self.sessions.connections() {
                    self.dismiss_draining(connection);
                }
                self.timers.set(self.now.instant + DRAIN_DEADLINE, Due::Drain);
            }
            Drain::Leaving => {
                self.drain = Drain::Over;
                for connection in self.sessions.connections() {
                    self.effects.push(Effect::Close { connection });
                }
            }
        }
    }

    pub(super) fn dismiss_draining(&mut self, connection: ConnectionId) {
        let spread_ms = u64::try_from(DRAIN_RETRY_SPREAD.as_millis()).unwrap_or(u64::MAX);
        let wait = Duration::from_millis(1 + self.random.below(spread_ms));
        self.dismiss_with(connection, Refusal::new(Code::DRAINING).retry_after(wait));
    }
}
