//! Where a client's tokens come from, when one is not enough: a [`TokenSource`].
//!
//! It is asked by the drivers, outside of the state machines: a [`crate::Line`] only says when a
//! token is wanted, and is given one.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use throng_protocol::limits::CREDENTIAL_BYTES_MAX;

use crate::error::{Failure, Refused};

/// A token under way.
type Fetch = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// Gives the client a new token whenever it needs one: before each connection, and in time before
/// the token of the present one is over.
///
/// A source is a function that makes a future, for both faces, because tokens come from a backend
/// and that takes time. The async face awaits it on a task of its own, where it must not block; the
/// blocking face on a thread of its own, where it may:
///
/// ```
/// use throng_client::{Config, TokenSource};
/// # fn ask_the_backend() -> std::io::Result<String> { Ok("token".into()) }
///
/// // Blocking face: an async block around what blocks.
/// let source = TokenSource::new(|| async { ask_the_backend() });
/// let config = Config::new("127.0.0.1:7400").app("game").credentials(source);
/// assert_eq!(config.check(), Ok(()));
/// ```
///
/// It could have been an event that the application answers. But then an application that only
/// publishes, and lets its events go, would lose its connection for ever when the first token is
/// over; and each one would need the same twenty lines.
#[derive(Clone)]
pub struct TokenSource(Arc<dyn Fn() -> Fetch + Send + Sync>);

impl TokenSource {
    /// A source of tokens. An error is told to the application in words; the client asks again
    /// after a wait, as it does when the broker cannot be reached.
    #[must_use]
    pub fn new<F, R, E>(source: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<String, E>> + Send + 'static,
        E: fmt::Display,
    {
        Self(Arc::new(move || {
            let token = source();
            Box::pin(async { token.await.map_err(|error| error.to_string()) })
        }))
    }

    /// Asks for a token.
    ///
    /// # Errors
    /// When the source has none.
    pub async fn fetch(&self) -> Result<String, TokenFailure> {
        (self.0)().await.map_err(TokenFailure::Unavailable)
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource(..)")
    }
}

impl PartialEq for TokenSource {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TokenSource {}

/// Why a client has no new token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFailure {
    /// The source has none, for this reason.
    #[error("{0}")]
    Unavailable(String),
    /// The source gave none within the connect timeout.
    #[error("the source of tokens gave none in time")]
    Late,
    /// What the source gave is longer than a token may be.
    #[error("the token is longer than {CREDENTIAL_BYTES_MAX} bytes")]
    TooLong,
    /// The broker did not take it for the present session, which goes on for as long as its old
    /// token holds.
    #[error("refused: {0}")]
    Refused(#[source] Refused),
    /// Too much is under way, or the broker does not know of refreshing.
    #[error("it could not be shown to the broker")]
    Unshown,
}

impl From<Failure> for TokenFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => Self::Refused(refused),
            _ => Self::Unshown,
        }
    }
}
