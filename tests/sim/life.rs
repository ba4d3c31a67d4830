//! When rooms end, to the tick: each policy, its change, and what keeps a room alive (spec 3).

use std::time::Duration;

use throng_harness::client::keeping::{offer, remove, set, set_at};
use throng_harness::client::{Client, Outcome};
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::request::{ChangeRoom, CreateRoom};
use throng_protocol::value::{
    DestroyPolicy, DestroyReason, ListChange, ListName, PolicyKind, PublishOptions,
    QueuePermission, Role, RoomFields,
};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";
const TICK: Duration = Duration::from_nanos(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world with a room of that policy, its server, and a member that is not in it yet.
fn stage(seed: u64, kind: PolicyKind, seconds: u32) -> (World, usize, usize) {
    let mut shape = Shape::new(1 + u16::try_from(seed).expect("small") % 3);
    shape.app.create_on_join = false;
    let mut world = World::new(seed, &shape);
    let server = world.open("server", Role::Server);
    let bob = world.open("bob", Role::Client);
    let policy = DestroyPolicy { kind, seconds };
    let create = CreateRoom { room: ROOM, policy, ..CreateRoom::default() };
    let request = world.clients[server].request(create);
    assert_eq!(world.outcome(server, request), Outcome::Done);
    (world, server, bob)
}

fn join(world: &mut World, client: usize) {
    let request = world.clients[client].join(ROOM);
    assert!(matches!(world.outcome(client, request), Outcome::Joined(_)));
}

fn exists(world: &mut World, client: usize) -> bool {
    let request = world.clients[client].query(ROOM);
    !matches!(world.outcome(client, request), Outcome::Refused(Code::NO_SUCH_ROOM, _))
}

/// The room ends exactly then, and not a tick before.
fn ends_in(world: &mut World, server: usize, time: Duration) {
    world.pass(time - TICK);
    assert!(exists(world, server), "a tick before {time:?}");
    world.pass(TICK);
    assert!(!exists(world, server), "after {time:?}");
}

fn reasons(world: &World, client: usize) -> Vec<DestroyReason> {
    world.clients[client].ends.iter().map(|(_, reason)| *reason).collect()
}

#[test]
fn joining_leaving_and_speaking_begin_the_idle_time_anew_and_asking_does_not() {
    for seed in 0..6 {
        let (mut world, server, bob) = stage(seed, PolicyKind::Idle, 60);
        world.pass(MINUTE - TICK);
        join(&mut world, bob);
        world.pass(MINUTE - TICK);
        world.publish(server, ROOM, NONE);
        world.pass(MINUTE - TICK);
        let request = world.clients[bob].leave(ROOM);
        assert_eq!(world.outcome(bob, request), Outcome::Done);
        world.pass(MINUTE / 2);
        assert!(exists(&mut world, bob));
        ends_in(&mut world, server, MINUTE / 2);
        let (mut world, server, bob) = stage(seed, PolicyKind::Idle, 60);
        join(&mut world, bob);
        ends_in(&mut world, server, MINUTE);
        assert_eq!(reasons(&world, bob), [DestroyReason::Idle]);
    }
}

#[test]
fn changing_what_a_room_keeps_begins_the_idle_time_anew_and_what_changes_nothing_does_not() {
    let (mut world, server, bob) = stage(1, PolicyKind::Idle, 60);
    join(&mut world, bob);
    let ann = world.open("ann", Role::Client);
    join(&mut world, ann);
    let steps: [fn(&mut Client) -> u32; 5] = [
        |own| own.write_attributes(ROOM, &[set("k", b"1")]),
        |own| own.set_queue(ROOM, 9, QueuePermission::Anyone),
        |own| own.write_queue(ROOM, &[offer("first", b"", false)]),
        |own| own.poll_queue(ROOM, ""),
        |own| own.clear_attributes(ROOM, true),
    ];
    for step in steps {
        world.pass(MINUTE - TICK);
        let request = step(&mut world.clients[server]);
        assert!(!matches!(world.outcome(server, request), Outcome::Refused(..)));
    }
    world.pass(MINUTE / 2);
    let nothing: [fn(&mut Client) -> u32; 4] = [
        |own| own.write_attributes(ROOM, &[set_at("k", 77, b"2")]),
        |own| own.write_queue(ROOM, &[remove("gone")]),
        |own| own.poll_queue(ROOM, ""),
        |own| own.clear_attributes(ROOM, false),
    ];
    for step in nothing {
        let request = step(&mut world.clients[ann]);
        assert!(!matches!(world.outcome(ann, request), Outcome::Refused(..)));
    }
    let payload = world.new_payload();
    world.broadcast(server, &payload);
    ends_in(&mut world, server, MINUTE / 2);
}

#[test]
fn a_life_time_counts_from_the_creation_whatever_happens() {
    for seed in 0..6 {
        let (mut world, server, bob) = stage(seed, PolicyKind::Lifetime, 60);
        join(&mut world, bob);
        for _ in 0..5 {
            world.pass(Duration::from_secs(10));
            world.publish(bob, ROOM, NONE);
        }
        ends_in(&mut world, server, Duration::from_secs(10));
        assert_eq!(reasons(&world, bob), [DestroyReason::Lifetime]);
    }
}

#[test]
fn an_empty_time_counts_from_when_the_last_member_left() {
    for seed in 0..6 {
        let (mut world, server, bob) = stage(seed, PolicyKind::Empty, 60);
        join(&mut world, bob);
        world.pass(10 * MINUTE);
        assert!(exists(&mut world, server), "somebody is in it");
        let request = world.clients[bob].leave(ROOM);
        world.outcome(bob, request);
        world.pass(MINUTE - TICK);
        join(&mut world, bob);
        world.pass(10 * MINUTE);
        // A seat that is held is a member: the time begins when it is given up.
        world.close(bob);
        world.pass(Duration::from_secs(30));
        ends_in(&mut world, server, MINUTE);
    }
}

#[test]
fn a_change_of_policy_may_end_a_room_at_once_since_all_clocks_run() {
    let change = |world: &mut World, server: usize, kind, seconds| {
        let policy = DestroyPolicy { kind, seconds };
        let fields = RoomFields::POLICY;
        let change = ChangeRoom { room: ROOM, fields, policy, ..ChangeRoom::default() };
        let request = world.clients[server].change_room(change);
        world.settle();
        world.clients[server].outcomes.get(&request).cloned()
    };
    for (kind, reason) in
        [(PolicyKind::Idle, DestroyReason::Idle), (PolicyKind::Lifetime, DestroyReason::Lifetime)]
    {
        for seed in 0..6 {
            let (mut world, server, bob) = stage(seed, PolicyKind::Never, 0);
            join(&mut world, bob);
            world.pass(10 * MINUTE);
            change(&mut world, server, kind, 1_200);
            assert!(exists(&mut world, server));
            ends_in(&mut world, server, 10 * MINUTE);
            let (mut world, server, bob) = stage(seed, PolicyKind::Never, 0);
            join(&mut world, bob);
            world.pass(10 * MINUTE);
            let changed = change(&mut world, server, kind, 60);
            assert!(matches!(changed, Some(Outcome::Changed { .. })), "{changed:?}");
            world.pass(TICK);
            assert!(!exists(&mut world, server), "it was {kind:?} for longer than that");
            assert_eq!(reasons(&world, bob), [reason]);
        }
    }
    let (mut world, server, bob) = stage(1, PolicyKind::Idle, 60);
    join(&mut world, bob);
    world.pass(MINUTE / 2);
    change(&mut world, server, PolicyKind::Never, 0);
    world.pass(100 * MINUTE);
    assert!(exists(&mut world, server), "the old policy's end does not come");
}

#[test]
fn what_is_kept_alive_ends_on_request_and_what_is_no_more_ends_as_its_policy_says() {
    for seed in 0..6 {
        let (mut world, server, bob) = stage(seed, PolicyKind::Idle, 60);
        let list = (ListName::KeepAlive, "");
        let request = world.clients[server].change_list(list, ListChange::Add, &[ROOM]);
        assert_eq!(world.outcome(server, request), Outcome::Done);
        join(&mut world, bob);
        world.pass(10 * MINUTE);
        assert!(exists(&mut world, server));
        let request = world.clients[server].change_list(list, ListChange::Remove, &[ROOM]);
        assert_eq!(world.outcome(server, request), Outcome::Done);
        world.pass(MINUTE);
        assert!(!exists(&mut world, server));
        assert_eq!(reasons(&world, bob), [DestroyReason::Idle]);
    }
}

#[test]
fn a_wall_clock_that_jumps_ends_no_room_and_keeps_none() {
    for kind in [PolicyKind::Idle, PolicyKind::Lifetime] {
        for jump in [0, 7_200_000_000] {
            let (mut world, server, _) = stage(2, kind, 60);
            world.pass(MINUTE / 2);
            world.jump_wall(jump);
            ends_in(&mut world, server, MINUTE / 2);
        }
    }
}
