//! The malformed corpus on real sockets: each way of getting the protocol wrong has its one answer
//! while honest members talk. What else is held of the corpus is in `tests/wire`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::fuzz::cases::{Case, bytes_of};
use throng_protocol::value::Role;

use super::peer::{PING, PONG, Peer};
use super::town::{Town, town_config};
use crate::both::on_both;

on_both! {
    each_malformed_input_has_its_documented_answer_and_harms_nobody
}

fn each_malformed_input_has_its_documented_answer_and_harms_nobody(io: Wanted) {
    let town = Town::new(&town_config(io));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/malformed");
    let files = fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<_> = files.map(|file| file.expect("readable").path()).collect();
    paths.sort();
    for path in &paths {
        let text = fs::read_to_string(path).expect("readable");
        play(&town, &Case::one(&text));
    }
    town.check_unharmed();
}

fn play(town: &Town, case: &Case<'_>) {
    let get = |word| case.get(word).unwrap_or_else(|| panic!("{case:?} has no {word}"));
    let (name, address) = (get("name"), town.address());
    let mut peer = match get("when") {
        "client" => Peer::open(address, "eve", Role::Client),
        "server" => Peer::open(address, "eve", Role::Server),
        _ => Peer::connect(address),
    };
    peer.say(&bytes_of(get("hex")).expect("the corpus is in hex"));
    let answers: Vec<_> = case.all_of("answer").collect();
    let (last, expected) = (answers[answers.len() - 1], answers.iter().copied());
    for answer in expected.filter(|answer| *answer != "silence") {
        assert_eq!(peer.next().as_deref(), Some(answer), "{name}");
    }
    if last == "silence" {
        // That it is cut in time is held in `tests/wire`, where time costs nothing.
        assert!(peer.is_silent_for(Duration::from_millis(1)), "{name}");
    } else if last.starts_with("GoAway") {
        assert_eq!(peer.next(), None, "{name}: that was the end");
    } else {
        peer.say(&PING);
        assert_eq!(peer.next().as_deref(), Some(PONG), "{name}: the session goes on");
    }
}
