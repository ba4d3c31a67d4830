//! The rooms homed here: what is published to them, the sealing of what they have to say, their
//! timers, their beginning and end.
//!
//! Everything a room answers goes through the same lane as what it delivers. A batch is sealed
//! before its room's membership changes, so a lane's order says exactly who sees what.

use std::rc::Rc;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    AppEventKind, Departure, DestroyReason, IdList, PublishOptions, ShedReason,
};

use crate::class::Class;
use crate::counters::Outcome;
use crate::envelope::{Ack, Address, Answer, Envelope, ItemOutcome, Publish, Ticket};
use crate::id::{AppId, RoomHandle, ShardId};
use crate::limits::SHED_RETRY_AFTER;
use crate::probe::{self, Bug, Mark};
use crate::room::{
    Author, Batch, Departed, Expelled, No, Open, Publication, Room, Shed, Who, Wish,
};
use crate::shard::Shard;
use crate::shard::load::Level;
use crate::shard::post::Post;
use crate::shard::publishing::outcome_of;
use crate::shard::timers::Due;
use crate::slots::Slot;
use crate::time::Instant;

type Refused = Refusal<'static>;

impl Shard {
    pub(super) fn on_publish(&mut self, publish: &Publish) {
        let done = self.admit(publish);
        if let Some(item) = publish.rare.as_ref().and_then(|rare| rare.item) {
            let outcome = match &done {
                Ok(Answer::Accepted { epoch, seq, .. }) => {
                    let (epoch, seq) = (*epoch, *seq);
                    ItemOutcome { epoch, seq, ..ItemOutcome::plain(Code::NONE) }
                }
                Ok(_) => ItemOutcome::plain(Code::NONE),
                Err(no) => outcome_of(no),
            };
            let done = Envelope::ItemDone { item, outcome };
            return self.post.tell(publish.ticket.session.shard, done);
        }
        let answer = match done {
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
            unstored: publish.options.has(PublishOptions::NO_STORE),
            publish_without_join: self.app(app).publish_without_join,
        };
        if let Some(rare) = publish.rare.as_ref().filter(|rare| !rare.targets.is_empty()) {
            return self.direct(handle, &publication, &rare.targets);
        }
        let now = self.now;
        let room = self.rooms.get_mut(handle).ok_or(no_room)?;
        let (seq, class) = match room.publish(&publication, now) {
            Ok(accepted) => accepted,
            Err(no) => return Err(self.count_no(app, publish.class, no)),
        };
        let (epoch, full) = (room.epoch(), room.is_full());
        if room.open == Open::No {
            room.open = Open::Said;
            self.rooms_open.push(handle);
        }
        self.load.record(app);
        self.counters_mut(app).count(Outcome::Accepted, class);
        if full {
            probe::mark(Mark::BatchFull);
            self.seal(handle);
        }
        Ok(Answer::Accepted { epoch, seq, time: now.wall })
    }

    /// A message for some members only: to their homes, after what the room said before it.
    fn direct(
        &mut self,
        handle: RoomHandle,
        publication: &Publication<'_>,
        targets: &[u8],
    ) -> Result<Answer, No> {
        let now = self.now;
        self.seal(handle);
        let room = self.rooms.get_mut(handle).ok_or(Refusal::new(Code::NO_SUCH_ROOM))?;
        let (app, epoch) = (room.app(), room.epoch());
        let targets = IdList::parse(targets).expect("the list as it was decoded");
        let directed = match room.direct(publication, targets, now) {
            Ok(directed) => directed,
            Err(no) => return Err(self.count_no(app, publication.class, no)),
        };
        self.load.record(app);
        self.counters_mut(app).count(Outcome::Accepted, directed.class);
        self.open_room(handle);
        for key in directed.users {
            let (user, frame) = (key.user, directed.frame.clone());
            let own = publication.own;
            self.post.tell(key.shard, Envelope::Direct { user, room: handle, frame, own });
        }
        Ok(Answer::Accepted { epoch, seq: directed.seq, time: now.wall })
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

    pub(super) fn on_room_timer(&mut self, slot: Slot, at: Instant) {
        let handle = self.rooms.handle(slot);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        if room.timer_at != Some(at) {
            return; // An earlier one was set since, and has done this one's work.
        }
        room.timer_at = None;
        self.expire_seats(handle);
        let now = self.now;
        if let Some(room) = self.rooms.get_mut(handle) {
            room.expire_attributes(now);
            room.expire_bots(now.instant);
        }
        let now = now.instant;
        let ends = self.rooms.get(handle).and_then(Room::ends_at);
        match ends.filter(|(ends_at, _)| *ends_at <= now && !self.keeps_alive(handle)) {
            Some((_, reason)) => {
                probe::mark(match reason {
                    DestroyReason::Lifetime => Mark::RoomOld,
                    DestroyReason::Empty => Mark::RoomEmpty,
                    _ => Mark::RoomIdle,
                });
                self.destroy_room(handle, reason);
            }
            None => self.open_room(handle),
        }
    }

    fn keeps_alive(&self, handle: RoomHandle) -> bool {
        let room = self.rooms.get(handle);
        room.is_some_and(|room| self.is_kept_alive(room.app(), room.name()))
    }

    /// Sets a timer for a room, unless an earlier one is set: that one will find out when it
    /// fires.
    pub(super) fn arm_room(&mut self, handle: RoomHandle) {
        let settings = Rc::clone(&self.settings);
        let kept_alive = self.keeps_alive(handle);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        let end = room.ends_at().filter(|_| !kept_alive).map(|(at, _)| at);
        let deadline = [end, room.wants_turn_at(nature)].into_iter().flatten().min();
        if let Some(deadline) = deadline
            && room.timer_at.is_none_or(|set| deadline < set)
        {
            room.timer_at = Some(deadline);
            self.timers.set(deadline, Due::Room(handle.slot));
        }
    }

    /// Notes that something about a room changed, which is seen to at the end of the turn.
    pub(super) fn open_room(&mut self, handle: RoomHandle) {
        if let Some(room) = self.rooms.get_mut(handle) {
            if room.open == Open::No {
                self.rooms_open.push(handle);
            }
            room.open = Open::Changed;
        }
    }

    /// Ends the open batches of the turn, after giving up the seats for which enough was said in it:
    /// not sooner, for whoever said it shall hear of its own message before anything behind it.
    pub(super) fn seal_rooms(&mut self) {
        for place in 0..self.rooms_open.len() {
            let handle = self.rooms_open[place];
            if self.rooms.get(handle).is_some_and(|room| {
                room.has_said_enough(&self.settings.apps[usize::from(room.app().0)].rooms)
            }) {
                self.expire_seats(handle);
            }
        }
        let mut open = core::mem::take(&mut self.rooms_open);
        let settings = Rc::clone(&self.settings);
        for handle in open.drain(..) {
            let Some(room) = self.rooms.get_mut(handle) else { continue };
            let open = core::mem::replace(&mut room.open, Open::No);
            if room.note_news() {
                self.top.note(handle);
            }
            let nature = &settings.apps[usize::from(room.app().0)].rooms;
            let mut give = give(&mut self.post, handle);
            room.seal(nature, &mut give);
            room.end_turn();
            if open == Open::Changed {
                room.tell_figures(nature, self.now.instant, give);
                self.arm_room(handle);
            }
        }
        self.rooms_open = open;
        self.arm_top();
    }

    /// Ends a room's open batch, if there is one, and sends it to every shard with occupants.
    fn seal(&mut self, handle: RoomHandle) {
        let settings = Rc::clone(&self.settings);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        room.seal(nature, give(&mut self.post, handle));
    }

    /// Gives up the seats of those who did not come back in time.
    pub(super) fn expire_seats(&mut self, handle: RoomHandle) {
        let settings = Rc::clone(&self.settings);
        let now = self.now;
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        let departed = room.expire_seats(nature, now);
        self.on_departed(handle, &departed);
        for own in departed {
            self.tell_out_of(handle, &own, None, None);
        }
    }

    /// Somebody is a member of a room no longer.
    pub(super) fn on_departed(&mut self, handle: RoomHandle, departed: &[Departed]) {
        if departed.is_empty() {
            return;
        }
        self.open_room(handle);
        let Some(room) = self.rooms.get(handle) else { return };
        let (app, epoch, name) = (room.app(), room.epoch(), Box::<str>::from(room.name()));
        for own in departed {
            self.happen_left((app, &name, epoch), own);
        }
    }

    /// Tells a user's home that the user is out of a room.
    pub(super) fn tell_out_of(
        &mut self,
        room: RoomHandle,
        departed: &Departed,
        expelled: Option<Box<Expelled>>,
        ack: Option<Ack>,
    ) {
        let Departed { key, member, .. } = *departed;
        let out = Envelope::Out { user: key.user, room, member, expelled, ack };
        self.post.tell(key.shard, out);
    }

    pub(super) fn create_room(&mut self, app: AppId, name: Box<str>, wish: Wish) -> RoomHandle {
        let handle = self.rooms.create(app, name, wish, self.now);
        self.open_room(handle);
        let room = self.rooms.get(handle).expect("just created");
        let (name, epoch) = (Box::<str>::from(room.name()), room.epoch());
        let what = AppEventKind::RoomCreated;
        self.happen_to_room((app, &name, epoch), what, DestroyReason::default());
        handle
    }

    pub(super) fn destroy_room(&mut self, handle: RoomHandle, reason: DestroyReason) {
        self.offer_room(handle);
        let Some(mut room) = self.rooms.remove(handle) else { return };
        let settings = Rc::clone(&self.settings);
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        room.end(reason);
        let post = &mut self.post;
        room.seal(nature, |to, batch| post.tell(to, Envelope::End { room: handle, batch }));
        let (app, epoch, name) = (room.app(), room.epoch(), Box::<str>::from(room.name()));
        for own in room.all_depart(Departure::Closed, self.now) {
            if own.was_away {
                self.tell_out_of(handle, &own, None, None);
            }
        }
        self.happen_to_room((app, &name, epoch), AppEventKind::RoomDestroyed, reason);
    }

    pub(super) fn find_room(&self, app: AppId, name: &str) -> Result<RoomHandle, Refused> {
        self.rooms.find(app, name).ok_or(Refusal::new(Code::NO_SUCH_ROOM))
    }

    pub(super) fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.post.tell(ticket.session.shard, Envelope::Answer { ticket, answer });
    }
}

/// How a room's batches reach the shards with occupants.
pub(super) fn give(post: &mut Post, room: RoomHandle) -> impl FnMut(ShardId, Batch) {
    move |to, batch| post.tell(to, Envelope::Deliver { room, batch })
}
