//! The wire read by hand: every frame as a table of fields, and a reader of a few lines that knows
//! those tables and nothing of the crate under test or of bincode.
//!
//! It is what a client in another language would write from `docs/protocol.md`, whose tables are
//! compared with these. It lists the fields of the golden vectors, so that what a vector's lines
//! say does not come from the code that the vector checks.

use core::fmt::Write as _;

/// The type of a field, named as in `docs/protocol.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    U16,
    U32,
    U64,
    /// One byte, a plain number.
    U8,
    Text,
    Bytes,
    Ids,
    Extensions,
    Credentials,
    /// A limit and what is left of it: four `U32`.
    Allowance,
    /// A limit as it is set: a `U32` of which the three highest mean something else.
    LimitSetting,
    /// Figures: counter, class and a `U64`, one after the other.
    Counts,
    /// A code: a `U16` with a name.
    Code,
    /// One byte of which each bit is an option.
    Options,
    /// One byte that stands for one of these names.
    Enumeration(&'static str, &'static [&'static str]),
}

impl Type {
    /// What the document calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Ids => "ids",
            Self::Extensions => "extensions",
            Self::Credentials => "credentials",
            Self::Allowance => "allowance",
            Self::LimitSetting => "limit setting",
            Self::Counts => "counts",
            Self::Code => "code",
            Self::Options => "options",
            Self::Enumeration(name, _) => name,
        }
    }
}

const ROLE: Type = Type::Enumeration("role", &["Client", "Anonymous", "Server"]);
const CLASS_HINT: Type = Type::Enumeration("class hint", &["Default", "Low"]);
const CLASS: Type = Type::Enumeration("class", &["Protected", "High", "Low"]);
const SHED_REASON: Type = Type::Enumeration("shed reason", &["Quota", "Overload"]);
const LAG_REASON: Type = Type::Enumeration("lag reason", &["SlowReader", "Cap"]);
const LIST: Type = Type::Enumeration(
    "list",
    &["ProtectedUsers", "ProtectedKinds", "LowKinds", "KeepAlive", "MuteExceptions"],
);
const LIST_CHANGE: Type = Type::Enumeration("list change", &["Add", "Remove", "Replace"]);
const LEFT_REASON: Type = Type::Enumeration("left reason", &["Elsewhere", "JoinedAnother"]);
const DESTROY_REASON: Type =
    Type::Enumeration("destroy reason", &["Idle", "Lifetime", "Empty", "Request"]);

const OPTIONS: &[&str] = &["ECHO", "NO_ACK", "NO_STORE"];

/// A field: its name and its type.
pub type Field = (&'static str, Type);

/// A frame: its tag, its name, and its fields in order. Requests and replies have a number before
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub tag: u8,
    pub name: &'static str,
    pub fields: &'static [Field],
}

impl Shape {
    pub const fn is_numbered(&self) -> bool {
        matches!(self.tag, 16..=127)
    }

    /// The frame of that tag.
    pub fn of(tag: u8) -> Option<&'static Self> {
        SHAPES.iter().find(|shape| shape.tag == tag)
    }
}

const fn shape(tag: u8, name: &'static str, fields: &'static [Field]) -> Shape {
    Shape { tag, name, fields }
}

const EXTENSIONS: Field = ("extensions", Type::Extensions);
const ROOM: Field = ("room", Type::Text);
const EPOCH: Field = ("epoch", Type::U64);
const SEQ: Field = ("seq", Type::U64);

/// Every frame of this version.
pub const SHAPES: &[Shape] = &[
    shape(1, "Hello", HELLO),
    shape(2, "Welcome", WELCOME),
    shape(3, "GoAway", GO_AWAY),
    shape(16, "Join", &[ROOM, ("history", Type::U8), EXTENSIONS]),
    shape(17, "Leave", &[ROOM, EXTENSIONS]),
    shape(18, "Publish", PUBLISH),
    shape(19, "Ping", &[EXTENSIONS]),
    shape(20, "QueryRoom", &[ROOM, EXTENSIONS]),
    shape(21, "CreateRoom", &[ROOM, EXTENSIONS]),
    shape(22, "DestroyRoom", &[ROOM, EXTENSIONS]),
    shape(23, "ChangeList", CHANGE_LIST),
    shape(24, "QueryList", &[("list", LIST), ROOM, EXTENSIONS]),
    shape(25, "SetRoomLimits", SET_ROOM_LIMITS),
    shape(26, "QueryLimits", &[ROOM, EXTENSIONS]),
    shape(27, "QueryCounters", &[EXTENSIONS]),
    shape(64, "Joined", JOINED),
    shape(65, "Left", &[EXTENSIONS]),
    shape(66, "Accepted", &[EPOCH, SEQ, ("time", Type::U64), EXTENSIONS]),
    shape(67, "Pong", &[("time", Type::U64), EXTENSIONS]),
    shape(68, "RoomState", ROOM_STATE),
    shape(69, "Created", &[EPOCH, ("created_at", Type::U64), EXTENSIONS]),
    shape(70, "Destroyed", &[EXTENSIONS]),
    shape(71, "ListChanged", &[("size", Type::U32), EXTENSIONS]),
    shape(72, "ListEntries", &[("entries", Type::Ids), EXTENSIONS]),
    shape(73, "RoomLimitsSet", &[EXTENSIONS]),
    shape(74, "Limits", LIMITS),
    shape(75, "Counters", &[("counts", Type::Counts), EXTENSIONS]),
    shape(126, "Shed", SHED),
    shape(127, "Refused", REFUSED),
    shape(128, "Deliver", DELIVER),
    shape(129, "RoomDestroyed", &[ROOM, EPOCH, SEQ, ("reason", DESTROY_REASON), EXTENSIONS]),
    shape(130, "Kicked", &[ROOM, EPOCH, SEQ, ("extension", Type::Text), EXTENSIONS]),
    shape(131, "Lagged", LAGGED),
    shape(132, "LeftRoom", &[ROOM, ("reason", LEFT_REASON), EXTENSIONS]),
    shape(133, "AreYouThere", &[EXTENSIONS]),
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
    ("options", Type::Options),
    ("class", CLASS_HINT),
    ("message_id", Type::Text),
    ("targets", Type::Ids),
    EXTENSIONS,
];

const JOINED: &[Field] = &[
    EPOCH,
    SEQ,
    ("created_at", Type::U64),
    ("members", Type::U64),
    ("left", Type::Text),
    EXTENSIONS,
];

const ROOM_STATE: &[Field] = &[
    EPOCH,
    SEQ,
    ("created_at", Type::U64),
    ("members", Type::U64),
    ("occupants", Type::U64),
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
    ("messages", Type::Allowance),
    ("requests", Type::Allowance),
    ("room_high_only", Type::Allowance),
    ("room_shared", Type::Allowance),
    ("room_protected", Type::Allowance),
    ("slow_mode_ms", Type::U32),
    ("slow_mode_wait_ms", Type::U32),
    EXTENSIONS,
];

const SHED: &[Field] =
    &[("class", CLASS), ("reason", SHED_REASON), ("retry_after_ms", Type::U32), EXTENSIONS];

/// One field as it stands in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub bytes: Vec<u8>,
    pub field: String,
    pub meaning: String,
}

/// Takes a whole frame apart: its length, its tag, its number, its fields.
///
/// Panics where it cannot: it is only given frames that must be readable.
pub fn dissect(frame: &[u8]) -> Vec<Line> {
    let mut reader = Reader { rest: frame, lines: Vec::new() };
    let prefix = reader.take(4);
    let length = u32::from_le_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]);
    assert_eq!(length as usize, frame.len() - 4, "the length says what follows");
    reader.line(4, "length", length.to_string());
    let tag = reader.byte();
    let shape = Shape::of(tag).expect("every vector is a frame of this version");
    reader.line(1, "tag", format!("{} ({tag})", shape.name));
    if shape.is_numbered() {
        reader.field(("number", Type::U32));
    }
    for field in shape.fields {
        reader.field(*field);
    }
    assert!(reader.rest.is_empty(), "nothing is left over");
    reader.lines
}

/// What is left of a frame, and what was read of it.
struct Reader<'a> {
    rest: &'a [u8],
    lines: Vec<Line>,
}

impl<'a> Reader<'a> {
    fn take(&self, count: usize) -> &'a [u8] {
        &self.rest[..count]
    }

    fn byte(&self) -> u8 {
        self.rest[0]
    }

    /// The varint at the front, and how many bytes it takes.
    fn varint(bytes: &[u8]) -> (u64, usize) {
        let width = match bytes[0] {
            251 => 2,
            252 => 4,
            253 => 8,
            254.. => panic!("no number of ours has this first byte"),
            small => return (u64::from(small), 1),
        };
        let mut value = 0;
        for (place, byte) in bytes[1..=width].iter().enumerate() {
            value |= u64::from(*byte) << (8 * place);
        }
        (value, 1 + width)
    }

    /// The byte string at the front, and how many bytes it takes with its length.
    fn string(bytes: &[u8]) -> (&[u8], usize) {
        let (length, width) = Self::varint(bytes);
        let end = width + usize::try_from(length).expect("it fits in memory");
        (&bytes[width..end], end)
    }

    fn line(&mut self, count: usize, field: &str, meaning: String) {
        let (bytes, rest) = self.rest.split_at(count);
        self.rest = rest;
        self.lines.push(Line { bytes: bytes.to_vec(), field: field.to_owned(), meaning });
    }

    fn field(&mut self, (name, kind): Field) {
        let (count, meaning) = match kind {
            Type::U8 => (1, self.byte().to_string()),
            Type::U16 | Type::U32 | Type::U64 => {
                let (value, width) = Self::varint(self.rest);
                (width, value.to_string())
            }
            Type::Code => {
                let (value, width) = Self::varint(self.rest);
                let number = u16::try_from(value).expect("a code is a u16");
                let code = throng_protocol::Code::from_number(number);
                (width, format!("{} ({value})", code.name()))
            }
            Type::Text => {
                let (bytes, width) = Self::string(self.rest);
                (width, quoted(bytes))
            }
            Type::Bytes => {
                let (bytes, width) = Self::string(self.rest);
                (width, counted(bytes.len(), "byte"))
            }
            Type::Ids => {
                let (bytes, width) = Self::string(self.rest);
                (width, ids(bytes))
            }
            Type::Extensions => {
                let (bytes, width) = Self::string(self.rest);
                (width, extensions(bytes))
            }
            Type::LimitSetting => {
                let (value, width) = Self::varint(self.rest);
                (width, setting(value))
            }
            Type::Allowance => allowance(self.rest),
            Type::Counts => {
                let (bytes, width) = Self::string(self.rest);
                (width, counts(bytes))
            }
            Type::Options => (1, options(self.byte())),
            Type::Enumeration(_, names) => {
                let byte = self.byte();
                let name = names.get(usize::from(byte)).unwrap_or(&"unknown");
                (1, format!("{name} ({byte})"))
            }
            Type::Credentials => return self.credentials(name),
        };
        self.line(count, name, meaning);
    }

    fn credentials(&mut self, name: &str) {
        let (which, width) = Self::varint(self.rest);
        let (title, fields) = match which {
            0 => ("Development", DEVELOPMENT),
            1 => ("Token", TOKEN),
            other => panic!("there are no credentials of number {other}"),
        };
        self.line(width, name, format!("{title} ({which})"));
        for field in fields {
            self.field(*field);
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn quoted(bytes: &[u8]) -> String {
    let text = core::str::from_utf8(bytes).expect("a text is UTF-8");
    if text.len() <= 40 {
        format!("{text:?}")
    } else {
        format!("{} of text", counted(text.len(), "byte"))
    }
}

fn ids(mut bytes: &[u8]) -> String {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (id, width) = Reader::string(bytes);
        all.push(quoted(id));
        bytes = &bytes[width..];
    }
    match all.len() {
        0 => "none".to_owned(),
        1..=4 => format!("{}: {}", counted(all.len(), "id"), all.join(", ")),
        many => format!("{many} ids, the first {}", all[0]),
    }
}

fn extensions(mut bytes: &[u8]) -> String {
    let (mut all, mut count) = (String::new(), 0);
    while !bytes.is_empty() {
        let (number, width) = Reader::varint(bytes);
        let (value, value_width) = Reader::string(&bytes[width..]);
        let separator = if count == 0 { "" } else { ", " };
        let bytes_of = counted(value.len(), "byte");
        write!(all, "{separator}{number}: {bytes_of}").expect("a String takes every write");
        bytes = &bytes[width + value_width..];
        count += 1;
    }
    if count == 0 { "none".to_owned() } else { all }
}

fn setting(value: u64) -> String {
    let name = match value {
        0xffff_ffff => "keep",
        0xffff_fffe => "inherit",
        0xffff_fffd => "unlimited",
        _ => return value.to_string(),
    };
    format!("{name} ({value})")
}

fn allowance(bytes: &[u8]) -> (usize, String) {
    let mut at = 0;
    let figures = ["limit", "window_ms", "left", "retry_after_ms"].map(|name| {
        let (value, width) = Reader::varint(&bytes[at..]);
        at += width;
        format!("{name} {value}")
    });
    (at, figures.join(", "))
}

fn counts(mut bytes: &[u8]) -> String {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (count, width) = Reader::varint(&bytes[2..]);
        all.push(format!("counter {} of class {}: {count}", bytes[0], bytes[1]));
        bytes = &bytes[2 + width..];
    }
    match all.len() {
        0 => "none".to_owned(),
        1..=4 => all.join(", "),
        many => format!("{many} figures, the first {}", all[0]),
    }
}

fn options(bits: u8) -> String {
    let names: Vec<&str> = (0..8)
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| OPTIONS.get(bit).copied().unwrap_or("unknown"))
        .collect();
    if names.is_empty() {
        format!("none ({bits})")
    } else {
        format!("{} ({bits})", names.join(" + "))
    }
}
