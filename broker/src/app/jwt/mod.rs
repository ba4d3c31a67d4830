//! JSON web tokens (RFC 7519), for backends that mint them already: compact, signed with HS256 or
//! EdDSA, nothing else. Which of the two is the app's to say, never the token's.
//!
//! Read by hand out of three parts rather than by a library of its own: those read the clock
//! themselves, and bring RSA and curves that are not wanted here (`docs/adr/0009`). The
//! cryptography and the JSON are those of libraries.

use std::borrow::Cow;

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::{hmac, signature};
use serde::Deserialize;
use serde::de::IgnoredAny;
use throng_protocol::limits::SCOPES_MAX;
use throng_protocol::token::Scope;
use throng_protocol::value::Role;

use super::keys::{Jwt, JwtKeys, PublicKey, TokenKey};
use super::token::{Cause, Told};
use crate::grant::KeyName;
use crate::time::WallTime;

/// Seconds since the Unix epoch above which a time is none: they are counted in microseconds.
const SECONDS_MAX: u64 = u64::MAX / 1_000_000;

/// The device of a token that names none.
const DEVICE_DEFAULT: &str = "default";

/// What stands before the claims.
#[derive(Deserialize)]
struct Header<'t> {
    #[serde(borrow)]
    alg: Cow<'t, str>,
    #[serde(borrow)]
    kid: Option<Cow<'t, str>>,
    /// Extensions that must be understood: there are none that are.
    crit: Option<IgnoredAny>,
}

/// The claims that are read; others mean nothing here.
#[derive(Deserialize)]
struct Claims<'t> {
    #[serde(borrow)]
    sub: Option<Cow<'t, str>>,
    #[serde(borrow)]
    app: Option<Cow<'t, str>>,
    #[serde(borrow)]
    device: Option<Cow<'t, str>>,
    #[serde(borrow)]
    role: Option<Cow<'t, str>>,
    #[serde(borrow)]
    rooms: Option<Vec<Cow<'t, str>>>,
    #[serde(borrow)]
    iss: Option<Cow<'t, str>>,
    #[serde(borrow)]
    aud: Option<Audience<'t>>,
    /// Seconds since the Unix epoch, as all three.
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
}

/// One party or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience<'t> {
    One(#[serde(borrow)] Cow<'t, str>),
    Many(#[serde(borrow)] Vec<Cow<'t, str>>),
}

impl Audience<'_> {
    fn has(&self, party: &str) -> bool {
        match self {
            Self::One(own) => own == party,
            Self::Many(all) => all.iter().any(|own| own == party),
        }
    }
}

/// What a token says, if it was signed with one of the keys, by and for whom it must be.
pub(super) fn check(jwt: &Jwt, app: &str, text: &[u8], now: WallTime) -> Result<Told, Cause> {
    let text = core::str::from_utf8(text).map_err(|_| Cause::Malformed)?;
    let (signed, signature) = text.rsplit_once('.').ok_or(Cause::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Cause::Malformed)?;
    let header = decoded(header)?;
    let header: Header<'_> = serde_json::from_slice(&header).map_err(|_| Cause::Malformed)?;
    if header.crit.is_some() {
        return Err(Cause::Malformed);
    }
    let key = verify(&jwt.keys, &header, signed.as_bytes(), &decoded(signature)?)?;
    let claims = decoded(claims)?;
    let claims: Claims<'_> = serde_json::from_slice(&claims).map_err(|_| Cause::Malformed)?;
    check_parties(jwt, app, &claims)?;
    if claims.nbf.is_some_and(|from| from > now.as_micros() / 1_000_000) {
        return Err(Cause::Early);
    }
    told(KeyName::Jwt(key), &claims)
}

fn decoded(part: &str) -> Result<Vec<u8>, Cause> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| Cause::Malformed)
}

/// The id of the key with which it was signed.
fn verify(
    keys: &JwtKeys,
    header: &Header<'_>,
    signed: &[u8],
    signature: &[u8],
) -> Result<Box<str>, Cause> {
    let named = |id: &str| header.kid.as_ref().is_none_or(|kid| kid == id);
    let alg = match keys {
        JwtKeys::Hs256(_) => "HS256",
        JwtKeys::EdDsa(_) => "EdDSA",
    };
    if header.alg != alg {
        return Err(Cause::Key);
    }
    let tried: Vec<(&str, bool)> = match keys {
        JwtKeys::Hs256(keys) => {
            let keys = keys.iter().filter(|key| named(&key.id));
            keys.map(|key| (&*key.id, is_good_hs256(key, signed, signature))).collect()
        }
        JwtKeys::EdDsa(keys) => {
            let keys = keys.iter().filter(|key| named(&key.id));
            keys.map(|key| (&*key.id, is_good_eddsa(key, signed, signature))).collect()
        }
    };
    if tried.is_empty() {
        return Err(Cause::Key);
    }
    let good = tried.into_iter().find(|(_, good)| *good);
    good.map(|(id, _)| id.into()).ok_or(Cause::Signature)
}

/// Takes the same time whichever byte of the code is wrong.
fn is_good_hs256(key: &TokenKey, signed: &[u8], signature: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.secret.expose().as_bytes());
    hmac::verify(&key, signed, signature).is_ok()
}

fn is_good_eddsa(key: &PublicKey, signed: &[u8], signature: &[u8]) -> bool {
    let key = signature::UnparsedPublicKey::new(&signature::ED25519, &key.bytes);
    key.verify(signed, signature).is_ok()
}

fn check_parties(jwt: &Jwt, app: &str, claims: &Claims<'_>) -> Result<(), Cause> {
    if claims.app.as_ref().is_some_and(|own| own != app) {
        return Err(Cause::OtherApp);
    }
    let wanted = jwt.audience.as_deref();
    let audience = wanted.is_none_or(|own| claims.aud.as_ref().is_some_and(|aud| aud.has(own)));
    let wanted = jwt.issuer.as_deref();
    let issuer = wanted.is_none_or(|own| claims.iss.as_ref().is_some_and(|iss| iss == own));
    if audience && issuer { Ok(()) } else { Err(Cause::Parties) }
}

fn told(key: KeyName, claims: &Claims<'_>) -> Result<Told, Cause> {
    let role = match claims.role.as_deref() {
        None | Some("client") => Role::Client,
        Some("anonymous") => Role::Anonymous,
        Some("server") => Role::Server,
        Some(_) => return Err(Cause::Malformed),
    };
    let scopes = claims.rooms.as_deref().unwrap_or_default();
    // No rooms is not the same as no word of rooms.
    let none = claims.rooms.is_some() && scopes.is_empty();
    if none || scopes.len() > SCOPES_MAX || scopes.iter().any(|scope| Scope::parse(scope).is_err())
    {
        return Err(Cause::Malformed);
    }
    if claims.exp > SECONDS_MAX || claims.iat > SECONDS_MAX {
        return Err(Cause::Malformed);
    }
    // Backends that mint them for other things name no device.
    let device = claims.device.as_deref().unwrap_or(DEVICE_DEFAULT).into();
    Ok(Told {
        key,
        made: claims.iat * 1000,
        expires: claims.exp * 1000,
        user: claims.sub.as_deref().unwrap_or_default().into(),
        device,
        role,
        scopes: scopes.iter().map(|scope| Box::from(&**scope)).collect(),
    })
}

#[cfg(test)]
mod tests;
