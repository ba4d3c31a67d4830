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
use throng_broker::rate::QuotaLimits;
use throng_protocol::Code;
use throng_protocol::value::{LimitSetting, ListChange, ListName, PublishOptions, Role};

use crate::checker::PROTECTED_KIND;
use crate::client::Outcome as Answer;
use crate::fault::{Fault, Faults};
use crate::net::Weather;
use crate::random::Random;
use crate::world::{Shape, World};

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
        Self { seed, actions: 400, faults: Faults::all(), print: false }
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
        Played { deliveries: chaos.world.checker.deliveries(), faults: chaos.hit, events, hash }
    }
}

/// How a plan went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// Messages that were delivered.
    pub deliveries: u64,
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
    /// Waits that senders were told, to be tried to the millisecond.
    waits_ms: Vec<u32>,
}

impl Chaos {
    fn new(plan: &Plan) -> Self {
        let mut random = Random::new(plan.seed, 10);
        let drawn = Fault::ALL.iter().filter(|_| random.percent(40));
        let faults = drawn.fold(Faults::NONE, |set, fault| set.with(*fault)).and(plan.faults);
        let (shape, hit) = shape(&mut random, faults);
        let (rooms, users) = (1 + random.below(5), 1 + random.below(12));
        let world = World::new(plan.seed, &shape);
        world.net.trace(|trace| trace.print = plan.print);
        Self { world, random, faults, hit, rooms, users, waits_ms: Vec::new() }
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
        let room = format!("room-{}", self.random.below(self.rooms));
        let dice = self.random.below(100);
        let client = if dice < 13 { None } else { self.open_client() };
        let Some(client) = client else {
            let user = format!("user-{}", self.random.below(self.users));
            let device = format!("device-{}", self.random.below(12));
            let role = if self.random.percent(15) { Role::Server } else { Role::Client };
            self.world.connect(&user, &device, role);
            return;
        };
        let own = &mut self.world.clients[client];
        match dice {
            ..16 if self.faults.has(Fault::Close) => self.come_back(client, &room),
            ..35 => _ = own.join(&room),
            35..43 => _ = own.leave(&room),
            43..87 => self.publish(client, &room),
            87..91 => self.change_rules(client, &room),
            91..93 => _ = own.destroy(&room),
            93..96 => _ = own.create(&room),
            96..99 => _ = own.query(&room),
            _ => (0..25).for_each(|_| _ = own.query(&room)),
        }
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
        let own = &mut self.world.clients[client];
        match self.random.below(7) {
            0 => _ = own.change_list((ListName::ProtectedUsers, room), change, &[&user]),
            1 => _ = own.change_list((ListName::LowKinds, ""), change, &["extra", "like"]),
            2 | 3 => _ = own.set_limits(room, pools, slow_mode_ms),
            4 => _ = own.query_limits(room),
            5 => _ = own.query_counters(),
            _ => _ = own.query_list(ListName::ProtectedUsers, room),
        }
    }

    /// A user that has just said much comes back as if it were new.
    fn come_back(&mut self, client: usize, room: &str) {
        let own = &self.world.clients[client];
        let (user, device, role) = (own.user.clone(), own.device.clone(), own.role);
        self.world.close(client);
        let client = self.world.connect(&user, &device, role);
        self.world.clients[client].join(room);
        self.publish(client, room);
    }

    fn publish(&mut self, client: usize, room: &str) {
        // Without an ack a client cannot know which places are its own.
        let options = [0, 0, 0, 1, 3][self.random.below(5)];
        let bytes = [8, 8, 40, 40, 3_000, 30_000][self.random.below(6)];
        let count = [1, 1, 1, 2, 7][self.random.below(5)];
        for _ in 0..count {
            let options = PublishOptions::from_bits(options);
            let request = self.world.publish_bytes(client, room, bytes, options);
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
            }
            (Fault::Crash, _) if self.random.percent(15) => self.world.crash(),
            (Fault::WallJump, _) => {
                let jump = self.random.draw() % 7_200_000_000;
                self.world.jump_wall(jump);
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
        self.world.checker.check_skipped();
        self.check_census();
        for client in 0..self.world.clients.len() {
            if self.world.clients[client].is_open() {
                self.check_client(client);
            }
        }
        self.world.check_connections();
        self.check_devices();
        self.check_counts();
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

    /// The counts a room shows are those of the clients that believe to be in it (I26).
    fn check_counts(&mut self) {
        self.world.pass(Duration::from_secs(2));
        let server = self.world.connect("counting-server", "", Role::Server);
        self.world.settle();
        if !self.world.clients[server].is_open() {
            return; // There are as many connections as there may be.
        }
        for room in (0..self.rooms).map(|n| format!("room-{n}")) {
            let query = self.world.clients[server].query(&room);
            let Answer::State(_, _, occupants) = self.world.outcome(server, query) else {
                continue;
            };
            let inside =
                |own: &&crate::client::Client| own.is_open() && own.rooms.contains_key(&room);
            let believing = self.world.clients.iter().filter(inside).count();
            assert_eq!(believing as u64, occupants, "occupants of {room} (I26)");
        }
    }
}

/// The shape of a world, and the faults that lie in the shape.
fn shape(random: &mut Random, faults: Faults) -> (Shape, Faults) {
    let workers = u16::try_from(1 + random.below(4)).expect("small");
    let mut shape = Shape::new(workers);
    let mut hit = Faults::NONE;
    let mut drawn = |fault, calm, bad: &[usize]| {
        let value = bad[random.below(bad.len())];
        if !faults.has(fault) {
            return calm;
        }
        hit = hit.with(fault);
        value
    };
    let calm = Weather::CALM;
    shape.weather = Weather {
        receive_bytes_max: drawn(Fault::SplitReads, calm.receive_bytes_max, &[1, 3, 17, 200]),
        pipe_bytes_max: drawn(Fault::ShortWrites, calm.pipe_bytes_max, &[1, 50, 1_000]),
        delay_percent: drawn(Fault::Delay, 0, &[10, 50, 90]) as u64,
        receives_max: drawn(Fault::FewBuffers, calm.receives_max, &[1, 2, 5]),
        accepts: true,
    };
    shape.lane_envelopes = drawn(Fault::TinyLanes, shape.lane_envelopes, &[4, 8, 16]);
    let least = throng_broker::limits::OUTBOUND_BYTES_MAX_MIN;
    shape.outbound_bytes_max = drawn(Fault::TinyBacklog, shape.outbound_bytes_max, &[least]);
    shape.connections_max = [10_000, 10_000, 6][random.below(3)];
    shape.speakers_percent = 50;
    shape.mixed_kinds = true;
    shape.visits_per_turn = [1, 3, shape.visits_per_turn][random.below(3)];
    shape.app.lists.protected_kinds = [PROTECTED_KIND.into()].into_iter().collect();
    shape.app.lists.low_kinds = ["like".into()].into_iter().collect();
    if random.percent(50) {
        shape.app.quota = QuotaLimits::default();
    }
    if random.percent(20) {
        let normal = u32::try_from(1 + random.below(5)).expect("small");
        shape.app.receiver_caps.normal = std::num::NonZeroU32::new(normal);
    }
    shape.app.rates.refused = std::num::NonZeroU32::new([200, 200, 5][random.below(3)]);
    shape.app.rooms_per_user = [1, 1, 1, 2, 5][random.below(5)];
    shape.app.publish_without_join = random.percent(20);
    shape.app.rooms.lifetimes.idle = Duration::from_secs([60, 3_600][random.below(2)]);
    if random.percent(60) {
        shape.app.rates.requests = None;
    }
    if random.percent(50) {
        shape.app.rates.client_messages = None;
        shape.app.rates.server_messages = None;
    }
    (shape, hit)
}
