//! Connection tokens: what an app's backend signs, so that a client may come in as the user it is.
//!
//! A token is a few claims and a code over them (HMAC with SHA-256), as one text of base64url
//! without padding; `docs/protocol.md`, "Tokens", has the bytes. Backends [`mint`] them. The broker
//! reads them in two steps: [`Unverified::read`] takes the text apart and believes nothing of it
//! but which key it names, and [`Unverified::verify`] gives the claims out if that key signed them.
//! For the same claims there is exactly one text per secret, so whatever verifies was minted.
//!
//! There is no clock here: whether a token's time has come or is over is for the caller to judge.

mod scopes;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::limits::{
    TOKEN_BYTES_MAX, TOKEN_MAC_BYTES, TOKEN_RAW_BYTES_MAX, TOKEN_SECRET_BYTES_MIN,
};
use crate::value::{AppKey, DeviceId, KeyId, Role, UserId};

pub use scopes::{Scope, Scopes};

/// The first byte of every token.
const VERSION: u8 = 1;

/// What a token says of whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims<'a> {
    /// What the connection shall be.
    pub role: Role,
    /// When the token was made, milliseconds since the Unix epoch.
    pub made: u64,
    /// When its time is over, milliseconds since the Unix epoch.
    pub expires: u64,
    /// The id of the key that signs it: 1-32 bytes of the id alphabet.
    pub key_id: &'a str,
    /// The app by its key.
    pub app: &'a str,
    /// The user; empty of anonymous visitors, and of no others. Of a server: its credential's name.
    pub user: &'a str,
    /// The device; of clients never empty.
    pub device: &'a str,
    /// The rooms it reaches.
    pub scopes: Scopes<'a>,
}

/// Why a token was not made, or is not good. Whoever shows one is told nothing of this but a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is longer than a token can be.
    #[error("it is longer than {TOKEN_BYTES_MAX} characters")]
    TooLong,
    /// The text is not base64url without padding, or is not the only way to write its bytes.
    #[error("it is not base64url without padding")]
    Base64,
    /// It begins with the number of another version.
    #[error("it is of version {0}")]
    Version(u8),
    /// It ends inside a field.
    #[error("it ends inside a field")]
    Truncated,
    /// Bytes are left over after the code.
    #[error("bytes are left over after it")]
    Trailing,
    /// A claim is outside its bounds; this is its name.
    #[error("the claim {0} is outside its bounds")]
    Claim(&'static str),
    /// The secret is too short to sign anything with.
    #[error("the secret is shorter than {TOKEN_SECRET_BYTES_MIN} bytes")]
    Secret,
    /// The code is not that of the claims: they were changed, or signed with another secret.
    #[error("it was not signed with that secret")]
    Forged,
}

/// Signs claims with the secret of the key they name, and gives the text of the token.
///
/// # Errors
/// When a claim is outside its bounds, or the secret is shorter than
/// [`TOKEN_SECRET_BYTES_MIN`] bytes.
pub fn mint(claims: &Claims<'_>, secret: &[u8]) -> Result<String, TokenError> {
    claims.check()?;
    let mut raw = Vec::with_capacity(TOKEN_RAW_BYTES_MAX);
    raw.extend([VERSION, claims.role.to_byte()]);
    raw.extend(claims.made.to_le_bytes());
    raw.extend(claims.expires.to_le_bytes());
    for text in [claims.key_id, claims.app, claims.user, claims.device] {
        put_text(text, &mut raw);
    }
    raw.push(length_byte(claims.scopes.iter().count()));
    for scope in claims.scopes.iter() {
        put_text(scope, &mut raw);
    }
    let mac = signed(&raw, secret)?.finalize().into_bytes();
    raw.extend(mac);
    Ok(Base64UrlUnpadded::encode_string(&raw))
}

fn put_text(text: &str, raw: &mut Vec<u8>) {
    raw.push(length_byte(text.len()));
    raw.extend(text.as_bytes());
}

fn length_byte(length: usize) -> u8 {
    u8::try_from(length).expect("claims that were checked are below 256 of anything")
}

/// The code over these bytes, all of it computed.
fn signed(bytes: &[u8], secret: &[u8]) -> Result<Hmac<Sha256>, TokenError> {
    if secret.len() < TOKEN_SECRET_BYTES_MIN {
        return Err(TokenError::Secret);
    }
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes secrets of any length");
    Ok(mac.chain_update(bytes))
}

/// A token that was taken apart and is not believed: all it says may be a stranger's invention.
#[derive(Clone)]
pub struct Unverified {
    raw: [u8; TOKEN_RAW_BYTES_MAX],
    length: usize,
}

impl Unverified {
    /// Reads the text of a token. What comes out is well formed, and nothing more.
    ///
    /// # Errors
    /// When the text is not that of any token.
    pub fn read(text: &[u8]) -> Result<Self, TokenError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let mut raw = [0; TOKEN_RAW_BYTES_MAX];
        let length = match Base64UrlUnpadded::decode(text, &mut raw) {
            Ok(decoded) => decoded.len(),
            Err(base64ct::Error::InvalidLength) => return Err(TokenError::TooLong),
            Err(base64ct::Error::InvalidEncoding) => return Err(TokenError::Base64),
        };
        let token = Self { raw, length };
        parse(token.bytes())?;
        Ok(token)
    }

    /// The id of the key that it says it was signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        self.claims().key_id
    }

    /// The app that it says it is for.
    #[must_use]
    pub fn app(&self) -> &str {
        self.claims().app
    }

    /// What it says, if this secret signed it. Takes the same time whichever byte of the code is
    /// wrong.
    ///
    /// # Errors
    /// [`TokenError::Forged`] if not, and [`TokenError::Secret`] of a secret too short to sign with.
    pub fn verify(&self, secret: &[u8]) -> Result<Claims<'_>, TokenError> {
        let (bytes, mac) = self.bytes().split_at(self.length - TOKEN_MAC_BYTES);
        signed(bytes, secret)?.verify_slice(mac).map_err(|_| TokenError::Forged)?;
        Ok(self.claims())
    }

    fn bytes(&self) -> &[u8] {
        &self.raw[..self.length]
    }

    fn claims(&self) -> Claims<'_> {
        parse(self.bytes()).expect("it was parsed when it was read")
    }
}

impl core::fmt::Debug for Unverified {
    /// Without the code, which would let whoever reads logs come in.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Unverified").field(&self.claims()).finish()
    }
}

/// Reads claims, which must be followed by a code and nothing else.
fn parse(raw: &[u8]) -> Result<Claims<'_>, TokenError> {
    let mut rest = Rest(raw);
    let version = rest.byte()?;
    if version != VERSION {
        return Err(TokenError::Version(version));
    }
    let claims = Claims {
        role: Role::from_byte(rest.byte()?),
        made: rest.number()?,
        expires: rest.number()?,
        key_id: rest.text("key_id")?,
        app: rest.text("app")?,
        user: rest.text("user")?,
        device: rest.text("device")?,
        scopes: rest.scopes()?,
    };
    claims.check()?;
    match rest.0.len() {
        TOKEN_MAC_BYTES => Ok(claims),
        fewer if fewer < TOKEN_MAC_BYTES => Err(TokenError::Truncated),
        _ => Err(TokenError::Trailing),
    }
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], TokenError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(TokenError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, TokenError> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u64, TokenError> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        Ok(u64::from_le_bytes(bytes))
    }

    fn text(&mut self, claim: &'static str) -> Result<&'a str, TokenError> {
        let length = self.byte()?;
        let bytes = self.take(usize::from(length))?;
        core::str::from_utf8(bytes).map_err(|_| TokenError::Claim(claim))
    }

    fn scopes(&mut self) -> Result<Scopes<'a>, TokenError> {
        let count = self.byte()?;
        let all = self.0;
        for _ in 0..count {
            self.text("scopes")?;
        }
        Ok(Scopes::parsed(&all[..all.len() - self.0.len()]))
    }
}

impl Claims<'_> {
    /// Whether every claim is within its bounds: what [`mint`] asks of claims, and
    /// [`Unverified::read`] of tokens.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check(&self) -> Result<(), TokenError> {
        let bad = TokenError::Claim;
        let visitor = match self.role {
            Role::Anonymous => true,
            Role::Client | Role::Server => false,
            Role::Unknown(_) => return Err(bad("role")),
        };
        KeyId::parse(self.key_id).map_err(|_| bad("key_id"))?;
        AppKey::parse(self.app).map_err(|_| bad("app"))?;
        if visitor != self.user.is_empty() || !(visitor || UserId::parse(self.user).is_ok()) {
            return Err(bad("user"));
        }
        let no_device = self.device.is_empty() && self.role != Role::Client;
        if !no_device && DeviceId::parse(self.device).is_err() {
            return Err(bad("device"));
        }
        self.scopes.check().map_err(|_| bad("scopes"))
    }
}

#[cfg(test)]
mod tests;
