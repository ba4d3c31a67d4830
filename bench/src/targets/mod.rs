//! What the load is put on: a broker that is started here, one that runs already, or the raw
//! relay.
//!
//! Whatever is started here is a process of its own, pinned, and ended by its number when the
//! [`Target`] is dropped: after a round, on an error, on Ctrl-C and in a panic. It is on a leash
//! besides, so that it ends even if this process is killed. A process that ran already is never
//! touched.

pub mod leash;
mod spawned;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use crate::args;
use crate::cores::CoreList;
use spawned::Spawned;

/// Which of the two a round is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The broker.
    Broker,
    /// The relay that only copies bytes.
    RawRelay,
}

impl Kind {
    /// How it is called in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::RawRelay => "raw relay",
        }
    }
}

/// Something that listens and can be measured.
#[derive(Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process.
    pub pid: u32,
    spawned: Option<Spawned>,
}

/// What lets everything through that the load needs.
fn config(args: &args::Target) -> String {
    format!(
        r#"[development]
key = "{}"
secret = "{}"
create_on_join = true

[development.limits]
client_messages_per_second = "unlimited"
server_messages_per_second = "unlimited"
requests_per_second = "unlimited"
"#,
        args.app, args.secret
    )
}

impl Target {
    /// Starts what is to be measured, or finds it where it runs already.
    ///
    /// # Errors
    /// When it cannot be started or does not listen in time.
    pub fn open(kind: Kind, args: &args::Target, cores: &CoreList) -> anyhow::Result<Self> {
        match (kind, args.address, args.pid) {
            (Kind::Broker, Some(address), Some(pid)) => Ok(Self::attach(address, pid)),
            (Kind::Broker, ..) => Self::start_broker(args, cores),
            (Kind::RawRelay, ..) => Self::start_relay(cores),
        }
    }

    const fn attach(address: SocketAddr, pid: u32) -> Self {
        Self { address, pid, spawned: None }
    }

    fn start_broker(args: &args::Target, cores: &CoreList) -> anyhow::Result<Self> {
        let program = broker_path(args)?;
        let address = free_address()?;
        let directory = directory()?;
        let config = directory.path().join("throng.toml");
        std::fs::write(&config, self::config(args))
            .context("cannot write the broker's configuration")?;
        let mut command: Vec<OsString> = vec![program.into(), "serve".into()];
        command.extend(["--config".into(), config.into()]);
        command.extend(["--listen".into(), address.to_string().into()]);
        command.extend(["--workers".into(), args.workers.to_string().into()]);
        command.extend(["--io".into(), args.io.as_str().into()]);
        Self::start(&command, address, cores, directory)
    }

    fn start_relay(cores: &CoreList) -> anyhow::Result<Self> {
        let address = free_address()?;
        let own = std::env::current_exe().context("cannot find this program")?;
        let mut command: Vec<OsString> = vec![own.into(), "raw-relay".into()];
        command.extend(["--listen".into(), address.to_string().into()]);
        Self::start(&command, address, cores, directory()?)
    }

    fn start(
        command: &[OsString],
        address: SocketAddr,
        cores: &CoreList,
        directory: tempfile::TempDir,
    ) -> anyhow::Result<Self> {
        let mut spawned = Spawned::start(command, cores, directory)?;
        spawned.wait_until_it_listens(address)?;
        Ok(Self { address, pid: spawned.pid(), spawned: Some(spawned) })
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
/// When there is no such broker, or it is not on a loopback address.
pub fn check_broker(args: &args::Target) -> anyhow::Result<()> {
    if let Some(address) = args.address {
        ensure!(
            address.ip().is_loopback(),
            "{address} is not a loopback address: the load never leaves the machine"
        );
        return Ok(());
    }
    let program = broker_path(args)?;
    ensure!(
        program.is_file(),
        "there is no broker at {}; build it, or name one with --broker",
        program.display()
    );
    Ok(())
}

/// The broker that was named, or the one built beside this program.
fn broker_path(args: &args::Target) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.broker {
        return Ok(path.clone());
    }
    let own = std::env::current_exe().context("cannot find this program")?;
    Ok(own.with_file_name("throng"))
}

/// What is measured, in words for the report.
///
/// # Errors
/// When this program cannot tell where it is.
pub fn describe(kind: Kind, args: &args::Target) -> anyhow::Result<String> {
    Ok(match (kind, args.address, args.pid) {
        (Kind::RawRelay, ..) => "one epoll thread, one contiguous send per member and turn; no \
             rights, no limits, no memory of messages"
            .to_owned(),
        (Kind::Broker, Some(address), Some(pid)) => {
            format!("process {pid} at {address}, as it was started")
        }
        (Kind::Broker, ..) => format!(
            "{} serve --workers {} --io {}, limits lifted",
            broker_path(args)?.display(),
            args.workers,
            args.io.as_str()
        ),
    })
}

fn directory() -> anyhow::Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix("throng-bench-")
        .tempdir()
        .context("cannot make a directory for the log")
}

/// A loopback address nobody listens on at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?)
}
