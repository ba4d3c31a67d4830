//! What one connection of the poll is doing, and the two calls on its socket that a message
//! costs. Owned by the table of [`super::Epoll`]; tells nobody anything.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use mio::Token;
use mio::net::TcpStream;

use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;

/// One connection.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// The send under way.
    pub(super) outgoing: Option<Outgoing>,
    /// The first bytes of it, which the kernel has taken.
    sent_bytes: usize,
    /// Paused if none.
    pub(super) receive: Option<Receive>,
    /// There may be bytes waiting.
    pub(super) readable: bool,
    /// The peer sends no more, so no edge will tell of the end of file: read until it comes.
    pub(super) ended: bool,
    /// Stands in the list of ready connections.
    pub(super) listed: bool,
}

impl Connection {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            outgoing: None,
            sent_bytes: 0,
            receive: None,
            readable: false,
            ended: false,
            listed: false,
        }
    }

    /// Puts the connection on the list of ready ones, if it belongs there and is not there yet.
    pub(super) fn list(&mut self, id: ConnectionId, ready: &mut VecDeque<ConnectionId>) {
        if self.readable && self.receive.is_some() && !self.listed {
            self.listed = true;
            ready.push_back(id);
        }
    }

    /// Reads once.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.stream.read(bytes))
    }

    /// Writes once what is left of the send under way. The send, if it is finished.
    pub(super) fn write(&mut self) -> io::Result<Option<Outgoing>> {
        let Some(outgoing) = self.outgoing.take() else { return Ok(None) };
        let rest = &outgoing.as_slice()[self.sent_bytes..];
        let rest_bytes = rest.len();
        match uninterrupted(|| self.stream.write(rest)) {
            Ok(taken_bytes) if taken_bytes == rest_bytes => {
                self.sent_bytes = 0;
                return Ok(Some(outgoing));
            }
            Ok(taken_bytes) => self.sent_bytes += taken_bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        self.outgoing = Some(outgoing);
        Ok(None)
    }
}

fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

const _: () = assert!(usize::BITS == 64, "a token holds a slot and a generation");

/// Slot in the low half, generation in the high half.
pub(super) const fn token_of(id: ConnectionId) -> Token {
    Token(((id.generation as usize) << 32) | id.slot as usize)
}

/// The reverse of [`token_of`].
pub(super) fn id_of(token: Token) -> ConnectionId {
    let low = |bits: usize| u32::try_from(bits & 0xffff_ffff).expect("32 bits are left");
    ConnectionId { slot: low(token.0), generation: low(token.0 >> 32) }
}
