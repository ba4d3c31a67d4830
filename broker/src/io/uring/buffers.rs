//! Receive buffers that the kernel picks from: a ring of descriptions shared with it, and the
//! bytes they describe.
//!
//! Owns both. Each buffer is at any time either the kernel's, to write to, or ours, to read;
//! `received_bytes` says which. Called by [`super::ring::Ring`] only, which keeps it alive for
//! as long as the kernel may write.
#![allow(unsafe_code)] // The kernel reads and writes this memory: no reference may cover it.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::Submitter;
use io_uring::types::BufRingEntry;

use super::RingSize;
use crate::io::BufferId;

/// The number under which the kernel knows the buffers. There are no others.
pub(super) const GROUP: u16 = 0;

/// The kernel wants the ring of descriptions to begin at a page.
const PAGE_BYTES: usize = 4096;

/// The buffers of one ring.
pub(super) struct Buffers {
    entries: NonNull<BufRingEntry>,
    bytes: NonNull<u8>,
    buffer_bytes: usize,
    /// Bytes received into each buffer that is ours; none while it is the kernel's.
    received_bytes: Box<[u32]>,
    /// Where the next description goes, counted without end.
    tail: u16,
    /// Buffers that are the kernel's.
    free: usize,
}

impl Buffers {
    /// Allocates the buffers and hands all of them to the kernel.
    pub(super) fn new(size: RingSize, submitter: &Submitter<'_>) -> io::Result<Self> {
        let count = size.buffers;
        assert!(count.is_power_of_two() && count <= 1 << 15, "as the kernel wants it");
        let buffer_bytes = size.buffer_bytes as usize;
        let (entries_layout, bytes_layout) = layouts(usize::from(count), buffer_bytes);
        let mut buffers = Self {
            entries: allocate(entries_layout).cast(),
            bytes: allocate(bytes_layout),
            buffer_bytes,
            received_bytes: vec![0; usize::from(count)].into(),
            tail: 0,
            free: 0,
        };
        let address = buffers.entries.as_ptr() as u64;
        // SAFETY: `entries` has `count` entries and lives until `buffers` is dropped, which the
        // owner of both does only after the ring is gone (`Ring`, order of fields).
        unsafe { submitter.register_buf_ring_with_flags(address, count, GROUP, 0)? };
        for id in 0..count {
            buffers.describe(id);
        }
        buffers.publish();
        Ok(buffers)
    }

    /// The kernel has filled a buffer: it is ours until released. With nothing in it, it goes
    /// straight back.
    pub(super) fn take(&mut self, id: u16, received_bytes: u32) -> Option<BufferId> {
        let place = &mut self.received_bytes[usize::from(id)];
        assert!(*place == 0, "the kernel fills only what is its own");
        assert!(received_bytes as usize <= self.buffer_bytes, "and not more than it holds");
        *place = received_bytes;
        self.free -= 1;
        if received_bytes == 0 {
            self.describe(id);
            self.publish();
            return None;
        }
        Some(BufferId(u32::from(id)))
    }

    /// What was received into a buffer; nothing if it is the kernel's.
    pub(super) fn received(&self, id: BufferId) -> &[u8] {
        let index = id.0 as usize;
        let received_bytes = self.received_bytes.get(index).map_or(0, |bytes| *bytes as usize);
        if received_bytes == 0 {
            return &[];
        }
        // SAFETY: the buffer is ours (`received_bytes` > 0), so the kernel does not write to it,
        // and giving it back takes `&mut self`, so not before this borrow ends. `index` is one
        // of the buffers, `take` checked the length, and zeroed memory is initialized.
        unsafe {
            let start = self.bytes.as_ptr().add(index * self.buffer_bytes);
            slice::from_raw_parts(start, received_bytes)
        }
    }

    /// Gives a buffer back to the kernel. One that is the kernel's already is left alone: it
    /// must not be described twice.
    pub(super) fn release(&mut self, id: BufferId) {
        let Ok(id) = u16::try_from(id.0) else { return };
        let Some(received_bytes) = self.received_bytes.get_mut(usize::from(id)) else { return };
        if *received_bytes > 0 {
            *received_bytes = 0;
            self.describe(id);
            self.publish();
        }
    }

    /// How many buffers the kernel can fill now.
    pub(super) const fn free(&self) -> usize {
        self.free
    }

    /// Writes the next description: of buffer `id`, which becomes the kernel's.
    fn describe(&mut self, id: u16) {
        let index = usize::from(self.tail) & (self.received_bytes.len() - 1);
        let start = usize::from(id) * self.buffer_bytes;
        debug_assert!(usize::from(id) < self.received_bytes.len());
        // SAFETY: `index` is below the number of entries and `start` within the buffers. There
        // are as many entries as buffers and each buffer is described at most once, so the
        // kernel has read past this entry; it reads it again only after `publish`. Entry 0 also
        // holds the tail, which the kernel never writes.
        unsafe {
            let entry = &mut *self.entries.as_ptr().add(index);
            entry.set_addr(self.bytes.as_ptr().add(start) as u64);
            entry.set_len(u32::try_from(self.buffer_bytes).expect("it was made from 32 bits"));
            entry.set_bid(id);
        }
        self.tail = self.tail.wrapping_add(1);
        self.free += 1;
    }

    /// Shows the kernel what was described.
    fn publish(&self) {
        // SAFETY: `entries` points to the first entry of the ring, in which the tail is. It is
        // aligned, lives as long as `self`, and is written here only, atomically; the kernel
        // reads it.
        unsafe {
            let tail = BufRingEntry::tail(self.entries.as_ptr()).cast_mut();
            AtomicU16::from_ptr(tail).store(self.tail, Ordering::Release);
        }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        let (entries, bytes) = layouts(self.received_bytes.len(), self.buffer_bytes);
        // SAFETY: both were allocated with these layouts and are freed once. The kernel is done
        // with them: `Ring` drops this only after the last operation has ended.
        unsafe {
            dealloc(self.entries.as_ptr().cast(), entries);
            dealloc(self.bytes.as_ptr(), bytes);
        }
    }
}

/// Of the descriptions and of the buffers.
fn layouts(count: usize, buffer_bytes: usize) -> (Layout, Layout) {
    let page_aligned = |bytes| {
        Layout::from_size_align(bytes, PAGE_BYTES).expect("a few megabytes, aligned to a page")
    };
    (page_aligned(count * size_of::<BufRingEntry>()), page_aligned(count * buffer_bytes))
}

fn allocate(layout: Layout) -> NonNull<u8> {
    assert!(layout.size() > 0, "there is at least one buffer of at least one byte");
    // SAFETY: the size is not zero.
    let memory = unsafe { alloc_zeroed(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}
