//! The last entries of a room, for those who come and those who come back (spec 4 and 8). Knows no
//! sibling.
//!
//! It keeps the sealed batches themselves, so that nothing is encoded or copied for it; what is
//! asked for are slices of them, the very frames that were sent when they were new. It has a number
//! of messages and a number of bytes, and lets go of the oldest, batch by batch:
//!
//! - of a batch, once the others hold as many messages as it is to keep;
//! - while all of it weighs too much: of the notices of a batch, or, where notices have no more than
//!   their share ([`ring_notice_bytes`]), of a batch with its messages. The last
//!   [`RING_MESSAGES_MIN`] messages stay whatever they weigh.
//!
//! Batches that lost their notices are still read as history; whoever comes back needs whole ones.

use core::num::NonZeroU32;
use std::collections::VecDeque;

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::frame;

use crate::limits::{HISTORY_PAGE_BYTES_MAX, RING_MESSAGES_MIN, ring_notice_bytes};
use crate::nature::Nature;
use crate::room::recall::{TOMBSTONE_TAG, is_erased};
use crate::room::stream::MESSAGE_TAG;

/// A frame in the place of a notice that was let go, so that the places behind it are counted as
/// before. It is never sent.
const GONE: &[u8] = &[1, 0, 0, 0, GONE_TAG];

/// No frame that is sent has this tag.
const GONE_TAG: u8 = 0;

/// The last entries of a room.
#[derive(Debug, Default)]
pub struct Ring {
    own: OwnRetention,
    /// The oldest, of which only the messages are left. There are holes between them.
    thinned: VecDeque<Kept>,
    /// The newest, with all that happened: one at least, once something did.
    whole: VecDeque<Kept>,
    messages: u64,
    /// What they weigh, see [`Kept::weight`].
    weight: usize,
    /// How much of that notices do.
    notice_weight: usize,
}

/// How much of what happened is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// So many messages, as long as they are not too large; some more if they came together.
    pub messages: u32,
    /// So many bytes at the most, as long as that leaves the least number of messages.
    pub bytes: usize,
}

/// How much of what happened one room keeps; what it does not say is as the app has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnRetention {
    /// So many messages.
    pub messages: Option<NonZeroU32>,
    /// So many bytes.
    pub bytes: Option<NonZeroU32>,
}

impl OwnRetention {
    /// How much that is in an app with rooms of such a nature.
    #[must_use]
    pub fn or(self, nature: &Nature) -> Retention {
        let messages = self.messages.map_or(nature.ring_messages, NonZeroU32::get);
        let bytes = self.bytes.and_then(|bytes| usize::try_from(bytes.get()).ok());
        Retention { messages, bytes: bytes.unwrap_or(nature.ring_bytes) }
    }
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
    /// Bytes of the frames of the notices.
    pub notice_bytes: u32,
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
    /// Keeps nothing yet.
    #[must_use]
    pub fn new(own: OwnRetention) -> Self {
        Self { own, ..Self::default() }
    }

    /// How much of it is the room's own to say.
    #[must_use]
    pub const fn own(&self) -> OwnRetention {
        self.own
    }

    /// Changes how much is kept. What is too much is let go at once.
    pub fn set_own(&mut self, own: OwnRetention, nature: &Nature) {
        self.own = own;
        self.trim(own.or(nature));
    }

    /// Keeps a batch, and lets go of what is too much then.
    pub fn record(&mut self, batch: Kept, nature: &Nature) {
        self.messages += u64::from(batch.messages);
        self.weight += batch.weight();
        self.notice_weight += batch.notice_weight();
        self.whole.push_back(batch);
        self.trim(self.own.or(nature));
    }

    fn trim(&mut self, most: Retention) {
        while self.others_hold(most.messages) {
            self.let_oldest_go();
        }
        while self.weight > most.bytes {
            let is_spare = self.others_hold(RING_MESSAGES_MIN);
            let notices_yield = !is_spare || self.notice_weight > ring_notice_bytes(most.bytes);
            if notices_yield && self.thin_oldest() {
                continue;
            }
            if !is_spare {
                return;
            }
            self.let_oldest_go();
        }
    }

    /// Whether there are so many messages in all batches but the oldest, of which there are some.
    fn others_hold(&self, messages: u32) -> bool {
        let is_there = self.thinned.len() + self.whole.len() > 1;
        let oldest = self.thinned.front().or_else(|| self.whole.front());
        let oldest = oldest.map_or(0, |oldest| u64::from(oldest.messages));
        is_there && self.messages - oldest >= u64::from(messages)
    }

    fn let_oldest_go(&mut self) {
        let oldest = self.thinned.pop_front().or_else(|| self.whole.pop_front());
        if let Some(oldest) = oldest {
            self.messages -= u64::from(oldest.messages);
            self.weight -= oldest.weight();
            self.notice_weight -= oldest.notice_weight();
        }
    }

    /// Lets go of the notices of the oldest batch that may have some, or says that only the newest has.
    fn thin_oldest(&mut self) -> bool {
        if self.notice_weight == self.whole.back().map_or(0, Kept::notice_weight) {
            return false;
        }
        let Some(oldest) = self.whole.pop_front() else { return false };
        self.weight -= oldest.weight();
        self.notice_weight -= oldest.notice_weight();
        if oldest.messages > 0 {
            let oldest = oldest.without_notices();
            self.weight += oldest.weight();
            self.thinned.push_back(oldest);
        }
        true
    }

    /// All batches, the oldest first.
    fn batches(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        self.thinned.iter().chain(&self.whole)
    }

    /// The last messages behind a place, at most so many. Notices are left out: what they told is
    /// in the state that a join answers with.
    #[must_use]
    pub fn last_messages(&self, most: u8, behind: u64) -> Entries {
        let mut frames: SmallVec<[Bytes; 1]> = SmallVec::new();
        for batch in self.batches().rev() {
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
        if self.whole.front()?.first_seq > seq + 1 {
            return None;
        }
        let behind = self.whole.iter().filter(|batch| batch.end_seq() > seq + 1);
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
        let batches = self.batches();
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
        let batch = self.batches().find(|batch| batch.holds(seq))?;
        let place = usize::try_from(seq - batch.first_seq).ok()?;
        frames_of(batch).nth(place).map(|(frame, _)| frame)
    }

    /// Puts another frame in the place of a message that was read then.
    pub fn replace(&mut self, seq: u64, frame: &[u8], time: u64) {
        let mut batches = self.thinned.iter_mut().chain(&mut self.whole);
        let Some(batch) = batches.find(|batch| batch.holds(seq)) else { return };
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
        let messages: u64 = self.batches().map(|batch| u64::from(batch.messages)).sum();
        assert_eq!(messages, self.messages, "the messages in the ring are counted");
        let weight: usize = self.batches().map(Kept::weight).sum();
        assert_eq!(weight, self.weight, "and so is what they weigh");
        let notices: usize = self.batches().map(Kept::notice_weight).sum();
        assert_eq!(notices, self.notice_weight, "and what of that notices weigh");
        let only_messages = |batch: &Kept| batch.messages > 0 && batch.notice_weight() == 0;
        assert!(self.thinned.iter().all(only_messages), "of the oldest the messages are left");
        let mut pairs = self.batches().zip(self.batches().skip(1));
        assert!(pairs.all(|(a, b)| a.end_seq() <= b.first_seq), "the ring is in order");
        let mut pairs = self.whole.iter().zip(self.whole.iter().skip(1));
        assert!(pairs.all(|(a, b)| a.end_seq() == b.first_seq), "what is whole has no hole");
    }
}

impl Kept {
    /// The bytes it takes: its frames, and what there is of each batch.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }

    /// How much of that is for notices: all of it if there is nothing else.
    fn notice_weight(&self) -> usize {
        if self.messages == 0 { self.weight() } else { self.notice_bytes as usize }
    }

    /// The same with nothing where notices were.
    fn without_notices(mut self) -> Self {
        if self.notice_bytes > 0 {
            let mut bytes = Vec::new();
            for (frame, tag) in frames_of(&self) {
                bytes.extend_from_slice(if is_notice(tag) { GONE } else { &frame });
            }
            self.bytes = bytes.into();
            self.notice_bytes = 0;
        }
        self
    }

    fn holds(&self, seq: u64) -> bool {
        (self.first_seq..self.end_seq()).contains(&seq)
    }

    /// The place of the first entry behind it.
    fn end_seq(&self) -> u64 {
        self.first_seq + u64::from(self.entries)
    }
}

/// Whether a frame is neither a message nor what is left of one that was recalled.
const fn is_notice(tag: u8) -> bool {
    !matches!(tag, MESSAGE_TAG | TOMBSTONE_TAG)
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
mod tests;
