//! A report as text: a head, a row per round as it ends, medians and ratios below.
//!
//! All rows, the medians and the ratios stand in the same columns, so that an eye can run down
//! one figure. Returns text and prints none.

use super::model::{Better, Figure, Report, Round};
use super::number::{brief, grouped};
use super::summary::Spread;

/// Least width of the column of targets; the longest name of a peer fits in.
const TARGET_WIDTH: usize = 9;

/// Least width of the names in a report's head.
const NAME_WIDTH: usize = 14;

/// The start of a row: what it is of.
struct Stub<'a> {
    label: &'a str,
    target: &'a str,
    point: Option<f64>,
}

impl Report {
    /// What stands above the table.
    pub fn head(&self) -> String {
        let mut text = format!("throng-bench {} {}\n", env!("CARGO_PKG_VERSION"), self.scenario);
        let machine = &self.machine;
        let what = format!(
            "{} cores, {}, Linux {}, TCP {}, {:.0} ns per system call",
            machine.cores,
            machine.model,
            machine.kernel,
            machine.congestion_control,
            machine.system_call_ns
        );
        text += &self.line("machine", &what);
        text += &self.line("commit", machine.commit.as_deref().unwrap_or("unknown"));
        for target in &self.targets {
            text += &self.line(&target.name, &target.words);
        }
        for (name, value) in &self.parameters {
            text += &self.line(name, value);
        }
        for warning in &self.warnings {
            text += &self.line("WARNING", warning);
        }
        text
    }

    /// One line of the head or the foot: what it is about, and what there is to say.
    fn line(&self, name: &str, value: &str) -> String {
        let names = self.parameters.iter().map(|(name, _)| name.len());
        let width = names.max().unwrap_or(0).max(NAME_WIDTH);
        format!("{name:<width$} {value}\n")
    }

    /// The lines above the rows.
    pub fn heading(&self) -> String {
        let (point, unit) = self.sweep.map_or(("", ""), |sweep| (sweep.title, sweep.unit));
        let titles = self.columns.iter().map(|figure| figure.title.to_owned());
        let units = self.columns.iter().map(|figure| figure.shown_unit().to_owned());
        let stubs = [("round", "target", point), ("", "", unit)];
        let rows = [titles.collect::<Vec<_>>(), units.collect()];
        let lines = stubs.iter().zip(rows).map(|((label, target, point), cells)| {
            self.aligned(&[(*label).to_owned(), (*target).to_owned(), (*point).to_owned()], &cells)
        });
        "\n".to_owned() + &lines.collect::<String>()
    }

    /// One row of the table, and a line for each thing that speaks against it.
    pub fn row(&self, round: &Round) -> String {
        let label = round.number.to_string();
        let stub = Stub { label: &label, target: &round.target, point: round.point };
        let mut row =
            self.row_of(&stub, |figure| round.value(figure.name).map(|value| figure.shown(value)));
        if let Some(note) = &round.note {
            row += &format!("      note: {note}\n");
        }
        if round.load_bound {
            row += "      NO VERDICT: the load was the bottleneck, so the rates are its own\n";
        }
        if let Some(flaws) = round.flaws.filter(|flaws| !flaws.is_none()) {
            row += &format!(
                "      FLAWED: {} lost, {} duplicated, {} out of order, {} refused\n",
                grouped(flaws.lost as f64, 0),
                grouped(flaws.duplicated as f64, 0),
                grouped(flaws.disordered as f64, 0),
                grouped(flaws.refused as f64, 0),
            );
        }
        row
    }

    /// The figure that matters most of a round, in a few words.
    pub fn glance(&self, round: &Round) -> Option<String> {
        let value = round.value(self.primary.name)?;
        Some(super::number::told(self.primary.unit, self.primary.decimals, value))
    }

    /// What stands below the rounds.
    pub fn foot(&self) -> String {
        let mut text = self.medians();
        text += &self.ratio_rows();
        text.push('\n');
        text += &self.ratio_lines();
        for target in &self.targets {
            for words in &target.log_lines {
                text += &self.line(&format!("{} logged", target.name), words);
            }
        }
        let bound = self.rounds.iter().filter(|round| round.load_bound).count();
        if bound > 0 {
            let words = format!(
                "none on {bound} of {} rounds: the load was slower than what it measured",
                self.rounds.len()
            );
            text += &self.line("verdict", &words);
        }
        text
    }

    /// Median and best of each target at each point, where there is more than one round of any.
    fn medians(&self) -> String {
        let mut text = String::new();
        for point in self.points() {
            for target in self.targets.iter().map(|target| target.name.as_str()) {
                if self.rounds_of(target, point).nth(1).is_none() {
                    continue;
                }
                let spread = |figure: &Figure| self.summary(target, point, figure);
                let stub = |label| Stub { label, target, point };
                text += &self.row_of(&stub("median"), |figure| {
                    Some(figure.shown(spread(figure)?.spread.median))
                });
                text += &self.row_of(&stub("best"), |figure| {
                    Some(figure.shown(spread(figure)?.spread.best(figure.better)?))
                });
            }
        }
        if text.is_empty() { text } else { "\n".to_owned() + &text }
    }

    /// Median, least and most of the ratios of the pairs, for every figure that has a good end.
    fn ratio_rows(&self) -> String {
        let Some((above, others)) = self.targets.split_first() else {
            return String::new();
        };
        let mut text = String::new();
        for point in self.points() {
            for below in others {
                let spread = |figure: &Figure| {
                    let names = (above.name.as_str(), below.name.as_str());
                    let judged = figure.better != Better::Neither;
                    Some(judged.then(|| self.ratio(names, point, figure))??.spread)
                };
                text += &self.ratio_rows_of(&below.name, point, &spread);
            }
        }
        if text.is_empty() {
            return text;
        }
        format!("\n{} over a peer, pair by pair:\n", above.name) + &text
    }

    fn ratio_rows_of(
        &self,
        below: &str,
        point: Option<f64>,
        spread: &dyn Fn(&Figure) -> Option<Spread>,
    ) -> String {
        let spreads = self.columns.iter().filter_map(|figure| spread(figure));
        let labels: &[&str] = match spreads.map(|spread| spread.count).max() {
            None => &[],
            Some(1) => &["median"],
            Some(_) => &["median", "least", "most"],
        };
        let target = format!("/ {below}");
        let row = |label: &&str| {
            let stub = Stub { label, target: &target, point };
            self.row_of(&stub, |figure| {
                let Spread { median, low, high, .. } = spread(figure)?;
                let value = match *label {
                    "least" => low,
                    "most" => high,
                    _ => median,
                };
                Some(format!("{value:.2}"))
            })
        };
        labels.iter().map(row).collect()
    }

    /// The ratios of the primary figure in words.
    fn ratio_lines(&self) -> String {
        let of_primary = |ratio: &super::summary::Ratio| ratio.figure == self.primary.name;
        let mut text = String::new();
        for ratio in self.ratios().into_iter().filter(of_primary) {
            let at = self.at(ratio.point);
            let Spread { median, low, high, count } = ratio.spread;
            let best = ratio.best.map(|best| format!("; best over best {best:.2}"));
            let pairs = if count == 1 { "pair" } else { "pairs" };
            let words = format!(
                "{} / {}, {}{at}: {median:.2} (median of {count} {pairs}, {low:.2} to {high:.2}{})",
                ratio.above,
                ratio.below,
                self.primary.name,
                best.unwrap_or_default()
            );
            text += &self.line("ratio", &words);
        }
        text
    }

    /// The place of a point in words, to come after a figure.
    fn at(&self, point: Option<f64>) -> String {
        let unit = self.sweep.map_or("", |sweep| sweep.unit);
        point.map_or_else(String::new, |point| format!(" at {} {unit}", brief(point)))
    }

    fn row_of(&self, stub: &Stub<'_>, cell: impl Fn(&Figure) -> Option<String>) -> String {
        let cells: Vec<_> = self
            .columns
            .iter()
            .map(|figure| cell(figure).unwrap_or_else(|| "-".to_owned()))
            .collect();
        let point = stub.point.map(brief).unwrap_or_default();
        self.aligned(&[stub.label.to_owned(), stub.target.to_owned(), point], &cells)
    }

    fn aligned(&self, stub: &[String; 3], cells: &[String]) -> String {
        let [label, target, point] = stub;
        let mut row = format!("{label:>6} {target:>0$}", self.target_width());
        if let Some(sweep) = self.sweep {
            let width = sweep.title.len().max(sweep.unit.len()).max(8);
            row += &format!("  {point:>width$}");
        }
        for (figure, cell) in self.columns.iter().zip(cells) {
            row += &format!("  {cell:>0$}", width(figure));
        }
        row.trim_end().to_owned() + "\n"
    }

    fn target_width(&self) -> usize {
        let names = self.targets.iter().map(|target| target.name.len());
        names.max().unwrap_or(0).max(TARGET_WIDTH) + 2
    }
}

/// Room for the title, the unit and the values one may expect of that unit.
fn width(figure: &Figure) -> usize {
    let values = match figure.unit {
        "/s" => 11,
        "us" => 9,
        "share" => 6,
        _ => 7,
    };
    figure.title.len().max(figure.shown_unit().len()).max(values)
}

#[cfg(test)]
mod tests {
    use crate::load::order::Flaws;
    use crate::report::model::figures;
    use crate::report::sample;

    #[test]
    fn the_head_tells_where_of_whom_and_what_was_asked() {
        let mut report = sample::beside(&[]);
        report.warnings.push("the core is shared".to_owned());
        let expected = format!(
            "throng-bench {} fanout\n\
             machine        2 cores, Fast Core 9, Linux 6.18.1, TCP cubic, 62 ns per system call\n\
             commit         0123456789ab\n\
             broker         ./throng, 1 worker\n\
             raw            copies bytes\n\
             members        1,000\n\
             WARNING        the core is shared\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(report.head(), expected);
    }

    #[test]
    fn rows_medians_and_ratios_stand_in_the_same_columns() {
        let mut report = sample::beside(&[(189.3, 228.2), (158.2, 220.4), (179.3, 289.1)]);
        report.rounds[0].figures.push((figures::LOAD_BUSY.name, 0.84));
        let rows: String = report.rounds.iter().map(|round| report.row(round)).collect();
        let text = report.heading() + &rows + &report.foot();
        let expected = "
 round      target          CPU  load busy        p99
                    ns/delivery          %         us
     1      broker        189.3         84          -
     1         raw        228.2          -          -
     2      broker        158.2          -          -
     2         raw        220.4          -          -
     3      broker        179.3          -          -
     3         raw        289.1          -          -

median      broker        179.3         84          -
  best      broker        158.2          -          -
median         raw        228.2          -          -
  best         raw        220.4          -          -

broker over a peer, pair by pair:
median       / raw         0.72          -          -
 least       / raw         0.62          -          -
  most       / raw         0.83          -          -

ratio          broker / raw, server_ns_per_delivery: 0.72 (median of 3 pairs, 0.62 to 0.83; best over best 0.72)
broker logged  io_uring is used
";
        assert_eq!(text, expected, "{text}");
    }

    #[test]
    fn the_rows_of_a_sweep_name_their_point() {
        let report = sample::sweep(&[(1.0, 0.99), (10.0, 0.8)]);
        let text = report.heading() + &report.row(&report.rounds[1]);
        let expected = "
 round      target       offered  goodput
                    x saturation        %
     2      broker            10     80.0
";
        assert_eq!(text, expected, "{text}");
    }

    #[test]
    fn what_speaks_against_a_round_stands_under_its_row() {
        let mut report = sample::beside(&[(1.0, 2.0)]);
        let round = &mut report.rounds[0];
        round.flaws = Some(Flaws { lost: 3_000, ..Flaws::default() });
        round.load_bound = true;
        round.note = Some("others took 9%".to_owned());
        let row = report.row(&report.rounds[0]);
        let lines: Vec<_> = row.lines().skip(1).map(str::trim).collect();
        assert_eq!(lines[0], "note: others took 9%");
        assert!(lines[1].starts_with("NO VERDICT: the load was the bottleneck"), "{row}");
        assert_eq!(lines[2], "FLAWED: 3,000 lost, 0 duplicated, 0 out of order, 0 refused");
        assert!(report.foot().contains("verdict        none on 1 of 2 rounds"));
        assert_eq!(report.glance(&report.rounds[0]).as_deref(), Some("1.0 ns/delivery"));
    }
}
