//! That what is kept is the newest, as much as it is to be, and read as it was sent. The last test
//! holds any sequence of batches and settings against a plain list of all that happened.

use super::*;
use crate::limits::{RING_BYTES_DEFAULT, RING_BYTES_MIN};

const MESSAGE: u8 = MESSAGE_TAG;
const NOTICE: u8 = 2;

/// A batch with frames of these tags; each holds its tag and its place.
fn batch(first_seq: u64, tags: &[u8]) -> Kept {
    let sizes: Vec<(u8, usize)> = tags.iter().map(|tag| (*tag, 2)).collect();
    sized(first_seq, &sizes)
}

/// A batch with frames of these tags and of so many bytes each without their length.
fn sized(first_seq: u64, frames: &[(u8, usize)]) -> Kept {
    let mut bytes = Vec::new();
    for (seq, (tag, size)) in (first_seq..).zip(frames) {
        bytes.extend(u32::try_from(*size).unwrap().to_le_bytes());
        bytes.extend([*tag, seq.to_le_bytes()[0]]);
        bytes.resize(bytes.len() + size - 2, 0);
    }
    let messages = frames.iter().filter(|(tag, _)| *tag == MESSAGE).count();
    let notices = frames.iter().filter(|(tag, _)| *tag != MESSAGE);
    let notice_bytes: usize = notices.map(|(_, size)| size + 4).sum();
    Kept {
        bytes: bytes.into(),
        first_seq,
        entries: u32::try_from(frames.len()).unwrap(),
        messages: u32::try_from(messages).unwrap(),
        notice_bytes: u32::try_from(notice_bytes).unwrap(),
        unstored: Vec::new(),
        recalled: Vec::new(),
    }
}

/// An app whose rooms keep that much.
fn nature(ring_messages: u32, ring_bytes: usize) -> Nature {
    Nature { ring_messages, ring_bytes, ..Nature::default() }
}

fn keeps(messages: u32) -> Nature {
    nature(messages, RING_BYTES_DEFAULT)
}

/// All messages that are found, page by page.
fn found(ring: &Ring, newest_first: bool) -> Vec<Bytes> {
    let (mut found, mut behind) = (Vec::new(), None);
    loop {
        let search = Search { newest_first, behind, limit: 100 };
        let (entries, more) = ring.search(search, |_, _| true);
        found.extend(entries.frames);
        behind = more;
        if more.is_none() {
            return found;
        }
    }
}

/// The lowest bytes of the places of all messages, the oldest first.
fn history(ring: &Ring) -> Vec<u8> {
    found(ring, false).iter().map(|frame| frame[5]).collect()
}

fn places(entries: &Entries) -> Vec<u8> {
    let all: Vec<u8> = entries.frames.iter().flat_map(|frame| frame.to_vec()).collect();
    let places: Vec<u8> = all.chunks(6).map(|frame| frame[5]).collect();
    assert_eq!(places.len(), entries.count as usize);
    places
}

fn ring() -> Ring {
    let mut ring = Ring::default();
    ring.record(batch(1, &[MESSAGE, MESSAGE]), &keeps(4));
    ring.record(batch(3, &[NOTICE, MESSAGE]), &keeps(4));
    ring.record(batch(5, &[MESSAGE, NOTICE, MESSAGE]), &keeps(4));
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
    ring.record(batch(8, &[MESSAGE; 3]), &keeps(4));
    assert!(ring.after(3, 10).is_none(), "two batches were let go");
    assert_eq!(places(&ring.after(4, 10).unwrap()), [5, 6, 7, 8, 9, 10]);
    ring.invariants();
}

#[test]
fn it_keeps_as_many_messages_as_it_must_and_not_many_more() {
    let mut ring = Ring::default();
    for seq in 1..=200 {
        let tag = if seq % 2 == 0 { MESSAGE } else { NOTICE };
        ring.record(batch(seq, &[tag]), &keeps(50));
    }
    assert_eq!(ring.messages, 50);
    assert_eq!(ring.last_messages(50, 0).count, 50);
    assert!(ring.batches().count() <= 101);
}

#[test]
fn a_room_in_which_only_its_state_changes_does_not_grow_for_ever() {
    let mut ring = Ring::default();
    ring.record(batch(1, &[MESSAGE]), &nature(50, RING_BYTES_MIN));
    let notices = 3 * RING_BYTES_MIN as u64 / size_of::<Kept>() as u64;
    for seq in 2..notices {
        ring.record(batch(seq, &[NOTICE]), &nature(50, RING_BYTES_MIN));
    }
    assert!(ring.weight <= RING_BYTES_MIN, "{} bytes", ring.weight);
    assert!(ring.after(notices - 100, notices - 1).is_some(), "the newest are there");
    assert!(ring.after(1, notices - 1).is_none(), "and who missed more is told");
    assert_eq!(history(&ring), [1], "and what was said is found");
    ring.invariants();
}

#[test]
fn the_largest_messages_are_kept_in_number_however_few_bytes_it_may_have() {
    let mut ring = Ring::default();
    let largest = throng_protocol::limits::BODY_BYTES_MAX;
    for seq in 1..=100 {
        ring.record(sized(seq, &[(MESSAGE, largest)]), &nature(1_000, RING_BYTES_MIN));
    }
    assert_eq!(history(&ring), (51..=100).collect::<Vec<u8>>());
    assert!(ring.after(50, 100).is_some(), "and whole");
}

#[test]
fn messages_are_not_pushed_out_by_notices_however_large() {
    let mut ring = Ring::default();
    let large = (NOTICE, 80 * 1024);
    for seq in 0..100 {
        let both = [(MESSAGE, 100), large];
        ring.record(sized(1 + 3 * seq, &both), &nature(80, RING_BYTES_MIN));
        ring.record(sized(3 + 3 * seq, &[large]), &nature(80, RING_BYTES_MIN));
        ring.invariants();
    }
    assert_eq!(history(&ring).len(), 80);
    assert!(ring.weight <= RING_BYTES_MIN, "{} bytes", ring.weight);
    assert!(ring.after(299, 300).is_some() && ring.after(150, 300).is_none());
    assert!(ring.find(298).is_some_and(|frame| frame[4] == MESSAGE));
    assert!(ring.find(148).is_some_and(|frame| frame[4] == MESSAGE), "at its own place");
    assert!(ring.find(149).is_none_or(|frame| frame[4] == GONE_TAG));
    assert!(ring.find(150).is_none());
}

#[test]
fn notices_have_a_place_in_a_room_that_is_full_of_messages() {
    let mut ring = Ring::default();
    let most = nature(10_000, RING_BYTES_MIN);
    for seq in 1..=2_000 {
        let frame = if seq % 10 == 0 { (NOTICE, 50) } else { (MESSAGE, 1_000) };
        ring.record(sized(seq, &[frame]), &most);
    }
    ring.invariants();
    assert!(ring.weight <= RING_BYTES_MIN && ring.thinned.is_empty());
    assert!(ring.after(1_850, 2_000).is_some(), "whoever missed some comes back");
}

#[test]
fn a_smaller_size_holds_at_once_and_a_larger_one_from_then_on() {
    let (mut ring, app) = (Ring::default(), keeps(100));
    let count = |count| NonZeroU32::new(count);
    for seq in 1..=100 {
        ring.record(sized(seq, &[(MESSAGE, 10_000)]), &app);
    }
    assert_eq!(history(&ring).len(), 100);
    ring.set_own(OwnRetention { messages: count(70), bytes: None }, &app);
    assert_eq!(history(&ring), (31..=100).collect::<Vec<u8>>());
    ring.set_own(OwnRetention { messages: None, bytes: count(600_000) }, &app);
    assert_eq!(history(&ring).len(), 59, "so many fit");
    ring.set_own(OwnRetention { messages: None, bytes: count(262_144) }, &app);
    assert_eq!(history(&ring).len(), 50, "the last stay");
    ring.set_own(OwnRetention { messages: count(120), bytes: None }, &app);
    assert_eq!(history(&ring).len(), 50, "what is gone is gone");
    for seq in 101..=255 {
        ring.record(sized(seq, &[(MESSAGE, 10)]), &app);
    }
    assert_eq!(history(&ring), (136..=255).collect::<Vec<u8>>());
    ring.invariants();
}

/// All that happened, as a plain list.
#[derive(Default)]
struct Plain {
    /// Of each entry whether it is a message, and its frame.
    entries: Vec<(bool, Vec<u8>)>,
    /// How many of the messages were not let go for a size that does not hold any more.
    held: usize,
}

impl Plain {
    fn record(&mut self, batch: &Kept) {
        let frames = frames_of(batch).map(|(frame, tag)| (tag == MESSAGE, frame.to_vec()));
        self.entries.extend(frames);
        self.held += batch.messages as usize;
    }

    /// The last messages, the newest first.
    fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().rev().filter(|(is_message, _)| *is_message).map(|(_, frame)| &**frame)
    }

    /// What the last messages weigh at the most, with all that is kept along with them: the others
    /// of their batch, and what there is of each batch.
    fn weight_of_last(&self, messages: u32) -> usize {
        let last = self.messages().take(messages as usize + 4);
        last.map(|frame| frame.len() + size_of::<Kept>() + 8 * GONE.len()).sum()
    }
}

/// Numbers at random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % below
    }

    /// Of up to four small or large frames.
    fn batch(&mut self, first_seq: u64) -> Kept {
        let notices = [0, 50, 95][usize::try_from(first_seq / 100 % 3).unwrap()];
        let frames = (0..=self.below(4)).map(|_| {
            let tag = if self.below(100) < notices { NOTICE } else { MESSAGE };
            let size = [10, 1_000, 40_000][usize::try_from(self.below(3)).unwrap()];
            (tag, 2 + usize::try_from(self.below(size)).unwrap())
        });
        sized(first_seq, &frames.collect::<Vec<_>>())
    }
}

/// What must hold of a ring after all that happened.
fn compare(ring: &Ring, plain: &Plain, most: Retention) {
    ring.invariants();
    let found = found(ring, true);
    let said = plain.messages().count();
    assert!(plain.messages().zip(&found).all(|(a, b)| a == b), "the newest are kept, as sent");
    assert!(found.len() >= said.min(RING_MESSAGES_MIN as usize), "{} of {said}", found.len());
    let fit = plain.weight_of_last(most.messages) <= most.bytes - ring_notice_bytes(most.bytes);
    let expected = plain.held.min(most.messages as usize);
    assert!(!fit || found.len() >= expected, "{} of {expected}", found.len());
    let newest = ring.whole.back().map_or(0, Kept::notice_weight);
    let is_least = ring.notice_weight == newest && !ring.others_hold(RING_MESSAGES_MIN);
    let fits = ring.weight <= most.bytes;
    assert!(fits || is_least, "{} of {} bytes, and {said} messages", ring.weight, most.bytes);
    assert!(!ring.others_hold(most.messages), "and no more than it takes");
    let newest = plain.entries.len() as u64;
    let first = ring.whole.front().map_or(1, |batch| batch.first_seq);
    for seq in [first.saturating_sub(2), first - 1, first, newest.saturating_sub(1), newest] {
        let recovered = ring.after(seq.min(newest), newest);
        assert_eq!(recovered.is_some(), seq + 1 >= first || seq == newest);
        let Some(recovered) = recovered else { continue };
        let missed = &plain.entries[usize::try_from(seq.min(newest)).unwrap()..];
        let missed: Vec<&[u8]> = missed.iter().map(|(_, frame)| &**frame).collect();
        assert!(recovered.frames.concat() == missed.concat(), "behind {seq} of {newest}");
    }
}

#[test]
fn whatever_happens_the_newest_is_kept_as_much_as_it_is_to_be() {
    for seed in 1..=8 {
        let (mut dice, mut ring, mut plain) = (Dice(seed), Ring::default(), Plain::default());
        let app = nature(60, 2 * RING_BYTES_MIN);
        let mut next = 1;
        for turn in 0..400 {
            let batch = dice.batch(next);
            next += u64::from(batch.entries);
            plain.record(&batch);
            ring.record(batch, &app);
            if dice.below(40) == 0 {
                let messages = NonZeroU32::new([0, 50, 200][turn % 3]);
                let bytes = NonZeroU32::new([0, 262_144, 1_048_576][turn / 3 % 3]);
                ring.set_own(OwnRetention { messages, bytes }, &app);
                plain.held = found(&ring, true).len();
            }
            if dice.below(8) == 0 {
                compare(&ring, &plain, ring.own().or(&app));
            }
        }
    }
}
