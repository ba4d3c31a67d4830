//! Members that a server made up (spec 8): in the room's lists and counts, and nobody is behind
//! them. Knows no sibling.

use std::collections::BTreeMap;

use throng_protocol::refusal::Code;

use crate::limits::{BOT_LIFETIME, BOTS_MAX};
use crate::room::about::Profile;
use crate::time::{Instant, Now, WallTime};

/// Their numbers in lists of members begin here: behind those of all who ever join.
const NUMBER_FIRST: u64 = 1 << 33;

/// The bots of a room.
#[derive(Debug, Default)]
pub struct Bots {
    by_user: BTreeMap<Box<str>, u64>,
    all: BTreeMap<u64, Bot>,
    number_last: u64,
}

/// One of them.
#[derive(Debug)]
pub struct Bot {
    /// What it is called as a user.
    pub user: Box<str>,
    /// How it shows itself.
    pub profile: Option<Box<Profile>>,
    /// When it was put in.
    pub joined_at: WallTime,
    until: Instant,
}

impl Bots {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether a user is one.
    #[must_use]
    pub fn contains(&self, user: &str) -> bool {
        self.by_user.contains_key(user)
    }

    /// Puts one in, or shows it differently; either way it stays for a day from now on.
    ///
    /// # Errors
    /// `TOO_MANY`.
    pub fn add(&mut self, user: &str, profile: Option<Box<Profile>>, now: Now) -> Result<(), Code> {
        let own = self.by_user.get(user).copied();
        if own.is_none() && self.len() >= BOTS_MAX {
            return Err(Code::TOO_MANY);
        }
        let number = own.unwrap_or_else(|| {
            self.number_last = self.number_last.max(NUMBER_FIRST) + 1;
            self.by_user.insert(user.into(), self.number_last);
            self.number_last
        });
        let joined_at = self.all.get(&number).map_or(now.wall, |own| own.joined_at);
        let until = now.instant + BOT_LIFETIME;
        self.all.insert(number, Bot { user: user.into(), profile, joined_at, until });
        Ok(())
    }

    /// Takes one out.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`.
    pub fn remove(&mut self, user: &str) -> Result<(), Code> {
        let number = self.by_user.remove(user).ok_or(Code::NOT_A_MEMBER)?;
        self.all.remove(&number);
        Ok(())
    }

    /// Takes out those that have been there for long enough. Says whether there were any.
    pub fn expire(&mut self, now: Instant) -> bool {
        let before = self.len();
        self.all.retain(|_, bot| now < bot.until);
        let Self { by_user, all, .. } = self;
        by_user.retain(|_, number| all.contains_key(number));
        self.len() < before
    }

    /// When the next one goes.
    #[must_use]
    pub fn expires_at(&self) -> Option<Instant> {
        self.all.values().map(|bot| bot.until).min()
    }

    /// Those within bounds, in the order in which they came, with their numbers.
    pub fn range(
        &self,
        from: core::ops::Bound<u64>,
        to: core::ops::Bound<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, &Bot)> {
        self.all.range((from, to)).map(|(number, bot)| (*number, bot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn at(hours: u64) -> Now {
        let instant = Instant::ZERO + Duration::from_secs(hours * 3_600);
        Now { instant, wall: WallTime::from_micros(hours) }
    }

    #[test]
    fn a_bot_stays_for_a_day_from_when_it_was_put_in_last() {
        let mut bots = Bots::default();
        bots.add("b1", None, at(0)).unwrap();
        bots.add("b2", None, at(1)).unwrap();
        bots.add("b1", None, at(2)).unwrap();
        assert_eq!((bots.len(), bots.expires_at()), (2, Some(at(25).instant)));
        assert!(!bots.expire(at(24).instant));
        assert!(bots.expire(at(25).instant));
        assert!(bots.contains("b1") && !bots.contains("b2"));
        assert_eq!(bots.remove("b2"), Err(Code::NOT_A_MEMBER));
        assert_eq!(bots.remove("b1"), Ok(()));
        assert_eq!(bots.len(), 0);
    }
}
