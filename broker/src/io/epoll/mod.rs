//! The back end on epoll, through `mio`: works wherever Linux does.
//!
//! Owns the poll, the listener, the sockets of one worker and their receive buffers; called by
//! that worker only. Readiness is edge-triggered and registered once per connection, so the way
//! of a message holds no call but `recv` and `send`. What is readable stands in a list of its
//! own and is read once per wait and connection. Never looks at a connection without a reason
//! to: nothing here walks over all of them.

mod connection;
mod pool;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use connection::{Connection, id_of, token_of};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use pool::{BUFFER_BYTES, Pool};

use super::accepting::Accepting;
use super::connections::Connections;
use super::{BufferId, Clock, Completion, Entrance, Io, Listening, Wake};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::time::{Instant, Now};

/// Events taken from the kernel at a time.
const EVENTS_PER_WAIT: usize = 1024;

/// Connections accepted from one listener in one wait, so that a storm of them does not starve
/// the others.
const ACCEPTS_PER_WAIT: usize = 128;

// No connection has these or those of the listeners: its slot would have to be near 2^32.
const WAKER: Token = Token(usize::MAX);
/// Of the first listener; the others have the tokens below.
const LISTENER: Token = Token(usize::MAX - 1);
/// Far more than a node has, and far fewer than slots.
const LISTENERS_MAX: usize = 16;

/// The epoll back end.
pub struct Epoll {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    sockets: Sockets,
}

/// All but the poll itself, which lends its events while these change.
struct Sockets {
    clock: Clock,
    listeners: Vec<Listener>,
    accepting: Accepting,
    connections: Connections<Connection>,
    /// Connections that may have bytes waiting and want them.
    ready: VecDeque<ConnectionId>,
    pool: Pool,
    /// What comes out of the next wait.
    completions: Vec<Completion>,
}

/// A listener in the poll.
struct Listener {
    socket: TcpListener,
    entrance: Entrance,
    /// Whether connections may be waiting.
    acceptable: bool,
}

impl Epoll {
    /// A back end that accepts from all of these.
    ///
    /// # Errors
    /// When the kernel refuses a descriptor.
    pub fn new(clock: Clock, listening: Vec<Listening>) -> io::Result<Self> {
        assert!(listening.len() <= LISTENERS_MAX, "a listener for each entrance");
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut listeners = Vec::with_capacity(listening.len());
        for (index, Listening { socket, entrance }) in listening.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut socket = TcpListener::from_std(socket);
            let token = Token(LISTENER.0 - index);
            poll.registry().register(&mut socket, token, Interest::READABLE)?;
            listeners.push(Listener { socket, entrance, acceptable: false });
        }
        let sockets = Sockets {
            clock,
            listeners,
            accepting: Accepting::default(),
            connections: Connections::new(),
            ready: VecDeque::new(),
            pool: Pool::new(),
            completions: Vec::new(),
        };
        Ok(Self { poll, events: Events::with_capacity(EVENTS_PER_WAIT), waker, sockets })
    }

    /// One look at the kernel's events. True if someone woke us.
    fn look(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(false),
            outcome => outcome?,
        }
        let mut woken = false;
        for event in &self.events {
            match event.token() {
                WAKER => woken = true,
                Token(token) => match self.sockets.listeners.get_mut(LISTENER.0 - token) {
                    Some(listener) => listener.acceptable = true,
                    None => self.sockets.note(event),
                },
            }
        }
        Ok(woken)
    }
}

impl Io for Epoll {
    type Socket = OwnedFd;

    fn now(&self) -> Now {
        self.sockets.clock.now()
    }

    fn waker(&self) -> io::Result<Box<dyn Wake>> {
        Ok(Box::new(Doorbell(Arc::clone(&self.waker))))
    }

    fn wait(
        &mut self,
        deadline: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        loop {
            let timeout = self.sockets.timeout(deadline);
            let woken = self.look(timeout)?;
            self.sockets.accept(self.poll.registry());
            self.sockets.receive();
            if woken || !self.sockets.completions.is_empty() || self.sockets.is_past(deadline) {
                completions.append(&mut self.sockets.completions);
                return Ok(());
            }
        }
    }

    fn received(&self, buffer: BufferId) -> &[u8] {
        self.sockets.pool.received(buffer)
    }

    fn release(&mut self, buffer: BufferId) {
        self.sockets.pool.release(buffer);
    }

    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing) {
        let Some(entry) = self.sockets.connections.get_mut(connection) else { return };
        assert!(entry.outgoing.is_none(), "one send per connection at a time");
        entry.outgoing = Some(outgoing);
        self.sockets.write(connection);
    }

    fn pause(&mut self, connection: ConnectionId) {
        if let Some(entry) = self.sockets.connections.get_mut(connection) {
            entry.receive = None;
        }
    }

    fn resume(&mut self, connection: ConnectionId, receive: Receive) {
        if let Some(entry) = self.sockets.connections.get_mut(connection) {
            entry.receive = Some(receive);
            entry.list(connection, &mut self.sockets.ready);
        }
    }

    fn shutdown(&mut self, connection: ConnectionId) {
        if let Some(entry) = self.sockets.connections.get_mut(connection) {
            // Fails only if the peer is gone, which is heard of otherwise.
            let _ = entry.stream.shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        self.sockets.end(connection);
    }

    fn detach(&mut self, connection: ConnectionId) -> Option<OwnedFd> {
        let entry = self.sockets.connections.get_mut(connection)?;
        if entry.receive.is_some() || entry.outgoing.is_some() {
            return None;
        }
        let mut entry = self.sockets.connections.remove(connection)?;
        if let Err(error) = self.poll.registry().deregister(&mut entry.stream) {
            tracing::error!(%error, "cannot take a connection out of the poll");
        }
        Some(entry.stream.into())
    }

    fn adopt(&mut self, socket: OwnedFd) -> ConnectionId {
        let (id, outcome) = self.sockets.take_in(socket.into(), self.poll.registry());
        if let Err(error) = outcome {
            tracing::warn!(%error, "cannot watch a connection that was handed over");
            self.sockets.end(id);
        }
        id
    }

    fn stop_accepting(&mut self) {
        for mut listener in self.sockets.listeners.drain(..) {
            if let Err(error) = self.poll.registry().deregister(&mut listener.socket) {
                tracing::error!(%error, "cannot take a listener out of the poll");
            }
        }
    }
}

impl Sockets {
    /// How long the kernel may let us sleep.
    fn timeout(&mut self, deadline: Option<Instant>) -> Option<Duration> {
        let now = self.clock.instant();
        let may_accept = self.accepting.may_accept(now);
        let acceptable = self.listeners.iter().any(|listener| listener.acceptable);
        let has_work = !self.completions.is_empty()
            || (!self.ready.is_empty() && self.pool.has_free())
            || (acceptable && may_accept);
        if has_work {
            return Some(Duration::ZERO);
        }
        let retry = self.accepting.paused_until().filter(|_| acceptable);
        let until = [deadline, retry].into_iter().flatten().min();
        // `mio` rounds up to the milliseconds that epoll counts in.
        until.map(|until| until.since(now))
    }

    fn is_past(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|deadline| self.clock.instant() >= deadline)
    }

    /// Takes note of what an event says of a connection.
    fn note(&mut self, event: &Event) {
        let id = id_of(event.token());
        let Some(entry) = self.connections.get_mut(id) else { return };
        let ended = event.is_read_closed() || event.is_error();
        if ended || event.is_readable() {
            entry.ended |= ended;
            entry.readable = true;
            entry.list(id, &mut self.ready);
        }
        if entry.outgoing.is_some() && (event.is_writable() || event.is_error()) {
            self.write(id);
        }
    }

    fn accept(&mut self, registry: &Registry) {
        for index in 0..self.listeners.len() {
            self.accept_from(index, registry);
        }
    }

    fn accept_from(&mut self, index: usize, registry: &Registry) {
        for _ in 0..ACCEPTS_PER_WAIT {
            let listener = &mut self.listeners[index];
            if !listener.acceptable || self.accepting.paused_until().is_some() {
                return;
            }
            let entrance = listener.entrance;
            match listener.socket.accept() {
                Ok((stream, peer)) => match self.take_in(stream, registry) {
                    (connection, Ok(())) => {
                        let accepted = Completion::Accepted { connection, entrance, peer };
                        self.completions.push(accepted);
                    }
                    (connection, Err(error)) => {
                        self.connections.remove(connection);
                        self.accepting.failed(&error, self.clock.instant());
                    }
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => listener.acceptable = false,
                Err(error) => self.accepting.failed(&error, self.clock.instant()),
            }
        }
    }

    fn take_in(
        &mut self,
        stream: TcpStream,
        registry: &Registry,
    ) -> (ConnectionId, io::Result<()>) {
        let id = self.connections.insert(Connection::new(stream));
        let entry = self.connections.get_mut(id).expect("it was just put in");
        let interest = Interest::READABLE | Interest::WRITABLE;
        // What is already waiting on the socket counts as an edge.
        (id, registry.register(&mut entry.stream, token_of(id), interest))
    }

    /// Reads once from each connection on the list, as far as there are buffers.
    fn receive(&mut self) {
        for _ in 0..self.ready.len() {
            if !self.pool.has_free() {
                return;
            }
            let Some(id) = self.ready.pop_front() else { return };
            let Some(entry) = self.connections.get_mut(id) else { continue };
            entry.listed = false;
            if entry.receive.is_none() {
                continue;
            }
            let Some(outcome) = self.pool.fill(|bytes| entry.read(bytes)) else { return };
            match outcome {
                Ok((_, 0)) => self.end(id),
                Ok((buffer, received_bytes)) => {
                    // A short read has emptied the socket.
                    entry.readable = entry.ended || received_bytes == BUFFER_BYTES;
                    if entry.receive == Some(Receive::Once) {
                        entry.receive = None;
                    }
                    entry.list(id, &mut self.ready);
                    self.completions.push(Completion::Received { connection: id, buffer });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => entry.readable = false,
                Err(_) => self.end(id),
            }
        }
    }

    /// Writes once; what is left waits for the edge that a full socket always gives.
    fn write(&mut self, id: ConnectionId) {
        let Some(entry) = self.connections.get_mut(id) else { return };
        match entry.write() {
            Ok(Some(outgoing)) => {
                let spare = outgoing.into_spare();
                self.completions.push(Completion::Sent { connection: id, spare });
            }
            Ok(None) => {}
            Err(_) => self.end(id),
        }
    }

    /// Ends a connection; its descriptor goes at once, and with it its place in the poll.
    fn end(&mut self, id: ConnectionId) {
        if self.connections.remove(id).is_some() {
            self.completions.push(Completion::Closed { connection: id });
        }
    }
}

struct Doorbell(Arc<Waker>);

impl Wake for Doorbell {
    fn wake(&self) {
        if let Err(error) = self.0.wake() {
            tracing::error!(%error, "cannot wake a worker");
        }
    }
}
