//! Deliveries that all have the same length and begin alike, as peers send them: found by one
//! comparison each, without reading the numbers in them. Anything else is left to the dialect.

use anyhow::ensure;

use crate::load::ear::Ear;

/// Takes whole deliveries off the front, each followed by `tail`; gives what comes behind them.
///
/// # Errors
/// When a delivery does not hold what it should.
#[inline]
pub fn take<'a>(received: &'a [u8], tail: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<&'a [u8]> {
    let expected = ear.expected;
    let mut rest = received;
    while let Some(behind) = rest.strip_prefix(expected.beginning.as_slice()) {
        let Some((payload, after)) = behind.split_at_checked(expected.payload_bytes) else {
            break;
        };
        let Some((found, after)) = after.split_at_checked(tail.len()) else {
            break;
        };
        ensure!(found == tail, "a delivery that does not end where it should");
        ear.deliver(payload, None)?;
        rest = after;
    }
    Ok(rest)
}

/// Whether this may be a delivery that is not all there.
pub fn is_partial(rest: &[u8], beginning: &[u8]) -> bool {
    rest.starts_with(beginning) || beginning.starts_with(rest)
}

/// Takes a line that ends in a carriage return and a line feed off the front.
pub fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}
