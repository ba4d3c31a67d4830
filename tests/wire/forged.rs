//! A hundred thousand forged tokens, none of which may be accepted; the example `forge-tokens` tries
//! as many as it is told to.

use throng_harness::forge::{Forgery, forge};

#[test]
fn none_of_a_hundred_thousand_forged_tokens_is_accepted() {
    for (kind, tally) in forge(20_261_124, 100_000) {
        assert!(tally.tried > 9_000 && tally.accepted == 0, "{kind:?}: {tally:?}");
        // What differs in nothing but the code, or in claims that are good, is read, so that the code
        // is what refuses it.
        let readable =
            [Forgery::RandomCode, Forgery::NearSecret, Forgery::OtherSecret, Forgery::OtherClaims];
        assert!(!readable.contains(&kind) || tally.read == tally.tried, "{kind:?}: {tally:?}");
    }
}
