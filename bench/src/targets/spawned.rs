//! A process that was started here: its number, its log, and its end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::cores::CoreList;

/// How long it may take until it listens.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// Lines of its log that are shown when it is gone.
const LAST_LINES: usize = 12;

/// A process that ends when this is dropped.
#[derive(Debug)]
pub struct Spawned {
    child: Child,
    log: PathBuf,
    /// Removed with all that is in it, after the process has ended.
    _directory: TempDir,
}

impl Spawned {
    /// Starts it on these cores, on a leash. Its log goes to a file in the directory.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        command: &[OsString],
        cores: &CoreList,
        directory: TempDir,
    ) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program")?;
        let log = directory.path().join("log");
        let file = File::create(&log).context("cannot make a log file")?;
        let child = Command::new(own)
            .args(["leash", "--cores", &cores.to_string()])
            .args(["--parent", &std::process::id().to_string(), "--"])
            .args(command)
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("cannot share the log file")?)
            .stderr(file)
            // Ctrl-C at the terminal is for this process alone, which then ends the other.
            .process_group(0)
            .spawn()
            .context("cannot start a process")?;
        Ok(Self { child, log, _directory: directory })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until someone listens there.
    ///
    /// # Errors
    /// When it is gone, or nobody listens in time.
    pub fn wait_until_it_listens(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(address).is_err() {
            self.check_alive()?;
            if Instant::now() > deadline {
                bail!("nobody listens on {address}\n{}", self.last_words());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Fails once it is gone.
    ///
    /// # Errors
    /// When it is gone.
    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait().context("cannot look after it")? {
            None => Ok(()),
            Some(status) => bail!("the server is gone: {status}\n{}", self.last_words()),
        }
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        // By its number, which is not given to anyone else before it was waited for. That it
        // may be gone already is no trouble.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spawned_ends_with_its_guard() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        let log = path.join("log");
        fs::write(&log, "one\ntwo\n").unwrap();
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let proc = PathBuf::from(format!("/proc/{}", child.id()));
        let mut spawned = Spawned { child, log, _directory: directory };
        assert!(spawned.check_alive().is_ok());
        assert_eq!(spawned.last_words(), "one\ntwo");
        drop(spawned);
        assert!(!proc.exists());
        assert!(!path.exists());
    }

    #[test]
    fn a_server_that_dies_is_noticed_with_its_last_words() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        fs::write(&log, "no such luck\n").unwrap();
        let mut spawned =
            Spawned { child: Command::new("false").spawn().unwrap(), log, _directory: directory };
        let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
        let error = spawned.wait_until_it_listens(nobody).unwrap_err();
        assert!(error.to_string().contains("no such luck"), "{error}");
    }
}
