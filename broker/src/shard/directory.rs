//! Where things live: the home of every user and room of the node, and the rooms whose home is
//! this shard.
//!
//! Homes follow from a keyed hash alone, so every shard knows the home of everything without
//! asking, and nobody outside can choose names that crowd one shard.

use hashbrown::HashTable;

use crate::id::{AppId, HashKey, RoomHandle, ShardId};
use crate::room::{Birth, Room, Wish};
use crate::slots::{Slot, Slots};
use crate::time::Now;

const REALM_ROOM: u8 = 2;

/// Leaves 54 bits for the microseconds: until the year 2540.
const EPOCH_SALT_BITS: u32 = 10;

/// Which shard is home to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Homes {
    pub(super) key: HashKey,
    pub(super) shards: u16,
}

impl Homes {
    /// The home of a room.
    pub(super) fn of_room(self, app: AppId, name: &str) -> ShardId {
        self.spread(self.key.hash(app, REALM_ROOM, name))
    }

    /// The home of a user; of a server, that of its credential.
    pub(super) fn of_user(self, app: AppId, server: bool, name: &str) -> ShardId {
        self.spread(self.key.hash(app, u8::from(server), name))
    }

    /// Maps a hash to a shard by its high half, evenly and without a division.
    fn spread(self, hash: u64) -> ShardId {
        let shard = ((hash >> 32) * u64::from(self.shards)) >> 32;
        ShardId(u16::try_from(shard).expect("less than the number of shards"))
    }
}

/// The rooms homed on this shard.
#[derive(Debug)]
pub(super) struct Rooms {
    shard: ShardId,
    key: HashKey,
    all: Slots<Room>,
    by_name: HashTable<Slot>,
    /// The low bits of every epoch: drawn at start.
    salt: u64,
    epoch_last: u64,
}

impl Rooms {
    pub(super) fn new(shard: ShardId, key: HashKey, salt: u64) -> Self {
        Self {
            shard,
            key,
            all: Slots::default(),
            by_name: HashTable::new(),
            salt: salt % (1 << EPOCH_SALT_BITS),
            epoch_last: 0,
        }
    }

    /// The room of that name.
    pub(super) fn find(&self, app: AppId, name: &str) -> Option<RoomHandle> {
        let all = &self.all;
        let slot = *self.by_name.find(self.key.hash(app, REALM_ROOM, name), |slot| {
            all.get(*slot).is_some_and(|room| room.app() == app && room.name() == name)
        })?;
        Some(self.handle(slot))
    }

    /// Creates a room of a name that is not taken. Its epoch is the wall time in microseconds, or
    /// the next one if the clock did not move or went back, followed by the salt: should a broker
    /// start again with its clock set back, the epochs of its past are not likely to return.
    pub(super) fn create(
        &mut self,
        app: AppId,
        name: Box<str>,
        wish: Wish,
        now: Now,
    ) -> RoomHandle {
        self.epoch_last = now.wall.as_micros().max(self.epoch_last + 1);
        let epoch = (self.epoch_last << EPOCH_SALT_BITS) | self.salt;
        let (key, hash) = (self.key, self.key.hash(app, REALM_ROOM, &name));
        let birth = Birth { app, name, epoch, wish, hash_key: key };
        let slot = self.all.insert(Room::new(birth, now));
        let all = &self.all;
        self.by_name.insert_unique(hash, slot, |other| {
            let room = all.get(*other).expect("every room in the index exists");
            key.hash(room.app(), REALM_ROOM, room.name())
        });
        self.handle(slot)
    }

    /// The room, if it is still there.
    pub(super) fn get(&self, room: RoomHandle) -> Option<&Room> {
        self.all.get(room.slot)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, room: RoomHandle) -> Option<&mut Room> {
        self.all.get_mut(room.slot)
    }

    /// Takes a room out.
    pub(super) fn remove(&mut self, room: RoomHandle) -> Option<Room> {
        let gone = self.all.remove(room.slot)?;
        self.by_name
            .find_entry(self.key.hash(gone.app(), REALM_ROOM, gone.name()), |slot| {
                *slot == room.slot
            })
            .expect("every room is in the index")
            .remove();
        Some(gone)
    }

    /// The rooms that have members.
    pub(super) fn occupied(&self) -> Vec<RoomHandle> {
        let occupied = self.all.iter().filter(|(_, room)| room.has_members());
        occupied.map(|(slot, _)| self.handle(slot)).collect()
    }

    /// The room at a place, as others may name it.
    pub(super) const fn handle(&self, slot: Slot) -> RoomHandle {
        RoomHandle { shard: self.shard, slot }
    }

    /// Checks what must hold between any two events.
    pub(super) fn invariants(&self) {
        assert_eq!(self.by_name.len(), self.all.len(), "the index has every room once");
        for (_, room) in self.all.iter() {
            room.invariants();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::QuotaLimits;
    use crate::room::Policy;
    use crate::time::{Instant, WallTime};

    const KEY: HashKey = HashKey(3, 4);

    fn wish() -> Wish {
        Wish::new(Policy::Never, QuotaLimits::default())
    }

    fn now(micros: u64) -> Now {
        Now { instant: Instant::ZERO, wall: WallTime::from_micros(micros) }
    }

    #[test]
    fn homes_are_spread_evenly_and_stay() {
        let homes = Homes { key: KEY, shards: 3 };
        let mut count = [0; 3];
        for n in 0..3_000 {
            let home = homes.of_room(AppId(0), &n.to_string());
            assert_eq!(home, homes.of_room(AppId(0), &n.to_string()));
            count[home.index()] += 1;
        }
        assert!(count.iter().all(|&n| (900..1_100).contains(&n)), "{count:?}");
    }

    #[test]
    fn an_epoch_is_never_used_again_for_the_same_name() {
        let mut rooms = Rooms::new(ShardId(0), KEY, 5);
        let mut epochs = Vec::new();
        for wall in [1_000, 1_000, 500] {
            let room = rooms.create(AppId(0), "r".into(), wish(), now(wall));
            epochs.push(rooms.get(room).unwrap().state().epoch);
            rooms.remove(room).unwrap();
            assert_eq!(rooms.find(AppId(0), "r"), None);
        }
        assert_eq!(epochs, [1_000, 1_001, 1_002].map(|micros| micros * 1_024 + 5));
    }

    #[test]
    fn an_epoch_does_not_return_with_a_broker_whose_clock_went_back() {
        let epoch_of = |salt| {
            let mut rooms = Rooms::new(ShardId(0), KEY, salt);
            let room = rooms.create(AppId(0), "r".into(), wish(), now(1_000));
            rooms.get(room).unwrap().state().epoch
        };
        assert_ne!(epoch_of(1), epoch_of(2));
    }

    #[test]
    fn rooms_of_two_apps_do_not_meet() {
        let mut rooms = Rooms::new(ShardId(0), KEY, 5);
        let room = rooms.create(AppId(0), "r".into(), wish(), now(1));
        assert_eq!(rooms.find(AppId(1), "r"), None);
        assert_eq!(rooms.find(AppId(0), "r"), Some(room));
        rooms.invariants();
    }
}
