//! What one connection of the ring is doing. State only: the operations themselves are told to
//! the ring by [`super::Uring`].

use std::os::fd::OwnedFd;

use crate::event::{Outgoing, Receive};

/// One connection.
pub(super) struct Connection {
    pub(super) socket: OwnedFd,
    /// What the shard wants; paused if none.
    pub(super) wanted: Option<Receive>,
    pub(super) receiving: Receiving,
    pub(super) sending: Sending,
    /// Bytes of the send under way that the kernel has taken.
    pub(super) sent_bytes: usize,
    /// It ends: nothing is begun any more and nothing told but the end itself.
    pub(super) closing: bool,
}

/// ```text
///        resume           pause, or another kind is wanted
/// Idle ─────────▶ Armed ───────────────────────────────────▶ Cancelling
///  ▲ ▲              │ last completion                            │
///  │ └──────────────┴────────────────────────────────────────────┘
///  │ buffers released                        (then armed again if wanted)
///  └───────── Starved ◀── no buffer was free
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiving {
    /// No operation.
    Idle,
    /// One operation, of that kind.
    Armed(Receive),
    /// One operation, which was told to end.
    Cancelling,
    /// No operation, but a place in the queue for buffers.
    Starved,
}

/// The one send under way.
pub(super) enum Sending {
    /// None.
    Idle,
    /// One operation; the ring has the bytes.
    Submitted,
    /// One operation, waiting for room in the socket; the bytes wait here.
    Full(Outgoing),
}

impl Connection {
    pub(super) const fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            wanted: None,
            receiving: Receiving::Idle,
            sending: Sending::Idle,
            sent_bytes: 0,
            closing: false,
        }
    }

    /// Whether the kernel has an operation on the socket. Only without one may it be closed, or
    /// leave.
    pub(super) const fn is_busy(&self) -> bool {
        self.is_receiving() || !matches!(self.sending, Sending::Idle)
    }

    const fn is_receiving(&self) -> bool {
        matches!(self.receiving, Receiving::Armed(_) | Receiving::Cancelling)
    }
}
