//! `docs/protocol.md` says what the code does: its tables of fields, codes and limits, and its
//! worked example, are compared with the crate and with the golden vectors.

use std::fs;

use throng_protocol::limits;
use throng_protocol::refusal::{Code, Retry};
use throng_protocol::value::{
    Class, ClassHint, Counter, DestroyReason, LagReason, LeftReason, ListChange, ListName,
    PublishOptions, Role, ShedReason,
};

use crate::cases;
use crate::golden;
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

#[test]
fn every_byte_of_an_enumeration_is_documented() {
    let text = text();
    let enumerations: [(&str, NameOfByte); 10] = [
        ("#### role", |byte| format!("{:?}", Role::from_byte(byte))),
        ("#### class hint", |byte| format!("{:?}", ClassHint::from_byte(byte))),
        ("#### class", |byte| format!("{:?}", Class::from_byte(byte))),
        ("#### shed reason", |byte| format!("{:?}", ShedReason::from_byte(byte))),
        ("#### lag reason", |byte| format!("{:?}", LagReason::from_byte(byte))),
        ("#### list", |byte| format!("{:?}", ListName::from_byte(byte))),
        ("#### list change", |byte| format!("{:?}", ListChange::from_byte(byte))),
        ("#### counter", |byte| format!("{:?}", Counter::from_byte(byte))),
        ("#### left reason", |byte| format!("{:?}", LeftReason::from_byte(byte))),
        ("#### destroy reason", |byte| format!("{:?}", DestroyReason::from_byte(byte))),
    ];
    for (heading, name) in enumerations {
        let rows = rows(section(&text, heading));
        for row in &rows {
            let byte = row[0].parse().expect("a row begins with its byte");
            assert_eq!(name(byte), unquoted(row[1]), "{heading}");
        }
        let next = u8::try_from(rows.len()).expect("there are few");
        assert_eq!(name(next), format!("Unknown({next})"), "{heading} is complete");
    }
    let named = SHAPES.iter().flat_map(|shape| shape.fields).chain(DEVELOPMENT);
    for (_, kind) in named {
        if let Type::Enumeration(heading, names) = kind {
            let heading = format!("#### {heading}");
            let rows = rows(section(&text, &heading));
            let said: Vec<(&str, &str)> =
                rows.iter().map(|row| (row[0], unquoted(row[1]))).collect();
            let bytes: Vec<String> = (0..names.len()).map(|byte| byte.to_string()).collect();
            let meant: Vec<(&str, &str)> =
                bytes.iter().map(String::as_str).zip(names.iter().copied()).collect();
            assert_eq!(said, meant, "{heading}");
        }
    }
}

#[test]
fn every_option_is_documented_with_its_bit() {
    let text = text();
    let rows = rows(section(&text, "#### options"));
    let said: Vec<(&str, &str)> = rows.iter().map(|row| (row[0], unquoted(row[1]))).collect();
    let (echo, no_ack, no_store) =
        (PublishOptions::ECHO, PublishOptions::NO_ACK, PublishOptions::NO_STORE);
    let bits = [echo, no_ack, no_store].map(|option| option.bits().to_string());
    let meant: Vec<(&str, &str)> =
        bits.iter().map(String::as_str).zip(["ECHO", "NO_ACK", "NO_STORE"]).collect();
    assert_eq!(said, meant);
    assert!(PublishOptions::from_bits(8).has_unknown(), "there is no fourth");
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
        limits::COUNTS_MAX,
        limits::EXTENSIONS_MAX,
        usize::from(limits::JOIN_HISTORY_MAX),
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
