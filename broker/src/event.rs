//! The border of the core: what happens to a shard, and what it wants done about it.
//!
//! A shard takes [`Event`]s and a [`crate::time::Now`] and leaves [`Effect`]s. It never does
//! anything itself, so the same shard runs over io_uring, epoll, or a simulated world.

use core::net::IpAddr;
use std::rc::Rc;

use bytes::Bytes;
use throng_protocol::refusal::Code;

use crate::app::keys::Keys;
use crate::envelope::Envelope;
use crate::id::{ConnectionId, ShardId};

/// Something that happened to a shard.
#[derive(Debug)]
pub enum Event<'a> {
    /// A new connection. It is paused after each receive until the shard resumes it.
    Accepted {
        /// The connection.
        connection: ConnectionId,
        /// The address it comes from, whatever stands in between.
        peer: IpAddr,
    },
    /// A connection that another shard accepted and found to belong here.
    Adopted {
        /// The connection; paused, as if just received from.
        connection: ConnectionId,
        /// The address it comes from.
        peer: IpAddr,
        /// All that was received on it so far.
        received: Vec<u8>,
    },
    /// Bytes from a peer.
    Received {
        /// The connection.
        connection: ConnectionId,
        /// Any number of frames or parts of them; never empty.
        bytes: &'a [u8],
    },
    /// The one send under way on a connection is finished, all of it.
    Sent {
        /// The connection.
        connection: ConnectionId,
        /// The buffer of an [`Outgoing::Own`], to be used again.
        spare: Option<Vec<u8>>,
    },
    /// A connection is gone, whoever ended it. Nothing further is heard of it.
    Closed {
        /// The connection.
        connection: ConnectionId,
    },
    /// Another shard says something.
    Mail(Envelope),
    /// The apps' keys are replaced: those of each app, in the order of the apps.
    Keys(Vec<Keys>),
    /// The node is going down: tell everyone and finish.
    Drain,
}

/// Something a shard wants done. Effects are carried out in the order they were left.
#[derive(Debug)]
pub enum Effect {
    /// Send on a connection that has no send under way; answered by [`Event::Sent`].
    Send {
        /// The connection.
        connection: ConnectionId,
        /// What to send.
        outgoing: Outgoing,
    },
    /// Receive no more until resumed. What is on its way may still come.
    Pause {
        /// The connection.
        connection: ConnectionId,
    },
    /// Receive again.
    Resume {
        /// The connection.
        connection: ConnectionId,
        /// How long that holds.
        receive: Receive,
    },
    /// Say on the socket that nothing more will be sent; the peer may still be heard.
    Shutdown {
        /// The connection, with no send under way.
        connection: ConnectionId,
    },
    /// End a connection at once; answered by [`Event::Closed`].
    Close {
        /// The connection.
        connection: ConnectionId,
    },
    /// Let whoever runs the node read something in the log.
    Report(Box<Report>),
    /// Give a connection to another shard, where it becomes [`Event::Adopted`].
    HandOver {
        /// The connection; paused and with no send under way.
        connection: ConnectionId,
        /// Its new shard.
        to: ShardId,
        /// What it brings along.
        arrival: Box<Arrival>,
    },
}

/// What a connection brings along to another shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The address it comes from.
    pub peer: IpAddr,
    /// All that was received on it so far.
    pub received: Vec<u8>,
}

// One is written for each delivery that is sent, and what is rare lies elsewhere.
const _: () = assert!(size_of::<Effect>() <= 40);

/// Something that whoever runs the node may want to know of a connection. Holds no secret and
/// nothing that a stranger chose: what is not known is not named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where the connection comes from.
    pub peer: IpAddr,
    /// Why it, or what it asked, was refused.
    pub code: Code,
    /// What exactly was wrong, which the peer itself was not told; may be empty.
    pub cause: &'static str,
    /// Who it is, once that is known.
    pub who: Option<Who>,
}

/// Who a session is, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The app, by its key.
    pub app: Box<str>,
    /// The user's id.
    pub user: Box<str>,
}

/// Something for another shard. Kept apart from effects, which are many and small.
#[derive(Debug)]
pub struct Mail {
    /// The other shard.
    pub to: ShardId,
    /// What to tell it.
    pub envelope: Envelope,
}

/// How long a connection keeps receiving once it is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receive {
    /// One [`Event::Received`], then paused again: strangers send one frame at a time, and a
    /// connection with no receive under way can be handed over at once.
    Once,
    /// Until paused.
    Always,
}

/// Bytes on their way to a socket; always whole frames, always one contiguous piece.
#[derive(Debug)]
pub enum Outgoing {
    /// Shared by all members of a room on this shard. The count is not atomic: it never leaves
    /// the core.
    Shared(Rc<Bytes>),
    /// This connection's own.
    Own(Vec<u8>),
}

impl Outgoing {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }

    /// The buffer, if it can be used again.
    #[must_use]
    pub fn into_spare(self) -> Option<Vec<u8>> {
        match self {
            Self::Shared(_) => None,
            Self::Own(bytes) => Some(bytes),
        }
    }
}
