//! The report of the `fanout` scenario: a head, a row per round, medians, bests and the ratio.

use serde::Serialize;

use super::round::{Round, heading};
use super::{grouped, line, machine_lines};
use crate::machine::Machine;
use crate::stats::{largest, median, pair_ratios, smallest};
use crate::targets::Kind;

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Parameters {
    /// Members of the room.
    pub members: u32,
    /// Publishers.
    pub publishers: u32,
    /// Messages in flight per publisher.
    pub window: u32,
    /// Bytes of a payload.
    pub payload_bytes: usize,
    /// Length of what is measured.
    pub seconds: f64,
    /// Length of what comes before.
    pub warm_up_seconds: f64,
    /// Every how many members one is in the latency's sample.
    pub sample_every: usize,
    /// Workers the broker was asked for; unknown of one that ran already.
    pub workers: Option<u32>,
    /// The load's core.
    pub load_core: usize,
    /// The server's cores.
    pub server_cores: Vec<usize>,
    /// Whether they share one.
    pub core_shared: bool,
    /// What is measured, in words.
    pub targets: Vec<(Kind, String)>,
}

/// All rounds.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// What was asked for.
    pub parameters: Parameters,
    /// What was found.
    pub rounds: Vec<Round>,
}

impl Report {
    /// What stands above the rounds.
    pub fn head(&self) -> String {
        let its = &self.parameters;
        let mut text = format!("throng-bench {} fanout\n", env!("CARGO_PKG_VERSION"));
        text += &machine_lines(&self.machine);
        for (kind, words) in &its.targets {
            text += &line(kind.as_str(), words);
        }
        text += &line(
            "cores",
            &format!(
                "server {:?}, load {} (one thread that polls and never sleeps)",
                its.server_cores, its.load_core
            ),
        );
        if its.core_shared {
            let warning = "load and server share a core: the figures are of both";
            text += &line("WARNING", warning);
        }
        if its.workers.is_some_and(|workers| workers as usize > its.server_cores.len()) {
            text += &line("WARNING", "the broker has more workers than cores to run them on");
        }
        text += &line(
            "load",
            &format!(
                "1 room; members {}, client role; publishers {}, server role, not members; \
                 payload {} bytes",
                its.members, its.publishers, its.payload_bytes
            ),
        );
        text += &line("in flight", &self.rule());
        text += &line(
            "window",
            &format!(
                "{} s after {} s under load; every member checked for loss, duplicates and order",
                its.seconds, its.warm_up_seconds
            ),
        );
        text += &line(
            "latency",
            &format!(
                "us from publish to each delivery, at every {}th member, and to the last of all \
                 members",
                its.sample_every
            ),
        );
        text + "\n" + &heading()
    }

    fn rule(&self) -> String {
        let its = &self.parameters;
        format!(
            "{} per publisher, {} in the room, half of them before any member has one; a message \
             is in flight until it was accepted and the slowest member has it",
            its.window,
            u64::from(its.window) * u64::from(its.publishers)
        )
    }

    /// What stands below the rounds.
    pub fn foot(&self) -> String {
        let mut text = String::from("\n");
        for (kind, _) in &self.parameters.targets {
            text += &self.summary(*kind);
        }
        text += &self.ratio();
        text += &self.words_on_io();
        if self.rounds.iter().any(|round| !round.server.exact) {
            text += "The kernel does not count run time: CPU figures have steps of a tick.\n";
        }
        text
    }

    fn of(&self, kind: Kind, figure: impl Fn(&Round) -> f64) -> Vec<f64> {
        let rounds = self.rounds.iter().filter(|round| round.target == kind);
        rounds.map(figure).collect()
    }

    fn summary(&self, kind: Kind) -> String {
        let cost = self.of(kind, |round| round.server_ns_per_delivery);
        let rate = self.of(kind, |round| round.deliveries_per_second);
        let p50 = self.of(kind, |round| round.each.p50_us);
        let p99 = self.of(kind, |round| round.each.p99_us);
        let middle = |values: &[f64]| median(values).unwrap_or_default();
        let best = |found: Option<f64>| found.unwrap_or_default();
        let words = format!(
            "median (best): CPU {:.1} ({:.1}) ns per delivery, {} ({}) deliveries/s, \
             p50 {} ({}) us, p99 {} ({}) us",
            middle(&cost),
            best(smallest(&cost)),
            grouped(middle(&rate)),
            grouped(best(largest(&rate))),
            grouped(middle(&p50)),
            grouped(best(smallest(&p50))),
            grouped(middle(&p99)),
            grouped(best(smallest(&p99))),
        );
        line(kind.as_str(), &words)
    }

    /// How many times the raw relay's cost the broker's is.
    fn ratio(&self) -> String {
        let cost = |kind| self.of(kind, |round| round.server_ns_per_delivery);
        let (broker, raw) = (cost(Kind::Broker), cost(Kind::RawRelay));
        let ratios = pair_ratios(&broker, &raw);
        let (Some(middle), Some(low), Some(high)) =
            (median(&ratios), smallest(&ratios), largest(&ratios))
        else {
            return String::new();
        };
        let bests = pair_ratios(smallest(&broker).as_slice(), smallest(&raw).as_slice());
        let words = format!(
            "broker / raw relay, CPU per delivery: {middle:.2} (median of {} pairs, {low:.2} to \
             {high:.2}; best over best {:.2})",
            ratios.len(),
            median(&bests).unwrap_or_default()
        );
        line("ratio", &words)
    }

    fn words_on_io(&self) -> String {
        let broker = |round: &&Round| round.target == Kind::Broker;
        let Some(round) = self.rounds.iter().find(broker) else {
            return String::new();
        };
        let words = round.words_on_io.iter();
        words.map(|words| line("its log", words)).collect()
    }
}
