//! Whether a report holds what was asked of it.
//!
//! An objective is on the first target of the run, which is the broker unless it was left out.
//! It is held only by figures that may be believed: where the load was the bottleneck there is
//! no verdict, and that is not held either.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::model::{Report, figures};
use super::number::{brief, told};
use super::summary::Spread;
use crate::args::output::objective::{Bound, Objective};

/// What became of an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was met.
    Held,
    /// It was not.
    Missed,
    /// The load was the bottleneck.
    NoVerdict,
    /// The run has no such figure.
    NotMeasured,
}

impl Standing {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Missed => "missed",
            Self::NoVerdict => "no verdict",
            Self::NotMeasured => "not measured",
        }
    }
}

/// An objective, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The objective, as it was typed.
    pub objective: String,
    /// What became of it.
    pub standing: Standing,
    /// The value that decided, in the unit of the figure.
    pub found: Option<f64>,
    /// What was found, in words.
    pub words: String,
}

/// What may decide an objective: a value at a point.
struct Candidate {
    point: Option<f64>,
    value: f64,
    count: usize,
    load_bound: usize,
}

/// Holds a report against its objectives.
pub fn check(report: &Report, objectives: &[Objective]) -> Vec<Outcome> {
    objectives.iter().map(|objective| outcome(report, objective)).collect()
}

fn outcome(report: &Report, objective: &Objective) -> Outcome {
    let Some(worst) = worst(report, objective) else {
        return Outcome {
            objective: objective.to_string(),
            standing: Standing::NotMeasured,
            found: None,
            words: missing(report, objective),
        };
    };
    let standing = if worst.load_bound > 0 {
        Standing::NoVerdict
    } else if objective.is_met_by(worst.value) {
        Standing::Held
    } else {
        Standing::Missed
    };
    Outcome {
        objective: objective.to_string(),
        standing,
        found: Some(worst.value),
        words: words(report, objective, &worst),
    }
}

/// The value that is worst for the objective. One without a verdict is worse than any: what was
/// not seen may not be said to hold.
fn worst(report: &Report, objective: &Objective) -> Option<Candidate> {
    let points = report.points().into_iter();
    let asked = points.filter(|point| objective.point.is_none() || *point == objective.point);
    let candidates = asked.filter_map(|point| candidate(report, objective, point));
    candidates.reduce(|one, other| {
        let is_worse = match (one.load_bound > 0, other.load_bound > 0) {
            (true, false) => false,
            (false, true) => true,
            _ => match objective.bound {
                Bound::AtMost => other.value > one.value,
                Bound::AtLeast => other.value < one.value,
            },
        };
        if is_worse { other } else { one }
    })
}

fn candidate(report: &Report, objective: &Objective, point: Option<f64>) -> Option<Candidate> {
    let first = &report.targets.first()?.name;
    let figure = objective.figure;
    if let Some(peer) = &objective.peer {
        let ratio = report.ratio((first, peer), point, figure)?;
        let Spread { median: value, count, .. } = ratio.spread;
        return Some(Candidate { point, value, count, load_bound: ratio.load_bound });
    }
    let summary = report.summary(first, point, figure)?;
    let Spread { median, high, count, .. } = summary.spread;
    // What went wrong in one round of five went wrong, whoever was slower.
    let (value, load_bound) =
        if figures::is_flaw(figure) { (high, 0) } else { (median, summary.load_bound) };
    Some(Candidate { point, value, count, load_bound })
}

fn words(report: &Report, objective: &Objective, worst: &Candidate) -> String {
    let figure = objective.figure;
    let first = report.targets.first().map_or("", |target| &target.name);
    let mut words = match &objective.peer {
        Some(peer) => format!("{first} / {peer}: {:.3}", worst.value),
        None => format!("{first}: {}", told(figure.unit, figure.decimals, worst.value)),
    };
    let what = if figures::is_flaw(figure) { "most of" } else { "median of" };
    let _ = write!(words, ", {what} {}", worst.count);
    if let Some(point) = worst.point {
        let _ = write!(words, ", at {}", brief(point));
    }
    if worst.load_bound > 0 {
        let _ = write!(words, "; the load was the bottleneck in {}", worst.load_bound);
    }
    words
}

fn missing(report: &Report, objective: &Objective) -> String {
    let has = |name: &str| report.targets.iter().any(|target| target.name == name);
    match (&objective.peer, objective.point) {
        (Some(peer), _) if !has(peer) => format!("{peer} is not in this run: give --peer {peer}"),
        (_, Some(point)) if !report.points().contains(&Some(point)) => {
            format!("there is no point {} in this run", brief(point))
        }
        _ => format!("{} does not measure {}", report.scenario, objective.figure.name),
    }
}

/// The outcomes as a table; nothing without objectives.
pub fn table(outcomes: &[Outcome]) -> String {
    let width = outcomes.iter().map(|outcome| outcome.objective.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Outcome { objective, standing, words, .. } in outcomes {
        let standing = standing.as_str();
        let _ = writeln!(text, "{objective:<width$}  {standing:<12}  {words}");
    }
    if text.is_empty() { text } else { "\nobjectives\n".to_owned() + &text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::order::Flaws;
    use crate::report::sample;

    fn judge(report: &Report, objective: &str) -> Standing {
        check(report, &[objective.parse().unwrap()])[0].standing
    }

    #[test]
    fn the_median_of_the_first_target_decides() {
        let report = sample::beside(&[(100.0, 50.0), (300.0, 100.0), (200.0, 100.0)]);
        assert_eq!(judge(&report, "server_ns_per_delivery<=200"), Standing::Held);
        assert_eq!(judge(&report, "server_ns_per_delivery<=199"), Standing::Missed);
        assert_eq!(judge(&report, "ratio:raw:server_ns_per_delivery<=2"), Standing::Held);
        assert_eq!(judge(&report, "ratio:raw:server_ns_per_delivery>=2.1"), Standing::Missed);
    }

    #[test]
    fn one_lost_message_in_one_round_is_lost() {
        let mut report = sample::beside(&[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]);
        assert_eq!(judge(&report, "lost<=0"), Standing::Held);
        report.rounds[0].load_bound = true;
        assert_eq!(judge(&report, "lost<=0"), Standing::Held, "whoever was slower");
        report.rounds[2].flaws = Some(Flaws { lost: 1, ..Flaws::default() });
        assert_eq!(judge(&report, "lost<=0"), Standing::Missed);
    }

    #[test]
    fn every_point_of_a_sweep_has_to_hold_unless_one_is_named() {
        let report = sample::sweep(&[(1.0, 0.99), (2.0, 0.95), (10.0, 0.7)]);
        assert_eq!(judge(&report, "goodput_share>=0.9"), Standing::Missed);
        assert_eq!(judge(&report, "goodput_share@2>=90%"), Standing::Held);
        assert_eq!(judge(&report, "goodput_share@3>=90%"), Standing::NotMeasured);
    }

    #[test]
    fn where_the_load_was_the_bottleneck_there_is_no_verdict() {
        let mut report = sample::sweep(&[(1.0, 0.99), (2.0, 0.95)]);
        report.rounds[1].load_bound = true;
        assert_eq!(judge(&report, "goodput_share@1>=0.9"), Standing::Held);
        assert_eq!(judge(&report, "goodput_share>=0.9"), Standing::NoVerdict);
        let mut report = sample::beside(&[(1.0, 1.0)]);
        report.rounds[1].load_bound = true;
        assert_eq!(judge(&report, "server_ns_per_delivery<=9"), Standing::Held);
        assert_eq!(judge(&report, "ratio:raw:server_ns_per_delivery<=9"), Standing::NoVerdict);
    }

    #[test]
    fn the_table_tells_what_decided_and_why_something_was_not_measured() {
        let mut report = sample::beside(&[(1.0, 2.0)]);
        report.rounds[0].load_bound = true;
        let objectives = ["server_ns_per_delivery<=9", "ratio:redis:p99_us<=1", "rss_bytes<=5e6"]
            .map(|objective| objective.parse().unwrap());
        let text = table(&check(&report, &objectives));
        let expected = "
objectives
server_ns_per_delivery<=9  no verdict    broker: 1.0 ns/delivery, median of 1; the load was the bottleneck in 1
ratio:redis:p99_us<=1      not measured  redis is not in this run: give --peer redis
rss_bytes<=5e6             not measured  fanout does not measure rss_bytes
";
        assert_eq!(text, expected, "{text}");
        assert_eq!(table(&[]), "");
    }
}
