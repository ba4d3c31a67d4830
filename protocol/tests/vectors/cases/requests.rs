//! What a client asks. The numbers of the requests walk through the widths of a varint.

use throng_protocol::limits::{JOIN_HISTORY_MAX, LIST_IDS_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::request::{
    CreateRoom, DestroyRoom, Join, Leave, Ping, Publish, QueryRoom, Subscribe,
};
use throng_protocol::value::{
    AppEvents, ClassHint, DestroyPolicy, IdList, JoinOptions, LimitSetting, PolicyKind, Profile,
    PublishOptions, QueuePermission, RoomFlags,
};

use super::state::some_writes;
use super::{
    Case, File, NONE, bytes_of, extensions, ids, longest_about, longest_profile, request,
    some_extensions, text_of,
};

const HEAD: &str = "What a client asks: tags 16 to 63, each with a number that the client chose.";

pub fn file() -> File {
    let mut cases = rooms();
    cases.extend(creations());
    cases.extend(publishes());
    cases.push(request("ping-minimal", 0, Ping { extensions: NONE }));
    let ping = Ping { extensions: sixteen_extensions() };
    cases.push(request("ping-full", u32::MAX, ping));
    let events = AppEvents::from_bits;
    let minimal = Subscribe { events: events(0), extensions: NONE };
    cases.push(request("subscribe-minimal", 0, minimal));
    let full = Subscribe { events: events(255), extensions: some_extensions() };
    cases.push(request("subscribe-full", u32::MAX, full));
    File { name: "requests.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn rooms() -> Vec<Case> {
    let (none, some, long) = (NONE, some_extensions(), text_of('r', 64));
    let minimal = Join::default();
    let plain = Join { room: "lobby", history: 10, ..minimal };
    let ann = Profile { nickname: "Ann", avatar: "https://example.org/ann", extension: "{}" };
    let options = JoinOptions::NO_ATTRIBUTES.with(JoinOptions::NO_QUEUE);
    let without_state = Join { options, ..plain };
    let again = Join { resume_epoch: 7, resume_seq: 41, ..plain };
    let full = Join {
        room: long,
        history: JOIN_HISTORY_MAX,
        profile: longest_profile(),
        resume_epoch: u64::MAX,
        resume_seq: u64::MAX,
        options: JoinOptions::from_bits(255),
        extensions: some,
    };
    vec![
        request("join-minimal", 0, minimal),
        request("join", 1, plain),
        request("join-with-a-profile", 2, Join { profile: ann, ..plain }),
        request("join-again", 3, again),
        request("join-without-state", 4, without_state),
        request("join-full", u32::MAX, full),
        request("leave-minimal", 250, Leave { room: "", extensions: none }),
        request("leave-full", 251, Leave { room: long, extensions: some }),
        request("query-room-minimal", 255, QueryRoom { room: "", extensions: none }),
        request("query-room-full", 256, QueryRoom { room: long, extensions: some }),
        request("destroy-room-minimal", 16_777_216, DestroyRoom { room: "", extensions: none }),
        request("destroy-room-full", u32::MAX, DestroyRoom { room: long, extensions: some }),
    ]
}

fn creations() -> Vec<Case> {
    let zero = LimitSetting::Limit(0);
    let minimal = CreateRoom {
        high_only: zero,
        shared: zero,
        protected: zero,
        slow_mode_ms: zero,
        ring_messages: zero,
        ring_bytes: zero,
        ..CreateRoom::default()
    };
    let plain = CreateRoom { room: "lobby", ..CreateRoom::default() };
    let kind = PolicyKind::Unknown(255);
    let full = CreateRoom {
        room: text_of('r', 64),
        creator: text_of('c', 64),
        about: longest_about(),
        policy: DestroyPolicy { kind, seconds: u32::MAX },
        flags: RoomFlags::from_bits(255),
        mute_exceptions: ids(&["ann", "bob"]),
        high_only: LimitSetting::Unlimited,
        shared: LimitSetting::Inherit,
        protected: LimitSetting::Keep,
        slow_mode_ms: LimitSetting::Limit(LimitSetting::MAX),
        ring_messages: LimitSetting::Limit(200),
        ring_bytes: LimitSetting::Limit(256 * 1_024),
        attributes: some_writes(),
        queue_size: u16::MAX,
        queue_permission: QueuePermission::Unknown(255),
        extensions: some_extensions(),
    };
    let lasting = DestroyPolicy { kind: PolicyKind::Empty, seconds: 600 };
    let muted = CreateRoom { creator: "ann", policy: lasting, flags: RoomFlags::MUTED, ..plain };
    let queue_permission = QueuePermission::Managers;
    let attributes = some_writes();
    let with_state = CreateRoom { attributes, queue_size: 20, queue_permission, ..plain };
    vec![
        request("create-room-minimal", 65_535, minimal),
        request("create-room", 9, plain),
        request("create-room-muted", 10, muted),
        request("create-room-with-state", 11, with_state),
        request("create-room-full", 65_536, full),
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
    let once = Publish { message_id: "1f0c.3", ..plain };
    let some = Publish { targets: ids(&["ann"]), ..plain };
    vec![
        request("publish-minimal", 0, minimal),
        request("publish", 2, plain),
        request("publish-echo", 3, Publish { options: echo, ..plain }),
        request("publish-250-bytes", 4, Publish { payload: bytes_of(b'a', 250), ..plain }),
        request("publish-65536-bytes", 5, Publish { payload: bytes_of(b'a', 65_536), ..plain }),
        request("publish-largest-payload", 6, largest),
        request("publish-most-targets", 7, many),
        request("publish-once", 9, once),
        request("publish-to-one", 10, some),
        request("publish-unknown-bytes", 8, unknown),
        request("publish-full", u32::MAX, full),
    ]
}

/// As many as there may be, with numbers of both widths.
fn sixteen_extensions() -> throng_protocol::value::Extensions<'static> {
    let pairs: Vec<(u16, &[u8])> = (0..16).map(|at| (241 + 2 * at, &b"x"[..])).collect();
    extensions(&pairs)
}
