//! Compares the files of `protocol/vectors/` with the values they stand for, and rewrites them
//! when asked to.
//!
//! `cargo run -p throng-protocol --example vectors` names the files that differ.
//! `cargo run -p throng-protocol --example vectors -- --write` writes those. A changed vector is
//! a changed protocol: every client that was written from the old one breaks.

use std::io;
use std::process::ExitCode;
use std::{env, fs};

#[path = "../tests/vectors/cases/mod.rs"]
#[expect(dead_code, reason = "the tests read what this only writes")]
mod cases;
#[path = "../tests/vectors/forge.rs"]
mod forge;
#[path = "../tests/vectors/golden.rs"]
#[expect(dead_code, reason = "the tests read what this only writes")]
mod golden;
#[path = "../tests/vectors/layout/mod.rs"]
#[expect(dead_code, reason = "the tests read what this only writes")]
mod layout;
#[path = "../tests/vectors/tokens/mod.rs"]
mod tokens;

fn main() -> io::Result<ExitCode> {
    let write = env::args().skip(1).any(|argument| argument == "--write");
    let mut differing = 0;
    let frames = cases::files().into_iter().map(|file| (file.name, golden::render(&file)));
    for (name, meant) in frames.chain([(tokens::FILE, tokens::render())]) {
        let path = golden::path(name);
        if fs::read_to_string(&path).is_ok_and(|text| text == meant) {
            continue;
        }
        differing += 1;
        println!("{name} differs");
        if write {
            fs::write(&path, meant)?;
        }
    }
    let settled = write || differing == 0;
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
