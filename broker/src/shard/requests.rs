//! What an open session asks: is it well formed, may this session ask it, is it within its rate?
//! Then it goes to the room's home, which decides everything that is the room's.

use throng_protocol::frame::FromBroker;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{Pong, Reply};
use throng_protocol::request::Request;
use throng_protocol::value::{Extensions, ListName, Role, RoomId};

use crate::envelope::{Ask, Command, Envelope, Ticket};
use crate::id::{ConnectionId, SessionKey, ShardId};
use crate::limits::SHED_RETRY_AFTER;
use crate::probe::{self, Mark};
use crate::rate::{RateWindow, SECOND};
use crate::room::No;
use crate::session::Identity;
use crate::shard::{Drain, Shard};

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
            Request::PublishMany(publish) => self.on_publish_many(connection, number, publish),
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

    fn on_other_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Request<'_>,
    ) -> Result<(), Refused> {
        self.check_request_rate(connection, request)?;
        check_extensions(request.extensions())?;
        self.check_role(connection, request)?;
        match request {
            Request::ChangeList(change) => self.on_change_list(connection, number, change),
            Request::QueryList(query) => self.on_query_list(connection, number, query),
            Request::QueryLimits(query) => self.on_query_limits(connection, number, query),
            Request::QueryCounters(_) => self.on_query_counters(connection, number),
            Request::DestroyRooms(destroy) => self.on_destroy_rooms(connection, number, destroy),
            Request::Moderate(ruling) if ruling.room.is_empty() => {
                self.on_moderate_app(connection, number, ruling)
            }
            Request::QuerySanctions(query) if query.room.is_empty() => {
                self.on_query_app_sanctions(connection, number, query)
            }
            Request::Broadcast(broadcast) => self.on_broadcast(connection, number, broadcast),
            Request::QueryTop(query) => self.on_query_top(connection, number, query),
            Request::Subscribe(subscribe) => {
                let ticket = self.ticket(connection, number)?;
                let app = self.identity(connection)?.app;
                self.subscribe(ticket, app, subscribe.events)
            }
            Request::Ping(_) => {
                let time = self.now.wall.as_micros();
                let pong = Pong { time, extensions: Extensions::NONE };
                self.queue(connection, &FromBroker::Reply(number, pong.into()));
                Ok(())
            }
            _ => {
                let (room, ask) = self.ask_of(connection, request)?;
                self.command(connection, number, room, ask)
            }
        }
    }

    fn check_request_rate(
        &mut self,
        connection: ConnectionId,
        request: &Request<'_>,
    ) -> Result<(), Refused> {
        let now = self.now.instant;
        let session = self.sessions.get_mut(connection);
        let identity = session.and_then(|session| session.identity_mut());
        let identity = identity.ok_or(Refusal::new(Code::INTERNAL))?;
        let mut wait = identity.requests.check(now);
        let asks_for_members =
            matches!(request, Request::QueryMembers(_) | Request::FindMembers(_));
        if asks_for_members && identity.role != Role::Server {
            let limit = self.settings.apps[usize::from(identity.app.0)].rates.member_queries;
            let new = || Box::new(RateWindow::new(limit, SECOND));
            let queries = identity.member_queries.get_or_insert_with(new);
            wait = wait.and_then(|()| queries.check(now));
            if wait.is_ok() {
                queries.record(now);
            }
        }
        if let Err(wait) = wait {
            probe::mark(Mark::RequestRateLimited);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait));
        }
        identity.requests.record(now);
        Ok(())
    }

    /// Whether the role of a connection may ask that at all (spec 2). What a role in a room may do
    /// is for the room to say.
    fn check_role(&self, connection: ConnectionId, request: &Request<'_>) -> Result<(), Refused> {
        let of_room = |list| list == ListName::MuteExceptions;
        let servers_only = match request {
            Request::CreateRoom(_)
            | Request::DestroyRoom(_)
            | Request::DestroyRooms(_)
            | Request::SetRoomLimits(_)
            | Request::QueryCounters(_)
            | Request::Broadcast(_)
            | Request::ChangeBots(_)
            | Request::QueryTop(_)
            | Request::RevokeTokens(_)
            | Request::Subscribe(_) => true,
            Request::ChangeList(change) => !of_room(change.list),
            Request::QueryList(query) => !of_room(query.list),
            Request::Moderate(ruling) => ruling.room.is_empty(),
            Request::QuerySanctions(query) => query.room.is_empty(),
            _ => false,
        };
        match self.identity(connection)?.role {
            Role::Server => Ok(()),
            _ if servers_only => Err(Refusal::new(Code::NOT_ALLOWED).because("servers only")),
            _ => Ok(()),
        }
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
        self.post.tell(
            home,
            Envelope::Command(Command { ticket, app, room: room.into(), ask: Box::new(ask) }),
        );
        Ok(())
    }

    /// Whom to answer.
    pub(super) fn ticket(&self, connection: ConnectionId, number: u32) -> Result<Ticket, Refused> {
        let user = self.identity(connection)?.user;
        let session = SessionKey { shard: self.settings.id, connection };
        Ok(Ticket { session, user, request: number })
    }

    pub(super) fn check_drain(&self) -> Result<(), Refused> {
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

pub(super) fn check_extensions(extensions: Extensions<'_>) -> Result<(), Refused> {
    match extensions.first_required() {
        Some(_) => Err(Refusal::new(Code::NOT_SUPPORTED).because("required extension")),
        None => Ok(()),
    }
}

pub(super) const fn invalid(field: &'static str) -> Refused {
    Refusal::new(Code::INVALID_ARGUMENT).because(field)
}
