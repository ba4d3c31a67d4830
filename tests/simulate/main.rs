//! `cargo sim`: plays simulated worlds.
//!
//! ```text
//! cargo sim -- 17                        one seed, every event on a line
//! cargo sim -- --seeds 10000             many, on all cores; failing ones are shrunk
//! cargo sim -- --bugs                    plants each bug and counts the seeds it takes to see it
//! ```
//! Further: `--first N` (where `--seeds` begins), `--actions N` (how much happens in a world),
//! `--without Fault,Fault` (what may not go wrong), `--bug Name` (plants one). Exit code 1 when a
//! seed fails, or when a planted bug is not seen.

mod many;
mod options;

use std::process::ExitCode;

use options::{Options, What};

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let good = match options.what {
        What::One(seed) => one(&options, seed),
        What::Many { first, seeds } => many::play(&options, first, seeds),
        What::Bugs => many::plant_all(&options),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays one seed and prints all that happens. A failure is a panic, with its reason.
fn one(options: &Options, seed: u64) -> bool {
    throng_broker::probe::plant(options.bug);
    let mut plan = options.plan(seed);
    plan.print = true;
    let played = plan.play();
    println!("seed {seed}: {} events, trace {:016x}", played.events, played.hash);
    true
}
