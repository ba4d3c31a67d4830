//! The front's promises over real sockets: what is said within TLS, whom a load balancer speaks
//! for, and who is turned away. What holds for all connections is in `io::tests`, which run with a
//! front, too.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use super::*;
use crate::io::certificates::CertificateFiles;
use crate::io::door::{DoorLimits, PerAddress};
use crate::io::{Clock, Epoll, Listening, RingSize, Uring, choice, listen};

const PATIENCE: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(60);
const HEADER_DEADLINE: Duration = Duration::from_millis(200);

type Client = StreamOwned<ClientConnection, TcpStream>;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/certificates").join(name)
}

fn rules(limits: DoorLimits, balancers: &[Network]) -> Rules {
    let files = CertificateFiles { certificate: file("first.pem"), key: file("first.key") };
    Rules {
        balancers: balancers.into(),
        header_deadline: HEADER_DEADLINE,
        door: Arc::new(Door::new(limits)),
        certificates: Some(Arc::new(Certificates::load(files).unwrap())),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Accepted(ConnectionId, SocketAddr),
    Received(ConnectionId, Vec<u8>),
    Sent(ConnectionId),
    Closed(ConnectionId),
}

struct World<I: Io> {
    front: Front<I>,
    plain: SocketAddr,
    tls: SocketAddr,
    seen: VecDeque<Seen>,
}

impl<I: Io> World<I> {
    fn new(open: impl FnOnce(Vec<Listening>) -> I, rules: Rules) -> Self {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let (plain, tls) = (listen::open(any, 1).unwrap(), listen::open(any, 1).unwrap());
        let addresses = (plain.address, tls.address);
        let listening = plain.listening(Entrance::Plain).chain(tls.listening(Entrance::Tls));
        let front = Front::new(open(listening.collect()), rules);
        Self { front, plain: addresses.0, tls: addresses.1, seen: VecDeque::new() }
    }

    fn next_within(&mut self, patience: Duration) -> Option<Seen> {
        let deadline = self.front.now().instant + patience;
        while self.seen.is_empty() && self.front.now().instant < deadline {
            let mut completions = Vec::new();
            self.front.wait(Some(deadline), &mut completions).unwrap();
            for completion in completions {
                let seen = match completion {
                    Completion::Accepted { connection, peer, .. } => {
                        Seen::Accepted(connection, peer)
                    }
                    Completion::Received { connection, buffer } => {
                        let bytes = self.front.received(buffer).to_vec();
                        assert!(!bytes.is_empty(), "a receive is never empty");
                        self.front.release(buffer);
                        Seen::Received(connection, bytes)
                    }
                    Completion::Sent { connection, .. } => Seen::Sent(connection),
                    Completion::Closed { connection } => Seen::Closed(connection),
                };
                self.seen.push_back(seen);
            }
        }
        self.seen.pop_front()
    }

    #[track_caller]
    fn next(&mut self) -> Seen {
        self.next_within(PATIENCE).expect("something should have been done by now")
    }

    #[track_caller]
    fn assert_quiet(&mut self) {
        assert_eq!(self.next_within(QUIET), None);
    }

    #[track_caller]
    fn accept(&mut self) -> ConnectionId {
        match self.next() {
            Seen::Accepted(id, _) => id,
            other => panic!("accepted expected, not {other:?}"),
        }
    }

    /// Receives that many bytes, one time after the other.
    #[track_caller]
    fn receive(&mut self, id: ConnectionId, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            self.front.resume(id, Receive::Once);
            match self.next() {
                Seen::Received(from, more) if from == id => bytes.extend(more),
                other => panic!("received expected after {} bytes, not {other:?}", bytes.len()),
            }
        }
        assert_eq!(bytes.len(), count, "not a byte too many");
        bytes
    }

    fn send(&mut self, id: ConnectionId, bytes: &[u8]) {
        self.front.send(id, Outgoing::Own(bytes.to_vec()));
    }
}

/// What a client of TLS trusts.
fn trusting(certificate: &str) -> Arc<ClientConfig> {
    trusting_by(certificate, rustls::ALL_VERSIONS)
}

/// The same, of a client that knows these versions only.
fn trusting_by(
    certificate: &str,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file(certificate)).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn tls_over(stream: TcpStream, config: &Arc<ClientConfig>) -> Client {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(connection, stream)
}

fn tls_client(address: SocketAddr) -> Client {
    tls_over(TcpStream::connect(address).unwrap(), &trusting("first.pem"))
}

/// Runs a test on each back end; where io_uring is not allowed that half says so and passes.
fn on_both(rules: impl Fn() -> Rules, on_epoll: fn(World<Epoll>), on_uring: fn(World<Uring>)) {
    on_epoll(World::new(|listening| Epoll::new(Clock::start(), listening).unwrap(), rules()));
    let size = RingSize::default();
    if choice::choose(choice::Wanted::Uring, size).is_err() {
        eprintln!("not run: this machine does not allow io_uring");
        return;
    }
    let uring = |listening| Uring::new(Clock::start(), listening, size).unwrap();
    on_uring(World::new(uring, rules()));
}

macro_rules! on_both {
    ($($name:ident by $rules:expr;)*) => {
        mod both {
            use super::*;
            $(#[test] fn $name() { on_both(|| $rules, super::$name, super::$name); })*
        }
    };
}

mod dialects;

on_both! {
    what_is_said_within_tls_arrives_both_ways by rules(DoorLimits::default(), &[]);
    single_bytes_and_slow_readers_change_nothing by rules(DoorLimits::default(), &[]);
    who_was_heard_can_be_handed_over_at_once by rules(DoorLimits::default(), &[]);
    the_end_is_told_within_tls_and_heard by rules(DoorLimits::default(), &[]);
    what_is_no_tls_is_closed by rules(DoorLimits::default(), &[]);
    a_new_certificate_is_shown_to_new_connections_only by rules(DoorLimits::default(), &[]);
    the_oldest_unfinished_handshake_makes_room by rules(DoorLimits::default(), &[]);
    a_balancer_says_for_whom_it_speaks by rules(DoorLimits::default(), &[here()]);
    a_balancer_without_a_header_is_never_heard_of by rules(DoorLimits::default(), &[here()]);
    a_place_is_given_out_only_after_its_end_was_told by rules(DoorLimits::default(), &[here()]);
    who_leaves_amid_a_handshake_takes_nobody_along by rules(DoorLimits::default(), &[]);
    a_header_of_others_is_what_they_say by rules(DoorLimits::default(), &[]);
    one_too_many_is_closed_and_a_place_is_given_back by rules(two_each(), &[]);
    places_are_those_of_the_address_that_a_balancer_names by rules(two_each(), &[here()]);
}

fn here() -> Network {
    "127.0.0.1".parse().unwrap()
}

fn two_each() -> DoorLimits {
    let two = PerAddress::AtMost(NonZeroU32::new(2).unwrap());
    DoorLimits { connections_per_address_max: two, accepts_per_address: PerAddress::Unlimited }
}

fn header(address: [u8; 4]) -> Vec<u8> {
    let mut bytes = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    bytes.extend(address);
    bytes.extend([10, 0, 0, 1, 0x1f, 0x90, 0x1c, 0xe8]);
    bytes
}

fn is_cut(client: &mut impl Read) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match client.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => {
                return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            }
        }
    }
}

fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect()
}

fn what_is_said_within_tls_arrives_both_ways<I: Io>(mut world: World<I>) {
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_client(address);
        for size in [1, 100, 16_384, 300_000] {
            client.write_all(&pattern(size)).unwrap();
            let mut answer = vec![0; size];
            client.read_exact(&mut answer).unwrap();
            assert!(answer == pattern(size));
        }
        client
    });
    let id = world.accept();
    for size in [1, 100, 16_384, 300_000] {
        assert!(world.receive(id, size) == pattern(size));
        world.send(id, &pattern(size));
        assert_eq!(world.next(), Seen::Sent(id));
    }
    drop(client.join().unwrap());
    world.front.resume(id, Receive::Always);
    assert_eq!(world.next(), Seen::Closed(id));
    world.assert_quiet();
}

fn single_bytes_and_slow_readers_change_nothing<I: Io>(mut world: World<I>) {
    const LARGE: usize = 4 << 20;
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_client(address);
        for byte in pattern(200) {
            client.write_all(&[byte]).unwrap();
        }
        let mut answer = vec![0; LARGE];
        for piece in answer.chunks_mut(100_000) {
            thread::sleep(Duration::from_millis(2));
            client.read_exact(piece).unwrap();
        }
        assert!(answer == pattern(LARGE));
        client.write_all(b"read").unwrap();
        client
    });
    let id = world.accept();
    assert!(world.receive(id, 200) == pattern(200));
    world.send(id, &pattern(LARGE));
    // What the peer says is heard while the send is under way, or after it.
    world.front.resume(id, Receive::Always);
    let (mut sent, mut heard) = (0, Vec::new());
    while sent == 0 || heard != b"read" {
        match world.next() {
            Seen::Sent(_) => sent += 1,
            Seen::Received(_, more) => heard.extend(more),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(sent, 1, "a send is told once, however many pieces it took");
    client.join().unwrap();
}

fn who_was_heard_can_be_handed_over_at_once<I: Io>(mut world: World<I>) {
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_client(address);
        client.write_all(b"hello").unwrap();
        let mut answer = [0; 7];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"welcome");
        client.write_all(b"more").unwrap();
        client
    });
    let id = world.accept();
    world.front.resume(id, Receive::Once);
    assert_eq!(world.next(), Seen::Received(id, b"hello".to_vec()));
    let passed = world.front.detach(id).expect("it was just heard, once");
    world.send(id, b"to nobody");
    world.front.close(id);
    let id = world.front.adopt(passed);
    world.send(id, b"welcome");
    assert_eq!(world.next(), Seen::Sent(id));
    assert_eq!(world.receive(id, 4), b"more");
    drop(client.join().unwrap());
}

fn the_end_is_told_within_tls_and_heard<I: Io>(mut world: World<I>) {
    let address = world.tls;
    let client = thread::spawn(move || {
        let mut client = tls_client(address);
        client.write_all(b"bye").unwrap();
        let mut rest = Vec::new();
        // An end that is not told within TLS would be an error here.
        client.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"farewell");
        client.conn.send_close_notify();
        client.flush().unwrap();
        // The socket stays open: that it is over was said within TLS.
        assert!(is_cut(&mut client.sock));
    });
    let id = world.accept();
    assert_eq!(world.receive(id, 3), b"bye");
    world.send(id, b"farewell");
    assert_eq!(world.next(), Seen::Sent(id));
    world.front.shutdown(id);
    world.front.resume(id, Receive::Always);
    assert_eq!(world.next(), Seen::Closed(id));
    client.join().unwrap();
}

fn what_is_no_tls_is_closed<I: Io>(mut world: World<I>) {
    let mut client = TcpStream::connect(world.tls).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let id = world.accept();
    world.front.resume(id, Receive::Once);
    assert_eq!(world.next(), Seen::Closed(id));
    assert!(is_cut(&mut client));
    world.send(id, b"to nobody");
    world.assert_quiet();
}

fn a_new_certificate_is_shown_to_new_connections_only<I: Io>(mut world: World<I>) {
    let address = world.tls;
    let say = |config: Arc<ClientConfig>| {
        thread::spawn(move || {
            let mut client = tls_over(TcpStream::connect(address).unwrap(), &config);
            client.write_all(b"hello").map(|()| client)
        })
    };
    let old = say(trusting("first.pem"));
    let old_id = world.accept();
    assert_eq!(world.receive(old_id, 5), b"hello");
    let mut old = old.join().unwrap().unwrap();

    let second = CertificateFiles { certificate: file("second.pem"), key: file("second.key") };
    let shown = world.front.rules.certificates.clone().unwrap();
    shown.renew_from(&second).unwrap();
    let new = say(trusting("second.pem"));
    let new_id = world.accept();
    assert_eq!(world.receive(new_id, 5), b"hello");
    new.join().unwrap().unwrap();
    old.write_all(b"still").unwrap();
    assert_eq!(world.receive(old_id, 5), b"still");

    // What cannot be used changes nothing.
    let bad = CertificateFiles { certificate: file("second.pem"), key: file("first.key") };
    assert!(shown.renew_from(&bad).unwrap_err().to_string().contains("is not that of"));
    let new = say(trusting("second.pem"));
    let new_id = world.accept();
    assert_eq!(world.receive(new_id, 5), b"hello");
    new.join().unwrap().unwrap();
}

fn the_oldest_unfinished_handshake_makes_room<I: Io>(mut world: World<I>) {
    let mut stalled = Vec::new();
    let mut first = None;
    for _ in 0..tls::HANDSHAKES_MAX {
        stalled.push(TcpStream::connect(world.tls).unwrap());
        first.get_or_insert(world.accept());
    }
    let address = world.tls;
    let client = thread::spawn(move || tls_client(address).write_all(b"hello"));
    let mut last = None;
    for _ in 0..2 {
        match world.next() {
            Seen::Accepted(id, _) => last = Some(id),
            Seen::Closed(id) => assert_eq!(Some(id), first),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(world.receive(last.unwrap(), 5), b"hello");
    client.join().unwrap().unwrap();
}

fn a_place_is_given_out_only_after_its_end_was_told<I: Io>(mut world: World<I>) {
    let mut good = TcpStream::connect(world.plain).unwrap();
    good.write_all(&header([203, 0, 113, 7])).unwrap();
    let Seen::Accepted(id, _) = world.next() else { panic!("accepted expected") };
    let mut bad = TcpStream::connect(world.plain).unwrap();
    world.assert_quiet();

    // The bad one is turned away in a wait after which the worker takes in another.
    let passed = world.front.detach(id).unwrap();
    bad.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    thread::sleep(QUIET);
    let deadline = world.front.now().instant + QUIET;
    let mut completions = Vec::new();
    world.front.wait(Some(deadline), &mut completions).unwrap();
    assert!(completions.is_empty(), "nobody hears of who was turned away: {completions:?}");
    let id = world.front.adopt(passed);

    world.assert_quiet();
    bad.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(is_cut(&mut bad));
    good.write_all(b"hello").unwrap();
    assert_eq!(world.receive(id, 5), b"hello");
}

fn who_leaves_amid_a_handshake_takes_nobody_along<I: Io>(mut world: World<I>) {
    let mut good = TcpStream::connect(world.plain).unwrap();
    let good_id = world.accept();
    let bad = TcpStream::connect(world.tls).unwrap();
    let bad_id = world.accept();
    world.front.resume(bad_id, Receive::Once);
    let mut bad = tls_over(bad, &trusting("first.pem"));
    bad.conn.write_tls(&mut bad.sock).unwrap();
    socket2::SockRef::from(&bad.sock).set_linger(Some(Duration::ZERO)).unwrap();
    drop(bad);
    thread::sleep(QUIET);

    // The answer to the handshake finds nobody, in a wait after which the worker takes in another.
    let passed = world.front.detach(good_id).unwrap();
    let deadline = world.front.now().instant + QUIET;
    let mut completions = Vec::new();
    world.front.wait(Some(deadline), &mut completions).unwrap();
    assert!(completions.is_empty(), "nothing is told that early: {completions:?}");
    let id = world.front.adopt(passed);

    assert_eq!(world.next(), Seen::Closed(bad_id));
    good.write_all(b"hello").unwrap();
    assert_eq!(world.receive(id, 5), b"hello");
    assert_eq!(world.front.handshakes.unfinished(), 0);
    world.assert_quiet();
}

fn a_balancer_says_for_whom_it_speaks<I: Io>(mut world: World<I>) {
    let mut client = TcpStream::connect(world.plain).unwrap();
    for byte in header([203, 0, 113, 7]) {
        world.assert_quiet_for(Duration::from_millis(2));
        client.write_all(&[byte]).unwrap();
    }
    client.write_all(b"hello").unwrap();
    let Seen::Accepted(id, peer) = world.next() else { panic!("accepted expected") };
    assert_eq!(peer, "203.0.113.7:8080".parse().unwrap());
    assert_eq!(world.receive(id, 5), b"hello");

    // All at once, and within TLS.
    let mut stream = TcpStream::connect(world.tls).unwrap();
    let client = thread::spawn(move || {
        stream.write_all(&header([203, 0, 113, 8])).unwrap();
        let mut client = tls_over(stream, &trusting("first.pem"));
        client.write_all(b"hello").unwrap();
        client
    });
    let Seen::Accepted(id, peer) = world.next() else { panic!("accepted expected") };
    assert_eq!(peer, "203.0.113.8:8080".parse().unwrap());
    assert_eq!(world.receive(id, 5), b"hello");
    client.join().unwrap();

    // What comes in one piece with the header is heard in its turn.
    let mut client = TcpStream::connect(world.plain).unwrap();
    client.write_all(&[&header([203, 0, 113, 9])[..], b"hello"].concat()).unwrap();
    let id = world.accept();
    world.assert_quiet();
    world.front.resume(id, Receive::Always);
    assert_eq!(world.next(), Seen::Received(id, b"hello".to_vec()));
    client.write_all(b"more").unwrap();
    assert_eq!(world.next(), Seen::Received(id, b"more".to_vec()));
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(world.next(), Seen::Closed(id));
}

fn a_balancer_without_a_header_is_never_heard_of<I: Io>(mut world: World<I>) {
    let mut silent = TcpStream::connect(world.plain).unwrap();
    let mut wrong = TcpStream::connect(world.plain).unwrap();
    wrong.write_all(b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 7400\r\n").unwrap();
    let mut gone = TcpStream::connect(world.plain).unwrap();
    gone.write_all(&header([203, 0, 113, 7])[..20]).unwrap();
    drop(gone);
    world.assert_quiet_for(2 * HEADER_DEADLINE);
    for client in [&mut silent, &mut wrong] {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(is_cut(client));
    }
}

fn a_header_of_others_is_what_they_say<I: Io>(mut world: World<I>) {
    let mut client = TcpStream::connect(world.plain).unwrap();
    client.write_all(&header([203, 0, 113, 7])).unwrap();
    let Seen::Accepted(id, peer) = world.next() else { panic!("accepted expected") };
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(world.receive(id, 28), header([203, 0, 113, 7]));
}

fn one_too_many_is_closed_and_a_place_is_given_back<I: Io>(mut world: World<I>) {
    let first = TcpStream::connect(world.plain).unwrap();
    let first_id = world.accept();
    let _second = TcpStream::connect(world.tls).unwrap();
    world.accept();
    let mut third = TcpStream::connect(world.plain).unwrap();
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    world.assert_quiet();
    assert!(is_cut(&mut third));
    // A place goes with its connection from worker to worker.
    let passed = world.front.detach(first_id).unwrap();
    let adopted = world.front.adopt(passed);
    assert_eq!(world.front.rules.door.connections(Ipv4Addr::LOCALHOST.into()), 2);
    world.front.resume(adopted, Receive::Always);
    drop(first);
    assert_eq!(world.next(), Seen::Closed(adopted));
    let _fourth = TcpStream::connect(world.plain).unwrap();
    world.accept();
}

fn places_are_those_of_the_address_that_a_balancer_names<I: Io>(mut world: World<I>) {
    let mut open = Vec::new();
    let mut accepted = 0;
    for last in [1, 1, 1, 2, 2, 2, 3] {
        let mut client = TcpStream::connect(world.plain).unwrap();
        client.write_all(&header([203, 0, 113, last])).unwrap();
        open.push(client);
        accepted += usize::from(world.next_within(QUIET).is_some());
    }
    assert_eq!(accepted, 5);
}

impl<I: Io> World<I> {
    #[track_caller]
    fn assert_quiet_for(&mut self, time: Duration) {
        assert_eq!(self.next_within(time), None);
    }
}
