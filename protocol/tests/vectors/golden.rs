//! The files of `protocol/vectors/`: how they are written and how they are read.
//!
//! `vectors.rs` only ever reads them. The one thing that writes them is
//! `cargo run -p throng-protocol --example vectors -- --write`, which somebody has to mean.

use core::fmt::Write as _;
use std::path::PathBuf;

use crate::cases::{Case, File, Frame, Oddity};
use crate::layout::{self, Line};

/// A run of one byte at least this long is written as `hh*count`.
const RUN_MIN: usize = 8;

/// How wide the bytes of a field are written before its name.
const BYTES_COLUMN: usize = 26;

/// What a file says of one frame.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Vector {
    pub name: String,
    pub from: String,
    pub hex: Vec<u8>,
    pub lines: Vec<Line>,
    /// What makes an odd frame odd; empty for all others.
    pub why: String,
}

/// Where a file is.
pub fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "vectors", name].iter().collect()
}

/// A file as it should be, from the values in `cases.rs`.
pub fn render(file: &File) -> String {
    let mut out = String::new();
    for line in file.head.lines().chain(HOW_TO_READ.lines()) {
        let line = format!("# {line}");
        writeln!(out, "{}", line.trim_end()).expect("a String takes every write");
    }
    for case in &file.cases {
        render_case(case, &mut out);
    }
    for oddity in &file.oddities {
        let Oddity { name, from, frame, why, .. } = oddity;
        write!(out, "\nname  {name}\nfrom  {from}\nhex   {}\nwhy   {why}\n", hex(frame))
            .expect("a String takes every write");
    }
    out
}

const HOW_TO_READ: &str = "
name, who sends it, the whole frame in hex, and where it is readable its bytes field by field.
A run of one byte is written 61*300: the byte 61, 300 times. Blanks in hex mean nothing.
This file changes only together with docs/protocol.md. It is never written by a test; after a
deliberate change: cargo run -p throng-protocol --example vectors -- --write";

fn render_case(case: &Case, out: &mut String) {
    let bytes = case.frame.bytes();
    let from = match case.frame {
        Frame::Client(_) => "client",
        Frame::Broker(_) => "broker",
    };
    write!(out, "\nname  {}\nfrom  {from}\nhex   {}\n", case.name, hex(&bytes))
        .expect("a String takes every write");
    for Line { bytes, field, meaning } in layout::dissect(&bytes) {
        let bytes = hex(&bytes);
        writeln!(out, "  {bytes:<BYTES_COLUMN$}  {field} = {meaning}")
            .expect("a String takes every write");
    }
}

/// Hex with long runs shortened.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|byte| **byte == first).count();
        if run >= RUN_MIN {
            let before = if out.is_empty() || out.ends_with(' ') { "" } else { " " };
            write!(out, "{before}{first:02x}*{run} ").expect("a String takes every write");
            rest = &rest[run..];
        } else {
            write!(out, "{first:02x}").expect("a String takes every write");
            rest = &rest[1..];
        }
    }
    out.trim_end().to_owned()
}

/// The bytes that hex stands for.
pub fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &str| u8::from_str_radix(pair, 16).expect("two hex digits are a byte");
    let mut out = Vec::new();
    for token in text.split_whitespace() {
        if let Some((pair, count)) = token.split_once('*') {
            let count = count.parse().expect("a run has a count");
            out.extend(core::iter::repeat_n(byte(pair), count));
        } else {
            assert!(token.len() % 2 == 0, "hex comes in pairs: {token}");
            out.extend((0..token.len()).step_by(2).map(|at| byte(&token[at..at + 2])));
        }
    }
    out
}

/// Reads a file.
pub fn parse(text: &str) -> Vec<Vector> {
    let mut all: Vec<Vector> = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_at(6.min(line.len()));
        if key.trim() == "name" {
            all.push(Vector { name: value.to_owned(), ..Vector::default() });
            continue;
        }
        let vector = all.last_mut().expect("a vector begins with its name");
        match key.trim() {
            "from" => value.clone_into(&mut vector.from),
            "hex" => vector.hex = unhex(value),
            "why" => value.clone_into(&mut vector.why),
            _ => vector.lines.push(parse_line(line)),
        }
    }
    all
}

fn parse_line(line: &str) -> Line {
    let (bytes, rest) = line
        .strip_prefix("  ")
        .and_then(|line| line.split_once("  "))
        .expect("a field's line begins with two blanks and its bytes");
    let (field, meaning) =
        rest.trim_start().split_once(" = ").expect("a field's line has a name and a meaning");
    Line { bytes: unhex(bytes), field: field.to_owned(), meaning: meaning.to_owned() }
}
