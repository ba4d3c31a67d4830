//! Two reports side by side: what changed, and whether the spread of the rounds tells it apart.
//!
//! It says nothing about reports that were not asked the same, unless it is told to. A change
//! counts as one only where no round of the one run reaches into the range of the other; all
//! else may be chance, and with one round each it always may.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::bail;

use super::model::figures;
use super::number::{brief, shown, shown_unit};
use super::record::{BetterRecord, FigureRecord, Record};
use super::summary::Summary;

/// What became of one figure of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The target.
    pub target: String,
    /// The point of the sweep.
    pub point: Option<f64>,
    /// The name of the figure.
    pub figure: String,
    before: Summary,
    after: Summary,
    /// By how much it changed, in percent; `None` from nothing to something.
    pub percent: Option<f64>,
    /// What that means.
    pub meaning: Meaning,
}

/// What a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is better, by more than chance.
    Better,
    /// It is worse, by more than chance.
    Worse,
    /// It is another, by more than chance, and neither better nor worse.
    Different,
    /// All rounds of both have the same value.
    Same,
    /// The ranges of the rounds overlap, or one round is all there is.
    NotSeparable,
    /// The load was the bottleneck in one of the runs.
    NoVerdict,
}

impl Meaning {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "WORSE",
            Self::Different => "different",
            Self::Same => "the same",
            Self::NotSeparable => "not separable",
            Self::NoVerdict => "no verdict: the load was the bottleneck",
        }
    }
}

impl Change {
    /// Nothing went wrong before, and nothing after.
    fn is_of_nothing(&self) -> bool {
        figures::by_name(&self.figure).is_some_and(figures::is_flaw)
            && self.before.spread.is_always(0.0)
            && self.after.spread.is_always(0.0)
    }
}

/// Two reports.
#[derive(Debug)]
pub struct Comparison<'a> {
    before: &'a Record,
    after: &'a Record,
    /// What speaks against comparing them.
    pub differences: Vec<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    /// Puts two reports side by side.
    ///
    /// # Errors
    /// When they were not asked the same, unless that shall not matter.
    pub fn new(before: &'a Record, after: &'a Record, anyway: bool) -> anyhow::Result<Self> {
        let differences = differences(before, after);
        if !differences.is_empty() && !anyway {
            bail!(
                "the reports were not asked the same: {}; --anyway compares them all the same",
                differences.join("; ")
            );
        }
        let changes = changes(before, after);
        if changes.is_empty() {
            bail!("the reports share no figure of any target");
        }
        Ok(Self { before, after, differences, changes })
    }

    /// The changes for the worse of the figure that counts first, by more than this and by more
    /// than chance. From nothing to something is more than any percentage.
    pub fn worse_than(&self, percent: f64) -> Vec<&Change> {
        let is_worse = |change: &&Change| {
            change.figure == self.after.primary
                && change.meaning == Meaning::Worse
                && change.percent.is_none_or(|found| found.abs() > percent)
        };
        self.changes.iter().filter(is_worse).collect()
    }

    /// The comparison as text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.after.scenario);
        text += &side("before", self.before);
        text += &side("after", self.after);
        for difference in &self.differences {
            let _ = writeln!(text, "WARNING  {difference}");
        }
        let places = [&self.before.machine, &self.after.machine];
        let is_same = |one: fn(&super::record::Place) -> String| one(places[0]) == one(places[1]);
        if !is_same(|place| format!("{} {} {}", place.cores, place.model, place.kernel)) {
            text += "WARNING  the machines or their kernels differ: ratios hold, values do not\n";
        }
        for (name, ours, theirs) in self.setups() {
            let _ = writeln!(text, "WARNING  {name} was another: {ours} and {theirs}");
        }
        text.push('\n');
        text + &self.table()
    }

    /// Targets of the same name that were not the same program in the same setup. That is what a
    /// comparison may be about, so it is told and no reason to refuse.
    fn setups(&self) -> Vec<(&str, &str, &str)> {
        let ours = |name: &str| self.before.targets.iter().find(|target| target.name == name);
        let pairs = self.after.targets.iter().filter_map(|theirs| {
            let ours = ours(&theirs.name)?;
            let is_other = ours.words != theirs.words;
            is_other.then_some((&*theirs.name, &*ours.words, &*theirs.words))
        });
        pairs.collect()
    }

    fn table(&self) -> String {
        let mut rows = vec![
            ["target", "figure", "before", "(range)", "after", "(range)", "change", ""]
                .map(str::to_owned),
        ];
        let told = self.changes.iter().filter(|change| !change.is_of_nothing());
        rows.extend(told.filter_map(|change| self.row(change)));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<_> = (0..8).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                if matches!(column, 2 | 4 | 6) {
                    let _ = write!(line, "{cell:>width$}  ");
                } else {
                    let _ = write!(line, "{cell:<width$}  ");
                }
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    fn row(&self, change: &Change) -> Option<[String; 8]> {
        let figure = self.after.figure(&change.figure)?;
        let target = match (change.point, &self.after.sweep) {
            (Some(point), Some(sweep)) => {
                format!("{} at {} {}", change.target, brief(point), sweep.unit)
            }
            _ => change.target.clone(),
        };
        let value = |value| shown(&figure.unit, figure.decimals, value);
        let range = |summary: &Summary| {
            format!("({} to {})", value(summary.spread.low), value(summary.spread.high))
        };
        let percent =
            change.percent.map_or("from 0".to_owned(), |percent| format!("{percent:+.1}%"));
        let unit = shown_unit(&figure.unit);
        Some([
            target.trim_end().to_owned(),
            format!("{} [{unit}]", figure.name),
            value(change.before.spread.median),
            range(&change.before),
            value(change.after.spread.median),
            range(&change.after),
            percent,
            change.meaning.as_str().to_owned(),
        ])
    }
}

fn side(name: &str, record: &Record) -> String {
    let commit = record.machine.commit.as_deref().unwrap_or("unknown");
    let rounds = record.rounds.iter().map(|round| round.number).max().unwrap_or(0);
    format!(
        "{name:<8} {}, commit {commit}, rounds {rounds}, {:.0} ns per system call\n",
        record.written_at, record.machine.system_call_ns
    )
}

/// What was not asked the same of the two.
fn differences(before: &Record, after: &Record) -> Vec<String> {
    let mut differences = Vec::new();
    if before.scenario != after.scenario {
        differences.push(format!("scenario {} and {}", before.scenario, after.scenario));
        return differences;
    }
    let of = |record: &Record| -> BTreeMap<String, String> {
        let parameters = record.parameters.iter();
        parameters.map(|one| (one.name.clone(), one.value.clone())).collect()
    };
    let (ours, theirs) = (of(before), of(after));
    let mut names: Vec<_> = ours.keys().chain(theirs.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (one, other) = (ours.get(name), theirs.get(name));
        if one != other {
            let word = |value: Option<&String>| value.map_or("none", String::as_str).to_owned();
            differences.push(format!("{name}: {} and {}", word(one), word(other)));
        }
    }
    differences
}

/// Every figure of every target at every point that both have: the primary one first.
fn changes(before: &Record, after: &Record) -> Vec<Change> {
    let rank = |figure: &str| u8::from(figure != after.primary);
    let mut changes = Vec::new();
    for theirs in &after.summaries {
        let ours = before.summary(&theirs.target, theirs.point, &theirs.figure);
        if let Some((ours, figure)) = ours.zip(after.figure(&theirs.figure)) {
            changes.push(change(ours, theirs, figure));
        }
    }
    changes.sort_by_key(|change| rank(&change.figure));
    changes
}

fn change(before: &Summary, after: &Summary, figure: &FigureRecord) -> Change {
    let (old, new) = (before.spread.median, after.spread.median);
    let percent =
        if old == new { Some(0.0) } else { (old != 0.0).then(|| (new - old) / old.abs() * 100.0) };
    Change {
        target: after.target.clone(),
        point: after.point,
        figure: after.figure.clone(),
        percent,
        meaning: meaning(before, after, figure.better),
        before: before.clone(),
        after: after.clone(),
    }
}

fn meaning(before: &Summary, after: &Summary, better: BetterRecord) -> Meaning {
    if before.load_bound + after.load_bound > 0 {
        return Meaning::NoVerdict;
    }
    if before.spread.is_always(after.spread.median) && after.spread.is_always(before.spread.median)
    {
        return Meaning::Same;
    }
    let is_told_apart = before.spread.is_apart_from(&after.spread)
        && before.spread.count > 1
        && after.spread.count > 1;
    if !is_told_apart {
        return Meaning::NotSeparable;
    }
    let is_more = after.spread.median > before.spread.median;
    match (better, is_more) {
        (BetterRecord::Neither, _) => Meaning::Different,
        (BetterRecord::Higher, true) | (BetterRecord::Lower, false) => Meaning::Better,
        (BetterRecord::Higher, false) | (BetterRecord::Lower, true) => Meaning::Worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Report;
    use crate::report::sample;

    fn record(report: &Report) -> Record {
        Record::new(report, Vec::new(), "2026-11-24T09:34:56Z".to_owned())
    }

    fn broker(values: &[f64]) -> Record {
        let pairs: Vec<_> = values.iter().map(|value| (*value, 100.0)).collect();
        record(&sample::beside(&pairs))
    }

    fn meaning_of(before: &[f64], after: &[f64]) -> Meaning {
        Comparison::new(&broker(before), &broker(after), false).unwrap().changes[0].meaning
    }

    #[test]
    fn ranges_that_overlap_are_not_separable_however_far_the_medians_are() {
        assert_eq!(meaning_of(&[100.0, 101.0, 150.0], &[140.0, 200.0, 201.0]), {
            Meaning::NotSeparable
        });
        assert_eq!(meaning_of(&[100.0, 101.0], &[110.0, 111.0]), Meaning::Worse);
        assert_eq!(meaning_of(&[100.0, 101.0], &[90.0, 99.0]), Meaning::Better);
    }

    #[test]
    fn one_round_each_tells_nothing_apart() {
        assert_eq!(meaning_of(&[100.0], &[200.0]), Meaning::NotSeparable);
        assert_eq!(meaning_of(&[100.0, 101.0], &[200.0]), Meaning::NotSeparable);
    }

    #[test]
    fn where_the_load_was_the_bottleneck_there_is_no_verdict() {
        let mut bound = sample::beside(&[(200.0, 100.0), (201.0, 100.0)]);
        bound.rounds[0].load_bound = true;
        let (before, after) = (broker(&[100.0, 101.0]), record(&bound));
        let comparison = Comparison::new(&before, &after, false).unwrap();
        assert_eq!(comparison.changes[0].meaning, Meaning::NoVerdict);
        assert!(comparison.worse_than(5.0).is_empty());
    }

    #[test]
    fn only_a_separable_loss_of_the_first_figure_above_the_limit_fails() {
        let (before, after) = (broker(&[100.0, 101.0]), broker(&[110.0, 111.0]));
        let comparison = Comparison::new(&before, &after, false).unwrap();
        assert_eq!(comparison.worse_than(9.0).len(), 1);
        assert!(comparison.worse_than(10.0).is_empty());
        let comparison = Comparison::new(&after, &before, false).unwrap();
        assert!(comparison.worse_than(0.0).is_empty(), "it became better");
    }

    #[test]
    fn less_of_a_figure_of_which_more_is_better_is_worse() {
        let goodput = |a, b| record(&sample::sweep(&[(1.0, a), (1.0, b)]));
        let (before, after) = (goodput(0.9, 0.91), goodput(0.5, 0.51));
        let comparison = Comparison::new(&before, &after, false).unwrap();
        assert_eq!(comparison.worse_than(40.0).len(), 1);
        assert!(comparison.text().contains("broker at 1 x saturation"), "{}", comparison.text());
    }

    #[test]
    fn reports_that_were_not_asked_the_same_are_refused_by_name() {
        let before = broker(&[1.0]);
        let mut after = broker(&[1.0]);
        after.parameters[0].value = "500".to_owned();
        let error = Comparison::new(&before, &after, false).unwrap_err().to_string();
        assert!(error.contains("members: 1,000 and 500"), "{error}");
        let comparison = Comparison::new(&before, &after, true).unwrap();
        assert!(comparison.text().contains("WARNING  members: 1,000 and 500"));
        after.scenario = "rooms".to_owned();
        let error = Comparison::new(&before, &after, false).unwrap_err().to_string();
        assert!(error.contains("scenario fanout and rooms"), "{error}");
    }

    #[test]
    fn another_setup_of_a_target_is_told_and_compared() {
        let before = broker(&[1.0]);
        let mut after = broker(&[1.0]);
        after.targets[0].words = "./throng --io epoll".to_owned();
        let text = Comparison::new(&before, &after, false).unwrap().text();
        let warning = "WARNING  broker was another: ./throng, 1 worker and ./throng --io epoll";
        assert!(text.contains(warning), "{text}");
    }

    #[test]
    fn the_table_shows_medians_ranges_and_what_they_mean() {
        let (before, after) = (broker(&[100.0, 101.0]), broker(&[110.0, 111.0]));
        let text = Comparison::new(&before, &after, false).unwrap().text();
        let expected = "fanout
before   2026-11-24T09:34:56Z, commit 0123456789ab, rounds 2, 62 ns per system call
after    2026-11-24T09:34:56Z, commit 0123456789ab, rounds 2, 62 ns per system call

target  figure                                before  (range)           after  (range)           change
broker  server_ns_per_delivery [ns/delivery]   100.5  (100.0 to 101.0)  110.5  (110.0 to 111.0)  +10.0%  WORSE
raw     server_ns_per_delivery [ns/delivery]   100.0  (100.0 to 100.0)  100.0  (100.0 to 100.0)   +0.0%  the same
";
        assert_eq!(text, expected, "{text}");
    }

    #[test]
    fn from_nothing_to_something_is_more_than_any_percentage() {
        let (before, after) = (broker(&[0.0, 0.0]), broker(&[1.0, 2.0]));
        let comparison = Comparison::new(&before, &after, false).unwrap();
        assert_eq!(comparison.changes[0].percent, None);
        assert_eq!(comparison.worse_than(1_000.0).len(), 1);
    }
}
