//! Clients on real sockets, many on one thread, judged by the same rules as in a simulated world.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use throng_protocol::value::{ClassHint, PublishOptions, Role};

use crate::checker::{Checker, View};
use crate::client::{Client, Coming, Outcome, Words};
use crate::passes::Pass;
use crate::tls;

/// How long anything may take before a test gives up. Nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a client speaks over: a socket that never blocks, with or without TLS.
type Line = Box<dyn Stream>;

trait Stream: Read + Write + Debug {}

impl<T: Read + Write + Debug> Stream for T {}

/// Clients of one broker.
#[derive(Debug)]
pub struct Crowd {
    address: SocketAddr,
    /// All clients that ever were.
    pub clients: Vec<Client>,
    /// The judge.
    pub checker: Checker,
    sockets: Vec<Option<Line>>,
    /// What is trusted if TLS is spoken.
    tls: Option<Arc<ClientConfig>>,
    began: Instant,
    payloads: u64,
    /// Clients that do not read at the moment.
    pub stalled: BTreeSet<usize>,
    /// Bytes that a client's socket takes in one write.
    pub write_bytes_max: usize,
}

impl Crowd {
    /// Nobody yet.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            clients: Vec::new(),
            checker: Checker::default(),
            sockets: Vec::new(),
            tls: None,
            began: Instant::now(),
            payloads: 0,
            stalled: BTreeSet::new(),
            write_bytes_max: usize::MAX,
        }
    }

    /// Nobody yet; who comes speaks TLS and trusts this certificate.
    #[must_use]
    pub fn new_tls(address: SocketAddr, certificate: &str) -> Self {
        Self { tls: Some(tls::trusting(certificate)), ..Self::new(address) }
    }

    /// Who comes from now on speaks TLS and trusts this certificate alone.
    pub fn trust(&mut self, certificate: &str) {
        self.tls = Some(tls::trusting(certificate));
    }

    /// Who comes from now on speaks without TLS, at this address.
    pub fn leave_tls(&mut self, address: SocketAddr) {
        (self.address, self.tls) = (address, None);
    }

    /// A new client that says hello, by its number.
    ///
    /// # Panics
    /// When it cannot connect.
    pub fn connect(&mut self, user: &str, device: &str, role: Role) -> usize {
        self.insert(Client::hello(user, device, role))
    }

    /// A new client that shows a token to the app that it is for, by its number.
    ///
    /// # Panics
    /// When it cannot connect.
    pub fn connect_with(&mut self, pass: &Pass) -> usize {
        self.insert(Client::of_app(pass, since(self.began)))
    }

    /// A client that is in by a token.
    ///
    /// # Panics
    /// When it is not let in.
    pub fn open_with(&mut self, pass: &Pass) -> usize {
        let client = self.connect_with(pass);
        self.until("it is let in", |crowd| crowd.clients[client].is_open());
        client
    }

    /// A new client that says nothing, by its number.
    ///
    /// # Panics
    /// When it cannot connect.
    pub fn connect_silent(&mut self) -> usize {
        self.insert(Client::silent())
    }

    fn insert(&mut self, client: Client) -> usize {
        let socket = TcpStream::connect(self.address).expect("the broker listens");
        socket.set_nodelay(true).expect("a socket has this option");
        socket.set_nonblocking(true).expect("a socket has this option");
        let line: Line = match &self.tls {
            Some(trusted) => Box::new(tls::over(socket, trusted)),
            None => Box::new(socket),
        };
        self.sockets.push(Some(line));
        self.clients.push(client);
        self.clients.len() - 1
    }

    /// A new client, once it is in.
    ///
    /// # Panics
    /// When it is not let in.
    pub fn open(&mut self, user: &str, role: Role) -> usize {
        let client = self.connect(user, "device", role);
        self.until("it is let in", |crowd| crowd.clients[client].is_open());
        client
    }

    /// A client that joined a room.
    ///
    /// # Panics
    /// When it may not.
    pub fn open_in(&mut self, user: &str, room: &str) -> usize {
        let client = self.open(user, Role::Client);
        let request = self.clients[client].join(room);
        match self.outcome(client, request) {
            Outcome::Joined { .. } => client,
            other => panic!("{user} joining {room} came to {other:?}"),
        }
    }

    /// A client asks to go on in a room where another of its user left off, if that was in it.
    pub fn resume(&mut self, old: usize, new: usize, room: &str) -> u32 {
        let from = self.clients[old].views_left.get(room).map(View::position);
        self.clients[new].join_with(room, Coming { from, ..Coming::default() })
    }

    /// Publishes something unique, at least that long.
    pub fn publish(
        &mut self,
        client: usize,
        room: &str,
        bytes: usize,
        options: PublishOptions,
    ) -> u32 {
        self.payloads += 1;
        let mut payload = self.payloads.to_be_bytes().to_vec();
        payload.resize(bytes.max(payload.len()), b'.');
        let words = Words { kind: "text", class: ClassHint::Default, payload: &payload };
        self.clients[client].publish(&mut self.checker, room, words, options)
    }

    /// What becomes of a request.
    ///
    /// # Panics
    /// When nothing does.
    pub fn outcome(&mut self, client: usize, request: u32) -> Outcome {
        self.until("a reply", |crowd| crowd.clients[client].outcomes.contains_key(&request));
        self.clients[client].outcomes[&request].clone()
    }

    /// Closes a client's socket without a word.
    pub fn close(&mut self, client: usize) {
        self.sockets[client] = None;
        self.clients[client].hear_end();
    }

    /// Carries bytes until something is so.
    ///
    /// # Panics
    /// When it never is.
    pub fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let moved = self.carry();
            if so(self) {
                return;
            }
            assert!(Instant::now() < end, "waited in vain until {what}");
            if !moved {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }

    /// Carries bytes for a while.
    pub fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if !self.carry() {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }

    /// Carries what there is to be carried. Says whether there was anything.
    pub fn carry(&mut self) -> bool {
        let mut moved = false;
        let mut buffer = vec![0; 256 * 1024];
        let clients = self.clients.iter_mut().zip(&mut self.sockets).enumerate();
        for (number, (client, place)) in clients {
            let Some(socket) = place else { continue };
            for piece in client.take_said().chunks(self.write_bytes_max) {
                moved = true;
                // Whoever was sent away may not be able to say more.
                let _ = write_all(socket, piece);
            }
            if self.stalled.contains(&number) {
                continue;
            }
            match socket.read(&mut buffer) {
                Ok(0) => {
                    client.hear_end();
                    *place = None;
                }
                Ok(bytes) => {
                    moved = true;
                    client.pass(since(self.began));
                    client.hear(&buffer[..bytes], &mut self.checker);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => {
                    client.hear_end();
                    *place = None;
                }
            }
        }
        moved
    }
}

fn since(began: Instant) -> throng_client::time::Instant {
    let nanos = u64::try_from(began.elapsed().as_nanos()).expect("tests are short");
    throng_client::time::Instant::from_nanos(nanos)
}

fn write_all(socket: &mut Line, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_micros(100));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
