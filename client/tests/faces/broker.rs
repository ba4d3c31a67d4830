//! A broker that does what a script tells it, on a real socket.
//!
//! A script runs on a thread of its own and speaks the protocol frame by frame. It waits for what
//! it expects and never for time; a client that does not come ends it after a generous while.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use throng_client::{Config, Development, ReconnectPolicy};
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{GoAway, VERSION, Welcome};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::{Deliver, Push};
use throng_protocol::reply::{Accepted, Joined, Pong, Reply};
use throng_protocol::request::Request;
use throng_protocol::value::{Extensions, Role};
use throng_protocol::{Refusal, handshake};

const PATIENCE: Duration = Duration::from_secs(30);

pub const NONE: Extensions<'static> = Extensions::NONE;

pub const WELCOME: Welcome<'static> = Welcome {
    version: VERSION,
    session: 7,
    user: "alice",
    role: Role::Client,
    time: 1_000_000,
    body_bytes_max: 136 * 1024,
    payload_bytes_max: 128 * 1024,
    ping_after_ms: 30_000,
    messages_per_second: 5,
    requests_per_second: 20,
    rooms_per_user: 2,
    expires_in_ms: 0,
    extensions: NONE,
};

/// A broker under way.
pub struct Broker {
    address: String,
    script: JoinHandle<()>,
}

/// Where connections arrive.
pub struct Door {
    listener: TcpListener,
    wrap: fn(TcpStream) -> Box<dyn Wire>,
}

/// The broker's end of a connection.
pub struct Peer {
    stream: Box<dyn Wire>,
    received: Vec<u8>,
}

/// What bytes come and go through.
pub trait Wire: Read + Write {
    /// What is below it.
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Broker {
    pub fn run(script: impl FnOnce(&Door) + Send + 'static) -> Self {
        Self::run_behind(|stream| Box::new(stream), script)
    }

    /// The same behind something that each connection is wrapped in.
    pub fn run_behind(
        wrap: fn(TcpStream) -> Box<dyn Wire>,
        script: impl FnOnce(&Door) + Send + 'static,
    ) -> Self {
        let door = Door { listener: TcpListener::bind("127.0.0.1:0").unwrap(), wrap };
        let address = door.listener.local_addr().unwrap().to_string();
        let script = thread::spawn(move || script(&door));
        Self { address, script }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client of this broker, which comes back quickly.
    pub fn config(&self) -> Config {
        let delays = Duration::from_millis(1)..=Duration::from_millis(5);
        Config::new(&self.address)
            .app("dev")
            .credentials(Development::new("secret").user("alice"))
            .connect_timeout(PATIENCE)
            .reconnect(ReconnectPolicy::within(delays))
    }

    /// Ends when the script has, and fails if it failed.
    pub fn finish(self) {
        self.script.join().unwrap();
    }
}

impl Door {
    /// Takes a connection and its hello, and checks who it is.
    pub fn greet(&self) -> Peer {
        let mut peer = self.take();
        peer.take_hello(|credentials| {
            let handshake::Credentials::Development(claims) = credentials else {
                panic!("not development credentials");
            };
            assert_eq!(claims.user, "alice");
        });
        peer
    }

    /// Takes a connection.
    pub fn take(&self) -> Peer {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Peer { stream: (self.wrap)(stream), received: Vec::new() }
    }

    /// Takes a connection and its hello, which must show that token.
    pub fn greet_with_token(&self, token: &str) -> Peer {
        let mut peer = self.take();
        peer.take_hello(|credentials| match credentials {
            handshake::Credentials::Token(shown) => assert_eq!(shown, token.as_bytes()),
            other => panic!("no token: {other:?}"),
        });
        peer
    }

    /// Takes a connection and welcomes it.
    pub fn welcome(&self) -> Peer {
        let mut peer = self.greet();
        peer.say(FromBroker::Welcome(WELCOME));
        peer
    }
}

impl Peer {
    /// Takes the hello, and gives who it is from.
    pub fn take_hello(&mut self, look: impl FnOnce(handshake::Credentials<'_>)) {
        self.take(|frame| {
            let FromClient::Hello(hello) = frame else {
                panic!("not a hello: {frame:?}");
            };
            assert_eq!(hello.app, "dev");
            look(hello.credentials);
        });
    }

    #[cfg(feature = "tls")]
    /// Whether the client does not get as far as to say hello.
    pub fn is_given_up(&mut self) -> bool {
        !matches!(self.stream.read(&mut [0; 16]), Ok(1..))
    }

    pub fn say(&mut self, frame: FromBroker<'_>) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        self.say_bytes(&bytes);
    }

    pub fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn reply<'a>(&mut self, number: u32, reply: impl Into<Reply<'a>>) {
        self.say(FromBroker::Reply(number, reply.into()));
    }

    pub fn push<'a>(&mut self, push: impl Into<Push<'a>>) {
        self.say(FromBroker::Push(push.into()));
    }

    pub fn send_away(mut self, refusal: Refusal<'_>) {
        self.say(FromBroker::GoAway(GoAway::new(refusal)));
    }

    /// Says as much of it as the client takes; gives back what it does not take in a while.
    pub fn say_while_taken<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        let a_while = Some(Duration::from_millis(300));
        self.stream.socket().set_write_timeout(a_while).unwrap();
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        self.stream.socket().set_write_timeout(None).unwrap();
        bytes
    }

    /// Takes the next request, which must be a join of that room, and grants it.
    pub fn grant_join(&mut self, room: &str, seq: u64) {
        self.grant_join_from(room, 0, joined(seq));
    }

    /// Takes the next request, which must be a join of that room from that place, and grants it.
    pub fn grant_join_from(&mut self, room: &str, from_seq: u64, joined: Joined<'_>) {
        let number = self.request(|request| match request {
            Request::Join(join) => assert_eq!((join.room, join.resume_seq), (room, from_seq)),
            other => panic!("not a join: {other:?}"),
        });
        self.reply(number, joined);
    }

    /// Takes the next request, which must be a publish: its number and payload.
    pub fn publish(&mut self) -> (u32, Vec<u8>) {
        let mut payload = Vec::new();
        let number = self.request(|request| match request {
            Request::Publish(publish) => payload.extend_from_slice(publish.payload),
            other => panic!("not a publish: {other:?}"),
        });
        (number, payload)
    }

    /// Takes the next request, which must be a ping: its number.
    pub fn ping(&mut self) -> u32 {
        self.request(|request| assert!(matches!(request, Request::Ping(_)), "{request:?}"))
    }

    /// Takes the next request: its number.
    pub fn request(&mut self, look: impl FnOnce(Request<'_>)) -> u32 {
        self.take(|frame| match frame {
            FromClient::Request(number, request) => {
                look(request);
                number
            }
            other => panic!("not a request: {other:?}"),
        })
    }

    /// Waits until the client has ended the connection, without another word.
    pub fn expect_end(mut self) {
        assert!(self.received.is_empty());
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert_eq!(rest, []),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    /// Ends the connection without a word.
    pub fn drop_dead(self) {
        self.stream.socket().shutdown(Shutdown::Both).unwrap();
    }

    fn take<R>(&mut self, look: impl FnOnce(FromClient<'_>) -> R) -> R {
        let mut chunk = [0; 4096];
        loop {
            if let Some((body, rest)) = frame::split(&self.received, BODY_BYTES_MAX).unwrap() {
                let result = look(FromClient::decode(body).unwrap());
                self.received = rest.to_vec();
                return result;
            }
            let count = self.stream.read(&mut chunk).unwrap();
            assert!(count > 0, "the client is gone");
            self.received.extend_from_slice(&chunk[..count]);
        }
    }
}

pub fn joined(seq: u64) -> Joined<'static> {
    Joined { epoch: 1, seq, members: 1, ..Joined::default() }
}

pub fn accepted(seq: u64) -> Accepted<'static> {
    Accepted { epoch: 1, seq, time: 9, extensions: NONE }
}

pub fn pong() -> Pong<'static> {
    Pong { time: 9, extensions: NONE }
}

pub fn message(seq: u64, payload: &[u8]) -> Deliver<'_> {
    Deliver {
        room: "lobby",
        epoch: 1,
        seq,
        sender: "bob",
        sender_role: Role::Client,
        kind: "text",
        ingress_at: 1,
        egress_at: 2,
        payload,
        extensions: NONE,
    }
}
