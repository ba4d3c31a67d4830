//! What a client needs to know before it connects: where, who, how patiently.
//!
//! A [`Config`] is what the application typed; [`Config::check`] says whether it can be meant.
//! Everything that connects checks it first. Secrets never show in its `Debug` form.

use core::fmt;
use core::time::Duration;

use throng_protocol::frame::FromClient;
use throng_protocol::handshake::{self, Hello, MAGIC, VERSION};
use throng_protocol::limits::CREDENTIAL_BYTES_MAX;
use throng_protocol::value::{AppKey, ClientName, DeviceId, Extensions, ParseError, Role, UserId};

use crate::reconnect::ReconnectPolicy;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::token::TokenSource;

const CLIENT_NAME: &str = concat!("throng-client/", env!("CARGO_PKG_VERSION"));

/// Where to connect, as whom, and how patiently.
///
/// ```
/// use throng_client::{Config, Development};
///
/// let config = Config::new("127.0.0.1:7400")
///     .app("dev")
///     .credentials(Development::new("throng-development").user("alice"));
/// assert_eq!(config.check(), Ok(()));
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) addresses: Vec<String>,
    pub(crate) app: String,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) client: String,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) connect_timeout: Duration,
    pub(crate) messages_waiting_max: usize,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl Config {
    /// A client of the broker at this address, `host:port`.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            addresses: vec![address.into()],
            app: String::new(),
            credentials: None,
            client: CLIENT_NAME.to_owned(),
            reconnect: ReconnectPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            messages_waiting_max: 1024,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// One more address to try when the ones before cannot be reached.
    #[must_use]
    pub fn or_address(mut self, address: impl Into<String>) -> Self {
        self.addresses.push(address.into());
        self
    }

    /// The app, by its key. Needed.
    #[must_use]
    pub fn app(mut self, key: impl Into<String>) -> Self {
        self.app = key.into();
        self
    }

    /// Who connects and how it shows that. Needed.
    #[must_use]
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// What the client calls itself in the broker's logs: `my-game/1.2`.
    #[must_use]
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.client = name.into();
        self
    }

    /// Talk through TLS. Off by default: then a token, and all that is said, can be read by whoever
    /// sits on the way.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Whether and how a lost connection is got back. By default it is, with waits of 100 ms to
    /// 10 s between the attempts.
    #[must_use]
    pub const fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// How long connecting and the handshake may take together. 5 s by default.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How many messages may wait for the application before the client stops reading from the
    /// broker. 1,024 by default; 0 counts as 1.
    ///
    /// What one receive of 16 KiB holds may come on top, and the application takes all that waits
    /// at once, so that at most twice that is in memory.
    #[must_use]
    pub const fn messages_waiting_max(mut self, count: usize) -> Self {
        self.messages_waiting_max = count;
        self
    }

    /// Says whether a broker could make anything of this.
    ///
    /// # Errors
    /// On the first field that cannot be meant.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.addresses.iter().any(String::is_empty) {
            return Err(ConfigError::Address);
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let mut addresses = self.addresses.iter();
            addresses.try_for_each(|it| tls.check_address(it)).map_err(|_| ConfigError::Host)?;
        }
        let field = |field| move |error| ConfigError::Field { field, error };
        AppKey::parse(&self.app).map_err(field("app"))?;
        ClientName::parse(&self.client).map_err(field("client name"))?;
        match self.credentials.as_ref().ok_or(ConfigError::NoCredentials)? {
            Credentials::Token(token) => check_credential(token),
            Credentials::Source(_) => Ok(()),
            Credentials::Development(development) => {
                if development.role != Role::Anonymous {
                    UserId::parse(&development.user).map_err(field("user"))?;
                }
                DeviceId::parse(&development.device).map_err(field("device"))?;
                check_credential(development.secret.as_bytes())
            }
        }
    }

    /// Appends the hello. A source gave `token`; a config without credentials has an empty one.
    pub(crate) fn write_hello(&self, token: &[u8], out: &mut Vec<u8>) {
        let credentials = match &self.credentials {
            None | Some(Credentials::Source(_)) => handshake::Credentials::Token(token),
            Some(Credentials::Token(token)) => handshake::Credentials::Token(token),
            Some(Credentials::Development(development)) => {
                handshake::Credentials::Development(handshake::Development {
                    secret: &development.secret,
                    user: &development.user,
                    device: &development.device,
                    role: development.role,
                })
            }
        };
        FromClient::Hello(Hello {
            magic: MAGIC,
            version_min: VERSION,
            version_max: VERSION,
            app: &self.app,
            credentials,
            client: &self.client,
            extensions: Extensions::NONE,
        })
        .write(out);
    }
}

fn check_credential(credential: &[u8]) -> Result<(), ConfigError> {
    if credential.len() <= CREDENTIAL_BYTES_MAX {
        Ok(())
    } else {
        Err(ConfigError::CredentialTooLong)
    }
}

/// Why a [`Config`] cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An address is empty.
    #[error("an address is empty")]
    Address,
    /// The host of an address is nothing that a certificate could be for.
    #[error("the host of an address is nothing that a certificate could be for")]
    Host,
    /// No credentials were given.
    #[error("there are no credentials")]
    NoCredentials,
    /// A secret or token above the protocol's limit.
    #[error("the secret or token is longer than {CREDENTIAL_BYTES_MAX} bytes")]
    CredentialTooLong,
    /// A name or id that no broker would take.
    #[error("the {field} is not one: {error}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        error: ParseError,
    },
}

/// How a client shows who it is.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// The secret of a development app; the client is whoever it says.
    Development(Development),
    /// The text of a signed token, which says who the client is. When its time is over the client
    /// closes with `TOKEN_EXPIRED`, unless a new one was shown before ([`crate::ask::RefreshToken`]).
    Token(Vec<u8>),
    /// Where the client gets tokens by itself: a new one before each connection, and in time before
    /// the present one is over.
    Source(TokenSource),
}

impl Credentials {
    /// The text of a signed token.
    #[must_use]
    pub fn token(text: impl Into<Vec<u8>>) -> Self {
        Self::Token(text.into())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development(development) => development.fmt(f),
            Self::Token(_) => f.write_str("Token(..)"),
            Self::Source(source) => source.fmt(f),
        }
    }
}

impl From<Development> for Credentials {
    fn from(development: Development) -> Self {
        Self::Development(development)
    }
}

impl From<TokenSource> for Credentials {
    fn from(source: TokenSource) -> Self {
        Self::Source(source)
    }
}

/// The secret of a development app, and who the client says it is: without more an anonymous
/// visitor, who may join and receive.
#[derive(Clone, PartialEq, Eq)]
pub struct Development {
    secret: String,
    user: String,
    device: String,
    role: Role,
}

impl Development {
    /// An anonymous visitor; the broker gives it an id.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self {
            secret: secret.into(),
            user: String::new(),
            device: "default".to_owned(),
            role: Role::Anonymous,
        }
    }

    /// An end user.
    #[must_use]
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.user = id.into();
        self.role = Role::Client;
        self
    }

    /// The app's own backend, under this user id.
    #[must_use]
    pub fn server(mut self, id: impl Into<String>) -> Self {
        self.user = id.into();
        self.role = Role::Server;
        self
    }

    /// The device, `default` if not said. A new session of the same user and device replaces the
    /// old one.
    #[must_use]
    pub fn device(mut self, id: impl Into<String>) -> Self {
        self.device = id.into();
        self
    }
}

impl fmt::Debug for Development {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Development")
            .field("user", &self.user)
            .field("device", &self.device)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Config {
        Config::new("127.0.0.1:7400")
            .app("dev")
            .credentials(Development::new("secret").user("alice"))
    }

    #[test]
    fn what_no_broker_would_take_is_found_before_connecting() {
        let field = |field, error| Err(ConfigError::Field { field, error });
        let cases = [
            (alice(), Ok(())),
            (alice().credentials(Development::new("secret")), Ok(())),
            (alice().credentials(Credentials::Token(vec![1, 2])), Ok(())),
            (alice().or_address(""), Err(ConfigError::Address)),
            (alice().app(""), field("app", ParseError::Empty)),
            (alice().client_name("a\n"), field("client name", ParseError::Alphabet { at: 1 })),
            (
                alice().credentials(Development::new("secret").user("al ice")),
                field("user", ParseError::Alphabet { at: 2 }),
            ),
            (
                alice().credentials(Development::new("secret").user("a").device("")),
                field("device", ParseError::Empty),
            ),
            (
                alice().credentials(Credentials::Token(vec![0; CREDENTIAL_BYTES_MAX + 1])),
                Err(ConfigError::CredentialTooLong),
            ),
            (Config::new("a:1").app("dev"), Err(ConfigError::NoCredentials)),
        ];
        for (config, verdict) in cases {
            assert_eq!(config.check(), verdict, "{config:?}");
        }
    }

    #[test]
    fn a_secret_never_shows() {
        let token = alice().credentials(Credentials::Token(b"secret".to_vec()));
        for config in [alice(), token] {
            let shown = format!("{config:?}");
            assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
        }
    }
}
