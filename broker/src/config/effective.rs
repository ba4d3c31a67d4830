//! The configuration written down as a file that means the same, with where each value comes
//! from that is not a default. What `throng check` prints.
//!
//! A secret that stands in the configuration is printed, one from a file as the file's name.

use core::num::NonZeroUsize;
use std::path::Path;

use super::apps::{ALGORITHMS, Algorithm, Written, WrittenKey};
use super::field::{APP_SECTIONS, Field, JWT, JWT_KEYS, TOKEN_KEYS};
use super::key::{APP, Key, SECTIONS};
use super::meant::{app, name_of, quoted};
use super::problem::Origin;
use super::secret::show_public_key;
use super::value::show_duration;
use super::{Config, Loaded};
use crate::app::App;
use crate::app::keys::{JwtKeys, TokenKey};

/// The effective configuration as TOML.
#[must_use]
pub fn to_toml(loaded: &Loaded) -> String {
    let mut toml = Toml(String::new());
    for section in SECTIONS {
        let keys = Key::all().filter(|key| key.row().section == section);
        let lines: Vec<_> = keys.filter_map(|key| Some((key, loaded.config.show(key)?))).collect();
        if lines.is_empty() {
            continue;
        }
        toml.heading(&format!("[{section}]"));
        for (key, value) in lines {
            toml.line(key.row().name, &value, loaded.origins.get(&key));
        }
    }
    for (app, written) in loaded.config.tenants().iter().zip(&loaded.apps) {
        toml.app(app, written);
    }
    toml.0
}

/// The default of a setting as it would stand in a file, on whatever machine.
#[must_use]
pub fn default_of(key: Key) -> String {
    match key {
        Key::Workers | Key::Enabled => "\"auto\"".to_owned(),
        _ => Config::new(NonZeroUsize::MIN).show(key).expect("there is a development app"),
    }
}

/// The default of a field of an app as it would stand in a file; none if there is none.
#[must_use]
pub fn default_of_field(field: Field) -> Option<String> {
    show_field(&App::new(""), field)
}

/// The value of a field of an app, but for those of its keys; none if it has none.
pub(super) fn show_field(app: &App, field: Field) -> Option<String> {
    let jwt = app.keys.jwt.as_ref();
    let text = match field {
        Field::TokenLifeMax => &*show_duration(app.token_life_max),
        Field::Algorithm => {
            let algorithm = match jwt?.keys {
                JwtKeys::Hs256(_) => Algorithm::Hs256,
                JwtKeys::EdDsa(_) => Algorithm::EdDsa,
            };
            name_of(algorithm, &ALGORITHMS)
        }
        Field::Audience => jwt?.audience.as_deref()?,
        Field::Issuer => jwt?.issuer.as_deref()?,
        _ => return None,
    };
    Some(quoted(text))
}

struct Toml(String);

impl Toml {
    fn heading(&mut self, heading: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0.push_str(&format!("{gap}{heading}\n"));
    }

    fn line(&mut self, name: &str, value: &str, origin: Option<&Origin>) {
        let origin = origin.map_or_else(String::new, |origin| format!(" # {origin}"));
        self.0.push_str(&format!("{name} = {value}{origin}\n"));
    }

    fn app(&mut self, app: &App, written: &Written) {
        for section in APP_SECTIONS {
            match section {
                TOKEN_KEYS => self.token_keys(section, &app.keys.tokens, &written.token_keys),
                JWT_KEYS => self.jwt_keys(app, &written.jwt_keys),
                JWT if app.keys.jwt.is_none() => {}
                APP => self.table("[[app]]", (section, app, written)),
                _ => self.table(&format!("[{section}]"), (section, app, written)),
            }
        }
    }

    fn table(&mut self, heading: &str, (section, app, written): (&str, &App, &Written)) {
        self.heading(heading);
        for key in Key::all().filter(|key| key.section_of_apps().as_deref() == Some(section)) {
            let value = app::show(app, key).expect("it is a setting of any app");
            self.line(key.row().name, &value, written.origins.get(&key));
        }
        for field in Field::all().filter(|field| field.section() == section) {
            if let Some(value) = show_field(app, field) {
                self.line(field.name(), &value, written.fields.get(&field));
            }
        }
    }

    fn token_keys(&mut self, section: &str, keys: &[TokenKey], written: &[WrittenKey]) {
        for (key, how) in keys.iter().zip(written) {
            let in_place = ("secret", key.secret.expose());
            self.key(section, (&key.id, how), in_place);
        }
    }

    fn jwt_keys(&mut self, app: &App, written: &[WrittenKey]) {
        match app.keys.jwt.as_ref().map(|jwt| &jwt.keys) {
            None => {}
            Some(JwtKeys::Hs256(keys)) => self.token_keys(JWT_KEYS, keys, written),
            Some(JwtKeys::EdDsa(keys)) => {
                for (key, how) in keys.iter().zip(written) {
                    let in_place = ("public_key", &*show_public_key(&key.bytes));
                    self.key(JWT_KEYS, (&key.id, how), in_place);
                }
            }
        }
    }

    fn key(&mut self, section: &str, (id, how): (&str, &WrittenKey), in_place: (&str, &str)) {
        self.heading(&format!("[[{section}]]"));
        self.line("id", &quoted(id), None);
        let file = how.file.as_deref().map(Path::to_string_lossy);
        let (name, value) = file.as_ref().map_or(in_place, |file| ("file", file));
        self.line(name, &quoted(value), Some(&how.origin));
    }
}
