//! What each completion means for its connection, and which operation comes next.
//!
//! Part of [`Uring`], called from its wait: reads and changes its tables and leaves what the
//! worker is to hear in its list of completions. Never enters the kernel.

use std::io;
use std::mem;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};

use socket2::SockRef;

use super::Uring;
use super::connection::{Connection, Receiving, Sending};
use super::ring::Completed;
use super::token::{Kind, Token};
use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::io::{BufferId, Completion};

impl Uring {
    /// Lets those that found no buffer receive again, as many as there are buffers.
    pub(super) fn feed_starved(&mut self) {
        for _ in 0..self.ring.buffers_free().min(self.starved.len()) {
            let Some(id) = self.starved.pop_front() else { return };
            let Some(entry) = self.connections.get_mut(id) else { continue };
            entry.receiving = Receiving::Idle;
            self.arm(id);
        }
    }

    pub(super) fn note(&mut self, completed: Completed) {
        match completed {
            Completed::Accept { listener, socket, last } => {
                self.note_accepted(listener, socket, last);
            }
            Completed::Doorbell { last } => {
                self.woken = true;
                if last {
                    self.ring.watch(self.doorbell.as_fd());
                }
            }
            Completed::Receive { connection, outcome, last } => {
                self.note_received(connection, outcome, last);
            }
            Completed::Send { connection, outcome, outgoing } => {
                self.note_sent(connection, outcome, outgoing);
            }
            Completed::Writable { connection, outcome } => self.note_writable(connection, &outcome),
            Completed::Cancel { connection, outcome } => self.note_cancelled(connection, &outcome),
        }
    }

    fn note_accepted(&mut self, listener: u32, socket: io::Result<OwnedFd>, last: bool) {
        let listener = &mut self.listeners[listener as usize];
        listener.is_accepting = !last;
        match socket {
            // The connection came too late; it is closed again here.
            Ok(_) if self.stopping => {}
            Ok(socket) => {
                // Without a peer, the peer is gone already.
                let peer =
                    SockRef::from(&socket).peer_addr().ok().and_then(|peer| peer.as_socket());
                if let Some(peer) = peer {
                    let connection = self.connections.insert(Connection::new(socket));
                    let entrance = listener.entrance;
                    self.completions.push(Completion::Accepted { connection, entrance, peer });
                }
            }
            Err(error) if !self.stopping => self.accepting.failed(&error, self.clock.instant()),
            Err(_) => {}
        }
        if last && self.stopping {
            listener.socket = None;
        }
    }

    fn note_received(
        &mut self,
        id: ConnectionId,
        outcome: io::Result<Option<BufferId>>,
        last: bool,
    ) {
        let entry = self.connections.get_mut(id).expect("it stays until its operations are over");
        if last {
            entry.receiving = Receiving::Idle;
        }
        if entry.closing {
            if let Ok(Some(buffer)) = outcome {
                self.ring.release(buffer);
            }
            return self.finish(id);
        }
        match outcome {
            Ok(Some(buffer)) => {
                if entry.wanted == Some(Receive::Once) {
                    entry.wanted = None;
                }
                self.completions.push(Completion::Received { connection: id, buffer });
                self.arm(id);
            }
            Ok(None) => self.end(id),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOBUFS) => {
                    entry.receiving = Receiving::Starved;
                    self.starved.push_back(id);
                }
                Some(libc::ECANCELED | libc::EINTR | libc::EAGAIN) => self.arm(id),
                _ => self.end(id),
            },
        }
    }

    fn note_sent(&mut self, id: ConnectionId, outcome: io::Result<usize>, outgoing: Outgoing) {
        let entry = self.connections.get_mut(id).expect("it stays until its operations are over");
        entry.sending = Sending::Idle;
        if entry.closing {
            return self.finish(id);
        }
        match outcome {
            Ok(0) => return self.end(id),
            Ok(taken_bytes) => entry.sent_bytes += taken_bytes,
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EINTR) => {}
                _ => return self.end(id),
            },
        }
        if entry.sent_bytes < outgoing.as_slice().len() {
            // Less than all means that the socket is full.
            entry.sending = Sending::Full(outgoing);
            self.ring.await_writable(id, entry.socket.as_fd());
        } else {
            let spare = outgoing.into_spare();
            self.completions.push(Completion::Sent { connection: id, spare });
        }
    }

    fn note_writable(&mut self, id: ConnectionId, outcome: &io::Result<()>) {
        let entry = self.connections.get_mut(id).expect("it stays until its operations are over");
        let sending = mem::replace(&mut entry.sending, Sending::Idle);
        if entry.closing {
            return self.finish(id);
        }
        match (sending, outcome) {
            (Sending::Full(outgoing), Ok(())) => {
                entry.sending = Sending::Submitted;
                self.ring.send(id, entry.socket.as_fd(), outgoing, entry.sent_bytes);
            }
            _ => self.end(id),
        }
    }

    /// Whatever a cancel came to, the operation's own completion is what counts. Except when the
    /// kernel says that it can no longer be stopped: then the socket is.
    fn note_cancelled(&mut self, id: ConnectionId, outcome: &io::Result<()>) {
        let stuck =
            outcome.as_ref().err().and_then(io::Error::raw_os_error) == Some(libc::EALREADY);
        if stuck
            && let Some(entry) = self.connections.get_mut(id)
            && entry.closing
        {
            let _ = SockRef::from(&entry.socket).shutdown(Shutdown::Both);
        }
    }

    /// Brings the receive operation in line with what is wanted. One that is of the wrong kind
    /// is cancelled first; its last completion leads here again.
    pub(super) fn arm(&mut self, id: ConnectionId) {
        let Some(entry) = self.connections.get_mut(id) else { return };
        match (entry.receiving, entry.wanted) {
            (Receiving::Idle, Some(wanted)) => {
                entry.receiving = Receiving::Armed(wanted);
                self.ring.receive(id, entry.socket.as_fd(), wanted);
            }
            (Receiving::Armed(Receive::Always), None | Some(Receive::Once))
            | (Receiving::Armed(Receive::Once), None) => {
                entry.receiving = Receiving::Cancelling;
                self.ring.cancel(Token::of(Kind::Receive, id));
            }
            _ => {}
        }
    }

    /// Begins to end a connection: cancels what is under way.
    pub(super) fn end(&mut self, id: ConnectionId) {
        let Some(entry) = self.connections.get_mut(id) else { return };
        if entry.closing {
            return;
        }
        entry.closing = true;
        entry.wanted = None;
        if matches!(entry.sending, Sending::Full(_)) {
            self.ring.cancel(Token::of(Kind::Writable, id));
        }
        self.arm(id);
        self.finish(id);
    }

    /// Ends a connection for good, once nothing is under way on it.
    fn finish(&mut self, id: ConnectionId) {
        if self.connections.get_mut(id).is_some_and(|entry| entry.closing && !entry.is_busy()) {
            self.connections.remove(id);
            self.completions.push(Completion::Closed { connection: id });
        }
    }

    /// A connection that is not about to end.
    pub(super) fn live(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(id).filter(|entry| !entry.closing)
    }
}
