//! Every file of the committed fuzz corpora goes through its target again, so that what a fuzzer
//! once found stays found, on a stable compiler and without a fuzzer.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use throng_broker::probe::{self, Bug};
use throng_harness::fuzz::{TARGETS, Target};

const ALL_BYTES_MAX: u64 = 1024 * 1024;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The files of a target, in a defined order.
fn files(name: &str) -> Vec<PathBuf> {
    let folder = corpora().join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

fn replay(name: &str) {
    let (_, target): (_, Target) = *TARGETS.iter().find(|(own, _)| *own == name).expect("a target");
    let files = files(name);
    assert!(files.len() >= 10, "the corpus of {name} is as good as empty");
    for file in files {
        // A test that fails prints what it wrote: the file at which it ended is the last one.
        println!("{}", file.display());
        target(&fs::read(&file).expect("readable"));
    }
}

#[test]
fn the_corpus_of_config_holds() {
    replay("config");
}

#[test]
fn the_corpus_of_frame_decode_holds() {
    replay("frame_decode");
}

#[test]
fn the_corpus_of_frame_stream_holds() {
    replay("frame_stream");
}

#[test]
fn the_corpus_of_jwt_holds() {
    replay("jwt");
}

#[test]
fn the_corpus_of_session_holds() {
    replay("session");
}

#[test]
fn the_corpus_of_token_holds() {
    replay("token");
}

#[test]
fn every_corpus_has_a_target_and_every_target_is_built() {
    let manifest = fs::read_to_string(corpora().join("../Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
    for entry in fs::read_dir(corpora()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(TARGETS.iter().any(|(own, _)| *own == name), "{name} is no target");
    }
}

#[test]
fn the_corpora_stay_small() {
    let sizes = TARGETS.iter().flat_map(|(name, _)| files(name));
    let bytes: u64 = sizes.map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(bytes <= ALL_BYTES_MAX, "{bytes} bytes");
}

/// Bugs that a sequence of frames can bring out of a shard; the others need a network.
const SEEN: [Bug; 8] = [
    Bug::DeliverAfterLeave,
    Bug::DeliveredTwice,
    Bug::ForgottenShard,
    Bug::JoinUnsealed,
    Bug::OwnEcho,
    Bug::SeqSkipped,
    Bug::StaleHandle,
    Bug::TakeoverKeepsOld,
];

#[test]
fn planted_bugs_are_seen_by_the_session_target() {
    let scripts: Vec<_> = files("session").iter().map(|file| fs::read(file).unwrap()).collect();
    let sees = |bug: &Bug| {
        probe::plant(Some(*bug));
        let fails = |script: &Vec<u8>| {
            panic::catch_unwind(|| throng_harness::fuzz::session(script)).is_err()
        };
        let seen = scripts.iter().any(fails);
        probe::plant(None);
        seen
    };
    let seen: Vec<_> = Bug::ALL.iter().copied().filter(sees).collect();
    println!("seen: {seen:?}");
    assert!(SEEN.iter().all(|bug| seen.contains(bug)), "{seen:?}");
}
