//! The tables of the page: the setting, objectives, medians with their spread, ratios, rounds.
//!
//! They hold every value that a chart shows: who cannot see the one can read the other.

use super::markup::Markup;
use crate::report::check::Standing;
use crate::report::number::{brief, shown, shown_unit};
use crate::report::record::{FigureRecord, Record, RoundRecord};
use crate::report::summary::{Ratio, Summary};

/// Where it ran, what was asked for, and of whom.
pub fn setting(record: &Record) -> Markup {
    let machine = &record.machine;
    let what = format!(
        "{} cores, {}, Linux {}, TCP {}, {:.0} ns per system call",
        machine.cores,
        machine.model,
        machine.kernel,
        machine.congestion_control,
        machine.system_call_ns
    );
    let mut rows = row_of("written", &record.written_at);
    rows += row_of("tool", &record.tool);
    rows += row_of("machine", &what);
    rows += row_of("commit", machine.commit.as_deref().unwrap_or("unknown"));
    for target in &record.targets {
        let words = [target.words.clone()].into_iter();
        let logged = target.log_lines.iter().map(|line| format!("logged: {line}"));
        rows += row_of(&target.name, &words.chain(logged).collect::<Vec<_>>().join("; "));
    }
    for parameter in &record.parameters {
        rows += row_of(&parameter.name, &parameter.value);
    }
    Markup::classed("table", "setting", rows)
}

fn row_of(name: &str, value: &str) -> Markup {
    let cells = [Markup::tag("th", &[("scope", "row")], Markup::text(name)), cell(value)];
    Markup::tag("tr", &[], cells.into_iter().collect())
}

/// What became of the objectives.
pub fn objectives(record: &Record) -> Markup {
    let mut rows = heads(&["objective", "", "found"], 3);
    for outcome in &record.objectives {
        let class = if outcome.standing == Standing::Held { "held" } else { "missed" };
        let mut cells = Markup::classed("td", "left", Markup::text(&outcome.objective));
        cells += Markup::classed("td", class, Markup::text(outcome.standing.as_str()));
        cells += Markup::classed("td", "left", Markup::text(&outcome.words));
        rows += Markup::tag("tr", &[], cells);
    }
    Markup::tag("table", &[], rows)
}

/// The median of each target at each point, with the range of the rounds below it.
pub fn medians(record: &Record) -> Markup {
    let columns = columns(record);
    let mut rows = heading(record, &columns, &["target"]);
    for (target, point) in keys(record) {
        let mut cells = stub(record, &[target], point);
        for figure in &columns {
            cells += record
                .summary(target, point, &figure.name)
                .map_or_else(|| cell("-"), |summary| spread_cell(summary, figure));
        }
        rows += Markup::tag("tr", &[], cells);
    }
    scrolling(rows)
}

fn spread_cell(summary: &Summary, figure: &FigureRecord) -> Markup {
    let value = |value| shown(&figure.unit, figure.decimals, value);
    let spread = &summary.spread;
    let mut inner = Markup::text(value(spread.median));
    if spread.count > 1 && spread.low < spread.high {
        inner += Markup::void("br", &[]);
        let range = format!("{} to {}", value(spread.low), value(spread.high));
        inner += Markup::around("small", range);
    }
    Markup::tag("td", &[], inner)
}

/// What the first target is as a multiple of the others.
pub fn ratios(record: &Record) -> Markup {
    let mut rows =
        heads(&["ratio", "figure", "median", "least", "most", "best over best", "pairs"], 2);
    for ratio in record.ratios.iter().filter(|ratio| record.columns.contains(&ratio.figure)) {
        rows += ratio_row(record, ratio);
    }
    scrolling(rows)
}

fn ratio_row(record: &Record, ratio: &Ratio) -> Markup {
    let two = |value: f64| format!("{value:.2}");
    let at = record
        .sweep
        .as_ref()
        .zip(ratio.point)
        .map(|(sweep, point)| format!(" at {} {}", brief(point), sweep.unit));
    let who = format!("{} / {}{}", ratio.above, ratio.below, at.unwrap_or_default());
    let mut cells = Markup::classed("td", "left", Markup::text(who));
    cells += Markup::classed("td", "left", Markup::text(&ratio.figure));
    for value in [ratio.spread.median, ratio.spread.low, ratio.spread.high] {
        cells += cell(&two(value));
    }
    cells += cell(&ratio.best.map_or_else(|| "-".to_owned(), two));
    let bound = match ratio.load_bound {
        0 => String::new(),
        bound => format!(", {bound} without a verdict"),
    };
    cells += cell(&format!("{}{bound}", ratio.spread.count));
    Markup::tag("tr", &[], cells)
}

/// Every round, with what speaks against it.
pub fn rounds(record: &Record) -> Markup {
    let columns = columns(record);
    let mut rows = heading(record, &columns, &["round", "target"]);
    let width = columns.len() + 2 + usize::from(record.sweep.is_some());
    for round in &record.rounds {
        let mut cells = stub(record, &[&round.number.to_string(), &round.target], round.point);
        for figure in &columns {
            let value = round.figures.get(&figure.name);
            cells += cell(&value.map_or_else(
                || "-".to_owned(),
                |value| shown(&figure.unit, figure.decimals, *value),
            ));
        }
        rows += Markup::tag("tr", &[], cells);
        for note in notes(round) {
            let cell = Markup::tag(
                "td",
                &[("class", "note"), ("colspan", &width.to_string())],
                Markup::text(note),
            );
            rows += Markup::tag("tr", &[], cell);
        }
    }
    scrolling(rows)
}

fn notes(round: &RoundRecord) -> Vec<String> {
    let mut notes: Vec<_> = round.note.iter().map(|note| format!("note: {note}")).collect();
    if round.load_bound {
        notes.push("no verdict: the load was the bottleneck".to_owned());
    }
    let flaws = round.flaws.map(|flaws| {
        [
            (flaws.lost, "lost"),
            (flaws.duplicated, "duplicated"),
            (flaws.disordered, "out of order"),
            (flaws.refused, "refused"),
        ]
    });
    let found: Vec<_> = flaws
        .into_iter()
        .flatten()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if !found.is_empty() {
        notes.push(format!("FLAWED: {}", found.join(", ")));
    }
    notes
}

fn columns(record: &Record) -> Vec<&FigureRecord> {
    record.columns.iter().filter_map(|name| record.figure(name)).collect()
}

/// Every target at every point there is a round of, in the order of the medians.
fn keys(record: &Record) -> Vec<(&str, Option<f64>)> {
    let mut keys: Vec<(&str, Option<f64>)> = Vec::new();
    for summary in &record.summaries {
        let key = (summary.target.as_str(), summary.point);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The head of a table of figures, the units below the names.
fn heading(record: &Record, columns: &[&FigureRecord], first: &[&str]) -> Markup {
    let head = |class: &str, title: &str, unit: &str| {
        let mut inner = Markup::text(title);
        inner += Markup::around("small", unit);
        Markup::tag("th", &[("scope", "col"), ("class", class)], inner)
    };
    let mut heads: Markup = first.iter().map(|name| head("left", name, "")).collect();
    if let Some(sweep) = &record.sweep {
        heads += head("", &sweep.title, &sweep.unit);
    }
    heads +=
        columns.iter().map(|figure| head("", &figure.title, shown_unit(&figure.unit))).collect();
    Markup::tag("tr", &[], heads)
}

/// The first cells of a row of figures.
fn stub(record: &Record, first: &[&str], point: Option<f64>) -> Markup {
    let mut cells: Markup =
        first.iter().map(|text| Markup::classed("td", "left", Markup::text(text))).collect();
    if record.sweep.is_some() {
        cells += cell(&point.map(brief).unwrap_or_default());
    }
    cells
}

/// A row of heads, of which so many stand at the left.
fn heads(names: &[&str], at_the_left: usize) -> Markup {
    let head = |(place, name): (usize, &&str)| {
        let class = if place < at_the_left { "left" } else { "" };
        Markup::tag("th", &[("scope", "col"), ("class", class)], Markup::text(name))
    };
    Markup::tag("tr", &[], names.iter().enumerate().map(head).collect())
}

fn cell(text: &str) -> Markup {
    Markup::around("td", text)
}

/// A table that may be wider than the page.
fn scrolling(rows: Markup) -> Markup {
    Markup::tag("div", &[("class", "scroll"), ("tabindex", "0")], Markup::tag("table", &[], rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn record() -> Record {
        let report = sample::beside(&[(100.0, 50.0), (120.0, 40.0)]);
        Record::new(&report, Vec::new(), "2026-11-24T09:34:56Z".to_owned())
    }

    #[test]
    fn a_median_stands_with_the_range_of_its_rounds() {
        let table = medians(&record()).into_string();
        assert!(table.contains("<td>110.0<br><small>100.0 to 120.0</small></td>"), "{table}");
        assert!(table.contains("CPU<small>ns/delivery</small>"), "{table}");
    }

    #[test]
    fn a_ratio_names_both_and_counts_its_pairs() {
        let table = ratios(&record()).into_string();
        let row = "<td class=\"left\">broker / raw</td><td class=\"left\">server_ns_per_delivery\
                   </td><td>2.50</td><td>2.00</td><td>3.00</td><td>2.50</td><td>2</td>";
        assert!(table.contains(row), "{table}");
    }

    #[test]
    fn every_round_has_a_row_and_the_setting_has_the_commit() {
        assert_eq!(rounds(&record()).into_string().matches("<tr>").count(), 5);
        let setting = setting(&record()).into_string();
        assert!(setting.contains("0123456789ab"), "{setting}");
        assert!(setting.contains("logged: io_uring is used"), "{setting}");
    }
}
