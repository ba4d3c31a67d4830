//! The configuration under arbitrary text: it never panics, every error says where, and what is
//! good is written down as a file that means the same.
//!
//! The text goes through a real file, as it would in use: reading it is part of what is fuzzed.

use std::fs::{self, Permissions};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;

use throng_broker::config::problem::Problems;
use throng_broker::config::{Loaded, Sources, effective};

const CORES: NonZeroUsize = NonZeroUsize::new(4).expect("4 is not 0");

/// A file of this thread, gone with the thread.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let (process, thread) = (process::id(), thread::current().id());
        Self(folder.join(format!("throng-fuzz-{process}-{thread:?}.toml")))
    }

    fn read(&self, text: &[u8]) -> Result<Loaded, Problems> {
        fs::write(&self.0, text).expect("a scratch file is writable");
        let private = Permissions::from_mode(0o600);
        fs::set_permissions(&self.0, private).expect("a scratch file is ours");
        let file = Some(self.0.clone());
        Sources { file, variables: Vec::new(), flags: Vec::new(), cores: CORES }.read()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: the system clears such folders, too.
        let _ = fs::remove_file(&self.0);
    }
}

thread_local! {
    static SCRATCH: Scratch = Scratch::new();
}

/// The text of a configuration file.
///
/// # Panics
/// When an error has no place or shows control characters, or when the printed configuration
/// does not mean the same.
pub fn config(text: &[u8]) {
    SCRATCH.with(|scratch| match scratch.read(text) {
        Ok(loaded) => {
            let printed = effective::to_toml(&loaded);
            match scratch.read(printed.as_bytes()) {
                Ok(again) => assert_eq!(again.config, loaded.config, "{printed}"),
                Err(problems) => panic!("what was printed is refused: {problems}\n{printed}"),
            }
        }
        Err(problems) => {
            assert!(problems.iter().count() > 0, "an error has a reason");
            let lines = 1 + text.iter().filter(|byte| **byte == b'\n').count();
            for problem in problems.iter() {
                let sentence = problem.to_string();
                assert!(!sentence.contains(char::is_control), "{sentence:?}");
                let file = scratch.0.display().to_string();
                let after = sentence.strip_prefix(&file).expect("an error names its file");
                check_place(after, lines);
            }
        }
    });
}

/// `:LINE:COLUMN: reason` within the file, or `: reason` for the file as a whole.
fn check_place(after: &str, lines: usize) {
    let after = after.strip_prefix(':').expect("a place or a reason follows");
    if after.starts_with(' ') {
        return;
    }
    let mut parts = after.splitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
    let (line, column) = (number().expect("a line"), number().expect("a column"));
    assert!((1..=lines).contains(&line) && column >= 1, "{after} in a file of {lines} lines");
    let reason = parts.next().expect("a reason");
    assert!(reason.len() > 1, "the reason says something");
}
