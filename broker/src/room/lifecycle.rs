//! When a room began, whether it is open, and when it ends (spec 3). Knows no sibling; the shard
//! asks it when a timer fires.

use core::time::Duration;

use throng_protocol::value::{DestroyPolicy, DestroyReason, PolicyKind};

use crate::nature::Lifetimes;
use crate::time::{Instant, Now, WallTime};

/// A room's birth and the clocks that end it. All of them run under every policy, so that a change
/// of the policy finds them where they would be.
#[derive(Debug)]
pub struct Lifecycle {
    created_at: WallTime,
    born_at: Instant,
    active_at: Instant,
    /// Since when nobody is a member, if nobody is.
    empty_since: Option<Instant>,
    policy: Policy,
    closed: bool,
}

/// What a room is destroyed for, other than a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Nothing happened in it for so long.
    Idle(Duration),
    /// It is so old.
    Lifetime(Duration),
    /// Nobody was a member for so long.
    Empty(Duration),
    /// Nothing.
    Never,
}

impl Policy {
    /// What a server wishes, with the app's times to take where it names none; `None` for a policy
    /// of a later version.
    #[must_use]
    pub fn of(wish: DestroyPolicy, app: &Lifetimes) -> Option<Self> {
        let time = |of_app| match wish.seconds {
            0 => of_app,
            seconds => Duration::from_secs(seconds.into()),
        };
        match wish.kind {
            PolicyKind::Idle => Some(Self::Idle(time(app.idle))),
            PolicyKind::Lifetime => Some(Self::Lifetime(time(app.lifetime))),
            PolicyKind::Empty => Some(Self::Empty(time(app.empty))),
            PolicyKind::Never => Some(Self::Never),
            PolicyKind::Unknown(_) => None,
            _ => None,
        }
    }

    /// The same as it is told.
    #[must_use]
    pub fn on_wire(self) -> DestroyPolicy {
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        match self {
            Self::Idle(time) => DestroyPolicy { kind: PolicyKind::Idle, seconds: seconds(time) },
            Self::Lifetime(time) => {
                DestroyPolicy { kind: PolicyKind::Lifetime, seconds: seconds(time) }
            }
            Self::Empty(time) => DestroyPolicy { kind: PolicyKind::Empty, seconds: seconds(time) },
            Self::Never => DestroyPolicy { kind: PolicyKind::Never, seconds: 0 },
        }
    }
}

impl Lifecycle {
    /// A room created now.
    #[must_use]
    pub const fn new(now: Now, policy: Policy, closed: bool) -> Self {
        Self {
            created_at: now.wall,
            born_at: now.instant,
            active_at: now.instant,
            empty_since: Some(now.instant),
            policy,
            closed,
        }
    }

    /// When the room was created.
    #[must_use]
    pub const fn created_at(&self) -> WallTime {
        self.created_at
    }

    /// What it is destroyed for.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Whether nobody may join.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Something happened that resets idleness: a join, a leave, a message.
    pub fn record_activity(&mut self, now: Instant) {
        self.active_at = now;
    }

    /// Members came or went, and there are so many now.
    pub fn record_members(&mut self, members: usize, now: Instant) {
        self.active_at = now;
        self.empty_since = if members > 0 { None } else { self.empty_since.or(Some(now)) };
    }

    /// It is destroyed for something else from now on.
    pub fn record_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// It is closed, or open again.
    pub fn record_closed(&mut self, closed: bool) {
        self.closed = closed;
    }

    /// When the room is to be destroyed if nothing happens until then, and what for.
    #[must_use]
    pub fn ends_at(&self) -> Option<(Instant, DestroyReason)> {
        match self.policy {
            Policy::Idle(time) => Some((self.active_at + time, DestroyReason::Idle)),
            Policy::Lifetime(time) => Some((self.born_at + time, DestroyReason::Lifetime)),
            Policy::Empty(time) => Some((self.empty_since? + time, DestroyReason::Empty)),
            Policy::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Now {
        Now {
            instant: Instant::ZERO + Duration::from_secs(seconds),
            wall: WallTime::from_micros(seconds * 1_000_000),
        }
    }

    #[test]
    fn each_policy_has_its_own_clock_and_all_clocks_run() {
        let mut life = Lifecycle::new(at(10), Policy::Never, false);
        life.record_members(1, at(20).instant);
        life.record_activity(at(30).instant);
        let mut ends = |policy| {
            life.record_policy(policy);
            life.ends_at()
        };
        assert_eq!(ends(Policy::Never), None);
        let idle = (at(30).instant + HOUR, DestroyReason::Idle);
        assert_eq!(ends(Policy::Idle(HOUR)), Some(idle));
        let lifetime = (at(10).instant + HOUR, DestroyReason::Lifetime);
        assert_eq!(ends(Policy::Lifetime(HOUR)), Some(lifetime));
        assert_eq!(ends(Policy::Empty(HOUR)), None, "there is a member");
        life.record_members(0, at(40).instant);
        life.record_members(0, at(50).instant);
        let empty = (at(40).instant + HOUR, DestroyReason::Empty);
        assert_eq!(life.ends_at(), Some(empty), "since the last one left");
    }

    #[test]
    fn a_policy_without_a_time_takes_the_apps() {
        let app = Lifetimes { idle: HOUR * 2, ..Lifetimes::default() };
        let wish = |kind, seconds| Policy::of(DestroyPolicy { kind, seconds }, &app);
        assert_eq!(wish(PolicyKind::Idle, 0), Some(Policy::Idle(HOUR * 2)));
        assert_eq!(wish(PolicyKind::Empty, 5), Some(Policy::Empty(Duration::from_secs(5))));
        assert_eq!(wish(PolicyKind::Unknown(9), 5), None);
        assert_eq!(Policy::Idle(HOUR).on_wire().seconds, 3600);
    }
}
