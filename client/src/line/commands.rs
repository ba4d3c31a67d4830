//! What the application asks of a line: each command goes to the session there is, and gives the
//! number of the request; its outcome comes out of [`Line::poll_outcome`].
//!
//! Without a session a command is refused at once, and the application knows that it was not
//! done. Nothing is kept to be sent later: by then it may be the wrong thing to say.

use throng_protocol::request::Request;

use crate::ask::Ask;
use crate::error::{Reason, Unsent};
use crate::join::Join;
use crate::publish::Publish;
use crate::session::Session;
use crate::time::Instant;

use super::{CLOSE_LINGER, Line, State};

impl Line {
    /// Become a member of a room and receive its messages. In a room in which the client was when
    /// the connection was lost it goes on from there, unless the join says from where.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn join<'a>(&mut self, join: impl Into<Join<'a>>) -> Result<u32, Unsent> {
        let mut join = join.into();
        join.resume_from = join.resume_from.or_else(|| self.seats.lost_at(join.room));
        let number = self.open_session()?.join(join)?;
        self.seats.record_joining(number, &join);
        Ok(number)
    }

    /// Leave a room, with all sessions of the user.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn leave(&mut self, room: &str) -> Result<u32, Unsent> {
        let number = self.open_session()?.leave(room)?;
        self.seats.record_leaving(room, number);
        Ok(number)
    }

    /// Publish a message and be told its position.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn publish(&mut self, publish: Publish<'_>) -> Result<u32, Unsent> {
        self.open_session()?.publish(publish)
    }

    /// Publish a message without acknowledgement: it has no outcome. If it is refused, an
    /// [`crate::Event::PublishRefused`] says so.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number.
    pub fn publish_no_ack(&mut self, publish: Publish<'_>) -> Result<u32, Unsent> {
        self.open_session()?.publish_no_ack(publish)
    }

    /// Ask for a sign of life and the broker's clock.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn ping(&mut self) -> Result<u32, Unsent> {
        self.open_session()?.ping()
    }

    /// Ask what a room is.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn query_room(&mut self, room: &str) -> Result<u32, Unsent> {
        self.open_session()?.query_room(room)
    }

    /// Create a room (servers only).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn create_room(&mut self, room: &str) -> Result<u32, Unsent> {
        self.open_session()?.create_room(room)
    }

    /// Destroy a room (servers only).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn destroy_room(&mut self, room: &str) -> Result<u32, Unsent> {
        self.open_session()?.destroy_room(room)
    }

    /// Ask for whatever can be asked ([`crate::ask`]).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn ask_for(&mut self, ask: &impl Ask) -> Result<u32, Unsent> {
        let number = self.open_session()?.ask_for(ask)?;
        if let Ok(Request::SetProfile(set)) = ask.request() {
            self.seats.record_changing(number, set.room, set.profile);
        }
        if let Ok(Request::RefreshToken(refresh)) = ask.request() {
            self.tokens.record_shown(number, refresh.token);
        }
        Ok(number)
    }

    /// Close the line: what was commanded is still sent, nothing new is taken.
    pub fn close(&mut self, now: Instant) {
        match &self.state {
            State::Talking(_) if self.closing_by.is_none() => {
                self.closing_by = Some(now + CLOSE_LINGER);
            }
            State::Talking(_) | State::Closed { .. } => {}
            State::Fetching { .. } | State::Dialling { .. } | State::Waiting { .. } => {
                self.close_for(Reason::ClosedHere);
            }
        }
    }

    /// Forget events, those that wait and those to come: nobody listens.
    pub fn ignore_events(&mut self) {
        self.events.ignore();
    }

    fn open_session(&mut self) -> Result<&mut Session, Unsent> {
        match &mut self.state {
            _ if self.closing_by.is_some() => Err(Unsent::Closed),
            State::Talking(session) => Ok(session),
            State::Closed { .. } => Err(Unsent::Closed),
            State::Fetching { .. } | State::Dialling { .. } | State::Waiting { .. } => {
                Err(Unsent::NotConnected)
            }
        }
    }
}
