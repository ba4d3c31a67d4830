//! The second implementation of the layout: wincode writes the same bytes as we do, and each
//! reads what the other wrote.
//!
//! Every frame has a mirror here: a plain struct of its whole body, tag and all, with owned
//! fields and derived by wincode. The day bincode has to go, this is what shows that the new
//! code speaks the same.

mod parts;

use std::fmt::Debug;

use parts::{Frame, Parts, parts};
use proptest::prelude::*;
use wincode::config::DefaultConfig;
use wincode::{SchemaRead, SchemaWrite};

/// Declares mirrors: the tag, the number of a request or reply where there is one, the fields.
macro_rules! mirrors {
    ($($name:ident { $($field:ident: $kind:ty,)* })+) => {
        $(#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
        struct $name {
            tag: u8,
            $($field: $kind,)*
            extensions: Vec<u8>,
        })+
    };
}

mirrors! {
    Hello {
        magic: u32, version_min: u16, version_max: u16,
        app: String, credentials: Credentials, client: String,
    }
    Welcome {
        version: u16, session: u64, user: String, role: u8, time: u64,
        body_bytes_max: u32, payload_bytes_max: u32, ping_after_ms: u32,
        messages_per_second: u32, requests_per_second: u32, rooms_per_user: u32,
    }
    GoAway { version_min: u16, version_max: u16, code: u16, retry_after_ms: u32, detail: String, }
    Join { number: u32, room: String, history: u8, }
    InRoom { number: u32, room: String, }
    Publish {
        number: u32, room: String, kind: String, payload: Vec<u8>, options: u8, class: u8,
        message_id: String, targets: Vec<u8>,
    }
    Bare { number: u32, }
    Joined { number: u32, epoch: u64, seq: u64, created_at: u64, members: u64, left: String, }
    Accepted { number: u32, epoch: u64, seq: u64, time: u64, }
    Pong { number: u32, time: u64, }
    RoomState {
        number: u32, epoch: u64, seq: u64, created_at: u64, members: u64, occupants: u64,
    }
    Created { number: u32, epoch: u64, created_at: u64, }
    Refused { number: u32, code: u16, retry_after_ms: u32, detail: String, }
    Deliver {
        room: String, epoch: u64, seq: u64, sender: String, sender_role: u8, kind: String,
        ingress_at: u64, egress_at: u64, payload: Vec<u8>,
    }
    RoomDestroyed { room: String, epoch: u64, seq: u64, reason: u8, }
    Kicked { room: String, epoch: u64, seq: u64, extension: String, }
    Lagged {
        room: String, epoch: u64, from_seq: u64, to_seq: u64, protected: u64, high: u64, low: u64,
        reason: u8,
    }
    LeftRoom { room: String, reason: u8, }
    AreYouThere { }
    ChangeList { number: u32, list: u8, room: String, change: u8, entries: Vec<u8>, }
    QueryList { number: u32, list: u8, room: String, }
    SetRoomLimits {
        number: u32, room: String, high_only: u32, shared: u32, protected: u32, slow_mode_ms: u32,
    }
    ListChanged { number: u32, size: u32, }
    ListEntries { number: u32, entries: Vec<u8>, }
    Limits {
        number: u32, messages: Allowance, requests: Allowance, room_high_only: Allowance,
        room_shared: Allowance, room_protected: Allowance, slow_mode_ms: u32,
        slow_mode_wait_ms: u32,
    }
    Counters { number: u32, counts: Vec<u8>, }
    Shed { number: u32, class: u8, reason: u8, retry_after_ms: u32, }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
enum Credentials {
    Development { secret: String, user: String, device: String, role: u8 },
    Token(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Allowance {
    limit: u32,
    window_ms: u32,
    left: u32,
    retry_after_ms: u32,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Count {
    counter: u8,
    class: u8,
    count: u64,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Pair {
    number: u16,
    bytes: Vec<u8>,
}

/// Writes a value with wincode.
macro_rules! written {
    ($value:expr) => {
        wincode::config::serialize(&$value, DefaultConfig::default().with_varint_encoding())
            .expect("it fits in memory")
    };
}

/// Compares a mirror with a frame of ours, both ways. Gives what wincode wrote.
macro_rules! compare {
    ($mirror:expr, $ours:expr) => {{
        let (mirror, ours) = ($mirror, $ours);
        let theirs = written!(mirror);
        let read = wincode::config::deserialize_exact(
            ours,
            DefaultConfig::default().with_varint_encoding(),
        );
        same(&read.expect("wincode reads what we wrote"), &mirror);
        theirs
    }};
}

/// Fixes the type that is read to that of the mirror.
fn same<T: PartialEq + Debug>(read: &T, mirror: &T) {
    assert_eq!(read, mirror);
}

/// Lists and extensions are byte strings that hold values one after the other: those, too, come
/// from wincode.
fn lists(parts: &Parts) -> (Vec<u8>, Vec<u8>) {
    let ids = parts.ids.iter().flat_map(|id| written!(*id)).collect();
    let pairs = parts
        .extensions
        .iter()
        .map(|(number, bytes)| Pair { number: *number, bytes: bytes.clone() });
    (ids, pairs.flat_map(|pair| written!(pair)).collect())
}

/// The mirror of a frame, compared with the frame's body. Gives what wincode wrote.
fn mirrored(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    match parts.kind {
        0 | 1 => mirrored_hello(parts, ours),
        2..9 => mirrored_request(parts, ours),
        9 | 10 | 18 => mirrored_answer(parts, ours),
        11..18 => mirrored_reply(parts, ours),
        25..30 => mirrored_rule_request(parts, ours),
        30.. => mirrored_rule_reply(parts, ours),
        _ => mirrored_push(parts, ours),
    }
}

fn mirrored_hello(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let [app, secret, user, device, client] = parts.texts.clone();
    let (_, extensions) = lists(parts);
    let (version_min, version_max) = parts.versions();
    let role = parts.bytes[0];
    let credentials = match parts.kind {
        0 => Credentials::Development { secret, user, device, role },
        _ => Credentials::Token(parts.payload.clone()),
    };
    let magic = 0x4752_4854;
    compare!(
        Hello { tag: 1, magic, version_min, version_max, app, credentials, client, extensions },
        ours
    )
}

fn mirrored_request(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let [room, kind, message_id, ..] = parts.texts.clone();
    let (targets, extensions) = lists(parts);
    let (number, [first, second]) = (parts.number, parts.bytes);
    match parts.kind {
        2 => compare!(Join { tag: 16, number, room, history: first, extensions }, ours),
        3 => compare!(InRoom { tag: 17, number, room, extensions }, ours),
        4 => {
            let publish = Publish {
                tag: 18,
                number,
                room,
                kind,
                payload: parts.payload.clone(),
                options: first,
                class: second,
                message_id,
                targets,
                extensions,
            };
            compare!(publish, ours)
        }
        5 => compare!(Bare { tag: 19, number, extensions }, ours),
        6 => compare!(InRoom { tag: 20, number, room, extensions }, ours),
        7 => compare!(InRoom { tag: 21, number, room, extensions }, ours),
        _ => compare!(InRoom { tag: 22, number, room, extensions }, ours),
    }
}

/// The frames that say yes or no to a client as a whole, and the no to a request.
fn mirrored_answer(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let (_, extensions) = lists(parts);
    let [text, ..] = parts.texts.clone();
    let [body, payload, ping, messages, requests, rooms] = parts.ints;
    let [code, other] = parts.shorts;
    match parts.kind {
        9 => {
            let welcome = Welcome {
                tag: 2,
                version: code,
                session: parts.longs[0],
                user: text,
                role: parts.bytes[0],
                time: parts.longs[1],
                body_bytes_max: body,
                payload_bytes_max: payload,
                ping_after_ms: ping,
                messages_per_second: messages,
                requests_per_second: requests,
                rooms_per_user: rooms,
                extensions,
            };
            compare!(welcome, ours)
        }
        10 => {
            let go_away = GoAway {
                tag: 3,
                version_min: other,
                version_max: code,
                code,
                retry_after_ms: body,
                detail: text,
                extensions,
            };
            compare!(go_away, ours)
        }
        _ => {
            let (number, retry_after_ms) = (parts.number, body);
            let detail = text;
            compare!(Refused { tag: 127, number, code, retry_after_ms, detail, extensions }, ours)
        }
    }
}

fn mirrored_reply(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let (_, extensions) = lists(parts);
    let [epoch, seq, time, members, occupants, _] = parts.longs;
    let (number, created_at) = (parts.number, time);
    match parts.kind {
        11 => {
            let [left, ..] = parts.texts.clone();
            compare!(
                Joined { tag: 64, number, epoch, seq, created_at, members, left, extensions },
                ours
            )
        }
        12 => compare!(Bare { tag: 65, number, extensions }, ours),
        13 => compare!(Accepted { tag: 66, number, epoch, seq, time, extensions }, ours),
        14 => compare!(Pong { tag: 67, number, time, extensions }, ours),
        15 => {
            let state = RoomState {
                tag: 68,
                number,
                epoch,
                seq,
                created_at,
                members,
                occupants,
                extensions,
            };
            compare!(state, ours)
        }
        16 => compare!(Created { tag: 69, number, epoch, created_at, extensions }, ours),
        _ => compare!(Bare { tag: 70, number, extensions }, ours),
    }
}

fn mirrored_push(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let (_, extensions) = lists(parts);
    let [room, sender, kind, extension, _] = parts.texts.clone();
    let [epoch, seq, to_seq, protected, high, low] = parts.longs;
    let reason = parts.bytes[0];
    match parts.kind {
        19 => {
            let deliver = Deliver {
                tag: 128,
                room,
                epoch,
                seq,
                sender,
                sender_role: reason,
                kind,
                ingress_at: to_seq,
                egress_at: protected,
                payload: parts.payload.clone(),
                extensions,
            };
            compare!(deliver, ours)
        }
        20 => compare!(RoomDestroyed { tag: 129, room, epoch, seq, reason, extensions }, ours),
        21 => compare!(Kicked { tag: 130, room, epoch, seq, extension, extensions }, ours),
        22 => {
            let lagged = Lagged {
                tag: 131,
                room,
                epoch,
                from_seq: seq,
                to_seq,
                protected,
                high,
                low,
                reason,
                extensions,
            };
            compare!(lagged, ours)
        }
        23 => compare!(LeftRoom { tag: 132, room, reason, extensions }, ours),
        _ => compare!(AreYouThere { tag: 133, extensions }, ours),
    }
}

fn mirrored_rule_request(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let [room, ..] = parts.texts.clone();
    let (entries, extensions) = lists(parts);
    let (number, [list, change]) = (parts.number, parts.bytes);
    let [high_only, shared, protected, slow_mode_ms, ..] = parts.ints;
    match parts.kind {
        25 => {
            compare!(ChangeList { tag: 23, number, list, room, change, entries, extensions }, ours)
        }
        26 => compare!(QueryList { tag: 24, number, list, room, extensions }, ours),
        27 => {
            let set = SetRoomLimits {
                tag: 25,
                number,
                room,
                high_only,
                shared,
                protected,
                slow_mode_ms,
                extensions,
            };
            compare!(set, ours)
        }
        28 => compare!(InRoom { tag: 26, number, room, extensions }, ours),
        _ => compare!(Bare { tag: 27, number, extensions }, ours),
    }
}

fn mirrored_rule_reply(parts: &Parts, ours: &[u8]) -> Vec<u8> {
    let (entries, extensions) = lists(parts);
    let [a, b, c, d, e, f] = parts.ints;
    let (number, [class, reason]) = (parts.number, parts.bytes);
    let allowance = |limit, left| Allowance { limit, window_ms: c, left, retry_after_ms: d };
    match parts.kind {
        30 => compare!(ListChanged { tag: 71, number, size: a, extensions }, ours),
        31 => compare!(ListEntries { tag: 72, number, entries, extensions }, ours),
        32 => compare!(Bare { tag: 73, number, extensions }, ours),
        33 => {
            let limits = Limits {
                tag: 74,
                number,
                messages: allowance(a, b),
                requests: allowance(b, a),
                room_high_only: allowance(e, f),
                room_shared: allowance(f, e),
                room_protected: allowance(a, f),
                slow_mode_ms: e,
                slow_mode_wait_ms: f,
                extensions,
            };
            compare!(limits, ours)
        }
        34 => {
            let count = |count: &u64| Count { counter: class, class: reason, count: *count };
            let counts = parts.longs.iter().flat_map(|own| written!(count(own))).collect();
            compare!(Counters { tag: 75, number, counts, extensions }, ours)
        }
        _ => {
            let retry_after_ms = a;
            compare!(Shed { tag: 126, number, class, reason, retry_after_ms, extensions }, ours)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn wincode_writes_what_we_write_and_each_reads_the_other(parts in parts()) {
        let frame = parts.frame();
        let ours = frame.bytes();
        let theirs = mirrored(&parts, &ours[4..]);
        prop_assert_eq!(&theirs[..], &ours[4..]);
        prop_assert_eq!(Frame::decode(parts.kind, &theirs), Ok(frame));
    }
}
