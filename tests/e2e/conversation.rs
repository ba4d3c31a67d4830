//! Joining, publishing, delivering, over both cores.

use std::sync::{Mutex, PoisonError};

use throng_broker::io::choice::Wanted;
use throng_harness::broker::{Broker, config, config_unlimited};
use throng_harness::client::Outcome;
use throng_harness::sockets::Crowd;
use throng_protocol::value::{PublishOptions, Role};

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    two_hundred_members_see_all_messages_of_all_once_and_in_order
    a_message_of_the_largest_size_reaches_everyone
    a_server_creates_and_destroys_a_room_and_all_are_told
    one_room_at_a_time
    five_thousand_idle_connections_are_served
}

fn two_hundred_members_see_all_messages_of_all_once_and_in_order(io: Wanted) {
    let broker = Broker::start(&config_unlimited(io));
    let mut crowd = Crowd::new(broker.address);
    // Users are homed by hash: two hundred of them are on both cores.
    let members: Vec<_> = (0..200).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    for round in 0..20 {
        for publisher in 0..10 {
            crowd.publish(members[publisher * 20 + round % 20], "stage", 64, NONE);
        }
    }
    // The checker holds order, gaps, duplicates and contents at every member.
    crowd.until("all is delivered", |crowd| {
        let view = |member: &usize| &crowd.clients[*member].rooms["stage"];
        members.iter().all(|member| view(member).is_complete(200))
    });
    assert_eq!(crowd.checker.deliveries(), 200 * 199);
}

fn a_message_of_the_largest_size_reaches_everyone(io: Wanted) {
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    let members: Vec<_> = (0..8).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    let large = crowd.publish(members[0], "stage", 128 * 1024, NONE);
    assert_eq!(crowd.outcome(members[0], large), Outcome::Accepted(1));
    crowd.until("all is delivered", |crowd| crowd.checker.deliveries() == 7);
    let larger = crowd.publish(members[0], "stage", 128 * 1024 + 1, NONE);
    let refused = Outcome::Refused(throng_protocol::Code::INVALID_ARGUMENT, 0);
    assert_eq!(crowd.outcome(members[0], larger), refused);
}

fn a_server_creates_and_destroys_a_room_and_all_are_told(io: Wanted) {
    let mut config = config(io);
    config.apps[0].create_on_join = false;
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let server = crowd.open("backend", Role::Server);
    let alice = crowd.open("alice", Role::Client);
    let join = crowd.clients[alice].join("stage");
    let none = Outcome::Refused(throng_protocol::Code::NO_SUCH_ROOM, 0);
    assert_eq!(crowd.outcome(alice, join), none);
    let create = crowd.clients[server].create("stage");
    assert_eq!(crowd.outcome(server, create), Outcome::Done);
    let members: Vec<_> = (0..20).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    crowd.publish(server, "stage", 10, NONE);
    let destroy = crowd.clients[server].destroy("stage");
    assert_eq!(crowd.outcome(server, destroy), Outcome::Done);
    crowd.until("all are out", |crowd| {
        members.iter().all(|member| crowd.clients[*member].rooms.is_empty())
    });
    assert_eq!(crowd.checker.deliveries(), 20, "the last message came before the end");
}

fn one_room_at_a_time(io: Wanted) {
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    let alice = crowd.open_in("alice", "first");
    let join = crowd.clients[alice].join("second");
    let Outcome::Joined(joined) = crowd.outcome(alice, join) else { panic!("anyone may join") };
    assert_eq!((joined.seq, joined.members, &*joined.left), (0, 1, "first"));
    let query = crowd.clients[alice].query("first");
    assert_eq!(crowd.outcome(alice, query), Outcome::State(0, 0, 0));
}

fn five_thousand_idle_connections_are_served(io: Wanted) {
    // Both ends of each are in this process: two of these at once need too many descriptors.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    for n in 0..5_000 {
        crowd.connect(&format!("user-{n}"), "device", Role::Client);
        if n % 500 == 499 {
            crowd.until("all are in", |crowd| crowd.clients.iter().all(|own| own.is_open()));
        }
    }
    let (alice, bob) = (crowd.open_in("alice", "lobby"), crowd.open_in("bob", "lobby"));
    crowd.publish(alice, "lobby", 10, NONE);
    crowd.until("it is delivered", |crowd| crowd.clients[bob].delivered == 1);
    assert!(crowd.clients.iter().all(|own| own.is_open()));
}
