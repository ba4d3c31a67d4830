//! Promises about messages to some, to many rooms and to everyone, and about what only servers ask.

use throng_client::ask::{Broadcast, ChangeBots, CreateRoom, PublishMany, QueryTop};
use throng_client::{Code, Event, Position, Profile, Publish, QueuePermission, TopBy, TopPeriod};
use throng_protocol::request::Request;
use throng_protocol::value::{self, BotChange, ItemResult, ItemResults, List, PublishResult};
use throng_protocol::{push, reply};

use crate::broker::{Broker, NONE, accepted};
use crate::face::{Face, Listen};
use crate::state::rows;

pub async fn a_message_goes_to_some_once_and_has_no_place<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::Publish(it) => {
                assert_eq!(it.message_id, "1f0c.3");
                assert!(it.targets.iter().eq(["ann", "bob"]));
            }
            other => panic!("not a publish: {other:?}"),
        });
        peer.reply(number, accepted(4));
        peer.push(push::Direct {
            room: "lobby",
            epoch: 1,
            seq: 4,
            sender: "bob",
            kind: "text",
            payload: b"yes?",
            ..push::Direct::default()
        });
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let whisper = Publish::new("lobby", "text", "psst");
    let whisper = whisper.to_users(&["ann", "bob"]).message_id("1f0c.3");
    assert!(client.publish(whisper).await.unwrap().direct);
    match events.recv().await {
        Some(Event::Direct(it)) => {
            assert_eq!((&*it.sender, &it.payload[..]), ("bob", &b"yes?"[..]))
        }
        other => panic!("{other:?}"),
    }
    drop((client, events));
    broker.finish();
}

pub async fn a_server_speaks_to_many_rooms_and_to_everyone<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::PublishMany(it) => {
                assert!(it.rooms.iter().eq(["lobby", "attic"]));
                assert_eq!((it.payload, it.message_id), (&b"hello"[..], "note-1"));
            }
            other => panic!("not a publish: {other:?}"),
        });
        let there = PublishResult { epoch: 1, seq: 5, ..PublishResult::default() };
        let gone = PublishResult { code: Code::NO_SUCH_ROOM, ..PublishResult::default() };
        let results = rows([there, gone]);
        let results = List::parse(&results).unwrap();
        peer.reply(number, reply::PublishedMany { results, extensions: NONE });
        let number = peer.request(|request| match request {
            Request::Broadcast(it) => assert_eq!((it.kind, it.payload), ("text", &b"all"[..])),
            other => panic!("not a broadcast: {other:?}"),
        });
        peer.reply(number, reply::BroadcastSent { time: 9, extensions: NONE });
        let (sender, kind, payload) = ("backend", "text", b"all");
        peer.push(push::Broadcast { sender, kind, payload, ..push::Broadcast::default() });
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let many = PublishMany::new(["lobby", "attic"], "text", "hello").message_id("note-1");
    let many = client.ask(many).await.unwrap();
    assert_eq!(many.each[0], Ok(Position { epoch: 1, seq: 5 }));
    assert_eq!(many.each[1].as_ref().unwrap_err().code, Code::NO_SUCH_ROOM);
    assert!(!many.all_done());
    assert_eq!(client.ask(Broadcast::new("text", "all")).await.unwrap().time, 9);
    match events.recv().await {
        Some(Event::Broadcast(it)) => {
            assert_eq!((&*it.sender, &it.payload[..]), ("backend", &b"all"[..]))
        }
        other => panic!("{other:?}"),
    }
    drop((client, events));
    broker.finish();
}

pub async fn a_server_puts_bots_in_and_asks_for_the_first_rooms<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::CreateRoom(it) => {
                assert_eq!((it.queue_size, it.queue_permission), (9, QueuePermission::Managers));
                let topic = it.attributes.iter().next().unwrap();
                assert_eq!((topic.key, topic.value), ("topic", &b"tea"[..]));
            }
            other => panic!("not a creation: {other:?}"),
        });
        peer.reply(number, reply::Created { epoch: 1, created_at: 8, extensions: NONE });
        for (change, count) in [(BotChange::Add, 1), (BotChange::Remove, 2), (BotChange::Clear, 0)]
        {
            let number = peer.request(|request| match request {
                Request::ChangeBots(it) => {
                    assert_eq!((it.change, it.bots.iter().count()), (change, count));
                    let named = it.bots.iter().any(|bot| bot.profile.nickname == "DJ");
                    assert_eq!(named, change == BotChange::Add);
                }
                other => panic!("not a change: {other:?}"),
            });
            let results = rows([ItemResult::DONE].repeat(count));
            let results = ItemResults::parse(&results).unwrap();
            peer.reply(number, reply::Results { results, extensions: NONE });
        }
        let number = peer.request(|request| match request {
            Request::QueryTop(it) => {
                assert_eq!((it.by, it.period, it.limit), (TopBy::Active, TopPeriod::Day, 3));
            }
            other => panic!("not a query: {other:?}"),
        });
        let first = rows([value::TopRoom { room: "stage", count: 300, error: 2 }]);
        let first = List::parse(&first).unwrap();
        peer.reply(number, reply::TopRooms { since: 9, rooms: first, extensions: NONE });
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let stage = CreateRoom::new("stage").attribute("topic", "tea");
    client.ask(stage.queue(9, QueuePermission::Managers)).await.unwrap();
    let dj = Profile { nickname: "DJ".to_owned(), ..Profile::default() };
    assert!(client.ask(ChangeBots::add("stage", [("dj", dj)])).await.unwrap().all_done());
    let results = client.ask(ChangeBots::remove("stage", ["dj", "mc"])).await.unwrap();
    assert_eq!(results.each.len(), 2);
    client.ask(ChangeBots::clear("stage")).await.unwrap();
    let top = client.ask(QueryTop::new(TopBy::Active, TopPeriod::Day).limit(3)).await.unwrap();
    assert_eq!((top.since, &*top.rooms[0].room, top.rooms[0].count), (9, "stage", 300));
    drop((client, events));
    broker.finish();
}
