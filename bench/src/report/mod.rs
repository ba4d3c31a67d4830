//! What comes out: the figures with everything one needs to judge them, as text and as JSON.
//!
//! Every round is shown, none is left out; medians and bests come after them.

pub mod fanout;
pub mod idle;
pub mod round;

use crate::machine::Machine;

/// One line of a report's head: what it is about, and what there is to say.
fn line(name: &str, value: &str) -> String {
    format!("{name:<12} {value}\n")
}

fn machine_lines(machine: &Machine) -> String {
    let commit = machine.commit.as_deref().unwrap_or("unknown");
    let what = format!(
        "{} cores, {}, Linux {}, TCP {}, {:.0} ns per system call",
        machine.cores,
        machine.model,
        machine.kernel,
        machine.congestion_control,
        machine.system_call_ns
    );
    line("machine", &what) + &line("commit", commit)
}

/// A number with thousands set apart, rounded to whole ones.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0
            && (digits.len() - place).is_multiple_of(3)
            && digits.as_bytes()[place - 1] != b'-'
        {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0.0), "0");
        assert_eq!(grouped(999.4), "999");
        assert_eq!(grouped(1000.0), "1,000");
        assert_eq!(grouped(20_800_123.0), "20,800,123");
        assert_eq!(grouped(-123_456.0), "-123,456");
    }
}
