//! The table of all there is to set: where it stands in the file, how its flag and its variable
//! are called, what form it has and what it means. The walk over the file, the environment, the
//! command line and its help, the effective configuration and a test of `docs/operations.md`
//! all go by this table, so none of them can lag behind.
//!
//! What a value may be is not here but in `meant`, where it is checked.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by its row, for people who configure a node")]
pub enum Key {
    Listen,
    Workers,
    Pin,
    Io,
    Log,
    HelloDeadline,
    FrameDeadline,
    PingAfter,
    OutboundBytesMax,
    ConnectionsMax,
    AppKey,
    Secret,
    Anonymous,
    CreateOnJoin,
    PublishWithoutJoin,
    RoomsPerUser,
    RoomIdle,
    ProtectedKinds,
    LowKinds,
    ClientMessages,
    ServerMessages,
    Requests,
    Refused,
    QuotaHighOnly,
    QuotaShared,
    QuotaProtected,
    ReceiverNormal,
    ReceiverHigh,
}

/// What there is to know about a setting before it has a value.
#[derive(Debug)]
pub struct Row {
    key: Key,
    /// The table of the file that it stands in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Its name where there are no tables: the flag, and with capitals the variable.
    pub flat: &'static str,
    /// What kind of value it takes, in a word.
    pub form: &'static str,
    /// What it does, in a sentence without a full stop.
    pub meaning: &'static str,
}

/// The tables of the file, in the order in which they are written.
pub const SECTIONS: [&str; 4] = ["node", "sessions", "development", "development.limits"];

const NODE: &str = SECTIONS[0];
const SESSIONS: &str = SECTIONS[1];
const APP: &str = SECTIONS[2];
const APP_LIMITS: &str = SECTIONS[3];

const ROWS: [Row; 28] = [
    Row {
        key: Key::Listen,
        section: NODE,
        name: "listen",
        flat: "listen",
        form: "ADDRESS",
        meaning: "Address and port to listen on; port 0 lets the system choose one",
    },
    Row {
        key: Key::Workers,
        section: NODE,
        name: "workers",
        flat: "workers",
        form: "COUNT",
        meaning: "Worker threads; auto is one for each core the process may run on",
    },
    Row {
        key: Key::Pin,
        section: NODE,
        name: "pin",
        flat: "pin",
        form: "BOOL",
        meaning: "Whether each worker stays on one core",
    },
    Row {
        key: Key::Io,
        section: NODE,
        name: "io",
        flat: "io",
        form: "NAME",
        meaning: "Way to the network: auto is uring where it works, else epoll",
    },
    Row {
        key: Key::Log,
        section: NODE,
        name: "log",
        flat: "log",
        form: "FILTER",
        meaning: "What is logged: off, error, warn, info, debug, trace, or target=level, \
                  separated by commas",
    },
    Row {
        key: Key::HelloDeadline,
        section: SESSIONS,
        name: "hello_deadline",
        flat: "hello-deadline",
        form: "TIME",
        meaning: "Time a new connection has to say who it is",
    },
    Row {
        key: Key::FrameDeadline,
        section: SESSIONS,
        name: "frame_deadline",
        flat: "frame-deadline",
        form: "TIME",
        meaning: "Time a peer has to finish a frame it began",
    },
    Row {
        key: Key::PingAfter,
        section: SESSIONS,
        name: "ping_after",
        flat: "ping-after",
        form: "TIME",
        meaning: "Silence after which a peer is asked whether it is there; after three times as \
                  long it is cut off",
    },
    Row {
        key: Key::OutboundBytesMax,
        section: SESSIONS,
        name: "outbound_bytes_max",
        flat: "outbound-bytes-max",
        form: "SIZE",
        meaning: "Bytes that may wait for one session before it is cut off as lagging",
    },
    Row {
        key: Key::ConnectionsMax,
        section: SESSIONS,
        name: "connections_max",
        flat: "connections-max",
        form: "COUNT",
        meaning: "Connections at a time; auto is as many as the limit on open files leaves",
    },
    Row {
        key: Key::AppKey,
        section: APP,
        name: "key",
        flat: "development-key",
        form: "KEY",
        meaning: "Key of the development app: what clients call the app",
    },
    Row {
        key: Key::Secret,
        section: APP,
        name: "secret",
        flat: "development-secret",
        form: "TEXT",
        meaning: "Secret of the development app: lets whoever has it be any user",
    },
    Row {
        key: Key::Anonymous,
        section: APP,
        name: "anonymous",
        flat: "development-anonymous",
        form: "BOOL",
        meaning: "Whether visitors without a user id are let in, to listen only",
    },
    Row {
        key: Key::CreateOnJoin,
        section: APP,
        name: "create_on_join",
        flat: "development-create-on-join",
        form: "BOOL",
        meaning: "Whether joining a room that does not exist creates it",
    },
    Row {
        key: Key::PublishWithoutJoin,
        section: APP,
        name: "publish_without_join",
        flat: "development-publish-without-join",
        form: "BOOL",
        meaning: "Whether users may publish to rooms they have not joined",
    },
    Row {
        key: Key::RoomsPerUser,
        section: APP,
        name: "rooms_per_user",
        flat: "development-rooms-per-user",
        form: "COUNT",
        meaning: "Rooms a user may be in; joining one more leaves the one joined longest ago",
    },
    Row {
        key: Key::RoomIdle,
        section: APP,
        name: "room_idle",
        flat: "development-room-idle",
        form: "TIME",
        meaning: "Time without activity after which a room is destroyed",
    },
    Row {
        key: Key::ProtectedKinds,
        section: APP,
        name: "protected_kinds",
        flat: "development-protected-kinds",
        form: "KINDS",
        meaning: "Kinds of messages that are the last to be dropped, separated by commas",
    },
    Row {
        key: Key::LowKinds,
        section: APP,
        name: "low_kinds",
        flat: "development-low-kinds",
        form: "KINDS",
        meaning: "Kinds of messages that are the first to be dropped, separated by commas",
    },
    Row {
        key: Key::ClientMessages,
        section: APP_LIMITS,
        name: "client_messages_per_second",
        flat: "development-client-messages-per-second",
        form: "RATE",
        meaning: "Messages a user may publish in any one second, or unlimited",
    },
    Row {
        key: Key::ServerMessages,
        section: APP_LIMITS,
        name: "server_messages_per_second",
        flat: "development-server-messages-per-second",
        form: "RATE",
        meaning: "Messages a server credential may publish in any one second, or unlimited",
    },
    Row {
        key: Key::Requests,
        section: APP_LIMITS,
        name: "requests_per_second",
        flat: "development-requests-per-second",
        form: "RATE",
        meaning: "Other requests a session may make in any one second, or unlimited",
    },
    Row {
        key: Key::Refused,
        section: APP_LIMITS,
        name: "refused_per_second",
        flat: "development-refused-per-second",
        form: "RATE",
        meaning: "Requests of a session that may be refused in one second before it is cut off, or unlimited",
    },
    Row {
        key: Key::QuotaHighOnly,
        section: APP_LIMITS,
        name: "quota_high_only",
        flat: "development-quota-high-only",
        form: "RATE",
        meaning: "Messages a room takes in any 200 ms for class high only, or unlimited",
    },
    Row {
        key: Key::QuotaShared,
        section: APP_LIMITS,
        name: "quota_shared",
        flat: "development-quota-shared",
        form: "RATE",
        meaning: "Messages a room takes in any 200 ms for class high and low, or unlimited",
    },
    Row {
        key: Key::QuotaProtected,
        section: APP_LIMITS,
        name: "quota_protected",
        flat: "development-quota-protected",
        form: "RATE",
        meaning: "Messages a room takes in any 200 ms beyond those for protected ones, or unlimited",
    },
    Row {
        key: Key::ReceiverNormal,
        section: APP_LIMITS,
        name: "receiver_normal_per_second",
        flat: "development-receiver-normal-per-second",
        form: "RATE",
        meaning: "Messages one receiver is given in any one second, or unlimited; protected ones do not count",
    },
    Row {
        key: Key::ReceiverHigh,
        section: APP_LIMITS,
        name: "receiver_high_per_second",
        flat: "development-receiver-high-per-second",
        form: "COUNT",
        meaning: "Messages of class high that it is given beyond those, where they are limited",
    },
];

const _: () = {
    let mut place = 0;
    while place < ROWS.len() {
        assert!(ROWS[place].key as usize == place);
        place += 1;
    }
};

impl Key {
    /// All settings, in the order in which they are written.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.key)
    }

    /// What there is to know about it.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Its name with its table: `node.listen`.
    #[must_use]
    pub fn path(self) -> String {
        let Row { section, name, .. } = self.row();
        format!("{section}.{name}")
    }

    /// The name of its variable: `THRONG_LISTEN`.
    #[must_use]
    pub fn variable(self) -> String {
        format!("THRONG_{}", self.row().flat.to_ascii_uppercase().replace('-', "_"))
    }

    /// Whether it has a flag. A secret has none: every user of a machine sees the command lines
    /// of all processes.
    #[must_use]
    pub fn has_flag(self) -> bool {
        self != Self::Secret
    }

    /// The setting of that name in that table of the file.
    #[must_use]
    pub fn find(section: &str, name: &str) -> Option<Self> {
        let row = ROWS.iter().find(|row| row.section == section && row.name == name)?;
        Some(row.key)
    }
}
