//! Letting a session in: who it is, whether this shard is its home, and whether there is room.
//!
//! A hello is checked where it arrives, so that a stranger never reaches a second shard; it is
//! checked again at home, because a shard trusts nobody.

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::{Credentials, Development, Hello, VERSION, Welcome};
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{ClientName, DeviceId, Extensions, Role, UserId};

use crate::app;
use crate::event::{Effect, Receive};
use crate::id::{AppId, ConnectionId, SessionKey, UserHandle};
use crate::limits::{ROOMS_PER_USER_MAX, SESSIONS_PER_USER_MAX};
use crate::probe::{self, Bug, Mark};
use crate::rate::{RateWindow, SECOND};
use crate::session::caps::Caps;
use crate::session::flood::Flood;
use crate::session::{Identity, Session};

use crate::shard::Shard;
use crate::shard::users::UserName;

/// The name of a development app's one server credential.
const DEVELOPMENT_CREDENTIAL: &str = "development";

/// A hello whose claims were found good.
struct Claims<'a> {
    app: AppId,
    /// The user's id; empty for a visitor who has none yet.
    user: &'a str,
    device: &'a str,
    role: Role,
}

impl Claims<'_> {
    const fn server(&self) -> bool {
        matches!(self.role, Role::Server)
    }
}

impl Shard {
    pub(super) fn on_hello(
        &mut self,
        connection: ConnectionId,
        hello: &Hello<'_>,
        received: &[u8],
    ) {
        let claims = match self.check_hello(hello) {
            Ok(claims) => claims,
            Err(refusal) => return self.dismiss(connection, refusal.code, refusal.detail),
        };
        let visitor = self.name_for(&claims);
        let user = visitor.as_deref().unwrap_or(claims.user);
        let account = if claims.server() { DEVELOPMENT_CREDENTIAL } else { user };
        let home = self.homes.of_user(claims.app, claims.server(), account);
        if home != self.settings.id {
            probe::mark(Mark::HandedOver);
            if let Some(Session { peer, .. }) = self.sessions.remove(connection) {
                let received = received.to_vec();
                self.effects.push(Effect::HandOver { connection, to: home, peer, received });
            }
            return;
        }
        let who = UserName { app: claims.app, server: claims.server(), name: account };
        self.let_in(connection, &claims, user, who);
    }

    /// Whether the hello's claims are good.
    fn check_hello<'a>(&self, hello: &Hello<'a>) -> Result<Claims<'a>, Refusal<'static>> {
        if hello.extensions.first_required().is_some() {
            return Err(Refusal::new(Code::NOT_SUPPORTED).because("required extension"));
        }
        let invalid = |field| Refusal::new(Code::INVALID_ARGUMENT).because(field);
        ClientName::parse(hello.client).map_err(|_| invalid("client"))?;
        let Credentials::Development(Development { secret, user, device, role }) =
            hello.credentials
        else {
            return Err(Refusal::new(Code::NOT_SUPPORTED).because("connection tokens"));
        };
        let unauthorized = Refusal::new(Code::UNAUTHORIZED);
        let app = app::find(&self.settings.apps, hello.app).ok_or(unauthorized)?;
        self.app(app).check_development(secret, role)?;
        if role == Role::Anonymous {
            if !user.is_empty() {
                return Err(invalid("user: the broker names visitors"));
            }
        } else {
            UserId::parse(user).map_err(|_| invalid("user"))?;
        }
        if role == Role::Client || !device.is_empty() {
            DeviceId::parse(device).map_err(|_| invalid("device"))?;
        }
        Ok(Claims { app, user, device, role })
    }

    /// A name for a visitor, such that this shard is its home: about as many tries as shards.
    fn name_for(&mut self, claims: &Claims<'_>) -> Option<String> {
        if claims.role != Role::Anonymous {
            return None;
        }
        loop {
            let name = format!("anonymous-{:016x}", self.random.next());
            if self.homes.of_user(claims.app, false, &name) == self.settings.id {
                return Some(name);
            }
        }
    }

    /// Makes the connection a session of the user, in place of an older one of its device.
    fn let_in(
        &mut self,
        connection: ConnectionId,
        claims: &Claims<'_>,
        name: &str,
        who: UserName<'_>,
    ) {
        let app = self.app(claims.app);
        let (rates, caps) = (app.rates, app.receiver_caps);
        // Backends follow rooms to keep them, not to read along.
        let receiver_caps = if claims.role == Role::Server { None } else { Caps::new(caps) };
        if let Err(refusal) = self.check_banned_from_app(claims.app, name, claims.role) {
            return self.dismiss_with(connection, refusal);
        }
        let messages = || RateWindow::new(rates.messages(claims.role), SECOND);
        let user = self.users.find_or_insert(who, claims.role, messages);
        let replaced = self.session_replaced(user, claims);
        let entry = self.users.get_mut(user).expect("just found or inserted");
        let others = entry.sessions.len() - usize::from(replaced.is_some());
        if claims.role == Role::Client && others >= SESSIONS_PER_USER_MAX {
            probe::mark(Mark::TooManySessions);
            return self.dismiss(connection, Code::TOO_MANY_SESSIONS, "");
        }
        entry.sessions.push(connection);
        let identity = Identity {
            app: claims.app,
            user,
            name: name.into(),
            device: claims.device.into(),
            role: claims.role,
            requests: RateWindow::new(rates.requests, SECOND),
            member_queries: None,
            flood: Flood::default(),
        };
        let session = self.sessions.get_mut(connection).expect("it has just said hello");
        session.open(identity, self.now.instant);
        session.outbound.caps = receiver_caps.map(Box::new);
        if let Some(old) = replaced
            && !probe::planted(Bug::TakeoverKeepsOld)
        {
            probe::mark(Mark::Replaced);
            self.dismiss(old, Code::REPLACED, "");
        }
        self.welcome(connection, claims, name);
        self.happen_opened(connection);
        self.effects.push(Effect::Resume { connection, receive: Receive::Always });
    }

    /// The session of the same user and device that a new one takes the place of (spec 1).
    fn session_replaced(&self, user: UserHandle, claims: &Claims<'_>) -> Option<ConnectionId> {
        if claims.role != Role::Client {
            return None;
        }
        self.users.get(user)?.sessions.iter().copied().find(|connection| {
            let identity = self.sessions.get(*connection).and_then(|own| own.identity());
            identity.is_some_and(|identity| *identity.device == *claims.device)
        })
    }

    fn welcome(&mut self, connection: ConnectionId, claims: &Claims<'_>, user: &str) {
        let settings = std::rc::Rc::clone(&self.settings);
        let app = &settings.apps[usize::from(claims.app.0)];
        let per_second = |limit: Option<core::num::NonZeroU32>| limit.map_or(0, u32::from);
        let ping_after = settings.patience.ping_after.as_millis();
        self.queue(
            connection,
            &FromBroker::Welcome(Welcome {
                version: VERSION,
                session: SessionKey { shard: settings.id, connection }.number(),
                user,
                role: claims.role,
                time: self.now.wall.as_micros(),
                body_bytes_max: u32_of(BODY_BYTES_MAX),
                payload_bytes_max: u32_of(PAYLOAD_BYTES_MAX),
                ping_after_ms: u32::try_from(ping_after).unwrap_or(u32::MAX),
                messages_per_second: per_second(app.rates.messages(claims.role)),
                requests_per_second: per_second(app.rates.requests),
                rooms_per_user: self.rooms_per_user(claims.app, claims.server()),
                expires_in_ms: 0,
                extensions: Extensions::NONE,
            }),
        );
    }

    /// How many rooms a user may be in. The app's limit is for people.
    pub(super) fn rooms_per_user(&self, app: AppId, server: bool) -> u32 {
        if server { ROOMS_PER_USER_MAX } else { self.app(app).rooms_per_user }
    }

    /// Asks a silent peer whether it is there.
    pub(super) fn ask_for_life(&mut self, connection: ConnectionId) {
        let ping = throng_protocol::push::AreYouThere { extensions: Extensions::NONE };
        self.queue(connection, &FromBroker::Push(ping.into()));
    }
}

const fn u32_of(bytes: usize) -> u32 {
    assert!(bytes <= u32::MAX as usize);
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    let bytes = bytes as u32;
    bytes
}
