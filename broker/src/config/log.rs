//! The log: lines on standard error, chosen by the configured filter, as text or as JSON.
//!
//! What is logged may hold what a stranger sent, so a control character never gets through: an
//! event is one line, whatever is in it, and nothing reaches the terminal that it would obey.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::problem::printable;
use super::suggest;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads a filter: levels, and targets with levels, separated by commas.
///
/// A word without a level would be taken for a target of which everything is logged, and all
/// else left out; that is never what `inof` was meant to be.
///
/// # Errors
/// What is wrong with it.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    let words = text.split(',').map(str::trim);
    for word in words.filter(|word| !word.contains(['=', '[', '{', ']', '}'])) {
        if word.parse::<LevelFilter>().is_err() || word.is_empty() {
            let suggestion = suggest::did_you_mean(suggest::nearest(word, LEVELS));
            return Err(format!(
                "{word:?} is neither a level ({}) nor target=level{suggestion}",
                LEVELS.join(", ")
            ));
        }
    }
    let filter = EnvFilter::builder().parse(text);
    filter.map_err(|error| error.to_string())
}

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    Text,
    /// For programs: one object of JSON a line.
    Json,
}

/// Starts logging for the whole process. Called once, by `main`.
///
/// # Errors
/// When the filter is bad or the process logs already.
pub fn start(text: &str, form: LogForm) -> Result<(), String> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(text)?)
        .with_ansi(false)
        .with_writer(|| EventLine(io::stderr()));
    let started = match form {
        LogForm::Text => lines.try_init(),
        LogForm::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| error.to_string())
}

/// Writes one event as one line; the subscriber hands over each event whole, with its newline.
pub(super) struct EventLine<W>(pub(super) W);

impl<W: Write> Write for EventLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(event.strip_suffix(b"\n").unwrap_or(event));
        self.0.write_all((printable(&line) + "\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
