//! What an operation carries through the kernel: its kind and the connection it is for, in the
//! 64 bits that come back with its completion. Pure.

use crate::id::ConnectionId;

/// Kinds of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Accept,
    Doorbell,
    Receive,
    Send,
    /// Waiting until a full socket takes bytes again.
    Writable,
    Cancel,
}

/// One operation, as the kernel is told to call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// For operations of the ring itself the slot and generation are zero; for those of a listener
    /// the slot is its number.
    pub(super) connection: ConnectionId,
}

/// A slot fits into 24 bits: the kernel allows a process fewer than 16 million descriptors
/// unless told otherwise (`fs.nr_open`), and each slot stands for one.
const SLOT_BITS: u32 = 24;

const KINDS: [Kind; 6] =
    [Kind::Accept, Kind::Doorbell, Kind::Receive, Kind::Send, Kind::Writable, Kind::Cancel];

impl Token {
    /// An operation that belongs to no connection.
    pub(super) const fn of_ring(kind: Kind) -> Self {
        Self { kind, connection: ConnectionId { slot: 0, generation: 0 } }
    }

    /// The accept of a listener.
    pub(super) const fn of_listener(listener: u32) -> Self {
        Self { kind: Kind::Accept, connection: ConnectionId { slot: listener, generation: 0 } }
    }

    /// An operation of a connection.
    pub(super) const fn of(kind: Kind, connection: ConnectionId) -> Self {
        Self { kind, connection }
    }

    /// Kind, generation, slot from high to low: 8, 32 and 24 bits.
    pub(super) const fn bits(self) -> u64 {
        let ConnectionId { slot, generation } = self.connection;
        assert!(slot < 1 << SLOT_BITS, "more connections than descriptors");
        (self.kind as u64) << 56 | (generation as u64) << SLOT_BITS | slot as u64
    }

    /// The reverse of [`Self::bits`].
    pub(super) fn from_bits(bits: u64) -> Self {
        let kind = usize::from(bits.to_be_bytes()[0]);
        let kind = *KINDS.get(kind).expect("the kernel gives back what it was given");
        let low = |bits: u64, mask: u32| {
            u32::try_from(bits & u64::from(mask)).expect("at most 32 bits are left")
        };
        let slot = low(bits, (1 << SLOT_BITS) - 1);
        let generation = low(bits >> SLOT_BITS, u32::MAX);
        Self { kind, connection: ConnectionId { slot, generation } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went() {
        for kind in KINDS {
            for (slot, generation) in [(0, 0), (1, u32::MAX), ((1 << SLOT_BITS) - 1, 7)] {
                let token = Token::of(kind, ConnectionId { slot, generation });
                assert_eq!(Token::from_bits(token.bits()), token);
            }
        }
    }
}
