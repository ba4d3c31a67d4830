//! What a scripted broker says, for the unit tests of the sans-IO machines.
//!
//! Frames to say, and a reading of what the client sent. No sockets; those are in `tests/faces`.

use core::time::Duration;

use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{self, VERSION};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::{Deliver, Push};
use throng_protocol::reply;
use throng_protocol::value::{Extensions, Role};

use crate::config::{Config, Development};
use crate::id::Id;
use crate::reply::Joined;
use crate::time::Instant;

pub(crate) const NONE: Extensions<'static> = Extensions::NONE;

pub(crate) const WELCOME: handshake::Welcome<'static> = handshake::Welcome {
    version: VERSION,
    session: 7,
    user: "alice",
    role: Role::Client,
    time: 1_000_000,
    // More than the protocol allows: a client keeps to its own bounds.
    body_bytes_max: u32::MAX,
    payload_bytes_max: u32::MAX,
    ping_after_ms: 30_000,
    messages_per_second: 5,
    requests_per_second: 20,
    rooms_per_user: 1,
    expires_in_ms: 0,
    extensions: NONE,
};

pub(crate) const MESSAGE: Deliver<'static> = Deliver {
    room: "lobby",
    epoch: 1,
    seq: 2,
    sender: "bob",
    sender_role: Role::Client,
    kind: "text",
    ingress_at: 10,
    egress_at: 11,
    payload: b"hello",
    extensions: NONE,
};

pub(crate) const ACCEPTED: reply::Accepted<'static> =
    reply::Accepted { epoch: 1, seq: 3, time: 12, extensions: NONE };

/// What a join of a room at that place is granted, with nothing more to say.
pub(crate) fn joined(room: &str, seq: u64) -> Joined {
    let wire = reply::Joined { epoch: 1, seq, members: 1, ..reply::Joined::default() };
    Joined::from_wire(Id::try_from(room).unwrap(), wire).unwrap()
}

pub(crate) const PONG: reply::Pong<'static> = reply::Pong { time: 5, extensions: NONE };

pub(crate) fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

pub(crate) fn config() -> Config {
    Config::new("127.0.0.1:7400").app("dev").credentials(Development::new("secret").user("alice"))
}

pub(crate) fn bytes(frames: &[FromBroker<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| frame.write(&mut out));
    out
}

pub(crate) fn reply<'a>(number: u32, reply: impl Into<reply::Reply<'a>>) -> FromBroker<'a> {
    FromBroker::Reply(number, reply.into())
}

pub(crate) fn push<'a>(push: impl Into<Push<'a>>) -> FromBroker<'a> {
    FromBroker::Push(push.into())
}

/// What was sent, as the numbers and requests in it.
pub(crate) fn requests(mut sent: &[u8]) -> Vec<(u32, String)> {
    let mut requests = Vec::new();
    while let Some((body, after)) = frame::split(sent, BODY_BYTES_MAX).unwrap() {
        match FromClient::decode(body).unwrap() {
            FromClient::Request(number, request) => {
                requests.push((number, format!("{request:?}")));
            }
            FromClient::Hello(_) => {}
            other => panic!("not a request: {other:?}"),
        }
        sent = after;
    }
    assert!(sent.is_empty());
    requests
}
