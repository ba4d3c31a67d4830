//! The pieces of work on the way of a message that are worth a figure of their own, each as a
//! function to be run so many times. The micro-benchmarks time them, `examples/instructions`
//! counts them.

use core::num::NonZeroU32;
use core::time::Duration;
use std::hint::black_box;

use throng_broker::id::{AppId, ConnectionId, HashKey, SessionKey, ShardId, UserHandle, UserKey};
use throng_broker::nature::Nature;
use throng_broker::rate::{QuotaLimits, RateWindow, SECOND};
use throng_broker::room::{Arriving, Author, Birth, Policy, Publication, Room, Who, Wish};
use throng_broker::slots::Slot;
use throng_broker::time::{Instant, Now, WallTime};
use throng_protocol::request::{Join, Leave, Publish, WriteAttributes};
use throng_protocol::value::{
    AttributeWrite, AttributeWrites, ClassHint, Extensions, IdList, JoinOptions, List,
    PublishOptions, Role,
};
use throng_protocol::{FromClient, frame};

use crate::node::{Node, ROOM};

/// A piece of work, and how to do it so many times.
pub struct Work {
    /// What it is.
    pub name: &'static str,
    /// Makes ready, and gives what does it.
    pub prepare: fn() -> Box<dyn FnMut(u32)>,
}

/// All of them.
pub const ALL: &[Work] = &[
    Work { name: "decode a publish of 128 bytes", prepare: decode },
    Work { name: "check and count a sender's rate", prepare: rate },
    Work { name: "admit and encode a message", prepare: admit },
    Work { name: "refuse a message over the quota", prepare: shed },
    Work { name: "a message alone to 1,000 members", prepare: alone },
    Work { name: "64 messages of a turn to 1,000 members", prepare: turn },
    Work { name: "a message alone to 4 members", prepare: table },
    Work { name: "leaving a bare room and joining it again", prepare: join_bare },
    Work { name: "the same with 100 attributes of 4 KiB and 50 messages", prepare: join_full },
];

fn publish() -> Publish<'static> {
    Publish {
        room: "lobby",
        kind: "text",
        payload: &[b'x'; 128],
        options: PublishOptions::from_bits(0),
        class: ClassHint::Default,
        message_id: "",
        targets: IdList::EMPTY,
        extensions: Extensions::NONE,
    }
}

fn decode() -> Box<dyn FnMut(u32)> {
    let mut bytes = Vec::new();
    FromClient::Request(7, publish().into()).write(&mut bytes);
    Box::new(move |times| {
        for _ in 0..times {
            let split = frame::split(black_box(&bytes), 1 << 20);
            let (body, _) = split.expect("it is small").expect("it is whole");
            black_box(FromClient::decode(body).expect("it was just written"));
        }
    })
}

fn rate() -> Box<dyn FnMut(u32)> {
    let mut window = RateWindow::new(NonZeroU32::new(100), SECOND);
    let mut now = Instant::ZERO;
    Box::new(move |times| {
        for _ in 0..times {
            now = now + Duration::from_millis(11);
            if window.check(black_box(now)).is_ok() {
                window.record(now);
            }
        }
    })
}

/// A room with one member, and the member.
fn room(quota: QuotaLimits) -> (Room, Author<'static>) {
    let wish = Wish::new(Policy::Never, quota);
    let birth =
        Birth { app: AppId(0), name: "lobby".into(), epoch: 1, wish, hash_key: HashKey(1, 2) };
    let now = Now { instant: Instant::ZERO, wall: WallTime::from_micros(1) };
    let mut room = Room::new(birth, now);
    let connection = ConnectionId { slot: 0, generation: 0 };
    let arriving = Arriving {
        who: Who { user: "alice", role: Role::Client },
        key: UserKey { shard: ShardId(0), user: UserHandle(Slot { index: 0, generation: 0 }) },
        session: SessionKey { shard: ShardId(0), connection },
        profile: None,
        history: 0,
        resume: None,
        options: JoinOptions::default(),
    };
    let joined = room.join(&arriving, &Nature::default(), now, |_, _| {});
    let badge = joined.expect("an open room takes everyone").badge;
    (room, Author::Member(badge.member, Role::Client))
}

fn publication(author: Author<'static>) -> Publication<'static> {
    Publication {
        author,
        kind: "text",
        payload: &[b'x'; 128],
        class: throng_broker::class::Class::High,
        ingress_at: WallTime::from_micros(1),
        own: None,
        unstored: false,
        publish_without_join: false,
    }
}

fn admit() -> Box<dyn FnMut(u32)> {
    let (mut room, author) = room(QuotaLimits::UNLIMITED);
    let nature = Nature::default();
    let now = Now { instant: Instant::ZERO, wall: WallTime::from_micros(2) };
    Box::new(move |times| {
        for _ in 0..times {
            let accepted = room.publish(black_box(&publication(author)), now);
            black_box(accepted.expect("a member may, and there is no quota"));
            if room.is_full() {
                room.seal(&nature, |_, batch| drop(black_box(batch)));
            }
        }
        room.seal(&nature, |_, batch| drop(black_box(batch)));
    })
}

fn shed() -> Box<dyn FnMut(u32)> {
    let (mut room, author) = room(QuotaLimits::default());
    let now = Now { instant: Instant::ZERO, wall: WallTime::from_micros(2) };
    while room.publish(&publication(author), now).is_ok() {}
    Box::new(move |times| {
        for _ in 0..times {
            black_box(room.publish(black_box(&publication(author)), now).is_err());
        }
    })
}

/// A node with a room of so many members, and one more who publishes.
fn crowd(members: usize) -> (Node, crate::node::Client) {
    let mut node = Node::new(1);
    node.counting = false;
    let names: Vec<String> = (0..members).map(|n| format!("member-{n}")).collect();
    for name in &names {
        let client = node.open(name);
        node.join(client);
    }
    let publisher = node.open("publisher");
    node.join(publisher);
    (node, publisher)
}

fn published(members: usize, messages: usize) -> Box<dyn FnMut(u32)> {
    let (mut node, publisher) = crowd(members);
    Box::new(move |times| {
        for _ in 0..times {
            node.publish(publisher, messages, PublishOptions::from_bits(0));
        }
    })
}

fn alone() -> Box<dyn FnMut(u32)> {
    published(1_000, 1)
}

fn turn() -> Box<dyn FnMut(u32)> {
    published(1_000, 64)
}

fn table() -> Box<dyn FnMut(u32)> {
    published(4, 1)
}

/// A client that leaves a room and joins it again, with so many of its messages.
fn rejoined(mut node: Node, client: crate::node::Client, history: u8) -> Box<dyn FnMut(u32)> {
    Box::new(move |times| {
        for _ in 0..times {
            node.ask(client, Leave { room: ROOM, extensions: Extensions::NONE }.into());
            node.ask(client, Join { room: ROOM, history, ..Join::default() }.into());
        }
    })
}

fn join_bare() -> Box<dyn FnMut(u32)> {
    let (node, client) = crowd(1);
    rejoined(node, client, 0)
}

fn join_full() -> Box<dyn FnMut(u32)> {
    let (mut node, client) = crowd(1);
    let keys: Vec<String> = (0..100).map(|n| format!("attribute-{n}")).collect();
    for keys in keys.chunks(20) {
        let mut bytes = Vec::new();
        let write = |key| AttributeWrite { key, value: &[b'v'; 4096], ..AttributeWrite::default() };
        AttributeWrites::write(keys.iter().map(|key| write(key.as_str())), &mut bytes);
        let writes = List::parse(&bytes).expect("twenty may be written at once");
        node.ask(client, WriteAttributes { room: ROOM, writes, ..Default::default() }.into());
    }
    node.publish(client, 50, PublishOptions::from_bits(0));
    rejoined(node, client, 50)
}
