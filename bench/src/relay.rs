//! The raw relay: the least a server can do for this load, and so the practical ceiling.
//!
//! One thread, one epoll. It answers a hello, a join and a publish with the frames the load waits
//! for, gives every publish a place in its room's order, writes it as a delivery once, and at the
//! end of a turn sends all deliveries of a room to each of its members, contiguous, in one send.
//! It **does not** check who may do what, count rates, know users, keep messages, or bound a slow
//! reader other than by ending it. A broker is compared with it, never replaced by it.
//!
//! The load starts it as a process of its own, so that its cost is counted like a broker's.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::{Credentials, Hello, VERSION, Welcome};
use throng_protocol::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX, PREFIX_BYTES};
use throng_protocol::push::{Deliver, Push};
use throng_protocol::reply::{Accepted, Joined, Pong, Reply};
use throng_protocol::request::{Publish, Request};
use throng_protocol::value::{Extensions, Role};

const LISTENER: Token = Token(usize::MAX);
const EPOCH: u64 = 1;

/// Bytes of one receive. Larger than any frame, so that a whole one always fits.
const RECEIVE_BYTES: usize = 256 * 1024;

/// Bytes that may wait for a member whose socket is full; it is ended above them.
const BACKLOG_BYTES_MAX: usize = 64 * 1024 * 1024;

const _: () = assert!(RECEIVE_BYTES > PREFIX_BYTES + BODY_BYTES_MAX);

/// Relays until it is killed.
///
/// # Errors
/// When it cannot listen or wait.
pub fn run(address: SocketAddr) -> anyhow::Result<()> {
    let mut poll = Poll::new().context("cannot make an epoll")?;
    let mut listener = TcpListener::bind(address).context("cannot listen")?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut relay = Relay {
        links: Slab::new(),
        rooms: Vec::new(),
        names: HashMap::new(),
        spoken_to: Vec::new(),
        answered: Vec::new(),
        received: vec![0; RECEIVE_BYTES],
    };
    let mut events = Events::with_capacity(1024);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled.context("cannot wait")?,
        }
        for event in &events {
            match event.token() {
                LISTENER => relay.accept(&listener, &poll)?,
                Token(key) => {
                    if event.is_writable() {
                        relay.flush(key);
                    }
                    if event.is_readable() {
                        relay.receive(key);
                    }
                }
            }
        }
        relay.end_turn();
    }
}

struct Relay {
    links: Slab<Link>,
    rooms: Vec<Room>,
    /// The rooms by name.
    names: HashMap<String, usize>,
    /// Rooms with deliveries in this turn.
    spoken_to: Vec<usize>,
    /// Those that were answered in this turn, by key; one may be named several times.
    answered: Vec<usize>,
    received: Vec<u8>,
}

#[derive(Default)]
struct Room {
    /// Those that joined, by key.
    members: Vec<usize>,
    /// The deliveries of this turn.
    turn: Vec<u8>,
    seq: u64,
}

struct Link {
    stream: TcpStream,
    user: String,
    role: Role,
    /// The room it joined.
    room: Option<usize>,
    /// The beginning of a frame that is not all there.
    held: Vec<u8>,
    /// Replies of this turn, and what a full socket did not take.
    waiting: Vec<u8>,
}

/// The other side is gone, or says what nobody here understands.
struct Gone;

impl Relay {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> anyhow::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot accept"),
            };
            stream.set_nodelay(true)?;
            let entry = self.links.vacant_entry();
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(entry.key()), interest)?;
            entry.insert(Link {
                stream,
                user: String::new(),
                role: Role::Client,
                room: None,
                held: Vec::new(),
                waiting: Vec::new(),
            });
        }
    }

    fn receive(&mut self, key: usize) {
        loop {
            let Some(link) = self.links.get_mut(key) else {
                return;
            };
            let held = link.held.len();
            self.received[..held].copy_from_slice(&link.held);
            link.held.clear();
            let room = self.received.len() - held;
            let (read, drained) = match link.stream.read(&mut self.received[held..]) {
                Ok(0) => return self.close(key),
                Ok(read) => (read, read < room),
                Err(error) if error.kind() == ErrorKind::WouldBlock => (0, true),
                Err(_) => return self.close(key),
            };
            if self.take(key, held + read).is_err() {
                return self.close(key);
            }
            if drained {
                return;
            }
        }
    }

    /// Takes the frames out of what was received.
    fn take(&mut self, key: usize, bytes: usize) -> Result<(), Gone> {
        let received = core::mem::take(&mut self.received);
        let mut rest = &received[..bytes];
        let mut taken = Ok(());
        while let Ok(Some((body, after))) = frame::split(rest, BODY_BYTES_MAX) {
            rest = after;
            taken = match FromClient::decode(body) {
                Ok(said) => self.answer(key, &said),
                Err(_) => Err(Gone),
            };
            if taken.is_err() {
                break;
            }
        }
        self.links[key].held.extend_from_slice(rest);
        self.received = received;
        taken
    }

    fn answer(&mut self, key: usize, said: &FromClient<'_>) -> Result<(), Gone> {
        match said {
            FromClient::Hello(hello) => self.welcome(key, hello)?,
            FromClient::Request(number, Request::Join(join)) => {
                let room = self.find_room(join.room);
                self.links[key].room = Some(room);
                let room = &mut self.rooms[room];
                room.members.push(key);
                let joined = Joined {
                    epoch: EPOCH,
                    seq: room.seq,
                    members: room.members.len() as u64,
                    ..Joined::default()
                };
                self.reply(key, *number, joined.into());
            }
            FromClient::Request(number, Request::Publish(publish)) => {
                self.relay(key, *number, publish);
            }
            FromClient::Request(number, Request::Ping(_)) => {
                let pong = Pong { time: wall_us(), extensions: Extensions::NONE };
                self.reply(key, *number, pong.into());
            }
            _ => return Err(Gone),
        }
        self.answered.push(key);
        Ok(())
    }

    fn welcome(&mut self, key: usize, hello: &Hello<'_>) -> Result<(), Gone> {
        let Credentials::Development(claims) = hello.credentials else {
            return Err(Gone);
        };
        let link = &mut self.links[key];
        claims.user.clone_into(&mut link.user);
        link.role = claims.role;
        let welcome = Welcome {
            version: VERSION,
            session: key as u64,
            user: claims.user,
            role: claims.role,
            time: wall_us(),
            body_bytes_max: u32::try_from(BODY_BYTES_MAX).expect("a constant far below 4 GiB"),
            payload_bytes_max: u32::try_from(PAYLOAD_BYTES_MAX).expect("a smaller constant"),
            ping_after_ms: 0,
            messages_per_second: 0,
            requests_per_second: 0,
            rooms_per_user: 1,
            expires_in_ms: 0,
            extensions: Extensions::NONE,
        };
        FromBroker::Welcome(welcome).write(&mut link.waiting);
        Ok(())
    }

    /// Gives a message its place and writes it for all members.
    fn relay(&mut self, key: usize, number: u32, publish: &Publish<'_>) {
        let now = wall_us();
        let number_of_room = self.find_room(publish.room);
        let room = &mut self.rooms[number_of_room];
        room.seq += 1;
        let seq = room.seq;
        let link = &self.links[key];
        let deliver = Deliver {
            room: publish.room,
            epoch: EPOCH,
            seq,
            sender: &link.user,
            sender_role: link.role,
            kind: publish.kind,
            ingress_at: now,
            egress_at: now,
            payload: publish.payload,
            extensions: Extensions::NONE,
        };
        if room.turn.is_empty() {
            self.spoken_to.push(number_of_room);
        }
        FromBroker::Push(Push::Deliver(deliver)).write(&mut room.turn);
        let accepted = Accepted { epoch: EPOCH, seq, time: now, extensions: Extensions::NONE };
        self.reply(key, number, accepted.into());
    }

    /// The room of that name, which is made if there is none.
    fn find_room(&mut self, name: &str) -> usize {
        if let Some(&room) = self.names.get(name) {
            return room;
        }
        self.names.insert(name.to_owned(), self.rooms.len());
        self.rooms.push(Room::default());
        self.rooms.len() - 1
    }

    fn reply(&mut self, key: usize, number: u32, reply: Reply<'_>) {
        FromBroker::Reply(number, reply).write(&mut self.links[key].waiting);
    }

    /// Sends each room's deliveries of this turn to its members, and everyone their replies.
    fn end_turn(&mut self) {
        let mut spoken_to = core::mem::take(&mut self.spoken_to);
        for room in spoken_to.drain(..) {
            let turn = core::mem::take(&mut self.rooms[room].turn);
            let mut place = 0;
            while let Some(&key) = self.rooms[room].members.get(place) {
                match self.links[key].send(&turn) {
                    Ok(()) => place += 1,
                    // Another member has taken its place in the list.
                    Err(Gone) => self.close(key),
                }
            }
            self.rooms[room].turn = turn;
            self.rooms[room].turn.clear();
        }
        self.spoken_to = spoken_to;
        let mut answered = core::mem::take(&mut self.answered);
        for key in answered.drain(..) {
            self.flush(key);
        }
        self.answered = answered;
    }

    fn flush(&mut self, key: usize) {
        if let Some(link) = self.links.get_mut(key)
            && link.flush().is_err()
        {
            self.close(key);
        }
    }

    fn close(&mut self, key: usize) {
        let link = self.links.try_remove(key);
        let Some(room) = link.and_then(|link| link.room) else {
            return;
        };
        let members = &mut self.rooms[room].members;
        if let Some(place) = members.iter().position(|member| *member == key) {
            members.swap_remove(place);
        }
    }
}

impl Link {
    /// Sends bytes, or what the socket takes of them; the rest waits.
    fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let sent = if self.waiting.is_empty() { write_some(&mut self.stream, bytes)? } else { 0 };
        self.waiting.extend_from_slice(&bytes[sent..]);
        if self.waiting.len() > BACKLOG_BYTES_MAX {
            return Err(Gone);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        while !self.waiting.is_empty() {
            match write_some(&mut self.stream, &self.waiting)? {
                0 => break,
                sent => drop(self.waiting.drain(..sent)),
            }
        }
        Ok(())
    }
}

fn write_some(stream: &mut TcpStream, bytes: &[u8]) -> Result<usize, Gone> {
    match stream.write(bytes) {
        Ok(sent) => Ok(sent),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
        Err(_) => Err(Gone),
    }
}

fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
