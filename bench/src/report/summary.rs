//! What the rounds come to: medians with their spread, and ratios pair by pair.
//!
//! Text, files, the page, objectives and comparisons take their figures from here, so that all
//! of them tell the same. No round is left out.

use serde::{Deserialize, Serialize};

use super::model::{Better, Figure, Report, Round, figures};
use crate::stats::{largest, median, pair_ratios, smallest};

/// A median with the least and the most it is the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The middle.
    pub median: f64,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// How many there are.
    pub count: usize,
}

/// What the rounds of one target at one point come to in one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The target.
    pub target: String,
    /// The point of the sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<f64>,
    /// The figure.
    pub figure: String,
    /// Its values.
    #[serde(flatten)]
    pub spread: Spread,
    /// Rounds in which the load was the bottleneck.
    pub load_bound: usize,
}

/// How many times the value of one target is that of another, pair by pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The one.
    pub above: String,
    /// The other.
    pub below: String,
    /// The point of the sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<f64>,
    /// The figure.
    pub figure: String,
    /// The ratios of the pairs.
    #[serde(flatten)]
    pub spread: Spread,
    /// The best of the one over the best of the other, where one end of the figure is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<f64>,
    /// Pairs in which the load was the bottleneck for at least one.
    pub load_bound: usize,
}

impl Spread {
    /// Of these values; `None` of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            median: median(values)?,
            low: smallest(values)?,
            high: largest(values)?,
            count: values.len(),
        })
    }

    /// The end that is good, if one is.
    pub const fn best(&self, better: Better) -> Option<f64> {
        match better {
            Better::Lower => Some(self.low),
            Better::Higher => Some(self.high),
            Better::Neither => None,
        }
    }

    /// Whether every value is this one.
    pub fn is_always(&self, value: f64) -> bool {
        self.low == value && self.high == value
    }

    /// Whether every value of the one lies on the same side of every value of the other.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        self.high < other.low || other.high < self.low
    }
}

impl Report {
    /// Every figure that was measured: those of the table first, then the rest.
    pub fn figures(&self) -> Vec<&'static Figure> {
        let mut found = self.columns.clone();
        if !found.contains(&self.primary) {
            found.push(self.primary);
        }
        for figure in figures::ALL {
            if !found.contains(figure) {
                found.push(figure);
            }
        }
        found.retain(|figure| self.rounds.iter().any(|round| round.value(figure.name).is_some()));
        found
    }

    /// Every point there is a round of, rising; `None` is first.
    pub fn points(&self) -> Vec<Option<f64>> {
        let mut points: Vec<_> = self.rounds.iter().map(|round| round.point).collect();
        points.sort_by(|one, other| match (one, other) {
            (Some(one), Some(other)) => one.total_cmp(other),
            _ => one.is_some().cmp(&other.is_some()),
        });
        points.dedup();
        points
    }

    /// The rounds of a target at a point.
    pub fn rounds_of<'r>(
        &'r self,
        target: &'r str,
        point: Option<f64>,
    ) -> impl Iterator<Item = &'r Round> {
        self.rounds.iter().filter(move |round| round.target == target && round.point == point)
    }

    /// What each target comes to, at each point, in each figure.
    pub fn summaries(&self) -> Vec<Summary> {
        let mut summaries = Vec::new();
        for point in self.points() {
            for target in &self.targets {
                for figure in self.figures() {
                    summaries.extend(self.summary(&target.name, point, figure));
                }
            }
        }
        summaries
    }

    /// What a target comes to at a point in a figure, if it was measured.
    pub fn summary(&self, target: &str, point: Option<f64>, figure: &Figure) -> Option<Summary> {
        let measured = self.rounds_of(target, point).filter_map(|round| {
            round.value(figure.name).map(|value| (value, usize::from(round.load_bound)))
        });
        let (values, bound): (Vec<_>, Vec<_>) = measured.unzip();
        Some(Summary {
            target: target.to_owned(),
            point,
            figure: figure.name.to_owned(),
            spread: Spread::of(&values)?,
            load_bound: bound.iter().sum(),
        })
    }

    /// What the first target is, as a multiple of each other one.
    pub fn ratios(&self) -> Vec<Ratio> {
        let Some((above, others)) = self.targets.split_first() else {
            return Vec::new();
        };
        let mut ratios = Vec::new();
        for point in self.points() {
            for below in others {
                for figure in self.figures() {
                    ratios.extend(self.ratio((&above.name, &below.name), point, figure));
                }
            }
        }
        ratios
    }

    /// What the one is as a multiple of the other, at a point in a figure. A pair are the two
    /// rounds of the same number: they were neighbours.
    pub fn ratio(
        &self,
        (above, below): (&str, &str),
        point: Option<f64>,
        figure: &Figure,
    ) -> Option<Ratio> {
        let (mut ours, mut theirs, mut load_bound) = (Vec::new(), Vec::new(), 0);
        for one in self.rounds_of(above, point) {
            let other = self.rounds_of(below, point).find(|other| other.number == one.number);
            let value = |round: &Round| round.value(figure.name);
            if let Some((one_value, other, other_value)) =
                value(one).zip(other).and_then(|(mine, other)| Some((mine, other, value(other)?)))
            {
                ours.push(one_value);
                theirs.push(other_value);
                load_bound += usize::from(one.load_bound || other.load_bound);
            }
        }
        let best = |values: &[f64]| Spread::of(values)?.best(figure.better);
        let bests = best(&ours).zip(best(&theirs));
        Some(Ratio {
            above: above.to_owned(),
            below: below.to_owned(),
            point,
            figure: figure.name.to_owned(),
            spread: Spread::of(&pair_ratios(&ours, &theirs))?,
            best: bests.and_then(|(ours, theirs)| (theirs > 0.0).then(|| ours / theirs)),
            load_bound,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_the_medians() {
        let report = sample::beside(&[(60.0, 40.0), (120.0, 80.0), (60.0, 30.0)]);
        let ratio = report.ratio(("broker", "raw"), None, &figures::CPU_NS).unwrap();
        assert_eq!((ratio.spread.median, ratio.spread.low, ratio.spread.high), (1.5, 1.5, 2.0));
        assert_eq!((ratio.spread.count, ratio.best), (3, Some(2.0)));
    }

    #[test]
    fn only_rounds_of_the_same_number_are_a_pair() {
        let mut report = sample::beside(&[(60.0, 40.0), (90.0, 30.0)]);
        report.rounds.retain(|round| !(round.number == 1 && round.target == "raw"));
        let ratio = report.ratio(("broker", "raw"), None, &figures::CPU_NS).unwrap();
        assert_eq!((ratio.spread.median, ratio.spread.count), (3.0, 1));
        assert!(report.ratio(("broker", "nats"), None, &figures::CPU_NS).is_none());
    }

    #[test]
    fn each_point_of_a_sweep_has_a_summary_of_its_own() {
        let report = sample::sweep(&[(2.0, 0.5), (1.0, 0.9), (1.0, 0.7)]);
        assert_eq!(report.points(), [Some(1.0), Some(2.0)]);
        let at = |point| report.summary("broker", Some(point), &figures::GOODPUT).unwrap();
        assert_eq!((at(1.0).spread.median, at(2.0).spread.median), (0.8, 0.5));
    }

    #[test]
    fn rounds_in_which_the_load_was_the_bottleneck_are_counted() {
        let mut report = sample::beside(&[(60.0, 40.0), (90.0, 30.0)]);
        report.rounds[1].load_bound = true;
        let of = |target| report.summary(target, None, &figures::CPU_NS).unwrap().load_bound;
        assert_eq!((of("broker"), of("raw")), (0, 1));
        let ratio = report.ratio(("broker", "raw"), None, &figures::CPU_NS).unwrap();
        assert_eq!(ratio.load_bound, 1);
    }

    #[test]
    fn ranges_that_touch_are_not_apart() {
        let spread = |low, high| Spread { median: low, low, high, count: 2 };
        assert!(spread(1.0, 2.0).is_apart_from(&spread(2.1, 3.0)));
        assert!(spread(2.1, 3.0).is_apart_from(&spread(1.0, 2.0)));
        assert!(!spread(1.0, 2.0).is_apart_from(&spread(2.0, 3.0)));
    }
}
