//! Buffers of the front: what peers said within TLS until the core has read it, and empty ones to
//! be used again.
//!
//! Shares the space of [`BufferId`] with the back end below: the front's own have the highest bit.
//! Grows with what is handed out in one turn of the worker, and keeps few of those afterwards.

use std::mem;

use crate::io::BufferId;

/// Marks the front's own. Back ends count theirs from zero and have far fewer.
const OWN: u32 = 1 << 31;

/// Empty buffers that are kept, and how large they may be.
const SPARES_MAX: usize = 64;
const SPARE_BYTES_MAX: usize = 128 * 1024;

/// The buffers of one worker's front.
#[derive(Default)]
pub(super) struct Buffers {
    /// Empty where nothing is handed out.
    out: Vec<Vec<u8>>,
    free: Vec<u32>,
    spares: Vec<Vec<u8>>,
}

impl Buffers {
    /// Whether a buffer is the front's own.
    pub(super) const fn is_own(id: BufferId) -> bool {
        id.0 & OWN != 0
    }

    /// Hands out what a peer said, which is something.
    pub(super) fn hand_out(&mut self, bytes: Vec<u8>) -> BufferId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.out.push(Vec::new());
            u32::try_from(self.out.len() - 1).expect("fewer than there are connections")
        });
        self.out[index as usize] = bytes;
        BufferId(index | OWN)
    }

    /// What is in a buffer that is handed out; nothing if it is not.
    pub(super) fn received(&self, id: BufferId) -> &[u8] {
        self.out.get((id.0 & !OWN) as usize).map_or(&[], Vec::as_slice)
    }

    /// Takes a buffer back. One that is not out is left alone.
    pub(super) fn release(&mut self, id: BufferId) {
        let index = id.0 & !OWN;
        let Some(bytes) = self.out.get_mut(index as usize) else { return };
        if !bytes.is_empty() {
            let bytes = mem::take(bytes);
            self.free.push(index);
            self.keep(bytes);
        }
    }

    /// An empty buffer.
    pub(super) fn spare(&mut self) -> Vec<u8> {
        self.spares.pop().unwrap_or_default()
    }

    /// Keeps a buffer, to be used again.
    pub(super) fn keep(&mut self, mut bytes: Vec<u8>) {
        if (1..=SPARE_BYTES_MAX).contains(&bytes.capacity()) && self.spares.len() < SPARES_MAX {
            bytes.clear();
            self.spares.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_released_twice_is_handed_out_once() {
        let mut buffers = Buffers::default();
        let id = buffers.hand_out(vec![1]);
        assert!(Buffers::is_own(id) && !Buffers::is_own(BufferId(0)));
        buffers.release(id);
        buffers.release(id);
        assert!(buffers.received(id).is_empty());
        let (one, other) = (buffers.hand_out(vec![2]), buffers.hand_out(vec![3]));
        assert_ne!(one, other);
        assert_eq!((buffers.received(one), buffers.received(other)), (&[2][..], &[3][..]));
    }
}
