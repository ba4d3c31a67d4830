//! What members are told of each other's coming and going: at most one figure a second, and in the
//! end the true one (spec 4, I26).

use std::time::Duration;

use throng_broker::nature::Presence;
use throng_harness::client::Outcome;
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::value::{NoticeKind, PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";

fn shape(workers: u16, presence: Presence) -> Shape {
    let mut shape = Shape::new(workers);
    let rates = &mut shape.app.rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    shape.app.rooms.presence = presence;
    shape
}

fn counts(world: &mut World, client: usize) -> (u64, u64) {
    let request = world.clients[client].query(ROOM);
    match world.outcome(client, request) {
        Outcome::State(_, members, occupants) => (members, occupants),
        other => panic!("the room is there: {other:?}"),
    }
}

/// No session was told two figures in less than a second.
fn check_pace(world: &World) {
    for own in &world.clients {
        for (room, figures) in &own.figures {
            let least = figures.least_gap_nanos;
            assert!(
                least.is_none_or(|gap| gap >= 1_000_000_000),
                "{} in {room}: {least:?}",
                own.user
            );
        }
    }
}

/// Everyone in the room was last told what is true.
fn check_true(world: &mut World, counts: (u64, u64)) {
    let inside = world.clients.iter().filter(|own| own.is_open() && own.rooms.contains_key(ROOM));
    for own in inside {
        let figures = own.figures[ROOM];
        assert_eq!((figures.members, figures.occupants), counts, "{} (I26)", own.user);
    }
}

#[test]
fn two_thousand_come_and_go_and_are_told_one_figure_a_second_and_the_last_is_true() {
    let mut world = World::new(3, &shape(3, Presence::Counts));
    let mut random = Random::new(3, 30);
    let server = world.open("server", Role::Server);
    let mut inside: Vec<usize> = Vec::new();
    for group in 0..40 {
        let fresh: Vec<_> = (0..50)
            .map(|n| world.connect(&format!("user-{}", group * 50 + n), "device", Role::Client))
            .collect();
        world.settle();
        for client in &fresh {
            world.clients[*client].join(ROOM);
        }
        inside.extend(fresh);
        for _ in 0..3 {
            world.publish(server, ROOM, NONE);
        }
        random.shuffle(&mut inside);
        for _ in 0..random.below(20) {
            let client = inside.pop().expect("there are many");
            match random.below(3) {
                0 => world.close(client),
                1 => world.reset(client),
                _ => _ = world.clients[client].leave(ROOM),
            }
        }
        world.pass(Duration::from_millis(50 + random.draw() % 400));
    }
    // The seats of those who were lost are given up one after the other.
    world.pass(Duration::from_secs(32));
    let all = counts(&mut world, server);
    assert_eq!(all, (inside.len() as u64, inside.len() as u64));
    check_true(&mut world, all);
    check_pace(&world);
    let told: u64 =
        world.clients.iter().flat_map(|own| own.figures.values()).map(|it| it.count).sum();
    assert!(told > 2_000, "only {told} figures were told");
    world.pass(Duration::from_secs(10));
    let again: u64 =
        world.clients.iter().flat_map(|own| own.figures.values()).map(|it| it.count).sum();
    assert_eq!(told, again, "nothing changed, nothing is told");
}

#[test]
fn a_figure_comes_within_a_second_of_the_change_and_not_twice() {
    for seed in 0..6 {
        let mut world =
            World::new(seed, &shape(1 + u16::try_from(seed).expect("small") % 3, Presence::Counts));
        let alice = world.open("alice", Role::Client);
        world.clients[alice].join(ROOM);
        world.settle();
        for n in 0..20 {
            let client = world.open(&format!("user-{n}"), Role::Client);
            world.clients[client].join(ROOM);
            world.pass(Duration::from_millis(100));
        }
        world.pass(Duration::from_secs(1));
        check_true(&mut world, (21, 21));
        check_pace(&world);
        let told = world.clients[alice].figures[ROOM].count;
        assert!((2..=4).contains(&told), "{told} figures in three seconds");
    }
}

#[test]
fn in_a_room_above_the_size_figures_take_the_place_of_names() {
    let mut shape = shape(3, Presence::Full);
    shape.app.rooms.presence_full_max = 10;
    let mut world = World::new(5, &shape);
    let alice = world.open("alice", Role::Client);
    world.clients[alice].join(ROOM);
    world.settle();
    let others: Vec<_> = (0..30)
        .map(|n| {
            let client = world.open(&format!("user-{n}"), Role::Client);
            world.clients[client].join(ROOM);
            world.pass(Duration::from_millis(70));
            client
        })
        .collect();
    world.pass(Duration::from_secs(2));
    let named = world.clients[alice].notices.len();
    assert!((9..=10).contains(&named), "{named} were named while there were ten");
    assert_eq!(world.clients[alice].figures[ROOM].members, 31);
    check_pace(&world);
    for client in &others[2..] {
        world.clients[*client].leave(ROOM);
        world.pass(Duration::from_millis(70));
    }
    world.pass(Duration::from_secs(2));
    let left = |own: &&throng_harness::client::told::Notice| own.what == NoticeKind::MemberLeft;
    let named = world.clients[alice].notices.iter().filter(left).count();
    assert!((6..=9).contains(&named), "{named} were named once there were ten again");
    assert_eq!(counts(&mut world, alice), (3, 3));
    check_pace(&world);
}

#[test]
fn by_default_nothing_is_told() {
    let mut world = World::new(6, &shape(2, Presence::Off));
    for n in 0..10 {
        let client = world.open(&format!("user-{n}"), Role::Client);
        world.clients[client].join(ROOM);
        world.pass(Duration::from_secs(1));
    }
    assert!(world.clients.iter().all(|own| own.notices.is_empty()));
    assert!(world.clients.iter().all(|own| own.figures[ROOM].count == 0));
}
