//! All there is to set, by a name that the compiler knows. What there is to know about each is
//! its row in the table of `rows`; whoever walks over all settings asks here.

use super::rows::ROWS;
pub use super::rows::{Row, SECTIONS};

/// The table of the development app; those of the others have the same settings.
const DEVELOPMENT: &str = "development";

/// The table of an app with keys.
pub(super) const APP: &str = "app";

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by its row, for people who configure a node")]
pub enum Key {
    Listen,
    TlsListen,
    TlsCertificate,
    TlsKey,
    ProxyFrom,
    ConnectionsPerAddress,
    AcceptsPerAddress,
    Workers,
    Pin,
    Io,
    Log,
    LogForm,
    HelloDeadline,
    FrameDeadline,
    PingAfter,
    OutboundBytesMax,
    ConnectionsMax,
    Enabled,
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
    RingBytes,
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

    /// Whether it is one of the development app.
    #[must_use]
    pub fn is_of_development(self) -> bool {
        self.row().section.starts_with(DEVELOPMENT)
    }

    /// The table of an `[[app]]` that it stands in, if it is a setting of any app: `app.rooms`.
    #[must_use]
    pub fn section_of_apps(self) -> Option<String> {
        let rest = self.row().section.strip_prefix(DEVELOPMENT)?;
        let of_development_only = [Self::Enabled, Self::Secret].contains(&self);
        (!of_development_only).then(|| format!("{APP}{rest}"))
    }

    /// Its name with its table of an `[[app]]`: `app.rooms.grace`.
    #[must_use]
    pub fn path_of_apps(self) -> Option<String> {
        Some(format!("{}.{}", self.section_of_apps()?, self.row().name))
    }

    /// The setting of any app of that name in that table of the file.
    #[must_use]
    pub fn find_of_apps(section: &str, name: &str) -> Option<Self> {
        let rest = section.strip_prefix(APP)?;
        let key = Self::find(&format!("{DEVELOPMENT}{rest}"), name)?;
        key.section_of_apps().map(|_| key)
    }

    /// The setting of that name in that table of the file.
    #[must_use]
    pub fn find(section: &str, name: &str) -> Option<Self> {
        let row = ROWS.iter().find(|row| row.section == section && row.name == name)?;
        Some(row.key)
    }
}
