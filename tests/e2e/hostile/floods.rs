//! Peers that say too much: refused requests without end, frames and ids out of all proportion,
//! garbage.

use throng_broker::io::choice::Wanted;
use throng_broker::limits::{REFUSED_PER_SECOND_DEFAULT, REQUESTS_PER_SECOND_DEFAULT};
use throng_harness::random::Random;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::value::Role;

use super::peer::{PING, PONG, Peer};
use super::town::{Town, town_config};
use crate::both::on_both;

on_both! {
    a_flood_of_refused_requests_ends_the_session
    whatever_is_too_large_ends_the_connection_before_it_is_there
    random_bytes_come_to_an_end_in_time
}

fn a_flood_of_refused_requests_ends_the_session(io: Wanted) {
    let town = Town::new(&town_config(io));
    let refused = REFUSED_PER_SECOND_DEFAULT as usize;
    let granted = REQUESTS_PER_SECOND_DEFAULT as usize;
    let unknown = [3, 0, 0, 0, 63, 9, 0];
    let nowhere = [5, 0, 0, 0, 20, 9, 1, b'x', 0];
    for n in 0..20 {
        let user = format!("flood-{n}");
        let mut peer = Peer::open(town.address(), &user, Role::Client);
        peer.say(&PING.repeat(granted + refused + 1));
        let heard = peer.rest();
        assert_eq!(heard.iter().filter(|words| *words == PONG).count(), granted, "{heard:?}");
        assert_eq!(heard.last().map(String::as_str), Some("GoAway FLOODING"));
        for request in [&unknown[..], &nowhere[..]] {
            let mut peer = Peer::open(town.address(), &user, Role::Client);
            peer.say(&request.repeat(refused + granted + 1));
            let heard = peer.rest();
            assert!(heard.len() <= refused + granted + 1, "{} answers", heard.len());
            assert_eq!(heard.last().map(String::as_str), Some("GoAway FLOODING"), "{heard:?}");
        }
    }
    town.check_unharmed();
}

fn whatever_is_too_large_ends_the_connection_before_it_is_there(io: Wanted) {
    let town = Town::new(&town_config(io));
    let prefix = |bytes: usize| u32::try_from(bytes).expect("small").to_le_bytes();
    for n in 0..20 {
        for bytes in [HELLO_BODY_BYTES_MAX + 1, BODY_BYTES_MAX, BODY_BYTES_MAX + 1] {
            let mut peer = Peer::connect(town.address());
            peer.say(&prefix(bytes));
            assert_eq!(peer.rest(), ["GoAway TOO_LARGE"], "{bytes} before the hello");
        }
        for bytes in [BODY_BYTES_MAX + 1, u32::MAX as usize] {
            let mut peer = Peer::open(town.address(), &format!("giant-{n}"), Role::Client);
            peer.say(&prefix(bytes));
            assert_eq!(peer.rest(), ["GoAway TOO_LARGE"], "{bytes} after the hello");
        }
        // The largest that may be is read to its end before anyone judges it.
        let mut peer = Peer::open(town.address(), &format!("giant-{n}"), Role::Client);
        let mut largest = prefix(BODY_BYTES_MAX).to_vec();
        largest.extend([18, 1]);
        largest.resize(4 + BODY_BYTES_MAX, 0xff);
        peer.say(&largest);
        assert_eq!(peer.rest(), ["GoAway MALFORMED"]);
    }
    town.check_unharmed();
}

fn random_bytes_come_to_an_end_in_time(io: Wanted) {
    let town = Town::new(&town_config(io));
    let mut random = Random::new(17, 1);
    let mut peers = Vec::new();
    for n in 0..200 {
        let mut peer = Peer::connect(town.address());
        let bytes: Vec<u8> =
            (0..=n * 5).map(|_| u8::try_from(random.below(256)).expect("below 256")).collect();
        peer.say(&bytes);
        peers.push(peer);
    }
    let documented =
        ["GoAway TOO_LARGE", "GoAway MALFORMED", "GoAway UNEXPECTED", "GoAway TOO_SLOW"];
    for mut peer in peers {
        let heard = peer.rest();
        assert!(heard.len() == 1 && documented.contains(&&*heard[0]), "{heard:?}");
    }
    town.check_unharmed();
}
