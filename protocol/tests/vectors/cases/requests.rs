//! What a client asks. The numbers of the requests walk through the widths of a varint.

use throng_protocol::FromClient;
use throng_protocol::limits::{JOIN_HISTORY_MAX, LIST_IDS_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::request::{
    CreateRoom, DestroyRoom, Join, Leave, Ping, Publish, QueryRoom, Request,
};
use throng_protocol::value::{ClassHint, IdList, PublishOptions};

use super::{Case, File, NONE, bytes_of, client, extensions, ids, some_extensions, text_of};

const HEAD: &str = "What a client asks: tags 16 to 63, each with a number that the client chose.";

pub fn file() -> File {
    let mut cases = rooms();
    cases.extend(publishes());
    cases.push(request("ping-minimal", 0, Ping { extensions: NONE }));
    let ping = Ping { extensions: sixteen_extensions() };
    cases.push(request("ping-full", u32::MAX, ping));
    File { name: "requests.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn request(name: &str, number: u32, request: impl Into<Request<'static>>) -> Case {
    client(name, FromClient::Request(number, request.into()))
}

fn rooms() -> Vec<Case> {
    let (none, some, long) = (NONE, some_extensions(), text_of('r', 64));
    vec![
        request("join-minimal", 0, Join { room: "", history: 0, extensions: none }),
        request("join", 1, Join { room: "lobby", history: 0, extensions: none }),
        request(
            "join-full",
            u32::MAX,
            Join { room: long, history: JOIN_HISTORY_MAX, extensions: some },
        ),
        request("leave-minimal", 250, Leave { room: "", extensions: none }),
        request("leave-full", 251, Leave { room: long, extensions: some }),
        request("query-room-minimal", 255, QueryRoom { room: "", extensions: none }),
        request("query-room-full", 256, QueryRoom { room: long, extensions: some }),
        request("create-room-minimal", 65_535, CreateRoom { room: "", extensions: none }),
        request("create-room-full", 65_536, CreateRoom { room: long, extensions: some }),
        request("destroy-room-minimal", 16_777_216, DestroyRoom { room: "", extensions: none }),
        request("destroy-room-full", u32::MAX, DestroyRoom { room: long, extensions: some }),
    ]
}

fn publishes() -> Vec<Case> {
    let minimal = Publish {
        room: "",
        kind: "",
        payload: &[],
        options: PublishOptions::default(),
        class: ClassHint::Default,
        message_id: "",
        targets: IdList::EMPTY,
        extensions: NONE,
    };
    let plain = Publish { room: "lobby", kind: "text", payload: b"hello, all", ..minimal };
    let echo = PublishOptions::ECHO;
    let all_options = echo.with(PublishOptions::NO_ACK).with(PublishOptions::NO_STORE);
    let full = Publish {
        room: text_of('r', 64),
        kind: text_of('k', 32),
        payload: bytes_of(0, 251),
        options: all_options,
        class: ClassHint::Low,
        message_id: text_of('m', 64),
        targets: ids(&["ann", "bob@example.org", "c"]),
        extensions: some_extensions(),
    };
    let many = Publish { targets: ids(&[text_of('t', 64); LIST_IDS_MAX]), ..plain };
    let largest = Publish { payload: bytes_of(b'a', PAYLOAD_BYTES_MAX), ..plain };
    let unknown = Publish {
        options: PublishOptions::from_bits(255),
        class: ClassHint::Unknown(255),
        ..plain
    };
    vec![
        request("publish-minimal", 0, minimal),
        request("publish", 2, plain),
        request("publish-echo", 3, Publish { options: echo, ..plain }),
        request("publish-250-bytes", 4, Publish { payload: bytes_of(b'a', 250), ..plain }),
        request("publish-65536-bytes", 5, Publish { payload: bytes_of(b'a', 65_536), ..plain }),
        request("publish-largest-payload", 6, largest),
        request("publish-most-targets", 7, many),
        request("publish-unknown-bytes", 8, unknown),
        request("publish-full", u32::MAX, full),
    ]
}

/// As many as there may be, with numbers of both widths.
fn sixteen_extensions() -> throng_protocol::value::Extensions<'static> {
    let pairs: Vec<(u16, &[u8])> = (0..16).map(|at| (241 + 2 * at, &b"x"[..])).collect();
    extensions(&pairs)
}
