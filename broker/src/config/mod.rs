//! The configuration: from what was typed to what is meant, with every error at once.
//!
//! Sources, each stronger than the one before: the defaults, the file that `--config` or
//! `THRONG_CONFIG` names (none is read unless named), variables of the environment, flags.
//! `key` and its table in `rows` say all there is to set; `file` and `environment` turn their source into
//! values as typed, `command` the flags; `meant` checks each value and keeps what it means, `apps`
//! what only apps with keys have (`field`); `effective` writes that down again. `value` and `units`
//! are the grammar they share, `secret` is for keys.
//!
//! Called by `main` before anything starts, and by `reload` while it runs. Reads at most one file
//! and those with keys that it names, and has no other effect.

pub mod apps;
pub mod bounds;
pub mod command;
pub mod effective;
mod environment;
pub mod field;
mod file;
pub mod key;
pub mod log;
mod meant;
pub mod problem;
pub mod reload;
mod rows;
pub mod secret;
mod suggest;
mod typed;
mod units;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub use meant::{Config, TlsSettings};

use apps::Written;
use key::Key;
use meant::{Draft, Surroundings};
use problem::{Origin, Problem, Problems};
use typed::Typed;
use value::Value;

use crate::app::App;

/// Where values come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The file that a flag names.
    pub file: Option<PathBuf>,
    /// The variables of the environment, all of them.
    pub variables: Vec<(OsString, OsString)>,
    /// The flags, as typed.
    pub flags: Vec<(Key, String)>,
    /// The cores that the process may run on: the default for the number of workers.
    pub cores: NonZeroUsize,
}

/// A good configuration and where its values come from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where each value comes from that is not a default.
    pub origins: BTreeMap<Key, Origin>,
    /// How the apps of the file were written down, in their order.
    pub apps: Vec<Written>,
}

/// One value as typed.
#[derive(Debug, Clone)]
struct Given {
    key: Key,
    value: Value,
    origin: Origin,
}

impl Sources {
    /// Reads all sources and checks every value in them, also those that a stronger source
    /// replaces: a broken file is to be mended, not to be covered up.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the sources.
    pub fn read(self) -> Result<Loaded, Problems> {
        let mut problems = Vec::new();
        let environment = environment::read(self.variables, &mut problems);
        let file = self.file.or(environment.file);
        let mut typed = Typed::default();
        if let Some(path) = &file {
            typed = file::read(path, &mut problems);
        }
        typed.given.extend(environment.given);
        typed.given.extend(self.flags.into_iter().map(|(key, text)| Given {
            key,
            value: Value::Bare(text),
            origin: Origin::Flag(key.row().flat),
        }));
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        settle(typed, Surroundings { cores: self.cores, folder }, problems)
    }

    /// The cores that this process may run on, within its container if it is in one.
    #[must_use]
    pub fn usable_cores() -> NonZeroUsize {
        std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}

/// The settings that only go together within bounds.
const RING: [Key; 2] = [Key::RingMessages, Key::GraceMessages];

/// Takes the values in order, so that the last one of a key wins.
fn settle(
    typed: Typed,
    around: Surroundings<'_>,
    mut problems: Vec<Problem>,
) -> Result<Loaded, Problems> {
    let mut draft = Draft::new(around.cores);
    let mut origins = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for Given { key, value, origin } in typed.given {
        // Only what stands in the file starts from where the file is.
        let in_file = matches!(origin, Origin::Line { .. });
        let folder = if in_file { around.folder } else { Path::new("") };
        match draft.set(key, &value, Surroundings { folder, ..around }) {
            Ok(()) => drop(origins.insert(key, origin)),
            Err(reason) => {
                refused.insert(key);
                problems.push(Problem::of_key(key, origin, &reason));
            }
        }
    }
    let source = apps::Source { folder: around.folder, is_world_readable: typed.is_world_readable };
    let (apps, written): (Vec<_>, Vec<_>) =
        apps::settle(typed.apps, source, &mut problems).into_iter().unzip();
    let mut together = Together { draft, origins, refused, problems };
    together.check(apps, &written);
    let Together { draft, origins, problems, .. } = together;
    if problems.is_empty() {
        Ok(Loaded { config: draft.config, origins, apps: written })
    } else {
        Err(Problems::sorted(problems))
    }
}

/// Whether values go together. Of two that do not the one typed last is at fault; of a value that
/// is no good nothing follows.
struct Together {
    draft: Draft,
    origins: BTreeMap<Key, Origin>,
    refused: BTreeSet<Key>,
    problems: Vec<Problem>,
}

impl Together {
    fn check(&mut self, apps: Vec<App>, written: &[Written]) {
        if let Err(reason) = meant::app::check_ring(&self.draft.config.apps[0])
            && !RING.iter().any(|key| self.refused.contains(key))
        {
            let key = RING.into_iter().max_by_key(|key| self.origins.get(key));
            self.refuse(key.expect("there are two"), &reason);
        }
        self.check_development(&apps);
        self.draft.take_apps(apps);
        self.check_app_keys(written);
        let tls = [Key::TlsListen, Key::TlsCertificate, Key::TlsKey];
        if !tls.iter().any(|key| self.refused.contains(key))
            && let Err((key, reason)) = self.draft.settle_tls()
        {
            self.refuse(key, &reason);
        }
        if !self.refused.contains(&Key::Listen)
            && !self.refused.contains(&Key::TlsListen)
            && let Err((key, reason)) = self.draft.check_listen()
        {
            self.refuse(key, &reason);
        }
    }

    /// A development app that is off because there are others has no settings: whoever typed one
    /// counts on it.
    fn check_development(&mut self, apps: &[App]) {
        if self.draft.enabled == Some(false) && apps.is_empty() {
            let reason = "there is no app: the development app is off, and there is no [[app]]";
            self.refuse(Key::Enabled, reason);
        }
        if self.draft.enabled.is_some() || apps.is_empty() {
            return;
        }
        let typed: Vec<Key> = self.origins.keys().copied().collect();
        for key in typed.into_iter().filter(|key| key.is_of_development() && *key != Key::Enabled) {
            let reason = "there is no development app, as there is an [[app]]: take this out, or \
                          set development.enabled to true";
            self.refuse(key, reason);
        }
    }

    /// No two apps have the same key.
    fn check_app_keys(&mut self, written: &[Written]) {
        let config = &self.draft.config;
        let mut seen: BTreeSet<&str> =
            config.development().map(|app| &*app.key).into_iter().collect();
        let mut again = Vec::new();
        for (app, written) in config.tenants().iter().zip(written) {
            if let Some(origin) = written.origins.get(&Key::AppKey)
                && !seen.insert(&app.key)
            {
                let reason = format!("app.key: there is another app {:?}", app.key);
                again.push(Problem::new(origin.clone(), reason));
            }
        }
        self.problems.append(&mut again);
    }

    fn refuse(&mut self, key: Key, reason: &str) {
        let origin = self.origins.get(&key).cloned().unwrap_or(Origin::Default);
        self.problems.push(Problem::of_key(key, origin, reason));
    }
}

/// How a path is named in errors.
fn name_of(path: &Path) -> String {
    path.display().to_string()
}
