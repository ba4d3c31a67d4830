//! The command line: `throng`, `throng serve`, `throng check`, each with a flag for every
//! setting but secrets, made from the table of settings; and `throng token` in `token`.
//!
//! Flags are only collected here. Their values are checked with those of the other sources, so
//! that all errors come out together.

pub mod token;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command};

use super::effective::default_of;
use super::environment::CONFIG as CONFIG_VARIABLE;
use super::key::{Key, SECTIONS};
use token::{Mint, Verify};

const CONFIG: &str = "config";

const ABOUT: &str = "A chat-room message broker: rooms, fan-out, one event loop for each core";

const SOURCES: &str = "\
Every setting has a default. A configuration file is stronger than that, a variable of the \
environment stronger than the file, a flag stronger than the variable. No file is read unless \
--config or THRONG_CONFIG names one; `throng check` prints one that holds every setting. Times \
are written like 500ms, 3s, 90m, 1h, 7d; sizes like 64KiB, 1MiB. The secret of the development \
app has no flag, since all users of a machine see command lines: it is set in the file or by \
THRONG_DEVELOPMENT_SECRET. Apps with keys stand in the file only, each as an [[app]].

Signals: SIGTERM or SIGINT ends the broker in order, a second one at once; SIGHUP reads the \
configuration again and takes over its keys.
Exit codes: 0 ended in order, 1 failed, 2 bad configuration, 130 or 143 ended by a second signal.";

/// What the broker is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Serve until told to stop.
    Serve,
    /// Check the configuration and print it.
    Check,
    /// Make a token.
    Mint(Mint),
    /// Check a token.
    Verify(Verify),
    /// Make a secret.
    Secret,
}

/// A command line.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What to do.
    pub verb: Verb,
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The other flags, as typed.
    pub flags: Vec<(Key, String)>,
}

impl Asked {
    /// Takes a command line apart; its first word is the program.
    ///
    /// # Errors
    /// When there is no such command or flag, and when help or the version is asked for: what
    /// to print, and the exit code.
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(words)?;
        Ok(match matches.subcommand() {
            Some(("check", flags)) => Self::new(Verb::Check, flags),
            Some(("token", words)) => token::asked(words),
            Some((_, flags)) => Self::new(Verb::Serve, flags),
            None => Self::new(Verb::Serve, &matches),
        })
    }

    fn new(verb: Verb, matches: &ArgMatches) -> Self {
        let flags = Key::all().filter(|key| key.has_flag()).filter_map(|key| {
            let text = matches.get_one::<String>(key.row().flat)?;
            Some((key, text.clone()))
        });
        Self { verb, config: config_of(matches), flags: flags.collect() }
    }
}

/// The command line as clap knows it; also for completions and manual pages.
#[must_use]
pub fn command() -> Command {
    let serve = Command::new("serve")
        .about("Serve until told to stop (what `throng` alone does too)")
        .after_help(SOURCES);
    let check = Command::new("check")
        .about("Check the configuration and print it in full; starts nothing")
        .after_help(
            "Prints the effective configuration as a file that means the same, the secrets \
             that stand in it included, and says of each value that is not a default where it comes from. If \
             anything is wrong, prints every error and exits with 2.",
        );
    Command::new("throng")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(SOURCES)
        .args(flags())
        .args_conflicts_with_subcommands(true)
        .subcommand(serve.args(flags()))
        .subcommand(check.args(flags()))
        .subcommand(token::command())
}

/// The flag for the file, which all commands have.
fn config_flag() -> Arg {
    Arg::new(CONFIG)
        .long(CONFIG)
        .short('c')
        .value_name("PATH")
        .value_parser(ValueParser::path_buf())
        .help(format!("Configuration file (TOML) [env: {CONFIG_VARIABLE}]"))
}

fn config_of(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(CONFIG).cloned()
}

fn flags() -> impl Iterator<Item = Arg> {
    let settings = Key::all().filter(|key| key.has_flag()).map(|key| {
        let row = key.row();
        let default = default_of(key);
        Arg::new(row.flat)
            .long(row.flat)
            .value_name(row.form)
            .help(format!(
                "{} [default: {}] [env: {}]",
                row.meaning,
                default.trim_matches('"'),
                key.variable()
            ))
            .help_heading(heading(row.section))
            .allow_negative_numbers(true)
    });
    [config_flag()].into_iter().chain(settings)
}

fn heading(section: &'static str) -> &'static str {
    match SECTIONS.iter().position(|name| *name == section) {
        Some(0) => "Node",
        Some(1) => "Sessions",
        _ => "Development app (loopback only)",
    }
}
