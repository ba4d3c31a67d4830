//! Messages that a session publishes: may its user, is it within its rate, is it a repeat? Then each
//! goes to its room's home, which decides everything that is the room's.

use throng_protocol::frame::FromBroker;
use throng_protocol::limits::{LIST_IDS_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{Accepted, Shed};
use throng_protocol::request::{Broadcast, Publish, PublishMany};
use throng_protocol::value::{
    ClassHint, Extensions, IdList, Kind, MessageId, PublishOptions, Role, RoomId, UserId,
};

use crate::class::Class;
use crate::counters::Outcome;
use crate::envelope::{
    self, Address, Answer, Body, Envelope, Item, ItemOutcome, Named, Rare, Ticket,
};
use crate::id::{ConnectionId, SessionKey, ShardId};
use crate::probe::{self, Bug, Mark};
use crate::room::{self, No};
use crate::session::Identity;
use crate::shard::Shard;
use crate::shard::repeats::{First, Known, Waiting};
use crate::shard::requests::{Refused, check_extensions, invalid};
use crate::shard::users::Place;

/// A message on its way out of the session's shard.
struct Outgoing<'a> {
    number: u32,
    publish: Publish<'a>,
    /// Which of many rooms it is for.
    item: Option<Item>,
}

impl Shard {
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

    pub(super) fn on_publish_request(
        &mut self,
        connection: ConnectionId,
        number: u32,
        publish: &Publish<'_>,
    ) -> Result<(), No> {
        let now = self.now.instant;
        let identity = self.identity(connection)?;
        let (user, app) = (identity.user, identity.app);
        let sender = self.users.get(user).ok_or(Refusal::new(Code::INTERNAL))?;
        if let Err(wait) = sender.messages.check(now) {
            probe::mark(Mark::MessageRateLimited);
            let by_kind = self.appwide.lists[usize::from(app.0)].class(publish.kind, publish.class);
            self.counters_mut(app).count(Outcome::RateLimited, by_kind);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait).into());
        }
        check_publish(publish)?;
        self.send_out(connection, &Outgoing { number, publish: *publish, item: None })
    }

    /// Publishes to many rooms, each of which counts as a message (spec 5).
    pub(super) fn on_publish_many(
        &mut self,
        connection: ConnectionId,
        number: u32,
        many: &PublishMany<'_>,
    ) -> Result<(), No> {
        let now = self.now.instant;
        let identity = self.identity(connection)?;
        let (user, role) = (identity.user, identity.role);
        if role != Role::Server {
            return Err(Refusal::new(Code::NOT_ALLOWED).because("servers only").into());
        }
        let rooms = many.rooms.iter().count();
        if rooms == 0 {
            return Err(invalid("rooms").into());
        }
        let sender = self.users.get(user).ok_or(Refusal::new(Code::INTERNAL))?;
        let count = u32::try_from(rooms).unwrap_or(u32::MAX);
        if let Err(wait) = sender.messages.check_many(count, now) {
            probe::mark(Mark::MessageRateLimited);
            return Err(Refusal::new(Code::RATE_LIMITED).retry_after(wait).into());
        }
        let of_room = |room| Publish {
            room,
            kind: many.kind,
            payload: many.payload,
            options: many.options,
            class: many.class,
            message_id: many.message_id,
            targets: IdList::EMPTY,
            extensions: many.extensions,
        };
        for room in many.rooms.iter() {
            check_publish(&of_room(room))?;
        }
        self.check_drain()?;
        let ticket = self.ticket(connection, number)?;
        let gathered = self.gather_items(ticket, rooms, Answer::PublishedMany);
        for (place, room) in (0_u16..).zip(many.rooms.iter()) {
            let item = Item { number: gathered, place };
            let outgoing = Outgoing { number, publish: of_room(room), item: Some(item) };
            if let Err(no) = self.send_out(connection, &outgoing) {
                self.on_item_done(item, outcome_of(&no));
            }
        }
        Ok(())
    }

    /// Sends a message to its room's home, unless it is a repeat. Its sender's rate allows it.
    fn send_out(&mut self, connection: ConnectionId, out: &Outgoing<'_>) -> Result<(), No> {
        let Outgoing { number, publish, item } = *out;
        let now = self.now;
        let identity = self.identity(connection)?;
        let (user, app) = (identity.user, identity.app);
        if identity.grant.as_ref().is_some_and(|grant| !grant.reaches(publish.room)) {
            return Err(Refusal::new(Code::OUT_OF_SCOPE).into());
        }
        self.check_muted_in_app(app, &identity.name, identity.role)?;
        let (home, address, protected) = self.address(identity, publish.room);
        self.check_drain()?;
        let ticket = Ticket {
            session: SessionKey { shard: self.settings.id, connection },
            user,
            request: number,
        };
        if self.is_repeat(ticket, out) {
            return Ok(());
        }
        let by_kind = self.appwide.lists[usize::from(app.0)].class(publish.kind, publish.class);
        let class = if protected { Class::Protected } else { by_kind };
        self.shed_overload(self.post.level(home), app, class)?;
        let sender = self.users.get_mut(user).ok_or(Refusal::new(Code::INTERNAL))?;
        sender.messages.record(now.instant);
        let quiet = publish.options.has(PublishOptions::NO_ACK);
        let mut options = publish.options;
        if !publish.message_id.is_empty() {
            // Whether it was accepted has to be known here for its repeats.
            options = PublishOptions::from_bits(options.bits() & !PublishOptions::NO_ACK.bits());
            let waiting = Waiting { ticket, quiet, item };
            self.repeats_pending += 1;
            let repeats = &mut sender.seldom().repeats;
            repeats.record(publish.room, publish.message_id, waiting, now.instant);
        }
        if item.is_some() {
            // Its places are told once all rooms have answered, which may be after what follows.
            options = options.with(PublishOptions::ECHO);
        }
        let mut targets = Vec::new();
        IdList::write(publish.targets.iter(), &mut targets);
        let targets = targets.into_boxed_slice();
        let is_rare = item.is_some() || !targets.is_empty();
        let publish = envelope::Publish {
            ticket,
            address,
            options,
            class: by_kind,
            ingress_at: now.wall,
            body: Body::new(publish.kind, publish.payload),
            rare: is_rare.then(|| Box::new(Rare { targets, item })),
        };
        self.post.tell(home, Envelope::Publish(publish));
        Ok(())
    }

    /// Whether a message was published before. Then it is answered as it was, or will be.
    fn is_repeat(&mut self, ticket: Ticket, out: &Outgoing<'_>) -> bool {
        let (publish, now) = (&out.publish, self.now.instant);
        if publish.message_id.is_empty() || probe::planted(Bug::RepeatPublished) {
            return false;
        }
        let quiet = publish.options.has(PublishOptions::NO_ACK);
        let waiting = Waiting { ticket, quiet, item: out.item };
        let Some(sender) = self.users.get_mut(ticket.user) else { return false };
        let known = sender.seldom().repeats.find(publish.room, publish.message_id, waiting, now);
        if known == Known::New {
            return false;
        }
        probe::mark(Mark::Repeated);
        sender.messages.record(now);
        if let Known::Repeat(first) = known {
            self.tell_first(waiting, first);
        }
        true
    }

    /// Tells whoever waits for what becomes of a message that it was accepted.
    fn tell_first(&mut self, waiting: Waiting, first: First) {
        let First { epoch, seq, time } = first;
        match waiting.item {
            Some(item) => {
                let outcome = ItemOutcome { code: Code::NONE, retry_after_ms: 0, epoch, seq };
                self.on_item_done(item, outcome);
            }
            None if waiting.quiet => {}
            None => {
                let time = time.as_micros();
                let accepted = Accepted { epoch, seq, time, extensions: Extensions::NONE };
                self.reply(waiting.ticket, accepted.into());
            }
        }
    }

    /// A message that was published by itself was accepted. Says whether it had an id; then all who
    /// wait for it are told.
    pub(super) fn settle_accepted(&mut self, ticket: Ticket, first: First) -> bool {
        let waiting = self.settle_repeats(ticket, None, Some(first));
        for own in &waiting {
            self.tell_first(*own, first);
        }
        !waiting.is_empty()
    }

    /// It was not. All who wait for it beside its sender are told the same.
    pub(super) fn settle_refused(&mut self, ticket: Ticket, no: &No) {
        for own in self.settle_repeats(ticket, None, None) {
            if own.ticket != ticket || own.item.is_some() {
                self.tell_no(own, no);
            }
        }
    }

    fn tell_no(&mut self, waiting: Waiting, no: &No) {
        let Ticket { session, request, .. } = waiting.ticket;
        match (waiting.item, no) {
            (Some(item), no) => self.on_item_done(item, outcome_of(no)),
            (None, No::Refused(refusal)) => self.refuse(session.connection, request, *refusal),
            (None, No::Shed(shed)) => self.tell_shed(session.connection, request, *shed),
        }
    }

    fn settle_repeats(
        &mut self,
        ticket: Ticket,
        item: Option<Item>,
        first: Option<First>,
    ) -> Vec<Waiting> {
        if self.repeats_pending == 0 {
            return Vec::new();
        }
        let sender = self.users.get_mut(ticket.user);
        let seldom = sender.and_then(|sender| sender.seldom_mut());
        let settled = seldom.and_then(|own| own.repeats.settle((ticket, item), first));
        self.repeats_pending -= usize::from(settled.is_some());
        settled.unwrap_or_default()
    }

    /// A room tells what became of a message for it as one of many.
    pub(super) fn on_item_told(&mut self, item: Item, outcome: ItemOutcome) {
        let time = self.now.wall;
        let first = First { epoch: outcome.epoch, seq: outcome.seq, time };
        let first = (outcome.code == Code::NONE && outcome.seq > 0).then_some(first);
        let waiting = match self.gathered_for(item) {
            Some(ticket) => self.settle_repeats(ticket, Some(item), first),
            None => Vec::new(),
        };
        for own in waiting.iter().filter(|own| own.item != Some(item)) {
            match first {
                Some(first) => self.tell_first(*own, first),
                None => {
                    let mut refusal = Refusal::new(outcome.code);
                    refusal.retry_after_ms = outcome.retry_after_ms;
                    self.tell_no(*own, &No::Refused(refusal));
                }
            }
        }
        self.on_item_done(item, outcome);
    }

    /// Sends a message to every session that is in a room of the app (spec 5).
    pub(super) fn on_broadcast(
        &mut self,
        connection: ConnectionId,
        number: u32,
        broadcast: &Broadcast<'_>,
    ) -> Result<(), Refused> {
        let (now, wall) = (self.now.instant, self.now.wall);
        Kind::parse(broadcast.kind).map_err(|_| invalid("kind"))?;
        if broadcast.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(invalid("payload"));
        }
        let ticket = self.ticket(connection, number)?;
        let identity = self.identity(connection)?;
        let (app, name) = (identity.app, identity.name.clone());
        for shard in self.shards() {
            self.check_load(shard)?;
        }
        let sender = self.users.get_mut(ticket.user).ok_or(Refusal::new(Code::INTERNAL))?;
        let rate = &mut sender.seldom().broadcasts;
        let too_fast = |wait| Refusal::new(Code::RATE_LIMITED).retry_after(wait);
        rate.check(now).map_err(too_fast)?;
        rate.record(now);
        let mut frame = Vec::new();
        let push = throng_protocol::push::Broadcast {
            sender: &name,
            kind: broadcast.kind,
            ingress_at: wall.as_micros(),
            egress_at: wall.as_micros(),
            payload: broadcast.payload,
            extensions: Extensions::NONE,
        };
        FromBroker::Push(push.into()).write(&mut frame);
        let frame = bytes::Bytes::from(frame);
        let shards = usize::from(self.homes.shards);
        let answer = Answer::BroadcastSent(wall);
        let Some(ack) = self.answer_once_heeded(ticket, answer, shards) else { return Ok(()) };
        for shard in self.shards() {
            let frame = frame.clone();
            self.post.tell(shard, Envelope::Broadcast { app, frame, ack });
        }
        Ok(())
    }

    /// Where a message goes. A member's room is known by handle, which spares the home two
    /// look-ups by name; everyone else names the room and itself. Says, too, whether the sender is
    /// known to be protected there.
    fn address(&self, identity: &Identity, room: &str) -> (ShardId, Address, bool) {
        let app = self.app(identity.app);
        let rooms = self.users.get(identity.user).map_or(&[][..], |user| &user.rooms);
        let membership = rooms.iter().find(|own| match own.place {
            Place::Seated(audience) => *self.audiences.get(audience).name == *room,
            Place::Held(_) => false,
        });
        if let Some(own) = membership
            && identity.role == Role::Client
            && !app.publish_without_join
        {
            let address =
                Address::Member { room: own.room, member: own.badge.member, role: identity.role };
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
}

/// What is told of a message for one of many rooms that was not let in.
pub(super) fn outcome_of(no: &No) -> ItemOutcome {
    match no {
        No::Refused(refusal) => ItemOutcome {
            retry_after_ms: refusal.retry_after_ms,
            ..ItemOutcome::plain(refusal.code)
        },
        No::Shed(shed) => {
            let ms = shed.retry_after.as_nanos().div_ceil(1_000_000);
            let retry_after_ms = u32::try_from(ms).unwrap_or(u32::MAX);
            ItemOutcome { retry_after_ms, ..ItemOutcome::plain(Code::OVERLOADED) }
        }
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
        MessageId::parse(publish.message_id).map_err(|_| invalid("message_id"))?;
    }
    if !publish.targets.is_empty() {
        check_targets(publish)?;
    }
    RoomId::parse(publish.room).map_err(|_| invalid("room"))?;
    Kind::parse(publish.kind).map_err(|_| invalid("kind"))?;
    if publish.payload.len() > PAYLOAD_BYTES_MAX {
        return Err(invalid("payload"));
    }
    Ok(())
}

fn check_targets(publish: &Publish<'_>) -> Result<(), Refused> {
    let mut targets = publish.targets.iter();
    if publish.targets.iter().count() > LIST_IDS_MAX {
        return Err(Refusal::new(Code::TOO_MANY).because("targets"));
    }
    if targets.any(|target| UserId::parse(target).is_err()) {
        return Err(invalid("targets"));
    }
    Ok(())
}
