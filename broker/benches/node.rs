//! A node of real shards on one thread. It plays worker, mesh and kernel, and after its first
//! turns allocates nothing of its own, so that all that is counted is the core's.

use std::collections::VecDeque;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use throng_broker::app::App;
use throng_broker::envelope::Envelope;
use throng_broker::event::{Effect, Event, Outgoing};
use throng_broker::id::{ConnectionId, HashKey, ShardId};
use throng_broker::limits;
use throng_broker::rate::QuotaLimits;
use throng_broker::session::Patience;
use throng_broker::shard::{Settings, Shard};
use throng_broker::time::{Instant, Now, WallTime};
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::request::{Join, Publish, Request};
use throng_protocol::value::{ClassHint, Extensions, IdList, PublishOptions, Role};
use throng_protocol::{FromClient, frame};

/// The app everyone is of, and its secret.
const APP: &str = "dev";
const SECRET: &str = "secret-of-a-counted-app";

/// The room everyone is in.
pub const ROOM: &str = "lobby";

/// Where everyone comes from.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A client's place.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// Its shard.
    pub shard: usize,
    /// Its connection there.
    connection: ConnectionId,
}

/// What a shard has not been told yet.
#[derive(Debug, Default)]
struct Pending {
    mail: VecDeque<Envelope>,
    sent: Vec<(ConnectionId, Option<Vec<u8>>)>,
}

/// A node.
pub struct Node {
    shards: Vec<Shard>,
    pending: Vec<Pending>,
    connections: Vec<u32>,
    /// What clients say next.
    frames: Vec<u8>,
    now: Instant,
    /// Where a connection that was handed over went, and what had been received on it.
    handed_over: Option<(usize, Vec<u8>)>,
    /// Whether the frames that are sent are counted, which costs a walk through them.
    pub counting: bool,
    /// Frames sent so far, while they are counted.
    pub frames_sent: u64,
}

impl Node {
    /// A node of so many shards, with one app that creates rooms and limits no rate.
    pub fn new(shards: u16) -> Self {
        let mut app = App::new(APP);
        app.development_secret = Some(SECRET.into());
        app.create_on_join = true;
        (app.rates.client_messages, app.rates.requests) = (None, None);
        app.quota = QuotaLimits::UNLIMITED;
        app.rooms_per_user = limits::ROOMS_PER_USER_MAX;
        let shard = |id| {
            Shard::new(Settings {
                id: ShardId(id),
                shards,
                apps: vec![app.clone()],
                patience: Patience {
                    hello: limits::HELLO_DEADLINE_DEFAULT,
                    frame: limits::FRAME_DEADLINE_DEFAULT,
                    ping_after: limits::PING_AFTER_DEFAULT,
                },
                outbound_bytes_max: limits::OUTBOUND_BYTES_MAX_DEFAULT,
                connections_max: 10_000,
                lane_envelopes: limits::LANE_ENVELOPES,
                visits_per_turn: limits::VISITS_PER_TURN,
                hash_key: HashKey(1, 2),
                seed: u64::from(id),
            })
        };
        let count = usize::from(shards);
        Self {
            shards: (0..shards).map(shard).collect(),
            pending: (0..shards).map(|_| Pending::default()).collect(),
            connections: vec![0; count],
            frames: Vec::new(),
            now: Instant::ZERO,
            handed_over: None,
            counting: true,
            frames_sent: 0,
        }
    }

    /// Opens a session of a user.
    pub fn open(&mut self, user: &str) -> Client {
        let device = "a-device-1";
        let hello = Hello {
            magic: MAGIC,
            version_min: VERSION,
            version_max: VERSION,
            app: APP,
            credentials: Credentials::Development(Development {
                secret: SECRET,
                user,
                device,
                role: Role::Client,
            }),
            client: "test",
            extensions: Extensions::NONE,
        };
        let first = Client { shard: 0, connection: self.next_connection(0) };
        self.turn(0, |shard| {
            shard.handle(Event::Accepted { connection: first.connection, peer: PEER })
        });
        FromClient::Hello(hello).write(&mut self.frames);
        self.say(first);
        let client = match self.handed_over.take() {
            None => first,
            Some((shard, received)) => {
                self.connections[0] -= 1;
                let connection = self.next_connection(shard);
                self.turn(shard, |shard| {
                    shard.handle(Event::Adopted { connection, peer: PEER, received })
                });
                Client { shard, connection }
            }
        };
        self.settle();
        client
    }

    /// Lets a client join the room.
    pub fn join(&mut self, client: Client) {
        self.ask(client, Join { room: ROOM, ..Join::default() }.into());
    }

    /// Lets a client ask something, and be answered.
    pub fn ask(&mut self, client: Client, request: Request<'_>) {
        FromClient::Request(1, request).write(&mut self.frames);
        self.say(client);
        self.settle();
    }

    /// Lets a client publish so many messages in one receive, and everyone get them.
    pub fn publish(&mut self, client: Client, messages: usize, options: PublishOptions) {
        for _ in 0..messages {
            let publish = Publish {
                room: ROOM,
                kind: "text",
                payload: &[b'x'; 128],
                options,
                class: ClassHint::Default,
                message_id: "",
                targets: IdList::EMPTY,
                extensions: Extensions::NONE,
            };
            FromClient::Request(2, Request::from(publish)).write(&mut self.frames);
        }
        self.say(client);
        self.settle();
    }

    /// Takes turns until nobody has anything to do.
    pub fn settle(&mut self) {
        while let Some(shard) = self.pending.iter().position(Pending::is_some) {
            self.turn(shard, |_| {});
        }
    }

    fn next_connection(&mut self, shard: usize) -> ConnectionId {
        let slot = self.connections[shard];
        self.connections[shard] += 1;
        ConnectionId { slot, generation: 0 }
    }

    fn say(&mut self, client: Client) {
        let mut frames = mem::take(&mut self.frames);
        let Client { shard, connection } = client;
        self.turn(shard, |shard| shard.handle(Event::Received { connection, bytes: &frames }));
        frames.clear();
        self.frames = frames;
    }

    /// One turn of one shard, as a worker takes it.
    fn turn(&mut self, place: usize, events: impl FnOnce(&mut Shard)) {
        self.now = Instant::from_nanos(self.now.as_nanos() + 1);
        let wall = WallTime::from_micros(self.now.as_nanos());
        let mut own = mem::take(&mut self.pending[place]);
        let shard = &mut self.shards[place];
        shard.begin(Now { instant: self.now, wall }, Duration::ZERO);
        for (id, pending) in (0..).zip(&self.pending) {
            shard.set_load(ShardId(id), pending.mail.len());
        }
        events(shard);
        for (connection, spare) in own.sent.drain(..) {
            shard.handle(Event::Sent { connection, spare });
        }
        for envelope in own.mail.drain(..) {
            shard.handle(Event::Mail(envelope));
        }
        shard.finish();
        for effect in shard.take_effects() {
            match effect {
                Effect::Send { connection, outgoing } => {
                    if self.counting {
                        self.frames_sent += count_frames(outgoing.as_slice());
                    }
                    own.sent.push((connection, Outgoing::into_spare(outgoing)));
                }
                Effect::HandOver { to, arrival, .. } => {
                    self.handed_over = Some((to.index(), arrival.received));
                }
                Effect::Resume { .. } => {}
                other => panic!("nobody lags, pauses or leaves here: {other:?}"),
            }
        }
        for mail in shard.take_mail() {
            self.pending[mail.to.index()].mail.push_back(mail.envelope);
        }
        self.pending[place] = own;
    }
}

impl Pending {
    fn is_some(&self) -> bool {
        !self.mail.is_empty() || !self.sent.is_empty()
    }
}

fn count_frames(bytes: &[u8]) -> u64 {
    let (mut rest, mut count) = (bytes, 0);
    while let Ok(Some((_, after))) = frame::split(rest, BODY_BYTES_MAX) {
        (rest, count) = (after, count + 1);
    }
    assert!(rest.is_empty(), "a send is whole frames");
    count
}
