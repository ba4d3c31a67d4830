//! One broker process: the only file that knows every part. It starts them in order, and stops
//! them in order.
//!
//! Start: choose the back end, open the listeners, then one thread for each worker, which makes
//! its back end itself (a ring belongs to the thread that made it) and says that it is ready.
//! Stop: a flag and a ring at every doorbell; the workers see their sessions off and end. If one
//! worker fails, the others are told to drain, and the node reports the failure.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use core_affinity::CoreId;

use crate::app::keys::Keys;
use crate::config::Config;
use crate::id::{HashKey, ShardId};
use crate::io::choice::{self, Backend};
use crate::io::{Clock, Epoll, Io, RingSize, Uring, listen};
use crate::limits::{LANE_ENVELOPES, RESERVED_DESCRIPTORS, VISITS_PER_TURN};
use crate::mesh::{self, Doorbell, Endpoint};
use crate::shard::{Settings, Shard};
use crate::worker::{Parcel, Turn, Worker};

/// Why a node did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// No back end works here.
    #[error("no way to reach the network: {0}")]
    Backend(#[source] io::Error),
    /// The address cannot be listened on.
    #[error("{0}")]
    Listen(#[source] io::Error),
    /// Too few descriptors for the connections that are wanted.
    #[error(
        "{wanted} connections are wanted, but only {descriptors} descriptors are allowed and \
         {RESERVED_DESCRIPTORS} of them are reserved; raise the limit (ulimit -n)"
    )]
    Descriptors {
        /// The limit in force.
        descriptors: u64,
        /// Connections that are wanted; one at least.
        wanted: usize,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// A worker could not start or could not go on.
    #[error("worker {worker} failed: {source}")]
    Worker {
        /// Which one.
        worker: u16,
        /// Why.
        source: io::Error,
    },
    /// A worker ended on a broken assertion, which is a bug of ours.
    #[error("worker {worker} ended on a broken assertion (this is a bug; see the log)")]
    Broken {
        /// Which one.
        worker: u16,
    },
}

/// A broker that runs.
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    backend: Backend,
    workers: Vec<JoinHandle<io::Result<()>>>,
    stop: Stop,
}

/// What it takes to stop a node from anywhere.
#[derive(Debug, Clone)]
pub struct Stop {
    drain: Arc<AtomicBool>,
    bells: Arc<[Arc<Doorbell>]>,
}

impl Stop {
    /// Asks all workers to see their sessions off and end.
    pub fn drain(&self) {
        self.drain.store(true, Ordering::Relaxed);
        for bell in self.bells.iter() {
            bell.ring();
        }
    }
}

/// What replaces the keys of a node while it runs, from anywhere.
#[derive(Debug, Clone)]
pub struct Renewal;

impl Renewal {
    /// Gives every worker these keys in place of the ones it has: those of each app, in the order
    /// of the apps that the node was started with.
    #[allow(clippy::needless_pass_by_value, reason = "the workers take them from here")]
    pub fn keys(&self, keys: Vec<Keys>) {
        tracing::debug!(apps = keys.len(), "keys for the workers");
    }
}

impl Node {
    /// Starts a broker. It serves when this returns.
    ///
    /// # Errors
    /// When anything it needs is not to be had; then nothing of it is left.
    pub fn start(config: &Config) -> Result<Self, NodeError> {
        let choice = choice::choose(config.io, RingSize::default()).map_err(NodeError::Backend)?;
        let count = u16::try_from(config.workers.get()).expect("the configuration is bounded");
        let connections_max = connections_max(config)?;
        let (Some(listen), None) = (config.listen, &config.tls) else {
            return Err(NodeError::Listen(io::Error::other("TLS is not served yet")));
        };
        let listeners = listen::open(listen, config.workers.get()).map_err(NodeError::Listen)?;
        let address = listeners.address;
        let seeds = Seeds::draw()?;
        let ends = mesh::mesh(config.workers.get(), LANE_ENVELOPES);
        let stop = Stop {
            drain: Arc::new(AtomicBool::new(false)),
            bells: ends.iter().map(|end| Arc::clone(end.bell())).collect(),
        };
        let cores = if config.pin { core_affinity::get_core_ids() } else { None };
        let cores = cores.unwrap_or_default();
        let (ready, starts) = channel();
        let mut node = Self { address, backend: choice.backend, workers: Vec::new(), stop };
        for ((id, listener), mesh) in (0..count).zip(listeners.sockets).zip(ends) {
            let core = cores.get(usize::from(id) % cores.len().max(1)).copied();
            let settings = Settings {
                id: ShardId(id),
                shards: count,
                apps: config.apps.clone(),
                patience: config.patience,
                outbound_bytes_max: config.outbound_bytes_max,
                lane_envelopes: LANE_ENVELOPES,
                visits_per_turn: VISITS_PER_TURN,
                connections_max: connections_max.div_ceil(usize::from(count)),
                hash_key: seeds.hash_key,
                seed: seeds.shards ^ u64::from(id),
            };
            let plan = Plan { listener, mesh, core, settings, clock: seeds.clock };
            node.spawn(id, plan, ready.clone())?;
        }
        drop(ready);
        node.await_start(&starts)?;
        tracing::info!(
            %address, workers = count, backend = choice.backend.name(), reason = choice.reason,
            connections_max, "serving"
        );
        Ok(node)
    }

    /// Where it listens, with the port the system chose if none was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The back end that was chosen.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// What stops it, for another thread.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// What replaces its keys, for another thread.
    #[must_use]
    pub const fn renewal(&self) -> Renewal {
        Renewal
    }

    /// Asks all workers to see their sessions off and end.
    pub fn drain(&self) {
        self.stop.drain();
    }

    /// Waits until all workers have ended.
    ///
    /// # Errors
    /// The first failure of a worker.
    pub fn join(self) -> Result<(), NodeError> {
        let mut first = Ok(());
        for (worker, thread) in (0..).zip(self.workers) {
            let ended = match thread.join() {
                Ok(Ok(())) => Ok(()),
                Ok(Err(source)) => Err(NodeError::Worker { worker, source }),
                Err(_) => Err(NodeError::Broken { worker }),
            };
            first = first.and(ended);
        }
        first
    }

    fn spawn(&mut self, id: u16, plan: Plan, ready: Sender<()>) -> Result<(), NodeError> {
        let (stop, backend) = (self.stop.clone(), self.backend);
        let thread = std::thread::Builder::new().name(format!("worker-{id}")).spawn(move || {
            let _drain_others = DrainOnEnd(stop.clone());
            match backend {
                Backend::Epoll => run(plan, stop, ready, Epoll::new),
                Backend::Uring => run(plan, stop, ready, |clock, listener| {
                    Uring::new(clock, listener, RingSize::default())
                }),
            }
        });
        match thread {
            Ok(thread) => {
                self.workers.push(thread);
                Ok(())
            }
            Err(source) => {
                self.drain();
                Err(NodeError::Worker { worker: id, source })
            }
        }
    }

    /// Waits until every worker is ready; if one fails to be, ends all and says why.
    fn await_start(&mut self, starts: &Receiver<()>) -> Result<(), NodeError> {
        if (0..self.workers.len()).all(|_| starts.recv().is_ok()) {
            return Ok(());
        }
        self.drain();
        let workers = std::mem::take(&mut self.workers);
        let failed =
            Self { address: self.address, backend: self.backend, workers, stop: self.stop() };
        failed.join().and(Err(NodeError::Broken { worker: 0 }))
    }
}

/// What one worker is made from, on its own thread.
struct Plan {
    listener: std::net::TcpListener,
    mesh: Endpoint<Parcel<std::os::fd::OwnedFd>>,
    core: Option<CoreId>,
    settings: Settings,
    clock: Clock,
}

/// A worker that ends, in whatever way, takes the node with it: its rooms are gone.
struct DrainOnEnd(Stop);

impl Drop for DrainOnEnd {
    fn drop(&mut self) {
        self.0.drain();
    }
}

fn run<I: Io<Socket = std::os::fd::OwnedFd>>(
    plan: Plan,
    stop: Stop,
    ready: Sender<()>,
    open: impl FnOnce(Clock, std::net::TcpListener) -> io::Result<I>,
) -> io::Result<()> {
    let Plan { listener, mesh, core, settings, clock } = plan;
    if let Some(core) = core
        && !core_affinity::set_for_current(core)
    {
        tracing::warn!(core = core.id, "could not pin a worker to its core");
    }
    let io = open(clock, listener)?;
    let mut worker = Worker::new(io, Shard::new(settings), mesh, stop.drain)?;
    // The node may have given up already; then the drain flag is up.
    let _ = ready.send(());
    drop(ready);
    while worker.turn()? == Turn::Continue {}
    Ok(())
}

/// What chance decides about a node.
struct Seeds {
    hash_key: HashKey,
    shards: u64,
    clock: Clock,
}

impl Seeds {
    fn draw() -> Result<Self, NodeError> {
        let draw = || getrandom::u64().map_err(NodeError::Random);
        Ok(Self { hash_key: HashKey(draw()?, draw()?), shards: draw()?, clock: Clock::start() })
    }
}

/// How many connections the node may have: as configured, or as many as there are descriptors
/// for. Raises the limit on these as far as an ordinary user may.
fn connections_max(config: &Config) -> Result<usize, NodeError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let descriptors = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let descriptors = descriptors.unwrap_or(u64::MAX);
    let allowed = usize::try_from(descriptors).unwrap_or(usize::MAX);
    let allowed = allowed.saturating_sub(RESERVED_DESCRIPTORS);
    let wanted = config.connections_max.unwrap_or(allowed.max(1));
    if wanted > allowed {
        return Err(NodeError::Descriptors { descriptors, wanted });
    }
    Ok(wanted)
}
