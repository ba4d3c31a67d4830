//! The forms of values on the command line.

use std::time::Duration;

use throng_protocol::limits::PAYLOAD_BYTES_MAX;

use crate::load::STAMP_BYTES;

/// A length of time, in seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// A length of time, in milliseconds.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    let milliseconds = positive(text)?;
    Duration::try_from_secs_f64(milliseconds / 1e3).map_err(|error| error.to_string())
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("not a number above 0".to_owned()),
    }
}

/// A part of a whole, from 0 up to 1.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("not a number from 0 up to 1".to_owned()),
    }
}

/// A text that stands in a configuration file as it is.
pub fn plain(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        Ok(text.to_owned())
    } else {
        Err("not printable ASCII without quotes and backslashes".to_owned())
    }
}

/// Bytes of a payload, which has a stamp at its front.
pub fn payload_bytes(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|_| "not a number".to_owned())?;
    if (STAMP_BYTES..=PAYLOAD_BYTES_MAX).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(format!("not in {STAMP_BYTES}..={PAYLOAD_BYTES_MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_place_for_its_stamp() {
        assert!(payload_bytes("31").is_err());
        assert_eq!(payload_bytes("32"), Ok(32));
        assert!(payload_bytes("9999999").is_err());
        assert!(payload_bytes("many").is_err());
    }

    #[test]
    fn a_rate_is_above_nothing_and_a_share_below_all() {
        for bad in ["0", "-1", "NaN", "inf", "x"] {
            assert!(positive(bad).is_err(), "{bad}");
        }
        assert_eq!(positive("0.5"), Ok(0.5));
        assert_eq!(share("0"), Ok(0.0));
        assert!(share("1").is_err());
    }

    #[test]
    fn what_would_break_a_configuration_file_is_refused() {
        assert!(plain("fine-1").is_ok());
        assert!(plain("a\"b").is_err());
        assert!(plain("a\nb").is_err());
    }
}
