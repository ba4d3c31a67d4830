//! The broker: its command line, and a configuration that lets the load through.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::args;
use crate::load::class::Class;
use crate::targets::Setup;

/// The key with which the load mints tokens, and its secret: it opens a broker on loopback, for as
/// long as it is measured.
pub const KEY_ID: &str = "load";
pub const KEY_SECRET: &str = "jW8rTz2mQx5nLb9vKc4hYd7fGs3pUe6a";

/// What it shows where TLS is measured: P-256, and the key is no secret.
pub const CERTIFICATE: &str = include_str!("../../../tests/certificates/first.pem");
const CERTIFICATE_KEY: &str = include_str!("../../../tests/certificates/first.key");

/// Messages a second that one publisher is granted where its limit is what is measured.
pub const GRANTED_PER_SECOND: u32 = 5;

/// What the broker allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Everything, and much may wait for a session: peers bound nothing either.
    Lifted,
    /// Everything, but no more may wait for a session than usual, and classes are told apart by
    /// kind: what is dropped then is dropped to protect the broker itself.
    Classes,
    /// A publisher is held to the rate of a client, and not cut off for going on all the same.
    Rated,
}

impl Rules {
    /// In words for the report.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Lifted => "limits lifted",
            Self::Classes => "limits of senders and rooms lifted, those of slow readers as usual",
            Self::Rated => "a client's usual rate, all other limits lifted",
        }
    }
}

/// The configuration file.
fn config(rules: Rules, args: &args::Target) -> String {
    let (key, secret) = (&args.app, &args.secret);
    let (entry, app, keys) = if args.tokens {
        let keys = format!("\n[[app.token_keys]]\nid = \"{KEY_ID}\"\nsecret = \"{KEY_SECRET}\"\n");
        (String::new(), "app", keys)
    } else {
        (format!("secret = \"{secret}\"\n"), "development", String::new())
    };
    let table = if args.tokens { "[[app]]" } else { "[development]" };
    let (protected, low) = (Class::Protected.kind(), Class::Low.kind());
    let kinds = match rules {
        Rules::Classes => format!("protected_kinds = \"{protected}\"\nlow_kinds = \"{low}\"\n"),
        Rules::Lifted | Rules::Rated => String::new(),
    };
    let outbound = match rules {
        Rules::Lifted | Rules::Rated => "[sessions]\noutbound_bytes_max = \"1MiB\"\n\n",
        Rules::Classes => "",
    };
    let rate = match rules {
        Rules::Rated => GRANTED_PER_SECOND.to_string(),
        Rules::Lifted | Rules::Classes => "\"unlimited\"".to_owned(),
    };
    format!(
        r#"{outbound}{table}
key = "{key}"
{entry}create_on_join = true
publish_without_join = true
{kinds}
[{app}.limits]
client_messages_per_second = {rate}
server_messages_per_second = "unlimited"
requests_per_second = "unlimited"
refused_per_second = "unlimited"
quota_high_only = "unlimited"
quota_shared = "unlimited"
quota_protected = "unlimited"
receiver_normal_per_second = "unlimited"
{keys}"#
    )
}

/// Its command line; the configuration is written to the directory.
///
/// # Errors
/// When the configuration cannot be written.
pub fn command(
    setup: &Setup<'_>,
    address: SocketAddr,
    directory: &Path,
) -> anyhow::Result<Vec<OsString>> {
    let mut command = begin(setup, directory)?;
    command.extend(["--listen".into(), address.to_string().into()]);
    Ok(command)
}

/// The same, but it listens for TLS only.
///
/// # Errors
/// When the configuration or the certificate cannot be written.
pub fn command_tls(
    setup: &Setup<'_>,
    address: SocketAddr,
    directory: &Path,
) -> anyhow::Result<Vec<OsString>> {
    let mut command = begin(setup, directory)?;
    let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
    write_private(&certificate, CERTIFICATE).context("cannot write the broker's certificate")?;
    write_private(&key, CERTIFICATE_KEY).context("cannot write the certificate's key")?;
    command.extend(["--listen".into(), "off".into()]);
    command.extend(["--tls-listen".into(), address.to_string().into()]);
    command.extend(["--tls-certificate".into(), certificate.into()]);
    command.extend(["--tls-key".into(), key.into()]);
    Ok(command)
}

/// All of its command line but where it listens.
fn begin(setup: &Setup<'_>, directory: &Path) -> anyhow::Result<Vec<OsString>> {
    let path = directory.join("throng.toml");
    write_private(&path, &config(setup.rules, setup.args))
        .context("cannot write the broker's configuration")?;
    let mut command: Vec<OsString> = vec![program(setup.args)?.into(), "serve".into()];
    command.extend(["--config".into(), path.into()]);
    command.extend(["--workers".into(), setup.workers.to_string().into()]);
    command.extend(["--io".into(), setup.args.io.as_str().into()]);
    Ok(command)
}

/// Writes a file that nobody else can read: the broker takes no secret from one that everyone can.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// Refuses what can be refused before anything is started.
///
/// # Errors
/// When there is no such broker, or it is not on a loopback address.
pub fn check(args: &args::Target) -> anyhow::Result<()> {
    if let Some(address) = args.address {
        ensure!(
            address.ip().is_loopback(),
            "{address} is not a loopback address: the load never leaves the machine"
        );
        return Ok(());
    }
    let program = program(args)?;
    if !program.is_file() && args.broker.is_none() {
        build(&program)?;
    }
    ensure!(
        program.is_file(),
        "there is no broker at {}; build it (cargo build --release -p throng-broker), or name one \
         with --broker",
        program.display()
    );
    Ok(())
}

/// Has cargo build the broker beside this program, if it was cargo that started this program: on
/// a fresh machine one command is enough.
fn build(program: &Path) -> anyhow::Result<()> {
    let Some(cargo) = std::env::var_os("CARGO") else { return Ok(()) };
    eprintln!("throng-bench: there is no broker at {} yet; building it", program.display());
    let mut command = Command::new(cargo);
    command.args(["build", "-p", "throng-broker"]);
    if program.parent().is_some_and(|folder| folder.ends_with("release")) {
        command.arg("--release");
    }
    let built = command.status().context("cannot run cargo")?;
    ensure!(built.success(), "the broker does not build");
    Ok(())
}

/// In words for the report.
///
/// # Errors
/// When this program cannot tell where it is.
pub fn describe(rules: Rules, args: &args::Target) -> anyhow::Result<String> {
    Ok(match (args.address, args.pid) {
        (Some(address), Some(pid)) => format!("process {pid} at {address}, as it was started"),
        _ => format!(
            "{} serve --workers {} --io {}; {}{}",
            program(args)?.display(),
            args.workers,
            args.io.as_str(),
            rules.as_str(),
            if args.tokens { "; everyone shows a token" } else { "" }
        ),
    })
}

/// The broker that was named, or the one built beside this program.
fn program(args: &args::Target) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.broker {
        return Ok(path.clone());
    }
    let own = std::env::current_exe().context("cannot find this program")?;
    Ok(own.with_file_name("throng"))
}
