//! Writes the malformed corpus: one file for each way of getting the protocol wrong.
//!
//! `cargo run -p throng-tests --example write-malformed -- FOLDER` writes all files anew. It was
//! run once; the files are the truth since, and are read, not made, by the test `wire`. Run it
//! again after the protocol has grown, and read the difference before keeping it: every answer
//! below stands in `docs/protocol.md`, none was copied from what the broker did.

mod fields;
mod file;
mod frames;
mod greetings;
mod handshake;
mod requests;
mod rooms;
mod state;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use file::Case;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: write-malformed FOLDER")?);
    let mut cases = Vec::new();
    greetings::add(&mut cases);
    handshake::add(&mut cases);
    fields::add(&mut cases);
    requests::add(&mut cases);
    rooms::add(&mut cases);
    state::add(&mut cases);
    fs::create_dir_all(&folder)?;
    for Case { name, .. } in &cases {
        let same = cases.iter().filter(|other| other.name == *name).count();
        assert_eq!(same, 1, "two cases are called {name}");
    }
    for case in &cases {
        fs::write(folder.join(format!("{}.txt", case.name)), case.to_string())?;
    }
    println!("{} cases", cases.len());
    Ok(())
}
