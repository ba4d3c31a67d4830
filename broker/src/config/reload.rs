//! Reading the configuration again while the broker runs: which keys are live from now on, and what
//! else was changed and waits for a restart.
//!
//! Only keys are renewed. Everything is read and checked as at the start, so a file that would not
//! start a broker changes nothing in one that runs. Called by `main` when SIGHUP says so.

use super::field::Field;
use super::key::Key;
use super::meant::app;
use super::problem::Problems;
use super::{Config, Sources};
use crate::app::App;
use crate::app::keys::Keys;

/// What reading again came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloaded {
    /// The keys of all apps that run, in their order.
    pub keys: Vec<Keys>,
    /// The apps whose keys are others than before, by their places in that order.
    pub renewed: Vec<usize>,
    /// What is set differently and takes a restart: names of settings, and of apps.
    pub needs_restart: Vec<String>,
}

/// Reads all sources again, beside a node that runs with `running`.
///
/// # Errors
/// Everything that is wrong, in the order of the sources.
pub fn reload(sources: &Sources, running: &Config) -> Result<Reloaded, Problems> {
    let read = sources.clone().read()?.config;
    let of_node = Key::all().filter(|key| running.show(*key) != read.show(*key));
    let mut needs_restart: Vec<String> = of_node.map(Key::path).collect();
    let mut keys = Vec::new();
    let mut renewed = Vec::new();
    let developments = usize::from(running.development().is_some());
    keys.resize_with(developments, Keys::default);
    for app in running.tenants() {
        let Some(new) = read.tenants().iter().find(|new| new.key == app.key) else {
            needs_restart.push(format!("app {:?} (taken out)", app.key));
            keys.push(app.keys.clone());
            continue;
        };
        needs_restart.extend(differing(app, new));
        if new.keys != app.keys {
            renewed.push(keys.len());
        }
        keys.push(new.keys.clone());
    }
    let is_new = |app: &&App| !running.tenants().iter().any(|own| own.key == app.key);
    let added = read.tenants().iter().filter(is_new);
    needs_restart.extend(added.map(|app| format!("app {:?} (added)", app.key)));
    Ok(Reloaded { keys, renewed, needs_restart })
}

/// The settings of an app that are not the same, but for those that go with its keys.
fn differing(running: &App, read: &App) -> Vec<String> {
    let settings = Key::all().filter(|key| app::show(running, *key) != app::show(read, *key));
    let settings = settings.filter_map(Key::path_of_apps);
    let life = (running.token_life_max != read.token_life_max).then(|| Field::TokenLifeMax.path());
    settings.chain(life).map(|path| format!("{path} of {:?}", running.key)).collect()
}
