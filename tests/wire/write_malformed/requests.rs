//! Requests that can be read and not be served: the connection stays, the number comes back.

use super::file::{CLIENT, Case, SERVER};
use super::frames::{
    about_room, create_room, frame, join, ping, publish, requests, text, tokens, varint,
};
use super::handshake::bad_ids;

const INVALID: &str = "Refused INVALID_ARGUMENT 7";
const NOT_SUPPORTED: &str = "Refused NOT_SUPPORTED 7";

/// Adds the cases.
pub fn add(cases: &mut Vec<Case>) {
    names(cases);
    fields(cases);
    roles_and_rooms(cases);
    unknown(cases);
    in_a_row(cases);
}

fn names(cases: &mut Vec<Case>) {
    for request in requests().into_iter().filter(|it| it.fields.len() > 2) {
        for (name, id) in bad_ids() {
            let pieces = request.with("room", text(&id)).pieces();
            let name = format!("{}-room-{name}", request.name);
            cases.push(Case::new(&name, request.when, pieces, INVALID).because("Not a room's id."));
        }
    }
    let mut kinds = bad_ids();
    kinds[1] = ("33-bytes", "k".repeat(33));
    for (name, kind) in kinds {
        let pieces = publish().with("kind", text(&kind)).pieces();
        let case = Case::new(&format!("publish-kind-{name}"), CLIENT, pieces, INVALID);
        cases.push(case.because("A kind is 1-32 bytes of the alphabet of ids."));
    }
}

fn fields(cases: &mut Vec<Case>) {
    for bytes in [131_073, 135_000] {
        let pieces = publish().with("payload", text(vec![b'p'; bytes])).pieces();
        let case = Case::new(&format!("publish-payload-{bytes}"), CLIENT, pieces, INVALID);
        cases.push(case.because("A payload has at most 131072 bytes."));
    }
    let later: [(&str, &str, Vec<u8>); 5] = [
        ("option-8", "options", vec![8]),
        ("option-128", "options", vec![128]),
        ("options-all", "options", vec![255]),
        ("class-2", "class", vec![2]),
        ("class-255", "class", vec![255]),
    ];
    for (name, field, bytes) in later {
        let pieces = publish().with(field, bytes).pieces();
        let case = Case::new(&format!("publish-{name}"), CLIENT, pieces, NOT_SUPPORTED);
        cases.push(case.because(format!("{field}: of a later version.")));
    }
    for history in [51, 255] {
        let pieces = join().with("history", vec![history]).pieces();
        let case = Case::new(&format!("join-history-{history}"), CLIENT, pieces, INVALID);
        cases.push(case.because("More than 50 messages of history are never allowed."));
    }
}

fn roles_and_rooms(cases: &mut Vec<Case>) {
    let mut add = |name: &str, when, pieces, answer: &str, why: &str| {
        cases.push(Case::new(name, when, pieces, &format!("Refused {answer} 7")).because(why));
    };
    let (create, destroy) = (create_room(), about_room("destroy-room", 22));
    let servers = "Only servers create and destroy rooms.";
    add("create-room-by-a-client", CLIENT, create.pieces(), "NOT_ALLOWED", servers);
    add("destroy-room-by-a-client", CLIENT, destroy.pieces(), "NOT_ALLOWED", servers);
    let exists = "The room is there already.";
    add("create-room-twice", SERVER, create.pieces(), "ROOM_EXISTS", exists);
    let (leave, query) = (about_room("leave", 17), about_room("query-room", 20));
    let nowhere = "There is no such room.";
    for (when, request) in [
        (SERVER, &destroy),
        (CLIENT, &leave),
        (CLIENT, &query),
        (CLIENT, &publish()),
        (SERVER, &publish()),
    ] {
        let name = format!("{}-nowhere-{when}", request.name);
        add(&name, when, request.with("room", text("nowhere")).pieces(), "NO_SUCH_ROOM", nowhere);
    }
    let outside = "The session is not in that room.";
    add("leave-from-outside", CLIENT, leave.pieces(), "NOT_A_MEMBER", outside);
    add("publish-from-outside", CLIENT, publish().pieces(), "NOT_A_MEMBER", outside);
    let revoke = tokens().into_iter().find(|frame| frame.name == "revoke-tokens");
    let revoke = revoke.expect("it is one of those").pieces();
    add(
        "revoke-tokens-by-a-client",
        CLIENT,
        revoke,
        "NOT_ALLOWED",
        "Only servers may ask for that.",
    );
    let silent = publish().with("options", vec![2]).pieces();
    let why = "A refusal comes even if no answer was asked for.";
    add("publish-from-outside-no-ack", CLIENT, silent, "NOT_A_MEMBER", why);
}

fn unknown(cases: &mut Vec<Case>) {
    for tag in [55_u8, 56, 60, 62, 63] {
        for (name, rest) in [("bare", vec![]), ("fields", vec![1, 2, 3, 255])] {
            let name = format!("unknown-request-{tag}-{name}");
            let case = Case::new(&name, CLIENT, frame(tag, vec![vec![7], rest]), NOT_SUPPORTED);
            cases.push(case.because("A request of a later version: refused, not the end."));
        }
    }
    for number in [0_u64, 250, 251, 65_535, 65_536, u64::from(u32::MAX)] {
        let pieces = frame(57, vec![varint(number)]);
        let answer = format!("Refused NOT_SUPPORTED {number}");
        let case = Case::new(&format!("unknown-request-number-{number}"), CLIENT, pieces, &answer);
        cases.push(case.because("The number comes back, however wide it is."));
    }
    let pieces = frame(57, vec![vec![0xfb, 7, 0]]);
    let case = Case::new("unknown-request-number-longer-form", CLIENT, pieces, NOT_SUPPORTED);
    cases.push(case.because("A longer form of a number is read, too."));
}

fn in_a_row(cases: &mut Vec<Case>) {
    let bad = join().with("room", text("a b"));
    let pieces = [bad.pieces(), ping().with("number", vec![8]).pieces()].concat();
    let case = Case::new("refused-then-ping", CLIENT, pieces, INVALID).then("Pong 8");
    cases.push(case.because("After a refusal the next request is carried out."));
    let pieces = [ping().pieces(), vec![vec![0; 4]], ping().pieces()].concat();
    let case = Case::new("ping-empty-ping", CLIENT, pieces, "Pong 7").then("GoAway MALFORMED");
    cases.push(case.because("What follows a malformed frame is not read."));
    let pieces = [ping().pieces(), vec![vec![0xff; 4]]].concat();
    let case = Case::new("ping-then-too-large", CLIENT, pieces, "Pong 7").then("GoAway TOO_LARGE");
    cases.push(case.because("What came before a prefix that is too large is carried out."));
    let pieces = [ping().pieces(), vec![vec![9, 0]]].concat();
    let case = Case::new("ping-then-half-a-prefix", CLIENT, pieces, "Pong 7").then("silence");
    cases.push(case.because("The next frame is not all there yet."));
}
