//! How many one address may bring, and for whom load balancers speak.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::io::door::PerAddress;
use throng_harness::broker::{Broker, config_unlimited};
use throng_harness::checker::Checker;
use throng_harness::client::Client;
use throng_harness::sockets::Crowd;
use throng_protocol::value::Role;

use crate::both::on_both;

on_both! {
    one_more_than_an_address_may_have_is_closed_and_a_place_is_given_back
    the_address_that_a_balancer_names_is_what_counts
    a_header_of_anyone_else_is_a_bad_hello_and_costs_no_place
}

fn two_each(io: Wanted) -> Config {
    let mut config = config_unlimited(io);
    config.door.connections_per_address_max =
        PerAddress::AtMost(NonZeroU32::new(2).expect("two is not zero"));
    config
}

/// Says hello after these bytes. The connection, if there was a welcome.
fn welcomed(broker: &Broker, first: &[u8], user: &str) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(broker.address).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
    let mut client = Client::hello(user, "device", Role::Client);
    // It may be closed before all is written.
    let _ = socket.write_all(&[first, &client.take_said()].concat());
    let mut bytes = [0; 4096];
    while !client.is_open() {
        match socket.read(&mut bytes) {
            Ok(read) if read > 0 => client.hear(&bytes[..read], &mut Checker::default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("no answer at all"),
            // The end of another test's ring may interrupt any thread of the process.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return None,
        }
    }
    Some(socket)
}

/// A header of the PROXY protocol, for a client at 203.0.113 and this.
fn header(last: u8) -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    bytes.extend([203, 0, 113, last, 10, 0, 0, 1, 0x1f, 0x90, 0x1c, 0xe8]);
    bytes
}

fn one_more_than_an_address_may_have_is_closed_and_a_place_is_given_back(io: Wanted) {
    let broker = Broker::start(&two_each(io));
    let mut crowd = Crowd::new(broker.address);
    let alice = crowd.open_in("alice", "stage");
    crowd.open_in("bob", "stage");
    for _ in 0..5 {
        assert!(welcomed(&broker, &[], "carol").is_none(), "a third is let in");
    }
    crowd.close(alice);
    let end = Instant::now() + Duration::from_secs(20);
    while welcomed(&broker, &[], "carol").is_none() {
        assert!(Instant::now() < end, "the place was not given back");
        crowd.pass(Duration::from_millis(20));
    }
}

fn the_address_that_a_balancer_names_is_what_counts(io: Wanted) {
    let mut config = two_each(io);
    config.proxy_from = vec!["127.0.0.0/8".parse().expect("a network")];
    let broker = Broker::start(&config);
    let mut held = Vec::new();
    for (last, let_in) in [(1, true), (1, true), (1, false), (2, true), (2, true), (2, false)] {
        let connection = welcomed(&broker, &header(last), &format!("user-{}", held.len()));
        assert_eq!(connection.is_some(), let_in, "203.0.113.{last}");
        held.push(connection);
    }
    assert!(welcomed(&broker, &[], "nobody").is_none(), "a balancer has to say for whom");
}

fn a_header_of_anyone_else_is_a_bad_hello_and_costs_no_place(io: Wanted) {
    let broker = Broker::start(&two_each(io));
    // The address is not believed, or these would all be let in: ten times as many as there are
    // places for the true one, each of which is given back.
    for last in 1..20 {
        assert!(welcomed(&broker, &header(last), "mallory").is_none());
    }
    let end = Instant::now() + Duration::from_secs(20);
    let both = || ["alice", "bob"].map(|user| welcomed(&broker, &[], user));
    while !both().iter().all(Option::is_some) {
        assert!(Instant::now() < end, "places of bad hellos were not given back");
        thread::sleep(Duration::from_millis(20));
    }
}
