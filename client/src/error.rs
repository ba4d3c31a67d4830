//! Everything that can go wrong, by what the application can conclude from it.
//!
//! [`Unsent`]: the request never left, it was surely not done. [`Failure`]: it was sent, and this
//! is its outcome. [`Reason`]: why a connection ended or did not come about. [`ProtocolError`]:
//! the broker sent what it must not. The faces join the first three in [`Error`].

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::io;

use throng_protocol::handshake::GoAway;
use throng_protocol::refusal::Retry;
use throng_protocol::value::{Class, Extensions, ParseError, ShedReason};
use throng_protocol::{Code, DecodeError, Refusal, frame, reply};

use crate::config::ConfigError;
use crate::token::TokenFailure;

/// What a verb of the async or the blocking face can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is not good; nothing was tried.
    #[error("bad configuration: {0}")]
    Config(#[from] ConfigError),
    /// The first connection did not come about.
    #[error("could not connect: {0}")]
    Connect(#[source] Reason),
    /// The request was not sent, so it was surely not done.
    #[error("not sent: {0}")]
    Unsent(#[from] Unsent),
    /// The broker said no.
    #[error("refused: {0}")]
    Refused(#[source] Refused),
    /// The message was dropped on purpose, because there was too much. Nobody gets it.
    #[error("{0}")]
    Shed(#[source] Shed),
    /// The connection was lost between the request and its reply: it may or may not have been
    /// done. For a publish that means that the members may or may not see the message.
    #[error("the connection was lost before the reply came; it may or may not have been done")]
    ConnectionLost,
    /// The broker answered in a way that only a later version of this client can read.
    #[error("the broker answered with a reply of a later version (tag {0})")]
    UnknownReply(u8),
    /// The system gave no thread to drive the connection (blocking face only).
    #[error("no thread to drive the connection: {0}")]
    Thread(io::ErrorKind),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused) => Self::Refused(refused),
            Failure::Shed(shed) => Self::Shed(shed),
            Failure::ConnectionLost => Self::ConnectionLost,
            Failure::UnknownReply(tag) => Self::UnknownReply(tag),
        }
    }
}

/// Why a request was not sent. It was surely not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsent {
    /// There is no connection at the moment.
    #[error("there is no connection at the moment")]
    NotConnected,
    /// The client is closed for good.
    #[error("the client is closed")]
    Closed,
    /// As many bytes or requests are under way as may be. The faces wait instead; only a driver
    /// of the sans-IO machines sees this.
    #[error("too much is under way already")]
    Full,
    /// A room's id or a kind that no broker would take.
    #[error("the {field} is not one: {error}")]
    Invalid {
        /// Which field, such as `room` or `kind`.
        field: &'static str,
        /// What is wrong with it.
        error: ParseError,
    },
    /// More entries in one list than the protocol allows.
    #[error("{count} entries are more than the {max} allowed in one list")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A token longer than any.
    #[error("the token is longer than {max} bytes")]
    TokenTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// A payload above what the broker said it takes.
    #[error("a payload of {length} bytes is larger than the {max} the broker takes")]
    PayloadTooLarge {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        max: usize,
    },
}

/// The outcome of a request that was sent and not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The broker said no.
    #[error("refused: {0}")]
    Refused(#[source] Refused),
    /// The message was dropped on purpose, because there was too much. Nobody gets it.
    #[error("{0}")]
    Shed(#[source] Shed),
    /// The connection was lost between the request and its reply: it may or may not have been
    /// done. For a publish that means that the members may or may not see the message.
    #[error("the connection was lost before the reply came; it may or may not have been done")]
    ConnectionLost,
    /// The broker answered with a reply of a later version, of this tag.
    #[error("the broker answered with a reply of a later version (tag {0})")]
    UnknownReply(u8),
}

/// An expected no of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Which no. [`Code::retry`] says whether trying again can help.
    pub code: Code,
    /// How long to wait until the same can succeed, where the broker can say that.
    pub retry_after: Option<Duration>,
    /// What exactly was wrong, for a developer to read; may be empty.
    pub detail: String,
}

impl Refused {
    pub(crate) fn from_wire(refusal: Refusal<'_>) -> Result<Self, ProtocolError> {
        check_extensions(refusal.extensions)?;
        let retry_after = Duration::from_millis(refusal.retry_after_ms.into());
        let detail = refusal.detail.to_owned();
        Ok(Self { detail, ..Self::without_detail(refusal.code, retry_after) })
    }

    /// Zero for a time that is not known.
    pub(crate) fn without_detail(code: Code, retry_after: Duration) -> Self {
        let retry_after = (!retry_after.is_zero()).then_some(retry_after);
        Self { code, retry_after, detail: String::new() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, "; try again in {wait:?}")?;
        }
        Ok(())
    }
}

impl core::error::Error for Refused {}

/// A message that was dropped on purpose (specification, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shed {
    /// Its class.
    pub class: Class,
    /// Of what there was too much.
    pub reason: ShedReason,
    /// How long to wait until the like of it may get in.
    pub retry_after: Duration,
}

impl Shed {
    pub(crate) fn from_wire(shed: reply::Shed<'_>) -> Result<Self, ProtocolError> {
        check_extensions(shed.extensions)?;
        let retry_after = Duration::from_millis(shed.retry_after_ms.into());
        Ok(Self { class: shed.class, reason: shed.reason, retry_after })
    }
}

impl fmt::Display for Shed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            ShedReason::Quota => "the room takes no more of its class now",
            ShedReason::Overload => "the broker is overloaded",
            _ => "there was too much",
        };
        write!(f, "the message was dropped: {reason}; try again in {:?}", self.retry_after)
    }
}

impl core::error::Error for Shed {}

/// Why a connection ended, or did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No connection to the address.
    #[error("{address} cannot be reached: {error}")]
    Unreachable {
        /// The address as configured.
        address: String,
        /// What the system said.
        error: io::ErrorKind,
    },
    /// The connection was not made, or the handshake not done, within the connect timeout.
    #[error("the connection was not ready in time")]
    ConnectTimeout,
    /// The broker said that the connection ends, and why. A client that speaks another version
    /// than the broker gets `UNSUPPORTED_VERSION` here.
    #[error("the broker ended the connection: {refused}")]
    SentAway {
        /// Why.
        refused: Refused,
        /// The versions of the protocol that the broker speaks.
        versions: RangeInclusive<u16>,
    },
    /// There is no token to connect with: what the source of tokens said.
    #[error("there is no token: {0}")]
    NoToken(#[from] TokenFailure),
    /// The broker could not show that it is the broker, or what came is not as it was sent. What
    /// exactly was wrong, in words.
    #[error("the connection is not secure: {0}")]
    Insecure(String),
    /// The connection ended without a word.
    #[error("the connection was lost: {0}")]
    Lost(io::ErrorKind),
    /// Nothing was heard from the broker for three times its ping interval, although it was
    /// asked.
    #[error("nothing was heard from the broker for too long")]
    Silent,
    /// The broker sent what it must not.
    #[error("the broker broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The application closed the client.
    #[error("closed by the application")]
    ClosedHere,
}

impl Reason {
    pub(crate) fn from_wire(go_away: GoAway<'_>) -> Self {
        match Refused::from_wire(go_away.refusal) {
            Ok(refused) => {
                Self::SentAway { refused, versions: go_away.version_min..=go_away.version_max }
            }
            Err(error) => Self::Protocol(error),
        }
    }

    /// Whether connecting again can help. Not after a refusal that says it cannot, such as
    /// `UNAUTHORIZED`, `REPLACED` or `UNSUPPORTED_VERSION`, and not after the application closed.
    #[must_use]
    pub fn may_reconnect(&self) -> bool {
        match self {
            Self::SentAway { refused, .. } => refused.code.retry() != Retry::Never,
            Self::ClosedHere => false,
            _ => true,
        }
    }

    /// Whether the token that was shown is over, so that only another one can help.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        let over = [Code::TOKEN_EXPIRED, Code::TOKEN_REVOKED];
        matches!(self, Self::SentAway { refused, .. } if over.contains(&refused.code))
    }

    /// How long the broker asked to stay away, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::SentAway { refused, .. } => refused.retry_after,
            _ => None,
        }
    }
}

/// What a broker sent and must not send. The connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A length prefix above the limit.
    #[error(transparent)]
    TooLarge(#[from] frame::TooLarge),
    /// A body that is no frame.
    #[error("a frame cannot be read: {0}")]
    Unreadable(#[from] DecodeError),
    /// A frame that may not come now: anything before the welcome, or a second welcome.
    #[error("a frame came that may not come now")]
    Unexpected,
    /// A welcome in a version that was not offered.
    #[error("the broker chose version {0}, which was not offered")]
    Version(u16),
    /// A reply to a request that was not made, or of another kind than the request.
    #[error("a reply came that fits no request (number {number})")]
    WrongReply {
        /// The number it carried.
        number: u32,
    },
    /// An extension that must be understood and is not.
    #[error("a frame needs the extension {0}, which this client does not know")]
    Extension(u16),
    /// A field outside the bounds of the protocol.
    #[error("the {0} of a frame is outside its bounds")]
    Bounds(&'static str),
}

/// Refuses what must be understood; this version understands none.
pub(crate) fn check_extensions(extensions: Extensions<'_>) -> Result<(), ProtocolError> {
    match extensions.first_required() {
        Some(number) => Err(ProtocolError::Extension(number)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_away(code: Code) -> Reason {
        Reason::from_wire(GoAway::new(Refusal::new(code)))
    }

    #[test]
    fn only_what_can_succeed_is_tried_again() {
        for code in [Code::UNAUTHORIZED, Code::REPLACED, Code::UNSUPPORTED_VERSION, Code::MALFORMED]
        {
            assert!(!sent_away(code).may_reconnect(), "{code:?}");
        }
        for code in [Code::DRAINING, Code::OVERLOADED, Code::LAGGING, Code::SILENT] {
            assert!(sent_away(code).may_reconnect(), "{code:?}");
        }
        assert!(Reason::Lost(io::ErrorKind::ConnectionReset).may_reconnect());
        assert!(!Reason::ClosedHere.may_reconnect());
    }

    #[test]
    fn a_refusal_reads_as_one_sentence() {
        let refusal = Refusal::new(Code::RATE_LIMITED)
            .because("5 messages per second")
            .retry_after(Duration::from_millis(120));
        assert_eq!(
            Refused::from_wire(refusal).unwrap().to_string(),
            "the rate limit is used up (600): 5 messages per second; try again in 120ms"
        );
    }
}
