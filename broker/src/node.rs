//! One broker process: the only file that knows every part. It starts them in order, and stops
//! them in order.
//!
//! Start: choose the back end, open the listeners, then one thread for each worker, which makes
//! its back end itself (a ring belongs to the thread that made it) and says that it is ready.
//! Stop: a flag and a ring at every doorbell; the workers see their sessions off and end. If one
//! worker fails, the others are told to drain, and the node reports the failure.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use core_affinity::CoreId;

use crate::config::Config;
use crate::id::{HashKey, ShardId};
use crate::io::certificates::{CertificateError, CertificateFiles, Certificates};
use crate::io::choice::{self, Backend};
use crate::io::door::Door;
use crate::io::front::{Front, Passed, Rules};
use crate::io::{Clock, Entrance, Epoll, Io, Listening, RingSize, Uring, listen};
use crate::limits::{LANE_ENVELOPES, RESERVED_DESCRIPTORS, VISITS_PER_TURN};
use crate::mesh::{self, Doorbell, Endpoint};
use crate::renewal::Renewal;
use crate::shard::{Settings, Shard};
use crate::worker::{Orders, Parcel, Turn, Worker};

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
    /// The certificate or its key cannot be used.
    #[error("{0}")]
    Certificate(#[source] CertificateError),
    /// No address is configured to listen on.
    #[error("there is no address to listen on")]
    NoAddress,
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
    addresses: Addresses,
    certificates: Option<Arc<Certificates>>,
    backend: Backend,
    workers: Vec<JoinHandle<io::Result<()>>>,
    stop: Stop,
}

/// Where a node listens.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    plain: Option<SocketAddr>,
    tls: Option<SocketAddr>,
}

/// What it takes to stop a node from anywhere.
#[derive(Debug, Clone)]
pub struct Stop {
    orders: Arc<Orders>,
    bells: Arc<[Arc<Doorbell>]>,
}

impl Stop {
    /// Asks all workers to see their sessions off and end.
    pub fn drain(&self) {
        self.orders.drain();
        for bell in self.bells.iter() {
            bell.ring();
        }
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
        let rules = rules(config)?;
        let (addresses, listening) = open(config)?;
        let seeds = Seeds::draw()?;
        let ends = mesh::mesh(config.workers.get(), LANE_ENVELOPES);
        let stop = Stop {
            orders: Arc::new(Orders::default()),
            bells: ends.iter().map(|end| Arc::clone(end.bell())).collect(),
        };
        let cores = if config.pin { core_affinity::get_core_ids() } else { None };
        let cores = cores.unwrap_or_default();
        let (ready, starts) = channel();
        let certificates = rules.certificates.clone();
        let backend = choice.backend;
        let mut node = Self { addresses, certificates, backend, workers: Vec::new(), stop };
        for ((id, listening), mesh) in (0..count).zip(listening).zip(ends) {
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
            let rules = rules.clone();
            let plan = Plan { listening, rules, mesh, core, settings, clock: seeds.clock };
            node.spawn(id, plan, ready.clone())?;
        }
        drop(ready);
        node.await_start(&starts)?;
        tracing::info!(
            address = %node.address(), tls = ?addresses.tls, workers = count, backend = choice.backend.name(), reason = choice.reason,
            connections_max, "serving"
        );
        Ok(node)
    }

    /// Where it listens, with the port the system chose if none was asked for: without TLS, or
    /// else for TLS.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let Addresses { plain, tls } = self.addresses;
        plain.or(tls).expect("a node that listens nowhere is not started")
    }

    /// Where it listens for TLS, if it does.
    #[must_use]
    pub const fn tls_address(&self) -> Option<SocketAddr> {
        self.addresses.tls
    }

    /// What renews its keys and its certificate, for another thread.
    #[must_use]
    pub fn renewal(&self) -> Renewal {
        let Stop { orders, bells } = self.stop.clone();
        Renewal::new(orders, bells, self.certificates.clone())
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
                Backend::Uring => run(plan, stop, ready, |clock, listening| {
                    Uring::new(clock, listening, RingSize::default())
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
        let (certificates, stop) = (self.certificates.clone(), self.stop());
        let Self { addresses, backend, .. } = *self;
        let failed = Self { addresses, certificates, backend, workers, stop };
        failed.join().and(Err(NodeError::Broken { worker: 0 }))
    }
}

/// What one worker is made from, on its own thread.
struct Plan {
    listening: Vec<Listening>,
    rules: Rules,
    mesh: Endpoint<Parcel<Passed<OwnedFd>>>,
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

fn run<I: Io<Socket = OwnedFd>>(
    plan: Plan,
    stop: Stop,
    ready: Sender<()>,
    open: impl FnOnce(Clock, Vec<Listening>) -> io::Result<I>,
) -> io::Result<()> {
    let Plan { listening, rules, mesh, core, settings, clock } = plan;
    if let Some(core) = core
        && !core_affinity::set_for_current(core)
    {
        tracing::warn!(core = core.id, "could not pin a worker to its core");
    }
    let io = Front::new(open(clock, listening)?, rules);
    let mut worker = Worker::new(io, Shard::new(settings), mesh, stop.orders)?;
    // The node may have given up already; then the drain flag is up.
    let _ = ready.send(());
    drop(ready);
    while worker.turn()? == Turn::Continue {}
    Ok(())
}

/// By which connections are let in.
fn rules(config: &Config) -> Result<Rules, NodeError> {
    let certificates = config.tls.as_ref().map(|tls| {
        let (certificate, key) = (tls.certificate.clone(), tls.key.clone());
        Certificates::load(CertificateFiles { certificate, key })
    });
    let certificates = certificates.transpose().map_err(NodeError::Certificate)?;
    Ok(Rules {
        balancers: config.proxy_from.as_slice().into(),
        header_deadline: config.patience.hello,
        door: Arc::new(Door::new(config.door)),
        certificates: certificates.map(Arc::new),
    })
}

/// Opens all listeners: for each worker one of each kind.
fn open(config: &Config) -> Result<(Addresses, Vec<Vec<Listening>>), NodeError> {
    let workers = config.workers.get();
    let mut all: Vec<Vec<Listening>> = (0..workers).map(|_| Vec::new()).collect();
    let mut open = |address: Option<SocketAddr>, entrance| {
        let Some(address) = address else { return Ok(None) };
        let listeners = listen::open(address, workers).map_err(NodeError::Listen)?;
        let address = listeners.address;
        for (own, listening) in all.iter_mut().zip(listeners.listening(entrance)) {
            own.push(listening);
        }
        Ok(Some(address))
    };
    let plain = open(config.listen, Entrance::Plain)?;
    let tls = open(config.tls.as_ref().map(|tls| tls.listen), Entrance::Tls)?;
    if plain.or(tls).is_none() {
        return Err(NodeError::NoAddress);
    }
    Ok((Addresses { plain, tls }, all))
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
