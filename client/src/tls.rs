//! Whom a client trusts when it talks to its broker through TLS.
//!
//! Only what is decided once stands here; the bytes of a connection go through `drive/channel.rs`.
//! TLS 1.2 and 1.3, with the cryptography of ring.

use core::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// That a client talks through TLS, and whose word it takes for it that the broker is the broker.
///
/// ```no_run
/// use throng_client::{Config, Tls};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
///
/// // A broker with a public certificate.
/// let public = Config::new("chat.example.org:7443").tls(Tls::platform_roots()?);
///
/// // One with a certificate of the house, reached by another name than the one in it.
/// let roots = std::fs::read("house-ca.pem")?;
/// let own = Config::new("10.0.0.5:7443").tls(Tls::roots_pem(&roots)?.server_name("chat.house")?);
/// # let _ = (public, own);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

/// Why a [`Tls`] cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no certificate to trust in what was given, or none that can be read.
    #[error("no certificate to trust: {0}")]
    Roots(String),
    /// Not a name or an address that a certificate could be for.
    #[error("{0:?} is neither a host's name nor an address")]
    ServerName(String),
}

impl Tls {
    /// Trust whom this machine trusts: the certificates of the operating system, or those that the
    /// variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    ///
    /// They are read now, from files, and checked by rustls: a list baked into a program would grow
    /// stale with it, and an administrator's own root would not be in it.
    ///
    /// # Errors
    /// When there are none.
    pub fn platform_roots() -> Result<Self, TlsError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            return Err(TlsError::Roots(reasons.join("; ")));
        }
        Ok(Self::trusting(roots))
    }

    /// Trust these certificates and no others: a text with one or more of them.
    ///
    /// # Errors
    /// When there are none, or one cannot be read.
    pub fn roots_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| TlsError::Roots(error.to_string()))?;
        Self::trusting_only(certificates)
    }

    /// Trust these certificates and no others, each as its bytes.
    ///
    /// # Errors
    /// When there are none, or one cannot be read.
    pub fn roots_der<'a>(der: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, TlsError> {
        Self::trusting_only(der.into_iter().map(|der| CertificateDer::from(der.to_vec())))
    }

    /// Expect the broker's certificate to be for this name, or address, instead of the host in
    /// [`crate::Config::new`].
    ///
    /// # Errors
    /// When no certificate could be for it.
    pub fn server_name(mut self, name: &str) -> Result<Self, TlsError> {
        self.server_name = Some(parse_name(name)?);
        Ok(self)
    }

    fn trusting_only(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|error| TlsError::Roots(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(TlsError::Roots("none was given".to_owned()));
        }
        Ok(Self::trusting(roots))
    }

    fn trusting(roots: RootCertStore) -> Self {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("ring has what both versions need")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { config: Arc::new(config), server_name: None }
    }

    /// Whether the broker at an address can have a certificate at all.
    pub(crate) fn check_address(&self, address: &str) -> Result<(), TlsError> {
        self.name_at(address).map(|_| ())
    }

    /// A connection to the broker at an address, which has yet to say a word.
    pub(crate) fn connection(&self, address: &str) -> Result<ClientConnection, TlsError> {
        let name = self.name_at(address)?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name);
        connection.map_err(|error| TlsError::ServerName(error.to_string()))
    }

    /// The name that the certificate has to be for.
    fn name_at(&self, address: &str) -> Result<ServerName<'static>, TlsError> {
        if let Some(name) = &self.server_name {
            return Ok(name.clone());
        }
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        parse_name(host.trim_start_matches('[').trim_end_matches(']'))
    }
}

fn parse_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName(name.to_owned()))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house() -> Tls {
        let made = rcgen::generate_simple_self_signed(["chat.house".to_owned()]).unwrap();
        Tls::roots_der([&**made.cert.der()]).unwrap()
    }

    #[test]
    fn a_certificate_is_for_the_host_of_the_address_unless_a_name_is_given() {
        let name = |tls: &Tls, address| tls.name_at(address).unwrap().to_str().into_owned();
        assert_eq!(name(&house(), "chat.example.org:7443"), "chat.example.org");
        assert_eq!(name(&house(), "10.0.0.5:7443"), "10.0.0.5");
        assert_eq!(name(&house(), "[::1]:7443"), "::1");
        let named = house().server_name("chat.house").unwrap();
        assert_eq!(name(&named, "10.0.0.5:7443"), "chat.house");
        let bad = TlsError::ServerName("a b".to_owned());
        assert_eq!(house().check_address("a b:1"), Err(bad.clone()));
        assert_eq!(house().server_name("a b").err(), Some(bad));
    }

    #[test]
    fn whoever_trusts_nobody_is_told_so() {
        let is_roots = |made: Result<Tls, TlsError>| matches!(made, Err(TlsError::Roots(_)));
        assert!(is_roots(Tls::roots_pem(b"")));
        assert!(is_roots(Tls::roots_pem(b"not a certificate")));
        assert!(is_roots(Tls::roots_der([&b"not a certificate"[..]])));
        assert!(is_roots(Tls::roots_der([])));
    }
}
