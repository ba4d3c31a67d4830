//! What the simulator found in the broker as it was, each as the shortest world that showed it.

use std::time::Duration;

use throng_broker::nature::Presence;
use throng_harness::client::Coming;
use throng_harness::client::keeping::{Special, offer, remove, set};
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::value::{AttributeWrite, PublishOptions, QueuePermission, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);

/// A user that joined two rooms at once through two sessions was taken out of one by name, which
/// also undid a newer join to it: the session believed in a seat that the room did not know.
#[test]
fn the_end_of_an_old_stay_does_not_undo_a_new_one() {
    for seed in 0..200 {
        let mut world = World::new(seed, &Shape::new(3));
        let alice = world.open("alice", Role::Client);
        for room in ["first", "second", "first", "second", "first"] {
            world.clients[alice].join(room);
            for _ in 0..seed % 4 {
                world.step();
            }
        }
        world.settle();
        // Answers of several rooms may overtake each other: it is in one of them.
        let rooms: Vec<_> = world.clients[alice].rooms.keys().cloned().collect();
        assert_eq!(rooms.len(), 1, "seed {seed}: {rooms:?}");
        let bob = world.open("bob", Role::Client);
        world.clients[bob].join(&rooms[0]);
        world.settle();
        world.publish(bob, &rooms[0], NONE);
        world.settle();
        assert_eq!(world.clients[alice].delivered, 1, "seed {seed}");
    }
}

/// A room's end was told by one envelope and its seats taken by the next. With a full lane in
/// between, a user that joined elsewhere meanwhile was told that it had left a room of which it
/// had been told that it was gone.
#[test]
fn who_was_told_of_a_rooms_end_is_not_told_that_it_left() {
    let mut shape = Shape::new(3);
    shape.lane_envelopes = 4;
    for seed in 0..600 {
        let mut world = World::new(seed, &shape);
        let server = world.open("server", Role::Server);
        let phone = world.connect("alice", "phone", Role::Client);
        let desk = world.connect("alice", "desk", Role::Client);
        for client in [phone, desk] {
            world.clients[client].join("doomed");
            world.settle();
        }
        // Answers fill the lane that the end has to take; the other room's answer takes another.
        for _ in 0..3 {
            world.clients[desk].query("doomed");
        }
        world.clients[server].destroy("doomed");
        world.clients[phone].join("other");
        // Being told to have left a room that one is not in fails the test.
        world.settle();
    }
}

/// A broker that was killed and started again within one tick of its wall clock gave a room the
/// epoch it had before, and its places to other messages.
#[test]
fn an_epoch_does_not_return_after_a_crash_in_the_same_microsecond() {
    for seed in 0..50 {
        let mut world = World::new(seed, &Shape::new(2));
        let wall = world.net.now().wall;
        for _ in 0..3 {
            let server = world.open("server", Role::Server);
            let alice = world.open("alice", Role::Client);
            world.clients[alice].join("lobby");
            world.settle();
            world.publish(server, "lobby", NONE);
            world.settle();
            assert_eq!(world.clients[alice].delivered, 1);
            world.crash();
            world.net.set_wall(wall);
        }
    }
}

fn quick(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    let rates = &mut shape.app.rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    shape
}

fn enter(world: &mut World, user: &str, room: &str) -> usize {
    let client = world.open(user, Role::Client);
    world.clients[client].join(room);
    world.settle();
    client
}

/// Figures that were again those that were told last were not told, though somebody had come in
/// between and had been told others when it joined.
#[test]
fn who_joined_between_two_equal_figures_is_told_the_true_ones() {
    for workers in 1..4 {
        let mut shape = quick(workers);
        shape.app.rooms.presence = Presence::Counts;
        let mut world = World::new(1, &shape);
        enter(&mut world, "alice", "lobby");
        world.pass(Duration::from_secs(5));
        let bob = enter(&mut world, "bob", "lobby");
        world.pass(Duration::from_millis(100));
        let cid = enter(&mut world, "cid", "lobby");
        world.pass(Duration::from_millis(100));
        world.clients[bob].leave("lobby");
        world.pass(Duration::from_secs(3));
        assert_eq!(world.clients[cid].figures["lobby"].members, 2);
    }
}

/// A session that left a room for another and came back at once, from a place of before, met its
/// own old visit: it was told that nothing was missing, and nothing of what it missed followed.
#[test]
fn who_comes_back_while_it_is_leaving_gets_what_it_missed_or_is_told() {
    for seed in 0..300 {
        let mut random = Random::new(seed, 40);
        let mut world = World::new(seed, &quick(3));
        let server = world.open("server", Role::Server);
        let old = enter(&mut world, "bob", "first");
        world.publish(server, "first", NONE);
        world.settle();
        let from = Some(world.clients[old].rooms["first"].position());
        world.close(old);
        (0..3).for_each(|_| _ = world.publish(server, "first", NONE));
        world.settle();
        let bob = enter(&mut world, "bob", "first");
        world.clients[bob].join("second");
        (0..random.below(6)).for_each(|_| _ = world.step());
        // An answer that does not fit fails the test.
        world.clients[bob].join_with("first", Coming { from, ..Coming::default() });
        world.settle();
    }
}

/// What had expired was left out of what a room was said to keep before its end had a place in the
/// room's order: who joined was told another state of that place than those who were there.
#[test]
fn who_joins_when_something_has_just_expired_is_told_the_state_of_its_place() {
    for workers in 1..4 {
        let mut world = World::new(1, &quick(workers));
        let alice = enter(&mut world, "alice", "lobby");
        let brief = AttributeWrite { expires_after: 1, ..set("brief", b"") };
        world.clients[alice].write_attributes("lobby", &[brief]);
        let bob = world.open("bob", Role::Client);
        // All workers are late: its moment is over when the join is read.
        world.net.advance(Duration::from_secs(2));
        world.clients[bob].join("lobby");
        world.settle();
        let gone = world.clients[alice].notices_of("lobby").find(|own| !own.gone.is_empty());
        let gone_at = gone.expect("its end is told").seq;
        let known = world.clients[bob].kept["lobby"].attributes.as_ref();
        let is_there = known.is_some_and(|own| own.contains_key("brief"));
        let came_at = world.clients[bob].rooms["lobby"].arrived_at();
        assert_eq!(is_there, came_at < gone_at, "came at {came_at}, gone at {gone_at}");
    }
}

/// An element that one request took out and offered again went to the end of the queue, and the
/// notice told only that it was offered: members kept it in its old place.
#[test]
fn members_know_the_place_of_what_is_taken_out_and_offered_again_at_once() {
    let mut world = World::new(1, &quick(2));
    let server = world.open("server", Role::Server);
    enter(&mut world, "alice", "lobby");
    world.clients[server].set_queue("lobby", 10, QueuePermission::Anyone);
    let offers = [offer("first", b"", false), offer("second", b"", false)];
    world.clients[server].write_queue("lobby", &offers);
    world.clients[server].query_queue("lobby", 500);
    let again = [remove("first"), offer("first", b"", false)];
    world.clients[server].write_queue("lobby", &again);
    world.clients[server].query_queue("lobby", 500);
    world.settle();
    // What notices make of the one page must be the other.
    world.checker.check_claims();
}

/// A user that was named twice among those a message was for got it twice.
#[test]
fn who_is_named_twice_hears_what_is_for_it_once() {
    let mut world = World::new(1, &quick(2));
    let server = world.open("server", Role::Server);
    let bob = enter(&mut world, "bob", "lobby");
    let payload = world.new_payload();
    let (room, id, targets) = ("lobby", "", &["bob", "bob"][..]);
    world.publish_special(server, Special { room, payload: &payload, id, targets, options: NONE });
    world.settle();
    assert_eq!(world.clients[bob].directed.len(), 1);
}
