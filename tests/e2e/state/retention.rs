//! How much of what was said one room keeps (spec 8): as a server says when it creates the room and
//! later, by count and by bytes, beside what the app says.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{CreateRoom, QueryHistory, QueryLimits, SetRoomLimits, WriteAttributes};
use throng_client::blocking::Client;
use throng_client::reply::RoomState;
use throng_client::{Code, Error, Join, LimitSetting, Position, Publish};

use super::history::{found, say};
use super::{House, STAGE, config};
use crate::both::on_both;

on_both! {
    a_room_keeps_as_many_messages_as_it_was_created_for
    a_room_keeps_as_many_bytes_as_it_was_created_for_and_fifty_messages_at_the_least
    how_much_a_room_keeps_is_changed_at_once_and_grows_from_then_on
    large_notices_push_no_message_out
    a_room_is_not_told_to_keep_too_little_or_too_much
}

const INHERIT: LimitSetting = LimitSetting::Inherit;
const KIB: u32 = 1_024;
const LARGE_BYTES: usize = 100 * 1_024;

const fn limit(limit: u32) -> LimitSetting {
    LimitSetting::Limit(limit)
}

fn open(io: Wanted, messages: LimitSetting, bytes: LimitSetting) -> (House, Client) {
    let house = House::open(&config(io));
    house.create(&CreateRoom::new(STAGE).ring(messages, bytes));
    let ann = house.enter("ann").client;
    (house, ann)
}

/// Each has its answer before the next, so that none shares a batch with another.
fn say_many(client: &Client, count: usize, bytes: usize) {
    let payload = vec![b'x'; bytes];
    for _ in 0..count {
        client.publish(Publish::new(STAGE, "text", &payload)).expect("it may speak");
    }
}

/// The places of the oldest and the newest message that are found, and how many there are.
fn kept(client: &Client) -> (u64, u64, usize) {
    let all = found(client, QueryHistory::since(STAGE, 1));
    (all[0].seq, all[all.len() - 1].seq, all.len())
}

/// What the room says that it keeps.
fn told(client: &Client) -> (u32, u32) {
    let limits = client.ask(QueryLimits::of_room(STAGE)).expect("anyone may ask");
    (limits.ring_messages, limits.ring_bytes)
}

fn set(client: &Client, messages: LimitSetting, bytes: LimitSetting) {
    let limits = SetRoomLimits::new(STAGE).ring_messages(messages).ring_bytes(bytes);
    client.ask(limits).expect("a server may");
}

fn a_room_keeps_as_many_messages_as_it_was_created_for(io: Wanted) {
    let (house, ann) = open(io, limit(80), INHERIT);
    house.backend.create_room("other").expect("there is none");
    say_many(&ann, 100, 1);
    assert_eq!(kept(&ann), (21, 100, 80));
    assert_eq!(told(&ann), (80, 8 * KIB * KIB));
    let other = house.backend.ask(QueryLimits::of_room("other")).expect("anyone may ask");
    assert_eq!((other.ring_messages, other.ring_bytes), (50, 8 * KIB * KIB), "as the app says");
}

fn a_room_keeps_as_many_bytes_as_it_was_created_for_and_fifty_messages_at_the_least(io: Wanted) {
    let (_house, ann) = open(io, limit(1_000), limit(1_024 * KIB));
    assert_eq!(told(&ann), (1_000, 1_024 * KIB));
    say_many(&ann, 150, 10 * 1_024);
    let (first, last, count) = kept(&ann);
    assert_eq!((last, last + 1 - first), (150, count as u64));
    assert!((99..=102).contains(&count), "{count} of 10 KiB in 1 MiB");
    say_many(&ann, 60, LARGE_BYTES);
    assert_eq!(kept(&ann), (161, 210, 50));
}

fn how_much_a_room_keeps_is_changed_at_once_and_grows_from_then_on(io: Wanted) {
    let (house, ann) = open(io, limit(300), INHERIT);
    say_many(&ann, 200, 4 * 1_024);
    assert_eq!(kept(&ann), (1, 200, 200));
    set(&house.backend, limit(120), LimitSetting::Keep);
    assert_eq!((kept(&ann), told(&ann)), ((81, 200, 120), (120, 8 * KIB * KIB)));
    set(&house.backend, LimitSetting::Keep, limit(256 * KIB));
    let (first, last, count) = kept(&ann);
    assert_eq!((last, last + 1 - first, told(&ann)), (200, count as u64, (120, 256 * KIB)));
    assert!((60..=64).contains(&count), "{count} of 4 KiB in 256 KiB");
    set(&house.backend, INHERIT, INHERIT);
    assert_eq!((kept(&ann), told(&ann)), ((151, 200, 50), (50, 8 * KIB * KIB)));
    set(&house.backend, limit(70), LimitSetting::Keep);
    assert_eq!(kept(&ann), (151, 200, 50), "what is gone is gone");
    say_many(&ann, 30, 1);
    assert_eq!(kept(&ann), (161, 230, 70));
    // Other limits say nothing of it.
    house.backend.ask(SetRoomLimits::new(STAGE).shared(limit(7))).expect("a server may");
    assert_eq!(told(&ann), (70, 8 * KIB * KIB));
}

fn large_notices_push_no_message_out(io: Wanted) {
    let (house, ann) = open(io, limit(60), limit(256 * KIB));
    let (value, words) = (vec![b'v'; 4_096], "x".repeat(2_048));
    for n in 0..60 {
        say(&ann, "text", &format!("number {n}"));
        let write = WriteAttributes::new(STAGE).set("key", &value).saying(&*words);
        assert!(house.backend.ask(write).expect("a server may").all_done());
    }
    let all = found(&ann, QueryHistory::since(STAGE, 1));
    let said: Vec<String> = all.iter().map(|own| super::text(&own.payload)).collect();
    assert_eq!(said, (0..60).map(|n| format!("number {n}")).collect::<Vec<_>>());
    // Whoever comes back gets all of it, or is told how much is gone.
    let RoomState { epoch, seq: newest, .. } = ann.query_room(STAGE).expect("it is there");
    let come_back = |before: Client, seq| {
        before.close();
        let ann = house.outsider("ann").client;
        let joined = ann.join(Join::new(STAGE).resume(Position { epoch, seq }));
        (ann, joined.expect("its seat is held"))
    };
    let (ann, joined) = come_back(ann, newest - 1);
    assert_eq!((joined.recovery, joined.entries, joined.missed), (Code::NONE, 1, 0));
    let (_ann, joined) = come_back(ann, 2);
    assert_eq!(joined.recovery, Code::NOT_RECOVERED);
    assert!(joined.missed > 0, "{joined:?}");
}

fn a_room_is_not_told_to_keep_too_little_or_too_much(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.grace_messages = 60;
    config.apps[0].rooms.ring_messages = 100;
    let house = House::open(&config);
    house.create(&CreateRoom::new(STAGE));
    let unlimited = LimitSetting::Unlimited;
    let messages = [unlimited, limit(0), limit(49), limit(50), limit(60), limit(10_001)];
    let bytes = [unlimited, limit(0), limit(256 * KIB - 1), limit(64 * KIB * KIB + 1)];
    let messages = messages.map(|setting| (setting, INHERIT, "ring_messages"));
    let bytes = bytes.map(|setting| (INHERIT, setting, "ring_bytes"));
    for (messages, bytes, field) in messages.into_iter().chain(bytes) {
        let create = CreateRoom::new("other").ring(messages, bytes);
        let change = SetRoomLimits::new(STAGE).ring_messages(messages).ring_bytes(bytes);
        let created = house.backend.ask(create).map(|_| ());
        let changed = house.backend.ask(change).map(|_| ());
        for outcome in [created, changed] {
            let Err(Error::Refused(refused)) = outcome else { panic!("{messages:?} {bytes:?}") };
            assert_eq!((refused.code, &*refused.detail), (Code::INVALID_ARGUMENT, field));
        }
    }
    assert_eq!(told(&house.backend), (100, 8 * KIB * KIB), "nothing has changed");
    set(&house.backend, limit(61), limit(64 * KIB * KIB));
    set(&house.backend, limit(10_000), limit(256 * KIB));
    assert_eq!(told(&house.backend), (10_000, 256 * KIB));
    let ann = house.enter("ann").client;
    let change = ann.ask(SetRoomLimits::new(STAGE).ring_messages(limit(70)));
    assert_eq!(super::refused(change), Code::NOT_ALLOWED, "servers only");
}
