//! Every frame as a table of fields.
//!
//! What `docs/protocol.md` says in its tables, which are compared with these.

use super::composed::{
    ABOUT, ALLOWANCE, ATTRIBUTE, ATTRIBUTE_RESULT, ATTRIBUTE_WRITE, BOT, COUNT, FOUND, MEMBER,
    POLICY, PROFILE, PUBLISH_RESULT, QUEUE_ELEMENT, QUEUE_WRITE, RESULT, SANCTIONED, TOP_ROOM,
};
use super::names::{
    APP_EVENT_KIND, APP_EVENTS, BOT_CHANGE, CLASS, CLASS_HINT, DEPARTURE, DESTROY_REASON,
    HISTORY_BY, HISTORY_ORDER, JOIN_OPTIONS, KICK_REASON, LAG_REASON, LEFT_REASON, LIST,
    LIST_CHANGE, MEMBER_FILTER, MEMBER_ORDER, MODERATION, NOTICE_KIND, NOTICE_OPTIONS, OPTIONS,
    QUEUE_PERMISSION, RECALL_OPTIONS, ROLE, ROOM_FIELDS, ROOM_FLAGS, ROOM_ROLE, SANCTION,
    SHED_REASON, SWITCH, TOP_BY, TOP_PERIOD,
};
use super::{Field, Shape, Type};

const fn shape(tag: u8, name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { tag, name, fields }
}

const EXTENSIONS: Field = ("extensions", Type::Extensions);
const EXTENSION: Field = ("extension", Type::Text);
const ROOM: Field = ("room", Type::Text);
const USERS: Field = ("users", Type::Ids);
const EPOCH: Field = ("epoch", Type::U64);
const SEQ: Field = ("seq", Type::U64);
const CREATED_AT: Field = ("created_at", Type::U64);
const MEMBERS: Field = ("members", Type::U64);
const OCCUPANTS: Field = ("occupants", Type::U64);
const QUIET: Field = ("options", NOTICE_OPTIONS);
const CURSOR: Field = ("cursor", Type::Bytes);
const LIMIT: Field = ("limit", Type::U16);
const TOTAL: Field = ("total", Type::U64);
const KEYS: Field = ("keys", Type::Ids);
const KIND: Field = ("kind", Type::Text);
const PAYLOAD: Field = ("payload", Type::Bytes);
const MESSAGE_ID: Field = ("message_id", Type::Text);
const SENDER: Field = ("sender", Type::Text);
const SENDER_ROLE: Field = ("sender_role", ROLE);
const INGRESS_AT: Field = ("ingress_at", Type::U64);
const EGRESS_AT: Field = ("egress_at", Type::U64);
const SIZE: Field = ("size", Type::U16);
const PERMISSION: Field = ("permission", QUEUE_PERMISSION);
const ATTRIBUTES: Field = ("attributes", Type::Rows("attributes", &ATTRIBUTE));
const WRITES: Type = Type::Rows("attribute writes", &ATTRIBUTE_WRITE);
const ELEMENTS: Field = ("elements", Type::Rows("queue elements", &QUEUE_ELEMENT));

/// Every frame of this version.
pub const SHAPES: &[Shape] = &[
    shape(1, "Hello", HELLO),
    shape(2, "Welcome", WELCOME),
    shape(3, "GoAway", GO_AWAY),
    shape(16, "Join", JOIN),
    shape(17, "Leave", &[ROOM, EXTENSIONS]),
    shape(18, "Publish", PUBLISH),
    shape(19, "Ping", &[EXTENSIONS]),
    shape(20, "QueryRoom", &[ROOM, EXTENSIONS]),
    shape(21, "CreateRoom", CREATE_ROOM),
    shape(22, "DestroyRoom", &[ROOM, EXTENSIONS]),
    shape(23, "ChangeList", CHANGE_LIST),
    shape(24, "QueryList", &[("list", LIST), ROOM, EXTENSIONS]),
    shape(25, "SetRoomLimits", SET_ROOM_LIMITS),
    shape(26, "QueryLimits", &[ROOM, EXTENSIONS]),
    shape(27, "QueryCounters", &[EXTENSIONS]),
    shape(28, "ChangeRoom", CHANGE_ROOM),
    shape(29, "DestroyRooms", &[("rooms", Type::Ids), EXTENSIONS]),
    shape(30, "SetRoomOpen", &[ROOM, ("open", SWITCH), QUIET, EXTENSION, EXTENSIONS]),
    shape(31, "MuteRoom", &[ROOM, ("muted", SWITCH), QUIET, EXTENSION, EXTENSIONS]),
    shape(32, "QueryMembers", QUERY_MEMBERS),
    shape(33, "FindMembers", &[ROOM, USERS, EXTENSIONS]),
    shape(34, "SetProfile", &[ROOM, ("profile", Type::Composed(&PROFILE)), QUIET, EXTENSIONS]),
    shape(35, "SetRoomRole", &[ROOM, USERS, ("role", ROOM_ROLE), QUIET, EXTENSION, EXTENSIONS]),
    shape(36, "Moderate", MODERATE),
    shape(37, "QuerySanctions", &[ROOM, ("sanction", SANCTION), CURSOR, LIMIT, EXTENSIONS]),
    shape(38, "Subscribe", &[("events", APP_EVENTS), EXTENSIONS]),
    shape(39, "WriteAttributes", &[ROOM, ("writes", WRITES), QUIET, EXTENSION, EXTENSIONS]),
    shape(40, "ClearAttributes", &[ROOM, ("force", SWITCH), QUIET, EXTENSION, EXTENSIONS]),
    shape(41, "QueryAttributes", &[ROOM, KEYS, CURSOR, LIMIT, EXTENSIONS]),
    shape(42, "SetQueue", &[ROOM, SIZE, PERMISSION, QUIET, EXTENSION, EXTENSIONS]),
    shape(43, "WriteQueue", WRITE_QUEUE),
    shape(44, "PollQueue", &[ROOM, ("key", Type::Text), QUIET, EXTENSION, EXTENSIONS]),
    shape(45, "QueryQueue", &[ROOM, CURSOR, LIMIT, EXTENSIONS]),
    shape(46, "ClearQueue", &[ROOM, QUIET, EXTENSION, EXTENSIONS]),
    shape(47, "QueryHistory", QUERY_HISTORY),
    shape(48, "Recall", &[ROOM, EPOCH, SEQ, ("options", RECALL_OPTIONS), EXTENSION, EXTENSIONS]),
    shape(49, "PublishMany", PUBLISH_MANY),
    shape(50, "Broadcast", &[KIND, PAYLOAD, EXTENSIONS]),
    shape(51, "ChangeBots", CHANGE_BOTS),
    shape(52, "QueryTop", &[("by", TOP_BY), ("period", TOP_PERIOD), LIMIT, EXTENSIONS]),
    shape(53, "RefreshToken", &[("token", Type::Bytes), EXTENSIONS]),
    shape(54, "RevokeTokens", REVOKE_TOKENS),
    shape(64, "Joined", JOINED),
    shape(65, "Left", &[EXTENSIONS]),
    shape(66, "Accepted", &[EPOCH, SEQ, ("time", Type::U64), EXTENSIONS]),
    shape(67, "Pong", &[("time", Type::U64), EXTENSIONS]),
    shape(68, "RoomState", ROOM_STATE),
    shape(69, "Created", &[EPOCH, CREATED_AT, EXTENSIONS]),
    shape(70, "Destroyed", &[EXTENSIONS]),
    shape(71, "ListChanged", &[("size", Type::U32), EXTENSIONS]),
    shape(72, "ListEntries", &[("entries", Type::Ids), EXTENSIONS]),
    shape(73, "RoomLimitsSet", &[EXTENSIONS]),
    shape(74, "Limits", LIMITS),
    shape(75, "Counters", &[("counts", Type::Rows("counts", &COUNT)), EXTENSIONS]),
    shape(76, "Changed", &[EPOCH, SEQ, EXTENSIONS]),
    shape(77, "Results", &[("results", Type::Rows("results", &RESULT)), EXTENSIONS]),
    shape(78, "MembersPage", MEMBERS_PAGE),
    shape(79, "MembersFound", &[("attendances", Type::Rows("attendances", &FOUND)), EXTENSIONS]),
    shape(80, "SanctionsPage", SANCTIONS_PAGE),
    shape(81, "Subscribed", &[EXTENSIONS]),
    shape(82, "AttributesWritten", ATTRIBUTES_WRITTEN),
    shape(83, "AttributesPage", &[EPOCH, SEQ, TOTAL, ATTRIBUTES, CURSOR, EXTENSIONS]),
    shape(84, "Polled", &[EPOCH, SEQ, ELEMENTS, EXTENSIONS]),
    shape(85, "QueuePage", &[EPOCH, SEQ, TOTAL, SIZE, PERMISSION, ELEMENTS, CURSOR, EXTENSIONS]),
    shape(86, "HistoryPage", &[EPOCH, ("entries", Type::U32), CURSOR, EXTENSIONS]),
    shape(87, "PublishedMany", PUBLISHED_MANY),
    shape(88, "BroadcastSent", &[("time", Type::U64), EXTENSIONS]),
    shape(89, "TopRooms", TOP_ROOMS),
    shape(90, "TokenRefreshed", &[("expires_in_ms", Type::U64), EXTENSIONS]),
    shape(126, "Shed", SHED),
    shape(127, "Refused", REFUSED),
    shape(128, "Deliver", DELIVER),
    shape(129, "RoomDestroyed", &[ROOM, EPOCH, SEQ, ("reason", DESTROY_REASON), EXTENSIONS]),
    shape(130, "Kicked", KICKED),
    shape(131, "Lagged", LAGGED),
    shape(132, "LeftRoom", &[ROOM, ("reason", LEFT_REASON), EXTENSIONS]),
    shape(133, "AreYouThere", &[EXTENSIONS]),
    shape(134, "Notice", NOTICE),
    shape(135, "Presence", &[ROOM, EPOCH, MEMBERS, OCCUPANTS, EXTENSIONS]),
    shape(136, "AppEvent", APP_EVENT),
    shape(137, "RoomAttributes", &[ROOM, EPOCH, SEQ, ATTRIBUTES, EXTENSIONS]),
    shape(138, "RoomQueue", &[ROOM, EPOCH, SEQ, SIZE, PERMISSION, ELEMENTS, EXTENSIONS]),
    shape(139, "Tombstone", TOMBSTONE),
    shape(140, "Direct", DELIVER),
    shape(141, "Broadcast", &[SENDER, KIND, INGRESS_AT, EGRESS_AT, PAYLOAD, EXTENSIONS]),
];

const HELLO: &[Field] = &[
    ("magic", Type::U32),
    ("version_min", Type::U16),
    ("version_max", Type::U16),
    ("app", Type::Text),
    ("credentials", Type::Credentials),
    ("client", Type::Text),
    EXTENSIONS,
];

/// What follows the number 0 in a [`Type::Credentials`].
pub const DEVELOPMENT: &[Field] =
    &[("secret", Type::Text), ("user", Type::Text), ("device", Type::Text), ("role", ROLE)];

/// What follows the number 1.
pub const TOKEN: &[Field] = &[("token", Type::Bytes)];

const WELCOME: &[Field] = &[
    ("version", Type::U16),
    ("session", Type::U64),
    ("user", Type::Text),
    ("role", ROLE),
    ("time", Type::U64),
    ("body_bytes_max", Type::U32),
    ("payload_bytes_max", Type::U32),
    ("ping_after_ms", Type::U32),
    ("messages_per_second", Type::U32),
    ("requests_per_second", Type::U32),
    ("rooms_per_user", Type::U32),
    ("expires_in_ms", Type::U64),
    EXTENSIONS,
];

const REVOKE_TOKENS: &[Field] =
    &[USERS, ("servers", SWITCH), ("valid_after", Type::U64), EXTENSIONS];

const GO_AWAY: &[Field] = &[
    ("version_min", Type::U16),
    ("version_max", Type::U16),
    ("code", Type::Code),
    ("retry_after_ms", Type::U32),
    ("detail", Type::Text),
    EXTENSIONS,
];

const REFUSED: &[Field] =
    &[("code", Type::Code), ("retry_after_ms", Type::U32), ("detail", Type::Text), EXTENSIONS];

const PUBLISH: &[Field] = &[
    ROOM,
    KIND,
    PAYLOAD,
    ("options", OPTIONS),
    ("class", CLASS_HINT),
    MESSAGE_ID,
    ("targets", Type::Ids),
    EXTENSIONS,
];

const JOINED: &[Field] = &[
    EPOCH,
    SEQ,
    CREATED_AT,
    MEMBERS,
    OCCUPANTS,
    ("left", Type::Text),
    ("flags", ROOM_FLAGS),
    ("creator", Type::Text),
    ("about", Type::Composed(&ABOUT)),
    ("role", ROOM_ROLE),
    ("mute", Type::Term),
    ("entries", Type::U32),
    ("states", Type::U32),
    ("recovery", Type::Code),
    ("missed", Type::U64),
    EXTENSIONS,
];

const ROOM_STATE: &[Field] = &[
    EPOCH,
    SEQ,
    CREATED_AT,
    MEMBERS,
    OCCUPANTS,
    ("flags", ROOM_FLAGS),
    ("creator", Type::Text),
    ("about", Type::Composed(&ABOUT)),
    ("policy", Type::Composed(&POLICY)),
    ("attributes", Type::U32),
    ("elements", Type::U32),
    ("queue_size", Type::U16),
    ("queue_permission", QUEUE_PERMISSION),
    ("bots", Type::U32),
    EXTENSIONS,
];

/// Of a message for everyone in a room, and of one for some.
const DELIVER: &[Field] =
    &[ROOM, EPOCH, SEQ, SENDER, SENDER_ROLE, KIND, INGRESS_AT, EGRESS_AT, PAYLOAD, EXTENSIONS];

const TOMBSTONE: &[Field] =
    &[ROOM, EPOCH, SEQ, SENDER, KIND, ("at", Type::U64), ("actor", Type::Text), EXTENSIONS];

const LAGGED: &[Field] = &[
    ROOM,
    EPOCH,
    ("from_seq", Type::U64),
    ("to_seq", Type::U64),
    ("protected", Type::U64),
    ("high", Type::U64),
    ("low", Type::U64),
    ("reason", LAG_REASON),
    EXTENSIONS,
];

const CHANGE_LIST: &[Field] =
    &[("list", LIST), ROOM, ("change", LIST_CHANGE), ("entries", Type::Ids), EXTENSIONS];

const SET_ROOM_LIMITS: &[Field] = &[
    ROOM,
    ("high_only", Type::LimitSetting),
    ("shared", Type::LimitSetting),
    ("protected", Type::LimitSetting),
    ("slow_mode_ms", Type::LimitSetting),
    ("ring_messages", Type::LimitSetting),
    ("ring_bytes", Type::LimitSetting),
    EXTENSIONS,
];

const LIMITS: &[Field] = &[
    ("messages", Type::Composed(&ALLOWANCE)),
    ("requests", Type::Composed(&ALLOWANCE)),
    ("room_high_only", Type::Composed(&ALLOWANCE)),
    ("room_shared", Type::Composed(&ALLOWANCE)),
    ("room_protected", Type::Composed(&ALLOWANCE)),
    ("slow_mode_ms", Type::U32),
    ("slow_mode_wait_ms", Type::U32),
    ("ring_messages", Type::U32),
    ("ring_bytes", Type::U32),
    EXTENSIONS,
];

const SHED: &[Field] =
    &[("class", CLASS), ("reason", SHED_REASON), ("retry_after_ms", Type::U32), EXTENSIONS];

const JOIN: &[Field] = &[
    ROOM,
    ("history", Type::U8),
    ("profile", Type::Composed(&PROFILE)),
    ("resume_epoch", Type::U64),
    ("resume_seq", Type::U64),
    ("options", JOIN_OPTIONS),
    EXTENSIONS,
];

const CREATE_ROOM: &[Field] = &[
    ROOM,
    ("creator", Type::Text),
    ("about", Type::Composed(&ABOUT)),
    ("policy", Type::Composed(&POLICY)),
    ("flags", ROOM_FLAGS),
    ("mute_exceptions", Type::Ids),
    ("high_only", Type::LimitSetting),
    ("shared", Type::LimitSetting),
    ("protected", Type::LimitSetting),
    ("slow_mode_ms", Type::LimitSetting),
    ("ring_messages", Type::LimitSetting),
    ("ring_bytes", Type::LimitSetting),
    ("attributes", WRITES),
    ("queue_size", Type::U16),
    ("queue_permission", QUEUE_PERMISSION),
    EXTENSIONS,
];

const CHANGE_ROOM: &[Field] = &[
    ROOM,
    ("fields", ROOM_FIELDS),
    ("about", Type::Composed(&ABOUT)),
    ("policy", Type::Composed(&POLICY)),
    QUIET,
    EXTENSION,
    EXTENSIONS,
];

const QUERY_MEMBERS: &[Field] =
    &[ROOM, ("filter", MEMBER_FILTER), ("order", MEMBER_ORDER), CURSOR, LIMIT, EXTENSIONS];

const MODERATE: &[Field] =
    &[ROOM, ("action", MODERATION), USERS, ("term", Type::Term), QUIET, EXTENSION, EXTENSIONS];

const MEMBERS_PAGE: &[Field] =
    &[TOTAL, ("members", Type::Rows("members", &MEMBER)), CURSOR, EXTENSIONS];

const SANCTIONS_PAGE: &[Field] =
    &[TOTAL, ("users", Type::Rows("sanctioned users", &SANCTIONED)), CURSOR, EXTENSIONS];

const KICKED: &[Field] = &[
    ROOM,
    EPOCH,
    SEQ,
    ("reason", KICK_REASON),
    ("actor", Type::Text),
    ("term", Type::Term),
    EXTENSION,
    EXTENSIONS,
];

const NOTICE: &[Field] = &[
    ROOM,
    EPOCH,
    SEQ,
    ("at", Type::U64),
    ("what", NOTICE_KIND),
    ("actor", Type::Text),
    USERS,
    ("role", ROOM_ROLE),
    ("term", Type::Term),
    ("departure", DEPARTURE),
    ("profile", Type::Composed(&PROFILE)),
    ("fields", ROOM_FIELDS),
    ("about", Type::Composed(&ABOUT)),
    ("policy", Type::Composed(&POLICY)),
    ATTRIBUTES,
    ELEMENTS,
    KEYS,
    ("queue_size", Type::U16),
    ("queue_permission", QUEUE_PERMISSION),
    ("target_seq", Type::U64),
    EXTENSION,
    EXTENSIONS,
];

const WRITE_QUEUE: &[Field] =
    &[ROOM, ("writes", Type::Rows("queue writes", &QUEUE_WRITE)), QUIET, EXTENSION, EXTENSIONS];

const QUERY_HISTORY: &[Field] = &[
    ROOM,
    ("by", HISTORY_BY),
    ("from", Type::U64),
    ("order", HISTORY_ORDER),
    ("kinds", Type::Ids),
    CURSOR,
    LIMIT,
    EXTENSIONS,
];

const PUBLISH_MANY: &[Field] = &[
    ("rooms", Type::Ids),
    KIND,
    PAYLOAD,
    ("options", OPTIONS),
    ("class", CLASS_HINT),
    MESSAGE_ID,
    EXTENSIONS,
];

const CHANGE_BOTS: &[Field] =
    &[ROOM, ("change", BOT_CHANGE), ("bots", Type::Rows("bots", &BOT)), EXTENSIONS];

const ATTRIBUTES_WRITTEN: &[Field] =
    &[EPOCH, SEQ, ("results", Type::Rows("attribute results", &ATTRIBUTE_RESULT)), EXTENSIONS];

const PUBLISHED_MANY: &[Field] =
    &[("results", Type::Rows("publish results", &PUBLISH_RESULT)), EXTENSIONS];

const TOP_ROOMS: &[Field] =
    &[("since", Type::U64), ("rooms", Type::Rows("top rooms", &TOP_ROOM)), EXTENSIONS];

const APP_EVENT: &[Field] = &[
    ("what", APP_EVENT_KIND),
    ("at", Type::U64),
    ROOM,
    EPOCH,
    ("user", Type::Text),
    ("device", Type::Text),
    ("role", ROLE),
    ("destroyed", DESTROY_REASON),
    ("departure", DEPARTURE),
    ("code", Type::Code),
    EXTENSIONS,
];
