//! Which cores the load and the server run on.
//!
//! The two are kept apart: a load that shares the server's core measures itself.

use core::fmt;
use core::str::FromStr;

use anyhow::{Context as _, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Cores, as in `0,2-3`: at least one, rising.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreList(Vec<usize>);

impl CoreList {
    /// The cores this process may use.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn allowed() -> anyhow::Result<Self> {
        let set = sched_getaffinity(None).context("cannot read the allowed cores")?;
        let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect();
        ensure!(!cores.is_empty(), "no core is allowed");
        Ok(Self(cores))
    }

    /// One core.
    pub fn one(core: usize) -> Self {
        Self(vec![core])
    }

    /// The cores in rising order.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }

    /// Keeps the calling thread, and what it starts, on these cores.
    ///
    /// # Errors
    /// When none of them is allowed.
    pub fn pin(&self) -> anyhow::Result<()> {
        let mut set = CpuSet::new();
        for core in &self.0 {
            set.set(*core);
        }
        sched_setaffinity(None, &set).with_context(|| format!("cannot pin to cores {self}"))
    }
}

impl FromStr for CoreList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let core = |text: &str| match text.trim().parse() {
            Ok(core) if core < CpuSet::MAX_CPU => Ok(core),
            _ => Err(format!("{text:?} is not a core")),
        };
        let mut cores = Vec::new();
        for part in text.split(',') {
            match part.split_once('-') {
                Some((first, last)) => cores.extend(core(first)?..=core(last)?),
                None => cores.push(core(part)?),
            }
        }
        cores.sort_unstable();
        cores.dedup();
        if cores.is_empty() {
            return Err("no core".to_owned());
        }
        Ok(Self(cores))
    }
}

impl fmt::Display for CoreList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, core) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{core}")?;
        }
        Ok(())
    }
}

/// Who runs where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The load's core.
    pub load: usize,
    /// The server's cores.
    pub server: CoreList,
}

impl Placement {
    /// What was asked for, and for the rest: the load on the last allowed core, the server on as
    /// many of the first others as it has workers.
    ///
    /// # Errors
    /// When a core was asked for that is not allowed.
    pub fn choose(
        allowed: &CoreList,
        load: Option<usize>,
        server: Option<&CoreList>,
        workers: u32,
    ) -> anyhow::Result<Self> {
        let taken = server.map_or(&[][..], CoreList::as_slice);
        let last_free = allowed.0.iter().rev().find(|core| !taken.contains(core));
        let last = *allowed.0.last().expect("an allowed list is never empty");
        let load = load.unwrap_or_else(|| last_free.copied().unwrap_or(last));
        let server = server.cloned().unwrap_or_else(|| {
            let others = allowed.0.iter().copied().filter(|core| *core != load);
            let chosen: Vec<_> = others.take(workers as usize).collect();
            CoreList(if chosen.is_empty() { vec![load] } else { chosen })
        });
        for core in server.0.iter().chain([&load]) {
            ensure!(allowed.0.contains(core), "core {core} is not allowed");
        }
        Ok(Self { load, server })
    }

    /// Whether the load takes time away from the server.
    pub fn is_shared(&self) -> bool {
        self.server.0.contains(&self.load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> CoreList {
        text.parse().unwrap()
    }

    #[test]
    fn a_list_of_cores_takes_numbers_and_ranges() {
        assert_eq!(list("3,0-1,1").as_slice(), [0, 1, 3]);
        assert_eq!(list("0-2").to_string(), "0,1,2");
        for bad in ["", "a", "1-", "2-1", "99999"] {
            assert!(bad.parse::<CoreList>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_load_and_the_server_are_kept_apart_where_there_are_two_cores() {
        let chosen = Placement::choose(&list("0-3"), None, None, 2).unwrap();
        assert_eq!((chosen.load, chosen.server.as_slice()), (3, &[0, 1][..]));
        assert!(!chosen.is_shared());
        let chosen = Placement::choose(&list("0-1"), None, Some(&list("1")), 1).unwrap();
        assert_eq!((chosen.load, chosen.is_shared()), (0, false));
        let chosen = Placement::choose(&list("5"), None, None, 1).unwrap();
        assert!(chosen.is_shared());
        assert!(Placement::choose(&list("0-1"), Some(7), None, 1).is_err());
    }
}
