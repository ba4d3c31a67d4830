//! One app as meant: what each setting that all apps share may be, of the development app and of
//! any `[[app]]` alike. That there are two places for them in the file is not known here.
//!
//! `set` and `show` are twins; what one writes the other reads.

use core::num::NonZeroU32;
use core::ops::RangeInclusive;
use core::time::Duration;

use throng_protocol::limits::CREDENTIAL_BYTES_MAX;
use throng_protocol::value::{AppKey, Kind};

use super::super::bounds;
use super::super::key::Key;
use super::super::value::{Value, show_bytes, show_duration};
use super::{UNLIMITED, name_of, quoted};
use crate::app::{App, Secret};
use crate::limits;
use crate::names::Names;
use crate::nature::Presence;

const PRESENCES: [(&str, Presence); 3] =
    [("off", Presence::Off), ("counts", Presence::Counts), ("full", Presence::Full)];

const ROOMS_PER_USER: RangeInclusive<u32> = 1..=limits::ROOMS_PER_USER_MAX;
const ROOM_LIFE: RangeInclusive<Duration> = bounds::ROOM_LIFE_MIN..=bounds::ROOM_LIFE_MAX;
const MEMBERS: RangeInclusive<u32> = 1..=bounds::MEMBERS_MAX_MAX;
const FIXED_MEMBERS: RangeInclusive<u32> = 1..=limits::FIXED_MEMBERS_MAX;
const RING_MESSAGES: RangeInclusive<u32> = limits::RING_MESSAGES_MIN..=limits::RING_MESSAGES_MAX;
const RING_BYTES: RangeInclusive<usize> = limits::RING_BYTES_MIN..=limits::RING_BYTES_MAX;
const GRACE: RangeInclusive<Duration> = Duration::ZERO..=bounds::GRACE_MAX;
const GRACE_MESSAGES: RangeInclusive<u32> = 0..=bounds::GRACE_MESSAGES_MAX;
const PRESENCE_FULL: RangeInclusive<u32> = 1..=bounds::PRESENCE_FULL_MAX_MAX;
const KEEP_ALIVE: RangeInclusive<u32> = 0..=limits::KEEP_ALIVE_ROOMS_MAX;
const RATE: RangeInclusive<u32> = 1..=limits::RATE_PER_SECOND_MAX;

/// Takes the value of a setting in. Settings of the node are none of an app's and change nothing.
///
/// # Errors
/// What is wrong with it, in a sentence; then nothing is changed.
pub(in crate::config) fn set(app: &mut App, key: Key, value: &Value) -> Result<(), String> {
    let rooms = &mut app.rooms;
    match key {
        Key::AppKey => app.key = app_key(value)?,
        Key::Secret => app.development_secret = Some(secret(value)?),
        Key::Anonymous => app.anonymous = value.boolean()?,
        Key::CreateOnJoin => app.create_on_join = value.boolean()?,
        Key::PublishWithoutJoin => app.publish_without_join = value.boolean()?,
        Key::RoomsPerUser => app.rooms_per_user = value.integer(&ROOMS_PER_USER)?,
        Key::RoomIdle => rooms.lifetimes.idle = value.duration(&ROOM_LIFE)?,
        Key::ProtectedKinds => app.lists.protected_kinds = kinds(value)?,
        Key::LowKinds => app.lists.low_kinds = kinds(value)?,
        Key::RoomLifetime => rooms.lifetimes.lifetime = value.duration(&ROOM_LIFE)?,
        Key::RoomEmpty => rooms.lifetimes.empty = value.duration(&ROOM_LIFE)?,
        Key::MembersMax => rooms.members_max = count(value, &MEMBERS)?,
        Key::FixedMembersMax => rooms.fixed_members_max = value.integer(&FIXED_MEMBERS)?,
        Key::RingMessages => rooms.ring_messages = value.integer(&RING_MESSAGES)?,
        Key::RingBytes => rooms.ring_bytes = value.bytes(&RING_BYTES)?,
        Key::Grace => rooms.grace = value.duration(&GRACE)?,
        Key::GraceMessages => rooms.grace_messages = value.integer(&GRACE_MESSAGES)?,
        Key::Presence => rooms.presence = value.word(&PRESENCES)?,
        Key::PresenceFullMax => rooms.presence_full_max = value.integer(&PRESENCE_FULL)?,
        Key::KeepAliveMax => app.keep_alive_max = value.integer(&KEEP_ALIVE)?,
        Key::ClientMessages => app.rates.client_messages = rate(value)?,
        Key::ServerMessages => app.rates.server_messages = rate(value)?,
        Key::Requests => app.rates.requests = rate(value)?,
        Key::MemberQueries => app.rates.member_queries = rate(value)?,
        Key::Refused => app.rates.refused = rate(value)?,
        Key::QuotaHighOnly => app.quota.high_only = rate(value)?,
        Key::QuotaShared => app.quota.shared = rate(value)?,
        Key::QuotaProtected => app.quota.protected = rate(value)?,
        Key::ReceiverNormal => app.receiver_caps.normal = rate(value)?,
        Key::ReceiverHigh => {
            let high = NonZeroU32::new(value.integer(&RATE)?);
            app.receiver_caps.high = high.expect("the least rate is 1");
        }
        _ => {}
    }
    Ok(())
}

/// The value of a setting as it would stand in the file; nothing of a setting of the node.
pub(in crate::config) fn show(app: &App, key: Key) -> Option<String> {
    let rooms = &app.rooms;
    Some(match key {
        Key::AppKey => quoted(&app.key),
        Key::Secret => quoted(app.development_secret.as_ref().map_or("", Secret::expose)),
        Key::Anonymous => app.anonymous.to_string(),
        Key::CreateOnJoin => app.create_on_join.to_string(),
        Key::PublishWithoutJoin => app.publish_without_join.to_string(),
        Key::RoomsPerUser => app.rooms_per_user.to_string(),
        Key::RoomIdle => quoted(&show_duration(rooms.lifetimes.idle)),
        Key::ProtectedKinds => show_kinds(&app.lists.protected_kinds),
        Key::LowKinds => show_kinds(&app.lists.low_kinds),
        Key::RoomLifetime => quoted(&show_duration(rooms.lifetimes.lifetime)),
        Key::RoomEmpty => quoted(&show_duration(rooms.lifetimes.empty)),
        Key::MembersMax => show_count(rooms.members_max),
        Key::FixedMembersMax => rooms.fixed_members_max.to_string(),
        Key::RingMessages => rooms.ring_messages.to_string(),
        Key::RingBytes => quoted(&show_bytes(rooms.ring_bytes)),
        Key::Grace => quoted(&show_duration(rooms.grace)),
        Key::GraceMessages => rooms.grace_messages.to_string(),
        Key::Presence => quoted(name_of(rooms.presence, &PRESENCES)),
        Key::PresenceFullMax => rooms.presence_full_max.to_string(),
        Key::KeepAliveMax => app.keep_alive_max.to_string(),
        Key::ClientMessages => show_count(app.rates.client_messages),
        Key::ServerMessages => show_count(app.rates.server_messages),
        Key::Requests => show_count(app.rates.requests),
        Key::MemberQueries => show_count(app.rates.member_queries),
        Key::Refused => show_count(app.rates.refused),
        Key::QuotaHighOnly => show_count(app.quota.high_only),
        Key::QuotaShared => show_count(app.quota.shared),
        Key::QuotaProtected => show_count(app.quota.protected),
        Key::ReceiverNormal => show_count(app.receiver_caps.normal),
        Key::ReceiverHigh => app.receiver_caps.high.to_string(),
        _ => return None,
    })
}

/// Whether a room keeps all that happens while it holds a seat.
///
/// # Errors
/// A sentence on why not.
pub(in crate::config) fn check_ring(app: &App) -> Result<(), String> {
    let rooms = &app.rooms;
    if rooms.ring_messages > rooms.grace_messages {
        return Ok(());
    }
    Err(format!(
        "a room that keeps {} messages (ring_messages) cannot hold a seat for {} \
         (grace_messages): ring_messages must be above grace_messages, so that whoever comes \
         back in time finds all that it missed",
        rooms.ring_messages, rooms.grace_messages,
    ))
}

fn app_key(value: &Value) -> Result<Box<str>, String> {
    match AppKey::parse(value.text()?) {
        Ok(key) => Ok(key.as_str().into()),
        Err(wrong) => Err(format!(
            "{value} is not an app key (1 to 64 of A-Z a-z 0-9 + = - _ . : @): {wrong}"
        )),
    }
}

/// Sentences on secrets never hold them.
fn secret(value: &Value) -> Result<Secret, String> {
    let bounds = 1..=CREDENTIAL_BYTES_MAX;
    let (Value::Bare(text) | Value::Text(text)) = value else {
        return Err("it is not a text: write it in quotes".to_owned());
    };
    if !bounds.contains(&text.len()) || text.chars().any(char::is_control) {
        return Err(format!(
            "it has {} bytes; 1 to {CREDENTIAL_BYTES_MAX} without control characters are allowed",
            text.len()
        ));
    }
    Ok(text.as_str().into())
}

/// Kinds with commas between them; nothing is none.
fn kinds(value: &Value) -> Result<Names, String> {
    let text = value.text()?;
    let kinds = text.split(',').map(str::trim).filter(|kind| !kind.is_empty());
    if let Some(bad) = kinds.clone().find(|kind| Kind::parse(kind).is_err()) {
        return Err(format!(
            "{bad:?} is not a kind (1 to 32 of A-Z a-z 0-9 + = - _ . : @, with commas between)"
        ));
    }
    let kinds: Names = kinds.map(Box::from).collect();
    if kinds.len() > limits::APP_KINDS_MAX {
        let max = limits::APP_KINDS_MAX;
        return Err(format!("it names {} kinds; {max} are allowed", kinds.len()));
    }
    Ok(kinds)
}

fn show_kinds(kinds: &Names) -> String {
    quoted(&kinds.iter().collect::<Vec<_>>().join(","))
}

fn rate(value: &Value) -> Result<Option<NonZeroU32>, String> {
    count(value, &RATE)
}

/// As many as that, or any number.
fn count(value: &Value, bounds: &RangeInclusive<u32>) -> Result<Option<NonZeroU32>, String> {
    Ok(value.integer_or(UNLIMITED, bounds)?.and_then(NonZeroU32::new))
}

fn show_count(count: Option<NonZeroU32>) -> String {
    count.map_or_else(|| quoted(UNLIMITED), |count| count.to_string())
}
