//! A peer that says whatever it likes on a socket, and tells in words what it hears.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use throng_harness::client::{APP, Client};
use throng_protocol::frame::split;
use throng_protocol::handshake::{Credentials, Hello, MAGIC, VERSION};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::reply::Reply;
use throng_protocol::value::{Extensions, Role};
use throng_protocol::{FromBroker, FromClient};

/// How long anything may take. Nothing does when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// The question to which the answer is [`PONG`].
pub const PING: [u8; 7] = [3, 0, 0, 0, 19, 9, 0];

/// What a session says to [`PING`].
pub const PONG: &str = "Pong 9";

/// A peer.
pub struct Peer {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// The bytes of a hello.
pub fn hello(app: &str, credentials: Credentials<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    FromClient::Hello(Hello {
        magic: MAGIC,
        version_min: VERSION,
        version_max: VERSION,
        app,
        credentials,
        client: "hostile/1",
        extensions: Extensions::NONE,
    })
    .write(&mut bytes);
    bytes
}

impl Peer {
    /// A connection on which nothing was said.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the broker listens");
        stream.set_nodelay(true).expect("a socket has this option");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket has this option");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket has this option");
        Self { stream, heard: Vec::new() }
    }

    /// A session of a user of the development app.
    pub fn open(address: SocketAddr, user: &str, role: Role) -> Self {
        let mut peer = Self::connect(address);
        peer.say(&Client::hello(user, "phone", role).take_said());
        assert_eq!(peer.next().as_deref(), Some("Welcome"), "{user} of {APP}");
        peer
    }

    /// Says something. Gives whether it could: whoever was sent away may not.
    pub fn say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The next frame in words, once it is there; nothing if the broker has ended it.
    pub fn next(&mut self) -> Option<String> {
        loop {
            if let Some((body, after)) = split(&self.heard, BODY_BYTES_MAX).expect("small frames") {
                let words = words(body);
                self.heard = after.to_vec();
                return Some(words);
            }
            if self.receive() == 0 {
                assert!(self.heard.is_empty(), "the broker stopped inside a frame");
                return None;
            }
        }
    }

    /// All frames until the broker ends it, in words.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// All bytes until the broker ends it.
    pub fn rest_bytes(&mut self) -> Vec<u8> {
        while self.receive() > 0 {}
        std::mem::take(&mut self.heard)
    }

    /// Whether it is silent for so long.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a socket has this option");
        let mut buffer = [0; 1];
        let silent = self.heard.is_empty() && self.stream.peek(&mut buffer).is_err();
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a socket has this option");
        silent
    }

    /// Says no more, but may still hear.
    pub fn shut(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Waits until something is there that was not read. A socket that is dropped then is reset.
    pub fn wait_unread(&self) {
        self.stream.peek(&mut [0; 1]).expect("something comes");
    }

    /// Receives once. Gives how many bytes came; none at the end.
    fn receive(&mut self) -> usize {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(bytes) => {
                    self.heard.extend_from_slice(&buffer[..bytes]);
                    return bytes;
                }
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("waited in vain for the broker: {error}"),
            }
        }
    }
}

/// A frame in a few words.
fn words(body: &[u8]) -> String {
    match FromBroker::decode(body).expect("the broker speaks the protocol") {
        FromBroker::Welcome(_) => "Welcome".to_owned(),
        FromBroker::GoAway(go_away) => format!("GoAway {}", go_away.refusal.code.name()),
        FromBroker::Reply(number, Reply::Refused(refusal)) => {
            format!("Refused {} {number}", refusal.code.name())
        }
        FromBroker::Reply(number, Reply::Pong(_)) => format!("Pong {number}"),
        other => format!("{other:?}"),
    }
}
