//! What servers alone may say: one message to many rooms, and one to everyone.

use std::time::{Duration, Instant};

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::rate::QuotaLimits;
use throng_client::ask::{Broadcast, CreateRoom, PublishMany, QueryHistory, SetRoomOpen};
use throng_client::blocking::Client;
use throng_client::{Code, Development, Error, Event, Publish};
use throng_harness::broker;
use throng_harness::client::SECRET;

use super::history::found;
use super::{Guest, House, STAGE, code, config, refused, text, within_a_second};
use crate::both::on_both;

on_both! {
    one_message_to_many_rooms_has_a_result_for_each
    a_message_to_many_rooms_counts_as_so_many
    only_servers_publish_to_many_and_to_all
    a_broadcast_reaches_each_session_that_is_in_a_room_once
    a_broadcast_is_never_kept_and_has_no_place
    a_server_broadcasts_once_a_second_and_is_told_when_it_may_again
}

/// A broker with the limits of the senders and rooms without a quota.
fn limited(io: Wanted) -> Config {
    let mut config = broker::config(io);
    config.apps[0].rates.requests = None;
    config.apps[0].quota = QuotaLimits::UNLIMITED;
    config
}

fn broadcasts(guest: &mut Guest) -> Vec<String> {
    let said = |event| match event {
        Event::Broadcast(said) => Some(text(&said.payload)),
        _ => None,
    };
    guest.heard().into_iter().filter_map(said).collect()
}

/// Waits for the first broadcast that a guest hears.
fn until_broadcast(guest: &mut Guest) -> throng_client::event::Broadcast {
    guest.next_of(|event| match event {
        Event::Broadcast(said) => Some(said),
        _ => None,
    })
}

/// Rooms of these names.
fn create(backend: &Client, rooms: &[String]) {
    for room in rooms {
        backend.ask(CreateRoom::new(room)).expect("there is no such room");
    }
}

fn one_message_to_many_rooms_has_a_result_for_each(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    create(&house.backend, &["lobby".to_owned(), "closed".to_owned()]);
    house.backend.ask(SetRoomOpen::close("closed")).expect("a server may");
    house.backend.publish(("lobby", "text", "first")).expect("a server may");
    let many = PublishMany::new(["lobby", "nowhere", STAGE], "news", "to all");
    let done = house.backend.ask(many).expect("it is a result for each");
    assert!(!done.all_done());
    let places: Vec<_> = done.each.iter().map(|own| own.as_ref().map(|at| at.seq).ok()).collect();
    assert_eq!(places, [Some(2), None, Some(1)]);
    assert_eq!(code(&done.each[1]), Code::NO_SUCH_ROOM);
    assert_eq!(bob.messages(), ["to all"]);
    let lobby = found(&house.backend, QueryHistory::newest("lobby"));
    assert_eq!((&*lobby[0].kind, &*lobby[0].sender), ("news", "backend"));
    let quiet = PublishMany::new([STAGE], "news", "passing").no_store();
    assert!(house.backend.ask(quiet).expect("a server may").all_done());
    assert_eq!(bob.messages(), ["passing"]);
    assert_eq!(found(&house.backend, QueryHistory::newest(STAGE)).len(), 1);
}

fn a_message_to_many_rooms_counts_as_so_many(io: Wanted) {
    let house = House::open(&limited(io));
    let rooms: Vec<String> = (0..60).map(|n| format!("room-{n}")).collect();
    create(&house.backend, &rooms);
    let to = |count: usize| PublishMany::new(rooms[..count].iter().map(|it| &**it), "text", "x");
    within_a_second(|attempt| {
        // Each attempt with a credential of its own, that has said nothing yet.
        let server = Development::new(SECRET).server(format!("server-{attempt}"));
        let server = house.connect(server).client;
        let begin = Instant::now();
        let first = server.ask(to(60));
        let over = server.ask(to(41));
        let rest = server.ask(to(40));
        let one_more = server.publish(("room-0", "text", "x"));
        if begin.elapsed() > Duration::from_secs(1) {
            std::thread::sleep(Duration::from_secs(1));
            return false;
        }
        if matches!(&first, Err(Error::Refused(it)) if it.code == Code::RATE_LIMITED) {
            // The credential is the app's: what an attempt before it said counts still.
            std::thread::sleep(Duration::from_secs(1));
            return false;
        }
        assert!(first.expect("sixty are granted").all_done());
        let Err(Error::Refused(over)) = over else { panic!("{over:?}") };
        assert_eq!(over.code, Code::RATE_LIMITED, "forty-one more are too many, all of them");
        let wait = over.retry_after.expect("it says when");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(rest.expect("what was refused is not counted").all_done());
        assert_eq!(refused(one_more), Code::RATE_LIMITED);
        std::thread::sleep(wait);
        assert!(server.ask(to(41)).expect("it said when").all_done());
        true
    });
}

fn only_servers_publish_to_many_and_to_all(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    for guest in [house.enter("creator"), house.enter("visitor"), house.enter_anonymous()] {
        let many = PublishMany::new([STAGE], "text", "x");
        assert_eq!(refused(guest.client.ask(many)), Code::NOT_ALLOWED);
        assert_eq!(refused(guest.client.ask(Broadcast::new("text", "x"))), Code::NOT_ALLOWED);
    }
    assert_eq!((bob.messages(), broadcasts(&mut bob)), (vec![], vec![]));
}

fn a_broadcast_reaches_each_session_that_is_in_a_room_once(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms_per_user = 3;
    let house = House::open(&config);
    house.create(&CreateRoom::new(STAGE));
    create(&house.backend, &["lobby".to_owned(), "attic".to_owned()]);
    let (mut ann, mut phone) = (house.enter("ann"), house.enter_on("ann", "phone"));
    let mut inside = vec![house.enter("bob"), house.enter_anonymous()];
    for room in ["lobby", "attic"] {
        ann.client.join(room).expect("it is open");
    }
    let outsider = house.outsider("outsider");
    let sent = house.backend.ask(Broadcast::new("notice", "hear, hear")).expect("a server may");
    assert!(sent.time > 0);
    let told = until_broadcast(&mut ann);
    assert_eq!(
        (&*told.sender, &*told.kind, &told.payload[..]),
        ("backend", "notice", &b"hear, hear"[..])
    );
    assert_eq!(until_broadcast(&mut phone).payload, "hear, hear");
    inside.iter_mut().for_each(|guest| drop(until_broadcast(guest)));
    outsider.client.join(STAGE).expect("it is open");
    inside.extend([ann, phone, outsider]);
    for guest in &mut inside {
        assert_eq!(broadcasts(guest), [""; 0], "once, and nobody later");
    }
}

fn a_broadcast_is_never_kept_and_has_no_place(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    house.backend.publish((STAGE, "text", "one")).expect("a server may");
    house.backend.ask(Broadcast::new("text", vec![7; 128 * 1_024])).expect("a server may");
    assert_eq!(until_broadcast(&mut bob).payload.len(), 128 * 1_024, "as large as any message");
    let next = house.backend.publish(Publish::new(STAGE, "text", "two")).expect("a server may");
    assert_eq!(next.seq, 2);
    assert_eq!(found(&bob.client, QueryHistory::newest(STAGE)).len(), 2);
}

fn a_server_broadcasts_once_a_second_and_is_told_when_it_may_again(io: Wanted) {
    let house = House::open(&limited(io));
    let mut listener = house.outsider("bob");
    listener.client.join(STAGE).expect("whoever joins creates it");
    within_a_second(|_| {
        let begin = Instant::now();
        let first = house.backend.ask(Broadcast::new("text", "first"));
        let second = house.backend.ask(Broadcast::new("text", "second"));
        if begin.elapsed() > Duration::from_secs(1) || first.is_err() {
            std::thread::sleep(Duration::from_secs(1));
            return false;
        }
        let Err(Error::Refused(over)) = second else { panic!("{second:?}") };
        assert_eq!(over.code, Code::RATE_LIMITED);
        let wait = over.retry_after.expect("it says when");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        std::thread::sleep(wait);
        house.backend.ask(Broadcast::new("text", "third")).expect("it said when");
        true
    });
    while until_broadcast(&mut listener).payload != "third" {}
    assert_eq!(broadcasts(&mut listener), [""; 0], "what was refused nobody hears");
}
