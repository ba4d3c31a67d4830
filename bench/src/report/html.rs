//! A report as one page with charts: no script, nothing to load, light or dark as the reader
//! likes it.
//!
//! It is drawn of the record that `--json` writes, and of nothing else. Everything in it goes
//! through [`markup`], so what came from outside is text and never a tag.

mod bars;
mod charts;
mod ink;
mod markup;
mod plot;
mod scale;
mod tables;

use super::number::brief;
use super::record::Record;
use markup::Markup;

/// The page.
pub fn page(record: &Record) -> String {
    let title = format!("throng-bench {}, {}", record.scenario, record.written_at);
    let mut head = Markup::void("meta", &[("charset", "utf-8")]);
    let fit = "width=device-width, initial-scale=1";
    head += Markup::void("meta", &[("name", "viewport"), ("content", fit)]);
    head += Markup::around("title", title);
    head += Markup::tag("style", &[], Markup::constant(include_str!("html/style.css")));
    let mut html = Markup::tag("head", &[], head);
    html += Markup::tag("body", &[], Markup::tag("main", &[], body(record)));
    let page = Markup::tag("html", &[("lang", "en")], html).into_string();
    format!("<!doctype html>\n{page}\n")
}

fn body(record: &Record) -> Markup {
    let mut body = Markup::around("h1", format!("throng-bench {}", record.scenario));
    body += lead(record);
    for warning in warnings(record) {
        body += Markup::classed("p", "warning", Markup::text(warning));
    }
    if !record.objectives.is_empty() {
        body += section("Objectives", tables::objectives(record));
    }
    body += section("Setting", tables::setting(record));
    let bars = charts::medians(record).iter().map(bars::Bars::draw).map(figure).collect();
    body += charts_of("Medians, with the range of the rounds", bars);
    let lines = charts::sweep(record).iter().map(plot::Plot::draw).collect();
    let over = record.sweep.as_ref().map_or("point", |sweep| sweep.title.as_str());
    body += charts_of(&format!("By {over}, medians with the range of the rounds"), lines);
    body += percentiles(record);
    body += section("Medians", tables::medians(record));
    if !record.ratios.is_empty() {
        body += section("Ratios, pair by pair", tables::ratios(record));
    }
    body += section("Every round", tables::rounds(record));
    body
}

/// The first figure's ratios, or its medians where there is nothing to compare.
fn lead(record: &Record) -> Markup {
    let unit = record.sweep.as_ref().map_or("", |sweep| sweep.unit.as_str());
    let at = |point: Option<f64>| {
        point.map(|point| format!(" at {} {unit}", brief(point))).unwrap_or_default()
    };
    let ratios = record.ratios.iter().filter(|ratio| ratio.figure == record.primary);
    let lines = ratios.map(|ratio| {
        let spread = &ratio.spread;
        format!(
            "{} / {}, {}{}: {:.2} (median of {} pairs, {:.2} to {:.2})",
            ratio.above,
            ratio.below,
            ratio.figure,
            at(ratio.point),
            spread.median,
            spread.count,
            spread.low,
            spread.high
        )
    });
    lines.map(|line| Markup::classed("p", "lead", Markup::text(line))).collect()
}

fn warnings(record: &Record) -> Vec<String> {
    let mut warnings = record.warnings.clone();
    let count = |is_so: fn(&super::record::RoundRecord) -> bool| {
        record.rounds.iter().filter(|round| is_so(round)).count()
    };
    let (bound, all) = (count(|round| round.load_bound), record.rounds.len());
    if bound > 0 {
        warnings.push(format!(
            "In {bound} of {all} rounds the load was the bottleneck: no verdict on those."
        ));
    }
    let flawed = count(|round| round.flaws.is_some_and(|flaws| !flaws.is_none()));
    if flawed > 0 {
        warnings.push(format!(
            "In {flawed} of {all} rounds messages were lost, doubled, out of order or refused."
        ));
    }
    warnings
}

fn percentiles(record: &Record) -> Markup {
    let plots = charts::percentiles(record);
    let of = |point: Option<f64>| -> Vec<Markup> {
        plots.iter().filter(|(at, _)| *at == point).map(|(_, plot)| plot.draw()).collect()
    };
    let mut inner = grid(of(None));
    let sweep = record.sweep.as_ref();
    for point in charts::points(record) {
        let charts = grid(of(Some(point)));
        if !charts.is_empty() {
            let (title, unit) =
                sweep.map_or(("point", ""), |sweep| (sweep.title.as_str(), sweep.unit.as_str()));
            let summary = Markup::around("summary", format!("{title} {} {unit}", brief(point)));
            inner += Markup::tag("details", &[], [summary, charts].into_iter().collect());
        }
    }
    section("Latency by percentile, all rounds together", inner)
}

fn charts_of(title: &str, charts: Vec<Markup>) -> Markup {
    section(title, grid(charts))
}

fn grid(charts: Vec<Markup>) -> Markup {
    if charts.is_empty() {
        return Markup::new();
    }
    Markup::classed("div", "grid-of-charts", charts.into_iter().collect())
}

fn figure(drawing: Markup) -> Markup {
    Markup::tag("figure", &[], drawing)
}

/// A part of the page; nothing without anything in it.
fn section(title: &str, inner: Markup) -> Markup {
    if inner.is_empty() {
        return inner;
    }
    let heading = Markup::around("h2", title);
    Markup::tag("section", &[], [heading, inner].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::order::Flaws;
    use crate::report::model::{Report, figures};
    use crate::report::{check, sample};

    fn page_of(report: &Report) -> String {
        page(&Record::new(report, Vec::new(), "2026-11-24T09:34:56Z".to_owned()))
    }

    /// Fails unless every tag is closed by its own end.
    fn check_nesting(page: &str) {
        let mut open = Vec::new();
        let style = page.find("<style>").unwrap()..page.find("</style>").unwrap();
        let rest = page[..style.start].to_owned() + &page[style.end + "</style>".len()..];
        for part in rest.split('<').skip(1) {
            let tag = part.split('>').next().unwrap();
            let name = tag.split([' ', '/']).next().unwrap();
            if let Some(end) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(end.to_owned()), "at <{part}");
            } else if !tag.ends_with('/') && !["!doctype", "meta", "br"].contains(&name) {
                open.push(name.to_owned());
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn the_page_is_whole_and_loads_nothing() {
        for report in [
            sample::beside(&[(189.3, 228.2), (158.2, 220.4)]),
            sample::sweep(&[(1.0, 0.99), (10.0, 0.8)]),
            sample::beside(&[]),
        ] {
            let page = page_of(&report);
            check_nesting(&page);
            for word in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
                assert!(!page.contains(word), "{word}");
            }
            assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
        }
    }

    #[test]
    fn what_comes_from_outside_stays_text() {
        let evil = "\"><script>alert(1)</script>";
        let mut report = sample::beside(&[(1.0, 2.0)]);
        report.machine.model = evil.to_owned();
        report.machine.commit = Some(evil.to_owned());
        report.parameters.push((evil.to_owned(), evil.to_owned()));
        report.targets[0].log_lines.push(evil.to_owned());
        report.targets[1].name = evil.to_owned();
        report.rounds[1].target = evil.to_owned();
        report.rounds[1].note = Some(evil.to_owned());
        report.warnings.push(evil.to_owned());
        let page = page_of(&report);
        check_nesting(&page);
        assert!(!page.contains("<script"), "{page}");
        assert!(page.matches("&lt;script&gt;alert(1)").count() >= 9, "{page}");
    }

    #[test]
    fn the_page_says_what_speaks_against_the_figures() {
        let mut report = sample::beside(&[(1.0, 2.0), (1.0, 2.0)]);
        report.rounds[0].load_bound = true;
        report.rounds[1].flaws = Some(Flaws { lost: 7, ..Flaws::default() });
        let page = page_of(&report);
        assert!(page.contains("In 1 of 4 rounds the load was the bottleneck"), "{page}");
        assert!(page.contains("In 1 of 4 rounds messages were lost"), "{page}");
        assert!(page.contains("FLAWED: 7 lost"), "{page}");
    }

    #[test]
    fn every_chart_has_a_title_and_its_values_in_words() {
        let mut report = sample::beside(&[(189.3, 228.2), (158.2, 220.4)]);
        for round in &mut report.rounds {
            round.figures.push((figures::P99.name, 1_234.0));
        }
        let page = page_of(&report);
        let charts = page.matches("class=\"chart\"").count();
        assert_eq!(charts, 3, "two figures and the curves of one latency");
        assert_eq!(page.matches("<desc>").count(), charts);
        assert!(page.contains("<desc>broker: 173.8 ns/delivery, 158.2 to 189.3 in 2 rounds; raw"));
    }

    #[test]
    fn objectives_stand_first_and_say_what_became_of_them() {
        let report = sample::beside(&[(1.0, 2.0)]);
        let objectives = [
            "server_ns_per_delivery<=9".parse().unwrap(),
            "server_ns_per_delivery<=0.5".parse().unwrap(),
        ];
        let outcomes = check::check(&report, &objectives);
        let page = page(&Record::new(&report, outcomes, String::new()));
        let at = |text: &str| page.find(text).unwrap();
        assert!(at("class=\"held\"") < at("class=\"missed\""));
        assert!(at("Objectives") < at("Setting"));
    }
}
