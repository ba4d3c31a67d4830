//! Requests about rooms and their members, of which one field is outside its bounds or of a later
//! version: the connection stays, the number comes back, and which code does is on the page.

use super::file::Case;
use super::frames::{Frame, create_room, join, rooms_in_full, rules, state, text, varint};

const INVALID: &str = "Refused INVALID_ARGUMENT 7";
const NOT_SUPPORTED: &str = "Refused NOT_SUPPORTED 7";
const TOO_MANY: &str = "Refused TOO_MANY 7";

/// The requests whose members are told, in words of the app.
const TELLING: [&str; 5] =
    ["change-room", "set-room-open", "mute-room", "set-room-role", "moderate"];
/// The requests that do something to users, or ask for them.
const USERS: [(&str, &str); 4] = [
    ("find-members", "users"),
    ("set-room-role", "users"),
    ("moderate", "users"),
    ("destroy-rooms", "rooms"),
];
/// The requests that are answered in pages.
const PAGES: [&str; 2] = ["query-members", "query-sanctions"];

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    rooms(cases);
    texts(cases);
    users(cases);
    terms(cases);
    policies(cases);
    limits(cases);
    pages(cases);
    small_types(cases);
    bits(cases);
}

/// The good frame of that name.
pub fn good(name: &str) -> Frame {
    let frames = [vec![join(), create_room()], rules(), rooms_in_full(), state()].concat();
    let found = frames.into_iter().find(|frame| frame.name == name);
    found.unwrap_or_else(|| panic!("there is no request {name}"))
}

/// A case of a request with other bytes for one field.
pub fn with((name, field): (&str, &str), how: &str, bytes: Vec<u8>, answer: &str) -> Case {
    let frame = good(name);
    let pieces = frame.with(field, bytes).pieces();
    Case::new(&format!("{name}-{field}-{how}"), frame.when, pieces, answer)
}

fn rooms(cases: &mut Vec<Case>) {
    for frame in rooms_in_full() {
        if !frame.fields.iter().any(|field| field.name == "room") {
            continue;
        }
        let case = with((frame.name, "room"), "blank", text("a b"), INVALID);
        cases.push(case.because("Not a room's id."));
        // Where it is the whole app.
        if !["moderate", "query-sanctions"].contains(&frame.name) {
            let case = with((frame.name, "room"), "empty", text(""), INVALID);
            cases.push(case.because("Not a room's id."));
        }
    }
}

/// Texts are bounded in characters, of one byte or of four.
fn texts(cases: &mut Vec<Case>) {
    let about =
        [("title", 128), ("announcement", 4096), ("live_url", 1024), ("about_extension", 4096)];
    let profile = [("nickname", 64), ("avatar", 1024), ("extension", 2048)];
    let of = |name, fields: &[(&'static str, usize)]| {
        fields.iter().map(|(field, most)| (name, *field, *most)).collect::<Vec<_>>()
    };
    let mut bounded = [
        of("create-room", &about),
        of("join", &profile),
        of("set-profile", &profile),
        TELLING.iter().map(|name| (*name, "extension", 2048)).collect(),
    ]
    .concat();
    bounded.push(("change-room", "title", 128));
    for (name, field, most) in bounded {
        let longer = most + 1;
        let case = with((name, field), &longer.to_string(), text("x".repeat(longer)), INVALID);
        cases.push(case.because(format!("At most {most} characters are allowed.")));
    }
    for (name, field, most) in [("join", "nickname", 64), ("create-room", "title", 128)] {
        let wide = text("\u{1f600}".repeat(most + 1));
        let case = with((name, field), &format!("{}-of-four-bytes", most + 1), wide, INVALID);
        cases.push(case.because(format!("At most {most} characters, not bytes, are allowed.")));
    }
}

fn users(cases: &mut Vec<Case>) {
    for place in USERS {
        let case = with(place, "none", text(""), INVALID);
        cases.push(case.because("There is at least one."));
        let case = with(place, "blank", text(text("a b")), INVALID);
        cases.push(case.because("Not an id."));
        let case = with(place, "second-empty", text([text("bob"), text("")].concat()), INVALID);
        cases.push(case.because("The second is not an id."));
    }
    for name in ["set-room-role", "moderate"] {
        for count in [21, 100] {
            let users = (0..count).flat_map(|n| text(format!("u{n}"))).collect::<Vec<_>>();
            let case = with((name, "users"), &count.to_string(), text(users), TOO_MANY);
            cases.push(case.because("At most 20 users are allowed in a call."));
        }
    }
    let case = with(("create-room", "creator"), "blank", text("a b"), INVALID);
    cases.push(case.because("Not a user's id."));
    let case = with(("create-room", "mute_exceptions"), "blank", text(text("a b")), INVALID);
    cases.push(case.because("Not a user's id."));
}

/// A term goes with a ban or a mute, and with nothing else.
fn terms(cases: &mut Vec<Case>) {
    let month = 30 * 24 * 60 * 60;
    let actions = [("kick", 0), ("ban", 1), ("unban", 2), ("mute", 3), ("unmute", 4)];
    for (name, action) in actions {
        let lasts = ["ban", "mute"].contains(&name);
        let (bad, why) = if lasts {
            (&[0, month + 1, 4_294_967_294][..], "A term is 1 second to 30 days, or for ever.")
        } else {
            (&[1, 4_294_967_295][..], "A term goes with a ban or a mute only.")
        };
        for term in bad {
            let frame = good("moderate").with("action", vec![action]);
            let pieces = frame.with("term", varint(*term)).pieces();
            let name = format!("moderate-{name}-term-{term}");
            cases.push(Case::new(&name, frame.when, pieces, INVALID).because(why));
        }
    }
}

fn policies(cases: &mut Vec<Case>) {
    let week = 7 * 24 * 60 * 60;
    for seconds in [week + 1, 4_294_967_295] {
        let place = ("create-room", "policy_seconds");
        let case = with(place, &seconds.to_string(), varint(seconds), INVALID);
        cases.push(case.because("A policy names at most 7 days."));
        let change = good("change-room").with("fields", vec![16]);
        let pieces = change.with("policy_seconds", varint(seconds)).pieces();
        let name = format!("change-room-policy_seconds-{seconds}");
        let case = Case::new(&name, change.when, pieces, INVALID);
        cases.push(case.because("A policy names at most 7 days."));
    }
    let case = with(("change-room", "fields"), "none", vec![0], INVALID);
    cases.push(case.because("At least one field is named."));
}

/// The limits that a room is created with.
fn limits(cases: &mut Vec<Case>) {
    let beyond = [("high_only", 10_000), ("shared", 10_000), ("protected", 10_000)];
    for (field, most) in beyond.into_iter().chain([("slow_mode_ms", 3_600_000)]) {
        let more = most + 1;
        let case = with(("create-room", field), &more.to_string(), varint(more), INVALID);
        cases.push(case.because(format!("At most {most} are allowed.")));
    }
    let unlimited = 4_294_967_293;
    let kept = [
        ("ring_messages", [49, 10_001, unlimited], "A room keeps 50 to 10000 messages."),
        ("ring_bytes", [262_143, 67_108_865, unlimited], "A room keeps 256 KiB to 64 MiB."),
    ];
    for (field, bad, why) in kept {
        for value in bad {
            let case = with(("create-room", field), &value.to_string(), varint(value), INVALID);
            cases.push(case.because(why));
        }
    }
}

fn pages(cases: &mut Vec<Case>) {
    for name in PAGES {
        for limit in [0, 501, 65_535] {
            let case = with((name, "limit"), &limit.to_string(), varint(limit), INVALID);
            cases.push(case.because("A page has 1 to 500 rows."));
        }
        for bytes in [129, 4096] {
            let long = text(vec![0; bytes]);
            let case = with((name, "cursor"), &bytes.to_string(), long, INVALID);
            cases.push(case.because("A cursor has at most 128 bytes."));
        }
        for (how, garbage) in [("garbage", vec![b'x'; 3]), ("ff", vec![0xff; 128])] {
            let case = with((name, "cursor"), how, text(garbage), INVALID);
            cases.push(case.because("No page came with this cursor."));
        }
    }
}

/// Bytes of a later version, the first that is free and the last; and roles that nobody is given.
fn small_types(cases: &mut Vec<Case>) {
    let places = [
        ("create-room", "policy_kind", 4),
        ("change-list", "list", 5),
        ("change-list", "change", 3),
        ("query-list", "list", 5),
        ("set-room-open", "open", 2),
        ("mute-room", "muted", 2),
        ("query-members", "filter", 2),
        ("query-members", "order", 2),
        ("set-room-role", "role", 5),
        ("moderate", "action", 5),
        ("query-sanctions", "sanction", 2),
    ];
    for (name, field, free) in places {
        for byte in [free, 255] {
            let case = with((name, field), &byte.to_string(), vec![byte], NOT_SUPPORTED);
            cases.push(case.because(format!("{field}: of a later version.")));
        }
    }
    let change = good("change-room").with("fields", vec![16]);
    for byte in [4, 255] {
        let pieces = change.with("policy_kind", vec![byte]).pieces();
        let name = format!("change-room-policy_kind-{byte}");
        let case = Case::new(&name, change.when, pieces, NOT_SUPPORTED);
        cases.push(case.because("policy_kind: of a later version."));
    }
    for (how, role) in [("creator", 0), ("anonymous", 4)] {
        let case = with(("set-room-role", "role"), how, vec![role], INVALID);
        cases.push(case.because("Nobody is made that."));
    }
}

/// Bits of a later version: the first that is free, the last, and all.
fn bits(cases: &mut Vec<Case>) {
    let mut places = vec![
        ("create-room", "flags", 8),
        ("change-room", "fields", 32),
        ("subscribe", "events", 8),
        ("set-profile", "options", 2),
    ];
    places.extend(TELLING.map(|name| (name, "options", 2)));
    for (name, field, free) in places {
        for bits in [free, 128, 255] {
            let case = with((name, field), &bits.to_string(), vec![bits], NOT_SUPPORTED);
            cases.push(case.because(format!("{field}: a bit of a later version.")));
        }
    }
}
