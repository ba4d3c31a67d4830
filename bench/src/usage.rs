//! What a process has used, as the kernel tells in `/proc`.
//!
//! Time on a core is the sum over its threads of the scheduler's own count, in nanoseconds; the
//! split into user and system has steps of one tick, usually 10 ms. A thread that ends takes its
//! count with it, so what is measured must not end threads meanwhile.

pub mod system_calls;

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use rustix::param::clock_ticks_per_second;
use serde::Serialize;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Time on a core.
    pub run_ns: u64,
    /// Whether that is counted by the scheduler, and not in ticks.
    pub exact: bool,
    /// Time in its own code.
    pub user_ns: u64,
    /// Time in the kernel on its behalf.
    pub system_ns: u64,
    /// Memory that is resident now.
    pub rss_bytes: u64,
    /// The most memory that was resident at a time.
    pub rss_peak_bytes: u64,
    /// Its threads now, those the kernel runs for it included.
    pub threads: u64,
}

impl Usage {
    /// Of this process.
    ///
    /// # Errors
    /// When there is no such process, or it is not ours to look at.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let proc = Path::new("/proc").join(pid.to_string());
        let read = |name: &str| {
            fs::read_to_string(proc.join(name))
                .with_context(|| format!("cannot read {name} of process {pid}"))
        };
        let (user_ticks, system_ticks) =
            ticks(&read("stat")?).with_context(|| format!("odd stat of process {pid}"))?;
        let tick_ns = 1_000_000_000 / clock_ticks_per_second();
        let status = read("status")?;
        let kib = |field| number_after(&status, field).unwrap_or(0) * 1024;
        let scheduled = scheduled_ns(&proc);
        Ok(Self {
            run_ns: scheduled.unwrap_or((user_ticks + system_ticks) * tick_ns),
            exact: scheduled.is_some(),
            user_ns: user_ticks * tick_ns,
            system_ns: system_ticks * tick_ns,
            rss_bytes: kib("VmRSS:"),
            rss_peak_bytes: kib("VmHWM:"),
            threads: number_after(&status, "Threads:").unwrap_or(0),
        })
    }

    /// What was used since an earlier look.
    pub const fn since(&self, before: &Self) -> Spent {
        Spent {
            run_ns: self.run_ns.saturating_sub(before.run_ns),
            user_ns: self.user_ns.saturating_sub(before.user_ns),
            system_ns: self.system_ns.saturating_sub(before.system_ns),
            exact: self.exact && before.exact,
        }
    }
}

/// What a process used between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// Time on a core.
    pub run_ns: u64,
    /// Time in its own code, in steps of a tick.
    pub user_ns: u64,
    /// Time in the kernel on its behalf, in steps of a tick.
    pub system_ns: u64,
    /// Whether `run_ns` is counted by the scheduler, and not in ticks.
    pub exact: bool,
}

/// Sums what the scheduler counted for each thread; `None` on a kernel that does not tell.
fn scheduled_ns(proc: &Path) -> Option<u64> {
    let mut sum = 0;
    for task in fs::read_dir(proc.join("task")).ok()? {
        // A thread may end between the listing and the look.
        let Ok(text) = fs::read_to_string(task.ok()?.path().join("schedstat")) else {
            continue;
        };
        sum += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    (sum > 0).then_some(sum)
}

/// User and system ticks out of a `stat`. The program's name in it may hold anything, so the
/// fields are counted from the last bracket.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn number_after(text: &str, field: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(field))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// How the time of some cores was spent, in ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoreTicks {
    busy: u64,
    soft_interrupts: u64,
    stolen: u64,
    total: u64,
}

impl CoreTicks {
    /// Of these cores, all of them together; nothing on a kernel that does not tell.
    pub fn of(cores: &[usize]) -> Self {
        fs::read_to_string("/proc/stat").map_or_else(|_| Self::default(), |stat| sum(&stat, cores))
    }

    /// The shares since an earlier look.
    pub fn since(&self, before: &Self) -> CoreShares {
        let total = self.total - before.total;
        let share = |now: u64, then: u64| crate::stats::share(now.saturating_sub(then), total);
        CoreShares {
            busy: share(self.busy, before.busy),
            soft_interrupts: share(self.soft_interrupts, before.soft_interrupts),
            stolen: share(self.stolen, before.stolen),
        }
    }
}

/// How the time of some cores was spent between two looks, in steps of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoreShares {
    /// By anything at all.
    pub busy: f64,
    /// By the kernel's soft interrupts, on kernels that count them apart. Such a kernel leaves
    /// this part of the network's work out of a process's own time.
    pub soft_interrupts: f64,
    /// Taken away by the machine this one runs on.
    pub stolen: f64,
}

fn sum(stat: &str, cores: &[usize]) -> CoreTicks {
    let mut ticks = CoreTicks::default();
    for core in cores {
        let name = format!("cpu{core} ");
        let Some(line) = stat.lines().find_map(|line| line.strip_prefix(&name)) else {
            continue;
        };
        // user nice system idle iowait irq softirq steal; what follows is part of user and nice.
        let mut fields = [0; 8];
        for (field, text) in fields.iter_mut().zip(line.split_whitespace()) {
            *field = text.parse().unwrap_or(0);
        }
        let all: u64 = fields.iter().sum();
        ticks.total += all;
        ticks.busy += all - fields[3] - fields[4] - fields[7];
        ticks.soft_interrupts += fields[6];
        ticks.stolen += fields[7];
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_a_name_with_brackets_and_spaces() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 9 0 0 0 123 45 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some((123, 45)));
        assert_eq!(ticks("nothing"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.rss_bytes > 0);
        assert!(usage.threads > 0);
        assert!(Usage::of(u32::MAX).is_err());
    }

    #[test]
    fn only_the_cores_asked_for_are_summed() {
        let stat = "cpu  9 9 9 9\ncpu0 10 0 20 60 5 0 4 1 0 0\ncpu1 1 1 1 1 1 1 1 1\ncpu11 9\n";
        let ticks = sum(stat, &[0]);
        assert_eq!(ticks.total, 100);
        assert_eq!(ticks.busy, 34);
        let shares = ticks.since(&CoreTicks::default());
        assert_eq!((shares.busy, shares.soft_interrupts, shares.stolen), (0.34, 0.04, 0.01));
    }
}
