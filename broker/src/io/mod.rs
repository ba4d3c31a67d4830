//! The seam to the kernel: completion-shaped, because epoll can imitate completions while the
//! reverse would throw away what io_uring is for.
//!
//! One [`Io`] belongs to one worker and never leaves its thread. What all back ends promise:
//!
//! - Completions come out of [`Io::wait`] only, never from inside another verb, and an
//!   [`Io::send`] that the kernel took at once completes in the next `wait`.
//! - One send per connection at a time. The back end sees it through: partial sends keep their
//!   place, a full socket is waited for. The bytes live in the back end until then.
//! - A connection that was just accepted or adopted is paused. [`Receive::Once`] receives one
//!   time and pauses again by itself.
//! - After [`Completion::Closed`], which comes exactly once, a connection's id is dead: verbs
//!   on it do nothing. So do verbs on ids that never were.
//! - End of file from the peer is the end of the connection, both ways.
//! - Out of descriptors, a back end stops accepting for a moment and says so in the log; it
//!   never spins.

mod accepting;
pub mod certificates;
pub mod choice;
mod clock;
mod connections;
pub mod door;
mod epoll;
pub mod front;
pub mod listen;
pub mod network;
#[cfg(test)]
mod tests;
mod uring;

use std::io;
use std::net::{SocketAddr, TcpListener};

pub use clock::Clock;
pub use epoll::Epoll;
pub use front::Front;
pub use uring::{RingSize, Uring};

use crate::event::{Outgoing, Receive};
use crate::id::ConnectionId;
use crate::time::{Instant, Now};

/// A buffer of the back end that holds received bytes until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferId(pub u32);

/// What is spoken on the connections that a listener accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// The protocol itself.
    Plain,
    /// The protocol within TLS.
    Tls,
}

/// A listener and what is spoken on its connections.
#[derive(Debug)]
pub struct Listening {
    /// The listener.
    pub socket: TcpListener,
    /// What is spoken.
    pub entrance: Entrance,
}

/// What the kernel has done.
#[derive(Debug)]
pub enum Completion {
    /// A connection was accepted; it is paused.
    Accepted {
        /// The new connection.
        connection: ConnectionId,
        /// Through which listener it came in.
        entrance: Entrance,
        /// Where it comes from.
        peer: SocketAddr,
    },
    /// Bytes came in.
    Received {
        /// The connection.
        connection: ConnectionId,
        /// Where they are; to be given back with [`Io::release`].
        buffer: BufferId,
    },
    /// A send is finished, all of it.
    Sent {
        /// The connection.
        connection: ConnectionId,
        /// The buffer of an [`Outgoing::Own`].
        spare: Option<Vec<u8>>,
    },
    /// A connection is gone, whoever ended it.
    Closed {
        /// The connection.
        connection: ConnectionId,
    },
}

/// Wakes a worker out of [`Io::wait`], from any thread. A wake-up while nobody waits ends the
/// next wait at once; any number of them count as one.
pub trait Wake: Send + Sync {
    /// Wakes it.
    fn wake(&self);
}

/// A back end: sockets and a clock for one worker.
pub trait Io {
    /// A connection on its way from one worker to another.
    type Socket: Send + 'static;

    /// The clock, read anew.
    fn now(&self) -> Now;

    /// What wakes this worker.
    ///
    /// # Errors
    /// When the kernel refuses another descriptor.
    fn waker(&self) -> io::Result<Box<dyn Wake>>;

    /// Hands all work to the kernel and waits until something is done, someone wakes us, or the
    /// deadline is there (never before it; but what was done may be nothing to tell of, such as a
    /// step of a TLS handshake). A deadline in the past polls; none waits for ever.
    /// Appends to `completions`, in order for each connection.
    ///
    /// # Errors
    /// When the kernel's queue itself is broken: the worker cannot go on.
    fn wait(
        &mut self,
        deadline: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()>;

    /// The bytes of a buffer that was received and not yet released.
    fn received(&self, buffer: BufferId) -> &[u8];

    /// Gives a buffer back.
    fn release(&mut self, buffer: BufferId);

    /// Sends; see the promises above.
    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing);

    /// Receives nothing more until resumed; what the kernel has already done still completes.
    fn pause(&mut self, connection: ConnectionId);

    /// Receives again.
    fn resume(&mut self, connection: ConnectionId, receive: Receive);

    /// Tells the peer that nothing more will be sent.
    fn shutdown(&mut self, connection: ConnectionId);

    /// Ends a connection now, whatever is under way.
    fn close(&mut self, connection: ConnectionId);

    /// Takes a connection out, to be adopted by another worker. Only while it is paused with no
    /// send under way; its id is dead afterwards, without a [`Completion::Closed`].
    /// In any other state nothing happens and there is no socket; that includes the moment after
    /// a [`Io::pause`] in which the kernel may still be receiving. After a [`Receive::Once`] that
    /// was received there is no such moment.
    fn detach(&mut self, connection: ConnectionId) -> Option<Self::Socket>;

    /// Takes in a connection that another worker detached.
    fn adopt(&mut self, socket: Self::Socket) -> ConnectionId;

    /// Accepts no more, for good.
    fn stop_accepting(&mut self);
}
