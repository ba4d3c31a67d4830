//! The faces through TLS: the same words, and nobody is believed who cannot show a certificate.
//!
//! The certificate is made anew for each run of the tests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use throng_client::{Config, Error, Event, Publish, Reason, Tls};

use crate::broker::{Broker, Wire, accepted, message, pong};
use crate::face::{Face, Listen};
use crate::next_message;

/// Larger than a record, a receive, and what the kernel takes at once.
const LARGE_BYTES: usize = 100_000;

/// The broker's certificate, as PEM, and what it shows it with.
static HOUSE: LazyLock<(String, Arc<ServerConfig>)> = LazyLock::new(|| {
    let names = ["chat.house".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem(), Arc::new(config))
});

type Secure = StreamOwned<ServerConnection, TcpStream>;

impl Wire for Secure {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

fn wrap(stream: TcpStream) -> Box<dyn Wire> {
    let connection = ServerConnection::new(Arc::clone(&HOUSE.1)).unwrap();
    Box::new(Secure::new(connection, stream))
}

fn secure(broker: &Broker) -> Config {
    broker.config().tls(Tls::roots_pem(HOUSE.0.as_bytes()).unwrap())
}

pub async fn what_is_said_through_tls_is_what_is_heard<F: Face>() {
    let large = vec![7; LARGE_BYTES];
    let sent = large.clone();
    let broker = Broker::run_behind(wrap, move |door| {
        let mut peer = door.welcome();
        for seq in 1..=20 {
            let (number, payload) = peer.publish();
            assert!(payload == sent);
            peer.reply(number, accepted(seq));
            peer.push(message(seq, &sent));
        }
        peer.expect_end();
    });
    let (client, mut events) = F::connect(secure(&broker)).await.unwrap();
    for seq in 1..=20 {
        let publish = Publish::new("lobby", "image", &large);
        assert_eq!(client.publish(publish).await.unwrap().seq, seq);
        assert!(next_message(&mut events).await.payload == large);
    }
    client.close().await;
    broker.finish();
}

pub async fn both_sides_may_have_much_to_say_at_once<F: Face>() {
    let broker = Broker::run_behind(wrap, |door| {
        let large = vec![1; LARGE_BYTES];
        let mut peer = door.welcome();
        // All of it before anything is read.
        for seq in 1..=40 {
            peer.push(message(seq, &large));
        }
        for seq in 41..=60 {
            let (number, _) = peer.publish();
            peer.reply(number, accepted(seq));
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(secure(&broker)).await.unwrap();
    drop(events);
    let large = vec![2; LARGE_BYTES];
    let mut tickets = Vec::new();
    for _ in 0..20 {
        tickets.push(client.publish_ahead(Publish::new("lobby", "image", &large)).await.unwrap());
    }
    for ticket in tickets {
        F::outcome(ticket).await.unwrap();
    }
    client.close().await;
    broker.finish();
}

pub async fn a_loss_through_tls_is_made_good<F: Face>() {
    let broker = Broker::run_behind(wrap, |door| {
        door.welcome().drop_dead();
        let mut peer = door.welcome();
        let number = peer.ping();
        peer.reply(number, pong());
        peer.expect_end();
    });
    let (client, mut events) = F::connect(secure(&broker)).await.unwrap();
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    client.ping().await.unwrap();
    client.close().await;
    broker.finish();
}

pub async fn a_broker_that_is_not_trusted_hears_nothing<F: Face>() {
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let strangers = Tls::roots_der([&**other.cert.der()]).unwrap();
    let renamed = Tls::roots_pem(HOUSE.0.as_bytes()).unwrap().server_name("chat.other").unwrap();
    for tls in [strangers, renamed] {
        let broker = Broker::run_behind(wrap, |door| assert!(door.take().is_given_up()));
        match F::connect(broker.config().tls(tls)).await.map(|_| ()) {
            Err(Error::Connect(Reason::Insecure(what))) => assert!(!what.is_empty()),
            other => panic!("{other:?}"),
        }
        broker.finish();
    }
}

pub async fn a_name_other_than_the_address_may_be_expected<F: Face>() {
    let broker = Broker::run_behind(wrap, |door| door.welcome().expect_end());
    let tls = Tls::roots_pem(HOUSE.0.as_bytes()).unwrap().server_name("chat.house").unwrap();
    let (client, _events) = F::connect(broker.config().tls(tls)).await.unwrap();
    client.close().await;
    broker.finish();
}

pub async fn a_broker_without_tls_is_told_from_one_with<F: Face>() {
    // One that says something else, and one that says nothing at all.
    for words in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let taker = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(words).unwrap();
            let _ended = stream.read_to_end(&mut Vec::new());
        });
        let config = Config::new(address)
            .app("dev")
            .credentials(throng_client::Credentials::token("t"))
            .connect_timeout(Duration::from_millis(300))
            .tls(Tls::roots_pem(HOUSE.0.as_bytes()).unwrap());
        let reason = match F::connect(config).await.map(|_| ()) {
            Err(Error::Connect(reason)) => reason,
            other => panic!("{other:?}"),
        };
        let as_expected = match words.is_empty() {
            true => reason == Reason::ConnectTimeout,
            false => matches!(reason, Reason::Insecure(_)),
        };
        assert!(as_expected, "{reason:?}");
        taker.join().unwrap();
    }
}
