//! What is asked of a room, out of what a session sent: every field is held to its bounds here, so
//! that a room's home is told only what is well formed. Whether it may be is not decided here.

mod kept;

use core::time::Duration;

use throng_protocol::limits::{
    CALL_USERS_MAX, CURSOR_BYTES_MAX, JOIN_HISTORY_MAX, LIST_IDS_MAX, MUTE_EXCEPTIONS_MAX,
    PAGE_ENTRIES_MAX, POLICY_SECONDS_MAX, TERM_SECONDS_MAX,
};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::request::{
    ChangeRoom, CreateRoom, FindMembers, Join, Moderate, QueryMembers, QuerySanctions, Request,
    SetProfile, SetRoomRole,
};
use throng_protocol::value::{
    DestroyPolicy, IdList, MemberFilter, MemberOrder, Moderation, NoticeOptions, Profile, Role,
    RoomFields, RoomFlags, RoomRole, Sanction, Switch, Term, UserId, check_extension,
};

use crate::app::App;
use crate::envelope::{Ask, JoinAsk, LimitSettings};
use crate::id::{AppId, ConnectionId};
use crate::nature::Nature;
use crate::room::{
    self, About, Actor, Change, Furniture, OwnRetention, Policy, RoomLimits, Ruling, Telling, Wish,
};
use crate::shard::requests::{Refused, invalid};
use crate::shard::{Shard, rules};

impl Shard {
    /// Which room a request is about, and what it asks of it.
    pub(super) fn ask_of<'a>(
        &self,
        connection: ConnectionId,
        request: &Request<'a>,
    ) -> Result<(&'a str, Ask), Refused> {
        let identity = self.identity(connection)?;
        let (app, role) = (identity.app, identity.role);
        let (user, _) = self.member_name(connection)?;
        let actor = || Actor { user: identity.name.clone(), role };
        let (room, ask) = match request {
            Request::Join(join) => (join.room, ask_join(user, role, join)?),
            Request::Leave(leave) => (leave.room, Ask::Leave { user, role }),
            Request::QueryRoom(query) => (query.room, Ask::Query),
            Request::CreateRoom(create) => (create.room, self.ask_create(app, create)?),
            Request::DestroyRoom(destroy) => (destroy.room, Ask::Destroy),
            Request::SetRoomLimits(set) => {
                (set.room, rules::limit_settings(set, &self.app(app).rooms)?)
            }
            Request::ChangeRoom(own) => {
                let change = change_of(own, &self.app(app).rooms)?;
                (own.room, Ask::Change(actor(), Box::new(change)))
            }
            Request::SetRoomOpen(set) => {
                let telling = telling(set.options, set.extension)?;
                (set.room, Ask::SetOpen(actor(), switch(set.open, "open")?, telling))
            }
            Request::MuteRoom(set) => {
                let telling = telling(set.options, set.extension)?;
                (set.room, Ask::Mute(actor(), switch(set.muted, "muted")?, telling))
            }
            Request::Moderate(moderate) => {
                (moderate.room, Ask::Rule(actor(), Box::new(ruling(moderate)?)))
            }
            Request::QuerySanctions(query) => (query.room, ask_sanctions(actor(), query)?),
            Request::SetRoomRole(set) => (set.room, ask_roles(actor(), set)?),
            Request::SetProfile(set) => (set.room, ask_profile(user, role, set)?),
            Request::QueryMembers(query) => (query.room, ask_members(query)?),
            Request::FindMembers(find) => (find.room, ask_find(find)?),
            _ => return kept::ask_of(actor(), request),
        };
        Ok((room, ask))
    }

    fn ask_create(&self, app: AppId, create: &CreateRoom<'_>) -> Result<Ask, Refused> {
        let own = self.app(app);
        if !create.creator.is_empty() {
            UserId::parse(create.creator).map_err(|_| invalid("creator"))?;
        }
        create.about.check().map_err(|(field, _)| invalid(field))?;
        if create.flags.has_unknown() {
            return Err(unsupported("flags"));
        }
        if create.flags.has(RoomFlags::KEPT_ALIVE) {
            return Err(invalid("flags: to keep a room alive is to put it on a list"));
        }
        let limits = first_limits(create, own)?;
        let exceptions = ids(create.mute_exceptions, 0, MUTE_EXCEPTIONS_MAX, "mute_exceptions")?;
        let furniture = Furniture {
            mute_exceptions: exceptions.into_vec().into_iter().collect(),
            attributes: kept::first_attributes(create.attributes)?,
            queue: kept::queue(create.queue_size, create.queue_permission)?,
        };
        let is_bare = furniture.mute_exceptions.is_empty()
            && furniture.attributes.is_empty()
            && furniture.queue.0 == 0;
        Ok(Ask::Create(Wish {
            creator: create.creator.into(),
            about: About::of(create.about),
            policy: policy(create.policy, &own.rooms)?,
            flags: create.flags,
            quota: limits.quota,
            slow_mode_ms: u32::try_from(limits.slow_mode.as_millis()).unwrap_or(u32::MAX),
            retention: limits.retention,
            furniture: (!is_bare).then(|| Box::new(furniture)),
        }))
    }

    /// What a room is like that nobody wished for: it was created by a join.
    pub(super) fn plain_wish(&self, app: AppId) -> Wish {
        let own = self.app(app);
        Wish::new(Policy::Idle(own.rooms.lifetimes.idle), own.quota)
    }
}

/// The limits a room begins with: the app's, but for what is asked for.
fn first_limits(create: &CreateRoom<'_>, app: &App) -> Result<RoomLimits, Refused> {
    let CreateRoom { high_only, shared, protected, slow_mode_ms, .. } = *create;
    let CreateRoom { ring_messages, ring_bytes, .. } = *create;
    let settings =
        LimitSettings { high_only, shared, protected, slow_mode_ms, ring_messages, ring_bytes };
    rules::check_settings(&settings, &app.rooms)?;
    let of_app = RoomLimits {
        quota: app.quota,
        slow_mode: Duration::ZERO,
        retention: OwnRetention::default(),
    };
    Ok(rules::apply(&settings, of_app, app.quota))
}

fn ask_join(user: Box<str>, role: Role, join: &Join<'_>) -> Result<Ask, Refused> {
    if join.history > JOIN_HISTORY_MAX {
        return Err(invalid("history"));
    }
    let profile = profile(join.profile)?;
    if profile.is_some() && role == Role::Anonymous {
        return Err(Refusal::new(Code::NOT_ALLOWED).because("profile"));
    }
    if join.options.has_unknown() {
        return Err(unsupported("options"));
    }
    let resume = (join.resume_epoch != 0).then_some((join.resume_epoch, join.resume_seq));
    let Join { history, options, .. } = *join;
    Ok(Ask::Join(Box::new(JoinAsk { user, role, profile, history, resume, options })))
}

fn ask_profile(user: Box<str>, role: Role, set: &SetProfile<'_>) -> Result<Ask, Refused> {
    if role == Role::Anonymous {
        return Err(Refusal::new(Code::NOT_ALLOWED));
    }
    let quiet = telling(set.options, "")?.quiet;
    Ok(Ask::SetProfile { user, role, profile: profile(set.profile)?, quiet })
}

fn ask_roles(actor: Actor, set: &SetRoomRole<'_>) -> Result<Ask, Refused> {
    let users = call_users(set.users)?;
    match set.role {
        RoomRole::Manager | RoomRole::Ordinary | RoomRole::Visitor => {}
        RoomRole::Creator | RoomRole::Anonymous => return Err(invalid("role")),
        _ => return Err(unsupported("role")),
    }
    let telling = telling(set.options, set.extension)?;
    Ok(Ask::SetRoles { actor, users, role: set.role, telling })
}

fn ask_members(query: &QueryMembers<'_>) -> Result<Ask, Refused> {
    if matches!(query.filter, MemberFilter::Unknown(_)) {
        return Err(unsupported("filter"));
    }
    if matches!(query.order, MemberOrder::Unknown(_)) {
        return Err(unsupported("order"));
    }
    let (cursor, limit) = reading(query.cursor, query.limit)?;
    Ok(Ask::QueryMembers { filter: query.filter, order: query.order, cursor, limit })
}

fn ask_find(find: &FindMembers<'_>) -> Result<Ask, Refused> {
    Ok(Ask::FindMembers(ids(find.users, 1, LIST_IDS_MAX, "users")?))
}

fn ask_sanctions(actor: Actor, query: &QuerySanctions<'_>) -> Result<Ask, Refused> {
    let kind = sanction(query.sanction)?;
    let (cursor, limit) = reading(query.cursor, query.limit)?;
    Ok(Ask::QuerySanctions { actor, kind, cursor, limit })
}

/// Bans or mutes.
pub(super) fn sanction(sanction: Sanction) -> Result<Sanction, Refused> {
    match sanction {
        Sanction::Ban | Sanction::Mute => Ok(sanction),
        _ => Err(unsupported("sanction")),
    }
}

/// Where a list is to be read on, and how many rows of it.
pub(super) fn reading(cursor: &[u8], limit: u16) -> Result<(Box<[u8]>, u16), Refused> {
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(invalid("cursor"));
    }
    if !(1..=PAGE_ENTRIES_MAX).contains(&usize::from(limit)) {
        return Err(invalid("limit"));
    }
    Ok((cursor.into(), limit))
}

/// What is done to users who do not behave.
pub(super) fn ruling(moderate: &Moderate<'_>) -> Result<Ruling, Refused> {
    let lasts = match moderate.action {
        Moderation::Ban | Moderation::Mute => true,
        Moderation::Kick | Moderation::Unban | Moderation::Unmute => false,
        _ => return Err(unsupported("action")),
    };
    let good = match moderate.term.seconds() {
        None => lasts,
        Some(0) => !lasts,
        Some(seconds) => lasts && seconds <= TERM_SECONDS_MAX,
    };
    if !good {
        return Err(invalid("term"));
    }
    Ok(Ruling {
        action: moderate.action,
        users: call_users(moderate.users)?,
        term: if lasts { moderate.term } else { Term::NONE },
        telling: telling(moderate.options, moderate.extension)?,
    })
}

fn change_of(change: &ChangeRoom<'_>, nature: &Nature) -> Result<Change, Refused> {
    let fields = change.fields;
    if fields.has_unknown() {
        return Err(unsupported("fields"));
    }
    if fields == RoomFields::default() {
        return Err(invalid("fields"));
    }
    change.about.check().map_err(|(field, _)| invalid(field))?;
    let policy = match fields.has(RoomFields::POLICY) {
        true => Some(policy(change.policy, nature)?),
        false => None,
    };
    let telling = telling(change.options, change.extension)?;
    Ok(Change { fields, about: About::of(change.about), policy, telling })
}

fn policy(wish: DestroyPolicy, nature: &Nature) -> Result<Policy, Refused> {
    if wish.seconds > POLICY_SECONDS_MAX {
        return Err(invalid("policy"));
    }
    Policy::of(wish, &nature.lifetimes).ok_or(unsupported("policy"))
}

fn profile(profile: Profile<'_>) -> Result<Option<Box<room::Profile>>, Refused> {
    profile.check().map_err(|(field, _)| invalid(field))?;
    Ok(room::Profile::of(profile))
}

fn telling(options: NoticeOptions, extension: &str) -> Result<Telling, Refused> {
    if options.has_unknown() {
        return Err(unsupported("options"));
    }
    check_extension(extension).map_err(|(field, _)| invalid(field))?;
    Ok(Telling { quiet: options.has(NoticeOptions::QUIET), extension: extension.into() })
}

fn switch(switch: Switch, field: &'static str) -> Result<bool, Refused> {
    match switch {
        Switch::Off => Ok(false),
        Switch::On => Ok(true),
        _ => Err(unsupported(field)),
    }
}

/// The users of a call that does something to them.
fn call_users(users: IdList<'_>) -> Result<Box<[Box<str>]>, Refused> {
    ids(users, 1, CALL_USERS_MAX, "users")
}

/// Users, as they were named, so many at least and at most.
fn ids(
    list: IdList<'_>,
    least: usize,
    most: usize,
    field: &'static str,
) -> Result<Box<[Box<str>]>, Refused> {
    let count = list.iter().count();
    if count < least {
        return Err(invalid(field));
    }
    if count > most {
        return Err(Refusal::new(Code::TOO_MANY).because(field));
    }
    if list.iter().any(|id| UserId::parse(id).is_err()) {
        return Err(invalid(field));
    }
    Ok(list.iter().map(Box::from).collect())
}

const fn unsupported(field: &'static str) -> Refused {
    Refusal::new(Code::NOT_SUPPORTED).because(field)
}
