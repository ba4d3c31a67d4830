//! Requests that wait for their replies, by number; numbers are given here.
//!
//! Requests that get a reply have even numbers. Publishes without acknowledgement have odd ones:
//! they are not kept, for nobody knows how long, and yet a refusal of one can be told from a
//! reply that fits no request.

use std::collections::BTreeMap;

use crate::id::Id;

/// What was asked, with what its reply leaves out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    Join(Id),
    Leave(Id),
    /// To which room, whether with an echo, and whether to some users only.
    Publish(Id, bool, bool),
    Ping,
    /// A ping of the session's own, of which nobody else hears.
    SignOfLife,
    QueryRoom,
    DestroyRoom(Id),
    /// Whatever is answered with a reply of that tag.
    For(u8),
}

/// Requests that wait for their replies. Walked in the order of their numbers.
#[derive(Debug)]
pub(super) struct Pending {
    asked: BTreeMap<u32, Asked>,
    /// Even.
    next_number: u32,
}

impl Pending {
    pub(super) const fn numbering_from(number: u32) -> Self {
        Self { asked: BTreeMap::new(), next_number: number & !1 }
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    pub(super) const fn next_number(&self) -> u32 {
        self.next_number
    }

    /// Gives a request its number and keeps it.
    pub(super) fn number(&mut self, asked: Asked) -> u32 {
        let number = self.take_number();
        self.asked.insert(number, asked);
        number
    }

    /// Gives a publish without acknowledgement its number.
    pub(super) const fn number_unanswered(&mut self) -> u32 {
        self.take_number() | 1
    }

    /// The request of that number; `None` if none waits under it.
    pub(super) fn get(&self, number: u32) -> Option<Asked> {
        self.asked.get(&number).copied()
    }

    /// The request of that number waits no longer.
    pub(super) fn remove(&mut self, number: u32) {
        self.asked.remove(&number);
    }

    /// Whether a publish without acknowledgement was given that number, among the last 2^30.
    pub(super) const fn is_unanswered(&self, number: u32) -> bool {
        let ago = self.next_number.wrapping_sub(number);
        number & 1 == 1 && ago > 0 && ago < 1 << 31
    }

    /// Takes every request out, in the order of their numbers.
    pub(super) fn take_all(&mut self) -> BTreeMap<u32, Asked> {
        core::mem::take(&mut self.asked)
    }

    const fn take_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(2);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_without_acknowledgement_is_known_by_its_number_alone() {
        let mut pending = Pending::numbering_from(u32::MAX);
        assert_eq!(pending.number(Asked::Ping), u32::MAX - 1);
        assert_eq!(pending.number_unanswered(), 1);
        assert_eq!(pending.number(Asked::Ping), 2);
        assert!(pending.is_unanswered(1) && pending.is_unanswered(u32::MAX));
        for other in [0, 2, 4, 5] {
            assert!(!pending.is_unanswered(other), "{other}");
        }
        assert_eq!(pending.len(), 2);
    }
}
