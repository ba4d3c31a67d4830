//! One core's loop: wait, handle the batch, flush. It carries things between a back end, a shard
//! and the mesh, and decides nothing.
//!
//! A turn is the unit of everything: one reading of the clock, one send for each socket, at most
//! one wake-up for each other worker. [`Worker::turn`] is all there is, so that a simulated world
//! can run several workers on one thread, turn by turn.

use core::time::Duration;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::keys::Keys;
use crate::envelope::Envelope;
use crate::event::{Arrival, Effect, Event};
use crate::id::ShardId;
use crate::io::{Completion, Io};
use crate::journal::Journal;
use crate::mesh::Endpoint;
use crate::shard::Shard;
use crate::time::Instant;

/// What goes through a lane.
#[derive(Debug)]
pub enum Parcel<Socket> {
    /// Something one shard tells another.
    Envelope(Envelope),
    /// A connection that belongs to the other shard.
    Connection {
        /// The socket.
        socket: Socket,
        /// The address it comes from.
        peer: IpAddr,
        /// All that was received on it so far.
        received: Vec<u8>,
    },
}

/// What a node tells all its workers. They look at it once a turn.
#[derive(Debug, Default)]
pub struct Orders {
    drain: AtomicBool,
    keys: Mutex<Vec<Keys>>,
    /// Counts up each time the keys are replaced.
    keys_version: AtomicU64,
}

impl Orders {
    /// Tells the workers to see their sessions off and end.
    pub fn drain(&self) {
        self.drain.store(true, Ordering::Relaxed);
    }

    /// Replaces the keys of the apps: those of each app, in the order of the apps.
    pub fn replace_keys(&self, keys: Vec<Keys>) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        self.keys_version.fetch_add(1, Ordering::Release);
    }

    fn keys(&self) -> Vec<Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One core's loop.
pub struct Worker<I: Io> {
    io: I,
    shard: Shard,
    mesh: Endpoint<Parcel<I::Socket>>,
    orders: Arc<Orders>,
    draining: bool,
    /// The version of the keys that the shard has.
    keys_version: u64,
    completions: Vec<Completion>,
    /// How long the last turn took.
    busy: Duration,
    journal: Journal,
}

/// Whether there will be another turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Yes.
    Continue,
    /// No: the shard is drained.
    Finished,
}

impl<I: Io> Worker<I> {
    /// A worker that drives a shard. It can be woken from now on.
    ///
    /// # Errors
    /// When the back end cannot make a waker.
    pub fn new(
        io: I,
        shard: Shard,
        mesh: Endpoint<Parcel<I::Socket>>,
        orders: Arc<Orders>,
    ) -> io::Result<Self> {
        let waker = io.waker()?;
        mesh.bell().install(move || waker.wake());
        let (completions, busy) = (Vec::new(), Duration::ZERO);
        let journal = Journal::default();
        let (draining, keys_version) = (false, 0);
        Ok(Self { io, shard, mesh, orders, draining, keys_version, completions, busy, journal })
    }

    /// Waits for something to do and does it.
    ///
    /// # Errors
    /// When the back end is broken.
    pub fn turn(&mut self) -> io::Result<Turn> {
        let deadline = self.lie_down();
        let waited = self.io.wait(deadline, &mut self.completions);
        self.mesh.bell().get_up();
        waited?;

        let now = self.io.now();
        self.shard.begin(now, self.busy);
        for (id, to) in (0_u16..).zip(0..self.mesh.workers()) {
            self.shard.set_load(ShardId(id), self.mesh.waiting(to));
        }
        let keys_version = self.orders.keys_version.load(Ordering::Acquire);
        if keys_version != self.keys_version {
            // Before anybody comes in by the old ones.
            self.keys_version = keys_version;
            self.shard.handle(Event::Keys(self.orders.keys()));
        }
        self.take_completions();
        self.take_parcels();
        if !self.draining && self.orders.drain.load(Ordering::Relaxed) {
            self.draining = true;
            self.io.stop_accepting();
            self.shard.handle(Event::Drain);
        }
        self.shard.finish();
        self.carry_out(now.instant);
        self.busy = self.io.now().instant.since(now.instant);
        let finished = self.shard.is_drained() && !self.mesh.is_backed_up();
        Ok(if finished { Turn::Finished } else { Turn::Continue })
    }

    /// The shard, to look at.
    pub const fn shard(&self) -> &Shard {
        &self.shard
    }

    /// The back end, for whoever plays the world around it.
    pub const fn io_mut(&mut self) -> &mut I {
        &mut self.io
    }

    /// Makes ready to sleep, and says until when: not at all if there is something to do. Every
    /// turn begins with this; a world that plays the kernel calls it to know whom to run next.
    pub fn lie_down(&mut self) -> Option<Instant> {
        self.mesh.bell().lie_down();
        let drain = !self.draining && self.orders.drain.load(Ordering::Relaxed);
        let keys = self.keys_version != self.orders.keys_version.load(Ordering::Relaxed);
        if drain || keys || self.mesh.has_mail() || self.mesh.is_backed_up() {
            return Some(Instant::ZERO);
        }
        self.shard.next_deadline()
    }

    fn take_completions(&mut self) {
        for completion in self.completions.drain(..) {
            match completion {
                Completion::Accepted { connection, peer, .. } => {
                    self.shard.handle(Event::Accepted { connection, peer: peer.ip() });
                }
                Completion::Received { connection, buffer } => {
                    let bytes = self.io.received(buffer);
                    self.shard.handle(Event::Received { connection, bytes });
                    self.io.release(buffer);
                }
                Completion::Sent { connection, spare } => {
                    self.shard.handle(Event::Sent { connection, spare });
                }
                Completion::Closed { connection } => {
                    self.shard.handle(Event::Closed { connection });
                }
            }
        }
    }

    fn take_parcels(&mut self) {
        let (io, shard) = (&mut self.io, &mut self.shard);
        self.mesh.receive(|parcel| match parcel {
            Parcel::Envelope(envelope) => shard.handle(Event::Mail(envelope)),
            Parcel::Connection { socket, peer, received } => {
                let connection = io.adopt(socket);
                shard.handle(Event::Adopted { connection, peer, received });
            }
        });
    }

    fn carry_out(&mut self, now: Instant) {
        for effect in self.shard.take_effects() {
            match effect {
                Effect::Report(report) => self.journal.note(&report, now),
                Effect::Send { connection, outgoing } => self.io.send(connection, outgoing),
                Effect::Pause { connection } => self.io.pause(connection),
                Effect::Resume { connection, receive } => self.io.resume(connection, receive),
                Effect::Shutdown { connection } => self.io.shutdown(connection),
                Effect::Close { connection } => self.io.close(connection),
                Effect::HandOver { connection, to, arrival } => {
                    // None if the peer ended it in this very turn.
                    if let Some(socket) = self.io.detach(connection) {
                        let Arrival { peer, received } = *arrival;
                        let parcel = Parcel::Connection { socket, peer, received };
                        self.mesh.send(to.index(), parcel);
                    }
                }
            }
        }
        for mail in self.shard.take_mail() {
            self.mesh.send(mail.to.index(), Parcel::Envelope(mail.envelope));
        }
        self.mesh.flush();
    }
}
