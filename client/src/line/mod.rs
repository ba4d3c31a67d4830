//! A line to the broker that is dialled again when it breaks: one [`Session`] after another.
//!
//! | from | to | when |
//! |---|---|---|
//! | fetching | dialling | the source of tokens gave one; without a source this is not there |
//! | dialling | talking | the connection is made |
//! | dialling | dialling | the first connection failed, and there is another address |
//! | fetching, dialling, talking | waiting | it failed or was lost, and another try can help |
//! | waiting | fetching, dialling | it is time |
//! | any | closed | another try cannot help, or the application closed |
//!
//! The line decides what the two faces only carry out: when and where to dial, which rooms to take
//! again and in which order, when the application is too far behind to read on, when it is over
//! for good. Like the session it reads no clock, opens no socket and draws no number: time is an
//! argument, and the random part of the waits comes from the seed it was made with.

mod commands;
mod course;
#[cfg(test)]
mod cuts;
mod progress;
mod queue;
mod seats;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod token_tests;
mod tokens;

use core::time::Duration;
use std::collections::VecDeque;
use std::io;

use crate::config::{Config, ConfigError};
use crate::error::Reason;
use crate::event::Event;
use crate::id::Id;
use crate::reconnect::{Backoff, Draws};
use crate::reply::{Position, Welcome};
use crate::session::{Outcome, Session, SessionEvent};
use crate::time::Instant;
use crate::token::TokenFailure;

use queue::Queue;
use seats::Seats;
use tokens::Tokens;

/// How long a closing line may take to say its last words.
pub const CLOSE_LINGER: Duration = Duration::from_secs(1);

/// What the driver of a line shall do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Connect to the address, giving up at `by`; then call [`Line::handle_connected`] or
    /// [`Line::handle_unreachable`].
    Dial {
        /// The address, `host:port`.
        address: String,
        /// When the whole of connecting and handshake shall be done.
        by: Instant,
    },
    /// Move bytes, until the line asks for something else.
    Talk,
    /// Close the connection, if there is one, and ask again at that time, or after
    /// [`Line::handle_token`].
    Wait(Instant),
    /// Close the connection, if there is one. It is over.
    Close,
}

/// A line to the broker that is dialled again when it breaks.
#[derive(Debug)]
pub struct Line {
    config: Config,
    state: State,
    /// Whether a session was ever opened; before that, a failure is told to whoever connects.
    was_open: bool,
    /// Set once the application closed: when its last words must be out.
    closing_by: Option<Instant>,
    /// Which address is next. Counts on for ever; the remainder is the index.
    dials: usize,
    backoff: Backoff,
    seats: Seats,
    /// Waits before a lost seat is asked for again.
    seat_backoff: Backoff,
    seats_at: Option<Instant>,
    tokens: Tokens,
    draws: Draws,
    next_number: u32,
    outcomes: VecDeque<(u32, Outcome)>,
    events: Queue,
}

#[derive(Debug)]
enum State {
    Fetching { by: Instant },
    Dialling { by: Option<Instant> },
    Talking(Box<Session>),
    Waiting { until: Instant },
    Closed { reason: Reason },
}

impl Line {
    /// A line that has yet to be dialled. `seed` decides the random part of its waits.
    ///
    /// # Errors
    /// When the config cannot be meant.
    pub fn new(config: Config, seed: u64) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            state: State::Dialling { by: None },
            was_open: false,
            closing_by: None,
            dials: 0,
            backoff: Backoff::new(config.reconnect),
            seats: Seats::default(),
            seat_backoff: Backoff::new(config.reconnect),
            seats_at: None,
            tokens: Tokens::new(&config),
            draws: Draws::from_seed(seed),
            next_number: 0,
            outcomes: VecDeque::new(),
            events: Queue::bounded_by(config.messages_waiting_max),
            config,
        })
    }

    // Getters.

    /// What the broker granted; `None` while there is no session.
    #[must_use]
    pub fn welcome(&self) -> Option<&Welcome> {
        self.session()?.welcome()
    }

    /// Why the line is closed; `None` while it is not.
    #[must_use]
    pub const fn closed(&self) -> Option<&Reason> {
        match &self.state {
            State::Closed { reason } => Some(reason),
            _ => None,
        }
    }

    /// The rooms the client is in, or will try to get back into, in the order of joining, with
    /// the last position seen in each.
    pub fn rooms(&self) -> impl Iterator<Item = (Id, Position)> {
        self.seats.iter()
    }

    /// Whether there is a connection that carries bytes.
    #[must_use]
    pub const fn is_talking(&self) -> bool {
        matches!(self.state, State::Talking(_))
    }

    /// Whether events wait for the application.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Whether commands are refused as [`crate::Unsent::Full`] at the moment.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.session().is_some_and(Session::is_full)
    }

    /// Whether the application closed the line. When nothing waits for transmission any more, the
    /// driver shuts its side of the connection down and reads on until the broker's is, too.
    #[must_use]
    pub const fn is_closing(&self) -> bool {
        self.closing_by.is_some()
    }

    /// Whether [`Line::poll_transmit`] has something to give.
    #[must_use]
    pub fn has_transmit(&self) -> bool {
        self.session().is_some_and(Session::has_transmit)
    }

    /// Whether the driver shall read from the connection: not while as many messages wait for the
    /// application as may. The handshake is read in any case; a broker waits for nobody there.
    #[must_use]
    pub fn wants_bytes(&self) -> bool {
        !self.events.is_full() || self.welcome().is_none()
    }

    // What happened.

    /// The connection that [`Step::Dial`] asked for is made.
    pub fn handle_connected(&mut self, now: Instant) {
        if let State::Dialling { by } = self.state {
            let by = by.unwrap_or(now + self.config.connect_timeout);
            let token = self.tokens.held();
            let session = Session::numbering_from(self.next_number, (&self.config, token), by);
            self.state = State::Talking(Box::new(session));
        }
    }

    /// The connection that [`Step::Dial`] asked for could not be made.
    pub fn handle_unreachable(&mut self, now: Instant, error: io::ErrorKind) {
        if matches!(self.state, State::Dialling { .. }) {
            let address = self.address().to_owned();
            self.lose(now, Reason::Unreachable { address, error });
        }
    }

    /// Takes what was received.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.with_session(now, |session| session.handle_bytes(now, bytes));
    }

    /// The connection is gone: `UnexpectedEof` for an orderly end by the broker.
    pub fn handle_closed(&mut self, now: Instant, error: io::ErrorKind) {
        self.with_session(now, |session| session.handle_closed(error));
    }

    /// What was received did not come from a broker that is trusted, or was changed on its way.
    pub fn handle_insecure(&mut self, now: Instant, what: String) {
        self.with_session(now, |session| session.end(Reason::Insecure(what)));
    }

    /// Does what is due. May be called at any time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.closing_by.is_some_and(|by| by <= now) {
            self.with_session(now, |session| session.end(Reason::ClosedHere));
        }
        if self.seats_at.is_some_and(|at| at <= now) {
            self.seats_at = None;
            self.ask_next_seat();
        }
        self.refresh_when_due(now);
        self.with_session(now, |session| session.handle_timeout(now));
    }

    /// Takes note whether the driver reads from the connection.
    pub fn handle_reading(&mut self, now: Instant, reading: bool) {
        if let State::Talking(session) = &mut self.state {
            session.handle_reading(now, reading);
        }
    }

    /// The driver cannot go on; whoever waits is told.
    pub fn handle_abort(&mut self) {
        if let State::Talking(session) = &mut self.state {
            session.end(Reason::ClosedHere);
            while let Some(event) = session.poll_event() {
                if let SessionEvent::Done(number, outcome) = event {
                    self.outcomes.push_back((number, outcome));
                }
            }
        }
        self.close_for(Reason::ClosedHere);
    }

    // What shall be done.

    /// What the driver shall do now. Before that, it shall ask whom [`Line::poll_token`] gives.
    pub fn poll_step(&mut self, now: Instant) -> Step {
        if matches!(self.state, State::Fetching { by } if by <= now) {
            self.lose(now, TokenFailure::Late.into());
        }
        let needs_token = self.token_source().is_some() && !self.tokens.is_held();
        match &self.state {
            State::Waiting { until: at } | State::Fetching { by: at } if *at > now => {
                Step::Wait(*at)
            }
            State::Waiting { .. } | State::Dialling { .. } | State::Fetching { .. }
                if needs_token =>
            {
                let by = now + self.config.connect_timeout;
                self.tokens.want();
                self.state = State::Fetching { by };
                Step::Wait(by)
            }
            State::Waiting { .. } | State::Dialling { .. } | State::Fetching { .. } => {
                let by = now + self.config.connect_timeout;
                self.state = State::Dialling { by: Some(by) };
                let address = self.address().to_owned();
                Step::Dial { address, by }
            }
            State::Talking(_) => Step::Talk,
            State::Closed { .. } => Step::Close,
        }
    }

    /// Appends the bytes that wait to be sent to `out`, and says whether there were any.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> bool {
        match &mut self.state {
            State::Talking(session) => session.poll_transmit(out),
            _ => false,
        }
    }

    /// The next outcome of a request.
    pub fn poll_outcome(&mut self) -> Option<(u32, Outcome)> {
        self.outcomes.pop_front()
    }

    /// The next event for the application.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Moves all events that wait to `taken`, which must be empty.
    pub fn take_events(&mut self, taken: &mut VecDeque<Event>) {
        self.events.take_all(taken);
    }

    /// When [`Line::handle_timeout`] is due; other calls can move it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let session = self.session().and_then(Session::poll_timeout);
        let refresh = self.tokens.deadline().filter(|_| self.is_talking());
        [session, self.seats_at, self.closing_by, refresh].into_iter().flatten().min()
    }

    // Inside.

    const fn session(&self) -> Option<&Session> {
        match &self.state {
            State::Talking(session) => Some(session),
            _ => None,
        }
    }

    /// Whether the connection goes through TLS, and how.
    #[cfg(feature = "tls")]
    pub(crate) const fn tls(&self) -> Option<&crate::tls::Tls> {
        self.config.tls.as_ref()
    }

    fn address(&self) -> &str {
        &self.config.addresses[self.dials % self.config.addresses.len()]
    }
}
