//! The frames that a client may send, well made, field by field: what the cases then damage.
//!
//! Written down from `docs/protocol.md` and not with the protocol crate, so that a mistake there
//! is not repeated here.

/// What a field is, and so how it can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One byte.
    Byte,
    /// A varint of at most 16 bits.
    U16,
    /// A varint of at most 32 bits.
    U32,
    /// A varint of at most 64 bits.
    U64,
    /// A length and UTF-8.
    Text,
    /// A length and bytes.
    Bytes,
    /// A length and texts.
    Ids,
    /// A length and rows: how many there may be, and how many fields a row has.
    Rows(usize, usize),
    /// A length and pairs.
    Extensions,
}

/// A field with good bytes.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name on the page.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A good frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// How it is called in the names of files.
    pub name: &'static str,
    /// When it may be sent.
    pub when: &'static str,
    /// Its first byte.
    pub tag: u8,
    /// Its fields.
    pub fields: Vec<Field>,
}

impl Frame {
    /// The pieces of the frame: prefix, tag, fields.
    pub fn pieces(&self) -> Vec<Vec<u8>> {
        frame(self.tag, self.fields.iter().map(|field| field.bytes.clone()).collect())
    }

    /// The same with other bytes for a field.
    pub fn with(&self, name: &str, bytes: Vec<u8>) -> Self {
        let mut other = self.clone();
        let field = other.fields.iter_mut().find(|field| field.name == name);
        field.unwrap_or_else(|| panic!("{} has no {name}", self.name)).bytes = bytes;
        other
    }

    /// The frame cut off, by its fields before the one at that place and some of its bytes.
    pub fn cut(&self, place: usize, bytes: usize) -> Vec<Vec<u8>> {
        let mut kept: Vec<_> =
            self.fields[..place].iter().map(|field| field.bytes.clone()).collect();
        kept.push(self.fields[place].bytes[..bytes].to_vec());
        frame(self.tag, kept)
    }
}

/// A frame with any body.
pub fn frame(tag: u8, fields: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let length = 1 + fields.iter().map(Vec::len).sum::<usize>();
    let length = u32::try_from(length).expect("frames are small");
    let mut pieces = vec![length.to_le_bytes().to_vec(), vec![tag]];
    pieces.extend(fields.into_iter().filter(|field| !field.is_empty()));
    pieces
}

/// A varint.
pub fn varint(number: u64) -> Vec<u8> {
    let bytes = number.to_le_bytes();
    match number {
        0..=250 => vec![bytes[0]],
        251..=0xffff => [&[251], &bytes[..2]].concat(),
        0x1_0000..=0xffff_ffff => [&[252], &bytes[..4]].concat(),
        _ => [&[253], &bytes[..]].concat(),
    }
}

/// A text, or bytes.
pub fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [varint(text.len() as u64), text.to_vec()].concat()
}

/// The magic number as it goes over the wire.
pub const MAGIC: [u8; 5] = [0xfc, b'T', b'H', b'R', b'G'];

/// The app and the secret of the broker that is spoken to.
pub const APP: &str = "dev";
/// See [`APP`].
pub const SECRET: &str = "secret-of-the-simulated-app";

const fn field(name: &'static str, kind: Kind, bytes: Vec<u8>) -> Field {
    Field { name, kind, bytes }
}

/// A good hello of a client.
pub fn hello() -> Frame {
    let fields = vec![
        field("magic", Kind::U32, MAGIC.to_vec()),
        field("version_min", Kind::U16, vec![1]),
        field("version_max", Kind::U16, vec![1]),
        field("app", Kind::Text, text(APP)),
        field("credentials", Kind::U32, vec![0]),
        field("secret", Kind::Text, text(SECRET)),
        field("user", Kind::Text, text("mallory")),
        field("device", Kind::Text, text("laptop")),
        field("role", Kind::Byte, vec![0]),
        field("client", Kind::Text, text("malformed/1")),
        field("extensions", Kind::Extensions, vec![0]),
    ];
    Frame { name: "hello", when: super::file::FIRST, tag: 1, fields }
}

/// A hello with a token.
pub fn hello_token() -> Frame {
    let mut frame = Frame { name: "hello-token", ..hello() };
    let token = field("token", Kind::Bytes, text("a token"));
    frame.fields.splice(5..9, [token]);
    frame.with("credentials", vec![1])
}

fn request(name: &'static str, tag: u8, rest: Vec<Field>) -> Frame {
    let mut fields = vec![field("number", Kind::U32, vec![7])];
    fields.extend(rest);
    fields.push(field("extensions", Kind::Extensions, vec![0]));
    let when = if tag > 20 { super::file::SERVER } else { super::file::CLIENT };
    Frame { name, when, tag, fields }
}

/// A good publish, but for its membership.
pub fn publish() -> Frame {
    let fields = vec![
        field("room", Kind::Text, text("lobby")),
        field("kind", Kind::Text, text("text")),
        field("payload", Kind::Bytes, text("hi all")),
        field("options", Kind::Byte, vec![0]),
        field("class", Kind::Byte, vec![0]),
        field("message_id", Kind::Text, vec![0]),
        field("targets", Kind::Ids, vec![0]),
    ];
    request("publish", 18, fields)
}

fn profile() -> [Field; 3] {
    [
        field("nickname", Kind::Text, text("Ann")),
        field("avatar", Kind::Text, text("ann.png")),
        field("extension", Kind::Text, text("{}")),
    ]
}

fn about() -> [Field; 4] {
    [
        field("title", Kind::Text, text("The lobby")),
        field("announcement", Kind::Text, text("Be nice.")),
        field("live_url", Kind::Text, text("live")),
        field("about_extension", Kind::Text, text("{}")),
    ]
}

fn policy() -> [Field; 2] {
    [field("policy_kind", Kind::Byte, vec![0]), field("policy_seconds", Kind::U32, vec![60])]
}

fn room() -> Field {
    field("room", Kind::Text, text("lobby"))
}

/// A good join.
pub fn join() -> Frame {
    let mut fields = vec![room(), field("history", Kind::Byte, vec![0])];
    fields.extend(profile());
    fields.push(field("resume_epoch", Kind::U64, vec![0]));
    fields.push(field("resume_seq", Kind::U64, vec![0]));
    fields.push(field("options", Kind::Byte, vec![0]));
    request("join", 16, fields)
}

/// The limits of a room, in the order of the wire.
const LIMITS: [&str; 6] =
    ["high_only", "shared", "protected", "slow_mode_ms", "ring_messages", "ring_bytes"];

/// A good creation of a room.
pub fn create_room() -> Frame {
    let mut fields = vec![room(), field("creator", Kind::Text, text("ann"))];
    fields.extend(about());
    fields.extend(policy());
    fields.push(field("flags", Kind::Byte, vec![0]));
    fields.push(field("mute_exceptions", Kind::Ids, text(text("bob"))));
    // The app's, for each of the limits.
    for name in LIMITS {
        fields.push(field(name, Kind::U32, varint(4_294_967_294)));
    }
    fields.push(attribute_writes("attributes"));
    fields.push(field("queue_size", Kind::U16, vec![20]));
    fields.push(field("queue_permission", Kind::Byte, vec![1]));
    request("create-room", 21, fields)
}

/// A write of an attribute: key, op, value, add, when, revision, expires_after, options.
pub fn attribute_write(key: &str, value: &[u8], rest: [u8; 5]) -> Vec<u8> {
    let [op, when, revision, expires_after, options] = rest;
    let (key, value) = (text(key), text(value));
    [key, vec![op], value, vec![0, when, revision, expires_after, options]].concat()
}

fn attribute_writes(name: &'static str) -> Field {
    field(name, Kind::Rows(20, 8), text(attribute_write("topic", b"tea", [0; 5])))
}

/// A write of a queue: op, key, value, options.
pub fn queue_write(op: u8, key: &str, value: &[u8], options: u8) -> Vec<u8> {
    [vec![op], text(key), text(value), vec![options]].concat()
}

/// A bot: its name and its profile.
pub fn bot(user: &str, nickname: &str) -> Vec<u8> {
    [text(user), text(nickname), vec![0, 0]].concat()
}

/// A good ping.
pub fn ping() -> Frame {
    request("ping", 19, Vec::new())
}

/// Another request about a room.
pub fn about_room(name: &'static str, tag: u8) -> Frame {
    request(name, tag, vec![room()])
}

/// All requests.
pub fn requests() -> Vec<Frame> {
    vec![
        join(),
        about_room("leave", 17),
        publish(),
        ping(),
        about_room("query-room", 20),
        create_room(),
        about_room("destroy-room", 22),
    ]
}

/// Requests about lists, limits and counters.
pub fn rules() -> Vec<Frame> {
    let list = field("list", Kind::Byte, vec![2]);
    let nowhere = field("room", Kind::Text, vec![0]);
    let change = field("change", Kind::Byte, vec![0]);
    let entries = field("entries", Kind::Ids, text(text("like")));
    let mut limits = vec![room()];
    for name in LIMITS {
        limits.push(field(name, Kind::U32, varint(4_294_967_295)));
    }
    vec![
        request("change-list", 23, vec![list.clone(), nowhere.clone(), change, entries]),
        request("query-list", 24, vec![list, nowhere]),
        request("set-room-limits", 25, limits),
        about_room("query-limits", 26),
        request("query-counters", 27, Vec::new()),
    ]
}

/// Requests that change rooms, ask who is there, and keep order.
pub fn rooms_in_full() -> Vec<Frame> {
    let users = || field("users", Kind::Ids, text(text("bob")));
    let options = || field("options", Kind::Byte, vec![0]);
    let words = || field("extension", Kind::Text, text("so it is"));
    let byte = |name| field(name, Kind::Byte, vec![1]);
    let page = || [field("cursor", Kind::Bytes, vec![0]), field("limit", Kind::U16, vec![100])];
    let rooms = field("rooms", Kind::Ids, text(text("attic")));
    let mut change = vec![room(), field("fields", Kind::Byte, vec![1])];
    change.extend(about());
    change.extend(policy());
    change.extend([options(), words()]);
    let mut members = vec![room(), byte("filter"), byte("order")];
    members.extend(page());
    let mut own = vec![room()];
    own.extend(profile());
    own.push(options());
    let term = field("term", Kind::U32, varint(600));
    let moderate = vec![room(), field("action", Kind::Byte, vec![3]), users(), term];
    let mut sanctions = vec![room(), byte("sanction")];
    sanctions.extend(page());
    vec![
        request("change-room", 28, change),
        request("destroy-rooms", 29, vec![rooms]),
        request("set-room-open", 30, vec![room(), byte("open"), options(), words()]),
        request("mute-room", 31, vec![room(), byte("muted"), options(), words()]),
        request("query-members", 32, members),
        request("find-members", 33, vec![room(), users()]),
        request("set-profile", 34, own),
        request("set-room-role", 35, vec![room(), users(), byte("role"), options(), words()]),
        request("moderate", 36, [moderate, vec![options(), words()]].concat()),
        request("query-sanctions", 37, sanctions),
        request("subscribe", 38, vec![field("events", Kind::Byte, vec![7])]),
    ]
}

/// Requests about what a room keeps, and what servers say to many.
pub fn state() -> Vec<Frame> {
    let byte = |name| field(name, Kind::Byte, vec![0]);
    let telling = || [byte("options"), field("extension", Kind::Text, text("so it is"))];
    let page = || [field("cursor", Kind::Bytes, vec![0]), field("limit", Kind::U16, vec![100])];
    let ids = |name, id: &str| field(name, Kind::Ids, text(text(id)));
    let number = |name| field(name, Kind::U64, vec![9]);
    let kind = || field("kind", Kind::Text, text("text"));
    let payload = || field("payload", Kind::Bytes, text("hi all"));
    let offer = text(queue_write(0, "ann", b"a song", 0));
    let writes = field("writes", Kind::Rows(100, 4), offer);
    let bots = field("bots", Kind::Rows(100, 4), text(bot("dj", "DJ")));
    let told =
        |name, tag, fields: &[Field]| request(name, tag, [&[room()], fields, &telling()].concat());
    let paged =
        |name, tag, fields: &[Field]| request(name, tag, [&[room()], fields, &page()].concat());
    let size = field("size", Kind::U16, vec![20]);
    let history = [byte("by"), number("from"), byte("order"), ids("kinds", "text")];
    let message_id = field("message_id", Kind::Text, vec![0]);
    let many = vec![ids("rooms", "lobby"), kind(), payload(), byte("options"), byte("class")];
    vec![
        told("write-attributes", 39, &[attribute_writes("writes")]),
        told("clear-attributes", 40, &[byte("force")]),
        paged("query-attributes", 41, &[ids("keys", "topic")]),
        told("set-queue", 42, &[size, byte("permission")]),
        told("write-queue", 43, &[writes]),
        told("poll-queue", 44, &[field("key", Kind::Text, vec![0])]),
        paged("query-queue", 45, &[]),
        told("clear-queue", 46, &[]),
        paged("query-history", 47, &history),
        told("recall", 48, &[number("epoch"), number("seq")]),
        request("publish-many", 49, [many, vec![message_id]].concat()),
        request("broadcast", 50, vec![kind(), payload()]),
        request("change-bots", 51, vec![room(), byte("change"), bots]),
        request("query-top", 52, vec![byte("by"), byte("period"), page()[1].clone()]),
    ]
}

/// Requests about tokens.
pub fn tokens() -> Vec<Frame> {
    let users = field("users", Kind::Ids, text(text("bob")));
    let servers = field("servers", Kind::Byte, vec![0]);
    let valid_after = field("valid_after", Kind::U64, vec![0]);
    vec![
        request("refresh-token", 53, vec![field("token", Kind::Bytes, text("a token"))]),
        request("revoke-tokens", 54, vec![users, servers, valid_after]),
    ]
}

/// All frames of which every field is damaged in every way.
pub fn all() -> Vec<Frame> {
    [vec![hello(), hello_token()], requests()].concat()
}

/// All others: the same code reads their fields, so a few ways for each will do.
pub fn others() -> Vec<Frame> {
    [rules(), rooms_in_full(), state(), tokens()].concat()
}
