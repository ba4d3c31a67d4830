//! What is asked of the rooms homed here, and the sealing of what they have to say.
//!
//! Everything a room answers goes through the same lane as what it delivers. A batch is sealed
//! before its room's membership changes, so a lane's order says exactly who sees what.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{DestroyReason, ListChange, PublishOptions, ShedReason};

use crate::class::Class;
use crate::counters::Outcome;
use crate::envelope::{Address, Answer, Ask, Command, Envelope, LimitSettings, Publish, Ticket};
use crate::id::{AppId, Badge, RoomHandle, SessionKey};
use crate::limits::SHED_RETRY_AFTER;
use crate::names::Names;
use crate::probe::{self, Bug, Mark};
use crate::room::{Author, Nature, No, Publication, Room, Shed, Who};
use crate::shard::load::Level;
use crate::shard::timers::Due;
use crate::shard::{Shard, rules};
use crate::slots::Slot;

type Refused = Refusal<'static>;

impl Shard {
    pub(super) fn on_publish(&mut self, publish: &Publish) {
        let answer = match self.admit(publish) {
            Ok(_) if publish.options.has(PublishOptions::NO_ACK) => return,
            Ok(accepted) => accepted,
            Err(No::Refused(refusal)) => Answer::Refused(refusal),
            Err(No::Shed(shed)) => Answer::Shed(shed),
        };
        self.answer(publish.ticket, answer);
    }

    fn admit(&mut self, publish: &Publish) -> Result<Answer, No> {
        let (handle, author) = self.resolve(&publish.address)?;
        let no_room = Refusal::new(Code::NO_SUCH_ROOM);
        let room = self.rooms.get(handle).ok_or(no_room)?;
        let app = room.app();
        let lanes = room.shards().map(|shard| self.post.level(shard)).max().unwrap_or_default();
        let level = lanes.max(self.load.glut(room.turn_bytes()));
        self.shed_overload(level, app, room.class_of(author, publish.class))?;
        let echo = publish.options.has(PublishOptions::ECHO) || probe::planted(Bug::OwnEcho);
        let publication = Publication {
            author,
            kind: publish.body.kind(),
            payload: publish.body.payload(),
            class: publish.class,
            ingress_at: publish.ingress_at,
            own: (!echo).then_some(publish.ticket.session),
            publish_without_join: self.app(app).publish_without_join,
        };
        let now = self.now;
        let room = self.rooms.get_mut(handle).ok_or(no_room)?;
        let (seq, class) = match room.publish(&publication, now) {
            Ok(accepted) => accepted,
            Err(no) => return Err(self.count_no(app, publish.class, no)),
        };
        let (epoch, full) = (room.state().epoch, room.is_full());
        self.load.record(app);
        self.counters_mut(app).count(Outcome::Accepted, class);
        self.rooms_open.push(handle);
        if full {
            probe::mark(Mark::BatchFull);
            self.seal(handle);
        }
        Ok(Answer::Accepted { epoch, seq, time: now.wall })
    }

    fn count_no(&mut self, app: AppId, class: Class, no: No) -> No {
        let counters = self.counters_mut(app);
        match &no {
            No::Shed(shed) => {
                probe::mark(Mark::QuotaUsedUp);
                counters.count(Outcome::ShedQuota, shed.class);
            }
            No::Refused(refusal) if refusal.code == Code::SLOW_MODE => {
                probe::mark(Mark::SlowedDown);
                counters.count(Outcome::SlowMode, class);
            }
            No::Refused(_) => {}
        }
        no
    }

    /// Sheds a message if there is too much to do: on its way, or for this shard itself.
    pub(super) fn shed_overload(
        &mut self,
        level: Level,
        app: AppId,
        class: Class,
    ) -> Result<(), No> {
        let level = level.max(self.load.level());
        if !self.load.sheds(level, app, class) {
            return Ok(());
        }
        probe::mark(Mark::Overloaded);
        self.counters_mut(app).count(Outcome::ShedOverload, class);
        let retry_after = SHED_RETRY_AFTER;
        Err(match class {
            Class::Protected => Refusal::new(Code::OVERLOADED).retry_after(retry_after).into(),
            _ => No::Shed(Shed { class, reason: ShedReason::Overload, retry_after }),
        })
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
            Ask::ChangeProtectedUsers(change, users) => {
                self.on_change_protected_users(app, &room, change, &users)
            }
            Ask::QueryProtectedUsers => self
                .find_room_mut(app, &room)
                .map(|(_, room)| Answer::Names(room.protected_users().clone())),
            Ask::SetLimits(settings) => self.on_set_limits(app, &room, &settings),
            Ask::QueryLimits { user, role } => {
                let (who, now) = (Who { user: &user, role }, self.now.instant);
                let room = self.find_room_mut(app, &room);
                room.map(|(_, room)| Answer::Limits(Box::new(room.allowance(who, now))))
            }
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
        let protected = room.protected_users().contains(who.user);
        Ok(Answer::Joined { name, room: handle, badge, at, protected })
    }

    fn on_change_protected_users(
        &mut self,
        app: AppId,
        name: &str,
        change: ListChange,
        users: &Names,
    ) -> Result<Answer, Refused> {
        let (handle, room) = self.find_room_mut(app, name)?;
        let before = room.protected_users().clone();
        let size = room.change_protected_users(change, users)?;
        let after = room.protected_users().clone();
        let changed = before.iter().chain(after.iter());
        for user in changed.filter(|user| before.contains(user) != after.contains(user)) {
            let Some(room) = self.rooms.get(handle) else { break };
            let protected = after.contains(user);
            for session in room.sessions_of(user) {
                let standing = Envelope::Standing { session, room: handle, protected };
                self.post.tell(session.shard, standing);
            }
        }
        Ok(Answer::ListChanged { size: u32::try_from(size).unwrap_or(u32::MAX) })
    }

    fn on_set_limits(
        &mut self,
        app: AppId,
        name: &str,
        settings: &LimitSettings,
    ) -> Result<Answer, Refused> {
        let of_app = self.app(app).quota;
        let (_, room) = self.find_room_mut(app, name)?;
        let (quota, slow_mode) = rules::apply(settings, room.limits(), of_app);
        room.set_limits(quota, slow_mode);
        Ok(Answer::LimitsSet)
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
        for handle in open.drain(..) {
            self.seal(handle);
            if let Some(room) = self.rooms.get_mut(handle) {
                room.end_turn();
            }
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
        let own = self.app(app);
        let nature = Nature { idle: own.rooms.lifetimes.idle, quota: own.quota };
        let handle = self.rooms.create(app, name, nature, self.now);
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

    fn find_room_mut(
        &mut self,
        app: AppId,
        name: &str,
    ) -> Result<(RoomHandle, &mut Room), Refused> {
        let handle = self.find_room(app, name)?;
        let room = self.rooms.get_mut(handle).expect("just found");
        Ok((handle, room))
    }

    fn find_room(&self, app: AppId, name: &str) -> Result<RoomHandle, Refused> {
        self.rooms.find(app, name).ok_or(Refusal::new(Code::NO_SUCH_ROOM))
    }

    pub(super) fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.post.tell(ticket.session.shard, Envelope::Answer { ticket, answer });
    }
}
