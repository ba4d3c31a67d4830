//! Connecting, saying hello, joining: everything before the load, on plain blocking sockets.
//!
//! Many sessions are opened in waves: the requests of a wave are all written before its first
//! reply is waited for. Sessions are spread over source addresses (127.0.0.1, 127.0.0.2, ..):
//! past 4,000 from one of them, the kernel's search for a free port costs more than the session.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use socket2::{Domain, Socket, Type};
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::reply::Reply;
use throng_protocol::request::{Join, Ping};
use throng_protocol::value::{Extensions, Role};

use crate::Stop;

/// Sessions that are opened at a time; below any backlog of a listener.
const WAVE: usize = 128;

/// Sessions from one source address.
const SESSIONS_PER_SOURCE: usize = 4000;

/// How long any one reply may take.
const REPLY_DEADLINE: Duration = Duration::from_secs(20);

/// Whom the sessions are opened with.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// The development app.
    pub app: &'a str,
    /// Its secret.
    pub secret: &'a str,
}

/// Who the sessions are.
#[derive(Debug, Clone, Copy)]
pub struct Guests<'a> {
    /// How many.
    pub count: usize,
    /// What all their names begin with.
    pub name: &'a str,
    /// What they are.
    pub role: Role,
    /// The room they join, if any.
    pub room: Option<&'a str>,
}

/// A connection that was welcomed.
#[derive(Debug)]
pub struct Session {
    /// Its socket, blocking.
    pub stream: TcpStream,
    /// What was received and is not read yet.
    pub held: Vec<u8>,
    /// Where it came into the room; `None` if it joined none.
    pub place: Option<Place>,
}

/// A position in a room's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The room's epoch.
    pub epoch: u64,
    /// The last message before it.
    pub seq: u64,
}

/// Opens sessions, all of them or none.
///
/// # Errors
/// When the broker refuses one, or someone asked for the end.
pub fn open(door: &Door<'_>, guests: &Guests<'_>, stop: &Stop) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::with_capacity(guests.count);
    while sessions.len() < guests.count {
        stop.check()?;
        let first = sessions.len();
        let end = guests.count.min(first + WAVE);
        for number in first..end {
            let session = greet(door, guests, number);
            sessions.push(session.with_context(|| format!("cannot open session {number}"))?);
        }
        for (number, session) in sessions.iter_mut().enumerate().skip(first) {
            let welcomed = session.expect_welcome().and_then(|()| match guests.room {
                Some(room) => session.ask_to_join(room),
                None => Ok(()),
            });
            welcomed.with_context(|| format!("session {number} was not let in"))?;
        }
        if guests.room.is_some() {
            for (number, session) in sessions.iter_mut().enumerate().skip(first) {
                let joined = session.expect_joined();
                joined.with_context(|| format!("session {number} could not join"))?;
            }
        }
    }
    Ok(sessions)
}

/// Connects and says hello.
fn greet(door: &Door<'_>, guests: &Guests<'_>, number: usize) -> anyhow::Result<Session> {
    let mut stream = connect(door.address, number / SESSIONS_PER_SOURCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(REPLY_DEADLINE))?;
    let user = format!("{}-{number}", guests.name);
    let hello = Hello {
        magic: MAGIC,
        version_min: VERSION,
        version_max: VERSION,
        app: door.app,
        credentials: Credentials::Development(Development {
            secret: door.secret,
            user: &user,
            device: "load",
            role: guests.role,
        }),
        client: concat!("throng-bench/", env!("CARGO_PKG_VERSION")),
        extensions: Extensions::NONE,
    };
    let mut bytes = Vec::new();
    FromClient::Hello(hello).write(&mut bytes);
    stream.write_all(&bytes)?;
    Ok(Session { stream, held: Vec::new(), place: None })
}

/// Connects from the source address of that number, which only IPv4 has more than one of.
fn connect(address: SocketAddr, source: usize) -> anyhow::Result<TcpStream> {
    if source == 0 || !address.is_ipv4() {
        return Ok(TcpStream::connect(address)?);
    }
    let last = u8::try_from(source + 1).context("more sessions than source addresses")?;
    let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&from.into())?;
    socket.connect(&address.into())?;
    Ok(socket.into())
}

impl Session {
    /// Asks for a sign of life and waits for it.
    ///
    /// # Errors
    /// When none comes.
    pub fn ping(&mut self) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        write_ping(u32::MAX, &mut bytes);
        self.stream.write_all(&bytes)?;
        self.next(|said| match said {
            FromBroker::Reply(_, Reply::Pong(_)) => Some(Ok(())),
            _ => None,
        })
    }

    fn expect_welcome(&mut self) -> anyhow::Result<()> {
        self.next(|said| match said {
            FromBroker::Welcome(welcome)
                if welcome.role == Role::Server && welcome.messages_per_second > 0 =>
            {
                Some(Err(anyhow!(
                    "it may publish only {} messages a second; lift the broker's limits",
                    welcome.messages_per_second
                )))
            }
            FromBroker::Welcome(_) => Some(Ok(())),
            _ => None,
        })
    }

    fn ask_to_join(&mut self, room: &str) -> anyhow::Result<()> {
        let join = Join { room, history: 0, extensions: Extensions::NONE };
        let mut bytes = Vec::new();
        FromClient::Request(1, join.into()).write(&mut bytes);
        Ok(self.stream.write_all(&bytes)?)
    }

    fn expect_joined(&mut self) -> anyhow::Result<()> {
        let place = self.next(|said| match said {
            FromBroker::Reply(1, Reply::Joined(joined)) => {
                Some(Ok(Place { epoch: joined.epoch, seq: joined.seq }))
            }
            _ => None,
        })?;
        self.place = Some(place);
        Ok(())
    }

    /// Reads frames until one is what is waited for.
    fn next<T>(
        &mut self,
        wanted: impl Fn(&FromBroker<'_>) -> Option<anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let mut received = [0; 2048];
        loop {
            while let Some((body, rest)) = frame::split(&self.held, BODY_BYTES_MAX)? {
                let said = FromBroker::decode(body)?;
                let found = wanted(&said).or_else(|| refusal(&said).map(Err));
                let taken = self.held.len() - rest.len();
                self.held.drain(..taken);
                if let Some(found) = found {
                    return found;
                }
            }
            let read = self.stream.read(&mut received);
            let read = read.context("no reply in time")?;
            ensure!(read > 0, "the broker closed the connection");
            self.held.extend_from_slice(&received[..read]);
        }
    }
}

/// The broker's no as an error, if that is what it says.
pub fn refusal(said: &FromBroker<'_>) -> Option<anyhow::Error> {
    let (what, refusal) = match said {
        FromBroker::GoAway(go_away) => ("ended the session", go_away.refusal),
        FromBroker::Reply(_, Reply::Refused(refused)) => ("refused", *refused),
        _ => return None,
    };
    Some(anyhow!(
        "the broker {what}: {} ({}) {}",
        refusal.code.name(),
        refusal.code.sentence(),
        refusal.detail
    ))
}

/// Appends a ping, the cheapest sign of life.
pub fn write_ping(number: u32, out: &mut Vec<u8>) {
    let ping = Ping { extensions: Extensions::NONE };
    FromClient::Request(number, ping.into()).write(out);
}

/// The place all members came in at. Nothing is published before the load starts, so there is
/// only one.
///
/// # Errors
/// When there are several, or someone did not join.
pub fn shared_place(sessions: &[Session]) -> anyhow::Result<Place> {
    let mut places = sessions.iter().map(|session| session.place);
    let Some(Some(first)) = places.next() else {
        bail!("no member has joined");
    };
    ensure!(
        places.all(|place| place == Some(first)),
        "something happens in the room besides the load"
    );
    Ok(first)
}
