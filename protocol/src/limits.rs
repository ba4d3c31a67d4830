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

/// Bytes of a connection token's text.
pub const TOKEN_BYTES_MAX: usize = 2048;

/// Bytes of the id of a key that tokens are signed with: at least 1.
pub const KEY_ID_BYTES_MAX: usize = 32;

/// Bytes of the secret that tokens are signed with: at least as many as its hash has.
pub const TOKEN_SECRET_BYTES_MIN: usize = 32;

/// Scopes of one token.
pub const SCOPES_MAX: usize = 16;

/// Bytes of a scope, its `*` included: at least 1.
pub const SCOPE_BYTES_MAX: usize = 64;

/// Bytes of the code at the end of a connection token.
pub const TOKEN_MAC_BYTES: usize = 32;

/// Bytes of a connection token before they are made text: version, role, two times, four ids, the
/// scopes, and the code.
pub const TOKEN_RAW_BYTES_MAX: usize = 2
    + 2 * 8
    + (1 + KEY_ID_BYTES_MAX)
    + 3 * (1 + ID_BYTES_MAX)
    + (1 + SCOPES_MAX * (1 + SCOPE_BYTES_MAX))
    + TOKEN_MAC_BYTES;

/// Bytes of a message's payload (spec 5, a hard cap).
pub const PAYLOAD_BYTES_MAX: usize = 128 * 1024;

/// Bytes of a client message id, the idempotency key of a publish.
pub const MESSAGE_ID_BYTES_MAX: usize = 64;

/// Ids in one list on the wire, such as the targets of a publish (spec 5).
pub const LIST_IDS_MAX: usize = 100;

/// Users in one call that does something to them (spec 7).
pub const CALL_USERS_MAX: usize = 20;

/// Users who may speak in a muted room (spec 7).
pub const MUTE_EXCEPTIONS_MAX: usize = 20;

/// Rows in one page of a list (spec 4).
pub const PAGE_ENTRIES_MAX: usize = 500;

/// Bytes of a cursor, the place at which a list is read on.
pub const CURSOR_BYTES_MAX: usize = 128;

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

/// Characters of a room's title (spec 3).
pub const TITLE_CHARACTERS_MAX: usize = 128;

/// Characters of a room's announcement (spec 3).
pub const ANNOUNCEMENT_CHARACTERS_MAX: usize = 4096;

/// Characters of a room's live URL and of a member's avatar (spec 2 and 3).
pub const LINK_CHARACTERS_MAX: usize = 1024;

/// Characters of a room's extension (spec 3).
pub const ROOM_EXTENSION_CHARACTERS_MAX: usize = 4096;

/// Characters of a member's nickname (spec 2).
pub const NICKNAME_CHARACTERS_MAX: usize = 64;

/// Characters of a member's extension, and of what is said along with an action (spec 2 and 7).
pub const EXTENSION_CHARACTERS_MAX: usize = 2048;

/// Bytes of the key of an attribute or of a queue's element (spec 8): at least 1.
pub const KEY_BYTES_MAX: usize = 128;

/// Bytes of the value of an attribute or of a queue's element (spec 8).
pub const VALUE_BYTES_MAX: usize = 4096;

/// Attributes of a room, and so rows in one page of them (spec 8).
pub const ATTRIBUTES_MAX: usize = 100;

/// Changes of attributes in one call (spec 8).
pub const ATTRIBUTE_WRITES_MAX: usize = 20;

/// Elements that a queue may have at most (spec 8).
pub const QUEUE_SIZE_MAX: u16 = 1000;

/// Changes of a queue in one call (spec 8).
pub const QUEUE_WRITES_MAX: usize = 100;

/// Bytes of all keys and values together that one call writes to a queue, so that the notice of it
/// fits a frame.
pub const QUEUE_WRITE_BYTES_MAX: usize = 112 * 1024;

/// Messages in one page of history (spec 8).
pub const HISTORY_PAGE_MAX: usize = 100;

/// Rooms in one list of those that had the most of something.
pub const TOP_ROOMS_MAX: usize = 100;

/// Seconds after which an attribute expires, if it does: 30 days.
pub const EXPIRY_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;

/// Seconds in a policy of a room's destruction: 7 days (spec 3).
pub const POLICY_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// Seconds of a ban or a mute that is not for ever: 30 days (spec 7).
pub const TERM_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;

/// What a row of a page takes at most: two ids, the texts of a profile at four bytes a character,
/// and the numbers beside them.
const ROW_BYTES_MAX: usize = 2 * (ID_BYTES_MAX + 1)
    + 4 * (NICKNAME_CHARACTERS_MAX + LINK_CHARACTERS_MAX + EXTENSION_CHARACTERS_MAX)
    + 32;

/// What the texts of a notice beside its lists take at most: ids, an extension at four bytes a
/// character, and the numbers.
const NOTICE_BYTES_MAX: usize = 2 * (ID_BYTES_MAX + 1) + 4 * EXTENSION_CHARACTERS_MAX + 256;

/// What stands beside the key and the value of an attribute or an element: its owner and numbers.
const STATE_ROW_BYTES_MAX: usize = ID_BYTES_MAX + 1 + 48;

/// What an attribute takes at most.
const ATTRIBUTE_BYTES_MAX: usize = KEY_BYTES_MAX + VALUE_BYTES_MAX + STATE_ROW_BYTES_MAX;

const _: () = {
    // What one call writes fits the notice of it.
    assert!(NOTICE_BYTES_MAX + ATTRIBUTE_WRITES_MAX * ATTRIBUTE_BYTES_MAX < BODY_BYTES_MAX);
    assert!(
        NOTICE_BYTES_MAX + QUEUE_WRITE_BYTES_MAX + QUEUE_WRITES_MAX * STATE_ROW_BYTES_MAX
            < BODY_BYTES_MAX
    );
    assert!(ATTRIBUTES_MAX <= LIST_IDS_MAX);
    // A page has room for a row at the least, so that whoever reads pages gets on.
    assert!(ROW_BYTES_MAX + CURSOR_BYTES_MAX + 1024 < BODY_BYTES_MAX);
    assert!(PAYLOAD_BYTES_MAX + LIST_IDS_MAX * (ID_BYTES_MAX + 1) < BODY_BYTES_MAX);
    // The largest token fits its text, and that a credential.
    assert!((TOKEN_RAW_BYTES_MAX * 4).div_ceil(3) <= TOKEN_BYTES_MAX);
    assert!(TOKEN_BYTES_MAX <= CREDENTIAL_BYTES_MAX);
    assert!(CREDENTIAL_BYTES_MAX + 4 * ID_BYTES_MAX < HELLO_BODY_BYTES_MAX);
    assert!(HELLO_BODY_BYTES_MAX < BODY_BYTES_MAX);
};
