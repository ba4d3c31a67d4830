//! A room: the table of contents. A struct of parts, and one short function for each thing that
//! can be asked of it.
//!
//! A part owns one kind of state, knows no sibling, and takes facts as arguments. Only this file,
//! its continuations (`attendance`: who comes and goes; `presence`: what members are told of that;
//! `listing`: what others are; `government`: who rules and how; `belongings`: what is kept for the
//! members; `past`: what was said) and `admission` see more than one. Rooms live on the shard they are homed on, which calls these
//! functions; a room never calls back, and never reads a clock.
//!
//! To add a feature: a part of its own, a field here, a short function here, and if it can
//! refuse a message a fact in `admission`.

mod about;
mod admission;
mod attendance;
mod attributes;
mod belongings;
mod bots;
mod classes;
mod figures;
mod government;
mod grace;
mod lifecycle;
mod listing;
mod members;
mod moderation;
mod past;
mod presence;
mod queue;
mod quota;
mod recall;
mod ring;
mod roles;
mod slow_mode;
mod stream;
mod tally;

use core::time::Duration;

use bytes::Bytes;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    DestroyReason, IdList, ListChange, QueuePermission, Role, RoomFlags, TopBy, TopPeriod,
};

use crate::class::Class;
use crate::id::{AppId, HashKey, MemberHandle, SessionKey, ShardId, UserKey};
use crate::names::Names;
use crate::nature::Nature;
use crate::probe::{self, Bug};
use crate::rate::QuotaLimits;
use crate::time::{Instant, Now, WallTime};

use admission::{Facts, Say};
use attributes::Attributes;
use bots::Bots;
use classes::Classes;
use figures::Figures;
use grace::Grace;
use lifecycle::Lifecycle;
use members::Members;
use moderation::Moderation;
use queue::Queue;
use quota::{Place, Quota};
use ring::Ring;
use roles::Roles;
use slow_mode::SlowMode;
use stream::Stream;
use tally::Tally;

pub use about::{About, Profile};
pub use admission::{No, Shed};
pub use attendance::{Arriving, Departed, Joined, Recovered};
pub use attributes::AttributeChange;
pub use belongings::States;
pub use figures::Figure;
pub use government::{Actor, Change, Expelled, Placed, Ruled, Ruling, Telling};
pub use lifecycle::Policy;
pub use members::Who;
pub use moderation::refusal as sanctioned;
pub use past::{HistoryAsk, HistoryFound, RecallAsk};
pub use queue::QueueChange;
pub use quota::QuotaLeft;
pub use ring::{Entries, OwnRetention, Retention};
pub use stream::{Batch, Message, Own, Run, Runs};
pub use tally::Periods;

/// A room.
#[derive(Debug)]
pub struct Room {
    app: AppId,
    name: Box<str>,
    lifecycle: Lifecycle,
    about: About,
    members: Members,
    grace: Grace,
    figures: Figures,
    roles: Roles,
    moderation: Moderation,
    classes: Classes,
    quota: Quota,
    slow_mode: SlowMode,
    stream: Stream,
    ring: Ring,
    attributes: Attributes,
    queue: Option<Box<Queue>>,
    bots: Option<Box<Bots>>,
    tally: Tally,
    /// The earliest moment for which the shard has set a timer.
    pub timer_at: Option<Instant>,
    /// Whether it has something to say, or to be timed anew, at the end of the shard's turn.
    pub open: Open,
}

/// What is to be done for a room at the end of the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Open {
    /// Nothing.
    No,
    /// What was said is to be sealed. That cannot make anything due earlier.
    Said,
    /// Beside that something changed: figures may be due, or an end.
    Changed,
}

/// What a room is born with.
#[derive(Debug)]
pub struct Birth {
    /// Its app.
    pub app: AppId,
    /// Its id.
    pub name: Box<str>,
    /// Its epoch: new on every creation of the id.
    pub epoch: u64,
    /// What was asked for.
    pub wish: Wish,
    /// The key its members' names are hashed under.
    pub hash_key: HashKey,
}

/// What a room shall be like, with everything that is the app's filled in (spec 3).
#[derive(Debug)]
pub struct Wish {
    /// The user it is created for; empty for none.
    pub creator: Box<str>,
    /// What it says of itself.
    pub about: About,
    /// What it is destroyed for.
    pub policy: Policy,
    /// Whether it is muted or closed from the start.
    pub flags: RoomFlags,
    /// How much it takes in.
    pub quota: QuotaLimits,
    /// Milliseconds between two messages of one member at the least.
    pub slow_mode_ms: u32,
    /// How much of what happens it keeps.
    pub retention: OwnRetention,
    /// What few rooms begin with.
    pub furniture: Option<Box<Furniture>>,
}

/// What few rooms begin with.
#[derive(Debug, Default)]
pub struct Furniture {
    /// Those who may speak while it is muted.
    pub mute_exceptions: Names,
    /// Its first attributes.
    pub attributes: Box<[AttributeChange]>,
    /// The size of its queue, 0 for none, and who may write to it.
    pub queue: (u16, QueuePermission),
}

impl Wish {
    /// A room of which nothing is asked but when it ends and how much it takes in.
    #[must_use]
    pub fn new(policy: Policy, quota: QuotaLimits) -> Self {
        Self {
            creator: "".into(),
            about: About::default(),
            policy,
            flags: RoomFlags::default(),
            quota,
            slow_mode_ms: 0,
            retention: OwnRetention::default(),
            furniture: None,
        }
    }
}

/// What a room is.
#[derive(Debug, Clone)]
pub struct State {
    /// The room's epoch.
    pub epoch: u64,
    /// The position of its newest entry.
    pub seq: u64,
    /// When it was created.
    pub created_at: WallTime,
    /// Members and bots.
    pub members: u64,
    /// Sessions of members.
    pub occupants: u64,
    /// How many of the members are bots.
    pub bots: u32,
    /// How many attributes there are.
    pub attributes: u32,
    /// How many elements are in the queue.
    pub elements: u32,
    /// The size of the queue, 0 for none, and who may write to it.
    pub queue: (u16, QueuePermission),
    /// Whether it is muted or closed.
    pub flags: RoomFlags,
    /// The user it was created for; empty for none.
    pub creator: Box<str>,
    /// What it says of itself.
    pub about: About,
    /// What it is destroyed for.
    pub policy: Policy,
}

/// What is left of a room's limits, as one user finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomAllowance {
    /// What the room still takes in.
    pub quota: QuotaLeft,
    /// The least time between two messages of a member.
    pub slow_mode: Duration,
    /// How much of it the user has to wait.
    pub slow_mode_wait: Duration,
    /// How much of what happens the room keeps.
    pub retention: Retention,
}

/// A room's limits, all that servers may set of them (spec 6 and 8).
#[derive(Debug, Clone, Copy)]
pub struct RoomLimits {
    /// How much it takes in.
    pub quota: QuotaLimits,
    /// The least time between two messages of one member.
    pub slow_mode: Duration,
    /// How much of what happens it keeps.
    pub retention: OwnRetention,
}

/// Who publishes: a member by its handle, or anyone by name.
#[derive(Debug, Clone, Copy)]
pub enum Author<'a> {
    /// A member, and the role of its connection.
    Member(MemberHandle, Role),
    /// Someone, who may be a member or not.
    Named(Who<'a>),
}

/// A message that asks to be let in.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// Who publishes it.
    pub author: Author<'a>,
    /// Its type name.
    pub kind: &'a str,
    /// What is said.
    pub payload: &'a [u8],
    /// What its kind and its sender's wish make of it.
    pub class: Class,
    /// When the broker read it.
    pub ingress_at: WallTime,
    /// The occupant that shall not hear its own words.
    pub own: Option<SessionKey>,
    /// Whether it is not to be found in the history later.
    pub unstored: bool,
    /// Whether the app lets users publish without joining.
    pub publish_without_join: bool,
}

impl Room {
    /// A new room.
    #[must_use]
    pub fn new(birth: Birth, now: Now) -> Self {
        let wish = birth.wish;
        let muted = wish.flags.has(RoomFlags::MUTED);
        let Furniture { mute_exceptions, attributes, queue } =
            wish.furniture.map_or_else(Furniture::default, |own| *own);
        let mut room = Self {
            app: birth.app,
            name: birth.name,
            lifecycle: Lifecycle::new(now, wish.policy, wish.flags.has(RoomFlags::CLOSED)),
            about: wish.about,
            members: Members::new(birth.hash_key),
            grace: Grace::default(),
            figures: Figures::default(),
            roles: Roles::new(&wish.creator),
            moderation: Moderation::new(muted, mute_exceptions),
            classes: Classes::default(),
            quota: Quota::new(wish.quota),
            slow_mode: SlowMode::new(Duration::from_millis(wish.slow_mode_ms.into())),
            stream: Stream::new(birth.epoch),
            ring: Ring::new(wish.retention),
            attributes: Attributes::default(),
            queue: None,
            bots: None,
            tally: Tally::default(),
            timer_at: None,
            open: Open::No,
        };
        room.furnish(&wish.creator, &attributes, queue, now);
        room
    }

    /// The app the room belongs to.
    #[must_use]
    pub const fn app(&self) -> AppId {
        self.app
    }

    /// The room's id.
    #[must_use]
    pub const fn name(&self) -> &str {
        &self.name
    }

    /// When the room is to be destroyed if nothing happens until then, and what for. It is not
    /// asked of a room that is kept alive.
    #[must_use]
    pub fn ends_at(&self) -> Option<(Instant, DestroyReason)> {
        self.lifecycle.ends_at()
    }

    /// The room's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.stream.epoch()
    }

    /// What the room is.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            epoch: self.stream.epoch(),
            seq: self.stream.seq(),
            created_at: self.lifecycle.created_at(),
            members: self.heads(),
            occupants: self.members.occupants(),
            bots: count(self.bots()),
            attributes: count(self.attributes.len()),
            elements: count(self.queue.as_ref().map_or(0, |queue| queue.len())),
            queue: self.queue.as_ref().map_or((0, QueuePermission::Anyone), |queue| {
                (queue.size_max(), queue.permission())
            }),
            flags: self.flags(),
            creator: self.roles.creator().into(),
            about: self.about.clone(),
            policy: self.lifecycle.policy(),
        }
    }

    /// Whether it is muted or closed.
    #[must_use]
    pub fn flags(&self) -> RoomFlags {
        let set = |is, flag| if is { flag } else { RoomFlags::default() };
        set(self.moderation.is_muted(), RoomFlags::MUTED)
            .with(set(self.lifecycle.is_closed(), RoomFlags::CLOSED))
    }

    /// The shards that have occupants of the room.
    pub fn shards(&self) -> impl Iterator<Item = ShardId> {
        self.members.shards()
    }

    /// Puts a message in the room's order, if it may in. Gives its position and its class.
    ///
    /// # Errors
    /// The reason that speaks against it; then nothing has changed.
    pub fn publish(&mut self, publication: &Publication<'_>, now: Now) -> Result<(u64, Class), No> {
        let sender = Sender::resolve(&self.members, publication.author)?;
        let facts = self.facts(&sender, publication, now.instant);
        let place = admission::check(&facts, &self.say())?;
        let class = facts.class;
        let message = message(sender.who, publication, class);
        let seq = self.stream.record_message(&self.name, &message, now.wall);
        let member = sender.member;
        self.note_message(member, place, now);
        Ok((seq, class))
    }

    /// Lets a message for some members only in, if it may. Gives it as a frame, with those of them
    /// who are here.
    ///
    /// # Errors
    /// The reason that speaks against it; then nothing has changed.
    pub fn direct(
        &mut self,
        publication: &Publication<'_>,
        targets: IdList<'_>,
        now: Now,
    ) -> Result<Directed, No> {
        let sender = Sender::resolve(&self.members, publication.author)?;
        let facts = self.facts(&sender, publication, now.instant);
        let place = admission::check(&facts, &self.say())?;
        let class = facts.class;
        let frame =
            self.stream.direct(&self.name, &message(sender.who, publication, class), now.wall);
        let user = |target| self.members.find(Who { user: target, role: Role::Client });
        let here = targets.iter().filter_map(|target| self.members.get(user(target)?));
        let mut users: Vec<UserKey> = Vec::new();
        for member in here.filter(|member| !member.is_away()) {
            if !users.contains(&member.key) {
                users.push(member.key);
            }
        }
        if probe::planted(Bug::DirectToAll) {
            let everyone = self.members.handles().filter_map(|own| self.members.get(own));
            users = everyone.filter(|own| !own.is_away()).map(|own| own.key).collect();
        }
        let member = sender.member;
        self.note_message(member, place, now);
        Ok(Directed { frame, users, class, seq: self.stream.seq() })
    }

    fn facts<'a>(
        &self,
        sender: &Sender<'a>,
        publication: &Publication<'_>,
        now: Instant,
    ) -> Facts<'a> {
        Facts {
            user: sender.who.user,
            role: sender.who.role,
            member: sender.member,
            publish_without_join: publication.publish_without_join,
            class: self.classes.of(sender.who.user, publication.class),
            now,
        }
    }

    /// Counts a message that was let in.
    fn note_message(&mut self, member: Option<MemberHandle>, place: Place, now: Now) {
        self.lifecycle.record_activity(now.instant);
        self.quota.record(place, now.instant);
        self.tally.record_message(now.wall);
        if let Some(member) = member {
            self.slow_mode.record(member, now.instant);
            self.note_active(member, now.wall);
        }
    }

    /// A member said something.
    fn note_active(&mut self, member: MemberHandle, now: WallTime) {
        if let Some(active) = self.members.active_mut(member) {
            *active = self.tally.record_active(*active, now);
        }
    }

    /// Notes that there is something new of what went on in the room. Says whether there was
    /// nothing new before.
    pub fn note_news(&mut self) -> bool {
        !core::mem::replace(&mut self.tally.noted, true)
    }

    /// Whether anyone is a member, bots apart.
    #[must_use]
    pub fn has_members(&self) -> bool {
        self.members.len() > 0
    }

    /// What went on was told.
    pub fn forget_news(&mut self) {
        self.tally.noted = false;
    }

    /// How much of something went on in the present period.
    #[must_use]
    pub fn went_on(&self, by: TopBy, period: TopPeriod, now: Periods) -> u32 {
        self.tally.counts(period, now).of(by).unwrap_or(0)
    }

    /// The parts that have a say in who may speak.
    const fn say(&self) -> Say<'_> {
        Say {
            lifecycle: &self.lifecycle,
            moderation: &self.moderation,
            roles: &self.roles,
            slow_mode: &self.slow_mode,
            quota: &self.quota,
        }
    }

    /// The class that a message of an author would have.
    #[must_use]
    pub fn class_of(&self, author: Author<'_>, by_kind: Class) -> Class {
        let sender = match author {
            Author::Member(handle, _) => self.members.user(handle),
            Author::Named(who) => Some(who.user),
        };
        sender.map_or(by_kind, |sender| self.classes.of(sender, by_kind))
    }

    /// The users whose messages are protected.
    #[must_use]
    pub const fn protected_users(&self) -> &Names {
        self.classes.protected_users()
    }

    /// Changes the list of users whose messages are protected. Gives its length. Whoever is taken
    /// off it while away has as long to come back as anyone.
    ///
    /// # Errors
    /// When it would hold more than it may; then nothing has changed.
    pub fn change_protected_users(
        &mut self,
        change: ListChange,
        users: &Names,
        now: Instant,
    ) -> Result<usize, Refusal<'static>> {
        let changed = self.classes.check(change, users)?;
        let before = self.protected_users().clone();
        self.classes.record(changed);
        let off = before.iter().filter(|user| !self.classes.is_protected(user));
        for who in off.flat_map(both_roles) {
            let member = self.members.find(who);
            if let Some(held) = member.and_then(|member| self.members.held_badge(member)) {
                self.grace.record(held, self.stream.messages(), now);
            }
        }
        Ok(self.protected_users().len())
    }

    /// One session of each member of that name: of a client's and of a server's.
    pub fn sessions_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = SessionKey> + 'a {
        both_roles(user).filter_map(|who| self.members.session(self.members.find(who)?))
    }

    /// Changes how much the room takes in, how often one member may speak, and how much is kept.
    pub fn set_limits(&mut self, limits: RoomLimits, nature: &Nature) {
        self.quota.set_limits(limits.quota);
        self.slow_mode.set_interval(limits.slow_mode);
        self.ring.set_own(limits.retention, nature);
    }

    /// What the room takes in at most, how often one member may speak, and how much is kept.
    #[must_use]
    pub const fn limits(&self) -> RoomLimits {
        RoomLimits {
            quota: self.quota.limits(),
            slow_mode: self.slow_mode.interval(),
            retention: self.ring.own(),
        }
    }

    /// What is left of the room's limits, for a user.
    #[must_use]
    pub fn allowance(&self, who: Who<'_>, nature: &Nature, now: Instant) -> RoomAllowance {
        let member = self.members.find(who).filter(|_| who.role != Role::Server);
        let wait = member.map(|member| self.slow_mode.check(member, now));
        RoomAllowance {
            quota: self.quota.left(now),
            slow_mode: self.slow_mode.interval(),
            slow_mode_wait: wait.and_then(Result::err).unwrap_or_default(),
            retention: self.ring.own().or(nature),
        }
    }

    /// Puts the room's end in its order: the last entry.
    pub fn end(&mut self, reason: DestroyReason) {
        self.stream.record_end(&self.name, reason);
    }

    /// Whether the open batch is big enough to be sealed before the turn ends.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.stream.is_full()
    }

    /// Bytes that every occupant is to be sent of this turn.
    #[must_use]
    pub fn turn_bytes(&self) -> usize {
        self.stream.turn_bytes()
    }

    /// The turn has ended and what it brought is sealed.
    pub fn end_turn(&mut self) {
        self.stream.end_turn();
    }

    /// Ends the batch of this turn, gives it to each shard with occupants, and keeps it for those
    /// who come and those who come back.
    pub fn seal(&mut self, nature: &Nature, give: impl FnMut(ShardId, Batch)) {
        if let Some(kept) = self.stream.seal(self.members.shards(), give) {
            self.ring.record(kept, nature);
        }
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        self.members.invariants();
        self.ring.invariants();
        if let Some(queue) = &self.queue {
            queue.invariants();
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A user of that id as a client and as a server.
fn both_roles(user: &str) -> impl Iterator<Item = Who<'_>> {
    [Role::Client, Role::Server].into_iter().map(move |role| Who { user, role })
}

fn message<'a>(sender: Who<'a>, publication: &Publication<'a>, class: Class) -> Message<'a> {
    Message {
        sender,
        kind: publication.kind,
        payload: publication.payload,
        class,
        ingress_at: publication.ingress_at,
        own: publication.own,
        unstored: publication.unstored,
    }
}

/// A message for some members, let in.
#[derive(Debug)]
pub struct Directed {
    /// The message as a frame.
    pub frame: Bytes,
    /// The members it is for who are here, at their homes.
    pub users: Vec<UserKey>,
    /// Its class.
    pub class: Class,
    /// The place of the newest entry.
    pub seq: u64,
}

/// An author, looked up.
struct Sender<'a> {
    who: Who<'a>,
    member: Option<MemberHandle>,
}

impl<'a> Sender<'a> {
    fn resolve(members: &'a Members, author: Author<'a>) -> Result<Self, Refusal<'static>> {
        match author {
            Author::Member(handle, role) => {
                let user = members.user(handle).ok_or(Refusal::new(Code::NOT_A_MEMBER))?;
                Ok(Self { who: Who { user, role }, member: Some(handle) })
            }
            Author::Named(who) => Ok(Self { who, member: members.find(who) }),
        }
    }
}
