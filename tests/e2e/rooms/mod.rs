//! Rooms in full over real sockets: one test for each row of the tables of rights and of
//! moderation (spec 2 and 7), how rooms begin and end, and who is in them (spec 3 and 4).
//!
//! All begin in a [`Hall`]: a broker, a crowd, and the app's own server in it.

mod app_wide;
mod devices;
mod events;
mod joining;
mod life;
mod members;
mod moderation;
mod muting;
mod presence;
mod resume;
mod roles;
mod speaking;

use std::time::{Duration, Instant};

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_harness::broker::{Broker, config_unlimited};
use throng_harness::client::told::Joined;
use throng_harness::client::{Act, Client, Coming, Outcome};
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role, RoomRole};

/// How a message is published that is answered and not echoed.
pub(crate) const NONE: PublishOptions = PublishOptions::from_bits(0);

/// The room in which most of it happens.
pub(crate) const STAGE: &str = "stage";

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A broker without limits on rates, in which rooms have to be created.
pub(crate) fn config(io: Wanted) -> Config {
    let mut config = config_unlimited(io);
    config.apps[0].create_on_join = false;
    config.apps[0].anonymous = true;
    config
}

/// A broker, its clients, and the app's own server among them.
pub(crate) struct Hall {
    /// All clients.
    pub(crate) crowd: Crowd,
    /// The app's server.
    pub(crate) server: usize,
    broker: Broker,
}

/// One of each who may be in a room, all of them in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    pub(crate) server: usize,
    pub(crate) creator: usize,
    pub(crate) manager: usize,
    pub(crate) ordinary: usize,
    pub(crate) visitor: usize,
    pub(crate) anonymous: usize,
}

impl Cast {
    /// All clients but the server, by falling rights.
    pub(crate) const fn clients(&self) -> [usize; 5] {
        [self.creator, self.manager, self.ordinary, self.visitor, self.anonymous]
    }
}

impl Hall {
    pub(crate) fn open(config: &Config) -> Self {
        let broker = Broker::start(config);
        let mut crowd = Crowd::new(broker.address);
        let server = crowd.open("backend", Role::Server);
        Self { crowd, server, broker }
    }

    /// Where the broker listens.
    pub(crate) const fn address(&self) -> std::net::SocketAddr {
        self.broker.address
    }

    /// With a room that belongs to nobody.
    pub(crate) fn with_stage(config: &Config) -> Self {
        let mut hall = Self::open(config);
        hall.create(STAGE, "");
        hall
    }

    /// With a room that has one of each in it, and a second manager who is not there.
    pub(crate) fn with_cast(config: &Config) -> (Self, Cast) {
        let mut hall = Self::open(config);
        let server = hall.server;
        hall.create(STAGE, "creator");
        for (users, role) in [
            (&["manager", "manager-2"][..], RoomRole::Manager),
            (&["ordinary"], RoomRole::Ordinary),
        ] {
            assert_eq!(hall.code(server, |own| own.set_role(STAGE, users, role)), Code::NONE);
        }
        let mut enter = |user: &str| hall.enter(user, STAGE);
        let [creator, manager] = ["creator", "manager"].map(&mut enter);
        let [ordinary, visitor] = ["ordinary", "visitor"].map(&mut enter);
        let anonymous = hall.crowd.open("", Role::Anonymous);
        assert_eq!(hall.join(anonymous, STAGE).role, RoomRole::Anonymous);
        (hall, Cast { server, creator, manager, ordinary, visitor, anonymous })
    }

    pub(crate) fn create(&mut self, room: &str, creator: &str) {
        let created = self.ask(self.server, |own| own.create_for(room, creator));
        assert_eq!(created, Outcome::Done, "{room}");
    }

    /// A client's request, and what becomes of it.
    pub(crate) fn ask(&mut self, client: usize, ask: impl FnOnce(&mut Client) -> u32) -> Outcome {
        let request = ask(&mut self.crowd.clients[client]);
        self.crowd.outcome(client, request)
    }

    /// Why a request was not done, or for one of several why the first was not.
    pub(crate) fn code(&mut self, client: usize, ask: impl FnOnce(&mut Client) -> u32) -> Code {
        code_of(&self.ask(client, ask))
    }

    /// Why a client may not speak.
    pub(crate) fn speak(&mut self, client: usize, room: &str) -> Code {
        code_of(&self.say(client, room))
    }

    /// What becomes of a message.
    pub(crate) fn say(&mut self, client: usize, room: &str) -> Outcome {
        let request = self.crowd.publish(client, room, 10, NONE);
        self.crowd.outcome(client, request)
    }

    /// A client says so many things.
    pub(crate) fn say_many(&mut self, client: usize, room: &str, count: usize) {
        for _ in 0..count {
            assert!(matches!(self.say(client, room), Outcome::Accepted(_)), "it may speak");
        }
    }

    pub(crate) fn join(&mut self, client: usize, room: &str) -> Joined {
        self.join_with(client, room, Coming::default())
    }

    pub(crate) fn join_with(&mut self, client: usize, room: &str, coming: Coming<'_>) -> Joined {
        match self.ask(client, |own| own.join_with(room, coming)) {
            Outcome::Joined(joined) => joined,
            other => panic!("joining {room} came to {other:?}"),
        }
    }

    /// A new client that joined a room.
    pub(crate) fn enter(&mut self, user: &str, room: &str) -> usize {
        let client = self.crowd.open(user, Role::Client);
        self.join(client, room);
        client
    }

    /// Something is done by the server.
    pub(crate) fn act(&mut self, act: Act<'_>, users: &[&str]) {
        let done = self.code(self.server, |own| own.moderate(act, users));
        assert_eq!(done, Code::NONE, "{act:?} to {users:?}");
    }

    /// Carries until that many notices of a room reached a client.
    pub(crate) fn until_noticed(&mut self, client: usize, room: &str, count: usize) {
        self.crowd
            .until("it is told", |crowd| crowd.clients[client].notices_of(room).count() >= count);
    }

    /// Everything on its way to a client has come when the answer to a question about the room has.
    pub(crate) fn flush(&mut self, client: usize, room: &str) -> Outcome {
        self.ask(client, |own| own.query(room))
    }

    /// Asks what a room is until it is that: members and occupants.
    pub(crate) fn until_counted(&mut self, client: usize, room: &str, counts: (u64, u64)) {
        let end = Instant::now() + PATIENCE;
        loop {
            let state = self.flush(client, room);
            if matches!(state, Outcome::State(_, members, seats) if (members, seats) == counts) {
                return;
            }
            assert!(Instant::now() < end, "{room} is never {counts:?} but {state:?}");
            self.crowd.pass(Duration::from_millis(5));
        }
    }

    /// Asks for a room until it is gone.
    pub(crate) fn until_gone(&mut self, room: &str) {
        let end = Instant::now() + PATIENCE;
        while self.code(self.server, |own| own.query(room)) != Code::NO_SUCH_ROOM {
            assert!(Instant::now() < end, "{room} does not end");
            self.crowd.pass(Duration::from_millis(5));
        }
    }

    /// Who is on a list.
    pub(crate) fn sanctioned(
        &mut self,
        room: &str,
        sanction: throng_protocol::value::Sanction,
    ) -> Vec<throng_harness::client::told::Sanctioned> {
        match self.ask(self.server, |own| own.query_sanctions(room, sanction)) {
            Outcome::Sanctions(page) => {
                assert_eq!(page.total, page.rows.len() as u64, "all are on one page");
                assert!(page.cursor.is_empty(), "there is no other page");
                page.rows
            }
            other => panic!("who is banned or muted in {room:?} came to {other:?}"),
        }
    }
}

/// Why something was not done, or for several the first reason.
pub(crate) fn code_of(outcome: &Outcome) -> Code {
    match outcome {
        Outcome::Refused(code, _) => *code,
        Outcome::Results(each) => {
            let failed = each.iter().map(|(code, _)| *code).find(|code| *code != Code::NONE);
            failed.unwrap_or(Code::NONE)
        }
        Outcome::Shed(..) => panic!("nothing is shed without limits"),
        _ => Code::NONE,
    }
}
