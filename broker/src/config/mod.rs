//! The configuration: from what was typed to what is meant, with every error at once.
//!
//! Sources, each stronger than the one before: the defaults, the file that `--config` or
//! `THRONG_CONFIG` names (none is read unless named), variables of the environment, flags.
//! `key` and its table in `rows` say all there is to set; `file` and `environment` turn their source into
//! values as typed, `command` the flags; `meant` checks each value and keeps what it means;
//! `effective` writes that down again. `value` and `units` are the grammar they share.
//!
//! Called by `main` before anything starts. Reads at most one file and has no other effect.

pub mod bounds;
pub mod command;
pub mod effective;
mod environment;
mod file;
pub mod key;
pub mod log;
mod meant;
pub mod problem;
mod rows;
mod suggest;
mod units;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub use meant::{Config, TlsSettings};

use key::Key;
use problem::{Origin, Problem, Problems};
use value::Value;

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
        let mut given = Vec::new();
        if let Some(path) = self.file.or(environment.file) {
            given.append(&mut file::read(&path, &mut problems));
        }
        given.extend(environment.given);
        given.extend(self.flags.into_iter().map(|(key, text)| Given {
            key,
            value: Value::Bare(text),
            origin: Origin::Flag(key.row().flat),
        }));
        settle(given, self.cores, problems)
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
    given: Vec<Given>,
    cores: NonZeroUsize,
    mut problems: Vec<Problem>,
) -> Result<Loaded, Problems> {
    let mut config = Config::new(cores);
    let mut origins = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for Given { key, value, origin } in given {
        match config.set(key, &value, cores) {
            Ok(()) => drop(origins.insert(key, origin)),
            Err(reason) => {
                refused.insert(key);
                problems.push(Problem::of_key(key, origin, &reason));
            }
        }
    }
    if let Err(reason) = config.check_listen() {
        let origin = origins.get(&Key::Listen).cloned();
        let origin = origin.unwrap_or(Origin::Default);
        problems.push(Problem::of_key(Key::Listen, origin, &reason));
    }
    // Of two values that do not go together the one typed last is at fault; of a value that is
    // no good nothing follows.
    if let Err(reason) = config.check_ring()
        && !RING.iter().any(|key| refused.contains(key))
    {
        let key = RING.into_iter().max_by_key(|key| origins.get(key));
        let key = key.expect("there are two");
        let origin = origins.get(&key).cloned().unwrap_or(Origin::Default);
        problems.push(Problem::of_key(key, origin, &reason));
    }
    if problems.is_empty() {
        Ok(Loaded { config, origins })
    } else {
        Err(Problems::sorted(problems))
    }
}

/// How a path is named in errors.
fn name_of(path: &Path) -> String {
    path.display().to_string()
}
