//! The promises of the seam, held by both back ends over real loopback sockets: each test is
//! written once and runs on each.
//!
//! Where io_uring is not allowed its half says so and passes.

mod closing;
mod descriptors;
mod receiving;
mod sending;
mod waiting;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::choice::{self, Wanted};
use super::door::{Door, DoorLimits};
use super::front::Rules;
use super::{
    BufferId, Clock, Completion, Entrance, Epoll, Front, Io, Listening, RingSize, Uring, listen,
};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;

/// Far longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough that what should not come would have come.
const QUIET: Duration = Duration::from_millis(60);

/// A back end as the tests make it.
trait Tested: Io + Sized {
    /// What its module is called in [`on_both`].
    fn name() -> String;

    fn make(listening: Vec<Listening>) -> Self;

    /// With as few receive buffers as it can be made with.
    fn make_with_few_buffers(listening: Vec<Listening>) -> Self {
        Self::make(listening)
    }

    fn descriptor(socket: &Self::Socket) -> BorrowedFd<'_>;

    fn is_allowed() -> bool {
        true
    }
}

impl Tested for Epoll {
    fn name() -> String {
        "epoll".to_owned()
    }

    fn make(listening: Vec<Listening>) -> Self {
        Self::new(Clock::start(), listening).unwrap()
    }

    fn descriptor(socket: &OwnedFd) -> BorrowedFd<'_> {
        socket.as_fd()
    }
}

impl Tested for Uring {
    fn name() -> String {
        "uring".to_owned()
    }

    fn make(listening: Vec<Listening>) -> Self {
        Self::new(Clock::start(), listening, RingSize::default()).unwrap()
    }

    fn make_with_few_buffers(listening: Vec<Listening>) -> Self {
        let size = RingSize { entries: 128, buffers: 8, buffer_bytes: 512 };
        Self::new(Clock::start(), listening, size).unwrap()
    }

    fn descriptor(socket: &OwnedFd) -> BorrowedFd<'_> {
        socket.as_fd()
    }

    fn is_allowed() -> bool {
        static ALLOWED: OnceLock<bool> = OnceLock::new();
        *ALLOWED.get_or_init(|| choice::choose(Wanted::Uring, RingSize::default()).is_ok())
    }
}

/// Behind a front that lets everything through.
impl<B: Tested> Tested for Front<B> {
    fn name() -> String {
        format!("front_of_{}", B::name())
    }

    fn make(listening: Vec<Listening>) -> Self {
        Self::new(B::make(listening), open_house())
    }

    fn make_with_few_buffers(listening: Vec<Listening>) -> Self {
        Self::new(B::make_with_few_buffers(listening), open_house())
    }

    fn descriptor(passed: &Self::Socket) -> BorrowedFd<'_> {
        B::descriptor(&passed.socket)
    }

    fn is_allowed() -> bool {
        B::is_allowed()
    }
}

fn open_house() -> Rules {
    Rules {
        balancers: [].into(),
        header_deadline: PATIENCE,
        door: Arc::new(Door::new(DoorLimits::default())),
        certificates: None,
    }
}

/// Makes a test for each back end, with and without a front, out of each function.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod epoll {
            $(#[test] fn $name() { super::super::run(super::$name::<crate::io::Epoll>); })*
        }
        mod uring {
            $(#[test] fn $name() { super::super::run(super::$name::<crate::io::Uring>); })*
        }
        mod front_of_epoll {
            use crate::io::{Epoll, Front};
            $(#[test] fn $name() { super::super::run(super::$name::<Front<Epoll>>); })*
        }
        mod front_of_uring {
            use crate::io::{Front, Uring};
            $(#[test] fn $name() { super::super::run(super::$name::<Front<Uring>>); })*
        }
    };
}
use on_both;

fn run<B: Tested>(test: fn(World<B>)) {
    if B::is_allowed() {
        test(World::new(B::make));
    } else {
        eprintln!("not run: this machine does not allow io_uring");
    }
}

/// What a back end has done, with the bytes in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Accepted(ConnectionId),
    Received(ConnectionId, Vec<u8>),
    Sent(ConnectionId),
    Closed(ConnectionId),
}

/// A back end, where it listens, and what it has done so far.
struct World<B> {
    io: B,
    address: SocketAddr,
    seen: VecDeque<Seen>,
    /// Buffers are kept instead of released.
    hoards: bool,
    hoard: Vec<BufferId>,
}

impl<B: Tested> World<B> {
    fn new(make: impl FnOnce(Vec<Listening>) -> B) -> Self {
        let listeners = listen::open((Ipv4Addr::LOCALHOST, 0).into(), 1).unwrap();
        let address = listeners.address;
        Self {
            io: make(listeners.listening(Entrance::Plain).collect()),
            address,
            seen: VecDeque::new(),
            hoards: false,
            hoard: Vec::new(),
        }
    }

    /// Waits once, at most for `patience`. True if anything was done.
    fn step(&mut self, patience: Duration) -> bool {
        let deadline = self.io.now().instant + patience;
        let mut completions = Vec::new();
        self.io.wait(Some(deadline), &mut completions).unwrap();
        let any = !completions.is_empty();
        for completion in completions {
            let seen = match completion {
                Completion::Accepted { connection, peer, .. } => {
                    assert!(peer.ip().is_loopback());
                    Seen::Accepted(connection)
                }
                Completion::Received { connection, buffer } => {
                    let bytes = self.io.received(buffer).to_vec();
                    assert!(!bytes.is_empty(), "a receive is never empty");
                    match self.hoards {
                        true => self.hoard.push(buffer),
                        false => self.io.release(buffer),
                    }
                    Seen::Received(connection, bytes)
                }
                Completion::Sent { connection, .. } => Seen::Sent(connection),
                Completion::Closed { connection } => Seen::Closed(connection),
            };
            self.seen.push_back(seen);
        }
        any
    }

    /// The next thing done.
    fn next(&mut self) -> Seen {
        self.next_within(PATIENCE).expect("something should have been done by now")
    }

    fn next_within(&mut self, patience: Duration) -> Option<Seen> {
        let deadline = self.io.now().instant + patience;
        while self.seen.is_empty() && self.io.now().instant < deadline {
            self.step(deadline.since(self.io.now().instant));
        }
        self.seen.pop_front()
    }

    #[track_caller]
    fn assert_quiet(&mut self) {
        assert_eq!(self.next_within(QUIET), None);
    }

    /// A client and its connection, paused.
    #[track_caller]
    fn connect(&mut self) -> (TcpStream, ConnectionId) {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.set_nodelay(true).unwrap();
        match self.next() {
            Seen::Accepted(id) => (client, id),
            other => panic!("accepted expected, not {other:?}"),
        }
    }

    /// The same, receiving.
    #[track_caller]
    fn open(&mut self) -> (TcpStream, ConnectionId) {
        let (client, id) = self.connect();
        self.io.resume(id, Receive::Always);
        (client, id)
    }

    /// Receives that many bytes of one connection.
    #[track_caller]
    fn receive(&mut self, id: ConnectionId, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            match self.next() {
                Seen::Received(from, more) if from == id => bytes.extend(more),
                other => panic!("received expected after {} bytes, not {other:?}", bytes.len()),
            }
        }
        assert_eq!(bytes.len(), count, "not a byte too many");
        bytes
    }

    /// Gives back what was kept, each buffer twice: the second time must do nothing.
    fn release_hoard(&mut self) {
        for buffer in self.hoard.drain(..) {
            self.io.release(buffer);
            self.io.release(buffer);
        }
    }

    fn send(&mut self, id: ConnectionId, bytes: &[u8]) {
        self.io.send(id, Outgoing::Own(bytes.to_vec()));
    }
}

/// Bytes in which every shift and every repetition shows.
fn pattern(count: usize) -> &'static [u8] {
    static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();
    let words = 0_u32..2 << 20;
    let make = || words.flat_map(|word| word.wrapping_mul(0x9e37_79b1).to_be_bytes()).collect();
    &PATTERN.get_or_init(make)[..count]
}
