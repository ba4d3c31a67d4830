//! Where a value lies along an axis, and which values an axis names.
//!
//! An axis of lengths begins at nothing, so that lengths compare; one of orders of magnitude is
//! logarithmic and begins where the values do.

/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    is_log: bool,
    low: f64,
    high: f64,
    from_px: f64,
    to_px: f64,
}

impl Scale {
    /// From nothing, or from the least value below it, to a round value above all.
    pub fn from_zero(values: impl Iterator<Item = f64>, (from_px, to_px): (f64, f64)) -> Self {
        let (low, high) =
            values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let span = if high > low { high - low } else { 1.0 };
        let step = round_step(span / 5.0);
        let low = (low / step).floor() * step;
        let high = if high > low { (high / step).ceil() * step } else { low + span };
        Self { is_log: false, low, high, from_px, to_px }
    }

    /// From nothing to this, and no further.
    pub const fn up_to(high: f64, (from_px, to_px): (f64, f64)) -> Self {
        Self { is_log: false, low: 0.0, high, from_px, to_px }
    }

    /// By orders of magnitude, over all positive values, to the next 1, 2 or 5 at both ends.
    pub fn log(values: impl Iterator<Item = f64>, (from_px, to_px): (f64, f64)) -> Self {
        let positive = values.filter(|value| *value > 0.0);
        let (low, high) = positive
            .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low <= high { (low, high) } else { (1.0, 10.0) };
        let below = |value: f64| steps_around(value).into_iter().rfind(|step| *step <= value);
        let above = |value: f64| steps_around(value).into_iter().find(|step| *step >= value);
        let (low, high) = (below(low).unwrap_or(low), above(high).unwrap_or(high));
        let high = if high > low { high } else { low * 10.0 };
        Self { is_log: true, low, high, from_px, to_px }
    }

    /// Over exactly these values, by orders of magnitude where they differ much.
    pub fn over(values: &[f64], (from_px, to_px): (f64, f64)) -> Self {
        /// From this factor on, even steps would squeeze the small values together.
        const MUCH: f64 = 8.0;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = match (low < high, high.is_finite()) {
            (true, _) => (low, high),
            (false, true) => (high.min(0.0), high.max(1.0)),
            (false, false) => (0.0, 1.0),
        };
        Self { is_log: low > 0.0 && high / low >= MUCH, low, high, from_px, to_px }
    }

    /// Where a value lies; at the near end if it is beyond it.
    pub fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let part = if self.is_log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from_px + part * (self.to_px - self.from_px)
    }

    /// Where lengths begin.
    pub fn base(&self) -> f64 {
        self.at(0.0)
    }

    /// Whether it goes by orders of magnitude.
    pub const fn is_log(&self) -> bool {
        self.is_log
    }

    /// Round values to name, rising: at most about eight.
    pub fn ticks(&self) -> Vec<f64> {
        if self.is_log { self.log_ticks() } else { self.even_ticks() }
    }

    fn even_ticks(&self) -> Vec<f64> {
        let step = round_step((self.high - self.low) / 5.0);
        let first = (self.low / step).ceil();
        let ticks = (0..16).map(|place| (first + f64::from(place)) * step);
        ticks.take_while(|tick| *tick <= self.high + step * 1e-6).collect()
    }

    fn log_ticks(&self) -> Vec<f64> {
        const TICKS_MAX: usize = 8;
        let decades = self.decades();
        let within = |tick: &f64| *tick >= self.low * 0.999 && *tick <= self.high * 1.001;
        for shares in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let all =
                decades.iter().flat_map(|decade| shares.iter().map(move |share| decade * share));
            let ticks: Vec<f64> = all.filter(within).collect();
            if ticks.len() <= TICKS_MAX {
                return ticks;
            }
        }
        decades.into_iter().filter(within).step_by(2).collect()
    }

    fn decades(&self) -> Vec<f64> {
        let first = self.low.log10().floor();
        let decades = (0..40).map(|place| 10.0_f64.powf(first + f64::from(place)));
        decades.take_while(|decade| *decade <= self.high * 1.001).collect()
    }
}

/// The nearest of 1, 2 and 5 times a power of ten that is not below.
fn round_step(rough: f64) -> f64 {
    steps_around(rough).into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough)
}

/// 1, 2 and 5 times the powers of ten around a value, rising.
fn steps_around(value: f64) -> [f64; 5] {
    let decade = 10.0_f64.powf(value.log10().floor());
    [decade, decade * 2.0, decade * 5.0, decade * 10.0, decade * 20.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_begin_at_nothing_and_end_at_a_round_value() {
        let scale = Scale::from_zero([130.0, 189.0].into_iter(), (0.0, 100.0));
        assert_eq!((scale.at(0.0), scale.at(100.0), scale.at(200.0)), (0.0, 50.0, 100.0));
        assert_eq!(scale.ticks(), [0.0, 50.0, 100.0, 150.0, 200.0]);
        let scale = Scale::from_zero([-5.0, 10.0].into_iter(), (0.0, 100.0));
        assert!(scale.base() > 0.0);
    }

    #[test]
    fn nothing_but_zeros_still_makes_an_axis() {
        for values in [&[][..], &[0.0]] {
            let scale = Scale::from_zero(values.iter().copied(), (0.0, 100.0));
            assert!(scale.at(0.0).is_finite() && scale.ticks().len() > 1, "{scale:?}");
            let scale = Scale::log(values.iter().copied(), (0.0, 100.0));
            assert!(scale.at(0.0).is_finite() && scale.ticks().len() > 1, "{scale:?}");
            let scale = Scale::over(values, (0.0, 100.0));
            assert!(scale.at(0.0).is_finite(), "{scale:?}");
        }
    }

    #[test]
    fn orders_of_magnitude_are_equally_far_apart() {
        let scale = Scale::log([10.0, 1_000.0].into_iter(), (0.0, 100.0));
        assert_eq!(scale.at(10.0), 0.0);
        assert!((scale.at(100.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.ticks(), [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0]);
        let wide = Scale::log([1.0, 1e9].into_iter(), (0.0, 100.0));
        assert!(wide.ticks().len() <= 8, "{:?}", wide.ticks());
    }

    #[test]
    fn points_that_differ_much_are_spread_by_magnitude() {
        assert!(Scale::over(&[1.0, 2.0, 5.0, 10.0], (0.0, 1.0)).is_log());
        assert!(!Scale::over(&[1.0, 2.0], (0.0, 1.0)).is_log());
        assert!(!Scale::over(&[0.0, 100.0], (0.0, 1.0)).is_log());
    }
}
