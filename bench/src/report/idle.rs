//! The report of the `idle` scenario.

use serde::Serialize;

use super::{grouped, line, machine_lines, mib, percent};
use crate::machine::Machine;
use crate::usage::Spent;

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// What was measured, in words.
    pub target: String,
    /// What it logged on its back end.
    pub words_on_io: Vec<String>,
    /// Where it ran, unless it ran already.
    pub server_cores: Vec<usize>,
    /// Where the sessions were held.
    pub load_core: usize,
    /// Sessions.
    pub connections: u32,
    /// Sessions that gave no sign of life in the end.
    pub lost: u32,
    /// How long it took to open all.
    pub opened_in_seconds: f64,
    /// What the server used meanwhile.
    pub opening: Spent,
    /// How long they were held.
    pub held_seconds: f64,
    /// What the server used meanwhile.
    pub holding: Spent,
    /// Resident memory of the server before.
    pub rss_before_bytes: u64,
    /// Resident memory of the server while it held them.
    pub rss_after_bytes: u64,
}

impl Report {
    /// Resident memory for each session; the server may also have become smaller.
    fn rss_per_connection_bytes(&self) -> f64 {
        (self.rss_after_bytes as f64 - self.rss_before_bytes as f64) / f64::from(self.connections)
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let sessions = f64::from(self.connections);
        let mut text = format!("throng-bench {} idle\n", env!("CARGO_PKG_VERSION"));
        text += &machine_lines(&self.machine);
        text += &line("broker", &self.target);
        for words in &self.words_on_io {
            text += &line("", &format!("its log: {words}"));
        }
        text += &line("cores", &format!("broker {:?}, load {}", self.server_cores, self.load_core));
        text += &line("sessions", &format!("{}, {} lost", grouped(sessions), self.lost));
        text += &line(
            "opening",
            &format!(
                "{:.2} s, {} a second by one client in waves, {:.1} us CPU of the server each",
                self.opened_in_seconds,
                grouped(sessions / self.opened_in_seconds),
                self.opening.run_ns as f64 / sessions / 1e3
            ),
        );
        text += &line(
            "holding",
            &format!(
                "{:.1} s, {} of a core",
                self.held_seconds,
                percent(self.holding.run_ns as f64 / 1e9 / self.held_seconds.max(1e-9))
            ),
        );
        text += &line(
            "memory",
            &format!(
                "{:.1} MiB before, {:.1} MiB holding: {} bytes per session in the process; the \
                 kernel's part of a socket is not counted",
                mib(self.rss_before_bytes),
                mib(self.rss_after_bytes),
                grouped(self.rss_per_connection_bytes())
            ),
        );
        text
    }
}
