//! What happens to tokens while sessions live by them: a new one in time, the user's tokens
//! revoked, the key taken out of use.
//!
//! The home of a user knows of which moment on the user's tokens hold; every session of the user
//! comes there, so nobody else has to. It knows it for as long as a token made before that moment
//! could hold, and no longer.

use core::time::Duration;
use std::collections::BTreeMap;

use throng_protocol::frame::FromBroker;
use throng_protocol::limits::CALL_USERS_MAX;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::TokenRefreshed;
use throng_protocol::request::{RefreshToken, Request, RevokeTokens};
use throng_protocol::value::{Extensions, ListName, Role, Switch, UserId};

use crate::app::keys::Keys;
use crate::app::token::{Cause, Pass};
use crate::envelope::{Answer, Envelope, ItemOutcome, Revocation};
use crate::grant::Grant;
use crate::id::{AppId, ConnectionId};
use crate::limits::{REVOCATIONS_MAX, TOKEN_SKEW_MAX};
use crate::probe::{self, Bug, Mark};
use crate::shard::Shard;
use crate::shard::requests::{Refused, invalid};
use crate::shard::users::UserName;
use crate::time::{Instant, Now, WallTime};

/// A table with fewer entries is not swept when it grows.
const SWEEP_LEAST: usize = 64;

/// Of which moment on the tokens of users of one app hold.
#[derive(Debug, Default)]
pub(super) struct Revoked {
    /// By whether it is a server's credential, and its name.
    by_user: BTreeMap<(bool, Box<str>), Since>,
    sweep_at: usize,
}

/// Tokens made at or before a moment hold no more.
#[derive(Debug, Clone, Copy)]
struct Since {
    made: WallTime,
    /// When no token made by then can hold any more, whoever asks.
    forget_at: Instant,
}

impl Since {
    /// Whether every token that was made by then is over, by both clocks: by the wall clock, which
    /// may have been set back since, and by the one that only rises.
    fn is_over(self, now: Now, life_max: Duration) -> bool {
        let life_max = u64::try_from(life_max.as_micros()).unwrap_or(u64::MAX);
        let by_wall = self.made.as_micros().saturating_add(life_max) <= now.wall.as_micros();
        by_wall && self.forget_at <= now.instant
    }
}

impl Revoked {
    /// Whether a token of that user, made then, was revoked.
    pub(super) fn has(&self, server: bool, user: &str, made: WallTime) -> bool {
        // Nearly always there is none, and then no key has to be made.
        if self.by_user.is_empty() {
            return false;
        }
        let since = self.by_user.get(&(server, user.into()));
        // Tokens count in milliseconds.
        since.is_some_and(|since| made.as_micros() / 1000 <= since.made.as_micros() / 1000)
    }

    /// Tokens of a user made at or before that moment hold no more. An earlier moment than one
    /// that was said before changes nothing.
    ///
    /// # Errors
    /// When there are as many entries as may be.
    fn record(
        &mut self,
        (server, user): (bool, &str),
        made: WallTime,
        (now, life_max): (Now, Duration),
    ) -> Result<(), Refused> {
        if self.by_user.len() >= self.sweep_at.max(SWEEP_LEAST) {
            self.by_user.retain(|_, since| !since.is_over(now, life_max));
            self.sweep_at = 2 * self.by_user.len();
        }
        let ahead = made.as_micros().saturating_sub(now.wall.as_micros());
        let life = Duration::from_micros(ahead) + life_max + TOKEN_SKEW_MAX;
        let new = Since { made, forget_at: now.instant + life };
        let key = (server, Box::from(user));
        if let Some(old) = self.by_user.get_mut(&key) {
            if old.made < made {
                *old = new;
            }
        } else if self.by_user.len() >= REVOCATIONS_MAX {
            return Err(Refusal::new(Code::TOO_MANY).because("revocations"));
        } else {
            self.by_user.insert(key, new);
        }
        Ok(())
    }
}

impl Shard {
    /// Lets a session go on until its new token ends.
    pub(super) fn on_refresh_token(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &RefreshToken<'_>,
    ) -> Result<(), Refused> {
        let identity = self.identity(connection)?;
        let app = identity.app;
        if identity.grant.is_none() {
            return Err(Refusal::new(Code::NOT_SUPPORTED).because("the session has no token"));
        }
        let grant = match self.check_renewed(connection, request.token) {
            Ok(grant) => grant,
            Err(cause) => {
                self.report_unauthorized(connection, cause);
                return Err(Refusal::new(Code::UNAUTHORIZED));
            }
        };
        if self.sits_beyond(connection, &grant) {
            return Err(Refusal::new(Code::OUT_OF_SCOPE).because("the session is in another room"));
        }
        if !grant.reaches_all() && self.is_subscribed(app, connection) {
            let why = "the session is told what happens in the app";
            return Err(Refusal::new(Code::OUT_OF_SCOPE).because(why));
        }
        probe::mark(Mark::TokenRefreshed);
        let expires_in_ms = millis(grant.left(self.now.instant));
        let session = self.sessions.get_mut(connection);
        if let Some(identity) = session.and_then(|own| own.identity_mut()) {
            identity.grant = Some(Box::new(grant));
        }
        self.set_session_timer(connection);
        let reply = TokenRefreshed { expires_in_ms, extensions: Extensions::NONE };
        self.queue(connection, &FromBroker::Reply(number, reply.into()));
        Ok(())
    }

    /// What a new token grants, if it is for whom the session is.
    fn check_renewed(&self, connection: ConnectionId, token: &[u8]) -> Result<Grant, Cause> {
        let identity = self.identity(connection).map_err(|_| Cause::OtherSession)?;
        let app = identity.app;
        let pass = self.app(app).check_token(&self.keys[usize::from(app.0)], token, self.now)?;
        let Pass { user, device, role, grant } = pass;
        let own = self.users.get(identity.user).ok_or(Cause::OtherSession)?;
        let same_user = role == Role::Anonymous || *user == *own.name();
        let same_user = same_user || probe::planted(Bug::RefreshOfAnother);
        if !same_user || device != identity.device || role != identity.role {
            return Err(Cause::OtherSession);
        }
        if self.revoked[usize::from(app.0)].has(own.is_server(), own.name(), grant.made) {
            return Err(Cause::Revoked);
        }
        Ok(grant)
    }

    /// Whether a session sits in a room that a token does not reach.
    fn sits_beyond(&self, connection: ConnectionId, grant: &Grant) -> bool {
        let session = self.sessions.get(connection);
        let mut seats = session.into_iter().flat_map(|own| &own.outbound.seats);
        seats.any(|seat| !grant.reaches(&self.audiences.get(seat.audience).name))
    }

    /// Has the homes of users heed of which moment on their tokens hold.
    pub(super) fn on_revoke_tokens(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &RevokeTokens<'_>,
    ) -> Result<(), Refused> {
        let users: Vec<&str> = request.users.iter().collect();
        if !(1..=CALL_USERS_MAX).contains(&users.len())
            || users.iter().any(|user| UserId::parse(user).is_err())
        {
            return Err(invalid("users"));
        }
        let now = self.now.wall;
        let latest = now.as_micros() + u64::try_from(TOKEN_SKEW_MAX.as_micros()).unwrap_or(0);
        let made = match request.valid_after {
            0 => now,
            at if at <= latest => WallTime::from_micros(at),
            _ => return Err(invalid("valid_after")),
        };
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        let server = match request.servers {
            Switch::Off => false,
            Switch::On => true,
            _ => return Err(invalid("servers")),
        };
        for user in &users {
            self.check_load(self.homes.of_user(app, server, user))?;
        }
        let results = |all: Vec<ItemOutcome>| {
            Answer::Results(all.into_iter().map(|item| item.code).collect())
        };
        let number = self.gather_items(ticket, users.len(), results);
        for (place, user) in (0_u16..).zip(users) {
            let home = self.homes.of_user(app, server, user);
            let item = crate::envelope::Item { number, place };
            let revocation =
                Revocation { app, server, user: user.into(), made, from: self.settings.id, item };
            self.post.tell(home, Envelope::Revoke(Box::new(revocation)));
        }
        Ok(())
    }

    /// At the user's home: heeds it, and ends the sessions that came by such tokens.
    pub(super) fn on_revocation(&mut self, revocation: &Revocation) {
        let Revocation { app, server, ref user, made, from, item } = *revocation;
        let life_max = self.app(app).token_life_max;
        let own = &mut self.revoked[usize::from(app.0)];
        let done = own.record((server, user), made, (self.now, life_max));
        if done.is_ok() && !probe::planted(Bug::RevokedStays) {
            let who = UserName { app, server, name: user };
            let handle = self.users.find(who);
            let sessions = handle.and_then(|handle| self.users.get(handle));
            for connection in sessions.map(|own| own.sessions.clone()).unwrap_or_default() {
                let revoked = &self.revoked[usize::from(app.0)];
                let grant = self.grant(connection);
                if grant.is_some_and(|grant| revoked.has(server, user, grant.made)) {
                    probe::mark(Mark::TokenRevoked);
                    self.dismiss(connection, Code::TOKEN_REVOKED, "");
                }
            }
        }
        let code = done.map_or_else(|no| no.code, |()| Code::NONE);
        let outcome = ItemOutcome::plain(code);
        self.post.tell(from, Envelope::ItemDone { item, outcome });
    }

    /// Takes the keys that hold from now on, and ends the sessions that came by others.
    pub(super) fn on_keys(&mut self, keys: Vec<Keys>) {
        assert_eq!(keys.len(), self.keys.len(), "apps come and go with the node");
        for connection in self.sessions.connections() {
            let identity = self.sessions.get(connection).and_then(|own| own.identity());
            let Some((app, grant)) = identity.and_then(|own| Some((own.app, own.grant.as_ref()?)))
            else {
                continue;
            };
            let app = usize::from(app.0);
            let stays = probe::planted(Bug::KeyGoneStays);
            if !stays && !keys[app].has_same(&self.keys[app], &grant.key) {
                probe::mark(Mark::KeyGone);
                self.dismiss(connection, Code::TOKEN_REVOKED, "");
            }
        }
        self.keys = keys;
    }

    /// What a session's token grants it, if it has one.
    fn grant(&self, connection: ConnectionId) -> Option<&Grant> {
        self.sessions.get(connection)?.identity()?.grant.as_deref()
    }

    /// Whether a session's token reaches a room.
    ///
    /// # Errors
    /// `OUT_OF_SCOPE`.
    pub(super) fn check_scope(&self, connection: ConnectionId, room: &str) -> Result<(), Refused> {
        match self.grant(connection) {
            Some(grant) if !grant.reaches(room) && !probe::planted(Bug::ScopeIgnored) => {
                probe::mark(Mark::OutOfScope);
                Err(Refusal::new(Code::OUT_OF_SCOPE))
            }
            _ => Ok(()),
        }
    }

    /// Whether a session's token reaches all that a request is about and that has no room of its
    /// own: who may not reach every room may not touch the app as a whole.
    pub(super) fn check_app_scope(
        &self,
        connection: ConnectionId,
        request: &Request<'_>,
    ) -> Result<(), Refused> {
        let of_room = |list| matches!(list, ListName::ProtectedUsers | ListName::MuteExceptions);
        let of_app = match request {
            Request::DestroyRooms(destroy) => {
                return destroy
                    .rooms
                    .iter()
                    .try_for_each(|room| self.check_scope(connection, room));
            }
            Request::ChangeList(change) => !of_room(change.list),
            Request::QueryList(query) => !of_room(query.list),
            Request::Moderate(ruling) => ruling.room.is_empty(),
            Request::QuerySanctions(query) => query.room.is_empty(),
            Request::QueryCounters(_)
            | Request::Broadcast(_)
            | Request::QueryTop(_)
            | Request::Subscribe(_)
            | Request::RevokeTokens(_) => true,
            _ => false,
        };
        let all = self.grant(connection).is_none_or(Grant::reaches_all);
        if all || !of_app { Ok(()) } else { Err(Refusal::new(Code::OUT_OF_SCOPE)) }
    }

    /// Whether a token that is good otherwise was revoked.
    pub(super) fn is_revoked(
        &self,
        app: AppId,
        (server, user): (bool, &str),
        made: WallTime,
    ) -> bool {
        self.revoked[usize::from(app.0)].has(server, user, made)
    }
}

/// Whole milliseconds, rounded up, so that what still holds is never said to be over.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
