//! Who is in a room: its members, how they show themselves, and the sessions through which each
//! of them occupies it.
//!
//! A user is a member once, however many of its sessions occupy the room, until it leaves. A
//! member whose last session is gone is away: its seat is held, for how long is not decided here.
//! All sessions of a user are on one shard, so the count of occupants per shard says which shards a
//! batch must go to.

use core::ops::Bound;
use std::collections::VecDeque;

use hashbrown::HashTable;
use smallvec::SmallVec;
use throng_protocol::value::Role;

use crate::id::{AppId, Badge, HashKey, MemberHandle, SessionKey, ShardId, UserKey};
use crate::probe::{self, Bug, Mark};
use crate::room::about::Profile;
use crate::slots::Slots;
use crate::time::WallTime;

/// With so many members and fewer the order of joining grows by one at a time.
const SMALL: usize = 8;

/// The members of one room.
#[derive(Debug)]
pub struct Members {
    key: HashKey,
    all: Slots<Member>,
    by_name: HashTable<MemberHandle>,
    /// In the order of joining, with some that have left. The generations of the table's places
    /// rise with every use, so they are the numbers of that order: for 2^32 joins of one room.
    by_age: VecDeque<MemberHandle>,
    /// Occupants on each shard, as far as the highest one that ever had any.
    occupants: SmallVec<[u32; 4]>,
    /// The number of the last visit.
    visit_last: u32,
}

/// A member.
#[derive(Debug)]
pub struct Member {
    /// Its user.
    pub user: Box<str>,
    /// The role of its connections. Servers are users of their own: `alice` the client and `alice`
    /// the server are two.
    pub role: Role,
    /// The user, at its home.
    pub key: UserKey,
    /// When it joined.
    pub joined_at: WallTime,
    /// At which place in the room's order it became a member.
    pub since_seq: u64,
    /// How it shows itself.
    pub profile: Option<Box<Profile>>,
    /// In which hour it was active last.
    active: u32,
    /// The number of its last visit.
    visit_last: u32,
    /// The sessions that occupy the room, and the numbers of their visits.
    visits: SmallVec<[(SessionKey, u32); 1]>,
}

impl Member {
    /// Whether none of its sessions is in the room.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.visits.is_empty()
    }
}

/// A user by name, as rooms tell users apart.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// The user's id.
    pub user: &'a str,
    /// The role of its connection.
    pub role: Role,
}

impl Who<'_> {
    const fn server(self) -> bool {
        matches!(self.role, Role::Server)
    }
}

/// When and where in the room's order somebody joins, and who that is at its home.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The user, at its home.
    pub key: UserKey,
    /// When.
    pub at: WallTime,
    /// The place of the newest entry.
    pub seq: u64,
}

/// What the end of a visit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vacated {
    /// It had ended before.
    Nothing,
    /// The member has other sessions in the room.
    Stays,
    /// The member is away now.
    Away,
}

impl Members {
    /// A room without members. Names are hashed under `key`.
    #[must_use]
    pub fn new(key: HashKey) -> Self {
        Self {
            key,
            all: Slots::default(),
            by_name: HashTable::new(),
            by_age: VecDeque::new(),
            occupants: SmallVec::new(),
            visit_last: 0,
        }
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many sessions occupy the room.
    #[must_use]
    pub fn occupants(&self) -> u64 {
        self.occupants.iter().map(|&count| u64::from(count)).sum()
    }

    /// The shards with at least one occupant, in order.
    pub fn shards(&self) -> impl Iterator<Item = ShardId> {
        (0_u16..).zip(&self.occupants).filter(|(_, count)| **count > 0).map(|(id, _)| ShardId(id))
    }

    /// The member of that name.
    #[must_use]
    pub fn find(&self, who: Who<'_>) -> Option<MemberHandle> {
        let hash = hash(self.key, who.server(), who.user);
        let all = &self.all;
        self.by_name.find(hash, |handle| is(all, *handle, who)).copied()
    }

    /// A member.
    #[must_use]
    pub fn get(&self, handle: MemberHandle) -> Option<&Member> {
        self.all.get(handle.0)
    }

    /// In which hour a member was active last, to be changed.
    pub fn active_mut(&mut self, handle: MemberHandle) -> Option<&mut u32> {
        self.all.get_mut(handle.0).map(|member| &mut member.active)
    }

    /// The id of a member.
    #[must_use]
    pub fn user(&self, handle: MemberHandle) -> Option<&str> {
        self.get(handle).map(|member| &*member.user)
    }

    /// One of the sessions through which a member occupies the room.
    #[must_use]
    pub fn session(&self, handle: MemberHandle) -> Option<SessionKey> {
        self.get(handle)?.visits.first().map(|(session, _)| *session)
    }

    /// Members behind a number, or before it, in the order of joining.
    pub fn by_age(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, &Member)> {
        let number = |handle: &MemberHandle| u64::from(handle.0.generation);
        let place = |bound: u64| self.by_age.partition_point(|handle| number(handle) < bound);
        let start = match from {
            Bound::Unbounded => 0,
            Bound::Included(number) => place(number),
            Bound::Excluded(number) => place(number.saturating_add(1)),
        };
        let end = match to {
            Bound::Unbounded => self.by_age.len(),
            Bound::Included(number) => place(number.saturating_add(1)),
            Bound::Excluded(number) => place(number),
        };
        let range = self.by_age.range(start.min(end)..end);
        range.filter_map(move |handle| Some((number(handle), self.get(*handle)?)))
    }

    /// Makes a user a member, if it is not one, and the session an occupant, if it is not one.
    pub fn record_join(&mut self, who: Who<'_>, session: SessionKey, arrival: Arrival) -> Badge {
        let handle = self.find(who).unwrap_or_else(|| self.insert(who, arrival));
        self.visit_last = self.visit_last.wrapping_add(1);
        let visit = self.visit_last;
        let member = self.all.get_mut(handle.0).expect("just found or inserted");
        member.key = arrival.key;
        member.visit_last = visit;
        if let Some((_, own)) = member.visits.iter_mut().find(|(own, _)| *own == session) {
            *own = visit;
        } else {
            member.visits.push((session, visit));
            let shard = session.shard.index();
            if self.occupants.len() <= shard {
                self.occupants.resize(shard + 1, 0);
            }
            self.occupants[shard] += 1;
        }
        Badge { member: handle, visit }
    }

    /// A member shows itself so from now on.
    pub fn record_profile(&mut self, handle: MemberHandle, profile: Option<Box<Profile>>) {
        if let Some(member) = self.all.get_mut(handle.0) {
            member.profile = profile;
        }
    }

    /// A member shows itself as before, but for what is not empty here.
    pub fn fill_in_profile(&mut self, handle: MemberHandle, new: Box<Profile>) {
        let Some(member) = self.all.get_mut(handle.0) else { return };
        match &mut member.profile {
            Some(own) => own.fill_in(*new),
            none => *none = Some(new),
        }
    }

    /// Takes a member out with all its sessions.
    pub fn record_leave(&mut self, handle: MemberHandle) -> Option<Member> {
        let member = self.all.remove(handle.0)?;
        let hash = hash(self.key, member.role == Role::Server, &member.user);
        self.by_name
            .find_entry(hash, |other| *other == handle)
            .expect("every member is in the index")
            .remove();
        for (session, _) in &member.visits {
            self.occupants[session.shard.index()] -= 1;
        }
        if self.all.is_empty() {
            self.all.release();
            (self.by_name, self.by_age) = (HashTable::new(), VecDeque::new());
        }
        Some(member)
    }

    /// Ends a session's visit.
    pub fn record_vacate(&mut self, badge: Badge, session: SessionKey) -> Vacated {
        let Some(member) = self.all.get_mut(badge.member.0) else { return Vacated::Nothing };
        let Some(place) = member.visits.iter().position(|(own, _)| *own == session) else {
            return Vacated::Nothing;
        };
        if member.visits[place].1 != badge.visit && !probe::planted(Bug::VisitIgnored) {
            probe::mark(Mark::VisitOutlived);
            return Vacated::Nothing;
        }
        member.visits.swap_remove(place);
        self.occupants[session.shard.index()] -= 1;
        if !member.is_away() {
            return Vacated::Stays;
        }
        // What is held now is the seat of this visit, whichever began last.
        member.visit_last = badge.visit;
        Vacated::Away
    }

    /// Whether the seat of that visit is held: the member is away, and has not been back since.
    #[must_use]
    pub fn is_held(&self, badge: Badge) -> bool {
        self.get(badge.member)
            .is_some_and(|member| member.is_away() && member.visit_last == badge.visit)
    }

    /// What the held seat of a member that is away is called.
    #[must_use]
    pub fn held_badge(&self, handle: MemberHandle) -> Option<Badge> {
        let member = self.get(handle).filter(|member| member.is_away())?;
        Some(Badge { member: handle, visit: member.visit_last })
    }

    /// All members, in the order of joining.
    pub fn handles(&self) -> impl Iterator<Item = MemberHandle> {
        self.by_age.iter().copied().filter(|handle| self.get(*handle).is_some())
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        assert_eq!(self.by_name.len(), self.all.len(), "the index has every member once");
        assert_eq!(self.handles().count(), self.all.len(), "the order has every member once");
        let visits: usize = self.all.iter().map(|(_, member)| member.visits.len()).sum();
        assert_eq!(self.occupants(), visits as u64, "occupants are the members' visits");
    }

    fn insert(&mut self, who: Who<'_>, arrival: Arrival) -> MemberHandle {
        let handle = MemberHandle(self.all.insert(Member {
            user: who.user.into(),
            role: who.role,
            key: arrival.key,
            joined_at: arrival.at,
            since_seq: arrival.seq,
            profile: None,
            active: 0,
            visit_last: 0,
            visits: SmallVec::new(),
        }));
        if self.by_age.len() >= 2 * self.all.len() {
            let all = &self.all;
            self.by_age.retain(|handle| all.get(handle.0).is_some());
        }
        if self.all.len() <= SMALL {
            self.by_age.reserve_exact(1);
        }
        self.by_age.push_back(handle);
        let (key, all) = (self.key, &self.all);
        self.by_name.insert_unique(hash(key, who.server(), who.user), handle, |other| {
            let member = all.get(other.0).expect("every member in the index exists");
            hash(key, member.role == Role::Server, &member.user)
        });
        handle
    }
}

/// Members of one room are of one app, so the app need not be told apart.
fn hash(key: HashKey, server: bool, user: &str) -> u64 {
    key.hash(AppId(0), u8::from(server), user)
}

fn is(all: &Slots<Member>, handle: MemberHandle, who: Who<'_>) -> bool {
    all.get(handle.0).is_some_and(|member| {
        (member.role == Role::Server) == who.server() && *member.user == *who.user
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, UserHandle};
    use crate::slots::Slot;

    fn session(shard: u16, slot: u32) -> SessionKey {
        let connection = ConnectionId { slot, generation: 0 };
        SessionKey { shard: ShardId(shard), connection }
    }

    const ALICE: Who<'_> = Who { user: "alice", role: Role::Client };
    const BOB: Who<'_> = Who { user: "bob", ..ALICE };
    const NOW: Arrival = Arrival {
        key: UserKey { shard: ShardId(0), user: UserHandle(Slot { index: 0, generation: 0 }) },
        at: WallTime::from_micros(7),
        seq: 0,
    };

    fn join(members: &mut Members, who: Who<'_>, session: SessionKey) -> Badge {
        members.record_join(who, session, NOW)
    }

    #[test]
    fn a_user_is_a_member_once_and_away_when_its_last_session_is_gone() {
        let mut members = Members::new(HashKey(1, 2));
        let first = join(&mut members, ALICE, session(1, 1));
        let second = join(&mut members, ALICE, session(1, 2));
        assert_eq!(first.member, second.member);
        assert_eq!((members.len(), members.occupants()), (1, 2));
        assert_eq!(members.record_vacate(first, session(1, 1)), Vacated::Stays);
        assert_eq!(members.record_vacate(first, session(1, 1)), Vacated::Nothing, "ends once");
        assert_eq!(members.record_vacate(second, session(1, 2)), Vacated::Away);
        assert_eq!((members.len(), members.occupants()), (1, 0));
        assert!(members.is_held(second) && !members.is_held(first));
        let back = join(&mut members, ALICE, session(1, 3));
        assert_eq!(back.member, second.member);
        assert!(!members.is_held(second), "it came back");
        members.invariants();
        assert!(members.record_leave(back.member).is_some());
        assert_eq!(members.find(ALICE), None);
        members.invariants();
    }

    #[test]
    fn the_late_end_of_an_old_visit_does_not_end_the_new_one() {
        let mut members = Members::new(HashKey(1, 2));
        let old = join(&mut members, ALICE, session(1, 1));
        let new = join(&mut members, ALICE, session(1, 1));
        assert_eq!(members.occupants(), 1, "joining twice is once");
        assert_eq!(members.record_vacate(old, session(1, 1)), Vacated::Nothing);
        assert_eq!(members.record_vacate(new, session(1, 1)), Vacated::Away);
    }

    #[test]
    fn a_server_is_another_user_than_a_client_of_its_name() {
        let mut members = Members::new(HashKey(1, 2));
        let client = join(&mut members, ALICE, session(0, 1));
        let server = Who { role: Role::Server, ..ALICE };
        assert_ne!(join(&mut members, server, session(0, 2)).member, client.member);
        assert_eq!(members.len(), 2);
        members.invariants();
    }

    #[test]
    fn only_shards_with_occupants_are_told() {
        let mut members = Members::new(HashKey(1, 2));
        join(&mut members, ALICE, session(3, 1));
        let bob = join(&mut members, BOB, session(1, 1));
        assert_eq!(members.shards().collect::<Vec<_>>(), [ShardId(1), ShardId(3)]);
        assert!(members.record_leave(bob.member).is_some());
        assert!(members.record_leave(bob.member).is_none(), "its handle is dead");
        assert_eq!(members.shards().collect::<Vec<_>>(), [ShardId(3)]);
        members.invariants();
    }

    #[test]
    fn the_order_of_joining_stays_whoever_leaves() {
        let mut members = Members::new(HashKey(1, 2));
        let alice = join(&mut members, ALICE, session(0, 1));
        join(&mut members, BOB, session(0, 2));
        join(&mut members, Who { user: "cid", ..ALICE }, session(0, 3));
        members.record_leave(alice.member);
        join(&mut members, ALICE, session(0, 1));
        let all = members.by_age(Bound::Unbounded, Bound::Unbounded);
        let users: Vec<&str> = all.map(|(_, member)| &*member.user).collect();
        assert_eq!(users, ["bob", "cid", "alice"]);
        let first = members.by_age(Bound::Unbounded, Bound::Unbounded).next().unwrap().0;
        let behind = members.by_age(Bound::Excluded(first), Bound::Unbounded);
        assert_eq!(behind.map(|(_, member)| &*member.user).collect::<Vec<_>>(), ["cid", "alice"]);
        let before = members.by_age(Bound::Unbounded, Bound::Excluded(first + 1)).rev();
        assert_eq!(before.map(|(_, member)| &*member.user).collect::<Vec<_>>(), ["bob"]);
    }
}
