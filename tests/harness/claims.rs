//! What the broker says that rooms keep, at places of their order: behind joins, on pages. Notices
//! lead from one such claim to the next, so all of them must agree (spec 8).
//!
//! Here, too, are messages that were taken back: who comes after that gets no message in that place.

use std::collections::BTreeMap;

use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::Push;
use throng_protocol::value::NoticeKind;
use throng_protocol::{FromBroker, frame};

use crate::checker::{Checker, Entry, Position};
use crate::kept::Kept;

/// What was claimed, and when messages were given out again.
#[derive(Debug, Default)]
pub struct Claims {
    all: BTreeMap<Position, Kept>,
    /// Messages that were given behind a join: the newest place at which one such came in.
    given: BTreeMap<Position, u64>,
    /// What stands in the place of messages: the frame.
    tombstones: BTreeMap<Position, Vec<u8>>,
    compared: u64,
}

impl Claims {
    fn record(&mut self, position: Position, claim: &Kept) {
        let known = self.all.entry(position).or_default();
        if let Some(told) = &claim.attributes {
            let fits = known.fits_attributes(told);
            assert!(fits, "at one place {:?} and {told:?} (I25)", known.attributes);
        }
        if let Some(told) = &claim.queue {
            let fits = known.fits_queue(told.as_ref());
            assert!(fits, "at one place {:?} and {told:?} (I25)", known.queue);
        }
        known.learn(claim);
    }
}

impl Checker {
    /// A session is told what a room keeps at a place.
    ///
    /// # Panics
    /// When another was told another thing.
    pub fn record_claim(&mut self, position: Position, claim: &Kept) {
        self.claims.record(position, claim);
    }

    /// How many claims were held against what notices made of an earlier one.
    #[must_use]
    pub const fn claims_compared(&self) -> u64 {
        self.claims.compared
    }

    /// A session that came in at a place is given a message of before.
    pub(crate) fn record_given(&mut self, position: Position, arrived: u64) {
        let newest = self.claims.given.entry(position).or_default();
        *newest = arrived.max(*newest);
    }

    /// A session is told that there was a message.
    ///
    /// # Panics
    /// When others were told of another one there.
    pub fn record_tombstone(&mut self, position: &Position, sender: &str, bytes: &[u8]) {
        let known =
            self.claims.tombstones.entry(position.clone()).or_insert_with(|| bytes.to_vec());
        assert_eq!(*known, bytes, "two see another stone at {position:?}");
        match self.entry(position) {
            Some(Entry::Message { sender: own, .. }) => {
                let erased = sender.is_empty();
                assert!(erased || own == sender, "{position:?} was said by {own}, not {sender}");
            }
            Some(other) => panic!("a stone stands at {position:?}, where others see {other:?}"),
            None => {}
        }
    }

    /// All that was claimed agrees, as far as what lies between is known; and no message was given
    /// to anyone who came when it had been taken back.
    ///
    /// # Panics
    /// When it does not.
    pub fn check_claims(&mut self) {
        let claims = std::mem::take(&mut self.claims.all);
        let mut before: Option<(&Position, Kept)> = None;
        for (position, claim) in &claims {
            let led = before.take().and_then(|(from, kept)| self.lead(from, kept, position));
            self.claims.compared += u64::from(led.is_some());
            let mut led = led.unwrap_or_default();
            if let Some(told) = &claim.attributes {
                let fits = led.fits_attributes(told);
                assert!(fits, "{position:?}: {:?}, told {told:?} (I25)", led.attributes);
            }
            if let Some(told) = &claim.queue {
                let fits = led.fits_queue(told.as_ref());
                assert!(fits, "{position:?}: {:?}, told {told:?} (I25)", led.queue);
            }
            led.learn(claim);
            before = Some((position, led));
        }
        self.claims.all = claims;
        self.check_recalled();
    }

    /// What becomes of what was kept at a place until another one of the same room; nothing if not
    /// all that happened between is known.
    fn lead(&self, from: &Position, mut kept: Kept, to: &Position) -> Option<Kept> {
        if (&from.room, from.epoch) != (&to.room, to.epoch) {
            return None;
        }
        for seq in from.seq + 1..=to.seq {
            let place = Position { seq, ..from.clone() };
            match self.entry(&place) {
                Some(Entry::Notice { bytes, .. }) => {
                    if let Push::Notice(notice) = push(bytes) {
                        kept.apply(&notice);
                    }
                }
                Some(Entry::Message { .. }) => {}
                None if self.claims.tombstones.contains_key(&place) => {}
                None => return None,
            }
        }
        Some(kept)
    }

    fn check_recalled(&self) {
        for (position, entry) in self.entries() {
            let Entry::Notice { bytes, what: NoticeKind::MessageRecalled } = entry else {
                continue;
            };
            let Push::Notice(notice) = push(bytes) else { continue };
            let target = Position { seq: notice.target_seq, ..position.clone() };
            assert!(target.seq < position.seq, "{notice:?} of what was not said yet");
            match self.entry(&target) {
                Some(Entry::Message { sender, .. }) => {
                    assert!(notice.users.iter().eq([&**sender]), "{notice:?} of {sender}'s");
                }
                Some(other) => panic!("{notice:?} takes back {other:?}"),
                None => {}
            }
            let given = self.claims.given.get(&target).copied().unwrap_or_default();
            assert!(given < position.seq, "{target:?} was taken back and given at {given}");
        }
    }
}

/// The push in a whole frame.
fn push(bytes: &[u8]) -> Push<'_> {
    let split = frame::split(bytes, BODY_BYTES_MAX).expect("it was read before");
    let (body, _) = split.expect("it is whole");
    match FromBroker::decode(body) {
        Ok(FromBroker::Push(push)) => push,
        other => panic!("it was a push before: {other:?}"),
    }
}
