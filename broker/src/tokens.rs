//! What `throng token` does: makes a token by hand, says what one says, makes a secret. Whoever
//! does this holds the secrets, so unlike a client it is told exactly what is wrong.
//!
//! Called by `main`. Reads the clock and the system's randomness; prints nothing itself.

mod utc;

use core::time::Duration;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use throng_protocol::token::{self, Claims, Scopes, TokenError, Unverified};
use throng_protocol::value::Role;

use crate::app::{App, Secret};
use crate::config::command::token::{Mint, SecretOf, name_of_role};
use crate::config::{Config, secret};
use crate::limits::{SECRET_BYTES_MIN, TOKEN_SKEW_MAX};

/// Why a token was not made, or is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// The file with the secret is no good.
    #[error("{0}")]
    Secret(String),
    /// A file holds a secret, but not the id of its key.
    #[error("the id of the key is not known: add --key-id")]
    KeyId,
    /// The configuration has no such app, or it takes no tokens.
    #[error("the configuration has no app {0:?} with token keys")]
    App(String),
    /// The app has no such key.
    #[error("there is no live key {0:?}")]
    Key(String),
    /// The token is of another kind.
    #[error("it is a JSON web token; only connection tokens can be checked here")]
    Jwt,
    /// It is not well formed, or not signed with that secret, or cannot be made.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// It holds longer than the app allows.
    #[error("it holds for {holds:?}; the app allows {life_max:?} (token_life_max)")]
    Life {
        /// From when it was made to when it expires.
        holds: Duration,
        /// What the app allows.
        life_max: Duration,
    },
    /// Its time is over.
    #[error("it expired at {0}")]
    Expired(String),
    /// It was made later than now, by more than clocks may differ.
    #[error("it was made at {0}, which is still to come: a clock is wrong")]
    Future(String),
    /// The app lets no visitors in.
    #[error("the app lets no anonymous visitors in")]
    Anonymous,
    /// The clock or the randomness of the system is not to be had.
    #[error("the system fails: {0}")]
    System(String),
}

/// A new secret: 32 random bytes in hex.
///
/// # Errors
/// When the system gives no randomness.
pub fn new_secret() -> Result<String, Wrong> {
    let mut bytes = [0; SECRET_BYTES_MIN];
    getrandom::fill(&mut bytes).map_err(|error| Wrong::System(error.to_string()))?;
    Ok(bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    }))
}

/// The text of a token, with a key of the configuration if there is one, else with that in a file.
///
/// # Errors
/// When there is no such key, or the app would not take such a token.
pub fn mint(asked: &Mint, config: Option<&Config>) -> Result<String, Wrong> {
    let app = app_of(&asked.app, config)?;
    let (key_id, secret) = match app {
        Some(app) => key_of(app, asked.secret.key_id.as_deref())?,
        None => secret_in_file(&asked.secret, None)?,
    };
    let made = now()?;
    let expires = made.saturating_add(millis(asked.expires_in));
    let rooms: Vec<&str> = asked.rooms.iter().map(String::as_str).collect();
    let claims = Claims {
        role: asked.role,
        made,
        expires,
        key_id: &key_id,
        app: &asked.app,
        user: &asked.user,
        device: &asked.device,
        scopes: Scopes::of(&rooms),
    };
    app.map_or(Ok(()), |app| allowed(&claims, app))?;
    Ok(token::mint(&claims, secret.expose().as_bytes())?)
}

/// What a good token says, a line for each claim.
///
/// # Errors
/// Why it is not good.
pub fn verify(text: &str, of: &SecretOf, config: Option<&Config>) -> Result<String, Wrong> {
    let text = text.trim_ascii();
    if text.contains('.') {
        return Err(Wrong::Jwt);
    }
    let unverified = Unverified::read(text.as_bytes())?;
    if let Some(wanted) = &of.key_id
        && wanted != unverified.key_id()
    {
        return Err(Wrong::Key(unverified.key_id().to_owned()));
    }
    let app = app_of(unverified.app(), config)?;
    let (_, secret) = match app {
        Some(app) => key_of(app, Some(unverified.key_id()))?,
        None => secret_in_file(of, Some(unverified.key_id()))?,
    };
    let claims = unverified.verify(secret.expose().as_bytes())?;
    app.map_or(Ok(()), |app| allowed(&claims, app))?;
    let now = now()?;
    if claims.made > now.saturating_add(millis(TOKEN_SKEW_MAX)) {
        return Err(Wrong::Future(utc::show(claims.made)));
    }
    if claims.expires <= now {
        return Err(Wrong::Expired(utc::show(claims.expires)));
    }
    Ok(described(&claims, now))
}

fn described(claims: &Claims<'_>, now: u64) -> String {
    let or =
        |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    let scopes: Vec<&str> = claims.scopes.iter().collect();
    let left = utc::show_span(claims.expires.saturating_sub(now));
    let lines = [
        ("app", claims.app.to_owned()),
        ("key", claims.key_id.to_owned()),
        ("role", name_of_role(claims.role).to_owned()),
        ("user", or(claims.user, "(none)")),
        ("device", or(claims.device, "(none)")),
        ("rooms", or(&scopes.join(" "), "(all)")),
        ("made", utc::show(claims.made)),
        ("expires", format!("{} (in {left})", utc::show(claims.expires))),
    ];
    lines.iter().map(|(name, value)| format!("{name:<8} {value}\n")).collect()
}

/// The app of the configuration; none if there is no configuration.
fn app_of<'c>(key: &str, config: Option<&'c Config>) -> Result<Option<&'c App>, Wrong> {
    let Some(config) = config else { return Ok(None) };
    let app = config.tenants().iter().find(|app| &*app.key == key && !app.keys.tokens.is_empty());
    app.map(Some).ok_or_else(|| Wrong::App(key.to_owned()))
}

/// That key of the app, or its first.
fn key_of(app: &App, id: Option<&str>) -> Result<(String, Secret), Wrong> {
    let mut keys = app.keys.tokens.iter();
    let key = keys.find(|key| id.is_none_or(|id| *key.id == *id));
    let key = key.ok_or_else(|| Wrong::Key(id.unwrap_or_default().to_owned()))?;
    Ok((key.id.to_string(), key.secret.clone()))
}

fn secret_in_file(of: &SecretOf, key_id: Option<&str>) -> Result<(String, Secret), Wrong> {
    let key_id = of.key_id.as_deref().or(key_id).ok_or(Wrong::KeyId)?;
    let file = of.file.as_deref().ok_or_else(|| {
        Wrong::Secret("there is no secret: add --config or --secret-file".to_owned())
    })?;
    Ok((key_id.to_owned(), secret::from_file(file).map_err(Wrong::Secret)?))
}

/// Whether the app takes such a token, its time aside.
fn allowed(claims: &Claims<'_>, app: &App) -> Result<(), Wrong> {
    let holds = Duration::from_millis(claims.expires.saturating_sub(claims.made));
    if holds > app.token_life_max {
        return Err(Wrong::Life { holds, life_max: app.token_life_max });
    }
    if claims.role == Role::Anonymous && !app.anonymous {
        return Err(Wrong::Anonymous);
    }
    Ok(())
}

/// Milliseconds since the Unix epoch.
fn now() -> Result<u64, Wrong> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(millis).map_err(|_| Wrong::System("its clock is before 1970".to_owned()))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
