//! The last entries of a room, for those who come and those who come back (spec 4 and 8). Knows no
//! sibling.
//!
//! It keeps the sealed batches themselves, so that nothing is encoded or copied for it; what is
//! asked for are slices of them, the very frames that were sent when they were new. It lets go of a
//! batch once the others hold as many messages as it is to keep, or once all of them weigh too much:
//! a room in which only notices have places would keep those for ever else.

use std::collections::VecDeque;

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::frame;

use crate::limits::{HISTORY_PAGE_BYTES_MAX, RING_BYTES_MAX};
use crate::room::recall::{TOMBSTONE_TAG, is_erased};
use crate::room::stream::MESSAGE_TAG;

/// The last entries of a room.
#[derive(Debug, Default)]
pub struct Ring {
    batches: VecDeque<Kept>,
    messages: u64,
    /// What they weigh, see [`Kept::weight`].
    weight: usize,
}

/// A batch that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Whole frames, one after the other.
    pub bytes: Bytes,
    /// The place of the first of them.
    pub first_seq: u64,
    /// How many there are.
    pub entries: u32,
    /// How many of them are messages; the others are notices.
    pub messages: u32,
    /// Places of messages that are not to be found in it later; almost always there are none.
    pub unstored: Vec<u64>,
    /// Places of messages that were recalled, and when those were read.
    pub recalled: Vec<(u64, u64)>,
}

/// What of the history is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Whether the newest come first.
    pub newest_first: bool,
    /// The place to begin behind: before it, if the newest come first.
    pub behind: Option<u64>,
    /// How many at most.
    pub limit: u16,
}

/// Entries for a session, as frames.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    /// Whole frames, in the order of the room.
    pub frames: SmallVec<[Bytes; 1]>,
    /// How many there are.
    pub count: u32,
}

impl Ring {
    /// Keeps a batch, and so many messages in all at least, as far as [`RING_BYTES_MAX`] allows.
    pub fn record(&mut self, batch: Kept, messages_min: u32) {
        self.messages += u64::from(batch.messages);
        self.weight += batch.weight();
        self.batches.push_back(batch);
        while let Some(oldest) = self.batches.front()
            && self.batches.len() > 1
            && (self.messages - u64::from(oldest.messages) >= u64::from(messages_min)
                || self.weight > RING_BYTES_MAX)
        {
            self.messages -= u64::from(oldest.messages);
            self.weight -= oldest.weight();
            self.batches.pop_front();
        }
    }

    /// The last messages behind a place, at most so many. Notices are left out: what they told is
    /// in the state that a join answers with.
    #[must_use]
    pub fn last_messages(&self, most: u8, behind: u64) -> Entries {
        let mut frames: SmallVec<[Bytes; 1]> = SmallVec::new();
        for batch in self.batches.iter().rev() {
            let left = usize::from(most) - frames.len();
            if left == 0 || batch.end_seq() <= behind + 1 {
                break;
            }
            let messages = (batch.first_seq..).zip(frames_of(batch));
            let messages = messages.filter(|(seq, (frame, tag))| {
                *seq > behind && is_told(*tag, frame) && !batch.unstored.contains(seq)
            });
            let mut taken: Vec<Bytes> = messages.map(|(_, (frame, _))| frame).collect();
            frames.extend(taken.drain(taken.len().saturating_sub(left)..).rev());
        }
        frames.reverse();
        let count = u32::try_from(frames.len()).expect("no more than asked for");
        Entries { frames, count }
    }

    /// All entries behind a place, of which the newest is `newest`; `None` if some of them are
    /// gone.
    #[must_use]
    pub fn after(&self, seq: u64, newest: u64) -> Option<Entries> {
        let count = u32::try_from(newest.checked_sub(seq)?).ok()?;
        if count == 0 {
            return Some(Entries::default());
        }
        if self.batches.front()?.first_seq > seq + 1 {
            return None;
        }
        let behind = self.batches.iter().filter(|batch| batch.end_seq() > seq + 1);
        let frames = behind.map(|batch| {
            let seen = (seq + 1).saturating_sub(batch.first_seq);
            let seen = frames_of(batch).take(usize::try_from(seen).unwrap_or(usize::MAX));
            let bytes: usize = seen.map(|(frame, _)| frame.len()).sum();
            batch.bytes.slice(bytes..)
        });
        Some(Entries { frames: frames.collect(), count })
    }

    /// Messages that `wanted` takes, and where to go on if there are more. It is told of one that was
    /// recalled when that was read.
    #[must_use]
    pub fn search(
        &self,
        search: Search,
        wanted: impl Fn(&[u8], Option<u64>) -> bool,
    ) -> (Entries, Option<u64>) {
        let Search { newest_first, behind, limit } = search;
        let is_behind = |seq: u64| match behind {
            None => true,
            Some(behind) if newest_first => seq < behind,
            Some(behind) => seq > behind,
        };
        let mut found: Vec<(u64, Bytes)> = Vec::new();
        let batches = self.batches.iter();
        let batches: Vec<&Kept> =
            if newest_first { batches.rev().collect() } else { batches.collect() };
        for batch in batches {
            let mut frames: Vec<(u64, (Bytes, u8))> =
                (batch.first_seq..).zip(frames_of(batch)).collect();
            if newest_first {
                frames.reverse();
            }
            found.extend(frames.into_iter().filter_map(|(seq, (frame, tag))| {
                let is_stored = is_told(tag, &frame) && !batch.unstored.contains(&seq);
                let recalled = batch.recalled.iter().find(|(own, _)| *own == seq);
                let time = recalled.map(|(_, time)| *time);
                (is_behind(seq) && is_stored && wanted(&frame, time)).then_some((seq, frame))
            }));
            if found.len() > usize::from(limit) {
                break;
            }
        }
        let mut bytes = 0;
        let fits = found.iter().take_while(|(_, frame)| {
            bytes += frame.len();
            bytes <= HISTORY_PAGE_BYTES_MAX
        });
        let page = fits.count().max(1).min(limit.into());
        let more = found.len() > page;
        found.truncate(page);
        let last = found.last().map(|(seq, _)| *seq).filter(|_| more);
        let count = u32::try_from(found.len()).expect("no more than asked for");
        let frames = found.into_iter().map(|(_, frame)| frame).collect();
        (Entries { frames, count }, last)
    }

    /// The frame at a place, if it is still there.
    #[must_use]
    pub fn find(&self, seq: u64) -> Option<Bytes> {
        let batch = self.batches.iter().find(|batch| batch.holds(seq))?;
        let place = usize::try_from(seq - batch.first_seq).ok()?;
        frames_of(batch).nth(place).map(|(frame, _)| frame)
    }

    /// Puts another frame in the place of a message that was read then.
    pub fn replace(&mut self, seq: u64, frame: &[u8], time: u64) {
        let Some(batch) = self.batches.iter_mut().find(|batch| batch.holds(seq)) else { return };
        let frames = (batch.first_seq..).zip(frames_of(batch));
        let frames =
            frames.map(|(at, (own, _))| if at == seq { frame.to_vec() } else { own.to_vec() });
        let bytes: Vec<u8> = frames.flatten().collect();
        self.weight -= batch.weight();
        batch.bytes = bytes.into();
        batch.recalled.push((seq, time));
        self.weight += batch.weight();
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        let messages: u64 = self.batches.iter().map(|batch| u64::from(batch.messages)).sum();
        assert_eq!(messages, self.messages, "the messages in the ring are counted");
        let weight: usize = self.batches.iter().map(Kept::weight).sum();
        assert_eq!(weight, self.weight, "and so is what they weigh");
        let follows = |a: &Kept, b: &Kept| a.end_seq() == b.first_seq;
        let mut pairs = self.batches.iter().zip(self.batches.iter().skip(1));
        assert!(pairs.all(|(a, b)| follows(a, b)), "the ring has no hole");
    }
}

impl Kept {
    /// The bytes it takes: its frames, and what there is of each batch.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }

    fn holds(&self, seq: u64) -> bool {
        (self.first_seq..self.end_seq()).contains(&seq)
    }

    /// The place of the first entry behind it.
    fn end_seq(&self) -> u64 {
        self.first_seq + u64::from(self.entries)
    }
}

/// Whether a frame is a message, or what is left of one that was recalled and not erased.
fn is_told(tag: u8, frame: &[u8]) -> bool {
    match tag {
        MESSAGE_TAG => true,
        TOMBSTONE_TAG => !is_erased(frame),
        _ => false,
    }
}

/// The frames of a batch and their tags.
fn frames_of(batch: &Kept) -> impl Iterator<Item = (Bytes, u8)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = &batch.bytes[at..];
        let (body, after) = frame::split(rest, usize::MAX).ok()??;
        let tag = body.first().copied()?;
        let frame = batch.bytes.slice(at..at + rest.len() - after.len());
        at += frame.len();
        Some((frame, tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: u8 = MESSAGE_TAG;
    const NOTICE: u8 = 2;

    /// A batch with frames of these tags; each holds its tag and its place.
    fn batch(first_seq: u64, tags: &[u8]) -> Kept {
        let mut bytes = Vec::new();
        for (seq, tag) in (first_seq..).zip(tags) {
            bytes.extend([2, 0, 0, 0, *tag, seq.to_le_bytes()[0]]);
        }
        let messages = tags.iter().filter(|tag| **tag == MESSAGE).count();
        Kept {
            bytes: bytes.into(),
            first_seq,
            entries: u32::try_from(tags.len()).unwrap(),
            messages: u32::try_from(messages).unwrap(),
            unstored: Vec::new(),
            recalled: Vec::new(),
        }
    }

    fn places(entries: &Entries) -> Vec<u8> {
        let all: Vec<u8> = entries.frames.iter().flat_map(|frame| frame.to_vec()).collect();
        let places: Vec<u8> = all.chunks(6).map(|frame| frame[5]).collect();
        assert_eq!(places.len(), entries.count as usize);
        places
    }

    fn ring() -> Ring {
        let mut ring = Ring::default();
        ring.record(batch(1, &[MESSAGE, MESSAGE]), 4);
        ring.record(batch(3, &[NOTICE, MESSAGE]), 4);
        ring.record(batch(5, &[MESSAGE, NOTICE, MESSAGE]), 4);
        ring.invariants();
        ring
    }

    #[test]
    fn the_last_messages_come_in_order_and_without_notices() {
        let ring = ring();
        assert_eq!(places(&ring.last_messages(3, 0)), [4, 5, 7]);
        assert_eq!(places(&ring.last_messages(4, 0)), [2, 4, 5, 7]);
        assert_eq!(places(&ring.last_messages(50, 0)), [1, 2, 4, 5, 7]);
        assert!(places(&ring.last_messages(0, 0)).is_empty());
        assert_eq!(places(&ring.last_messages(50, 4)), [5, 7]);
        assert!(places(&ring.last_messages(50, 7)).is_empty());
    }

    #[test]
    fn whoever_comes_back_gets_all_it_missed_or_hears_that_it_is_gone() {
        let mut ring = ring();
        assert_eq!(places(&ring.after(3, 7).unwrap()), [4, 5, 6, 7]);
        assert_eq!(places(&ring.after(0, 7).unwrap()), [1, 2, 3, 4, 5, 6, 7]);
        assert!(places(&ring.after(7, 7).unwrap()).is_empty());
        assert!(ring.after(8, 7).is_none(), "nobody is ahead of the room");
        ring.record(batch(8, &[MESSAGE; 3]), 4);
        assert!(ring.after(3, 10).is_none(), "two batches were let go");
        assert_eq!(places(&ring.after(4, 10).unwrap()), [5, 6, 7, 8, 9, 10]);
        ring.invariants();
    }

    #[test]
    fn it_keeps_as_many_messages_as_it_must_and_not_many_more() {
        let mut ring = Ring::default();
        for seq in 1..=200 {
            ring.record(batch(seq, &[if seq % 2 == 0 { MESSAGE } else { NOTICE }]), 50);
        }
        assert_eq!(ring.messages, 50);
        assert_eq!(ring.last_messages(50, 0).count, 50);
        assert!(ring.batches.len() <= 101);
    }

    #[test]
    fn a_room_in_which_only_its_state_changes_does_not_grow_for_ever() {
        let mut ring = Ring::default();
        ring.record(batch(1, &[MESSAGE]), 50);
        let notices = 3 * RING_BYTES_MAX as u64 / size_of::<Kept>() as u64;
        for seq in 2..notices {
            ring.record(batch(seq, &[NOTICE]), 50);
        }
        let weight: usize = ring.batches.iter().map(Kept::weight).sum();
        assert!(weight <= RING_BYTES_MAX, "{weight} bytes in {} batches", ring.batches.len());
        assert!(ring.after(notices - 100, notices - 1).is_some(), "the newest are there");
        assert!(ring.after(1, notices - 1).is_none(), "and who missed more is told");
        ring.invariants();
    }

    #[test]
    fn the_largest_messages_are_kept_in_number_too() {
        let mut ring = Ring::default();
        for seq in 1..=100 {
            let bytes = vec![0; throng_protocol::limits::BODY_BYTES_MAX].into();
            ring.record(Kept { bytes, ..batch(seq, &[MESSAGE]) }, 50);
        }
        assert_eq!(ring.messages, 50);
    }
}
