//! The session state machine under arbitrary scripts: clients that say good requests, damaged
//! ones and plain bytes, at any time, cut anywhere, and a broker of one to three shards.
//!
//! In the end every fault stops, and everything that is owed must have come; then the node goes
//! down and must be gone in its time.

use std::time::Duration;

use arbitrary::Unstructured;
use throng_protocol::FromClient;
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::request::{
    CreateRoom, DestroyRoom, Join, Leave, Ping, Publish, QueryRoom, RefreshToken, Request,
    RevokeTokens,
};
use throng_protocol::token::{Claims, Scopes, mint};
use throng_protocol::value::{ClassHint, Extensions, IdList, PublishOptions, Role, Switch};

use super::govern::Known;
use super::node::Node;
use super::script::{Ask, Govern, Shape, Step};
use super::token::SECRET as TOKEN_SECRET;
use crate::client::{APP, SECRET};

const NONE: Extensions<'static> = Extensions::NONE;
const USERS: [&str; 5] = ["ann", "bob", "cid", "dot", ""];
const DEVICES: [&str; 3] = ["phone", "laptop", ""];
const ROOMS: [&str; 4] = ["lobby", "attic", "cellar", "not a room"];

/// The key of the tokens that peers say hello with; its secret is [`TOKEN_SECRET`].
pub(super) const KEY_ID: &str = "fuzz";

/// Milliseconds by the wall clock at which such a token is over: a minute after its beginning.
const TOKEN_EXPIRES: u64 = 60_000;

/// A role of a hello from which on it is said with a token.
const WITH_A_TOKEN: u8 = 192;

/// Peers of one run.
const PEERS_MAX: usize = 24;

/// Bytes that the peers of one run say, so that a run stays short.
const SAID_BYTES_MAX: usize = 512 * 1024;

/// After the drain's beginning: its settling, the lingering of those who were told, its deadline.
const DRAIN_TIME: Duration = Duration::from_secs(8);

/// A script, as bytes.
///
/// # Panics
/// When an invariant of a shard does not hold, a shard breaks a promise of the seam, or a client
/// is told what it should not be or not told what it should.
pub fn session(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(shape) = Shape::read(&mut input) else { return };
    let mut play = Play { node: Node::new(&shape), said_bytes: 0 };
    while !input.is_empty() {
        let Ok(step) = Step::read(&mut input) else { break };
        play.take(step);
    }
    play.end();
}

struct Play {
    node: Node,
    said_bytes: usize,
}

impl Play {
    fn take(&mut self, step: Step) {
        let node = &mut self.node;
        match step {
            Step::Connect { shard } if node.peers.len() < PEERS_MAX => {
                node.connect(usize::from(shard));
            }
            Step::Connect { .. } => {}
            Step::Hello { peer, user, device, role } => {
                let who = who(user, device, role);
                if role >= WITH_A_TOKEN {
                    let token = token_of(&who, role);
                    self.say(peer, &hello(Credentials::Token(token.as_bytes())));
                } else {
                    self.say(peer, &hello(Credentials::Development(who)));
                }
            }
            Step::Ask { peer, what, room, number } => {
                let request = request(what, ROOMS[usize::from(room)]);
                self.say(peer, &FromClient::Request(number.into(), request));
            }
            Step::Govern { peer, number, govern } => self.govern(peer, number.into(), govern),
            Step::Publish { peer, room, number, options, payload_bytes } => {
                let room = ROOMS[usize::from(room)];
                let payload = vec![b'p'; payload_bytes];
                let request = publish(room, PublishOptions::from_bits(options), &payload);
                self.say(peer, &FromClient::Request(number.into(), request));
            }
            Step::Raw { peer, bytes } => self.say_bytes(peer, &bytes),
            Step::Framed { peer, body } => {
                let length = u32::try_from(body.len()).expect("a body of a script is short");
                self.say_bytes(peer, &[&length.to_le_bytes(), &body[..]].concat());
            }
            Step::Damage { peer, back, with } => self.damage(peer, usize::from(back), with),
            Step::Cut { bytes_max } => node.cut_bytes_max = bytes_max,
            Step::Close { peer } => {
                if let Some(peer) = self.pick(peer) {
                    self.node.close(peer);
                }
            }
            Step::Stall { peer, stalled } => {
                if let Some(peer) = self.pick(peer) {
                    self.node.peers[peer].stalled = stalled;
                }
            }
            Step::Turn { shard } => node.turn(shard.into()),
            Step::Settle => node.settle(),
            Step::Pass { ms } => node.pass(Duration::from_millis(ms)),
            Step::SetClock { micros } => node.set_clock(micros),
            Step::Load { shard, to, waiting } => node.set_load(shard.into(), to.into(), waiting),
            Step::Renew { live } => node.renew(live),
            Step::Refresh { peer, user, device, role } => {
                let token = token_of(&who(user, device, role), role);
                let request = RefreshToken { token: token.as_bytes(), extensions: NONE };
                self.say(peer, &FromClient::Request(role.into(), request.into()));
            }
            Step::Revoke { peer, number, whom } => self.revoke(peer, number.into(), whom),
            Step::Drain => node.drain(),
        }
    }

    /// A bit for each user, the highest for servers, the next for a time that was.
    fn revoke(&mut self, peer: u8, number: u32, whom: u8) {
        let named = USERS[..4].iter().enumerate().filter(|(bit, _)| whom & (1 << bit) != 0);
        let mut users = Vec::new();
        IdList::write(named.map(|(_, user)| *user), &mut users);
        let request = RevokeTokens {
            users: IdList::parse(&users).expect("a few ids are a list"),
            servers: if whom & 128 == 0 { Switch::Off } else { Switch::On },
            valid_after: if whom & 64 == 0 { 0 } else { 1 },
            extensions: NONE,
        };
        self.say(peer, &FromClient::Request(number, request.into()));
    }

    /// Asks with what the peer may know: where its pages go on, and what anyone knows of the room.
    fn govern(&mut self, peer: u8, number: u32, govern: Govern) {
        let Some(place) = self.pick(peer) else { return };
        let room = ROOMS[usize::from(govern.room)];
        let peers = &self.node.peers;
        let views = || peers.iter().flat_map(|own| own.listener.views());
        let position = views().find(|(name, ..)| *name == room);
        let position = position.map_or((0, 0), |(_, view, _)| (view.epoch, view.known()));
        let (users, cursor) = (&USERS[..4], peers[place].listener.cursor());
        let mut bytes = Vec::new();
        govern.write(number, Known { room, users, position, cursor }, &mut bytes);
        self.say_bytes(peer, &bytes);
    }

    fn pick(&self, peer: u8) -> Option<usize> {
        usize::from(peer).checked_rem(self.node.peers.len())
    }

    fn say(&mut self, peer: u8, frame: &FromClient<'_>) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        self.say_bytes(peer, &bytes);
    }

    fn say_bytes(&mut self, peer: u8, bytes: &[u8]) {
        let Some(peer) = self.pick(peer) else { return };
        if self.said_bytes + bytes.len() <= SAID_BYTES_MAX {
            self.said_bytes += bytes.len();
            self.node.peers[peer].up.extend_from_slice(bytes);
        }
    }

    fn damage(&mut self, peer: u8, back: usize, with: u8) {
        let Some(peer) = self.pick(peer) else { return };
        let said = &mut self.node.peers[peer].up;
        if let Some(place) = said.len().checked_sub(1 + back) {
            said[place] ^= with;
        }
    }

    /// All faults stop, everything comes, and the node goes down in order.
    fn end(&mut self) {
        let node = &mut self.node;
        node.cut_bytes_max = usize::MAX;
        node.peers.iter_mut().for_each(|peer| peer.stalled = false);
        node.settle();
        node.check_settled();
        node.drain();
        node.pass(DRAIN_TIME);
        assert!(node.is_drained(), "a node that goes down is gone in its time");
        assert!((0..node.peers.len()).all(|peer| !node.is_connected(peer)), "nobody is forgotten");
    }
}

fn who(user: u8, device: u8, role: u8) -> Development<'static> {
    let (user, device) = (USERS[usize::from(user)], DEVICES[usize::from(device)]);
    Development { secret: SECRET, user, device, role: Role::from_byte(role % 4) }
}

/// A token of these claims if one can be made of them, else of a good one's; by its highest bits
/// good for a while, over already, or of a key that nobody has.
fn token_of(who: &Development<'_>, how: u8) -> String {
    let expires = if how & 4 == 0 { TOKEN_EXPIRES } else { 1 };
    let key_id = if how & 8 == 0 { KEY_ID } else { "unknown" };
    let &Development { user, device, role, .. } = who;
    let scopes = if how & 16 == 0 { Scopes::EVERY_ROOM } else { Scopes::of(&["lobby", "at*"]) };
    let good = Claims {
        role: Role::Client,
        made: 0,
        expires,
        key_id,
        app: APP,
        user: "ann",
        device: "phone",
        scopes,
    };
    let asked = Claims { role, user, device, ..good };
    let minted = mint(&asked, TOKEN_SECRET).or_else(|_| mint(&good, TOKEN_SECRET));
    minted.expect("the claims are good")
}

fn hello(credentials: Credentials<'_>) -> FromClient<'_> {
    FromClient::Hello(Hello {
        magic: MAGIC,
        version_min: VERSION,
        version_max: VERSION,
        app: APP,
        credentials,
        client: "fuzz",
        extensions: NONE,
    })
}

fn request(what: Ask, room: &str) -> Request<'_> {
    match what {
        Ask::Join => Join { room, ..Join::default() }.into(),
        Ask::Leave => Leave { room, extensions: NONE }.into(),
        Ask::Query => QueryRoom { room, extensions: NONE }.into(),
        Ask::Create => CreateRoom { room, ..CreateRoom::default() }.into(),
        Ask::Destroy => DestroyRoom { room, extensions: NONE }.into(),
        Ask::Ping => Ping { extensions: NONE }.into(),
    }
}

fn publish<'a>(room: &'a str, options: PublishOptions, payload: &'a [u8]) -> Request<'a> {
    let (class, targets) = (ClassHint::Default, IdList::EMPTY);
    let kind = "text";
    Publish { room, kind, payload, options, class, message_id: "", targets, extensions: NONE }
        .into()
}
