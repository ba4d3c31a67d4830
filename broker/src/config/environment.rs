//! The environment as a source: `THRONG_` and the name of a flag in capitals.
//!
//! Other programs may have variables that begin with `THRONG_` too (an orchestrator makes
//! `THRONG_PORT` for a service of that name), so an unknown one is refused only when it is
//! nearly a known one. An empty variable is as good as none.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Given;
use super::key::Key;
use super::problem::{Origin, Problem};
use super::suggest;
use super::value::Value;

/// What all variables begin with.
const PREFIX: &str = "THRONG_";

/// The variable that names the file.
pub(super) const CONFIG: &str = "THRONG_CONFIG";

/// What the environment says.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// The file to read.
    pub(super) file: Option<PathBuf>,
    /// The values.
    pub(super) given: Vec<Given>,
}

/// Picks our variables out of all of them.
pub(super) fn read(
    variables: Vec<(OsString, OsString)>,
    problems: &mut Vec<Problem>,
) -> Environment {
    let mut environment = Environment::default();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let origin = Origin::Variable(name.to_owned());
        if value.is_empty() {
            continue;
        }
        if name == CONFIG {
            environment.file = Some(PathBuf::from(value));
        } else if let Some(key) = Key::all().find(|key| key.variable() == name) {
            match value.into_string() {
                Ok(text) => environment.given.push(Given { key, value: Value::Bare(text), origin }),
                Err(_) => problems.push(Problem::of_key(key, origin, "the value is not UTF-8")),
            }
        } else if let Some(known) = near(name) {
            let reason = format!("there is no such variable; did you mean {PREFIX}{known}?");
            problems.push(Problem::new(origin, reason));
        }
    }
    environment
}

/// The known variable that is nearly this one, without the prefix: what all share does not make
/// two of them alike.
fn near(name: &str) -> Option<String> {
    let known: Vec<String> = Key::all()
        .map(Key::variable)
        .chain([CONFIG.to_owned()])
        .map(|name| name[PREFIX.len()..].to_owned())
        .collect();
    let typed = &name[PREFIX.len()..];
    suggest::nearest(typed, known.iter().map(String::as_str)).map(str::to_owned)
}
