//! Taking sessions out: told to go away, gone by themselves, or with the whole node.

use core::time::Duration;

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::GoAway;
use throng_protocol::refusal::{Code, Refusal};

use crate::envelope::Envelope;
use crate::event::Effect;
use crate::id::{ConnectionId, RoomHandle, SessionKey, UserHandle};
use crate::limits::{DRAIN_DEADLINE, DRAIN_RETRY_SPREAD, DRAIN_SETTLE};
use crate::probe::{self, Mark};
use crate::session::{Identity, Session};
use crate::shard::timers::Due;
use crate::shard::{Drain, Shard};

impl Shard {
    /// Tells a session to go away. It gets what waits for it and then the reason, and is gone
    /// once it read that or had time to.
    pub(super) fn dismiss(&mut self, connection: ConnectionId, code: Code, detail: &str) {
        self.dismiss_with(connection, Refusal::new(code).because(detail));
    }

    fn dismiss_with(&mut self, connection: ConnectionId, refusal: Refusal<'_>) {
        let Some(session) = self.sessions.get(connection) else { return };
        if session.is_leaving() {
            return;
        }
        if refusal.code != Code::LAGGING {
            self.settle_all(connection);
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
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if let Some(identity) = session.leave(now) {
            self.depart(connection, &identity);
        }
        self.sessions.remove(connection);
    }

    /// Takes an authenticated session out of its rooms and off its user.
    fn depart(&mut self, connection: ConnectionId, identity: &Identity) {
        let session = SessionKey { shard: self.settings.id, connection };
        while let Some((audience, badge)) =
            self.sessions.get(connection).and_then(Session::last_seat)
        {
            let room = self.audiences.get(audience).room;
            self.unseat(connection, audience);
            self.forget_room_unless_occupied(identity.user, room, audience);
            let vacate = Envelope::Vacate { room, badge, session };
            self.post.tell(room.shard, vacate);
        }
        if let Some(user) = self.users.get_mut(identity.user) {
            user.sessions.retain(|own| *own != connection);
        }
        self.forget_user(identity.user.0);
    }

    /// A user is a member of a room, as far as this shard knows, while one of its sessions sits
    /// there.
    fn forget_room_unless_occupied(&mut self, user: UserHandle, room: RoomHandle, audience: u32) {
        let Some(entry) = self.users.get_mut(user) else { return };
        let sits = |own: &ConnectionId| {
            let session = self.sessions.get(*own);
            session.is_some_and(|own| own.outbound.occupant_of(audience).is_some())
        };
        if !entry.sessions.iter().any(sits) {
            entry.rooms.retain(|own| own.room != room);
        }
    }

    /// Sends away those for whom more waits than may.
    pub(super) fn dismiss_lagging(&mut self) {
        let mut lagging = core::mem::take(&mut self.lagging);
        for connection in lagging.drain(..) {
            probe::mark(Mark::Lagging);
            let session = self.sessions.get(connection).and_then(|own| own.identity());
            if let Some(app) = session.map(|own| own.app) {
                self.counters_mut(app).lagging += 1;
            }
            self.dismiss(
                connection,
                Code::LAGGING,
                "join again; what was missed is told by the positions",
            );
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
