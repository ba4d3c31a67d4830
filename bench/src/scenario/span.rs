//! One span of time under load: what the server, the load and the cores did meanwhile, and the
//! figures that come of it.
//!
//! It also judges who was the bottleneck. The load polls, so its core is always busy; what
//! counts is the share of its turns that found something to do, and in an open loop whether it
//! was late. Where the load may have held the server up there is no verdict, only figures.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::load::Load;
use crate::load::tally::{Counts, Latencies};
use crate::load::turns::Watch;
use crate::report::model::{Figure, figures};
use crate::scenario::stage::Stage;
use crate::stats::share;
use crate::targets::Target;
use crate::usage::system_calls::SystemCalls;
use crate::usage::{CoreShares, CoreTicks, Spent, Usage};

/// From this share of useful work on, a core counts as full.
pub const FULL: f64 = 0.95;

/// Above this share of the server's cores, the work of others is worth a note.
const DISTURBED: f64 = 0.05;

/// The share of a latency that the load may be late by.
const LATE_SHARE_MAX: f64 = 0.25;

/// What it may be late by at any rate.
const LATE_NS_MAX: u64 = 100_000;

/// Figures by name.
pub type Figures = Vec<(&'static str, f64)>;

/// What one span brought, as it was counted.
#[derive(Debug)]
pub struct Span {
    /// Its length.
    pub wall_ns: u64,
    /// What the load counted.
    pub counts: Counts,
    /// What the server used.
    pub spent: Spent,
    /// Its resident memory at the end.
    pub rss_bytes: u64,
    load_spent: Spent,
    cores: CoreShares,
    cores_count: usize,
    system_calls: Option<u64>,
}

/// Runs the load for that long and looks at everything before and after.
///
/// # Errors
/// When the run fails.
pub fn measure(
    stage: &Stage<'_>,
    target: &mut Target,
    load: &mut Load,
    duration: Duration,
) -> anyhow::Result<Span> {
    measure_while(stage, target, load, |load, watch| load.run_for(duration, watch))
}

/// Has the load run in whatever way and looks at everything before and after.
///
/// # Errors
/// When the run fails.
pub fn measure_while(
    stage: &Stage<'_>,
    target: &mut Target,
    load: &mut Load,
    run: impl FnOnce(&mut Load, Watch<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Span> {
    let (pid, own) = (target.pid, std::process::id());
    let cores = stage.server_cores();
    let counter = stage.args.count_system_calls.then(|| SystemCalls::start(pid)).transpose()?;
    let (before, own_before) = (Usage::of(pid)?, Usage::of(own)?);
    let ticks = CoreTicks::of(cores);
    let (counts, began_at) = (load.tally.counts, load.tally.clock.now_ns());
    load.tally.open_span();
    run(load, &mut stage.watch(target))?;
    load.tally.close_span();
    let after = Usage::of(pid)?;
    let wall_ns = load.tally.clock.now_ns() - began_at;
    Ok(Span {
        wall_ns,
        counts: load.tally.counts.since(&counts),
        spent: after.since(&before),
        rss_bytes: after.rss_bytes,
        load_spent: Usage::of(own)?.since(&own_before),
        cores: CoreTicks::of(cores).since(&ticks),
        cores_count: cores.len(),
        system_calls: counter.map(SystemCalls::finish).transpose()?,
    })
}

impl Span {
    /// What the span came to, but for latencies.
    pub fn figures(&self) -> Figures {
        let counts = &self.counts;
        let deliveries = counts.deliveries();
        let mut figures = vec![
            (figures::DELIVERIES.name, self.per_second(deliveries)),
            (figures::PUBLISHES.name, self.per_second(counts.publishes())),
            (figures::CPU_NS.name, share(self.spent.run_ns, deliveries)),
            (figures::SERVER_CORES.name, self.server_cores_busy()),
            (figures::STOLEN.name, self.cores.stolen),
            (figures::RSS.name, self.rss_bytes as f64),
            (figures::PER_READ.name, share(deliveries, counts.reads)),
            (figures::LOAD_BUSY.name, self.load_busy()),
        ];
        if counts.accepted > 0 {
            figures.push((figures::ACCEPTED.name, self.per_second(counts.accepted)));
        }
        if let Some(calls) = self.system_calls {
            figures.push((figures::SYSTEM_CALLS.name, share(calls, deliveries)));
        }
        figures
    }

    /// So many in the span, by the second.
    pub fn per_second(&self, count: u64) -> f64 {
        count as f64 * 1e9 / self.wall_ns as f64
    }

    /// Cores' worth of time the server used.
    pub fn server_cores_busy(&self) -> f64 {
        share(self.spent.run_ns, self.wall_ns)
    }

    /// The share of the load's turns that found something to do.
    pub fn load_busy(&self) -> f64 {
        share(self.counts.busy_ns, self.counts.busy_ns + self.counts.idle_ns)
    }

    fn server_is_full(&self) -> bool {
        self.server_cores_busy() >= FULL * self.cores_count as f64
    }

    /// Whether the load was the slower one of the two. `latencies` are those of an open loop.
    pub fn is_load_bound(&self, latencies: Option<&Latencies>) -> bool {
        latencies.is_some_and(was_late) || (self.load_busy() >= FULL && !self.server_is_full())
    }

    /// What speaks against the figures.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.load_busy() >= FULL && self.server_is_full() {
            notes.push("load and server were both full: compare the CPU, not the rate".to_owned());
        }
        let others = self.cores.busy * self.cores_count as f64 - self.server_cores_busy();
        if others > DISTURBED {
            let percent = others * 100.0;
            notes.push(format!(
                "others (programs, soft interrupts) took {percent:.0}% of the server's cores"
            ));
        }
        let load_share = share(self.load_spent.run_ns, self.wall_ns);
        if load_share < FULL {
            let percent = load_share * 100.0;
            notes.push(format!("the load had only {percent:.0}% of its core to itself"));
        }
        if !self.spent.exact {
            notes.push("the kernel does not count run time: CPU in steps of a tick".to_owned());
        }
        notes
    }
}

/// Whether the load published so late that the latencies are its own.
pub fn was_late(latencies: &Latencies) -> bool {
    let late = latencies.late.value_at_quantile(0.99);
    let whole = latencies.each.value_at_quantile(0.99) as f64;
    late > LATE_NS_MAX && late as f64 > whole * LATE_SHARE_MAX
}

/// Latencies from the time a message was due, or was published in a closed loop.
pub fn latency_figures(latencies: &Latencies) -> Figures {
    let mut found = quantiles(
        &latencies.each,
        &[
            (&figures::P50, 0.5),
            (&figures::P90, 0.9),
            (&figures::P99, 0.99),
            (&figures::P999, 0.999),
            (&figures::MAX, 1.0),
        ],
    );
    let last = [(&figures::LAST_P50, 0.5), (&figures::LAST_P99, 0.99)];
    found.extend(quantiles(&latencies.last, &last));
    found
}

/// Latencies from the time a message was given to the socket, and how late that was by the
/// load's own fault.
pub fn service_figures(latencies: &Latencies) -> Figures {
    let mut found = quantiles(
        &latencies.service,
        &[
            (&figures::SERVICE_P50, 0.5),
            (&figures::SERVICE_P90, 0.9),
            (&figures::SERVICE_P99, 0.99),
            (&figures::SERVICE_P999, 0.999),
            (&figures::SERVICE_MAX, 1.0),
        ],
    );
    found.extend(quantiles(&latencies.late, &[(&figures::LATE_P99, 0.99)]));
    found
}

/// Figures in microseconds. What never came has no latency: no figure is better than 0.
pub fn quantiles(histogram: &Histogram<u64>, wanted: &[(&Figure, f64)]) -> Figures {
    if histogram.is_empty() {
        return Figures::new();
    }
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
    wanted.iter().map(|(figure, quantile)| (figure.name, at(*quantile))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::tally::Tally;

    fn span() -> Span {
        let spent = |run_ns| Spent { run_ns, user_ns: 0, system_ns: 0, exact: true };
        Span {
            wall_ns: 2_000_000_000,
            counts: Counts {
                delivered: [0, 1_000_000, 0],
                published: [0, 1_000, 0],
                accepted: 1_000,
                reads: 50_000,
                busy_ns: 500_000_000,
                idle_ns: 1_500_000_000,
                ..Counts::default()
            },
            spent: spent(1_000_000_000),
            rss_bytes: 1 << 20,
            load_spent: spent(2_000_000_000),
            cores: CoreShares { busy: 0.5, soft_interrupts: 0.0, stolen: 0.0 },
            cores_count: 1,
            system_calls: Some(2_000_000),
        }
    }

    fn figure(span: &Span, name: &str) -> f64 {
        let figures = span.figures();
        figures.iter().find(|(found, _)| *found == name).unwrap().1
    }

    #[test]
    fn figures_are_the_counts_of_the_span_over_its_length() {
        let span = span();
        assert_eq!(figure(&span, figures::DELIVERIES.name), 500_000.0);
        assert_eq!(figure(&span, figures::ACCEPTED.name), 500.0);
        assert_eq!(figure(&span, figures::CPU_NS.name), 1_000.0);
        assert_eq!(figure(&span, figures::SERVER_CORES.name), 0.5);
        assert_eq!(figure(&span, figures::PER_READ.name), 20.0);
        assert_eq!(figure(&span, figures::LOAD_BUSY.name), 0.25);
        assert_eq!(figure(&span, figures::SYSTEM_CALLS.name), 2.0);
        assert!(span.notes().is_empty(), "{:?}", span.notes());
        assert!(!span.is_load_bound(None));
    }

    #[test]
    fn a_load_that_is_the_bottleneck_gives_no_verdict() {
        let mut span = span();
        span.counts.idle_ns = 0;
        assert!(span.is_load_bound(None));
        span.spent.run_ns = span.wall_ns;
        assert!(!span.is_load_bound(None));
        assert!(span.notes()[0].contains("both full"));
    }

    #[test]
    fn a_load_that_is_late_gives_no_verdict_on_latency() {
        let mut tally = Tally::new();
        tally.open_span();
        let due_at = tally.clock.now_ns();
        tally.record_publish(due_at, due_at + 5_000_000);
        assert!(span().is_load_bound(Some(tally.latencies())));
        assert!(!span().is_load_bound(Some(Tally::new().latencies())));
    }

    #[test]
    fn what_others_do_on_the_cores_is_told() {
        let mut span = span();
        span.cores.busy = 0.9;
        span.load_spent.run_ns = span.wall_ns / 2;
        let notes = span.notes();
        assert_eq!(notes[0], "others (programs, soft interrupts) took 40% of the server's cores");
        assert_eq!(notes[1], "the load had only 50% of its core to itself");
    }
}
