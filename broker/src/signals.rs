//! What a node that runs does at signals: SIGTERM and SIGINT end it, SIGHUP has it read its keys and
//! its certificate again. Called by `main`, on a thread of its own; decides nothing about a node but
//! which of its handles to use.

use std::io;
use std::process;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::signal_name;

use crate::config::reload::{Reloaded, reload};
use crate::config::{Config, Sources, apps};
use crate::node::Stop;
use crate::renewal::Renewal;

/// Keeps signals from now on, until they are obeyed.
///
/// # Errors
/// When the system refuses.
pub fn keep() -> io::Result<Signals> {
    Signals::new([SIGTERM, SIGINT, SIGHUP])
}

/// A node that runs, as signals see it.
#[derive(Debug)]
pub struct Running {
    /// Where its configuration is read again.
    pub sources: Sources,
    /// What it was started with, and the keys that it has by now.
    pub config: Config,
    /// What stops it.
    pub stop: Stop,
    /// What renews it.
    pub renewal: Renewal,
}

impl Running {
    /// Drains at the first signal to end and ends the process at the second. Renews at SIGHUP.
    pub fn obey(mut self, mut signals: Signals) {
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
