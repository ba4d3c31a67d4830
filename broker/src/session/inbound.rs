//! What a peer has sent and not finished: at most one frame, grown only as its bytes arrive.
//!
//! In the usual case a receive holds whole frames and nothing is kept or copied here at all.

use crate::time::Instant;

/// The beginning of a frame, and since when it is waited for.
#[derive(Debug, Default)]
pub struct Inbound {
    partial: Vec<u8>,
    since: Option<Instant>,
}

impl Inbound {
    /// When the frame that is being waited for began; `None` between frames.
    #[must_use]
    pub const fn since(&self) -> Option<Instant> {
        self.since
    }

    /// Takes out what was kept of an unfinished frame, to be continued.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.partial)
    }

    /// Keeps the beginning of a frame that started in the receive of this moment.
    pub fn keep_new(&mut self, rest: &[u8], now: Instant) {
        self.partial.clear();
        self.partial.extend_from_slice(rest);
        self.since = (!rest.is_empty()).then_some(now);
    }

    /// Keeps what [`Inbound::take`] gave, grown by a receive, of which `consumed` bytes are
    /// done.
    pub fn keep_grown(&mut self, mut held: Vec<u8>, consumed: usize, now: Instant) {
        if consumed == held.len() {
            *self = Self::default();
            return;
        }
        if consumed > 0 {
            held.drain(..consumed);
            self.since = Some(now);
        }
        self.partial = held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn a_frame_is_late_from_its_first_byte_on_however_it_trickles() {
        let mut inbound = Inbound::default();
        inbound.keep_new(b"a", at(1));
        for moment in 2..9 {
            let mut held = inbound.take();
            held.push(b'b');
            inbound.keep_grown(held, 0, at(moment));
            assert_eq!(inbound.since(), Some(at(1)));
        }
    }

    #[test]
    fn a_new_frame_behind_a_finished_one_begins_anew() {
        let mut inbound = Inbound::default();
        inbound.keep_new(b"ab", at(1));
        let held = inbound.take();
        inbound.keep_grown(held, 1, at(5));
        assert_eq!(inbound.since(), Some(at(5)));
        assert_eq!(inbound.take(), b"b");
    }

    #[test]
    fn nothing_is_kept_between_frames() {
        let mut inbound = Inbound::default();
        inbound.keep_new(b"abc", at(1));
        let held = inbound.take();
        inbound.keep_grown(held, 3, at(2));
        assert_eq!(inbound.since(), None);
        assert_eq!(inbound.partial.capacity(), 0);
    }
}
