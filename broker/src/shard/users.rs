//! The users homed on this shard that have sessions or seats, and what counts for all sessions of
//! one together: its rate, its rooms, its devices.
//!
//! A server credential is a user of its own kind: its sessions share a rate, too.

use hashbrown::HashTable;
use smallvec::SmallVec;
use throng_protocol::value::Role;

use crate::id::{AppId, Badge, ConnectionId, HashKey, RoomHandle, UserHandle};
use crate::limits::BROADCASTS_PER_SECOND;
use crate::rate::{RateWindow, SECOND};
use crate::shard::repeats::Repeats;
use crate::slots::Slots;
use crate::time::Instant;

/// A user with sessions or held seats, or one whose last second of messages is still counted.
#[derive(Debug)]
pub(super) struct User {
    app: AppId,
    server: bool,
    /// Whether it is a visitor without an account, who cannot come back as the same.
    anonymous: bool,
    /// The user's id; of a server, its credential's name.
    name: Box<str>,
    /// Its sessions.
    pub(super) sessions: SmallVec<[ConnectionId; 1]>,
    /// The rooms it is a member of, in the order of joining.
    pub(super) rooms: Vec<Membership>,
    /// Its messages.
    pub(super) messages: RateWindow,
    /// What few users have.
    seldom: Option<Box<Seldom>>,
}

/// What few users have, so that the others pay for a word only.
#[derive(Debug)]
pub(super) struct Seldom {
    /// Its messages that carried an id of their own.
    pub(super) repeats: Repeats,
    /// Its messages to everyone.
    pub(super) broadcasts: RateWindow,
}

impl User {
    /// What rooms call the user: its id; of a server, its credential's name.
    pub(super) const fn name(&self) -> &str {
        &self.name
    }

    /// Its app.
    pub(super) const fn app(&self) -> AppId {
        self.app
    }

    /// Whether it is a server.
    pub(super) const fn is_server(&self) -> bool {
        self.server
    }

    /// Whether its seats are held when its connections are lost.
    pub(super) const fn may_come_back(&self) -> bool {
        !self.anonymous
    }

    /// Where the user is a member, by the room.
    pub(super) fn membership(&self, room: RoomHandle) -> Option<&Membership> {
        self.rooms.iter().find(|own| own.room == room)
    }

    /// The same, to change it.
    pub(super) fn membership_mut(&mut self, room: RoomHandle) -> Option<&mut Membership> {
        self.rooms.iter_mut().find(|own| own.room == room)
    }

    /// When what it published may be forgotten.
    pub(super) fn forgotten_at(&self) -> Instant {
        let messages = self.messages.forgotten_at();
        self.seldom.as_ref().map_or(messages, |own| {
            messages.max(own.repeats.forgotten_at()).max(own.broadcasts.forgotten_at())
        })
    }

    /// What few users have, if this one does.
    pub(super) fn seldom_mut(&mut self) -> Option<&mut Seldom> {
        self.seldom.as_deref_mut()
    }

    /// The same, given to this one if need be.
    pub(super) fn seldom(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_with(|| {
            let limit = core::num::NonZeroU32::new(BROADCASTS_PER_SECOND);
            let broadcasts = RateWindow::new(limit, SECOND);
            Box::new(Seldom { repeats: Repeats::default(), broadcasts })
        })
    }

    /// The user is a member of one more room.
    pub(super) fn record_room(&mut self, membership: Membership) {
        // Most users are in one, and all of them pay for what is reserved.
        self.rooms.reserve_exact(1);
        self.rooms.push(membership);
    }

    /// The user is a member of that room no longer.
    pub(super) fn forget_room(&mut self, room: RoomHandle) {
        self.rooms.retain(|own| own.room != room);
    }
}

/// A user's place in a room.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    /// The room.
    pub(super) room: RoomHandle,
    /// Where the user sits.
    pub(super) place: Place,
    /// What the session that sat down last is called there.
    pub(super) badge: Badge,
    /// Whether what it says there is protected.
    pub(super) protected: bool,
}

/// Where a user sits in a room.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In the room's audience on this shard, with at least one session.
    Seated(u32),
    /// Nowhere: its sessions there are lost, and the room of this name holds its seat.
    Held(Box<str>),
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

    /// The user of that name, if there is one.
    pub(super) fn find(&self, who: UserName<'_>) -> Option<UserHandle> {
        let hash = self.key.hash(who.app, u8::from(who.server), who.name);
        let found = self.by_name.find(hash, |handle| {
            self.all.get(handle.0).is_some_and(|user| {
                user.app == who.app && user.server == who.server && *user.name == *who.name
            })
        });
        found.copied()
    }

    /// The same; a new one is of that role and gets this rate.
    pub(super) fn find_or_insert(
        &mut self,
        who: UserName<'_>,
        role: Role,
        messages: impl FnOnce() -> RateWindow,
    ) -> UserHandle {
        if let Some(handle) = self.find(who) {
            return handle;
        }
        let key = self.key;
        let hash = key.hash(who.app, u8::from(who.server), who.name);
        let handle = UserHandle(self.all.insert(User {
            app: who.app,
            server: who.server,
            anonymous: role == Role::Anonymous,
            name: who.name.into(),
            sessions: SmallVec::new(),
            rooms: Vec::new(),
            messages: messages(),
            seldom: None,
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
            let seated = user.rooms.iter().any(|own| matches!(own.place, Place::Seated(_)));
            assert!(!seated || !user.sessions.is_empty(), "whoever sits has a session");
        }
    }
}
