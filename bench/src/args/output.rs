//! Where a report goes beside the terminal, and what it must come to; and which two to compare.
//!
//! A scenario flattens [`Output`] into its flags and ends with [`Output::finish`]. Paths and
//! objectives are checked as they are parsed: a run of minutes must not fail over a typo.

pub mod objective;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};

use crate::Verdict;
use crate::report::check::{self, check};
use crate::report::compare::Comparison;
use crate::report::model::Report;
use crate::report::record::Record;
use crate::report::{hdr, html, number};
use objective::Objective;

/// What becomes of the report.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Write the report as JSON, which `compare` reads
    #[arg(long, value_name = "PATH", value_parser = place_to_write)]
    pub json: Option<PathBuf>,
    /// Write the latencies as percentile files whose names begin so
    #[arg(long, value_name = "PREFIX", value_parser = place_to_write)]
    pub hdr: Option<PathBuf>,
    /// Write the report as one page with charts
    #[arg(long, value_name = "PATH", value_parser = place_to_write)]
    pub html: Option<PathBuf>,
    /// End with 1 unless this holds, such as p99_us<=2000 or ratio:redis:p99_us<=1; may be given
    /// several times
    #[arg(long, value_name = "[ratio:PEER:]FIGURE[@POINT]<=VALUE")]
    pub objective: Vec<Objective>,
}

/// Which two reports to compare.
#[derive(Debug, Clone, clap::Args)]
pub struct Compare {
    /// The report of before, as JSON
    pub before: PathBuf,
    /// The report of after, as JSON
    pub after: PathBuf,
    /// End with 1 when the first figure of the scenario got worse by more, and by more than chance
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_above: Option<f64>,
    /// Compare reports that were not asked the same
    #[arg(long)]
    pub anyway: bool,
}

impl Output {
    /// Refuses objectives that a run cannot meet whatever it finds: `report` has its targets
    /// already, and no rounds yet.
    ///
    /// # Errors
    /// When a peer is held against that is not measured, or a point where there are none.
    pub fn check(&self, report: &Report) -> anyhow::Result<()> {
        for objective in &self.objective {
            if let Some(peer) = &objective.peer {
                let others = report.targets.iter().skip(1);
                let is_there = others.map(|target| &target.name).any(|name| name == peer);
                ensure!(is_there, "{objective}: {peer} is not beside another; give --peer {peer}");
            }
            let has_points = report.sweep.is_some() || objective.point.is_none();
            ensure!(has_points, "{objective}: {} has no points", report.scenario);
        }
        Ok(())
    }

    /// Holds the report against the objectives, and writes what was asked for.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn finish(&self, report: &Report) -> anyhow::Result<Verdict> {
        let outcomes = check(report, &self.objective);
        say(&check::table(&outcomes))?;
        let is_met = outcomes.iter().all(|outcome| outcome.standing == check::Standing::Held);
        let is_sound = report.rounds.iter().all(|round| !round.is_flawed());
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let written_at = number::moment(since_1970.unwrap_or_default().as_secs());
        let record = Record::new(report, outcomes, written_at);
        if let Some(path) = &self.json {
            write(path, &record.to_json()?)?;
        }
        if let Some(path) = &self.html {
            write(path, &html::page(&record))?;
        }
        if let Some(prefix) = &self.hdr {
            hdr::write(report, prefix)?;
        }
        Ok(if is_met && is_sound { Verdict::Sound } else { Verdict::Flawed })
    }
}

impl Compare {
    /// Prints what changed, and judges it.
    ///
    /// # Errors
    /// When a file is no report, or the two were not asked the same.
    pub fn run(&self) -> anyhow::Result<Verdict> {
        let (before, after) = (Record::read(&self.before)?, Record::read(&self.after)?);
        let comparison = Comparison::new(&before, &after, self.anyway)?;
        say(&comparison.text())?;
        let worse = self.fail_above.map(|percent| comparison.worse_than(percent));
        let worse = worse.unwrap_or_default();
        if !worse.is_empty() {
            let targets: Vec<_> = worse.iter().map(|change| change.target.as_str()).collect();
            say(&format!(
                "\n{} got worse by more than allowed: {}\n",
                after.primary,
                targets.join(", ")
            ))?;
        }
        Ok(if worse.is_empty() { Verdict::Sound } else { Verdict::Flawed })
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("nobody reads the report")
}

fn write(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A path in a directory that is there.
fn place_to_write(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let is_named = path.file_name().is_some() && !path.is_dir();
    let directory = path.parent().map_or_else(PathBuf::new, std::path::Path::to_owned);
    if !is_named {
        return Err("not the name of a file".to_owned());
    }
    if directory.as_os_str().is_empty() || directory.is_dir() {
        Ok(path)
    } else {
        Err(format!("there is no directory {}", directory.display()))
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() && number >= 0.0 {
        Ok(number)
    } else {
        Err("not a percentage from 0 up".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::order::Flaws;
    use crate::report::sample;

    #[test]
    fn all_files_that_were_asked_for_are_written() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name| Some(directory.path().join(name));
        let output = Output {
            json: at("run.json"),
            hdr: at("run"),
            html: at("run.html"),
            objective: vec!["server_ns_per_delivery<=9".parse().unwrap()],
        };
        let verdict = output.finish(&sample::beside(&[(1.0, 2.0)])).unwrap();
        assert_eq!(verdict, Verdict::Sound);
        let record = Record::read(&directory.path().join("run.json")).unwrap();
        assert_eq!(record.objectives[0].standing, check::Standing::Held);
        for name in ["run.html", "run-broker-each.hgrm", "run-raw-each.hgrm"] {
            assert!(directory.path().join(name).exists(), "{name}");
        }
    }

    #[test]
    fn a_flaw_a_miss_and_a_lack_of_verdict_all_fail_the_run() {
        let output = |objective: &str| Output {
            objective: vec![objective.parse().unwrap()],
            ..Output::default()
        };
        let mut report = sample::beside(&[(1.0, 2.0)]);
        let missed = output("server_ns_per_delivery<=0.5").finish(&report).unwrap();
        assert_eq!(missed, Verdict::Flawed);
        report.rounds[0].load_bound = true;
        let unknown = output("server_ns_per_delivery<=9").finish(&report).unwrap();
        assert_eq!(unknown, Verdict::Flawed);
        assert_eq!(Output::default().finish(&report).unwrap(), Verdict::Sound);
        report.rounds[0].flaws = Some(Flaws { duplicated: 1, ..Flaws::default() });
        assert_eq!(Output::default().finish(&report).unwrap(), Verdict::Flawed);
    }

    #[test]
    fn a_run_that_got_worse_by_more_than_allowed_fails_the_comparison() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, values: &[(f64, f64)]| {
            let path = directory.path().join(name);
            let output = Output { json: Some(path.clone()), ..Output::default() };
            output.finish(&sample::beside(values)).unwrap();
            path
        };
        let before = write("before.json", &[(100.0, 50.0), (101.0, 50.0)]);
        let after = write("after.json", &[(120.0, 50.0), (121.0, 50.0)]);
        let mut compare = Compare { before, after, fail_above: None, anyway: false };
        assert_eq!(compare.run().unwrap(), Verdict::Sound, "it only tells");
        compare.fail_above = Some(10.0);
        assert_eq!(compare.run().unwrap(), Verdict::Flawed);
        compare.fail_above = Some(30.0);
        assert_eq!(compare.run().unwrap(), Verdict::Sound);
        compare.after = directory.path().join("none.json");
        assert!(compare.run().unwrap_err().to_string().contains("none.json"));
    }

    #[test]
    fn an_objective_that_cannot_be_met_is_refused_before_the_run() {
        let check = |objective: &str, report: &Report| {
            let objective = vec![objective.parse().unwrap()];
            Output { objective, ..Output::default() }.check(report).map_err(|why| why.to_string())
        };
        let (beside, sweep) = (sample::beside(&[]), sample::sweep(&[]));
        assert_eq!(check("ratio:raw:p99_us<=1", &beside), Ok(()));
        let error = check("ratio:redis:p99_us<=1", &beside).unwrap_err();
        assert!(error.contains("give --peer redis"), "{error}");
        assert_eq!(check("goodput_share@2>=0.9", &sweep), Ok(()));
        let error = check("p99_us@2<=9", &beside).unwrap_err();
        assert!(error.contains("fanout has no points"), "{error}");
    }

    #[test]
    fn a_place_nobody_can_write_to_is_refused_before_the_run() {
        assert!(place_to_write("run.json").is_ok());
        assert!(place_to_write("/nowhere/at-all/run.json").is_err());
        assert!(place_to_write("/").is_err());
        assert!(place_to_write(".").is_err());
    }

    #[test]
    fn a_percentage_is_a_number_from_nothing_up() {
        assert_eq!(percent("5"), Ok(5.0));
        assert_eq!(percent("5%"), Ok(5.0));
        assert!(percent("-1").is_err());
        assert!(percent("NaN").is_err());
    }
}
