//! Tokens in scripted worlds: when they end, what a new one changes, and how fast a revocation and a
//! change of keys reach every session (spec 2).

use std::time::Duration;

use throng_broker::app::keys::Keys;
use throng_harness::client::Outcome;
use throng_harness::passes::{Key, Pass};
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{AppEvents, PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Keys of these numbers.
fn keys(numbers: &[u64]) -> Keys {
    Keys { tokens: numbers.iter().map(|number| Key::numbered(*number).live()).collect(), jwt: None }
}

/// A world whose app has the keys 0 and 1.
fn world(seed: u64, workers: u16) -> World {
    let mut shape = Shape::new(workers);
    shape.app.keys = keys(&[0, 1]);
    World::new(seed, &shape)
}

fn pass(world: &World, user: &str) -> Pass {
    Pass::new(&Key::numbered(0), (user, "phone"), world.wall_ms())
}

/// Somebody who is in by this token.
fn open(world: &mut World, pass: &Pass) -> usize {
    let client = world.connect_with(pass, false);
    world.settle();
    assert!(world.clients[client].is_open(), "{pass:?}: {:?}", world.clients[client].ended);
    client
}

/// Why somebody who came by this token was sent away.
fn refused(world: &mut World, pass: &Pass) -> Option<Code> {
    let client = world.connect_with(pass, true);
    world.settle();
    world.clients[client].ended.flatten()
}

fn enter(world: &mut World, pass: &Pass) -> usize {
    let client = open(world, pass);
    let request = world.clients[client].join(ROOM);
    assert!(matches!(world.outcome(client, request), Outcome::Joined(_)));
    client
}

fn refreshed(world: &mut World, client: usize, pass: &Pass, never: bool) -> Outcome {
    let request = world.clients[client].refresh(pass, never);
    world.outcome(client, request)
}

fn no(code: Code) -> Outcome {
    Outcome::Refused(code, 0)
}

#[test]
fn a_session_ends_at_the_tick_of_its_token_whatever_the_wall_clock_does() {
    for (seed, jump) in [None, Some(0), Some(30), Some(7_000)].into_iter().enumerate() {
        let mut world = world(seed as u64, 2);
        let pass = pass(&world, "ann").lasting(SECOND * 20);
        let ann = open(&mut world, &pass);
        world.pass(SECOND * 7);
        if let Some(seconds) = jump {
            world.jump_wall(seconds * 1_000_000);
        }
        world.pass(SECOND * 13 - MILLISECOND);
        assert!(world.clients[ann].is_open(), "a millisecond too soon, and {jump:?}");
        world.pass(MILLISECOND);
        assert_eq!(world.clients[ann].ended, Some(Some(Code::TOKEN_EXPIRED)), "{jump:?}");
    }
}

#[test]
fn a_token_opens_nothing_from_the_tick_on_at_which_it_ends() {
    let mut world = world(1, 3);
    let pass = pass(&world, "ann").lasting(SECOND * 5);
    world.pass(SECOND * 5 - MILLISECOND);
    let ann = open(&mut world, &pass);
    world.pass(MILLISECOND);
    assert_eq!(world.clients[ann].ended, Some(Some(Code::TOKEN_EXPIRED)));
    assert_eq!(refused(&mut world, &pass), Some(Code::UNAUTHORIZED));
}

#[test]
fn a_token_shown_in_time_lets_the_session_go_on_without_a_gap() {
    let mut world = world(2, 2);
    let first = pass(&world, "ann").lasting(SECOND * 10);
    let ann = enter(&mut world, &first);
    let bob = pass(&world, "bob").lasting(SECOND * 600);
    let bob = enter(&mut world, &bob);
    for round in 0..20 {
        world.pass(SECOND * 9);
        let next = pass(&world, "ann").lasting(SECOND * 10);
        assert_eq!(refreshed(&mut world, ann, &next, false), Outcome::Done, "round {round}");
        let said = world.publish(bob, ROOM, NONE);
        assert!(matches!(world.outcome(bob, said), Outcome::Accepted(_)));
    }
    assert!(world.clients[ann].is_open() && world.clients[ann].rooms.contains_key(ROOM));
    assert_eq!(world.clients[ann].delivered, 20, "nothing was missed");
    // And one that ends sooner ends sooner.
    let shorter = pass(&world, "ann").lasting(SECOND * 2);
    assert_eq!(refreshed(&mut world, ann, &shorter, false), Outcome::Done);
    world.pass(SECOND * 2);
    assert_eq!(world.clients[ann].ended, Some(Some(Code::TOKEN_EXPIRED)));
}

#[test]
fn a_session_is_given_no_token_but_its_own() {
    let mut world = world(3, 1);
    let own = pass(&world, "ann");
    let ann = enter(&mut world, &own);
    let others = [
        Pass { user: "bob".into(), ..own.clone() },
        Pass { device: "desk".into(), ..own.clone() },
        Pass { role: Role::Server, ..own.clone() },
        Pass { app: "other".into(), ..own.clone() },
        Pass { key: Key::numbered(7), ..own.clone() },
        Pass { made_ms: own.made_ms - 70_000, expires_ms: own.made_ms, ..own.clone() },
    ];
    for other in others {
        let outcome = refreshed(&mut world, ann, &other, true);
        assert_eq!(outcome, no(Code::UNAUTHORIZED), "{other:?}");
    }
    assert!(world.clients[ann].is_open(), "the session goes on with the token it has");
    let beyond = own.within(&["elsewhere"]);
    assert_eq!(refreshed(&mut world, ann, &beyond, true), no(Code::OUT_OF_SCOPE));
    let developed = world.open("dev", Role::Client);
    let token = pass(&world, "dev");
    let none = world.clients[developed].refresh(&token, true);
    assert_eq!(world.outcome(developed, none), no(Code::NOT_SUPPORTED));
}

#[test]
fn a_join_under_way_does_not_outlive_the_scopes_it_was_asked_by() {
    // Rooms of all homes, and so joins that take a while.
    for seed in 0..20 {
        let mut world = world(seed, 4);
        let own = pass(&world, "ann");
        let ann = open(&mut world, &own);
        let room = format!("room-{seed}");
        let join = world.clients[ann].join(&room);
        let narrow = world.clients[ann].refresh(&own.within(&["lobby"]), false);
        let (join, narrow) = (world.outcome(ann, join), world.outcome(ann, narrow));
        match (&join, &narrow) {
            // The join was the first to be answered, and the token came too late.
            (Outcome::Joined(_), Outcome::Refused(Code::OUT_OF_SCOPE, _)) => {}
            (Outcome::Refused(Code::OUT_OF_SCOPE, _), Outcome::Done) => {
                assert_eq!(world.clients[ann].rooms.len(), 0);
            }
            other => panic!("{other:?}"),
        }
        let other = world.open("bob", Role::Client);
        let bob = world.clients[other].join(&room);
        assert!(matches!(world.outcome(other, bob), Outcome::Joined(_)));
        world.publish(other, &room, NONE);
        world.settle();
        let inside = world.clients[ann].rooms.contains_key(&room);
        assert_eq!(world.clients[ann].delivered, u64::from(inside));
    }
}

#[test]
fn a_server_that_is_told_of_the_app_takes_no_token_for_some_rooms() {
    let mut world = world(4, 2);
    let own = Pass::server(&Key::numbered(0), "backend-1", world.wall_ms());
    let server = open(&mut world, &own);
    let asked = world.clients[server].subscribe(AppEvents::from_bits(7));
    assert_eq!(world.outcome(server, asked), Outcome::Subscribed);
    let narrow = own.clone().within(&["lobby"]);
    assert_eq!(refreshed(&mut world, server, &narrow, true), no(Code::OUT_OF_SCOPE));
    let asked = world.clients[server].subscribe(AppEvents::default());
    assert_eq!(world.outcome(server, asked), Outcome::Subscribed);
    assert_eq!(refreshed(&mut world, server, &narrow, false), Outcome::Done);
    let asked = world.clients[server].subscribe(AppEvents::from_bits(7));
    assert_eq!(world.outcome(server, asked), no(Code::OUT_OF_SCOPE));
}

#[test]
fn a_revocation_reaches_sessions_on_every_worker_before_its_answer() {
    let mut world = world(5, 4);
    let users: Vec<String> = (0..20).map(|n| format!("user-{n}")).collect();
    let old: Vec<Pass> = users.iter().map(|user| pass(&world, user)).collect();
    let inside: Vec<usize> = old.iter().map(|pass| enter(&mut world, pass)).collect();
    world.pass(SECOND);
    let own = Pass::server(&Key::numbered(0), "backend-1", world.wall_ms());
    let server = open(&mut world, &own);
    let named: Vec<&str> = users.iter().map(String::as_str).collect();
    let request = world.clients[server].revoke((false, &named), 0);
    let before = world.net.now().instant;
    while !world.clients[server].outcomes.contains_key(&request) {
        assert!(world.step(), "the answer comes without time passing");
    }
    // What was said to them before is on its way.
    world.settle();
    let done = vec![(Code::NONE, 0); users.len()];
    assert_eq!(world.clients[server].outcomes[&request], Outcome::Results(done));
    for client in &inside {
        assert_eq!(world.clients[*client].ended, Some(Some(Code::TOKEN_REVOKED)));
    }
    assert!(world.net.now().instant.since(before) < SECOND);
    for pass in &old {
        assert_eq!(refused(&mut world, pass), Some(Code::UNAUTHORIZED), "the old one is no good");
    }
    world.pass(MILLISECOND);
    for user in &users {
        let new = pass(&world, user);
        open(&mut world, &new);
    }
}

#[test]
fn only_tokens_made_by_then_are_revoked_and_credentials_apart_from_users() {
    let mut world = world(6, 3);
    let backend = Pass::server(&Key::numbered(0), "ann", world.wall_ms());
    let backend = open(&mut world, &backend);
    let old = pass(&world, "ann");
    let desk = Pass { device: "desk".into(), ..old.clone() };
    let (phone, desk) = (open(&mut world, &old), open(&mut world, &desk));
    world.pass(SECOND);
    let later = Pass { device: "tablet".into(), ..pass(&world, "ann") };
    let tablet = open(&mut world, &later);
    let server = world.open("dev", Role::Server);
    let until = old.made_ms * 1_000;
    let request = world.clients[server].revoke((false, &["ann"]), until - 1_000);
    assert_eq!(world.outcome(server, request), Outcome::Results(vec![(Code::NONE, 0)]));
    assert!(world.clients[phone].is_open(), "made later than that");
    let request = world.clients[server].revoke((false, &["ann"]), until);
    assert_eq!(world.outcome(server, request), Outcome::Results(vec![(Code::NONE, 0)]));
    for gone in [phone, desk] {
        assert_eq!(world.clients[gone].ended, Some(Some(Code::TOKEN_REVOKED)));
    }
    assert!(world.clients[tablet].is_open() && world.clients[backend].is_open());
    let request = world.clients[server].revoke((true, &["ann"]), 0);
    assert_eq!(world.outcome(server, request), Outcome::Results(vec![(Code::NONE, 0)]));
    assert_eq!(world.clients[backend].ended, Some(Some(Code::TOKEN_REVOKED)));
    assert!(world.clients[tablet].is_open());
}

#[test]
fn a_revoked_token_stays_revoked_when_the_clock_is_set_back() {
    let mut shape = Shape::new(1);
    shape.app.keys = keys(&[0, 1]);
    shape.app.token_life_max = SECOND * 60;
    shape.app.rates.requests = None;
    let mut world = World::new(7, &shape);
    let own = pass(&world, "ann");
    let server = world.open("dev", Role::Server);
    let request = world.clients[server].revoke((false, &["ann"]), 0);
    world.outcome(server, request);
    world.pass(SECOND * 300);
    world.jump_wall(1_000_000);
    // So many that those which are over are looked for.
    for n in 0..100 {
        let names = [format!("user-{n}"), format!("other-{n}")];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let request = world.clients[server].revoke((false, &names), 0);
        assert!(matches!(world.outcome(server, request), Outcome::Results(_)));
    }
    assert_eq!(refused(&mut world, &own), Some(Code::UNAUTHORIZED));
}

#[test]
fn a_change_of_keys_with_an_overlap_loses_nobody_who_refreshed() {
    let mut world = world(8, 4);
    let users: Vec<String> = (0..20).map(|n| format!("user-{n}")).collect();
    let old: Vec<Pass> = users.iter().map(|user| pass(&world, user)).collect();
    let inside: Vec<usize> = old.iter().map(|pass| enter(&mut world, pass)).collect();
    world.renew(&keys(&[0, 2]));
    world.settle();
    let refreshing = inside.iter().take(10).zip(&users);
    for (client, user) in refreshing {
        let new = Pass::new(&Key::numbered(2), (user, "phone"), world.wall_ms());
        assert_eq!(refreshed(&mut world, *client, &new, false), Outcome::Done);
    }
    let before = world.net.now().instant;
    world.renew(&keys(&[2, 3]));
    world.settle();
    assert!(world.net.now().instant.since(before) < SECOND);
    for (place, client) in inside.iter().enumerate() {
        let ended = world.clients[*client].ended;
        let wanted = (place >= 10).then_some(Some(Code::TOKEN_REVOKED));
        assert_eq!(ended, wanted, "{place}");
    }
    assert_eq!(refused(&mut world, &old[0]), Some(Code::UNAUTHORIZED));
    // The same id with another secret is another key.
    let renamed = Key { id: Key::numbered(2).id, ..Key::numbered(9) };
    world.renew(&Keys { tokens: vec![renamed.live()], jwt: None });
    world.settle();
    assert!(world.open_clients().is_empty());
}

#[test]
fn a_token_shown_again_takes_over_on_its_device_and_comes_beside_on_another() {
    let mut world = world(9, 2);
    let phone = pass(&world, "ann");
    let desk = Pass { device: "desk".into(), ..phone.clone() };
    let first = enter(&mut world, &phone);
    let beside = enter(&mut world, &desk);
    let again = open(&mut world, &phone);
    assert_eq!(world.clients[first].ended, Some(Some(Code::REPLACED)));
    assert!(world.clients[beside].is_open() && world.clients[again].is_open());
}
