//! Hellos that are well formed and not good, frames that come before one, and a second one.

use super::file::{CLIENT, Case, FIRST};
use super::frames::{Frame, hello, hello_token, ping, requests, text, varint};

const MALFORMED: &str = "GoAway MALFORMED";
const UNAUTHORIZED: &str = "GoAway UNAUTHORIZED";
const INVALID: &str = "GoAway INVALID_ARGUMENT";

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    let mut first = |name: &str, frame: &Frame, answer: &str, why: &str| {
        cases.push(Case::new(name, FIRST, frame.pieces(), answer).because(why));
    };
    magic_and_versions(&mut first);
    claims(&mut first);
    names(&mut first);
    let why = "What is no token lets nobody in.";
    first("hello-token", &hello_token(), UNAUTHORIZED, why);
    order(cases);
}

type First<'f> = &'f mut dyn FnMut(&str, &Frame, &str, &str);

fn magic_and_versions(first: First<'_>) {
    let magics: [(&str, &[u8]); 4] = [
        ("0", &[0]),
        ("big-endian", &[0xfc, b'G', b'R', b'H', b'T']),
        ("lower-case", &[0xfc, b't', b'h', b'r', b'g']),
        ("off-by-one", &[0xfc, b'U', b'H', b'R', b'G']),
    ];
    for (name, bytes) in magics {
        let frame = hello().with("magic", bytes.to_vec());
        first(&format!("hello-magic-{name}"), &frame, MALFORMED, "Another magic number.");
    }
    let versions = |min: u64, max: u64| {
        hello().with("version_min", varint(min)).with("version_max", varint(max))
    };
    for (min, max) in [(0, 0), (2, 2), (2, 65_535), (65_535, 65_535), (300, 400)] {
        let name = format!("hello-versions-{min}-{max}");
        let why = "Versions that leave out the broker's only one.";
        first(&name, &versions(min, max), "GoAway UNSUPPORTED_VERSION", why);
    }
    for (min, max) in [(1, 0), (2, 1), (65_535, 1)] {
        let name = format!("hello-versions-{min}-{max}");
        first(&name, &versions(min, max), MALFORMED, "The oldest version is above the newest.");
    }
    let mut foreign = versions(2, 3);
    foreign.fields.truncate(3);
    let why = "A later version may go on however it likes: the rest is not read.";
    first("hello-versions-and-no-more", &foreign, "GoAway UNSUPPORTED_VERSION", why);
}

fn claims(first: First<'_>) {
    for (name, app) in [("unknown", "other"), ("empty", ""), ("case", "DEV"), ("blank", "de v")] {
        let frame = hello().with("app", text(app));
        first(&format!("hello-app-{name}"), &frame, UNAUTHORIZED, "There is no such app.");
    }
    for (name, secret) in
        [("wrong", "guess"), ("empty", ""), ("longer", "secret-of-the-simulated-app2")]
    {
        let frame = hello().with("secret", text(secret));
        first(&format!("hello-secret-{name}"), &frame, UNAUTHORIZED, "Not the app's secret.");
    }
    let why = "Visitors are not let in unless the app says so.";
    let visitor = hello().with("role", vec![1]).with("user", text("")).with("device", text(""));
    first("hello-role-anonymous", &visitor, UNAUTHORIZED, why);
    for role in [3_u8, 9, 255] {
        let frame = hello().with("role", vec![role]);
        first(&format!("hello-role-{role}"), &frame, UNAUTHORIZED, "There is no such role.");
    }
    for kind in [2_u64, 3, 250, 251, 65_536] {
        let frame = hello().with("credentials", varint(kind));
        let why = "There are no credentials of that number.";
        first(&format!("hello-credentials-{kind}"), &frame, MALFORMED, why);
    }
}

/// Texts that are no ids.
pub fn bad_ids() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("65-bytes", "a".repeat(65)),
        ("blank", "a b".to_owned()),
        ("slash", "a/b".to_owned()),
        ("newline", "ab\n".to_owned()),
        ("nul", "a\0".to_owned()),
        ("not-ascii", "caf\u{e9}".to_owned()),
        ("emoji", "\u{1f600}".to_owned()),
    ]
}

fn names(first: First<'_>) {
    for (name, id) in bad_ids() {
        let user = hello().with("user", text(&id));
        first(&format!("hello-user-{name}"), &user, INVALID, "Not a user's id.");
        let device = hello().with("device", text(&id));
        first(&format!("hello-device-{name}"), &device, INVALID, "Not a device's id.");
    }
    let clients = [
        ("empty", String::new()),
        ("65-bytes", "c".repeat(65)),
        ("tab", "a\tb".to_owned()),
        ("escape", "\u{1b}[31m".to_owned()),
        ("delete", "a\u{7f}".to_owned()),
        ("not-ascii", "\u{fc}ber".to_owned()),
    ];
    for (name, client) in clients {
        let frame = hello().with("client", text(client));
        let why = "A client's name is 1-64 printable ASCII characters.";
        first(&format!("hello-client-{name}"), &frame, INVALID, why);
    }
    let server = hello().with("role", vec![2]);
    let why = "A server may do without a device; one it has must be an id.";
    first("hello-server-device", &server.with("device", text("a b")), INVALID, why);
    first(
        "hello-server-user",
        &server.with("user", text("")),
        INVALID,
        "Servers have a name, too.",
    );
}

fn order(cases: &mut Vec<Case>) {
    for request in requests() {
        let name = format!("before-hello-{}", request.name);
        let case = Case::new(&name, FIRST, request.pieces(), "GoAway UNEXPECTED");
        cases.push(case.because("A request before the hello."));
    }
    let mut unknown = ping();
    unknown.tag = 63;
    let case = Case::new("before-hello-unknown", FIRST, unknown.pieces(), "GoAway UNEXPECTED");
    cases.push(case.because("A request of a later version before the hello."));

    let foreign = hello().with("version_min", vec![2]).with("version_max", vec![2]);
    for (name, frame) in [
        ("hello-again", hello()),
        ("hello-again-bad", hello().with("secret", text("guess"))),
        ("hello-again-token", hello_token()),
        ("hello-again-of-another-version", foreign),
    ] {
        let case = Case::new(name, CLIENT, frame.pieces(), "GoAway UNEXPECTED");
        cases.push(case.because("A hello comes once."));
    }
    let pieces = [hello().pieces(), hello().pieces()].concat();
    let case = Case::new("hello-twice-at-once", FIRST, pieces, "Welcome");
    cases.push(case.then("GoAway UNEXPECTED").because("A hello comes once, also in one piece."));
    let pieces = [hello().with("secret", text("guess")).pieces(), ping().pieces()].concat();
    let case = Case::new("hello-bad-and-a-request", FIRST, pieces, UNAUTHORIZED);
    cases.push(case.because("What follows a refused hello is not carried out."));
    let pieces = [hello().pieces(), ping().pieces(), vec![vec![0; 4]]].concat();
    let case = Case::new("hello-ping-and-nothing", FIRST, pieces, "Welcome").then("Pong 7");
    cases.push(case.then(MALFORMED).because("Frames before a malformed one are carried out."));
}
