//! Requests about tokens: one that shows a new one, and one that revokes old ones.

use crate::codec::{BorrowDecode, Encode};
use crate::value::{Extensions, IdList, Switch};

/// Show a new token before the time of the old one is over. It must be of the same app, user,
/// device and role as the session, else it is refused with `UNAUTHORIZED` and the session stays as
/// it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct RefreshToken<'a> {
    /// The text of the token, as in a hello.
    pub token: &'a [u8],
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// Revoke all tokens of some users that were made up to a time (servers only). Sessions that were
/// let in by such a token end with `TOKEN_REVOKED` before the answer, and none is let in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct RevokeTokens<'a> {
    /// The users, at most 20.
    pub users: IdList<'a>,
    /// Whether they are names of server credentials instead.
    pub servers: Switch,
    /// Tokens made at this time or before are revoked, in microseconds since the Unix epoch; 0 for
    /// the broker's now.
    pub valid_after: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}
