//! Types that are composed of others, and stand in frames alone or as the rows of a list.
//!
//! What `docs/protocol.md` says under "Composed types", which is compared with these.

use super::names::{
    ATTENDANCE, ATTRIBUTE_OP, ATTRIBUTE_OPTIONS, CLASS, COUNTER, POLICY_KIND, QUEUE_OP,
    QUEUE_OPTIONS, ROOM_ROLE, WRITE_WHEN,
};
use super::{Composed, Type};

pub const ABOUT: Composed = Composed {
    name: "about",
    fields: &[
        ("title", Type::Text),
        ("announcement", Type::Text),
        ("live_url", Type::Text),
        ("extension", Type::Text),
    ],
};
pub const PROFILE: Composed = Composed {
    name: "profile",
    fields: &[("nickname", Type::Text), ("avatar", Type::Text), ("extension", Type::Text)],
};
pub const POLICY: Composed =
    Composed { name: "destroy policy", fields: &[("kind", POLICY_KIND), ("seconds", Type::U32)] };
pub const ALLOWANCE: Composed = Composed {
    name: "allowance",
    fields: &[
        ("limit", Type::U32),
        ("window_ms", Type::U32),
        ("left", Type::U32),
        ("retry_after_ms", Type::U32),
    ],
};
pub const COUNT: Composed = Composed {
    name: "count",
    fields: &[("counter", COUNTER), ("class", CLASS), ("count", Type::U64)],
};
pub const MEMBER: Composed = Composed {
    name: "member",
    fields: &[
        ("user", Type::Text),
        ("role", ROOM_ROLE),
        ("attendance", ATTENDANCE),
        ("joined_at", Type::U64),
        ("profile", Type::Composed(&PROFILE)),
    ],
};
pub const SANCTIONED: Composed = Composed {
    name: "sanctioned user",
    fields: &[
        ("user", Type::Text),
        ("left", Type::Term),
        ("since", Type::U64),
        ("actor", Type::Text),
    ],
};
pub const RESULT: Composed =
    Composed { name: "result", fields: &[("code", Type::Code), ("retry_after_ms", Type::U32)] };
pub const FOUND: Composed = Composed { name: "found", fields: &[("attendance", ATTENDANCE)] };

pub const ATTRIBUTE_WRITE: Composed = Composed {
    name: "attribute write",
    fields: &[
        ("key", Type::Text),
        ("op", ATTRIBUTE_OP),
        ("value", Type::Bytes),
        ("add", Type::I64),
        ("when", WRITE_WHEN),
        ("revision", Type::U64),
        ("expires_after", Type::U32),
        ("options", ATTRIBUTE_OPTIONS),
    ],
};
pub const ATTRIBUTE_RESULT: Composed = Composed {
    name: "attribute result",
    fields: &[
        ("code", Type::Code),
        ("retry_after_ms", Type::U32),
        ("revision", Type::U64),
        ("number", Type::I64),
    ],
};
pub const ATTRIBUTE: Composed = Composed {
    name: "attribute",
    fields: &[
        ("key", Type::Text),
        ("value", Type::Bytes),
        ("owner", Type::Text),
        ("revision", Type::U64),
        ("set_at", Type::U64),
        ("left", Type::Term),
        ("options", ATTRIBUTE_OPTIONS),
    ],
};
pub const QUEUE_WRITE: Composed = Composed {
    name: "queue write",
    fields: &[
        ("op", QUEUE_OP),
        ("key", Type::Text),
        ("value", Type::Bytes),
        ("options", QUEUE_OPTIONS),
    ],
};
pub const QUEUE_ELEMENT: Composed = Composed {
    name: "queue element",
    fields: &[
        ("key", Type::Text),
        ("value", Type::Bytes),
        ("owner", Type::Text),
        ("set_at", Type::U64),
        ("options", QUEUE_OPTIONS),
    ],
};
pub const PUBLISH_RESULT: Composed = Composed {
    name: "publish result",
    fields: &[
        ("code", Type::Code),
        ("retry_after_ms", Type::U32),
        ("epoch", Type::U64),
        ("seq", Type::U64),
    ],
};
pub const BOT: Composed = Composed {
    name: "bot",
    fields: &[("user", Type::Text), ("profile", Type::Composed(&PROFILE))],
};
pub const TOP_ROOM: Composed = Composed {
    name: "top room",
    fields: &[("room", Type::Text), ("count", Type::U64), ("error", Type::U64)],
};

/// Every type that is composed of others and has a table in the document.
pub const COMPOSED: &[&Composed] = &[
    &ABOUT,
    &PROFILE,
    &POLICY,
    &ALLOWANCE,
    &COUNT,
    &MEMBER,
    &SANCTIONED,
    &RESULT,
    &ATTRIBUTE_WRITE,
    &ATTRIBUTE_RESULT,
    &ATTRIBUTE,
    &QUEUE_WRITE,
    &QUEUE_ELEMENT,
    &PUBLISH_RESULT,
    &BOT,
    &TOP_ROOM,
];
