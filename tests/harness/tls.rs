//! The client's side of TLS, and the certificates that brokers in tests show.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A client that speaks TLS over a socket.
pub type TlsClient = StreamOwned<ClientConnection, TcpStream>;

/// A file of `tests/certificates`.
#[must_use]
pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name)
}

/// What a client needs that trusts one certificate.
///
/// # Panics
/// When there is no such certificate.
#[must_use]
pub fn trusting(certificate: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(file(certificate)).expect("it is there");
    roots.add(certificate).expect("it is a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has all that these take")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// TLS over a socket; the handshake begins with what is said first.
///
/// # Panics
/// Never: the name is one.
#[must_use]
pub fn over(socket: TcpStream, config: &Arc<ClientConfig>) -> TlsClient {
    let name = ServerName::try_from("localhost").expect("it is a name");
    let connection = ClientConnection::new(Arc::clone(config), name).expect("a good configuration");
    StreamOwned::new(connection, socket)
}
