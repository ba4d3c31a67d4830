//! What a load is made of: rooms, their members and publishers, and what is published.

use throng_protocol::value::Role;

use crate::load::class::Mix;
use crate::load::dialect::Guest;

/// One room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomPlan {
    /// Its members.
    pub members: u32,
    /// Those who publish to it; they are not members.
    pub publishers: u16,
}

/// What a load is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the names of all rooms and users begin with.
    pub name: String,
    /// The rooms. Each has at least one member.
    pub rooms: Vec<RoomPlan>,
    /// What publishers are.
    pub publisher_role: Role,
    /// Whether publishers must be let to publish as much as they like.
    pub unlimited: bool,
    /// Bytes of a payload, stamp included.
    pub payload_bytes: usize,
    /// What is published.
    pub mix: Mix,
    /// The largest window that will be asked for.
    pub window_max: u32,
    /// Whether a member may be cut off without the run being over.
    pub may_lose_members: bool,
}

impl Plan {
    /// Rooms that are all alike, in which nothing goes wrong.
    pub fn alike(name: String, rooms: u32, room: RoomPlan, payload_bytes: usize) -> Self {
        Self {
            name,
            rooms: vec![room; rooms as usize],
            publisher_role: Role::Client,
            unlimited: true,
            payload_bytes,
            mix: Mix::Plain,
            window_max: 1,
            may_lose_members: false,
        }
    }

    /// The name of a room.
    pub fn room_name(&self, room: usize) -> String {
        format!("{}-r{room}", self.name)
    }

    /// Members of all rooms.
    pub fn members(&self) -> u64 {
        self.rooms.iter().map(|room| u64::from(room.members)).sum()
    }

    /// Publishers of all rooms.
    pub fn publishers(&self) -> u64 {
        self.rooms.iter().map(|room| u64::from(room.publishers)).sum()
    }

    /// Everyone: the members room by room, then the publishers room by room.
    pub fn guests(&self) -> Vec<Guest> {
        let mut guests = Vec::new();
        for (number, room) in self.rooms.iter().enumerate() {
            for _ in 0..room.members {
                guests.push(Guest {
                    user: format!("{}-m{}", self.name, guests.len()),
                    role: Role::Client,
                    room: Some(self.room_name(number)),
                    unlimited: false,
                });
            }
        }
        for number in 0..self.publishers() {
            guests.push(Guest {
                user: format!("{}-p{number}", self.name),
                role: self.publisher_role,
                room: None,
                unlimited: self.unlimited,
            });
        }
        guests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_a_name_of_their_own_and_only_members_a_room() {
        let room = RoomPlan { members: 3, publishers: 2 };
        let plan = Plan::alike("it".to_owned(), 2, room, 64);
        let guests = plan.guests();
        assert_eq!((guests.len(), plan.members(), plan.publishers()), (10, 6, 4));
        let rooms: Vec<_> = guests.iter().map(|guest| guest.room.as_deref()).collect();
        assert_eq!(rooms[2..4], [Some("it-r0"), Some("it-r1")]);
        assert_eq!(rooms[6..], [None; 4]);
        let mut users: Vec<_> = guests.into_iter().map(|guest| guest.user).collect();
        users.sort_unstable();
        users.dedup();
        assert_eq!(users.len(), 10);
    }
}
