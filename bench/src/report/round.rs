//! One round of the `fanout` scenario: figures out of counts, and one row of the table.

use serde::Serialize;

use super::{grouped, mib, percent};
use crate::load::order::Flaws;
use crate::load::tally::Counts;
use crate::stats::{Latency, share};
use crate::targets::Kind;
use crate::usage::{CoreShares, Spent};

/// From this share of useful work on, a core counts as full.
const FULL: f64 = 0.95;

/// Above this share of the server's cores, the work of others is worth a note.
const DISTURBED: f64 = 0.05;

/// What one window brought, as it was counted.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Its length.
    pub wall_ns: u64,
    /// What the load counted.
    pub counts: Counts,
    /// What the server used.
    pub spent: Spent,
    /// What the load used.
    pub load_spent: Spent,
    /// What the server's cores did.
    pub cores: CoreShares,
    /// How many they are.
    pub cores_count: usize,
    /// The server's resident memory at the end.
    pub rss_bytes: u64,
    /// The most it ever was.
    pub rss_peak_bytes: u64,
    /// The server's threads.
    pub threads: u64,
    /// From publishing to each delivery.
    pub each: Latency,
    /// From publishing to the last delivery.
    pub last: Latency,
}

/// What one round comes to.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// Of what.
    pub target: Kind,
    /// What the target logged on its back end.
    pub words_on_io: Vec<String>,
    /// Deliveries in the window.
    pub deliveries: u64,
    /// Deliveries a second.
    pub deliveries_per_second: f64,
    /// Messages accepted a second.
    pub publishes_per_second: f64,
    /// CPU time of the server for one delivery.
    pub server_ns_per_delivery: f64,
    /// CPU time of the server, as a share of one core.
    pub server_share: f64,
    /// What it used in all.
    pub server: Spent,
    /// What its cores did.
    pub server_cores: CoreShares,
    /// What other programs and soft interrupts took of its cores, as a share of one core.
    pub others_share: f64,
    /// Its resident memory at the end.
    pub rss_bytes: u64,
    /// The most it ever was.
    pub rss_peak_bytes: u64,
    /// Its threads.
    pub threads: u64,
    /// Deliveries the load got out of one read, on average.
    pub deliveries_per_read: f64,
    /// Share of the load's time in turns that found work.
    pub load_busy_share: f64,
    /// CPU time of the load, as a share of its core; below 1 where others kept it off.
    pub load_cpu_share: f64,
    /// From publishing to each delivery, at the sample.
    pub each: Latency,
    /// From publishing to the last delivery.
    pub last: Latency,
    /// What went wrong, in the whole round.
    pub flaws: Flaws,
    /// Why the first refused message was refused.
    pub first_refusal: Option<String>,
    /// What speaks against the figures.
    pub notes: Vec<String>,
}

impl Round {
    /// Makes figures of counts.
    pub fn new(number: u32, target: Kind, words_on_io: Vec<String>, window: &Window) -> Self {
        let counts = &window.counts;
        let seconds = window.wall_ns as f64 / 1e9;
        let server_share = share(window.spent.run_ns, window.wall_ns);
        let load_busy_share = share(counts.busy_ns, counts.busy_ns + counts.idle_ns);
        let load_cpu_share = share(window.load_spent.run_ns, window.wall_ns);
        let cores = window.cores_count as f64;
        let others_share = (window.cores.busy * cores - server_share).max(0.0);
        let mut notes = Vec::new();
        notes.extend(bottleneck(&Busy { load: load_busy_share, server: server_share / cores }));
        if others_share > DISTURBED {
            let others = percent(others_share);
            notes.push(format!(
                "others (programs, soft interrupts) took {others} of the server's cores"
            ));
        }
        if load_cpu_share < FULL {
            let had = percent(load_cpu_share);
            notes.push(format!("the load had only {had} of its core to itself"));
        }
        Self {
            number,
            target,
            words_on_io,
            deliveries: counts.deliveries,
            deliveries_per_second: counts.deliveries as f64 / seconds,
            publishes_per_second: counts.accepted as f64 / seconds,
            server_ns_per_delivery: share(window.spent.run_ns, counts.deliveries),
            server_share,
            server: window.spent,
            server_cores: window.cores,
            others_share,
            rss_bytes: window.rss_bytes,
            rss_peak_bytes: window.rss_peak_bytes,
            threads: window.threads,
            deliveries_per_read: share(counts.deliveries, counts.reads),
            load_busy_share,
            load_cpu_share,
            each: window.each,
            last: window.last,
            flaws: Flaws::default(),
            first_refusal: None,
            notes,
        }
    }

    /// Adds what went wrong.
    pub fn with_flaws(mut self, flaws: Flaws, first_refusal: Option<String>) -> Self {
        self.flaws = flaws;
        self.first_refusal = first_refusal;
        self
    }

    /// One row of the table, and a line for each thing that speaks against it.
    pub fn row(&self) -> String {
        let mut row = aligned(&[
            self.number.to_string(),
            self.target.as_str().to_owned(),
            grouped(self.deliveries_per_second),
            grouped(self.publishes_per_second),
            format!("{:.1}", self.server_ns_per_delivery),
            percent(self.server_share),
            percent(self.server_cores.stolen),
            format!("{:.1}", mib(self.rss_bytes)),
            format!("{:.1}", self.deliveries_per_read),
            percent(self.load_busy_share),
            grouped(self.each.p50_us),
            grouped(self.each.p90_us),
            grouped(self.each.p99_us),
            grouped(self.each.p99_9_us),
            grouped(self.each.max_us),
            grouped(self.last.p50_us),
            grouped(self.last.p99_us),
        ]);
        for note in &self.notes {
            row += &format!("      note: {note}\n");
        }
        if !self.flaws.is_none() {
            row += &format!(
                "      FLAWED: {} lost, {} duplicated, {} out of order, {} refused {}\n",
                self.flaws.lost,
                self.flaws.duplicated,
                self.flaws.disordered,
                self.flaws.refused,
                self.first_refusal.as_deref().unwrap_or_default(),
            );
        }
        row
    }
}

/// The two lines above the rows.
pub fn heading() -> String {
    aligned(&COLUMNS.map(|(first, _, _)| first.to_owned()))
        + &aligned(&COLUMNS.map(|(_, second, _)| second.to_owned()))
}

const COLUMNS: [(&str, &str, usize); 17] = [
    ("round", "", 5),
    ("target", "", 9),
    ("deliveries", "/s", 11),
    ("publishes", "/s", 9),
    ("CPU ns", "/deliv.", 8),
    ("server", "CPU", 6),
    ("stolen", "", 6),
    ("RSS", "MiB", 7),
    ("deliv.", "/read", 7),
    ("load", "busy", 5),
    ("each", "p50", 8),
    ("each", "p90", 8),
    ("each", "p99", 8),
    ("each", "p99.9", 8),
    ("each", "max", 8),
    ("last", "p50", 8),
    ("last", "p99", 8),
];

fn aligned(cells: &[String; COLUMNS.len()]) -> String {
    let mut row = String::new();
    for (cell, (_, _, width)) in cells.iter().zip(COLUMNS) {
        row += &format!("{cell:>width$} ");
    }
    row.trim_end().to_owned() + "\n"
}

/// How much of its time each side had something to do.
struct Busy {
    load: f64,
    server: f64,
}

/// Who was the slower one. The load polls, so its core is always busy; what counts is the share
/// of its turns that found something to do. A load that found something in every turn may have
/// held the server up, and has if the server had time to spare.
fn bottleneck(busy: &Busy) -> Option<String> {
    if busy.load < FULL {
        return None;
    }
    let words = if busy.server < FULL {
        "the load generator is the bottleneck: the rate is its own, not the server's"
    } else {
        "load and server were both full: compare the CPU per delivery, not the rate"
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::latency_histogram;

    fn window() -> Window {
        let none = Latency::from(&latency_histogram());
        let spent = |run_ns| Spent { run_ns, user_ns: 0, system_ns: 0, exact: true };
        Window {
            wall_ns: 2_000_000_000,
            counts: Counts {
                deliveries: 1_000_000,
                accepted: 1_000,
                reads: 50_000,
                bytes: 0,
                busy_ns: 500_000_000,
                idle_ns: 1_500_000_000,
            },
            spent: spent(1_000_000_000),
            load_spent: spent(2_000_000_000),
            cores: CoreShares { busy: 0.5, soft_interrupts: 0.0, stolen: 0.0 },
            cores_count: 1,
            rss_bytes: 1 << 20,
            rss_peak_bytes: 2 << 20,
            threads: 1,
            each: none,
            last: none,
        }
    }

    fn round(window: &Window) -> Round {
        Round::new(1, Kind::Broker, Vec::new(), window)
    }

    #[test]
    fn figures_are_the_counts_of_the_window_over_its_length() {
        let round = round(&window());
        assert_eq!(round.deliveries_per_second, 500_000.0);
        assert_eq!(round.publishes_per_second, 500.0);
        assert_eq!(round.server_ns_per_delivery, 1_000.0);
        assert_eq!(round.server_share, 0.5);
        assert_eq!(round.deliveries_per_read, 20.0);
        assert_eq!(round.load_busy_share, 0.25);
        assert!(round.notes.is_empty(), "{:?}", round.notes);
    }

    #[test]
    fn a_load_that_is_the_bottleneck_says_so() {
        let mut window = window();
        window.counts.idle_ns = 0;
        let note = &round(&window).notes[0];
        assert!(note.starts_with("the load generator is the bottleneck"));
        window.spent.run_ns = window.wall_ns;
        assert!(round(&window).notes[0].contains("both full"));
    }

    #[test]
    fn what_others_do_on_the_cores_is_told() {
        let mut window = window();
        window.cores.busy = 0.9;
        window.load_spent.run_ns = window.wall_ns / 2;
        let notes = round(&window).notes;
        assert_eq!(notes[0], "others (programs, soft interrupts) took 40% of the server's cores");
        assert_eq!(notes[1], "the load had only 50% of its core to itself");
    }

    #[test]
    fn flaws_stand_out_in_the_row() {
        let flaws = Flaws { lost: 3, ..Flaws::default() };
        let row = round(&window()).with_flaws(flaws, None).row();
        assert!(row.contains("FLAWED: 3 lost"), "{row}");
    }
}
