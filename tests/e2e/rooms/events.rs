//! What servers are told of their app (spec 4): what they subscribed to, all of it and in order,
//! whatever members are told.

use throng_broker::io::choice::Wanted;
use throng_harness::client::told::AppEvent;
use throng_harness::client::{Act, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{AppEventKind, AppEvents, Departure, DestroyReason, Moderation, Role};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    a_server_is_told_what_happens_to_rooms
    a_server_is_told_who_joins_and_leaves_and_why
    a_server_is_told_of_sessions
    a_subscription_takes_the_place_of_the_one_before
    each_server_is_told_what_it_asked_for_and_misses_nothing
    a_subscription_to_what_is_not_known_is_refused
}

fn subscribe(hall: &mut Hall, client: usize, events: AppEvents) {
    assert_eq!(hall.ask(client, |own| own.subscribe(events)), Outcome::Subscribed);
}

/// The next events that a client was told.
fn told(hall: &mut Hall, client: usize, count: usize) -> Vec<AppEvent> {
    hall.crowd.until("it is told", |crowd| crowd.clients[client].events.len() >= count);
    std::mem::take(&mut hall.crowd.clients[client].events)
}

fn a_server_is_told_what_happens_to_rooms(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let server = hall.server;
    subscribe(&mut hall, server, AppEvents::ROOMS);
    hall.create(STAGE, "");
    hall.ask(server, |own| own.query(STAGE));
    let epoch = hall.crowd.clients[server].states[STAGE].epoch;
    hall.enter("bob", STAGE);
    for open in [false, true] {
        assert_eq!(hall.code(server, |own| own.set_open(STAGE, open)), Code::NONE);
    }
    assert_eq!(hall.code(server, |own| own.destroy(STAGE)), Code::NONE);
    let events = told(&mut hall, server, 4);
    let kinds: Vec<_> = events.iter().map(|own| own.what).collect();
    let [created, destroyed] = [AppEventKind::RoomCreated, AppEventKind::RoomDestroyed];
    let [closed, opened] = [AppEventKind::RoomClosed, AppEventKind::RoomOpened];
    assert_eq!(kinds, [created, closed, opened, destroyed], "in order, and nothing else");
    assert!(events.iter().all(|own| (&*own.room, own.epoch) == (STAGE, epoch)), "{events:?}");
    assert_eq!(events[3].destroyed, DestroyReason::Request);
}

fn a_server_is_told_who_joins_and_leaves_and_why(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.grace = std::time::Duration::from_millis(100);
    let mut hall = Hall::with_stage(&config);
    let server = hall.server;
    hall.create("another", "");
    subscribe(&mut hall, server, AppEvents::MEMBERS);
    let come_and_go = |hall: &mut Hall, departure: Departure, go: &dyn Fn(&mut Hall, usize)| {
        let bob = hall.enter("bob", STAGE);
        go(hall, bob);
        let events: Vec<_> =
            told(hall, server, 2).into_iter().filter(|own| own.room == STAGE).collect();
        let kinds: Vec<_> = events.iter().map(|own| (own.what, &*own.user)).collect();
        let expected = [(AppEventKind::MemberJoined, "bob"), (AppEventKind::MemberLeft, "bob")];
        assert_eq!(kinds, expected, "{departure:?}");
        assert_eq!(events[1].departure, departure);
    };
    come_and_go(&mut hall, Departure::Asked, &|hall, bob| {
        assert_eq!(hall.code(bob, |own| own.leave(STAGE)), Code::NONE);
    });
    come_and_go(&mut hall, Departure::Kicked, &|hall, _| {
        hall.act(Act::new(STAGE, Moderation::Kick), &["bob"]);
    });
    come_and_go(&mut hall, Departure::Banned, &|hall, _| {
        hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["bob"]);
        hall.act(Act::new(STAGE, Moderation::Unban), &["bob"]);
    });
    come_and_go(&mut hall, Departure::Closed, &|hall, _| {
        for open in [false, true] {
            assert_eq!(hall.code(hall.server, |own| own.set_open(STAGE, open)), Code::NONE);
        }
    });
    come_and_go(&mut hall, Departure::Lost, &|hall, bob| hall.crowd.close(bob));
    come_and_go(&mut hall, Departure::JoinedAnother, &|hall, bob| {
        hall.join(bob, "another");
        let server = hall.server;
        hall.crowd.until("all is told", |crowd| crowd.clients[server].events.len() == 3);
    });
}

fn a_server_is_told_of_sessions(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let server = hall.server;
    subscribe(&mut hall, server, AppEvents::SESSIONS);
    let bob = hall.crowd.open("bob", Role::Client);
    let again = hall.crowd.open("bob", Role::Client);
    hall.crowd.until("it is replaced", |crowd| crowd.clients[bob].ended.is_some());
    hall.crowd.close(again);
    let events = told(&mut hall, server, 4);
    assert!(events.iter().all(|own| (&*own.user, &*own.device) == ("bob", "device")));
    assert!(events.iter().all(|own| own.role == Role::Client && own.room.is_empty()));
    let mut codes: Vec<_> = events
        .iter()
        .filter(|own| own.what == AppEventKind::SessionEnded)
        .map(|own| own.code)
        .collect();
    codes.sort();
    assert_eq!(codes, [Code::NONE, Code::REPLACED]);
    let opened = events.iter().filter(|own| own.what == AppEventKind::SessionOpened).count();
    assert_eq!((opened, events.len()), (2, 4));
    hall.act(Act::lasting("", Moderation::Ban, 600), &["bob"]);
    let away = hall.crowd.connect("bob", "device", Role::Client);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[away].ended.is_some());
    hall.flush(server, STAGE);
    assert!(hall.crowd.clients[server].events.is_empty(), "who is not let in has no session");
}

fn a_subscription_takes_the_place_of_the_one_before(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let server = hall.server;
    subscribe(&mut hall, server, AppEvents::ROOMS);
    subscribe(&mut hall, server, AppEvents::MEMBERS);
    hall.create("another", "");
    let bob = hall.enter("bob", STAGE);
    assert_eq!(told(&mut hall, server, 1)[0].what, AppEventKind::MemberJoined);
    subscribe(&mut hall, server, AppEvents::from_bits(0));
    hall.ask(bob, |own| own.leave(STAGE));
    hall.ask(server, |own| own.destroy("another"));
    hall.flush(server, STAGE);
    assert!(hall.crowd.clients[server].events.is_empty());
}

fn each_server_is_told_what_it_asked_for_and_misses_nothing(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let other = hall.crowd.connect("backend", "other", Role::Server);
    hall.crowd.until("it is in", |crowd| crowd.clients[other].is_open());
    let server = hall.server;
    subscribe(&mut hall, server, AppEvents::MEMBERS);
    subscribe(&mut hall, other, AppEvents::MEMBERS.with(AppEvents::SESSIONS));
    for n in 0..50 {
        let user = hall.enter(&format!("user-{n}"), STAGE);
        hall.ask(user, |own| own.leave(STAGE));
    }
    let (members, all) = (told(&mut hall, server, 100), told(&mut hall, other, 150));
    assert_eq!((members.len(), all.len()), (100, 150));
    for n in 0..50 {
        let user = format!("user-{n}");
        let of = |events: &[AppEvent]| -> Vec<_> {
            events.iter().filter(|own| own.user == user).map(|own| own.what).collect()
        };
        let [came, left] = [AppEventKind::MemberJoined, AppEventKind::MemberLeft];
        assert_eq!(of(&members), [came, left]);
        assert_eq!(of(&all), [AppEventKind::SessionOpened, came, left]);
    }
}

fn a_subscription_to_what_is_not_known_is_refused(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let unknown = AppEvents::from_bits(128);
    let refused = hall.code(hall.server, |own| own.subscribe(unknown));
    assert_eq!(refused, Code::NOT_SUPPORTED);
}
