//! Peers that take their time, stop half-way, or are gone without a word.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_broker::limits::{FRAME_DEADLINE_DEFAULT, HELLO_DEADLINE_DEFAULT};
use throng_harness::client::Client;
use throng_protocol::value::Role;

use super::peer::{PING, PONG, Peer};
use super::town::{ROOM, Town, town_config};
use crate::both::on_both;

on_both! {
    those_who_dawdle_are_cut_at_their_time_and_no_sooner
    those_who_are_gone_or_half_gone_leave_nothing_behind
    one_who_asks_and_asks_and_never_reads_is_cut_off
}

/// How much later than at its time a peer may be cut on a busy machine.
const MARGIN: Duration = Duration::from_millis(1_500);

/// How many peers do the same at a time.
const MANY: usize = 20;

/// Says `bytes` one by one, one a second, and hears what comes of it. Gives for how long it was
/// borne, from the first byte on.
fn dawdle(mut peer: Peer, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    let mut bytes = bytes.iter();
    loop {
        let said = bytes.next().is_some_and(|byte| peer.say(&[*byte]));
        if !said || !peer.is_silent_for(Duration::from_secs(1)) {
            break;
        }
    }
    assert_eq!(peer.rest(), ["GoAway TOO_SLOW"]);
    began.elapsed()
}

fn those_who_dawdle_are_cut_at_their_time_and_no_sooner(io: Wanted) {
    let town = Town::new(&town_config(io));
    let address = town.address();
    let hello = Client::hello("slow", "phone", Role::Client).take_said();
    let publish = [60, 0, 0, 0, 18, 1, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7];
    std::thread::scope(|scope| {
        let mut dawdlers = Vec::new();
        for n in 0..MANY {
            let (hello, publish) = (&hello, &publish);
            let says_nothing = scope.spawn(move || dawdle(Peer::connect(address), &[]));
            let in_hello = scope.spawn(move || dawdle(Peer::connect(address), hello));
            let in_frame = scope.spawn(move || {
                dawdle(Peer::open(address, &format!("slow-{n}"), Role::Client), publish)
            });
            dawdlers.push((says_nothing, HELLO_DEADLINE_DEFAULT));
            dawdlers.push((in_hello, HELLO_DEADLINE_DEFAULT));
            dawdlers.push((in_frame, FRAME_DEADLINE_DEFAULT));
        }
        for (dawdler, deadline) in dawdlers {
            let borne = dawdler.join().expect("it was cut as too slow");
            // The broker's clock began a little before ours.
            let sooner = deadline - Duration::from_millis(100);
            assert!((sooner..deadline + MARGIN).contains(&borne), "{borne:?} of {deadline:?}");
        }
    });
    town.check_unharmed();
}

fn those_who_are_gone_or_half_gone_leave_nothing_behind(io: Wanted) {
    let town = Town::new(&town_config(io));
    let address = town.address();
    for n in 0..MANY {
        // Says no more and reads no more, before the hello and after it; the broker ends it.
        for mut peer in [Peer::connect(address), open_in_room(address, n)] {
            peer.shut();
            peer.rest_bytes();
        }
        // The same, but does not wait for that.
        open_in_room(address, n).shut();
        Peer::connect(address).shut();
        // Reset inside a frame, and inside the hello.
        let mut peer = open_in_room(address, n);
        peer.say(&PING);
        peer.wait_unread();
        peer.say(&[200, 0, 0, 0, 18, 1]);
        drop(peer);
        let mut peer = Peer::connect(address);
        peer.say(&Client::hello("gone", "phone", Role::Client).take_said()[..20]);
        drop(peer);
    }
    town.check_unharmed();
}

/// A session that sits in the honest members' room, and has read what it was told of that.
fn open_in_room(address: SocketAddr, n: usize) -> Peer {
    let mut peer = Peer::open(address, &format!("half-{n}"), Role::Client);
    let mut client = Client::silent();
    client.join(ROOM);
    peer.say(&client.take_said());
    peer.say(&PING);
    while peer.next().expect("it may stay") != PONG {}
    peer
}

fn one_who_asks_and_asks_and_never_reads_is_cut_off(io: Wanted) {
    let town = Town::new(&town_config(io));
    let mut peers: Vec<_> = (0..MANY).map(|n| open_in_room(town.address(), n)).collect();
    let (began, mut cut) = (Instant::now(), vec![false; MANY]);
    while cut.contains(&false) {
        for (peer, cut) in peers.iter_mut().zip(&mut cut) {
            *cut = *cut || !peer.say(&PING.repeat(100));
        }
        assert!(began.elapsed() < Duration::from_secs(10), "someone may ask for ever");
    }
    drop(peers);
    town.check_unharmed();
}
