//! Small made-up reports for the tests of everything that reads one.

use super::model::{Figure, Report, Round, Subject, Sweep, figures};
use crate::load::order::Flaws;
use crate::machine::Machine;
use crate::stats::latency_histogram;

fn machine() -> Machine {
    Machine {
        cores: 2,
        model: "Fast Core 9".to_owned(),
        kernel: "6.18.1".to_owned(),
        congestion_control: "cubic".to_owned(),
        system_call_ns: 61.6,
        commit: Some("0123456789ab".to_owned()),
    }
}

fn subject(name: &str, words: &str) -> Subject {
    Subject { name: name.to_owned(), words: words.to_owned(), log_lines: Vec::new() }
}

/// A round with one figure and a histogram of a hundred latencies.
pub fn round(number: u32, target: &str, figure: &Figure, value: f64) -> Round {
    let mut histogram = latency_histogram();
    for hundred in 1..=100 {
        histogram.record(hundred * 10_000).unwrap();
    }
    Round {
        number,
        target: target.to_owned(),
        point: None,
        figures: vec![(figure.name, value)],
        histograms: vec![("each", histogram)],
        flaws: Some(Flaws::default()),
        load_bound: false,
        note: None,
    }
}

/// The broker beside the raw relay: CPU per delivery, pair by pair.
pub fn beside(pairs: &[(f64, f64)]) -> Report {
    let mut rounds = Vec::new();
    for (number, &(broker, raw)) in (1..).zip(pairs) {
        rounds.push(round(number, "broker", &figures::CPU_NS, broker));
        rounds.push(round(number, "raw", &figures::CPU_NS, raw));
    }
    let mut broker = subject("broker", "./throng, 1 worker");
    broker.log_lines.push("io_uring is used".to_owned());
    Report {
        scenario: "fanout",
        machine: machine(),
        parameters: vec![("members".to_owned(), "1,000".to_owned())],
        targets: vec![broker, subject("raw", "copies bytes")],
        columns: vec![&figures::CPU_NS, &figures::LOAD_BUSY, &figures::P99],
        primary: &figures::CPU_NS,
        sweep: None,
        rounds,
        warnings: Vec::new(),
    }
}

/// The broker alone under rising load: its goodput at each point.
pub fn sweep(points: &[(f64, f64)]) -> Report {
    let mut report = beside(&[]);
    report.scenario = "overload";
    report.targets.truncate(1);
    report.columns = vec![&figures::GOODPUT];
    report.primary = &figures::GOODPUT;
    report.sweep = Some(Sweep { title: "offered", unit: "x saturation" });
    for (number, &(point, goodput)) in (1..).zip(points) {
        let round = round(number, "broker", &figures::GOODPUT, goodput);
        report.rounds.push(Round { point: Some(point), ..round });
    }
    report
}
