//! Joining, leaving, publishing: one promise of the specification each.

use std::time::Duration;

use throng_harness::client::Outcome;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);

fn joined(world: &mut World, client: usize, room: &str) -> (u64, u64, String) {
    let request = world.clients[client].join(room);
    match world.outcome(client, request) {
        Outcome::Joined(at) => (at.seq, at.members, at.left),
        other => panic!("joining {room} came to {other:?}"),
    }
}

/// Worlds of one, two and five workers from a few seeds each.
fn worlds() -> impl Iterator<Item = World> {
    (0..12).zip([1, 2, 5].into_iter().cycle()).map(|(seed, n)| World::new(seed, &Shape::new(n)))
}

#[test]
fn one_message_reaches_every_other_member_and_not_its_sender() {
    for mut world in worlds() {
        let clients: Vec<_> =
            (0..40).map(|n| world.open(&format!("user-{n}"), Role::Client)).collect();
        for &client in &clients {
            joined(&mut world, client, "lobby");
        }
        let request = world.publish(clients[0], "lobby", NONE);
        assert_eq!(world.outcome(clients[0], request), Outcome::Accepted(1));
        for &client in &clients {
            assert_eq!(world.clients[client].delivered, u64::from(client != clients[0]));
        }
    }
}

#[test]
fn what_a_turn_produced_for_a_socket_leaves_in_one_send() {
    let mut shape = Shape::new(3);
    shape.app.rates.client_messages = None;
    for seed in 0..20 {
        let mut world = World::new(seed, &shape);
        let alice = world.open("alice", Role::Client);
        joined(&mut world, alice, "lobby");
        let members: Vec<_> = (0..10).map(|n| world.open(&format!("u{n}"), Role::Client)).collect();
        for &member in &members {
            joined(&mut world, member, "lobby");
        }
        let before: Vec<_> = members.iter().map(|&member| world.sends(member)).collect();
        for _ in 0..64 {
            world.publish(alice, "lobby", NONE);
        }
        world.settle();
        for (&member, before) in members.iter().zip(before) {
            assert_eq!(world.clients[member].delivered, 64);
            assert_eq!(world.sends(member) - before, 1, "seed {seed}");
        }
    }
}

#[test]
fn an_echo_is_delivered_to_its_sender_too() {
    for mut world in worlds() {
        let alice = world.open("alice", Role::Client);
        joined(&mut world, alice, "lobby");
        world.publish(alice, "lobby", PublishOptions::ECHO);
        world.settle();
        assert_eq!(world.clients[alice].delivered, 1);
    }
}

#[test]
fn a_message_without_ack_is_not_answered_unless_refused() {
    for mut world in worlds() {
        let alice = world.open("alice", Role::Client);
        joined(&mut world, alice, "lobby");
        let accepted = world.publish(alice, "lobby", PublishOptions::NO_ACK);
        let refused = world.publish(alice, "elsewhere", PublishOptions::NO_ACK);
        world.settle();
        assert_eq!(world.clients[alice].outcomes.get(&accepted), None);
        assert_eq!(world.outcome(alice, refused), Outcome::Refused(Code::NO_SUCH_ROOM, 0));
    }
}

#[test]
fn joining_another_room_leaves_the_first_and_says_so() {
    for mut world in worlds() {
        let alice = world.open("alice", Role::Client);
        let bob = world.open("bob", Role::Client);
        joined(&mut world, bob, "first");
        assert_eq!(joined(&mut world, alice, "first"), (0, 2, String::new()));
        assert_eq!(joined(&mut world, alice, "second"), (0, 1, "first".to_owned()));
        world.publish(bob, "first", NONE);
        let query = world.clients[bob].query("first");
        assert_eq!(world.outcome(bob, query), Outcome::State(1, 1, 1));
        assert_eq!(world.clients[alice].delivered, 0);
    }
}

#[test]
fn requests_may_be_sent_without_waiting_for_replies() {
    for mut world in worlds() {
        let alice = world.open("alice", Role::Client);
        let join = world.clients[alice].join("lobby");
        let publish = world.publish(alice, "lobby", PublishOptions::ECHO);
        let leave = world.clients[alice].leave("lobby");
        let late = world.publish(alice, "lobby", NONE);
        world.settle();
        let outcomes = &world.clients[alice].outcomes;
        assert!(matches!(outcomes[&join], Outcome::Joined { .. }));
        assert_eq!(outcomes[&publish], Outcome::Accepted(1));
        assert_eq!(outcomes[&leave], Outcome::Done);
        assert_eq!(outcomes[&late], Outcome::Refused(Code::NOT_A_MEMBER, 0));
        assert_eq!(world.clients[alice].delivered, 1);
    }
}

#[test]
fn leaving_takes_all_sessions_of_the_user_out() {
    for mut world in worlds() {
        let phone = world.connect("alice", "phone", Role::Client);
        let desk = world.connect("alice", "desk", Role::Client);
        let bob = world.open("bob", Role::Client);
        assert_eq!(joined(&mut world, phone, "lobby").1, 1);
        assert_eq!(joined(&mut world, desk, "lobby").1, 1, "a user is a member once");
        joined(&mut world, bob, "lobby");
        world.publish(bob, "lobby", NONE);
        world.settle();
        let leave = world.clients[phone].leave("lobby");
        assert_eq!(world.outcome(phone, leave), Outcome::Done);
        assert!(world.clients[desk].rooms.is_empty());
        world.publish(bob, "lobby", NONE);
        world.settle();
        assert_eq!(world.clients[phone].delivered + world.clients[desk].delivered, 2);
    }
}

#[test]
fn a_message_reaches_the_other_sessions_of_its_sender() {
    for mut world in worlds() {
        let phone = world.connect("alice", "phone", Role::Client);
        let desk = world.connect("alice", "desk", Role::Client);
        joined(&mut world, phone, "lobby");
        joined(&mut world, desk, "lobby");
        world.publish(phone, "lobby", NONE);
        world.settle();
        assert_eq!(world.clients[phone].delivered, 0);
        assert_eq!(world.clients[desk].delivered, 1);
    }
}

#[test]
fn the_sixth_message_of_a_second_is_refused_and_at_one_second_accepted() {
    for mut world in worlds() {
        // Across sessions and rooms: the sender is the user.
        let phone = world.connect("alice", "phone", Role::Client);
        let desk = world.connect("alice", "desk", Role::Client);
        joined(&mut world, phone, "lobby");
        joined(&mut world, desk, "lobby");
        for (client, seq) in [(phone, 1), (desk, 2), (phone, 3), (desk, 4), (phone, 5)] {
            let request = world.publish(client, "lobby", NONE);
            assert_eq!(world.outcome(client, request), Outcome::Accepted(seq));
        }
        let request = world.publish(desk, "lobby", NONE);
        let refused = Outcome::Refused(Code::RATE_LIMITED, 1000);
        assert_eq!(world.outcome(desk, request), refused);
        world.pass(Duration::from_millis(999));
        let request = world.publish(desk, "lobby", NONE);
        assert_eq!(world.outcome(desk, request), Outcome::Refused(Code::RATE_LIMITED, 1));
        world.pass(Duration::from_millis(1));
        let request = world.publish(desk, "lobby", NONE);
        assert_eq!(world.outcome(desk, request), Outcome::Accepted(6));
    }
}

#[test]
fn reconnecting_does_not_refill_a_rate() {
    for mut world in worlds() {
        let mut alice = world.open("alice", Role::Client);
        joined(&mut world, alice, "lobby");
        for _ in 0..5 {
            world.publish(alice, "lobby", NONE);
        }
        world.settle();
        world.close(alice);
        world.pass(Duration::from_millis(500));
        alice = world.open("alice", Role::Client);
        joined(&mut world, alice, "lobby");
        let request = world.publish(alice, "lobby", NONE);
        assert_eq!(world.outcome(alice, request), Outcome::Refused(Code::RATE_LIMITED, 500));
    }
}

#[test]
fn a_server_may_say_a_hundred_things_a_second_over_all_its_sessions() {
    for mut world in worlds() {
        let servers = [
            world.connect("backend-1", "", Role::Server),
            world.connect("backend-2", "", Role::Server),
        ];
        world.settle();
        let create = world.clients[servers[0]].create("stage");
        assert_eq!(world.outcome(servers[0], create), Outcome::Done);
        for n in 0..100 {
            let server = servers[n % 2];
            let request = world.publish(server, "stage", NONE);
            assert_eq!(world.outcome(server, request), Outcome::Accepted(n as u64 + 1));
        }
        let request = world.publish(servers[0], "stage", NONE);
        let refused = Outcome::Refused(Code::RATE_LIMITED, 1000);
        assert_eq!(world.outcome(servers[0], request), refused);
        world.pass(Duration::from_secs(1));
        let request = world.publish(servers[0], "stage", NONE);
        assert_eq!(world.outcome(servers[0], request), Outcome::Accepted(101));
    }
}

#[test]
fn other_requests_are_limited_per_session() {
    let mut world = World::new(1, &Shape::new(2));
    let alice = world.open("alice", Role::Client);
    let requests: Vec<_> = (0..21).map(|_| world.clients[alice].query("nowhere")).collect();
    world.settle();
    let refused =
        |no| world.clients[alice].outcomes[&no] == Outcome::Refused(Code::RATE_LIMITED, 1000);
    assert_eq!(requests.iter().filter(|no| refused(**no)).count(), 1);
}

#[test]
fn only_servers_create_and_destroy_rooms() {
    for mut world in worlds() {
        let (alice, server) = (world.open("alice", Role::Client), world.open("s", Role::Server));
        let create = world.clients[alice].create("stage");
        let not_allowed = Outcome::Refused(Code::NOT_ALLOWED, 0);
        assert_eq!(world.outcome(alice, create), not_allowed);
        let destroy = world.clients[alice].destroy("stage");
        assert_eq!(world.outcome(alice, destroy), not_allowed);
        let create = world.clients[server].create("stage");
        assert_eq!(world.outcome(server, create), Outcome::Done);
        let create = world.clients[server].create("stage");
        assert_eq!(world.outcome(server, create), Outcome::Refused(Code::ROOM_EXISTS, 0));
    }
}

#[test]
fn destroying_a_room_tells_everyone_after_its_last_message() {
    for mut world in worlds() {
        let server = world.open("s", Role::Server);
        let members: Vec<_> = (0..9).map(|n| world.open(&format!("u{n}"), Role::Client)).collect();
        for &member in &members {
            joined(&mut world, member, "stage");
        }
        world.publish(members[0], "stage", NONE);
        world.publish(server, "stage", NONE);
        let destroy = world.clients[server].destroy("stage");
        assert_eq!(world.outcome(server, destroy), Outcome::Done);
        for &member in &members {
            assert!(world.clients[member].rooms.is_empty());
        }
        let request = world.publish(members[0], "stage", NONE);
        assert_eq!(world.outcome(members[0], request), Outcome::Refused(Code::NO_SUCH_ROOM, 0));
        assert_eq!(joined(&mut world, members[0], "stage"), (0, 1, String::new()));
    }
}

#[test]
fn a_visitor_may_receive_and_not_speak() {
    let mut shape = Shape::new(3);
    shape.app.anonymous = true;
    let mut world = World::new(5, &shape);
    let visitor = world.open("", Role::Anonymous);
    let alice = world.open("alice", Role::Client);
    joined(&mut world, visitor, "lobby");
    joined(&mut world, alice, "lobby");
    world.publish(alice, "lobby", NONE);
    let request = world.publish(visitor, "lobby", NONE);
    assert_eq!(world.outcome(visitor, request), Outcome::Refused(Code::NOT_ALLOWED, 0));
    assert_eq!(world.clients[visitor].delivered, 1);
}
