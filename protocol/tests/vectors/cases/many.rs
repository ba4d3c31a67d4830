//! Messages to many rooms, to everyone and to some; bots, and the rooms that come first.

use throng_protocol::Code;
use throng_protocol::push;
use throng_protocol::reply::{BroadcastSent, PublishedMany, TopRooms};
use throng_protocol::request::{Broadcast, ChangeBots, PublishMany, QueryTop};
use throng_protocol::value::{
    Bot, BotChange, ClassHint, Profile, PublishOptions, PublishResult, Role, TopBy, TopPeriod,
    TopRoom,
};

use super::{
    Case, File, bytes_of, ids, list, longest_profile, push, reply, request, some_extensions,
    text_of,
};

const HEAD: &str =
    "Messages to many and to some, bots, first rooms: requests 49 to 52, replies 87 to 89,
pushes 140 and 141.";

pub fn file() -> File {
    let mut cases = messages();
    cases.extend(rooms());
    cases.extend(replies());
    cases.extend(pushes());
    File { name: "many.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn messages() -> Vec<Case> {
    let (most, some) = (u32::MAX, some_extensions());
    let many = PublishMany {
        rooms: ids(&["lobby", "attic"]),
        kind: "text",
        payload: b"hello, both",
        message_id: "note-1",
        ..PublishMany::default()
    };
    let full = PublishMany {
        rooms: ids(&[text_of('r', 64); 100]),
        kind: text_of('k', 32),
        payload: bytes_of(255, 251),
        options: PublishOptions::from_bits(255),
        class: ClassHint::Unknown(255),
        message_id: text_of('m', 64),
        extensions: some,
    };
    let all = Broadcast { kind: "text", payload: b"hello, all", ..Broadcast::default() };
    let (kind, payload) = (text_of('k', 32), bytes_of(255, 251));
    vec![
        request("publish-many-minimal", 0, PublishMany::default()),
        request("publish-many", 1, many),
        request("publish-many-full", most, full),
        request("broadcast-request-minimal", 0, Broadcast::default()),
        request("broadcast-request", 1, all),
        request("broadcast-request-full", most, Broadcast { kind, payload, extensions: some }),
    ]
}

fn rooms() -> Vec<Case> {
    let (most, some) = (u32::MAX, some_extensions());
    let dj = Bot { user: "dj", profile: Profile { nickname: "DJ", ..Profile::default() } };
    let longest = Bot { user: text_of('u', 64), profile: longest_profile() };
    let add = ChangeBots { room: "lobby", bots: list!([dj]), ..ChangeBots::default() };
    let full = ChangeBots {
        room: text_of('r', 64),
        change: BotChange::Unknown(255),
        bots: list!([dj, longest]),
        extensions: some,
    };
    let clear = ChangeBots { room: "lobby", change: BotChange::Clear, ..ChangeBots::default() };
    let hour = QueryTop { by: TopBy::Active, limit: 10, ..QueryTop::default() };
    let (by, period) = (TopBy::Unknown(255), TopPeriod::Unknown(255));
    let top = QueryTop { by, period, limit: u16::MAX, extensions: some };
    vec![
        request("change-bots-minimal", 0, ChangeBots::default()),
        request("change-bots-add", 1, add),
        request("change-bots-clear", 2, clear),
        request("change-bots-full", most, full),
        request("query-top-minimal", 0, QueryTop::default()),
        request("query-top", 1, hour),
        request("query-top-full", most, top),
    ]
}

fn replies() -> Vec<Case> {
    let (most, some, high) = (u32::MAX, some_extensions(), u64::MAX);
    let done = PublishResult { epoch: 7, seq: 300, ..PublishResult::default() };
    let not = PublishResult { code: Code::NO_SUCH_ROOM, ..PublishResult::default() };
    let longest = PublishResult {
        code: Code::from_number(u16::MAX),
        retry_after_ms: u32::MAX,
        epoch: high,
        seq: high,
    };
    let results = list!([done, not]);
    let many = PublishedMany { results, ..PublishedMany::default() };
    let many_full = PublishedMany { results: list!([longest]), extensions: some };
    let first = TopRoom { room: "lobby", count: 251, error: 3 };
    let longest = TopRoom { room: text_of('r', 64), count: high, error: high };
    let since = 1_793_500_000_000_000;
    let rooms = list!([first, TopRoom { room: "attic", count: 7, error: 0 }]);
    let top = TopRooms { since, rooms, ..TopRooms::default() };
    let top_full = TopRooms { since: high, rooms: list!([longest]), extensions: some };
    vec![
        reply("published-many-minimal", 0, PublishedMany::default()),
        reply("published-many", 1, many),
        reply("published-many-full", most, many_full),
        reply("broadcast-sent-minimal", 0, BroadcastSent::default()),
        reply("broadcast-sent-full", most, BroadcastSent { time: high, extensions: some }),
        reply("top-rooms-minimal", 0, TopRooms::default()),
        reply("top-rooms", 1, top),
        reply("top-rooms-full", most, top_full),
    ]
}

fn pushes() -> Vec<Case> {
    let (some, high) = (some_extensions(), u64::MAX);
    let direct = push::Direct {
        room: "lobby",
        epoch: 7,
        seq: 42,
        sender: "bob",
        kind: "text",
        ingress_at: 1_793_500_001_000_000,
        egress_at: 1_793_500_001_000_080,
        payload: b"psst",
        ..push::Direct::default()
    };
    let direct_full = push::Direct {
        room: text_of('r', 64),
        epoch: high,
        seq: high,
        sender: text_of('s', 64),
        sender_role: Role::Unknown(255),
        kind: text_of('k', 32),
        ingress_at: high,
        egress_at: high,
        payload: bytes_of(255, 251),
        extensions: some,
    };
    let broadcast = push::Broadcast {
        sender: "backend-1",
        kind: "text",
        ingress_at: 1_793_500_001_000_000,
        egress_at: 1_793_500_001_000_080,
        payload: b"hello, all",
        ..push::Broadcast::default()
    };
    let broadcast_full = push::Broadcast {
        sender: text_of('s', 64),
        kind: text_of('k', 32),
        ingress_at: high,
        egress_at: high,
        payload: bytes_of(255, 251),
        extensions: some,
    };
    vec![
        push("direct-minimal", push::Direct::default()),
        push("direct", direct),
        push("direct-full", direct_full),
        push("broadcast-minimal", push::Broadcast::default()),
        push("broadcast", broadcast),
        push("broadcast-full", broadcast_full),
    ]
}
