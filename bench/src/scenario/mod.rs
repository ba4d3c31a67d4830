//! What can be measured, one file each: arguments in, rounds run, a report out.

pub mod fanout;
pub mod idle;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::args;
use crate::cores::{CoreList, Placement};

/// Decides who runs where, and keeps this process on the load's core.
///
/// # Errors
/// When a core that was asked for is not allowed.
fn place(args: &args::Target) -> anyhow::Result<Placement> {
    let allowed = CoreList::allowed()?;
    let asked = args.server_cores.as_ref();
    let placement = Placement::choose(&allowed, args.load_core, asked, args.workers)?;
    CoreList::one(placement.load).pin()?;
    Ok(placement)
}

/// Prints at once, also into a pipe, so that a long run can be watched.
///
/// # Errors
/// When nobody reads any more.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("nobody reads the report")
}

/// Writes a report as JSON, if a path was given.
///
/// # Errors
/// When the file cannot be written.
fn write_json(report: &impl Serialize, path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let mut json = serde_json::to_string_pretty(report)?;
    json.push('\n');
    std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
}
