//! The sender limits, over a real clock. That they are exact to the nanosecond is shown in the
//! simulated world; here, that the clock of a real broker keeps them, whatever the delay of the
//! machine.

use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_broker::rate::QuotaLimits;
use throng_harness::broker::{Broker, config};
use throng_harness::client::Outcome;
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role};

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    a_client_says_five_things_a_second_and_the_sixth_at_one_second
    a_server_says_a_hundred_things_a_second_and_the_next_at_one_second
}

fn a_client_says_five_things_a_second_and_the_sixth_at_one_second(io: Wanted) {
    let broker = Broker::start(&config(io));
    let mut crowd = Crowd::new(broker.address);
    let alice = crowd.open_in("alice", "lobby");
    limit_holds(&mut crowd, alice, "lobby", 5);
}

fn a_server_says_a_hundred_things_a_second_and_the_next_at_one_second(io: Wanted) {
    let mut config = config(io);
    config.apps[0].quota = QuotaLimits::UNLIMITED;
    let broker = Broker::start(&config);
    let mut crowd = Crowd::new(broker.address);
    let server = crowd.open("backend", Role::Server);
    let create = crowd.clients[server].create("stage");
    assert_eq!(crowd.outcome(server, create), Outcome::Done);
    limit_holds(&mut crowd, server, "stage", 100);
}

/// Publishes one more than allowed in one write, which the broker reads within a second; waits
/// exactly as long as it was told; publishes one more.
fn limit_holds(crowd: &mut Crowd, client: usize, room: &str, limit: u64) {
    let requests: Vec<_> = (0..=limit).map(|_| crowd.publish(client, room, 10, NONE)).collect();
    for (seq, request) in (1..=limit).zip(&requests) {
        assert_eq!(crowd.outcome(client, *request), Outcome::Accepted(seq));
    }
    let refused = crowd.outcome(client, *requests.last().expect("at least one"));
    let told_at = Instant::now();
    let Outcome::Refused(Code::RATE_LIMITED, wait_ms) = refused else {
        panic!("one more than {limit} came to {refused:?}");
    };
    assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
    let wait = Duration::from_millis(u64::from(wait_ms)).saturating_sub(told_at.elapsed());
    crowd.pass(wait);
    let request = crowd.publish(client, room, 10, NONE);
    assert_eq!(crowd.outcome(client, request), Outcome::Accepted(limit + 1));
}
