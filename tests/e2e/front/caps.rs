//! How many one address may bring, and for whom load balancers speak.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::time::Duration;

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::io::door::PerAddress;
use throng_harness::broker::{Broker, config_unlimited};
use throng_harness::client::Client;
use throng_harness::sockets::Crowd;
use throng_protocol::value::Role;

use crate::both::on_both;

on_both! {
    one_more_than_an_address_may_have_is_closed_and_a_place_is_given_back
    the_address_that_a_balancer_names_is_what_counts
    a_header_of_anyone_else_is_a_bad_hello
}

fn two_each(io: Wanted) -> Config {
    let mut config = config_unlimited(io);
    config.door.connections_per_address_max =
        PerAddress::AtMost(NonZeroU32::new(2).expect("two is not zero"));
    config
}

/// The answer to a hello after these bytes; nothing if the connection is closed.
fn answer(broker: &Broker, first: &[u8], user: &str) -> Option<(TcpStream, u8)> {
    let mut socket = TcpStream::connect(broker.address).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
    let hello = Client::hello(user, "device", Role::Client).take_said();
    // It may be closed before all is written.
    let _ = socket.write_all(&[first, &hello].concat());
    let mut byte = [0];
    match socket.read(&mut byte) {
        Ok(1) => Some((socket, byte[0])),
        _ => None,
    }
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
        assert!(answer(&broker, &[], "carol").is_none(), "a third is let in");
    }
    crowd.close(alice);
    crowd.pass(Duration::from_millis(300));
    assert!(answer(&broker, &[], "carol").is_some(), "the place was not given back");
}

fn the_address_that_a_balancer_names_is_what_counts(io: Wanted) {
    let mut config = two_each(io);
    config.proxy_from = vec!["127.0.0.0/8".parse().expect("a network")];
    let broker = Broker::start(&config);
    let mut open = Vec::new();
    for (last, let_in) in [(1, true), (1, true), (1, false), (2, true), (2, true), (2, false)] {
        let answered = answer(&broker, &header(last), &format!("user-{}", open.len()));
        assert_eq!(answered.is_some(), let_in, "203.0.113.{last}");
        open.extend(answered);
    }
    assert!(answer(&broker, &[], "nobody").is_none(), "a balancer has to say for whom");
}

fn a_header_of_anyone_else_is_a_bad_hello(io: Wanted) {
    let broker = Broker::start(&two_each(io));
    // The address is not believed: two places are taken, whatever the headers name.
    let connect = |last| {
        let mut socket = TcpStream::connect(broker.address).expect("it listens");
        socket.write_all(&header(last)).expect("the kernel takes it");
        socket
    };
    let mut open: Vec<_> = (1..=5).map(connect).collect();
    let mut answered = 0;
    for socket in &mut open {
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
        answered += usize::from(matches!(socket.read(&mut [0]), Ok(1)));
    }
    assert_eq!(answered, 2, "a bad hello is answered, one too many is not");
}
