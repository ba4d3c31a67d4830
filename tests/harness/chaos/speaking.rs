//! What is said in a world of chaos in other ways than once to a whole room: under an id, again and
//! again, also after a cut and from other devices; to some members; to many rooms; to everyone.

use throng_protocol::value::{PublishOptions, Role};

use super::Chaos;
use crate::client::keeping::Special;
use crate::fault::Fault;

/// How many messages with ids are remembered.
const NAMED_MAX: usize = 20;

/// A message with an id that may be repeated.
#[derive(Debug, Clone)]
pub(super) struct Named {
    user: String,
    role: Role,
    room: String,
    id: String,
    payload: Vec<u8>,
}

impl Chaos {
    /// Somebody says something in some such way.
    pub(super) fn speak(&mut self, client: usize, room: &str) {
        let (client, room) = self.at_home(client, room);
        match self.random.below(12) {
            0..3 => self.publish_named(client, &room),
            3..7 => self.repeat(),
            7 | 8 => self.publish_to_some(client, &room),
            9 | 10 => self.publish_to_many(client),
            _ => {
                let payload = self.world.new_payload();
                self.world.broadcast(client, &payload);
            }
        }
    }

    fn publish_named(&mut self, client: usize, room: &str) {
        let payload = self.world.new_payload();
        let own = &self.world.clients[client];
        let (user, role, room) = (own.user.clone(), own.role, room.to_owned());
        let id = format!("id-{}", u64::from_be_bytes(payload[..8].try_into().expect("eight")));
        let named = Named { user, role, room, id, payload };
        let times = [1, 1, 2, 3][self.random.below(4)];
        for _ in 0..times {
            self.say_named(client, &named);
        }
        if self.random.percent(20) && self.faults.has(Fault::Close) {
            // It does not hear the answer, and asks again from elsewhere.
            self.world.step();
            self.world.close(client);
            let again = self.come_again((&named.user, "again"), named.role);
            self.join(again, &named.room);
            self.say_named(again, &named);
        }
        self.named.push(named);
        if self.named.len() > NAMED_MAX {
            self.named.remove(0);
        }
    }

    fn say_named(&mut self, client: usize, named: &Named) {
        let options = PublishOptions::from_bits(u8::from(self.random.percent(30)));
        let (room, payload, id) = (&*named.room, &*named.payload, &*named.id);
        self.world.publish_special(client, Special { room, payload, id, targets: &[], options });
    }

    /// Somebody who said something under an id says it again.
    fn repeat(&mut self) {
        if self.named.is_empty() {
            return;
        }
        let named = self.named[self.random.below(self.named.len())].clone();
        let open = self.world.open_clients();
        let is_own = |client: &&usize| {
            let own = &self.world.clients[**client];
            (&own.user, own.role) == (&named.user, named.role)
        };
        let own: Vec<usize> = open.iter().filter(is_own).copied().collect();
        if !own.is_empty() {
            let client = own[self.random.below(own.len())];
            self.say_named(client, &named);
        }
    }

    fn publish_to_some(&mut self, client: usize, room: &str) {
        // Now and then one of them is named twice.
        let users: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.some_user()).collect();
        let targets: Vec<&str> = users.iter().map(String::as_str).collect();
        let payload = self.world.new_payload();
        let id = format!("direct-{}", self.random.draw());
        let (id, times) = if self.random.percent(40) { (&*id, 2) } else { ("", 1) };
        let options = PublishOptions::default();
        for _ in 0..times {
            let special = Special { room, payload: &payload, id, targets: &targets, options };
            self.world.publish_special(client, special);
        }
    }

    fn some_user(&mut self) -> String {
        format!("user-{}", self.random.below(self.users))
    }

    fn publish_to_many(&mut self, client: usize) {
        let rooms: Vec<String> = (0..self.rooms).map(|n| format!("room-{n}")).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        let count = 1 + self.random.below(rooms.len());
        let payload = self.world.new_payload();
        let id = format!("many-{}", self.random.draw());
        let (id, times) = if self.random.percent(40) { (&*id, 2) } else { ("", 1) };
        for _ in 0..times {
            self.world.publish_many(client, &rooms[..count], (&payload, id));
        }
    }
}
