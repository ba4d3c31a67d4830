//! Rising rates: what is the highest that meets a latency?
//!
//! The rate is doubled until the objective is missed, and then the gap between what was met and
//! what was missed is halved until it is small enough. A rate is missed when it was missed twice,
//! because a machine that others use too has bad moments. Each attempt has a target of its own,
//! so that what one left behind does not decide the next.

use crate::args::scenarios::Ramp;
use crate::load::order::Flaws;
use crate::load::plan::Plan;
use crate::report::model::{Figure, Round, Sweep, figures};
use crate::scenario::latency;
use crate::scenario::stage::{Sheet, Stage, Turn, add_note, parameter};
use crate::scenario::steady::{Rhythm, Steady};
use crate::targets::Rules;
use crate::{Stop, Verdict};

/// Attempts for one target; more would only measure the machine's moods.
const ATTEMPTS_MAX: usize = 18;

/// Messages that an attempt must have to say anything about 99 of 100.
const MESSAGES_MIN: f64 = 20.0;

/// Of what is offered, this share must be delivered.
const DELIVERED_SHARE_MIN: f64 = 0.98;

const COLUMNS: &[&Figure] = &[
    &figures::RATE,
    &figures::OFFERED,
    &figures::DELIVERIES,
    &figures::P50,
    &figures::P99,
    &figures::MAX,
    &figures::SERVICE_P99,
    &figures::LATE_P99,
    &figures::CPU_NS,
    &figures::SERVER_CORES,
    &figures::LOAD_BUSY,
];

/// Runs the attempts and writes the report.
///
/// # Errors
/// When a target cannot be started or dies, or a session ends.
pub fn run(args: &Ramp, stop: &Stop) -> anyhow::Result<Verdict> {
    let plan = latency::plan(&args.shape);
    let stage = Stage::set(&args.target, Rules::Lifted, plan.members() + plan.publishers(), stop)?;
    let mut parameters = latency::parameters(&args.shape);
    let objective_ms = args.p99_ms.as_secs_f64() * 1e3;
    parameters.push(parameter("objective", format!("p99 within {objective_ms} ms")));
    parameters.push(parameter("seconds per rate", args.seconds.as_secs_f64()));
    let sheet = Sheet {
        scenario: "ramp",
        parameters,
        columns: COLUMNS,
        primary: &figures::RATE,
        sweep: Some(Sweep { title: "offered", unit: "messages/s" }),
    };
    let turns = stage.turns(Some(1));
    stage.play(sheet, &args.output, &turns, |turn| climb(args, &plan, &stage, turn))
}

/// All attempts on one target, and one round more that says what they came to.
fn climb(args: &Ramp, plan: &Plan, stage: &Stage<'_>, turn: &Turn) -> anyhow::Result<Vec<Round>> {
    let least = MESSAGES_MIN / args.seconds.as_secs_f64().max(f64::MIN_POSITIVE);
    let mut search = Search::new(args.rate, args.within, least);
    let mut rounds = Vec::new();
    let mut load_bound = false;
    while let Some(rate) = search.next()
        && rounds.len() < ATTEMPTS_MAX
    {
        let steady = Steady {
            plan: plan.clone(),
            rhythm: Rhythm::Even { rate },
            warm_up: args.warm_up,
            seconds: args.seconds,
        };
        let mut round = steady.run(stage, turn)?;
        round.point = Some(rate);
        let held = holds(&round, args, f64::from(args.shape.members));
        if !held {
            forgive(&mut round);
        }
        // What the load could not do says nothing of the server.
        load_bound |= round.load_bound && !held;
        search.note(rate, held);
        rounds.push(round);
    }
    rounds.push(Round {
        number: turn.number,
        target: turn.kind.as_str().to_owned(),
        point: None,
        figures: vec![(figures::RATE.name, search.held.unwrap_or(0.0))],
        histograms: Vec::new(),
        flaws: None,
        load_bound,
        note: load_bound.then(|| "the load itself missed the objective first".to_owned()),
    });
    Ok(rounds)
}

/// Takes what was refused or never came off the flaws of a round that was too much for the
/// target. What came twice or out of order is wrong at any rate.
fn forgive(round: &mut Round) {
    let Some(flaws) = &mut round.flaws else {
        return;
    };
    let Flaws { lost, refused, .. } = *flaws;
    (flaws.lost, flaws.refused) = (0, 0);
    if lost + refused > 0 {
        add_note(round, &format!("too much: {lost} deliveries never came, {refused} refused"));
    }
}

/// Whether a round meets the objective.
fn holds(round: &Round, args: &Ramp, members: f64) -> bool {
    let figure = |figure: &Figure| round.value(figure.name).unwrap_or(0.0);
    let expected = figure(&figures::OFFERED) * members;
    let p99_us = round.value(figures::P99.name);
    let in_time = p99_us.is_some_and(|p99_us| p99_us <= args.p99_ms.as_secs_f64() * 1e6);
    !round.is_flawed() && in_time && figure(&figures::DELIVERIES) >= expected * DELIVERED_SHARE_MIN
}

/// The search for the highest rate.
#[derive(Debug)]
struct Search {
    first: f64,
    within: f64,
    /// The lowest rate that is worth an attempt.
    least: f64,
    /// A rate that missed the objective once.
    doubtful: Option<f64>,
    /// The highest rate that met the objective.
    held: Option<f64>,
    /// The lowest rate that missed it.
    missed: Option<f64>,
}

impl Search {
    const fn new(first: f64, within: f64, least: f64) -> Self {
        Self { first, within, least, doubtful: None, held: None, missed: None }
    }

    /// The rate to try next; `None` when the answer is near enough.
    fn next(&self) -> Option<f64> {
        if self.doubtful.is_some() {
            return self.doubtful;
        }
        match (self.held, self.missed) {
            (None, None) => Some(self.first),
            (Some(held), None) => Some(held * 2.0),
            (None, Some(missed)) => Some(missed / 2.0).filter(|rate| *rate >= self.least),
            (Some(held), Some(missed)) => {
                ((missed - held) / held > self.within).then(|| f64::midpoint(held, missed))
            }
        }
    }

    const fn note(&mut self, rate: f64, held: bool) {
        let again = self.doubtful.take().is_some();
        if held {
            self.held = Some(rate);
        } else if again {
            self.missed = Some(rate);
        } else {
            self.doubtful = Some(rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the truth is this, from this first rate.
    fn search(truth: f64, first: f64) -> (f64, usize) {
        let mut search = Search::new(first, 0.1, 20.0);
        let mut attempts = 0;
        while let Some(rate) = search.next()
            && attempts < ATTEMPTS_MAX
        {
            search.note(rate, rate <= truth);
            attempts += 1;
        }
        (search.held.unwrap_or(0.0), attempts)
    }

    #[test]
    fn the_highest_rate_is_found_from_below_and_from_above() {
        for first in [200.0, 250.0, 5_000.0] {
            let (found, attempts) = search(3_000.0, first);
            assert!((2_700.0..=3_000.0).contains(&found), "{found} from {first}");
            assert!(attempts < ATTEMPTS_MAX, "{attempts}");
        }
    }

    #[test]
    fn one_bad_moment_does_not_decide() {
        let mut search = Search::new(100.0, 0.1, 20.0);
        search.note(100.0, false);
        assert_eq!(search.next(), Some(100.0));
        search.note(100.0, true);
        assert_eq!((search.next(), search.missed), (Some(200.0), None));
        search.note(200.0, false);
        search.note(200.0, false);
        assert_eq!((search.next(), search.missed), (Some(150.0), Some(200.0)));
    }

    #[test]
    fn where_no_rate_meets_it_the_search_ends_too() {
        assert_eq!(search(0.0, 250.0), (0.0, 8));
    }
}
