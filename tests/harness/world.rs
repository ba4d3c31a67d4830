//! A simulated world: a whole broker of several workers, its clients, its network and its time,
//! on one thread and from one seed.
//!
//! The world runs whichever worker a kernel would wake, in an order drawn from the seed, checks
//! every shard's invariants after each of its turns, and lets time pass only when nobody has
//! anything to do.

use std::sync::Arc;
use std::time::Duration;

use throng_broker::app::App;
use throng_broker::app::keys::Keys;
use throng_broker::envelope::Census;
use throng_broker::id::{AppId, HashKey, ShardId};
use throng_broker::limits;
use throng_broker::mesh;
use throng_broker::rate::QuotaLimits;
use throng_broker::session::Patience;
use throng_broker::shard::{Settings, Shard};
use throng_broker::time::{Instant, WallTime};
use throng_broker::worker::{Orders, Turn, Worker};
use throng_protocol::value::{ClassHint, PublishOptions, Role};

use crate::checker::{Checker, PROTECTED_KIND, View};
use crate::client::keeping::Special;
use crate::client::{APP, Client, Coming, Outcome, SECRET, Words};
use crate::io::SimIo;
use crate::net::{LinkId, Net, Weather};
use crate::passes::Pass;
use crate::random::Random;
use crate::trace::Trace;

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
    /// Envelopes that a lane between two workers holds.
    pub lane_envelopes: usize,
    /// Occupants that a turn looks at when it fans out.
    pub visits_per_turn: usize,
    /// Whether messages are of all classes, or of the usual one.
    pub mixed_kinds: bool,
    /// For how many clients in a hundred the client crate speaks.
    pub speakers_percent: u64,
}

impl Shape {
    /// A broker with that many workers, a development app that creates rooms on joining, and
    /// good weather.
    #[must_use]
    pub fn new(workers: u16) -> Self {
        let mut app = App::new(APP);
        app.development_secret = Some(SECRET.into());
        app.create_on_join = true;
        app.quota = QuotaLimits::UNLIMITED;
        Self {
            workers,
            app,
            weather: Weather::CALM,
            connections_max: 10_000,
            outbound_bytes_max: limits::OUTBOUND_BYTES_MAX_DEFAULT,
            lane_envelopes: limits::LANE_ENVELOPES,
            visits_per_turn: limits::VISITS_PER_TURN,
            mixed_kinds: false,
            speakers_percent: 0,
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
    /// Those whose link is not over.
    connected: Vec<usize>,
    /// The judge.
    pub checker: Checker,
    shape: Shape,
    workers: Vec<Place>,
    random: Random,
    keys: Random,
    /// Draws for which clients the client crate speaks.
    speakers: Random,
    orders: Arc<Orders>,
    payloads: u64,
    /// When clients last did what was due.
    passed_at: throng_client::time::Instant,
}

/// Where a worker is, while it is.
struct Place {
    worker: Option<Worker<SimIo>>,
    /// When it wants a turn even if nothing happens.
    deadline: Option<Instant>,
    /// It gets no time before this.
    paused_until: Instant,
}

const PATIENCE: Patience = Patience {
    hello: limits::HELLO_DEADLINE_DEFAULT,
    frame: limits::FRAME_DEADLINE_DEFAULT,
    ping_after: limits::PING_AFTER_DEFAULT,
};

/// How a message is published that is of the usual class.
const PLAIN: (&str, ClassHint) = ("text", ClassHint::Default);

/// How a message of that number is published where there are all kinds.
const fn mixed(number: u64) -> (&'static str, ClassHint) {
    match number % 7 {
        0 => (PROTECTED_KIND, ClassHint::Default),
        1 => ("like", ClassHint::Default),
        2 => ("text", ClassHint::Low),
        3 => ("extra", ClassHint::Default),
        _ => PLAIN,
    }
}

impl World {
    /// A world from a seed.
    #[must_use]
    pub fn new(seed: u64, shape: &Shape) -> Self {
        let net = Net::new(Random::new(seed, 1), shape.weather, usize::from(shape.workers));
        let mut world = Self {
            net,
            clients: Vec::new(),
            links: Vec::new(),
            connected: Vec::new(),
            checker: Checker::new(shape.app.rates),
            shape: shape.clone(),
            workers: Vec::new(),
            random: Random::new(seed, 3),
            keys: Random::new(seed, 2),
            speakers: Random::new(seed, 4),
            orders: Arc::new(Orders::default()),
            payloads: 0,
            passed_at: throng_client::time::Instant::ZERO,
        };
        world.start();
        world
    }

    /// Starts the broker, in the place of the one before.
    fn start(&mut self) {
        let hash_key = HashKey(self.keys.draw(), self.keys.draw());
        let ends = mesh::mesh(usize::from(self.shape.workers), self.shape.lane_envelopes);
        self.orders = Arc::new(Orders::default());
        self.workers = (0..self.shape.workers)
            .zip(ends)
            .map(|(id, mesh)| {
                let shard = Shard::new(Settings {
                    id: ShardId(id),
                    shards: self.shape.workers,
                    apps: vec![self.shape.app.clone()],
                    patience: PATIENCE,
                    outbound_bytes_max: self.shape.outbound_bytes_max,
                    lane_envelopes: self.shape.lane_envelopes,
                    visits_per_turn: self.shape.visits_per_turn,
                    connections_max: self.shape.connections_max,
                    hash_key,
                    seed: self.keys.draw(),
                });
                let io = SimIo::new(self.net.clone(), usize::from(id));
                let worker = Worker::new(io, shard, mesh, Arc::clone(&self.orders));
                let worker = worker.expect("a simulated back end can always be woken");
                let (deadline, paused_until) = (Some(Instant::ZERO), Instant::ZERO);
                Place { worker: Some(worker), deadline, paused_until }
            })
            .collect();
    }

    /// Kills the broker and starts it again: every link breaks, nothing is remembered.
    pub fn crash(&mut self) {
        self.net.note('b', 0, format_args!("crashed"));
        self.net.reset_all();
        self.net.advance(Duration::from_millis(50));
        self.start();
        self.checker.record_crash();
        self.carry_down();
    }

    /// Gives a worker no time for a while, and lets it notice: its turn took that long.
    pub fn pause(&mut self, worker: usize, time: Duration) {
        let worker = worker % self.workers.len();
        self.net.note('w', worker, format_args!("paused for {time:?}"));
        let place = &mut self.workers[worker];
        place.paused_until = self.net.now().instant + time;
        if let Some(worker) = &mut place.worker {
            worker.io_mut().stretch_turn(time);
        }
    }

    /// Lets all workers run again.
    pub fn unpause(&mut self) {
        self.workers.iter_mut().for_each(|place| place.paused_until = Instant::ZERO);
    }

    /// A new client, by its number.
    pub fn connect(&mut self, user: &str, device: &str, role: Role) -> usize {
        let spoken_for = self.speakers.percent(self.shape.speakers_percent);
        let client = if spoken_for && role != Role::Anonymous {
            Client::hello_by_crate(user, device, role, self.client_now())
        } else {
            Client::hello(user, device, role)
        };
        self.insert(client)
    }

    /// A new client that shows a token, by its number; `never` if it must not be let in.
    pub fn connect_with(&mut self, pass: &Pass, never: bool) -> usize {
        let now = self.client_now();
        let spoken_for = self.speakers.percent(self.shape.speakers_percent);
        self.insert(if spoken_for && pass.role != Role::Anonymous {
            Client::with_token_by_crate(pass, never, now)
        } else {
            Client::with_token(pass, never, now)
        })
    }

    /// The app's keys are others from now on, on each worker from its next turn on.
    pub fn renew(&mut self, keys: &Keys) {
        self.net.note('b', 0, format_args!("has new keys"));
        self.shape.app.keys = keys.clone();
        self.orders.replace_keys(vec![keys.clone()]);
        for place in &mut self.workers {
            place.deadline = Some(Instant::ZERO);
        }
    }

    /// The world's wall clock, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn wall_ms(&self) -> u64 {
        self.net.now().wall.as_micros() / 1_000
    }

    pub(crate) fn client_now(&self) -> throng_client::time::Instant {
        throng_client::time::Instant::from_nanos(self.net.now().instant.as_nanos())
    }

    /// A new client that says nothing, by its number.
    pub fn connect_silent(&mut self) -> usize {
        self.insert(Client::silent())
    }

    /// A client is gone without a word.
    pub fn close(&mut self, client: usize) {
        self.carry_up(client);
        self.net.client_close(self.links[client]);
        self.hang_up(client);
    }

    /// A client's link breaks.
    pub fn reset(&mut self, client: usize) {
        self.net.note('c', client, format_args!("reset"));
        self.net.reset(self.links[client]);
        self.hang_up(client);
    }

    /// A client says that it will say no more, and goes on listening.
    pub fn half_close(&mut self, client: usize) {
        self.carry_up(client);
        self.net.note('c', client, format_args!("half closed"));
        self.net.client_end(self.links[client]);
    }

    /// A client stops reading, or reads again.
    pub fn stall(&mut self, client: usize, stalled: bool) {
        self.net.client_stall(self.links[client], stalled);
        self.carry_down();
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

    /// A client asks to go on in a room where another of its user left off, if that was in it.
    pub fn resume(&mut self, old: usize, new: usize, room: &str) -> u32 {
        self.resume_with_history(old, new, (room, 0))
    }

    /// The same, with so many of the last messages in case it cannot.
    pub fn resume_with_history(
        &mut self,
        old: usize,
        new: usize,
        (room, history): (&str, u8),
    ) -> u32 {
        let from = self.clients[old].views_left.get(room).map(View::position);
        self.clients[new].join_with(room, Coming { history, from, ..Coming::default() })
    }

    /// The clients that have a session.
    #[must_use]
    pub fn open_clients(&self) -> Vec<usize> {
        let open = |client: &usize| self.clients[*client].is_open();
        self.connected.iter().copied().filter(open).collect()
    }

    /// Publishes something unique.
    pub fn publish(&mut self, client: usize, room: &str, options: PublishOptions) -> u32 {
        self.publish_bytes(client, room, 8, options)
    }

    /// Publishes something unique of that length, 8 bytes at least.
    pub fn publish_bytes(
        &mut self,
        client: usize,
        room: &str,
        bytes: usize,
        options: PublishOptions,
    ) -> u32 {
        let mut payload = self.new_payload();
        payload.resize(bytes, b'.');
        let (kind, class) = if self.shape.mixed_kinds { mixed(self.payloads) } else { PLAIN };
        let words = Words { kind, class, payload: &payload };
        self.clients[client].publish(&mut self.checker, room, words, options)
    }

    /// A payload that was never published.
    pub fn new_payload(&mut self) -> Vec<u8> {
        self.payloads += 1;
        self.payloads.to_be_bytes().to_vec()
    }

    /// Publishes under an id, to some only, or both.
    pub fn publish_special(&mut self, client: usize, words: Special<'_>) -> u32 {
        self.clients[client].publish_special(&mut self.checker, words)
    }

    /// Publishes to many rooms: a payload, and perhaps an id.
    pub fn publish_many(&mut self, client: usize, rooms: &[&str], words: (&[u8], &str)) -> u32 {
        self.clients[client].publish_many(&mut self.checker, rooms, words)
    }

    /// Says something to everyone.
    pub fn broadcast(&mut self, client: usize, payload: &[u8]) -> u32 {
        self.clients[client].broadcast(&mut self.checker, payload)
    }

    /// The wall clock jumps, to so many microseconds after the world began.
    pub fn jump_wall(&mut self, micros: u64) {
        self.net.note('b', 0, format_args!("wall clock jumps to {micros}"));
        self.net.set_wall(WallTime::from_micros(1_800_000_000_000_000 + micros));
        self.checker.record_crash();
    }

    /// Lets everything happen and gives what became of a request.
    ///
    /// # Panics
    /// When nothing became of it.
    pub fn outcome(&mut self, client: usize, request: u32) -> Outcome {
        self.settle();
        self.clients[client].outcomes.get(&request).expect("every request has an outcome").clone()
    }

    /// What the broker counted for its app, on all workers, and what waits for its occupants.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut all = Census::default();
        for worker in self.workers.iter().filter_map(|place| place.worker.as_ref()) {
            all.add(&worker.shard().census(AppId(0)));
        }
        all
    }

    /// How many sends the broker has begun to a client.
    #[must_use]
    pub fn sends(&self, client: usize) -> u64 {
        self.net.sends(self.links[client])
    }

    /// Tells the broker to go down.
    pub fn drain(&mut self) {
        self.orders.drain();
        self.workers.iter_mut().for_each(|place| place.deadline = Some(Instant::ZERO));
    }

    /// Whether all workers have ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.workers.iter().all(|place| place.worker.is_none())
    }

    /// Lets one worker that has something to do take a turn. Says whether there was one.
    ///
    /// # Panics
    /// When an invariant does not hold.
    pub fn step(&mut self) -> bool {
        self.pass_for_clients();
        for place in 0..self.connected.len() {
            self.carry_up(self.connected[place]);
        }
        let now = self.net.now().instant;
        let ready: Vec<usize> =
            (0..self.workers.len()).filter(|&worker| self.workers[worker].is_ready(now)).collect();
        if ready.is_empty() {
            return false;
        }
        let chosen = ready[self.random.below(ready.len())];
        self.net.trace(Trace::turn);
        let place = &mut self.workers[chosen];
        let worker = place.worker.as_mut().expect("it is ready");
        let turn = worker.turn().expect("a simulated back end does not break");
        worker.shard().invariants();
        place.deadline = worker.lie_down();
        if turn == Turn::Finished {
            place.worker = None;
        }
        self.carry_down();
        true
    }

    /// Lets everything happen that can happen without time passing.
    ///
    /// # Panics
    /// When it never ends.
    pub fn settle(&mut self) {
        for _ in 0..1_000_000 {
            if !self.step() {
                return self.check_wake_ups();
            }
        }
        panic!("the broker does not come to rest (I27)");
    }

    /// Lets time pass, and everything happen in its time.
    pub fn pass(&mut self, time: Duration) {
        let end = self.net.now().instant + time;
        loop {
            self.settle();
            let now = self.net.now().instant;
            let next = self.workers.iter().filter_map(|place| place.wants_at(now)).min();
            let next = next.unwrap_or(end).min(end);
            self.net.advance(next.since(now));
            if next == end {
                self.settle();
                return;
            }
        }
    }

    fn insert(&mut self, mut client: Client) -> usize {
        client.pass(self.client_now());
        self.links.push(self.net.connect());
        self.clients.push(client);
        let client = self.clients.len() - 1;
        self.connected.push(client);
        client
    }

    /// Clients do what is due; one that gives its broker up closes.
    fn pass_for_clients(&mut self) {
        let now = self.client_now();
        if now == self.passed_at {
            return;
        }
        self.passed_at = now;
        for client in self.connected.clone() {
            if !self.clients[client].pass(now) {
                self.close(client);
            }
        }
    }

    fn hang_up(&mut self, client: usize) {
        self.connected.retain(|connected| *connected != client);
        self.clients[client].hear_end();
    }

    fn carry_up(&mut self, client: usize) {
        let said = self.clients[client].take_said();
        if !said.is_empty() {
            self.net.note('c', client, format_args!("said {} bytes", said.len()));
            self.net.client_send(self.links[client], &said);
        }
    }

    fn carry_down(&mut self) {
        let mut connected = std::mem::take(&mut self.connected);
        connected.retain(|number| self.carry_down_to(*number));
        self.connected = connected;
    }

    /// Carries to a client what has arrived for it. Says whether it is still connected.
    fn carry_down_to(&mut self, number: usize) -> bool {
        let client = &mut self.clients[number];
        match self.net.client_receive(self.links[number]) {
            Some(bytes) if bytes.is_empty() => true,
            Some(bytes) => {
                self.net.note('c', number, format_args!("heard {} bytes", bytes.len()));
                client.hear(&bytes, &mut self.checker);
                true
            }
            None => {
                self.net.note('c', number, format_args!("was ended"));
                client.hear_end();
                false
            }
        }
    }

    /// Every connection has a session and the reverse (I19).
    ///
    /// # Panics
    /// When one was forgotten.
    pub fn check_connections(&mut self) {
        for place in &mut self.workers {
            if let Some(worker) = &mut place.worker {
                let sessions = worker.shard().connections();
                assert_eq!(worker.io_mut().connections(), sessions, "forgotten (I19)");
            }
        }
    }

    /// Whoever sleeps has nothing to do (I17).
    fn check_wake_ups(&mut self) {
        let now = self.net.now().instant;
        for place in &mut self.workers {
            if let Some(worker) = &mut place.worker
                && place.paused_until <= now
            {
                let wants = worker.lie_down();
                assert!(wants.is_none_or(|at| at > now), "a worker sleeps over its mail (I17)");
            }
        }
    }
}

impl Place {
    fn is_ready(&mut self, now: Instant) -> bool {
        let due = self.deadline.is_some_and(|deadline| deadline <= now);
        self.paused_until <= now
            && self.worker.as_mut().is_some_and(|worker| due || worker.io_mut().is_ready())
    }

    /// The next moment after now at which the worker may have something to do.
    fn wants_at(&self, now: Instant) -> Option<Instant> {
        let deadline = self.deadline.filter(|at| *at > now);
        let resumed = Some(self.paused_until).filter(|at| *at > now);
        [deadline, resumed].into_iter().flatten().min()
    }
}
