//! What can be wrong with any frame, done to every field of every frame: it ends early or late,
//! its numbers are too wide, its lengths too large, its texts no text, its lists too long.

use super::file::{CLIENT, Case, FIRST, SERVER};
use super::frames::{Frame, Kind, all, others, publish, text, varint};

const MALFORMED: &str = "GoAway MALFORMED";

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    for frame in all() {
        let mut add = |name: String, pieces: Vec<Vec<u8>>, why: String| {
            let name = format!("{}-{name}", frame.name);
            cases.push(Case::new(&name, frame.when, pieces, MALFORMED).because(why));
        };
        ends(&frame, &mut add);
        for place in 0..frame.fields.len() {
            numbers(&frame, place, &mut add);
            lengths(&frame, place, &mut add);
            rows(&frame, place, &mut add);
        }
        let seventeen = text([1, 0].repeat(17));
        let pieces = frame.with("extensions", seventeen).pieces();
        add("extensions-17".to_owned(), pieces, "At most 16 extensions are allowed.".to_owned());
        let pieces = frame.with("extensions", text([1])).pieces();
        let why = "An extension is a pair; its bytes are missing.".to_owned();
        add("extension-without-bytes".to_owned(), pieces, why);
        let pieces = frame.with("extensions", text([1, 5, 0])).pieces();
        add("extension-cut".to_owned(), pieces, "An extension ends inside its bytes.".to_owned());
        required(&frame, cases, "2", vec![2, 0]);
        let last = [vec![1, 0, 251, 254, 255], text("x")].concat();
        required(&frame, cases, "65534-last", last);
    }
    for frame in others() {
        let mut add = |name: String, pieces: Vec<Vec<u8>>, why: String| {
            let name = format!("{}-{name}", frame.name);
            cases.push(Case::new(&name, frame.when, pieces, MALFORMED).because(why));
        };
        ends(&frame, &mut add);
        for (place, field) in frame.fields.iter().enumerate() {
            list(&frame, field.name, field.kind, &mut add);
            rows(&frame, place, &mut add);
        }
        required(&frame, cases, "2", vec![2, 0]);
    }
    lists(cases);
}

/// A list of any frame may be too long, and end inside an id.
fn list(frame: &Frame, name: &str, kind: Kind, add: Add<'_>) {
    if kind == Kind::Ids {
        let pieces = frame.with(name, text([1, b'u'].repeat(101))).pieces();
        add(format!("{name}-101"), pieces, "At most 100 ids are allowed in a list.".to_owned());
        let pieces = frame.with(name, text([9, b'u'])).pieces();
        add(format!("{name}-cut"), pieces, "The list ends inside an id.".to_owned());
    }
}

/// Rows may be too many, and the last may end inside a field.
fn rows(frame: &Frame, place: usize, add: Add<'_>) {
    let field = &frame.fields[place];
    let Kind::Rows(most, width) = field.kind else { return };
    let (name, more) = (field.name, most + 1);
    let pieces = frame.with(name, text(vec![0; more * width])).pieces();
    add(format!("{name}-{more}"), pieces, format!("At most {most} rows are allowed here."));
    let pieces = frame.with(name, text([field.bytes[1..].to_vec(), vec![9, b'k']].concat()));
    let why = "The list ends inside a row.".to_owned();
    add(format!("{name}-cut"), pieces.pieces(), why);
}

type Add<'a> = &'a mut dyn FnMut(String, Vec<Vec<u8>>, String);

fn ends(frame: &Frame, add: Add<'_>) {
    // A hello with a token begins like the other one.
    let alike = if frame.name == "hello-token" { 5 } else { 0 };
    for (place, field) in frame.fields.iter().enumerate().skip(alike) {
        let name = field.name;
        let why = format!("The frame ends before {name}.");
        add(format!("ends-before-{name}"), frame.cut(place, 0), why);
        if field.bytes.len() > 1 {
            let pieces = frame.cut(place, field.bytes.len() - 1);
            add(format!("ends-inside-{name}"), pieces, format!("The frame ends inside {name}."));
        }
    }
    let last = frame.fields.last().expect("every frame has extensions").bytes.clone();
    let longer = frame.with("extensions", [last, vec![0]].concat());
    let why = "One byte is left over after the last field.".to_owned();
    add("one-byte-more".to_owned(), longer.pieces(), why);
}

fn numbers(frame: &Frame, place: usize, add: Add<'_>) {
    let field = &frame.fields[place];
    let bits = match field.kind {
        Kind::U16 => 16,
        Kind::U32 => 32,
        Kind::U64 => 64,
        _ => return,
    };
    let name = field.name;
    let mut with = |marker: u8, bytes: usize, why: String| {
        let pieces = frame.with(name, [vec![marker], vec![0; bytes]].concat()).pieces();
        add(format!("{name}-marker-{marker}"), pieces, why);
    };
    for marker in [254, 255] {
        with(marker, 16, format!("No varint begins with {marker}."));
    }
    if bits < 64 {
        with(253, 8, format!("{name} has {bits} bits and never the marker 253."));
    }
    if bits == 16 {
        with(252, 4, format!("{name} has 16 bits and never the marker 252."));
    }
}

fn lengths(frame: &Frame, place: usize, add: Add<'_>) {
    let field = &frame.fields[place];
    let of_bytes = [Kind::Text, Kind::Bytes, Kind::Ids, Kind::Extensions].contains(&field.kind);
    if !of_bytes && !matches!(field.kind, Kind::Rows(..)) {
        return;
    }
    let name = field.name;
    let why = "More bytes are claimed than follow; nothing is reserved for them.";
    let huge = [vec![253], u64::MAX.to_le_bytes().to_vec()].concat();
    add(format!("{name}-of-2-to-the-64"), frame.with(name, huge).pieces(), why.to_owned());
    let large = varint(0x7fff_ffff);
    add(format!("{name}-of-2-gib"), frame.with(name, large).pieces(), why.to_owned());
    if field.kind == Kind::Text {
        let why = format!("{name} is not UTF-8.");
        for (what, bytes) in [("ff", &[0xff][..]), ("surrogate", &[0xed, 0xa0, 0x80])] {
            let pieces = frame.with(name, text(bytes)).pieces();
            add(format!("{name}-not-utf-8-{what}"), pieces, why.clone());
        }
    }
}

/// Even extensions must be understood, and none is.
fn required(frame: &Frame, cases: &mut Vec<Case>, name: &str, pair: Vec<u8>) {
    let is_hello = frame.when == FIRST;
    let answer = if is_hello { "GoAway NOT_SUPPORTED" } else { "Refused NOT_SUPPORTED 7" };
    let name = format!("{}-required-extension-{name}", frame.name);
    let pieces = frame.with("extensions", text(pair)).pieces();
    let case = Case::new(&name, frame.when, pieces, answer);
    cases.push(case.because("An extension with an even number must be understood."));
}

fn lists(cases: &mut Vec<Case>) {
    let mut add = |name: &str, targets: Vec<u8>, answer: &str, why: &str| {
        let pieces = publish().with("targets", targets).pieces();
        let case = Case::new(&format!("publish-targets-{name}"), CLIENT, pieces, answer);
        cases.push(case.because(why));
    };
    add("101", text([1, b't'].repeat(101)), MALFORMED, "At most 100 ids are allowed in a list.");
    add("cut", text([9, b't']), MALFORMED, "The list ends inside an id.");
    add("not-utf-8", text([1, 0xff]), MALFORMED, "An id of the list is not UTF-8.");
    add("empty-ids", text([0; 101]), MALFORMED, "Empty ids count, too.");
    let why = "An unknown request has a number all the same.";
    for (when, tag) in [(CLIENT, 60_u8), (SERVER, 63)] {
        let pieces = super::frames::frame(tag, Vec::new());
        let name = format!("unknown-request-{tag}-without-number");
        cases.push(Case::new(&name, when, pieces, MALFORMED).because(why));
    }
}
