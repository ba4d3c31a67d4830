//! The users homed on this shard that have sessions, and what counts for all sessions of one
//! together: its rate, its rooms, its devices.
//!
//! A server credential is a user of its own kind: its sessions share a rate, too.

use hashbrown::HashTable;
use smallvec::SmallVec;

use crate::id::{AppId, ConnectionId, HashKey, MemberHandle, RoomHandle, UserHandle};
use crate::rate::RateWindow;
use crate::slots::Slots;

/// A user with sessions, or one whose last second of messages is still counted.
#[derive(Debug)]
pub(super) struct User {
    app: AppId,
    server: bool,
    /// The user's id; of a server, its credential's name.
    name: Box<str>,
    /// Its sessions.
    pub(super) sessions: SmallVec<[ConnectionId; 1]>,
    /// The rooms it is a member of, in the order of joining.
    pub(super) rooms: SmallVec<[Membership; 1]>,
    /// Its messages.
    pub(super) messages: RateWindow,
}

impl User {
    /// What rooms call the user: its id; of a server, its credential's name.
    pub(super) const fn name(&self) -> &str {
        &self.name
    }

    /// Where the user is a member, by the room.
    pub(super) fn membership(&self, room: RoomHandle) -> Option<Membership> {
        self.rooms.iter().find(|own| own.room == room).copied()
    }
}

/// A user's place in a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership {
    /// The room.
    pub(super) room: RoomHandle,
    /// The room's audience on this shard, in which at least one session of the user sits.
    pub(super) audience: u32,
    /// What the user is called in the room.
    pub(super) member: MemberHandle,
    /// Whether what it says there is protected.
    pub(super) protected: bool,
}

/// A user by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserName<'a> {
    pub(super) app: AppId,
    pub(super) server: bool,
    pub(super) name: &'a str,
}

/// The users of a shard.
#[derive(Debug)]
pub(super) struct Users {
    key: HashKey,
    all: Slots<User>,
    by_name: HashTable<UserHandle>,
}

impl Users {
    pub(super) fn new(key: HashKey) -> Self {
        Self { key, all: Slots::default(), by_name: HashTable::new() }
    }

    /// The user of that name; a new one gets this rate.
    pub(super) fn find_or_insert(
        &mut self,
        who: UserName<'_>,
        messages: impl FnOnce() -> RateWindow,
    ) -> UserHandle {
        let (key, all) = (self.key, &self.all);
        let hash = key.hash(who.app, u8::from(who.server), who.name);
        let found = self.by_name.find(hash, |handle| {
            all.get(handle.0).is_some_and(|user| {
                user.app == who.app && user.server == who.server && *user.name == *who.name
            })
        });
        if let Some(handle) = found {
            return *handle;
        }
        let handle = UserHandle(self.all.insert(User {
            app: who.app,
            server: who.server,
            name: who.name.into(),
            sessions: SmallVec::new(),
            rooms: SmallVec::new(),
            messages: messages(),
        }));
        let all = &self.all;
        self.by_name.insert_unique(hash, handle, |other| {
            let user = all.get(other.0).expect("every user in the index exists");
            key.hash(user.app, u8::from(user.server), &user.name)
        });
        handle
    }

    /// The user, if it is still there.
    pub(super) fn get(&self, user: UserHandle) -> Option<&User> {
        self.all.get(user.0)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, user: UserHandle) -> Option<&mut User> {
        self.all.get_mut(user.0)
    }

    /// Takes a user out.
    pub(super) fn remove(&mut self, user: UserHandle) {
        let Some(gone) = self.all.remove(user.0) else { return };
        self.by_name
            .find_entry(self.key.hash(gone.app, u8::from(gone.server), &gone.name), |other| {
                *other == user
            })
            .expect("every user is in the index")
            .remove();
    }

    /// Checks what must hold between any two events.
    pub(super) fn invariants(&self) {
        assert_eq!(self.by_name.len(), self.all.len(), "the index has every user once");
        for (_, user) in self.all.iter() {
            assert!(user.rooms.is_empty() || !user.sessions.is_empty());
        }
    }
}
