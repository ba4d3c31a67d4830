//! The `throng` command: reads the configuration and does what is asked. What it serves is in `node`,
//! what it checks in `config`, what it does with tokens in `tokens`, and on signals in `signals`.
//!
//! Standard output is for the person or the program that started it, standard error for errors
//! and the log. Exit codes: 0 ended in order, 1 failed or a token is not good, 2 bad configuration,
//! 128 and the signal when a second signal cut the ending short.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::{env, thread};

use throng_broker::config::command::token::{SecretOf, Verify};
use throng_broker::config::command::{Asked, Verb};
use throng_broker::config::{Config, Loaded, Sources, effective, log};
use throng_broker::node::Node;
use throng_broker::signals::{self, Running};
use throng_broker::tokens;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FAILED: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;

/// Bytes read for a token; more than any has.
const STDIN_BYTES_MAX: u64 = 64 * 1024;

fn main() -> ExitCode {
    let asked = Asked::parse(env::args_os()).unwrap_or_else(|error| error.exit());
    let sources = Sources {
        file: asked.config,
        variables: env::vars_os().collect(),
        flags: asked.flags,
        cores: Sources::usable_cores(),
    };
    // What needs no configuration reads none.
    let needs_none = match &asked.verb {
        Verb::Secret => true,
        Verb::Mint(asked) => asked.secret.file.is_some(),
        Verb::Verify(asked) => asked.secret.file.is_some(),
        Verb::Serve | Verb::Check => false,
    };
    let loaded = if needs_none { None } else { Some(sources.clone().read()) };
    let loaded = match loaded.transpose() {
        Ok(loaded) => loaded,
        Err(problems) => return complain(&problems.to_string(), BAD_CONFIGURATION),
    };
    match run(&asked.verb, sources, loaded) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("error: {error}"), FAILED),
    }
}

fn run(verb: &Verb, sources: Sources, loaded: Option<Loaded>) -> anyhow::Result<()> {
    let config = loaded.as_ref().map(|loaded| &loaded.config);
    match (verb, loaded.as_ref()) {
        (Verb::Check, Some(loaded)) => print(&effective::to_toml(loaded)),
        (Verb::Mint(asked), _) => print(&(tokens::mint(asked, config)? + "\n")),
        (Verb::Verify(asked), _) => print(&verify(asked, config)?),
        (Verb::Secret, _) => print(&(tokens::new_secret()? + "\n")),
        (Verb::Serve | Verb::Check, _) => {
            serve(sources, loaded.expect("it was read for this").config)
        }
    }
}

/// Says what is wrong, if anyone listens, and with which code that ends the process.
fn complain(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(code)
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn verify(asked: &Verify, config: Option<&Config>) -> anyhow::Result<String> {
    let Verify { secret, token } = asked;
    let check = |text: &str, of: &SecretOf| Ok(tokens::verify(text, of, config)?);
    if let Some(token) = token {
        return check(token, secret);
    }
    let mut text = String::new();
    io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text)?;
    check(&text, secret)
}

fn serve(sources: Sources, config: Config) -> anyhow::Result<()> {
    log::start(&config.log, config.log_form).map_err(anyhow::Error::msg)?;
    // The allocator asks for huge pages. With them 5,000 idle sessions held 4.6 KB each of which
    // most was never written; the cost of a delivery was the same with and without.
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages stay as the system has them");
    }
    // From here on signals are kept, so that one during the start is not lost.
    let signals = signals::keep()?;
    let node = Node::start(&config)?;
    // A broker serves whether or not anyone reads its greeting.
    let _ = greet(&node, &config);
    let running = Running { sources, config, stop: node.stop(), renewal: node.renewal() };
    thread::Builder::new().name("signals".to_owned()).spawn(move || running.obey(signals))?;
    node.join()?;
    tracing::info!("ended in order");
    Ok(())
}

/// Tells a newcomer how to talk to the broker.
fn greet(node: &Node, config: &Config) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Throng listens on {} ({}, workers: {}).",
        node.address(),
        node.backend().name(),
        config.workers
    )?;
    if let Some(tls) = node.tls_address() {
        writeln!(out, "Throng listens for TLS on {tls}.")?;
    }
    let development = config.development();
    let Some((app, secret)) =
        development.and_then(|app| Some((app, app.development_secret.as_ref()?)))
    else {
        return out.flush();
    };
    writeln!(
        out,
        "\nDevelopment app, for this machine only: whoever has the secret can be any user.\
         \n  key     {}\n  secret  {}",
        app.key,
        secret.expose()
    )?;
    writeln!(
        out,
        "\nTo chat, in two other terminals:\
         \n  cargo run -p throng-client --example chat -- alice\
         \n  cargo run -p throng-client --example chat -- bob\
         \n\nCtrl-C ends the broker."
    )?;
    out.flush()
}
