//! Seeds of the session target about what a room keeps and what servers say to many: the frames that
//! the client crate would send, said by ann (0), bob (1) and a server (2) who are in a lobby.
//!
//! `seeds` gives them their beginning. Nothing here says what is right.

use std::time::Duration;

use throng_client::ask::{
    Ask, Broadcast, ChangeBots, ClearAttributes, ClearQueue, PollQueue, PublishMany,
    QueryAttributes, QueryHistory, QueryQueue, QueryTop, Recall, SetQueue, WriteAttributes,
    WriteQueue,
};
use throng_client::{Position, Profile, TopBy, TopPeriod};
use throng_protocol::FromClient;
use throng_protocol::request::{Publish, Request};
use throng_protocol::value::{ClassHint, Extensions, IdList, PublishOptions};

const ROOM: &str = "lobby";
const ANN: u8 = 0;
const BOB: u8 = 1;
const SERVER: u8 = 2;

/// Everything that can happen does; a while passes; the connection of a peer ends.
const SETTLE: &[u8] = &[15, 0];
const WHILE: &[u8] = &[16, 3];
const BOB_IS_LOST: &[u8] = &[12, BOB, 16, 5, 16, 5];

/// A frame as bytes that a peer says; nothing if it is longer than a step holds.
fn said(peer: u8, number: u32, request: Request<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    FromClient::Request(number, request).write(&mut frame);
    match u8::try_from(frame.len()) {
        Ok(length) => [&[8, peer, length], &frame[..]].concat(),
        Err(_) => Vec::new(),
    }
}

fn asks(peer: u8, ask: &impl Ask) -> Vec<u8> {
    said(peer, 7, ask.request().expect("it is a good one"))
}

fn publishes(peer: u8, options: PublishOptions, (id, users): (&str, &[&str])) -> Vec<u8> {
    let mut targets = Vec::new();
    IdList::write(users.iter().copied(), &mut targets);
    let targets = IdList::parse(&targets).expect("a few users are a list");
    let (room, kind, payload, message_id) = (ROOM, "text", &b"hello"[..], id);
    let (class, extensions) = (ClassHint::Default, Extensions::NONE);
    let publish = Publish { room, kind, payload, options, class, targets, message_id, extensions };
    said(peer, 8, publish.into())
}

fn write() -> WriteAttributes {
    WriteAttributes::new(ROOM)
}

fn offer(key: &str) -> WriteQueue {
    WriteQueue::new(ROOM).offer(key, "song")
}

/// The name of each, and its steps.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let parts = [attributes(), queues(), messages(), of_servers()];
    let steps = |(name, steps): (_, Vec<Vec<u8>>)| (name, steps.concat());
    parts.into_iter().flatten().map(steps).collect()
}

type Seeds = Vec<(&'static str, Vec<Vec<u8>>)>;

fn attributes() -> Seeds {
    let settle = || SETTLE.to_vec();
    let second = Duration::from_secs(1);
    let bound = write().set("hand", "up").auto_delete().add("n", 3).delete("none");
    let swap = write().compare_and_set("hand", 1, "x").set_if_absent("n", "x");
    vec![
        ("kept", vec![asks(ANN, &bound), settle(), asks(ANN, &swap), settle()]),
        (
            "owned",
            vec![
                asks(ANN, &write().set("k", "x")),
                settle(),
                asks(BOB, &write().set("k", "y").set("k", "z").forced()),
                asks(SERVER, &write().set("k", "y").forced().saying("mine").quietly()),
                asks(BOB, &QueryAttributes::of(ROOM).keys(["k"])),
                asks(SERVER, &QueryAttributes::of(ROOM).limit(1)),
                settle(),
            ],
        ),
        (
            "expired",
            vec![asks(ANN, &write().set("k", "").expiring(second)), WHILE.into(), WHILE.into()],
        ),
        ("left", vec![asks(BOB, &bound), settle(), BOB_IS_LOST.to_vec(), settle()]),
        (
            "cleared",
            vec![
                asks(ANN, &bound),
                asks(BOB, &write().set("b", "")),
                asks(ANN, &ClearAttributes::own(ROOM)),
                asks(SERVER, &ClearAttributes::all(ROOM)),
                settle(),
            ],
        ),
    ]
}

fn queues() -> Seeds {
    let settle = || SETTLE.to_vec();
    let set = || asks(SERVER, &SetQueue::new(ROOM, 2));
    vec![
        ("no-queue", vec![asks(ANN, &offer("a")), asks(ANN, &QueryQueue::of(ROOM)), settle()]),
        (
            "queue",
            vec![
                set(),
                settle(),
                asks(ANN, &offer("a").offer("b", "").offer("c", "").remove("d")),
                asks(BOB, &offer("b")),
                asks(BOB, &PollQueue::key(ROOM, "b")),
                asks(BOB, &PollQueue::first(ROOM).saying("you are on")),
                asks(BOB, &QueryQueue::of(ROOM).limit(1)),
                settle(),
            ],
        ),
        (
            "queue-of-those-who-lead",
            vec![
                asks(SERVER, &SetQueue::new(ROOM, 2).written_by_managers()),
                asks(ANN, &offer("a")),
                asks(SERVER, &offer("a").offer("b", "").quietly()),
                asks(SERVER, &SetQueue::new(ROOM, 1)),
                asks(SERVER, &ClearQueue::new(ROOM)),
                asks(SERVER, &SetQueue::none(ROOM)),
                settle(),
            ],
        ),
        (
            "transient",
            vec![set(), asks(BOB, &offer("b").transient()), settle(), BOB_IS_LOST.into(), settle()],
        ),
        // Bob leaves and joins again, in the steps of `AFTERWARDS`.
        (
            "joined-with-state",
            vec![set(), asks(ANN, &offer("a")), settle(), vec![3, 1, 1, 3, 3, 1, 0, 4], settle()],
        ),
    ]
}

fn messages() -> Seeds {
    let settle = || SETTLE.to_vec();
    let none = PublishOptions::from_bits(0);
    let say = |peer| publishes(peer, none, ("", &[]));
    let once = |peer| publishes(peer, none, ("id-1", &[]));
    let history = QueryHistory::newest(ROOM).limit(2);
    vec![
        (
            "history-pages",
            vec![
                say(ANN),
                publishes(BOB, PublishOptions::NO_STORE, ("", &[])),
                say(BOB),
                asks(ANN, &history),
                asks(SERVER, &QueryHistory::since_time(ROOM, 0).kinds(["text"])),
                asks(BOB, &QueryHistory::since(ROOM, 2)),
                settle(),
            ],
        ),
        ("once", vec![once(ANN), once(ANN), once(BOB), settle(), once(ANN), settle()]),
        (
            "to-some",
            vec![
                publishes(ANN, PublishOptions::ECHO, ("", &["bob", "ann", "cid"])),
                publishes(SERVER, none, ("id-2", &["ann"])),
                say(BOB),
                settle(),
            ],
        ),
        (
            "recalled",
            vec![
                say(ANN),
                asks(ANN, &Recall::new(ROOM, Position { epoch: 1, seq: 1 })),
                asks(SERVER, &Recall::new(ROOM, Position { epoch: 1, seq: 1 }).erase()),
                settle(),
            ],
        ),
    ]
}

fn of_servers() -> Seeds {
    let settle = || SETTLE.to_vec();
    let many = PublishMany::new([ROOM, "attic"], "news", "x").message_id("id-3");
    let bots = ChangeBots::add(ROOM, [("dj", Profile::default()), ("ann", Profile::default())]);
    let top = |by| asks(SERVER, &QueryTop::new(by, TopPeriod::Hour));
    vec![
        ("to-many", vec![asks(SERVER, &many), asks(SERVER, &many), asks(ANN, &many), settle()]),
        (
            "to-all",
            vec![
                asks(SERVER, &Broadcast::new("text", "x")),
                asks(SERVER, &Broadcast::new("text", "y")),
                settle(),
                WHILE.into(),
            ],
        ),
        (
            "bots",
            vec![
                asks(SERVER, &bots),
                settle(),
                asks(SERVER, &ChangeBots::remove(ROOM, ["dj", "bob"])),
                asks(SERVER, &ChangeBots::clear(ROOM)),
                settle(),
            ],
        ),
        (
            "first-rooms",
            vec![
                publishes(ANN, PublishOptions::from_bits(0), ("", &[])),
                settle(),
                top(TopBy::Messages),
                top(TopBy::Members),
                top(TopBy::Active),
                settle(),
            ],
        ),
    ]
}
