//! The first frame each way, and the last one.
//!
//! A client opens with [`Hello`]; the broker answers [`Welcome`], or [`GoAway`] and the end of the
//! connection. `GoAway` is also the last word on a connection that was established.

use crate::codec::{BorrowDecode, Encode};
use crate::refusal::Refusal;
use crate::value::{Extensions, Role};

/// The version of the protocol that this crate writes and reads.
pub const VERSION: u16 = 1;

/// The first field of every hello: `THRG` read as a little-endian number, so that a peer which
/// speaks something else entirely is told so at once.
pub const MAGIC: u32 = u32::from_le_bytes(*b"THRG");

/// A client's first frame.
///
/// `magic`, `version_min` and `version_max` keep their places in every version, so that any
/// broker can tell any client which versions it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Hello<'a> {
    /// Always [`MAGIC`].
    pub magic: u32,
    /// The oldest version the client speaks.
    pub version_min: u16,
    /// The newest version the client speaks.
    pub version_max: u16,
    /// The app (tenant) by its key.
    pub app: &'a str,
    /// Who the client is and how it shows that.
    pub credentials: Credentials<'a>,
    /// What the client calls itself, for logs: `my-game/1.2`.
    pub client: &'a str,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// How a client shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub enum Credentials<'a> {
    /// The secret of a development app; the client is whoever it says.
    Development(Development<'a>),
    /// The text of a signed token: a connection token ([`crate::token`]), or a JSON web token, which
    /// has dots in it.
    Token(&'a [u8]),
}

/// The claims that go with a development app's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Development<'a> {
    /// The secret that the broker printed when it started.
    pub secret: &'a str,
    /// The user; empty for an anonymous visitor, who gets an id from the broker.
    pub user: &'a str,
    /// The device; a new session of the same user and device replaces the old one.
    pub device: &'a str,
    /// What the connection shall be.
    pub role: Role,
}

/// The broker's answer to a hello it accepts. All limits are those in force for this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Welcome<'a> {
    /// The version both will speak from now on.
    pub version: u16,
    /// The session's number, unique while the broker runs; for logs.
    pub session: u64,
    /// The user the session belongs to: as asked, or as assigned to an anonymous visitor.
    pub user: &'a str,
    /// The role that was granted.
    pub role: Role,
    /// The broker's clock, microseconds since the Unix epoch.
    pub time: u64,
    /// Bytes of the largest frame body either side may send.
    pub body_bytes_max: u32,
    /// Bytes of the largest payload.
    pub payload_bytes_max: u32,
    /// Milliseconds of silence after which the broker sends a ping; a client from which nothing
    /// is heard for three times as long is cut off.
    pub ping_after_ms: u32,
    /// Messages the sender may publish in any window of one second; 0 for no limit.
    pub messages_per_second: u32,
    /// Other requests the session may make in any window of one second; 0 for no limit.
    pub requests_per_second: u32,
    /// Rooms a user may be in; joining one more leaves the one joined longest ago.
    pub rooms_per_user: u32,
    /// Milliseconds for which the token holds from now on; 0 for a session that needs none.
    pub expires_in_ms: u64,
    /// Room to grow.
    pub extensions: Extensions<'a>,
}

/// The broker's last frame on a connection: why it ends, and when to come back.
///
/// `refusal.retry_after_ms` is spread at random between clients when many are sent away at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, BorrowDecode)]
pub struct GoAway<'a> {
    /// The oldest version this broker speaks.
    pub version_min: u16,
    /// The newest version this broker speaks.
    pub version_max: u16,
    /// Why.
    pub refusal: Refusal<'a>,
}

impl<'a> GoAway<'a> {
    /// A go-away for this reason, from a broker that speaks [`VERSION`].
    #[must_use]
    pub const fn new(refusal: Refusal<'a>) -> Self {
        Self { version_min: VERSION, version_max: VERSION, refusal }
    }
}
