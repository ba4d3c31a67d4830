//! Mirrors of the handshake, of messages, and of what concerns no room.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{Look, compare, mirrors, written};

mirrors! {
    Hello {
        magic: u32, version_min: u16, version_max: u16,
        app: String, credentials: Credentials, client: String,
    }
    Welcome {
        version: u16, session: u64, user: String, role: u8, time: u64,
        body_bytes_max: u32, payload_bytes_max: u32, ping_after_ms: u32,
        messages_per_second: u32, requests_per_second: u32, rooms_per_user: u32,
        expires_in_ms: u64,
    }
    GoAway { version_min: u16, version_max: u16, code: u16, retry_after_ms: u32, detail: String, }
    Publish {
        number: u32, room: String, kind: String, payload: Vec<u8>, options: u8, class: u8,
        message_id: String, targets: Vec<u8>,
    }
    Bare { number: u32, }
    Subscribe { number: u32, events: u8, }
    Accepted { number: u32, epoch: u64, seq: u64, time: u64, }
    Pong { number: u32, time: u64, }
    Refused { number: u32, code: u16, retry_after_ms: u32, detail: String, }
    Shed { number: u32, class: u8, reason: u8, retry_after_ms: u32, }
    Deliver {
        room: String, epoch: u64, seq: u64, sender: String, sender_role: u8, kind: String,
        ingress_at: u64, egress_at: u64, payload: Vec<u8>,
    }
    Lagged {
        room: String, epoch: u64, from_seq: u64, to_seq: u64, protected: u64, high: u64, low: u64,
        reason: u8,
    }
    AreYouThere { }
    AppEvent {
        what: u8, at: u64, room: String, epoch: u64, user: String, device: String, role: u8,
        destroyed: u8, departure: u8, code: u16,
    }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
enum Credentials {
    Development { secret: String, user: String, device: String, role: u8 },
    Token(Vec<u8>),
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions) = (look.parts.number, look.grown());
    let [epoch, seq, time, ..] = look.parts.longs;
    let [class, reason, ..] = look.parts.bytes;
    Some(match tag {
        1..=3 | 127 => answer(tag, look),
        18 => {
            let publish = Publish {
                tag,
                number,
                room: look.text(0),
                kind: look.text(1),
                payload: look.parts.payload.clone(),
                options: class,
                class: reason,
                message_id: look.text(2),
                targets: look.list(),
                extensions,
            };
            compare!(look, publish)
        }
        19 | 81 => compare!(look, Bare { tag, number, extensions }),
        38 => compare!(look, Subscribe { tag, number, events: class, extensions }),
        66 => compare!(look, Accepted { tag, number, epoch, seq, time, extensions }),
        67 => compare!(look, Pong { tag, number, time, extensions }),
        126 => {
            let retry_after_ms = look.parts.ints[0];
            compare!(look, Shed { tag, number, class, reason, retry_after_ms, extensions })
        }
        128 | 131 | 133 | 136 => push(tag, look),
        _ => return None,
    })
}

/// The frames that say yes or no to a client as a whole, and the no to a request.
fn answer(tag: u8, look: &Look<'_>) -> Vec<u8> {
    let [body, payload, ping, messages, requests, rooms] = look.parts.ints;
    let ([code, other], extensions) = (look.parts.shorts, look.grown());
    let (number, retry_after_ms, detail) = (look.parts.number, body, look.text(0));
    match tag {
        1 => hello(look),
        2 => {
            let welcome = Welcome {
                tag,
                version: code,
                session: look.parts.longs[0],
                user: detail,
                role: look.parts.bytes[0],
                time: look.parts.longs[1],
                body_bytes_max: body,
                payload_bytes_max: payload,
                ping_after_ms: ping,
                messages_per_second: messages,
                requests_per_second: requests,
                rooms_per_user: rooms,
                expires_in_ms: look.parts.longs[2],
                extensions,
            };
            compare!(look, welcome)
        }
        3 => {
            let (version_min, version_max) = (other, code);
            let go_away =
                GoAway { tag, version_min, version_max, code, retry_after_ms, detail, extensions };
            compare!(look, go_away)
        }
        _ => compare!(look, Refused { tag, number, code, retry_after_ms, detail, extensions }),
    }
}

fn hello(look: &Look<'_>) -> Vec<u8> {
    let [app, secret, user, device, client, ..] = look.parts.texts.clone();
    let (version_min, version_max) = look.parts.versions();
    // The two kinds of hello are the first two frames.
    let credentials = match look.parts.kind {
        0 => Credentials::Development { secret, user, device, role: look.parts.bytes[0] },
        _ => Credentials::Token(look.parts.payload.clone()),
    };
    let (tag, magic, extensions) = (1, 0x4752_4854, look.grown());
    let hello =
        Hello { tag, magic, version_min, version_max, app, credentials, client, extensions };
    compare!(look, hello)
}

fn push(tag: u8, look: &Look<'_>) -> Vec<u8> {
    let [epoch, seq, to_seq, protected, high, low] = look.parts.longs;
    let [room, sender, kind, ..] = look.parts.texts.clone();
    let [first, second, third, fourth, ..] = look.parts.bytes;
    let extensions = look.grown();
    match tag {
        128 => {
            let deliver = Deliver {
                tag,
                room,
                epoch,
                seq,
                sender,
                sender_role: first,
                kind,
                ingress_at: to_seq,
                egress_at: protected,
                payload: look.parts.payload.clone(),
                extensions,
            };
            compare!(look, deliver)
        }
        131 => {
            let (from_seq, reason) = (seq, first);
            let lagged = Lagged {
                tag,
                room,
                epoch,
                from_seq,
                to_seq,
                protected,
                high,
                low,
                reason,
                extensions,
            };
            compare!(look, lagged)
        }
        133 => compare!(look, AreYouThere { tag, extensions }),
        _ => {
            let event = AppEvent {
                tag,
                what: first,
                at: epoch,
                room,
                epoch: seq,
                user: sender,
                device: kind,
                role: second,
                destroyed: third,
                departure: fourth,
                code: look.parts.shorts[0],
                extensions,
            };
            compare!(look, event)
        }
    }
}
