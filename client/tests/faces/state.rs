//! Promises about what a room keeps: attributes, its queue, its history.

use std::time::Duration;

use throng_client::ask::{
    ClearAttributes, ClearQueue, PollQueue, QueryAttributes, QueryHistory, QueryQueue, Recall,
    SetQueue, WriteAttributes, WriteQueue,
};
use throng_client::event::Change;
use throng_client::reply::HistoryEntry;
use throng_client::{Code, Error, Event, Join, Position, Publish, QueuePermission, Term, Unsent};
use throng_protocol::push::{Notice, RoomAttributes, RoomQueue, Tombstone};
use throng_protocol::reply;
use throng_protocol::request::Request;
use throng_protocol::value::{
    self, AttributeOp, AttributeOptions, AttributeResult, AttributeWrite, Element, HistoryBy,
    HistoryOrder, IdList, ItemResult, ItemResults, JoinOptions, List, NoticeKind, NoticeOptions,
    QueueOp, QueueOptions, QueueWrite, RecallOptions, Switch, WriteWhen,
};

use crate::broker::{Broker, NONE, Peer, joined, message};
use crate::face::{Face, Listen};
use crate::next_message;
use crate::rooms::NOTICE;

/// Rows as they stand on the wire.
pub fn rows<T: Element>(rows: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    List::write(rows, &mut bytes);
    bytes
}

const CHANGED: reply::Changed<'static> = reply::Changed { epoch: 1, seq: 8, extensions: NONE };

const TOPIC: value::Attribute<'static> = value::Attribute {
    key: "topic",
    value: b"tea",
    owner: "ann",
    revision: 3,
    set_at: 9,
    left: Term::FOREVER,
    options: AttributeOptions::AUTO_DELETE,
};

const SONG: value::QueueElement<'static> = value::QueueElement {
    key: "ann",
    value: b"a song",
    owner: "ann",
    set_at: 9,
    options: QueueOptions::TRANSIENT,
};

fn expect_writes(peer: &mut Peer) -> u32 {
    let none = AttributeWrite::default();
    let forced = AttributeOptions::FORCE.with(AttributeOptions::AUTO_DELETE);
    let (op, when) = (AttributeOp::Delete, WriteWhen::Revision);
    let meant = [
        AttributeWrite { key: "topic", value: b"tea", ..none },
        AttributeWrite { key: "hand", value: b"up", options: forced, expires_after: 600, ..none },
        AttributeWrite { key: "host", value: b"ann", when: WriteWhen::Absent, ..none },
        AttributeWrite { key: "topic", value: b"coffee", when, revision: 7, ..none },
        AttributeWrite { key: "score", op: AttributeOp::Add, add: -3, ..none },
        AttributeWrite { key: "seat-1", op, ..none },
        AttributeWrite { key: "seat-2", op, when, revision: 300, ..none },
    ];
    peer.request(|request| match request {
        Request::WriteAttributes(it) => {
            assert_eq!((it.room, it.extension), ("stage", "so it is"));
            assert_eq!(it.options, NoticeOptions::QUIET);
            assert!(it.writes.iter().eq(meant), "{:?}", it.writes.iter().collect::<Vec<_>>());
        }
        other => panic!("not a write: {other:?}"),
    })
}

pub async fn attributes_are_written_on_conditions_with_a_result_for_each<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = expect_writes(&mut peer);
        let done = AttributeResult { revision: 8, ..AttributeResult::default() };
        let conflict = AttributeResult { code: Code::REVISION, ..done };
        let slow = AttributeResult { code: Code::RATE_LIMITED, retry_after_ms: 250, ..done };
        let sum = AttributeResult { number: -3, ..done };
        let results = rows([done, done, done, conflict, sum, slow, done]);
        let results = List::parse(&results).unwrap();
        let written = reply::AttributesWritten { epoch: 1, seq: 8, results, extensions: NONE };
        peer.reply(number, written);
        for force in [Switch::Off, Switch::On] {
            let number = peer.request(|request| {
                assert!(matches!(request, Request::ClearAttributes(it) if it.force == force));
            });
            peer.reply(number, CHANGED);
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let write = WriteAttributes::new("stage")
        .set("topic", "tea")
        .set("hand", "up")
        .auto_delete()
        .forced()
        .expiring(Duration::from_secs(600))
        .set_if_absent("host", "ann")
        .compare_and_set("topic", 7, "coffee")
        .add("score", -3)
        .delete("seat-1")
        .compare_and_delete("seat-2", 300)
        .quietly()
        .saying("so it is");
    let written = client.ask(write).await.unwrap();
    assert_eq!(written.position(), Position { epoch: 1, seq: 8 });
    assert!(!written.all_done() && written.each[0].done.is_ok());
    let conflict = written.each[3].done.as_ref().unwrap_err();
    assert_eq!((conflict.code, written.each[3].revision), (Code::REVISION, 8));
    assert_eq!((written.each[4].done.is_ok(), written.each[4].number), (true, -3));
    let slow = written.each[5].done.as_ref().unwrap_err();
    assert_eq!(slow.retry_after, Some(Duration::from_millis(250)));
    client.ask(ClearAttributes::own("stage")).await.unwrap();
    client.ask(ClearAttributes::all("stage")).await.unwrap();
    drop((client, events));
    broker.finish();
}

pub async fn attributes_are_asked_for_in_pages<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        for (cursor, next) in [(&b""[..], &b"second"[..]), (b"second", b"")] {
            let number = peer.request(|request| match request {
                Request::QueryAttributes(it) => {
                    assert_eq!((it.cursor, it.limit), (cursor, 1));
                    assert!(it.keys.iter().eq(["topic", "host"]));
                }
                other => panic!("not a query: {other:?}"),
            });
            let attributes = rows([TOPIC]);
            let attributes = List::parse(&attributes).unwrap();
            peer.reply(
                number,
                reply::AttributesPage {
                    epoch: 1,
                    seq: 8,
                    total: 2,
                    attributes,
                    cursor: next,
                    extensions: NONE,
                },
            );
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let query = QueryAttributes::of("stage").keys(["topic", "host"]).limit(1);
    let page = client.ask(query.clone()).await.unwrap();
    assert_eq!((page.total, page.position()), (2, Position { epoch: 1, seq: 8 }));
    let topic = &page.attributes[0];
    assert_eq!((&*topic.key, &topic.value[..]), ("topic", &b"tea"[..]));
    assert_eq!((topic.owner.as_deref(), topic.revision), (Some("ann"), 3));
    assert!(topic.auto_delete && topic.left == Term::FOREVER);
    assert_eq!(client.ask(query.from(page.next.unwrap())).await.unwrap().next, None);
    drop((client, events));
    broker.finish();
}

fn serve_queue(peer: &mut Peer) {
    let number = peer.request(|request| match request {
        Request::SetQueue(it) => {
            assert_eq!((it.size, it.permission), (20, QueuePermission::Managers));
        }
        other => panic!("not a setting: {other:?}"),
    });
    peer.reply(number, CHANGED);
    let ann = QueueWrite { key: "ann", value: b"a song", ..QueueWrite::default() };
    let ann = QueueWrite { options: QueueOptions::TRANSIENT, ..ann };
    let bob = QueueWrite { op: QueueOp::Remove, key: "bob", ..QueueWrite::default() };
    let number = peer.request(|request| match request {
        Request::WriteQueue(it) => assert!(it.writes.iter().eq([ann, bob])),
        other => panic!("not a write: {other:?}"),
    });
    let gone = ItemResult { code: Code::NO_SUCH_KEY, retry_after_ms: 0 };
    let results = rows([ItemResult::DONE, gone]);
    let results = ItemResults::parse(&results).unwrap();
    peer.reply(number, reply::Results { results, extensions: NONE });
    let song = rows([SONG]);
    let elements = List::parse(&song).unwrap();
    let number = peer.request(|request| {
        assert!(matches!(request, Request::QueryQueue(it) if it.limit == 1));
    });
    peer.reply(
        number,
        reply::QueuePage {
            epoch: 1,
            seq: 8,
            total: 1,
            size: 20,
            permission: QueuePermission::Managers,
            elements,
            ..reply::QueuePage::default()
        },
    );
    for (key, elements) in [("", elements), ("bob", List::EMPTY)] {
        let number = peer.request(|request| {
            assert!(matches!(request, Request::PollQueue(it) if it.key == key));
        });
        peer.reply(number, reply::Polled { epoch: 1, seq: 9, elements, extensions: NONE });
    }
    let number = peer.request(|it| assert!(matches!(it, Request::ClearQueue(_))));
    peer.reply(number, CHANGED);
}

pub async fn a_queue_is_set_written_polled_and_listed<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        serve_queue(&mut peer);
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    client.ask(SetQueue::new("stage", 20).written_by_managers()).await.unwrap();
    let write = WriteQueue::new("stage").offer("ann", "a song").transient().remove("bob");
    let results = client.ask(write).await.unwrap();
    assert_eq!(results.each[1].as_ref().unwrap_err().code, Code::NO_SUCH_KEY);
    let page = client.ask(QueryQueue::of("stage").limit(1)).await.unwrap();
    assert_eq!((page.total, page.size, page.next), (1, 20, None));
    let polled = client.ask(PollQueue::first("stage")).await.unwrap();
    assert_eq!(polled.position(), Position { epoch: 1, seq: 9 });
    let song = polled.element.unwrap();
    assert_eq!((&*song.key, &song.value[..], song.transient), ("ann", &b"a song"[..], true));
    assert_eq!(client.ask(PollQueue::key("stage", "bob")).await.unwrap().element, None);
    client.ask(ClearQueue::new("stage")).await.unwrap();
    drop((client, events));
    broker.finish();
}

/// What a room of that place keeps, and then what changes.
fn tell_state(peer: &mut Peer) {
    let (topic, song, keys) = (rows([TOPIC]), rows([SONG]), rows(["seat-1"]));
    let (attributes, elements) = (List::parse(&topic).unwrap(), List::parse(&song).unwrap());
    let keys = IdList::parse(&keys).unwrap();
    let (room, epoch, extensions) = ("lobby", 1, NONE);
    peer.push(RoomAttributes { room, epoch, seq: 4, attributes, extensions });
    let (size, permission) = (20, QueuePermission::Anyone);
    peer.push(RoomQueue { room, epoch, seq: 4, size, permission, elements, extensions });
    peer.push(message(5, b"new"));
    let what = NoticeKind::AttributesChanged;
    peer.push(Notice { seq: 6, what, attributes, keys, ..NOTICE });
    peer.push(Notice { seq: 7, what: NoticeKind::QueueChanged, elements, keys, ..NOTICE });
    peer.push(Notice { seq: 8, what: NoticeKind::QueueCleared, ..NOTICE });
    peer.push(Notice { seq: 9, what: NoticeKind::QueueSet, queue_size: 7, ..NOTICE });
    let users = rows(["ann"]);
    let users = IdList::parse(&users).unwrap();
    let what = NoticeKind::MessageRecalled;
    peer.push(Notice { seq: 10, what, target_seq: 5, users, ..NOTICE });
}

pub async fn what_a_room_keeps_comes_with_the_join_and_its_changes_in_order<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::Join(it) => assert_eq!(it.options, JoinOptions::default()),
            other => panic!("not a join: {other:?}"),
        });
        peer.reply(number, reply::Joined { states: 2, ..joined(4) });
        tell_state(&mut peer);
        let number = peer.request(|request| match request {
            Request::Join(it) => {
                let both = JoinOptions::NO_ATTRIBUTES.with(JoinOptions::NO_QUEUE);
                assert_eq!(it.options, both);
            }
            other => panic!("not a join: {other:?}"),
        });
        peer.reply(number, reply::Joined { epoch: 2, ..joined(4) });
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    assert_eq!(client.join("lobby").await.unwrap().states, 2);
    match events.recv().await {
        Some(Event::RoomAttributes(it)) => {
            assert_eq!((it.position().seq, &*it.attributes[0].key), (4, "topic"));
        }
        other => panic!("{other:?}"),
    }
    match events.recv().await {
        Some(Event::RoomQueue(it)) => {
            assert_eq!((it.position().seq, it.size, &*it.elements[0].key), (4, 20, "ann"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(next_message(&mut events).await.seq, 5);
    let mut changes = Vec::new();
    while changes.len() < 5 {
        match events.recv().await {
            Some(Event::Notice(notice)) => changes.push(notice.change),
            other => panic!("{other:?}"),
        }
    }
    let Change::AttributesChanged { attributes, deleted } = &changes[0] else {
        panic!("{changes:?}");
    };
    assert_eq!((&*attributes[0].key, &deleted[..]), ("topic", &["seat-1".to_owned()][..]));
    let Change::QueueChanged { elements, removed } = &changes[1] else { panic!("{changes:?}") };
    assert_eq!((&*elements[0].key, removed.len()), ("ann", 1));
    assert_eq!(changes[2], Change::QueueCleared);
    let permission = QueuePermission::Anyone;
    assert_eq!(changes[3], Change::QueueSet { size: 7, permission });
    let Change::MessageRecalled { seq: 5, sender } = changes[4] else { panic!("{changes:?}") };
    assert_eq!(sender.as_deref(), Some("ann"));
    client.join(Join::new("attic").without_state()).await.unwrap();
    drop((client, events));
    broker.finish();
}

pub async fn history_is_read_in_pages_and_a_message_recalled<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::QueryHistory(it) => {
                assert_eq!((it.by, it.from), (HistoryBy::Seq, u64::MAX));
                assert_eq!((it.order, it.limit), (HistoryOrder::NewestFirst, 2));
                assert!(it.kinds.iter().eq(["text"]) && it.cursor.is_empty());
            }
            other => panic!("not a query: {other:?}"),
        });
        let cursor = b"more";
        peer.reply(number, reply::HistoryPage { epoch: 1, entries: 2, cursor, extensions: NONE });
        peer.push(message(9, b"the last one"));
        let (room, sender, kind) = ("lobby", "ann", "text");
        peer.push(Tombstone { room, epoch: 1, seq: 8, sender, kind, ..Tombstone::default() });
        let number = peer.request(|request| match request {
            Request::QueryHistory(it) => {
                assert_eq!((it.by, it.from), (HistoryBy::Time, 77));
                assert_eq!((it.order, it.cursor), (HistoryOrder::OldestFirst, &b"more"[..]));
            }
            other => panic!("not a query: {other:?}"),
        });
        peer.reply(number, reply::HistoryPage { epoch: 1, ..reply::HistoryPage::default() });
        let number = peer.request(|request| match request {
            Request::Recall(it) => {
                assert_eq!((it.epoch, it.seq, it.options), (1, 9, RecallOptions::ERASE));
                assert_eq!(it.extension, "oops");
            }
            other => panic!("not a recall: {other:?}"),
        });
        peer.reply(number, CHANGED);
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let query = QueryHistory::newest("lobby").kinds(["text"]).limit(2);
    let page = client.ask(query).await.unwrap();
    let [HistoryEntry::Message(last), HistoryEntry::Tombstone(stone)] = &page.entries[..] else {
        panic!("{page:?}");
    };
    assert_eq!((&last.payload[..], stone.seq, stone.actor), (&b"the last one"[..], 8, None));
    let query = QueryHistory::since_time("lobby", 77).from(page.next.unwrap());
    let page = client.ask(query).await.unwrap();
    assert_eq!((page.entries, page.next), (vec![], None));
    client.ask(Recall::new("lobby", last.position()).erase().saying("oops")).await.unwrap();
    drop((client, events));
    broker.finish();
}

pub async fn what_no_broker_would_keep_is_not_sent<F: Face>() {
    let broker = Broker::run(|door| door.welcome().expect_end());
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let invalid = |result: Result<(), Error>| match result {
        Err(Error::Unsent(Unsent::Invalid { field, .. })) => field,
        other => panic!("{other:?}"),
    };
    let write = WriteAttributes::new("stage");
    let dot = client.ask(write.clone().set("a.b", "")).await.map(drop);
    assert_eq!(invalid(dot), "key");
    let long = client.ask(write.clone().set("k", [0; 4097])).await.map(drop);
    assert_eq!(invalid(long), "value");
    let many = (0..21).fold(write, |write, _| write.delete("k"));
    let too_many = Unsent::TooMany { count: 21, max: 20 };
    assert_eq!(client.ask(many).await.map(drop), Err(Error::Unsent(too_many)));
    let queue = (0..29).fold(WriteQueue::new("stage"), |all, _| all.offer("k", [0; 4096]));
    let length = 29 * 4097;
    let too_large = Unsent::PayloadTooLarge { length, max: 112 * 1024 };
    assert_eq!(client.ask(queue).await.map(drop), Err(Error::Unsent(too_large)));
    let plain = Publish::new("lobby", "text", "hi");
    let id = client.publish(plain.message_id("no id")).await.map(drop);
    assert_eq!(invalid(id), "message_id");
    let user = client.publish(plain.to_users(&["no user"])).await.map(drop);
    assert_eq!(invalid(user), "user");
    let too_many = Unsent::TooMany { count: 101, max: 100 };
    let users = ["ann"; 101];
    let sent = client.publish(plain.to_users(&users)).await.map(drop);
    assert_eq!(sent, Err(Error::Unsent(too_many)));
    drop((client, events));
    broker.finish();
}
