//! How many system calls a process makes, as `perf` counts them.
//!
//! The kernel keeps no such count of its own. Counting takes rights and slows each call down, so
//! it is only done when asked for, and times of such a run are not for comparison.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};

const EVENT: &str = "raw_syscalls:sys_enter";

/// How long it takes until all threads are watched.
const ATTACH: Duration = Duration::from_millis(200);

/// A count that is going on.
#[derive(Debug)]
pub struct SystemCalls(Child);

impl SystemCalls {
    /// Begins to count those of a process.
    ///
    /// # Errors
    /// When there is no `perf`.
    pub fn start(pid: u32) -> anyhow::Result<Self> {
        let child = Command::new("perf")
            .args(["stat", "-x", ",", "-e", EVENT, "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run perf; on Debian: sudo apt-get install linux-perf")?;
        std::thread::sleep(ATTACH);
        Ok(Self(child))
    }

    /// Ends the count.
    ///
    /// # Errors
    /// When `perf` could not count.
    pub fn finish(self) -> anyhow::Result<u64> {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // One that has ended by itself has said why.
        let _ = kill_process(pid.context("odd number of a process")?, Signal::INT);
        let output = self.0.wait_with_output().context("perf is lost")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let found = count(&said);
        ensure!(found.is_some(), "perf counted no system calls: {}", said.trim());
        Ok(found.unwrap_or_default())
    }
}

/// The count in what `perf` says.
fn count(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains(EVENT))?;
    line.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_perf_says() {
        let said = "\n12345,,raw_syscalls:sys_enter,2000000,100.00,,\n";
        assert_eq!(count(said), Some(12_345));
        assert_eq!(count("<not counted>,,raw_syscalls:sys_enter,0,100.00,,"), None);
        assert_eq!(count("event syntax error"), None);
    }
}
