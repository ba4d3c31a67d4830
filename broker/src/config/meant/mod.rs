//! The configuration as meant: plain values, each within its bounds. What each setting may be is
//! said here, for those of apps in `app`, and nowhere else.
//!
//! A `Draft` takes values in until all are there, and then is a [`Config`] if they go together.
//! `set` and `show` are twins over all settings; what one writes the other reads.

pub(super) mod app;

use core::ops::RangeInclusive;
use core::time::Duration;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use super::key::Key;
use super::log::LogForm;
use super::value::{Value, show_bytes, show_duration};
use super::{bounds, log, secret};
use crate::app::App;
use crate::io::choice::Wanted;
use crate::io::door::{DoorLimits, PerAddress};
use crate::io::network::Network;
use crate::limits;
use crate::session::Patience;

/// What a node is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where to listen without TLS, if anywhere; loopback as long as there is a development app.
    pub listen: Option<SocketAddr>,
    /// Where to listen for TLS, if anywhere, under the same rule.
    pub tls: Option<TlsSettings>,
    /// From where load balancers connect, which say for whom (PROXY protocol, version 2).
    pub proxy_from: Vec<Network>,
    /// How many one address may bring.
    pub door: DoorLimits,
    /// How many workers.
    pub workers: NonZeroUsize,
    /// Whether each worker stays on one core.
    pub pin: bool,
    /// Which way to the network.
    pub io: Wanted,
    /// The tenants, one at least; the development app, if there is one, is the first.
    pub apps: Vec<App>,
    /// How long peers may take.
    pub patience: Patience,
    /// Bytes that may wait for one session.
    pub outbound_bytes_max: usize,
    /// Connections at a time; `None` for as many as the limit on descriptors leaves.
    pub connections_max: Option<usize>,
    /// What is logged; a good filter of `tracing_subscriber`.
    pub log: String,
    /// In which form.
    pub log_form: LogForm,
}

/// What TLS takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// File with the certificate and those above it; it could be read.
    pub certificate: PathBuf,
    /// File with its private key; it could be read, and not by everyone.
    pub key: PathBuf,
}

/// Values while they are taken in: what belongs together may be there in part.
#[derive(Debug)]
pub(super) struct Draft {
    /// All else. Its first app is the development app, whether or not that stays.
    pub(super) config: Config,
    /// Whether there is a development app; if that was not said, as long as there is no other.
    pub(super) enabled: Option<bool>,
    tls_listen: Option<SocketAddr>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

/// What a value is taken in with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The cores that the process may run on.
    pub(super) cores: NonZeroUsize,
    /// The folder that relative paths start from.
    pub(super) folder: &'a Path,
}

const LOG_FORMS: [(&str, LogForm); 2] = [("text", LogForm::Text), ("json", LogForm::Json)];

const WAYS: [(&str, Wanted); 3] =
    [("auto", Wanted::Auto), ("uring", Wanted::Uring), ("epoll", Wanted::Epoll)];

const WORKERS: RangeInclusive<usize> = 1..=limits::WORKERS_MAX;
const HELLO_DEADLINE: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::HELLO_DEADLINE_MAX;
const FRAME_DEADLINE: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::FRAME_DEADLINE_MAX;
const PING_AFTER: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::PING_AFTER_MAX;
const OUTBOUND_BYTES: RangeInclusive<usize> =
    limits::OUTBOUND_BYTES_MAX_MIN..=bounds::OUTBOUND_BYTES_MAX_MAX;
const CONNECTIONS: RangeInclusive<usize> = 1..=bounds::CONNECTIONS_MAX_MAX;
/// Connections from one address.
const PER_ADDRESS: RangeInclusive<u32> = 1..=bounds::MEMBERS_MAX_MAX;

const DEVELOPMENT_APP: &str = "the development app is the first of a draft";
const OFF: &str = "off";
const AUTO: &str = "auto";
const UNLIMITED: &str = "unlimited";

impl Config {
    /// The defaults, on a machine with so many cores.
    #[must_use]
    pub fn new(cores: NonZeroUsize) -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 7400))),
            tls: None,
            proxy_from: Vec::new(),
            door: DoorLimits::default(),
            workers: one_for_each(cores),
            pin: true,
            io: Wanted::default(),
            apps: vec![App {
                development_secret: Some("throng-development".into()),
                create_on_join: true,
                ..App::new("dev")
            }],
            patience: Patience {
                hello: limits::HELLO_DEADLINE_DEFAULT,
                frame: limits::FRAME_DEADLINE_DEFAULT,
                ping_after: limits::PING_AFTER_DEFAULT,
            },
            outbound_bytes_max: limits::OUTBOUND_BYTES_MAX_DEFAULT,
            connections_max: None,
            log: "info".to_owned(),
            log_form: LogForm::Text,
        }
    }

    /// The development app, if there is one.
    #[must_use]
    pub fn development(&self) -> Option<&App> {
        self.apps.first().filter(|app| app.development_secret.is_some())
    }

    /// The apps of the file.
    #[must_use]
    pub fn tenants(&self) -> &[App] {
        let development = usize::from(self.development().is_some());
        &self.apps[development..]
    }

    /// The value of a setting as it would stand in the file; nothing of a setting of the
    /// development app if there is none, but for whether there is.
    #[must_use]
    pub fn show(&self, key: Key) -> Option<String> {
        let tls = self.tls.as_ref();
        let path =
            |path: Option<&PathBuf>| quoted(&path.map_or("".into(), |p| p.to_string_lossy()));
        Some(match key {
            Key::Listen => show_address(self.listen),
            Key::TlsListen => show_address(tls.map(|tls| tls.listen)),
            Key::TlsCertificate => path(tls.map(|tls| &tls.certificate)),
            Key::TlsKey => path(tls.map(|tls| &tls.key)),
            Key::ProxyFrom => show_networks(&self.proxy_from),
            Key::ConnectionsPerAddress => show_per_address(self.door.connections_per_address_max),
            Key::AcceptsPerAddress => show_per_address(self.door.accepts_per_address),
            Key::Workers => self.workers.to_string(),
            Key::Pin => self.pin.to_string(),
            Key::Io => quoted(name_of(self.io, &WAYS)),
            Key::Log => quoted(&self.log),
            Key::LogForm => quoted(name_of(self.log_form, &LOG_FORMS)),
            Key::HelloDeadline => quoted(&show_duration(self.patience.hello)),
            Key::FrameDeadline => quoted(&show_duration(self.patience.frame)),
            Key::PingAfter => quoted(&show_duration(self.patience.ping_after)),
            Key::OutboundBytesMax => quoted(&show_bytes(self.outbound_bytes_max)),
            Key::ConnectionsMax => match self.connections_max {
                Some(connections_max) => connections_max.to_string(),
                None => quoted(AUTO),
            },
            Key::Enabled => self.development().is_some().to_string(),
            _ => return app::show(self.development()?, key),
        })
    }
}

impl Draft {
    /// A draft that holds the defaults.
    pub(super) fn new(cores: NonZeroUsize) -> Self {
        let config = Config::new(cores);
        Self { config, enabled: None, tls_listen: None, tls_certificate: None, tls_key: None }
    }

    /// Takes a value in.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence; then nothing is changed.
    pub(super) fn set(
        &mut self,
        key: Key,
        value: &Value,
        around: Surroundings<'_>,
    ) -> Result<(), String> {
        let config = &mut self.config;
        match key {
            Key::Listen => config.listen = address(value)?,
            Key::TlsListen => self.tls_listen = address(value)?,
            Key::TlsCertificate => self.tls_certificate = path(value, around.folder)?,
            Key::TlsKey => self.tls_key = path(value, around.folder)?,
            Key::ProxyFrom => config.proxy_from = networks(value)?,
            Key::ConnectionsPerAddress => {
                config.door.connections_per_address_max = per_address(value)?;
            }
            Key::AcceptsPerAddress => config.door.accepts_per_address = per_address(value)?,
            Key::Workers => {
                let workers = value.integer_or(AUTO, &WORKERS)?.and_then(NonZeroUsize::new);
                config.workers = workers.unwrap_or_else(|| one_for_each(around.cores));
            }
            Key::Pin => config.pin = value.boolean()?,
            Key::Io => config.io = value.word(&WAYS)?,
            Key::Log => config.log = log_filter(value)?,
            Key::LogForm => config.log_form = value.word(&LOG_FORMS)?,
            Key::HelloDeadline => config.patience.hello = value.duration(&HELLO_DEADLINE)?,
            Key::FrameDeadline => config.patience.frame = value.duration(&FRAME_DEADLINE)?,
            Key::PingAfter => config.patience.ping_after = value.duration(&PING_AFTER)?,
            Key::OutboundBytesMax => config.outbound_bytes_max = value.bytes(&OUTBOUND_BYTES)?,
            Key::ConnectionsMax => config.connections_max = value.integer_or(AUTO, &CONNECTIONS)?,
            Key::Enabled => self.enabled = enabled(value)?,
            _ => app::set(config.apps.first_mut().expect(DEVELOPMENT_APP), key, value)?,
        }
        Ok(())
    }

    /// Takes the apps of the file in; the development app stays as it is said, or if there are
    /// none.
    pub(super) fn take_apps(&mut self, apps: Vec<App>) {
        if !self.enabled.unwrap_or(apps.is_empty()) {
            self.config.apps.clear();
        }
        self.config.apps.extend(apps);
    }

    /// Puts together what TLS takes, after the last value.
    ///
    /// # Errors
    /// What is wrong, in a sentence, and with which of the three.
    pub(super) fn settle_tls(&mut self) -> Result<(), (Key, String)> {
        let parts = (self.tls_listen, self.tls_certificate.clone(), self.tls_key.clone());
        let (listen, certificate, key) = match parts {
            (Some(listen), Some(certificate), Some(key)) => (listen, certificate, key),
            (Some(_), certificate, _) => {
                let lacking = if certificate.is_none() { "tls_certificate" } else { "tls_key" };
                return Err((Key::TlsListen, format!("TLS needs a {lacking}, too")));
            }
            (None, None, None) => return Ok(()),
            (None, certificate, _) => {
                let key = if certificate.is_some() { Key::TlsCertificate } else { Key::TlsKey };
                return Err((key, "nothing listens for TLS: set tls_listen, too".to_owned()));
            }
        };
        secret::check_readable(&certificate).map_err(|wrong| (Key::TlsCertificate, wrong))?;
        secret::check_private(&key).map_err(|wrong| (Key::TlsKey, wrong))?;
        self.config.tls = Some(TlsSettings { listen, certificate, key });
        Ok(())
    }

    /// Whether what it listens on is something, and safe with the apps it has.
    ///
    /// # Errors
    /// A sentence on why not, and what to do; and with which of the two addresses.
    pub(super) fn check_listen(&self) -> Result<(), (Key, String)> {
        let (plain, tls) = (self.config.listen, self.tls_listen);
        if plain.is_none() && tls.is_none() {
            let reason = "it listens nowhere: listen and tls_listen are both off".to_owned();
            return Err((Key::Listen, reason));
        }
        if let (Some(plain), Some(tls)) = (plain, tls)
            && overlap(plain, tls)
        {
            let reason = format!("{tls} is taken by listen = \"{plain}\": choose another port");
            return Err((Key::TlsListen, reason));
        }
        let Some(development) = self.config.development() else { return Ok(()) };
        for (key, address) in [(Key::Listen, plain), (Key::TlsListen, tls)] {
            let Some(address) = address else { continue };
            if !address.ip().to_canonical().is_loopback() {
                return Err((key, reachable(address, development)));
            }
        }
        Ok(())
    }
}

/// The sentence on a development app that other machines could reach.
fn reachable(address: SocketAddr, development: &App) -> String {
    format!(
        "{address} can be reached from other machines, and whoever knows the secret of the \
         development app {:?} can be any of its users: add an [[app]] with token keys and leave \
         the development app off (docs/operations.md, \"Keys\"), or listen on 127.0.0.1:{port} or \
         [::1]:{port} as long as there is one",
        development.key,
        port = address.port(),
    )
}

/// Whether two addresses would take the same connections.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let (first, second) = (one.ip().to_canonical(), other.ip().to_canonical());
    let same = first == second || first.is_unspecified() || second.is_unspecified();
    same && one.port() == other.port() && one.port() != 0
}

fn one_for_each(cores: NonZeroUsize) -> NonZeroUsize {
    NonZeroUsize::new(limits::WORKERS_MAX).map_or(cores, |max| cores.min(max))
}

fn address(value: &Value) -> Result<Option<SocketAddr>, String> {
    let text = value.text()?;
    if text == OFF {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        format!(
            "{value} is neither \"{OFF}\" nor an address and a port, such as \
             \"127.0.0.1:7400\" or \"[::1]:7400\" (names are not looked up)"
        )
    })
}

fn show_address(address: Option<SocketAddr>) -> String {
    quoted(&address.map_or_else(|| OFF.to_owned(), |address| address.to_string()))
}

/// A path, made absolute; nothing is none.
pub(super) fn path(value: &Value, folder: &Path) -> Result<Option<PathBuf>, String> {
    let text = value.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().any(char::is_control) {
        return Err("a path with control characters is not taken".to_owned());
    }
    std::path::absolute(folder.join(text)).map(Some).map_err(|error| format!("{value}: {error}"))
}

/// Networks with commas between them; nothing is none.
fn networks(value: &Value) -> Result<Vec<Network>, String> {
    let texts = value.text()?.split(',').map(str::trim).filter(|text| !text.is_empty());
    let networks = texts.map(|text| text.parse().map_err(|wrong| format!("{text:?} {wrong}")));
    let networks = networks.collect::<Result<Vec<Network>, String>>()?;
    if networks.len() > bounds::PROXY_NETWORKS_MAX {
        let max = bounds::PROXY_NETWORKS_MAX;
        return Err(format!("it names {} networks; {max} are allowed", networks.len()));
    }
    Ok(networks)
}

fn show_networks(networks: &[Network]) -> String {
    let texts: Vec<String> = networks.iter().map(Network::to_string).collect();
    quoted(&texts.join(", "))
}

fn per_address(value: &Value) -> Result<PerAddress, String> {
    if matches!(value, Value::Bare(text) | Value::Text(text) if text == AUTO) {
        return Ok(PerAddress::Auto);
    }
    let limit = value.integer_or(UNLIMITED, &PER_ADDRESS);
    let limit = limit.map_err(|wrong| format!("{wrong} nor \"{AUTO}\""))?;
    Ok(limit.and_then(NonZeroU32::new).map_or(PerAddress::Unlimited, PerAddress::AtMost))
}

fn show_per_address(limit: PerAddress) -> String {
    match limit {
        PerAddress::Auto => quoted(AUTO),
        PerAddress::AtMost(limit) => limit.to_string(),
        PerAddress::Unlimited => quoted(UNLIMITED),
    }
}

/// Yes, no, or as it turns out.
fn enabled(value: &Value) -> Result<Option<bool>, String> {
    if matches!(value, Value::Bare(text) | Value::Text(text) if text == AUTO) {
        return Ok(None);
    }
    value.boolean().map(Some).map_err(|wrong| format!("{wrong}, nor \"{AUTO}\""))
}

fn log_filter(value: &Value) -> Result<String, String> {
    let text = value.text()?;
    log::filter(text).map_err(|wrong| format!("{value} is not a filter: {wrong}"))?;
    Ok(text.to_owned())
}

/// The word for one of several meanings.
pub(super) fn name_of<T: Copy + PartialEq>(
    meaning: T,
    words: &[(&'static str, T)],
) -> &'static str {
    let found = words.iter().find(|(_, other)| *other == meaning);
    found.expect("every meaning has a word").0
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
