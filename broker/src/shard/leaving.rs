//! Taking sessions out: told to go away, gone by themselves, or with the whole node.

use core::time::Duration;

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::GoAway;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::Departure;

use crate::app::token::Cause;
use crate::envelope::Envelope;
use crate::event::{Effect, Report, Who};
use crate::id::{ConnectionId, SessionKey};
use crate::limits::{DRAIN_DEADLINE, DRAIN_RETRY_SPREAD, DRAIN_SETTLE};
use crate::probe::{self, Mark};
use crate::session::{Identity, Session};
use crate::shard::timers::Due;
use crate::shard::users::User;
use crate::shard::{Drain, Shard};

impl Shard {
    /// Tells a session to go away. It gets what waits for it and then the reason, and is gone
    /// once it read that or had time to.
    pub(super) fn dismiss(&mut self, connection: ConnectionId, code: Code, detail: &str) {
        self.dismiss_with(connection, Refusal::new(code).because(detail));
    }

    pub(super) fn dismiss_with(&mut self, connection: ConnectionId, refusal: Refusal<'_>) {
        self.dismiss_for(connection, refusal, Departure::Lost);
    }

    /// The same, and its rooms are told why; if the connection is not just lost, they hold no seat.
    pub(super) fn dismiss_for(
        &mut self,
        connection: ConnectionId,
        refusal: Refusal<'_>,
        departure: Departure,
    ) {
        let Some(session) = self.sessions.get(connection) else { return };
        if session.is_leaving() {
            return;
        }
        if refusal.code != Code::LAGGING {
            self.settle_all(connection);
        }
        let now = self.now.instant;
        if is_reported(refusal.code) {
            self.report(connection, refusal.code, "");
        }
        let session = self.sessions.get_mut(connection).expect("found above");
        if let Some(identity) = session.leave(now) {
            self.depart(connection, &identity, departure);
            self.happen_ended(&identity, refusal.code);
        }
        self.queue(connection, &FromBroker::GoAway(GoAway::new(refusal)));
        self.set_session_timer(connection);
    }

    /// The same for a hello that shows no right to come in: all causes look alike to the peer.
    pub(super) fn dismiss_unauthorized(&mut self, connection: ConnectionId, cause: Cause) {
        self.report_unauthorized(connection, cause);
        self.dismiss(connection, Code::UNAUTHORIZED, "");
    }

    /// Lets whoever runs the node know which cause it was.
    pub(super) fn report_unauthorized(&mut self, connection: ConnectionId, cause: Cause) {
        probe::mark(Mark::Unauthorized);
        self.report(connection, Code::UNAUTHORIZED, cause.as_str());
    }

    fn report(&mut self, connection: ConnectionId, code: Code, cause: &'static str) {
        let Some(session) = self.sessions.get(connection) else { return };
        let who = session
            .identity()
            .map(|own| Who { app: self.app(own.app).key.clone(), user: own.name.clone() });
        let report = Report { peer: session.peer, code, cause, who };
        self.effects.push(Effect::Report(Box::new(report)));
    }

    /// A connection is gone.
    pub(super) fn on_closed(&mut self, connection: ConnectionId) {
        let now = self.now.instant;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if let Some(identity) = session.leave(now) {
            self.depart(connection, &identity, Departure::Lost);
            self.happen_ended(&identity, Code::NONE);
        }
        self.sessions.remove(connection);
    }

    /// Takes an authenticated session out of its rooms and off its user.
    fn depart(&mut self, connection: ConnectionId, identity: &Identity, departure: Departure) {
        let session = SessionKey { shard: self.settings.id, connection };
        let user = self.users.get(identity.user);
        let hold = departure == Departure::Lost && user.is_some_and(User::may_come_back);
        while let Some((audience, badge)) =
            self.sessions.get(connection).and_then(Session::last_seat)
        {
            let entry = self.audiences.get(audience);
            let (room, name) = (entry.room, entry.name.clone());
            self.unseat(connection, audience);
            self.note_lost(identity.user, (room, audience), (name, badge), hold);
            let vacate = Envelope::Vacate { room, badge, session, departure, hold };
            self.post.tell(room.shard, vacate);
        }
        if let Some(user) = self.users.get_mut(identity.user) {
            user.sessions.retain(|own| *own != connection);
        }
        self.unsubscribe(identity.app, connection);
        self.forget_user(identity.user.0);
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
                "come back and resume from the last entry that was seen",
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

/// Whether an end for that reason is more than people coming and going. `UNAUTHORIZED` is reported
/// with its cause, elsewhere.
const fn is_reported(code: Code) -> bool {
    matches!(
        code,
        Code::MALFORMED
            | Code::TOO_LARGE
            | Code::UNEXPECTED
            | Code::UNSUPPORTED_VERSION
            | Code::NOT_SUPPORTED
            | Code::INVALID_ARGUMENT
            | Code::TOO_SLOW
            | Code::TOO_MANY_SESSIONS
            | Code::BANNED_FROM_APP
            | Code::TOKEN_REVOKED
            | Code::FLOODING
    )
}
