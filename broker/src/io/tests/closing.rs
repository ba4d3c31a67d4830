//! Endings: whoever ends a connection, it is told once and its slot is clean.

use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use socket2::SockRef;

use super::*;

on_both! {
    end_of_file_closes_after_all_was_received
    end_of_file_while_paused_is_told_after_the_resume
    a_reset_closes
    a_reset_closes_while_a_send_waits
    a_close_is_told_once_and_the_id_is_dead
    a_close_while_a_send_waits_is_told_once
    a_close_in_the_turn_of_the_send_is_told_once
    an_id_that_never_was_is_ignored
    a_storm_of_connections_never_mixes_them_up
    stop_accepting_leaves_the_others_alone
    a_back_end_dropped_in_full_swing_closes_everything
}

/// Makes the drop of the client a reset.
fn reset_when_dropped(client: &TcpStream) {
    SockRef::from(client).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Whether the other side has closed.
fn is_cut(client: &mut TcpStream) -> bool {
    let mut bytes = vec![0; 65536];
    loop {
        match client.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

fn end_of_file_closes_after_all_was_received<B: Tested>(mut world: World<B>) {
    for size in [1, 100, 16 * 1024, 50_000] {
        let (mut client, id) = world.open();
        let bytes = pattern(size);
        client.write_all(bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert!(world.receive(id, size) == bytes);
        assert_eq!(world.next(), Seen::Closed(id));
        assert!(is_cut(&mut client), "end of file is the end both ways");
    }
}

fn end_of_file_while_paused_is_told_after_the_resume<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.connect();
    client.write_all(b"last words").unwrap();
    drop(client);
    world.assert_quiet();
    world.io.resume(id, Receive::Once);
    assert_eq!(world.receive(id, 10), b"last words");
    world.assert_quiet();
    world.io.resume(id, Receive::Once);
    assert_eq!(world.next(), Seen::Closed(id));
}

fn a_reset_closes<B: Tested>(mut world: World<B>) {
    let (client, id) = world.open();
    reset_when_dropped(&client);
    world.assert_quiet();
    drop(client);
    assert_eq!(world.next(), Seen::Closed(id));
    world.assert_quiet();
}

fn a_reset_closes_while_a_send_waits<B: Tested>(mut world: World<B>) {
    let (client, id) = world.connect();
    reset_when_dropped(&client);
    world.send(id, pattern(8 << 20));
    world.assert_quiet();
    drop(client);
    assert_eq!(world.next(), Seen::Closed(id));
    world.assert_quiet();
}

fn a_close_is_told_once_and_the_id_is_dead<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    world.assert_quiet();
    world.io.close(id);
    world.io.close(id);
    assert_eq!(world.next(), Seen::Closed(id));
    assert!(is_cut(&mut client));
    world.io.close(id);
    world.io.send(id, Outgoing::Own(vec![1]));
    world.io.resume(id, Receive::Always);
    world.io.pause(id);
    world.io.shutdown(id);
    assert!(world.io.detach(id).is_none());
    world.assert_quiet();
}

fn a_close_while_a_send_waits_is_told_once<B: Tested>(mut world: World<B>) {
    for receive in [None, Some(Receive::Once), Some(Receive::Always)] {
        let (mut client, id) = world.connect();
        if let Some(receive) = receive {
            world.io.resume(id, receive);
        }
        world.send(id, pattern(8 << 20));
        world.assert_quiet();
        world.io.close(id);
        assert_eq!(world.next(), Seen::Closed(id));
        assert!(is_cut(&mut client));
        world.assert_quiet();
    }
}

fn a_close_in_the_turn_of_the_send_is_told_once<B: Tested>(mut world: World<B>) {
    for size in [10, 8 << 20] {
        let (mut client, id) = world.open();
        world.send(id, pattern(size));
        world.io.close(id);
        let mut ends = 0;
        while let Some(seen) = world.next_within(QUIET) {
            match seen {
                Seen::Sent(of) => assert!(of == id && ends == 0),
                Seen::Closed(of) => ends += usize::from(of == id),
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(ends, 1);
        assert!(is_cut(&mut client));
    }
}

fn an_id_that_never_was_is_ignored<B: Tested>(mut world: World<B>) {
    let id = ConnectionId { slot: 77, generation: 3 };
    world.send(id, b"to nobody");
    world.io.resume(id, Receive::Always);
    world.io.pause(id);
    world.io.shutdown(id);
    world.io.close(id);
    assert!(world.io.detach(id).is_none());
    world.io.release(BufferId(5));
    assert_eq!(world.io.received(BufferId(5)), b"");
    world.assert_quiet();
}

/// Every client says its own number all the time. Connections end at random, in every state; what
/// takes their place must never hear of them.
fn a_storm_of_connections_never_mixes_them_up<B: Tested>(mut world: World<B>) {
    let mut clients = HashMap::<ConnectionId, (u32, TcpStream)>::new();
    let mut closing = HashSet::<ConnectionId>::new();
    let mut random = 12345_u32;
    let mut ends = 0;
    let big = pattern(300_000);
    for number in 0..2000_u32 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut client = TcpStream::connect(world.address).unwrap();
        client.write_all(&number.to_be_bytes()).unwrap();
        if random >> 30 == 0 {
            reset_when_dropped(&client);
        }
        let mut accepted = None;
        while accepted.is_none() {
            match world.next() {
                Seen::Accepted(id) => accepted = Some(id),
                Seen::Received(id, bytes) => {
                    assert!(!closing.contains(&id) || !bytes.is_empty());
                    if let Some((number, _)) = clients.get(&id) {
                        assert!(bytes.chunks(4).all(|word| word == number.to_be_bytes()));
                    }
                }
                Seen::Sent(id) => assert!(clients.contains_key(&id) || closing.contains(&id)),
                Seen::Closed(id) => {
                    ends += 1;
                    assert!(clients.remove(&id).is_some() || closing.remove(&id));
                }
            }
        }
        let id = accepted.unwrap();
        assert!(clients.insert(id, (number, client)).is_none(), "an id is given out once");
        match random >> 16 & 3 {
            0 => world.io.resume(id, Receive::Once),
            1 => world.send(id, big),
            _ => world.io.resume(id, Receive::Always),
        }
        if clients.len() > 20 {
            let nth = random as usize % clients.len();
            let victim = *clients.keys().nth(nth).unwrap();
            if random >> 20 & 1 == 0 {
                world.io.close(victim);
                closing.insert(victim);
            }
            // Otherwise the client goes, and only a receive or a send hears of it.
            let (_, client) = clients.remove(&victim).unwrap();
            if closing.insert(victim) {
                world.io.resume(victim, Receive::Always);
            }
            drop(client);
        }
    }
    for (id, _) in clients.drain() {
        world.io.close(id);
        closing.insert(id);
    }
    while !closing.is_empty() {
        if let Seen::Closed(id) = world.next() {
            ends += 1;
            assert!(closing.remove(&id), "a close is told once, of what was open");
        }
    }
    assert_eq!(ends, 2000);
}

fn stop_accepting_leaves_the_others_alone<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    world.io.stop_accepting();
    world.io.stop_accepting();
    world.assert_quiet();
    assert!(TcpStream::connect(world.address).is_err());
    client.write_all(b"still here").unwrap();
    assert_eq!(world.receive(id, 10), b"still here");
}

fn a_back_end_dropped_in_full_swing_closes_everything<B: Tested>(mut world: World<B>) {
    let mut clients: Vec<_> = (0..8).map(|_| world.open()).collect();
    let (waiting, id) = world.connect();
    for (client, _) in &mut clients {
        client.write_all(b"unread").unwrap();
    }
    world.send(id, pattern(8 << 20));
    let backlog = TcpStream::connect(world.address).unwrap();
    backlog.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(world);
    for mut client in clients.into_iter().map(|(client, _)| client).chain([waiting, backlog]) {
        assert!(is_cut(&mut client));
    }
}
