//! Who may not speak or come, and whether the room as a whole is muted (spec 7). Knows no sibling:
//! that somebody may speak whatever is muted comes in as a fact.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{ListChange, Sanction};

use crate::names::Names;
use crate::sanctions::{Sanctions, Until};
use crate::time::Instant;

use throng_protocol::limits::MUTE_EXCEPTIONS_MAX;

/// A room's bans, mutes, and exceptions.
#[derive(Debug, Default)]
pub struct Moderation {
    bans: Sanctions,
    mutes: Sanctions,
    muted: bool,
    exceptions: Names,
}

impl Moderation {
    /// A room that is muted from the start or not, with these exceptions.
    #[must_use]
    pub fn new(muted: bool, exceptions: Names) -> Self {
        Self { muted, exceptions, ..Self::default() }
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
        let mute = self.mutes.until(user, now);
        if (mute.is_none() && !self.muted) || self.exceptions.contains(user) || privileged() {
            return Ok(());
        }
        Err(mute.map_or(Refusal::new(Code::ROOM_MUTED), |until| refusal(Code::MUTED, until, now)))
    }

    /// Whether a user may come.
    ///
    /// # Errors
    /// How much longer it may not.
    pub fn check_coming(&self, user: &str, now: Instant) -> Result<(), Refusal<'static>> {
        self.bans.until(user, now).map_or(Ok(()), |until| Err(refusal(Code::BANNED, until, now)))
    }

    /// The mute that holds against a user.
    #[must_use]
    pub fn mute(&self, user: &str, now: Instant) -> Option<Until> {
        self.mutes.until(user, now)
    }

    /// Bans or mutes; `None` for a list of a later version.
    pub const fn list_mut(&mut self, sanction: Sanction) -> Option<&mut Sanctions> {
        match sanction {
            Sanction::Ban => Some(&mut self.bans),
            Sanction::Mute => Some(&mut self.mutes),
            _ => None,
        }
    }

    /// Whether only creator, managers and exceptions may speak.
    #[must_use]
    pub const fn is_muted(&self) -> bool {
        self.muted
    }

    /// The room is muted, or may speak again.
    pub fn record_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Those who may speak while it is muted.
    #[must_use]
    pub const fn exceptions(&self) -> &Names {
        &self.exceptions
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
        self.exceptions.changed(change, users, MUTE_EXCEPTIONS_MAX)
    }

    /// Takes a list that was found good.
    pub fn record_exceptions(&mut self, exceptions: Names) {
        self.exceptions = exceptions;
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
