//! One connection's TLS: what the peer sent goes in and what it said comes out, and the reverse.
//!
//! Sans IO: bytes in memory only. Owns the keys of the connection, what it said and nobody has
//! heard yet, and the core's one send as far as it is not encrypted. [`super::tls`] carries bytes
//! between it and the back end; when what may go is decided there.

use std::io::{self, Read, Write};
use std::mem;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use crate::event::{Outgoing, Receive};

/// Bytes that are encrypted at a time: what a slow reader costs beside the frames that wait for
/// it, which it shares with others. Four records.
const PIECE_BYTES: usize = 64 * 1024;

/// Bytes of a handshake after which it is given up if it is not finished: one record of the largest
/// size, of which a usual one is a tenth. TLS itself would keep four times as many of a first
/// message that never ends.
const HANDSHAKE_BYTES_MAX: usize = 16 * 1024;

/// The TLS of one connection.
pub(super) struct Session {
    tls: ServerConnection,
    /// What came in and waits for its turn to be looked at, while shaking hands.
    pub(super) waiting: Vec<u8>,
    /// What the peer said that the core has not heard yet.
    pub(super) heard: Vec<u8>,
    /// The core's send, and how much of it is encrypted.
    sending: Option<(Outgoing, usize)>,
    /// A send of the back end is under way.
    pub(super) busy: bool,
    /// What the core wants; paused if none.
    pub(super) wanted: Option<Receive>,
    /// What the back end was told to do.
    pub(super) armed: Option<Receive>,
    /// The peer says no more.
    pub(super) ended: bool,
    /// How far the end of what the core says has got.
    closing: Closing,
    /// It stands in the line of those that wait for their turn.
    pub(super) in_line: bool,
    /// Counted as a handshake that is not finished.
    pub(super) unfinished: bool,
    /// What it has taken in so far, while it is not.
    handshake_bytes: usize,
}

/// How far the end of what the core says has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// Nobody asked for it.
    No,
    /// The peer is told in TLS; then the socket is shut down.
    Telling,
    /// Done.
    Told,
}

/// The peer broke the rules of TLS; there may be an alert to send.
#[derive(Debug)]
pub(super) struct Broken;

impl Session {
    /// For a new connection, of which `early` was received already.
    pub(super) fn new(config: Arc<ServerConfig>, early: Vec<u8>) -> Result<Self, rustls::Error> {
        let mut tls = ServerConnection::new(config)?;
        // What goes in at a time is bounded by `PIECE_BYTES`, and of what it says by itself
        // rustls never queues more than an answer.
        tls.set_buffer_limit(None);
        Ok(Self { waiting: early, unfinished: true, ..Self::adopted(tls) })
    }

    /// For a connection that another worker had, where it was quiet.
    pub(super) const fn adopted(tls: ServerConnection) -> Self {
        Self {
            tls,
            waiting: Vec::new(),
            heard: Vec::new(),
            sending: None,
            busy: false,
            wanted: None,
            armed: None,
            ended: false,
            closing: Closing::No,
            in_line: false,
            unfinished: false,
            handshake_bytes: 0,
        }
    }

    /// What goes to another worker with a quiet connection.
    pub(super) fn into_tls(self) -> ServerConnection {
        self.tls
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether it may be given to another worker: nothing is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.wanted.is_none()
            && !self.busy
            && self.sending.is_none()
            && self.heard.is_empty()
            && self.waiting.is_empty()
            && !self.ended
            && !self.unfinished
            && self.closing == Closing::No
    }

    /// Whether the core is to hear now what the peer said. Not while an answer of TLS itself is
    /// under way: whoever hears something may hand the connection over at once.
    pub(super) fn may_be_heard(&self) -> bool {
        let answering = self.busy && self.sending.is_none();
        !self.heard.is_empty() && !answering
    }

    /// What the back end is to receive: nothing while something waits for its turn.
    pub(super) fn receive(&self) -> Option<Receive> {
        if !self.waiting.is_empty() || !self.heard.is_empty() {
            return None;
        }
        // One piece at a time until both know each other.
        self.wanted.map(|wanted| if self.unfinished { Receive::Once } else { wanted })
    }

    /// Takes in what waited for its turn.
    pub(super) fn shake_hands(&mut self) -> Result<(), Broken> {
        let bytes = mem::take(&mut self.waiting);
        self.handshake_bytes += bytes.len();
        self.take_in(&bytes)?;
        let endless = self.is_handshaking() && self.handshake_bytes > HANDSHAKE_BYTES_MAX;
        if endless { Err(Broken) } else { Ok(()) }
    }

    /// Takes in what came from the network. What the peer said by it is in `heard`.
    pub(super) fn take_in(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        while !bytes.is_empty() && !self.ended {
            // Fails only with plaintext left inside, and all of it is taken out below.
            self.tls.read_tls(&mut bytes).map_err(|_| Broken)?;
            let state = self.tls.process_new_packets().map_err(|_| Broken)?;
            let said = state.plaintext_bytes_to_read();
            if said > 0 {
                let from = self.heard.len();
                self.heard.resize(from + said, 0);
                self.tls.reader().read_exact(&mut self.heard[from..]).map_err(|_| Broken)?;
            }
            self.ended = state.peer_has_closed();
        }
        Ok(())
    }

    /// Begins the core's send.
    pub(super) fn begin(&mut self, outgoing: Outgoing) {
        assert!(self.sending.is_none(), "one send per connection at a time");
        self.sending = Some((outgoing, 0));
    }

    /// The core's send, if all of it has left.
    pub(super) fn take_sent(&mut self) -> Option<Outgoing> {
        let (outgoing, done) = self.sending.take()?;
        if done == outgoing.as_slice().len() && !self.tls.is_handshaking() {
            return Some(outgoing);
        }
        self.sending = Some((outgoing, done));
        None
    }

    /// Says in TLS that nothing more will be said.
    pub(super) fn say_end(&mut self) {
        self.tls.send_close_notify();
        self.closing = Closing::Telling;
    }

    /// True once, when the peer was told in TLS that nothing more will be said.
    pub(super) fn take_end(&mut self) -> bool {
        let told = self.closing == Closing::Telling;
        if told {
            self.closing = Closing::Told;
        }
        told
    }

    /// The next bytes for the network, put into `output`: of TLS itself, then of the core's send.
    pub(super) fn put_out(&mut self, output: &mut Vec<u8>) -> Result<(), Broken> {
        if let Some((outgoing, done)) = &mut self.sending
            && !self.tls.is_handshaking()
        {
            let rest = &outgoing.as_slice()[*done..];
            let piece = &rest[..rest.len().min(PIECE_BYTES)];
            if !piece.is_empty() {
                let taken = self.tls.writer().write(piece).map_err(|_| Broken)?;
                if taken == 0 {
                    // The keys are used up, as after 2^24 records of a connection by TLS 1.2.
                    return Err(Broken);
                }
                *done += taken;
            }
        }
        self.drain(output).map_err(|_| Broken)
    }

    /// The bytes that TLS itself wants to send, such as an alert.
    pub(super) fn drain(&mut self, output: &mut Vec<u8>) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(output)?;
        }
        Ok(())
    }
}
