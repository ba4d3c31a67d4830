//! What is done in a world of chaos with what rooms keep: attributes and queues are written, polled
//! and asked for, messages are taken back and looked up. The checker's claims judge all of it.

use throng_protocol::request::{QueryHistory, QueryTop};
use throng_protocol::value::{
    AttributeOp, AttributeOptions, AttributeWrite, BotChange, HistoryBy, HistoryOrder,
    NoticeOptions, QueueOp, QueueOptions, QueuePermission, QueueWrite, Role, TopBy, TopPeriod,
    WriteWhen,
};

use super::Chaos;
use crate::kept::{IF_AT, QUIET};

/// One change that was drawn: its key, and numbers for all else.
struct Drawn {
    key: String,
    value: Vec<u8>,
    dice: [usize; 4],
}

impl Chaos {
    /// Somebody does something with what a room keeps; often a server, or in a room it is in.
    pub(super) fn keep(&mut self, client: usize, room: &str) {
        let (client, room) = self.at_home(client, room);
        let room = &*room;
        let dice = self.random.below(22);
        let limit = [1, 100][self.random.below(2)];
        match dice {
            0..6 => self.write_attributes(client, room),
            6..11 => self.write_queue(client, room),
            11 | 12 => self.set_queue(client, room),
            13 => {
                let force = self.random.percent(30);
                self.world.clients[client].clear_attributes(room, force);
            }
            14 => _ = self.world.clients[client].query_attributes(room, limit),
            15 => _ = self.world.clients[client].query_queue(room, limit),
            16 if self.random.percent(30) => _ = self.world.clients[client].clear_queue(room),
            16 => {
                let key = format!("key-{}", self.random.below(6));
                let key = if self.random.percent(70) { "" } else { &key };
                self.world.clients[client].poll_queue(room, key);
            }
            17 => self.ask_for_history(client, room),
            18 | 19 => self.recall(client, room),
            20 => self.change_bots(client, room),
            _ => self.ask_for_the_first(client),
        }
    }

    /// A client and a room it is in, if it is in any; a server may do without.
    pub(super) fn at_home(&mut self, client: usize, room: &str) -> (usize, String) {
        let open = self.world.open_clients();
        let mut servers = open.iter().filter(|own| self.world.clients[**own].role == Role::Server);
        if let Some(server) = servers.next().filter(|_| self.random.percent(35)) {
            return (*server, room.to_owned());
        }
        let rooms: Vec<&String> = self.world.clients[client].rooms.keys().collect();
        if rooms.is_empty() || self.random.percent(10) {
            return (client, room.to_owned());
        }
        (client, rooms[self.random.below(rooms.len())].clone())
    }

    /// Some changes, and whether nobody is told of them: then they have keys of their own.
    fn draw_changes(&mut self) -> (Vec<Drawn>, NoticeOptions) {
        let quiet = self.random.percent(10);
        let count = [1, 1, 1, 2, 4][self.random.below(5)];
        let prefix = if quiet { QUIET } else { "key" };
        let changes = (0..count).map(|_| Drawn {
            key: format!("{prefix}-{}", self.random.below(6)),
            value: self.random.below(1_000).to_string().into_bytes(),
            dice: [0; 4].map(|_| self.random.below(100)),
        });
        (changes.collect(), NoticeOptions::from_bits(u8::from(quiet)))
    }

    fn write_attributes(&mut self, client: usize, room: &str) {
        let (mut changes, options) = self.draw_changes();
        let newest = self.revisions(client, room);
        if changes.len() == 1 && changes[0].dice[1] >= 80 {
            let wanted = newest.saturating_sub(changes[0].dice[1] as u64 % 3);
            changes[0].value = format!("{IF_AT}{wanted}").into_bytes();
            changes[0].dice[0] = 0;
        }
        let writes: Vec<AttributeWrite<'_>> = changes
            .iter()
            .map(|own| AttributeWrite {
                key: &own.key,
                value: &own.value,
                op: match own.dice[0] {
                    ..55 => AttributeOp::Set,
                    55..80 => AttributeOp::Add,
                    _ => AttributeOp::Delete,
                },
                add: 1,
                when: match own.dice[1] {
                    ..70 => WriteWhen::Always,
                    70..80 => WriteWhen::Absent,
                    _ => WriteWhen::Revision,
                },
                revision: newest.saturating_sub(own.dice[1] as u64 % 3),
                expires_after: [0, 0, 0, 1, 3][own.dice[2] % 5],
                options: AttributeOptions::from_bits([0, 0, 2, 2, 1][own.dice[3] % 5]),
            })
            .collect();
        self.world.clients[client].write_attributes_with(room, &writes, options);
    }

    /// The newest revision that a client was told when it joined.
    fn revisions(&self, client: usize, room: &str) -> u64 {
        let kept = self.world.clients[client].kept.get(room);
        let attributes = kept.and_then(|own| own.attributes.as_ref());
        let newest = attributes.and_then(|own| own.values().map(|own| own.revision).max());
        newest.unwrap_or_default()
    }

    fn write_queue(&mut self, client: usize, room: &str) {
        let (changes, options) = self.draw_changes();
        let writes: Vec<QueueWrite<'_>> = changes
            .iter()
            .map(|own| QueueWrite {
                op: if own.dice[0] < 75 { QueueOp::Offer } else { QueueOp::Remove },
                key: &own.key,
                value: &own.value,
                options: QueueOptions::from_bits(u8::from(own.dice[1] < 40)),
            })
            .collect();
        self.world.clients[client].write_queue_with(room, &writes, options);
    }

    fn set_queue(&mut self, client: usize, room: &str) {
        let size = [0, 2, 5, 1_000, 1_000][self.random.below(5)];
        let managers = self.random.percent(20);
        let permission = if managers { QueuePermission::Managers } else { QueuePermission::Anyone };
        self.world.clients[client].set_queue(room, size, permission);
    }

    /// A place in a room that the client is in, near the newest it knows.
    fn some_place(&mut self, client: usize, room: &str) -> (u64, u64) {
        let inside = self.world.clients.iter().filter(|own| own.is_open());
        let epoch = self.world.clients[client].rooms.get(room).map(|view| view.epoch());
        let mut others = inside.filter_map(|own| own.rooms.get(room));
        let epoch = epoch.or_else(|| others.next().map(|view| view.epoch())).unwrap_or(1);
        let newest = self.world.checker.newest(room, epoch);
        (epoch, newest.saturating_sub(self.random.below(8) as u64))
    }

    fn recall(&mut self, client: usize, room: &str) {
        let place = self.some_place(client, room);
        let erase = self.random.percent(30);
        self.world.clients[client].recall(room, place, erase);
    }

    fn ask_for_history(&mut self, client: usize, room: &str) {
        let (_, seq) = self.some_place(client, room);
        let newest_first = self.random.percent(50);
        let order =
            if newest_first { HistoryOrder::NewestFirst } else { HistoryOrder::OldestFirst };
        let by_time = self.random.percent(20);
        let (by, from) = if by_time {
            (HistoryBy::Time, self.world.net.now().wall.as_micros() - 1_000_000)
        } else {
            (HistoryBy::Seq, [seq, u64::MAX, 0][self.random.below(3)])
        };
        let limit = [1, 10, 100][self.random.below(3)];
        let query = QueryHistory { room, by, from, order, limit, ..QueryHistory::default() };
        self.world.clients[client].query_history(query);
    }

    fn change_bots(&mut self, client: usize, room: &str) {
        let changes = [BotChange::Add, BotChange::Add, BotChange::Remove, BotChange::Clear];
        let change = changes[self.random.below(4)];
        let bot = format!("bot-{}", self.random.below(5));
        let bots = [&*bot];
        let bots = if change == BotChange::Clear { &[][..] } else { &bots[..] };
        self.world.clients[client].change_bots(room, change, bots);
    }

    fn ask_for_the_first(&mut self, client: usize) {
        let by = [TopBy::Members, TopBy::Active, TopBy::Messages][self.random.below(3)];
        let period = [TopPeriod::Hour, TopPeriod::Day][self.random.below(2)];
        let query = QueryTop { by, period, limit: 10, ..QueryTop::default() };
        self.world.clients[client].request(query);
    }
}
