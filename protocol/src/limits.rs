//! Every bound that the wire itself promises, in one place.
//!
//! A bound here is part of the protocol: both sides may rely on it without asking. What an
//! operator may configure (rates, sizes of queues) lives in the broker, not here.

/// Bytes of the length prefix before every frame's body (`docs/protocol.md`, "Frames").
pub const PREFIX_BYTES: usize = 4;

/// Bytes of a user, room or app id (spec 1): at least 1, at most this many.
pub const ID_BYTES_MAX: usize = 64;

/// Bytes of a message's kind (spec 1).
pub const KIND_BYTES_MAX: usize = 32;

/// Bytes of the client name in a `Hello`; any printable ASCII.
pub const CLIENT_NAME_BYTES_MAX: usize = 64;

/// Bytes of a credential or token in a `Hello`.
pub const CREDENTIAL_BYTES_MAX: usize = 2048;

/// Bytes of a message's payload (spec 5, a hard cap).
pub const PAYLOAD_BYTES_MAX: usize = 128 * 1024;

/// Bytes of a client message id, the idempotency key of a publish.
pub const MESSAGE_ID_BYTES_MAX: usize = 64;

/// Ids in one list on the wire, such as the targets of a publish (spec 5).
pub const LIST_IDS_MAX: usize = 100;

/// Figures in one list of counts.
pub const COUNTS_MAX: usize = 100;

/// Extensions in one frame.
pub const EXTENSIONS_MAX: usize = 16;

/// Bytes of a frame's body, either way, once the handshake is done: the largest payload plus
/// 8 KiB for everything around it (100 target ids of 65 bytes are 6,500 of them).
pub const BODY_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + 8 * 1024;

/// Bytes of the body of the first frame a client sends; nothing larger is buffered for a
/// stranger (reliability: pre-auth is cheap).
pub const HELLO_BODY_BYTES_MAX: usize = 4096 - PREFIX_BYTES;

/// Messages of history a join may ask for (spec 4).
pub const JOIN_HISTORY_MAX: u8 = 50;

const _: () = {
    assert!(PAYLOAD_BYTES_MAX + LIST_IDS_MAX * (ID_BYTES_MAX + 1) < BODY_BYTES_MAX);
    assert!(CREDENTIAL_BYTES_MAX + 4 * ID_BYTES_MAX < HELLO_BODY_BYTES_MAX);
    assert!(HELLO_BODY_BYTES_MAX < BODY_BYTES_MAX);
};
