//! Letting a session in: who it is, whether this shard is its home, and whether there is room.
//!
//! A hello is checked where it arrives, so that a stranger never reaches a second shard; it is
//! checked again at home, because a shard trusts nobody.

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::{Credentials, Hello, VERSION, Welcome};
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{ClientName, DeviceId, Extensions, Role, UserId};

use crate::app;
use crate::app::token::{Cause, Pass};
use crate::event::{Arrival, Effect, Receive};
use crate::grant::Grant;
use crate::id::{AppId, ConnectionId, SessionKey, UserHandle};
use crate::limits::{ROOMS_PER_USER_MAX, SESSIONS_PER_USER_MAX};
use crate::probe::{self, Bug, Mark};
use crate::rate::{RateWindow, SECOND};
use crate::session::caps::Caps;
use crate::session::flood::Flood;
use crate::session::{Identity, Session};

use crate::shard::Shard;
use crate::shard::tokens::millis;
use crate::shard::users::UserName;

/// The name of a development app's one server credential.
const DEVELOPMENT_CREDENTIAL: &str = "development";

/// A hello whose claims were found good.
struct Claims {
    app: AppId,
    /// Whose rate, rooms and devices count together: the user's id or the server's credential;
    /// empty for a visitor who has no id yet.
    account: Box<str>,
    /// The user's id, as others see it; empty for such a visitor.
    user: Box<str>,
    device: Box<str>,
    role: Role,
    grant: Option<Grant>,
}

impl Claims {
    const fn server(&self) -> bool {
        matches!(self.role, Role::Server)
    }
}

/// Why a hello is not answered with a welcome.
enum Denied {
    /// What it says is outside its bounds, or not served.
    Refused(Refusal<'static>),
    /// It shows no right to come in. Whoever sent it is not told which cause it was.
    Unauthorized(Cause),
}

impl From<Cause> for Denied {
    fn from(cause: Cause) -> Self {
        Self::Unauthorized(cause)
    }
}

impl Shard {
    pub(super) fn on_hello(
        &mut self,
        connection: ConnectionId,
        hello: &Hello<'_>,
        received: &[u8],
    ) {
        let mut claims = match self.check_hello(hello) {
            Ok(claims) => claims,
            Err(Denied::Refused(refusal)) => return self.dismiss_with(connection, refusal),
            Err(Denied::Unauthorized(cause)) => {
                return self.dismiss_unauthorized(connection, cause);
            }
        };
        if claims.role == Role::Anonymous {
            claims.account = self.name_for(claims.app);
            claims.user = claims.account.clone();
        }
        let home = self.homes.of_user(claims.app, claims.server(), &claims.account);
        if home != self.settings.id {
            probe::mark(Mark::HandedOver);
            if let Some(Session { peer, .. }) = self.sessions.remove(connection) {
                let received = received.to_vec();
                let arrival = Box::new(Arrival { peer, received });
                self.effects.push(Effect::HandOver { connection, to: home, arrival });
            }
            return;
        }
        self.let_in(connection, &claims);
    }

    /// Whether the hello's claims are good.
    fn check_hello(&self, hello: &Hello<'_>) -> Result<Claims, Denied> {
        let refused = |refusal| Denied::Refused(refusal);
        let invalid = |field| match hello.credentials {
            // Whoever signs may sign nonsense; it lets in nobody, and says nothing of itself.
            Credentials::Token(_) => Cause::Malformed.into(),
            Credentials::Development(_) => {
                refused(Refusal::new(Code::INVALID_ARGUMENT).because(field))
            }
        };
        if hello.extensions.first_required().is_some() {
            return Err(refused(Refusal::new(Code::NOT_SUPPORTED).because("required extension")));
        }
        let client = Refusal::new(Code::INVALID_ARGUMENT).because("client");
        ClientName::parse(hello.client).map_err(|_| refused(client))?;
        let app = app::find(&self.settings.apps, hello.app).ok_or(Cause::NoApp)?;
        let claims = match hello.credentials {
            Credentials::Development(own) => {
                self.app(app).check_development(own.secret, own.role)?;
                let account =
                    if own.role == Role::Server { DEVELOPMENT_CREDENTIAL } else { own.user };
                Claims {
                    app,
                    account: account.into(),
                    user: own.user.into(),
                    device: own.device.into(),
                    role: own.role,
                    grant: None,
                }
            }
            Credentials::Token(token) => {
                let keys = &self.keys[usize::from(app.0)];
                let Pass { user, device, role, grant } =
                    self.app(app).check_token(keys, token, self.now)?;
                let account = user.clone();
                Claims { app, account, user, device, role, grant: Some(grant) }
            }
        };
        if claims.role == Role::Anonymous {
            if !claims.user.is_empty() {
                return Err(invalid("user: the broker names visitors"));
            }
        } else {
            UserId::parse(&claims.user).map_err(|_| invalid("user"))?;
        }
        if claims.role == Role::Client || !claims.device.is_empty() {
            DeviceId::parse(&claims.device).map_err(|_| invalid("device"))?;
        }
        Ok(claims)
    }

    /// A name for a visitor, such that this shard is its home: about as many tries as shards.
    fn name_for(&mut self, app: AppId) -> Box<str> {
        loop {
            let name = format!("anonymous-{:016x}", self.random.next());
            if self.homes.of_user(app, false, &name) == self.settings.id {
                return name.into();
            }
        }
    }

    /// Makes the connection a session of the user, in place of an older one of its device.
    fn let_in(&mut self, connection: ConnectionId, claims: &Claims) {
        let who = UserName { app: claims.app, server: claims.server(), name: &claims.account };
        let app = self.app(claims.app);
        let (rates, caps) = (app.rates, app.receiver_caps);
        // Backends follow rooms to keep them, not to read along.
        let receiver_caps = if claims.role == Role::Server { None } else { Caps::new(caps) };
        let account = (claims.server(), &*claims.account);
        if claims.grant.as_ref().is_some_and(|own| self.is_revoked(claims.app, account, own.made)) {
            return self.dismiss_unauthorized(connection, Cause::Revoked);
        }
        if let Err(refusal) = self.check_banned_from_app(claims.app, &claims.user, claims.role) {
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
            name: claims.user.clone(),
            device: claims.device.clone(),
            role: claims.role,
            grant: claims.grant.clone().map(Box::new),
            requests: RateWindow::new(rates.requests, SECOND),
            member_queries: None,
            flood: Flood::default(),
        };
        let session = self.sessions.get_mut(connection).expect("it has just said hello");
        session.open(identity, self.now.instant);
        session.outbound.caps = receiver_caps.map(Box::new);
        // Its token may end before the hello would have been late.
        self.set_session_timer(connection);
        if let Some(old) = replaced
            && !probe::planted(Bug::TakeoverKeepsOld)
        {
            probe::mark(Mark::Replaced);
            self.dismiss(old, Code::REPLACED, "");
        }
        self.welcome(connection, claims);
        self.happen_opened(connection);
        self.effects.push(Effect::Resume { connection, receive: Receive::Always });
    }

    /// The session of the same user and device that a new one takes the place of (spec 1).
    fn session_replaced(&self, user: UserHandle, claims: &Claims) -> Option<ConnectionId> {
        if claims.role != Role::Client {
            return None;
        }
        self.users.get(user)?.sessions.iter().copied().find(|connection| {
            let identity = self.sessions.get(*connection).and_then(|own| own.identity());
            identity.is_some_and(|identity| identity.device == claims.device)
        })
    }

    fn welcome(&mut self, connection: ConnectionId, claims: &Claims) {
        let settings = std::rc::Rc::clone(&self.settings);
        let app = &settings.apps[usize::from(claims.app.0)];
        let per_second = |limit: Option<core::num::NonZeroU32>| limit.map_or(0, u32::from);
        let ping_after = settings.patience.ping_after.as_millis();
        let now = self.now.instant;
        self.queue(
            connection,
            &FromBroker::Welcome(Welcome {
                version: VERSION,
                session: SessionKey { shard: settings.id, connection }.number(),
                user: &claims.user,
                role: claims.role,
                time: self.now.wall.as_micros(),
                body_bytes_max: u32_of(BODY_BYTES_MAX),
                payload_bytes_max: u32_of(PAYLOAD_BYTES_MAX),
                ping_after_ms: u32::try_from(ping_after).unwrap_or(u32::MAX),
                messages_per_second: per_second(app.rates.messages(claims.role)),
                requests_per_second: per_second(app.rates.requests),
                rooms_per_user: self.rooms_per_user(claims.app, claims.server()),
                expires_in_ms: claims.grant.as_ref().map_or(0, |own| millis(own.left(now))),
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
