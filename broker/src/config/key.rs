//! All there is to set, by a name that the compiler knows. What there is to know about each is
//! its row in the table of `rows`; whoever walks over all settings asks here.

use super::rows::ROWS;
pub use super::rows::{Row, SECTIONS};

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
    RoomLifetime,
    RoomEmpty,
    MembersMax,
    FixedMembersMax,
    RingMessages,
    Grace,
    GraceMessages,
    Presence,
    PresenceFullMax,
    KeepAliveMax,
    ClientMessages,
    ServerMessages,
    Requests,
    MemberQueries,
    Refused,
    QuotaHighOnly,
    QuotaShared,
    QuotaProtected,
    ReceiverNormal,
    ReceiverHigh,
}

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
