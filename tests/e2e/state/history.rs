//! What was said in a room before: found by place and by time, either way, by kind, page by page.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_client::ask::{CreateRoom, QueryHistory, WriteAttributes};
use throng_client::blocking::Client;
use throng_client::event::Message;
use throng_client::reply::{Accepted, HistoryEntry};
use throng_client::{Code, Event, Join, Position, Publish};

use super::{House, STAGE, config, refused, text};
use crate::both::on_both;

on_both! {
    history_is_read_from_a_place_both_ways
    history_is_read_from_a_time_both_ways
    history_is_read_by_kinds_and_notices_are_none_of_it
    pages_together_are_all_of_it_each_once_both_ways
    large_messages_come_in_as_many_pages_as_they_need
    what_is_not_to_be_stored_is_delivered_and_resumed_and_not_found_later
    history_is_read_by_members_and_servers_and_nobody_else
}

/// A message of history, which it must be.
fn message(entry: HistoryEntry) -> Message {
    match entry {
        HistoryEntry::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

/// All messages that are found, over as many pages as it takes.
pub(super) fn found(client: &Client, query: QueryHistory) -> Vec<Message> {
    let (mut all, mut query) = (Vec::new(), query);
    loop {
        let page = client.ask(query.clone()).expect("it may read");
        assert!(page.entries.iter().all(|entry| entry.position().epoch == page.epoch));
        all.extend(page.entries.into_iter().map(message));
        let Some(next) = page.next else { return all };
        query = query.from(next);
    }
}

fn seqs(client: &Client, query: QueryHistory) -> Vec<u64> {
    found(client, query).into_iter().map(|message| message.seq).collect()
}

pub(super) fn say(client: &Client, kind: &str, text: &str) -> Accepted {
    client.publish((STAGE, kind, text)).expect("it may speak")
}

fn history_is_read_from_a_place_both_ways(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for n in 1..=12 {
        assert_eq!(say(&ann, "text", &format!("number {n}")).seq, n);
    }
    let all = found(&ann, QueryHistory::since(STAGE, 1));
    assert_eq!(all.len(), 12);
    for (n, message) in (1_u64..).zip(&all) {
        assert_eq!((message.seq, text(&message.payload)), (n, format!("number {n}")));
        assert_eq!((&*message.sender, &*message.kind, &*message.room), ("ann", "text", STAGE));
    }
    assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 0)), (1..=12).collect::<Vec<_>>());
    assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 10)), [10, 11, 12]);
    assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 13)), [0; 0]);
    assert_eq!(seqs(&ann, QueryHistory::newest(STAGE)), (1..=12).rev().collect::<Vec<_>>());
    assert_eq!(seqs(&ann, QueryHistory::until(STAGE, 3)), [3, 2, 1]);
    assert_eq!(seqs(&ann, QueryHistory::until(STAGE, 0)), [0; 0]);
    let page = ann.ask(QueryHistory::newest(STAGE).limit(5)).expect("it may read");
    let newest: Vec<_> = page.entries.iter().map(|entry| entry.position().seq).collect();
    assert_eq!(newest, [12, 11, 10, 9, 8]);
}

fn history_is_read_from_a_time_both_ways(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for _ in 0..5 {
        say(&ann, "text", "x");
        // So that no two are read in one microsecond.
        std::thread::sleep(Duration::from_millis(1));
    }
    let all = found(&ann, QueryHistory::since(STAGE, 1));
    let time = all[2].ingress_at;
    assert_eq!(seqs(&ann, QueryHistory::since_time(STAGE, time)), [3, 4, 5]);
    assert_eq!(seqs(&ann, QueryHistory::since_time(STAGE, time + 1)), [4, 5]);
    assert_eq!(seqs(&ann, QueryHistory::until_time(STAGE, time)), [3, 2, 1]);
    assert_eq!(seqs(&ann, QueryHistory::until_time(STAGE, time - 1)), [2, 1]);
    assert_eq!(seqs(&ann, QueryHistory::since_time(STAGE, time).limit(1)), [3, 4, 5]);
    assert_eq!(seqs(&ann, QueryHistory::until_time(STAGE, 0)), [0; 0]);
    assert_eq!(seqs(&ann, QueryHistory::since_time(STAGE, u64::MAX)), [0; 0]);
}

fn history_is_read_by_kinds_and_notices_are_none_of_it(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for (n, kind) in ["text", "image", "text", "tip", "image", "text"].into_iter().enumerate() {
        say(&ann, kind, "x");
        let write = WriteAttributes::new(STAGE).set("n", n.to_string());
        ann.ask(write).expect("it may write");
    }
    assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 1)), [1, 3, 5, 7, 9, 11]);
    let images = |query: QueryHistory| query.kinds(["image", "tip"]);
    assert_eq!(seqs(&ann, images(QueryHistory::since(STAGE, 1))), [3, 7, 9]);
    assert_eq!(seqs(&ann, images(QueryHistory::newest(STAGE)).limit(1)), [9, 7, 3]);
    assert_eq!(seqs(&ann, QueryHistory::newest(STAGE).kinds(["video"])), [0; 0]);
}

fn pages_together_are_all_of_it_each_once_both_ways(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.ring_messages = 300;
    let house = House::open(&config);
    house.create(&CreateRoom::new(STAGE));
    let ann = house.enter("ann").client;
    let tickets = (0..250).map(|_| ann.publish_ahead((STAGE, "text", "x")).expect("connected"));
    for ticket in tickets.collect::<Vec<_>>() {
        ticket.wait().expect("it may speak");
    }
    let up: Vec<u64> = (1..=250).collect();
    let down: Vec<u64> = (1..=250).rev().collect();
    for limit in [100, 37] {
        assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 1).limit(limit)), up);
        assert_eq!(seqs(&ann, QueryHistory::newest(STAGE).limit(limit)), down);
    }
    let page = ann.ask(QueryHistory::newest(STAGE)).expect("it may read");
    assert_eq!((page.entries.len(), page.next.is_some()), (100, true));
    // What is said in between is newer and moves nothing.
    say(&ann, "text", "new");
    let next = page.next.expect("there is more");
    let page = ann.ask(QueryHistory::newest(STAGE).from(next)).expect("the cursor is good");
    assert_eq!(page.entries[0].position().seq, 150);
}

fn large_messages_come_in_as_many_pages_as_they_need(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for n in 0..30_u8 {
        let payload = vec![n; 128 * 1_024];
        ann.publish(Publish::new(STAGE, "file", &payload)).expect("it may speak");
    }
    let bob = house.outsider("bob");
    bob.client.join(Join::new(STAGE).history(0)).expect("it is open");
    let all = found(&bob.client, QueryHistory::since(STAGE, 1));
    let whole = |message: &Message| message.payload.len() == 128 * 1_024;
    assert!(all.iter().all(whole));
    let first: Vec<u8> = all.iter().map(|message| message.payload[0]).collect();
    assert!(first.is_sorted_by(|a, b| a + 1 == *b) && first.last() == Some(&29), "{first:?}");
    let mut down = found(&bob.client, QueryHistory::newest(STAGE));
    down.reverse();
    assert!(down == all && !all.is_empty());
}

fn what_is_not_to_be_stored_is_delivered_and_resumed_and_not_found_later(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    let first = say(&ann, "text", "kept");
    ann.publish(Publish::new(STAGE, "text", "passing").no_store()).expect("it may speak");
    say(&ann, "text", "kept, too");
    assert_eq!(bob.messages(), ["kept", "passing", "kept, too"]);
    assert_eq!(seqs(&ann, QueryHistory::since(STAGE, 1)), [1, 3]);
    assert_eq!(seqs(&house.backend, QueryHistory::newest(STAGE)), [3, 1]);

    let mut cid = house.outsider("cid");
    cid.client.join(STAGE).expect("it is open");
    assert_eq!(cid.messages(), ["kept", "kept, too"], "whoever joins does not find it either");
    bob.client.close();
    let mut bob = house.outsider("bob");
    let from = Position { seq: first.seq, ..first.position() };
    let joined = bob.client.join(Join::new(STAGE).resume(from)).expect("its seat is held");
    assert_eq!((joined.entries, joined.missed, joined.recovery), (2, 0, Code::NONE));
    assert_eq!(bob.messages(), ["passing", "kept, too"]);
}

fn history_is_read_by_members_and_servers_and_nobody_else(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    say(&ann, "text", "x");
    assert_eq!(seqs(&house.enter_anonymous().client, QueryHistory::newest(STAGE)), [1]);
    assert_eq!(seqs(&house.backend, QueryHistory::newest(STAGE)), [1]);
    let mut outsider = house.outsider("outsider");
    let query = || QueryHistory::newest(STAGE);
    assert_eq!(refused(outsider.client.ask(query())), Code::NOT_A_MEMBER);
    let nowhere = QueryHistory::newest("nowhere");
    assert_eq!(refused(house.backend.ask(nowhere)), Code::NO_SUCH_ROOM);
    outsider.client.join(Join::new(STAGE).history(0)).expect("it is open");
    assert_eq!(seqs(&outsider.client, query()), [1], "what was said before it came, too");
    let told = |event: &Event| matches!(event, Event::Message(_));
    assert!(!outsider.heard().iter().any(told), "an answer is no event");
    outsider.client.leave(STAGE).expect("it is a member");
    assert_eq!(refused(outsider.client.ask(query())), Code::NOT_A_MEMBER);
}
