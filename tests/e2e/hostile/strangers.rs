//! Peers who are not who they say, or come with what they have seen elsewhere: guessed secrets,
//! tokens of another app, a hello that was said before.

use std::time::{SystemTime, UNIX_EPOCH};

use throng_broker::io::choice::Wanted;
use throng_harness::client::{APP, Client, SECRET};
use throng_harness::random::Random;
use throng_protocol::handshake::{Credentials, Development};
use throng_protocol::value::Role;

use super::peer::{PING, PONG, Peer, hello};
use super::town::{KEY, OTHER_APP, OTHER_KEY, ROOM, Town, token, town_config};
use crate::both::on_both;

on_both! {
    whoever_guesses_hears_the_same_bytes_whatever_was_wrong
    a_hello_that_was_heard_and_said_again_takes_its_own_device_over_and_no_more
    what_is_in_one_app_is_nowhere_to_whoever_came_by_the_other
}

/// Hellos that let nobody in, each for a cause of its own.
fn bad_hellos() -> Vec<(&'static str, Vec<u8>)> {
    let by_token = |app, token: &str| hello(app, Credentials::Token(token.as_bytes()));
    let by_secret = |app, secret| {
        let (user, device, role) = ("good-0", "phone", Role::Client);
        hello(app, Credentials::Development(Development { secret, user, device, role }))
    };
    let good = token(APP, KEY, "good-0");
    let mut flipped = good.clone().into_bytes();
    flipped[30] = if flipped[30] == b'A' { b'B' } else { b'A' };
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJnb29kLTAifQ.";
    vec![
        ("an unknown app", by_token("nowhere", &good)),
        ("a token of another app", by_token(OTHER_APP, &good)),
        ("a claim of another app", by_token(OTHER_APP, &token(APP, OTHER_KEY, "good-0"))),
        ("another key", by_token(APP, &token(APP, OTHER_KEY, "good-0"))),
        ("a guessed key", by_token(APP, &token(APP, &"secret".repeat(6), "good-0"))),
        ("a flipped bit", hello(APP, Credentials::Token(&flipped))),
        ("half of a token", by_token(APP, &good[..good.len() / 2])),
        ("a token and more", by_token(APP, &(good.clone() + "AAAA"))),
        ("nothing", by_token(APP, "")),
        ("no token", by_token(APP, "let me in")),
        ("a JSON web token that nobody signed", by_token(APP, none)),
        ("a wrong secret", by_secret(APP, "password")),
        ("an empty secret", by_secret(APP, "")),
        ("the secret of another app", by_secret(OTHER_APP, SECRET)),
        ("a secret for no app", by_secret("nowhere", SECRET)),
    ]
}

fn whoever_guesses_hears_the_same_bytes_whatever_was_wrong(io: Wanted) {
    let town = Town::new(&town_config(io));
    let mut answer: Option<Vec<u8>> = None;
    for round in 0..100 {
        for (cause, hello) in bad_hellos() {
            let mut peer = Peer::connect(town.address());
            peer.say(&hello);
            // What follows a hello that is refused is not carried out.
            if round % 2 == 0 {
                peer.say(&PING);
            }
            let heard = peer.rest_bytes();
            assert_eq!(*answer.get_or_insert_with(|| heard.clone()), heard, "{cause}");
        }
    }
    let mut peer = Peer::connect(town.address());
    peer.say(&bad_hellos()[0].1);
    assert_eq!(peer.rest(), ["GoAway UNAUTHORIZED"]);
    let mut random = Random::new(17, 2);
    for _ in 0..500 {
        let guess: Vec<u8> =
            (0..random.below(200)).map(|_| b"AZaz09-_."[random.below(9)]).collect();
        let mut peer = Peer::connect(town.address());
        peer.say(&hello(APP, Credentials::Token(&guess)));
        assert_eq!(Some(peer.rest_bytes()), answer, "{}", guess.escape_ascii());
    }
    town.check_unharmed();
}

fn a_hello_that_was_heard_and_said_again_takes_its_own_device_over_and_no_more(io: Wanted) {
    let town = Town::new(&town_config(io));
    let said = hello(APP, Credentials::Token(token(APP, KEY, "overheard").as_bytes()));
    let mut other_device = Peer::connect(town.address());
    other_device.say(&Client::hello("overheard", "tablet", Role::Client).take_said());
    assert_eq!(other_device.next().as_deref(), Some("Welcome"));
    let mut first = Peer::connect(town.address());
    for _ in 0..20 {
        first.say(&said);
        assert_eq!(first.next().as_deref(), Some("Welcome"));
        let mut second = Peer::connect(town.address());
        second.say(&said);
        assert_eq!(first.rest(), ["GoAway REPLACED"]);
        assert_eq!(second.next().as_deref(), Some("Welcome"));
        // On one connection a hello comes once.
        second.say(&said);
        assert_eq!(second.rest(), ["GoAway UNEXPECTED"]);
        first = Peer::connect(town.address());
    }
    other_device.say(&PING);
    assert_eq!(other_device.next().as_deref(), Some(PONG));
    drop((first, other_device));
    town.check_unharmed();
}

fn what_is_in_one_app_is_nowhere_to_whoever_came_by_the_other(io: Wanted) {
    let town = Town::new(&town_config(io));
    let mut peer = Peer::connect(town.address());
    // The name of an honest member, in the other app.
    let token = token(OTHER_APP, OTHER_KEY, "good-0");
    peer.say(&hello(OTHER_APP, Credentials::Token(token.as_bytes())));
    assert_eq!(peer.next().as_deref(), Some("Welcome"));
    let ask = |peer: &mut Peer, room: &str| {
        let length = u8::try_from(room.len()).expect("an id is short");
        let mut query = vec![length + 4, 0, 0, 0, 20, 5, length];
        query.extend(room.as_bytes());
        query.push(0);
        peer.say(&query);
        peer.next()
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let nowhere = format!("nowhere-{}", now.as_nanos());
    assert_eq!(ask(&mut peer, &nowhere).as_deref(), Some("Refused NO_SUCH_ROOM 5"));
    assert_eq!(ask(&mut peer, ROOM).as_deref(), Some("Refused NO_SUCH_ROOM 5"));
    drop(peer);
    town.check_unharmed();
}
