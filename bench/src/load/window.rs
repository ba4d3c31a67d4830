//! How many messages may be published now: the rule that closes the loop.
//!
//! A message is in flight from its publish until the slowest member of its room has it **and**,
//! where the server answers a publish, it was accepted. A publisher has at most its window of
//! messages in flight. So the load never runs away from a member, every queue in the server is
//! bounded by the window, and a window of one is lock-step. Not every server answers, but all
//! deliver: so the rule is the same for all.
//!
//! Of what is in flight, at most half may be such that the fastest member has nothing of it yet.
//! Without that the whole window would go round as one lump, and server and load would wait for
//! each other in turns; with it, one half is delivered while the other is published.

/// What a publisher has in flight.
#[derive(Debug, Clone, Copy)]
pub struct InFlight {
    /// Messages it may have in flight.
    pub window: u32,
    /// The last message it has published.
    pub published: u64,
    /// The last message that the fastest member has.
    pub begun: u64,
    /// The last message that the slowest member has.
    pub everywhere: u64,
    /// Messages after that which were refused, and so are not in flight.
    pub refused: u64,
    /// Messages that are not answered; always 0 where the server does not answer.
    pub unanswered: u32,
}

impl InFlight {
    /// Messages that are on their way.
    pub const fn on_their_way(&self) -> u64 {
        self.published.saturating_sub(self.everywhere).saturating_sub(self.refused)
    }

    /// How many messages may be published now.
    pub fn allowance(&self) -> u32 {
        let ahead = self.published.saturating_sub(self.begun.max(self.everywhere));
        let ahead = ahead.saturating_sub(self.refused);
        let window = u64::from(self.window);
        let half = u64::from(self.window.div_ceil(2));
        let room = window.saturating_sub(self.on_their_way().max(u64::from(self.unanswered)));
        let allowed = room.min(half.saturating_sub(ahead));
        u32::try_from(allowed).expect("no more than the window, which is a u32")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_flight(published: u64, begun: u64, everywhere: u64) -> InFlight {
        InFlight { window: 8, published, begun, everywhere, refused: 0, unanswered: 0 }
    }

    #[test]
    fn a_message_makes_place_only_once_the_slowest_member_has_it() {
        assert_eq!(in_flight(8, 8, 0).allowance(), 0);
        assert_eq!(in_flight(8, 8, 3).allowance(), 3);
        assert_eq!(in_flight(8, 8, 8).allowance(), 4);
    }

    #[test]
    fn a_message_makes_place_only_once_it_was_answered() {
        assert_eq!(InFlight { unanswered: 6, ..in_flight(8, 8, 8) }.allowance(), 2);
        assert_eq!(InFlight { unanswered: 8, ..in_flight(8, 8, 8) }.allowance(), 0);
    }

    #[test]
    fn half_a_window_is_held_back_until_the_first_is_on_its_way() {
        assert_eq!(in_flight(0, 0, 0).allowance(), 4);
        assert_eq!(in_flight(4, 0, 0).allowance(), 0);
        assert_eq!(in_flight(4, 4, 0).allowance(), 4);
        assert_eq!(in_flight(4, 1, 0).allowance(), 1);
    }

    #[test]
    fn a_refused_message_is_not_in_flight() {
        assert_eq!(InFlight { refused: 4, ..in_flight(4, 0, 0) }.allowance(), 4);
        assert_eq!(InFlight { refused: 2, ..in_flight(8, 8, 0) }.allowance(), 2);
    }

    #[test]
    fn a_window_of_one_is_lock_step() {
        let one =
            |published, everywhere| InFlight { window: 1, ..in_flight(published, 5, everywhere) };
        assert_eq!(one(5, 5).allowance(), 1);
        assert_eq!(InFlight { unanswered: 1, ..one(5, 5) }.allowance(), 0);
        assert_eq!(one(5, 4).allowance(), 0);
    }
}
