//! A socket of the load, with or without TLS on it. It never waits.
//!
//! Looks like the socket: a read that does not fill the buffer has emptied it, and what is written
//! and was not taken is written again. Owns what TLS has to say and the socket did not take; that
//! goes first with the next read or write.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use anyhow::Context as _;
use mio::net::TcpStream;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// A socket, with or without TLS.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

/// What the load says TLS by, if it trusts this certificate (PEM) and no other.
///
/// # Errors
/// When it is none.
pub fn trusting(certificate: &str) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).context("no certificate")?)?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Everyone comes for the first time, so that it does not matter in which order.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

impl Line {
    /// On a socket that is connected or about to be. The handshake begins with what is said first.
    ///
    /// # Errors
    /// When TLS cannot be spoken by that configuration.
    pub fn new(stream: TcpStream, tls: Option<&Arc<ClientConfig>>) -> anyhow::Result<Self> {
        let name = ServerName::try_from("localhost").context("a name that is none")?;
        let tls = match tls {
            Some(config) => Some(Box::new(ClientConnection::new(Arc::clone(config), name)?)),
            None => None,
        };
        Ok(Self { stream, tls })
    }

    /// The socket itself.
    pub const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.stream.read(buffer) };
        let mut filled = 0;
        loop {
            match tls.reader().read(&mut buffer[filled..]) {
                // The end is told at once, and what came before it is not: it is a failure here.
                Ok(0) if filled < buffer.len() => return Ok(0),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if filled == buffer.len() {
                return Ok(filled);
            }
            put_out(tls, &mut self.stream)?;
            match tls.read_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && filled > 0 => {
                    return Ok(filled);
                }
                Err(error) => return Err(error),
            }
            tls.process_new_packets()
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            put_out(tls, &mut self.stream)?;
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.stream.write(bytes) };
        put_out(tls, &mut self.stream)?;
        let taken = tls.writer().write(bytes)?;
        put_out(tls, &mut self.stream)?;
        // None is taken while much waits for the socket.
        if taken == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Writes what TLS has to say, as far as the socket takes it.
fn put_out(tls: &mut ClientConnection, stream: &mut TcpStream) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(stream) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
