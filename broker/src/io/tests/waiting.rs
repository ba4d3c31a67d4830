//! Waiting: until something is done, someone wakes us, or the deadline; never for less.

use std::thread;
use std::time::Instant as Monotonic;

use super::*;
use crate::time::Instant;

on_both! {
    a_deadline_is_never_early
    a_deadline_in_the_past_polls
    a_wake_from_another_thread_ends_the_wait
    a_wake_before_the_wait_ends_it_at_once_and_only_that_one
    many_wakes_lose_none
    a_wake_hides_no_completion
    what_was_done_within_a_turn_is_told_without_waiting
}

fn a_deadline_is_never_early<B: Tested>(mut world: World<B>) {
    // Something is registered and something has happened before.
    let (_client, id) = world.open();
    world.send(id, b"hello");
    assert_eq!(world.next(), Seen::Sent(id));
    for micros in [1, 50, 300, 999, 1000, 1001, 1500, 7_777, 30_000] {
        let deadline = world.io.now().instant + Duration::from_micros(micros);
        let mut completions = Vec::new();
        world.io.wait(Some(deadline), &mut completions).unwrap();
        assert!(world.io.now().instant >= deadline, "{micros} us");
        assert!(completions.is_empty());
    }
}

fn a_deadline_in_the_past_polls<B: Tested>(mut world: World<B>) {
    let mut completions = Vec::new();
    let begin = Monotonic::now();
    for _ in 0..100 {
        world.io.wait(Some(Instant::ZERO), &mut completions).unwrap();
    }
    assert!(begin.elapsed() < PATIENCE / 10);
    // And finds what is there.
    let _client = TcpStream::connect(world.address).unwrap();
    while completions.is_empty() {
        assert!(begin.elapsed() < PATIENCE);
        world.io.wait(Some(Instant::ZERO), &mut completions).unwrap();
    }
}

fn a_wake_from_another_thread_ends_the_wait<B: Tested>(mut world: World<B>) {
    let waker = world.io.waker().unwrap();
    let waking = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        waker.wake();
    });
    let mut completions = Vec::new();
    world.io.wait(None, &mut completions).unwrap();
    assert!(completions.is_empty());
    waking.join().unwrap();
}

fn a_wake_before_the_wait_ends_it_at_once_and_only_that_one<B: Tested>(mut world: World<B>) {
    let waker = world.io.waker().unwrap();
    let mut completions = Vec::new();
    for _ in 0..3 {
        waker.wake();
        waker.wake();
        world.io.wait(None, &mut completions).unwrap();
        let deadline = world.io.now().instant + Duration::from_millis(5);
        world.io.wait(Some(deadline), &mut completions).unwrap();
        assert!(world.io.now().instant >= deadline, "woken twice");
    }
    assert!(completions.is_empty());
}

fn many_wakes_lose_none<B: Tested>(mut world: World<B>) {
    use std::sync::atomic::{AtomicU32, Ordering};
    const WAKES: u32 = 20_000;
    let said = Arc::new(AtomicU32::new(0));
    let speakers: Vec<_> = (0..2)
        .map(|_| {
            let waker = world.io.waker().unwrap();
            let said = Arc::clone(&said);
            thread::spawn(move || {
                for _ in 0..WAKES {
                    said.fetch_add(1, Ordering::SeqCst);
                    waker.wake();
                }
            })
        })
        .collect();
    let mut completions = Vec::new();
    // A lost wake-up would leave this waiting for ever.
    while said.load(Ordering::SeqCst) < 2 * WAKES {
        world.io.wait(None, &mut completions).unwrap();
    }
    speakers.into_iter().for_each(|speaker| speaker.join().unwrap());
}

fn a_wake_hides_no_completion<B: Tested>(mut world: World<B>) {
    let waker = world.io.waker().unwrap();
    let (_client, id) = world.open();
    for _ in 0..1000 {
        world.send(id, b"tick");
        waker.wake();
        assert_eq!(world.next(), Seen::Sent(id));
    }
}

/// More in one turn than a small ring holds: it enters the kernel before the wait, where the
/// sends are done at once. What goes in last are receives on silent connections.
fn what_was_done_within_a_turn_is_told_without_waiting<B: Tested>(_: World<B>) {
    let mut world = World::new(B::make_with_few_buffers);
    let clients: Vec<_> = (0..250).map(|_| world.connect()).collect();
    let (sending, receiving) = clients.split_at(100);
    for (_, id) in sending {
        world.send(*id, b"hello");
    }
    for (_, id) in receiving {
        world.io.resume(*id, Receive::Always);
    }
    let begin = Monotonic::now();
    for _ in sending {
        assert!(matches!(world.next(), Seen::Sent(_)));
    }
    assert!(begin.elapsed() < PATIENCE / 2, "waited with completions in hand");
}
