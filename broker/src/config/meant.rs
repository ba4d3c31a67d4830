//! The configuration as meant: plain values, each within its bounds. What each setting may be is
//! said here and nowhere else.
//!
//! `set` and `show` are twins over all settings; what one writes the other reads.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use throng_protocol::limits::{CREDENTIAL_BYTES_MAX, JOIN_HISTORY_MAX};
use throng_protocol::value::{AppKey, Kind};

use super::key::Key;
use super::value::{Value, show_bytes, show_duration};
use super::{bounds, log};
use crate::app::{App, Secret};
use crate::io::choice::Wanted;
use crate::io::door::DoorLimits;
use crate::io::network::Network;
use crate::limits;
use crate::names::Names;
use crate::nature::Presence;
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
    /// The tenants: today exactly the development app.
    pub apps: Vec<App>,
    /// How long peers may take.
    pub patience: Patience,
    /// Bytes that may wait for one session.
    pub outbound_bytes_max: usize,
    /// Connections at a time; `None` for as many as the limit on descriptors leaves.
    pub connections_max: Option<usize>,
    /// What is logged; a good filter of `tracing_subscriber`.
    pub log: String,
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

const WAYS: [(&str, Wanted); 3] =
    [("auto", Wanted::Auto), ("uring", Wanted::Uring), ("epoll", Wanted::Epoll)];

const PRESENCES: [(&str, Presence); 3] =
    [("off", Presence::Off), ("counts", Presence::Counts), ("full", Presence::Full)];

const WORKERS: RangeInclusive<usize> = 1..=limits::WORKERS_MAX;
const HELLO_DEADLINE: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::HELLO_DEADLINE_MAX;
const FRAME_DEADLINE: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::FRAME_DEADLINE_MAX;
const PING_AFTER: RangeInclusive<Duration> = bounds::DEADLINE_MIN..=bounds::PING_AFTER_MAX;
const OUTBOUND_BYTES: RangeInclusive<usize> =
    limits::OUTBOUND_BYTES_MAX_MIN..=bounds::OUTBOUND_BYTES_MAX_MAX;
const CONNECTIONS: RangeInclusive<usize> = 1..=bounds::CONNECTIONS_MAX_MAX;
const ROOMS_PER_USER: RangeInclusive<u32> = 1..=limits::ROOMS_PER_USER_MAX;
const ROOM_LIFE: RangeInclusive<Duration> = bounds::ROOM_LIFE_MIN..=bounds::ROOM_LIFE_MAX;
const MEMBERS: RangeInclusive<u32> = 1..=bounds::MEMBERS_MAX_MAX;
const FIXED_MEMBERS: RangeInclusive<u32> = 1..=limits::FIXED_MEMBERS_MAX;
/// A join may ask for as many as the least.
const RING_MESSAGES: RangeInclusive<u32> = JOIN_HISTORY_MAX as u32..=limits::RING_MESSAGES_MAX;
const GRACE: RangeInclusive<Duration> = Duration::ZERO..=bounds::GRACE_MAX;
const GRACE_MESSAGES: RangeInclusive<u32> = 0..=bounds::GRACE_MESSAGES_MAX;
const PRESENCE_FULL: RangeInclusive<u32> = 1..=bounds::PRESENCE_FULL_MAX_MAX;
const KEEP_ALIVE: RangeInclusive<u32> = 0..=limits::KEEP_ALIVE_ROOMS_MAX;
const RATE: RangeInclusive<u32> = 1..=limits::RATE_PER_SECOND_MAX;

const DEVELOPMENT_APP: &str = "the development app is always the first";
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
        }
    }

    /// Takes a value in.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence; then nothing is changed.
    pub(super) fn set(
        &mut self,
        key: Key,
        value: &Value,
        cores: NonZeroUsize,
    ) -> Result<(), String> {
        let app = self.apps.first_mut().expect(DEVELOPMENT_APP);
        let rooms = &mut app.rooms;
        match key {
            Key::Listen => self.listen = Some(address(value)?),
            Key::Workers => {
                let workers = value.integer_or(AUTO, &WORKERS)?.and_then(NonZeroUsize::new);
                self.workers = workers.unwrap_or_else(|| one_for_each(cores));
            }
            Key::Pin => self.pin = value.boolean()?,
            Key::Io => self.io = value.word(&WAYS)?,
            Key::Log => self.log = log_filter(value)?,
            Key::HelloDeadline => self.patience.hello = value.duration(&HELLO_DEADLINE)?,
            Key::FrameDeadline => self.patience.frame = value.duration(&FRAME_DEADLINE)?,
            Key::PingAfter => self.patience.ping_after = value.duration(&PING_AFTER)?,
            Key::OutboundBytesMax => self.outbound_bytes_max = value.bytes(&OUTBOUND_BYTES)?,
            Key::ConnectionsMax => self.connections_max = value.integer_or(AUTO, &CONNECTIONS)?,
            Key::AppKey => app.key = app_key(value)?,
            Key::Secret => app.development_secret = Some(secret(value)?),
            Key::Anonymous => app.anonymous = value.boolean()?,
            Key::CreateOnJoin => app.create_on_join = value.boolean()?,
            Key::PublishWithoutJoin => app.publish_without_join = value.boolean()?,
            Key::RoomsPerUser => app.rooms_per_user = value.integer(&ROOMS_PER_USER)?,
            Key::RoomIdle => rooms.lifetimes.idle = value.duration(&ROOM_LIFE)?,
            Key::ProtectedKinds => app.lists.protected_kinds = kinds(value)?,
            Key::LowKinds => app.lists.low_kinds = kinds(value)?,
            Key::RoomLifetime => rooms.lifetimes.lifetime = value.duration(&ROOM_LIFE)?,
            Key::RoomEmpty => rooms.lifetimes.empty = value.duration(&ROOM_LIFE)?,
            Key::MembersMax => rooms.members_max = count(value, &MEMBERS)?,
            Key::FixedMembersMax => rooms.fixed_members_max = value.integer(&FIXED_MEMBERS)?,
            Key::RingMessages => rooms.ring_messages = value.integer(&RING_MESSAGES)?,
            Key::Grace => rooms.grace = value.duration(&GRACE)?,
            Key::GraceMessages => rooms.grace_messages = value.integer(&GRACE_MESSAGES)?,
            Key::Presence => rooms.presence = value.word(&PRESENCES)?,
            Key::PresenceFullMax => rooms.presence_full_max = value.integer(&PRESENCE_FULL)?,
            Key::KeepAliveMax => app.keep_alive_max = value.integer(&KEEP_ALIVE)?,
            Key::ClientMessages => app.rates.client_messages = rate(value)?,
            Key::ServerMessages => app.rates.server_messages = rate(value)?,
            Key::Requests => app.rates.requests = rate(value)?,
            Key::MemberQueries => app.rates.member_queries = rate(value)?,
            Key::Refused => app.rates.refused = rate(value)?,
            Key::QuotaHighOnly => app.quota.high_only = rate(value)?,
            Key::QuotaShared => app.quota.shared = rate(value)?,
            Key::QuotaProtected => app.quota.protected = rate(value)?,
            Key::ReceiverNormal => app.receiver_caps.normal = rate(value)?,
            Key::ReceiverHigh => {
                let high = NonZeroU32::new(value.integer(&RATE)?);
                app.receiver_caps.high = high.expect("the least rate is 1");
            }
        }
        Ok(())
    }

    /// The value of a setting as it would stand in the file.
    #[must_use]
    pub fn show(&self, key: Key) -> String {
        let app = self.apps.first().expect(DEVELOPMENT_APP);
        let rooms = &app.rooms;
        match key {
            Key::Listen => {
                quoted(&self.listen.map_or_else(|| "off".to_owned(), |own| own.to_string()))
            }
            Key::Workers => self.workers.to_string(),
            Key::Pin => self.pin.to_string(),
            Key::Io => quoted(name_of(self.io, &WAYS)),
            Key::Log => quoted(&self.log),
            Key::HelloDeadline => quoted(&show_duration(self.patience.hello)),
            Key::FrameDeadline => quoted(&show_duration(self.patience.frame)),
            Key::PingAfter => quoted(&show_duration(self.patience.ping_after)),
            Key::OutboundBytesMax => quoted(&show_bytes(self.outbound_bytes_max)),
            Key::ConnectionsMax => match self.connections_max {
                Some(connections_max) => connections_max.to_string(),
                None => quoted(AUTO),
            },
            Key::AppKey => quoted(&app.key),
            Key::Secret => quoted(app.development_secret.as_ref().map_or("", Secret::expose)),
            Key::Anonymous => app.anonymous.to_string(),
            Key::CreateOnJoin => app.create_on_join.to_string(),
            Key::PublishWithoutJoin => app.publish_without_join.to_string(),
            Key::RoomsPerUser => app.rooms_per_user.to_string(),
            Key::RoomIdle => quoted(&show_duration(rooms.lifetimes.idle)),
            Key::ProtectedKinds => show_kinds(&app.lists.protected_kinds),
            Key::LowKinds => show_kinds(&app.lists.low_kinds),
            Key::RoomLifetime => quoted(&show_duration(rooms.lifetimes.lifetime)),
            Key::RoomEmpty => quoted(&show_duration(rooms.lifetimes.empty)),
            Key::MembersMax => show_count(rooms.members_max),
            Key::FixedMembersMax => rooms.fixed_members_max.to_string(),
            Key::RingMessages => rooms.ring_messages.to_string(),
            Key::Grace => quoted(&show_duration(rooms.grace)),
            Key::GraceMessages => rooms.grace_messages.to_string(),
            Key::Presence => quoted(name_of(rooms.presence, &PRESENCES)),
            Key::PresenceFullMax => rooms.presence_full_max.to_string(),
            Key::KeepAliveMax => app.keep_alive_max.to_string(),
            Key::ClientMessages => show_count(app.rates.client_messages),
            Key::ServerMessages => show_count(app.rates.server_messages),
            Key::Requests => show_count(app.rates.requests),
            Key::MemberQueries => show_count(app.rates.member_queries),
            Key::Refused => show_count(app.rates.refused),
            Key::QuotaHighOnly => show_count(app.quota.high_only),
            Key::QuotaShared => show_count(app.quota.shared),
            Key::QuotaProtected => show_count(app.quota.protected),
            Key::ReceiverNormal => show_count(app.receiver_caps.normal),
            Key::ReceiverHigh => app.receiver_caps.high.to_string(),
        }
    }

    /// Whether what it listens on is safe with the apps it has.
    ///
    /// # Errors
    /// A sentence on why not, and what to do.
    pub(super) fn check_listen(&self) -> Result<(), String> {
        let Self { listen: Some(listen), apps, .. } = self else { return Ok(()) };
        let development = apps.iter().find(|app| app.development_secret.is_some());
        match development {
            Some(app) if !listen.ip().to_canonical().is_loopback() => Err(format!(
                "{listen} can be reached from other machines, and whoever knows the secret of \
                 the development app {:?} can be any of its users; there are no signed tokens \
                 yet, so only loopback addresses are served: listen on 127.0.0.1:{port} or \
                 [::1]:{port}, and let others in through a tunnel that you trust, such as \
                 ssh -L {port}:127.0.0.1:{port} THIS-MACHINE",
                app.key,
                port = listen.port(),
            )),
            _ => Ok(()),
        }
    }

    /// Whether a room keeps all that happens while it holds a seat.
    ///
    /// # Errors
    /// A sentence on why not.
    pub(super) fn check_ring(&self) -> Result<(), String> {
        let rooms = &self.apps.first().expect(DEVELOPMENT_APP).rooms;
        if rooms.ring_messages > rooms.grace_messages {
            return Ok(());
        }
        Err(format!(
            "a room that keeps {} messages (ring_messages) cannot hold a seat for {} \
             (grace_messages): ring_messages must be above grace_messages, so that whoever comes \
             back in time finds all that it missed",
            rooms.ring_messages, rooms.grace_messages,
        ))
    }
}

fn one_for_each(cores: NonZeroUsize) -> NonZeroUsize {
    NonZeroUsize::new(limits::WORKERS_MAX).map_or(cores, |max| cores.min(max))
}

fn address(value: &Value) -> Result<SocketAddr, String> {
    value.text()?.parse().map_err(|_| {
        format!(
            "{value} is not an address and a port, such as \"127.0.0.1:7400\" or \
             \"[::1]:7400\" (names are not looked up)"
        )
    })
}

fn log_filter(value: &Value) -> Result<String, String> {
    let text = value.text()?;
    log::filter(text).map_err(|wrong| format!("{value} is not a filter: {wrong}"))?;
    Ok(text.to_owned())
}

fn app_key(value: &Value) -> Result<Box<str>, String> {
    match AppKey::parse(value.text()?) {
        Ok(key) => Ok(key.as_str().into()),
        Err(wrong) => Err(format!(
            "{value} is not an app key (1 to 64 of A-Z a-z 0-9 + = - _ . : @): {wrong}"
        )),
    }
}

/// Sentences on secrets never hold them.
fn secret(value: &Value) -> Result<Secret, String> {
    let bounds = 1..=CREDENTIAL_BYTES_MAX;
    let (Value::Bare(text) | Value::Text(text)) = value else {
        return Err("it is not a text: write it in quotes".to_owned());
    };
    if !bounds.contains(&text.len()) || text.chars().any(char::is_control) {
        return Err(format!(
            "it has {} bytes; 1 to {CREDENTIAL_BYTES_MAX} without control characters are allowed",
            text.len()
        ));
    }
    Ok(text.as_str().into())
}

/// Kinds with commas between them; nothing is none.
fn kinds(value: &Value) -> Result<Names, String> {
    let text = value.text()?;
    let kinds = text.split(',').map(str::trim).filter(|kind| !kind.is_empty());
    if let Some(bad) = kinds.clone().find(|kind| Kind::parse(kind).is_err()) {
        return Err(format!(
            "{bad:?} is not a kind (1 to 32 of A-Z a-z 0-9 + = - _ . : @, with commas between)"
        ));
    }
    let kinds: Names = kinds.map(Box::from).collect();
    if kinds.len() > limits::APP_KINDS_MAX {
        let max = limits::APP_KINDS_MAX;
        return Err(format!("it names {} kinds; {max} are allowed", kinds.len()));
    }
    Ok(kinds)
}

fn show_kinds(kinds: &Names) -> String {
    quoted(&kinds.iter().collect::<Vec<_>>().join(","))
}

fn rate(value: &Value) -> Result<Option<NonZeroU32>, String> {
    count(value, &RATE)
}

/// As many as that, or any number.
fn count(value: &Value, bounds: &RangeInclusive<u32>) -> Result<Option<NonZeroU32>, String> {
    Ok(value.integer_or(UNLIMITED, bounds)?.and_then(NonZeroU32::new))
}

fn show_count(count: Option<NonZeroU32>) -> String {
    count.map_or_else(|| quoted(UNLIMITED), |count| count.to_string())
}

/// The word for one of several meanings.
fn name_of<T: Copy + PartialEq>(meaning: T, words: &[(&'static str, T)]) -> &'static str {
    let found = words.iter().find(|(_, other)| *other == meaning);
    found.expect("every meaning has a word").0
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
