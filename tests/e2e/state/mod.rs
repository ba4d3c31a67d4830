//! What a room keeps, over real sockets and with the client crate: one test for each promise of
//! room state (spec 8), of messages beyond the plain one (spec 5), and of what servers alone may do.
//!
//! All begin in a [`House`]: a broker, the app's own server outside every room, and guests. What
//! the wire says byte for byte is shown elsewhere.

mod attributes;
mod bots;
mod coming_back;
mod history;
mod keeping;
mod messages;
mod notices;
mod queue;
mod queue_keeping;
mod recall;
mod retention;
mod servers;
mod top;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_client::ask::{CreateRoom, SetRoomRole};
use throng_client::blocking::{Client, Events, TimedOut};
use throng_client::error::Refused;
use throng_client::event::{Change, Notice};
use throng_client::{Code, Config as ClientConfig, Development, Error, Event, RoomRole};
use throng_harness::broker::Broker;
use throng_harness::client::{APP, SECRET};

pub(crate) use crate::rooms::{STAGE, config};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a test about a second is tried again when the machine was too slow for it.
const ATTEMPTS: usize = 20;

/// A broker and the app's own server, which is in no room.
pub(crate) struct House {
    pub(crate) backend: Client,
    broker: Broker,
}

/// A client and what it is told.
pub(crate) struct Guest {
    pub(crate) client: Client,
    events: Events,
}

impl House {
    pub(crate) fn open(config: &Config) -> Self {
        let broker = Broker::start(config);
        let (backend, _) = connect(&broker, Development::new(SECRET).server("backend"));
        Self { backend, broker }
    }

    /// With a room that has a creator, a manager and an ordinary member, none of them in it.
    pub(crate) fn with_stage(io: Wanted) -> Self {
        let house = Self::open(&config(io));
        house.create(&CreateRoom::new(STAGE));
        house
    }

    /// A room for `creator`, with `manager` and `ordinary` in its lists.
    pub(crate) fn create(&self, room: &CreateRoom) {
        self.backend.ask(room.clone().creator("creator")).expect("there is no such room");
        for (role, user) in [(RoomRole::Manager, "manager"), (RoomRole::Ordinary, "ordinary")] {
            let given = self.backend.ask(SetRoomRole::new(STAGE, role, [user]).quietly());
            assert!(given.expect("a server gives roles").all_done(), "{user}");
        }
    }

    /// A user in no room.
    pub(crate) fn outsider(&self, user: &str) -> Guest {
        self.connect(Development::new(SECRET).user(user))
    }

    /// A user in the room, who has heard all there was to hear so far.
    pub(crate) fn enter(&self, user: &str) -> Guest {
        self.enter_as(Development::new(SECRET).user(user))
    }

    /// A visitor without an account, in the room.
    pub(crate) fn enter_anonymous(&self) -> Guest {
        self.enter_as(Development::new(SECRET))
    }

    /// Another device of a user, in the room.
    pub(crate) fn enter_on(&self, user: &str, device: &str) -> Guest {
        self.enter_as(Development::new(SECRET).user(user).device(device))
    }

    pub(crate) fn connect(&self, who: Development) -> Guest {
        let (client, events) = connect(&self.broker, who);
        Guest { client, events }
    }

    /// Where the broker listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.broker.address
    }

    fn enter_as(&self, who: Development) -> Guest {
        let mut guest = self.connect(who);
        guest.client.join(STAGE).expect("the room is open");
        guest.heard();
        guest
    }
}

fn connect(broker: &Broker, who: Development) -> (Client, Events) {
    let config = ClientConfig::new(broker.address.to_string()).app(APP).credentials(who);
    Client::connect(config).expect("the broker lets it in")
}

impl Guest {
    pub(crate) fn open(config: ClientConfig) -> Self {
        let (client, events) = Client::connect(config).expect("the broker lets it in");
        Self { client, events }
    }

    /// The next thing it is told.
    pub(crate) fn next(&mut self) -> Event {
        let event = self.events.recv_timeout(PATIENCE).expect("it comes in time");
        event.expect("the client is not closed")
    }

    /// The next thing it is told that is wanted; those before it are of no interest.
    pub(crate) fn next_of<T>(&mut self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next()) {
                return found;
            }
        }
    }

    /// The next notice.
    pub(crate) fn notice(&mut self) -> Notice {
        self.next_of(|event| match event {
            Event::Notice(notice) => Some(notice),
            _ => None,
        })
    }

    /// The next change, with who did it and what was said along with it.
    pub(crate) fn change(&mut self) -> (Option<String>, Change, String) {
        let Notice { actor, change, extension, .. } = self.notice();
        (actor.map(|actor| actor.as_str().to_owned()), change, extension)
    }

    /// All it was told since it was asked last, up to what happened before this call. The answer
    /// to a question about the room comes behind everything of the room.
    pub(crate) fn heard(&mut self) -> Vec<Event> {
        self.client.query_room(STAGE).expect("the room is there");
        let mut heard = Vec::new();
        loop {
            match self.events.recv_timeout(Duration::ZERO) {
                Ok(Some(event)) => heard.push(event),
                Ok(None) => panic!("the client is closed: {heard:?}"),
                Err(TimedOut) => return heard,
            }
        }
    }

    /// What was said to it, in order: the payloads of all messages.
    pub(crate) fn messages(&mut self) -> Vec<String> {
        let said = |event| match event {
            Event::Message(message) => Some(text(&message.payload)),
            _ => None,
        };
        self.heard().into_iter().filter_map(said).collect()
    }
}

/// Bytes that are text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what is said in tests is text")
}

/// Why a request was refused.
pub(crate) fn refused<T: Debug>(outcome: Result<T, Error>) -> Code {
    match outcome {
        Err(Error::Refused(refused)) => refused.code,
        other => panic!("it is not refused: {other:?}"),
    }
}

/// Why one of several was not done; [`Code::NONE`] if it was.
pub(crate) fn code<T>(done: &Result<T, Refused>) -> Code {
    done.as_ref().err().map_or(Code::NONE, |refused| refused.code)
}

/// Runs a test about what is allowed within a second until the machine was fast enough for it.
pub(crate) fn within_a_second(attempt: impl Fn(usize) -> bool) {
    let fast = (0..ATTEMPTS).any(attempt);
    assert!(fast, "nothing was done within a second, {ATTEMPTS} times");
}
