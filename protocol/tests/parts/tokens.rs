//! Makers of the frames about tokens.

use throng_protocol::reply::TokenRefreshed;
use throng_protocol::request::{RefreshToken, RevokeTokens};
use throng_protocol::value::Switch;

use super::{Frame, Parts};

impl Parts {
    pub(super) fn refresh_token(&self) -> Frame<'_> {
        self.request(RefreshToken { token: &self.payload, extensions: self.grown() })
    }

    pub(super) fn revoke_tokens(&self) -> Frame<'_> {
        self.request(RevokeTokens {
            users: self.list(),
            servers: Switch::from_byte(self.bytes[0]),
            valid_after: self.longs[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn token_refreshed(&self) -> Frame<'_> {
        self.reply(TokenRefreshed { expires_in_ms: self.longs[0], extensions: self.grown() })
    }
}
