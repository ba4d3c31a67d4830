//! What was asked for on the command line.

use throng_broker::probe::Bug;
use throng_harness::chaos::Plan;
use throng_harness::fault::{Fault, Faults};

pub(crate) const USAGE: &str = "usage: cargo sim -- SEED | --seeds N [--first N] | --bugs
       [--actions N] [--without Fault,Fault] [--bug Name]";

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) what: What,
    pub(crate) bug: Option<Bug>,
    actions: Option<usize>,
    faults: Faults,
}

/// What to play.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    One(u64),
    Many { first: u64, seeds: u64 },
    Bugs,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { what: What::Bugs, bug: None, actions: None, faults: Faults::all() };
        let (mut what, mut first, mut seeds) = (None, 0, None);
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--bugs" => what = Some(What::Bugs),
                "--seeds" => seeds = Some(number(&value()?)?),
                "--first" => first = number(&value()?)?,
                "--actions" => options.actions = Some(number(&value()?)?),
                "--without" => options.faults = without(options.faults, &value()?)?,
                "--bug" => options.bug = Some(bug(&value()?)?),
                seed => what = Some(What::One(number(seed)?)),
            }
        }
        let many = seeds.map(|seeds| What::Many { first, seeds });
        options.what = many.or(what).ok_or("what shall be played?")?;
        Ok(options)
    }

    /// The plan of a seed as these options want it.
    pub(crate) fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::new(seed);
        plan.faults = self.faults;
        plan.actions = self.actions.unwrap_or(plan.actions);
        plan
    }
}

/// The options that play this plan again.
pub(crate) fn replay(plan: &Plan, bug: Option<Bug>) -> String {
    let mut command = format!("cargo sim -- {} --actions {}", plan.seed, plan.actions);
    let off: Vec<_> = Fault::ALL.iter().filter(|fault| !plan.faults.has(**fault)).collect();
    if !off.is_empty() {
        let names: Vec<_> = off.iter().map(|fault| format!("{fault:?}")).collect();
        command.push_str(&format!(" --without {}", names.join(",")));
    }
    if let Some(bug) = bug {
        command.push_str(&format!(" --bug {bug:?}"));
    }
    command
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn without(faults: Faults, names: &str) -> Result<Faults, String> {
    names.split(',').try_fold(faults, |faults, name| {
        let fault = Fault::named(name).ok_or(format!("no fault is called {name}"))?;
        Ok(faults.without(fault))
    })
}

fn bug(name: &str) -> Result<Bug, String> {
    let known = Bug::ALL.iter().copied().find(|bug| format!("{bug:?}") == name);
    known.ok_or(format!("no bug is called {name}"))
}
