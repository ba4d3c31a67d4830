//! A simulated world: a whole broker of several workers, its clients, its network and its time,
//! on one thread and from one seed.
//!
//! The world runs whichever worker a kernel would wake, in an order drawn from the seed, checks
//! every shard's invariants after each of its turns, and lets time pass only when nobody has
//! anything to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use throng_broker::app::App;
use throng_broker::id::{HashKey, ShardId};
use throng_broker::limits;
use throng_broker::mesh;
use throng_broker::session::Patience;
use throng_broker::shard::{Settings, Shard};
use throng_broker::time::Instant;
use throng_broker::worker::{Turn, Worker};
use throng_protocol::value::{PublishOptions, Role};

use crate::checker::Checker;
use crate::client::{APP, Client, Outcome, SECRET};
use crate::io::SimIo;
use crate::net::{LinkId, Net, Weather};
use crate::random::Random;

/// What a world is made like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// How many workers the broker has.
    pub workers: u16,
    /// The app all clients are of.
    pub app: App,
    /// How the network behaves.
    pub weather: Weather,
    /// Connections each shard takes.
    pub connections_max: usize,
    /// Bytes that may wait for a session.
    pub outbound_bytes_max: usize,
}

impl Shape {
    /// A broker with that many workers, a development app that creates rooms on joining, and
    /// good weather.
    #[must_use]
    pub fn new(workers: u16) -> Self {
        let mut app = App::new(APP);
        app.development_secret = Some(SECRET.into());
        app.create_on_join = true;
        Self {
            workers,
            app,
            weather: Weather::CALM,
            connections_max: 10_000,
            outbound_bytes_max: limits::OUTBOUND_BYTES_MAX_DEFAULT,
        }
    }
}

/// A world.
pub struct World {
    /// The network.
    pub net: Net,
    /// All clients that ever were.
    pub clients: Vec<Client>,
    links: Vec<LinkId>,
    /// The judge.
    pub checker: Checker,
    workers: Vec<Option<Worker<SimIo>>>,
    /// When each worker wants a turn even if nothing happens.
    deadlines: Vec<Option<Instant>>,
    random: Random,
    drain: Arc<AtomicBool>,
    payloads: u64,
    turns: u64,
    trace: u64,
}

const PATIENCE: Patience = Patience {
    hello: limits::HELLO_DEADLINE_DEFAULT,
    frame: limits::FRAME_DEADLINE_DEFAULT,
    ping_after: limits::PING_AFTER_DEFAULT,
};

impl World {
    /// A world from a seed.
    ///
    /// # Panics
    /// Never: a simulated back end can always be woken.
    #[must_use]
    pub fn new(seed: u64, shape: &Shape) -> Self {
        let count = usize::from(shape.workers);
        let net = Net::new(Random::new(seed, 1), shape.weather, count);
        let mut keys = Random::new(seed, 2);
        let hash_key = HashKey(keys.draw(), keys.draw());
        let drain = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..shape.workers)
            .zip(mesh::mesh(count))
            .map(|(id, mesh)| {
                let shard = Shard::new(Settings {
                    id: ShardId(id),
                    shards: shape.workers,
                    apps: vec![shape.app.clone()],
                    patience: PATIENCE,
                    outbound_bytes_max: shape.outbound_bytes_max,
                    connections_max: shape.connections_max,
                    hash_key,
                    seed: keys.draw(),
                });
                let io = SimIo::new(net.clone(), usize::from(id));
                let worker = Worker::new(io, shard, mesh, Arc::clone(&drain));
                Some(worker.expect("a simulated back end can always be woken"))
            })
            .collect();
        Self {
            net,
            clients: Vec::new(),
            links: Vec::new(),
            checker: Checker::default(),
            deadlines: vec![Some(Instant::ZERO); count],
            workers,
            random: Random::new(seed, 3),
            drain,
            payloads: 0,
            turns: 0,
            trace: 0,
        }
    }

    /// A new client, by its number.
    pub fn connect(&mut self, user: &str, device: &str, role: Role) -> usize {
        self.insert(Client::hello(user, device, role))
    }

    /// A new client that says nothing, by its number.
    pub fn connect_silent(&mut self) -> usize {
        self.insert(Client::default())
    }

    /// A client is gone without a word.
    pub fn close(&mut self, client: usize) {
        self.carry_up(client);
        self.net.client_close(self.links[client]);
        self.clients[client].hear_end();
    }

    /// A client stops reading, or reads again.
    pub fn stall(&mut self, client: usize, stalled: bool) {
        self.net.client_stall(self.links[client], stalled);
    }

    /// A new client that says hello, and lets everything happen until it is in.
    ///
    /// # Panics
    /// When it is not let in.
    pub fn open(&mut self, user: &str, role: Role) -> usize {
        let client = self.connect(user, "device", role);
        self.settle();
        assert!(self.clients[client].is_open(), "{user} is let in");
        client
    }

    /// Publishes something unique.
    pub fn publish(&mut self, client: usize, room: &str, options: PublishOptions) -> u32 {
        self.payloads += 1;
        let payload = self.payloads.to_be_bytes();
        self.clients[client].publish(&mut self.checker, room, &payload, options)
    }

    /// Lets everything happen and gives what became of a request.
    ///
    /// # Panics
    /// When nothing became of it.
    pub fn outcome(&mut self, client: usize, request: u32) -> Outcome {
        self.settle();
        self.clients[client].outcomes.get(&request).expect("every request has an outcome").clone()
    }

    /// How many sends the broker has begun to a client.
    #[must_use]
    pub fn sends(&self, client: usize) -> u64 {
        self.net.sends(self.links[client])
    }

    /// Tells the broker to go down.
    pub fn drain(&mut self) {
        self.drain.store(true, Ordering::Relaxed);
        self.deadlines.fill(Some(Instant::ZERO));
    }

    /// Whether all workers have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.workers.iter().all(Option::is_none)
    }

    /// How many turns were taken.
    #[must_use]
    pub const fn turns(&self) -> u64 {
        self.turns
    }

    /// A number that stands for all that happened: the same seed gives the same (I28).
    #[must_use]
    pub const fn trace(&self) -> u64 {
        self.trace
    }

    /// Lets one worker that has something to do take a turn. Says whether there was one.
    ///
    /// # Panics
    /// When an invariant does not hold.
    pub fn step(&mut self) -> bool {
        for client in 0..self.clients.len() {
            self.carry_up(client);
        }
        let now = self.net.now().instant;
        let ready: Vec<usize> = (0..self.workers.len())
            .filter(|&worker| {
                let due = self.deadlines[worker].is_some_and(|deadline| deadline <= now);
                self.workers[worker].as_mut().is_some_and(|own| due || own.io_mut().is_ready())
            })
            .collect();
        if ready.is_empty() {
            return false;
        }
        let chosen = ready[self.random.below(ready.len())];
        let worker = self.workers[chosen].as_mut().expect("it is ready");
        let turn = worker.turn().expect("a simulated back end does not break");
        worker.shard().invariants();
        self.deadlines[chosen] = worker.lie_down();
        if turn == Turn::Finished {
            self.workers[chosen] = None;
        }
        self.turns += 1;
        self.note(chosen as u64);
        self.carry_down();
        self.note(self.checker.deliveries());
        true
    }

    /// Lets everything happen that can happen without time passing.
    ///
    /// # Panics
    /// When it never ends.
    pub fn settle(&mut self) {
        for _ in 0..1_000_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the broker does not come to rest");
    }

    /// Lets time pass, and everything happen in its time.
    pub fn pass(&mut self, time: Duration) {
        let end = self.net.now().instant + time;
        loop {
            self.settle();
            let now = self.net.now().instant;
            let next = self.deadlines.iter().flatten().copied().filter(|at| *at > now).min();
            let next = next.unwrap_or(end).min(end);
            self.net.advance(next.since(now));
            if next == end {
                self.settle();
                return;
            }
        }
    }

    fn insert(&mut self, client: Client) -> usize {
        self.links.push(self.net.connect());
        self.clients.push(client);
        self.clients.len() - 1
    }

    fn carry_up(&mut self, client: usize) {
        let said = self.clients[client].take_said();
        if !said.is_empty() {
            self.net.client_send(self.links[client], &said);
        }
    }

    fn carry_down(&mut self) {
        for (client, link) in self.clients.iter_mut().zip(&self.links) {
            match self.net.client_receive(*link) {
                Some(bytes) => client.hear(&bytes, &mut self.checker),
                None => client.hear_end(),
            }
        }
    }

    fn note(&mut self, what: u64) {
        self.trace = (self.trace ^ what).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17);
    }
}
