//! Peers that are slow, broken or malicious: each gets its documented answer, and nobody else
//! notices.
//!
//! `town` is a broker with two apps and honest members who talk all the time, and judges what they
//! get meanwhile; `peer` is a socket that says anything. The attacks are one file each.

mod corpus;
mod dawdling;
mod floods;
mod peer;
mod process;
mod strangers;
mod town;

use std::io::Write;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::broker::{Broker, config, config_unlimited};
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role};

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    single_bytes_mean_the_same_as_whole_frames
    bad_frames_get_their_documented_error_and_harm_nobody
    strangers_are_cut_off_in_time
    a_silent_peer_is_cut_off
    one_who_reads_too_slowly_is_cut_off_and_the_others_get_everything
    more_connections_than_allowed_are_told_and_the_others_are_served
}

fn single_bytes_mean_the_same_as_whole_frames(io: Wanted) {
    let broker = Broker::start(&config_unlimited(io));
    let mut crowd = Crowd::new(broker.address);
    crowd.write_bytes_max = 1;
    let (alice, bob) = (crowd.open_in("alice", "lobby"), crowd.open_in("bob", "lobby"));
    for _ in 0..20 {
        crowd.publish(alice, "lobby", 50, NONE);
        crowd.publish(bob, "lobby", 50, NONE);
    }
    crowd.until("all is delivered", |crowd| crowd.checker.deliveries() == 40);
}

fn bad_frames_get_their_documented_error_and_harm_nobody(io: Wanted) {
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    let (alice, bob) = (crowd.open_in("alice", "lobby"), crowd.open_in("bob", "lobby"));
    let giant = u32::MAX.to_le_bytes();
    let cases: [(&[u8], Code); 6] = [
        (&giant, Code::TOO_LARGE),
        (&[0, 0, 0, 0], Code::MALFORMED),
        (&[1, 0, 0, 0, 99], Code::MALFORMED),
        (&[3, 0, 0, 0, 19, 1, 7], Code::MALFORMED),
        (&[6, 0, 0, 0, 17, 1, 2, 0xff, 0xfe, 0], Code::MALFORMED),
        (&[2, 0, 0, 0, 1, 1], Code::MALFORMED),
    ];
    for (n, (bytes, code)) in cases.into_iter().enumerate() {
        let open = crowd.open(&format!("bad-{n}"), Role::Client);
        crowd.clients[open].say_raw(bytes);
        // What is already on its way when the broker gives up must not swallow its answer.
        crowd.clients[open].say_raw(&[0xaa; 5_000]);
        crowd.until("it is told", |crowd| crowd.clients[open].ended.is_some());
        assert_eq!(crowd.clients[open].ended, Some(Some(code)), "{bytes:?}");
    }
    let stranger = crowd.connect_silent();
    crowd.clients[stranger].say_raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    crowd.until("it is told", |crowd| crowd.clients[stranger].ended.is_some());
    assert_eq!(crowd.clients[stranger].ended, Some(Some(Code::TOO_LARGE)));
    crowd.publish(alice, "lobby", 10, NONE);
    crowd.until("it is delivered", |crowd| crowd.clients[bob].delivered == 1);
}

fn strangers_are_cut_off_in_time(io: Wanted) {
    let mut config = config(io);
    config.patience.hello = Duration::from_millis(300);
    config.patience.frame = Duration::from_millis(600);
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let silent = crowd.connect_silent();
    let trickling = crowd.connect_silent();
    crowd.clients[trickling].say_raw(&[60, 0, 0]);
    let unfinished = crowd.open("unfinished", Role::Client);
    crowd.clients[unfinished].say_raw(&[60, 0, 0]);
    let good = crowd.open("good", Role::Client);
    for client in [silent, trickling, unfinished] {
        crowd.until("it is cut off", |crowd| crowd.clients[client].ended.is_some());
        assert_eq!(crowd.clients[client].ended, Some(Some(Code::TOO_SLOW)));
    }
    assert!(crowd.clients[good].is_open());
}

fn a_silent_peer_is_cut_off(io: Wanted) {
    let mut config = config(io);
    config.patience.ping_after = Duration::from_millis(200);
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    // A half-open peer: its socket is there and nobody reads or answers.
    let mut gone = std::net::TcpStream::connect(broker.address).expect("the broker listens");
    let mut hello = throng_harness::client::Client::hello("gone", "d", Role::Client);
    gone.write_all(&hello.take_said()).expect("a fresh socket takes a few bytes");
    let alive = crowd.open("alive", Role::Client);
    crowd.pass(Duration::from_millis(1_500));
    assert!(crowd.clients[alive].is_open(), "who answers may stay");
    let mut all = Vec::new();
    gone.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket has this option");
    std::io::Read::read_to_end(&mut gone, &mut all).expect("the broker ended it");
    let mut checker = throng_harness::checker::Checker::default();
    hello.hear(&all, &mut checker);
    assert_eq!(hello.ended, Some(Some(Code::SILENT)));
}

fn one_who_reads_too_slowly_is_cut_off_and_the_others_get_everything(io: Wanted) {
    let mut config = config_unlimited(io);
    // What is protected is not skipped: there is nothing left but to cut the reader off.
    config.apps[0].lists.protected_kinds = ["text".into()].into_iter().collect();
    config.outbound_bytes_max = 1024 * 1024;
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let alice = crowd.open_in("alice", "stage");
    let bob = crowd.open_in("bob", "stage");
    // Joins like everyone else, then never reads again.
    let mut dead = std::net::TcpStream::connect(broker.address).expect("the broker listens");
    let mut hello = throng_harness::client::Client::hello("dead", "d", Role::Client);
    hello.join("stage");
    dead.write_all(&hello.take_said()).expect("a fresh socket takes a few bytes");
    let members = |crowd: &mut Crowd| {
        let query = crowd.clients[alice].query("stage");
        crowd.outcome(alice, query)
    };
    let is_in = |outcome, count| matches!(outcome, throng_harness::client::Outcome::State(_, n, _) if n == count);
    while !is_in(members(&mut crowd), 3) {}
    let mut said = 0;
    while is_in(members(&mut crowd), 3) {
        assert!(said < 20_000, "a dead reader takes no end");
        for _ in 0..20 {
            said += 1;
            crowd.publish(alice, "stage", 10_000, NONE);
        }
        crowd.until("it is delivered", |crowd| crowd.clients[bob].delivered == said);
    }
    assert!(crowd.clients[bob].is_open());
}

fn more_connections_than_allowed_are_told_and_the_others_are_served(io: Wanted) {
    let mut config = config(io);
    config.connections_max = Some(20);
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let (alice, bob) = (crowd.open_in("alice", "lobby"), crowd.open_in("bob", "lobby"));
    for n in 0..60 {
        crowd.connect(&format!("user-{n}"), "device", Role::Client);
    }
    crowd.until("all have an answer", |crowd| {
        crowd.clients.iter().all(|own| own.welcomed || own.ended.is_some())
    });
    let refused = crowd.clients.iter().filter(|own| own.ended == Some(Some(Code::OVERLOADED)));
    assert!(refused.count() >= 40);
    crowd.publish(alice, "lobby", 10, NONE);
    crowd.until("it is delivered", |crowd| crowd.clients[bob].delivered == 1);
}
