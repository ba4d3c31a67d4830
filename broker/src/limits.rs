//! Every bound of the broker that is not part of the wire, in one file, compared with each other
//! at compile time. Defaults that an operator may change are named `_DEFAULT`; the rest are caps.

use core::time::Duration;

use throng_protocol::limits::{BODY_BYTES_MAX, PREFIX_BYTES};

/// Messages a client may publish in any window of one second (spec 6).
pub const CLIENT_MESSAGES_PER_SECOND_DEFAULT: u32 = 5;

/// Messages a server credential may publish in any window of one second (spec 6).
pub const SERVER_MESSAGES_PER_SECOND_DEFAULT: u32 = 100;

/// Other requests a session may make in any window of one second (spec 6).
pub const REQUESTS_PER_SECOND_DEFAULT: u32 = 20;

/// The largest rate that is counted exactly; above it only `unlimited` remains. Each sender at
/// this rate keeps that many time stamps of 8 bytes.
pub const RATE_PER_SECOND_MAX: u32 = 10_000;

/// Sessions a user may have at a time (spec 1, a cap).
pub const SESSIONS_PER_USER_MAX: usize = 10;

/// Rooms a user may be in at a time by default (spec 4).
pub const ROOMS_PER_USER_DEFAULT: u32 = 1;

/// Rooms an app may let its users be in (spec 4, a cap).
pub const ROOMS_PER_USER_MAX: u32 = 100;

/// A room in which nothing happened for this long is destroyed (spec 3).
pub const ROOM_IDLE_DEFAULT: Duration = Duration::from_secs(3600);

/// How long a stranger has to finish its hello (reliability: pre-auth is cheap).
pub const HELLO_DEADLINE_DEFAULT: Duration = Duration::from_secs(3);

/// How long a peer has to finish a frame it began (reliability: slow senders).
pub const FRAME_DEADLINE_DEFAULT: Duration = Duration::from_secs(10);

/// Silence after which a session is asked whether it is there (reliability: half-open peers).
pub const PING_AFTER_DEFAULT: Duration = Duration::from_secs(30);

/// Questions that may stay unanswered, each one `ping_after` apart, before the session is cut.
pub const PINGS_MISSED_MAX: u32 = 2;

/// How long a connection that was told to go away may take to read that.
pub const LINGER: Duration = Duration::from_secs(1);

/// How long what was accepted has to reach its receivers, on all shards, before a drain tells
/// them to go away. A turn takes milliseconds.
pub const DRAIN_SETTLE: Duration = Duration::from_millis(100);

/// How long a drain may take before what is left is cut off.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(5);

/// Clients sent away in a drain are asked to come back after a random time up to this.
pub const DRAIN_RETRY_SPREAD: Duration = Duration::from_secs(5);

/// Bytes that may wait for one session: its own frames, and those of its rooms. A room's are
/// shared by all its occupants on a shard: one that stalls costs a cursor.
pub const OUTBOUND_BYTES_MAX_DEFAULT: usize = 256 * 1024;

/// The least that may be configured: the largest frame must fit.
pub const OUTBOUND_BYTES_MAX_MIN: usize = 160 * 1024;

/// A session with this share of its outbound bytes queued is not read from: it gets no new
/// replies before it took the old ones.
pub const OUTBOUND_PAUSE_DIVISOR: usize = 16;

/// A batch of one room is closed once it has this many bytes, so that one send stays small.
pub const BATCH_BYTES_MAX: usize = 64 * 1024;

/// Pieces are gathered into one send up to this many bytes.
pub const GATHER_BYTES_MAX: usize = 64 * 1024;

/// Buffers kept for gathering, per shard; a larger or further one goes back to the allocator.
pub const SPARE_BUFFERS_MAX: usize = 1024;

/// Bytes of a buffer that is kept.
pub const SPARE_BUFFER_BYTES_MAX: usize = 16 * 1024;

/// Envelopes in one lane between two cores.
pub const LANE_ENVELOPES: usize = 4096;

/// Envelopes taken from one lane in one turn, so that sockets are not starved.
pub const LANE_ENVELOPES_PER_TURN: usize = 1024;

/// A lane with this many envelopes waiting takes no new requests: the quarter above it is for
/// the answers to requests that were taken before.
#[must_use]
pub const fn lane_refuse_at(lane_envelopes: usize) -> usize {
    lane_envelopes / 4 * 3
}

/// Descriptors that are not for connections: listeners, rings, files, the odd tool.
pub const RESERVED_DESCRIPTORS: usize = 256;

/// Workers a node may have.
pub const WORKERS_MAX: usize = 256;

const _: () = {
    assert!(PREFIX_BYTES + BODY_BYTES_MAX <= OUTBOUND_BYTES_MAX_MIN);
    assert!(OUTBOUND_BYTES_MAX_MIN <= OUTBOUND_BYTES_MAX_DEFAULT);
    assert!(BATCH_BYTES_MAX <= OUTBOUND_BYTES_MAX_MIN);
    assert!(SPARE_BUFFER_BYTES_MAX <= GATHER_BYTES_MAX);
    assert!(lane_refuse_at(LANE_ENVELOPES) < LANE_ENVELOPES);
    assert!(LANE_ENVELOPES_PER_TURN <= LANE_ENVELOPES);
    assert!(CLIENT_MESSAGES_PER_SECOND_DEFAULT <= RATE_PER_SECOND_MAX);
    assert!(SERVER_MESSAGES_PER_SECOND_DEFAULT <= RATE_PER_SECOND_MAX);
    assert!(ROOMS_PER_USER_DEFAULT <= ROOMS_PER_USER_MAX);
    assert!(HELLO_DEADLINE_DEFAULT.as_nanos() <= FRAME_DEADLINE_DEFAULT.as_nanos());
};
