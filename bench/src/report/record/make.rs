//! Makes a record of a report: constants of this program become names, and histograms become
//! percentiles.
//!
//! Values that are no numbers are left out on the way, since JSON has none of them. The latencies
//! of all rounds of a target are put together here, for the curves and the percentile files.

use hdrhistogram::Histogram;

use super::{
    BetterRecord, Distribution, FigureRecord, FlawsRecord, Parameter, Place, Quantiles, Record,
    RoundRecord, SCHEMA, SweepRecord, TargetRecord,
};
use crate::report::check::Outcome;
use crate::report::model::{Better, Figure, Report, Round, Subject};

/// The percentiles that are kept, beside the least and the most.
const PERCENTILES: [f64; 17] = [
    10.0, 25.0, 50.0, 60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.9, 99.95,
    99.99, 99.999,
];

impl Record {
    /// Of a report, written at that moment.
    pub fn new(report: &Report, objectives: Vec<Outcome>, written_at: String) -> Self {
        let machine = &report.machine;
        let figures = report.figures();
        Self {
            schema: SCHEMA,
            tool: format!("throng-bench {}", env!("CARGO_PKG_VERSION")),
            written_at,
            scenario: report.scenario.to_owned(),
            machine: Place {
                cores: machine.cores,
                model: machine.model.clone(),
                kernel: machine.kernel.clone(),
                congestion_control: machine.congestion_control.clone(),
                system_call_ns: machine.system_call_ns,
                commit: machine.commit.clone(),
            },
            parameters: parameters(report),
            targets: targets(report),
            figures: figures.iter().copied().map(FigureRecord::from).collect(),
            columns: report.columns.iter().map(|figure| figure.name.to_owned()).collect(),
            primary: report.primary.name.to_owned(),
            sweep: report.sweep.map(|sweep| SweepRecord {
                title: sweep.title.to_owned(),
                unit: sweep.unit.to_owned(),
            }),
            rounds: report.rounds.iter().map(|round| RoundRecord::new(round, &figures)).collect(),
            summaries: report.summaries(),
            ratios: report.ratios(),
            distributions: distributions(report),
            objectives,
            warnings: report.warnings.clone(),
        }
    }
}

fn parameters(report: &Report) -> Vec<Parameter> {
    let pairs = report.parameters.iter();
    pairs.map(|(name, value)| Parameter { name: name.clone(), value: value.clone() }).collect()
}

fn targets(report: &Report) -> Vec<TargetRecord> {
    let record = |target: &Subject| TargetRecord {
        name: target.name.clone(),
        words: target.words.clone(),
        log_lines: target.log_lines.clone(),
    };
    report.targets.iter().map(record).collect()
}

fn distributions(report: &Report) -> Vec<Distribution> {
    let mut distributions = Vec::new();
    for (target, point, name, histogram) in report.merged_histograms() {
        let quantiles = Quantiles::from(&histogram);
        distributions.push(Distribution { target, point, name: name.to_owned(), quantiles });
    }
    distributions
}

impl Report {
    /// The latencies of all rounds of each target and point together, by name.
    pub fn merged_histograms(&self) -> Vec<(String, Option<f64>, &'static str, Histogram<u64>)> {
        let mut merged: Vec<(String, Option<f64>, &'static str, Histogram<u64>)> = Vec::new();
        for round in &self.rounds {
            for (name, histogram) in &round.histograms {
                let found = merged.iter_mut().find(|(target, point, found, _)| {
                    (target, *point, *found) == (&round.target, round.point, *name)
                });
                match found {
                    // Both have the bounds of `latency_histogram`.
                    Some((_, _, _, sum)) => sum.add(histogram).expect("bounds are the same"),
                    None => {
                        merged.push((round.target.clone(), round.point, name, histogram.clone()));
                    }
                }
            }
        }
        merged.retain(|(_, _, _, histogram)| !histogram.is_empty());
        merged
    }
}

impl RoundRecord {
    fn new(round: &Round, figures: &[&Figure]) -> Self {
        let value = |figure: &&Figure| Some((figure.name.to_owned(), round.value(figure.name)?));
        let histograms = round.histograms.iter().filter(|(_, histogram)| !histogram.is_empty());
        Self {
            number: round.number,
            target: round.target.clone(),
            point: round.point,
            figures: figures.iter().filter_map(value).collect(),
            histograms: histograms
                .map(|(name, histogram)| ((*name).to_owned(), Quantiles::from(histogram)))
                .collect(),
            flaws: round.flaws.map(|flaws| FlawsRecord {
                lost: flaws.lost,
                duplicated: flaws.duplicated,
                disordered: flaws.disordered,
                refused: flaws.refused,
            }),
            load_bound: round.load_bound,
            note: round.note.clone(),
        }
    }
}

impl From<&Figure> for FigureRecord {
    fn from(figure: &Figure) -> Self {
        Self {
            name: figure.name.to_owned(),
            title: figure.title.to_owned(),
            unit: figure.unit.to_owned(),
            better: match figure.better {
                Better::Lower => BetterRecord::Lower,
                Better::Higher => BetterRecord::Higher,
                Better::Neither => BetterRecord::Neither,
            },
            decimals: figure.decimals,
        }
    }
}

impl From<&Histogram<u64>> for Quantiles {
    fn from(histogram: &Histogram<u64>) -> Self {
        let at = |percentile| (percentile, histogram.value_at_percentile(percentile));
        Self {
            count: histogram.len(),
            mean_ns: whole(histogram.mean()),
            min_ns: histogram.min(),
            max_ns: histogram.max(),
            percentiles: PERCENTILES.map(at).to_vec(),
        }
    }
}

/// The nearest whole number of nanoseconds.
#[expect(clippy::cast_possible_truncation, reason = "a mean lies between the least and the most")]
const fn whole(mean_ns: f64) -> u64 {
    mean_ns.round() as u64
}
