//! What an open session asks: is it well formed, may this session ask it, is it within its rate?
//! Then it goes to the room's home, which decides everything that is the room's.

use throng_protocol::frame::FromBroker;
use throng_protocol::limits::{JOIN_HISTORY_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{Pong, Reply};
use throng_protocol::request::{Join, Publish, Request};
use throng_protocol::value::{ClassHint, Extensions, Kind, Role, RoomId};

use crate::envelope::{self, Address, Ask, Body, Command, Envelope, Named, Ticket};
use crate::id::{ConnectionId, SessionKey, ShardId};
use crate::probe::{self, Mark};
use crate::session::Identity;
use crate::shard::{Drain, Shard};

type Refused = Refusal<'static>;

impl Shard {
    pub(super) fn on_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Request<'_>,
    ) {
        let done = match request {
            Request::Publish(publish) => self.on_publish_request(connection, number, publish),
            _ => self.on_other_request(connection, number, request),
        };
        if let Err(refusal) = done {
            self.refuse(connection, number, refusal);
        }
    }

    /// Answers a request with a no.
    pub(super) fn refuse(&mut self, connection: ConnectionId, number: u32, refusal: Refused) {
        self.queue(connection, &FromBroker::Reply(number, Reply::Refused(refusal)));
    }

    fn on_publish_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        publish: &Publish<'_>,
    ) -> Result<(), Refused> {
        let now = self.now;
        let identity = self.identity(connection)?;
        let user = identity.user;
        let sender = self.users.get(user).ok_or(Refusal::new(Code::INTERNAL))?;
        if let Err(wait) = sender.messages.check(now.instant) {
            probe::mark(Mark::MessageRateLimited);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait));
        }
        check_publish(publish)?;
        let (home, address) = self.address(identity, publish.room);
        self.check_load(home)?;
        let sender = self.users.get_mut(user).expect("found above");
        sender.messages.record(now.instant);
        let session = SessionKey { shard: self.settings.id, connection };
        let publish = envelope::Publish {
            ticket: Ticket { session, user, request: number },
            address,
            options: publish.options,
            ingress_at: now.wall,
            body: Body::new(publish.kind, publish.payload),
        };
        self.post.tell(home, Envelope::Publish(publish));
        Ok(())
    }

    /// Where a message goes. A member's room is known by handle, which spares the home two
    /// look-ups by name; everyone else names the room and itself.
    fn address(&self, identity: &Identity, room: &str) -> (ShardId, Address) {
        let app = self.app(identity.app);
        if identity.role == Role::Client && !app.publish_without_join {
            let rooms = self.users.get(identity.user).map_or(&[][..], |user| &user.rooms);
            let membership =
                rooms.iter().find(|own| *self.audiences.get(own.audience).name == *room);
            if let Some(own) = membership {
                let address =
                    Address::Member { room: own.room, member: own.member, role: identity.role };
                return (own.room.shard, address);
            }
        }
        let named = Named {
            app: identity.app,
            room: room.into(),
            sender: identity.name.clone(),
            role: identity.role,
        };
        (self.homes.of_room(identity.app, room), Address::Named(Box::new(named)))
    }

    fn on_other_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Request<'_>,
    ) -> Result<(), Refused> {
        let now = self.now;
        let session = self.sessions.get_mut(connection);
        let requests = session.and_then(|session| session.requests_mut());
        let requests = requests.ok_or(Refusal::new(Code::INTERNAL))?;
        if let Err(wait) = requests.check(now.instant) {
            probe::mark(Mark::RequestRateLimited);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait));
        }
        requests.record(now.instant);
        check_extensions(request.extensions())?;
        let (room, ask) = match request {
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
            _ => return Err(Refusal::new(Code::NOT_SUPPORTED)),
        };
        RoomId::parse(room).map_err(|_| invalid("room"))?;
        self.command(connection, number, room, ask)
    }

    fn command(
        &mut self,
        connection: ConnectionId,
        number: u32,
        room: &str,
        ask: Ask,
    ) -> Result<(), Refused> {
        let identity = self.identity(connection)?;
        let (app, user) = (identity.app, identity.user);
        let home = self.homes.of_room(app, room);
        self.check_load(home)?;
        let session = SessionKey { shard: self.settings.id, connection };
        let ticket = Ticket { session, user, request: number };
        self.post.tell(home, Envelope::Command(Command { ticket, app, room: room.into(), ask }));
        Ok(())
    }

    fn ask_join(&self, connection: ConnectionId, join: &Join<'_>) -> Result<Ask, Refused> {
        if join.history > JOIN_HISTORY_MAX {
            return Err(invalid("history"));
        }
        if join.history > 0 {
            return Err(Refusal::new(Code::NOT_SUPPORTED).because("history"));
        }
        let (user, role) = self.member_name(connection)?;
        Ok(Ask::Join { user, role })
    }

    fn ask_leave(&self, connection: ConnectionId) -> Result<Ask, Refused> {
        let (user, role) = self.member_name(connection)?;
        Ok(Ask::Leave { user, role })
    }

    fn ask_server(&self, connection: ConnectionId, ask: Ask) -> Result<Ask, Refused> {
        match self.identity(connection)?.role {
            Role::Server => Ok(ask),
            _ => Err(Refusal::new(Code::NOT_ALLOWED).because("servers only")),
        }
    }

    /// Whether new work for that shard is let in.
    fn check_load(&self, home: ShardId) -> Result<(), Refused> {
        if self.drain != Drain::Serving {
            return Err(Refusal::new(Code::DRAINING));
        }
        if self.post.admits(home) {
            return Ok(());
        }
        probe::mark(Mark::Overloaded);
        Err(Refusal::new(Code::OVERLOADED))
    }

    /// What rooms call the user of a session, and its role.
    fn member_name(&self, connection: ConnectionId) -> Result<(Box<str>, Role), Refused> {
        let identity = self.identity(connection)?;
        let user = self.users.get(identity.user).ok_or(Refusal::new(Code::INTERNAL))?;
        Ok((user.name().into(), identity.role))
    }

    fn identity(&self, connection: ConnectionId) -> Result<&Identity, Refused> {
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
    if publish.class != ClassHint::Default {
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

const fn invalid(field: &'static str) -> Refused {
    Refusal::new(Code::INVALID_ARGUMENT).because(field)
}
