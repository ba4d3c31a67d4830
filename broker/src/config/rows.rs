//! The table of all there is to set: where it stands in the file, how its flag and its variable
//! are called, what form it has and what it means. The walk over the file, the environment, the
//! command line and its help, the effective configuration and a test of `docs/operations.md`
//! all go by this table, so none of them can lag behind. The rows of the development app are
//! those of any `[[app]]`, too; what only such an app has is in `field`.
//!
//! What a value may be is not here but in `meant`, where it is checked.

use super::key::Key;

/// What there is to know about a setting before it has a value.
#[derive(Debug)]
pub struct Row {
    /// Which setting it is.
    pub(super) key: Key,
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
pub const SECTIONS: [&str; 5] =
    ["node", "sessions", "development", "development.rooms", "development.limits"];

const NODE: &str = SECTIONS[0];
const SESSIONS: &str = SECTIONS[1];
const APP: &str = SECTIONS[2];
const APP_ROOMS: &str = SECTIONS[3];
const APP_LIMITS: &str = SECTIONS[4];

/// The rows, in the order in which the settings are written.
pub(super) const ROWS: [Row; 48] = [
    Row {
        key: Key::Listen,
        section: NODE,
        name: "listen",
        flat: "listen",
        form: "ADDRESS",
        meaning: "Address and port to listen on, or off; port 0 lets the system choose one",
    },
    Row {
        key: Key::TlsListen,
        section: NODE,
        name: "tls_listen",
        flat: "tls-listen",
        form: "ADDRESS",
        meaning: "Address and port to listen on for TLS, or off",
    },
    Row {
        key: Key::TlsCertificate,
        section: NODE,
        name: "tls_certificate",
        flat: "tls-certificate",
        form: "PATH",
        meaning: "File with the certificate and those above it (PEM)",
    },
    Row {
        key: Key::TlsKey,
        section: NODE,
        name: "tls_key",
        flat: "tls-key",
        form: "PATH",
        meaning: "File with the private key of the certificate (PEM)",
    },
    Row {
        key: Key::ProxyFrom,
        section: NODE,
        name: "proxy_from",
        flat: "proxy-from",
        form: "NETWORKS",
        meaning: "Load balancers that say for whom they connect (PROXY protocol 2), separated by \
                  commas",
    },
    Row {
        key: Key::ConnectionsPerAddress,
        section: NODE,
        name: "connections_per_address_max",
        flat: "connections-per-address-max",
        form: "COUNT",
        meaning: "Connections at a time from one address, auto, or unlimited",
    },
    Row {
        key: Key::AcceptsPerAddress,
        section: NODE,
        name: "accepts_per_address",
        flat: "accepts-per-address",
        form: "COUNT",
        meaning: "Connections taken from one address in any one second, auto, or unlimited",
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
        key: Key::LogForm,
        section: NODE,
        name: "log_form",
        flat: "log-form",
        form: "NAME",
        meaning: "Form of a line of the log: text for people, json for programs",
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
        key: Key::Enabled,
        section: APP,
        name: "enabled",
        flat: "development-enabled",
        form: "BOOL",
        meaning: "Whether there is a development app; auto is as long as there is no other",
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
        key: Key::RoomLifetime,
        section: APP_ROOMS,
        name: "room_lifetime",
        flat: "development-room-lifetime",
        form: "TIME",
        meaning: "Time after its creation at which a room is destroyed that is to live for a time",
    },
    Row {
        key: Key::RoomEmpty,
        section: APP_ROOMS,
        name: "room_empty",
        flat: "development-room-empty",
        form: "TIME",
        meaning: "Time after its last member left at which a room is destroyed that is to end when empty",
    },
    Row {
        key: Key::MembersMax,
        section: APP_ROOMS,
        name: "members_max",
        flat: "development-room-members-max",
        form: "COUNT",
        meaning: "Members a room may have, or unlimited",
    },
    Row {
        key: Key::FixedMembersMax,
        section: APP_ROOMS,
        name: "fixed_members_max",
        flat: "development-room-fixed-members-max",
        form: "COUNT",
        meaning: "Creator, managers and ordinary members a room may have",
    },
    Row {
        key: Key::RingMessages,
        section: APP_ROOMS,
        name: "ring_messages",
        flat: "development-room-ring-messages",
        form: "COUNT",
        meaning: "Messages a room keeps for those who come and those who come back",
    },
    Row {
        key: Key::RingBytes,
        section: APP_ROOMS,
        name: "ring_bytes",
        flat: "development-room-ring-bytes",
        form: "SIZE",
        meaning: "Bytes of what a room keeps; its last 50 messages stay, however large",
    },
    Row {
        key: Key::Grace,
        section: APP_ROOMS,
        name: "grace",
        flat: "development-room-grace",
        form: "TIME",
        meaning: "Time that the seat of a member whose connection was lost is held",
    },
    Row {
        key: Key::GraceMessages,
        section: APP_ROOMS,
        name: "grace_messages",
        flat: "development-room-grace-messages",
        form: "COUNT",
        meaning: "Messages for which it is held, if those come sooner",
    },
    Row {
        key: Key::Presence,
        section: APP_ROOMS,
        name: "presence",
        flat: "development-room-presence",
        form: "NAME",
        meaning: "What members are told of each other: off is nothing, counts how many, full who",
    },
    Row {
        key: Key::PresenceFullMax,
        section: APP_ROOMS,
        name: "presence_full_max",
        flat: "development-room-presence-full-max",
        form: "COUNT",
        meaning: "Members above which a room tells how many only, where presence is full",
    },
    Row {
        key: Key::KeepAliveMax,
        section: APP_ROOMS,
        name: "keep_alive_max",
        flat: "development-room-keep-alive-max",
        form: "COUNT",
        meaning: "Rooms that servers may have kept until they destroy them",
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
        key: Key::MemberQueries,
        section: APP_LIMITS,
        name: "member_queries_per_second",
        flat: "development-member-queries-per-second",
        form: "RATE",
        meaning: "Questions of a client's session for members in any one second, or unlimited",
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
