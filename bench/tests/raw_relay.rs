//! The whole program against its own raw relay: started, loaded, checked, ended.
//!
//! Needs no broker. The figures of such a short run mean nothing and are not looked at.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

use std::process::{Command, Output};

fn fanout(more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_throng-bench"))
        .args(["fanout", "--raw=alone", "--members", "50"])
        .args(["--seconds", "1", "--warm-up", "0.1"])
        .args(more)
        .output()
        .unwrap()
}

fn report(more: &[&str]) -> serde_json::Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    let output = fanout(&[more, &["--json", path.to_str().unwrap()]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("deliveries/s"), "{text}");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Asserts that something was measured and nothing went wrong.
fn assert_sound(round: &serde_json::Value) {
    for flaw in ["lost", "duplicated", "disordered", "refused"] {
        assert_eq!(round["flaws"][flaw], 0, "{flaw}: {round}");
    }
    for figure in ["deliveries", "server_ns_per_delivery", "deliveries_per_read", "rss_bytes"] {
        assert!(round[figure].as_f64().unwrap() > 0.0, "{figure}: {round}");
    }
    assert!(round["each"]["count"].as_u64().unwrap() > 0);
    assert!(round["last"]["count"].as_u64().unwrap() > 0);
}

#[test]
fn every_member_gets_every_message_once_and_in_order() {
    let report = report(&[]);
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 1);
    assert_sound(&rounds[0]);
}

#[test]
fn several_publishers_in_lock_step_and_large_payloads_are_sound_too() {
    let small = ["--rounds", "2", "--publishers", "3", "--window", "1"];
    let report = report(&[&small[..], &["--payload", "20000"]].concat());
    let rounds = report["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 2);
    rounds.iter().for_each(assert_sound);
}

#[test]
fn without_a_broker_there_is_nothing_to_measure_and_the_reason_is_told() {
    let output = Command::new(env!("CARGO_BIN_EXE_throng-bench"))
        .args(["fanout", "--broker", "/nonexistent/throng"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("/nonexistent/throng"), "{errors}");
}

#[test]
fn a_broker_that_dies_at_once_ends_the_run() {
    let output = Command::new(env!("CARGO_BIN_EXE_throng-bench"))
        .args(["fanout", "--broker", "/bin/false"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("the server is gone"), "{errors}");
}
