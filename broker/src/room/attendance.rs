//! Who comes to a room and who goes: joining with what was said before, leaving, and the seats of
//! those whose connections were lost (spec 4). A continuation of the table of contents.
//!
//! Whatever changes who is in the room seals first, so that a batch always goes to exactly those
//! who were in the room at its places.

use throng_protocol::push::Notice;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{Departure, JoinOptions, NoticeKind, Role, RoomFlags, RoomRole, Term};

use crate::id::{Badge, MemberHandle, SessionKey, ShardId, UserKey};
use crate::nature::Nature;
use crate::probe::{self, Bug, Mark};
use crate::room::about::{About, Profile};
use crate::room::belongings::States;
use crate::room::grace::Terms;
use crate::room::members::{Arrival, Member, Vacated, Who};
use crate::room::ring::Entries;
use crate::room::{Batch, Room};
use crate::time::{Instant, Now, WallTime};

/// A session that asks to be let in.
#[derive(Debug)]
pub struct Arriving<'a> {
    /// Who.
    pub who: Who<'a>,
    /// The user, at its home.
    pub key: UserKey,
    /// The session.
    pub session: SessionKey,
    /// How the user shows itself; what is empty stays as it was.
    pub profile: Option<Box<Profile>>,
    /// How many of the last messages it wants.
    pub history: u8,
    /// Epoch and place of the last entry it saw, if it comes back.
    pub resume: Option<(u64, u64)>,
    /// What of the room's state it does not want.
    pub options: JoinOptions,
}

/// The state at the position where a session joined (spec 4).
#[derive(Debug)]
pub struct Joined {
    /// What the session is called in the room.
    pub badge: Badge,
    /// Whether the user became a member with it.
    pub is_new: bool,
    /// The room's epoch.
    pub epoch: u64,
    /// The position.
    pub seq: u64,
    /// When the room was created.
    pub created_at: WallTime,
    /// Members, the new one included.
    pub members: u64,
    /// Their sessions, the new one included.
    pub occupants: u64,
    /// Whether the room is muted.
    pub flags: RoomFlags,
    /// The user it was created for; empty for none.
    pub creator: Box<str>,
    /// What it says of itself.
    pub about: About,
    /// What the user is in it.
    pub role: RoomRole,
    /// How much longer the user is muted in it.
    pub mute: Term,
    /// Whether what the user says in it is protected.
    pub protected: bool,
    /// What follows of what was said before.
    pub recovered: Recovered,
}

/// What a session gets of what was said before it came.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The last messages, or all that was missed.
    pub entries: Entries,
    /// [`Code::NONE`] unless the session asked to resume and cannot.
    pub code: Code,
    /// How many entries behind the place it asked to resume from are not among them.
    pub missed: u64,
    /// The room's whole state, as it is now.
    pub states: States,
}

/// Somebody who is no member any more.
#[derive(Debug)]
pub struct Departed {
    /// The user, at its home.
    pub key: UserKey,
    /// What it was called.
    pub member: MemberHandle,
    /// Its id.
    pub user: Box<str>,
    /// Why it is not.
    pub departure: Departure,
    /// Whether none of its sessions was in the room: its seat was held.
    pub was_away: bool,
}

impl Room {
    /// Lets a user in through one of its sessions.
    ///
    /// # Errors
    /// `BANNED`, `ROOM_CLOSED` or `ROOM_FULL`; then nothing has changed.
    pub fn join(
        &mut self,
        arriving: &Arriving<'_>,
        nature: &Nature,
        now: Now,
        give: impl FnMut(ShardId, Batch),
    ) -> Result<Joined, Refusal<'static>> {
        let Arriving { who, key, session, .. } = *arriving;
        let member = self.members.find(who);
        self.check_join(who, member, nature, now.instant)?;
        self.expire_attributes(now);
        if let Some(bots) = &mut self.bots {
            // Whoever is real takes the place of a bot of that id.
            let _ = bots.remove(who.user);
        }
        let profile = self.first_profile(member, who, arriving);
        if member.is_none() {
            self.announce_joined(who, profile.as_deref(), nature, now);
        }
        if !probe::planted(Bug::JoinUnsealed) {
            self.seal(nature, give);
        }
        let recovered = self.recover(member, arriving, now.instant);
        let seq = self.stream.seq();
        let badge = self.members.record_join(who, session, Arrival { key, at: now.wall, seq });
        match (member, profile) {
            (None, profile) => self.members.record_profile(badge.member, profile),
            (Some(member), Some(profile)) => self.members.fill_in_profile(member, profile),
            (Some(_), None) => {}
        }
        self.note_seen(badge.member);
        self.figures.record_shown(self.figure());
        self.lifecycle.record_members(self.members.len(), now.instant);
        self.tally.record_members(self.members.len(), now.wall);
        let joined = self.joined(who, badge, recovered, now.instant);
        Ok(Joined { is_new: member.is_none(), ..joined })
    }

    fn check_join(
        &self,
        who: Who<'_>,
        member: Option<MemberHandle>,
        nature: &Nature,
        now: Instant,
    ) -> Result<(), Refusal<'static>> {
        let is_server = who.role == Role::Server;
        if !is_server {
            self.moderation.check_coming(who.user, now)?;
        }
        if self.lifecycle.is_closed() {
            return Err(Refusal::new(Code::ROOM_CLOSED));
        }
        let full = nature.members_max.is_some_and(|max| self.members.len() >= max.get() as usize);
        if full && member.is_none() && !is_server {
            probe::mark(Mark::RoomFull);
            return Err(Refusal::new(Code::ROOM_FULL));
        }
        Ok(())
    }

    /// How a user shows itself that comes anew: as when it left, if it is a fixed member.
    fn first_profile(
        &self,
        member: Option<MemberHandle>,
        who: Who<'_>,
        arriving: &Arriving<'_>,
    ) -> Option<Box<Profile>> {
        let own = arriving.profile.clone();
        let of_before = self.roles.find(who.user).and_then(|fixed| fixed.profile.clone());
        match (member, of_before, own) {
            (None, Some(mut before), Some(own)) if who.role != Role::Server => {
                before.fill_in(*own);
                Some(before)
            }
            (None, Some(before), None) if who.role != Role::Server => Some(before),
            (_, _, own) => own,
        }
    }

    fn joined(&self, who: Who<'_>, badge: Badge, recovered: Recovered, now: Instant) -> Joined {
        let mute = self.moderation.mute(who.user, now).filter(|_| who.role != Role::Server);
        let state = self.state();
        Joined {
            badge,
            is_new: false,
            epoch: state.epoch,
            seq: state.seq,
            created_at: state.created_at,
            members: state.members,
            occupants: state.occupants,
            flags: state.flags,
            creator: state.creator,
            about: state.about,
            role: self.role_of(who),
            mute: mute.map_or(Term::NONE, |until| until.left(now)),
            protected: self.classes.is_protected(who.user),
            recovered,
        }
    }

    /// What somebody is in the room. Backends have rights of their own and no part in it.
    #[must_use]
    pub fn role_of(&self, who: Who<'_>) -> RoomRole {
        match who.role {
            Role::Anonymous => RoomRole::Anonymous,
            Role::Server => RoomRole::Visitor,
            _ => self.roles.of(who.user),
        }
    }

    /// What a session gets of what was said before, if it is not in the room: its home knows that.
    /// Here it may seem to be, while it is on its way out and in again. All that was said is sealed.
    fn recover(
        &self,
        member: Option<MemberHandle>,
        arriving: &Arriving<'_>,
        now: Instant,
    ) -> Recovered {
        let (history, newest) = (arriving.history, self.stream.seq());
        let states = || self.states(arriving.options, now);
        let short = u64::from(probe::planted(Bug::RecoveryShort));
        let Some((epoch, seq)) = arriving.resume else {
            let entries = self.ring.last_messages(history, 0);
            return Recovered { entries, states: states(), ..Recovered::default() };
        };
        let code = Code::NOT_RECOVERED;
        if epoch != self.stream.epoch() {
            let entries = self.ring.last_messages(history, 0);
            return Recovered { entries, code, missed: 0, states: states() };
        }
        let was_there = member.and_then(|member| self.members.get(member));
        if was_there.is_some_and(|member| member.since_seq <= seq)
            && let Some(entries) = self.ring.after((seq + short).min(newest), newest)
        {
            probe::mark(if entries.count > 0 { Mark::Recovered } else { Mark::MissedNothing });
            return Recovered { entries, states: states(), ..Recovered::default() };
        }
        probe::mark(Mark::NotRecovered);
        let entries = self.ring.last_messages(history, seq);
        let missed = newest.saturating_sub(seq).saturating_sub(entries.count.into());
        Recovered { entries, code, missed, states: states() }
    }

    /// Takes a user out with all its sessions, if it is in.
    pub fn leave(
        &mut self,
        who: Who<'_>,
        nature: &Nature,
        now: Now,
        give: impl FnMut(ShardId, Batch),
    ) -> Option<Departed> {
        let member = self.members.find(who)?;
        self.seal(nature, give);
        self.depart(member, Departure::Asked, nature, now)
    }

    /// Ends one session's visit. With the last one the member is away, if its seat is to be held;
    /// else it has left.
    pub fn vacate(
        &mut self,
        (badge, session): (Badge, SessionKey),
        (departure, hold): (Departure, bool),
        (nature, now): (&Nature, Now),
        give: impl FnMut(ShardId, Batch),
    ) -> Option<Departed> {
        self.seal(nature, give);
        if self.members.record_vacate(badge, session) != Vacated::Away {
            return None;
        }
        if hold {
            probe::mark(Mark::SeatHeld);
            self.grace.record(badge, self.stream.messages(), now.instant);
            return None;
        }
        self.depart(badge.member, departure, nature, now)
    }

    /// Gives up the held seat of that visit.
    pub fn forfeit(
        &mut self,
        badge: Badge,
        departure: Departure,
        nature: &Nature,
        now: Now,
    ) -> Option<Departed> {
        if !self.members.is_held(badge) {
            return None;
        }
        self.depart(badge.member, departure, nature, now)
    }

    /// Whether seats may have to be given up because so much was said since.
    #[must_use]
    pub fn has_said_enough(&self, nature: &Nature) -> bool {
        self.grace.is_due(terms(nature), self.stream.messages())
    }

    /// Gives up the seats of those who did not come back in time, but for those whom the room
    /// protects.
    pub fn expire_seats(&mut self, nature: &Nature, now: Now) -> Vec<Departed> {
        let mut departed = Vec::new();
        if probe::planted(Bug::SeatNeverGivenUp) {
            return departed;
        }
        let messages = self.stream.messages();
        while let Some(badge) = self.grace.expire(terms(nature), messages, now.instant) {
            let user = self.members.user(badge.member);
            let exempt = user.is_some_and(|user| self.classes.is_protected(user));
            if exempt || !self.members.is_held(badge) {
                continue;
            }
            probe::mark(Mark::SeatGivenUp);
            departed.extend(self.depart(badge.member, Departure::Lost, nature, now));
        }
        departed
    }

    /// When a seat may have to be given up, a figure is to be told, or something expires, if
    /// nothing happens until then.
    #[must_use]
    pub fn wants_turn_at(&self, nature: &Nature) -> Option<Instant> {
        let seat = self.grace.ends_at(terms(nature));
        let figure = self.figure_due_at(nature);
        [seat, figure, self.belongings_expire_at()].into_iter().flatten().min()
    }

    /// Takes a member out and tells the others, where they are told of each other.
    pub(super) fn depart(
        &mut self,
        handle: MemberHandle,
        departure: Departure,
        nature: &Nature,
        now: Now,
    ) -> Option<Departed> {
        let tells = self.tells_names(nature, self.members.len());
        self.note_seen(handle);
        let member = self.members.record_leave(handle)?;
        let (was_away, is_client) = (member.is_away(), member.role == Role::Client);
        let Member { user, key, .. } = member;
        self.lifecycle.record_members(self.members.len(), now.instant);
        self.tally.record_members(self.members.len(), now.wall);
        if tells {
            self.notice(
                NoticeKind::MemberLeft,
                &[&user],
                Notice { departure, ..Notice::default() },
                now,
            );
        }
        if is_client {
            self.belongings_left(&user, now);
        }
        Some(Departed { key, member: handle, user, departure, was_away })
    }

    /// What is remembered of a fixed member while it is not there.
    pub(super) fn note_seen(&mut self, handle: MemberHandle) {
        if let Some(member) = self.members.get(handle)
            && member.role != Role::Server
        {
            let profile = member.profile.as_deref();
            self.roles.record_seen(&member.user, member.joined_at, profile);
        }
    }
}

const fn terms(nature: &Nature) -> Terms {
    Terms { time: nature.grace, messages: nature.grace_messages }
}
