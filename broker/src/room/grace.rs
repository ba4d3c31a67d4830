//! The seats of members whose connections were lost, and for how long they are held (spec 4).
//! Knows no sibling; whether somebody came back, or is exempt, is for the caller to say.
//!
//! Time and messages both only grow, so whoever was lost first is the first to be given up, by
//! either measure: one queue is enough.

use core::time::Duration;
use std::collections::VecDeque;

use crate::id::Badge;
use crate::time::Instant;

/// The seats that are held.
#[derive(Debug, Default)]
pub struct Grace {
    /// In the order in which they were lost. Some of them may have been taken again since.
    lost: VecDeque<Lost>,
}

#[derive(Debug, Clone, Copy)]
struct Lost {
    badge: Badge,
    at: Instant,
    /// How many messages the room had then.
    messages: u64,
}

/// For how long a seat is held: by time, or by messages if they come sooner.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// So long.
    pub time: Duration,
    /// For so many messages.
    pub messages: u32,
}

impl Grace {
    /// The last session of a member was lost, when the room had so many messages.
    pub fn record(&mut self, badge: Badge, messages: u64, now: Instant) {
        self.lost.push_back(Lost { badge, at: now, messages });
    }

    /// The next seat whose time is up, or its messages.
    pub fn expire(&mut self, terms: Terms, messages: u64, now: Instant) -> Option<Badge> {
        let Lost { badge, at, messages: then } = *self.lost.front()?;
        let over = at + terms.time <= now || messages >= then + u64::from(terms.messages);
        if !over {
            return None;
        }
        self.lost.pop_front();
        Some(badge)
    }

    /// Whether a seat may be given up once the room has so many messages.
    #[must_use]
    pub fn is_due(&self, terms: Terms, messages: u64) -> bool {
        self.lost.front().is_some_and(|lost| messages >= lost.messages + u64::from(terms.messages))
    }

    /// When the next seat may be given up if no message comes.
    #[must_use]
    pub fn ends_at(&self, terms: Terms) -> Option<Instant> {
        self.lost.front().map(|lost| lost.at + terms.time)
    }

    /// Nobody's seat is held any more.
    pub fn clear(&mut self) {
        self.lost.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MemberHandle;
    use crate::slots::Slot;

    const TERMS: Terms = Terms { time: Duration::from_secs(30), messages: 30 };

    fn badge(visit: u32) -> Badge {
        Badge { member: MemberHandle(Slot { index: 0, generation: 0 }), visit }
    }

    fn second(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_seat_is_held_for_thirty_seconds_or_thirty_messages() {
        let mut grace = Grace::default();
        grace.record(badge(1), 100, second(0));
        grace.record(badge(2), 110, second(5));
        assert_eq!(grace.ends_at(TERMS), Some(second(30)));
        assert_eq!(grace.expire(TERMS, 129, second(29)), None);
        assert!(!grace.is_due(TERMS, 129) && grace.is_due(TERMS, 130));
        assert_eq!(grace.expire(TERMS, 130, second(29)), Some(badge(1)), "by messages");
        assert_eq!(grace.expire(TERMS, 130, second(34)), None);
        assert_eq!(grace.expire(TERMS, 130, second(35)), Some(badge(2)), "by time");
        assert_eq!(grace.ends_at(TERMS), None);
    }
}
