//! Requests about tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use throng_protocol::limits::{CALL_USERS_MAX, CREDENTIAL_BYTES_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{Switch, UserId};

use super::{Ask, Ids, NONE, unfit};
use crate::error::Unsent;
use crate::reply::{Results, TokenRefreshed};

/// Show a new token before the time of the old one is over. It has to be of the same app, user,
/// device and role.
///
/// A client with a [`crate::TokenSource`] does this by itself. One without shows the new token when
/// it comes back after a loss, too.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    token: Vec<u8>,
}

impl RefreshToken {
    /// With the text of a token.
    #[must_use]
    pub fn new(token: impl Into<Vec<u8>>) -> Self {
        Self { token: token.into() }
    }
}

impl core::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

impl Ask for RefreshToken {
    type Reply = TokenRefreshed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        if self.token.len() > CREDENTIAL_BYTES_MAX {
            return Err(Unsent::TokenTooLong { max: CREDENTIAL_BYTES_MAX });
        }
        Ok(request::RefreshToken { token: &self.token, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        TokenRefreshed::TAG
    }
}

/// Revoke the tokens of users that were made up to now, or up to a time (servers only). Their
/// sessions have ended when the answer comes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use throng_client::ask::RevokeTokens;
///
/// let all = RevokeTokens::of_users(["ann", "bob"]);
/// let hour_ago = SystemTime::now() - Duration::from_secs(3600);
/// let old = RevokeTokens::of_servers(["backend-1"]).made_until(hour_ago);
/// # let _ = (all, old);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeTokens {
    users: Ids,
    servers: Switch,
    made_until: u64,
}

impl RevokeTokens {
    /// Of these users, at most 20.
    #[must_use]
    pub fn of_users<'a>(users: impl IntoIterator<Item = &'a str>) -> Self {
        Self { users: Ids::of(users), servers: Switch::Off, made_until: 0 }
    }

    /// Of server credentials of these names, at most 20.
    #[must_use]
    pub fn of_servers<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { servers: Switch::On, ..Self::of_users(names) }
    }

    /// Only those that were made at this time or before; else all that were made until the broker
    /// reads this.
    #[must_use]
    pub fn made_until(mut self, time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        // 0 would be the broker's now.
        self.made_until = u64::try_from(since.as_micros()).unwrap_or(u64::MAX).max(1);
        self
    }
}

impl Ask for RevokeTokens {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let users = self.users.list(CALL_USERS_MAX)?;
        for user in users.iter() {
            UserId::parse(user).map_err(|error| unfit(("user", error)))?;
        }
        let (servers, valid_after) = (self.servers, self.made_until);
        Ok(request::RevokeTokens { users, servers, valid_after, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        Results::TAG
    }
}
