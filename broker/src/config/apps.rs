//! The apps of the file: from what was typed to what is meant. Settings that the development app has,
//! too, are checked in `meant::app`; here is what only an `[[app]]` has, above all its keys.
//!
//! An app that nobody can come into is an error, and so is a key that could be guessed or that
//! everyone on the machine can read. Reads the files that hold keys and has no other effect.

use core::fmt;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use throng_protocol::value::KeyId;

use super::bounds::{APPS_MAX, JWT_NAME_BYTES_MAX, TOKEN_LIFE_MAX_MAX, TOKEN_LIFE_MAX_MIN};
use super::field::{Field, JWT, JWT_KEYS, TOKEN_KEYS};
use super::key::{APP, Key};
use super::problem::{Origin, Problem};
use super::typed::{TypedApp, TypedField, TypedTable};
use super::value::Value;
use super::{Given, RING, meant, secret};
use crate::app::keys::{Jwt, JwtKeys, Keys, PublicKey, TokenKey};
use crate::app::{App, Secret};
use crate::limits::LIVE_KEYS_MAX;

/// How an app was written down, beyond what it means.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Where each of its settings comes from that is not a default.
    pub origins: BTreeMap<Key, Origin>,
    /// Where each of its fields comes from that is not a default, but for those of keys.
    pub fields: BTreeMap<Field, Origin>,
    /// Its keys of connection tokens.
    pub token_keys: Vec<WrittenKey>,
    /// Its keys of JSON web tokens.
    pub jwt_keys: Vec<WrittenKey>,
}

/// How a key was written down.
#[derive(Debug, Clone)]
pub struct WrittenKey {
    /// Where.
    pub origin: Origin,
    /// The file that holds it; none if it stands in the configuration.
    pub file: Option<PathBuf>,
}

/// With what JSON web tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hs256,
    EdDsa,
}

/// The algorithms by the names that tokens have for them.
pub(super) const ALGORITHMS: [(&str, Algorithm); 2] =
    [("HS256", Algorithm::Hs256), ("EdDSA", Algorithm::EdDsa)];

/// The file that the apps stand in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'s> {
    /// The folder that relative paths start from.
    pub(super) folder: &'s Path,
    /// Whether everyone on the machine can read it.
    pub(super) is_world_readable: bool,
}

/// What there is to know about the keys of one kind.
struct Form<K> {
    table: &'static str,
    id: Field,
    file: Field,
    in_place: Field,
    is_secret: bool,
    from_file: fn(&Path) -> Result<K, String>,
    from_text: fn(&str) -> Result<K, String>,
}

const TOKENS: Form<Secret> = Form {
    table: TOKEN_KEYS,
    id: Field::TokenKeyId,
    file: Field::TokenKeyFile,
    in_place: Field::TokenKeySecret,
    is_secret: true,
    from_file: secret::from_file,
    from_text: secret::checked,
};

const HS256: Form<Secret> = Form {
    table: JWT_KEYS,
    id: Field::JwtKeyId,
    file: Field::JwtKeyFile,
    in_place: Field::JwtKeySecret,
    ..TOKENS
};

const EDDSA: Form<[u8; 32]> = Form {
    table: JWT_KEYS,
    id: Field::JwtKeyId,
    file: Field::JwtKeyFile,
    in_place: Field::JwtPublicKey,
    is_secret: false,
    from_file: secret::public_key_from_file,
    from_text: secret::public_key,
};

/// A good key.
struct Found<K> {
    id: Box<str>,
    key: K,
    written: WrittenKey,
}

/// Makes apps of what was typed. If anything is wrong, the apps are no good.
pub(super) fn settle(
    typed: Vec<TypedApp>,
    source: Source<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(App, Written)> {
    if let Some(one_too_many) = typed.get(APPS_MAX) {
        let reason = format!("{APP}: there are {} apps; {APPS_MAX} are allowed", typed.len());
        problems.push(Problem::new(one_too_many.origin.clone(), reason));
        return Vec::new();
    }
    let mut check = Check { source, problems };
    typed.into_iter().map(|typed| check.app(typed)).collect()
}

struct Check<'c> {
    source: Source<'c>,
    problems: &'c mut Vec<Problem>,
}

impl Check<'_> {
    fn refuse(&mut self, origin: &Origin, what: impl fmt::Display, reason: impl fmt::Display) {
        self.problems.push(Problem::new(origin.clone(), format!("{what}: {reason}")));
    }

    fn app(&mut self, typed: TypedApp) -> (App, Written) {
        let (mut app, mut written) = (App::new(""), Written::default());
        let mut refused = Vec::new();
        for Given { key, value, origin } in typed.given {
            match meant::app::set(&mut app, key, &value) {
                Ok(()) => drop(written.origins.insert(key, origin)),
                Err(reason) => {
                    refused.push(key);
                    self.refuse(&origin, key.path_of_apps().unwrap_or_default(), reason);
                }
            }
        }
        if app.key.is_empty() && !refused.contains(&Key::AppKey) {
            self.refuse(&typed.origin, APP, "it has no key: write key = \"...\"");
        }
        if let Err(reason) = meant::app::check_ring(&app)
            && !RING.iter().any(|key| refused.contains(key))
        {
            let key = RING.into_iter().max_by_key(|key| written.origins.get(key));
            let key = key.expect("there are two");
            let origin = written.origins.get(&key).unwrap_or(&typed.origin).clone();
            self.refuse(&origin, key.path_of_apps().unwrap_or_default(), reason);
        }
        for field in &typed.fields {
            match field.value.duration(&(TOKEN_LIFE_MAX_MIN..=TOKEN_LIFE_MAX_MAX)) {
                Ok(life) => {
                    app.token_life_max = life;
                    written.fields.insert(field.field, field.origin.clone());
                }
                Err(reason) => self.refuse(&field.origin, field.field.path(), reason),
            }
        }
        let nobody_comes_in = typed.token_keys.is_empty() && typed.jwt.is_none();
        if nobody_comes_in && typed.jwt_keys.is_empty() {
            let reason = format!("nobody can come in without keys: write [[{TOKEN_KEYS}]]");
            self.refuse(&typed.origin, APP, reason);
        }
        let tokens = self.keys(&typed.token_keys, &TOKENS);
        app.keys.tokens = token_keys(tokens, &mut written.token_keys);
        app.keys.jwt = self.jwt(typed.jwt.as_ref(), &typed.jwt_keys, &mut written);
        (app, written)
    }

    /// How JSON web tokens are checked, if that is said and good.
    fn jwt(
        &mut self,
        jwt: Option<&TypedTable>,
        keys: &[TypedTable],
        written: &mut Written,
    ) -> Option<Jwt> {
        let Some(jwt) = jwt else {
            if let Some(first) = keys.first() {
                let reason = format!("keys without [{JWT}], which says of what algorithm they are");
                self.refuse(&first.origin, JWT_KEYS, reason);
            }
            return None;
        };
        if keys.is_empty() {
            self.refuse(&jwt.origin, JWT, format!("there is no key: write [[{JWT_KEYS}]]"));
        }
        let audience = self.name(jwt.find(Field::Audience));
        let issuer = self.name(jwt.find(Field::Issuer));
        let Some(algorithm) = jwt.find(Field::Algorithm) else {
            let known = ALGORITHMS.map(|(name, _)| format!("{name:?}")).join(" or ");
            self.refuse(&jwt.origin, JWT, format!("it has no algorithm: {known}"));
            return None;
        };
        let keys = match algorithm.value.word(&ALGORITHMS) {
            Ok(Algorithm::Hs256) => {
                let found = self.keys(keys, &HS256);
                JwtKeys::Hs256(token_keys(found, &mut written.jwt_keys))
            }
            Ok(Algorithm::EdDsa) => {
                let found = self.keys(keys, &EDDSA).into_iter();
                JwtKeys::EdDsa(
                    found
                        .map(|Found { id, key, written: how }| {
                            written.jwt_keys.push(how);
                            PublicKey { id, bytes: key }
                        })
                        .collect(),
                )
            }
            Err(reason) => {
                self.refuse(&algorithm.origin, Field::Algorithm.path(), reason);
                return None;
            }
        };
        written.fields.extend(jwt.fields.iter().map(|own| (own.field, own.origin.clone())));
        Some(Jwt { keys, audience, issuer })
    }

    /// Whom tokens must be meant for, or who must have made them.
    fn name(&mut self, field: Option<&TypedField>) -> Option<Box<str>> {
        let TypedField { field, value, origin } = field?;
        match value.text() {
            Ok(text) if (1..=JWT_NAME_BYTES_MAX).contains(&text.len()) => Some(text.into()),
            Ok(text) => {
                let length = text.len();
                let reason =
                    format!("it has {length} bytes; 1 to {JWT_NAME_BYTES_MAX} are allowed");
                self.refuse(origin, field.path(), reason);
                None
            }
            Err(reason) => {
                self.refuse(origin, field.path(), reason);
                None
            }
        }
    }

    /// The keys of one kind.
    fn keys<K>(&mut self, tables: &[TypedTable], form: &Form<K>) -> Vec<Found<K>> {
        if let Some(one_too_many) = tables.get(LIVE_KEYS_MAX) {
            let reason = format!(
                "there are {} keys; {LIVE_KEYS_MAX} are allowed, one in use and one on its way in \
                 or out",
                tables.len()
            );
            self.refuse(&one_too_many.origin, form.table, reason);
        }
        let mut found: Vec<Found<K>> = Vec::new();
        for table in tables.iter().take(LIVE_KEYS_MAX) {
            let (id, key) = (self.id(table, form), self.key(table, form));
            let (Some(id), Some((key, written))) = (id, key) else { continue };
            if found.iter().any(|other| other.id == id) {
                let reason = format!("there is another key {id:?}");
                self.refuse(&written.origin, form.id.path(), reason);
            }
            found.push(Found { id, key, written });
        }
        found
    }

    fn id<K>(&mut self, table: &TypedTable, form: &Form<K>) -> Option<Box<str>> {
        let Some(TypedField { value, origin, .. }) = table.find(form.id) else {
            self.refuse(&table.origin, form.table, "the key has no id");
            return None;
        };
        let id = value.text().and_then(|text| {
            let id = KeyId::parse(text).map_err(|wrong| {
                format!("{value} is not an id (1 to 32 of A-Z a-z 0-9 + = - _ . : @): {wrong}")
            });
            id.map(|id| id.as_str().into())
        });
        id.map_err(|reason| self.refuse(origin, form.id.path(), reason)).ok()
    }

    /// The key itself, which is said in exactly one way.
    fn key<K>(&mut self, table: &TypedTable, form: &Form<K>) -> Option<(K, WrittenKey)> {
        let known = [form.id, form.file, form.in_place];
        if let Some(other) = table.fields.iter().find(|own| !known.contains(&own.field)) {
            let reason = format!("keys of this algorithm have a {}", form.in_place.name());
            self.refuse(&other.origin, other.field.path(), reason);
            return None;
        }
        let (field, key, file) = match (table.find(form.file), table.find(form.in_place)) {
            (Some(field), None) => match meant::path(&field.value, self.source.folder) {
                Ok(Some(path)) => (field, (form.from_file)(&path), Some(path)),
                Ok(None) => (field, Err("it is empty".to_owned()), None),
                Err(reason) => (field, Err(reason), None),
            },
            (None, Some(field)) => (field, self.in_place(&field.value, form), None),
            _ => {
                let (file, in_place) = (form.file.name(), form.in_place.name());
                let reason = format!("a key has either a {file} or a {in_place}");
                self.refuse(&table.origin, form.table, reason);
                return None;
            }
        };
        match key {
            Ok(key) => Some((key, WrittenKey { origin: field.origin.clone(), file })),
            Err(reason) => {
                self.refuse(&field.origin, field.field.path(), reason);
                None
            }
        }
    }

    fn in_place<K>(&self, value: &Value, form: &Form<K>) -> Result<K, String> {
        // What was typed may be the secret, in whatever form: it is not shown.
        let Ok(text) = value.text() else {
            return Err("it is not a text: write it in quotes".to_owned());
        };
        if form.is_secret && self.source.is_world_readable {
            return Err("everyone on this machine can read this file: chmod o-r it, or keep the \
                        secret in a file of its own (file = \"...\")"
                .to_owned());
        }
        (form.from_text)(text)
    }
}

fn token_keys(found: Vec<Found<Secret>>, written: &mut Vec<WrittenKey>) -> Vec<TokenKey> {
    let keys = found.into_iter().map(|Found { id, key, written: how }| {
        written.push(how);
        TokenKey { id, secret: key }
    });
    keys.collect()
}

/// A list of the ids of an app's keys, for the log: `tokens 2026-10 2026-11, jwt k1`.
#[must_use]
pub fn ids(keys: &Keys) -> String {
    let jwt: Vec<&str> = match keys.jwt.as_ref().map(|jwt| &jwt.keys) {
        None => Vec::new(),
        Some(JwtKeys::Hs256(keys)) => keys.iter().map(|key| &*key.id).collect(),
        Some(JwtKeys::EdDsa(keys)) => keys.iter().map(|key| &*key.id).collect(),
    };
    let tokens: Vec<&str> = keys.tokens.iter().map(|key| &*key.id).collect();
    let kinds = [("tokens", tokens), ("jwt", jwt)].into_iter().filter(|(_, ids)| !ids.is_empty());
    let texts: Vec<String> = kinds.map(|(kind, ids)| format!("{kind} {}", ids.join(" "))).collect();
    texts.join(", ")
}
