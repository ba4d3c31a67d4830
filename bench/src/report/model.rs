//! What a report is made of: figures by name, rounds of targets, and what belongs to a run.
//!
//! A scenario fills a [`Report`] and knows nothing of how it is shown. Text, JSON, percentile
//! files, the page, objectives and comparisons all read it, and none of them knows a scenario.
//! Nothing here measures, prints or writes.

pub mod figures;

use hdrhistogram::Histogram;

use crate::load::order::Flaws;
use crate::machine::Machine;

/// In which direction a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The less, the better.
    Lower,
    /// The more, the better.
    Higher,
    /// It says how the run went, and is neither good nor bad.
    Neither,
}

/// Something that is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in files and objectives; the unit is its last part.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: &'static str,
    /// In which direction it is good.
    pub better: Better,
    /// Digits behind the point, as it is shown.
    pub decimals: u8,
    /// What stands above its column.
    pub title: &'static str,
}

/// One target at one time.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its number, from 1. Rounds of the same number were neighbours.
    pub number: u32,
    /// The name of its target.
    pub target: String,
    /// Where it stands in a sweep.
    pub point: Option<f64>,
    /// What was measured, by the names of [`figures`].
    pub figures: Vec<(&'static str, f64)>,
    /// Latencies in nanoseconds.
    pub histograms: Vec<(&'static str, Histogram<u64>)>,
    /// What went wrong, where it was looked for.
    pub flaws: Option<Flaws>,
    /// The load was the bottleneck: there are figures, and no verdict.
    pub load_bound: bool,
    /// What speaks against the figures.
    pub note: Option<String>,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What it is, and how it was set up.
    pub words: String,
    /// What it logged that matters here.
    pub log_lines: Vec<String>,
}

/// What changes from point to point.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// What it is.
    pub title: &'static str,
    /// Its unit.
    pub unit: &'static str,
}

/// A run: what was asked for, of whom, where, and what was found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The scenario.
    pub scenario: &'static str,
    /// Where it ran.
    pub machine: Machine,
    /// What was asked for.
    pub parameters: Vec<(String, String)>,
    /// What was measured; the first is what the others are held against.
    pub targets: Vec<Subject>,
    /// The figures the table shows, in order.
    pub columns: Vec<&'static Figure>,
    /// The figure that targets and runs are compared by first.
    pub primary: &'static Figure,
    /// What changes from point to point, if anything.
    pub sweep: Option<Sweep>,
    /// What was found.
    pub rounds: Vec<Round>,
    /// What speaks against all of it.
    pub warnings: Vec<String>,
}

impl Round {
    /// The value of a figure, if it was measured. The counts of what went wrong are figures too.
    pub fn value(&self, name: &str) -> Option<f64> {
        let found = self.figures.iter().find(|(found, _)| *found == name);
        let value = found.map(|(_, value)| *value).or_else(|| {
            let flaws = self.flaws.as_ref()?;
            let count = if name == figures::LOST.name {
                flaws.lost
            } else if name == figures::DUPLICATED.name {
                flaws.duplicated
            } else if name == figures::REORDERED.name {
                flaws.disordered
            } else {
                return None;
            };
            Some(count as f64)
        });
        value.filter(|value| value.is_finite())
    }

    /// Whether something went wrong.
    pub fn is_flawed(&self) -> bool {
        self.flaws.is_some_and(|flaws| !flaws.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_a_figure_too_and_what_is_no_number_is_none() {
        let round = Round {
            number: 1,
            target: "broker".to_owned(),
            point: None,
            figures: vec![(figures::P50.name, 5.0), (figures::P99.name, f64::NAN)],
            histograms: Vec::new(),
            flaws: Some(Flaws { lost: 3, ..Flaws::default() }),
            load_bound: false,
            note: None,
        };
        assert_eq!(round.value(figures::P50.name), Some(5.0));
        assert_eq!(round.value(figures::P99.name), None);
        assert_eq!(round.value(figures::LOST.name), Some(3.0));
        assert_eq!(round.value(figures::DUPLICATED.name), Some(0.0));
        assert_eq!(round.value(figures::MAX.name), None);
        assert!(round.is_flawed());
        assert!(!Round { flaws: None, ..round }.is_flawed());
    }
}
