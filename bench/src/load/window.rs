//! How many messages may be published now: the rule that closes the loop.
//!
//! A message is in flight from its publish until it was accepted **and** the slowest member has
//! it. A publisher has at most its window of messages unanswered, and the room has at most
//! publishers x window of them in flight. So the load never runs away from a member, every queue
//! in the server is bounded by the window, and a window of one is lock-step.
//!
//! Of what is in flight, at most half may be such that the fastest member has nothing of it yet.
//! Without that the whole window would go round as one lump, and server and load would wait for
//! each other in turns; with it, one half is delivered while the other is published.

/// What is in flight.
#[derive(Debug, Clone, Copy)]
pub struct InFlight {
    /// Messages per publisher.
    pub window: u32,
    /// Publishers.
    pub publishers: u32,
    /// Messages that were published and not refused.
    pub published: u64,
    /// Messages that the fastest member has.
    pub begun: u64,
    /// Messages that the slowest member has.
    pub everywhere: u64,
}

impl InFlight {
    /// How many a publisher with that many unanswered messages may publish now.
    pub fn allowance(&self, unanswered: u32) -> u32 {
        let publishers = u64::from(self.publishers);
        let room_max = publishers * u64::from(self.window);
        let ahead_max = publishers * u64::from(self.window.div_ceil(2));
        let in_room = self.published.saturating_sub(self.everywhere);
        let ahead = self.published.saturating_sub(self.begun);
        let room = room_max.saturating_sub(in_room).min(ahead_max.saturating_sub(ahead));
        let own = self.window.saturating_sub(unanswered);
        own.min(u32::try_from(room).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_flight(published: u64, begun: u64, everywhere: u64) -> InFlight {
        InFlight { window: 8, publishers: 2, published, begun, everywhere }
    }

    #[test]
    fn an_answered_message_makes_place_only_once_the_slowest_member_has_it() {
        assert_eq!(in_flight(8, 8, 0).allowance(8), 0);
        assert_eq!(in_flight(16, 16, 0).allowance(0), 0);
        assert_eq!(in_flight(16, 16, 3).allowance(0), 3);
        assert_eq!(in_flight(16, 16, 16).allowance(6), 2);
    }

    #[test]
    fn half_a_window_is_held_back_until_the_first_is_on_its_way() {
        assert_eq!(in_flight(0, 0, 0).allowance(0), 8);
        assert_eq!(in_flight(8, 0, 0).allowance(0), 0);
        assert_eq!(in_flight(8, 8, 0).allowance(0), 8);
        assert_eq!(in_flight(16, 8, 8).allowance(0), 0);
    }

    #[test]
    fn a_window_of_one_is_lock_step() {
        let one = |published, begun, everywhere| InFlight {
            window: 1,
            publishers: 1,
            published,
            begun,
            everywhere,
        };
        assert_eq!(one(5, 5, 5).allowance(0), 1);
        assert_eq!(one(5, 5, 5).allowance(1), 0);
        assert_eq!(one(5, 5, 4).allowance(0), 0);
    }
}
