//! What lies between a line and its socket: nothing, or TLS.
//!
//! Bytes in, bytes out: it touches no socket and waits for nothing, so that one of it serves both
//! drivers, and the one on threads can share it behind a lock that nobody holds while a socket is
//! read or written. The hello waits inside until the handshake is done; that is part of the
//! connect timeout of the line.

#[cfg(feature = "tls")]
use std::io::{Read as _, Write as _};

#[cfg(feature = "tls")]
use rustls::ClientConnection;

use crate::shared::Shared;

/// What lies between a line and its socket.
#[derive(Debug)]
pub(super) enum Channel {
    /// Nothing: what the line says is what is sent.
    Plain,
    /// TLS.
    #[cfg(feature = "tls")]
    Tls(Box<Tls>),
}

/// A conversation inside of TLS.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(super) struct Tls {
    connection: ClientConnection,
    /// Whether the last words are said.
    is_finished: bool,
}

/// What a receive came to.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    /// What the line is to hear; may be nothing.
    pub(super) bytes: &'a [u8],
    /// Whether the broker said that nothing follows.
    pub(super) is_last: bool,
}

#[cfg_attr(
    not(feature = "tls"),
    expect(unused_variables, clippy::ptr_arg, reason = "plain bytes need nothing of it")
)]
impl Channel {
    /// To the broker at that address, as the config of the line wants it.
    pub(super) fn to(shared: &Shared, address: &str) -> Self {
        #[cfg(feature = "tls")]
        if let Some(tls) = shared.look(|line| line.tls().cloned()) {
            let connection = tls.connection(address).expect("the config was checked");
            return Self::Tls(Box::new(Tls { connection, is_finished: false }));
        }
        Self::Plain
    }

    /// Opens what was received. `room` is for bytes that are not as they came.
    ///
    /// # Errors
    /// When it is not what the broker that is trusted would have sent, in words.
    pub(super) fn open<'a>(
        &mut self,
        received: &'a [u8],
        room: &'a mut Vec<u8>,
    ) -> Result<Opened<'a>, String> {
        match self {
            Self::Plain => Ok(Opened { bytes: received, is_last: false }),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => {
                room.clear();
                let is_last = tls.open(received, room).map_err(|error| error.to_string())?;
                Ok(Opened { bytes: room, is_last })
            }
        }
    }

    /// Puts what the line has to say into `out`, which is empty, and what else is to be sent.
    pub(super) fn seal(&mut self, shared: &Shared, out: &mut Vec<u8>) {
        match self {
            Self::Plain => shared.take_transmit(out),
            #[cfg(feature = "tls")]
            Self::Tls(tls) => {
                let mut said = Vec::new();
                shared.take_transmit(&mut said);
                tls.seal(&said, out);
            }
        }
    }

    /// Whether something is to be sent that the line knows nothing of.
    pub(super) fn has_own_words(&self) -> bool {
        match self {
            Self::Plain => false,
            #[cfg(feature = "tls")]
            Self::Tls(tls) => tls.connection.wants_write(),
        }
    }

    /// Puts the last words into `out`, if there are any and they were not said before.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Plain => {}
            #[cfg(feature = "tls")]
            Self::Tls(tls) => {
                if !core::mem::replace(&mut tls.is_finished, true) {
                    tls.connection.send_close_notify();
                    tls.seal(&[], out);
                }
            }
        }
    }
}

#[cfg(feature = "tls")]
impl Tls {
    /// Says whether nothing follows.
    fn open(&mut self, mut received: &[u8], plain: &mut Vec<u8>) -> std::io::Result<bool> {
        let mut is_last = false;
        while !received.is_empty() && !is_last {
            self.connection.read_tls(&mut received)?;
            let state = self.connection.process_new_packets().map_err(std::io::Error::other)?;
            is_last = state.peer_has_closed();
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            self.connection.reader().read_exact(&mut plain[start..])?;
        }
        Ok(is_last)
    }

    fn seal(&mut self, said: &[u8], out: &mut Vec<u8>) {
        // Before the handshake only a hello is said, and far more than that is kept until then.
        self.connection.set_buffer_limit(None);
        self.connection.writer().write_all(said).expect("without a limit everything is taken");
        while self.connection.wants_write() {
            self.connection.write_tls(out).expect("a Vec takes every write");
        }
    }
}
