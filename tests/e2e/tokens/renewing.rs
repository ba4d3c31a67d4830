//! How the client crate keeps its tokens fresh against a real broker: in time before the old one is
//! over, and again when it was revoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_client::blocking::Client;
use throng_client::{Code, Config, Credentials, Error, Event, TokenSource, Unsent};
use throng_harness::broker::Broker;
use throng_harness::client::APP;

use super::{config, pass};
use crate::both::on_both;
use crate::state::{Guest, House, STAGE, refused};

on_both! {
    a_client_with_a_source_of_tokens_outlives_each_of_them
    a_client_shows_a_new_token_in_band
    a_client_whose_token_was_revoked_comes_back_with_a_new_one
    a_client_with_one_token_ends_with_it
}

/// A source of tokens that hold for so long, and how many it gave.
fn source(life: Duration) -> (TokenSource, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&given);
    let source = TokenSource::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let text = pass("ann").lasting(life).text();
        async move { Ok::<_, std::io::Error>(text) }
    });
    (source, given)
}

fn to(house: &House, credentials: impl Into<Credentials>) -> Config {
    Config::new(house.address().to_string()).app(APP).credentials(credentials)
}

fn a_client_with_a_source_of_tokens_outlives_each_of_them(io: Wanted) {
    let house = House::open(&config(io));
    let (source, given) = source(Duration::from_secs(2));
    let mut ann = Guest::open(to(&house, source));
    ann.client.join(STAGE).expect("whoever joins creates it");
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        ann.client.publish((STAGE, "text", "still here")).expect("the session goes on");
        std::thread::sleep(Duration::from_millis(50));
    }
    let lost = ann.heard().into_iter().find(|event| matches!(event, Event::Disconnected { .. }));
    assert!(lost.is_none(), "without a gap: {lost:?}");
    assert!(given.load(Ordering::Relaxed) >= 3, "{given:?}");
}

fn a_client_shows_a_new_token_in_band(io: Wanted) {
    let house = House::open(&config(io));
    let minute = pass("ann").lasting(Duration::from_secs(2));
    let ann = Guest::open(to(&house, Credentials::token(minute.text())));
    let longer = pass("ann").lasting(Duration::from_secs(60));
    let left = ann.client.refresh_token(longer.text()).expect("it is its own");
    assert!(left > Duration::from_secs(50) && left <= Duration::from_secs(60), "{left:?}");
    assert_eq!(refused(ann.client.refresh_token(pass("bob").text())), Code::UNAUTHORIZED);
    std::thread::sleep(Duration::from_millis(2_500));
    ann.client.join("lobby").expect("the session goes on");
}

fn a_client_whose_token_was_revoked_comes_back_with_a_new_one(io: Wanted) {
    let house = House::open(&config(io));
    let (source, given) = source(Duration::from_secs(60));
    let mut ann = Guest::open(to(&house, source));
    std::thread::sleep(Duration::from_millis(2));
    assert!(house.backend.revoke_tokens(&["ann"]).expect("a server may").all_done());
    ann.next_of(|event| matches!(event, Event::Disconnected { .. }).then_some(()));
    ann.next_of(|event| matches!(event, Event::Reconnected { .. }).then_some(()));
    ann.client.join("lobby").expect("it is in again");
    assert!(given.load(Ordering::Relaxed) >= 2);
}

fn a_client_with_one_token_ends_with_it(io: Wanted) {
    let broker = Broker::start(&config(io));
    let once = Credentials::token(pass("ann").lasting(Duration::from_secs(1)).text());
    let config = Config::new(broker.address.to_string()).app(APP).credentials(once);
    let (client, _events) = Client::connect(config).expect("it is let in");
    let end = Instant::now() + Duration::from_secs(20);
    let reason = loop {
        if let Err(reason) = client.ready() {
            break reason;
        }
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(reason.needs_token(), "{reason}");
    assert!(matches!(client.join("lobby"), Err(Error::Unsent(Unsent::Closed))));
}
