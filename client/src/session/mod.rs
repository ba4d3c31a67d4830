//! One connection's conversation with a broker, from hello to the end: bytes and time in, bytes
//! and events out.
//!
//! ```text
//!            welcome                 go-away, silence, bad bytes, connection lost
//! Greeting ----------> Open ------------------------------------------------------> Ended
//!     |                                                                               ^
//!     '-------------------------------------------------------------------------------'
//! ```
//! A session reads no clock, opens no socket and draws no number. Its methods are of four kinds:
//! getters; `handle_*`, which take what happened; commands, which make a request and give its
//! number; `poll_*`, which give what shall be done. After any of the middle two, poll. It does
//! not reconnect: [`crate::Line`] puts one session after another.

mod commands;
mod history;
mod inbound;
mod pending;
mod pulse;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;

use throng_protocol::frame::FromClient;
use throng_protocol::request::{Ping, Request};
use throng_protocol::value::Extensions;

use crate::config::Config;
use crate::error::{Failure, Reason};
use crate::event::Event;
use crate::reply::{Reply, Welcome};
use crate::time::Instant;

use history::Collecting;
use inbound::Inbound;
use pending::{Asked, Pending};
use pulse::{Overdue, Pulse};

/// Bytes that may wait for [`Session::poll_transmit`] before commands are refused as
/// [`crate::Unsent::Full`]. One request may go beyond it.
pub const OUTBOUND_BYTES_MAX: usize = 256 * 1024;

/// Requests that may wait for their replies before commands are refused as [`crate::Unsent::Full`].
pub const UNANSWERED_MAX: usize = 4096;

/// The outcome of a request: every request that was given a number has exactly one, unless it is
/// a publish without acknowledgement.
pub type Outcome = Result<Reply, Failure>;

/// What a session has to say to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// The handshake is done; requests can be made.
    Opened(Welcome),
    /// The one outcome of the request of this number.
    Done(u32, Outcome),
    /// Something the broker said unasked: the first half of [`Event`].
    Told(Event),
    /// The session is over, and the connection is to be closed. Nothing follows; every request
    /// has its outcome.
    Ended(Reason),
}

/// One connection's conversation with a broker.
///
/// ```
/// use throng_client::session::{Session, SessionEvent};
/// use throng_client::time::Instant;
/// use throng_client::{Config, Development, Reason};
///
/// let config = Config::new("127.0.0.1:7400")
///     .app("dev")
///     .credentials(Development::new("throng-development").user("alice"));
/// let mut session = Session::new(&config, Instant::ZERO);
///
/// let mut out = Vec::new();
/// assert!(session.poll_transmit(&mut out), "the hello is to be sent");
///
/// // Nothing comes back; the time the handshake may take passes.
/// let due = session.poll_timeout().expect("a handshake has its time");
/// session.handle_timeout(due);
/// assert_eq!(session.poll_event(), Some(SessionEvent::Ended(Reason::ConnectTimeout)));
/// ```
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    inbound: Inbound,
    /// A page of history of which some entries are still to come.
    collecting: Option<Collecting>,
    outbound: Vec<u8>,
    pending: Pending,
    events: VecDeque<SessionEvent>,
}

#[derive(Debug)]
enum Stage {
    Greeting { open_by: Instant },
    Open { welcome: Welcome, pulse: Pulse },
    Ended,
}

impl Session {
    /// A session on a connection that was just made. Its hello waits to be transmitted.
    ///
    /// The config is taken as it is; [`Config::check`] says whether it is good. A source of tokens is
    /// for a [`crate::Line`]: here its token is empty.
    #[must_use]
    pub fn new(config: &Config, now: Instant) -> Self {
        Self::numbering_from(0, (config, &[]), now + config.connect_timeout)
    }

    /// The same, with requests numbered on from another session's, a token if the config has only a
    /// source of them, and the handshake to be done by `open_by`.
    pub(crate) fn numbering_from(
        number: u32,
        (config, token): (&Config, &[u8]),
        open_by: Instant,
    ) -> Self {
        let mut outbound = Vec::new();
        config.write_hello(token, &mut outbound);
        Self {
            stage: Stage::Greeting { open_by },
            inbound: Inbound::default(),
            collecting: None,
            outbound,
            pending: Pending::numbering_from(number),
            events: VecDeque::new(),
        }
    }

    // Getters.

    /// What the broker granted; `None` before the handshake is done and after the end.
    #[must_use]
    pub const fn welcome(&self) -> Option<&Welcome> {
        match &self.stage {
            Stage::Open { welcome, .. } => Some(welcome),
            Stage::Greeting { .. } | Stage::Ended => None,
        }
    }

    /// Whether the session is over.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Whether commands are refused as [`crate::Unsent::Full`] at the moment.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.outbound.len() >= OUTBOUND_BYTES_MAX || self.pending.len() >= UNANSWERED_MAX
    }

    /// Whether bytes wait for [`Session::poll_transmit`].
    #[must_use]
    pub const fn has_transmit(&self) -> bool {
        !self.outbound.is_empty()
    }

    /// The number the next session on this line shall begin with.
    pub(crate) const fn next_number(&self) -> u32 {
        self.pending.next_number()
    }

    // What happened.

    /// Takes what was received, cut in any way.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        match &mut self.stage {
            Stage::Greeting { .. } => {}
            Stage::Open { pulse, .. } => pulse.record_heard(now),
            Stage::Ended => return,
        }
        if let Err(reason) = self.read(now, bytes) {
            self.end(reason);
        }
    }

    /// Takes note that the connection is gone: `UnexpectedEof` for an orderly end by the peer.
    pub fn handle_closed(&mut self, error: io::ErrorKind) {
        self.end(Reason::Lost(error));
    }

    /// Does what is due. May be called at any time.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.stage {
            Stage::Greeting { open_by } if *open_by <= now => self.end(Reason::ConnectTimeout),
            Stage::Open { pulse, .. } => match pulse.expire(now) {
                Overdue::Nothing => {}
                Overdue::Ping => self.ask_for_life(),
                Overdue::Dead => self.end(Reason::Silent),
            },
            Stage::Greeting { .. } | Stage::Ended => {}
        }
    }

    /// Takes note that the owner stopped reading the connection, or reads it again.
    ///
    /// While it does not read, silence is not held against the broker, and pings keep the
    /// session alive.
    pub fn handle_reading(&mut self, now: Instant, reading: bool) {
        if let Stage::Open { pulse, .. } = &mut self.stage {
            pulse.record_reading(now, reading);
        }
    }

    /// Ends the session from this side: whatever waits for a reply has lost the connection.
    pub fn end(&mut self, reason: Reason) {
        if self.is_ended() {
            return;
        }
        self.stage = Stage::Ended;
        self.inbound = Inbound::default();
        self.collecting = None;
        self.outbound = Vec::new();
        for (number, asked) in self.pending.take_all() {
            if !matches!(asked, Asked::SignOfLife) {
                let lost = SessionEvent::Done(number, Err(Failure::ConnectionLost));
                self.events.push_back(lost);
            }
        }
        self.events.push_back(SessionEvent::Ended(reason));
    }

    // What shall be done.

    /// Appends the bytes that wait to be sent to `out`, and says whether there were any.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        let any = self.has_transmit();
        if out.is_empty() {
            core::mem::swap(out, &mut self.outbound);
        } else {
            out.append(&mut self.outbound);
        }
        any
    }

    /// The next thing the session has to say.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// When [`Session::handle_timeout`] is due; other calls can move it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Greeting { open_by } => Some(*open_by),
            Stage::Open { pulse, .. } => pulse.deadline(),
            Stage::Ended => None,
        }
    }

    // Inside.

    fn ask<'a>(&mut self, request: impl Into<Request<'a>>, asked: Asked) -> u32 {
        let number = self.pending.number(asked);
        self.write(number, request);
        number
    }

    fn ask_for_life(&mut self) {
        self.ask(PING, Asked::SignOfLife);
    }

    fn write<'a>(&mut self, number: u32, request: impl Into<Request<'a>>) {
        FromClient::Request(number, request.into()).write(&mut self.outbound);
    }
}

const PING: Ping<'static> = Ping { extensions: Extensions::NONE };
