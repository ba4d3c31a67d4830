//! A broker with two apps, and honest members of one of them who talk all the time.
//!
//! The members have a thread and sockets of their own and are judged as everywhere: each gets every
//! message once and in order. On top of that each must come in time, whatever others do meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use throng_broker::app::App;
use throng_broker::app::keys::{Keys, TokenKey};
use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::rate::QuotaLimits;
use throng_harness::broker::{Broker, config};
use throng_harness::client::APP;
use throng_harness::passes::{Key, Pass, now_ms};
use throng_harness::sockets::Crowd;
use throng_protocol::value::PublishOptions;

/// The key of the other app, which has no development secret.
pub const OTHER_APP: &str = "other";

/// The secret with which the backends of [`APP`] sign.
pub const KEY: &str = "k7Qm2xw9Ld4vRt6yBn8cZp3sFh5jGa1e";

/// The secret with which those of [`OTHER_APP`] do.
pub const OTHER_KEY: &str = "Yt3rUe9wQp5oIk7jHg1fDs4aZx6cVb8n";

/// The room in which the honest members talk.
pub const ROOM: &str = "lobby";

/// How many they are.
const MEMBERS: usize = 4;

/// Whatever happens, a message is everywhere within this time. Machines that run tests are busy.
const IN_TIME: Duration = Duration::from_secs(2);

/// How long it may take until nothing is left of those who are gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A broker and its honest members.
pub struct Town {
    broker: Broker,
    rounds: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    members: Option<JoinHandle<Duration>>,
}

/// A token of an app for a client, good for ten minutes from now.
pub fn token(app: &str, secret: &str, user: &str) -> String {
    pass(app, secret, user).text()
}

fn pass(app: &str, secret: &str, user: &str) -> Pass {
    let key = Key { id: "k1".to_owned(), secret: secret.to_owned() };
    let pass = Pass::new(&key, (user, "phone"), now_ms()).lasting(Duration::from_secs(600));
    Pass { app: app.to_owned(), ..pass }
}

/// The settings of the two apps, with the usual limits but for how much is published.
pub fn town_config(io: Wanted) -> Config {
    let keys = |secret: &str| Keys {
        tokens: vec![TokenKey { id: "k1".into(), secret: secret.into() }],
        jwt: None,
    };
    let mut config = config(io);
    let app = &mut config.apps[0];
    app.keys = keys(KEY);
    app.rates.client_messages = None;
    app.quota = QuotaLimits::UNLIMITED;
    let other = App { keys: keys(OTHER_KEY), create_on_join: true, ..App::new(OTHER_APP) };
    config.apps.push(other);
    config
}

impl Town {
    /// A broker in which the members talk already.
    pub fn new(config: &Config) -> Self {
        let broker = Broker::start(config);
        let (rounds, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let members = std::thread::spawn({
            let (rounds, over, address) = (Arc::clone(&rounds), Arc::clone(&over), broker.address);
            move || talk(address, &rounds, &over)
        });
        let town = Self { broker, rounds, over, members: Some(members) };
        town.until("they talk", || town.rounds.load(Ordering::Relaxed) > 0);
        town
    }

    /// Where the broker listens.
    pub const fn address(&self) -> SocketAddr {
        self.broker.address
    }

    /// Everyone else is gone: nothing of them is left, and the members have talked all the time,
    /// have got everything in order and in time, and are still there.
    pub fn check_unharmed(mut self) {
        let port = self.broker.address.port();
        self.until("nothing is left behind", || connections(port) == MEMBERS);
        let rounds = self.rounds.load(Ordering::Relaxed);
        self.until("they talk on", || self.rounds.load(Ordering::Relaxed) > rounds + 1);
        self.over.store(true, Ordering::Relaxed);
        let members = self.members.take().expect("they are awaited once");
        let slowest = members.join().expect("the members got what they should");
        assert!(slowest < IN_TIME, "a message took {slowest:?}");
    }

    fn until(&self, what: &str, so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !so() {
            let talk = self.members.as_ref().is_some_and(|thread| !thread.is_finished());
            assert!(talk, "the members have stopped");
            assert!(Instant::now() < end, "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// The members talk until it is over. Gives how long it took until a message was everywhere, at
/// worst.
fn talk(address: SocketAddr, rounds: &AtomicU32, over: &AtomicBool) -> Duration {
    let mut crowd = Crowd::new(address);
    let members: Vec<usize> =
        (0..MEMBERS).map(|n| join(&mut crowd, &format!("good-{n}"))).collect();
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let heard = crowd.checker.deliveries();
        let began = Instant::now();
        for member in &members {
            crowd.publish(*member, ROOM, 100, PublishOptions::default());
        }
        let everywhere = heard + (MEMBERS * (MEMBERS - 1)) as u64;
        crowd.until("it is everywhere", |crowd| crowd.checker.deliveries() == everywhere);
        slowest = slowest.max(began.elapsed());
        rounds.fetch_add(1, Ordering::Relaxed);
        crowd.pass(Duration::from_millis(5));
    }
    assert!(members.iter().all(|member| crowd.clients[*member].is_open()), "they may stay");
    slowest
}

/// A member that came by a token.
fn join(crowd: &mut Crowd, user: &str) -> usize {
    let member = crowd.open_with(&pass(APP, KEY, user));
    let request = crowd.clients[member].join(ROOM);
    crowd.outcome(member, request);
    member
}

/// How many sockets the kernel holds for whoever listens on a port, beside the listeners and
/// those that nobody has any more.
fn connections(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux has it");
    let local = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row[1].ends_with(&local) && row[3] != "0A" && row[9] != "0").count()
}
