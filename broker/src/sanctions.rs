//! Who is banned or muted, and until when (spec 7). A plain value: a room has two of them, and an
//! app has two.
//!
//! Expiry is a comparison with the monotonic clock at the moment of the question, so that it is
//! exact and needs no traffic and no timer. What is over is swept out now and then.

use core::time::Duration;
use std::collections::BTreeMap;

use throng_protocol::value::{Sanction as SanctionKind, Sanctioned, Term};

use crate::page::{Page, Reading};
use crate::time::{Instant, Now, WallTime};

/// A list with fewer entries is not swept when it grows.
const SWEEP_LEAST: usize = 64;

/// Until when something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until this moment, at which it does not hold any more.
    Moment(Instant),
    /// Until it is lifted.
    Lifted,
}

impl Until {
    /// The end of a term that begins now.
    #[must_use]
    pub fn of(term: Term, now: Instant) -> Self {
        match term.seconds() {
            Some(seconds) => Self::Moment(now + Duration::from_secs(seconds.into())),
            None => Self::Lifted,
        }
    }

    /// Whether it holds now.
    #[must_use]
    pub fn holds(self, now: Instant) -> bool {
        match self {
            Self::Moment(moment) => now < moment,
            Self::Lifted => true,
        }
    }

    /// How much longer it holds, in whole seconds, rounded up.
    #[must_use]
    pub fn left(self, now: Instant) -> Term {
        match self {
            Self::Moment(moment) => {
                let seconds = moment.since(now).as_nanos().div_ceil(1_000_000_000);
                Term::from_seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
            Self::Lifted => Term::FOREVER,
        }
    }

    /// After how long whoever it holds against may try again; zero where that cannot be said.
    #[must_use]
    pub fn retry_after(self, now: Instant) -> Duration {
        match self {
            Self::Moment(moment) => moment.since(now),
            Self::Lifted => Duration::ZERO,
        }
    }
}

/// What holds against one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanction {
    /// Until when.
    pub until: Until,
    /// Since when.
    pub since: WallTime,
    /// Who did it; empty for a server.
    pub actor: Box<str>,
}

/// Users against whom something holds.
#[derive(Debug, Clone, Default)]
pub struct Sanctions {
    by_user: BTreeMap<Box<str>, u64>,
    /// In the order in which they came, by number from 1.
    all: BTreeMap<u64, (Box<str>, Sanction)>,
    number_last: u64,
    sweep_at: usize,
}

impl Sanctions {
    /// Until when it holds against a user, if it does now.
    #[must_use]
    pub fn until(&self, user: &str, now: Instant) -> Option<Until> {
        if self.all.is_empty() {
            return None;
        }
        let (_, sanction) = self.all.get(self.by_user.get(user)?)?;
        sanction.until.holds(now).then_some(sanction.until)
    }

    /// It holds against a user from now on.
    pub fn record(&mut self, user: &str, term: Term, actor: &str, now: Now) {
        let until = Until::of(term, now.instant);
        let sanction = Sanction { until, since: now.wall, actor: actor.into() };
        self.record_as(user, sanction, now.instant);
    }

    /// The same as decided elsewhere. Doing it again replaces the end, and keeps the place in the
    /// list, so that whoever reads pages does not meet the user twice.
    pub fn record_as(&mut self, user: &str, sanction: Sanction, now: Instant) {
        if self.all.len() >= self.sweep_at.max(SWEEP_LEAST) {
            self.expire(now);
            self.sweep_at = 2 * self.all.len();
        }
        let number = self.by_user.get(user).copied().unwrap_or_else(|| {
            self.number_last += 1;
            self.by_user.insert(user.into(), self.number_last);
            self.number_last
        });
        self.all.insert(number, (user.into(), sanction));
    }

    /// It holds against a user no longer.
    pub fn lift(&mut self, user: &str) {
        if let Some(number) = self.by_user.remove(user) {
            self.all.remove(&number);
        }
    }

    /// Forgets what is over.
    pub fn expire(&mut self, now: Instant) {
        self.all.retain(|_, (_, sanction)| sanction.until.holds(now));
        let Self { by_user, all, .. } = self;
        by_user.retain(|_, number| all.contains_key(number));
    }

    /// How many there are, with those whose end was not noticed yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A page of those who are on the list now; `None` if the cursor is none of this list.
    #[must_use]
    pub fn page(
        &mut self,
        kind: SanctionKind,
        (cursor, limit): (&[u8], u16),
        now: Instant,
    ) -> Option<Page> {
        let reading = Reading::parse(kind.to_byte(), cursor, limit)?;
        self.expire(now);
        let rows = self.after(reading.last.unwrap_or(0)).map(|(number, user, sanction)| {
            let Sanction { until, since, actor } = sanction;
            let since = since.as_micros();
            (number, Sanctioned { user, left: until.left(now), since, actor })
        });
        Some(reading.page(self.len() as u64, rows))
    }

    /// Those behind a number, in the order in which they came.
    fn after(&self, number: u64) -> impl Iterator<Item = (u64, &str, &Sanction)> {
        let behind = self.all.range(number.saturating_add(1)..);
        behind.map(|(number, (user, sanction))| (*number, &**user, sanction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now {
            instant: Instant::ZERO + Duration::from_millis(ms),
            wall: WallTime::from_micros(ms * 1_000),
        }
    }

    fn users(sanctions: &Sanctions) -> Vec<&str> {
        sanctions.after(0).map(|(_, user, _)| user).collect()
    }

    #[test]
    fn it_ends_at_its_moment_and_not_before() {
        let mut mutes = Sanctions::default();
        mutes.record("bob", Term::from_seconds(2), "", at(500));
        let until = mutes.until("bob", at(2_499).instant).unwrap();
        assert_eq!(until.left(at(1_499).instant), Term::from_seconds(2), "1,001 ms is 2 s");
        assert_eq!(until.retry_after(at(2_499).instant), Duration::from_millis(1));
        assert_eq!(mutes.until("bob", at(2_500).instant), None);
        assert_eq!(mutes.until("ann", at(600).instant), None);
    }

    #[test]
    fn doing_it_again_replaces_the_end_and_keeps_the_place() {
        let mut bans = Sanctions::default();
        bans.record("bob", Term::FOREVER, "ann", at(0));
        bans.record("cid", Term::FOREVER, "ann", at(0));
        bans.record("bob", Term::from_seconds(1), "", at(5));
        assert_eq!(users(&bans), ["bob", "cid"]);
        assert_eq!(bans.until("bob", at(1_005).instant), None);
        bans.expire(at(1_005).instant);
        assert_eq!((users(&bans), bans.len()), (vec!["cid"], 1));
        bans.lift("cid");
        assert!(bans.is_empty() && bans.by_user.is_empty());
    }

    #[test]
    fn what_is_over_is_forgotten_in_time_and_what_holds_is_not() {
        let mut mutes = Sanctions::default();
        mutes.record("ever", Term::FOREVER, "", at(0));
        for n in 0..10_000_u64 {
            mutes.record(&n.to_string(), Term::from_seconds(1), "", at(n * 1_000));
        }
        assert!(mutes.len() <= SWEEP_LEAST + 1);
        assert_eq!(users(&mutes)[0], "ever");
    }
}
