//! The certificate that the node shows, and its replacement while the node runs.
//!
//! One [`Certificates`] is shared by all workers and by whoever renews it. A worker looks at its
//! version when it accepts a connection, and takes the lock only if that has changed; a handshake
//! that has begun goes on with what it began with. Reads files when told to, never by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;

/// Where the certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those of its issuers, in this order, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate is for another key.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The two cannot be used, or not together.
    #[error("cannot use {} with its key: {error}", certificate.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// Why.
        error: rustls::Error,
    },
}

/// The certificate in use.
#[derive(Debug)]
pub struct Certificates {
    files: CertificateFiles,
    version: AtomicU64,
    current: Mutex<Arc<ServerConfig>>,
}

/// A worker's copy of the certificate in use.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    certificates: Arc<Certificates>,
    version: u64,
    config: Arc<ServerConfig>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn load(files: CertificateFiles) -> Result<Self, CertificateError> {
        let current = Mutex::new(load(&files)?);
        Ok(Self { files, version: AtomicU64::new(0), current })
    }

    /// Reads the files again; what they hold is shown from the next handshake on.
    ///
    /// # Errors
    /// When they cannot be used. Then nothing changes.
    pub fn renew(&self) -> Result<(), CertificateError> {
        self.renew_from(&self.files)
    }

    /// The same, from files that need not be its own.
    pub(super) fn renew_from(&self, files: &CertificateFiles) -> Result<(), CertificateError> {
        let renewed = load(files)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shown {
    pub(super) fn new(certificates: Arc<Certificates>) -> Self {
        let version = certificates.version.load(Ordering::Acquire);
        let config = certificates.config();
        Self { certificates, version, config }
    }

    /// What a handshake that begins now is to use.
    pub(super) fn config(&mut self) -> Arc<ServerConfig> {
        let version = self.certificates.version.load(Ordering::Acquire);
        if version != self.version {
            *self = Self { version, config: self.certificates.config(), ..self.clone() };
        }
        Arc::clone(&self.config)
    }
}

/// How this node speaks TLS: 1.2 and 1.3, no client certificates, no early data. Who comes back
/// shows a ticket instead of shaking hands anew; the node keeps nothing for that, and a new
/// certificate makes old tickets void.
fn load(files: &CertificateFiles) -> Result<Arc<ServerConfig>, CertificateError> {
    let CertificateFiles { certificate, key } = files;
    let (chain, secret) = (read_chain(certificate)?, read_key(key)?);
    let unusable = |error| CertificateError::Unusable { certificate: certificate.clone(), error };
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                CertificateError::Mismatch { certificate: certificate.clone(), key: key.clone() }
            }
            error => unusable(error),
        })?;
    config.ticketer = ring::Ticketer::new().map_err(unusable)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|error| CertificateError::File { path: path.to_owned(), error })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = read(path)?;
    let bad = |reason| CertificateError::Pem { path: path.to_owned(), reason };
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| bad(format!("not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(bad("holds no certificate (a section \"BEGIN CERTIFICATE\")".to_owned()));
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let reason = match PrivateKeyDer::from_pem_slice(&read(path)?) {
        Ok(key) => return Ok(key),
        Err(pem::Error::NoItemsFound) => {
            "holds no private key (a section \"BEGIN PRIVATE KEY\" without a password)".to_owned()
        }
        Err(error) => format!("not PEM: {error}"),
    };
    Err(CertificateError::Pem { path: path.to_owned(), reason })
}
