//! The `throng` command: reads the configuration, starts the node, and ends it when a signal says
//! so. Serving and checking are all it can do; what both mean is in `config` and `node`.
//!
//! Standard output is for the person or the program that started it, standard error for errors
//! and the log. Exit codes: 0 ended in order, 1 failed, 2 bad configuration, 128 and the signal
//! when a second signal cut the ending short.

use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::{env, thread};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use throng_broker::config::command::{Asked, Verb};
use throng_broker::config::{Config, Loaded, Sources, effective, log};
use throng_broker::node::{Node, Stop};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FAILED: u8 = 1;
const BAD_CONFIGURATION: u8 = 2;

fn main() -> ExitCode {
    let asked = Asked::parse(env::args_os()).unwrap_or_else(|error| error.exit());
    let sources = Sources {
        file: asked.config,
        variables: env::vars_os().collect(),
        flags: asked.flags,
        cores: Sources::usable_cores(),
    };
    let loaded = match sources.read() {
        Ok(loaded) => loaded,
        Err(problems) => return complain(&problems.to_string(), BAD_CONFIGURATION),
    };
    let done = match asked.verb {
        Verb::Check => check(&loaded),
        Verb::Serve => serve(&loaded.config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("error: {error}"), FAILED),
    }
}

/// Says what is wrong, if anyone listens, and with which code that ends the process.
fn complain(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(code)
}

fn check(loaded: &Loaded) -> anyhow::Result<()> {
    io::stdout().write_all(effective::to_toml(loaded).as_bytes())?;
    Ok(())
}

fn serve(config: &Config) -> anyhow::Result<()> {
    log::start(&config.log).map_err(anyhow::Error::msg)?;
    // The allocator asks for huge pages. With them 5,000 idle sessions held 4.6 KB each of which
    // most was never written; the cost of a delivery was the same with and without.
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages stay as the system has them");
    }
    // From here on signals are kept, so that one during the start is not lost.
    let signals = Signals::new([SIGTERM, SIGINT])?;
    let node = Node::start(config)?;
    // A broker serves whether or not anyone reads its greeting.
    let _ = greet(&node, config);
    let stop = node.stop();
    thread::Builder::new().name("signals".to_owned()).spawn(move || obey(signals, &stop))?;
    node.join()?;
    tracing::info!("ended in order");
    Ok(())
}

/// Drains at the first signal and ends the process at the second.
fn obey(mut signals: Signals, stop: &Stop) {
    let mut draining = false;
    for signal in &mut signals {
        if draining {
            process::exit(128 + signal);
        }
        draining = true;
        let name = signal_name(signal).unwrap_or("signal");
        tracing::info!("{name}: seeing everyone off; a second signal ends the broker at once");
        stop.drain();
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
    for app in &config.apps {
        let Some(secret) = &app.development_secret else { continue };
        writeln!(
            out,
            "\nDevelopment app, for this machine only: whoever has the secret can be any user.\
             \n  key     {}\n  secret  {}",
            app.key,
            secret.expose()
        )?;
    }
    writeln!(
        out,
        "\nTo chat, in two other terminals:\
         \n  cargo run -p throng-client --example chat -- alice\
         \n  cargo run -p throng-client --example chat -- bob\
         \n\nCtrl-C ends the broker."
    )?;
    out.flush()
}
