//! Whether a token is good: the one way in beside a development app's secret (spec 2, reliability:
//! tokens).
//!
//! First its signature, by a key of the app alone, then what it says. Whoever shows a token hears
//! nothing of the cause if it is not; whoever runs the node may read it in the log.

use core::fmt;
use core::time::Duration;

use throng_protocol::token::Unverified;
use throng_protocol::value::Role;

use super::keys::Keys;
use super::{App, jwt};
use crate::grant::{Grant, KeyName};
use crate::limits::TOKEN_SKEW_MAX;
use crate::time::{Instant, Now, WallTime};

/// What a good token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The user; of a server, its credential; empty for a visitor.
    pub user: Box<str>,
    /// The device; may be empty if it is not a client's.
    pub device: Box<str>,
    /// The role.
    pub role: Role,
    /// What goes on holding while the session lasts.
    pub grant: Grant,
}

/// What a token says whose signature is good, whatever its form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) key: KeyName,
    /// Milliseconds since the Unix epoch.
    pub(super) made: u64,
    /// Milliseconds since the Unix epoch.
    pub(super) expires: u64,
    pub(super) user: Box<str>,
    pub(super) device: Box<str>,
    pub(super) role: Role,
    pub(super) scopes: Box<[Box<str>]>,
}

/// Why nobody is let in. For the log: whoever asks is told one thing for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There is no such app.
    NoApp,
    /// The app has no development secret, or another one.
    Secret,
    /// The token is none.
    Malformed,
    /// The key that it names is none of the app's, or the app takes no tokens of that form.
    Key,
    /// It was not signed with the key that it names.
    Signature,
    /// It was made for another app.
    OtherApp,
    /// It was made for somebody else, or by somebody else, than the configuration says.
    Parties,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    Early,
    /// It holds for longer than the app allows.
    LongLived,
    /// It was made at or before a moment of which the user's tokens hold no more.
    Revoked,
    /// The app does not take that role.
    Role,
    /// It is for another user, device or role than the session has.
    OtherSession,
}

impl Cause {
    /// In a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoApp => "no such app",
            Self::Secret => "not the development secret",
            Self::Malformed => "not a token",
            Self::Key => "no such key",
            Self::Signature => "bad signature",
            Self::OtherApp => "token of another app",
            Self::Parties => "token of another issuer or audience",
            Self::Expired => "token expired",
            Self::Early => "token not valid yet",
            Self::LongLived => "token holds for too long",
            Self::Revoked => "token revoked",
            Self::Role => "role not allowed",
            Self::OtherSession => "token of another session",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl App {
    /// What a token says, if it is good: signed with a key of this app, for this app, now.
    ///
    /// # Errors
    /// The first cause why it is not.
    pub fn check_token(&self, keys: &Keys, text: &[u8], now: Now) -> Result<Pass, Cause> {
        // What has a dot in it is no base64.
        let told = if text.contains(&b'.') {
            let jwt = keys.jwt.as_ref().ok_or(Cause::Key)?;
            jwt::check(jwt, &self.key, text, now.wall)?
        } else {
            check_own(keys, &self.key, text)?
        };
        self.check_role(told.role)?;
        let ends = self.check_times(&told, now)?;
        Ok(Pass {
            user: told.user,
            device: told.device,
            role: told.role,
            grant: Grant {
                key: told.key,
                made: WallTime::from_micros(told.made.saturating_mul(1000)),
                ends,
                scopes: told.scopes,
            },
        })
    }

    fn check_times(&self, told: &Told, now: Now) -> Result<Instant, Cause> {
        let now_ms = now.wall.as_micros() / 1000;
        let left = told.expires.checked_sub(now_ms).filter(|left| *left > 0);
        let left = Duration::from_millis(left.ok_or(Cause::Expired)?);
        if Duration::from_millis(told.made.saturating_sub(now_ms)) > TOKEN_SKEW_MAX {
            return Err(Cause::Early);
        }
        let life = Duration::from_millis(told.expires.saturating_sub(told.made));
        if life > self.token_life_max {
            return Err(Cause::LongLived);
        }
        Ok(now.instant + left)
    }
}

/// Checks a connection token.
fn check_own(keys: &Keys, app: &str, text: &[u8]) -> Result<Told, Cause> {
    let token = Unverified::read(text).map_err(|_| Cause::Malformed)?;
    let key = keys.tokens.iter().find(|key| *key.id == *token.key_id()).ok_or(Cause::Key)?;
    let claims = token.verify(key.secret.expose().as_bytes()).map_err(|_| Cause::Signature)?;
    if claims.app != app {
        return Err(Cause::OtherApp);
    }
    Ok(Told {
        key: KeyName::Token(key.id.clone()),
        made: claims.made,
        expires: claims.expires,
        user: claims.user.into(),
        device: claims.device.into(),
        role: claims.role,
        scopes: claims.scopes.iter().map(Box::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use throng_protocol::token::{Claims, Scopes, mint};

    use super::*;
    use crate::app::keys::TokenKey;
    use crate::time::Instant;

    const SECRET: &str = "an old secret, of thirty-two bytes or more";
    const NEW_SECRET: &str = "a new secret, which is no shorter than that";
    const NOW_MS: u64 = 1_795_000_000_000;
    const MINUTE_MS: u64 = 60_000;

    fn now() -> Now {
        let instant = Instant::ZERO + Duration::from_secs(7);
        Now { instant, wall: WallTime::from_micros(NOW_MS * 1000) }
    }

    fn keys() -> Keys {
        let key = |id: &str, secret: &str| TokenKey { id: id.into(), secret: secret.into() };
        Keys { tokens: vec![key("old", SECRET), key("new", NEW_SECRET)], jwt: None }
    }

    fn alice() -> Claims<'static> {
        Claims {
            role: Role::Client,
            made: NOW_MS,
            expires: NOW_MS + MINUTE_MS,
            key_id: "old",
            app: "game",
            user: "alice",
            device: "phone",
            scopes: Scopes::of(&["lobby", "eu-*"]),
        }
    }

    fn check(claims: &Claims<'_>, secret: &str) -> Result<Pass, Cause> {
        let token = mint(claims, secret.as_bytes()).unwrap();
        App::new("game").check_token(&keys(), token.as_bytes(), now())
    }

    #[test]
    fn a_token_says_who_comes_and_for_how_long() {
        let pass = check(&alice(), SECRET).unwrap();
        assert_eq!((&*pass.user, &*pass.device, pass.role), ("alice", "phone", Role::Client));
        assert_eq!(pass.grant.left(now().instant), Duration::from_secs(60));
        assert!(pass.grant.reaches("lobby") && pass.grant.reaches("eu-1"));
        assert!(!pass.grant.reaches("us-1") && !pass.grant.reaches_all());
    }

    #[test]
    fn both_live_keys_open_the_app_and_no_other() {
        assert!(check(&Claims { key_id: "new", ..alice() }, NEW_SECRET).is_ok());
        assert_eq!(check(&Claims { key_id: "new", ..alice() }, SECRET), Err(Cause::Signature));
        assert_eq!(check(&Claims { key_id: "gone", ..alice() }, SECRET), Err(Cause::Key));
    }

    #[test]
    fn a_token_holds_in_its_time_and_its_app_alone() {
        let cases = [
            (Claims { app: "other", ..alice() }, Err(Cause::OtherApp)),
            (Claims { expires: NOW_MS, ..alice() }, Err(Cause::Expired)),
            (Claims { expires: NOW_MS + 1, ..alice() }, Ok(())),
            (Claims { made: NOW_MS + MINUTE_MS, ..alice() }, Ok(())),
            (Claims { made: NOW_MS + MINUTE_MS + 1, ..alice() }, Err(Cause::Early)),
            (Claims { expires: NOW_MS + 24 * 60 * MINUTE_MS, ..alice() }, Ok(())),
            (
                Claims { expires: NOW_MS + 24 * 60 * MINUTE_MS + 1, ..alice() },
                Err(Cause::LongLived),
            ),
            (Claims { expires: u64::MAX, ..alice() }, Err(Cause::LongLived)),
            (Claims { role: Role::Anonymous, user: "", ..alice() }, Err(Cause::Role)),
            (Claims { role: Role::Server, ..alice() }, Ok(())),
        ];
        for (claims, verdict) in cases {
            assert_eq!(check(&claims, SECRET).map(|_| ()), verdict, "{claims:?}");
        }
    }

    #[test]
    fn what_is_no_token_or_of_a_form_that_the_app_does_not_take_opens_nothing() {
        let app = App::new("game");
        for (text, cause) in [
            ("", Cause::Malformed),
            ("AQ", Cause::Malformed),
            ("not base64!", Cause::Malformed),
            ("e30.e30.e30", Cause::Key),
            (".", Cause::Key),
        ] {
            assert_eq!(app.check_token(&keys(), text.as_bytes(), now()), Err(cause), "{text}");
            assert!(app.check_token(&Keys::default(), text.as_bytes(), now()).is_err(), "{text}");
        }
    }
}
