//! The third implementation of the broker's seam: a simulated network instead of a kernel.
//!
//! It keeps the promises of `throng_broker::io` and uses every freedom they leave: receives and
//! sends are cut anywhere, completions come late and in any order between connections. It never
//! blocks; the world decides whose turn it is.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Arguments;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use throng_broker::event::{Outgoing, Receive};
use throng_broker::id::ConnectionId;
use throng_broker::io::{BufferId, Completion, Entrance, Io, Wake};
use throng_broker::probe::{self, Bug};
use throng_broker::time::{Instant, Now};

use crate::net::{LinkId, Net, Network};

/// A simulated back end for one worker.
#[derive(Debug)]
pub struct SimIo {
    net: Net,
    worker: usize,
    woken: Arc<AtomicBool>,
    connections: BTreeMap<u32, Connection>,
    free: Vec<u32>,
    next_generation: u32,
    buffers: BTreeMap<u32, Vec<u8>>,
    next_buffer: u32,
    done: VecDeque<Completion>,
    accepting: bool,
    /// Readings of the clock since the turn began: the second one ends it.
    clock_readings: Cell<u32>,
    /// How long the turn will have taken when it ends.
    turn_takes: Cell<Duration>,
}

#[derive(Debug)]
struct Connection {
    generation: u32,
    link: LinkId,
    receive: Option<Receive>,
    /// A send under way and how much of it the network has taken.
    sending: Option<(Outgoing, usize)>,
}

struct SimWaker(Arc<AtomicBool>);

impl Wake for SimWaker {
    fn wake(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl SimIo {
    /// Lets the turn that comes seem to take that long: its core was busy elsewhere.
    pub fn stretch_turn(&mut self, time: Duration) {
        self.turn_takes.set(time);
    }

    /// The back end of a worker.
    #[must_use]
    pub fn new(net: Net, worker: usize) -> Self {
        Self {
            net,
            worker,
            woken: Arc::new(AtomicBool::new(false)),
            connections: BTreeMap::new(),
            free: Vec::new(),
            next_generation: 0,
            buffers: BTreeMap::new(),
            next_buffer: 0,
            done: VecDeque::new(),
            accepting: true,
            clock_readings: Cell::new(0),
            turn_takes: Cell::new(Duration::ZERO),
        }
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Whether a wait would bring anything now: what a kernel would wake the worker for.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let net = self.net.0.borrow();
        self.woken.load(Ordering::Relaxed)
            || !self.done.is_empty()
            || (self.accepting && net.weather.accepts && !net.backlogs[self.worker].is_empty())
            || self.connections.values().any(|connection| connection.is_ready(&net))
    }

    fn note(&self, id: ConnectionId, what: Arguments<'_>) {
        let what = format_args!("{what} {}.{}", id.slot, id.generation);
        self.net.note('w', self.worker, what);
    }

    fn insert(&mut self, link: LinkId) -> ConnectionId {
        let next = u32::try_from(self.connections.len()).expect("worlds are small");
        let slot = self.free.pop().unwrap_or(next);
        let generation = self.next_generation;
        self.next_generation += 1;
        let connection = Connection { generation, link, receive: None, sending: None };
        let taken = self.connections.insert(slot, connection);
        assert!(taken.is_none(), "a place is given out once");
        ConnectionId { slot, generation }
    }

    fn get_mut(&mut self, connection: ConnectionId) -> Option<&mut Connection> {
        self.connections
            .get_mut(&connection.slot)
            .filter(|own| own.generation == connection.generation)
    }

    fn remove(&mut self, connection: ConnectionId) -> Option<Connection> {
        self.get_mut(connection)?;
        self.free.push(connection.slot);
        self.connections.remove(&connection.slot)
    }

    /// Lets one connection get as far as the network lets it. Says whether it is gone.
    fn step(&mut self, id: ConnectionId) -> bool {
        let shared = self.net.clone();
        let mut net = shared.0.borrow_mut();
        let connection = self.connections.get_mut(&id.slot).expect("asked for what is there");
        if connection.is_gone(&net) {
            return true;
        }
        let delay_percent = net.weather.delay_percent;
        if self.buffers.len() < net.weather.receives_max
            && !net.random.percent(delay_percent)
            && let Some(bytes) = connection.take_received(&mut net)
        {
            let now = net.now.instant;
            let what = format_args!("received {}.{} {} bytes", id.slot, id.generation, bytes.len());
            net.trace.note(now, 'w', self.worker, what);
            let buffer = self.next_buffer;
            self.next_buffer += 1;
            self.buffers.insert(buffer, bytes);
            self.done.push_back(Completion::Received { connection: id, buffer: BufferId(buffer) });
        }
        if !net.random.percent(delay_percent)
            && let Some(outgoing) = connection.give_sent(&mut net)
        {
            let now = net.now.instant;
            let bytes = outgoing.as_slice().len();
            let what = format_args!("sent {}.{} {bytes} bytes", id.slot, id.generation);
            net.trace.note(now, 'w', self.worker, what);
            self.done.push_back(Completion::Sent { connection: id, spare: outgoing.into_spare() });
        }
        false
    }
}

impl Connection {
    fn is_ready(&self, net: &Network) -> bool {
        let Some(link) = net.links.get(&self.link) else {
            return true;
        };
        (self.receive.is_some() && (!link.up.bytes.is_empty() || link.up.ended))
            || (self.sending.is_some()
                && (link.down.broken || link.down.bytes.len() < net.weather.pipe_bytes_max))
    }

    /// The peer has ended and all it wrote was read, or it cannot be written to.
    fn is_gone(&self, net: &Network) -> bool {
        let Some(link) = net.links.get(&self.link) else {
            return true;
        };
        (self.receive.is_some() && link.up.ended && link.up.bytes.is_empty())
            || (self.sending.is_some() && link.down.broken)
    }

    fn take_received(&mut self, net: &mut Network) -> Option<Vec<u8>> {
        let receive = self.receive?;
        let link = net.links.get_mut(&self.link)?;
        if link.up.bytes.is_empty() {
            return None;
        }
        let bytes_max = 1 + net.random.below(net.weather.receive_bytes_max);
        let bytes_max = bytes_max.min(link.up.bytes.len());
        if receive == Receive::Once {
            self.receive = None;
        }
        Some(link.up.bytes.drain(..bytes_max).collect())
    }

    fn give_sent(&mut self, net: &mut Network) -> Option<Outgoing> {
        let (outgoing, done) = self.sending.as_mut()?;
        let link = net.links.get_mut(&self.link)?;
        let room = net.weather.pipe_bytes_max.saturating_sub(link.down.bytes.len());
        let rest = &outgoing.as_slice()[*done..];
        let taken = rest.len().min(room);
        link.down.bytes.extend(&rest[..taken]);
        *done += taken;
        if probe::planted(Bug::PartialSend) && (1..outgoing.as_slice().len()).contains(done) {
            *done += 1;
        }
        if *done == outgoing.as_slice().len() {
            return self.sending.take().map(|(outgoing, _)| outgoing);
        }
        None
    }
}

impl Io for SimIo {
    type Socket = LinkId;

    fn now(&self) -> Now {
        let mut now = self.net.now();
        self.clock_readings.set(self.clock_readings.get() + 1);
        if self.clock_readings.get() == 2 {
            now.instant = now.instant + self.turn_takes.take();
        }
        now
    }

    fn waker(&self) -> io::Result<Box<dyn Wake>> {
        Ok(Box::new(SimWaker(Arc::clone(&self.woken))))
    }

    fn wait(
        &mut self,
        _deadline: Option<Instant>,
        completions: &mut Vec<Completion>,
    ) -> io::Result<()> {
        self.woken.store(false, Ordering::Relaxed);
        self.clock_readings.set(0);
        while self.accepting && self.net.weather().accepts {
            let next = self.net.0.borrow_mut().backlogs[self.worker].pop_front();
            let Some(link) = next else { break };
            let connection = self.insert(link);
            let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            self.note(connection, format_args!("accepted link {}", link.0));
            let entrance = Entrance::Plain;
            self.done.push_back(Completion::Accepted { connection, entrance, peer });
        }
        let mut all: Vec<_> = self
            .connections
            .iter()
            .map(|(&slot, own)| ConnectionId { slot, generation: own.generation })
            .collect();
        self.net.0.borrow_mut().random.shuffle(&mut all);
        for connection in all {
            if self.step(connection) {
                self.close(connection);
            }
        }
        completions.extend(self.done.drain(..));
        Ok(())
    }

    fn received(&self, buffer: BufferId) -> &[u8] {
        &self.buffers[&buffer.0]
    }

    fn release(&mut self, buffer: BufferId) {
        self.buffers.remove(&buffer.0).expect("a buffer is released once");
    }

    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing) {
        assert!(!outgoing.as_slice().is_empty(), "nothing to send");
        if let Some(own) = self.get_mut(connection) {
            assert!(own.sending.is_none(), "one send at a time");
            own.sending = Some((outgoing, 0));
            let link = own.link;
            if let Some(link) = self.net.0.borrow_mut().links.get_mut(&link) {
                link.sends += 1;
            }
        }
    }

    fn pause(&mut self, connection: ConnectionId) {
        if let Some(own) = self.get_mut(connection) {
            own.receive = None;
        }
    }

    fn resume(&mut self, connection: ConnectionId, receive: Receive) {
        if let Some(own) = self.get_mut(connection) {
            own.receive = Some(receive);
        }
    }

    fn shutdown(&mut self, connection: ConnectionId) {
        let Some(own) = self.get_mut(connection) else { return };
        assert!(own.sending.is_none(), "only when nothing is under way");
        let link = own.link;
        if let Some(link) = self.net.0.borrow_mut().links.get_mut(&link) {
            link.down.ended = true;
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        let Some(own) = self.remove(connection) else { return };
        if let Some(link) = self.net.0.borrow_mut().links.get_mut(&own.link) {
            link.down.ended = true;
            link.up.broken = true;
        }
        self.note(connection, format_args!("closed"));
        self.done.push_back(Completion::Closed { connection });
    }

    fn detach(&mut self, connection: ConnectionId) -> Option<LinkId> {
        let own = self.get_mut(connection)?;
        assert!(own.receive.is_none(), "only a paused connection is detached");
        assert!(own.sending.is_none(), "only a silent connection is detached");
        self.note(connection, format_args!("handed over"));
        self.remove(connection).map(|own| own.link)
    }

    fn adopt(&mut self, link: LinkId) -> ConnectionId {
        let connection = self.insert(link);
        self.note(connection, format_args!("adopted link {}", link.0));
        connection
    }

    fn stop_accepting(&mut self) {
        self.accepting = false;
    }
}
