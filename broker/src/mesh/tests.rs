//! What the mesh promises on real threads. `tests/loom` tries all their interleavings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::limits::{LANE_ENVELOPES, LANE_ENVELOPES_PER_TURN};

/// A sleep that is this long has missed its wake-up.
const SLEEP_MAX: Duration = Duration::from_secs(20);

#[test]
fn what_finds_its_lane_full_waits_and_keeps_its_place() {
    let mut ends = mesh::<usize>(2, LANE_ENVELOPES);
    let (mut b, mut a) = (ends.pop().unwrap(), ends.pop().unwrap());
    let total = LANE_ENVELOPES + 100;
    for n in 0..total {
        a.send(1, n);
    }
    assert!(a.is_backed_up());
    assert_eq!(a.waiting(1), total);
    let mut got = Vec::new();
    while got.len() < total {
        b.receive(|n| got.push(n));
        a.flush();
    }
    assert!(got.is_sorted());
    assert!(!a.is_backed_up() && !b.has_mail());
}

#[test]
fn a_turn_takes_no_more_than_its_share() {
    let mut ends = mesh::<usize>(2, LANE_ENVELOPES);
    let (mut b, mut a) = (ends.pop().unwrap(), ends.pop().unwrap());
    for n in 0..=LANE_ENVELOPES_PER_TURN {
        a.send(1, n);
    }
    let mut got = 0;
    b.receive(|_| got += 1);
    assert_eq!(got, LANE_ENVELOPES_PER_TURN);
    assert!(b.has_mail());
}

#[test]
fn only_a_sleeper_is_woken_and_only_once() {
    let bell = Doorbell::default();
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    bell.install(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    bell.ring();
    assert_eq!(woken.load(Ordering::Relaxed), 0);
    bell.lie_down();
    bell.ring();
    bell.ring();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    bell.get_up();
    bell.ring();
    assert_eq!(woken.load(Ordering::Relaxed), 1);
}

/// Sends bursts to the other worker and sleeps until as much has come back, again and again.
fn talk(mut end: Endpoint<usize>, to: usize, bursts: usize) {
    let own = thread::current();
    end.bell().install(move || own.unpark());
    let (mut sent, mut got) = (0, 0);
    for burst in 0..bursts {
        for _ in 0..burst % 7 {
            end.send(to, sent);
            sent += 1;
        }
        end.flush();
        while got < sent {
            end.bell().lie_down();
            if !end.has_mail() {
                let since = Instant::now();
                thread::park_timeout(SLEEP_MAX);
                assert!(since.elapsed() < SLEEP_MAX, "a wake-up was lost");
            }
            end.bell().get_up();
            end.receive(|item| {
                assert_eq!(item, got, "a lane keeps its order");
                got += 1;
            });
        }
    }
}

#[test]
fn two_threads_wake_each_other_whenever_one_has_mail() {
    let mut ends = mesh(2, LANE_ENVELOPES);
    let (b, a) = (ends.pop().unwrap(), ends.pop().unwrap());
    let other = thread::spawn(move || talk(b, 0, 10_000));
    talk(a, 1, 10_000);
    other.join().unwrap();
}
