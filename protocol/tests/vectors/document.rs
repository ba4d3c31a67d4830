//! `docs/protocol.md` says what the code does: its tables of fields, codes and limits, and its
//! worked example, are compared with the crate and with the golden vectors.

use std::fs;

use throng_protocol::limits;
use throng_protocol::refusal::{Code, Retry};
use throng_protocol::value::{
    AppEventKind, AppEvents, Attendance, AttributeOp, AttributeOptions, BotChange, Class,
    ClassHint, Counter, Departure, DestroyReason, HistoryBy, HistoryOrder, JoinOptions, KickReason,
    LagReason, LeftReason, ListChange, ListName, MemberFilter, MemberOrder, Moderation, NoticeKind,
    NoticeOptions, PolicyKind, PublishOptions, QueueOp, QueueOptions, QueuePermission,
    RecallOptions, Role, RoomFields, RoomFlags, RoomRole, Sanction, ShedReason, Switch, TopBy,
    TopPeriod, WriteWhen,
};

use crate::cases;
use crate::golden;
use crate::layout::composed::COMPOSED;
use crate::layout::{DEVELOPMENT, Field, SHAPES, TOKEN, Type};

/// The document.
pub fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md");
    fs::read_to_string(path).expect("the document is there")
}

/// The part of a text from a heading to the next one of any depth.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let start = text
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("the document has no heading {heading:?}"));
    let body = &text[start + heading.len() + 2..];
    &body[..body.find("\n#").unwrap_or(body.len())]
}

/// The cells of the rows of all tables in a text, without the heads.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let Some(line) = line.strip_prefix("| ") else {
            inside = inside && line.starts_with("|-");
            inside |= line.starts_with("|-");
            continue;
        };
        if inside {
            let line = line.trim_end().trim_end_matches('|');
            rows.push(line.split('|').map(str::trim).collect());
        }
    }
    rows
}

fn unquoted(cell: &str) -> &str {
    cell.trim_matches('`')
}

fn check_fields(heading: &str, section: &str, fields: &[Field]) {
    let rows = rows(section);
    let said: Vec<(&str, &str)> =
        rows.iter().map(|row| (unquoted(row[0]), unquoted(row[1]))).collect();
    let meant: Vec<(&str, &str)> = fields.iter().map(|(name, kind)| (*name, kind.name())).collect();
    assert_eq!(said, meant, "the table under {heading:?}");
}

#[test]
fn every_frame_is_documented_field_by_field() {
    let text = text();
    for shape in SHAPES {
        let heading = format!("#### {} ({})", shape.name, shape.tag);
        let mut fields = vec![];
        if shape.is_numbered() {
            fields.push(("number", Type::U32));
        }
        fields.extend_from_slice(shape.fields);
        check_fields(&heading, section(&text, &heading), &fields);
    }
    for composed in COMPOSED {
        let heading = format!("#### {}", composed.name);
        check_fields(&heading, section(&text, &heading), composed.fields);
    }
    let heading = "#### Credentials 0: Development";
    check_fields(heading, section(&text, heading), DEVELOPMENT);
    let heading = "#### Credentials 1: Token";
    check_fields(heading, section(&text, heading), TOKEN);
}

#[test]
fn every_code_is_documented_with_its_sentence_and_whether_to_retry() {
    let text = text();
    let rows = rows(section(&text, "## Codes"));
    assert_eq!(rows.len(), Code::ALL.len());
    for (row, code) in rows.iter().zip(Code::ALL) {
        let retry = match code.retry() {
            Retry::Never => "never",
            Retry::Later => "later",
            Retry::AfterChange => "after a change",
        };
        let number = code.number().to_string();
        let meant = [number.as_str(), code.name(), code.sentence(), retry];
        assert_eq!([row[0], unquoted(row[1]), row[2], row[4]], meant);
    }
}

/// What the crate calls a byte.
type NameOfByte = fn(u8) -> String;

/// Every enumeration, under its name in the document.
fn enumerations() -> Vec<(&'static str, NameOfByte)> {
    vec![
        ("role", |byte| format!("{:?}", Role::from_byte(byte))),
        ("class hint", |byte| format!("{:?}", ClassHint::from_byte(byte))),
        ("class", |byte| format!("{:?}", Class::from_byte(byte))),
        ("shed reason", |byte| format!("{:?}", ShedReason::from_byte(byte))),
        ("lag reason", |byte| format!("{:?}", LagReason::from_byte(byte))),
        ("list", |byte| format!("{:?}", ListName::from_byte(byte))),
        ("list change", |byte| format!("{:?}", ListChange::from_byte(byte))),
        ("counter", |byte| format!("{:?}", Counter::from_byte(byte))),
        ("room role", |byte| format!("{:?}", RoomRole::from_byte(byte))),
        ("switch", |byte| format!("{:?}", Switch::from_byte(byte))),
        ("policy kind", |byte| format!("{:?}", PolicyKind::from_byte(byte))),
        ("left reason", |byte| format!("{:?}", LeftReason::from_byte(byte))),
        ("destroy reason", |byte| format!("{:?}", DestroyReason::from_byte(byte))),
        ("kick reason", |byte| format!("{:?}", KickReason::from_byte(byte))),
        ("departure", |byte| format!("{:?}", Departure::from_byte(byte))),
        ("moderation", |byte| format!("{:?}", Moderation::from_byte(byte))),
        ("sanction", |byte| format!("{:?}", Sanction::from_byte(byte))),
        ("member filter", |byte| format!("{:?}", MemberFilter::from_byte(byte))),
        ("member order", |byte| format!("{:?}", MemberOrder::from_byte(byte))),
        ("attendance", |byte| format!("{:?}", Attendance::from_byte(byte))),
        ("notice kind", |byte| format!("{:?}", NoticeKind::from_byte(byte))),
        ("app event kind", |byte| format!("{:?}", AppEventKind::from_byte(byte))),
        ("attribute op", |byte| format!("{:?}", AttributeOp::from_byte(byte))),
        ("write when", |byte| format!("{:?}", WriteWhen::from_byte(byte))),
        ("queue op", |byte| format!("{:?}", QueueOp::from_byte(byte))),
        ("queue permission", |byte| format!("{:?}", QueuePermission::from_byte(byte))),
        ("history by", |byte| format!("{:?}", HistoryBy::from_byte(byte))),
        ("history order", |byte| format!("{:?}", HistoryOrder::from_byte(byte))),
        ("bot change", |byte| format!("{:?}", BotChange::from_byte(byte))),
        ("top by", |byte| format!("{:?}", TopBy::from_byte(byte))),
        ("top period", |byte| format!("{:?}", TopPeriod::from_byte(byte))),
    ]
}

/// The types of all fields, wherever they stand.
fn types() -> impl Iterator<Item = Type> {
    let shapes = SHAPES.iter().flat_map(|shape| shape.fields);
    let composed = COMPOSED.iter().flat_map(|composed| composed.fields);
    let types = shapes.chain(composed).chain(DEVELOPMENT).map(|(_, kind)| *kind);
    types.flat_map(|kind| match kind {
        Type::Rows(_, row) => row.fields.iter().map(|(_, kind)| *kind).collect(),
        other => vec![other],
    })
}

#[test]
fn every_byte_of_an_enumeration_is_documented() {
    let text = text();
    for (name, name_of) in enumerations() {
        let rows = rows(section(&text, &format!("#### {name}")));
        for row in &rows {
            let byte = row[0].parse().expect("a row begins with its byte");
            assert_eq!(name_of(byte), unquoted(row[1]), "{name}");
        }
        let next = u8::try_from(rows.len()).expect("there are few");
        assert_eq!(name_of(next), format!("Unknown({next})"), "{name} is complete");
    }
    for kind in types() {
        if let Type::Enumeration(name, names) = kind {
            let known = enumerations();
            assert!(known.iter().any(|(known, _)| *known == name), "{name} is not compared");
            let rows = rows(section(&text, &format!("#### {name}")));
            let said: Vec<(&str, &str)> =
                rows.iter().map(|row| (row[0], unquoted(row[1]))).collect();
            let bytes: Vec<String> = (0..names.len()).map(|byte| byte.to_string()).collect();
            let meant: Vec<(&str, &str)> =
                bytes.iter().map(String::as_str).zip(names.iter().copied()).collect();
            assert_eq!(said, meant, "{name}");
        }
    }
}

/// Whether a set of that name knows all of these bits.
fn knows(set: &str, bits: u8) -> bool {
    !match set {
        "options" => PublishOptions::from_bits(bits).has_unknown(),
        "notice options" => NoticeOptions::from_bits(bits).has_unknown(),
        "room flags" => RoomFlags::from_bits(bits).has_unknown(),
        "room fields" => RoomFields::from_bits(bits).has_unknown(),
        "join options" => JoinOptions::from_bits(bits).has_unknown(),
        "attribute options" => AttributeOptions::from_bits(bits).has_unknown(),
        "queue options" => QueueOptions::from_bits(bits).has_unknown(),
        "recall options" => RecallOptions::from_bits(bits).has_unknown(),
        "app events" => AppEvents::from_bits(bits).has_unknown(),
        other => panic!("{other} is not compared"),
    }
}

#[test]
fn every_bit_of_a_set_is_documented() {
    let text = text();
    let mut sets = 0;
    for kind in types() {
        if let Type::Bits(name, names) = kind {
            sets += 1;
            let rows = rows(section(&text, &format!("#### {name}")));
            let said: Vec<(&str, &str)> =
                rows.iter().map(|row| (row[0], unquoted(row[1]))).collect();
            let bits: Vec<String> = (0..names.len()).map(|bit| (1 << bit).to_string()).collect();
            let meant: Vec<(&str, &str)> =
                bits.iter().map(String::as_str).zip(names.iter().copied()).collect();
            assert_eq!(said, meant, "{name}");
            let all = u8::try_from((1_u32 << names.len()) - 1).expect("eight at most");
            assert!(knows(name, all) && !knows(name, all + 1), "{name} is complete");
        }
    }
    assert!(sets > 5, "the sets are found");
}

fn seconds(seconds: u32) -> usize {
    usize::try_from(seconds).expect("there are no smaller machines")
}

#[test]
fn every_bound_of_the_wire_is_documented() {
    let text = text();
    let rows = rows(section(&text, "### Bounds of the wire"));
    let bounds = [
        limits::PREFIX_BYTES,
        limits::HELLO_BODY_BYTES_MAX,
        limits::BODY_BYTES_MAX,
        limits::PAYLOAD_BYTES_MAX,
        limits::ID_BYTES_MAX,
        limits::KIND_BYTES_MAX,
        limits::CLIENT_NAME_BYTES_MAX,
        limits::CREDENTIAL_BYTES_MAX,
        limits::MESSAGE_ID_BYTES_MAX,
        limits::LIST_IDS_MAX,
        limits::CALL_USERS_MAX,
        limits::MUTE_EXCEPTIONS_MAX,
        limits::PAGE_ENTRIES_MAX,
        limits::CURSOR_BYTES_MAX,
        limits::COUNTS_MAX,
        limits::EXTENSIONS_MAX,
        usize::from(limits::JOIN_HISTORY_MAX),
        limits::TITLE_CHARACTERS_MAX,
        limits::ANNOUNCEMENT_CHARACTERS_MAX,
        limits::LINK_CHARACTERS_MAX,
        limits::ROOM_EXTENSION_CHARACTERS_MAX,
        limits::NICKNAME_CHARACTERS_MAX,
        limits::EXTENSION_CHARACTERS_MAX,
        limits::KEY_BYTES_MAX,
        limits::VALUE_BYTES_MAX,
        limits::ATTRIBUTES_MAX,
        limits::ATTRIBUTE_WRITES_MAX,
        usize::from(limits::QUEUE_SIZE_MAX),
        limits::QUEUE_WRITES_MAX,
        limits::QUEUE_WRITE_BYTES_MAX,
        limits::HISTORY_PAGE_MAX,
        limits::TOP_ROOMS_MAX,
        seconds(limits::EXPIRY_SECONDS_MAX),
        seconds(limits::POLICY_SECONDS_MAX),
        seconds(limits::TERM_SECONDS_MAX),
    ];
    assert_eq!(rows.len(), bounds.len());
    for (row, bound) in rows.iter().zip(bounds) {
        assert_eq!(row[1].replace(' ', ""), bound.to_string(), "{}", row[0]);
    }
}

#[test]
fn the_worked_example_is_the_vectors_of_the_conversation() {
    let text = text();
    let example: Vec<Vec<u8>> = section(&text, "## A conversation in hex")
        .lines()
        .filter_map(|line| line.strip_prefix("> ").or(line.strip_prefix("< ")))
        .map(golden::unhex)
        .collect();
    let files = cases::files();
    let file = files
        .iter()
        .find(|file| file.name == "conversation.txt")
        .expect("the conversation is one of the files");
    let frames: Vec<Vec<u8>> = file.cases.iter().map(|case| case.frame.bytes()).collect();
    assert_eq!(example, frames);
}
