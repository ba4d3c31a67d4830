//! Names of things inside one node: dense handles with a generation, so that a handle to
//! something gone never reaches what took its place; and the keyed hash that homes what clients
//! name.

use core::fmt;
use core::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::slots::Slot;

/// One shard: one core's sessions and rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

impl ShardId {
    /// The shard's place in tables of shards.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tenant, as a place in the table of apps that every shard has alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub u16);

/// A connection, within one shard. Given out by the back end of [`crate::io`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    /// Place in the table of connections.
    pub slot: u32,
    /// Which use of the place.
    pub generation: u32,
}

/// A session, within the node: the connection that carries it and the shard that is its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey {
    /// The home of the session's user.
    pub shard: ShardId,
    /// The connection there.
    pub connection: ConnectionId,
}

impl SessionKey {
    /// One number for the wire and for logs: shard, generation, slot from high to low.
    ///
    /// 16 bits of shard, 24 of generation and 24 of slot: it repeats only after 16 million
    /// connections on one shard.
    #[must_use]
    pub const fn number(self) -> u64 {
        ((self.shard.0 as u64) << 48)
            | ((self.connection.generation as u64 & 0xff_ffff) << 24)
            | (self.connection.slot as u64 & 0xff_ffff)
    }
}

/// A user with at least one session, within the user's home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserHandle(pub Slot);

/// A user with at least one session or seat, within the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserKey {
    /// The home of the user.
    pub shard: ShardId,
    /// What the user is called there.
    pub user: UserHandle,
}

/// A room, within the node: its home and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomHandle {
    /// The home of the room.
    pub shard: ShardId,
    /// Its place there.
    pub slot: Slot,
}

/// A member, within its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberHandle(pub Slot);

/// What a session is called in a room it occupies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Badge {
    /// Its user.
    pub member: MemberHandle,
    /// The number of its visit, from a join to whatever ends it. Joining again is a new visit, so
    /// that an end of the old one which is still on its way does not end the new one.
    pub visit: u32,
}

/// The key under which names that clients choose are hashed. Secret, so that nobody can choose
/// names that all fall on one shard or into one bucket; the same on all shards of a node.
#[derive(Debug, Clone, Copy)]
pub struct HashKey(pub u64, pub u64);

impl HashKey {
    /// The hash of a name in a realm of its own (an app, say, and whether it is a server's).
    #[must_use]
    pub fn hash(self, app: AppId, realm: u8, name: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write_u16(app.0);
        hasher.write_u8(realm);
        hasher.write(name.as_bytes());
        hasher.finish()
    }
}
