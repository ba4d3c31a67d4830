//! What is asked of the rooms homed here, and the sealing of what they have to say.
//!
//! Everything a room answers goes through the same lane as what it delivers. A batch is sealed
//! before its room's membership changes, so a lane's order says exactly who sees what.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{DestroyReason, PublishOptions};

use crate::envelope::{Address, Answer, Ask, Command, Envelope, Publish, Ticket};
use crate::id::{AppId, Badge, RoomHandle, SessionKey};
use crate::probe::{self, Bug, Mark};
use crate::room::{Author, Publication, Who};
use crate::shard::Shard;
use crate::shard::timers::Due;
use crate::slots::Slot;

type Refused = Refusal<'static>;

impl Shard {
    pub(super) fn on_publish(&mut self, publish: &Publish) {
        let answer = match self.admit(publish) {
            Ok(_) if publish.options.has(PublishOptions::NO_ACK) => return,
            Ok(accepted) => accepted,
            Err(refusal) => Answer::Refused(refusal),
        };
        self.answer(publish.ticket, answer);
    }

    fn admit(&mut self, publish: &Publish) -> Result<Answer, Refused> {
        let (handle, author) = self.resolve(&publish.address)?;
        let no_room = Refusal::new(Code::NO_SUCH_ROOM);
        let room = self.rooms.get(handle).ok_or(no_room)?;
        if !room.shards().all(|shard| self.post.admits(shard)) {
            probe::mark(Mark::Overloaded);
            return Err(Refusal::new(Code::OVERLOADED));
        }
        let app = room.app();
        let echo = publish.options.has(PublishOptions::ECHO) || probe::planted(Bug::OwnEcho);
        let publication = Publication {
            author,
            kind: publish.body.kind(),
            payload: publish.body.payload(),
            ingress_at: publish.ingress_at,
            own: (!echo).then_some(publish.ticket.session),
            publish_without_join: self.app(app).publish_without_join,
        };
        let now = self.now;
        let room = self.rooms.get_mut(handle).ok_or(no_room)?;
        let seq = room.publish(&publication, now)?;
        let epoch = room.state().epoch;
        let full = room.is_full();
        self.rooms_open.push(handle);
        if full {
            probe::mark(Mark::BatchFull);
            self.seal(handle);
        }
        Ok(Answer::Accepted { epoch, seq, time: now.wall })
    }

    fn resolve<'a>(&self, address: &'a Address) -> Result<(RoomHandle, Author<'a>), Refused> {
        match address {
            Address::Member { room, member, role } => Ok((*room, Author::Member(*member, *role))),
            Address::Named(named) => {
                let room = self.rooms.find(named.app, &named.room);
                let room = room.ok_or(Refusal::new(Code::NO_SUCH_ROOM))?;
                Ok((room, Author::Named(Who { user: &named.sender, role: named.role })))
            }
        }
    }

    pub(super) fn on_command(&mut self, command: Command) {
        let Command { ticket, app, room, ask } = command;
        let answer = match ask {
            Ask::Join { user, role } => self.on_join(ticket, app, room, Who { user: &user, role }),
            Ask::Leave { user, role } => self.on_leave(app, &room, Who { user: &user, role }),
            Ask::Query => self.on_query(app, &room),
            Ask::Create => self.on_create(app, room),
            Ask::Destroy => self.on_destroy(app, &room),
        };
        self.answer(ticket, answer.unwrap_or_else(Answer::Refused));
    }

    fn on_join(
        &mut self,
        ticket: Ticket,
        app: AppId,
        name: Box<str>,
        who: Who<'_>,
    ) -> Result<Answer, Refused> {
        let handle = match self.rooms.find(app, &name) {
            Some(handle) => handle,
            None if self.app(app).create_on_join => self.create_room(app, name.clone()),
            None => return Err(Refusal::new(Code::NO_SUCH_ROOM)),
        };
        if !probe::planted(Bug::JoinUnsealed) {
            self.seal(handle);
        }
        let now = self.now.instant;
        let room = self.rooms.get_mut(handle).expect("just found or created");
        let (badge, at) = room.join(who, ticket.session, now);
        Ok(Answer::Joined { name, room: handle, badge, at })
    }

    fn on_leave(&mut self, app: AppId, name: &str, who: Who<'_>) -> Result<Answer, Refused> {
        let handle = self.find_room(app, name)?;
        self.seal(handle);
        let now = self.now.instant;
        let room = self.rooms.get_mut(handle).expect("just found");
        if room.leave(who, now) {
            Ok(Answer::Left { room: handle })
        } else {
            Err(Refusal::new(Code::NOT_A_MEMBER))
        }
    }

    fn on_query(&self, app: AppId, name: &str) -> Result<Answer, Refused> {
        let handle = self.find_room(app, name)?;
        let room = self.rooms.get(handle).expect("just found");
        Ok(Answer::State(room.state()))
    }

    fn on_create(&mut self, app: AppId, name: Box<str>) -> Result<Answer, Refused> {
        if self.rooms.find(app, &name).is_some() {
            return Err(Refusal::new(Code::ROOM_EXISTS));
        }
        let handle = self.create_room(app, name);
        let state = self.rooms.get(handle).expect("just created").state();
        Ok(Answer::Created { epoch: state.epoch, created_at: state.created_at })
    }

    fn on_destroy(&mut self, app: AppId, name: &str) -> Result<Answer, Refused> {
        let handle = self.find_room(app, name)?;
        self.destroy_room(handle, DestroyReason::Request);
        Ok(Answer::Destroyed)
    }

    pub(super) fn on_vacate(&mut self, room: RoomHandle, badge: Badge, session: SessionKey) {
        self.seal(room);
        let now = self.now.instant;
        if let Some(room) = self.rooms.get_mut(room) {
            room.vacate(badge, session, now);
        }
    }

    pub(super) fn on_room_timer(&mut self, slot: Slot) {
        let handle = self.rooms.handle(slot);
        let Some(room) = self.rooms.get(handle) else { return };
        let ends_at = room.ends_at();
        if ends_at <= self.now.instant {
            probe::mark(Mark::RoomIdle);
            self.destroy_room(handle, DestroyReason::Idle);
        } else {
            self.timers.set(ends_at, Due::Room(slot));
        }
    }

    /// Ends the open batches of the turn.
    pub(super) fn seal_rooms(&mut self) {
        let mut open = core::mem::take(&mut self.rooms_open);
        for room in open.drain(..) {
            self.seal(room);
        }
        self.rooms_open = open;
    }

    /// Ends a room's open batch, if there is one, and sends it to every shard with occupants.
    fn seal(&mut self, handle: RoomHandle) {
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let post = &mut self.post;
        room.seal(|to, batch| post.tell(to, Envelope::Deliver { room: handle, batch }));
    }

    fn create_room(&mut self, app: AppId, name: Box<str>) -> RoomHandle {
        let idle = self.app(app).room_idle;
        let handle = self.rooms.create(app, name, idle, self.now);
        let room = self.rooms.get(handle).expect("just created");
        self.timers.set(room.ends_at(), Due::Room(handle.slot));
        handle
    }

    fn destroy_room(&mut self, handle: RoomHandle, reason: DestroyReason) {
        let Some(mut room) = self.rooms.remove(handle) else { return };
        room.end(reason);
        let post = &mut self.post;
        room.seal(|to, batch| post.tell(to, Envelope::End { room: handle, batch }));
    }

    fn find_room(&self, app: AppId, name: &str) -> Result<RoomHandle, Refused> {
        self.rooms.find(app, name).ok_or(Refusal::new(Code::NO_SUCH_ROOM))
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.post.tell(ticket.session.shard, Envelope::Answer { ticket, answer });
    }
}
