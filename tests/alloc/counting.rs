//! An allocator that counts what each thread asks of it.
//!
//! It passes everything on to the system's. Each thread has its own numbers, so that tests which
//! run side by side do not meet.

#![allow(unsafe_code, reason = "an allocator cannot be written without; everything is passed on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What a thread has asked for so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often it asked for new memory, or for more of it.
    pub allocations: u64,
    /// Bytes that it asked for and has not given back, and those of others that it gave back.
    pub bytes: i64,
}

/// The allocator.
pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

/// What this thread has asked for so far.
pub fn asked() -> Asked {
    Asked { allocations: ALLOCATIONS.get(), bytes: BYTES.get() }
}

fn note(allocations: u64, new_bytes: usize, old_bytes: usize) {
    let bytes = |bytes: usize| i64::try_from(bytes).expect("no layout is that large");
    // A thread that ends may still ask after its numbers are gone.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = BYTES.try_with(|count| count.set(count.get() + bytes(new_bytes) - bytes(old_bytes)));
}

// SAFETY: every call is passed on to the system's allocator as it came, and its answer is given
// as it is; counting touches nothing but two numbers of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(0, 0, layout.size());
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        note(1, bytes, layout.size());
        // SAFETY: the caller keeps the same contract.
        unsafe { System.realloc(memory, layout, bytes) }
    }
}
