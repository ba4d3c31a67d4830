//! May this message into this room? One function, top to bottom; each no has its own code.
//!
//! It changes nothing. After it said yes, nothing refuses any more.

use core::time::Duration;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{Role, ShedReason};

use crate::class::Class;
use crate::id::MemberHandle;
use crate::room::quota::{Place, Quota};
use crate::room::slow_mode::SlowMode;
use crate::time::Instant;

/// What admission needs to know of a message and its sender.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The role of the sender's connection.
    pub role: Role,
    /// The sender as a member of the room, if it is one.
    pub member: Option<MemberHandle>,
    /// Whether the app lets users publish without joining.
    pub publish_without_join: bool,
    /// The message's class.
    pub class: Class,
    /// The moment.
    pub now: Instant,
}

/// A no, and what the sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum No {
    /// Something speaks against it.
    Refused(Refusal<'static>),
    /// Nothing speaks against it but that there is too much: it is dropped on purpose.
    Shed(Shed),
}

/// A message that was dropped on purpose (spec 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shed {
    /// Its class.
    pub class: Class,
    /// Of what there was too much.
    pub reason: ShedReason,
    /// After how long the like of it may get in.
    pub retry_after: Duration,
}

impl From<Refusal<'static>> for No {
    fn from(refusal: Refusal<'static>) -> Self {
        Self::Refused(refusal)
    }
}

/// The parts of a room that have a say.
#[derive(Debug)]
pub struct Say<'a> {
    /// How often one member may speak.
    pub slow_mode: &'a SlowMode,
    /// How much the room takes in.
    pub quota: &'a Quota,
}

/// Whether the message may in (spec 2, 5 and 6), and on which place of the quota.
///
/// # Errors
/// The first reason that speaks against it.
pub fn check(facts: &Facts, say: &Say<'_>) -> Result<Place, No> {
    if facts.role == Role::Anonymous {
        return Err(Refusal::new(Code::NOT_ALLOWED).into());
    }
    if facts.member.is_none() && facts.role != Role::Server && !facts.publish_without_join {
        return Err(Refusal::new(Code::NOT_A_MEMBER).into());
    }
    if let Some(member) = facts.member
        && facts.role != Role::Server
    {
        let wait = |wait| Refusal::new(Code::SLOW_MODE).retry_after(wait);
        say.slow_mode.check(member, facts.now).map_err(wait)?;
    }
    say.quota.check(facts.class, facts.now).map_err(|retry_after| {
        No::Shed(Shed { class: facts.class, reason: ShedReason::Quota, retry_after })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::QuotaLimits;
    use crate::slots::Slot;

    const MEMBER: MemberHandle = MemberHandle(Slot { index: 0, generation: 0 });
    const NOW: Instant = Instant::ZERO;
    const FACTS: Facts = Facts {
        role: Role::Client,
        member: Some(MEMBER),
        publish_without_join: false,
        class: Class::High,
        now: NOW,
    };

    fn quota(limit: u32) -> Quota {
        let limit = core::num::NonZeroU32::new(limit);
        Quota::new(QuotaLimits { high_only: limit, shared: limit, protected: limit })
    }

    fn code(facts: &Facts, slow_mode: &SlowMode) -> Result<(), Code> {
        match check(facts, &Say { slow_mode, quota: &quota(1) }) {
            Ok(_) => Ok(()),
            Err(No::Refused(refusal)) => Err(refusal.code),
            Err(No::Shed(_)) => unreachable!("nothing was taken of the quota"),
        }
    }

    #[test]
    fn the_table_of_who_may_publish_holds() {
        let may = |role, member: bool, publish_without_join| {
            let member = member.then_some(MEMBER);
            code(&Facts { role, member, publish_without_join, ..FACTS }, &SlowMode::default())
        };
        assert_eq!(may(Role::Client, true, false), Ok(()));
        assert_eq!(may(Role::Client, false, false), Err(Code::NOT_A_MEMBER));
        assert_eq!(may(Role::Client, false, true), Ok(()));
        assert_eq!(may(Role::Server, false, false), Ok(()));
        assert_eq!(may(Role::Anonymous, true, true), Err(Code::NOT_ALLOWED));
    }

    #[test]
    fn slow_mode_holds_members_back_and_servers_not() {
        let mut slow = SlowMode::default();
        slow.set_interval(Duration::from_secs(1));
        slow.record(MEMBER, NOW);
        assert_eq!(code(&FACTS, &slow), Err(Code::SLOW_MODE));
        assert_eq!(code(&Facts { role: Role::Server, ..FACTS }, &slow), Ok(()));
    }

    #[test]
    fn what_is_over_the_quota_is_shed_and_told_so() {
        let (slow_mode, mut quota) = (SlowMode::default(), quota(1));
        for _ in 0..2 {
            let place = check(&FACTS, &Say { slow_mode: &slow_mode, quota: &quota }).unwrap();
            quota.record(place, NOW);
        }
        let shed = Shed {
            class: Class::High,
            reason: ShedReason::Quota,
            retry_after: Duration::from_millis(200),
        };
        let said = check(&FACTS, &Say { slow_mode: &slow_mode, quota: &quota });
        assert_eq!(said, Err(No::Shed(shed)));
    }
}
