//! Answers about tokens.

use core::time::Duration;

use throng_protocol::reply as wire;

/// The session goes on with the new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRefreshed {
    /// How long the token holds from now on.
    pub expires_in: Duration,
}

impl TokenRefreshed {
    pub(crate) const TAG: u8 = 90;

    pub(crate) const fn from_wire(refreshed: wire::TokenRefreshed<'_>) -> Self {
        Self { expires_in: Duration::from_millis(refreshed.expires_in_ms) }
    }
}
