//! What the load is put on: a broker that is started here, one that runs already, the raw relay,
//! or a peer out of the system's packages.
//!
//! Whatever is started here is a process of its own, pinned, and ended by its number when the
//! [`Target`] is dropped: after a round, on an error, on Ctrl-C and in a panic. It is on a leash
//! besides, so that it ends even if this process is killed. A process that ran already is never
//! touched.

mod broker;
pub mod leash;
mod peers;
mod spawned;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::rc::Rc;

use anyhow::{Context as _, ensure};

use crate::args;
use crate::cores::CoreList;
use crate::load::crowd::Door;
use crate::load::dialect::{Dialect, Entry, Mqtt, Nats, Redis, Throng};
use crate::load::line;
use spawned::Spawned;

pub use broker::Rules;

/// What a round is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The broker.
    Broker,
    /// The broker, within TLS.
    BrokerTls,
    /// The relay that only copies bytes.
    Raw,
    /// Redis.
    Redis,
    /// NATS.
    Nats,
    /// Mosquitto.
    Mosquitto,
}

impl Kind {
    /// How it is called in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::BrokerTls => "broker-tls",
            Self::Raw => "raw",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Mosquitto => "mosquitto",
        }
    }

    fn dialect(self, args: &args::Target) -> Rc<dyn Dialect> {
        match self {
            Self::Broker | Self::BrokerTls if args.tokens => {
                let entry = Entry::Tokens { key_id: broker::KEY_ID, secret: broker::KEY_SECRET };
                Rc::new(Throng { app: args.app.clone(), entry })
            }
            Self::Broker | Self::BrokerTls | Self::Raw => {
                let entry = Entry::Development(args.secret.clone());
                Rc::new(Throng { app: args.app.clone(), entry })
            }
            Self::Redis => Rc::new(Redis),
            Self::Nats => Rc::new(Nats),
            Self::Mosquitto => Rc::new(Mqtt),
        }
    }
}

impl From<args::Peer> for Kind {
    fn from(peer: args::Peer) -> Self {
        match peer {
            args::Peer::Raw => Self::Raw,
            args::Peer::Redis => Self::Redis,
            args::Peer::Nats => Self::Nats,
            args::Peer::Mosquitto => Self::Mosquitto,
        }
    }
}

/// How a target is to be started.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// What the command line says.
    pub args: &'a args::Target,
    /// What the broker allows.
    pub rules: Rules,
    /// The broker's workers.
    pub workers: u32,
    /// The cores the target runs on.
    pub cores: &'a CoreList,
}

/// Something that listens and can be measured.
#[derive(Debug)]
pub struct Target {
    /// Where to get in.
    pub door: Door,
    /// Its process.
    pub pid: u32,
    spawned: Option<Spawned>,
}

impl Target {
    /// Starts what is to be measured, or finds it where it runs already.
    ///
    /// # Errors
    /// When it cannot be started or does not listen in time.
    pub fn open(kind: Kind, setup: &Setup<'_>) -> anyhow::Result<Self> {
        let dialect = kind.dialect(setup.args);
        if let (Kind::Broker, Some(address), Some(pid)) = (kind, setup.args.address, setup.args.pid)
        {
            return Ok(Self { door: Door { address, dialect, tls: None }, pid, spawned: None });
        }
        let address = free_address()?;
        let directory = tempfile::Builder::new().prefix("throng-bench-").tempdir();
        let directory = directory.context("cannot make a directory for the log")?;
        let command = match kind {
            Kind::Broker => broker::command(setup, address, directory.path())?,
            Kind::BrokerTls => broker::command_tls(setup, address, directory.path())?,
            Kind::Raw => relay(address)?,
            Kind::Redis => peers::redis(address, directory.path())?,
            Kind::Nats => peers::nats(address, directory.path())?,
            Kind::Mosquitto => peers::mosquitto(address, directory.path())?,
        };
        let mut spawned = Spawned::start(&command, setup.cores, directory)?;
        spawned.wait_until_it_listens(address)?;
        let pid = spawned.pid();
        let tls = match kind {
            Kind::BrokerTls => Some(line::trusting(broker::CERTIFICATE)?),
            _ => None,
        };
        Ok(Self { door: Door { address, dialect, tls }, pid, spawned: Some(spawned) })
    }

    /// Fails once it is gone, with its last words if they are known.
    ///
    /// # Errors
    /// When it is gone.
    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        match &mut self.spawned {
            Some(spawned) => spawned.check_alive(),
            None => {
                let there = std::path::Path::new("/proc").join(self.pid.to_string()).exists();
                ensure!(there, "process {} is gone", self.pid);
                Ok(())
            }
        }
    }

    /// The lines of its log that name a back end, so that the report can say which one ran.
    pub fn words_on_io(&self) -> Vec<String> {
        let log = self.spawned.as_ref().map(Spawned::log).unwrap_or_default();
        log.lines()
            .filter(|line| ["uring", "epoll"].iter().any(|word| line.contains(word)))
            .take(2)
            .map(|line| line.trim().to_owned())
            .collect()
    }
}

/// Refuses what can be refused before anything is started.
///
/// # Errors
/// When a program is missing, or the broker is not on a loopback address.
pub fn check(kind: Kind, args: &args::Target) -> anyhow::Result<()> {
    match kind {
        Kind::Broker | Kind::BrokerTls => broker::check(args),
        Kind::Raw => Ok(()),
        Kind::Redis => peers::REDIS.find().map(drop),
        Kind::Nats => peers::NATS.find().map(drop),
        Kind::Mosquitto => peers::MOSQUITTO.find().map(drop),
    }
}

/// What is measured, in words for the report.
///
/// # Errors
/// When a program is missing, or this one cannot tell where it is.
pub fn describe(kind: Kind, rules: Rules, args: &args::Target) -> anyhow::Result<String> {
    Ok(match kind {
        Kind::Broker => broker::describe(rules, args)?,
        Kind::BrokerTls => broker::describe(rules, args)? + "; all within TLS",
        Kind::Raw => "one epoll thread, one contiguous send per member and turn; no rights, no \
             limits, no memory of messages"
            .to_owned(),
        Kind::Redis => peers::REDIS.describe()?,
        Kind::Nats => peers::NATS.describe()?,
        Kind::Mosquitto => peers::MOSQUITTO.describe()?,
    })
}

fn relay(address: SocketAddr) -> anyhow::Result<Vec<OsString>> {
    let own = std::env::current_exe().context("cannot find this program")?;
    Ok(vec![own.into(), "raw-relay".into(), "--listen".into(), address.to_string().into()])
}

/// A loopback address nobody listens on at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}
