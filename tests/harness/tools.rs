//! Programs of the machine that some tests need. Where one is missing its test says so and passes,
//! unless `THRONG_REQUIRE_TOOLS` is set, as it is in CI: then that is a failure.

use std::env;
use std::process::Command;

/// Whether a program is there: whether it runs with these arguments and ends well.
///
/// # Panics
/// When it is not and has to be.
#[must_use]
pub fn has(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    let there = output.is_ok_and(|output| output.status.success());
    if !there {
        let required = env::var_os("THRONG_REQUIRE_TOOLS").is_some();
        assert!(!required, "THRONG_REQUIRE_TOOLS is set, and there is no {program} {arguments:?}");
        println!("skipped: there is no {program} {arguments:?}");
    }
    there
}

/// The Python to be run: what `THRONG_PYTHON` names, or `python3`.
#[must_use]
pub fn python() -> String {
    env::var("THRONG_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}
