//! Conversations within TLS, judged like all others, and what becomes of handshakes that stall.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_harness::broker::{Broker, config_unlimited, with_tls};
use throng_harness::checker::Checker;
use throng_harness::client::Client;
use throng_harness::sockets::Crowd;
use throng_harness::{tls, tools};
use throng_protocol::value::{PublishOptions, Role};

use crate::both::on_both;

const NONE: PublishOptions = PublishOptions::from_bits(0);

on_both! {
    members_within_tls_and_without_hear_the_same
    single_bytes_and_a_slow_reader_within_tls_lose_nothing
    a_handshake_that_stalls_is_cut_at_the_deadline_of_the_hello
    openssl_is_welcome
}

fn tls_broker(io: Wanted) -> Broker {
    let mut config = config_unlimited(io);
    with_tls(&mut config);
    config.patience.hello = Duration::from_millis(1_000);
    // Nobody is to be skipped here.
    config.outbound_bytes_max = 16 << 20;
    Broker::start(&config)
}

fn tls_crowd(broker: &Broker) -> Crowd {
    Crowd::new_tls(broker.tls_address.expect("it listens for TLS"), "first.pem")
}

fn members_within_tls_and_without_hear_the_same(io: Wanted) {
    let broker = tls_broker(io);
    let mut crowd = tls_crowd(&broker);
    let hidden = (0..6).map(|n| crowd.open_in(&format!("hidden-{n}"), "stage")).collect::<Vec<_>>();
    crowd.leave_tls(broker.address);
    let open = (0..6).map(|n| crowd.open_in(&format!("open-{n}"), "stage")).collect::<Vec<_>>();
    for bytes in [1, 1_000, 60_000] {
        for member in hidden.iter().chain(&open) {
            crowd.publish(*member, "stage", bytes, NONE);
        }
    }
    crowd.until("all is delivered", |crowd| crowd.checker.deliveries() == 3 * 12 * 11);
}

fn single_bytes_and_a_slow_reader_within_tls_lose_nothing(io: Wanted) {
    let broker = tls_broker(io);
    let mut crowd = tls_crowd(&broker);
    crowd.write_bytes_max = 1;
    let alice = crowd.open_in("alice", "stage");
    let bob = crowd.open_in("bob", "stage");
    crowd.write_bytes_max = usize::MAX;
    crowd.stalled.insert(bob);
    for _ in 0..10 {
        crowd.publish(alice, "stage", 50_000, NONE);
    }
    crowd.pass(Duration::from_millis(200));
    crowd.stalled.clear();
    crowd.until("all is delivered", |crowd| crowd.checker.deliveries() == 10);
}

fn a_handshake_that_stalls_is_cut_at_the_deadline_of_the_hello(io: Wanted) {
    let broker = tls_broker(io);
    let mut silent = TcpStream::connect(broker.tls_address.expect("TLS")).expect("it listens");
    silent.set_read_timeout(Some(Duration::from_secs(20))).expect("an option");
    // The beginning of a record that never ends.
    silent.write_all(&[22, 3, 1, 2, 0, 1]).expect("it is open");
    let since = Instant::now();
    let mut rest = Vec::new();
    match silent.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    assert!(since.elapsed() >= Duration::from_millis(900), "{:?}", since.elapsed());
    // Others are served.
    tls_crowd(&broker).open_in("alice", "stage");
}

/// Another implementation of TLS says hello and gets its welcome.
fn openssl_is_welcome(io: Wanted) {
    if !tools::has("openssl", &["version"]) {
        return;
    }
    let broker = tls_broker(io);
    let address = broker.tls_address.expect("TLS").to_string();
    let mut openssl = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-connect", &address, "-CAfile"])
        .arg(tls::file("first.pem"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it is there");
    let mut alice = Client::hello("alice", "device", Role::Client);
    let hello = alice.take_said();
    openssl.stdin.as_mut().expect("piped").write_all(&hello).expect("it reads");
    let mut answer = openssl.stdout.take().expect("piped");
    let mut bytes = [0; 4096];
    while !alice.is_open() {
        match answer.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => alice.hear(&bytes[..read], &mut Checker::default()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted, "a pipe can be read"),
        }
    }
    let _ = openssl.kill();
    let output = openssl.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(alice.is_open(), "no welcome; openssl says: {told}");
}
