//! What stands between a back end and the worker: who may come in, and in what words.
//!
//! A [`Front`] is itself an [`Io`]. For each connection it takes the header of a load balancer if
//! the peer is one (`proxy`), asks the [`Door`] whether the address may bring one more, and
//! speaks TLS if the listener is for that (`tls`, `session`). Only then the worker hears of
//! it, by its real address. A plain connection costs an index into a table for each completion and
//! verb from then on. Owns what is known of each connection, by the place of its id, which is the
//! back end's; never a socket.

mod buffers;
mod proxy;
mod session;
#[cfg(test)]
pub(super) mod tests;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConnection;

use super::certificates::{Certificates, Shown};
use super::door::{Door, Pass};
use super::network::Network;
use super::{BufferId, Completion, Entrance, Io, Wake};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::time::{Instant, Now};

use buffers::Buffers;
use session::Session;
use tls::Handshakes;

/// By which a front lets connections in.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Load balancers: their connections begin with a header of the PROXY protocol, version 2.
    pub balancers: Arc<[Network]>,
    /// How long that header may take.
    pub header_deadline: Duration,
    /// What one address may bring; shared by the workers of a node.
    pub door: Arc<Door>,
    /// What is shown to those that speak TLS. Needed if a listener is for them.
    pub certificates: Option<Arc<Certificates>>,
}

/// A back end and its door.
pub struct Front<I> {
    inner: I,
    rules: Rules,
    shown: Option<Shown>,
    places: Vec<Place>,
    /// Headers that are awaited, and until when; the first one first. Some may have come.
    headers: VecDeque<(Instant, ConnectionId)>,
    handshakes: Handshakes,
    buffers: Buffers,
    own: Own,
    /// What the back end has just told.
    told: Vec<Completion>,
    /// What comes out of the next wait, or of this one.
    completions: Vec<Completion>,
}

/// A connection on its way from one worker to another.
pub struct Passed<S> {
    pub(super) socket: S,
    pass: Pass,
    /// What came with the header of a load balancer and nobody has heard.
    early: Vec<u8>,
    tls: Option<Box<ServerConnection>>,
}

/// What the front sends and ends by itself.
///
/// Both may end a connection at once, and its place would be two connections' if the worker took one
/// in before it heard of that. So what is wanted inside of a wait is done as the next one begins,
/// which then tells what came of it.
#[derive(Default)]
struct Own {
    waiting: bool,
    sends: Vec<(ConnectionId, Vec<u8>)>,
    ends: Vec<ConnectionId>,
}

impl Own {
    fn send(&mut self, inner: &mut impl Io, id: ConnectionId, bytes: Vec<u8>) {
        if self.waiting {
            self.sends.push((id, bytes));
        } else {
            inner.send(id, Outgoing::Own(bytes));
        }
    }

    /// A wait begins.
    fn carry_out(&mut self, inner: &mut impl Io) {
        for (id, bytes) in self.sends.drain(..) {
            inner.send(id, Outgoing::Own(bytes));
        }
        for id in self.ends.drain(..) {
            inner.close(id);
        }
        self.waiting = true;
    }
}

/// What is known of the connection at a place.
struct Place {
    generation: u32,
    stage: Stage,
}

/// ```text
/// Header ──▶ Hidden       the worker never hears of it
///    │         ▲
///    ▼         │ the door
/// accepted ────┴──▶ Early ──▶ Open
///    │                          
///    └──▶ Tls ──▶ Ending        (Closed is told of all of these)
/// ```
enum Stage {
    /// There is none.
    Gone,
    /// The worker does not know it and only its end is awaited.
    Hidden,
    /// The header of a load balancer is awaited.
    Header(Box<Header>),
    /// Plain, with bytes that came together with the header.
    Early(Pass, Vec<u8>),
    /// Plain: all goes through.
    Open(Pass),
    /// Within TLS.
    Tls(Pass, Box<Session>),
    /// Of TLS and ended by us: only the word of it is awaited.
    Ending,
}

struct Header {
    entrance: Entrance,
    peer: SocketAddr,
    received: Vec<u8>,
}

impl<I: Io> Front<I> {
    /// A front before that back end.
    #[must_use]
    pub fn new(inner: I, rules: Rules) -> Self {
        let shown = rules.certificates.clone().map(Shown::new);
        Self {
            inner,
            rules,
            shown,
            places: Vec::new(),
            headers: VecDeque::new(),
            handshakes: Handshakes::default(),
            buffers: Buffers::default(),
            own: Own::default(),
            told: Vec::new(),
            completions: Vec::new(),
        }
    }

    /// What is known of a connection that is not dead.
    fn stage(&mut self, id: ConnectionId) -> Option<&mut Stage> {
        let place = self.places.get_mut(id.slot as usize)?;
        (place.generation == id.generation).then_some(&mut place.stage)
    }

    fn set(&mut self, id: ConnectionId, stage: Stage) -> Stage {
        let slot = id.slot as usize;
        if self.places.len() <= slot {
            self.places.resize_with(slot + 1, || Place { generation: 0, stage: Stage::Gone });
        }
        let place = &mut self.places[slot];
        place.generation = id.generation;
        mem::replace(&mut place.stage, stage)
    }

    fn note(&mut self, completion: Completion) {
        let mut gone = Stage::Gone;
        let id = match completion {
            Completion::Accepted { connection, entrance, peer } => {
                return self.on_accepted(connection, entrance, peer);
            }
            Completion::Received { connection, .. }
            | Completion::Sent { connection, .. }
            | Completion::Closed { connection } => connection,
        };
        let stage = self.stage(id).unwrap_or(&mut gone);
        match (stage, completion) {
            (_, Completion::Closed { .. }) => self.on_closed(id),
            (Stage::Open(_) | Stage::Early(..), completion) => self.completions.push(completion),
            (Stage::Tls(..), Completion::Received { buffer, .. }) => self.on_cipher(id, buffer),
            (Stage::Tls(..), Completion::Sent { spare, .. }) => self.on_cipher_sent(id, spare),
            (Stage::Header(_), Completion::Received { buffer, .. }) => self.on_header(id, buffer),
            (_, Completion::Received { buffer, .. }) => self.inner.release(buffer),
            (_, Completion::Sent { .. } | Completion::Accepted { .. }) => {}
        }
    }

    fn on_accepted(&mut self, id: ConnectionId, entrance: Entrance, peer: SocketAddr) {
        let balancers = &self.rules.balancers;
        if balancers.iter().any(|balancer| balancer.contains(peer.ip())) {
            let header = Header { entrance, peer, received: Vec::new() };
            self.set(id, Stage::Header(Box::new(header)));
            let until = self.inner.now().instant + self.rules.header_deadline;
            self.headers.push_back((until, id));
            self.inner.resume(id, Receive::Once);
        } else {
            self.let_in(id, entrance, peer, Vec::new());
        }
    }

    /// Something came from a load balancer whose header is not complete.
    fn on_header(&mut self, id: ConnectionId, buffer: BufferId) {
        let slot = id.slot as usize;
        let Stage::Header(header) = &mut self.places[slot].stage else { return };
        header.received.extend_from_slice(self.inner.received(buffer));
        self.inner.release(buffer);
        match proxy::read(&header.received) {
            Ok(None) => self.inner.resume(id, Receive::Once),
            Ok(Some(proxy::Header { source, bytes })) => {
                let (entrance, peer) = (header.entrance, source.unwrap_or(header.peer));
                let early = header.received.split_off(bytes);
                self.let_in(id, entrance, peer, early);
            }
            Err(proxy::NoHeader) => {
                let peer = header.peer;
                tracing::debug!(%peer, "closed: no PROXY header of version 2, or one of no use");
                self.turn_away(id);
            }
        }
    }

    /// Lets the worker hear of a connection, if the door lets it in.
    fn let_in(&mut self, id: ConnectionId, entrance: Entrance, peer: SocketAddr, early: Vec<u8>) {
        let Ok(pass) = self.rules.door.admit(peer.ip(), self.inner.now().instant) else {
            return self.turn_away(id);
        };
        let stage = match entrance {
            Entrance::Plain if early.is_empty() => Stage::Open(pass),
            Entrance::Plain => Stage::Early(pass, early),
            Entrance::Tls => match self.begin_tls(id, early) {
                Some(session) => Stage::Tls(pass, session),
                None => return self.turn_away(id),
            },
        };
        self.set(id, stage);
        self.completions.push(Completion::Accepted { connection: id, entrance, peer });
    }

    /// Ends a connection of which the worker has not heard.
    fn turn_away(&mut self, id: ConnectionId) {
        self.set(id, Stage::Hidden);
        self.own.ends.push(id);
    }

    fn on_closed(&mut self, id: ConnectionId) {
        debug_assert!(
            self.stage(id).is_some(),
            "an end is told before the place is given out again"
        );
        let stage = self.set(id, Stage::Gone);
        if let Stage::Tls(_, session) = &stage {
            self.handshakes.note_over(session);
        }
        if !matches!(stage, Stage::Hidden | Stage::Header(_) | Stage::Gone) {
            self.completions.push(Completion::Closed { connection: id });
        }
    }

    /// Ends those whose header is late. When the next one would be.
    fn expire_headers(&mut self) -> Option<Instant> {
        while let Some(&(until, id)) = self.headers.front() {
            if matches!(self.stage(id), Some(Stage::Header(_))) {
                if until > self.inner.now().instant {
                    return Some(until);
                }
                self.turn_away(id);
            }
            self.headers.pop_front();
        }
        None
    }

    /// The worker wants to hear what came with a load balancer's header.
    fn tell_early(&mut self, id: ConnectionId, receive: Receive) {
        let Stage::Early(pass, early) = self.set(id, Stage::Gone) else { return };
        self.set(id, Stage::Open(pass));
        let buffer = self.buffers.hand_out(early);
        self.completions.push(Completion::Received { connection: id, buffer });
        if receive == Receive::Always {
            self.inner.resume(id, receive);
        }
    }
}

impl<I: Io> Io for Front<I> {
    type Socket = Passed<I::Socket>;

    fn now(&self) -> Now {
        self.inner.now()
    }

    fn waker(&self) -> io::Result<Box<dyn Wake>> {
        self.inner.waker()
    }

    fn wait(
        &mut self,
        deadline: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        let header = self.expire_headers();
        self.own.carry_out(&mut self.inner);
        let has_work = !self.completions.is_empty() || self.handshakes.has_work();
        let deadline =
            if has_work { Some(Instant::ZERO) } else { deadline.into_iter().chain(header).min() };
        let mut told = mem::take(&mut self.told);
        let waited = self.inner.wait(deadline, &mut told);
        for completion in told.drain(..) {
            self.note(completion);
        }
        self.told = told;
        self.shake_hands();
        self.own.waiting = false;
        if completions.is_empty() {
            mem::swap(completions, &mut self.completions);
        } else {
            completions.append(&mut self.completions);
        }
        waited
    }

    fn received(&self, buffer: BufferId) -> &[u8] {
        if Buffers::is_own(buffer) {
            self.buffers.received(buffer)
        } else {
            self.inner.received(buffer)
        }
    }

    fn release(&mut self, buffer: BufferId) {
        if Buffers::is_own(buffer) {
            self.buffers.release(buffer);
        } else {
            self.inner.release(buffer);
        }
    }

    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing) {
        match self.stage(connection) {
            Some(Stage::Tls(_, session)) => {
                session.begin(outgoing);
                self.settle(connection);
            }
            Some(Stage::Open(_) | Stage::Early(..)) => self.inner.send(connection, outgoing),
            // It is over, or about to be.
            _ => {}
        }
    }

    fn pause(&mut self, connection: ConnectionId) {
        match self.stage(connection) {
            Some(Stage::Tls(_, session)) => {
                session.wanted = None;
                self.settle(connection);
            }
            Some(Stage::Open(_) | Stage::Early(..)) => self.inner.pause(connection),
            // It is over, or about to be.
            _ => {}
        }
    }

    fn resume(&mut self, connection: ConnectionId, receive: Receive) {
        match self.stage(connection) {
            Some(Stage::Tls(_, session)) => {
                session.wanted = Some(receive);
                self.settle(connection);
            }
            Some(Stage::Early(..)) => self.tell_early(connection, receive),
            Some(Stage::Open(_)) => self.inner.resume(connection, receive),
            // It is over, or about to be.
            _ => {}
        }
    }

    fn shutdown(&mut self, connection: ConnectionId) {
        match self.stage(connection) {
            Some(Stage::Tls(_, session)) => {
                session.say_end();
                self.settle(connection);
            }
            Some(Stage::Open(_) | Stage::Early(..)) => self.inner.shutdown(connection),
            // It is over, or about to be.
            _ => {}
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        match self.stage(connection) {
            Some(Stage::Tls(..)) => self.end(connection),
            Some(Stage::Open(_) | Stage::Early(..)) => self.inner.close(connection),
            _ => {}
        }
    }

    fn detach(&mut self, connection: ConnectionId) -> Option<Self::Socket> {
        match self.stage(connection)? {
            Stage::Tls(_, session) if !session.is_quiet() => return None,
            Stage::Gone | Stage::Hidden | Stage::Header(_) | Stage::Ending => return None,
            Stage::Tls(..) | Stage::Early(..) | Stage::Open(_) => {}
        }
        let socket = self.inner.detach(connection)?;
        Some(match self.set(connection, Stage::Gone) {
            Stage::Tls(pass, session) => {
                let tls = Some(Box::new(session.into_tls()));
                Passed { socket, pass, early: Vec::new(), tls }
            }
            Stage::Early(pass, early) => Passed { socket, pass, early, tls: None },
            Stage::Open(pass) => Passed { socket, pass, early: Vec::new(), tls: None },
            Stage::Gone | Stage::Hidden | Stage::Header(_) | Stage::Ending => {
                unreachable!("it was looked at before")
            }
        })
    }

    fn adopt(&mut self, passed: Self::Socket) -> ConnectionId {
        let Passed { socket, pass, early, tls } = passed;
        let id = self.inner.adopt(socket);
        let stage = match tls {
            Some(tls) => Stage::Tls(pass, Box::new(Session::adopted(*tls))),
            None if early.is_empty() => Stage::Open(pass),
            None => Stage::Early(pass, early),
        };
        self.set(id, stage);
        id
    }

    fn stop_accepting(&mut self) {
        self.inner.stop_accepting();
    }
}
