//! What an open session asks: is it well formed, may this session ask it, is it within its rate?
//! Then it goes to the room's home, which decides everything that is the room's.

use throng_protocol::frame::FromBroker;
use throng_protocol::limits::{JOIN_HISTORY_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{Pong, Reply, Shed};
use throng_protocol::request::{Join, Publish, Request};
use throng_protocol::value::{ClassHint, Extensions, Kind, Role, RoomId};

use crate::class::Class;
use crate::counters::Outcome;
use crate::envelope::{self, Address, Ask, Body, Command, Envelope, Named, Ticket};
use crate::id::{ConnectionId, SessionKey, ShardId};
use crate::limits::SHED_RETRY_AFTER;
use crate::probe::{self, Mark};
use crate::room::{self, No};
use crate::session::Identity;
use crate::shard::{Drain, Shard, rules};

pub(super) type Refused = Refusal<'static>;

impl Shard {
    pub(super) fn on_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Request<'_>,
    ) {
        let done = match request {
            Request::Publish(publish) => self.on_publish_request(connection, number, publish),
            _ => self.on_other_request(connection, number, request).map_err(No::Refused),
        };
        match done {
            Ok(()) => {}
            Err(No::Refused(refusal)) => self.refuse(connection, number, refusal),
            Err(No::Shed(shed)) => self.tell_shed(connection, number, shed),
        }
    }

    /// Answers a request with a no. Who gets too many of them does not heed them.
    pub(super) fn refuse(&mut self, connection: ConnectionId, number: u32, refusal: Refused) {
        if !self.is_open(connection) {
            return;
        }
        self.queue(connection, &FromBroker::Reply(number, Reply::Refused(refusal)));
        let now = self.now.instant;
        let session = self.sessions.get_mut(connection);
        let Some(identity) = session.and_then(|own| own.identity_mut()) else { return };
        let app = identity.app;
        let refused_max = self.settings.apps[usize::from(app.0)].rates.refused;
        if identity.flood.record(now, refused_max) {
            probe::mark(Mark::Flooded);
            self.counters_mut(app).flooding += 1;
            self.dismiss(connection, Code::FLOODING, "");
        }
    }

    /// Answers a publish with what became of it: it was shed.
    pub(super) fn tell_shed(&mut self, connection: ConnectionId, number: u32, shed: room::Shed) {
        if !self.is_open(connection) {
            return;
        }
        let retry_after_ms = shed.retry_after.as_nanos().div_ceil(1_000_000);
        let shed = Shed {
            class: shed.class.on_wire(),
            reason: shed.reason,
            retry_after_ms: u32::try_from(retry_after_ms).unwrap_or(u32::MAX),
            extensions: Extensions::NONE,
        };
        self.queue(connection, &FromBroker::Reply(number, shed.into()));
    }

    fn on_publish_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        publish: &Publish<'_>,
    ) -> Result<(), No> {
        let now = self.now;
        let identity = self.identity(connection)?;
        let (user, app) = (identity.user, identity.app);
        let by_kind = self.appwide.lists[usize::from(app.0)].class(publish.kind, publish.class);
        let sender = self.users.get(user).ok_or(Refusal::new(Code::INTERNAL))?;
        if let Err(wait) = sender.messages.check(now.instant) {
            probe::mark(Mark::MessageRateLimited);
            self.counters_mut(app).count(Outcome::RateLimited, by_kind);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait).into());
        }
        check_publish(publish)?;
        let (home, address, protected) = self.address(identity, publish.room);
        self.check_drain()?;
        let class = if protected { Class::Protected } else { by_kind };
        self.shed_overload(self.post.level(home), app, class)?;
        let sender = self.users.get_mut(user).expect("found above");
        sender.messages.record(now.instant);
        let session = SessionKey { shard: self.settings.id, connection };
        let publish = envelope::Publish {
            ticket: Ticket { session, user, request: number },
            address,
            options: publish.options,
            class: by_kind,
            ingress_at: now.wall,
            body: Body::new(publish.kind, publish.payload),
        };
        self.post.tell(home, Envelope::Publish(publish));
        Ok(())
    }

    /// Where a message goes. A member's room is known by handle, which spares the home two
    /// look-ups by name; everyone else names the room and itself. Says, too, whether the sender is
    /// known to be protected there.
    fn address(&self, identity: &Identity, room: &str) -> (ShardId, Address, bool) {
        let app = self.app(identity.app);
        let rooms = self.users.get(identity.user).map_or(&[][..], |user| &user.rooms);
        let membership = rooms.iter().find(|own| *self.audiences.get(own.audience).name == *room);
        if let Some(own) = membership
            && identity.role == Role::Client
            && !app.publish_without_join
        {
            let address =
                Address::Member { room: own.room, member: own.member, role: identity.role };
            return (own.room.shard, address, own.protected);
        }
        let named = Named {
            app: identity.app,
            room: room.into(),
            sender: identity.name.clone(),
            role: identity.role,
        };
        let protected = membership.is_some_and(|own| own.protected);
        (self.homes.of_room(identity.app, room), Address::Named(Box::new(named)), protected)
    }

    fn on_other_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Request<'_>,
    ) -> Result<(), Refused> {
        let now = self.now;
        let session = self.sessions.get_mut(connection);
        let identity = session.and_then(|session| session.identity_mut());
        let requests = &mut identity.ok_or(Refusal::new(Code::INTERNAL))?.requests;
        if let Err(wait) = requests.check(now.instant) {
            probe::mark(Mark::RequestRateLimited);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait));
        }
        requests.record(now.instant);
        check_extensions(request.extensions())?;
        let (room, ask) = match request {
            Request::ChangeList(change) => {
                self.check_server(connection)?;
                return self.on_change_list(connection, number, change);
            }
            Request::QueryList(query) => {
                self.check_server(connection)?;
                return self.on_query_list(connection, number, query);
            }
            Request::QueryLimits(query) => return self.on_query_limits(connection, number, query),
            Request::QueryCounters(_) => {
                self.check_server(connection)?;
                return self.on_query_counters(connection, number);
            }
            Request::Ping(_) => {
                let pong = Pong { time: now.wall.as_micros(), extensions: Extensions::NONE };
                self.queue(connection, &FromBroker::Reply(number, pong.into()));
                return Ok(());
            }
            Request::Join(join) => (join.room, self.ask_join(connection, join)?),
            Request::Leave(leave) => (leave.room, self.ask_leave(connection)?),
            Request::QueryRoom(query) => (query.room, Ask::Query),
            Request::CreateRoom(create) => (create.room, self.ask_server(connection, Ask::Create)?),
            Request::DestroyRoom(destroy) => {
                (destroy.room, self.ask_server(connection, Ask::Destroy)?)
            }
            Request::SetRoomLimits(set) => {
                self.check_server(connection)?;
                (set.room, rules::limit_settings(set)?)
            }
            _ => return Err(Refusal::new(Code::NOT_SUPPORTED)),
        };
        self.command(connection, number, room, ask)
    }

    /// Sends what is asked of a room to the room's home.
    pub(super) fn command(
        &mut self,
        connection: ConnectionId,
        number: u32,
        room: &str,
        ask: Ask,
    ) -> Result<(), Refused> {
        RoomId::parse(room).map_err(|_| invalid("room"))?;
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        let home = self.homes.of_room(app, room);
        self.check_load(home)?;
        self.post.tell(home, Envelope::Command(Command { ticket, app, room: room.into(), ask }));
        Ok(())
    }

    fn ask_join(&self, connection: ConnectionId, join: &Join<'_>) -> Result<Ask, Refused> {
        if join.history > JOIN_HISTORY_MAX {
            return Err(invalid("history"));
        }
        let (user, role) = self.member_name(connection)?;
        Ok(Ask::Join { user, role })
    }

    fn ask_leave(&self, connection: ConnectionId) -> Result<Ask, Refused> {
        let (user, role) = self.member_name(connection)?;
        Ok(Ask::Leave { user, role })
    }

    fn ask_server(&self, connection: ConnectionId, ask: Ask) -> Result<Ask, Refused> {
        self.check_server(connection)?;
        Ok(ask)
    }

    fn check_server(&self, connection: ConnectionId) -> Result<(), Refused> {
        match self.identity(connection)?.role {
            Role::Server => Ok(()),
            _ => Err(Refusal::new(Code::NOT_ALLOWED).because("servers only")),
        }
    }

    /// Whom to answer.
    pub(super) fn ticket(&self, connection: ConnectionId, number: u32) -> Result<Ticket, Refused> {
        let user = self.identity(connection)?.user;
        let session = SessionKey { shard: self.settings.id, connection };
        Ok(Ticket { session, user, request: number })
    }

    fn check_drain(&self) -> Result<(), Refused> {
        match self.drain {
            Drain::Serving => Ok(()),
            _ => Err(Refusal::new(Code::DRAINING)),
        }
    }

    /// Whether new requests for that shard are let in.
    pub(super) fn check_load(&self, home: ShardId) -> Result<(), Refused> {
        self.check_drain()?;
        if !self.post.level(home).refuses_all() {
            return Ok(());
        }
        probe::mark(Mark::Overloaded);
        Err(Refusal::new(Code::OVERLOADED).retry_after(SHED_RETRY_AFTER))
    }

    /// What rooms call the user of a session, and its role.
    pub(super) fn member_name(
        &self,
        connection: ConnectionId,
    ) -> Result<(Box<str>, Role), Refused> {
        let identity = self.identity(connection)?;
        let user = self.users.get(identity.user).ok_or(Refusal::new(Code::INTERNAL))?;
        Ok((user.name().into(), identity.role))
    }

    pub(super) fn identity(&self, connection: ConnectionId) -> Result<&Identity, Refused> {
        let session = self.sessions.get(connection);
        session.and_then(|own| own.identity()).ok_or(Refusal::new(Code::INTERNAL))
    }
}

/// Whether a publish is well formed and asks for nothing this version does not serve.
fn check_publish(publish: &Publish<'_>) -> Result<(), Refused> {
    let unsupported = |what| Err(Refusal::new(Code::NOT_SUPPORTED).because(what));
    check_extensions(publish.extensions)?;
    if publish.options.has_unknown() {
        return unsupported("options");
    }
    if matches!(publish.class, ClassHint::Unknown(_)) {
        return unsupported("class");
    }
    if !publish.message_id.is_empty() {
        return unsupported("message_id");
    }
    if !publish.targets.is_empty() {
        return unsupported("targets");
    }
    RoomId::parse(publish.room).map_err(|_| invalid("room"))?;
    Kind::parse(publish.kind).map_err(|_| invalid("kind"))?;
    if publish.payload.len() > PAYLOAD_BYTES_MAX {
        return Err(invalid("payload"));
    }
    Ok(())
}

fn check_extensions(extensions: Extensions<'_>) -> Result<(), Refused> {
    match extensions.first_required() {
        Some(_) => Err(Refusal::new(Code::NOT_SUPPORTED).because("required extension")),
        None => Ok(()),
    }
}

pub(super) const fn invalid(field: &'static str) -> Refused {
    Refusal::new(Code::INVALID_ARGUMENT).because(field)
}
