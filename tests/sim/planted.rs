//! The checkers see: each planted bug fails a seed that passes without it. `cargo sim -- --bugs`
//! counts how many seeds each takes from the first on.

use std::panic::{self, AssertUnwindSafe};

use throng_broker::probe::{self, Bug};
use throng_harness::chaos::Plan;

/// A seed that shows each bug.
const SHOWN_BY: &[(Bug, u64)] = &[
    (Bug::LostWakeUp, 0),
    (Bug::LimiterEdge, 14),
    (Bug::LimiterForgets, 140),
    (Bug::DeliverAfterLeave, 0),
    (Bug::DeliveredTwice, 0),
    (Bug::JoinUnsealed, 1),
    (Bug::PartialSend, 1),
    (Bug::StaleHandle, 4),
    (Bug::OwnEcho, 0),
    (Bug::ForgottenShard, 0),
    (Bug::VisitIgnored, 19),
    (Bug::TakeoverKeepsOld, 0),
    (Bug::SeqSkipped, 0),
    (Bug::LaneOvertaken, 120),
    (Bug::SettleSkipped, 8),
    (Bug::EndIgnored, 4),
];

fn fails(seed: u64) -> bool {
    panic::catch_unwind(AssertUnwindSafe(|| Plan::new(seed).play())).is_err()
}

#[test]
fn every_planted_bug_is_seen() {
    for bug in Bug::ALL {
        let shown = SHOWN_BY.iter().find(|(shown, _)| shown == bug);
        let (_, seed) = shown.unwrap_or_else(|| panic!("no seed shows {bug:?}"));
        assert!(!fails(*seed), "seed {seed} fails without any bug");
        probe::plant(Some(*bug));
        let seen = fails(*seed);
        probe::plant(None);
        assert!(seen, "{bug:?} is not seen in seed {seed}: find another with cargo sim -- --bugs");
    }
}
