//! Counts the instructions of the hot path and holds them against what they were: they repeat
//! where times do not.
//!
//! `cargo run --release -p throng-broker --example instructions` compares with
//! `broker/benches/instructions.txt` and ends with 1 if a count is off by more than the
//! tolerance, to either side: a gain is to be kept, too. `-- --write` writes the counts there.
//!
//! Each piece of work runs under callgrind twice, once and twice as often; the difference is the
//! work's own, without what it takes to make ready.

#[path = "../benches/node.rs"]
mod node;
#[path = "../benches/work.rs"]
mod work;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// How often each piece of work is done.
const TIMES: u32 = 100;

/// How far a count may be off, in percent: compilers differ a little, and so do tables whose
/// growth falls into one run and not into the other.
const TOLERANCE_PERCENT: f64 = 3.0;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [run, place, times] if run == "run" => {
            let work = work::ALL.get(place.parse::<usize>()?).ok_or("no such piece of work")?;
            (work.prepare)()(times.parse()?);
            Ok(ExitCode::SUCCESS)
        }
        [write] if write == "--write" => {
            fs::write(baseline_path(), written(&count_all()?))?;
            Ok(ExitCode::SUCCESS)
        }
        [] => compare(&count_all()?),
        _ => Err("nothing, or --write".into()),
    }
}

fn baseline_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

fn count_all() -> Result<Vec<u64>, Failed> {
    (0..work::ALL.len()).map(count).collect()
}

/// Instructions of one time of a piece of work.
fn count(place: usize) -> Result<u64, Failed> {
    let (once, twice) = (under_callgrind(place, TIMES)?, under_callgrind(place, 2 * TIMES)?);
    Ok((twice - once) / u64::from(TIMES))
}

fn under_callgrind(place: usize, times: u32) -> Result<u64, Failed> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["run", &place.to_string(), &times.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind ({error}); apt-get install valgrind"))?;
    let said = String::from_utf8_lossy(&run.stderr);
    let counted = said.lines().find_map(|line| line.split("Collected : ").nth(1));
    let counted = counted.ok_or_else(|| format!("callgrind counted nothing: {said}"))?;
    Ok(counted.trim().parse()?)
}

fn written(counts: &[u64]) -> String {
    let mut text = String::from("# Instructions of one time of each piece of work.\n");
    for (work, count) in work::ALL.iter().zip(counts) {
        text += &format!("{count:>9}  {}\n", work.name);
    }
    text
}

fn compare(counts: &[u64]) -> Result<ExitCode, Failed> {
    let baseline = fs::read_to_string(baseline_path())?;
    let mut off = false;
    println!("{:>9} {:>9} {:>8}  work", "was", "is", "change");
    for (work, count) in work::ALL.iter().zip(counts) {
        let line = baseline.lines().find(|line| line.ends_with(work.name));
        let was: u64 = line
            .and_then(|line| line.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| format!("{:?} has no baseline; --write one", work.name))?;
        let percent = (*count as f64 / was as f64 - 1.0) * 100.0;
        off |= percent.abs() > TOLERANCE_PERCENT;
        println!("{was:>9} {count:>9} {percent:>+7.1}%  {}", work.name);
    }
    if off {
        eprintln!("off by more than {TOLERANCE_PERCENT}%; if that is meant, --write the counts");
    }
    Ok(if off { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
