//! A socket of the load, and the bytes on their way through it.
//!
//! It never waits. A receive goes into one buffer that all sockets share, so that what a socket
//! keeps of its own is only the beginning of a frame that is not all there. What the socket does
//! not take of a write is kept until it does.

use std::io::{ErrorKind, Read as _, Write as _};

use anyhow::{Context as _, bail};
use mio::net::TcpStream;

use crate::load::crowd::Session;
use crate::load::line::Line;

/// A socket and what is on its way.
#[derive(Debug)]
pub struct Wire {
    line: Line,
    /// The beginning of something that is not all there.
    held: Vec<u8>,
    /// Whether nobody has looked at that yet.
    unheard: bool,
    /// What has to be said; what the socket took of it is not removed before all is gone.
    unwritten: Vec<u8>,
    /// How much of that the socket took.
    written: usize,
}

impl Wire {
    /// Of an open session.
    pub fn new(session: Session) -> Self {
        let unheard = !session.held.is_empty();
        let (line, held) = (session.line, session.held);
        Self { line, held, unheard, unwritten: Vec::new(), written: 0 }
    }

    /// The socket itself.
    pub const fn stream(&mut self) -> &mut TcpStream {
        self.line.stream()
    }

    /// Reads until there is nothing more. `hear` is given what came, with what was left of
    /// earlier receives before it, and tells how much of it is done with.
    ///
    /// # Errors
    /// When the session has ended, or `hear` fails.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        mut hear: impl FnMut(&[u8]) -> anyhow::Result<usize>,
    ) -> anyhow::Result<()> {
        if core::mem::take(&mut self.unheard) {
            let taken = hear(&self.held)?;
            self.held.drain(..taken);
        }
        loop {
            let held = self.held.len();
            buffer[..held].copy_from_slice(&self.held);
            let read = match self.line.read(&mut buffer[held..]) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot read"),
            };
            let received = &buffer[..held + read];
            let taken = hear(received)?;
            self.held.clear();
            self.held.extend_from_slice(&received[taken..]);
            // A receive that does not fill the buffer has emptied the socket, and the next
            // arrival is a new event: no second call to be told that there is nothing.
            if held + read < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Where to put what has to be said.
    pub const fn out(&mut self) -> &mut Vec<u8> {
        &mut self.unwritten
    }

    /// Bytes that have to be said and were not taken.
    pub const fn unwritten_bytes(&self) -> usize {
        self.unwritten.len() - self.written
    }

    /// Writes what the socket takes.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn write(&mut self) -> anyhow::Result<()> {
        while self.unwritten_bytes() > 0 {
            match self.line.write(&self.unwritten[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot write"),
            }
        }
        self.unwritten.clear();
        self.written = 0;
        Ok(())
    }
}
