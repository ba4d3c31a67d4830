//! Who rules a room and how: roles, mutes, bans, kicks, what the room says of itself, whether it is
//! open (spec 2, 3 and 7). A continuation of the table of contents.
//!
//! Each of these may be done by some and not by others; what is done has its place in the room's
//! order, unless it is done quietly.

use throng_protocol::push::Notice;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    Departure, ListChange, Moderation as Action, NoticeKind, Role, RoomFields, RoomRole,
    Sanction as SanctionKind, Term,
};

use crate::id::{MemberHandle, ShardId};
use crate::names::Names;
use crate::nature::Nature;
use crate::page::Page;
use crate::probe::{self, Bug, Mark};
use crate::room::about::{About, Profile, shown};
use crate::room::lifecycle::Policy;
use crate::room::members::{Member, Who};
use crate::room::roles::{Right, may};
use crate::room::{Batch, Departed, Room};
use crate::time::{Instant, Now};

type Refused = Refusal<'static>;

/// Who rules, by name and role; whether that may rule is the room's to say.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Its id.
    pub user: Box<str>,
    /// The role of its connection.
    pub role: Role,
}

impl Actor {
    /// The broker itself, which is told as a server is: not by name.
    pub(super) fn nobody() -> Self {
        Self { user: "".into(), role: Role::Server }
    }
}

/// Whether and how the members are told.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// They are not.
    pub quiet: bool,
    /// What the app has to say along with it.
    pub extension: Box<str>,
}

/// Something done to users who do not behave.
#[derive(Debug, Clone)]
pub struct Ruling {
    /// What.
    pub action: Action,
    /// To whom, as they were named.
    pub users: Box<[Box<str>]>,
    /// For how long.
    pub term: Term,
    /// How it is told.
    pub telling: Telling,
}

/// What a room is to be from now on.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which of the texts, and whether the policy.
    pub fields: RoomFields,
    /// The texts.
    pub about: About,
    /// The policy, if it is meant.
    pub policy: Option<Policy>,
    /// How it is told.
    pub telling: Telling,
}

/// From where on something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry if there is none.
    pub seq: u64,
}

/// What became of a ruling.
#[derive(Debug)]
pub struct Ruled {
    /// Of each user, as they were named: [`Code::NONE`] if it was done.
    pub codes: Vec<Code>,
    /// Who is out of the room because of it.
    pub expelled: Vec<Departed>,
    /// From where on it holds.
    pub placed: Placed,
}

/// What somebody who was put out of a room is told.
#[derive(Debug, Clone)]
pub struct Expelled {
    /// From where on.
    pub placed: Placed,
    /// Whether it may come back at once.
    pub banned: bool,
    /// Who did it; empty for a server.
    pub actor: Box<str>,
    /// How long it may not come back.
    pub term: Term,
    /// What the app has to say about it.
    pub extension: Box<str>,
}

impl Room {
    /// Who an actor is here: `None` for a server.
    fn rank(&self, actor: &Actor) -> Option<RoomRole> {
        match actor.role {
            Role::Server => None,
            Role::Client => Some(self.roles.of(&actor.user)),
            _ => Some(RoomRole::Anonymous),
        }
    }

    pub(super) fn check_right(&self, actor: &Actor, right: Right) -> Result<(), Refused> {
        if may(self.rank(actor), right) {
            return Ok(());
        }
        probe::mark(Mark::NoRight);
        Err(Refusal::new(Code::NOT_ALLOWED))
    }

    pub(super) fn placed(&self) -> Placed {
        Placed { epoch: self.stream.epoch(), seq: self.stream.seq() }
    }

    /// Puts a notice of something an actor did in the room's order, unless it is done quietly.
    pub(super) fn tell(
        &mut self,
        (actor, telling): (&Actor, &Telling),
        (what, users): (NoticeKind, &[&str]),
        notice: Notice<'_>,
        now: Now,
    ) -> Placed {
        if !telling.quiet {
            let notice =
                Notice { actor: told_name(actor), extension: &telling.extension, ..notice };
            self.notice(what, users, notice, now);
        }
        self.placed()
    }

    /// Kicks, bans, mutes, or lifts that.
    pub fn rule(
        &mut self,
        actor: &Actor,
        ruling: &Ruling,
        (nature, now): (&Nature, Now),
        give: impl FnMut(ShardId, Batch),
    ) -> Ruled {
        let puts_out = matches!(ruling.action, Action::Kick | Action::Ban);
        if puts_out {
            self.seal(nature, give);
        }
        let mut done: Vec<&str> = Vec::new();
        let mut codes = Vec::with_capacity(ruling.users.len());
        for user in &ruling.users {
            let code = self.check_ruling(actor, ruling.action, user);
            codes.push(code);
            if code == Code::NONE {
                self.hold_against(actor, ruling, user, now);
                done.push(user);
            }
        }
        let placed = match (notice_of(ruling.action), done.is_empty()) {
            (Some(what), false) => {
                let notice = Notice { term: ruling.term, ..Notice::default() };
                self.tell((actor, &ruling.telling), (what, &done), notice, now)
            }
            _ => self.placed(),
        };
        let departure = match ruling.action {
            Action::Ban => Departure::Banned,
            _ => Departure::Kicked,
        };
        let mut expelled = Vec::new();
        for user in done.into_iter().filter(|_| puts_out) {
            let member = self.members.find(Who { user, role: Role::Client });
            if let Some(member) = member {
                expelled.extend(self.depart(member, departure, nature, now));
            }
        }
        Ruled { codes, expelled, placed }
    }

    fn check_ruling(&self, actor: &Actor, action: Action, user: &str) -> Code {
        if !may(self.rank(actor), Right::Sanction(self.roles.of(user))) {
            probe::mark(Mark::NoRight);
            return Code::NOT_ALLOWED;
        }
        let is_member = || self.members.find(Who { user, role: Role::Client }).is_some();
        if action == Action::Kick && !is_member() { Code::NOT_A_MEMBER } else { Code::NONE }
    }

    fn hold_against(&mut self, actor: &Actor, ruling: &Ruling, user: &str, now: Now) {
        let (kind, holds) = match ruling.action {
            Action::Ban => (SanctionKind::Ban, true),
            Action::Unban => (SanctionKind::Ban, false),
            Action::Mute => (SanctionKind::Mute, true),
            Action::Unmute => (SanctionKind::Mute, false),
            _ => return,
        };
        if probe::planted(Bug::MuteIgnored) && kind == SanctionKind::Mute {
            return;
        }
        let list = self.moderation.list_mut(kind).expect("both kinds have a list");
        if holds {
            list.record(user, ruling.term, told_name(actor), now);
        } else {
            list.lift(user);
        }
    }

    /// A page of those who are banned or muted; no page if the cursor is none of this list.
    ///
    /// # Errors
    /// `NOT_ALLOWED`.
    pub fn sanctions_page(
        &mut self,
        actor: &Actor,
        kind: SanctionKind,
        (cursor, limit): (&[u8], u16),
        now: Instant,
    ) -> Result<Option<Page>, Refused> {
        self.check_right(actor, Right::Lead)?;
        let Some(list) = self.moderation.list_mut(kind) else { return Ok(None) };
        Ok(list.page(kind, (cursor, limit), now))
    }

    /// Mutes the room or lets it speak again.
    ///
    /// # Errors
    /// `NOT_ALLOWED`.
    pub fn mute(
        &mut self,
        actor: &Actor,
        muted: bool,
        telling: &Telling,
        now: Now,
    ) -> Result<Placed, Refused> {
        self.check_right(actor, Right::Lead)?;
        self.moderation.record_muted(muted);
        let what = if muted { NoticeKind::RoomMuted } else { NoticeKind::RoomUnmuted };
        Ok(self.tell((actor, telling), (what, &[]), Notice::default(), now))
    }

    /// Those who may speak while the room is muted.
    ///
    /// # Errors
    /// `NOT_ALLOWED`.
    pub fn exceptions(&self, actor: &Actor) -> Result<Names, Refused> {
        self.check_right(actor, Right::Lead)?;
        Ok(self.moderation.exceptions())
    }

    /// Changes the list of those. Gives its length.
    ///
    /// # Errors
    /// `NOT_ALLOWED`, or `TOO_MANY`; then nothing has changed.
    pub fn change_exceptions(
        &mut self,
        actor: &Actor,
        change: ListChange,
        users: &Names,
    ) -> Result<usize, Refused> {
        self.check_right(actor, Right::Lead)?;
        let changed = self.moderation.check_exceptions(change, users)?;
        self.moderation.record_exceptions(changed);
        Ok(self.moderation.exceptions().len())
    }

    /// Gives users another role. Gives what became of each.
    pub fn set_roles(
        &mut self,
        actor: &Actor,
        (users, role): (&[Box<str>], RoomRole),
        telling: &Telling,
        (nature, now): (&Nature, Now),
    ) -> Vec<Code> {
        let rank = self.rank(actor);
        let mut done: Vec<&str> = Vec::new();
        let mut codes = Vec::with_capacity(users.len());
        for user in users {
            match self.roles.check(rank, (user, role), nature.fixed_members_max) {
                Ok(()) => {
                    self.roles.record(user, role);
                    if let Some(member) = self.members.find(Who { user, role: Role::Client }) {
                        self.note_seen(member);
                    }
                    done.push(user);
                    codes.push(Code::NONE);
                }
                Err(code) => codes.push(code),
            }
        }
        if !done.is_empty() {
            let notice = Notice { role, ..Notice::default() };
            self.tell((actor, telling), (NoticeKind::RoleChanged, &done), notice, now);
        }
        codes
    }

    /// Changes what the room says of itself, or what it is destroyed for.
    ///
    /// # Errors
    /// `NOT_ALLOWED`; then nothing has changed.
    pub fn change(&mut self, actor: &Actor, change: &Change, now: Now) -> Result<Placed, Refused> {
        self.check_right(actor, Right::Lead)?;
        if change.policy.is_some() && actor.role != Role::Server {
            return Err(Refusal::new(Code::NOT_ALLOWED).because("policy: servers only"));
        }
        self.about = self.about.changed(change.fields, &change.about);
        if let Some(policy) = change.policy {
            self.lifecycle.record_policy(policy);
        }
        let named = self.about.named(change.fields);
        let notice = Notice {
            fields: change.fields,
            about: named.on_wire(),
            policy: change.policy.map_or_else(Default::default, Policy::on_wire),
            ..Notice::default()
        };
        Ok(self.tell((actor, &change.telling), (NoticeKind::RoomChanged, &[]), notice, now))
    }

    /// Closes the room, which puts everyone out, or opens it again. Gives who is out.
    ///
    /// # Errors
    /// `NOT_ALLOWED`.
    pub fn set_open(
        &mut self,
        actor: &Actor,
        (open, telling): (bool, &Telling),
        (nature, now): (&Nature, Now),
        give: impl FnMut(ShardId, Batch),
    ) -> Result<(Placed, Vec<Departed>), Refused> {
        self.check_right(actor, Right::Own)?;
        self.lifecycle.record_closed(!open);
        let what = if open { NoticeKind::RoomOpened } else { NoticeKind::RoomClosed };
        let placed = self.tell((actor, telling), (what, &[]), Notice::default(), now);
        if open {
            return Ok((placed, Vec::new()));
        }
        self.seal(nature, give);
        Ok((placed, self.all_depart(Departure::Closed, now)))
    }

    /// Takes everyone out. They are told in another way.
    pub fn all_depart(&mut self, departure: Departure, now: Now) -> Vec<Departed> {
        let handles: Vec<MemberHandle> = self.members.handles().collect();
        for handle in &handles {
            self.note_seen(*handle);
        }
        self.grace.clear();
        for handle in &handles {
            if let Some(member) = self.members.get(*handle)
                && member.role == Role::Client
            {
                let user = member.user.clone();
                // Nobody is there to be told; whoever comes later gets the state as it is.
                self.attributes.record_left(&user);
                if let Some(queue) = &mut self.queue {
                    queue.record_left(&user);
                }
            }
        }
        let departed = handles.into_iter().filter_map(|handle| {
            let member = self.members.record_leave(handle)?;
            let was_away = member.is_away();
            let Member { key, user, .. } = member;
            Some(Departed { key, member: handle, user, departure, was_away })
        });
        let departed = departed.collect();
        self.lifecycle.record_members(0, now.instant);
        self.tally.record_members(0, now.wall);
        departed
    }

    /// A member shows itself differently.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`.
    pub fn set_profile(
        &mut self,
        who: Who<'_>,
        (profile, quiet): (Option<Box<Profile>>, bool),
        (nature, now): (&Nature, Now),
    ) -> Result<Placed, Refused> {
        let member = self.members.find(who).ok_or(Refusal::new(Code::NOT_A_MEMBER))?;
        if !quiet && self.tells_names(nature, self.members.len()) {
            let shown = shown(profile.as_deref());
            let notice = Notice { profile: shown, ..Notice::default() };
            self.notice(NoticeKind::ProfileChanged, &[who.user], notice, now);
        }
        self.members.record_profile(member, profile);
        self.note_seen(member);
        Ok(self.placed())
    }
}

/// How an actor is named to others: servers are not.
pub(super) fn told_name(actor: &Actor) -> &str {
    if actor.role == Role::Server { "" } else { &actor.user }
}

const fn notice_of(action: Action) -> Option<NoticeKind> {
    match action {
        Action::Kick => Some(NoticeKind::UsersKicked),
        Action::Ban => Some(NoticeKind::UsersBanned),
        Action::Unban => Some(NoticeKind::UsersUnbanned),
        Action::Mute => Some(NoticeKind::UsersMuted),
        Action::Unmute => Some(NoticeKind::UsersUnmuted),
        _ => None,
    }
}
