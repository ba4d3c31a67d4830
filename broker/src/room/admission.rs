//! May this message into this room? One function, top to bottom; each no has its own code.
//!
//! It changes nothing. After it said yes, nothing refuses any more.

use core::time::Duration;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{Role, ShedReason};

use crate::class::Class;
use crate::id::MemberHandle;
use crate::room::lifecycle::Lifecycle;
use crate::room::moderation::Moderation;
use crate::room::quota::{Place, Quota};
use crate::room::roles::Roles;
use crate::room::slow_mode::SlowMode;
use crate::time::Instant;

/// What admission needs to know of a message and its sender.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The sender's id.
    pub user: &'a str,
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
    /// Whether the room is open.
    pub lifecycle: &'a Lifecycle,
    /// Who may not speak.
    pub moderation: &'a Moderation,
    /// Who may whatever is muted.
    pub roles: &'a Roles,
    /// How often one member may speak.
    pub slow_mode: &'a SlowMode,
    /// How much the room takes in.
    pub quota: &'a Quota,
}

/// Whether the message may in (spec 2, 5, 6 and 7), and on which place of the quota. What holds in
/// the whole app was asked before, at the sender's home.
///
/// # Errors
/// The first reason that speaks against it.
pub fn check(facts: &Facts<'_>, say: &Say<'_>) -> Result<Place, No> {
    if facts.role == Role::Anonymous {
        return Err(Refusal::new(Code::NOT_ALLOWED).into());
    }
    if facts.role != Role::Server {
        check_client(facts, say)?;
    }
    say.quota.check(facts.class, facts.now).map_err(|retry_after| {
        No::Shed(Shed { class: facts.class, reason: ShedReason::Quota, retry_after })
    })
}

/// What holds for people and not for backends.
fn check_client(facts: &Facts<'_>, say: &Say<'_>) -> Result<(), Refusal<'static>> {
    let Facts { user, now, .. } = *facts;
    if facts.member.is_none() {
        if !facts.publish_without_join {
            return Err(Refusal::new(Code::NOT_A_MEMBER));
        }
        // Members are put out by a ban and when the room is closed; others have to be asked.
        say.moderation.check_coming(user, now)?;
        if say.lifecycle.is_closed() {
            return Err(Refusal::new(Code::ROOM_CLOSED));
        }
    }
    say.moderation.check_speaking(user, || say.roles.leads(user), now)?;
    let Some(member) = facts.member else { return Ok(()) };
    let wait = |wait| Refusal::new(Code::SLOW_MODE).retry_after(wait);
    say.slow_mode.check(member, now).map_err(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Names;
    use crate::rate::QuotaLimits;
    use crate::room::lifecycle::Policy;
    use crate::slots::Slot;
    use crate::time::{Now, WallTime};
    use throng_protocol::value::{RoomRole, Sanction, Term};

    const MEMBER: MemberHandle = MemberHandle(Slot { index: 0, generation: 0 });
    const NOW: Now = Now { instant: Instant::ZERO, wall: WallTime::from_micros(0) };
    const FACTS: Facts<'_> = Facts {
        user: "bob",
        role: Role::Client,
        member: Some(MEMBER),
        publish_without_join: false,
        class: Class::High,
        now: NOW.instant,
    };

    struct Parts {
        lifecycle: Lifecycle,
        moderation: Moderation,
        roles: Roles,
        slow_mode: SlowMode,
        quota: Quota,
    }

    fn parts() -> Parts {
        let limit = core::num::NonZeroU32::new(1);
        Parts {
            lifecycle: Lifecycle::new(NOW, Policy::Never, false),
            moderation: Moderation::default(),
            roles: Roles::default(),
            slow_mode: SlowMode::default(),
            quota: Quota::new(QuotaLimits { high_only: limit, shared: limit, protected: limit }),
        }
    }

    impl Parts {
        fn check(&self, facts: &Facts<'_>) -> Result<Place, No> {
            let Self { lifecycle, moderation, roles, slow_mode, quota } = self;
            check(facts, &Say { lifecycle, moderation, roles, slow_mode, quota })
        }

        fn code(&self, facts: &Facts<'_>) -> Result<(), Code> {
            match self.check(facts) {
                Ok(_) => Ok(()),
                Err(No::Refused(refusal)) => Err(refusal.code),
                Err(No::Shed(_)) => unreachable!("nothing was taken of the quota"),
            }
        }
    }

    #[test]
    fn the_table_of_who_may_publish_holds() {
        let may = |role, member: bool, publish_without_join| {
            let member = member.then_some(MEMBER);
            parts().code(&Facts { role, member, publish_without_join, ..FACTS })
        };
        assert_eq!(may(Role::Client, true, false), Ok(()));
        assert_eq!(may(Role::Client, false, false), Err(Code::NOT_A_MEMBER));
        assert_eq!(may(Role::Client, false, true), Ok(()));
        assert_eq!(may(Role::Server, false, false), Ok(()));
        assert_eq!(may(Role::Anonymous, true, true), Err(Code::NOT_ALLOWED));
    }

    #[test]
    fn mutes_hold_for_everyone_but_those_who_lead_and_servers() {
        let mut parts = parts();
        parts.moderation.record_muted(true);
        assert_eq!(parts.code(&FACTS), Err(Code::ROOM_MUTED));
        assert_eq!(parts.code(&Facts { role: Role::Server, ..FACTS }), Ok(()));
        let mutes = parts.moderation.list_mut(Sanction::Mute).unwrap();
        mutes.record("bob", Term::FOREVER, "", NOW);
        assert_eq!(parts.code(&FACTS), Err(Code::MUTED), "the member before the room");
        parts.roles.record("bob", RoomRole::Ordinary);
        assert_eq!(parts.code(&FACTS), Err(Code::MUTED));
        parts.roles.record("bob", RoomRole::Manager);
        assert_eq!(parts.code(&FACTS), Ok(()));
        parts.roles.record("bob", RoomRole::Visitor);
        let exceptions = Names::from_iter([Box::from("bob")]);
        parts.moderation.record_exceptions(exceptions);
        assert_eq!(parts.code(&FACTS), Ok(()));
    }

    #[test]
    fn whoever_was_put_out_does_not_speak_from_outside_either() {
        let mut parts = parts();
        let outside = Facts { member: None, publish_without_join: true, ..FACTS };
        parts.lifecycle.record_closed(true);
        assert_eq!(parts.code(&outside), Err(Code::ROOM_CLOSED));
        let bans = parts.moderation.list_mut(Sanction::Ban).unwrap();
        bans.record("bob", Term::FOREVER, "", NOW);
        assert_eq!(parts.code(&outside), Err(Code::BANNED));
    }

    #[test]
    fn slow_mode_holds_members_back_and_servers_not() {
        let mut parts = parts();
        parts.slow_mode.set_interval(Duration::from_secs(1));
        parts.slow_mode.record(MEMBER, NOW.instant);
        assert_eq!(parts.code(&FACTS), Err(Code::SLOW_MODE));
        assert_eq!(parts.code(&Facts { role: Role::Server, ..FACTS }), Ok(()));
    }

    #[test]
    fn what_is_over_the_quota_is_shed_and_told_so() {
        let mut parts = parts();
        for _ in 0..2 {
            let place = parts.check(&FACTS).unwrap();
            parts.quota.record(place, NOW.instant);
        }
        let shed = Shed {
            class: Class::High,
            reason: ShedReason::Quota,
            retry_after: Duration::from_millis(200),
        };
        assert_eq!(parts.check(&FACTS), Err(No::Shed(shed)));
    }
}
