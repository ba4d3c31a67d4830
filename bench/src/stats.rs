//! What many figures come to: medians, ends, ratios, shares; and the histogram of latencies.
//!
//! Plain arithmetic on values that others keep. It knows no figure by name, and rounds nothing.

use hdrhistogram::Histogram;

/// The longest latency that is told apart, in nanoseconds; a longer one counts as this.
const LATENCY_NS_MAX: u64 = 60_000_000_000;

/// The middle of the values, or the mean of the two in the middle; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[middle - 1], upper))
}

/// The smallest value.
pub fn smallest(values: &[f64]) -> Option<f64> {
    values.iter().copied().min_by(f64::total_cmp)
}

/// The largest value.
pub fn largest(values: &[f64]) -> Option<f64> {
    values.iter().copied().max_by(f64::total_cmp)
}

/// How many times `below` each value of `above` is, pair by pair. The two of a pair were
/// measured one right after the other, so a machine that changes its pace between pairs does
/// not change the ratio.
pub fn pair_ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    above
        .iter()
        .zip(below)
        .filter(|(_, below)| **below > 0.0)
        .map(|(above, below)| above / below)
        .collect()
}

/// A part of a whole, as a number from 0 up; 0 of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// An empty histogram of nanoseconds.
pub fn latency_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3).expect("the bounds are constants in order")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn the_best_and_the_worst_are_found() {
        assert_eq!(smallest(&[2.0, 1.0, 3.0]), Some(1.0));
        assert_eq!(largest(&[2.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(smallest(&[]), None);
    }

    #[test]
    fn a_machine_that_halves_its_pace_between_pairs_does_not_change_the_ratio() {
        let ratios = pair_ratios(&[60.0, 120.0, 60.0], &[40.0, 80.0, 40.0]);
        assert_eq!(ratios, [1.5, 1.5, 1.5]);
        assert_eq!(pair_ratios(&[1.0], &[0.0]), [0.0; 0]);
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(share(1, 0), 0.0);
        assert_eq!(share(1, 4), 0.25);
    }
}
