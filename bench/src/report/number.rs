//! How values are written for people: units, thousands, shares, moments.
//!
//! Files keep plain values in the unit of their figure; only what is read by eye goes through
//! here. Nothing here knows what a value means.

use super::model::Figure;

const MIB: f64 = (1 << 20) as f64;

impl Figure {
    /// A value as it is shown, without its unit.
    pub fn shown(&self, value: f64) -> String {
        shown(self.unit, self.decimals, value)
    }

    /// The unit in which values are shown.
    pub fn shown_unit(&self) -> &'static str {
        shown_unit(self.unit)
    }
}

/// The unit in which values of a unit are shown.
pub fn shown_unit(unit: &str) -> &str {
    match unit {
        "bytes" => "MiB",
        "share" => "%",
        other => other,
    }
}

/// A value of a unit as a number in the unit in which it is shown.
pub fn in_shown_unit(unit: &str, value: f64) -> f64 {
    match unit {
        "bytes" => value / MIB,
        "share" => value * 100.0,
        _ => value,
    }
}

/// A value as it is shown, without its unit.
pub fn shown(unit: &str, decimals: u8, value: f64) -> String {
    grouped(in_shown_unit(unit, value), decimals)
}

/// A value with its unit.
pub fn told(unit: &str, decimals: u8, value: f64) -> String {
    let number = shown(unit, decimals, value);
    match shown_unit(unit) {
        "" => number,
        unit if unit == "%" || unit.starts_with('/') => number + unit,
        unit => format!("{number} {unit}"),
    }
}

/// A number with thousands set apart and that many digits behind the point.
pub fn grouped(number: f64, decimals: u8) -> String {
    let digits = format!("{:.*}", usize::from(decimals), number.abs());
    let whole = digits.split('.').next().map_or(0, str::len);
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    let is_zero = digits.bytes().all(|digit| matches!(digit, b'0' | b'.'));
    if number < 0.0 && !is_zero {
        out.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && place < whole && (whole - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with as few digits as tell it: for points of a sweep and limits.
pub fn brief(number: f64) -> String {
    let decimals = if number.abs() >= 100.0 { 1 } else { 3 };
    let digits = grouped(number, decimals);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number for an axis, where there is little room.
pub fn short(number: f64) -> String {
    for (size, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if number.abs() >= size {
            return brief(number / size) + letter;
        }
    }
    brief(number)
}

/// A moment in UTC, from seconds since 1970.
pub fn moment(unix_s: u64) -> String {
    let (year, month, day) = date(unix_s / 86_400);
    let of_day = unix_s % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day, from days since 1970.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::figures;

    #[test]
    fn thousands_are_set_apart_before_the_point_alone() {
        assert_eq!(grouped(0.0, 0), "0");
        assert_eq!(grouped(999.4, 0), "999");
        assert_eq!(grouped(1000.0, 0), "1,000");
        assert_eq!(grouped(20_800_123.0, 0), "20,800,123");
        assert_eq!(grouped(-123_456.0, 0), "-123,456");
        assert_eq!(grouped(1234.5678, 3), "1,234.568");
        assert_eq!(grouped(-0.01, 1), "0.0");
    }

    #[test]
    fn shares_are_shown_in_percent_and_memory_in_mib() {
        assert_eq!(figures::LOAD_BUSY.shown(0.954), "95");
        assert_eq!(figures::LOAD_BUSY.shown_unit(), "%");
        assert_eq!(figures::RSS.shown(21_495_808.0), "20.5");
        assert_eq!(told("bytes", 1, 1_048_576.0), "1.0 MiB");
        assert_eq!(told("share", 1, 0.5), "50.0%");
        assert_eq!(told("/s", 0, 1e6), "1,000,000/s");
        assert_eq!(told("us", 0, 7.0), "7 us");
    }

    #[test]
    fn numbers_of_axes_are_short() {
        assert_eq!(short(2_500_000.0), "2.5M");
        assert_eq!(short(1000.0), "1k");
        assert_eq!(short(0.25), "0.25");
        assert_eq!(short(100.0), "100");
        assert_eq!(brief(1_000.0), "1,000");
        assert_eq!(brief(0.0), "0");
    }

    #[test]
    fn a_moment_is_told_in_utc_across_leap_days() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(moment(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(moment(1_795_512_896), "2026-11-24T09:34:56Z");
        assert_eq!(moment(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
