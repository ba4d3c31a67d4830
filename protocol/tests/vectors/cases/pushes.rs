//! What the broker says unasked.

use throng_protocol::limits::PAYLOAD_BYTES_MAX;
use throng_protocol::push::{AreYouThere, Deliver, Kicked, Lagged, LeftRoom, RoomDestroyed};
use throng_protocol::value::{DestroyReason, KickReason, LagReason, LeftReason, Role, Term};

use super::{Case, File, NONE, bytes_of, push, some_extensions, text_of};

const HEAD: &str = "What a broker says unasked: tags 128 to 255. They have no number.";

pub fn file() -> File {
    let mut cases = delivers();
    cases.extend(ends());
    cases.extend(exits());
    File { name: "pushes.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn delivers() -> Vec<Case> {
    let minimal = Deliver {
        room: "",
        epoch: 0,
        seq: 0,
        sender: "",
        sender_role: Role::Client,
        kind: "",
        ingress_at: 0,
        egress_at: 0,
        payload: &[],
        extensions: NONE,
    };
    let plain = Deliver {
        room: "lobby",
        epoch: 1_793_500_000_000_123,
        seq: 43,
        sender: "bob",
        sender_role: Role::Client,
        kind: "text",
        ingress_at: 1_793_500_001_000_000,
        egress_at: 1_793_500_001_000_080,
        payload: b"hello, all",
        extensions: NONE,
    };
    let largest = Deliver { payload: bytes_of(b'a', PAYLOAD_BYTES_MAX), ..plain };
    let server =
        Deliver { sender: "backend-1", sender_role: Role::Server, kind: "notification", ..plain };
    let full = Deliver {
        room: text_of('r', 64),
        epoch: u64::MAX,
        seq: u64::MAX,
        sender: text_of('s', 64),
        sender_role: Role::Unknown(255),
        kind: text_of('k', 32),
        ingress_at: u64::MAX,
        egress_at: u64::MAX,
        payload: bytes_of(255, 251),
        extensions: some_extensions(),
    };
    vec![
        push("deliver-minimal", minimal),
        push("deliver", plain),
        push("deliver-from-a-server", server),
        push("deliver-largest-payload", largest),
        push("deliver-full", full),
    ]
}

fn ends() -> Vec<Case> {
    let minimal =
        RoomDestroyed { room: "", epoch: 0, seq: 0, reason: DestroyReason::Idle, extensions: NONE };
    let full = RoomDestroyed {
        room: text_of('r', 64),
        epoch: u64::MAX,
        seq: u64::MAX,
        reason: DestroyReason::Unknown(255),
        extensions: some_extensions(),
    };
    let because = |reason| RoomDestroyed { room: "lobby", epoch: 7, seq: 300, reason, ..minimal };
    let banned = Kicked {
        room: "lobby",
        epoch: 7,
        seq: 300,
        reason: KickReason::Banned,
        actor: "bob",
        term: Term::from_seconds(3_600),
        extension: "no flooding, please",
        ..Kicked::default()
    };
    let kicked_full = Kicked {
        room: text_of('r', 64),
        epoch: u64::MAX,
        seq: u64::MAX,
        reason: KickReason::Unknown(255),
        actor: text_of('a', 64),
        term: Term::FOREVER,
        extension: text_of('e', 2048),
        extensions: some_extensions(),
    };
    vec![
        push("room-destroyed-minimal", minimal),
        push("room-destroyed-lifetime", because(DestroyReason::Lifetime)),
        push("room-destroyed-empty", because(DestroyReason::Empty)),
        push("room-destroyed-request", because(DestroyReason::Request)),
        push("room-destroyed-full", full),
        push("kicked-minimal", Kicked::default()),
        push("kicked-by-a-ban", banned),
        push("kicked-full", kicked_full),
    ]
}

fn exits() -> Vec<Case> {
    let lagged = Lagged {
        room: "",
        epoch: 0,
        from_seq: 0,
        to_seq: 0,
        protected: 0,
        high: 0,
        low: 0,
        reason: LagReason::SlowReader,
        extensions: NONE,
    };
    let lagged_full = Lagged {
        room: text_of('r', 64),
        epoch: u64::MAX,
        from_seq: 1,
        to_seq: u64::MAX,
        protected: 250,
        high: 65_536,
        low: u64::MAX,
        reason: LagReason::Unknown(255),
        extensions: some_extensions(),
    };
    let left = |room, reason, extensions| LeftRoom { room, reason, extensions };
    let (some, long) = (some_extensions(), text_of('r', 64));
    vec![
        push("lagged-minimal", lagged),
        push("lagged-full", lagged_full),
        push("left-room-minimal", left("", LeftReason::Elsewhere, NONE)),
        push("left-room-joined-another", left("lobby", LeftReason::JoinedAnother, NONE)),
        push("left-room-closed", left("lobby", LeftReason::Closed, NONE)),
        push("left-room-full", left(long, LeftReason::Unknown(255), some)),
        push("are-you-there-minimal", AreYouThere { extensions: NONE }),
        push("are-you-there-full", AreYouThere { extensions: some }),
    ]
}
