//! Shows forged tokens to the check of tokens, ten million unless told otherwise, and fails if one
//! is accepted.
//!
//! `cargo run --release -p throng-tests --example forge-tokens -- [FORGERIES [SEED]]`

use std::process::ExitCode;
use std::time::Instant;

use throng_harness::forge::forge;

fn main() -> Result<ExitCode, std::num::ParseIntError> {
    let mut given = std::env::args().skip(1).map(|given| given.parse::<u64>());
    let forgeries = given.next().transpose()?.unwrap_or(10_000_000);
    let seed = given.next().transpose()?.unwrap_or(1);
    println!("seed {seed}, {forgeries} forgeries");
    let start = Instant::now();
    let tallies = forge(seed, forgeries);
    println!("{:<14} {:>10} {:>12} {:>10}", "kind", "tried", "well formed", "accepted");
    for (kind, tally) in &tallies {
        let name = format!("{kind:?}");
        println!("{name:<14} {:>10} {:>12} {:>10}", tally.tried, tally.read, tally.accepted);
    }
    let tried: u64 = tallies.iter().map(|(_, tally)| tally.tried).sum();
    let accepted: u64 = tallies.iter().map(|(_, tally)| tally.accepted).sum();
    println!("{accepted} of {tried} accepted, in {:.1} s", start.elapsed().as_secs_f64());
    Ok(if accepted == 0 && tried == forgeries { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
