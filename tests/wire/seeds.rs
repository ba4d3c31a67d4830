//! Makes the first seeds of the fuzz corpora, out of the golden vectors and the default
//! configuration: `cargo run -p throng-tests --example fuzz-seeds -- FOLDER` fills
//! `FOLDER/<target>/`. Run when the protocol has grown; `docs/testing.md` says what comes next.
//!
//! Decides nothing about what is right: the targets do.

mod state_seeds;

use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use throng_broker::config::{Sources, effective};
use throng_harness::fuzz::cases::{Case, bytes_of};

/// A fuzzer does better with many small seeds than with few large ones.
const SEED_BYTES_MAX: usize = 1024;

/// Two shards, everything allowed; ann and bob come in and join the lobby.
const TWO_IN_A_LOBBY: &[u8] =
    &[0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 15, 0, 3, 0, 0, 1, 3, 1, 0, 1, 15, 0];

/// What is done after that, on two shards and on one, by the numbers of `harness/fuzz/script.rs`.
const AFTERWARDS: &[(&str, &[u8])] = &[
    ("talk", &[6, 0, 0, 2, 7, 1, 1, 3, 6, 0, 2, 4, 15, 0]),
    ("leave", &[6, 0, 0, 2, 3, 0, 1, 3, 15, 0, 3, 1, 1, 4]),
    ("talk-after-leave", &[3, 0, 1, 3, 15, 0, 6, 1, 0, 4, 15, 0, 6, 1, 1, 5, 15, 0]),
    ("again", &[3, 0, 0, 2, 3, 0, 6, 3, 15, 0, 6, 0, 32, 4]),
    ("ask", &[4, 0, 2, 2, 4, 1, 3, 3, 4, 1, 4, 4, 5, 0, 5, 5]),
    ("large", &[6, 0, 128, 2, 6, 1, 160, 3, 13, 3, 6, 0, 96, 4, 6, 0, 128, 5, 15, 0, 16, 2]),
    ("server", &[0, 0, 1, 2, 2, 2, 15, 0, 6, 2, 0, 1, 4, 2, 4, 2, 15, 0]),
    ("replaced", &[0, 1, 1, 2, 0, 0, 6, 1, 32, 2, 15, 0]),
    ("visitor", &[0, 1, 1, 2, 4, 1, 15, 0, 3, 2, 0, 1]),
    ("silent", &[16, 5, 16, 5, 16, 5, 16, 5]),
    ("idle", &[12, 0, 12, 1, 16, 5, 16, 5, 16, 5]),
    ("drain", &[6, 0, 32, 2, 19, 0, 6, 1, 32, 3, 14, 0, 16, 2]),
    ("overloaded", &[18, 244, 18, 241, 18, 255, 6, 0, 32, 2, 6, 1, 32, 3, 3, 0, 2, 4, 15, 0]),
    ("damaged", &[6, 0, 32, 2, 10, 0, 3, 255, 11, 1, 6, 1, 32, 3, 15, 0]),
    ("token", &[0, 0, 1, 2, 0, 192, 15, 0, 0, 0, 1, 3, 6, 208, 15, 0, 0, 0, 1, 4, 0, 196, 15, 0]),
    ("clock", &[17, 1, 6, 0, 0, 2, 15, 0, 17, 200, 6, 1, 0, 3]),
];

/// A server comes in, too, as the third.
const AND_A_SERVER: &[u8] = &[0, 0, 1, 2, 2, 2, 15, 0];

/// What is done after that with rooms in full: six bytes for each request, by the numbers of
/// `harness/fuzz/govern.rs`. They are 200, who asks, what and of which room, the number, whom, how.
const ROOMS_IN_FULL: &[(&str, &[u8])] = &[
    ("history", &[6, 0, 0, 2, 6, 1, 0, 2, 15, 0, 200, 2, 0, 3, 0, 50, 15, 0, 6, 0, 0, 3, 15, 0]),
    (
        "notices",
        &[200, 2, 0, 3, 0, 10, 200, 2, 5, 4, 0, 1, 6, 0, 0, 2, 200, 2, 5, 5, 0, 130, 15, 0],
    ),
    ("change", &[200, 2, 2, 3, 31, 11, 15, 0, 200, 2, 2, 4, 1, 128, 4, 0, 2, 5, 15, 0, 16, 3]),
    ("lifetime", &[200, 2, 17, 3, 0, 11, 15, 0, 200, 0, 16, 4, 0, 10, 15, 0, 16, 3, 16, 3]),
    ("empty", &[200, 2, 17, 3, 0, 12, 200, 0, 16, 4, 0, 10, 15, 0, 12, 0, 16, 5, 16, 3]),
    ("kept", &[200, 2, 6, 3, 0, 0, 200, 2, 7, 4, 0, 0, 15, 0, 12, 0, 12, 1, 16, 5, 16, 5, 16, 5]),
    ("many", &[200, 2, 17, 3, 0, 3, 200, 2, 3, 4, 0, 0, 200, 2, 19, 5, 0, 0, 200, 2, 35, 6, 0, 0]),
    (
        "closed",
        &[200, 2, 4, 3, 0, 0, 15, 0, 3, 0, 0, 4, 15, 0, 200, 2, 4, 5, 0, 1, 3, 0, 0, 6, 15, 0],
    ),
    ("muted", &[200, 2, 12, 3, 2, 9, 15, 0, 6, 1, 0, 2, 6, 0, 0, 3, 16, 3, 6, 1, 0, 4, 15, 0]),
    ("unmuted", &[200, 2, 12, 3, 2, 27, 6, 1, 0, 2, 200, 2, 12, 4, 2, 4, 15, 0, 6, 1, 0, 3, 15, 0]),
    ("all-muted", &[200, 2, 6, 3, 2, 1, 200, 2, 5, 4, 0, 1, 15, 0, 6, 0, 0, 2, 6, 1, 0, 3, 15, 0]),
    (
        "kicked",
        &[6, 0, 0, 2, 200, 2, 12, 3, 2, 0, 6, 0, 0, 3, 15, 0, 3, 1, 0, 4, 15, 0, 6, 0, 0, 4],
    ),
    ("banned", &[200, 2, 12, 3, 2, 13, 15, 0, 3, 1, 0, 4, 15, 0, 16, 3, 3, 1, 0, 5, 15, 0]),
    ("unbanned", &[200, 2, 12, 3, 3, 145, 15, 0, 200, 2, 12, 4, 3, 2, 15, 0, 3, 1, 0, 4, 15, 0]),
    ("muted-in-app", &[200, 2, 12, 3, 130, 9, 15, 0, 6, 1, 0, 2, 16, 3, 6, 1, 0, 3, 15, 0]),
    (
        "banned-from-app",
        &[200, 2, 12, 3, 130, 13, 15, 0, 0, 1, 1, 3, 1, 0, 16, 3, 0, 1, 1, 4, 1, 0],
    ),
    (
        "manager",
        &[200, 2, 11, 3, 2, 1, 15, 0, 200, 1, 12, 4, 1, 21, 6, 0, 0, 2, 200, 1, 4, 5, 0, 0],
    ),
    ("creator", &[200, 2, 17, 3, 2, 3, 200, 0, 16, 4, 0, 0, 15, 0, 200, 0, 27, 5, 2, 1, 15, 0]),
    (
        "roles",
        &[200, 2, 11, 3, 15, 2, 12, 1, 16, 5, 200, 0, 8, 4, 0, 9, 200, 2, 11, 5, 3, 3, 15, 0],
    ),
    ("members", &[200, 0, 8, 3, 0, 0, 15, 0, 200, 0, 8, 4, 0, 128, 15, 0, 200, 1, 8, 5, 0, 10]),
    ("sought", &[200, 0, 9, 3, 15, 0, 12, 1, 15, 0, 200, 0, 9, 4, 3, 0, 16, 5, 200, 0, 9, 5, 3, 0]),
    ("profile", &[200, 0, 10, 3, 0, 0, 200, 1, 10, 4, 0, 128, 15, 0, 200, 0, 8, 5, 0, 8, 15, 0]),
    (
        "sanctions",
        &[200, 2, 12, 3, 15, 25, 15, 0, 200, 2, 14, 4, 0, 0, 15, 0, 200, 2, 14, 5, 0, 128],
    ),
    (
        "sanctions-of-app",
        &[200, 2, 12, 3, 143, 27, 15, 0, 200, 2, 14, 4, 128, 5, 200, 2, 14, 5, 128, 133],
    ),
    (
        "subscribed",
        &[200, 2, 15, 3, 0, 7, 15, 0, 3, 0, 1, 4, 12, 1, 16, 5, 200, 2, 3, 4, 0, 0, 15, 0],
    ),
    (
        "not-allowed",
        &[200, 0, 12, 3, 2, 21, 200, 0, 11, 4, 2, 1, 200, 0, 4, 5, 0, 0, 200, 1, 15, 3, 0, 7],
    ),
    ("resume", &[12, 1, 15, 0, 6, 0, 0, 2, 15, 0, 0, 1, 1, 3, 1, 0, 200, 3, 0, 3, 1, 138, 15, 0]),
    (
        "resume-late",
        &[12, 1, 15, 0, 6, 0, 0, 2, 16, 5, 0, 1, 1, 3, 1, 0, 200, 3, 0, 3, 1, 138, 15, 0],
    ),
];

struct Seeds {
    folder: PathBuf,
    count: usize,
}

impl Seeds {
    fn add(&mut self, target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        if bytes.len() <= SEED_BYTES_MAX {
            let folder = self.folder.join(target);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(name), bytes)?;
            self.count += 1;
        }
        Ok(())
    }

    /// A frame on its own, in a stream with a cut, and as bytes that a client in a room says.
    fn add_frame(&mut self, name: &str, frame: &[u8]) -> Result<(), Box<dyn Error>> {
        self.add("frame_decode", name, frame.get(4..).unwrap_or_default())?;
        self.add("frame_stream", name, &[&[0, 1, 5, 0], frame].concat())?;
        if let Ok(length) = u8::try_from(frame.len()) {
            let said = [&[8, 0, length], frame, &[15, 0]].concat();
            self.add("session", name, &[TWO_IN_A_LOBBY, &said].concat())?;
            let first = [&[0, 1, 0, 0, 8, 0, length], frame, &[15, 0]].concat();
            self.add("session", &format!("first-{name}"), &first)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: fuzz-seeds FOLDER")?;
    let mut seeds = Seeds { folder: folder.into(), count: 0 };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors");
    for entry in fs::read_dir(vectors)? {
        let text = fs::read_to_string(entry?.path())?;
        let mut stream = vec![0, 1, 40, 0];
        for case in Case::all(&text) {
            if let (Some(name), Some(token)) = (case.get("name"), case.get("text")) {
                seeds.add("token", name, token.as_bytes())?;
            }
            let (Some(name), Some(hex)) = (case.get("name"), case.get("hex")) else { continue };
            let frame = bytes_of(hex)?;
            seeds.add_frame(name, &frame)?;
            if frame.len() < 100 && stream.len() < SEED_BYTES_MAX - 100 {
                stream.extend_from_slice(&frame);
            }
        }
        seeds.add("frame_stream", &format!("stream-{}", stream.len()), &stream)?;
    }
    for (name, afterwards) in AFTERWARDS {
        let mut script = [TWO_IN_A_LOBBY, afterwards].concat();
        seeds.add("session", name, &script)?;
        script[1] = 0;
        seeds.add("session", &format!("one-shard-{name}"), &script)?;
    }
    for (name, afterwards) in ROOMS_IN_FULL {
        let script = [TWO_IN_A_LOBBY, AND_A_SERVER, afterwards].concat();
        // Members are told nothing of each other, or all there is to tell.
        for (presence, flags) in [("", 0), ("-told", 0x80)] {
            for (shards, counts) in [("", 1), ("one-shard-", 0)] {
                let shape = [&[flags, counts], &script[2..]].concat();
                seeds.add("session", &format!("{shards}{name}{presence}"), &shape)?;
            }
        }
    }
    for (name, afterwards) in state_seeds::all() {
        let mut script = [TWO_IN_A_LOBBY, AND_A_SERVER, &afterwards].concat();
        seeds.add("session", &format!("state-{name}"), &script)?;
        script[1] = 0;
        seeds.add("session", &format!("one-shard-state-{name}"), &script)?;
    }
    let cores = NonZeroUsize::MIN;
    let sources = Sources { file: None, variables: Vec::new(), flags: Vec::new(), cores };
    let toml = effective::to_toml(&sources.read()?);
    seeds.add("config", "default", toml.as_bytes())?;
    for (place, section) in toml.split("\n\n").enumerate() {
        seeds.add("config", &format!("section-{place}"), section.as_bytes())?;
    }
    println!("{} seeds", seeds.count);
    Ok(())
}
