//! `throng token`: the words for making and checking tokens by hand. What they do is in `tokens`.
//!
//! No secret is ever an argument: every user of a machine sees the command lines of all processes.
//! It is in a file, of the configuration or of its own; a token to check comes by standard input.

use core::time::Duration;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use throng_protocol::value::Role;

use super::super::bounds::{TOKEN_LIFE_MAX_MAX, TOKEN_LIFE_MAX_MIN};
use super::super::value::Value;
use super::{Asked, Verb, config_flag, config_of};

/// Which secret signs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretOf {
    /// The file with the secret; none to go by the configuration.
    pub file: Option<PathBuf>,
    /// The id of the key; none for the first of the app.
    pub key_id: Option<String>,
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mint {
    /// With which secret.
    pub secret: SecretOf,
    /// For which app.
    pub app: String,
    /// What the connection shall be.
    pub role: Role,
    /// The user; empty of anonymous visitors.
    pub user: String,
    /// The device; empty for none.
    pub device: String,
    /// The rooms it reaches, or their beginnings and `*`; all if none.
    pub rooms: Vec<String>,
    /// How long it holds.
    pub expires_in: Duration,
}

/// A token to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// With which secret.
    pub secret: SecretOf,
    /// Its text; none to read it from standard input.
    pub token: Option<String>,
}

const ROLES: [(&str, Role); 3] =
    [("client", Role::Client), ("anonymous", Role::Anonymous), ("server", Role::Server)];

pub(super) fn command() -> Command {
    let mint = Command::new("mint")
        .about("Print a token, and nothing else")
        .args([
            text("app", "KEY", "The app that it is for").required(true),
            text("user", "ID", "The user; of a server, the name of its credential")
                .default_value(""),
            text("device", "ID", "The device of the user").default_value(""),
            parsed("role", "NAME", "client, anonymous or server", role).default_value("client"),
            text(
                "rooms",
                "LIST",
                "The rooms it reaches, separated by commas; lobby, eu-* [default: all]",
            )
            .value_delimiter(','),
            parsed("expires-in", "TIME", "How long it holds, such as 90m", life)
                .default_value("1h"),
        ])
        .args(secret_flags());
    let verify = Command::new("verify")
        .about("Print what a token says if it is good; if not, say why and exit with 1")
        .arg(Arg::new("token").value_name("TOKEN").help(
            "The token; read from standard input if it is - or missing, which hides it from \
             the other users of the machine",
        ))
        .args(secret_flags());
    let secret = Command::new("secret").about("Print a new secret: 32 random bytes in hex");
    Command::new("token")
        .about("Make and check connection tokens")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([mint, verify, secret])
}

pub(super) fn asked(matches: &ArgMatches) -> Asked {
    let (verb, matches) = match matches.subcommand() {
        Some(("mint", matches)) => (Verb::Mint(mint(matches)), matches),
        Some(("verify", matches)) => {
            let token = matches.get_one::<String>("token").filter(|token| *token != "-").cloned();
            (Verb::Verify(Verify { secret: secret_of(matches), token }), matches)
        }
        _ => return Asked { verb: Verb::Secret, config: None, flags: Vec::new() },
    };
    Asked { verb, config: config_of(matches), flags: Vec::new() }
}

fn mint(matches: &ArgMatches) -> Mint {
    let text = |name| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let rooms = matches.get_many::<String>("rooms").unwrap_or_default().cloned();
    Mint {
        secret: secret_of(matches),
        app: text("app"),
        role: *matches.get_one("role").expect("it has a default"),
        user: text("user"),
        device: text("device"),
        rooms: rooms.collect(),
        expires_in: *matches.get_one("expires-in").expect("it has a default"),
    }
}

fn secret_of(matches: &ArgMatches) -> SecretOf {
    let file = matches.get_one::<PathBuf>("secret-file").cloned();
    SecretOf { file, key_id: matches.get_one::<String>("key-id").cloned() }
}

fn secret_flags() -> [Arg; 3] {
    let file = Arg::new("secret-file")
        .long("secret-file")
        .value_name("PATH")
        .value_parser(ValueParser::path_buf())
        .conflicts_with(super::CONFIG)
        .help("File with the secret; without it, the configuration says which");
    [config_flag(), file, text("key-id", "ID", "The key [default: the first of the app]")]
}

fn text(name: &'static str, form: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(form).help(help).action(ArgAction::Set)
}

fn parsed<T: Clone + Send + Sync + 'static>(
    name: &'static str,
    form: &'static str,
    help: &'static str,
    parse: fn(&str) -> Result<T, String>,
) -> Arg {
    text(name, form, help).value_parser(ValueParser::new(parse))
}

fn role(text: &str) -> Result<Role, String> {
    Value::Bare(text.to_owned()).word(&ROLES)
}

fn life(text: &str) -> Result<Duration, String> {
    Value::Bare(text.to_owned()).duration(&(TOKEN_LIFE_MAX_MIN..=TOKEN_LIFE_MAX_MAX))
}

/// The word for a role.
#[must_use]
pub fn name_of_role(role: Role) -> &'static str {
    ROLES.iter().find(|(_, other)| *other == role).map_or("unknown", |(name, _)| name)
}
