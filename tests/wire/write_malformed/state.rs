//! Requests about what a room keeps and of servers to many, of which one field is outside its bounds
//! or of a later version; and publishes to some, or once. The connection stays.

use super::file::{CLIENT, Case};
use super::frames::{attribute_write, bot, join, publish, queue_write, state, text, varint};
use super::handshake::bad_ids;
use super::rooms::{good, with};

const INVALID: &str = "Refused INVALID_ARGUMENT 7";
const NOT_SUPPORTED: &str = "Refused NOT_SUPPORTED 7";
const TOO_MANY: &str = "Refused TOO_MANY 7";

/// The requests whose members are told.
const TELLING: [&str; 6] = [
    "write-attributes",
    "clear-attributes",
    "set-queue",
    "write-queue",
    "poll-queue",
    "clear-queue",
];

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    publishes(cases);
    rooms(cases);
    attribute_writes(cases);
    queue_writes(cases);
    names(cases);
    sizes(cases);
    pages(cases);
    small_types(cases);
    bits(cases);
}

fn publishes(cases: &mut Vec<Case>) {
    let mut add = |name: String, frame: super::frames::Frame, answer, why: &str| {
        cases.push(Case::new(&name, CLIENT, frame.pieces(), answer).because(why));
    };
    for (how, id) in bad_ids().into_iter().filter(|(_, id)| !id.is_empty()) {
        let frame = publish().with("message_id", text(&id));
        let why = "An idempotency key is 1-64 bytes of the alphabet of ids.";
        add(format!("publish-message-id-{how}"), frame, INVALID, why);
        let frame = publish().with("targets", text([text("bob"), text(&id)].concat()));
        let why = "The second target is not a user's id.";
        add(format!("publish-target-{how}"), frame, INVALID, why);
    }
    let hundred = publish().with("targets", text([1, b't'].repeat(100)));
    let why = "So many are allowed, but the session is not in that room.";
    add("publish-targets-100".to_owned(), hundred, "Refused NOT_A_MEMBER 7", why);
    for bits in [4, 128, 255] {
        let frame = join().with("options", vec![bits]);
        let why = "options: a bit of a later version.";
        add(format!("join-options-{bits}"), frame, NOT_SUPPORTED, why);
    }
}

fn rooms(cases: &mut Vec<Case>) {
    let has_room = |name: &str| good(name).fields.iter().any(|field| field.name == "room");
    for name in state().iter().map(|frame| frame.name).filter(|name| has_room(name)) {
        for (how, id) in [("blank", "a b"), ("empty", "")] {
            let case = with((name, "room"), how, text(id), INVALID);
            cases.push(case.because("Not a room's id."));
        }
    }
    for name in TELLING.into_iter().chain(["recall"]) {
        let case = with((name, "extension"), "2049", text("x".repeat(2049)), INVALID);
        cases.push(case.because("At most 2048 characters are allowed."));
    }
    for name in ["publish-many", "broadcast", "change-bots", "query-top"] {
        let pieces = good(name).pieces();
        let case =
            Case::new(&format!("{name}-by-a-client"), CLIENT, pieces, "Refused NOT_ALLOWED 7");
        cases.push(case.because("Only servers may ask for that."));
    }
}

/// Keys that are none.
fn bad_keys() -> [(&'static str, String); 5] {
    let named = |how, key: &str| (how, key.to_owned());
    [
        named("empty", ""),
        ("129-bytes", "k".repeat(129)),
        named("dot", "a.b"),
        named("colon", "a:b"),
        named("blank", "a b"),
    ]
}

fn attribute_writes(cases: &mut Vec<Case>) {
    let write = attribute_write;
    let month = varint(30 * 24 * 60 * 60 + 1);
    let mut late = write("k", b"", [0; 5]);
    // The last two fields are when it expires, and the options.
    late.truncate(late.len() - 2);
    let late = [late, month, vec![0]].concat();
    let mut bad = vec![
        ("value-4097".to_owned(), write("k", &[0; 4097], [0; 5]), INVALID),
        ("expires-after-2592001".to_owned(), late, INVALID),
        ("op-3".to_owned(), write("k", b"", [3, 0, 0, 0, 0]), NOT_SUPPORTED),
        ("when-3".to_owned(), write("k", b"", [0, 3, 0, 0, 0]), NOT_SUPPORTED),
        ("options-4".to_owned(), write("k", b"", [0, 0, 0, 0, 4]), NOT_SUPPORTED),
    ];
    for (how, key) in bad_keys() {
        bad.push((format!("key-{how}"), write(&key, b"", [0; 5]), INVALID));
    }
    for (name, field) in [("write-attributes", "writes"), ("create-room", "attributes")] {
        for (how, row, answer) in &bad {
            let second = text([write("good", b"", [0; 5]), row.clone()].concat());
            let case = with((name, field), how, second, answer);
            cases.push(case.because("The second write is outside its bounds: nothing is done."));
        }
    }
    let case = with(("write-attributes", "writes"), "none", text(""), INVALID);
    cases.push(case.because("There is at least one."));
    for (how, op) in [("delete", 1), ("add", 2)] {
        let row = text(write("k", b"", [op, 0, 0, 0, 0]));
        let case = with(("create-room", "attributes"), how, row, INVALID);
        cases.push(case.because("A room begins with what is set."));
    }
}

fn queue_writes(cases: &mut Vec<Case>) {
    let place = ("write-queue", "writes");
    let mut add = |how: &str, rows: Vec<u8>, answer, why: &str| {
        cases.push(with(place, how, text(rows), answer).because(why));
    };
    let why = "The write is outside its bounds.";
    for (how, key) in bad_keys() {
        add(&format!("key-{how}"), queue_write(0, &key, b"", 0), INVALID, why);
    }
    add("value-4097", queue_write(0, "k", &[0; 4097], 0), INVALID, why);
    add("op-2", queue_write(2, "k", b"", 0), NOT_SUPPORTED, why);
    add("options-2", queue_write(0, "k", b"", 2), NOT_SUPPORTED, why);
    add("none", Vec::new(), INVALID, "There is at least one.");
    let large = queue_write(0, "k", &[0; 4096], 0).repeat(28);
    let why = "Keys and values of one call have at most 114688 bytes together.";
    add("114716-bytes", large, TOO_MANY, why);
    for (how, key) in bad_keys().into_iter().filter(|(_, key)| !key.is_empty()) {
        let case = with(("poll-queue", "key"), how, text(key), INVALID);
        cases.push(case.because("Not a key."));
    }
}

fn names(cases: &mut Vec<Case>) {
    let lists = [
        (("query-attributes", "keys"), "a.b"),
        (("query-history", "kinds"), "a b"),
        (("publish-many", "rooms"), "a b"),
    ];
    for (place, bad) in lists {
        let second = text([text("good"), text(bad)].concat());
        let case = with(place, "second-bad", second, INVALID);
        cases.push(case.because("The second is not one."));
    }
    let case = with(("publish-many", "rooms"), "none", text(""), INVALID);
    cases.push(case.because("There is at least one."));
    for name in ["publish-many", "broadcast"] {
        let case = with((name, "kind"), "33-bytes", text("k".repeat(33)), INVALID);
        cases.push(case.because("A kind has at most 32 bytes."));
        let case = with((name, "payload"), "131073", text(vec![b'p'; 131_073]), INVALID);
        cases.push(case.because("A payload has at most 131072 bytes."));
    }
    let case = with(("publish-many", "message_id"), "blank", text("a b"), INVALID);
    cases.push(case.because("Not an idempotency key."));
    for (how, rows) in [
        ("none", Vec::new()),
        ("user-blank", bot("d j", "")),
        ("nickname-65", bot("dj", &"n".repeat(65))),
    ] {
        let case = with(("change-bots", "bots"), how, text(rows), INVALID);
        cases.push(case.because("A bot has a user's id and a profile; there is at least one."));
    }
}

fn sizes(cases: &mut Vec<Case>) {
    for place in [("set-queue", "size"), ("create-room", "queue_size")] {
        for size in [1001, 65_535] {
            let case = with(place, &size.to_string(), varint(size), INVALID);
            cases.push(case.because("A queue has at most 1000 elements."));
        }
    }
}

fn pages(cases: &mut Vec<Case>) {
    let pages = [
        ("query-attributes", 100),
        ("query-queue", 500),
        ("query-history", 100),
        ("query-top", 100),
    ];
    for (name, most) in pages {
        for limit in [0, most + 1, 65_535] {
            let case = with((name, "limit"), &limit.to_string(), varint(limit), INVALID);
            cases.push(case.because(format!("A page has 1 to {most} rows.")));
        }
    }
    for name in ["query-attributes", "query-queue", "query-history"] {
        let case = with((name, "cursor"), "129", text(vec![0; 129]), INVALID);
        cases.push(case.because("A cursor has at most 128 bytes."));
    }
    for name in ["query-attributes", "query-history"] {
        let case = with((name, "cursor"), "ff", text(vec![0xff; 128]), INVALID);
        cases.push(case.because("No page came with this cursor."));
    }
    let cursor = ("query-queue", "cursor");
    let case = with(cursor, "ff", text(vec![0xff; 128]), "Refused NO_QUEUE 7");
    cases.push(case.because("Within its bounds, and the room has no queue it could be of."));
}

/// Bytes of a later version, the first that is free and the last.
fn small_types(cases: &mut Vec<Case>) {
    let places = [
        ("clear-attributes", "force", 2),
        ("set-queue", "permission", 2),
        ("create-room", "queue_permission", 2),
        ("query-history", "by", 2),
        ("query-history", "order", 2),
        ("publish-many", "class", 2),
        ("change-bots", "change", 3),
        ("query-top", "by", 3),
        ("query-top", "period", 2),
    ];
    for (name, field, free) in places {
        for byte in [free, 255] {
            let case = with((name, field), &byte.to_string(), vec![byte], NOT_SUPPORTED);
            cases.push(case.because(format!("{field}: of a later version.")));
        }
    }
}

/// Bits of a later version: the first that is free, the last, and all.
fn bits(cases: &mut Vec<Case>) {
    let places = [("recall", 2), ("publish-many", 8)];
    for (name, free) in TELLING.map(|name| (name, 2)).into_iter().chain(places) {
        for bits in [free, 128, 255] {
            let case = with((name, "options"), &bits.to_string(), vec![bits], NOT_SUPPORTED);
            cases.push(case.because("options: a bit of a later version."));
        }
    }
}
