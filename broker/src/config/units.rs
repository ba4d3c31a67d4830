//! Amounts with a unit, both ways: `3s`, `90m`, `256KiB`. A whole number and one unit, so that
//! there is one way to read them and what is written reads back as the same amount.

/// Units by name, each with what it is worth, the smallest first.
pub(super) type Units = [(&'static str, u64)];

/// Units of time, in milliseconds.
pub(super) const TIME: &Units =
    &[("ms", 1), ("s", 1000), ("m", 60 * 1000), ("h", 3600 * 1000), ("d", 24 * 3600 * 1000)];

/// Units of size, in bytes.
pub(super) const SIZE: &Units =
    &[("B", 1), ("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024)];

/// The amount that the text stands for.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the text.
pub(super) fn parse(text: &str, units: &Units) -> Result<u64, String> {
    let text = text.trim();
    let digits_end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
    let expected = format!("a whole number and one of {}", names.join(", "));
    if digits.is_empty() {
        return Err(format!("is not {expected}"));
    }
    let unit = unit.trim_start();
    if unit.is_empty() {
        return Err(format!("has no unit: write {expected}"));
    }
    let (_, worth) = units
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| format!("has no known unit: write {expected}"))?;
    let amount = digits.parse::<u64>().ok();
    amount
        .and_then(|amount| amount.checked_mul(*worth))
        .ok_or_else(|| "is too large to be counted".to_owned())
}

/// The text for an amount, in the largest unit that leaves a whole number.
pub(super) fn show(amount: u64, units: &Units) -> String {
    let (name, worth) = units
        .iter()
        .rev()
        .find(|(_, worth)| amount != 0 && amount.is_multiple_of(*worth))
        .unwrap_or(&units[0]);
    format!("{}{name}", amount / worth)
}
