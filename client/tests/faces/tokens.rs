//! Tokens that run out, over real sockets: on both faces a source is asked before each connection
//! and in time, and nothing waits for it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use throng_client::ask::RefreshToken;
use throng_client::{Code, Config, Event, TokenSource};
use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::Welcome;
use throng_protocol::request::Request;
use throng_protocol::value::{ItemResult, ItemResults, Switch};
use throng_protocol::{Refusal, reply};

use crate::broker::{Broker, NONE, Peer, WELCOME, pong};
use crate::face::{Face, Listen};

/// How long a token of these holds: refreshed after 1.5 s.
const HOLDS_MS: u64 = 2_000;

/// How long the source takes.
const SOURCE_TAKES: Duration = Duration::from_millis(600);

/// A source that takes its time and gives `token-1`, `token-2` and so on.
fn slow_source() -> TokenSource {
    let given = AtomicU32::new(0);
    TokenSource::new(move || {
        let number = given.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            // On the blocking face it may block; a runtime of several threads bears it, too.
            thread::sleep(SOURCE_TAKES);
            Ok::<_, Infallible>(format!("token-{number}"))
        }
    })
}

fn with_source(broker: &Broker) -> Config {
    broker.config().credentials(slow_source())
}

fn welcome(peer: &mut Peer, expires_in_ms: u64) {
    peer.say(FromBroker::Welcome(Welcome { expires_in_ms, ..WELCOME }));
}

/// Takes the next request, which must show that token; answers pings meanwhile.
fn refresh(peer: &mut Peer, token: &str) {
    loop {
        let mut is_refresh = false;
        let number = peer.request(|request| match request {
            Request::RefreshToken(it) => {
                assert_eq!(it.token, token.as_bytes());
                is_refresh = true;
            }
            Request::Ping(_) => {}
            other => panic!("{other:?}"),
        });
        if is_refresh {
            let refreshed = reply::TokenRefreshed { expires_in_ms: 3_600_000, extensions: NONE };
            return peer.reply(number, refreshed);
        }
        peer.reply(number, pong());
    }
}

pub async fn tokens_are_refreshed_in_time_and_new_ones_shown_after_a_loss<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.greet_with_token("token-1");
        welcome(&mut peer, HOLDS_MS);
        refresh(&mut peer, "token-2");
        peer.send_away(Refusal::new(Code::TOKEN_REVOKED));
        let mut peer = door.greet_with_token("token-3");
        welcome(&mut peer, 0);
        peer.expect_end();
    });
    let (client, mut events) = F::connect(with_source(&broker)).await.unwrap();
    assert_eq!(client.welcome().unwrap().expires_in, Some(Duration::from_millis(HOLDS_MS)));
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    client.close().await;
    broker.finish();
}

pub async fn a_source_that_takes_its_time_holds_nothing_up<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.greet_with_token("token-1");
        // Due as soon as can be, after a second, so that the source is asked while the client pings.
        welcome(&mut peer, 1);
        refresh(&mut peer, "token-2");
        peer.expect_end();
    });
    let (client, events) = F::connect(with_source(&broker)).await.unwrap();
    drop(events);
    let start = std::time::Instant::now();
    let mut longest = Duration::ZERO;
    while start.elapsed() < Duration::from_millis(1_500) {
        let before = std::time::Instant::now();
        client.ping().await.unwrap();
        longest = longest.max(before.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    assert!(longest < SOURCE_TAKES * 3 / 4, "{longest:?}");
    thread::sleep(SOURCE_TAKES);
    client.close().await;
    broker.finish();
}

pub async fn a_server_revokes_tokens_and_anyone_shows_a_new_one<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::RevokeTokens(it) => {
                let users: Vec<&str> = it.users.iter().collect();
                assert_eq!((users, it.servers, it.valid_after), (vec!["ann"], Switch::Off, 0));
            }
            other => panic!("{other:?}"),
        });
        let mut bytes = Vec::new();
        ItemResults::write([ItemResult { code: Code::NONE, retry_after_ms: 0 }], &mut bytes);
        let results = ItemResults::parse(&bytes).unwrap();
        peer.reply(number, reply::Results { results, extensions: NONE });
        let number = peer.request(|request| match request {
            Request::RefreshToken(it) => assert_eq!(it.token, b"new"),
            other => panic!("{other:?}"),
        });
        peer.reply(number, reply::TokenRefreshed { expires_in_ms: 5, extensions: NONE });
        peer.expect_end();
    });
    let (client, _events) = F::connect(broker.config()).await.unwrap();
    let results = client.revoke_tokens(&["ann"]).await.unwrap();
    assert_eq!(results.each, [Ok(())]);
    let refreshed = client.ask(RefreshToken::new("new")).await.unwrap();
    assert_eq!(refreshed.expires_in, Duration::from_millis(5));
    client.close().await;
    broker.finish();
}
