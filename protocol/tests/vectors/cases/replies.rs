//! What the broker answers, other than no.

use throng_protocol::Code;
use throng_protocol::reply::{
    Accepted, Created, Destroyed, Joined, Left, Pong, RoomState, Subscribed,
};
use throng_protocol::value::{
    DestroyPolicy, PolicyKind, QueuePermission, RoomFlags, RoomRole, Term,
};

use super::{Case, File, NONE, longest_about, reply, some_extensions, text_of};

const HEAD: &str =
    "What a broker answers, other than no: tags 64 to 126, each with the request's number.";

pub fn file() -> File {
    let mut cases = minimal();
    cases.extend(full());
    File { name: "replies.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn minimal() -> Vec<Case> {
    let nothing_new = Joined {
        epoch: 7,
        seq: 41,
        created_at: 1_793_499_940_000_000,
        members: 2,
        occupants: 3,
        role: RoomRole::Visitor,
        ..Joined::default()
    };
    let lost = Joined { entries: 10, recovery: Code::NOT_RECOVERED, missed: 251, ..nothing_new };
    let accepted = Accepted { epoch: 0, seq: 0, time: 0, extensions: NONE };
    let created = Created { epoch: 0, created_at: 0, extensions: NONE };
    vec![
        reply("joined-minimal", 0, Joined::default()),
        reply("joined-recovered", 1, Joined { entries: 3, ..nothing_new }),
        reply("joined-with-state", 3, Joined { states: 2, ..nothing_new }),
        reply("joined-not-recovered", 2, lost),
        reply("left-minimal", 0, Left { extensions: NONE }),
        reply("accepted-minimal", 0, accepted),
        reply("pong-minimal", 0, Pong { time: 0, extensions: NONE }),
        reply("room-state-minimal", 0, RoomState::default()),
        reply("created-minimal", 0, created),
        reply("destroyed-minimal", 0, Destroyed { extensions: NONE }),
        reply("subscribed-minimal", 0, Subscribed { extensions: NONE }),
    ]
}

/// Every number at a limit of its width or of a varint's.
fn full() -> Vec<Case> {
    let some = some_extensions();
    let joined = Joined {
        epoch: u64::MAX,
        seq: u64::from(u32::MAX),
        created_at: u64::from(u32::MAX) + 1,
        members: u64::MAX,
        occupants: u64::MAX,
        left: text_of('r', 64),
        flags: RoomFlags::from_bits(255),
        creator: text_of('c', 64),
        about: longest_about(),
        role: RoomRole::Unknown(255),
        mute: Term::FOREVER,
        entries: u32::MAX,
        states: u32::MAX,
        recovery: Code::from_number(u16::MAX),
        missed: u64::MAX,
        extensions: some,
    };
    let state = RoomState {
        epoch: 250,
        seq: 251,
        created_at: 65_535,
        members: 65_536,
        occupants: u64::MAX,
        flags: RoomFlags::MUTED.with(RoomFlags::CLOSED).with(RoomFlags::KEPT_ALIVE),
        creator: text_of('c', 64),
        about: longest_about(),
        policy: DestroyPolicy { kind: PolicyKind::Never, seconds: u32::MAX },
        attributes: u32::MAX,
        elements: 1_000,
        queue_size: u16::MAX,
        queue_permission: QueuePermission::Unknown(255),
        bots: u32::MAX,
        extensions: some,
    };
    let accepted = Accepted { epoch: u64::MAX, seq: u64::MAX, time: u64::MAX, extensions: some };
    let created = Created { epoch: u64::MAX, created_at: u64::MAX, extensions: some };
    let most = u32::MAX;
    vec![
        reply("joined-full", most, joined),
        reply("left-full", most, Left { extensions: some }),
        reply("accepted-full", most, accepted),
        reply("pong-full", most, Pong { time: u64::MAX, extensions: some }),
        reply("room-state-full", most, state),
        reply("created-full", most, created),
        reply("destroyed-full", most, Destroyed { extensions: some }),
        reply("subscribed-full", most, Subscribed { extensions: some }),
    ]
}
