//! What the program says when there is nothing to measure, or an objective is missed.

use std::process::Command;

use crate::bench::start;

/// A run that ends with this code and says this.
fn assert_fails(flags: &[&str], code: i32, words: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_throng-bench")).args(flags).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(errors.contains(words), "{errors}");
}

#[test]
fn without_a_broker_there_is_nothing_to_measure_and_the_reason_is_told() {
    assert_fails(&["fanout", "--broker", "/nonexistent/throng"], 2, "/nonexistent/throng");
}

#[test]
fn a_broker_that_dies_at_once_ends_the_run() {
    assert_fails(&["fanout", "--broker", "/bin/false"], 2, "the server is gone");
}

#[test]
fn a_broker_elsewhere_is_not_touched() {
    let elsewhere = ["--address", "192.0.2.1:7400", "--pid", "1"];
    assert_fails(&[&["fanout"][..], &elsewhere].concat(), 2, "is not a loopback address");
}

#[test]
fn more_sessions_than_descriptors_are_refused_before_anything_starts() {
    let many = ["idle", "--connections", "4000000000", "--broker", "/bin/false"];
    assert_fails(&many, 2, "more than the");
}

#[test]
fn a_missed_objective_fails_the_run_and_a_held_one_does_not() {
    let short = ["fanout", "--peer", "raw", "--without-broker", "--members", "10"];
    let time = ["--rounds", "1", "--seconds", "0.1", "--warm-up", "0"];
    for (objective, code) in [("lost<=0", Some(0)), ("rss_bytes<=1", Some(1))] {
        let output = start(&[&short[..], &time, &["--objective", objective]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), code, "{objective}: {text}");
    }
}
