//! The configuration written down as a file that means the same, with where each value comes
//! from that is not a default. What `throng check` prints.

use core::num::NonZeroUsize;

use super::key::{Key, SECTIONS};
use super::{Config, Loaded};

/// The effective configuration as TOML.
#[must_use]
pub fn to_toml(loaded: &Loaded) -> String {
    let mut toml = String::new();
    for section in SECTIONS {
        let gap = if toml.is_empty() { "" } else { "\n" };
        toml.push_str(&format!("{gap}[{section}]\n"));
        for key in Key::all().filter(|key| key.row().section == section) {
            toml.push_str(key.row().name);
            toml.push_str(" = ");
            toml.push_str(&loaded.config.show(key));
            if let Some(origin) = loaded.origins.get(&key) {
                toml.push_str(&format!(" # {origin}"));
            }
            toml.push('\n');
        }
    }
    toml
}

/// The default of a setting as it would stand in a file, on whatever machine.
#[must_use]
pub fn default_of(key: Key) -> String {
    match key {
        Key::Workers => "\"auto\"".to_owned(),
        _ => Config::new(NonZeroUsize::MIN).show(key),
    }
}
