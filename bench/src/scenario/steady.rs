//! A steady load: connect everyone, warm up, measure one span, wait for what is in flight.

use std::time::Duration;

use crate::load::plan::Plan;
use crate::load::schedule::Schedule;
use crate::load::{Load, Pace};
use crate::report::model::{Round, figures};
use crate::scenario::span::{self, latency_figures, service_figures};
use crate::scenario::stage::{Stage, Turn, add_note, histograms};

/// How long the server may take to deliver what is in flight when publishing ends.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// When something is published.
#[derive(Debug, Clone)]
pub enum Rhythm {
    /// As much as may be in flight for each publisher.
    Closed {
        /// Messages a publisher may have in flight.
        window: u32,
    },
    /// So many messages a second, from all publishers in turn.
    Even {
        /// Messages a second.
        rate: f64,
    },
    /// So many messages a second, each publisher as often as its weight says.
    Weighted {
        /// Messages a second.
        rate: f64,
        /// One for each publisher.
        weights: Vec<f64>,
    },
}

/// A steady load.
#[derive(Debug)]
pub struct Steady {
    /// Who takes part.
    pub plan: Plan,
    /// When something is published.
    pub rhythm: Rhythm,
    /// How long under load before it is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub seconds: Duration,
}

impl Rhythm {
    /// The pace that begins now.
    pub fn begin(&self, load: &Load) -> Pace {
        let now = load.tally.clock.now_ns();
        match self {
            Self::Closed { window } => Pace::Closed { window: *window },
            Self::Even { rate } => Pace::Open(Schedule::even(now, *rate, load.publishers())),
            Self::Weighted { rate, weights } => Pace::Open(Schedule::weighted(now, *rate, weights)),
        }
    }
}

impl Steady {
    /// Puts the load on one target.
    ///
    /// # Errors
    /// When the target cannot be started or dies, or a session ends.
    pub fn run(&self, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Round> {
        let mut target = stage.open(turn)?;
        let plan = Plan { name: stage.name(), ..self.plan.clone() };
        let mut load = Load::open(&target.door, &plan, stage.stop())?;
        load.set_pace(self.rhythm.begin(&load));
        load.run_for(self.warm_up, &mut stage.watch(&mut target))?;
        let span = span::measure(stage, &mut target, &mut load, self.seconds)?;
        let held_back = load.held_back();
        let mut flaws = load.drain(PATIENCE, &mut stage.watch(&mut target))?;
        // No reader is slow here, so what was skipped on purpose was lost all the same.
        let skipped = load.tally.counts.skipped;
        flaws.lost += skipped;

        let latencies = load.tally.latencies();
        let mut more = latency_figures(latencies);
        let open = !matches!(self.rhythm, Rhythm::Closed { .. });
        if open {
            more.extend(service_figures(latencies));
            more.push((figures::OFFERED.name, span.per_second(span.counts.offered)));
        }
        let mut round = turn.round(&span, more, flaws);
        round.load_bound = span.is_load_bound(open.then_some(latencies));
        round.histograms = histograms(latencies);
        if held_back > 0 {
            add_note(
                &mut round,
                &format!(
                    "{held_back} messages came due and were never published: the server did not read"
                ),
            );
        }
        if skipped > 0 {
            add_note(&mut round, &format!("{skipped} deliveries were announced as skipped"));
        }
        if let Some(refusal) = load.first_refusal() {
            add_note(&mut round, &format!("the first refusal: {refusal}"));
        }
        Ok(round)
    }
}
