//! Which charts a report has: bars of medians, lines over a sweep, latency by percentile.
//!
//! Only figures of which one end is good are drawn; the rest says how the run went, and stands
//! in the tables.

use super::bars::{Bar, Bars};
use super::ink::Ink;
use super::plot::{ACROSS, Axis, Plot, Point, Series, UPWARDS};
use super::scale::Scale;
use crate::report::number::{brief, in_shown_unit, short, shown, shown_unit, told};
use crate::report::record::{BetterRecord, Distribution, FigureRecord, Quantiles, Record};
use crate::report::summary::Summary;

/// From this factor on between the least and the most, latencies are drawn by magnitude.
const MUCH: f64 = 20.0;

/// More points than this are not named one by one.
const NAMED_MAX: usize = 10;

/// Bars of what was measured outside a sweep.
pub fn medians(record: &Record) -> Vec<Bars> {
    let charts = judged(record).into_iter().map(|figure| Bars {
        title: titled(figure),
        hint: match figure.better {
            BetterRecord::Lower => "less is better",
            BetterRecord::Higher => "more is better",
            BetterRecord::Neither => "",
        },
        bars: targets(record)
            .filter_map(|(target, ink)| {
                let summary = record.summary(target, None, &figure.name)?;
                Some(bar(summary, figure, ink))
            })
            .collect(),
    });
    charts.filter(|chart| !chart.bars.is_empty()).collect()
}

fn bar(summary: &Summary, figure: &FigureRecord, ink: Ink) -> Bar {
    let spread = &summary.spread;
    let value = |value| in_shown_unit(&figure.unit, value);
    Bar {
        name: summary.target.clone(),
        ink,
        median: value(spread.median),
        range: (value(spread.low), value(spread.high)),
        label: shown(&figure.unit, figure.decimals, spread.median),
        words: format!("{}: {}", summary.target, words(summary, figure)),
    }
}

/// Lines over the points of a sweep: one chart for each figure, and one for each target that
/// shows its shares together.
pub fn sweep(record: &Record) -> Vec<Plot> {
    let points = points(record);
    if points.is_empty() {
        return Vec::new();
    }
    let mut plots = Vec::new();
    let shares: Vec<_> =
        judged(record).into_iter().filter(|figure| figure.unit == "share").collect();
    if shares.len() > 1 {
        for (target, _) in targets(record) {
            let series = shares.iter().enumerate().map(|(place, figure)| {
                line(record, &points, (target, figure), &figure.title, Ink::of_place(place))
            });
            let title = format!("{target}: what came through (%)");
            plots.extend(over_points(record, &points, title, shares[0], series.collect()));
        }
    }
    for figure in judged(record) {
        let series = targets(record)
            .map(|(target, ink)| line(record, &points, (target, figure), target, ink));
        plots.extend(over_points(record, &points, titled(figure), figure, series.collect()));
    }
    plots
}

fn over_points(
    record: &Record,
    points: &[f64],
    title: String,
    figure: &FigureRecord,
    mut series: Vec<Series>,
) -> Option<Plot> {
    series.retain(|series| !series.points.is_empty());
    if series.is_empty() {
        return None;
    }
    let (name, unit) = record
        .sweep
        .as_ref()
        .map_or(("point", ""), |sweep| (sweep.title.as_str(), sweep.unit.as_str()));
    let scale = Scale::over(points, ACROSS);
    let magnitude = if scale.is_log() { ", log scale" } else { "" };
    let mut x = Axis::new(format!("{name} ({unit}{magnitude})"), scale);
    if points.len() <= NAMED_MAX {
        x.ticks = points.iter().map(|point| (*point, short(*point))).collect();
    }
    let y = height(figure, &series);
    Some(Plot { title, x, y, series })
}

/// The axis at the left, for values of a figure.
fn height(figure: &FigureRecord, series: &[Series]) -> Axis {
    let points = || series.iter().flat_map(|series| &series.points);
    let values = || {
        points().flat_map(|point| {
            let (low, high) = point.range.unwrap_or((point.y, point.y));
            [low, point.y, high]
        })
    };
    let most = values().fold(0.0, f64::max);
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let unit = shown_unit(&figure.unit);
    if figure.unit == "share" && most <= 100.0 {
        return Axis::new(unit.to_owned(), Scale::up_to(100.0, UPWARDS));
    }
    if ["us", "ms"].contains(&unit) && most > least * MUCH {
        return Axis::new(format!("{unit}, log scale"), Scale::log(values(), UPWARDS));
    }
    Axis::new(unit.to_owned(), Scale::from_zero(values(), UPWARDS))
}

fn line(
    record: &Record,
    points: &[f64],
    (target, figure): (&str, &FigureRecord),
    name: &str,
    ink: Ink,
) -> Series {
    let value = |value| in_shown_unit(&figure.unit, value);
    let at = |point: &f64| {
        let summary = record.summary(target, Some(*point), &figure.name)?;
        let spread = &summary.spread;
        Some(Point {
            x: *point,
            y: value(spread.median),
            range: Some((value(spread.low), value(spread.high))),
            words: format!("{} at {}", words(summary, figure), brief(*point)),
        })
    };
    Series { name: name.to_owned(), ink, points: points.iter().filter_map(at).collect() }
}

/// Latency by percentile, with the point of the sweep it belongs to.
pub fn percentiles(record: &Record) -> Vec<(Option<f64>, Plot)> {
    let mut seen: Vec<(Option<f64>, &str)> = Vec::new();
    for one in &record.distributions {
        if !seen.contains(&(one.point, one.name.as_str())) {
            seen.push((one.point, &one.name));
        }
    }
    seen.sort_by(|one, other| one.0.unwrap_or(-1.0).total_cmp(&other.0.unwrap_or(-1.0)));
    let plot = |(point, name): (Option<f64>, &str)| {
        let of_both = |one: &&Distribution| one.point == point && one.name == name;
        (point, by_percentile(record, name, record.distributions.iter().filter(of_both)))
    };
    seen.into_iter().map(plot).collect()
}

fn by_percentile<'r>(
    record: &Record,
    name: &str,
    distributions: impl Iterator<Item = &'r Distribution>,
) -> Plot {
    let inks: Vec<_> = targets(record).collect();
    let series: Vec<_> = distributions
        .map(|one| {
            let ink = inks.iter().find(|(target, _)| *target == one.target);
            let ink = ink.map_or_else(|| Ink::of_place(0), |(_, ink)| *ink);
            Series { name: one.target.clone(), ink, points: curve(&one.quantiles) }
        })
        .collect();
    let points = || series.iter().flat_map(|series| &series.points);
    let far = points().map(|point| point.x).fold(1.0, f64::max);
    let x = Axis {
        title: "percentile (by what is left above it, log scale)".to_owned(),
        scale: Scale::up_to(far, ACROSS),
        ticks: [50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999]
            .map(|percentile| (nines(percentile), format!("{percentile}")))
            .into_iter()
            .filter(|(at, _)| *at <= far)
            .collect(),
    };
    let y =
        Axis::new("us, log scale".to_owned(), Scale::log(points().map(|point| point.y), UPWARDS));
    let title = match name {
        "each" => "Each delivery, from when its message was due (us)".to_owned(),
        "service" => "Each delivery, from the write of its message (us)".to_owned(),
        "last" => "The last delivery of a message, from when it was due (us)".to_owned(),
        other => format!("{other} (us)"),
    };
    Plot { title, x, y, series }
}

/// The points of a curve. A percentile that stands for less than one latency is left out; the
/// greatest latency stands where one in so many is.
fn curve(quantiles: &Quantiles) -> Vec<Point> {
    let us = |ns: u64| ns as f64 / 1e3;
    let point = |at: f64, ns: u64, name: &str| Point {
        x: at,
        y: us(ns),
        range: None,
        words: format!("{name} {}", told("us", 0, us(ns))),
    };
    let end = (quantiles.count as f64).log10();
    let mut points = vec![point(0.0, quantiles.min_ns, "least")];
    for &(percentile, ns) in &quantiles.percentiles {
        let at = nines(percentile);
        if at < end {
            points.push(point(at, ns, &format!("p{percentile}")));
        }
    }
    points.push(point(end, quantiles.max_ns, "most"));
    points
}

/// Where a percentile lies: 90 at 1, 99 at 2, 99.9 at 3.
fn nines(percentile: f64) -> f64 {
    -(1.0 - percentile / 100.0).log10()
}

/// The figures of the table of which one end is good.
fn judged(record: &Record) -> Vec<&FigureRecord> {
    let columns = record.columns.iter().filter_map(|name| record.figure(name));
    columns.filter(|figure| figure.better != BetterRecord::Neither).collect()
}

fn targets(record: &Record) -> impl Iterator<Item = (&str, Ink)> {
    let targets = record.targets.iter().enumerate();
    targets.map(|(place, target)| (target.name.as_str(), Ink::of_target(&target.name, place)))
}

/// The points of the sweep, rising.
pub fn points(record: &Record) -> Vec<f64> {
    let mut points: Vec<_> = record.rounds.iter().filter_map(|round| round.point).collect();
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}

/// A figure with its unit, as a title.
pub fn titled(figure: &FigureRecord) -> String {
    format!("{} ({})", figure.title, shown_unit(&figure.unit))
}

fn words(summary: &Summary, figure: &FigureRecord) -> String {
    let value = |value| shown(&figure.unit, figure.decimals, value);
    let spread = &summary.spread;
    let mut words = told(&figure.unit, figure.decimals, spread.median);
    if spread.count > 1 {
        words += &format!(
            ", {} to {} in {} rounds",
            value(spread.low),
            value(spread.high),
            spread.count
        );
    }
    if summary.load_bound > 0 {
        words += ", no verdict";
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{Report, Round, figures};
    use crate::report::sample;

    fn record(report: &Report) -> Record {
        Record::new(report, Vec::new(), String::new())
    }

    #[test]
    fn each_judged_figure_has_a_chart_with_a_bar_for_each_target() {
        let charts = medians(&record(&sample::beside(&[(100.0, 50.0), (120.0, 60.0)])));
        let titles: Vec<_> = charts.iter().map(|chart| chart.title.as_str()).collect();
        assert_eq!(titles, ["CPU (ns/delivery)"], "p99 was not measured, load busy is not judged");
        assert_eq!(charts[0].hint, "less is better");
        let bars: Vec<_> = charts[0].bars.iter().map(|bar| (bar.median, bar.range)).collect();
        assert_eq!(bars, [(110.0, (100.0, 120.0)), (55.0, (50.0, 60.0))]);
    }

    #[test]
    fn a_sweep_is_drawn_over_its_points_and_not_as_bars() {
        let mut report = sample::sweep(&[(10.0, 0.5), (1.0, 0.9), (1.0, 0.7)]);
        let plots = sweep(&record(&report));
        assert_eq!(plots.len(), 1);
        let line: Vec<_> = plots[0].series[0].points.iter().map(|at| (at.x, at.y)).collect();
        assert_eq!(line, [(1.0, 80.0), (10.0, 50.0)]);
        assert_eq!(plots[0].x.title, "offered (x saturation, log scale)");
        assert!(medians(&record(&report)).is_empty());

        report.columns.push(&figures::SURVIVED_LOW);
        for round in &mut report.rounds {
            round.figures.push((figures::SURVIVED_LOW.name, 0.25));
        }
        let plots = sweep(&record(&report));
        assert_eq!(plots[0].title, "broker: what came through (%)");
        let names: Vec<_> = plots[0].series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["goodput", "low"]);
        assert_eq!(plots.len(), 3);
    }

    #[test]
    fn latencies_that_differ_much_are_drawn_by_magnitude() {
        let mut report = sample::sweep(&[(1.0, 0.9), (2.0, 0.8)]);
        report.columns = vec![&figures::P99];
        for (round, p99) in report.rounds.iter_mut().zip([100.0, 90_000.0]) {
            round.figures.push((figures::P99.name, p99));
        }
        assert!(sweep(&record(&report))[0].y.scale.is_log());
    }

    #[test]
    fn a_curve_ends_at_its_greatest_latency_and_claims_no_more_percentiles_than_it_has() {
        let plots = percentiles(&record(&sample::beside(&[(1.0, 2.0)])));
        assert_eq!(plots.len(), 1);
        let points = &plots[0].1.series[0].points;
        let last = points.last().unwrap();
        assert_eq!(last.x, 2.0, "one in a hundred");
        assert!((last.y - 1_000.0).abs() < 2.0);
        assert!(points.iter().all(|point| !point.words.starts_with("p99.")), "{points:?}");
        assert!(points.is_sorted_by(|one, next| one.x < next.x && one.y <= next.y));
    }

    #[test]
    fn each_point_of_a_sweep_has_its_own_curves() {
        let mut report = sample::sweep(&[(2.0, 0.5), (1.0, 0.9)]);
        report.rounds.push(Round { point: None, ..report.rounds[0].clone() });
        let points: Vec<_> =
            percentiles(&record(&report)).into_iter().map(|(point, _)| point).collect();
        assert_eq!(points, [None, Some(1.0), Some(2.0)]);
    }
}
