//! Every frame as a table of fields, and every type that is composed of others.
//!
//! What `docs/protocol.md` says in its tables, which are compared with these.

use super::names::{
    APP_EVENT_KIND, APP_EVENTS, ATTENDANCE, CLASS, CLASS_HINT, COUNTER, DEPARTURE, DESTROY_REASON,
    KICK_REASON, LAG_REASON, LEFT_REASON, LIST, LIST_CHANGE, MEMBER_FILTER, MEMBER_ORDER,
    MODERATION, NOTICE_KIND, NOTICE_OPTIONS, OPTIONS, POLICY_KIND, ROLE, ROOM_FIELDS, ROOM_FLAGS,
    ROOM_ROLE, SANCTION, SHED_REASON, SWITCH,
};
use super::{Composed, Field, Shape, Type};

const ABOUT: Composed = Composed {
    name: "about",
    fields: &[
        ("title", Type::Text),
        ("announcement", Type::Text),
        ("live_url", Type::Text),
        ("extension", Type::Text),
    ],
};
const PROFILE: Composed = Composed {
    name: "profile",
    fields: &[("nickname", Type::Text), ("avatar", Type::Text), ("extension", Type::Text)],
};
const POLICY: Composed =
    Composed { name: "destroy policy", fields: &[("kind", POLICY_KIND), ("seconds", Type::U32)] };
const ALLOWANCE: Composed = Composed {
    name: "allowance",
    fields: &[
        ("limit", Type::U32),
        ("window_ms", Type::U32),
        ("left", Type::U32),
        ("retry_after_ms", Type::U32),
    ],
};
const COUNT: Composed = Composed {
    name: "count",
    fields: &[("counter", COUNTER), ("class", CLASS), ("count", Type::U64)],
};
const MEMBER: Composed = Composed {
    name: "member",
    fields: &[
        ("user", Type::Text),
        ("role", ROOM_ROLE),
        ("attendance", ATTENDANCE),
        ("joined_at", Type::U64),
        ("profile", Type::Composed(&PROFILE)),
    ],
};
const SANCTIONED: Composed = Composed {
    name: "sanctioned user",
    fields: &[
        ("user", Type::Text),
        ("left", Type::Term),
        ("since", Type::U64),
        ("actor", Type::Text),
    ],
};
const RESULT: Composed =
    Composed { name: "result", fields: &[("code", Type::Code), ("retry_after_ms", Type::U32)] };
const FOUND: Composed = Composed { name: "found", fields: &[("attendance", ATTENDANCE)] };

/// Every type that is composed of others and has a table in the document.
pub const COMPOSED: &[&Composed] =
    &[&ABOUT, &PROFILE, &POLICY, &ALLOWANCE, &COUNT, &MEMBER, &SANCTIONED, &RESULT];

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
    EXTENSIONS,
];

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
    ("kind", Type::Text),
    ("payload", Type::Bytes),
    ("options", OPTIONS),
    ("class", CLASS_HINT),
    ("message_id", Type::Text),
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
    EXTENSIONS,
];

const DELIVER: &[Field] = &[
    ROOM,
    EPOCH,
    SEQ,
    ("sender", Type::Text),
    ("sender_role", ROLE),
    ("kind", Type::Text),
    ("ingress_at", Type::U64),
    ("egress_at", Type::U64),
    ("payload", Type::Bytes),
    EXTENSIONS,
];

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
    &[("total", Type::U64), ("members", Type::Rows("members", &MEMBER)), CURSOR, EXTENSIONS];

const SANCTIONS_PAGE: &[Field] = &[
    ("total", Type::U64),
    ("users", Type::Rows("sanctioned users", &SANCTIONED)),
    CURSOR,
    EXTENSIONS,
];

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
    EXTENSION,
    EXTENSIONS,
];

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
