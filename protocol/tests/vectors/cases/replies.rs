//! What the broker answers, other than no.

use throng_protocol::FromBroker;
use throng_protocol::reply::{Accepted, Created, Destroyed, Joined, Left, Pong, Reply, RoomState};

use super::{Case, File, NONE, broker, some_extensions, text_of};

const HEAD: &str =
    "What a broker answers, other than no: tags 64 to 126, each with the request's number.";

pub fn file() -> File {
    let mut cases = minimal();
    cases.extend(full());
    File { name: "replies.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn reply(name: &str, number: u32, reply: impl Into<Reply<'static>>) -> Case {
    broker(name, FromBroker::Reply(number, reply.into()))
}

fn minimal() -> Vec<Case> {
    let joined = Joined { epoch: 0, seq: 0, created_at: 0, members: 0, left: "", extensions: NONE };
    let state =
        RoomState { epoch: 0, seq: 0, created_at: 0, members: 0, occupants: 0, extensions: NONE };
    let accepted = Accepted { epoch: 0, seq: 0, time: 0, extensions: NONE };
    let created = Created { epoch: 0, created_at: 0, extensions: NONE };
    vec![
        reply("joined-minimal", 0, joined),
        reply("left-minimal", 0, Left { extensions: NONE }),
        reply("accepted-minimal", 0, accepted),
        reply("pong-minimal", 0, Pong { time: 0, extensions: NONE }),
        reply("room-state-minimal", 0, state),
        reply("created-minimal", 0, created),
        reply("destroyed-minimal", 0, Destroyed { extensions: NONE }),
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
        left: text_of('r', 64),
        extensions: some,
    };
    let state = RoomState {
        epoch: 250,
        seq: 251,
        created_at: 65_535,
        members: 65_536,
        occupants: u64::MAX,
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
    ]
}
