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
    /// A length and UTF-8.
    Text,
    /// A length and bytes.
    Bytes,
    /// A length and texts.
    Ids,
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

/// A good join.
pub fn join() -> Frame {
    let history = field("history", Kind::Byte, vec![0]);
    request("join", 16, vec![field("room", Kind::Text, text("lobby")), history])
}

/// A good ping.
pub fn ping() -> Frame {
    request("ping", 19, Vec::new())
}

/// Another request about a room.
pub fn about_room(name: &'static str, tag: u8) -> Frame {
    request(name, tag, vec![field("room", Kind::Text, text("lobby"))])
}

/// All requests.
pub fn requests() -> Vec<Frame> {
    vec![
        join(),
        about_room("leave", 17),
        publish(),
        ping(),
        about_room("query-room", 20),
        about_room("create-room", 21),
        about_room("destroy-room", 22),
    ]
}

/// All frames that a client may send.
pub fn all() -> Vec<Frame> {
    [vec![hello(), hello_token()], requests()].concat()
}
