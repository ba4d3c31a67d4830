//! Tokens as tests mint them: what each says, and its text. Nothing here decides whether a token is
//! good; that is for the broker to say and for clients to judge.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use throng_broker::app::keys::TokenKey;
use throng_protocol::token::{Claims, Scopes, mint, reaches};
use throng_protocol::value::Role;

use crate::client::APP;

/// Servers whose names begin so come by a token and are credentials of their own; all others share
/// the development app's one.
pub const CREDENTIAL: &str = "backend-";

/// A key that tokens are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What tokens name it by.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl Key {
    /// One of many.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        let secret = format!("the secret of the key of number {number}");
        Self { id: format!("key-{number}"), secret }
    }

    /// The key as the broker has it.
    #[must_use]
    pub fn live(&self) -> TokenKey {
        TokenKey { id: self.id.as_str().into(), secret: self.secret.as_str().into() }
    }
}

/// The time of day, in milliseconds since the Unix epoch.
///
/// # Panics
/// When the clock is set to before that.
#[must_use]
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    u64::try_from(now.as_millis()).expect("for some time to come")
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// With what it is signed.
    pub key: Key,
    /// For which app.
    pub app: String,
    /// For whom; of a server its credential.
    pub user: String,
    /// On which device.
    pub device: String,
    /// In which role.
    pub role: Role,
    /// When it was made: milliseconds since the Unix epoch.
    pub made_ms: u64,
    /// When it ends, in the same.
    pub expires_ms: u64,
    /// Which rooms it reaches; all if none.
    pub scopes: Vec<String>,
}

impl Pass {
    /// A client's token for every room, made then and good for a minute.
    #[must_use]
    pub fn new(key: &Key, (user, device): (&str, &str), made_ms: u64) -> Self {
        Self {
            key: key.clone(),
            app: APP.to_owned(),
            user: user.to_owned(),
            device: device.to_owned(),
            role: Role::Client,
            made_ms,
            expires_ms: made_ms + 60_000,
            scopes: Vec::new(),
        }
    }

    /// The same for a server.
    #[must_use]
    pub fn server(key: &Key, credential: &str, made_ms: u64) -> Self {
        Self { role: Role::Server, ..Self::new(key, (credential, ""), made_ms) }
    }

    /// The same, good for that long.
    #[must_use]
    pub fn lasting(mut self, life: Duration) -> Self {
        self.expires_ms =
            self.made_ms + u64::try_from(life.as_millis()).expect("lives are not that long");
        self
    }

    /// The same for these rooms only.
    #[must_use]
    pub fn within(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// Its text.
    ///
    /// # Panics
    /// When there can be no such token.
    #[must_use]
    pub fn text(&self) -> String {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let claims = Claims {
            role: self.role,
            made: self.made_ms,
            expires: self.expires_ms,
            key_id: &self.key.id,
            app: &self.app,
            user: &self.user,
            device: &self.device,
            scopes: Scopes::of(&scopes),
        };
        mint(&claims, self.key.secret.as_bytes()).expect("tests say what can be said")
    }

    /// Whether it reaches a room.
    #[must_use]
    pub fn reaches(&self, room: &str) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|scope| reaches(scope, room))
    }
}
