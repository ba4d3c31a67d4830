//! The checkers see: each planted bug fails a seed that passes without it. `cargo sim -- --bugs`
//! counts how many seeds each takes from the first on.

use std::panic::{self, AssertUnwindSafe};

use throng_broker::probe::{self, Bug};
use throng_harness::chaos::Plan;

/// Where to look first: most bugs show in the first few seeds, these later.
const LATE: &[(Bug, u64)] = &[
    (Bug::LimiterEdge, 21),
    (Bug::LimiterForgets, 95),
    (Bug::VisitIgnored, 114),
    (Bug::LaneOvertaken, 123),
    (Bug::MuteIgnored, 35),
    (Bug::SanctionAnsweredEarly, 1_004),
    (Bug::RecoveryShort, 23),
    (Bug::OfferMoves, 21),
];

/// Seeds that are tried from there on, and then from the first on.
const SEEDS: u64 = 400;

fn fails(seed: u64) -> bool {
    panic::catch_unwind(AssertUnwindSafe(|| Plan::new(seed).play())).is_err()
}

#[test]
fn every_planted_bug_is_seen() {
    for bug in Bug::ALL {
        let first = LATE.iter().find(|(late, _)| late == bug).map_or(0, |(_, seed)| *seed);
        probe::plant(Some(*bug));
        let shown = (first..first + 3).chain(0..SEEDS).find(|seed| fails(*seed));
        probe::plant(None);
        let shown = shown.unwrap_or_else(|| panic!("{bug:?} is not seen in {SEEDS} seeds"));
        assert!(!fails(shown), "seed {shown} fails without any bug");
        println!("{bug:?} shows in seed {shown}");
    }
}
