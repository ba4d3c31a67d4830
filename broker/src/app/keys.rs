//! The keys of one app: with what its backends sign who may come in.
//!
//! Plain values, checked by the configuration and replaced as a whole when it is read again. Up to
//! [`crate::limits::LIVE_KEYS_MAX`] of a kind are live at a time, so that an old one can be taken
//! out after all backends sign with the new one.

use super::Secret;
use crate::grant::KeyName;

/// The keys of one app. Without any, nobody is let in by token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// Those of connection tokens.
    pub tokens: Vec<TokenKey>,
    /// Those of JSON web tokens, if the app takes such.
    pub jwt: Option<Jwt>,
}

/// A key of connection tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// What tokens name it by.
    pub id: Box<str>,
    /// The secret: at least [`crate::limits::SECRET_BYTES_MIN`] bytes.
    pub secret: Secret,
}

/// How JSON web tokens of an app are checked. The algorithm is pinned here: what a token says of it
/// only has to be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt {
    /// With what they are signed.
    pub keys: JwtKeys,
    /// Whom they must be meant for (`aud`); anyone if none.
    pub audience: Option<Box<str>>,
    /// Who must have made them (`iss`); anyone if none.
    pub issuer: Option<Box<str>>,
}

/// The keys of JSON web tokens, each with the id that tokens name it by (`kid`). A token that names
/// none is tried with all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwtKeys {
    /// HMAC with SHA-256.
    Hs256(Vec<TokenKey>),
    /// Ed25519.
    EdDsa(Vec<PublicKey>),
}

/// A public key of Ed25519.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// What tokens name it by.
    pub id: Box<str>,
    /// The key itself.
    pub bytes: [u8; 32],
}

impl Keys {
    /// Whether anyone can be let in by token at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.jwt.is_none()
    }

    /// Whether a key is among these that was among those, and still the same.
    #[must_use]
    pub fn has_same(&self, those: &Self, name: &KeyName) -> bool {
        match name {
            KeyName::Token(id) => {
                let find = |keys: &Self| keys.tokens.iter().find(|key| key.id == *id).cloned();
                find(self).is_some() && find(self) == find(those)
            }
            KeyName::Jwt(id) => match (&self.jwt, &those.jwt) {
                (Some(these), Some(those)) => these.has_same(those, id),
                _ => false,
            },
        }
    }
}

impl Jwt {
    fn has_same(&self, those: &Self, id: &str) -> bool {
        let (own, other) = (&self.keys, &those.keys);
        let same = match (own, other) {
            (JwtKeys::Hs256(own), JwtKeys::Hs256(other)) => {
                let find = |keys: &[TokenKey]| keys.iter().find(|key| *key.id == *id).cloned();
                find(own).is_some() && find(own) == find(other)
            }
            (JwtKeys::EdDsa(own), JwtKeys::EdDsa(other)) => {
                let find = |keys: &[PublicKey]| keys.iter().find(|key| *key.id == *id).cloned();
                find(own).is_some() && find(own) == find(other)
            }
            _ => false,
        };
        same && self.audience == those.audience && self.issuer == those.issuer
    }
}
