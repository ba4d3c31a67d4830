//! How many one address may bring: what is let in is decided before a byte is read.
//!
//! Plain values; the configuration makes them, whoever accepts connections keeps to them.

use core::num::NonZeroU32;

/// What is limited for each address that connections come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoorLimits {
    /// Connections at a time, over all workers.
    pub connections_per_address_max: PerAddress,
    /// Connections taken in any one second, over all workers.
    pub accepts_per_address: PerAddress,
}

/// A limit for each address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PerAddress {
    /// What the broker thinks right for strangers; none for loopback.
    #[default]
    Auto,
    /// So many, loopback too.
    AtMost(NonZeroU32),
    /// Any number.
    Unlimited,
}
