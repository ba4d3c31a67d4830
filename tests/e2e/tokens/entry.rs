//! Who is let in by a token, and that whoever is not hears the same for every cause.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::broker::Broker;
use throng_harness::client::{APP, SECRET};
use throng_harness::passes::{Key, Pass, now_ms};
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::value::{Extensions, Role};
use throng_protocol::{Code, FromBroker, FromClient, frame};

use super::{OTHER_APP, config, key, nobodys_key, other_key, other_pass, pass, server_pass};
use crate::both::on_both;
use crate::rooms::{Hall, STAGE};

on_both! {
    a_token_lets_in_whom_it_names_in_its_role
    whoever_is_not_let_in_hears_the_same_for_every_cause
    the_same_token_on_the_same_device_takes_over
    a_node_without_keys_takes_no_token
}

fn a_token_lets_in_whom_it_names_in_its_role(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let ann = hall.crowd.open_with(&pass("ann"));
    assert_eq!(hall.join(ann, STAGE).seq, 0);
    let server = hall.crowd.open_with(&server_pass("backend-1"));
    assert_eq!(hall.code(server, |own| own.create("made")), Code::NONE, "a server creates rooms");
    assert_eq!(hall.code(ann, |own| own.create("other")), Code::NOT_ALLOWED, "and a client none");
    let visitor = Pass { role: Role::Anonymous, user: String::new(), ..pass("") };
    let visitor = hall.crowd.open_with(&visitor);
    assert!(hall.crowd.clients[visitor].user.starts_with("anonymous-"), "the broker names it");
    hall.join(visitor, STAGE);
    assert_eq!(hall.speak(visitor, STAGE), Code::NOT_ALLOWED);
}

fn hello(app: &str, credentials: Credentials<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let hello = Hello {
        magic: MAGIC,
        version_min: VERSION,
        version_max: VERSION,
        app,
        credentials,
        client: "test",
        extensions: Extensions::NONE,
    };
    FromClient::Hello(hello).write(&mut bytes);
    bytes
}

/// All that is answered to somebody who is sent away.
fn answer(address: SocketAddr, said: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).expect("the broker listens");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket has this option");
    socket.write_all(said).expect("it is taken");
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("it is ended in good order");
    heard
}

fn token(pass: &Pass) -> Vec<u8> {
    hello(APP, Credentials::Token(pass.text().as_bytes()))
}

fn whoever_is_not_let_in_hears_the_same_for_every_cause(io: Wanted) {
    let mut config = config(io);
    config.apps[0].anonymous = false;
    let mut hall = Hall::open(&config);
    let revoked = pass("eve");
    let server = hall.server;
    assert_eq!(hall.code(server, |own| own.revoke((false, &["eve"]), 0)), Code::NONE);
    let good = pass("ann");
    let now = now_ms();
    let text = |text: &[u8]| hello(APP, Credentials::Token(text));
    let developed = |secret, role| {
        let own = Development { secret, user: "ann", device: "phone", role };
        hello(APP, Credentials::Development(own))
    };
    let mut changed = good.text().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let day = Duration::from_secs(24 * 60 * 60);
    let causes = [
        ("no such app", hello("nowhere", Credentials::Token(good.text().as_bytes()))),
        ("a wrong secret", developed("not-the-secret", Role::Client)),
        ("no role", developed(SECRET, Role::Anonymous)),
        ("no token", text(b"nonsense")),
        ("nothing", text(b"")),
        ("too much", text(&[b'A'; 2_048])),
        ("one letter changed", text(&changed)),
        ("an unknown key", token(&Pass { key: nobodys_key(), ..good.clone() })),
        (
            "a wrong secret of a known key",
            token(&Pass { key: Key { id: key().id, ..nobodys_key() }, ..good.clone() }),
        ),
        ("the key of another app", token(&Pass { key: other_key(), ..good.clone() })),
        ("a token of another app", token(&other_pass("ann"))),
        ("made for another app", token(&Pass { app: OTHER_APP.into(), ..good.clone() })),
        ("over", token(&Pass { made_ms: now - 60_000, expires_ms: now - 1, ..good.clone() })),
        (
            "not yet",
            token(&Pass { made_ms: now + 90_000, expires_ms: now + 99_000, ..good.clone() }),
        ),
        ("for too long", token(&good.clone().lasting(day + Duration::from_millis(1)))),
        ("an unwanted role", token(&Pass { role: Role::Anonymous, user: "".into(), ..good })),
        ("revoked", token(&revoked)),
        ("no JSON web token is taken", text(b"e30.e30.e30")),
    ];
    let address = hall.address();
    let first = answer(address, &causes[0].1);
    let (body, rest) = whole_frame(&first);
    let Ok(FromBroker::GoAway(end)) = FromBroker::decode(body) else { panic!("{body:?}") };
    assert_eq!((end.refusal.code, end.refusal.retry_after_ms), (Code::UNAUTHORIZED, 0));
    assert!(rest.is_empty() && end.refusal.detail.is_empty(), "and not a word more");
    for (cause, said) in &causes {
        assert_eq!(answer(address, said), first, "{cause}");
    }
    hall.crowd.open_with(&pass("ann"));
}

fn the_same_token_on_the_same_device_takes_over(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let phone = pass("ann");
    let first = hall.crowd.open_with(&phone);
    let desk = hall.crowd.open_with(&Pass { device: "desk".into(), ..phone.clone() });
    let again = hall.crowd.open_with(&phone);
    hall.crowd.until("it is replaced", |crowd| crowd.clients[first].ended.is_some());
    assert_eq!(hall.crowd.clients[first].ended, Some(Some(Code::REPLACED)));
    assert!(hall.crowd.clients[desk].is_open() && hall.crowd.clients[again].is_open());
}

/// The first frame's body, and what follows it.
fn whole_frame(bytes: &[u8]) -> (&[u8], &[u8]) {
    match frame::split(bytes, 1 << 20) {
        Ok(Some(cut)) => cut,
        other => panic!("no frame in {bytes:?}: {other:?}"),
    }
}

fn a_node_without_keys_takes_no_token(io: Wanted) {
    let broker = Broker::start(&crate::rooms::config(io));
    let heard = answer(broker.address, &token(&pass("ann")));
    let (body, _) = whole_frame(&heard);
    let Ok(FromBroker::GoAway(end)) = FromBroker::decode(body) else { panic!("{body:?}") };
    assert_eq!(end.refusal.code, Code::UNAUTHORIZED);
}
