//! A whole broker without its shell: shards, and everything around them carried by hand.
//!
//! It keeps the promises of the seam (`throng_broker::io`) to the letter and checks that the
//! shards do: one send at a time, hand-overs of paused connections only, nothing on a connection
//! after its shutdown. After every turn of a shard its invariants are checked.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use throng_broker::app::keys::{Keys, TokenKey};
use throng_broker::app::{App, Rates};
use throng_broker::envelope::Envelope;
use throng_broker::event::{Effect, Event, Outgoing, Receive};
use throng_broker::id::{ConnectionId, HashKey, ShardId};
use throng_broker::limits;
use throng_broker::session::Patience;
use throng_broker::shard::{Settings, Shard};
use throng_broker::time::{Instant, Now, WallTime};

use super::listener::Listener;
use super::script::Shape;
use super::session::KEY_ID;
use super::token::SECRET as TOKEN_SECRET;
use crate::client::{APP, SECRET};

/// A receive brings at least this part of what is there, so that a run stays short.
const PIECES_MAX: usize = 16;

const ROOM_IDLE: Duration = Duration::from_secs(60);

/// Where every connection comes from.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A connection, from its peer's side.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) listener: Listener,
    /// What it said and the broker has not received yet.
    pub(super) up: Vec<u8>,
    /// It does not read.
    pub(super) stalled: bool,
    /// Where its connection is and how it is called there; nowhere once it is over.
    place: Option<(usize, ConnectionId)>,
    receive: Option<Receive>,
    sending: Option<Outgoing>,
    shut_down: bool,
}

/// Something that waits for a shard's next turn.
#[derive(Debug)]
enum Waiting {
    Accepted(ConnectionId),
    Adopted(ConnectionId, Vec<u8>),
    Received(ConnectionId, Vec<u8>),
    Sent(ConnectionId, Option<Vec<u8>>),
    Closed(ConnectionId),
    Mail(usize, Envelope),
    Keys(Vec<Keys>),
    Drain,
}

/// One shard and what the shell would keep for it.
struct Place {
    shard: Shard,
    waiting: VecDeque<Waiting>,
    /// Which peer each connection is of, by its slot.
    slots: Vec<Option<usize>>,
    next_generation: u32,
    /// What its lanes seem to hold in the next turn, on top of what they do.
    loads: Vec<usize>,
}

/// A broker.
pub(super) struct Node {
    places: Vec<Place>,
    pub(super) peers: Vec<Peer>,
    now: Now,
    /// Bytes that a receive brings at most.
    pub(super) cut_bytes_max: usize,
}

impl Node {
    pub(super) fn new(shape: &Shape) -> Self {
        let mut app = App::new(APP);
        app.development_secret = Some(SECRET.into());
        app.keys = keys(true);
        app.anonymous = shape.anonymous;
        app.create_on_join = shape.create_on_join;
        app.publish_without_join = shape.publish_without_join;
        app.rooms_per_user = shape.rooms_per_user;
        app.rooms.lifetimes.idle = ROOM_IDLE;
        app.rooms.presence = shape.presence;
        if !shape.limited {
            app.rates = Rates {
                client_messages: None,
                server_messages: None,
                requests: None,
                refused: None,
                member_queries: None,
            };
        }
        let bytes_max = [limits::OUTBOUND_BYTES_MAX_MIN, 4096][usize::from(shape.narrow)];
        let settings = |id| Settings {
            id: ShardId(id),
            shards: shape.shards,
            apps: vec![app.clone()],
            patience: Patience {
                hello: limits::HELLO_DEADLINE_DEFAULT,
                frame: limits::FRAME_DEADLINE_DEFAULT,
                ping_after: limits::PING_AFTER_DEFAULT,
            },
            outbound_bytes_max: bytes_max,
            connections_max: shape.connections_max,
            lane_envelopes: limits::LANE_ENVELOPES,
            visits_per_turn: limits::VISITS_PER_TURN,
            hash_key: HashKey(1, 2),
            seed: u64::from(id),
        };
        let place = |id| Place {
            shard: Shard::new(settings(id)),
            waiting: VecDeque::new(),
            slots: Vec::new(),
            next_generation: 0,
            loads: vec![0; usize::from(shape.shards)],
        };
        Self {
            places: (0..shape.shards).map(place).collect(),
            peers: Vec::new(),
            now: Now { instant: Instant::ZERO, wall: WallTime::from_micros(1_800_000_000_000_000) },
            cut_bytes_max: usize::MAX,
        }
    }

    /// A stranger connects to a shard.
    pub(super) fn connect(&mut self, shard: usize) {
        let shard = shard % self.places.len();
        let peer = self.peers.len();
        let connection = self.places[shard].insert(peer);
        self.places[shard].waiting.push_back(Waiting::Accepted(connection));
        self.peers.push(Peer {
            listener: Listener::default(),
            up: Vec::new(),
            stalled: false,
            place: Some((shard, connection)),
            receive: None,
            sending: None,
            shut_down: false,
        });
    }

    /// A connection is over, whoever ended it.
    pub(super) fn close(&mut self, peer: usize) {
        let Some((shard, connection)) = self.peers[peer].place.take() else { return };
        self.peers[peer].sending = None;
        self.places[shard].slots[connection.slot as usize] = None;
        self.places[shard].waiting.push_back(Waiting::Closed(connection));
    }

    /// Whether a peer still has its connection.
    pub(super) fn is_connected(&self, peer: usize) -> bool {
        self.peers[peer].place.is_some()
    }

    /// A lane seems fuller in the next turn.
    pub(super) fn set_load(&mut self, shard: usize, to: usize, waiting: usize) {
        let count = self.places.len();
        self.places[shard % count].loads[to % count] = waiting;
    }

    /// The wall clock is set.
    pub(super) fn set_clock(&mut self, micros: u64) {
        self.now.wall = WallTime::from_micros(micros);
    }

    /// The key of tokens is taken out of use, or is in use again.
    pub(super) fn renew(&mut self, live: bool) {
        for place in &mut self.places {
            place.waiting.push_back(Waiting::Keys(vec![keys(live)]));
        }
    }

    /// The node goes down.
    pub(super) fn drain(&mut self) {
        for place in &mut self.places {
            place.waiting.push_back(Waiting::Drain);
        }
    }

    /// Whether everyone is gone and nothing is left to do.
    pub(super) fn is_drained(&self) -> bool {
        self.places.iter().all(|place| place.shard.is_drained() && place.shard.connections() == 0)
    }

    /// Everything that can happen without time passing does.
    pub(super) fn settle(&mut self) {
        for _ in 0..100_000 {
            let ready: Vec<usize> =
                (0..self.places.len()).filter(|&it| self.is_ready(it)).collect();
            if ready.is_empty() {
                return;
            }
            ready.into_iter().for_each(|shard| self.turn(shard));
        }
        panic!("the broker does not come to rest");
    }

    /// Time passes, and everything happens in its time.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        loop {
            self.settle();
            let deadlines = self.places.iter().filter_map(|place| place.shard.next_deadline());
            let next = deadlines.min().unwrap_or(end).min(end);
            assert!(next > self.now.instant, "a shard at rest has nothing due");
            let passed = u64::try_from(next.since(self.now.instant).as_micros());
            let wall = self.now.wall.as_micros() + passed.expect("runs are short");
            self.now = Now { instant: next, wall: WallTime::from_micros(wall) };
            if next == end {
                return self.settle();
            }
        }
    }

    /// Everyone reads and all has come: what is owed to each, and what all must agree on.
    pub(super) fn check_settled(&self) {
        let connected = || self.peers.iter().filter(|peer| peer.place.is_some());
        connected().for_each(|peer| peer.listener.check_settled());
        let mut devices: Vec<_> = connected().filter_map(|peer| peer.listener.device()).collect();
        devices.sort();
        assert!(devices.is_sorted_by(|a, b| a < b), "one session of a device (I24): {devices:?}");
        let views = || connected().flat_map(|peer| peer.listener.views());
        for (room, view, silent) in views() {
            let same = views().filter(|it| it.0 == room && it.1.epoch == view.epoch);
            let newest = same.map(|it| it.1.known()).max().unwrap_or_default();
            assert!(view.known() + silent >= newest, "{room}: an entry came only to some (I8)");
        }
    }

    fn is_ready(&self, shard: usize) -> bool {
        let place = &self.places[shard];
        !place.waiting.is_empty()
            || place.shard.next_deadline().is_some_and(|at| at <= self.now.instant)
            || place.slots.iter().flatten().any(|&peer| self.peers[peer].is_ready())
    }

    /// One shard takes a turn.
    pub(super) fn turn(&mut self, shard: usize) {
        let shard = shard % self.places.len();
        self.pump(shard);
        let counts = self.places.iter().map(|to| to.mail_from(shard)).collect::<Vec<_>>();
        let now = self.now;
        let place = &mut self.places[shard];
        place.shard.begin(now, Duration::ZERO);
        for (id, (waiting, load)) in (0..).zip(counts.into_iter().zip(&mut place.loads)) {
            place.shard.set_load(ShardId(id), waiting + std::mem::take(load));
        }
        for waiting in place.waiting.drain(..) {
            place.shard.handle(match &waiting {
                Waiting::Accepted(connection) => {
                    Event::Accepted { connection: *connection, peer: PEER }
                }
                Waiting::Received(connection, bytes) => {
                    Event::Received { connection: *connection, bytes }
                }
                Waiting::Closed(connection) => Event::Closed { connection: *connection },
                Waiting::Drain => Event::Drain,
                Waiting::Adopted(..)
                | Waiting::Sent(..)
                | Waiting::Mail(..)
                | Waiting::Keys(..) => owned(waiting),
            });
        }
        place.shard.finish();
        let effects: Vec<Effect> = place.shard.take_effects().collect();
        let mail: Vec<_> = place.shard.take_mail().collect();
        place.shard.invariants();
        for effect in effects {
            self.carry_out(shard, effect);
        }
        for mail in mail {
            let parcel = Waiting::Mail(shard, mail.envelope);
            self.places[mail.to.index()].waiting.push_back(parcel);
        }
    }

    /// Lets the network do what it can for a shard's connections.
    fn pump(&mut self, shard: usize) {
        let cut_bytes_max = self.cut_bytes_max;
        let place = &mut self.places[shard];
        for &peer in place.slots.iter().flatten() {
            let peer = &mut self.peers[peer];
            let Some((_, connection)) = peer.place else { continue };
            if let Some(receive) = peer.receive
                && !peer.up.is_empty()
            {
                let bytes = cut_bytes_max.max(peer.up.len() / PIECES_MAX).min(peer.up.len());
                let piece: Vec<u8> = peer.up.drain(..bytes).collect();
                peer.listener.note_said(&piece);
                peer.receive = (receive == Receive::Always).then_some(receive);
                place.waiting.push_back(Waiting::Received(connection, piece));
            }
            if !peer.stalled
                && let Some(outgoing) = peer.sending.take()
            {
                peer.listener.hear(outgoing.as_slice());
                place.waiting.push_back(Waiting::Sent(connection, outgoing.into_spare()));
            }
        }
    }

    fn carry_out(&mut self, shard: usize, effect: Effect) {
        match effect {
            Effect::Send { connection, outgoing } => {
                let Some(peer) = self.peer(shard, connection) else { return };
                assert!(!outgoing.as_slice().is_empty(), "nothing to send");
                assert!(peer.sending.is_none(), "one send at a time");
                assert!(!peer.shut_down, "nothing is sent after a shutdown");
                peer.sending = Some(outgoing);
            }
            Effect::Pause { connection } => {
                let Some(peer) = self.peer(shard, connection) else { return };
                peer.receive = None;
            }
            Effect::Resume { connection, receive } => {
                let Some(peer) = self.peer(shard, connection) else { return };
                peer.receive = Some(receive);
            }
            Effect::Shutdown { connection } => {
                let Some(peer) = self.peer(shard, connection) else { return };
                assert!(peer.sending.is_none(), "only when nothing is under way");
                assert!(peer.listener.is_gone(), "a peer is told before its end");
                peer.shut_down = true;
            }
            Effect::Close { connection } => {
                if let Some(peer) = self.places[shard].peer(connection)
                    && self.peers[peer].place == Some((shard, connection))
                {
                    self.close(peer);
                }
            }
            Effect::HandOver { connection, to, arrival } => {
                let Some(peer) = self.peer(shard, connection) else { return };
                assert!(peer.receive.is_none() && peer.sending.is_none(), "a quiet connection");
                let Some(number) = self.places[shard].peer(connection) else { return };
                self.places[shard].slots[connection.slot as usize] = None;
                let home = &mut self.places[to.index()];
                let adopted = home.insert(number);
                home.waiting.push_back(Waiting::Adopted(adopted, arrival.received));
                self.peers[number].place = Some((to.index(), adopted));
            }
            // For the log; a peer sees nothing of it.
            Effect::Report(_) => {}
        }
    }

    /// The peer of a connection that is still there.
    fn peer(&mut self, shard: usize, connection: ConnectionId) -> Option<&mut Peer> {
        let peer = &mut self.peers[self.places[shard].peer(connection)?];
        (peer.place == Some((shard, connection))).then_some(peer)
    }
}

/// The app's keys.
fn keys(live: bool) -> Keys {
    let secret = std::str::from_utf8(TOKEN_SECRET).expect("it is text");
    let key = TokenKey { id: KEY_ID.into(), secret: secret.into() };
    Keys { tokens: if live { vec![key] } else { Vec::new() }, jwt: None }
}

fn owned(waiting: Waiting) -> Event<'static> {
    match waiting {
        Waiting::Adopted(connection, received) => {
            Event::Adopted { connection, peer: PEER, received }
        }
        Waiting::Sent(connection, spare) => Event::Sent { connection, spare },
        Waiting::Mail(_, envelope) => Event::Mail(envelope),
        Waiting::Keys(keys) => Event::Keys(keys),
        other => unreachable!("{other:?} is handed over by reference"),
    }
}

impl Peer {
    fn is_ready(&self) -> bool {
        (self.receive.is_some() && !self.up.is_empty()) || (!self.stalled && self.sending.is_some())
    }
}

impl Place {
    /// A connection for a peer, at the first free slot.
    fn insert(&mut self, peer: usize) -> ConnectionId {
        // A slot is free once the shard was told so; what still waits for it is told first.
        let free = self.slots.iter().position(Option::is_none);
        let slot = free.filter(|_| self.waiting.is_empty()).unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(peer);
        let generation = self.next_generation;
        self.next_generation += 1;
        ConnectionId { slot: u32::try_from(slot).expect("runs are short"), generation }
    }

    fn peer(&self, connection: ConnectionId) -> Option<usize> {
        *self.slots.get(connection.slot as usize)?
    }

    fn mail_from(&self, shard: usize) -> usize {
        let from = |it: &&Waiting| matches!(it, Waiting::Mail(from, _) if *from == shard);
        self.waiting.iter().filter(from).count()
    }
}
