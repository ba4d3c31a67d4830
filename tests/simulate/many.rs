//! Many worlds on all cores, and what is done with those that fail: the shortest prefix and the
//! fewest faults that still fail, and the command that plays them again.

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use throng_broker::probe::{self, Bug, Mark};
use throng_harness::chaos::{Plan, Played};
use throng_harness::fault::{Fault, Faults};

use crate::options::{Options, replay};

/// How many seeds a planted bug may take to be seen.
const SEEDS_FOR_A_BUG: u64 = 5_000;

/// Failing seeds after which no more are played.
const FAILURES_MAX: usize = 5;

/// How a plan ended.
enum End {
    Good(Played),
    Failed(String),
}

/// Plays a plan and catches its failure.
fn play_one(plan: &Plan) -> End {
    match panic::catch_unwind(AssertUnwindSafe(|| plan.play())) {
        Ok(played) => End::Good(played),
        Err(reason) => {
            let text = reason.downcast_ref::<String>().cloned();
            let text =
                text.or_else(|| reason.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            End::Failed(text.unwrap_or_else(|| "it panicked".to_owned()))
        }
    }
}

/// What all threads together know.
#[derive(Default)]
struct Found {
    events: u64,
    deliveries: u64,
    faults: Faults,
    marks: BTreeSet<Mark>,
    failures: Vec<(Plan, String)>,
}

/// Plays seeds on all cores. Says whether all were good and nothing rare was left out.
pub(crate) fn play(options: &Options, first: u64, seeds: u64) -> bool {
    panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let next = AtomicU64::new(first);
    let found = Mutex::new(Found::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| play_some(options, &next, first + seeds, &found));
        }
    });
    let found = found.into_inner().expect("no thread fails while it holds this");
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds, {} events, {} deliveries in {seconds:.1} s ({:.0} events/s)",
        found.events,
        found.deliveries,
        found.events as f64 / seconds
    );
    for (plan, reason) in &found.failures {
        let plan = shrink(*plan);
        println!("FAILED seed {}: {reason}\n  {}", plan.seed, replay(&plan, options.bug));
    }
    found.failures.is_empty() && nothing_left_out(&found, seeds)
}

fn play_some(options: &Options, next: &AtomicU64, end: u64, found: &Mutex<Found>) {
    probe::plant(options.bug);
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let plan = options.plan(seed);
        let ended = play_one(&plan);
        let mut found = found.lock().expect("no thread fails while it holds this");
        found.marks.extend(probe::take_marks());
        match ended {
            End::Good(played) => {
                found.events += played.events;
                found.deliveries += played.deliveries;
                found.faults = found.faults.or(played.faults);
            }
            End::Failed(reason) => {
                println!("seed {seed} fails: {reason}");
                found.failures.push((plan, reason));
                if found.failures.len() >= FAILURES_MAX {
                    next.store(end, Ordering::Relaxed);
                }
            }
        }
        if seed % 1_000 == 999 {
            println!("... {} seeds", seed + 1);
        }
    }
}

/// Whether every fault and every rare branch was met; few seeds need not meet all.
fn nothing_left_out(found: &Found, seeds: u64) -> bool {
    let marks: Vec<_> = Mark::ALL.iter().filter(|mark| !found.marks.contains(mark)).collect();
    let faults: Vec<_> = Fault::ALL.iter().filter(|fault| !found.faults.has(**fault)).collect();
    if marks.is_empty() && faults.is_empty() {
        println!("every fault and every mark was met");
        return true;
    }
    println!("never met: {marks:?} {faults:?}");
    seeds < 150
}

/// The least that still fails: first the shortest run, then the fewest faults.
fn shrink(mut plan: Plan) -> Plan {
    let fails = |plan: &Plan| matches!(play_one(plan), End::Failed(_));
    let (mut good, mut bad) = (0, plan.actions);
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        if fails(&Plan { actions: middle, ..plan }) {
            bad = middle;
        } else {
            good = middle;
        }
    }
    plan.actions = bad;
    for fault in Fault::ALL {
        let fewer = Plan { faults: plan.faults.without(*fault), ..plan };
        if fails(&fewer) {
            plan = fewer;
        }
    }
    plan
}

/// Plants each bug and counts the seeds it takes until a checker sees it.
pub(crate) fn plant_all(options: &Options) -> bool {
    panic::set_hook(Box::new(|_| {}));
    let mut all = true;
    for bug in Bug::ALL {
        probe::plant(Some(*bug));
        let seen = (0..SEEDS_FOR_A_BUG).find_map(|seed| match play_one(&options.plan(seed)) {
            End::Good(_) => None,
            End::Failed(reason) => Some((seed, reason)),
        });
        let name = format!("{bug:?}");
        match seen {
            Some((seed, reason)) => {
                let reason = reason.lines().next().unwrap_or_default();
                println!("{name:20} seen after {:5} seeds: {reason:.110}", seed + 1);
            }
            None => {
                println!("{name:20} NOT SEEN in {SEEDS_FOR_A_BUG} seeds");
                all = false;
            }
        }
    }
    probe::plant(None);
    all
}
