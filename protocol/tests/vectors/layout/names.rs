//! What single bytes are called: enumerations, and sets of bits.
//!
//! What `docs/protocol.md` says under "Small types", which is compared with these and with the
//! crate.

use super::Type;

const fn bits(name: &'static str, names: &'static [&'static str]) -> Type {
    Type::Bits(name, names)
}

const fn named(name: &'static str, names: &'static [&'static str]) -> Type {
    Type::Enumeration(name, names)
}

pub const ROLE: Type = named("role", &["Client", "Anonymous", "Server"]);
pub const CLASS_HINT: Type = named("class hint", &["Default", "Low"]);
pub const CLASS: Type = named("class", &["Protected", "High", "Low"]);
pub const SHED_REASON: Type = named("shed reason", &["Quota", "Overload"]);
pub const LAG_REASON: Type = named("lag reason", &["SlowReader", "Cap"]);
pub const LIST: Type =
    named("list", &["ProtectedUsers", "ProtectedKinds", "LowKinds", "KeepAlive", "MuteExceptions"]);
pub const LIST_CHANGE: Type = named("list change", &["Add", "Remove", "Replace"]);
pub const COUNTER: Type = named(
    "counter",
    &[
        "Accepted",
        "ShedQuota",
        "ShedOverload",
        "RateLimited",
        "SlowMode",
        "Addressed",
        "SkippedSlow",
        "SkippedCap",
        "Cut",
        "Own",
        "Waiting",
        "Delivered",
        "Lagging",
        "Flooding",
    ],
);
pub const ROOM_ROLE: Type =
    named("room role", &["Creator", "Manager", "Ordinary", "Visitor", "Anonymous"]);
pub const SWITCH: Type = named("switch", &["Off", "On"]);
pub const POLICY_KIND: Type = named("policy kind", &["Idle", "Lifetime", "Empty", "Never"]);
pub const LEFT_REASON: Type = named("left reason", &["Elsewhere", "JoinedAnother", "Closed"]);
pub const DESTROY_REASON: Type = named("destroy reason", &["Idle", "Lifetime", "Empty", "Request"]);
pub const KICK_REASON: Type = named("kick reason", &["Kicked", "Banned"]);
pub const DEPARTURE: Type =
    named("departure", &["Asked", "Lost", "JoinedAnother", "Kicked", "Banned", "Closed"]);
pub const MODERATION: Type = named("moderation", &["Kick", "Ban", "Unban", "Mute", "Unmute"]);
pub const SANCTION: Type = named("sanction", &["Ban", "Mute"]);
pub const MEMBER_FILTER: Type = named("member filter", &["All", "Fixed"]);
pub const MEMBER_ORDER: Type = named("member order", &["OldestFirst", "NewestFirst"]);
pub const ATTENDANCE: Type = named("attendance", &["Absent", "Present", "Away", "Bot"]);
pub const NOTICE_KIND: Type = named(
    "notice kind",
    &[
        "RoomMuted",
        "RoomUnmuted",
        "UsersMuted",
        "UsersUnmuted",
        "UsersKicked",
        "UsersBanned",
        "UsersUnbanned",
        "RoleChanged",
        "RoomChanged",
        "RoomClosed",
        "RoomOpened",
        "ProfileChanged",
        "MemberJoined",
        "MemberLeft",
        "AttributesChanged",
        "QueueChanged",
        "QueueCleared",
        "QueueSet",
        "MessageRecalled",
    ],
);
pub const APP_EVENT_KIND: Type = named(
    "app event kind",
    &[
        "RoomCreated",
        "RoomDestroyed",
        "RoomClosed",
        "RoomOpened",
        "MemberJoined",
        "MemberLeft",
        "SessionOpened",
        "SessionEnded",
    ],
);

pub const ATTRIBUTE_OP: Type = named("attribute op", &["Set", "Delete", "Add"]);
pub const WRITE_WHEN: Type = named("write when", &["Always", "Absent", "Revision"]);
pub const QUEUE_OP: Type = named("queue op", &["Offer", "Remove"]);
pub const QUEUE_PERMISSION: Type = named("queue permission", &["Anyone", "Managers"]);
pub const HISTORY_BY: Type = named("history by", &["Seq", "Time"]);
pub const HISTORY_ORDER: Type = named("history order", &["OldestFirst", "NewestFirst"]);
pub const BOT_CHANGE: Type = named("bot change", &["Add", "Remove", "Clear"]);
pub const TOP_BY: Type = named("top by", &["Members", "Active", "Messages"]);
pub const TOP_PERIOD: Type = named("top period", &["Hour", "Day"]);

pub const OPTIONS: Type = bits("options", &["ECHO", "NO_ACK", "NO_STORE"]);
pub const NOTICE_OPTIONS: Type = bits("notice options", &["QUIET"]);
pub const ROOM_FLAGS: Type = bits("room flags", &["MUTED", "CLOSED", "KEPT_ALIVE"]);
pub const ROOM_FIELDS: Type =
    bits("room fields", &["TITLE", "ANNOUNCEMENT", "LIVE_URL", "EXTENSION", "POLICY"]);
pub const JOIN_OPTIONS: Type = bits("join options", &["NO_ATTRIBUTES", "NO_QUEUE"]);
pub const ATTRIBUTE_OPTIONS: Type = bits("attribute options", &["FORCE", "AUTO_DELETE"]);
pub const QUEUE_OPTIONS: Type = bits("queue options", &["TRANSIENT"]);
pub const RECALL_OPTIONS: Type = bits("recall options", &["ERASE"]);
pub const APP_EVENTS: Type = bits("app events", &["ROOMS", "MEMBERS", "SESSIONS"]);
