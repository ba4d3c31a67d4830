//! Worlds in which anything goes, a few of them in every test run. `cargo sim` plays as many as
//! one likes.

use throng_broker::probe::{self, Mark};
use throng_harness::chaos::Plan;
use throng_harness::fault::{Fault, Faults};

#[test]
fn whatever_clients_network_and_machine_do_the_invariants_hold() {
    let _ = probe::take_marks();
    let (mut deliveries, mut claims, mut faults) = (0, 0, Faults::NONE);
    for seed in 0..150 {
        println!("cargo sim -- {seed}");
        let played = Plan::new(seed).play();
        deliveries += played.deliveries;
        claims += played.claims;
        faults = faults.or(played.faults);
    }
    let marks = probe::take_marks();
    let missing: Vec<_> = Mark::ALL.iter().filter(|mark| !marks.contains(mark)).collect();
    assert!(missing.is_empty(), "these worlds never came to {missing:?}");
    let missing: Vec<_> = Fault::ALL.iter().filter(|fault| !faults.has(**fault)).collect();
    assert!(missing.is_empty(), "these worlds never had {missing:?}");
    assert!(claims > 1_000, "what rooms keep was not compared: {claims}");
    assert!(deliveries > 10_000, "the worlds were not asleep: {deliveries}");
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..5 {
        assert_eq!(Plan::new(seed).play(), Plan::new(seed).play());
    }
    assert_ne!(Plan::new(0).play().hash, Plan::new(1).play().hash);
}
