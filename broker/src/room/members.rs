//! Who is in a room: its members, and the sessions through which each of them occupies it.
//!
//! A user is a member once, however many of its sessions occupy the room, and stops being one
//! when the last of them is gone or the user leaves. All sessions of a user are on one shard, so
//! the count of occupants per shard says which shards a batch must go to.

use hashbrown::HashTable;
use smallvec::SmallVec;
use throng_protocol::value::Role;

use crate::id::{AppId, Badge, HashKey, MemberHandle, SessionKey, ShardId};
use crate::probe::{self, Bug, Mark};
use crate::slots::Slots;

/// The members of one room.
#[derive(Debug)]
pub struct Members {
    key: HashKey,
    all: Slots<Member>,
    by_name: HashTable<MemberHandle>,
    /// Occupants on each shard, as far as the highest one that ever had any.
    occupants: SmallVec<[u32; 4]>,
    /// The number of the last visit.
    visit_last: u32,
}

#[derive(Debug)]
struct Member {
    user: Box<str>,
    /// Servers are users of their own: `alice` the client and `alice` the server are two.
    server: bool,
    /// The sessions that occupy the room, and the numbers of their visits.
    visits: SmallVec<[(SessionKey, u32); 1]>,
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

impl Members {
    /// A room without members. Names are hashed under `key`.
    #[must_use]
    pub fn new(key: HashKey) -> Self {
        Self {
            key,
            all: Slots::default(),
            by_name: HashTable::new(),
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

    /// The id of a member.
    #[must_use]
    pub fn user(&self, handle: MemberHandle) -> Option<&str> {
        self.all.get(handle.0).map(|member| &*member.user)
    }

    /// One of the sessions through which a member occupies the room.
    #[must_use]
    pub fn session(&self, handle: MemberHandle) -> Option<SessionKey> {
        self.all.get(handle.0)?.visits.first().map(|(session, _)| *session)
    }

    /// Makes a user a member, if it is not one, and the session an occupant, if it is not one.
    pub fn record_join(&mut self, who: Who<'_>, session: SessionKey) -> Badge {
        let handle = self.find(who).unwrap_or_else(|| self.insert(who));
        self.visit_last = self.visit_last.wrapping_add(1);
        let visit = self.visit_last;
        let member = self.all.get_mut(handle.0).expect("just found or inserted");
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

    /// Takes a user out with all its sessions. Says whether it was in.
    pub fn record_leave(&mut self, handle: MemberHandle) -> bool {
        let Some(member) = self.all.remove(handle.0) else { return false };
        let hash = hash(self.key, member.server, &member.user);
        self.by_name
            .find_entry(hash, |other| *other == handle)
            .expect("every member is in the index")
            .remove();
        for (session, _) in member.visits {
            self.occupants[session.shard.index()] -= 1;
        }
        true
    }

    /// Ends a session's visit, and its user's membership with the last one. Says whether the
    /// user left.
    pub fn record_vacate(&mut self, badge: Badge, session: SessionKey) -> bool {
        let Some(member) = self.all.get_mut(badge.member.0) else { return false };
        let Some(place) = member.visits.iter().position(|(own, _)| *own == session) else {
            return false;
        };
        if member.visits[place].1 != badge.visit && !probe::planted(Bug::VisitIgnored) {
            probe::mark(Mark::VisitOutlived);
            return false;
        }
        if member.visits.len() == 1 {
            return self.record_leave(badge.member);
        }
        member.visits.swap_remove(place);
        self.occupants[session.shard.index()] -= 1;
        false
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        assert_eq!(self.by_name.len(), self.all.len(), "the index has every member once");
        let visits: usize = self.all.iter().map(|(_, member)| member.visits.len()).sum();
        assert_eq!(self.occupants(), visits as u64, "occupants are the members' visits");
        assert!(self.all.iter().all(|(_, member)| !member.visits.is_empty()));
    }

    fn insert(&mut self, who: Who<'_>) -> MemberHandle {
        let handle = MemberHandle(self.all.insert(Member {
            user: who.user.into(),
            server: who.server(),
            visits: SmallVec::new(),
        }));
        let (key, all) = (self.key, &self.all);
        self.by_name.insert_unique(hash(key, who.server(), who.user), handle, |other| {
            let member = all.get(other.0).expect("every member in the index exists");
            hash(key, member.server, &member.user)
        });
        handle
    }
}

/// Members of one room are of one app, so the app need not be told apart.
fn hash(key: HashKey, server: bool, user: &str) -> u64 {
    key.hash(AppId(0), u8::from(server), user)
}

fn is(all: &Slots<Member>, handle: MemberHandle, who: Who<'_>) -> bool {
    all.get(handle.0)
        .is_some_and(|member| member.server == who.server() && *member.user == *who.user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConnectionId;

    fn session(shard: u16, slot: u32) -> SessionKey {
        let connection = ConnectionId { slot, generation: 0 };
        SessionKey { shard: ShardId(shard), connection }
    }

    const ALICE: Who<'_> = Who { user: "alice", role: Role::Client };

    #[test]
    fn a_user_is_a_member_once_and_until_its_last_session_is_gone() {
        let mut members = Members::new(HashKey(1, 2));
        let first = members.record_join(ALICE, session(1, 1));
        let second = members.record_join(ALICE, session(1, 2));
        assert_eq!(first.member, second.member);
        assert_eq!((members.len(), members.occupants()), (1, 2));
        assert!(!members.record_vacate(first, session(1, 1)));
        assert!(!members.record_vacate(first, session(1, 1)), "a visit ends once");
        assert!(members.record_vacate(second, session(1, 2)));
        assert_eq!((members.len(), members.occupants()), (0, 0));
        assert_eq!(members.find(ALICE), None);
        members.invariants();
    }

    #[test]
    fn the_late_end_of_an_old_visit_does_not_end_the_new_one() {
        let mut members = Members::new(HashKey(1, 2));
        let old = members.record_join(ALICE, session(1, 1));
        let new = members.record_join(ALICE, session(1, 1));
        assert_eq!(members.occupants(), 1, "joining twice is once");
        assert!(!members.record_vacate(old, session(1, 1)));
        assert!(members.record_vacate(new, session(1, 1)));
    }

    #[test]
    fn a_server_is_another_user_than_a_client_of_its_name() {
        let mut members = Members::new(HashKey(1, 2));
        let client = members.record_join(ALICE, session(0, 1));
        let server = Who { role: Role::Server, ..ALICE };
        assert_ne!(members.record_join(server, session(0, 2)).member, client.member);
        assert_eq!(members.len(), 2);
        members.invariants();
    }

    #[test]
    fn only_shards_with_occupants_are_told() {
        let mut members = Members::new(HashKey(1, 2));
        members.record_join(ALICE, session(3, 1));
        let bob = members.record_join(Who { user: "bob", ..ALICE }, session(1, 1));
        assert_eq!(members.shards().collect::<Vec<_>>(), [ShardId(1), ShardId(3)]);
        assert!(members.record_leave(bob.member));
        assert!(!members.record_leave(bob.member), "a handle to one who left is dead");
        assert_eq!(members.shards().collect::<Vec<_>>(), [ShardId(3)]);
        members.invariants();
    }
}
