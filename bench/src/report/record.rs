//! A report as it is kept: the JSON that `--json` writes and `compare` reads, and of which the
//! page is drawn.
//!
//! It holds names instead of the constants of this program, so that a file of an earlier version
//! can be read as long as [`SCHEMA`] is the same. Fields may be added to a schema, and none
//! changes its meaning.

mod make;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::check::Outcome;
use super::summary::{Ratio, Summary};

/// The version of the format.
pub const SCHEMA: u32 = 1;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// That program.
    pub tool: String,
    /// When it was written, in UTC.
    pub written_at: String,
    /// The scenario.
    pub scenario: String,
    /// Where it ran.
    pub machine: Place,
    /// What was asked for.
    pub parameters: Vec<Parameter>,
    /// What was measured; the first is what the others are held against.
    pub targets: Vec<TargetRecord>,
    /// The figures that occur: those of the table first.
    pub figures: Vec<FigureRecord>,
    /// The names of the figures the table shows.
    pub columns: Vec<String>,
    /// The name of the figure that runs are compared by first.
    pub primary: String,
    /// What changes from point to point, if anything.
    pub sweep: Option<SweepRecord>,
    /// What was found.
    pub rounds: Vec<RoundRecord>,
    /// What the rounds come to.
    pub summaries: Vec<Summary>,
    /// What the first target is as a multiple of the others.
    pub ratios: Vec<Ratio>,
    /// The latencies of all rounds of a target and point together.
    pub distributions: Vec<Distribution>,
    /// What became of the objectives.
    pub objectives: Vec<Outcome>,
    /// What speaks against all of it.
    pub warnings: Vec<String>,
}

/// Where a report was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Cores that are online.
    pub cores: usize,
    /// What the cores are.
    pub model: String,
    /// The kernel's release.
    pub kernel: String,
    /// How the kernel paces TCP.
    pub congestion_control: String,
    /// What the cheapest system call cost.
    pub system_call_ns: f64,
    /// The commit of the tree, if it is known.
    pub commit: Option<String>,
}

/// One thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// What it is.
    pub name: String,
    /// What was asked.
    pub value: String,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// Its name.
    pub name: String,
    /// What it is, and how it was set up.
    pub words: String,
    /// What it logged that matters.
    pub log_lines: Vec<String>,
}

/// A figure that occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// Its name.
    pub name: String,
    /// What stands above its column.
    pub title: String,
    /// The unit of its values.
    pub unit: String,
    /// `lower`, `higher` or `neither`.
    pub better: BetterRecord,
    /// Digits behind the point, as it is shown.
    pub decimals: u8,
}

/// In which direction a figure is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BetterRecord {
    /// The less, the better.
    Lower,
    /// The more, the better.
    Higher,
    /// It is neither good nor bad.
    Neither,
}

/// What changes from point to point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// What it is.
    pub title: String,
    /// Its unit.
    pub unit: String,
}

/// One target at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundRecord {
    /// Its number, from 1.
    pub number: u32,
    /// The name of its target.
    pub target: String,
    /// Where it stands in a sweep.
    pub point: Option<f64>,
    /// Values by the names of figures.
    pub figures: BTreeMap<String, f64>,
    /// Latencies.
    pub histograms: BTreeMap<String, Quantiles>,
    /// What went wrong, where it was looked for.
    pub flaws: Option<FlawsRecord>,
    /// The load was the bottleneck.
    pub load_bound: bool,
    /// What speaks against the figures.
    pub note: Option<String>,
}

/// What went wrong, in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlawsRecord {
    /// Never delivered.
    pub lost: u64,
    /// Delivered twice.
    pub duplicated: u64,
    /// Delivered after a later one.
    pub disordered: u64,
    /// Refused or never answered.
    pub refused: u64,
}

/// The latencies of all rounds of a target and point together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The target.
    pub target: String,
    /// The point of the sweep.
    pub point: Option<f64>,
    /// Which latency.
    pub name: String,
    /// The latencies.
    #[serde(flatten)]
    pub quantiles: Quantiles,
}

/// A histogram, at the percentiles that matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many latencies there are.
    pub count: u64,
    /// The mean.
    pub mean_ns: u64,
    /// The least.
    pub min_ns: u64,
    /// The most.
    pub max_ns: u64,
    /// Percentiles and their latencies in nanoseconds.
    pub percentiles: Vec<(f64, u64)>,
}

impl Record {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is none of this format.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| format!("{name} is no report this version can read"))
    }

    /// Reads the format. The version is looked at first, so that a newer file says so.
    fn parse(text: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let Version { schema } = serde_json::from_str(text)?;
        ensure!(schema == SCHEMA, "its schema is {schema}, and this version reads {SCHEMA}");
        Ok(serde_json::from_str(text)?)
    }

    /// The format.
    ///
    /// # Errors
    /// Never, but for a fault of the serializer.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The figure of that name.
    pub fn figure(&self, name: &str) -> Option<&FigureRecord> {
        self.figures.iter().find(|figure| figure.name == name)
    }

    /// What a target comes to at a point in a figure.
    pub fn summary(&self, target: &str, point: Option<f64>, figure: &str) -> Option<&Summary> {
        self.summaries.iter().find(|summary| {
            summary.target == target && summary.point == point && summary.figure == figure
        })
    }
}

impl FlawsRecord {
    /// Whether nothing went wrong.
    pub const fn is_none(&self) -> bool {
        self.lost + self.duplicated + self.disordered + self.refused == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{Report, figures};
    use crate::report::sample;

    fn record(report: &Report) -> Record {
        Record::new(report, Vec::new(), "2026-11-24T09:34:56Z".to_owned())
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        for report in [
            sample::beside(&[(189.3, 228.2), (158.2, 220.4)]),
            sample::sweep(&[(1.0, 0.99), (10.0, 0.8)]),
        ] {
            let written = record(&report);
            assert_eq!(Record::parse(&written.to_json().unwrap()).unwrap(), written);
        }
    }

    #[test]
    fn a_newer_file_is_refused_by_its_version_alone() {
        let error = Record::parse(r#"{"schema": 2, "all": "new"}"#).unwrap_err();
        assert_eq!(error.to_string(), "its schema is 2, and this version reads 1");
        assert!(Record::parse("{}").is_err());
        assert!(Record::parse("nothing").is_err());
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut report = sample::beside(&[(1.0, 2.0)]);
        report.rounds[0].figures.push((figures::P99.name, f64::INFINITY));
        let written = record(&report);
        assert_eq!(written.rounds[0].figures.get(figures::P99.name), None);
        assert_eq!(Record::parse(&written.to_json().unwrap()).unwrap(), written);
    }

    #[test]
    fn latencies_of_all_rounds_are_put_together_by_target_and_point() {
        let record = record(&sample::beside(&[(1.0, 2.0), (1.0, 2.0)]));
        assert_eq!(record.distributions.len(), 2);
        let of_broker = &record.distributions[0];
        assert_eq!((of_broker.target.as_str(), of_broker.name.as_str()), ("broker", "each"));
        assert_eq!(of_broker.quantiles.count, 200);
        let median = of_broker.quantiles.percentiles.iter().find(|(at, _)| *at == 50.0).unwrap();
        assert!((490_000..=510_000).contains(&median.1), "{median:?}");
    }

    #[test]
    fn the_names_of_the_format_stay_what_they_are() {
        let report = sample::sweep(&[(2.0, 0.5)]);
        let json: serde_json::Value =
            serde_json::from_str(&record(&report).to_json().unwrap()).unwrap();
        assert_eq!(json["schema"], 1);
        assert_eq!(json["scenario"], "overload");
        assert_eq!(json["primary"], "goodput_share");
        assert_eq!(json["sweep"]["unit"], "x saturation");
        assert_eq!(json["rounds"][0]["figures"]["goodput_share"], 0.5);
        assert_eq!(json["summaries"][0]["median"], 0.5);
        assert_eq!(json["figures"][0]["better"], "higher");
        assert_eq!(json["distributions"][0]["percentiles"][2][0], 50.0);
    }
}
