//! The machine and the tree that were measured, and what this process may use of the machine.

use std::fs;
use std::process::Command;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, getppid, getrlimit, setrlimit};
use serde::Serialize;

/// Where a figure comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Cores that are online.
    pub cores: usize,
    /// What the cores are.
    pub model: String,
    /// The kernel's release.
    pub kernel: String,
    /// How the kernel paces TCP; some ways send later, from a timer, and not inside the call.
    pub congestion_control: String,
    /// What the cheapest system call costs on the load's core just now. A machine of several
    /// paces shows here in which of them it is.
    pub system_call_ns: f64,
    /// The commit of the working directory, if there is one and `git` can be asked.
    pub commit: Option<String>,
}

impl Machine {
    /// This machine; what it does not tell is left unknown.
    pub fn look() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let stat = read("/proc/stat");
        let cores = stat.lines().filter(|line| is_core(line)).count();
        let kernel = read("/proc/sys/kernel/osrelease");
        let congestion_control = read("/proc/sys/net/ipv4/tcp_congestion_control");
        Self {
            cores,
            model: model(&read("/proc/cpuinfo")).unwrap_or("unknown").to_owned(),
            kernel: kernel.trim().to_owned(),
            congestion_control: congestion_control.trim().to_owned(),
            system_call_ns: system_call_ns(),
            commit: commit(),
        }
    }
}

/// The best of a few short runs, a few milliseconds in all.
fn system_call_ns() -> f64 {
    const CALLS: u32 = 2000;
    const RUNS: u32 = 5;
    let run = |_| {
        let began = Instant::now();
        for _ in 0..CALLS {
            core::hint::black_box(getppid());
        }
        began.elapsed().as_nanos() as f64 / f64::from(CALLS)
    };
    (0..RUNS).map(run).fold(f64::INFINITY, f64::min)
}

fn is_core(line: &str) -> bool {
    line.strip_prefix("cpu")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(": ").map(|(_, model)| model.trim())
}

fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changes.is_empty() { head } else { format!("{head} with changes") })
}

/// Descriptors this process may open, after the soft limit was raised to the hard one. What it
/// starts inherits that.
///
/// # Errors
/// When the kernel refuses.
pub fn lift_descriptor_limit() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    }
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

/// Refuses what would need more descriptors than there are, here or in a server that inherits
/// the limit.
///
/// # Errors
/// When there are not enough.
pub fn check_descriptors(sessions: u64) -> anyhow::Result<()> {
    /// For a server: listener, rings, log. It keeps some back that it never gives to sessions.
    const RESERVED: u64 = 300;
    let limit = lift_descriptor_limit()?;
    anyhow::ensure!(
        sessions.saturating_add(RESERVED) <= limit,
        "{sessions} sessions and {RESERVED} descriptors in reserve are more than the {limit} a \
         process may open here"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_read_without_its_label() {
        let text = "processor\t: 0\nmodel name\t: Fast Core 9\nflags\t: a b\n";
        assert_eq!(model(text), Some("Fast Core 9"));
        assert_eq!(model(""), None);
    }

    #[test]
    fn the_sum_of_all_cores_is_not_a_core() {
        assert!(is_core("cpu0 1 2 3"));
        assert!(!is_core("cpu  1 2 3"));
        assert!(!is_core("ctxt 9"));
    }

    #[test]
    fn more_sessions_than_descriptors_are_refused_before_anything_starts() {
        assert!(check_descriptors(1).is_ok());
        assert!(check_descriptors(u64::MAX - 1).is_err());
    }
}
