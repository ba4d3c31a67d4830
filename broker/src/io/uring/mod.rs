//! The back end on io_uring: one ring per worker, one system call per turn.
//!
//! Owns the sockets of one worker and says which operation each has under way; called by that
//! worker only. The ring below it owns all memory that the kernel uses. A socket is closed, and
//! its end told, only when no operation on it is outstanding, so a completion never meets
//! another connection in the same slot. Never looks at a connection without a reason to.

mod buffers;
mod completions;
mod connection;
mod ring;
mod token;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use connection::{Connection, Sending};
use ring::Ring;
use socket2::SockRef;
use token::Token;

use super::accepting::Accepting;
use super::connections::Connections;
use super::{BufferId, Clock, Completion, Entrance, Io, Listening, Wake};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::time::{Instant, Now};

/// Completions of one wait, about: with so many the kernel is not asked for more.
const COMPLETIONS_PER_WAIT: usize = 256;

/// How large a ring is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingSize {
    /// Operations submitted at a time; a power of two.
    pub entries: u32,
    /// Receive buffers; a power of two up to 32,768.
    pub buffers: u16,
    /// Bytes of each.
    pub buffer_bytes: u32,
}

impl Default for RingSize {
    /// A room's fan-out of 1,000 in one system call, 130 KiB of locked memory, 4 MiB of buffers.
    fn default() -> Self {
        Self { entries: 1024, buffers: 1024, buffer_bytes: 4096 }
    }
}

/// The io_uring back end. Made on the thread of its worker, which alone may submit to it.
pub struct Uring {
    // First, because it is to be gone before the sockets are closed.
    ring: Ring,
    clock: Clock,
    doorbell: Arc<File>,
    listeners: Vec<Listener>,
    /// Accepted for the last time; a listener stays open until its accept is over.
    stopping: bool,
    accepting: Accepting,
    connections: Connections<Connection>,
    /// Connections that want to receive and found no buffer, the first one first.
    starved: VecDeque<ConnectionId>,
    /// What comes out of the next wait.
    completions: Vec<Completion>,
    woken: bool,
}

/// A listener and its accept.
struct Listener {
    /// None once it is closed.
    socket: Option<TcpListener>,
    entrance: Entrance,
    /// Whether the kernel has the accept.
    is_accepting: bool,
}

impl Uring {
    /// A back end that accepts from all of these. The ring may come out smaller than asked for if
    /// too little memory may be locked.
    ///
    /// # Errors
    /// When the kernel refuses the ring.
    pub fn new(clock: Clock, listening: Vec<Listening>, size: RingSize) -> io::Result<Self> {
        let mut ring = Ring::new(size)?;
        let mut listeners = Vec::with_capacity(listening.len());
        for Listening { socket, entrance } in listening {
            // A non-blocking socket would fail where the ring is to wait for it.
            socket.set_nonblocking(false)?;
            listeners.push(Listener { socket: Some(socket), entrance, is_accepting: false });
        }
        let doorbell = Arc::new(ring::doorbell()?);
        ring.watch(doorbell.as_fd());
        Ok(Self {
            ring,
            clock,
            doorbell,
            listeners,
            stopping: false,
            accepting: Accepting::default(),
            connections: Connections::new(),
            starved: VecDeque::new(),
            completions: Vec::new(),
            woken: false,
        })
    }

    /// Operations that can be submitted at a time.
    #[must_use]
    pub fn entries(&self) -> u32 {
        self.ring.entries()
    }

    /// Enters the kernel once and deals with what it brings. Without need to wait and with
    /// nothing to do it is not even entered: a spinning worker only reads memory.
    fn turn(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.feed_starved();
        let timeout = self.timeout(deadline);
        if timeout != Some(Duration::ZERO) || self.ring.has_work() {
            self.ring.enter(timeout)?;
        }
        while let Some(completed) = self.ring.next() {
            self.note(completed);
        }
        Ok(())
    }

    /// How long the kernel may let us sleep. Arms the accepts when their time has come.
    fn timeout(&mut self, deadline: Option<Instant>) -> Option<Duration> {
        let now = self.clock.instant();
        if self.accepting.may_accept(now) {
            for (index, listener) in (0..).zip(&mut self.listeners) {
                if !listener.is_accepting
                    && let Some(socket) = &listener.socket
                {
                    self.ring.accept(index, socket.as_fd());
                    listener.is_accepting = true;
                }
            }
        }
        if self.is_done() {
            return Some(Duration::ZERO);
        }
        let retry = self.accepting.paused_until().filter(|_| !self.stopping);
        let until = [deadline, retry].into_iter().flatten().min();
        until.map(|until| until.since(now))
    }

    fn is_done(&self) -> bool {
        self.woken || !self.completions.is_empty()
    }

    fn is_past(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|deadline| self.clock.instant() >= deadline)
    }
}

impl Io for Uring {
    type Socket = OwnedFd;

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn waker(&self) -> io::Result<Box<dyn Wake>> {
        Ok(Box::new(Doorbell(Arc::clone(&self.doorbell))))
    }

    fn wait(
        &mut self,
        deadline: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        loop {
            self.turn(deadline)?;
            if self.is_done() || self.is_past(deadline) {
                break;
            }
        }
        // The kernel hands out a few completions at a time; a larger batch makes larger sends.
        while self.completions.len() < COMPLETIONS_PER_WAIT && self.ring.has_more() {
            let before = self.completions.len();
            self.turn(Some(Instant::ZERO))?;
            if self.completions.len() == before {
                break;
            }
        }
        self.woken = false;
        completions.append(&mut self.completions);
        Ok(())
    }

    fn received(&self, buffer: BufferId) -> &[u8] {
        self.ring.received(buffer)
    }

    fn release(&mut self, buffer: BufferId) {
        self.ring.release(buffer);
    }

    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing) {
        let Some(entry) = self.connections.get_mut(connection) else { return };
        if entry.closing {
            return;
        }
        assert!(matches!(entry.sending, Sending::Idle), "one send per connection at a time");
        if outgoing.as_slice().is_empty() {
            let spare = outgoing.into_spare();
            return self.completions.push(Completion::Sent { connection, spare });
        }
        entry.sent_bytes = 0;
        entry.sending = Sending::Submitted;
        self.ring.send(connection, entry.socket.as_fd(), outgoing, 0);
    }

    fn pause(&mut self, connection: ConnectionId) {
        if let Some(entry) = self.live(connection) {
            entry.wanted = None;
            self.arm(connection);
        }
    }

    fn resume(&mut self, connection: ConnectionId, receive: Receive) {
        if let Some(entry) = self.live(connection) {
            entry.wanted = Some(receive);
            self.arm(connection);
        }
    }

    fn shutdown(&mut self, connection: ConnectionId) {
        if let Some(entry) = self.live(connection) {
            // Fails only if the peer is gone, which is heard of otherwise.
            let _ = SockRef::from(&entry.socket).shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        self.end(connection);
    }

    fn detach(&mut self, connection: ConnectionId) -> Option<OwnedFd> {
        let entry = self.live(connection)?;
        if entry.wanted.is_some() || entry.is_busy() {
            return None;
        }
        self.connections.remove(connection).map(|entry| entry.socket)
    }

    fn adopt(&mut self, socket: OwnedFd) -> ConnectionId {
        self.connections.insert(Connection::new(socket))
    }

    fn stop_accepting(&mut self) {
        self.stopping = true;
        for (index, listener) in (0..).zip(&mut self.listeners) {
            if listener.is_accepting {
                self.ring.cancel(Token::of_listener(index));
            } else {
                listener.socket = None;
            }
        }
    }
}

struct Doorbell(Arc<File>);

impl Wake for Doorbell {
    fn wake(&self) {
        // The counter is never read and so never reset: each addition rings anew, and it is full
        // after 2^64 of them.
        if let Err(error) = self.0.as_ref().write(&1_u64.to_ne_bytes()) {
            tracing::error!(%error, "cannot wake a worker");
        }
    }
}
