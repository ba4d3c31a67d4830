//! A run of the session target as a list of steps, read off arbitrary bytes.
//!
//! One byte says which step, the next ones fill it in, so that a fuzzer that changes one byte
//! changes one thing. Every sequence of bytes is some script; it ends where the bytes do.

use arbitrary::{Result, Unstructured};
use throng_broker::nature::Presence;

/// What the world is made like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// How many shards there are: 1 to 3.
    pub(super) shards: u16,
    /// Whether visitors are let in.
    pub(super) anonymous: bool,
    /// Whether joining creates a room.
    pub(super) create_on_join: bool,
    /// Whether anyone may publish.
    pub(super) publish_without_join: bool,
    /// Whether there are rate limits.
    pub(super) limited: bool,
    /// Whether very little may wait for a session.
    pub(super) narrow: bool,
    /// How many connections a shard takes.
    pub(super) connections_max: usize,
    /// How many rooms a user may be in.
    pub(super) rooms_per_user: u32,
    /// What members are told of each other.
    pub(super) presence: Presence,
}

impl Shape {
    pub(super) fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let [flags, counts]: [u8; 2] = input.arbitrary()?;
        let has = |bit: u8| flags & (1 << bit) != 0;
        Ok(Self {
            shards: 1 + u16::from(counts % 3),
            anonymous: has(0),
            create_on_join: !has(1),
            publish_without_join: has(2),
            limited: has(3),
            narrow: has(4),
            connections_max: if has(5) { 3 } else { 1000 },
            rooms_per_user: 1 + u32::from(counts / 3 % 3),
            presence: match (has(6), has(7)) {
                (false, false) => Presence::Off,
                (true, false) => Presence::Counts,
                (_, true) => Presence::Full,
            },
        })
    }
}

/// One thing that happens. A `peer` is a number that stands for one of those there are.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A stranger connects to a shard.
    Connect { shard: u8 },
    /// A good hello, but for a role that may not be let in.
    Hello { peer: u8, user: u8, device: u8, role: u8 },
    /// A good request about a room.
    Ask { peer: u8, what: Ask, room: u8, number: u8 },
    /// A request about a room, its members or those who do not behave.
    Govern { peer: u8, number: u8, govern: Govern },
    /// A good publish.
    Publish { peer: u8, room: u8, number: u8, options: u8, payload_bytes: usize },
    /// Bytes as they come.
    Raw { peer: u8, bytes: Vec<u8> },
    /// A frame with any body.
    Framed { peer: u8, body: Vec<u8> },
    /// One byte of what was said and not received yet comes to harm.
    Damage { peer: u8, back: u8, with: u8 },
    /// Receives come in pieces of at most that many bytes from now on.
    Cut { bytes_max: usize },
    /// A peer closes.
    Close { peer: u8 },
    /// A peer stops reading, or reads again.
    Stall { peer: u8, stalled: bool },
    /// One shard takes a turn, if anything happened to it or not.
    Turn { shard: u8 },
    /// Everything that can happen now does.
    Settle,
    /// Time passes.
    Pass { ms: u64 },
    /// The wall clock is set.
    SetClock { micros: u64 },
    /// A lane seems as full as that.
    Load { shard: u8, to: u8, waiting: usize },
    /// A session shows a new token, made as for a hello.
    Refresh { peer: u8, user: u8, device: u8, role: u8 },
    /// The tokens of some users are revoked, or of servers.
    Revoke { peer: u8, number: u8, whom: u8 },
    /// The key of tokens is taken out of use, or is in use again.
    Renew { live: bool },
    /// The node goes down.
    Drain,
}

/// What else can be asked, by numbers that stand for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Govern {
    /// Which request: 0 to 15.
    pub(super) what: u8,
    /// Which room.
    pub(super) room: u8,
    /// A bit for each user; and of some requests the highest for the whole app.
    pub(super) whom: u8,
    /// All the rest.
    pub(super) how: u8,
}

/// A step that begins with this byte or a higher one is a [`Govern`].
const GOVERN: u8 = 200;

/// What can be asked of a room by name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask {
    Join,
    Leave,
    Query,
    Create,
    Destroy,
    Ping,
}

const ASKS: [Ask; 6] = [Ask::Join, Ask::Leave, Ask::Query, Ask::Create, Ask::Destroy, Ask::Ping];

/// Payloads that make a difference: nothing, a little, a batch of them, the most and one more.
const PAYLOADS: [usize; 6] = [0, 5, 300, 20_000, 131_072, 131_073];

impl Step {
    /// The next step.
    pub(super) fn read(input: &mut Unstructured<'_>) -> Result<Self> {
        let [which, peer]: [u8; 2] = input.arbitrary()?;
        if which >= GOVERN {
            let [what, number, whom, how]: [u8; 4] = input.arbitrary()?;
            let govern = Govern { what: what % 16, room: what / 16 % 4, whom, how };
            return Ok(Self::Govern { peer, number, govern });
        }
        Ok(match which % 20 {
            0 => Self::Connect { shard: peer },
            1 | 2 => {
                let [who, role]: [u8; 2] = input.arbitrary()?;
                Self::Hello { peer, user: who % 5, device: who / 5 % 3, role }
            }
            3..=5 => {
                let [what, number]: [u8; 2] = input.arbitrary()?;
                let (room, what) = (what / 6 % 4, ASKS[usize::from(what % 6)]);
                Self::Ask { peer, what, room, number }
            }
            6 | 7 => {
                let [what, number]: [u8; 2] = input.arbitrary()?;
                let payload_bytes = PAYLOADS[usize::from(what / 32) % PAYLOADS.len()];
                let (room, options) = (what / 8 % 4, what % 8);
                Self::Publish { peer, room, number, options, payload_bytes }
            }
            8 => Self::Raw { peer, bytes: piece(input)? },
            9 => Self::Framed { peer, body: piece(input)? },
            10 => {
                let [back, with]: [u8; 2] = input.arbitrary()?;
                Self::Damage { peer, back, with }
            }
            11 => Self::Cut { bytes_max: if peer == 0 { usize::MAX } else { usize::from(peer) } },
            12 => Self::Close { peer },
            13 => Self::Stall { peer: peer / 2, stalled: peer % 2 == 0 },
            14 => Self::Turn { shard: peer },
            15 => Self::Settle,
            16 => Self::Pass { ms: [1, 50, 250, 1000, 10_000, 31_000][usize::from(peer % 6)] },
            17 => Self::SetClock { micros: u64::from(peer) * 1_000_000 },
            18 => Self::Load { shard: peer % 4, to: peer / 4 % 4, waiting: usize::from(peer) * 32 },
            _ if peer < 32 => Self::Drain,
            _ if peer < 48 => Self::Renew { live: peer % 2 == 0 },
            _ if peer < 128 => {
                let [who, role]: [u8; 2] = input.arbitrary()?;
                Self::Refresh { peer, user: who % 5, device: who / 5 % 3, role }
            }
            _ if peer < 192 => {
                let [number, whom]: [u8; 2] = input.arbitrary()?;
                Self::Revoke { peer, number, whom }
            }
            _ => Self::Settle,
        })
    }
}

/// Up to 255 bytes, with their number first.
fn piece(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length: u8 = input.arbitrary()?;
    let length = usize::from(length).min(input.len());
    Ok(input.bytes(length)?.to_vec())
}
