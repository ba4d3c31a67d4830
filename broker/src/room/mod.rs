//! A room: the table of contents. A struct of parts, and one short function for each thing that
//! can be asked of it.
//!
//! A part owns one kind of state, knows no sibling, and takes facts as arguments. Only this file
//! and `admission` see more than one. Rooms live on the shard they are homed on, which calls
//! these functions; a room never calls back, and never reads a clock.
//!
//! To add a feature: a part of its own, a field here, a short function here, and if it can
//! refuse a message a fact in `admission`.

mod admission;
mod classes;
mod lifecycle;
mod members;
mod quota;
mod slow_mode;
mod stream;

use core::time::Duration;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{DestroyReason, ListChange, Role};

use crate::class::Class;
use crate::id::{AppId, Badge, HashKey, MemberHandle, SessionKey, ShardId};
use crate::names::Names;
use crate::rate::QuotaLimits;
use crate::time::{Instant, Now, WallTime};

use admission::{Facts, Say};
use classes::Classes;
use lifecycle::Lifecycle;
use members::Members;
use quota::Quota;
use slow_mode::SlowMode;
use stream::Stream;

pub use admission::{No, Shed};
pub use members::Who;
pub use quota::QuotaLeft;
pub use stream::{Batch, Message, Own, Run, Runs};

/// A room.
#[derive(Debug)]
pub struct Room {
    app: AppId,
    name: Box<str>,
    lifecycle: Lifecycle,
    members: Members,
    classes: Classes,
    quota: Quota,
    slow_mode: SlowMode,
    stream: Stream,
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
    /// What it is like.
    pub nature: Nature,
    /// The key its members' names are hashed under.
    pub hash_key: HashKey,
}

/// What a room is like unless it is told otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Nature {
    /// After how long without activity it is destroyed.
    pub idle: Duration,
    /// How much it takes in.
    pub quota: QuotaLimits,
}

/// The state at the position where a user joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinedAt {
    /// The room's epoch.
    pub epoch: u64,
    /// The position.
    pub seq: u64,
    /// When the room was created.
    pub created_at: WallTime,
    /// Members, the new one included.
    pub members: u64,
}

/// Position and counts of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The room's epoch.
    pub epoch: u64,
    /// The position of its newest entry.
    pub seq: u64,
    /// When it was created.
    pub created_at: WallTime,
    /// Members.
    pub members: u64,
    /// Sessions of members.
    pub occupants: u64,
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
    /// Whether the app lets users publish without joining.
    pub publish_without_join: bool,
}

impl Room {
    /// A new room.
    #[must_use]
    pub fn new(birth: Birth, now: Now) -> Self {
        Self {
            app: birth.app,
            name: birth.name,
            lifecycle: Lifecycle::new(now, birth.nature.idle),
            members: Members::new(birth.hash_key),
            classes: Classes::default(),
            quota: Quota::new(birth.nature.quota),
            slow_mode: SlowMode::default(),
            stream: Stream::new(birth.epoch),
        }
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

    /// When the room is to be destroyed if nothing happens until then.
    #[must_use]
    pub fn ends_at(&self) -> Instant {
        self.lifecycle.ends_at()
    }

    /// Position and counts.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            epoch: self.stream.epoch(),
            seq: self.stream.seq(),
            created_at: self.lifecycle.created_at(),
            members: self.members.len() as u64,
            occupants: self.members.occupants(),
        }
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
        let class = self.classes.of(sender.who.user, publication.class);
        let facts = Facts {
            role: sender.who.role,
            member: sender.member,
            publish_without_join: publication.publish_without_join,
            class,
            now: now.instant,
        };
        let say = Say { slow_mode: &self.slow_mode, quota: &self.quota };
        let place = admission::check(&facts, &say)?;
        self.lifecycle.record(now.instant);
        self.quota.record(place, now.instant);
        if let Some(member) = sender.member {
            self.slow_mode.record(member, now.instant);
        }
        let message = Message {
            sender: sender.who,
            kind: publication.kind,
            payload: publication.payload,
            class,
            ingress_at: publication.ingress_at,
            own: publication.own,
        };
        Ok((self.stream.record_message(&self.name, &message, now.wall), class))
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

    /// Changes the list of users whose messages are protected. Gives its length.
    ///
    /// # Errors
    /// When it would hold more than it may; then nothing has changed.
    pub fn change_protected_users(
        &mut self,
        change: ListChange,
        users: &Names,
    ) -> Result<usize, Refusal<'static>> {
        let changed = self.classes.check(change, users)?;
        self.classes.record(changed);
        Ok(self.protected_users().len())
    }

    /// One session of each member of that name: of a client's and of a server's.
    pub fn sessions_of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = SessionKey> + 'a {
        let roles = [Role::Client, Role::Server].into_iter();
        roles.filter_map(move |role| {
            let member = self.members.find(Who { user, role })?;
            self.members.session(member)
        })
    }

    /// Changes how much the room takes in, and how often one member may speak.
    pub fn set_limits(&mut self, quota: QuotaLimits, slow_mode: Duration) {
        self.quota.set_limits(quota);
        self.slow_mode.set_interval(slow_mode);
    }

    /// What the room takes in at most, and how often one member may speak.
    #[must_use]
    pub const fn limits(&self) -> (QuotaLimits, Duration) {
        (self.quota.limits(), self.slow_mode.interval())
    }

    /// What is left of the room's limits, for a user.
    #[must_use]
    pub fn allowance(&self, who: Who<'_>, now: Instant) -> RoomAllowance {
        let member = self.members.find(who).filter(|_| who.role != Role::Server);
        let wait = member.map(|member| self.slow_mode.check(member, now));
        RoomAllowance {
            quota: self.quota.left(now),
            slow_mode: self.slow_mode.interval(),
            slow_mode_wait: wait.and_then(Result::err).unwrap_or_default(),
        }
    }

    /// Lets a user in through one of its sessions. What was published before must have been
    /// sealed, so that the next batch is the first the session sees.
    pub fn join(&mut self, who: Who<'_>, session: SessionKey, now: Instant) -> (Badge, JoinedAt) {
        self.lifecycle.record(now);
        let badge = self.members.record_join(who, session);
        let State { epoch, seq, created_at, members, .. } = self.state();
        (badge, JoinedAt { epoch, seq, created_at, members })
    }

    /// Takes a user out with all its sessions. Says whether it was in.
    pub fn leave(&mut self, who: Who<'_>, now: Instant) -> bool {
        let Some(member) = self.members.find(who) else { return false };
        self.lifecycle.record(now);
        self.members.record_leave(member)
    }

    /// Ends one session's visit, and its user's membership with the last one.
    pub fn vacate(&mut self, badge: Badge, session: SessionKey, now: Instant) {
        if self.members.record_vacate(badge, session) {
            self.lifecycle.record(now);
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

    /// Ends the batch of this turn and gives it to each shard with occupants.
    pub fn seal(&mut self, give: impl FnMut(ShardId, Batch)) {
        self.stream.seal(self.members.shards(), give);
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        self.members.invariants();
    }
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
