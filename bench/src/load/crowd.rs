//! Opening sessions: connecting, saying who it is, joining; many at a time, on one epoll.
//!
//! All that opens a session is written at once and only its last answer is waited for, in every
//! dialect. A bounded number is under way at a time, so that no listener's backlog overflows.
//! Sessions are spread over source addresses (127.0.0.1, 127.0.0.2, ..): past 4,000 from one of
//! them, the kernel's search for a free port costs more than the session.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustls::ClientConfig;
use socket2::{Domain, SockRef, Socket, Type};

use crate::Stop;
use crate::load::dialect::{Dialect, Guest, Place};
use crate::load::line::Line;
use crate::stats::latency_histogram;

/// Sessions that are being opened at a time unless something else is asked for; below any
/// backlog of a listener.
pub const AT_A_TIME: usize = 64;

/// Sessions from one source address.
const SESSIONS_PER_SOURCE: usize = 4000;

/// Clients that set out or are heard in one step when there is nothing else to do.
const PER_STEP: usize = 1024;

/// How long it may take until any one session is open.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of one receive while sessions are opened.
const RECEIVE_BYTES: usize = 16 * 1024;

/// Where sessions are opened, and in which language.
#[derive(Debug, Clone)]
pub struct Door {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What it speaks.
    pub dialect: Rc<dyn Dialect>,
    /// Within TLS, if by anything.
    pub tls: Option<Arc<ClientConfig>>,
}

/// An open session.
#[derive(Debug)]
pub struct Session {
    /// Its socket, in the crowd's epoll by its place among the guests.
    pub line: Line,
    /// What was received and is not read yet.
    pub held: Vec<u8>,
    /// Where it came in.
    pub place: Place,
}

/// Sessions, opened and held.
#[derive(Debug)]
pub struct Crowd {
    poll: Poll,
    door: Door,
    sessions: Vec<Opening>,
    /// From the connect until it was open, for each.
    opening: Histogram<u64>,
    busy: Duration,
    idle: Duration,
}

#[derive(Debug)]
struct Opening {
    line: Line,
    held: Vec<u8>,
    began: Instant,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Waiting,
    Open(Place),
}

/// How many do something at a time.
#[derive(Debug, Clone, Copy)]
pub struct Haste {
    /// Clients that are under way.
    pub at_a_time: usize,
    /// Of these, how many set out in one step, and how many may be heard in it.
    pub per_step: usize,
}

/// A crowd on its way in, step by step, so that something else can go on in between.
#[derive(Debug)]
pub struct Arrival<'a> {
    crowd: Crowd,
    guests: &'a [Guest],
    haste: Haste,
    events: Events,
    open: usize,
    last_open: Instant,
}

impl<'a> Arrival<'a> {
    /// Nobody has come yet.
    ///
    /// # Errors
    /// When the system has no epoll to give.
    pub fn new(door: &Door, guests: &'a [Guest], haste: Haste) -> anyhow::Result<Self> {
        let crowd = Crowd {
            poll: Poll::new().context("cannot make an epoll")?,
            door: door.clone(),
            sessions: Vec::with_capacity(guests.len()),
            opening: latency_histogram(),
            busy: Duration::ZERO,
            idle: Duration::ZERO,
        };
        let events = Events::with_capacity(haste.per_step);
        Ok(Self { crowd, guests, haste, events, open: 0, last_open: Instant::now() })
    }

    /// Whether all are in.
    pub const fn is_over(&self) -> bool {
        self.open >= self.guests.len()
    }

    /// Lets some set out, until it is `due` in all, and takes some of those on the way as far as
    /// they get. It polls and does not sleep: see the load.
    ///
    /// # Errors
    /// When the server refuses one or leaves it waiting.
    pub fn step(&mut self, due: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        let crowd = &mut self.crowd;
        let begun_before = crowd.sessions.len();
        let until = self.guests.len().min(due).min(self.open + self.haste.at_a_time);
        for number in begun_before..until.min(begun_before + self.haste.per_step) {
            let begun = crowd.begin(number);
            begun.with_context(|| format!("cannot connect session {number}"))?;
        }
        crowd.look(&mut self.events)?;
        let before = self.open;
        for event in &self.events {
            let Token(number) = event.token();
            let opened = crowd.go_on(number, &self.guests[number]);
            self.open += usize::from(opened.with_context(|| {
                format!("session {number} ({}) was not let in", self.guests[number].user)
            })?);
        }
        let now = Instant::now();
        if self.events.is_empty() {
            crowd.idle += now - began;
        } else {
            crowd.busy += now - began;
        }
        if self.open > before || self.open == crowd.sessions.len() {
            self.last_open = now;
        }
        ensure!(self.last_open.elapsed() < PATIENCE, "a session was left waiting at the door");
        Ok(())
    }

    /// All who came.
    pub fn into_crowd(self) -> Crowd {
        self.crowd
    }
}

impl Crowd {
    /// Opens a session for each guest, so many at a time.
    ///
    /// # Errors
    /// When the server refuses one or leaves it waiting, or someone asked for the end.
    pub fn open(
        door: &Door,
        guests: &[Guest],
        at_a_time: usize,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let mut arrival = Arrival::new(door, guests, Haste { at_a_time, per_step: PER_STEP })?;
        while !arrival.is_over() {
            stop.check()?;
            arrival.step(guests.len())?;
        }
        Ok(arrival.into_crowd())
    }

    /// Cuts one session off without a word. Tells whether there was one.
    pub fn cut_one(&mut self) -> bool {
        self.sessions.pop().is_some()
    }

    /// From the connect until it was open, for each session.
    pub const fn opening(&self) -> &Histogram<u64> {
        &self.opening
    }

    /// The share of the opening in which there was something to do here.
    pub fn busy_share(&self) -> f64 {
        self.busy.as_secs_f64() / (self.busy + self.idle).as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Asks each session for a sign of life, and waits some seconds for all of them. Gives how
    /// many gave none.
    ///
    /// # Errors
    /// When someone asked for the end.
    pub fn count_dead(&mut self, stop: &Stop) -> anyhow::Result<usize> {
        let mut question = Vec::new();
        self.door.dialect.ask_for_life(&mut question);
        for session in &mut self.sessions {
            session.held.clear();
            // One that cannot be asked gives no answer either.
            let _ = session.line.write_all(&question);
        }
        let (mut events, began) = (Events::with_capacity(1024), Instant::now());
        loop {
            stop.check()?;
            self.look(&mut events)?;
            for event in &events {
                let Token(number) = event.token();
                let _ = self.sessions[number].receive();
            }
            let dead = self.sessions.iter().filter(|session| session.held.is_empty()).count();
            if dead == 0 || began.elapsed() > PATIENCE {
                return Ok(dead);
            }
        }
    }

    /// The epoll, and the sessions in it by their place among the guests.
    pub fn into_sessions(self) -> (Poll, Vec<Session>) {
        let sessions = self.sessions.into_iter().map(|session| Session {
            line: session.line,
            held: session.held,
            place: match session.stage {
                Stage::Open(place) => place,
                Stage::Connecting | Stage::Waiting => unreachable!("all sessions are open"),
            },
        });
        (self.poll, sessions.collect())
    }

    fn look(&mut self, events: &mut Events) -> anyhow::Result<()> {
        match self.poll.poll(events, Some(Duration::ZERO)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                Err(error).context("cannot wait")
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, number: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut stream = connect(self.door.address, number / SESSIONS_PER_SOURCE)?;
        // Ended without the minute that the system would keep its port for: a run of many rounds
        // runs out of ports otherwise.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), both)?;
        let line = Line::new(stream, self.door.tls.as_ref())?;
        self.sessions.push(Opening { line, held: Vec::new(), began, stage: Stage::Connecting });
        Ok(())
    }

    /// Takes a session as far as it gets now; tells whether it is open by that.
    fn go_on(&mut self, number: usize, guest: &Guest) -> anyhow::Result<bool> {
        let session = &mut self.sessions[number];
        if session.stage == Stage::Connecting {
            if !session.is_connected()? {
                return Ok(false);
            }
            session.line.stream().set_nodelay(true)?;
            let mut bytes = Vec::new();
            self.door.dialect.open(guest, &mut bytes);
            session.line.write_all(&bytes).context("no place in the socket")?;
            session.stage = Stage::Waiting;
        }
        session.receive()?;
        if session.stage != Stage::Waiting {
            return Ok(false);
        }
        let opened = self.door.dialect.opened(guest, &session.held)?;
        session.held.drain(..opened.taken);
        let Some(place) = opened.place else {
            return Ok(false);
        };
        session.stage = Stage::Open(place);
        let took = u64::try_from(session.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.opening.saturating_record(took);
        Ok(true)
    }
}

impl Opening {
    fn is_connected(&mut self) -> anyhow::Result<bool> {
        let stream = self.line.stream();
        if let Some(error) = stream.take_error()? {
            return Err(error).context("cannot connect");
        }
        match stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error).context("cannot connect"),
        }
    }

    fn receive(&mut self) -> anyhow::Result<()> {
        let mut received = [0; RECEIVE_BYTES];
        loop {
            match self.line.read(&mut received) {
                Ok(0) => anyhow::bail!("the server closed the connection{}", self.last_words()),
                Ok(read) => self.held.extend_from_slice(&received[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot read"),
            }
        }
    }

    /// What came before the end, as far as it is legible.
    fn last_words(&self) -> String {
        if self.held.is_empty() { String::new() } else { format!(": {}", self.held.escape_ascii()) }
    }
}

/// Connects from the source address of that number, which only IPv4 has more than one of.
fn connect(address: SocketAddr, source: usize) -> anyhow::Result<TcpStream> {
    if source == 0 || !address.is_ipv4() {
        return Ok(TcpStream::connect(address)?);
    }
    let last = u8::try_from(source + 1).context("more sessions than source addresses")?;
    let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&from.into())?;
    match socket.connect(&address.into()) {
        Err(error)
            if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) =>
        {
            Err(error.into())
        }
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}
