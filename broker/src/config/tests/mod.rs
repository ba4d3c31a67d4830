//! What the configuration promises to the person who types it: `sources` (which one wins, what
//! is read), `values` (what each setting may be), `apps` (their keys), `reload`, `errors` (all at once, with place and advice),
//! `pages` (the printed configuration, the help and the operations page say the same).
//!
//! Every test goes through [`Sources::read`] and so, if it has a file, through a real one.

mod apps;
mod errors;
mod pages;
mod reload;
mod sources;
mod values;

use std::ffi::OsString;
use std::fs::Permissions;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use super::key::Key;
use super::problem::Problems;
use super::{Loaded, Sources};

const CORES: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// A file that is gone at the end of the test.
struct TestFile(PathBuf);

impl TestFile {
    fn new(bytes: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("throng-config-{}-{count}.toml", process::id()));
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn nothing() -> Sources {
    Sources { file: None, variables: Vec::new(), flags: Vec::new(), cores: CORES }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

/// Reads a file with that text and nothing else.
fn from_file(text: &str) -> Result<Loaded, Problems> {
    let file = TestFile::new(text.as_bytes());
    Sources { file: Some(file.0.clone()), ..nothing() }.read()
}

/// Reads one flag, whether or not the command line has it, and nothing else.
fn from_flag(key: Key, text: &str) -> Result<Loaded, Problems> {
    Sources { flags: vec![(key, text.to_owned())], ..nothing() }.read()
}

/// A setting as it would stand in the file.
fn shown(loaded: &Loaded, key: Key) -> String {
    loaded.config.show(key).expect("there is a development app")
}

/// The errors of a file, one string each, without the file's name.
fn errors_of(text: &str) -> Vec<String> {
    let problems = from_file(text).expect_err("there are errors");
    problems.iter().map(|problem| after_file_name(&problem.to_string()).to_owned()).collect()
}

fn after_file_name(problem: &str) -> &str {
    problem.split_once(".toml:").expect("the file is named").1
}
