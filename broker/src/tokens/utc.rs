//! Moments as people read them: RFC 3339 in UTC, and how long something lasts.
//!
//! Pure arithmetic on milliseconds; called for what `throng token` prints.

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The moment so many milliseconds after the Unix epoch: `2026-11-24T15:41:07Z`.
pub(super) fn show(millis: u64) -> String {
    let (year, month, day) = date(millis / DAY_MS);
    let seconds = millis % DAY_MS / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// A span in whole seconds: `1d 2h 3m 4s`, without the units that are none.
pub(super) fn show_span(millis: u64) -> String {
    let seconds = millis / 1000;
    let parts = [
        (seconds / 86_400, 'd'),
        (seconds / 3600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ];
    let shown = parts.iter().filter(|(amount, _)| *amount > 0);
    let texts: Vec<String> = shown.map(|(amount, unit)| format!("{amount}{unit}")).collect();
    if texts.is_empty() { "0s".to_owned() } else { texts.join(" ") }
}

/// Year, month and day so many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are taken to begin in March, so that the leap day is their last; an era is the 400
    // years after which all of it comes again.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::{show, show_span};

    #[test]
    fn a_moment_is_shown_as_every_calendar_has_it() {
        // As `date -u -d @SECONDS +%FT%TZ` says.
        let known = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_793_500_000, "2026-11-01T02:26:40Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, text) in known {
            assert_eq!(show(seconds * 1000 + 999), text);
        }
        // Whatever a token says, showing it does not fail.
        assert!(show(u64::MAX).ends_with('Z'));
    }

    #[test]
    fn a_span_is_shown_without_what_it_does_not_have() {
        assert_eq!(show_span(999), "0s");
        assert_eq!(show_span(3_600_000), "1h");
        assert_eq!(show_span(93_784_000), "1d 2h 3m 4s");
    }
}
