//! The wire read by hand: every frame as a table of fields, and a reader of a few lines that knows
//! those tables and nothing of the crate under test or of bincode.
//!
//! It is what a client in another language would write from `docs/protocol.md`, whose tables are
//! compared with these. It lists the fields of the golden vectors, so that what a vector's lines
//! say does not come from the code that the vector checks.

pub mod composed;
mod names;
pub mod shapes;

use core::fmt::Write as _;

pub use shapes::{DEVELOPMENT, SHAPES, TOKEN};

/// The type of a field, named as in `docs/protocol.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    U16,
    U32,
    U64,
    /// A number that may be below zero: the varint of twice it, and of one less than twice its size
    /// where it is below.
    I64,
    /// One byte, a plain number.
    U8,
    Text,
    Bytes,
    Ids,
    Extensions,
    Credentials,
    /// A limit as it is set: a `U32` of which the three highest mean something else.
    LimitSetting,
    /// Seconds: a `U32` of which the highest is for ever.
    Term,
    /// A code: a `U16` with a name.
    Code,
    /// One byte of which each bit has one of these names, from the lowest on.
    Bits(&'static str, &'static [&'static str]),
    /// One byte that stands for one of these names.
    Enumeration(&'static str, &'static [&'static str]),
    /// Several fields in a row.
    Composed(&'static Composed),
    /// `bytes` that hold such rows one after the other, under this name.
    Rows(&'static str, &'static Composed),
}

impl Type {
    /// What the document calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I64 => "i64",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Ids => "ids",
            Self::Extensions => "extensions",
            Self::Credentials => "credentials",
            Self::LimitSetting => "limit setting",
            Self::Term => "term",
            Self::Code => "code",
            Self::Bits(name, _) | Self::Enumeration(name, _) | Self::Rows(name, _) => name,
            Self::Composed(composed) => composed.name,
        }
    }
}

/// A field: its name and its type.
pub type Field = (&'static str, Type);

/// A type that is composed of others.
#[derive(Debug, PartialEq, Eq)]
pub struct Composed {
    pub name: &'static str,
    pub fields: &'static [Field],
}

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
        if kind == Type::Credentials {
            return self.credentials(name);
        }
        let (count, meaning) = value(self.rest, kind);
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

/// What stands at the front, and how many bytes it takes.
fn value(bytes: &[u8], kind: Type) -> (usize, String) {
    match kind {
        Type::U8 => (1, bytes[0].to_string()),
        Type::Bits(_, names) => (1, bits(bytes[0], names)),
        Type::Enumeration(_, names) => {
            let name = names.get(usize::from(bytes[0])).unwrap_or(&"unknown");
            (1, format!("{name} ({})", bytes[0]))
        }
        Type::Composed(composed) => row(bytes, composed),
        Type::I64 => {
            let (zigzag, width) = Reader::varint(bytes);
            let half = i64::try_from(zigzag / 2).expect("half of it fits");
            let number = if zigzag % 2 == 0 { half } else { -half - 1 };
            (width, number.to_string())
        }
        Type::Credentials => unreachable!("they are several lines"),
        Type::U16 | Type::U32 | Type::U64 | Type::Code | Type::LimitSetting | Type::Term => {
            let (number, width) = Reader::varint(bytes);
            (width, meaning_of(number, kind))
        }
        Type::Text | Type::Bytes | Type::Ids | Type::Extensions | Type::Rows(..) => {
            let (held, width) = Reader::string(bytes);
            let meaning = match kind {
                Type::Text => quoted(held),
                Type::Bytes => counted(held.len(), "byte"),
                Type::Ids => ids(held),
                Type::Rows(_, composed) => rows(held, composed),
                _ => extensions(held),
            };
            (width, meaning)
        }
    }
}

fn meaning_of(number: u64, kind: Type) -> String {
    let name = match (kind, number) {
        (Type::Code, _) => {
            let number = u16::try_from(number).expect("a code is a u16");
            throng_protocol::Code::from_number(number).name()
        }
        (Type::LimitSetting, 0xffff_ffff) => "keep",
        (Type::LimitSetting, 0xffff_fffe) => "inherit",
        (Type::LimitSetting, 0xffff_fffd) => "unlimited",
        (Type::Term, 0) => "none",
        (Type::Term, 0xffff_ffff) => "for ever",
        _ => return number.to_string(),
    };
    format!("{name} ({number})")
}

/// Several fields in a row.
fn row(bytes: &[u8], composed: &Composed) -> (usize, String) {
    let mut at = 0;
    let mut field = |(name, kind): &Field| {
        let (width, meaning) = value(&bytes[at..], *kind);
        at += width;
        match kind {
            Type::Composed(_) => format!("{name} ({meaning})"),
            _ => format!("{name} {meaning}"),
        }
    };
    let fields: Vec<String> = composed.fields.iter().map(&mut field).collect();
    (at, fields.join(", "))
}

fn rows(mut bytes: &[u8], composed: &Composed) -> String {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (width, meaning) = row(bytes, composed);
        all.push(meaning);
        bytes = &bytes[width..];
    }
    match all.len() {
        0 => "none".to_owned(),
        1..=4 => all.join("; "),
        many => format!("{}, the first: {}", counted(many, composed.name), all[0]),
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

fn bits(bits: u8, names: &[&str]) -> String {
    let names: Vec<&str> = (0..8)
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| names.get(bit).copied().unwrap_or("unknown"))
        .collect();
    if names.is_empty() {
        format!("none ({bits})")
    } else {
        format!("{} ({bits})", names.join(" + "))
    }
}
