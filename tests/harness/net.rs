//! The simulated network: links between clients and the broker, and the clock of the world.
//!
//! A link is two pipes with a capacity. What travels is cut at random: a receive may bring any
//! part of what is there, a send may take any part of what is offered.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Arguments;
use std::rc::Rc;
use std::time::Duration;

use throng_broker::time::{Instant, Now, WallTime};

use crate::random::Random;
use crate::trace::Trace;

/// The name of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// How the network treats what travels.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Bytes a receive brings at most, drawn anew each time from 1 up to this.
    pub receive_bytes_max: usize,
    /// Bytes of a pipe that its reader has not taken yet, at most.
    pub pipe_bytes_max: usize,
    /// How often, in a hundred, something that could happen now happens later.
    pub delay_percent: u64,
    /// Receives that one wait brings at most: there are that many buffers.
    pub receives_max: usize,
    /// Whether there are descriptors for new connections.
    pub accepts: bool,
}

impl Weather {
    /// Everything arrives at once and whole.
    pub const CALM: Self = Self {
        receive_bytes_max: 1 << 20,
        pipe_bytes_max: 1 << 20,
        delay_percent: 0,
        receives_max: usize::MAX,
        accepts: true,
    };
}

/// One connection between a client and the broker.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Written by the client, read by the broker.
    pub(crate) up: Pipe,
    /// Written by the broker, read by the client.
    pub(crate) down: Pipe,
    /// Whether the client has stopped reading.
    pub(crate) stalled: bool,
    /// How many sends the broker has begun.
    pub(crate) sends: u64,
}

/// One direction of a link.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pub(crate) bytes: VecDeque<u8>,
    /// The writer will write no more.
    pub(crate) ended: bool,
    /// The reader is gone: what is written now is lost, and the writer is told.
    pub(crate) broken: bool,
}

impl Link {
    /// Breaks both ways at once; what was on its way is lost.
    fn reset(&mut self) {
        for pipe in [&mut self.up, &mut self.down] {
            pipe.bytes.clear();
            pipe.ended = true;
            pipe.broken = true;
        }
    }
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) now: Now,
    pub(crate) random: Random,
    pub(crate) weather: Weather,
    pub(crate) trace: Trace,
    pub(crate) links: BTreeMap<LinkId, Link>,
    /// For each worker, connections that wait to be accepted.
    pub(crate) backlogs: Vec<VecDeque<LinkId>>,
    next_link: u64,
}

/// The network, shared by all who live in the world.
#[derive(Debug, Clone)]
pub struct Net(pub(crate) Rc<RefCell<Network>>);

impl Net {
    /// A network without links.
    #[must_use]
    pub fn new(random: Random, weather: Weather, workers: usize) -> Self {
        let now =
            Now { instant: Instant::ZERO, wall: WallTime::from_micros(1_800_000_000_000_000) };
        let backlogs = vec![VecDeque::new(); workers];
        let links = BTreeMap::new();
        Self(Rc::new(RefCell::new(Network {
            now,
            random,
            weather,
            trace: Trace::default(),
            links,
            backlogs,
            next_link: 0,
        })))
    }

    /// Opens a link; some worker will accept it.
    #[must_use]
    pub fn connect(&self) -> LinkId {
        let mut net = self.0.borrow_mut();
        let link = LinkId(net.next_link);
        net.next_link += 1;
        net.links.insert(link, Link::default());
        let workers = net.backlogs.len();
        let worker = net.random.below(workers);
        net.backlogs[worker].push_back(link);
        link
    }

    /// The clock of the world.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.borrow().now
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut net = self.0.borrow_mut();
        let micros = u64::try_from(by.as_micros()).expect("worlds are short");
        net.now.instant = net.now.instant + by;
        net.now.wall = WallTime::from_micros(net.now.wall.as_micros() + micros);
    }

    /// The client writes.
    pub fn client_send(&self, link: LinkId, bytes: &[u8]) {
        if let Some(link) = self.0.borrow_mut().links.get_mut(&link)
            && !link.up.broken
        {
            link.up.bytes.extend(bytes);
        }
    }

    /// The client reads what has arrived; `None` once the broker has ended the link.
    #[must_use]
    pub fn client_receive(&self, link: LinkId) -> Option<Vec<u8>> {
        let mut net = self.0.borrow_mut();
        let link = net.links.get_mut(&link)?;
        if link.stalled {
            return Some(Vec::new());
        }
        if link.down.bytes.is_empty() && link.down.ended {
            return None;
        }
        Some(link.down.bytes.drain(..).collect())
    }

    /// The client stops reading, or reads again.
    pub fn client_stall(&self, link: LinkId, stalled: bool) {
        if let Some(link) = self.0.borrow_mut().links.get_mut(&link) {
            link.stalled = stalled;
        }
    }

    /// The client closes: what it wrote still arrives, what it was sent is lost.
    pub fn client_close(&self, link: LinkId) {
        if let Some(link) = self.0.borrow_mut().links.get_mut(&link) {
            link.up.ended = true;
            link.down.broken = true;
            link.down.bytes.clear();
        }
    }

    /// The client says that it will write no more, and goes on reading.
    pub fn client_end(&self, link: LinkId) {
        if let Some(link) = self.0.borrow_mut().links.get_mut(&link) {
            link.up.ended = true;
        }
    }

    /// A link breaks.
    pub fn reset(&self, link: LinkId) {
        if let Some(link) = self.0.borrow_mut().links.get_mut(&link) {
            link.reset();
        }
    }

    /// All links break: the broker is gone.
    pub fn reset_all(&self) {
        let mut net = self.0.borrow_mut();
        net.links.values_mut().for_each(Link::reset);
        net.backlogs.iter_mut().for_each(VecDeque::clear);
    }

    /// The wall clock jumps to another time.
    pub fn set_wall(&self, wall: WallTime) {
        self.0.borrow_mut().now.wall = wall;
    }

    /// Notes that something happened.
    pub fn note(&self, who: char, number: usize, what: Arguments<'_>) {
        let mut net = self.0.borrow_mut();
        let now = net.now.instant;
        net.trace.note(now, who, number, what);
    }

    /// Looks at the trace, or changes what it does.
    pub fn trace<T>(&self, look: impl FnOnce(&mut Trace) -> T) -> T {
        look(&mut self.0.borrow_mut().trace)
    }

    /// The weather.
    #[must_use]
    pub fn weather(&self) -> Weather {
        self.0.borrow().weather
    }

    /// How many sends the broker has begun on a link.
    #[must_use]
    pub fn sends(&self, link: LinkId) -> u64 {
        self.0.borrow().links.get(&link).map_or(0, |link| link.sends)
    }

    /// Changes the weather.
    pub fn set_weather(&self, weather: Weather) {
        self.0.borrow_mut().weather = weather;
    }
}
