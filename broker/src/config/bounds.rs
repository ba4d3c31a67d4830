//! What may be configured, where the core itself has no bound: a typing error such as `3d` for
//! `3s` is to be refused and not to be lived with. The bounds of the core are in
//! [`crate::limits`]; all defaults are compared with these at compile time.

use core::time::Duration;

use throng_protocol::limits::POLICY_SECONDS_MAX;

use crate::limits;

/// The least any deadline of a session may be; below it a slow network cuts off honest peers.
pub const DEADLINE_MIN: Duration = Duration::from_millis(100);

/// The most time a stranger may have for its hello.
pub const HELLO_DEADLINE_MAX: Duration = Duration::from_secs(60);

/// The most time a peer may have for a frame.
pub const FRAME_DEADLINE_MAX: Duration = Duration::from_secs(600);

/// The longest silence before a session is asked whether it is there.
pub const PING_AFTER_MAX: Duration = Duration::from_secs(3600);

/// The shortest time after which a room may be destroyed by itself (spec 3).
pub const ROOM_LIFE_MIN: Duration = Duration::from_secs(1);

/// The longest time after which a room may be destroyed by itself (spec 3: 7 days).
pub const ROOM_LIFE_MAX: Duration = Duration::from_secs(POLICY_SECONDS_MAX as u64);

/// The most members that a room may be limited to: as many as there may be connections.
pub const MEMBERS_MAX_MAX: u32 = 1 << 24;

/// The longest time for which a lost seat may be held: who comes back later comes anew.
pub const GRACE_MAX: Duration = Duration::from_secs(600);

/// The most messages for which a lost seat may be held; a room has to keep more than that.
pub const GRACE_MESSAGES_MAX: u32 = limits::RING_MESSAGES_MAX;

/// The largest room that may tell its members of each other by name: each who comes is one more
/// entry for all.
pub const PRESENCE_FULL_MAX_MAX: u32 = 1000;

/// The most bytes that may wait for one session.
pub const OUTBOUND_BYTES_MAX_MAX: usize = 64 * 1024 * 1024;

/// The most connections: a session's number has 24 bits for its place
/// ([`crate::id::SessionKey::number`]).
pub const CONNECTIONS_MAX_MAX: usize = 1 << 24;

/// Bytes of the configuration file; whatever is larger was meant to be something else.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// The shortest time that tokens may hold at the most.
pub const TOKEN_LIFE_MAX_MIN: Duration = Duration::from_secs(1);

/// The longest time that tokens may hold: a backend that hands out older ones forgot about them.
pub const TOKEN_LIFE_MAX_MAX: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Apps of one node.
pub const APPS_MAX: usize = 1000;

/// Networks that load balancers may connect from; each connection is compared with all.
pub const PROXY_NETWORKS_MAX: usize = 64;

/// Bytes of a file with a key.
pub const KEY_FILE_BYTES_MAX: usize = 4 * 1024;

/// Bytes of a secret: more add nothing, and were meant to be something else.
pub const SECRET_BYTES_MAX: usize = 1024;

/// Bytes of whom tokens are meant for, and of who made them.
pub const JWT_NAME_BYTES_MAX: usize = 256;

/// Whether `value` is between `min` and `max`, all of them durations, at compile time.
const fn within(value: Duration, min: Duration, max: Duration) -> bool {
    min.as_nanos() <= value.as_nanos() && value.as_nanos() <= max.as_nanos()
}

const _: () = {
    assert!(within(limits::HELLO_DEADLINE_DEFAULT, DEADLINE_MIN, HELLO_DEADLINE_MAX));
    assert!(within(limits::FRAME_DEADLINE_DEFAULT, DEADLINE_MIN, FRAME_DEADLINE_MAX));
    assert!(within(limits::PING_AFTER_DEFAULT, DEADLINE_MIN, PING_AFTER_MAX));
    assert!(within(limits::ROOM_IDLE_DEFAULT, ROOM_LIFE_MIN, ROOM_LIFE_MAX));
    assert!(within(limits::ROOM_LIFETIME_DEFAULT, ROOM_LIFE_MIN, ROOM_LIFE_MAX));
    assert!(within(limits::ROOM_EMPTY_DEFAULT, ROOM_LIFE_MIN, ROOM_LIFE_MAX));
    assert!(within(limits::GRACE_DEFAULT, Duration::ZERO, GRACE_MAX));
    assert!(limits::GRACE_MESSAGES_DEFAULT <= GRACE_MESSAGES_MAX);
    assert!(limits::PRESENCE_FULL_DEFAULT <= PRESENCE_FULL_MAX_MAX);
    assert!(MEMBERS_MAX_MAX as usize == CONNECTIONS_MAX_MAX);
    assert!(within(limits::TOKEN_LIFE_MAX_DEFAULT, TOKEN_LIFE_MAX_MIN, TOKEN_LIFE_MAX_MAX));
    assert!(limits::SECRET_BYTES_MIN < SECRET_BYTES_MAX && SECRET_BYTES_MAX < KEY_FILE_BYTES_MAX);
    assert!(APPS_MAX < u16::MAX as usize);
    assert!(limits::OUTBOUND_BYTES_MAX_DEFAULT <= OUTBOUND_BYTES_MAX_MAX);
};
