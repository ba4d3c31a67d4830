//! What all scenarios have in common: who is measured where, in what order, and what is said
//! while it goes on.
//!
//! Each turn starts its target anew, on cores of its own, and ends it before the next. Targets
//! take turns within a round, because the machine changes its pace from one second to the next:
//! only neighbours can be compared.

use std::cell::{Cell, RefCell};
use std::io::Write as _;

use anyhow::Context as _;

use crate::args::{self, output::Output};
use crate::cores::{CoreList, Placement};
use crate::load::order::Flaws;
use crate::load::tally::Latencies;
use crate::machine::{Machine, check_descriptors};
use crate::progress::Progress;
use crate::report::model::{Figure, Report, Round, Subject, Sweep, figures};
use crate::scenario::span::{Figures, Span};
use crate::targets::{self, Kind, Rules, Setup, Target};
use crate::{Stop, Verdict};

/// Rounds beside one peer. A ratio is the median of its pairs, so it takes some.
const ROUNDS_BESIDE_ONE: u32 = 5;

/// Rounds of the broker alone, and beside several peers.
const ROUNDS: u32 = 3;

/// Who is measured where.
#[derive(Debug)]
pub struct Stage<'a> {
    /// What the command line says.
    pub args: &'a args::Target,
    rules: Rules,
    kinds: Vec<Kind>,
    placement: Placement,
    machine: Machine,
    stop: &'a Stop,
    /// Loads that were given a name.
    named: Cell<u32>,
    /// What targets logged on their back ends.
    words_on_io: RefCell<Vec<(Kind, Vec<String>)>>,
}

/// What a scenario's report shows.
#[derive(Debug)]
pub struct Sheet {
    /// The scenario.
    pub scenario: &'static str,
    /// What was asked for.
    pub parameters: Vec<(String, String)>,
    /// The columns of the table.
    pub columns: &'static [&'static Figure],
    /// The figure by which targets are compared first.
    pub primary: &'static Figure,
    /// What changes from point to point, if anything.
    pub sweep: Option<Sweep>,
}

/// One target at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// The round, from 1.
    pub number: u32,
    /// The target.
    pub kind: Kind,
    /// The broker's workers.
    pub workers: u32,
}

impl<'a> Stage<'a> {
    /// Decides who runs where, refuses what can be refused before anything is started, and keeps
    /// this process on the load's core.
    ///
    /// # Errors
    /// When a program is missing, a core is not allowed, or there are too few descriptors.
    pub fn set(
        args: &'a args::Target,
        rules: Rules,
        sessions: u64,
        stop: &'a Stop,
    ) -> anyhow::Result<Self> {
        check_descriptors(sessions)?;
        let mut kinds = Vec::new();
        let broker = (!args.without_broker).then_some(Kind::Broker);
        let within_tls = args.tls.then_some(Kind::BrokerTls);
        let brokers = broker.into_iter().chain(within_tls);
        for kind in brokers.chain(args.peer.iter().map(|peer| Kind::from(*peer))) {
            if !kinds.contains(&kind) {
                targets::check(kind, args)?;
                kinds.push(kind);
            }
        }
        let allowed = CoreList::allowed()?;
        let asked = args.server_cores.as_ref();
        let placement = Placement::choose(&allowed, args.load_core, asked, args.workers)?;
        CoreList::one(placement.load).pin()?;
        let machine = Machine::look();
        Ok(Self {
            args,
            rules,
            kinds,
            placement,
            machine,
            stop,
            named: Cell::new(0),
            words_on_io: RefCell::default(),
        })
    }

    /// The cores the server runs on.
    pub fn server_cores(&self) -> &[usize] {
        self.placement.server.as_slice()
    }

    /// Whether someone asked for the end.
    pub const fn stop(&self) -> &Stop {
        self.stop
    }

    /// Asks now and then whether the target is alive and nobody asked for the end.
    pub fn watch<'t>(&'t self, target: &'t mut Target) -> impl FnMut() -> anyhow::Result<()> + 't {
        || self.stop.check().and_then(|()| target.check_alive())
    }

    /// A name that no other load of this run has.
    pub fn name(&self) -> String {
        self.named.set(self.named.get() + 1);
        format!("b{}-{}", std::process::id(), self.named.get())
    }

    /// Starts a target.
    ///
    /// # Errors
    /// When it does not start.
    pub fn open(&self, turn: &Turn) -> anyhow::Result<Target> {
        self.open_with(turn, self.rules)
    }

    /// Starts a target under other rules than the scenario's.
    ///
    /// # Errors
    /// When it does not start.
    pub fn open_with(&self, turn: &Turn, rules: Rules) -> anyhow::Result<Target> {
        let setup =
            Setup { args: self.args, rules, workers: turn.workers, cores: &self.placement.server };
        let target = Target::open(turn.kind, &setup)
            .with_context(|| format!("cannot start {}", turn.kind.as_str()))?;
        let mut words = self.words_on_io.borrow_mut();
        if words.iter().all(|(kind, _)| *kind != turn.kind) {
            words.push((turn.kind, target.words_on_io()));
        }
        Ok(target)
    }

    /// All turns of so many rounds.
    pub fn turns(&self, rounds: Option<u32>) -> Vec<Turn> {
        self.turns_of(rounds, &[self.args.workers])
    }

    /// All turns of so many rounds, each with all these numbers of workers. A peer takes as many
    /// threads as it likes, and so one turn for each number all the same: pairs stay neighbours.
    pub fn turns_of(&self, rounds: Option<u32>, workers: &[u32]) -> Vec<Turn> {
        let usual = if self.kinds.len() == 2 { ROUNDS_BESIDE_ONE } else { ROUNDS };
        let mut turns = Vec::new();
        for number in 1..=rounds.unwrap_or(usual) {
            for &workers in workers {
                turns.extend(self.kinds.iter().map(|&kind| Turn { number, kind, workers }));
            }
        }
        turns
    }

    /// Plays the turns one after the other, shows each round as it ends, and writes the report.
    ///
    /// # Errors
    /// When a turn fails, or the report cannot be written.
    pub fn play(
        &self,
        sheet: Sheet,
        output: &Output,
        turns: &[Turn],
        mut run: impl FnMut(&Turn) -> anyhow::Result<Vec<Round>>,
    ) -> anyhow::Result<Verdict> {
        let mut report = self.report(sheet)?;
        output.check(&report)?;
        say(&report.head())?;
        say(&report.heading())?;
        let progress = Progress::new(turns.len());
        for turn in turns {
            let glance = report.rounds.last().and_then(|round| report.glance(round));
            let before = glance.map(|glance| format!(" (before: {glance})"));
            let name = turn.kind.as_str();
            progress.begin(turn.number, &format!("{name}{}", before.unwrap_or_default()));
            let rounds = run(turn)?;
            progress.end();
            for round in rounds {
                progress.suspend(|| say(&report.row(&round)))?;
                report.rounds.push(round);
            }
        }
        progress.finish();
        for (kind, words) in self.words_on_io.take() {
            let subject = report.targets.iter_mut().find(|one| one.name == kind.as_str());
            if let Some(subject) = subject {
                subject.log_lines = words;
            }
        }
        say(&report.foot())?;
        output.finish(&report)
    }

    fn report(&self, sheet: Sheet) -> anyhow::Result<Report> {
        let mut targets = Vec::new();
        for &kind in &self.kinds {
            targets.push(Subject {
                name: kind.as_str().to_owned(),
                words: targets::describe(kind, self.rules, self.args)?,
                log_lines: Vec::new(),
            });
        }
        let mut parameters = sheet.parameters;
        let Placement { load, server } = &self.placement;
        parameters.push(parameter("server cores", server));
        parameters.push(parameter(
            "load core",
            format!("{load} (one thread that polls and never sleeps)"),
        ));
        let mut columns = sheet.columns.to_vec();
        columns.extend(self.args.count_system_calls.then_some(&figures::SYSTEM_CALLS));
        Ok(Report {
            scenario: sheet.scenario,
            machine: self.machine.clone(),
            parameters,
            targets,
            columns,
            primary: sheet.primary,
            sweep: sheet.sweep,
            rounds: Vec::new(),
            warnings: self.warnings(),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.placement.is_shared() {
            warnings.push("load and server share a core: the figures are of both".to_owned());
        }
        if self.args.address.is_none() && self.args.workers as usize > self.server_cores().len() {
            let warning = "the broker has more workers than cores to run them on";
            warnings.push(warning.to_owned());
        }
        if self.args.count_system_calls {
            let warning = "system calls are counted, which makes them dearer: compare no times";
            warnings.push(warning.to_owned());
        }
        warnings
    }
}

impl Turn {
    /// The round of this turn's report.
    pub fn round(&self, span: &Span, more: Figures, flaws: Flaws) -> Round {
        let mut figures = span.figures();
        figures.extend(more);
        let notes = span.notes();
        Round {
            number: self.number,
            target: self.kind.as_str().to_owned(),
            point: None,
            figures,
            histograms: Vec::new(),
            flaws: Some(flaws),
            load_bound: false,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }
}

/// The histograms of a round, by name.
pub fn histograms(latencies: &Latencies) -> Vec<(&'static str, hdrhistogram::Histogram<u64>)> {
    vec![
        ("each", latencies.each.clone()),
        ("last", latencies.last.clone()),
        ("service", latencies.service.clone()),
    ]
}

/// Adds to what speaks against a round's figures.
pub fn add_note(round: &mut Round, words: &str) {
    match &mut round.note {
        Some(note) => {
            note.push_str("; ");
            note.push_str(words);
        }
        None => round.note = Some(words.to_owned()),
    }
}

/// One thing that was asked for.
#[expect(clippy::needless_pass_by_value, reason = "a list of these reads better without marks")]
pub fn parameter(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

/// Prints at once, also into a pipe, so that a long run can be watched.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("nobody reads the report")
}
