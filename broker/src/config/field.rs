//! What only an `[[app]]` has beside the settings of the development app: how its tokens are
//! checked, and with which keys. These have no flag and no variable, as there is any number of apps.
//!
//! As in `rows`, one table says all there is to know; the walk over the file, the printed
//! configuration and a test of `docs/operations.md` go by it. What a value may be is in `apps`.

use super::key::APP;

/// One such field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is described by its row, for people who configure a node")]
pub enum Field {
    TokenLifeMax,
    TokenKeyId,
    TokenKeyFile,
    TokenKeySecret,
    Algorithm,
    Audience,
    Issuer,
    JwtKeyId,
    JwtKeyFile,
    JwtKeySecret,
    JwtPublicKey,
}

/// The keys of connection tokens, a list of tables.
pub(super) const TOKEN_KEYS: &str = "app.token_keys";
/// How JSON web tokens are checked, a table.
pub(super) const JWT: &str = "app.jwt";
/// The keys of JSON web tokens, a list of tables.
pub(super) const JWT_KEYS: &str = "app.jwt_keys";

/// The tables of an `[[app]]` in the file, in the order in which they are written.
pub const APP_SECTIONS: [&str; 6] = [APP, "app.rooms", "app.limits", TOKEN_KEYS, JWT, JWT_KEYS];

/// What there is to know about a field before it has a value.
struct FieldRow {
    field: Field,
    section: &'static str,
    name: &'static str,
}

const fn row(field: Field, section: &'static str, name: &'static str) -> FieldRow {
    FieldRow { field, section, name }
}

const ROWS: [FieldRow; 11] = [
    row(Field::TokenLifeMax, APP, "token_life_max"),
    row(Field::TokenKeyId, TOKEN_KEYS, "id"),
    row(Field::TokenKeyFile, TOKEN_KEYS, "file"),
    row(Field::TokenKeySecret, TOKEN_KEYS, "secret"),
    row(Field::Algorithm, JWT, "algorithm"),
    row(Field::Audience, JWT, "audience"),
    row(Field::Issuer, JWT, "issuer"),
    row(Field::JwtKeyId, JWT_KEYS, "id"),
    row(Field::JwtKeyFile, JWT_KEYS, "file"),
    row(Field::JwtKeySecret, JWT_KEYS, "secret"),
    row(Field::JwtPublicKey, JWT_KEYS, "public_key"),
];

const _: () = {
    let mut place = 0;
    while place < ROWS.len() {
        assert!(ROWS[place].field as usize == place);
        place += 1;
    }
};

impl Field {
    /// All fields, in the order in which they are written.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.field)
    }

    /// The table that it stands in: `app.jwt`.
    #[must_use]
    pub const fn section(self) -> &'static str {
        ROWS[self as usize].section
    }

    /// Its name there.
    #[must_use]
    pub const fn name(self) -> &'static str {
        ROWS[self as usize].name
    }

    /// Its name with its table: `app.jwt.algorithm`.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}.{}", self.section(), self.name())
    }

    /// The field of that name in that table of the file.
    #[must_use]
    pub fn find(section: &str, name: &str) -> Option<Self> {
        Self::all().find(|field| field.section() == section && field.name() == name)
    }
}
