//! The load: one thread, one epoll, busy polling, members and publishers of one room.
//!
//! It owns every socket of a round and all that is counted on them. It never sleeps while it
//! measures, because a sleeping load bills its wake-ups to the server. The scenario says when to
//! run, for how long and what to do with the counts; the load knows nothing of processes.

mod deliver;
mod member;
pub mod order;
mod publisher;
pub mod session;
pub mod tally;
mod window;

use std::time::Duration;

use anyhow::Context as _;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use throng_protocol::limits::{BODY_BYTES_MAX, PREFIX_BYTES};
use throng_protocol::value::Role;

use crate::Stop;
use crate::args::STAMP_BYTES;
use deliver::Beginning;
use member::{Expected, Member};
use order::Flaws;
use publisher::Publisher;
use session::{Door, Guests};
use tally::Tally;
use window::InFlight;

/// Every how many members one is in the sample whose latencies are measured.
pub const SAMPLE_EVERY: usize = 16;

/// Bytes of one receive. Larger than any frame, so that a whole one always fits.
const RECEIVE_BYTES: usize = 256 * 1024;

/// Sockets one look at the kernel may tell of.
const EVENTS_PER_TURN: usize = 1024;

/// How often it is checked whether the server is alive and nobody asked for the end.
const WATCH_EVERY_NS: u64 = 50_000_000;

/// How long the server may take to deliver what is in flight when publishing ends.
const DRAIN_DEADLINE_NS: u64 = 5_000_000_000;

/// How long to listen after that for what should not come.
const AFTERMATH: Duration = Duration::from_millis(50);

const _: () = assert!(RECEIVE_BYTES > PREFIX_BYTES + BODY_BYTES_MAX);

/// What the load is.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The room; what all user names begin with.
    pub room: String,
    /// Members of the room.
    pub members: u32,
    /// Publishers.
    pub publishers: u32,
    /// Messages in flight per publisher.
    pub window: u32,
    /// Bytes of a payload, time stamp included.
    pub payload_bytes: usize,
}

/// The load.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    room: String,
    window: u32,
    members: Vec<Member>,
    /// The last message each member has got; apart from the members so that the slowest is found
    /// in one pass over a few cache lines.
    got: Vec<u64>,
    publishers: Vec<Publisher>,
    /// Whose turn it is to publish first.
    first_publisher: usize,
    publishing: bool,
    expected: Expected,
    payload: Vec<u8>,
    buffer: Vec<u8>,
    /// The last message before the load.
    start_seq: u64,
    /// Messages that were published, refused ones included.
    published: u64,
    /// The last message any member has got.
    begun_seq: u64,
    /// The last message every member has got.
    everywhere_seq: u64,
    turn_ended_at: u64,
    /// What was counted.
    pub tally: Tally,
}

impl Load {
    /// Connects all members and publishers.
    ///
    /// # Errors
    /// When the broker does not let them in.
    pub fn open(door: &Door<'_>, plan: &Plan, stop: &Stop) -> anyhow::Result<Self> {
        let room = Some(plan.room.as_str());
        let guests =
            Guests { count: plan.members as usize, name: &plan.room, role: Role::Client, room };
        let members = session::open(door, &guests, stop).context("members")?;
        let place = session::shared_place(&members)?;
        let guests = Guests {
            count: plan.publishers as usize,
            name: &format!("{}-publisher", plan.room),
            role: Role::Server,
            room: None,
        };
        let publishers = session::open(door, &guests, stop).context("publishers")?;
        let mut payload = vec![0; STAMP_BYTES];
        let pattern = (0..=u8::MAX).cycle();
        payload.extend(pattern.take(plan.payload_bytes - STAMP_BYTES));
        let in_flight_max = plan.publishers as usize * plan.window as usize;
        let mut load = Self {
            poll: Poll::new().context("cannot make an epoll")?,
            room: plan.room.clone(),
            window: plan.window,
            members: Vec::new(),
            got: vec![place.seq; members.len()],
            publishers: Vec::new(),
            first_publisher: 0,
            publishing: true,
            expected: Expected {
                beginning: Beginning::new(&plan.room, place.epoch),
                filling: payload[STAMP_BYTES..].to_vec(),
            },
            payload,
            buffer: vec![0; RECEIVE_BYTES],
            start_seq: place.seq,
            published: 0,
            begun_seq: place.seq,
            everywhere_seq: place.seq,
            turn_ended_at: 0,
            tally: Tally::new(in_flight_max),
        };
        for (number, session) in members.into_iter().enumerate() {
            let stream = load.register(session.stream, number)?;
            let sampled = number % SAMPLE_EVERY == 0;
            load.members.push(Member::new(stream, session.held, sampled));
        }
        for session in publishers {
            let token = load.members.len() + load.publishers.len();
            let stream = load.register(session.stream, token)?;
            load.publishers.push(Publisher::new(stream, session.held));
        }
        Ok(load)
    }

    fn register(&self, stream: std::net::TcpStream, token: usize) -> anyhow::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(token), Interest::READABLE)?;
        Ok(stream)
    }

    /// Publishes and reads for that long. `watch` is asked now and then whether to go on.
    ///
    /// # Errors
    /// When a session ends, something comes that should not, or `watch` fails.
    pub fn run_for(
        &mut self,
        duration: Duration,
        watch: &mut dyn FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let now = self.tally.clock.now_ns();
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let end = now.saturating_add(duration_ns);
        self.run_until(watch, |_, now| now >= end)
    }

    /// Publishes no more and reads until every member has what was accepted, or for some
    /// seconds. Gives what went wrong in the whole run.
    ///
    /// # Errors
    /// As [`Load::run_for`].
    pub fn drain(
        &mut self,
        watch: &mut dyn FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<Flaws> {
        self.publishing = false;
        let deadline = self.tally.clock.now_ns() + DRAIN_DEADLINE_NS;
        self.run_until(watch, |load, now| load.is_settled() || now >= deadline)?;
        self.run_for(AFTERMATH, watch)?;
        Ok(self.flaws())
    }

    /// Why the first refused message was refused.
    pub fn first_refusal(&self) -> Option<&str> {
        self.publishers.iter().find_map(|publisher| publisher.first_refusal.as_deref())
    }

    fn run_until(
        &mut self,
        watch: &mut dyn FnMut() -> anyhow::Result<()>,
        done: impl Fn(&Self, u64) -> bool,
    ) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_TURN);
        self.turn_ended_at = self.tally.clock.now_ns();
        let mut watch_at = self.turn_ended_at + WATCH_EVERY_NS;
        while !done(self, self.turn_ended_at) {
            if let Err(error) = self.turn(&mut events) {
                // A server that is gone explains more than the connection it left.
                std::thread::sleep(AFTERMATH);
                watch()?;
                return Err(error);
            }
            if self.turn_ended_at >= watch_at {
                watch()?;
                watch_at = self.turn_ended_at + WATCH_EVERY_NS;
            }
        }
        Ok(())
    }

    /// Looks once, reads what is there, publishes what may be published.
    fn turn(&mut self, events: &mut Events) -> anyhow::Result<()> {
        match self.poll.poll(events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            polled => polled.context("cannot wait")?,
        }
        let mut worked = !events.is_empty();
        for event in events.iter() {
            self.receive(event)?;
        }
        if worked {
            self.find_progress();
        }
        worked |= self.publish()?;
        let now = self.tally.clock.now_ns();
        let spent = now - self.turn_ended_at;
        self.turn_ended_at = now;
        if worked {
            self.tally.counts.busy_ns += spent;
        } else {
            self.tally.counts.idle_ns += spent;
        }
        Ok(())
    }

    fn receive(&mut self, event: &Event) -> anyhow::Result<()> {
        let Token(number) = event.token();
        if let Some(member) = self.members.get_mut(number) {
            let last = &mut self.got[number];
            return member
                .receive(&mut self.buffer, &self.expected, last, &mut self.tally)
                .with_context(|| format!("member {number}"));
        }
        let number = number - self.members.len();
        let publisher = &mut self.publishers[number];
        let before = publisher.accepted;
        let received = publisher.receive(&mut self.buffer);
        self.tally.counts.accepted += publisher.accepted - before;
        received.with_context(|| format!("publisher {number}"))
    }

    /// Finds out what the fastest and the slowest member have got by now.
    fn find_progress(&mut self) {
        let (mut slowest, mut fastest) = (u64::MAX, 0);
        for &got in &self.got {
            slowest = slowest.min(got);
            fastest = fastest.max(got);
        }
        self.begun_seq = fastest;
        if slowest > self.everywhere_seq {
            let now = self.tally.clock.now_ns();
            self.tally.record_everywhere(self.everywhere_seq + 1..=slowest, now);
            self.everywhere_seq = slowest;
        }
    }

    /// Publishes what the rule of [`window`] allows; tells whether that was anything.
    fn publish(&mut self) -> anyhow::Result<bool> {
        for publisher in &mut self.publishers {
            publisher.write()?;
        }
        if !self.publishing {
            return Ok(false);
        }
        let publishers = self.publishers.len();
        let refused: u64 = self.publishers.iter().map(|one| one.refused).sum();
        let mut in_flight = InFlight {
            window: self.window,
            publishers: u32::try_from(publishers).expect("the plan's number is a u32"),
            published: self.published - refused,
            begun: self.begun_seq - self.start_seq,
            everywhere: self.everywhere_seq - self.start_seq,
        };
        let mut worked = false;
        for turn in 0..publishers {
            let number = (self.first_publisher + turn) % publishers;
            let publisher = &mut self.publishers[number];
            let count = in_flight.allowance(publisher.unanswered);
            if count == 0 {
                continue;
            }
            let now = self.tally.clock.now_ns();
            publisher
                .publish(count, &self.room, &mut self.payload, now)
                .with_context(|| format!("publisher {number}"))?;
            self.published += u64::from(count);
            in_flight.published += u64::from(count);
            worked = true;
        }
        self.first_publisher = (self.first_publisher + 1) % publishers;
        Ok(worked)
    }

    /// Whether all is answered and delivered.
    fn is_settled(&self) -> bool {
        let answered = self.publishers.iter().all(|one| one.unanswered == 0);
        answered && self.everywhere_seq >= self.end_seq()
    }

    /// The last message that was accepted.
    fn end_seq(&self) -> u64 {
        let last = self.publishers.iter().map(|one| one.last_seq).max();
        last.unwrap_or(0).max(self.start_seq)
    }

    fn flaws(&self) -> Flaws {
        let end = self.end_seq();
        let mut flaws = Flaws::default();
        for (member, last) in self.members.iter().zip(&self.got) {
            flaws.add(&member.order.flaws(end.saturating_sub(*last)));
        }
        for publisher in &self.publishers {
            flaws.refused += publisher.refused + u64::from(publisher.unanswered);
        }
        flaws
    }
}
