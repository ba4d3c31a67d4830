//! How far one publisher's messages have come in its room: to the fastest member, and to the
//! slowest.
//!
//! Kept up by every delivery at the cost of two comparisons. Members are only walked through
//! when the last of those that were behind has caught up, which is once for many deliveries.

/// How far one publisher's messages have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headway {
    /// The last message the fastest member has.
    pub fastest: u64,
    /// The last message the slowest member has; older than that while `behind` is 0.
    pub slowest: u64,
    /// Members that have nothing after `slowest`.
    behind: u32,
    /// Whether it stands on the list of those that moved.
    pub listed: bool,
}

impl Headway {
    /// Of a room of that many members, before the first message.
    pub fn new(members: u32) -> Self {
        Self { behind: members, ..Self::default() }
    }

    /// A member has come from one message to a later one. Tells whether the fastest or the
    /// slowest has moved by that.
    #[inline]
    pub const fn advance(&mut self, from: u64, to: u64) -> bool {
        let mut moved = false;
        if to > self.fastest {
            self.fastest = to;
            moved = true;
        }
        if from == self.slowest {
            self.behind -= 1;
            moved |= self.behind == 0;
        }
        moved
    }

    /// Whether the slowest has to be looked for.
    pub const fn is_stale(&self) -> bool {
        self.behind == 0
    }

    /// Looks for the slowest in what all members have got. A room without members is through
    /// with everything.
    pub fn find_slowest(&mut self, got: impl Iterator<Item = u64>) {
        let (mut slowest, mut behind) = (u64::MAX, 0);
        for got in got {
            if got < slowest {
                (slowest, behind) = (got, 1);
            } else if got == slowest {
                behind += 1;
            }
        }
        self.slowest = slowest;
        self.behind = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_moves_once_the_last_that_was_behind_has_caught_up() {
        let mut headway = Headway::new(3);
        assert!(headway.advance(0, 2), "the fastest moved");
        assert!(!headway.advance(0, 1));
        assert!(!headway.is_stale());
        assert!(headway.advance(0, 1), "nobody is left behind");
        assert!(headway.is_stale());
        headway.find_slowest([2, 1, 1].into_iter());
        assert_eq!((headway.slowest, headway.fastest), (1, 2));
        assert!(!headway.advance(1, 2));
        assert!(headway.advance(1, 2));
    }

    #[test]
    fn nobody_holds_an_empty_room_up() {
        let mut headway = Headway::new(0);
        headway.find_slowest(core::iter::empty());
        assert_eq!(headway.slowest, u64::MAX);
    }
}
