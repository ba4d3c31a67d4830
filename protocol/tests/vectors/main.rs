//! The golden vectors hold: every file says what the values in `cases` are, byte for byte and
//! field by field, and what `docs/protocol.md` says agrees with it.
//!
//! Nothing here writes a file.

mod cases;
mod client;
mod document;
mod forge;
mod golden;
mod layout;
mod tokens;

use std::collections::BTreeMap;
use std::fs;

use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::{Code, DecodeError, FromBroker, FromClient, frame};

use cases::{Frame, Outcome};
use golden::Vector;

fn vectors_of(file: &str) -> Vec<Vector> {
    let text = fs::read_to_string(golden::path(file)).expect("every file of cases is there");
    golden::parse(&text)
}

fn all_vectors() -> Vec<Vector> {
    let files = cases::files();
    let read = files.iter().filter(|file| !file.cases.is_empty());
    read.flat_map(|file| vectors_of(file.name)).collect()
}

#[test]
fn a_vector_decodes_to_its_value_and_the_value_encodes_to_the_vector() {
    for file in cases::files() {
        let vectors = vectors_of(file.name);
        assert_eq!(
            vectors.len(),
            file.cases.len() + file.oddities.len(),
            "{}: as many as there are cases",
            file.name
        );
        for (case, vector) in file.cases.iter().zip(vectors) {
            assert_eq!(case.name, vector.name, "{}", file.name);
            let bytes = cases::keep(vector.hex);
            let (body, rest) = frame::split(bytes, BODY_BYTES_MAX)
                .expect("it is short enough")
                .expect("it is all there");
            assert!(rest.is_empty(), "{}: one frame", vector.name);
            assert_eq!(Frame::decode(&vector.from, body), Ok(case.frame), "{}", vector.name);
            assert_eq!(case.frame.bytes(), bytes, "{}", vector.name);
        }
    }
}

#[test]
fn odd_bytes_have_the_outcome_they_are_said_to_have() {
    for file in cases::files() {
        let vectors = vectors_of(file.name);
        for (oddity, vector) in file.oddities.iter().zip(vectors.into_iter().skip(file.cases.len()))
        {
            assert_eq!(oddity.name, vector.name, "{}", file.name);
            assert_eq!(oddity.frame, vector.hex, "{}", vector.name);
            let body_bytes_max = match &oddity.outcome {
                Outcome::TooLarge(too_large) => too_large.max,
                _ => BODY_BYTES_MAX,
            };
            let outcome = match frame::split(cases::keep(vector.hex), body_bytes_max) {
                Err(too_large) => Outcome::TooLarge(too_large),
                Ok(split) => {
                    let (body, _) = split.expect("it is all there");
                    let read = Frame::decode(&vector.from, body).map(Box::new);
                    read.map_or_else(Outcome::Refused, Outcome::Read)
                }
            };
            assert_eq!(outcome, oddity.outcome, "{}", vector.name);
        }
    }
}

#[test]
fn what_is_tolerated_is_never_written_that_way() {
    let odd = cases::files().into_iter().flat_map(|file| file.oddities);
    for oddity in odd.filter(|oddity| oddity.name.contains("-in-")) {
        if let Outcome::Read(frame) = oddity.outcome {
            assert!(frame.bytes().len() < oddity.frame.len(), "{}", oddity.name);
        }
    }
}

#[test]
fn the_lines_of_a_vector_are_its_bytes_in_order() {
    for vector in all_vectors() {
        let joined: Vec<u8> = vector.lines.iter().flat_map(|line| line.bytes.clone()).collect();
        assert_eq!(joined, vector.hex, "{}", vector.name);
        assert_eq!(layout::dissect(&vector.hex), vector.lines, "{}", vector.name);
    }
}

#[test]
fn the_files_are_as_the_cases_would_write_them() {
    for file in cases::files() {
        let text = fs::read_to_string(golden::path(file.name)).expect("it is there");
        assert!(
            text == golden::render(&file),
            "{} differs; if that is meant, run the example `vectors` with --write",
            file.name
        );
    }
}

#[test]
fn there_is_no_file_that_no_case_stands_for() {
    let files = cases::files();
    for entry in fs::read_dir(golden::path("")).expect("the directory is there") {
        let name = entry.expect("it can be read").file_name();
        let read = *name == *tokens::FILE || files.iter().any(|file| *file.name == *name);
        assert!(read, "{name:?} is not read by anyone");
    }
}

/// Whether the crate has a frame of that tag, found out by asking it.
fn is_known(tag: u8) -> bool {
    let body = [tag, 0];
    !matches!(
        FromClient::decode(&body),
        Ok(FromClient::UnknownRequest(..)) | Err(DecodeError::UnknownTag(_))
    ) || !matches!(
        FromBroker::decode(&body),
        Ok(FromBroker::UnknownReply(..) | FromBroker::UnknownPush(_))
            | Err(DecodeError::UnknownTag(_))
    )
}

#[test]
fn every_tag_has_a_layout_and_at_least_a_minimal_and_a_full_vector() {
    let mut names: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for vector in all_vectors() {
        names.entry(vector.hex[4]).or_default().push(vector.name);
    }
    for tag in 0..=u8::MAX {
        assert_eq!(is_known(tag), layout::Shape::of(tag).is_some(), "tag {tag}");
        assert_eq!(is_known(tag), names.contains_key(&tag), "tag {tag}");
    }
    for (tag, names) in names {
        let has = |end| names.iter().any(|name| name.ends_with(end));
        assert!(has("-minimal") && has("-full"), "tag {tag} has only {names:?}");
    }
}

#[test]
fn every_code_has_a_vector() {
    let refused = vectors_of("refusals.txt");
    for code in Code::ALL {
        let meaning = format!("{} ({})", code.name(), code.number());
        assert!(
            refused
                .iter()
                .flat_map(|vector| &vector.lines)
                .any(|line| line.field == "code" && line.meaning == meaning),
            "{meaning}"
        );
    }
}

#[test]
fn every_kind_of_credentials_has_a_vector() {
    let hellos = vectors_of("handshake.txt");
    for meaning in ["Development (0)", "Token (1)"] {
        let lines = hellos.iter().flat_map(|vector| &vector.lines);
        assert!(
            lines.clone().any(|line| line.field == "credentials" && line.meaning == meaning),
            "{meaning}"
        );
    }
}

#[test]
fn hex_with_runs_reads_back() {
    let bytes: Vec<u8> = [&[1, 2][..], &[7; 8], &[9; 7], &[0; 300], &[5]].concat();
    let text = golden::hex(&bytes);
    assert_eq!(text, "0102 07*8 09090909090909 00*300 05");
    assert_eq!(golden::unhex(&text), bytes);
}
