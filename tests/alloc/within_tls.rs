//! What TLS costs a worker: bytes of a session that is idle and of a handshake that stalls, counted
//! and held; and the time of a handshake, which is printed only.
//!
//! A real front over epoll in the test's own thread, which is what is counted; the peers are
//! another's. Figures that mean something come of `cargo test --release`.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind};
use throng_broker::event::Receive;
use throng_broker::io::certificates::{CertificateFiles, Certificates};
use throng_broker::io::door::{Door, DoorLimits};
use throng_broker::io::front::Rules;
use throng_broker::io::{Clock, Completion, Entrance, Epoll, Front, Io, listen};
use throng_harness::tls;

use crate::counting::asked;

// With a share of the buffers that a front keeps for all, a megabyte at the most: how many of these
// there are depends on how many come within one wait.
const IDLE_SESSION_BYTES_MAX: i64 = 10 * 1_024;
/// Nothing was said, or all that a client says first, but no more.
const STALLED_BYTES_MAX: i64 = 16 * 1_024;
/// Of a client that says as much as it may and never ends it.
const STUFFED_BYTES_MAX: i64 = 32 * 1_024;

const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    front: Front<Epoll>,
    address: SocketAddr,
    /// Connections that were accepted, and those that were heard.
    accepted: usize,
    heard: usize,
}

impl World {
    fn new(certificate: &str) -> Self {
        let listening = listen::open((Ipv4Addr::LOCALHOST, 0).into(), 1).expect("a free port");
        let address = listening.address;
        let listening = listening.listening(Entrance::Tls).collect();
        let (certificate, key) = (format!("{certificate}.pem"), format!("{certificate}.key"));
        let files = CertificateFiles { certificate: tls::file(&certificate), key: tls::file(&key) };
        let rules = Rules {
            balancers: Vec::new().into(),
            header_deadline: PATIENCE,
            door: Arc::new(Door::new(DoorLimits::default())),
            certificates: Some(Arc::new(Certificates::load(files).expect("they are good"))),
        };
        let front =
            Front::new(Epoll::new(Clock::start(), listening).expect("there is epoll"), rules);
        Self { front, address, accepted: 0, heard: 0 }
    }

    /// One wait. Whoever is accepted or was heard is to be heard on.
    fn turn(&mut self) {
        let deadline = self.front.now().instant + Duration::from_millis(20);
        let mut completions = Vec::new();
        self.front.wait(Some(deadline), &mut completions).expect("it works");
        for completion in completions {
            match completion {
                Completion::Accepted { connection, .. } => {
                    self.accepted += 1;
                    self.front.resume(connection, Receive::Once);
                }
                Completion::Received { connection, buffer } => {
                    self.heard += 1;
                    self.front.release(buffer);
                    self.front.resume(connection, Receive::Always);
                }
                Completion::Sent { .. } => {}
                Completion::Closed { .. } => panic!("nobody is to leave"),
            }
        }
    }

    /// Has a thread connect so many times, one after the other, and keeps what it makes of that.
    fn visit<T: Send + 'static>(
        &mut self,
        count: usize,
        visit: impl Fn(TcpStream) -> T + Send + 'static,
    ) -> Vec<T> {
        let (address, (done, is_done)) = (self.address, mpsc::channel());
        let visitor = thread::spawn(move || {
            let visits =
                (0..count).map(|_| visit(TcpStream::connect(address).expect("it listens")));
            let visits = visits.collect::<Vec<_>>();
            done.send(()).expect("the other waits");
            visits
        });
        while is_done.try_recv() != Ok(()) {
            self.turn();
        }
        // What was said last is heard.
        self.turn();
        self.turn();
        visitor.join().expect("it visits and ends")
    }
}

/// Says hello within TLS. The socket stays; what the client keeps of TLS does not.
fn hello(socket: TcpStream, config: &Arc<ClientConfig>) -> (TcpStream, HandshakeKind) {
    let mut client = tls::over(socket, config);
    client.write_all(b"hello").expect("it is heard");
    // The ticket comes after the handshake.
    while client.conn.wants_read() && client.conn.tls13_tickets_received() == 0 {
        client.conn.complete_io(&mut client.sock).expect("it is answered");
    }
    (client.sock, client.conn.handshake_kind().expect("it is over"))
}

/// How long this thread was on a core.
fn busy() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    Duration::from_nanos(
        stat.split(' ').next().and_then(|busy| busy.parse().ok()).expect("nanoseconds"),
    )
}

#[test]
fn an_idle_session_within_tls_stays_small() {
    const SESSIONS: usize = 500;
    let mut world = World::new("first");
    let config = tls::trusting("first.pem");
    // What is kept for all of them is there already.
    let first = world.visit(20, {
        let config = Arc::clone(&config);
        move |socket| hello(socket, &config)
    });
    let before = asked().bytes;
    let sessions = world.visit(SESSIONS, move |socket| hello(socket, &config));
    assert_eq!(world.heard, first.len() + sessions.len());
    let each = (asked().bytes - before) / SESSIONS as i64;
    println!("{each} bytes for each idle session within TLS");
    assert!(each <= IDLE_SESSION_BYTES_MAX, "{each} bytes");
}

fn bytes_of_stalled(said: &[u8]) -> i64 {
    const STALLED: usize = 400;
    let mut world = World::new("first");
    let said = said.to_vec();
    let say = move |mut socket: TcpStream| {
        socket.write_all(&said).expect("the kernel takes it");
        socket
    };
    let first = world.visit(20, say.clone());
    let before = asked().bytes;
    let stalled = world.visit(STALLED, say);
    for _ in 0..5 {
        world.turn();
    }
    assert_eq!((world.accepted, world.heard), (first.len() + stalled.len(), 0));
    (asked().bytes - before) / STALLED as i64
}

#[test]
fn a_handshake_that_stalls_stays_small() {
    let mut hello = Vec::new();
    let name = ServerName::try_from("localhost").expect("it is a name");
    let client = ClientConnection::new(tls::trusting("first.pem"), name);
    let mut client = client.expect("a good configuration");
    client.write_tls(&mut hello).expect("memory takes it");
    // The beginning of a first message that is said to be of 65,535 bytes, as much as is heard.
    let mut stuffed = vec![22, 3, 1, 0x3f, 0xf0, 1, 0, 0xff, 0xff];
    stuffed.resize(5 + 0x3ff0, 0);
    for (name, said, max) in [
        ("silent", &[][..], STALLED_BYTES_MAX),
        ("after a hello of TLS", &hello, STALLED_BYTES_MAX),
        ("stuffed", &stuffed, STUFFED_BYTES_MAX),
    ] {
        let each = bytes_of_stalled(said);
        println!("{each} bytes for each handshake that stalls, {name}");
        assert!(each <= max, "{each} bytes, {name}");
    }
}

#[test]
fn what_a_handshake_costs_is_known() {
    const TIMES: u32 = 200;
    for (certificate, keys) in [("first", "P-256"), ("second", "RSA, 2,048 bits")] {
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut world = World::new(certificate);
            let mut config = Arc::unwrap_or_clone(tls::trusting(&format!("{certificate}.pem")));
            if kind == HandshakeKind::Full {
                config.resumption = Resumption::disabled();
            }
            let config = Arc::new(config);
            let visit = move |socket| hello(socket, &config);
            let _first = world.visit(10, visit.clone());
            let before = busy();
            let visits = world.visit(TIMES as usize, visit);
            let each = (busy() - before) / TIMES;
            assert!(visits.iter().all(|(_, seen)| *seen == kind), "{visits:?}");
            println!("{} us for each handshake, {keys}, {kind:?}", each.as_micros());
        }
    }
}
