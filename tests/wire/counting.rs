//! An allocator that counts what each thread asks for and passes everything on.
//!
//! It is that of the whole test binary, because there can be only one; only `malformed` looks at
//! the counts.

#![allow(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// See the head of the file.
pub struct Counting;

thread_local! {
    /// Bytes this thread has asked for so far, given back or not.
    static ASKED_FOR: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many bytes `work` asks the allocator for, and what it comes to.
pub fn asked_for<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ASKED_FOR.get();
    let done = work();
    (ASKED_FOR.get() - before, done)
}

fn count(bytes: usize) {
    ASKED_FOR.set(ASKED_FOR.get() + bytes);
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

#[test]
fn the_counting_sees_an_allocation() {
    assert_eq!(asked_for(|| drop(Vec::<u8>::with_capacity(100))).0, 100);
}
