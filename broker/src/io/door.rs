//! How many one address may bring: what is let in is decided before a byte of the protocol is read.
//!
//! One [`Door`] is shared by all workers of a node and touched only when a connection comes and
//! when it goes, never for a message. It owns a count for each address, behind one of a few locks;
//! each connection let in holds a [`Pass`], which gives its place back wherever it is dropped.
//! The limits are plain values that the configuration makes. Never closes a connection itself.

use core::num::NonZeroU32;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::time::Instant;

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

/// What [`PerAddress::Auto`] comes to for an address that is not loopback. Strangers are bounded;
/// programs on the same machine are not.
const CONNECTIONS_AUTO: u32 = 1_000;
const ACCEPTS_AUTO: u32 = 100;

/// Addresses are spread over so many locks.
const LOCKS: usize = 16;

/// A table with fewer addresses is not worth tidying.
const TIDY_FROM: usize = 256;

const SECOND: Duration = Duration::from_secs(1);

/// Addresses that are named in the log in any one second, of each lock.
const NAMED_PER_SECOND: u32 = 1;

/// Counts connections by address, for all workers of a node.
#[derive(Debug)]
pub struct Door {
    limits: DoorLimits,
    tables: [Mutex<Table>; LOCKS],
    hasher: RandomState,
}

/// Some of the addresses.
#[derive(Debug, Default)]
struct Table {
    callers: HashMap<u128, Caller>,
    /// Addresses that make tidying worth while.
    tidy_at: usize,
    log: LogRate,
}

/// An address and what it has brought.
#[derive(Debug, Default)]
struct Caller {
    connections: u32,
    /// When its allowance of accepts is whole again.
    whole_at: Instant,
    refused: u64,
}

/// Keeps refusals from filling the log.
#[derive(Debug, Default)]
struct LogRate {
    began_at: Instant,
    named: u32,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// So many are open already.
    #[error("too many connections from one address")]
    Connections,
    /// So many came within a second.
    #[error("too many new connections from one address")]
    Accepts,
}

/// A place of a connection, given back when dropped. Goes with its connection from worker to
/// worker.
#[derive(Debug)]
pub struct Pass {
    /// Where it is counted; nowhere if nothing is limited for its address.
    counted: Option<(Arc<Door>, u128)>,
}

impl PerAddress {
    fn limit(self, auto: u32, loopback: bool) -> Option<u32> {
        match self {
            Self::Auto => (!loopback).then_some(auto),
            Self::AtMost(limit) => Some(limit.get()),
            Self::Unlimited => None,
        }
    }
}

impl Door {
    /// A door at which nobody has been yet.
    #[must_use]
    pub fn new(limits: DoorLimits) -> Self {
        Self { limits, tables: Default::default(), hasher: RandomState::new() }
    }

    /// Lets in a connection from an address, if it has brought few enough.
    ///
    /// New connections are counted by an allowance of a second's worth that fills up evenly: who
    /// keeps to the limit in each second is never refused; of others up to twice as many may get
    /// in within one second.
    ///
    /// # Errors
    /// Why it is not let in.
    pub fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Result<Pass, Refused> {
        let loopback = address.to_canonical().is_loopback();
        let limits = self.limits;
        let connections = limits.connections_per_address_max.limit(CONNECTIONS_AUTO, loopback);
        let accepts = limits.accepts_per_address.limit(ACCEPTS_AUTO, loopback);
        if connections.is_none() && accepts.is_none() {
            return Ok(Pass { counted: None });
        }
        let key = key_of(address);
        let mut table = self.table(key);
        table.tidy(now);
        let caller = table.callers.entry(key).or_default();
        match caller.admit(connections, accepts, now) {
            Ok(()) => Ok(Pass { counted: Some((Arc::clone(self), key)) }),
            Err(refused) => {
                caller.refused += 1;
                let count = caller.refused;
                if table.log.allows(now) {
                    tracing::warn!(%address, count, "turned away: {refused}");
                }
                Err(refused)
            }
        }
    }

    /// How many connections an address has, in all workers.
    #[must_use]
    pub fn connections(&self, address: IpAddr) -> u32 {
        let key = key_of(address);
        self.table(key).callers.get(&key).map_or(0, |caller| caller.connections)
    }

    fn table(&self, key: u128) -> MutexGuard<'_, Table> {
        let hash = self.hasher.hash_one(key).to_be_bytes();
        let table = &self.tables[usize::from(hash[0]) % LOCKS];
        // A worker that died inside left a count that is off by one at most.
        table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets who has no connection and a whole allowance: as if never seen. Once the
    /// table has doubled since the last time, so that an accept pays for a few entries only.
    fn tidy(&mut self, now: Instant) {
        if self.callers.len() >= self.tidy_at.max(TIDY_FROM) {
            self.callers.retain(|_, caller| caller.connections > 0 || caller.whole_at > now);
            self.tidy_at = self.callers.len() * 2;
        }
    }
}

impl Caller {
    fn admit(
        &mut self,
        connections: Option<u32>,
        accepts: Option<u32>,
        now: Instant,
    ) -> Result<(), Refused> {
        if connections.is_some_and(|limit| self.connections >= limit) {
            return Err(Refused::Connections);
        }
        if let Some(limit) = accepts {
            let whole_at = self.whole_at.max(now) + SECOND / limit;
            if whole_at.since(now) > SECOND {
                return Err(Refused::Accepts);
            }
            self.whole_at = whole_at;
        }
        self.connections += 1;
        Ok(())
    }
}

impl LogRate {
    fn allows(&mut self, now: Instant) -> bool {
        if now.since(self.began_at) >= SECOND {
            *self = Self { began_at: now, named: 0 };
        }
        self.named += 1;
        self.named <= NAMED_PER_SECOND
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let Some((door, key)) = self.counted.take() else { return };
        let mut table = door.table(key);
        if let Some(caller) = table.callers.get_mut(&key) {
            caller.connections = caller.connections.saturating_sub(1);
        }
    }
}

/// What an address is counted by: itself, or the network of 64 bits that it is in, since whoever
/// has one address of those has all.
fn key_of(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYONE: &str = "203.0.113.7";

    fn door(connections: u32, accepts: u32) -> Arc<Door> {
        let limit =
            |limit| NonZeroU32::new(limit).map_or(PerAddress::Unlimited, PerAddress::AtMost);
        let (connections, accepts) = (limit(connections), limit(accepts));
        let limits =
            DoorLimits { connections_per_address_max: connections, accepts_per_address: accepts };
        Arc::new(Door::new(limits))
    }

    fn at_ms(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    fn admit(door: &Arc<Door>, address: &str, ms: u64) -> Result<Pass, Refused> {
        door.admit(address.parse().unwrap(), at_ms(ms))
    }

    #[test]
    fn one_more_than_the_limit_is_refused_and_a_place_given_back_is_taken_again() {
        let door = door(2, 0);
        let first = admit(&door, ANYONE, 0).unwrap();
        let _second = admit(&door, ANYONE, 0).unwrap();
        assert_eq!(admit(&door, ANYONE, 0).unwrap_err(), Refused::Connections);
        let _other = admit(&door, "203.0.113.8", 0).unwrap();
        drop(first);
        assert_eq!(door.connections(ANYONE.parse().unwrap()), 1);
        let _third = admit(&door, ANYONE, 0).unwrap();
    }

    #[test]
    fn who_keeps_to_the_limit_in_each_second_is_never_refused() {
        let door = door(0, 10);
        for second in 0..20 {
            // All at once, at another moment of each second, but never within one of the last.
            for _ in 0..10 {
                admit(&door, ANYONE, second * 1_000 + second * 7).unwrap();
            }
        }
    }

    #[test]
    fn a_storm_gets_in_at_the_rate_of_the_limit() {
        let door = door(0, 10);
        let admitted = (0..10_000).filter(|ms| admit(&door, ANYONE, *ms).is_ok()).count();
        assert!((100..=110).contains(&admitted), "{admitted} in ten seconds");
    }

    #[test]
    fn who_may_not_come_yet_is_refused_even_with_no_connection_left() {
        let door = door(0, 3);
        for _ in 0..3 {
            drop(admit(&door, ANYONE, 0).unwrap());
        }
        assert_eq!(admit(&door, ANYONE, 1).unwrap_err(), Refused::Accepts);
    }

    #[test]
    fn addresses_of_one_network_of_64_bits_count_as_one_and_mapped_ones_as_what_they_are() {
        let door = door(1, 0);
        let _one = admit(&door, "2001:db8::1", 0).unwrap();
        assert!(admit(&door, "2001:db8::ffff:2", 0).is_err());
        let _neighbour = admit(&door, "2001:db8:0:1::1", 0).unwrap();
        let _plain = admit(&door, "203.0.113.7", 0).unwrap();
        assert!(admit(&door, "::ffff:203.0.113.7", 0).is_err());
    }

    #[test]
    fn left_alone_the_door_bounds_strangers_and_not_this_machine() {
        let door = Arc::new(Door::new(DoorLimits::default()));
        let strangers = (0..2_000).filter(|_| {
            let admitted = admit(&door, ANYONE, 0);
            admitted.is_ok_and(|pass| {
                std::mem::forget(pass);
                true
            })
        });
        assert_eq!(strangers.count(), ACCEPTS_AUTO as usize);
        let _own: Vec<_> = (0..2_000).map(|_| admit(&door, "::1", 0).unwrap()).collect();
    }

    #[test]
    fn addresses_that_came_and_went_are_forgotten() {
        let door = door(5, 5);
        for number in 0..100_000_u32 {
            let address = IpAddr::V4((0x0a00_0000 + number).into());
            drop(door.admit(address, at_ms(u64::from(number) * 10)).unwrap());
        }
        let known: usize =
            door.tables.iter().map(|table| table.lock().unwrap().callers.len()).sum();
        assert!(known <= LOCKS * (TIDY_FROM + 1), "{known}");
    }

    #[test]
    fn few_refusals_of_a_storm_are_logged() {
        let mut log = LogRate::default();
        let logged = (0..5_000).filter(|ms| log.allows(at_ms(ms + 1_000))).count();
        assert_eq!(logged, 5);
    }
}
