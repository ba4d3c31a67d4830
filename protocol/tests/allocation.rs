//! What a peer sends never makes us reserve memory: decoding borrows, and takes nothing from the
//! allocator at all, whatever the bytes claim. The bar is 2 x frame + 1 KiB; this is far below.
//!
//! A binary of its own, because it counts in place of the global allocator.

#![allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and passes on"
)]

mod parts;

use core::cell::Cell;
use std::alloc::{GlobalAlloc, Layout, System};

use parts::parts;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use throng_protocol::frame::{FromBroker, FromClient, split};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::value::{Extensions, IdList};

struct Counting;

thread_local! {
    /// Bytes this thread has asked for so far, given back or not.
    static ASKED_FOR: Cell<usize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    ASKED_FOR.with(|asked| asked.set(asked.get() + bytes));
}

// SAFETY: every call is passed on to the system's allocator as it came, and so are its results.
// Counting touches a thread-local that needs neither memory nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the promises of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the memory came from `System`, as all of ours does.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count(bytes);
        // SAFETY: the memory came from `System`, as all of ours does.
        unsafe { System.realloc(memory, layout, bytes) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many bytes `work` asks the allocator for.
fn asked_for(work: impl FnOnce()) -> usize {
    let before = ASKED_FOR.with(Cell::get);
    work();
    ASKED_FOR.with(Cell::get) - before
}

/// What a reader does with a body, whoever sent it, short of keeping anything.
fn look_at(body: &[u8]) {
    if let Ok(FromClient::Request(_, request)) = FromClient::decode(body) {
        let _ = request.extensions().first_required();
    }
    let _ = FromBroker::decode(body);
}

#[test]
fn the_counting_sees_an_allocation() {
    assert_eq!(asked_for(|| drop(Vec::<u8>::with_capacity(100))), 100);
}

#[test]
fn a_claimed_length_reserves_nothing_whichever_field_makes_it() {
    for tag in 0..=u8::MAX {
        for before in 0..12 {
            let claim = [&[tag][..], &vec![0; before], &[253], &u64::MAX.to_le_bytes()].concat();
            assert_eq!(asked_for(|| look_at(&claim)), 0, "tag {tag} after {before} fields");
        }
    }
}

#[test]
fn a_prefix_reserves_nothing() {
    for length in [0, 1, 4093, 139_264, 139_265, u32::MAX] {
        let prefix = length.to_le_bytes();
        let asked = asked_for(|| {
            let _ = split(&prefix, BODY_BYTES_MAX);
        });
        assert_eq!(asked, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn reading_a_good_frame_allocates_nothing_nor_does_walking_its_lists(parts in parts()) {
        let frame = parts.frame();
        let bytes = frame.bytes();
        prop_assert_eq!(asked_for(|| look_at(&bytes[4..])), 0);
        prop_assert_eq!(asked_for(|| assert!(frame.decode_alike(&bytes[4..]) == Ok(frame))), 0);
        let asked = asked_for(|| {
            let list = IdList::parse(&parts.ids_bytes).expect("they were written by us");
            assert!(list.iter().eq(parts.ids.iter().map(String::as_str)));
            let pairs = Extensions::parse(&parts.extensions_bytes).expect("they were, too");
            let meant = parts.extensions.iter().map(|(number, bytes)| (*number, &bytes[..]));
            assert!(pairs.iter().eq(meant));
        });
        prop_assert_eq!(asked, 0);
    }

    #[test]
    fn reading_random_bytes_allocates_nothing(
        tag in any::<u8>(),
        fields in vec(prop_oneof![0..8_u8, 248..=255_u8, any::<u8>()], 0..300),
    ) {
        let body = [&[tag], &fields[..]].concat();
        prop_assert_eq!(asked_for(|| look_at(&body)), 0);
    }

    #[test]
    fn reading_a_damaged_frame_allocates_nothing(
        parts in parts(),
        damage in vec((any::<Index>(), prop_oneof![248..=255_u8, any::<u8>()]), 1..4),
    ) {
        let mut bytes = parts.frame().bytes();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(asked_for(|| look_at(&bytes[4..])), 0);
    }
}
