//! A request of a test, asked by the client crate: each as the crate's own words for it. What the
//! crate has no words for is not asked.

use std::time::{Duration, UNIX_EPOCH};

use throng_client::ask::{
    ChangeList, ChangeRoom, CreateRoom, DestroyRooms, FindMembers, Moderate, MuteRoom,
    QueryCounters, QueryLimits, QueryList, QueryMembers, QuerySanctions, RefreshToken,
    RevokeTokens, SetProfile, SetRoomOpen, SetRoomRole, Subscribe,
};
use throng_client::session::Session;
use throng_client::{About, Join, Position, Profile, Publish, Unsent};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{
    ClassHint, IdList, JoinOptions, LimitSetting, ListChange, ListName, MemberFilter, MemberOrder,
    Moderation, NoticeOptions, PublishOptions, RoomFields, RoomFlags, Switch, Term,
};

use super::keeping;

/// Asks, and gives the number; `None` for what the crate does not ask now.
pub(super) fn ask(session: &mut Session, request: &Request<'_>) -> Option<u32> {
    let asked = match request {
        Request::Join(own) => session.join(join(own)),
        Request::Leave(leave) => session.leave(leave.room),
        Request::Publish(own) => publish(session, own),
        Request::QueryRoom(query) => session.query_room(query.room),
        Request::DestroyRoom(destroy) => session.destroy_room(destroy.room),
        Request::QueryLimits(query) if query.room.is_empty() => {
            session.ask_for(&QueryLimits::own())
        }
        Request::QueryLimits(query) => session.ask_for(&QueryLimits::of_room(query.room)),
        Request::QueryCounters(_) => session.ask_for(&QueryCounters),
        Request::ChangeList(own) => change_list(session, own)?,
        Request::QueryList(own) => session.ask_for(&match own.list {
            ListName::ProtectedUsers => QueryList::protected_users(own.room),
            ListName::ProtectedKinds => QueryList::protected_kinds(),
            ListName::LowKinds => QueryList::low_kinds(),
            ListName::KeepAlive => QueryList::kept_alive_rooms(),
            ListName::MuteExceptions => QueryList::mute_exceptions(own.room),
            _ => return None,
        }),
        Request::CreateRoom(own) => session.ask_for(&create(own)?),
        Request::ChangeRoom(own) => session.ask_for(&change(own)),
        Request::DestroyRooms(own) => session.ask_for(&DestroyRooms::new(own.rooms.iter())),
        Request::SetRoomOpen(own) => {
            let set = match own.open {
                Switch::On => SetRoomOpen::open(own.room),
                _ => SetRoomOpen::close(own.room),
            };
            let set = set.saying(own.extension);
            session.ask_for(&if is_quiet(own.options) { set.quietly() } else { set })
        }
        Request::MuteRoom(own) => {
            let mute = match own.muted {
                Switch::On => MuteRoom::mute(own.room),
                _ => MuteRoom::unmute(own.room),
            };
            let mute = mute.saying(own.extension);
            session.ask_for(&if is_quiet(own.options) { mute.quietly() } else { mute })
        }
        Request::Moderate(own) => session.ask_for(&moderate(own)?),
        Request::Subscribe(own) => session.ask_for(&Subscribe::to(own.events)),
        Request::RefreshToken(own) => session.ask_for(&RefreshToken::new(own.token)),
        Request::RevokeTokens(own) => session.ask_for(&revoke(own)),
        other => match about_members(session, other) {
            Some(asked) => asked,
            None => keeping::ask(session, other)?,
        },
    };
    asked.ok()
}

/// What is asked about members; `None` for what is not asked by the crate.
fn about_members(session: &mut Session, request: &Request<'_>) -> Option<Result<u32, Unsent>> {
    Some(match request {
        Request::QueryMembers(own) if own.cursor.is_empty() => {
            let query = QueryMembers::of(own.room).limit(own.limit);
            let query = if own.filter == MemberFilter::Fixed { query.fixed() } else { query };
            let newest = own.order == MemberOrder::NewestFirst;
            session.ask_for(&if newest { query.newest_first() } else { query })
        }
        Request::FindMembers(own) => session.ask_for(&FindMembers::new(own.room, own.users.iter())),
        Request::SetProfile(own) => {
            let set = SetProfile::new(own.room, profile(own.profile));
            session.ask_for(&if is_quiet(own.options) { set.quietly() } else { set })
        }
        Request::SetRoomRole(own) => {
            let set = SetRoomRole::new(own.room, own.role, own.users.iter()).saying(own.extension);
            session.ask_for(&if is_quiet(own.options) { set.quietly() } else { set })
        }
        Request::QuerySanctions(own) if own.cursor.is_empty() => {
            let query = if own.room.is_empty() {
                QuerySanctions::of_app(own.sanction)
            } else {
                QuerySanctions::of_room(own.room, own.sanction)
            };
            session.ask_for(&query.limit(own.limit))
        }
        _ => return None,
    })
}

pub(super) const fn is_quiet(options: NoticeOptions) -> bool {
    options.has(NoticeOptions::QUIET)
}

fn profile(own: throng_protocol::value::Profile<'_>) -> Profile {
    Profile {
        nickname: own.nickname.to_owned(),
        avatar: own.avatar.to_owned(),
        extension: own.extension.to_owned(),
    }
}

fn about(own: throng_protocol::value::About<'_>) -> About {
    About {
        title: own.title.to_owned(),
        announcement: own.announcement.to_owned(),
        live_url: own.live_url.to_owned(),
        extension: own.extension.to_owned(),
    }
}

fn join<'a>(own: &request::Join<'a>) -> Join<'a> {
    let join = Join::new(own.room)
        .history(own.history)
        .nickname(own.profile.nickname)
        .avatar(own.profile.avatar)
        .extension(own.profile.extension);
    let without = own.options.has(JoinOptions::NO_ATTRIBUTES);
    let join = if without { join.without_attributes() } else { join };
    let join = if own.options.has(JoinOptions::NO_QUEUE) { join.without_queue() } else { join };
    match own.resume_epoch {
        0 => join,
        epoch => join.resume(Position { epoch, seq: own.resume_seq }),
    }
}

fn publish(session: &mut Session, own: &request::Publish<'_>) -> Result<u32, Unsent> {
    let targets: Vec<&str> = own.targets.iter().collect();
    let publish = Publish::new(own.room, own.kind, own.payload);
    let publish = publish.message_id(own.message_id).to_users(&targets);
    let stored = !own.options.has(PublishOptions::NO_STORE);
    let publish = if stored { publish } else { publish.no_store() };
    let publish = if own.options.has(PublishOptions::ECHO) { publish.echo() } else { publish };
    let publish = if own.class == ClassHint::Low { publish.low() } else { publish };
    if own.options.has(PublishOptions::NO_ACK) {
        session.publish_no_ack(publish)
    } else {
        session.publish(publish)
    }
}

fn change_list(
    session: &mut Session,
    own: &request::ChangeList<'_>,
) -> Option<Result<u32, Unsent>> {
    let list = match own.list {
        ListName::ProtectedUsers => ChangeList::protected_users(own.room),
        ListName::ProtectedKinds => ChangeList::protected_kinds(),
        ListName::LowKinds => ChangeList::low_kinds(),
        ListName::KeepAlive => ChangeList::kept_alive_rooms(),
        ListName::MuteExceptions => ChangeList::mute_exceptions(own.room),
        _ => return None,
    };
    let entries = own.entries.iter();
    Some(session.ask_for(&match own.change {
        ListChange::Add => list.adding(entries),
        ListChange::Remove => list.removing(entries),
        ListChange::Replace => list.replacing(entries),
        _ => return None,
    }))
}

/// The crate mutes a room and names its exceptions in one word.
fn create(own: &request::CreateRoom<'_>) -> Option<CreateRoom> {
    let muted = own.flags.has(RoomFlags::MUTED);
    if !muted && own.mute_exceptions != IdList::EMPTY {
        return None;
    }
    let create = CreateRoom::new(own.room)
        .creator(own.creator)
        .about(about(own.about))
        .destroyed_when(own.policy.kind, Duration::from_secs(own.policy.seconds.into()))
        .quota([own.high_only, own.shared, own.protected])
        .ring(own.ring_messages, own.ring_bytes);
    let create = if muted { create.muted_except(own.mute_exceptions.iter()) } else { create };
    let create = if own.flags.has(RoomFlags::CLOSED) { create.closed() } else { create };
    match own.slow_mode_ms {
        LimitSetting::Inherit => Some(create),
        LimitSetting::Limit(ms) => Some(create.slow_mode(Duration::from_millis(ms.into()))),
        _ => None,
    }
}

fn revoke(own: &request::RevokeTokens<'_>) -> RevokeTokens {
    let revoke = match own.servers {
        Switch::On => RevokeTokens::of_servers(own.users.iter()),
        _ => RevokeTokens::of_users(own.users.iter()),
    };
    match own.valid_after {
        0 => revoke,
        micros => revoke.made_until(UNIX_EPOCH + Duration::from_micros(micros)),
    }
}

fn change(own: &request::ChangeRoom<'_>) -> ChangeRoom {
    let mut change = ChangeRoom::new(own.room).saying(own.extension);
    if own.fields.has(RoomFields::TITLE) {
        change = change.title(own.about.title);
    }
    if own.fields.has(RoomFields::ANNOUNCEMENT) {
        change = change.announcement(own.about.announcement);
    }
    if own.fields.has(RoomFields::LIVE_URL) {
        change = change.live_url(own.about.live_url);
    }
    if own.fields.has(RoomFields::EXTENSION) {
        change = change.extension(own.about.extension);
    }
    if own.fields.has(RoomFields::POLICY) {
        let after = Duration::from_secs(own.policy.seconds.into());
        change = change.destroyed_when(own.policy.kind, after);
    }
    if is_quiet(own.options) { change.quietly() } else { change }
}

fn moderate(own: &request::Moderate<'_>) -> Option<Moderate> {
    let users = own.users.iter();
    let act = match (own.action, own.room) {
        (Moderation::Ban, "") => Moderate::ban_from_app(users),
        (Moderation::Unban, "") => Moderate::unban_from_app(users),
        (Moderation::Mute, "") => Moderate::mute_in_app(users),
        (Moderation::Unmute, "") => Moderate::unmute_in_app(users),
        (Moderation::Kick, room) if !room.is_empty() => Moderate::kick(room, users),
        (Moderation::Ban, room) => Moderate::ban(room, users),
        (Moderation::Unban, room) => Moderate::unban(room, users),
        (Moderation::Mute, room) => Moderate::mute(room, users),
        (Moderation::Unmute, room) => Moderate::unmute(room, users),
        _ => return None,
    };
    let act = act.saying(own.extension);
    let act = match own.term {
        Term::NONE | Term::FOREVER => act,
        term => act.lasting(Duration::from_secs(term.seconds()?.into())),
    };
    Some(if is_quiet(own.options) { act.quietly() } else { act })
}
