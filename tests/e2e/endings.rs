//! How a broker goes down, and comes back.

use throng_broker::io::choice::Wanted;
use throng_harness::broker::{Broker, config_unlimited};
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::value::PublishOptions;

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    a_drain_tells_everyone_and_loses_nothing_that_was_accepted
    a_broker_starts_again_on_its_port_and_the_same_clients_return
}

fn a_drain_tells_everyone_and_loses_nothing_that_was_accepted(io: Wanted) {
    let broker = Broker::start(&config_unlimited(io));
    let mut crowd = Crowd::new(broker.address);
    let members: Vec<_> = (0..30).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    for member in &members {
        for _ in 0..10 {
            crowd.publish(*member, "stage", 100, NONE);
        }
    }
    crowd.carry();
    broker.drain();
    crowd.until("all are told", |crowd| crowd.clients.iter().all(|own| own.ended.is_some()));
    broker.join();
    let outcomes = crowd.clients.iter().flat_map(|own| own.outcomes.values());
    let accepted =
        outcomes.filter(|own| matches!(own, throng_harness::client::Outcome::Accepted(_))).count();
    assert_eq!(crowd.checker.deliveries(), accepted as u64 * 29);
    assert!(crowd.clients.iter().all(|own| own.ended == Some(Some(Code::DRAINING))));
}

fn a_broker_starts_again_on_its_port_and_the_same_clients_return(io: Wanted) {
    let mut config = config_unlimited(io);
    let broker = Broker::start(&config);
    config.listen = Some(broker.address);
    let mut crowd = Crowd::new(broker.address);
    let before: Vec<_> = (0..50).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    crowd.publish(before[0], "stage", 10, NONE);
    crowd.until("it is delivered", |crowd| crowd.checker.deliveries() == 49);
    broker.drain();
    crowd.until("all are out", |crowd| crowd.clients.iter().all(|own| own.ended.is_some()));
    broker.join();
    let broker = Broker::start(&config);
    assert_eq!(Some(broker.address), config.listen);
    let after: Vec<_> = (0..50).map(|n| crowd.open_in(&format!("user-{n}"), "stage")).collect();
    crowd.publish(after[0], "stage", 10, NONE);
    crowd.until("it is delivered", |crowd| crowd.checker.deliveries() == 98);
}
