//! A worker that sleeps, others that send to it, and the kernel between them.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::endpoint::{self, Endpoint};
use crate::sync::{Fault, Ordering, become_sleeper, plant, planted};

/// What a worker sleeps on, like an event descriptor: a wake-up that comes first is kept.
#[derive(Default)]
struct Kernel {
    woken: Mutex<bool>,
    waiters: Condvar,
    /// How often the worker lay down, and was rung for. Real counters: they must order nothing.
    sleeps: AtomicUsize,
    rings: AtomicUsize,
}

impl Kernel {
    fn wake(&self) {
        *self.woken.lock().expect("no thread panics with it") = true;
        self.waiters.notify_one();
    }

    fn ring(&self) {
        let rings = self.rings.fetch_add(1, Ordering::Relaxed) + 1;
        let sleeps = self.sleeps.load(Ordering::Relaxed);
        assert!(rings <= sleeps, "a sleep was ended twice");
        self.wake();
    }

    fn wait(&self) {
        let mut woken = self.woken.lock().expect("no thread panics with it");
        while !*woken {
            woken = self.waiters.wait(woken).expect("no thread panics with it");
        }
        *woken = false;
    }
}

/// A worker's turns, as `broker/src/worker.rs` takes them, until it has got so many.
fn receive(mut end: Endpoint<usize>, kernel: &Kernel, total: usize) -> Vec<usize> {
    become_sleeper();
    let mut got = Vec::new();
    while got.len() < total {
        let looked_early = (planted() == Fault::LooksTooEarly).then(|| end.has_mail());
        kernel.sleeps.fetch_add(1, Ordering::Relaxed);
        end.bell().lie_down();
        if !looked_early.unwrap_or_else(|| end.has_mail()) {
            kernel.wait();
        }
        end.bell().get_up();
        end.receive(|item| got.push(item));
    }
    got
}

/// A worker's turns in which it sends one item each.
fn send(mut end: Endpoint<usize>, items: usize) {
    for item in 0..items {
        end.send(0, item);
        end.flush();
    }
    while end.is_backed_up() {
        thread::yield_now();
        end.flush();
    }
}

/// What is played.
#[derive(Clone, Copy)]
struct Play {
    senders: usize,
    items_each: usize,
    lane_envelopes: usize,
    /// Whether the sleeper is also woken by something that is no mail.
    socket: bool,
}

const ONE_SENDER: Play = Play { senders: 1, items_each: 2, lane_envelopes: 8, socket: false };
const TWO_SENDERS: Play = Play { senders: 2, items_each: 1, lane_envelopes: 8, socket: false };

fn play(play: Play) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let mut ends = endpoint::mesh(1 + play.senders, play.lane_envelopes).into_iter();
        let own = ends.next().expect("a mesh has as many ends as workers");
        let kernel = Arc::new(Kernel::default());
        let senders: Vec<_> =
            ends.map(|end| thread::spawn(move || send(end, play.items_each))).collect();
        let socket = play.socket.then(|| {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || kernel.wake())
        });
        // Some may ring before the worker has a bell: they find it awake.
        let bell = Arc::clone(&kernel);
        own.bell().install(move || bell.ring());
        let got = receive(own, &kernel, play.senders * play.items_each);
        if play.senders == 1 {
            assert!(got.is_sorted(), "a lane keeps its order");
        }
        for thread in senders.into_iter().chain(socket) {
            thread.join().expect("it does not panic");
        }
    });
}

fn play_with(fault: Fault, played: Play) {
    plant(fault);
    play(played);
}

#[test]
fn a_sleeper_is_woken_for_each_mail_and_at_most_once() {
    play(ONE_SENDER);
}

#[test]
fn two_that_send_at_once_wake_a_sleeper_once() {
    play(TWO_SENDERS);
}

#[test]
fn a_sleeper_that_something_else_wakes_misses_no_mail() {
    play(Play { socket: true, ..ONE_SENDER });
}

#[test]
fn what_found_its_lane_full_is_rung_for_too() {
    play(Play { items_each: 3, lane_envelopes: 1, ..ONE_SENDER });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_sleeper_without_its_fence_is_caught() {
    play_with(Fault::SleepersFenceMissing, ONE_SENDER);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_sender_without_its_fence_is_caught() {
    play_with(Fault::SendersFenceMissing, ONE_SENDER);
}

#[test]
#[should_panic(expected = "deadlock")]
fn fences_that_only_release_and_acquire_are_caught() {
    play_with(Fault::FencesTooWeak, ONE_SENDER);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_flag_that_is_seen_before_the_bell_is_caught() {
    play_with(Fault::FlagRelaxed, ONE_SENDER);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_sleeper_that_looks_before_it_says_so_is_caught() {
    play_with(Fault::LooksTooEarly, ONE_SENDER);
}

#[test]
#[should_panic(expected = "ended twice")]
fn a_flag_put_down_in_two_steps_is_caught() {
    play_with(Fault::SwapInTwoSteps, TWO_SENDERS);
}
