//! Anything goes: clients come, join, talk, leave, stall and vanish at random, over a network and
//! a machine that fail in every way there is a [`Fault`] for, and every invariant holds all the
//! time. Then the faults stop, and within bounded time all that was accepted has arrived and all
//! agree.
//!
//! A seed draws the shape of the world (cores, users, rooms, limits, which faults) and what
//! happens in it. The same [`Plan`] gives the same world.

use std::time::Duration;

use throng_broker::class::Class;
use throng_broker::counters::Outcome;
use throng_broker::nature::Presence;
use throng_protocol::Code;
use throng_protocol::value::{
    JoinOptions, LimitSetting, ListChange, ListName, PublishOptions, Role,
};

use crate::client::{Coming, Outcome as Answer};
use crate::fault::{Fault, Faults};
use crate::net::Weather;
use crate::passes::CREDENTIAL;
use crate::random::Random;
use crate::world::World;

mod counts;
mod forbidden;
mod keeping;
mod ruling;
mod shape;
mod speaking;
mod tokens;

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of all that is drawn.
    pub seed: u64,
    /// How many things clients and the world do.
    pub actions: usize,
    /// Faults that may happen at all; the seed draws among them.
    pub faults: Faults,
    /// Whether every event is printed.
    pub print: bool,
}

impl Plan {
    /// A seed with everything that can happen in it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, actions: 540, faults: Faults::all(), print: false }
    }

    /// Plays it to its end.
    ///
    /// # Panics
    /// When an invariant does not hold.
    #[must_use]
    pub fn play(&self) -> Played {
        let mut chaos = Chaos::new(self);
        chaos.run(self.actions);
        chaos.come_to_rest();
        let (events, hash) = chaos.world.net.trace(|trace| (trace.events(), trace.hash()));
        let checker = &chaos.world.checker;
        let (deliveries, claims) = (checker.deliveries(), checker.claims_compared());
        Played { deliveries, claims, faults: chaos.hit, events, hash }
    }
}

/// How a plan went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// Messages that were delivered.
    pub deliveries: u64,
    /// What was said of rooms' state and held against what notices made of it.
    pub claims: u64,
    /// Faults that happened.
    pub faults: Faults,
    /// Things that happened.
    pub events: u64,
    /// The number that stands for all of them.
    pub hash: u64,
}

struct Chaos {
    world: World,
    random: Random,
    faults: Faults,
    hit: Faults,
    rooms: usize,
    users: usize,
    /// What members are told of each other.
    presence: Presence,
    /// Whether visitors without an account are let in.
    anonymous: bool,
    /// Who may not speak, for sure.
    forbidden: forbidden::Forbidden,
    /// Waits that senders were told, to be tried to the millisecond.
    waits_ms: Vec<u32>,
    /// Messages with ids, to be repeated.
    named: Vec<speaking::Named>,
    tokens: tokens::Tokens,
}

impl Chaos {
    fn new(plan: &Plan) -> Self {
        let mut random = Random::new(plan.seed, 10);
        let drawn = Fault::ALL.iter().filter(|_| random.percent(40));
        let faults = drawn.fold(Faults::NONE, |set, fault| set.with(*fault)).and(plan.faults);
        let (mut shape, hit) = shape::shape(&mut random, faults);
        let tokens = tokens::Tokens::new(plan.seed, &mut shape);
        let (rooms, users) = (1 + random.below(5), 1 + random.below(12));
        let world = World::new(plan.seed, &shape);
        world.net.trace(|trace| trace.print = plan.print);
        let (presence, anonymous) = (shape.app.rooms.presence, shape.app.anonymous);
        let forbidden = forbidden::Forbidden::default();
        let (waits_ms, named) = (Vec::new(), Vec::new());
        Self {
            world,
            random,
            faults,
            hit,
            rooms,
            users,
            presence,
            anonymous,
            forbidden,
            waits_ms,
            named,
            tokens,
        }
    }

    fn run(&mut self, actions: usize) {
        for _ in 0..actions {
            if self.random.percent(12) {
                self.go_wrong();
            } else {
                self.act();
            }
            for _ in 0..self.random.below(6) {
                self.world.step();
            }
            self.check_forbidden();
            self.check_tokens();
            if self.random.percent(6) {
                self.let_time_pass();
            }
        }
    }

    /// Time passes: a little, until a sender may speak again, or until something is overdue.
    fn let_time_pass(&mut self) {
        let wait = match (self.random.below(8), self.waits_ms.pop()) {
            (0, _) => Duration::from_secs(4 + self.random.draw() % 40),
            (1..=4, Some(wait_ms)) => {
                Duration::from_millis(u64::from(wait_ms).saturating_sub(self.random.draw() % 2))
            }
            _ => Duration::from_millis(self.random.draw() % 1_500),
        };
        self.world.net.advance(wait);
    }

    fn open_client(&mut self) -> Option<usize> {
        let open = self.world.open_clients();
        if open.is_empty() { None } else { Some(open[self.random.below(open.len())]) }
    }

    fn act(&mut self) {
        if self.change_tokens() {
            return;
        }
        let room = format!("room-{}", self.random.below(self.rooms));
        let dice = self.random.below(135);
        let client = if dice < 13 { None } else { self.open_client() };
        let Some(client) = client else {
            return self.connect();
        };
        match dice {
            ..16 if self.faults.has(Fault::Close) => self.come_back(client, &room),
            ..35 => _ = self.join(client, &room),
            35..42 => _ = self.world.clients[client].leave(&room),
            42..77 => self.publish(client, &room),
            77..89 => self.rule(client, &room),
            89..93 => self.change_rules(client, &room),
            93..94 => _ = self.world.clients[client].destroy(&room),
            94..96 => self.create(client, &room),
            96..99 => _ = self.world.clients[client].query(&room),
            99 => (0..25).for_each(|_| _ = self.world.clients[client].query(&room)),
            100..122 => self.keep(client, &room),
            _ => self.speak(client, &room),
        }
    }

    /// Somebody comes: a user on some device, a server, or a visitor without an account.
    fn connect(&mut self) {
        if self.anonymous && self.random.percent(8) {
            return self.come(("", ""), Role::Anonymous);
        }
        let user = format!("user-{}", self.random.below(self.users));
        let device = format!("device-{}", self.random.below(12));
        let role = if self.random.percent(15) { Role::Server } else { Role::Client };
        self.come((&user, &device), role);
    }

    /// Somebody comes, by a token or by the app's secret.
    fn come(&mut self, (user, device): (&str, &str), role: Role) {
        if self.comes_by_token() {
            self.come_by_token((user, device), role);
        } else {
            self.world.connect(user, device, role);
        }
    }

    /// A user comes again in the way it must.
    fn come_again(&mut self, (user, device): (&str, &str), role: Role) -> usize {
        if role == Role::Server && user.starts_with(CREDENTIAL) {
            return self.come_by_token((user, device), role);
        }
        self.world.connect(user, device, role)
    }

    /// Joins, with some history, and goes on from where the last session of the device was, if it
    /// was in the room.
    fn join(&mut self, client: usize, room: &str) -> u32 {
        let own = &self.world.clients[client];
        let before = self.world.clients.iter().rev().find(|other| {
            (&other.user, &other.device) == (&own.user, &own.device)
                && other.views_left.contains_key(room)
        });
        let from = before.map(|other| other.views_left[room].position());
        let from = from.filter(|_| self.random.percent(70));
        let history = [0, 0, 3, 10, 50][self.random.below(5)];
        let options = [0, 0, 0, 1, 2, 3][self.random.below(6)];
        let options = JoinOptions::from_bits(options);
        let coming = Coming { history, from, ..Coming::default() };
        self.world.clients[client].join_without(room, coming, options)
    }

    /// Rules change, as far as the client may change them, and are asked for.
    fn change_rules(&mut self, client: usize, room: &str) {
        let user = format!("user-{}", self.random.below(self.users));
        let change = [ListChange::Add, ListChange::Remove, ListChange::Replace];
        let change = change[self.random.below(3)];
        let pools = [0; 3].map(|_| match self.random.below(4) {
            0 => LimitSetting::Limit(1 + u32::try_from(self.random.below(3)).expect("small")),
            1 => LimitSetting::Unlimited,
            2 => LimitSetting::Inherit,
            _ => LimitSetting::Keep,
        });
        let slow_mode_ms = [0, 0, 300, 2_000][self.random.below(4)];
        let limit = LimitSetting::Limit;
        let messages = [LimitSetting::Inherit, limit(50), limit(200)][self.random.below(3)];
        let bytes = [LimitSetting::Inherit, limit(256 * 1024)][self.random.below(2)];
        let own = &mut self.world.clients[client];
        match self.random.below(8) {
            0 => _ = own.change_list((ListName::ProtectedUsers, room), change, &[&user]),
            1 => _ = own.change_list((ListName::LowKinds, ""), change, &["extra", "like"]),
            2 | 3 => _ = own.set_limits(room, pools, slow_mode_ms),
            4 => _ = own.query_limits(room),
            5 => _ = own.query_counters(),
            6 => _ = own.set_ring(room, [messages, bytes]),
            _ => _ = own.query_list(ListName::ProtectedUsers, room),
        }
    }

    /// A user that has just said much comes back as if it were new.
    fn come_back(&mut self, client: usize, room: &str) {
        let own = &self.world.clients[client];
        let (user, device, role) = (own.user.clone(), own.device.clone(), own.role);
        self.world.close(client);
        let client = self.come_again((&user, &device), role);
        self.join(client, room);
        self.publish(client, room);
    }

    fn publish(&mut self, client: usize, room: &str) {
        // Without an ack a client cannot know which places are its own.
        let options = [0, 0, 0, 1, 3][self.random.below(5)];
        let bytes = [8, 8, 40, 40, 3_000, 30_000][self.random.below(6)];
        let count = [1, 1, 2, 7, 12][self.random.below(5)];
        for _ in 0..count {
            let options = PublishOptions::from_bits(options);
            let request = self.world.publish_bytes(client, room, bytes, options);
            self.watch((client, request), room);
            if let Some(Answer::Refused(Code::RATE_LIMITED, wait_ms)) =
                self.world.clients[client].outcomes.get(&(request.saturating_sub(1)))
            {
                self.waits_ms.push(*wait_ms);
            }
        }
    }

    fn go_wrong(&mut self) {
        let fault = Fault::ALL[self.random.below(Fault::ALL.len())];
        if !self.faults.has(fault) {
            return;
        }
        let client = self.open_client();
        let time = Duration::from_millis(1 + self.random.draw() % 5_000);
        match (fault, client) {
            (Fault::Stall, Some(client)) => {
                let stalled = self.random.percent(60);
                self.world.stall(client, stalled);
            }
            (Fault::Close, Some(client)) => self.world.close(client),
            (Fault::Reset, Some(client)) => self.world.reset(client),
            (Fault::HalfClose, Some(client)) => self.world.half_close(client),
            (Fault::Garbage, client) => self.say_garbage(client),
            (Fault::NoDescriptors, _) => {
                let mut weather = self.world.net.weather();
                weather.accepts = !weather.accepts;
                self.world.net.set_weather(weather);
            }
            (Fault::WorkerPause, _) => {
                let worker = self.random.below(8);
                self.world.pause(worker, time);
                self.forbidden.clear();
            }
            (Fault::Crash, _) if self.random.percent(15) => {
                self.world.crash();
                self.forbidden.clear();
                self.tokens.crash();
            }
            (Fault::WallJump, _) => {
                let jump = self.random.draw() % 7_200_000_000;
                self.world.jump_wall(jump);
                self.tokens.jump();
            }
            _ => return,
        }
        self.hit = self.hit.with(fault);
    }

    fn say_garbage(&mut self, client: Option<usize>) {
        let client = client.filter(|_| self.random.percent(60));
        let client = client.unwrap_or_else(|| self.world.connect_silent());
        let bytes: Vec<u8> = (0..1 + self.random.below(40))
            .map(|_| [0, 1, 4, 19, 200, 255][self.random.below(6)])
            .collect();
        self.world.clients[client].forgive_garbage();
        self.world.clients[client].say_raw(&bytes);
    }

    /// The faults stop: everything arrives in bounded time, and all agree (I27).
    fn come_to_rest(&mut self) {
        self.world.net.set_weather(Weather::CALM);
        self.world.unpause();
        for client in 0..self.world.clients.len() {
            self.world.stall(client, false);
        }
        self.world.pass(Duration::from_secs(5));
        self.world.checker.check_rates();
        self.world.checker.check_repeats();
        self.check_granted();
        self.check_census();
        self.check_clients();
        self.world.check_connections();
        self.check_devices();
        self.check_counts();
        self.check_clients();
        self.check_granted();
        self.world.checker.check_claims();
    }

    fn check_clients(&self) {
        self.world.checker.check_skipped();
        self.world.checker.check_kicked();
        for client in 0..self.world.clients.len() {
            if self.world.clients[client].is_open() {
                self.check_client(client);
            }
        }
    }

    fn check_client(&self, client: usize) {
        let own = &self.world.clients[client];
        assert_eq!(own.unanswered(), 0, "client {client} waits for answers (I27)");
        for (room, view) in &own.rooms {
            let newest = self.world.checker.newest(room, view.epoch());
            assert!(view.is_complete(newest), "{room} at client {client}: {view:?} {newest} (I7)");
        }
    }

    /// What the broker counted is no less than what clients saw, and nothing waits any more (I10).
    fn check_census(&self) {
        if self.hit.has(Fault::Crash) {
            return; // It counts from its start on.
        }
        let census = self.world.census();
        let clients = self.world.clients.iter();
        let delivered: u64 = clients.clone().map(|own| own.delivered).sum();
        let counted = census.counters.delivered(&census.waiting).total();
        assert!(delivered <= counted, "{delivered} messages arrived of {counted} (I10)");
        for class in Class::ALL {
            let told: u64 = clients.clone().map(|own| own.skipped[class.index()]).sum();
            let slow = census.counters.of(Outcome::SkippedSlow).of(class);
            let skipped = slow + census.counters.of(Outcome::SkippedCap).of(class);
            assert!(told <= skipped, "{told} were told to be skipped, {skipped} were (I10)");
        }
        assert_eq!(census.waiting.total(), 0, "everything arrives (I27)");
    }

    /// One session for each user and device (I24).
    fn check_devices(&self) {
        let mut seen = std::collections::BTreeSet::new();
        for client in self.world.clients.iter().filter(|own| own.is_open()) {
            if client.role == Role::Client {
                let device = (client.user.clone(), client.device.clone());
                assert!(seen.insert(device), "two sessions of one device (I24): {client:?}");
            }
        }
    }
}
