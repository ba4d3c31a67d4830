//! The client crate against a real broker: that it comes back by itself when the broker does.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_client::blocking::{Client, Events};
use throng_client::{Config, Development, Event};
use throng_harness::broker::{Broker, config_unlimited};
use throng_harness::client::{APP, SECRET};

use crate::both::on_both;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

on_both! {
    clients_come_back_to_a_broker_that_was_restarted_and_rejoin
}

fn open(broker: &Broker, user: &str) -> (Client, Events) {
    let config = Config::new(broker.address.to_string())
        .app(APP)
        .credentials(Development::new(SECRET).user(user));
    let (client, events) = Client::connect(config).expect("the broker lets it in");
    client.join("lobby").expect("anyone may join");
    (client, events)
}

/// The first event that is wanted; those before it are of no interest.
fn wait<T>(events: &mut Events, wanted: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("it comes in time");
        if let Some(found) = wanted(event.expect("the client is not closed")) {
            return found;
        }
    }
}

fn clients_come_back_to_a_broker_that_was_restarted_and_rejoin(io: Wanted) {
    let mut config = config_unlimited(io);
    let broker = Broker::start(&config);
    config.listen = Some(broker.address);
    let (alice, mut at_alice) = open(&broker, "alice");
    let (_bob, mut at_bob) = open(&broker, "bob");
    alice.publish(("lobby", "text", "before")).expect("a member may publish");
    let said = |event| match event {
        Event::Message(message) => Some(message.payload),
        _ => None,
    };
    assert_eq!(wait(&mut at_bob, said), "before");

    broker.drain();
    broker.join();
    let broker = Broker::start(&config);

    let missed = |event| match event {
        Event::Missed(missed) => Some(missed),
        _ => None,
    };
    for events in [&mut at_alice, &mut at_bob] {
        let missed = wait(events, missed);
        assert_eq!(missed.room.as_str(), "lobby");
        assert_eq!(missed.entries, None, "it is another life of the room");
    }
    alice.publish(("lobby", "text", "after")).expect("it is a member again");
    assert_eq!(wait(&mut at_bob, said), "after");
    drop(broker);
}
