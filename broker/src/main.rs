//! The `throng` command: reads the configuration, starts the node, renews its keys and ends it when
//! a signal says so. What it serves is in `node`, what it checks in `config`, and what it does with
//! tokens in `tokens`.
//!
//! Standard output is for the person or the program that started it, standard error for errors
//! and the log. Exit codes: 0 ended in order, 1 failed or a token is not good, 2 bad configuration, 128 and the signal
//! when a second signal cut the ending short.

use std::io::{self, Read, Write};
use std::process::{self, ExitCode};
use std::{env, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use throng_broker::config::command::token::{SecretOf, Verify};
use throng_broker::config::command::{Asked, Verb};
use throng_broker::config::reload::{Reloaded, reload};
use throng_broker::config::{Config, Loaded, Sources, apps, effective, log};
use throng_broker::node::{Node, Stop};
use throng_broker::renewal::Renewal;
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
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let node = Node::start(&config)?;
    // A broker serves whether or not anyone reads its greeting.
    let _ = greet(&node, &config);
    let running = Running { sources, config, stop: node.stop(), renewal: node.renewal() };
    thread::Builder::new().name("signals".to_owned()).spawn(move || running.obey(signals))?;
    node.join()?;
    tracing::info!("ended in order");
    Ok(())
}

/// A node that runs, as signals see it.
struct Running {
    sources: Sources,
    config: Config,
    stop: Stop,
    renewal: Renewal,
}

impl Running {
    /// Drains at the first signal to end and ends the process at the second.
    fn obey(mut self, mut signals: Signals) {
        let mut draining = false;
        for signal in &mut signals {
            if signal == SIGHUP {
                self.renew();
                self.renew_certificate();
                continue;
            }
            if draining {
                process::exit(128 + signal);
            }
            draining = true;
            let name = signal_name(signal).unwrap_or("signal");
            tracing::info!("{name}: seeing everyone off; a second signal ends the broker at once");
            self.stop.drain();
        }
    }

    /// Reads the configuration again and takes its keys over. If anything is wrong with it, nothing
    /// changes.
    fn renew(&mut self) {
        let Reloaded { keys, renewed, needs_restart } = match reload(&self.sources, &self.config) {
            Ok(reloaded) => reloaded,
            Err(problems) => {
                for problem in problems.iter() {
                    tracing::error!("{problem}");
                }
                tracing::error!("SIGHUP: the configuration is bad; everything stays as it is");
                return;
            }
        };
        for setting in needs_restart {
            tracing::warn!("SIGHUP: {setting} is set differently, which takes a restart");
        }
        if renewed.is_empty() {
            tracing::info!("SIGHUP: the keys are the same");
        }
        for (app, keys) in self.config.apps.iter_mut().zip(&keys) {
            app.keys.clone_from(keys);
        }
        for app in renewed.into_iter().map(|place| &self.config.apps[place]) {
            tracing::info!(app = &*app.key, keys = apps::ids(&app.keys), "SIGHUP: new keys");
        }
        self.renewal.keys(keys);
    }

    /// Reads the certificate and its key again, whatever became of the configuration.
    fn renew_certificate(&self) {
        if self.config.tls.is_none() {
            return;
        }
        match self.renewal.certificates() {
            Ok(()) => {
                tracing::info!("SIGHUP: new connections are shown the certificate as it is now")
            }
            Err(error) => tracing::error!("SIGHUP: the certificate stays as it is: {error}"),
        }
    }
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
