//! Receiving: whole, in order, once, and only while wanted.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;

use super::*;

on_both! {
    bytes_arrive_whole_however_they_were_split
    a_new_connection_is_paused
    what_came_before_the_resume_is_received_after_it
    pause_stops_what_comes_in
    pause_and_resume_under_load_lose_and_repeat_nothing
    once_pauses_by_itself
    once_after_always_and_back_receives_everything
    a_connection_moves_between_threads_with_bytes_waiting
    only_a_paused_connection_is_detached
    many_at_once_with_few_buffers_all_arrive
    a_buffer_released_twice_is_filled_once
    a_close_with_bytes_on_their_way_keeps_no_buffer
    a_firehose_does_not_starve_another_connection
}

fn bytes_arrive_whole_however_they_were_split<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    let bytes = pattern(300_000);
    let sender = thread::spawn(move || {
        let mut rest = bytes;
        for size in (1..).map(|n| (n * 7919) % 5000 + 1) {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            client.write_all(piece).unwrap();
            rest = after;
            if rest.is_empty() {
                return client;
            }
        }
        unreachable!()
    });
    assert!(world.receive(id, bytes.len()) == bytes);
    let mut client = sender.join().unwrap();
    for byte in 0..100 {
        client.write_all(&[byte]).unwrap();
    }
    assert_eq!(world.receive(id, 100), (0..100).collect::<Vec<u8>>());
}

fn a_new_connection_is_paused<B: Tested>(mut world: World<B>) {
    let (mut client, _) = world.connect();
    client.write_all(b"hello").unwrap();
    world.assert_quiet();
}

fn what_came_before_the_resume_is_received_after_it<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.connect();
    client.write_all(b"hello").unwrap();
    world.assert_quiet();
    world.io.resume(id, Receive::Always);
    assert_eq!(world.next(), Seen::Received(id, b"hello".to_vec()));
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(world.next(), Seen::Closed(id));
}

fn pause_stops_what_comes_in<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    client.write_all(b"one").unwrap();
    assert_eq!(world.receive(id, 3), b"one");
    world.io.pause(id);
    world.assert_quiet();
    client.write_all(b"two").unwrap();
    world.assert_quiet();
    world.io.resume(id, Receive::Always);
    client.write_all(b"three").unwrap();
    assert_eq!(world.receive(id, 8), b"twothree");
}

fn pause_and_resume_under_load_lose_and_repeat_nothing<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    let bytes = pattern(6_000_000);
    let sender = thread::spawn(move || client.write_all(bytes).map(|()| client));
    let mut received = Vec::new();
    let mut turn = 0_u32;
    while received.len() < bytes.len() {
        turn += 1;
        // All ways to pause: for a while, for no time at all, twice.
        match turn % 7 {
            0 | 3 => world.io.pause(id),
            1 => {
                world.io.pause(id);
                world.io.resume(id, Receive::Always);
            }
            4 => {
                world.io.resume(id, Receive::Always);
                world.io.pause(id);
                world.io.pause(id);
            }
            5 => world.io.resume(id, Receive::Once),
            _ => world.io.resume(id, Receive::Always),
        }
        let patience = Duration::from_millis(u64::from(!matches!(turn % 7, 0 | 4)));
        match world.next_within(patience) {
            Some(Seen::Received(_, more)) => received.extend(more),
            None => {}
            other => panic!("unexpected {other:?}"),
        }
        while let Some(Seen::Received(_, more)) = world.seen.pop_front() {
            received.extend(more);
        }
    }
    assert!(received == bytes);
    let mut client = sender.join().unwrap().unwrap();
    world.io.pause(id);
    world.assert_quiet();
    drop(world.io.detach(id).unwrap());
    world.assert_quiet();
    // A receive that was still begun would keep the socket open.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

fn once_pauses_by_itself<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.connect();
    for word in [b"one", b"two"] {
        world.io.resume(id, Receive::Once);
        client.write_all(word).unwrap();
        assert_eq!(world.next(), Seen::Received(id, word.to_vec()));
    }
    client.write_all(b"three").unwrap();
    world.assert_quiet();
    world.io.resume(id, Receive::Once);
    assert_eq!(world.next(), Seen::Received(id, b"three".to_vec()));
}

fn once_after_always_and_back_receives_everything<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    world.assert_quiet();
    world.io.resume(id, Receive::Once);
    world.assert_quiet();
    client.write_all(b"one").unwrap();
    assert_eq!(world.next(), Seen::Received(id, b"one".to_vec()));
    client.write_all(b"two").unwrap();
    world.assert_quiet();
    world.io.resume(id, Receive::Once);
    world.io.resume(id, Receive::Always);
    assert_eq!(world.next(), Seen::Received(id, b"two".to_vec()));
    client.write_all(b"three").unwrap();
    assert_eq!(world.next(), Seen::Received(id, b"three".to_vec()));
    client.write_all(b"four").unwrap();
    assert_eq!(world.next(), Seen::Received(id, b"four".to_vec()));
}

fn a_connection_moves_between_threads_with_bytes_waiting<B: Tested>(mut world: World<B>) {
    let (give, take) = mpsc::channel::<B::Socket>();
    let other = thread::spawn(move || {
        let mut world = World::new(B::make);
        let id = world.io.adopt(take.recv().unwrap());
        world.assert_quiet();
        world.io.resume(id, Receive::Always);
        assert_eq!(world.receive(id, 6), b"secret");
        world.send(id, b"welcome");
        assert_eq!(world.next(), Seen::Sent(id));
        assert_eq!(world.next(), Seen::Closed(id));
    });
    let (mut client, id) = world.connect();
    world.io.resume(id, Receive::Once);
    client.write_all(b"hello").unwrap();
    assert_eq!(world.receive(id, 5), b"hello");
    client.write_all(b"secret").unwrap();
    give.send(world.io.detach(id).unwrap()).unwrap();
    world.send(id, b"to nobody");
    world.io.resume(id, Receive::Always);
    world.io.close(id);
    world.assert_quiet();

    let mut welcome = [0; 7];
    client.read_exact(&mut welcome).unwrap();
    assert_eq!(&welcome, b"welcome");
    drop(client);
    other.join().unwrap();
}

fn only_a_paused_connection_is_detached<B: Tested>(mut world: World<B>) {
    let (mut client, id) = world.open();
    assert!(world.io.detach(id).is_none());
    client.write_all(b"still here").unwrap();
    assert_eq!(world.receive(id, 10), b"still here");
    world.io.pause(id);
    world.assert_quiet();
    assert!(world.io.detach(id).is_some());
    assert!(world.io.detach(id).is_none());
}

fn many_at_once_with_few_buffers_all_arrive<B: Tested>(_: World<B>) {
    const EACH_BYTES: usize = 20_000;
    let mut world = World::new(B::make_with_few_buffers);
    let mut clients: Vec<_> = (0..300).map(|_| world.open()).collect();
    // Each says something else, so that bytes in the wrong place show.
    let said = |index: usize| &pattern(1 << 20)[index * 1000..][..EACH_BYTES];
    for (index, (client, _)) in clients.iter_mut().enumerate() {
        client.write_all(said(index)).unwrap();
    }
    world.hoards = true;
    let mut received = HashMap::<ConnectionId, Vec<u8>>::new();
    let mut droughts = 0;
    while received.values().map(Vec::len).sum::<usize>() < clients.len() * EACH_BYTES {
        // The buffers come back late: only once nothing more is received without them.
        if !world.step(Duration::from_millis(5)) {
            droughts += 1;
            world.release_hoard();
        }
        for seen in world.seen.drain(..) {
            let Seen::Received(id, more) = seen else { panic!("unexpected {seen:?}") };
            received.entry(id).or_default().extend(more);
        }
        world.hoards = droughts < 20;
    }
    assert!(droughts > 0, "the buffers never ran out");
    for (index, (_, id)) in clients.iter().enumerate() {
        assert!(received[id] == said(index), "connection {index}");
    }
    world.release_hoard();
    world.assert_quiet();
}

/// Two connections of which one has all buffers, released twice each, must not share one.
fn a_buffer_released_twice_is_filled_once<B: Tested>(_: World<B>) {
    let mut world = World::new(B::make_with_few_buffers);
    let (mut client, id) = world.open();
    for _ in 0..2 {
        world.hoards = true;
        while world.next_within(QUIET).is_some() {}
        client.write_all(pattern(40_000)).unwrap();
        while world.step(QUIET) {}
        let mut buffers: Vec<_> = world.hoard.iter().map(|buffer| buffer.0).collect();
        buffers.sort_unstable();
        buffers.dedup();
        assert_eq!(buffers.len(), world.hoard.len(), "a buffer was given out twice");
        world.release_hoard();
        world.hoards = false;
        while world.step(QUIET) {}
    }
    let received = world.seen.drain(..).map(|seen| match seen {
        Seen::Received(of, bytes) if of == id => bytes,
        other => panic!("unexpected {other:?}"),
    });
    assert!(received.collect::<Vec<_>>().concat().ends_with(pattern(40_000)));
}

/// What is received on a connection that is being closed goes nowhere, but its buffers go back.
fn a_close_with_bytes_on_their_way_keeps_no_buffer<B: Tested>(_: World<B>) {
    let mut world = World::new(B::make_with_few_buffers);
    // With these one turn is more than a small ring holds, so the kernel is entered within it.
    let others: Vec<_> = (0..200).map(|_| world.connect()).collect();
    for _ in 0..40 {
        let (mut client, id) = world.open();
        world.step(Duration::from_millis(1));
        client.write_all(b"too late").unwrap();
        for (_, other) in &others {
            world.send(*other, b"tick");
        }
        world.io.close(id);
        while world.next() != Seen::Closed(id) {}
    }
    while world.next_within(QUIET).is_some() {}
    let (mut client, id) = world.open();
    world.hoards = true;
    client.write_all(pattern(8 * 512)).unwrap();
    assert!(world.receive(id, 8 * 512) == pattern(8 * 512), "all eight buffers are there");
}

fn a_firehose_does_not_starve_another_connection<B: Tested>(mut world: World<B>) {
    let (mut loud, loud_id) = world.open();
    let (mut quiet, quiet_id) = world.open();
    let sender = thread::spawn(move || while loud.write_all(pattern(65536)).is_ok() {});
    for _ in 0..20 {
        quiet.write_all(b"here").unwrap();
        let mut waited = 0;
        loop {
            match world.next() {
                Seen::Received(id, bytes) if id == quiet_id => break assert_eq!(bytes, b"here"),
                Seen::Received(..) => waited += 1,
                other => panic!("unexpected {other:?}"),
            }
            assert!(waited < 100_000, "the quiet one is starved");
        }
    }
    world.io.close(loud_id);
    while world.next() != Seen::Closed(loud_id) {}
    sender.join().unwrap();
}
