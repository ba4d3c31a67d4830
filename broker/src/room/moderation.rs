//! Who may not speak or come, and whether the room as a whole is muted (spec 7). Knows no sibling:
//! that somebody may speak whatever is muted comes in as a fact.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{ListChange, Sanction};

use crate::names::Names;
use crate::sanctions::{Sanctions, Until};
use crate::time::Instant;

use throng_protocol::limits::MUTE_EXCEPTIONS_MAX;

/// A room's bans, mutes, and exceptions. Most rooms have none, and pay for a word.
#[derive(Debug, Default)]
pub struct Moderation {
    rules: Option<Box<Rules>>,
}

#[derive(Debug, Default)]
struct Rules {
    bans: Sanctions,
    mutes: Sanctions,
    muted: bool,
    exceptions: Names,
}

impl Moderation {
    /// A room that is muted from the start or not, with these exceptions.
    #[must_use]
    pub fn new(muted: bool, exceptions: Names) -> Self {
        let has_rules = muted || !exceptions.is_empty();
        let rules = || Box::new(Rules { muted, exceptions, ..Rules::default() });
        Self { rules: has_rules.then(rules) }
    }

    fn rules_mut(&mut self) -> &mut Rules {
        self.rules.get_or_insert_default()
    }

    /// Whether a user may speak. `privileged` is asked only where it matters: creator and managers
    /// may whatever is muted.
    ///
    /// # Errors
    /// The mute that comes first in the rule of precedence (spec 7).
    pub fn check_speaking(
        &self,
        user: &str,
        privileged: impl FnOnce() -> bool,
        now: Instant,
    ) -> Result<(), Refusal<'static>> {
        let Some(rules) = &self.rules else { return Ok(()) };
        let mute = rules.mutes.until(user, now);
        if (mute.is_none() && !rules.muted) || rules.exceptions.contains(user) || privileged() {
            return Ok(());
        }
        Err(mute.map_or(Refusal::new(Code::ROOM_MUTED), |until| refusal(Code::MUTED, until, now)))
    }

    /// Whether a user may come.
    ///
    /// # Errors
    /// How much longer it may not.
    pub fn check_coming(&self, user: &str, now: Instant) -> Result<(), Refusal<'static>> {
        let ban = self.rules.as_ref().and_then(|rules| rules.bans.until(user, now));
        ban.map_or(Ok(()), |until| Err(refusal(Code::BANNED, until, now)))
    }

    /// The mute that holds against a user.
    #[must_use]
    pub fn mute(&self, user: &str, now: Instant) -> Option<Until> {
        self.rules.as_ref()?.mutes.until(user, now)
    }

    /// Bans or mutes; `None` for a list of a later version.
    pub fn list_mut(&mut self, sanction: Sanction) -> Option<&mut Sanctions> {
        match sanction {
            Sanction::Ban => Some(&mut self.rules_mut().bans),
            Sanction::Mute => Some(&mut self.rules_mut().mutes),
            _ => None,
        }
    }

    /// Whether only creator, managers and exceptions may speak.
    #[must_use]
    pub fn is_muted(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.muted)
    }

    /// The room is muted, or may speak again.
    pub fn record_muted(&mut self, muted: bool) {
        self.rules_mut().muted = muted;
    }

    /// Those who may speak while it is muted.
    #[must_use]
    pub fn exceptions(&self) -> Names {
        self.rules.as_ref().map(|rules| rules.exceptions.clone()).unwrap_or_default()
    }

    /// The exceptions as a change would make them.
    ///
    /// # Errors
    /// When they would be more than may be.
    pub fn check_exceptions(
        &self,
        change: ListChange,
        users: &Names,
    ) -> Result<Names, Refusal<'static>> {
        self.exceptions().changed(change, users, MUTE_EXCEPTIONS_MAX)
    }

    /// Takes a list that was found good.
    pub fn record_exceptions(&mut self, exceptions: Names) {
        self.rules_mut().exceptions = exceptions;
    }
}

/// A refusal with the time that is left.
#[must_use]
pub fn refusal(code: Code, until: Until, now: Instant) -> Refusal<'static> {
    Refusal::new(code).retry_after(until.retry_after(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Now, WallTime};
    use core::time::Duration;
    use throng_protocol::value::Term;

    const NOW: Now = Now { instant: Instant::ZERO, wall: WallTime::from_micros(0) };

    fn code(room: &Moderation, user: &str, privileged: bool) -> Option<Code> {
        let said = room.check_speaking(user, || privileged, NOW.instant);
        said.err().map(|refusal| refusal.code)
    }

    #[test]
    fn the_rule_of_precedence_holds() {
        let names = |name: &str| Names::from_iter([Box::from(name)]);
        let mut room = Moderation::new(true, names("guest"));
        for user in ["bob", "guest", "boss"] {
            let mutes = room.list_mut(Sanction::Mute).unwrap();
            mutes.record(user, Term::FOREVER, "", NOW);
        }
        assert_eq!(code(&room, "guest", false), None, "an exception speaks although it is muted");
        assert_eq!(code(&room, "boss", true), None, "and so do creator and managers");
        assert_eq!(code(&room, "bob", false), Some(Code::MUTED), "the member before the room");
        assert_eq!(code(&room, "ann", false), Some(Code::ROOM_MUTED));
        room.record_muted(false);
        assert_eq!(code(&room, "ann", false), None);
    }

    #[test]
    fn the_banned_are_told_how_much_longer() {
        let mut room = Moderation::default();
        let bans = room.list_mut(Sanction::Ban).unwrap();
        bans.record("bob", Term::from_seconds(3), "", NOW);
        let refused = room.check_coming("bob", NOW.instant).unwrap_err();
        assert_eq!((refused.code, refused.retry_after_ms), (Code::BANNED, 3_000));
        assert_eq!(room.check_coming("bob", NOW.instant + Duration::from_secs(3)), Ok(()));
        assert_eq!(room.check_coming("ann", NOW.instant), Ok(()));
    }
}
