//! How sessions and rooms begin and end: deadlines, takeovers, caps, the drain.

use std::time::Duration;

use throng_harness::client::Outcome;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);

fn ended(world: &World, client: usize) -> Option<Code> {
    world.clients[client].ended.expect("it is over")
}

#[test]
fn a_stranger_has_three_seconds_whatever_it_trickles() {
    let mut world = World::new(1, &Shape::new(2));
    let silent = world.connect_silent();
    let trickling = world.connect_silent();
    for byte in [60, 0, 0, 0, 1, b'T'] {
        world.clients[trickling].say_raw(&[byte]);
        world.pass(Duration::from_millis(499));
    }
    assert!(world.clients[silent].ended.is_none(), "2.994 seconds are not three");
    world.pass(Duration::from_millis(6));
    assert_eq!(ended(&world, silent), Some(Code::TOO_SLOW));
    assert_eq!(ended(&world, trickling), Some(Code::TOO_SLOW));
}

#[test]
fn a_stranger_is_told_what_is_wrong_with_its_first_frame() {
    for (bytes, code) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), Code::TOO_LARGE),
        (vec![253, 15, 0, 0], Code::TOO_LARGE),
        (vec![3, 0, 0, 0, 19, 1, 0], Code::UNEXPECTED),
        (vec![2, 0, 0, 0, 1, 1], Code::MALFORMED),
        (hello_of_version_9(), Code::UNSUPPORTED_VERSION),
    ] {
        let mut world = World::new(1, &Shape::new(2));
        let stranger = world.connect_silent();
        world.clients[stranger].say_raw(&bytes);
        world.settle();
        assert_eq!(ended(&world, stranger), Some(code), "{bytes:?}");
    }
}

/// A hello of a later version, as far as every version has it.
fn hello_of_version_9() -> Vec<u8> {
    let mut bytes = vec![10, 0, 0, 0, 1, 252];
    bytes.extend(b"THRG");
    bytes.extend([9, 9, 77, 77]);
    bytes
}

#[test]
fn an_unfinished_frame_has_ten_seconds() {
    let mut world = World::new(2, &Shape::new(2));
    let alice = world.open("alice", Role::Client);
    world.clients[alice].say_raw(&[9, 0, 0, 0, 19]);
    world.pass(Duration::from_millis(9_999));
    assert!(world.clients[alice].is_open());
    world.pass(Duration::from_millis(1));
    assert_eq!(ended(&world, alice), Some(Code::TOO_SLOW));
}

#[test]
fn a_silent_session_is_cut_after_two_unanswered_questions() {
    for (seconds, cut) in [(89, false), (90, true)] {
        let mut world = World::new(3, &Shape::new(2));
        let alice = world.open("alice", Role::Client);
        let silent = world.open("silent", Role::Client);
        world.stall(silent, true);
        world.pass(Duration::from_secs(seconds));
        world.stall(silent, false);
        world.pass(Duration::from_secs(1));
        let code = world.clients[silent].ended.flatten();
        assert_eq!(code, cut.then_some(Code::SILENT));
        assert!(world.clients[alice].is_open(), "who answers may stay");
    }
}

#[test]
fn a_bad_frame_ends_its_session_and_harms_no_other() {
    for (bytes, code) in [
        (&[255, 255, 255, 255][..], Code::TOO_LARGE),
        (&[1, 0, 0, 0, 200], Code::MALFORMED),
        (&[0, 0, 0, 0], Code::MALFORMED),
        (&[4, 0, 0, 0, 19, 1, 0, 0], Code::MALFORMED),
    ] {
        let mut world = World::new(4, &Shape::new(2));
        let (bad, good) = (world.open("bad", Role::Client), world.open("good", Role::Client));
        world.clients[bad].say_raw(bytes);
        world.settle();
        assert_eq!(ended(&world, bad), Some(code), "{bytes:?}");
        assert!(world.clients[good].is_open());
    }
}

#[test]
fn an_unknown_request_is_refused_and_its_session_stays() {
    let mut world = World::new(5, &Shape::new(2));
    let alice = world.open("alice", Role::Client);
    let unknown = world.clients[alice].ask_unknown();
    assert_eq!(world.outcome(alice, unknown), Outcome::Refused(Code::NOT_SUPPORTED, 0));
    assert!(world.clients[alice].is_open());
}

#[test]
fn a_new_session_of_a_device_takes_the_place_of_the_old_one() {
    for seed in 0..10 {
        let mut world = World::new(seed, &Shape::new(3));
        let old = world.open("alice", Role::Client);
        let request = world.clients[old].join("lobby");
        world.outcome(old, request);
        let new = world.open("alice", Role::Client);
        assert_eq!(ended(&world, old), Some(Code::REPLACED));
        assert!(world.clients[new].is_open());
        let query = world.clients[new].query("lobby");
        assert_eq!(world.outcome(new, query), Outcome::State(0, 1, 0), "its seat is held");
    }
}

#[test]
fn the_eleventh_device_of_a_user_is_refused() {
    let mut world = World::new(6, &Shape::new(3));
    for device in 0..10 {
        world.connect("alice", &format!("device-{device}"), Role::Client);
    }
    world.settle();
    let eleventh = world.connect("alice", "device-10", Role::Client);
    world.settle();
    assert_eq!(ended(&world, eleventh), Some(Code::TOO_MANY_SESSIONS));
    let again = world.connect("alice", "device-3", Role::Client);
    world.settle();
    assert!(world.clients[again].is_open(), "a takeover is not one more");
    assert_eq!(ended(&world, 3), Some(Code::REPLACED));
}

#[test]
fn more_connections_than_allowed_are_told_and_the_others_stay() {
    let mut shape = Shape::new(1);
    shape.connections_max = 3;
    let mut world = World::new(7, &shape);
    for n in 0..5 {
        world.connect(&format!("u{n}"), "d", Role::Client);
        world.settle();
    }
    for n in 0..5 {
        if n < 3 {
            assert!(world.clients[n].is_open());
        } else {
            assert_eq!(ended(&world, n), Some(Code::OVERLOADED));
        }
    }
}

#[test]
fn an_idle_room_is_destroyed_after_its_time_and_not_before() {
    let mut world = World::new(8, &Shape::new(2));
    let alice = world.open("alice", Role::Client);
    let join = world.clients[alice].join("lobby");
    world.outcome(alice, join);
    world.pass(Duration::from_secs(3000));
    world.publish(alice, "lobby", NONE);
    world.pass(Duration::from_millis(3_599_999));
    assert_eq!(world.clients[alice].rooms.len(), 1, "activity began the hour anew");
    world.pass(Duration::from_millis(1));
    assert!(world.clients[alice].rooms.is_empty());
}

#[test]
fn who_reads_too_slowly_is_cut_off_and_nobody_else_waits() {
    let mut shape = Shape::new(2);
    shape.weather.pipe_bytes_max = 4096;
    shape.app.rates.server_messages = None;
    shape.app.lists.protected_kinds = ["text".into()].into_iter().collect();
    let mut world = World::new(9, &shape);
    let server = world.open("s", Role::Server);
    let members: Vec<_> = (0..6).map(|n| world.open(&format!("u{n}"), Role::Client)).collect();
    for &member in &members {
        world.clients[member].join("stage");
    }
    world.settle();
    world.stall(members[0], true);
    for _ in 0..6_000 {
        world.publish(server, "stage", NONE);
        world.step();
        world.step();
    }
    world.settle();
    for &member in &members[1..] {
        assert_eq!(world.clients[member].delivered, 6_000);
    }
    world.stall(members[0], false);
    world.pass(Duration::from_secs(2));
    assert!(world.clients[members[0]].ended.is_some());
    assert!(world.clients[members[0]].delivered < 6_000);
}

#[test]
fn a_drain_sees_through_what_was_accepted_and_tells_everyone() {
    for seed in 0..20 {
        let mut shape = Shape::new(3);
        shape.weather.delay_percent = 50;
        let mut world = World::new(seed, &shape);
        let members: Vec<_> = (0..12).map(|n| world.open(&format!("u{n}"), Role::Client)).collect();
        for &member in &members {
            world.clients[member].join("stage");
        }
        world.settle();
        let requests: Vec<_> =
            members.iter().map(|&member| (member, world.publish(member, "stage", NONE))).collect();
        for _ in 0..seed {
            world.step();
        }
        world.drain();
        world.pass(Duration::from_secs(10));
        assert!(world.is_over());
        let accepted = requests
            .iter()
            .filter(|(member, request)| {
                let outcome = world.clients[*member].outcomes.get(request);
                matches!(outcome, Some(Outcome::Accepted(_)))
            })
            .count() as u64;
        let delivered: u64 = members.iter().map(|&member| world.clients[member].delivered).sum();
        assert_eq!(delivered, accepted * 11, "seed {seed}: none of the accepted is lost");
        for &member in &members {
            assert_eq!(ended(&world, member), Some(Code::DRAINING));
        }
    }
}
