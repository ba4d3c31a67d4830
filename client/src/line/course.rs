//! What follows from what a session says: the state of the line, the seats, the events.
//!
//! Every `handle_*` of the line ends here. The one place that decides whether to come back after
//! a loss, and what a lost seat's fate is.

use throng_protocol::Code;
use throng_protocol::refusal::Retry;
use throng_protocol::value::LeftReason;

use crate::error::{Failure, Reason};
use crate::event::{Event, Kicked, LeftRoom, Missed, RoomDestroyed};
use crate::id::Id;
use crate::reconnect::Backoff;
use crate::reply::{Joined, Position, Reply, Welcome};
use crate::session::{Outcome, Session, SessionEvent};
use crate::time::Instant;

use super::{Line, State};

/// A seat that was lost.
#[derive(Debug, Clone, Copy)]
struct Lost {
    room: Id,
    last: Position,
}

impl Line {
    /// Does something to the session, if there is one, and everything that follows from it.
    pub(super) fn with_session(&mut self, now: Instant, act: impl FnOnce(&mut Session)) {
        let State::Talking(session) = &mut self.state else {
            return;
        };
        act(session);
        while let State::Talking(session) = &mut self.state
            && let Some(event) = session.poll_event()
        {
            match event {
                SessionEvent::Opened(welcome) => self.on_opened(now, welcome),
                SessionEvent::Done(number, outcome) => self.on_done(now, number, outcome),
                SessionEvent::Told(event) => self.on_told(event),
                SessionEvent::Ended(reason) => {
                    self.next_number = session.next_number();
                    self.lose(now, reason);
                }
            }
        }
    }

    fn on_opened(&mut self, now: Instant, welcome: Welcome) {
        if self.was_open {
            let attempts = self.backoff.attempts();
            self.events.push(Event::Reconnected { welcome, attempts });
        }
        self.was_open = true;
        self.backoff.record_open(now);
        self.on_token_holds(now, welcome.expires_in);
        self.ask_next_seat();
    }

    fn on_done(&mut self, now: Instant, number: u32, outcome: Outcome) {
        if let Some((room, last)) = self.seats.asked_by(number) {
            return self.on_seat(now, (number, Lost { room, last }), outcome);
        }
        if self.on_token_shown(now, number, &outcome) {
            return;
        }
        match &outcome {
            Ok(Reply::Joined(joined)) => self.seats.record_joined(number, joined),
            Ok(Reply::Left(left)) => self.seats.remove(&left.room),
            Ok(Reply::Accepted(accepted)) => self.seats.record_accepted(accepted),
            Ok(Reply::Changed(_)) => self.seats.record_changed(number),
            Ok(_) | Err(Failure::ConnectionLost) => {}
            Err(_) => self.seats.record_refused(number),
        }
        self.outcomes.push_back((number, outcome));
    }

    /// The outcome of asking for a lost seat again.
    fn on_seat(&mut self, now: Instant, (number, lost): (u32, Lost), outcome: Outcome) {
        match outcome {
            Ok(Reply::Joined(joined)) => self.on_seat_taken(number, lost, &joined),
            Err(Failure::ConnectionLost) => {}
            Err(Failure::Refused(refused)) if refused.code.retry() == Retry::Later => {
                self.seats.record_asked_in_vain(&lost.room);
                let random = self.draws.next();
                let wait = self.seat_backoff.next_delay(refused.retry_after, random);
                self.seats_at = wait.map(|wait| now + wait);
            }
            Ok(_) => unreachable!("the session matched the reply to its request"),
            Err(failure) => {
                self.seats.remove(&lost.room);
                let Lost { room, last } = lost;
                self.events.push(Event::RejoinFailed { room, last, failure });
                self.ask_next_seat();
            }
        }
    }

    fn on_seat_taken(&mut self, number: u32, lost: Lost, joined: &Joined) {
        self.seats.record_joined(number, joined);
        if let Some(missed) = missed(lost, joined) {
            self.events.push(Event::Missed(missed));
        }
        if let Some(room) = joined.left {
            let reason = LeftReason::JoinedAnother;
            self.events.push(Event::LeftRoom(LeftRoom { room, reason }));
        }
        self.seat_backoff = Backoff::new(self.config.reconnect);
        self.ask_next_seat();
    }

    fn on_told(&mut self, event: Event) {
        let is_news = match &event {
            Event::Message(it) => self.seats.record_message(it),
            // Of one that was erased nothing is to be seen: it keeps its place and no more.
            Event::Tombstone(it) => {
                self.seats.record_entry(&it.room, it.position()) && it.sender.is_some()
            }
            Event::Notice(it) => {
                it.room.is_none_or(|room| self.seats.record_entry(&room, it.position()))
            }
            Event::Lagged(it) => {
                let to = Position { epoch: it.epoch, seq: it.to_seq };
                self.seats.record_skipped(&it.room, to);
                true
            }
            Event::RoomDestroyed(RoomDestroyed { room, .. })
            | Event::Kicked(Kicked { room, .. })
            | Event::LeftRoom(LeftRoom { room, .. }) => {
                self.seats.remove(room);
                true
            }
            _ => true,
        };
        if is_news {
            self.events.push(event);
        }
    }

    pub(super) fn ask_next_seat(&mut self) {
        if let State::Talking(session) = &mut self.state
            && session.welcome().is_some()
        {
            self.seats.ask_next(|join| session.ask_to_join(join));
        }
    }

    /// The connection is lost or was not made: back to it later, or never.
    pub(super) fn lose(&mut self, now: Instant, reason: Reason) {
        let had_session = self.backoff.is_open();
        self.backoff.record_lost(now);
        self.seats.record_lost();
        self.seats_at = None;
        self.tokens.record_lost();
        self.dials += 1;
        if self.closing_by.is_some() {
            return self.close_for(Reason::ClosedHere);
        }
        // With a source the next hello shows another token. Who had a new one and was told that it is
        // not good, is not let in with the next one either.
        let is_out_of_tokens = reason.needs_token() && self.token_source().is_none();
        if !reason.may_reconnect() || is_out_of_tokens {
            return self.close_for(reason);
        }
        if !self.was_open {
            // Whoever connects for the first time wants an answer now: every address once.
            let is_without_token = matches!(reason, Reason::NoToken(_));
            if is_without_token || self.dials == self.config.addresses.len() {
                return self.close_for(reason);
            }
            self.state = State::Dialling { by: None };
            return;
        }
        let random = self.draws.next();
        let Some(retry_in) = self.backoff.next_delay(reason.retry_after(), random) else {
            return self.close_for(reason);
        };
        self.state = State::Waiting { until: now + retry_in };
        self.events.push(if had_session {
            Event::Disconnected { reason, retry_in }
        } else {
            Event::ReconnectFailed { reason, retry_in }
        });
    }

    pub(super) fn close_for(&mut self, reason: Reason) {
        if self.closed().is_some() {
            return;
        }
        self.closing_by = None;
        self.events.push(Event::Closed { reason: reason.clone() });
        self.state = State::Closed { reason };
    }
}

/// What is missing after a seat was taken again; `None` if nothing is.
fn missed(lost: Lost, joined: &Joined) -> Option<Missed> {
    let Lost { room, last } = lost;
    let now = joined.position();
    let entries = match joined.recovery {
        _ if last.epoch != now.epoch => None,
        Code::NONE => return None,
        Code::NOT_RECOVERED => Some(joined.missed),
        // A broker that does not know how to resume: nothing of it follows but what is history.
        _ => Some(now.seq.saturating_sub(last.seq)),
    };
    (entries != Some(0)).then_some(Missed { room, last, now, entries })
}
