//! Receive buffers of the epoll back end: made when first needed, up to a bound, and used again.
//!
//! Owns the bytes and knows which buffers are out. The last one given back is the first one
//! taken, because its bytes are still in the cache. Never grows past its bound: who finds it
//! empty waits for a release.

use crate::io::BufferId;

/// Bytes of one buffer.
pub(super) const BUFFER_BYTES: usize = 16 * 1024;

/// Buffers that may be out at a time.
pub(super) const BUFFERS_MAX: usize = 256;

struct Buffer {
    bytes: Box<[u8]>,
    /// Bytes received into it; none while the pool has it.
    received: usize,
}

/// The buffers of one worker.
pub(super) struct Pool {
    buffers: Vec<Buffer>,
    free: Vec<u32>,
}

impl Pool {
    pub(super) fn new() -> Self {
        Self { buffers: Vec::new(), free: Vec::with_capacity(BUFFERS_MAX) }
    }

    /// Whether [`Self::fill`] would find a buffer.
    pub(super) fn has_free(&self) -> bool {
        !self.free.is_empty() || self.buffers.len() < BUFFERS_MAX
    }

    /// Fills a free buffer with `read`. It is taken only if something was read; none if no
    /// buffer is free.
    pub(super) fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<(BufferId, usize), E>> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.buffers.len() < BUFFERS_MAX => {
                self.buffers.push(Buffer { bytes: vec![0; BUFFER_BYTES].into(), received: 0 });
                u32::try_from(self.buffers.len() - 1).expect("the bound is far below 2^32")
            }
            None => return None,
        };
        let buffer = &mut self.buffers[index as usize];
        let outcome = read(&mut buffer.bytes);
        buffer.received = *outcome.as_ref().unwrap_or(&0);
        if buffer.received == 0 {
            self.free.push(index);
        }
        Some(outcome.map(|received| (BufferId(index), received)))
    }

    /// What was received into a buffer; nothing if the pool has it.
    pub(super) fn received(&self, id: BufferId) -> &[u8] {
        self.buffers.get(id.0 as usize).map_or(&[], |buffer| &buffer.bytes[..buffer.received])
    }

    /// Takes a buffer back. One that is not out is left alone.
    pub(super) fn release(&mut self, id: BufferId) {
        let Some(buffer) = self.buffers.get_mut(id.0 as usize) else { return };
        if buffer.received > 0 {
            buffer.received = 0;
            self.free.push(id.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn fill(pool: &mut Pool, byte: u8) -> Option<BufferId> {
        let filled = pool.fill(|bytes| {
            bytes[0] = byte;
            Ok::<_, Infallible>(1)
        });
        filled.map(|outcome| outcome.unwrap().0)
    }

    #[test]
    fn the_pool_ends_at_its_bound_and_goes_on_after_a_release() {
        let mut pool = Pool::new();
        let ids: Vec<_> = (0..BUFFERS_MAX).map(|_| fill(&mut pool, 1).unwrap()).collect();
        assert!(!pool.has_free());
        assert_eq!(fill(&mut pool, 2), None);
        pool.release(ids[7]);
        assert!(pool.has_free());
        let again = fill(&mut pool, 3).unwrap();
        assert_eq!(pool.received(again), [3]);
    }

    #[test]
    fn a_buffer_released_twice_is_given_out_once() {
        let mut pool = Pool::new();
        let id = fill(&mut pool, 1).unwrap();
        pool.release(id);
        pool.release(id);
        let (one, other) = (fill(&mut pool, 2).unwrap(), fill(&mut pool, 3).unwrap());
        assert_ne!(one, other);
        assert_eq!(pool.received(one), [2]);
    }
}
