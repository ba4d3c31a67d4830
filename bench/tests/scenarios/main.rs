//! The whole program, scenario by scenario, against the broker and the raw relay: started,
//! loaded, checked, ended.
//!
//! Runs are as short as they can be and their figures are not looked at, only that they are there
//! and that nothing went wrong. Peers are not started: what they say is tested by recorded bytes
//! beside each dialect, so that no test depends on what else a machine has installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod bench;
mod failures;

use bench::{Run, run};

/// Both targets, in as little time as will do.
const BOTH: [&str; 6] = ["--peer", "raw", "--seconds", "0.2", "--warm-up", "0.1"];

/// Runs a scenario on both targets once.
fn both(scenario: &str, more: &[&str]) -> Run {
    let report = run(scenario, &[&BOTH[..], &["--rounds", "1"], more].concat());
    assert_eq!(report.targets(), ["broker", "raw"]);
    report
}

#[test]
fn fanout_delivers_everything_once_and_in_order() {
    let report = both("fanout", &["--members", "50"]);
    report.assert_sound(2);
    for figure in ["server_ns_per_delivery", "deliveries_per_read", "rss_bytes", "p99_us"] {
        report.assert_above_zero(figure);
    }
}

#[test]
fn fanout_with_several_publishers_in_lock_step_and_large_payloads_is_sound_too() {
    let more = ["--members", "20", "--publishers", "3", "--window", "1"];
    both("fanout", &[&more[..], &["--payload", "20000"]].concat()).assert_sound(2);
    let server = ["--publisher-role", "server"];
    both("fanout", &[&more[..], &server].concat()).assert_sound(2);
}

#[test]
fn rooms_deliver_everything_once_and_in_order() {
    let report = both("rooms", &["--rooms", "20", "--members", "3"]);
    report.assert_sound(2);
    report.assert_above_zero("last_p99_us");
}

#[test]
fn rooms_are_measured_with_several_numbers_of_workers_side_by_side() {
    let report = both("rooms", &["--rooms", "10", "--scale", "1,2"]);
    report.assert_sound(4);
    let points: Vec<_> = report.rounds().iter().map(|round| round["point"].as_f64()).collect();
    assert_eq!(points, [Some(1.0), Some(1.0), Some(2.0), Some(2.0)]);
}

#[test]
fn hot_rooms_of_all_sizes_deliver_everything_once_and_in_order() {
    let report = both("hot", &["--rooms", "10", "--members", "60", "--rate", "200"]);
    report.assert_sound(2);
}

#[test]
fn latency_keeps_its_rate_and_tells_latency_and_service_time() {
    let report = both("latency", &["--members", "20", "--rate", "200"]);
    report.assert_sound(2);
    for figure in ["p50_us", "service_p50_us", "last_p99_us"] {
        report.assert_above_zero(figure);
    }
    for round in report.rounds() {
        let offered = round["figures"]["offered_per_second"].as_f64().unwrap();
        assert!((100.0..300.0).contains(&offered), "{offered}");
    }
}

#[test]
fn ramp_ends_with_the_highest_rate_it_found() {
    let shape = ["--members", "5", "--rate", "50", "--p99-ms", "1000", "--within", "0.9"];
    let time = ["--seconds", "0.1", "--warm-up", "0"];
    let report = run("ramp", &[&shape[..], &time].concat());
    let rounds = report.rounds();
    let last = rounds.last().unwrap();
    assert!(last["point"].is_null(), "{last}");
    assert!(last["figures"]["rate_per_second"].as_f64().unwrap() >= 50.0, "{last}");
}

#[test]
fn storm_lets_everyone_in() {
    let clients = ["--connections", "200", "--rooms", "3"];
    let report = run("storm", &[&clients[..], &["--peer", "raw", "--rounds", "1"]].concat());
    assert_eq!(report.targets(), ["broker", "raw"]);
    report.assert_above_zero("connects_per_second");
}

#[test]
fn whoever_is_cut_off_comes_back_by_secret_or_token_and_the_rooms_that_talk_lose_nothing() {
    let clients = ["--connections", "200", "--rooms", "3", "--live-rooms", "3"];
    let time = ["--live-members", "5", "--rate", "500", "--spread", "0.2"];
    for more in [&[][..], &["--tokens"]] {
        let report = both("comeback", &[&clients[..], &time, more].concat());
        report.assert_sound(2);
        for figure in ["p99_ratio", "before_p99_us", "all_back_ms", "connects_per_second"] {
            report.assert_above_zero(figure);
        }
        for round in report.rounds() {
            let all_back = round["figures"]["all_back_ms"].as_f64().unwrap();
            assert!(all_back >= 190.0, "not spread: {all_back} ms");
        }
    }
}

#[test]
fn idle_sessions_all_give_a_sign_of_life_in_the_end() {
    let sessions = ["--connections", "200", "--rooms", "2", "--seconds", "0.1"];
    let report = run("idle", &[&sessions[..], &["--peer", "raw"]].concat());
    report.assert_sound(2);
}

#[test]
fn who_stops_reading_for_a_while_gets_all_or_is_told_what_was_skipped() {
    let report = both("slow", &["--members", "20", "--rate", "500", "--payload", "8192"]);
    report.assert_sound(2);
    for round in report.rounds() {
        let note = round["note"].as_str().unwrap();
        assert!(note.contains("of 2 members that stopped reading"), "{note}");
    }
}

#[test]
fn overload_loses_nothing_without_a_word() {
    let points = ["--times", "0.5,3", "--members", "20", "--publishers", "2"];
    let time = ["--seconds", "0.2", "--rounds", "1", "--saturation", "2000"];
    let report = run("overload", &[&points[..], &time, &["--peer", "raw"]].concat());
    report.assert_sound(4);
    report.assert_above_zero("survived_protected_share");
}

#[test]
fn refuse_tells_what_a_refused_message_costs() {
    let time = ["--seconds", "0.2", "--warm-up", "0.1", "--rounds", "1"];
    let report = run("refuse", &[&time[..], &["--publishers", "2"]].concat());
    report.assert_sound(1);
    for figure in ["server_ns_per_refused", "server_ns_per_accepted", "refused_per_second"] {
        report.assert_above_zero(figure);
    }
}
