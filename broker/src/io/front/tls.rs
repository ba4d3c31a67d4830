//! Carrying bytes between the TLS of each connection and the back end, in such an order that what
//! the seam promises to the worker holds for what is said within TLS.
//!
//! One send at a time: what TLS itself has to say and the core's sends take turns, in pieces. One
//! receive and then a pause: the back end goes on receiving until the peer has said something.
//! While an answer of TLS itself is under way nothing is told, so that whoever has just been told
//! something can be handed over. Shaking hands costs a thousand times what a message costs: so
//! many unfinished ones are held, and so much time of each turn they get, the others wait in line.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::session::{Broken, Session};
use super::{Front, Stage};
use crate::event::Receive;
use crate::id::ConnectionId;
use crate::io::{BufferId, Completion, Io};
use crate::time::Instant;

/// Unfinished handshakes that a worker holds. One more ends the oldest: in a storm of those that
/// never finish, who does so at once still gets in.
pub(super) const HANDSHAKES_MAX: usize = 1024;

/// How long handshakes keep one turn from what else there is to do. The last step begun in this
/// time is finished: a third of a millisecond more with P-256, one with RSA of 2,048 bits (see
/// `docs/measurements.md`), more with longer keys.
const HANDSHAKE_TIME_PER_WAIT: Duration = Duration::from_millis(2);

const LOG_GAP: Duration = Duration::from_secs(1);

/// The handshakes of a worker.
#[derive(Default)]
pub(super) struct Handshakes {
    /// Those that have bytes to be looked at.
    line: VecDeque<ConnectionId>,
    /// Unfinished ones, the oldest first, and some that are over.
    begun: VecDeque<ConnectionId>,
    unfinished: usize,
    /// Ended for a newer one since the last line in the log, and when that was.
    ended: u64,
    logged_at: Instant,
}

impl Handshakes {
    pub(super) fn has_work(&self) -> bool {
        !self.line.is_empty()
    }

    #[cfg(test)]
    pub(super) const fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// A connection is over, whether or not its handshake was.
    pub(super) fn note_over(&mut self, session: &Session) {
        self.unfinished -= usize::from(session.unfinished);
    }

    fn note_ended(&mut self, now: Instant) {
        self.ended += 1;
        if now.since(self.logged_at) >= LOG_GAP {
            tracing::warn!(count = self.ended, "too many unfinished TLS handshakes, ended some");
            (self.ended, self.logged_at) = (0, now);
        }
    }
}

impl<I: Io> Front<I> {
    fn session(&mut self, id: ConnectionId) -> Option<&mut Session> {
        match self.stage(id)? {
            Stage::Tls(_, session) => Some(session),
            _ => None,
        }
    }

    /// TLS for a new connection. None if there cannot be any.
    pub(super) fn begin_tls(&mut self, id: ConnectionId, early: Vec<u8>) -> Option<Box<Session>> {
        let shown = self.shown.as_mut()?;
        let session = match Session::new(shown.config(), early) {
            Ok(session) => session,
            Err(error) => {
                tracing::error!(%error, "cannot begin a TLS session");
                return None;
            }
        };
        self.make_room();
        self.handshakes.begun.push_back(id);
        self.handshakes.unfinished += 1;
        Some(Box::new(session))
    }

    /// Forgets handshakes that are over, and ends the oldest if there are too many others.
    fn make_room(&mut self) {
        while let Some(&id) = self.handshakes.begun.front() {
            if self.session(id).is_some_and(|session| session.unfinished) {
                if self.handshakes.unfinished < HANDSHAKES_MAX {
                    return;
                }
                self.handshakes.note_ended(self.inner.now().instant);
                self.end(id);
            }
            self.handshakes.begun.pop_front();
        }
    }

    /// Something came from a peer.
    pub(super) fn on_cipher(&mut self, id: ConnectionId, buffer: BufferId) {
        let Stage::Tls(_, session) = &mut self.places[id.slot as usize].stage else { return };
        if session.armed == Some(Receive::Once) {
            session.armed = None;
        }
        let bytes = self.inner.received(buffer);
        let outcome = if session.unfinished {
            session.waiting.extend_from_slice(bytes);
            Ok(())
        } else {
            if session.heard.capacity() == 0 {
                session.heard = self.buffers.spare();
            }
            session.take_in(bytes)
        };
        self.inner.release(buffer);
        self.judge(id, &outcome);
    }

    /// A send of the back end is finished.
    pub(super) fn on_cipher_sent(&mut self, id: ConnectionId, spare: Option<Vec<u8>>) {
        if let Some(spare) = spare {
            self.buffers.keep(spare);
        }
        let Some(session) = self.session(id) else { return };
        session.busy = false;
        if let Some(outgoing) = session.take_sent() {
            let spare = outgoing.into_spare();
            self.completions.push(Completion::Sent { connection: id, spare });
        }
        self.settle(id);
    }

    /// Lets those that stand in line shake hands, for as long as a turn allows.
    pub(super) fn shake_hands(&mut self) {
        if self.handshakes.line.is_empty() {
            return;
        }
        let until = self.inner.now().instant + HANDSHAKE_TIME_PER_WAIT;
        while let Some(id) = self.handshakes.line.pop_front() {
            let Some(session) = self.session(id) else { continue };
            session.in_line = false;
            let outcome = session.shake_hands();
            if !session.is_handshaking() && mem::take(&mut session.unfinished) {
                self.handshakes.unfinished -= 1;
            }
            self.judge(id, &outcome);
            if self.inner.now().instant >= until {
                return;
            }
        }
    }

    fn judge(&mut self, id: ConnectionId, outcome: &Result<(), Broken>) {
        if outcome.is_ok() {
            return self.settle(id);
        }
        // Tells the peer what was wrong, if that can be done at once.
        let mut alert = self.buffers.spare();
        if let Some(session) = self.session(id)
            && !session.busy
            && session.drain(&mut alert).is_ok()
            && !alert.is_empty()
        {
            self.own.send(&mut self.inner, id, alert);
        }
        self.end(id);
    }

    /// Ends a connection with the next wait; the worker hears of it when the back end has done so.
    pub(super) fn end(&mut self, id: ConnectionId) {
        if let Stage::Tls(_, session) = self.set(id, Stage::Ending) {
            self.handshakes.note_over(&session);
        }
        self.own.ends.push(id);
    }

    /// After any change: sends, tells, receives and ends what can be.
    pub(super) fn settle(&mut self, id: ConnectionId) {
        let Stage::Tls(_, session) = &mut self.places[id.slot as usize].stage else { return };
        if !session.busy {
            let mut output = self.buffers.spare();
            if session.put_out(&mut output).is_err() {
                return self.end(id);
            }
            if output.is_empty() {
                self.buffers.keep(output);
                if session.take_end() {
                    self.inner.shutdown(id);
                }
                // Of nothing, nothing is sent; or all of it was.
                if let Some(outgoing) = session.take_sent() {
                    let spare = outgoing.into_spare();
                    self.completions.push(Completion::Sent { connection: id, spare });
                }
            } else {
                session.busy = true;
                self.own.send(&mut self.inner, id, output);
            }
        }
        if session.may_be_heard() {
            if session.wanted == Some(Receive::Once) {
                session.wanted = None;
            }
            let buffer = self.buffers.hand_out(mem::take(&mut session.heard));
            self.completions.push(Completion::Received { connection: id, buffer });
        }
        if session.heard.is_empty() {
            self.buffers.keep(mem::take(&mut session.heard));
            if session.ended {
                return self.end(id);
            }
        }
        if !session.waiting.is_empty() && session.wanted.is_some() && !session.in_line {
            session.in_line = true;
            self.handshakes.line.push_back(id);
        }
        let receive = session.receive();
        if receive != session.armed {
            session.armed = receive;
            match receive {
                Some(receive) => self.inner.resume(id, receive),
                None => self.inner.pause(id),
            }
        }
    }
}
