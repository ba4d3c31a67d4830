//! Anything goes: clients come, join, talk, leave, stall and vanish at random, over a network
//! that cuts and delays everything, and every invariant holds all the time. Then the weather
//! clears, and everything that was accepted must have arrived.

use std::time::Duration;

use throng_harness::client::Outcome;
use throng_harness::net::Weather;
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::value::{PublishOptions, Role};

/// How many worlds a plain test run plays. `SIM_SEEDS=100..2000` plays others.
const SEEDS: core::ops::Range<u64> = 0..60;
const ACTIONS: usize = 400;

/// The seed draws the shape of the world, too, so that it has no blind spot.
fn shape(random: &mut Random) -> Shape {
    let workers = u16::try_from(1 + random.below(4)).expect("small");
    let mut shape = Shape::new(workers);
    shape.weather = Weather {
        receive_bytes_max: [1, 3, 17, 200, 100_000][random.below(5)],
        pipe_bytes_max: [1, 50, 1_000, 100_000][random.below(4)],
        delay_percent: [0, 10, 50, 90][random.below(4)],
    };
    shape.app.rooms_per_user = [1, 1, 1, 1, 2, 5][random.below(6)];
    shape.app.publish_without_join = random.percent(20);
    if random.percent(80) {
        shape.app.rates.requests = None;
        shape.app.rates.client_messages = None;
        shape.app.rates.server_messages = None;
    }
    shape
}

struct Chaos {
    world: World,
    random: Random,
    rooms: Vec<String>,
    users: usize,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 10);
        let shape = shape(&mut random);
        let rooms = (0..1 + random.below(5)).map(|n| format!("room-{n}")).collect();
        let users = 1 + random.below(12);
        Self { world: World::new(seed, &shape), random, rooms, users }
    }

    fn act(&mut self) {
        let room = self.rooms[self.random.below(self.rooms.len())].clone();
        let open: Vec<usize> = (0..self.world.clients.len())
            .filter(|&client| self.world.clients[client].is_open())
            .collect();
        let dice = self.random.below(100);
        if open.is_empty() || dice < 12 {
            let user = format!("user-{}", self.random.below(self.users));
            let device = format!("device-{}", self.random.below(3));
            let role = if self.random.percent(15) { Role::Server } else { Role::Client };
            self.world.connect(&user, &device, role);
            return;
        }
        let client = open[self.random.below(open.len())];
        let options = [0, 0, 1, 2, 3][self.random.below(5)];
        match dice {
            12..30 => _ = self.world.clients[client].join(&room),
            30..38 => _ = self.world.clients[client].leave(&room),
            38..85 => {
                // Without an ack a client cannot know which places are its own.
                let options = PublishOptions::from_bits(options);
                let options =
                    if options == PublishOptions::NO_ACK { PublishOptions::ECHO } else { options };
                self.world.publish(client, &room, options);
            }
            85..88 => _ = self.world.clients[client].destroy(&room),
            88..90 => _ = self.world.clients[client].create(&room),
            90..93 => _ = self.world.clients[client].query(&room),
            93..96 => self.world.close(client),
            _ => {
                let stalled = self.random.percent(50);
                self.world.stall(client, stalled);
            }
        }
    }

    fn run(&mut self) {
        for _ in 0..ACTIONS {
            self.act();
            for _ in 0..self.random.below(6) {
                self.world.step();
            }
            if self.random.percent(5) {
                let time = Duration::from_millis(self.random.draw() % 3_000);
                self.world.net.advance(time);
            }
        }
    }

    /// The weather clears: everything arrives, and all agree.
    fn come_to_rest(&mut self) {
        self.world.net.set_weather(Weather::CALM);
        for client in 0..self.world.clients.len() {
            self.world.stall(client, false);
        }
        self.world.pass(Duration::from_secs(5));
        for client in 0..self.world.clients.len() {
            if !self.world.clients[client].is_open() {
                continue;
            }
            for room in self.rooms.clone() {
                let Some(view) = self.world.clients[client].rooms.get(&room) else { continue };
                let newest = self.world.checker.newest(&room, view.epoch());
                assert!(view.is_complete(newest), "{room} at client {client}: {view:?} {newest}");
            }
        }
        self.check_counts();
    }

    /// The counts a room shows are those of the clients that believe to be in it (I26).
    fn check_counts(&mut self) {
        self.world.pass(Duration::from_secs(2));
        let server = self.world.open("counting-server", Role::Server);
        for room in self.rooms.clone() {
            let query = self.world.clients[server].query(&room);
            let Outcome::State(_, _, occupants) = self.world.outcome(server, query) else {
                continue;
            };
            let believing = self
                .world
                .clients
                .iter()
                .filter(|own| own.is_open() && own.rooms.contains_key(&room));
            assert_eq!(believing.count() as u64, occupants, "occupants of {room}");
        }
    }
}

fn seeds() -> core::ops::Range<u64> {
    let Ok(wanted) = std::env::var("SIM_SEEDS") else { return SEEDS };
    let (first, end) = wanted.split_once("..").expect("SIM_SEEDS=first..end");
    first.parse().expect("a number")..end.parse().expect("a number")
}

#[test]
fn whatever_clients_and_network_do_the_invariants_hold() {
    let (mut deliveries, mut turns) = (0, 0);
    let seeds = seeds();
    for seed in seeds.clone() {
        println!("seed {seed}");
        let mut chaos = Chaos::new(seed);
        chaos.run();
        chaos.come_to_rest();
        deliveries += chaos.world.checker.deliveries();
        turns += chaos.world.turns();
    }
    println!("{turns} turns, {deliveries} deliveries");
    assert!(
        deliveries > (seeds.end - seeds.start) * 50,
        "the worlds were not asleep: {deliveries}"
    );
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let trace = |seed| {
        let mut chaos = Chaos::new(seed);
        chaos.run();
        chaos.world.trace()
    };
    for seed in 0..5 {
        assert_eq!(trace(seed), trace(seed));
    }
    assert_ne!(trace(0), trace(1));
}
