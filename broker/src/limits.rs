//! Every bound of the broker that is not part of the wire, in one file, compared with each other
//! at compile time. Defaults that an operator may change are named `_DEFAULT`; the rest are caps.

use core::num::NonZeroU32;
use core::time::Duration;

use throng_protocol::limits::{BODY_BYTES_MAX, JOIN_HISTORY_MAX};

/// Messages a client may publish in any window of one second (spec 6).
pub const CLIENT_MESSAGES_PER_SECOND_DEFAULT: u32 = 5;

/// Messages a server credential may publish in any window of one second (spec 6).
pub const SERVER_MESSAGES_PER_SECOND_DEFAULT: u32 = 100;

/// Other requests a session may make in any window of one second (spec 6).
pub const REQUESTS_PER_SECOND_DEFAULT: u32 = 20;

/// The window of a room's quota (spec 6).
pub const QUOTA_WINDOW: Duration = Duration::from_millis(200);

/// Messages of a room in one window of its quota: this many for class high only, as many for high
/// and low, and as many more for protected ones (spec 6).
pub const QUOTA_POOL_DEFAULT: u32 = 20;

/// Users whose messages are protected in a room (spec 6, a cap).
pub const ROOM_PROTECTED_USERS_MAX: usize = 5;

/// Kinds whose messages are protected in an app, and those of class low (spec 6, a cap each).
pub const APP_KINDS_MAX: usize = 20;

/// The longest slow mode: an hour between two messages is silence with another name.
pub const SLOW_MODE_MAX: Duration = Duration::from_secs(3600);

/// Messages of class high that one receiver is given in one second beyond the cap on all, where an
/// app switches that on (spec 6).
pub const RECEIVER_HIGH_PER_SECOND_DEFAULT: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Requests of one session that may be refused in one second. A session that goes on all the same
/// does not listen to the answers and is cut off (spec 6).
pub const REFUSED_PER_SECOND_DEFAULT: u32 = 200;

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

/// A room that is to live for a time lives so long (spec 3).
pub const ROOM_LIFETIME_DEFAULT: Duration = Duration::from_secs(3600);

/// A room that is to end when it is empty ends so long after its last member left (spec 3).
pub const ROOM_EMPTY_DEFAULT: Duration = Duration::from_secs(3600);

/// Rooms of an app that only an explicit destroy ends (spec 3).
pub const KEEP_ALIVE_ROOMS_DEFAULT: u32 = 5;

/// The most that an app may be given of those. A list of names goes through one frame.
pub const KEEP_ALIVE_ROOMS_MAX: u32 = 100;

/// Creator, managers and ordinary members of a room (spec 2, a cap).
pub const FIXED_MEMBERS_MAX: u32 = 1000;

/// Messages that a room keeps whatever they weigh, and the least it may be told to keep (spec 8):
/// what a join may ask for.
pub const RING_MESSAGES_MIN: u32 = JOIN_HISTORY_MAX as u32;

/// Messages that a room keeps for those who come and those who come back.
pub const RING_MESSAGES_DEFAULT: u32 = RING_MESSAGES_MIN;

/// The most that a room may be told to keep.
pub const RING_MESSAGES_MAX: u32 = 10_000;

/// Bytes that a room keeps of its last entries, messages and notices, whatever number of messages it
/// is to keep: the least number of the largest messages, and some notices between them.
pub const RING_BYTES_DEFAULT: usize = 8 * 1024 * 1024;

/// The fewest bytes that a room may be told to keep: the largest batch always fits.
pub const RING_BYTES_MIN: usize = 256 * 1024;

/// The most bytes that a room may be told to keep.
pub const RING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The share of a room's bytes that notices may take before messages yield to them. Without one
/// a room that keeps many messages would have no place for notices, and nobody who missed one could
/// come back to it.
#[must_use]
pub const fn ring_notice_bytes(ring_bytes: usize) -> usize {
    ring_bytes / 4
}

/// How long the seat of a member whose connection was lost is held (spec 4).
pub const GRACE_DEFAULT: Duration = Duration::from_secs(30);

/// For how many messages it is held, if those come sooner (spec 4).
pub const GRACE_MESSAGES_DEFAULT: u32 = 30;

/// In a larger room members are told of each other's coming and going in figures only (spec 4).
pub const PRESENCE_FULL_DEFAULT: u32 = 100;

/// The least time between two figures of who is in a room (spec 4).
pub const PRESENCE_PERIOD: Duration = Duration::from_secs(1);

/// Bytes of one page of history; one message always fits.
pub const HISTORY_PAGE_BYTES_MAX: usize = 256 * 1024;

/// Attribute operations of a room in any window of one second (spec 6).
pub const ATTRIBUTE_WRITES_PER_SECOND: u32 = 100;

/// Bots of a room.
pub const BOTS_MAX: usize = 1_000;

/// How long a bot stays (spec 8).
pub const BOT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a message is known by the id that its sender gave it (spec 5).
pub const MESSAGE_ID_LIFETIME: Duration = Duration::from_secs(120);

/// Messages of one sender that are known by such ids: what a server may publish in that time.
pub const MESSAGE_IDS_MAX: usize = 120 * SERVER_MESSAGES_PER_SECOND_DEFAULT as usize;

/// Broadcasts to all rooms of one credential in any window of one second (spec 6).
pub const BROADCASTS_PER_SECOND: u32 = 1;

/// Rooms that are kept of each ranking (spec 8): more than are ever told, for two shards may share
/// the first places in any way.
pub const TOP_ROOMS_KEPT: usize = 512;

/// How often rooms are ranked anew.
pub const TOP_PERIOD: Duration = Duration::from_secs(1);

/// Questions of a client for the members of rooms in any window of one second (spec 4).
pub const MEMBER_QUERIES_PER_SECOND_DEFAULT: u32 = 1;

/// Keys of one kind that an app has at a time: one in use, and one that is on its way in or out.
pub const LIVE_KEYS_MAX: usize = 2;

/// Bytes of the secret of a key.
pub const SECRET_BYTES_MIN: usize = throng_protocol::limits::TOKEN_SECRET_BYTES_MIN;

/// How long a token may hold from when it was made.
pub const TOKEN_LIFE_MAX_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);

/// Users of one app that a shard knows to have revoked tokens.
pub const REVOCATIONS_MAX: usize = 1 << 20;

/// How far the clock of whoever makes tokens may be ahead of ours.
pub const TOKEN_SKEW_MAX: Duration = Duration::from_secs(60);

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

/// Bytes that may wait for one session: its own frames, and those of its rooms (reliability:
/// secure by default). The newest batch of a room and the newest frame of its own are not
/// counted, so that nothing is skipped only for being large.
pub const OUTBOUND_BYTES_MAX_DEFAULT: usize = 64 * 1024;

/// The least that may be configured: some messages of the usual size.
pub const OUTBOUND_BYTES_MAX_MIN: usize = 4 * 1024;

/// Past this much waiting a session gets no messages of class low.
#[must_use]
pub const fn skip_low_at(outbound_bytes_max: usize) -> usize {
    outbound_bytes_max / 2
}

/// Past this much waiting a session gets protected messages only: a quarter is kept for them.
#[must_use]
pub const fn skip_high_at(outbound_bytes_max: usize) -> usize {
    outbound_bytes_max / 4 * 3
}

/// A session with this share of its outbound bytes queued is not read from: it gets no new
/// replies before it took the old ones.
pub const OUTBOUND_PAUSE_DIVISOR: usize = 16;

/// A batch of one room is closed once it has this many bytes, so that one send stays small.
pub const BATCH_BYTES_MAX: usize = 64 * 1024;

/// Occupants of rooms that one turn looks at when it fans out, some milliseconds' worth of sends:
/// what is left of a big room goes on in the next, and the others are heard in between. Fewer would
/// split rooms that are served best in one go: who waits for the next slice gets a copy of two
/// turns' entries and not the bytes that all share.
pub const VISITS_PER_TURN: usize = 4096;

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

/// A lane with this many envelopes waiting takes no new messages of class low; then none of class
/// high; then none at all, and no requests: the quarter above that is for the answers to requests
/// that were taken before.
#[must_use]
pub const fn lane_marks(lane_envelopes: usize) -> [usize; 3] {
    [lane_envelopes / 2, lane_envelopes / 8 * 5, lane_envelopes / 4 * 3]
}

/// A turn that took so long sheds messages of class low in the next; then high ones; then
/// everything. A turn takes a millisecond, one slice of a big room's fan-out some; on a slow machine
/// that is busy it may be 80, and that alone is no reason to shed.
pub const LAG_MARKS: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(2)];

/// How long an app's work is remembered when shares are compared: between one and two of these.
pub const SHARE_WINDOW: Duration = Duration::from_millis(500);

/// When whoever was shed or refused for overload may try again.
pub const SHED_RETRY_AFTER: Duration = Duration::from_millis(500);

/// Descriptors that are not for connections: listeners, rings, files, the odd tool.
pub const RESERVED_DESCRIPTORS: usize = 256;

/// Workers a node may have.
pub const WORKERS_MAX: usize = 256;

const _: () = {
    assert!(skip_low_at(OUTBOUND_BYTES_MAX_MIN) < skip_high_at(OUTBOUND_BYTES_MAX_MIN));
    assert!(skip_high_at(OUTBOUND_BYTES_MAX_MIN) < OUTBOUND_BYTES_MAX_MIN);
    assert!(OUTBOUND_BYTES_MAX_MIN <= OUTBOUND_BYTES_MAX_DEFAULT);
    assert!(SPARE_BUFFER_BYTES_MAX <= GATHER_BYTES_MAX);
    let [low, high, all] = lane_marks(LANE_ENVELOPES);
    assert!(low < high && high < all && all < LANE_ENVELOPES);
    assert!(LANE_ENVELOPES_PER_TURN <= LANE_ENVELOPES);
    assert!(CLIENT_MESSAGES_PER_SECOND_DEFAULT <= RATE_PER_SECOND_MAX);
    assert!(SERVER_MESSAGES_PER_SECOND_DEFAULT <= RATE_PER_SECOND_MAX);
    assert!(ROOMS_PER_USER_DEFAULT <= ROOMS_PER_USER_MAX);
    assert!(RING_MESSAGES_MIN <= RING_MESSAGES_DEFAULT);
    assert!(RING_MESSAGES_DEFAULT <= RING_MESSAGES_MAX);
    assert!(BATCH_BYTES_MAX + BODY_BYTES_MAX + 1024 <= RING_BYTES_MIN);
    assert!(RING_BYTES_MIN <= RING_BYTES_DEFAULT && RING_BYTES_DEFAULT <= RING_BYTES_MAX);
    assert!(RING_MESSAGES_MIN as usize * (BODY_BYTES_MAX + 1024) <= RING_BYTES_DEFAULT);
    // Whoever comes back in time finds all that it missed.
    assert!(GRACE_MESSAGES_DEFAULT < RING_MESSAGES_DEFAULT);
    assert!(KEEP_ALIVE_ROOMS_DEFAULT <= KEEP_ALIVE_ROOMS_MAX);
    assert!(HELLO_DEADLINE_DEFAULT.as_nanos() <= FRAME_DEADLINE_DEFAULT.as_nanos());
};
