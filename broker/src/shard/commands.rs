//! What is asked of the rooms homed here by name, and what they answer.
//!
//! A command is carried out at once and wholly. Where others have to be told that they are out,
//! and have to heed it before it is true, the answer waits for them (`acks`).

use std::rc::Rc;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    AppEventKind, Departure, DestroyReason, ListChange, Moderation, Role, RoomFlags,
};

use crate::envelope::{
    Answer, Ask, Command, Envelope, ItemOutcome, JoinAsk, LimitSettings, Ticket,
};
use crate::id::{AppId, Badge, RoomHandle, SessionKey, ShardId, UserKey};
use crate::names::Names;
use crate::nature::Nature;
use crate::room::{Actor, Arriving, Expelled, Room, Ruled, Ruling, Telling, Who, Wish};
use crate::shard::rooms::give;
use crate::shard::{Shard, rules};
use crate::time::Now;

type Refused = Refusal<'static>;

/// An answer, or none yet: it waits for others.
type Answered = Result<Option<Answer>, Refused>;

impl Shard {
    pub(super) fn on_command(&mut self, command: Command) {
        let Command { ticket, app, room, ask } = command;
        let answered = match *ask {
            Ask::Create(wish) => self.on_create(app, room, wish).map(Some),
            Ask::Join(join) => self.on_join(ticket, app, room, *join).map(Some),
            Ask::DestroyOne(item) => {
                let code = self.on_destroy(app, &room).map_or_else(|no| no.code, |_| Code::NONE);
                let done = Envelope::ItemDone { item, outcome: ItemOutcome::plain(code) };
                return self.post.tell(ticket.session.shard, done);
            }
            other => match self.find_room(app, &room) {
                Ok(handle) => self.on_ask(ticket, (app, handle), other),
                Err(refusal) => Err(refusal),
            },
        };
        match answered {
            Ok(Some(answer)) => self.answer(ticket, answer),
            Ok(None) => {}
            Err(refusal) => self.answer(ticket, Answer::Refused(refusal)),
        }
    }

    /// Something asked of a room that exists.
    fn on_ask(&mut self, ticket: Ticket, at: (AppId, RoomHandle), ask: Ask) -> Answered {
        let (app, handle) = at;
        let now = self.now;
        self.open_room(handle);
        if let Some(room) = self.rooms.get_mut(handle) {
            room.expire_attributes(now);
        }
        let answer = match ask {
            Ask::Leave { user, role } => self.on_leave(handle, Who { user: &user, role })?,
            Ask::Query => self.on_query(app, handle),
            Ask::Destroy => {
                self.destroy_room(handle, DestroyReason::Request);
                Answer::Destroyed
            }
            Ask::SetOpen(actor, open, telling) => {
                return self.on_set_open(ticket, at, &actor, (open, &telling));
            }
            Ask::Rule(actor, ruling) => return Ok(self.on_rule(ticket, at, &actor, &ruling)),
            Ask::ChangeProtectedUsers(change, users) => {
                self.on_change_protected_users(handle, change, &users)?
            }
            Ask::SetLimits(settings) => self.on_set_limits(app, handle, &settings),
            Ask::QueryHistory(actor, ask) => {
                let settings = Rc::clone(&self.settings);
                let nature = &settings.apps[usize::from(app.0)].rooms;
                let who = Who { user: &actor.user, role: actor.role };
                let room = self.rooms.get_mut(handle).expect("just found");
                let found = room.history(who, &ask, nature, give(&mut self.post, handle))?;
                Answer::History(Box::new(found))
            }
            Ask::Recall(actor, ask) => {
                let settings = Rc::clone(&self.settings);
                let nature = &settings.apps[usize::from(app.0)].rooms;
                let room = self.rooms.get_mut(handle).expect("just found");
                let give = give(&mut self.post, handle);
                Answer::Changed(room.recall(&actor, &ask, (nature, now), give)?)
            }
            other => {
                let settings = Rc::clone(&self.settings);
                let nature = &settings.apps[usize::from(app.0)].rooms;
                let room = self.rooms.get_mut(handle).expect("just found");
                plain(room, other, nature, now)?
            }
        };
        Ok(Some(answer))
    }

    fn on_join(
        &mut self,
        ticket: Ticket,
        app: AppId,
        name: Box<str>,
        join: JoinAsk,
    ) -> Result<Answer, Refused> {
        let settings = Rc::clone(&self.settings);
        let own = &settings.apps[usize::from(app.0)];
        let handle = match self.rooms.find(app, &name) {
            Some(handle) => handle,
            None if own.create_on_join => {
                let wish = self.plain_wish(app);
                self.create_room(app, name.clone(), wish)
            }
            None => return Err(Refusal::new(Code::NO_SUCH_ROOM)),
        };
        self.open_room(handle);
        let JoinAsk { user, role, profile, history, resume, options } = join;
        let arriving = Arriving {
            who: Who { user: &user, role },
            key: UserKey { shard: ticket.session.shard, user: ticket.user },
            session: ticket.session,
            profile,
            history,
            resume,
            options,
        };
        let now = self.now;
        let room = self.rooms.get_mut(handle).expect("just found or created");
        let at = room.join(&arriving, &own.rooms, now, give(&mut self.post, handle))?;
        if at.is_new {
            self.happen_joined((app, &name, at.epoch), &user);
        }
        Ok(Answer::Joined { name, room: handle, at: Box::new(at) })
    }

    fn on_change_protected_users(
        &mut self,
        handle: RoomHandle,
        change: ListChange,
        users: &Names,
    ) -> Result<Answer, Refused> {
        let now = self.now.instant;
        let room = self.rooms.get_mut(handle).expect("just found");
        let before = room.protected_users().clone();
        let size = room.change_protected_users(change, users, now)?;
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
        handle: RoomHandle,
        settings: &LimitSettings,
    ) -> Answer {
        let own = Rc::clone(&self.settings);
        let own = &own.apps[usize::from(app.0)];
        let room = self.rooms.get_mut(handle).expect("just found");
        room.set_limits(rules::apply(settings, room.limits(), own.quota), &own.rooms);
        Answer::LimitsSet
    }

    fn on_leave(&mut self, handle: RoomHandle, who: Who<'_>) -> Result<Answer, Refused> {
        let (settings, now) = (Rc::clone(&self.settings), self.now);
        let room = self.rooms.get_mut(handle).expect("just found");
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        let departed = room.leave(who, nature, now, give(&mut self.post, handle));
        let departed = departed.ok_or(Refusal::new(Code::NOT_A_MEMBER))?;
        self.on_departed(handle, &[departed]);
        Ok(Answer::Left { room: handle })
    }

    fn on_query(&self, app: AppId, handle: RoomHandle) -> Answer {
        let room = self.rooms.get(handle).expect("just found");
        let mut state = room.state();
        if self.is_kept_alive(app, room.name()) {
            state.flags = state.flags.with(RoomFlags::KEPT_ALIVE);
        }
        Answer::State(Box::new(state))
    }

    fn on_create(&mut self, app: AppId, name: Box<str>, wish: Wish) -> Result<Answer, Refused> {
        if self.rooms.find(app, &name).is_some() {
            return Err(Refusal::new(Code::ROOM_EXISTS));
        }
        let handle = self.create_room(app, name, wish);
        let state = self.rooms.get(handle).expect("just created").state();
        Ok(Answer::Created { epoch: state.epoch, created_at: state.created_at })
    }

    fn on_destroy(&mut self, app: AppId, name: &str) -> Result<Answer, Refused> {
        let handle = self.find_room(app, name)?;
        self.destroy_room(handle, DestroyReason::Request);
        Ok(Answer::Destroyed)
    }

    /// Kicks, bans or mutes. Whoever is put out is out at its home before it is answered.
    fn on_rule(
        &mut self,
        ticket: Ticket,
        (app, handle): (AppId, RoomHandle),
        actor: &Actor,
        ruling: &Ruling,
    ) -> Option<Answer> {
        let (settings, now) = (Rc::clone(&self.settings), self.now);
        let nature = &settings.apps[usize::from(app.0)].rooms;
        let room = self.rooms.get_mut(handle).expect("just found");
        let ruled = room.rule(actor, ruling, (nature, now), give(&mut self.post, handle));
        let Ruled { codes, expelled, placed } = ruled;
        self.on_departed(handle, &expelled);
        let answer = Answer::Results(codes);
        let ack = self.answer_once_heeded(ticket, answer, expelled.len())?;
        for departed in expelled {
            let told = Expelled {
                placed,
                banned: ruling.action == Moderation::Ban,
                actor: if actor.role == Role::Server { "".into() } else { actor.user.clone() },
                term: ruling.term,
                extension: ruling.telling.extension.clone(),
            };
            self.tell_out_of(handle, &departed, Some(Box::new(told)), Some(ack));
        }
        None
    }

    /// Closes a room or opens it. Whoever was in it is out before it is answered.
    fn on_set_open(
        &mut self,
        ticket: Ticket,
        (app, handle): (AppId, RoomHandle),
        actor: &Actor,
        (open, telling): (bool, &Telling),
    ) -> Answered {
        let (settings, now) = (Rc::clone(&self.settings), self.now);
        let nature = &settings.apps[usize::from(app.0)].rooms;
        let room = self.rooms.get_mut(handle).expect("just found");
        let shards: Vec<ShardId> = room.shards().collect();
        let (name, epoch) = (Box::<str>::from(room.name()), room.epoch());
        let give = give(&mut self.post, handle);
        let (placed, departed) = room.set_open(actor, (open, telling), (nature, now), give)?;
        let what = if open { AppEventKind::RoomOpened } else { AppEventKind::RoomClosed };
        self.happen_to_room((app, &name, epoch), what, DestroyReason::default());
        self.on_departed(handle, &departed);
        for own in departed.iter().filter(|own| own.was_away) {
            self.tell_out_of(handle, own, None, None);
        }
        let shards = if open { Vec::new() } else { shards };
        let ack = self.answer_once_heeded(ticket, Answer::Changed(placed), shards.len());
        let Some(ack) = ack else { return Ok(None) };
        for shard in shards {
            self.post.tell(shard, Envelope::Close { room: handle, ack });
        }
        Ok(None)
    }

    pub(super) fn on_vacate(
        &mut self,
        handle: RoomHandle,
        (badge, session): (Badge, SessionKey),
        (departure, hold): (Departure, bool),
    ) {
        let (settings, now) = (Rc::clone(&self.settings), self.now);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        let give = give(&mut self.post, handle);
        let departed = room.vacate((badge, session), (departure, hold), (nature, now), give);
        self.open_room(handle);
        self.on_departed(handle, departed.as_slice());
    }

    pub(super) fn on_forfeit(&mut self, handle: RoomHandle, badge: Badge, departure: Departure) {
        let (settings, now) = (Rc::clone(&self.settings), self.now);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        let nature = &settings.apps[usize::from(room.app().0)].rooms;
        let departed = room.forfeit(badge, departure, nature, now);
        self.on_departed(handle, departed.as_slice());
    }
}

/// What needs nobody but the room.
fn plain(room: &mut Room, ask: Ask, nature: &Nature, now: Now) -> Result<Answer, Refused> {
    let invalid_cursor = Refusal::new(Code::INVALID_ARGUMENT).because("cursor");
    Ok(match ask {
        Ask::QueryProtectedUsers => Answer::Names(room.protected_users().clone()),
        Ask::QueryExceptions(actor) => Answer::Names(room.exceptions(&actor)?),
        Ask::ChangeExceptions(actor, change, users) => {
            let size = room.change_exceptions(&actor, change, &users)?;
            Answer::ListChanged { size: u32::try_from(size).unwrap_or(u32::MAX) }
        }
        Ask::QueryLimits { user, role } => {
            let who = Who { user: &user, role };
            Answer::Limits(Box::new(room.allowance(who, nature, now.instant)))
        }
        Ask::Change(actor, change) => Answer::Changed(room.change(&actor, &change, now)?),
        Ask::Mute(actor, muted, telling) => {
            Answer::Changed(room.mute(&actor, muted, &telling, now)?)
        }
        Ask::SetRoles { actor, users, role, telling } => {
            Answer::Results(room.set_roles(&actor, (&users, role), &telling, (nature, now)))
        }
        Ask::SetProfile { user, role, profile, quiet } => {
            let who = Who { user: &user, role };
            Answer::Changed(room.set_profile(who, (profile, quiet), (nature, now))?)
        }
        Ask::QuerySanctions { actor, kind, cursor, limit } => {
            let page = room.sanctions_page(&actor, kind, (&cursor, limit), now.instant)?;
            Answer::SanctionsPage(Box::new(page.ok_or(invalid_cursor)?))
        }
        Ask::QueryMembers { filter, order, cursor, limit } => {
            let page = room.members_page((filter, order), &cursor, limit);
            Answer::MembersPage(Box::new(page.ok_or(invalid_cursor)?))
        }
        Ask::FindMembers(users) => {
            let users = users.iter().map(|user| &**user);
            Answer::Attendances(room.attendances(users).collect())
        }
        other => return kept(room, other, now),
    })
}

/// What concerns a room's attributes, queue and bots.
fn kept(room: &mut Room, ask: Ask, now: Now) -> Result<Answer, Refused> {
    Ok(match ask {
        Ask::WriteAttributes(actor, changes, telling) => {
            let (placed, results) = room.write_attributes(&actor, &changes, &telling, now)?;
            Answer::AttributesWritten(placed, results)
        }
        Ask::ClearAttributes(actor, force, telling) => {
            Answer::Changed(room.clear_attributes(&actor, force, &telling, now)?)
        }
        Ask::QueryAttributes { actor, keys, cursor, limit } => {
            let who = Who { user: &actor.user, role: actor.role };
            let (placed, page) = room.attributes_page(who, &keys, (&cursor, limit), now.instant)?;
            Answer::AttributesPage(placed, Box::new(page))
        }
        Ask::SetQueue(actor, queue, telling) => {
            Answer::Changed(room.set_queue(&actor, queue, &telling, now)?)
        }
        Ask::WriteQueue(actor, changes, telling) => {
            Answer::Results(room.write_queue(&actor, &changes, &telling, now)?)
        }
        Ask::PollQueue(actor, key, telling) => {
            let (placed, row) = room.poll_queue(&actor, &key, &telling, now)?;
            Answer::Polled(placed, row)
        }
        Ask::ClearQueue(actor, telling) => {
            Answer::Changed(room.clear_queue(&actor, &telling, now)?)
        }
        Ask::QueryQueue { actor, cursor, limit } => {
            let who = Who { user: &actor.user, role: actor.role };
            let (placed, queue, page) = room.queue_page(who, (&cursor, limit))?;
            Answer::QueuePage(placed, queue, Box::new(page))
        }
        Ask::AddBots(bots) => Answer::Results(room.add_bots(bots, now)),
        Ask::RemoveBots(users) => Answer::Results(room.remove_bots(&users)),
        Ask::ClearBots => {
            room.clear_bots();
            Answer::Results(Vec::new())
        }
        other => unreachable!("{other:?} is answered elsewhere"),
    })
}
