//! Sending: whole, in order, one at a time, however slow the reader.

use std::io::{Read, Write};
use std::rc::Rc;
use std::thread;

use bytes::Bytes;

use super::*;

on_both! {
    what_was_said_is_echoed
    eight_mebibytes_reach_a_slow_reader_whole_and_in_order
    an_own_buffer_comes_back_and_a_shared_one_is_let_go
    an_empty_send_is_finished_at_once
    a_send_goes_on_while_receiving_is_paused
    shutdown_ends_our_half_only
    one_buffer_reaches_a_thousand_sockets
}

fn what_was_said_is_echoed<B: Tested>(mut world: World<B>) {
    let mut clients: Vec<_> = (0..20).map(|_| world.open()).collect();
    for round in 0_u8..10 {
        for (index, (client, _)) in clients.iter_mut().enumerate() {
            client.write_all(&[round, u8::try_from(index).unwrap()]).unwrap();
        }
        let mut sent = 0;
        while sent < clients.len() {
            match world.next() {
                Seen::Received(id, bytes) => world.send(id, &bytes),
                Seen::Sent(_) => sent += 1,
                other => panic!("unexpected {other:?}"),
            }
        }
        for (index, (client, _)) in clients.iter_mut().enumerate() {
            let mut echo = [0; 2];
            client.read_exact(&mut echo).unwrap();
            assert_eq!(echo, [round, u8::try_from(index).unwrap()]);
        }
    }
}

fn eight_mebibytes_reach_a_slow_reader_whole_and_in_order<B: Tested>(mut world: World<B>) {
    const PIECE_BYTES: usize = 64 * 1024;
    let (mut client, id) = world.open();
    let bytes = pattern(8 << 20);
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        let mut piece = vec![0; 100_000];
        while received.len() < 8 << 20 {
            if received.len() % 3 == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            let count = client.read(&mut piece).unwrap();
            received.extend_from_slice(&piece[..count]);
        }
        received
    });
    for (index, piece) in bytes.chunks(PIECE_BYTES).enumerate() {
        let outgoing = match index % 2 {
            0 => Outgoing::Own(piece.to_vec()),
            _ => Outgoing::Shared(Rc::new(Bytes::copy_from_slice(piece))),
        };
        world.io.send(id, outgoing);
        assert_eq!(world.next(), Seen::Sent(id));
    }
    assert!(reader.join().unwrap() == bytes);
}

fn an_own_buffer_comes_back_and_a_shared_one_is_let_go<B: Tested>(mut world: World<B>) {
    let (_client, id) = world.connect();
    let mut buffer = Vec::with_capacity(4242);
    buffer.extend_from_slice(b"own");
    world.io.send(id, Outgoing::Own(buffer));
    let mut completions = Vec::new();
    world.io.wait(None, &mut completions).unwrap();
    match completions.pop() {
        Some(Completion::Sent { spare: Some(spare), .. }) => assert_eq!(spare.capacity(), 4242),
        other => panic!("a spare expected, not {other:?}"),
    }
    let shared = Rc::new(Bytes::from_static(b"shared"));
    world.io.send(id, Outgoing::Shared(Rc::clone(&shared)));
    world.io.wait(None, &mut completions).unwrap();
    assert!(matches!(completions.pop(), Some(Completion::Sent { spare: None, .. })));
    assert_eq!(Rc::strong_count(&shared), 1);
}

fn an_empty_send_is_finished_at_once<B: Tested>(mut world: World<B>) {
    let (_client, id) = world.connect();
    world.send(id, b"");
    assert_eq!(world.next(), Seen::Sent(id));
    world.assert_quiet();
}

fn a_send_goes_on_while_receiving_is_paused<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    let bytes = pattern(4 << 20);
    world.send(id, bytes);
    client.write_all(b"not now").unwrap();
    world.io.pause(id);
    while world.next_within(QUIET).is_some() {}
    let reader = thread::spawn(move || {
        let mut received = vec![0; 4 << 20];
        client.read_exact(&mut received).map(|()| received)
    });
    assert_eq!(world.next(), Seen::Sent(id));
    assert!(reader.join().unwrap().unwrap() == bytes);
}

fn shutdown_ends_our_half_only<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    world.send(id, b"bye");
    assert_eq!(world.next(), Seen::Sent(id));
    world.io.shutdown(id);
    let mut all = Vec::new();
    client.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"bye");
    client.write_all(b"one more thing").unwrap();
    assert_eq!(world.receive(id, 14), b"one more thing");
    drop(client);
    assert_eq!(world.next(), Seen::Closed(id));
}

/// Also through a ring far smaller than the fan-out.
fn one_buffer_reaches_a_thousand_sockets<B: Tested>(_: World<B>) {
    let bytes = Rc::new(Bytes::from_static(pattern(500)));
    for make in [B::make, B::make_with_few_buffers] {
        let mut world = World::new(make);
        let mut clients: Vec<_> = (0..1000).map(|_| world.open()).collect();
        for _ in 0..3 {
            for (_, id) in &clients {
                world.io.send(*id, Outgoing::Shared(Rc::clone(&bytes)));
            }
            for _ in 0..clients.len() {
                assert!(matches!(world.next(), Seen::Sent(_)));
            }
        }
        for (client, _) in &mut clients {
            let mut received = vec![0; 3 * bytes.len()];
            client.read_exact(&mut received).unwrap();
            assert!(received.chunks(bytes.len()).all(|piece| piece == &bytes[..]));
        }
        assert_eq!(Rc::strong_count(&bytes), 1);
    }
}
