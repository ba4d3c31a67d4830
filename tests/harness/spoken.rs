//! Messages that are more than one message to a room: those with an id, which are published once
//! however often they are asked for; those for some members; those for everyone (spec 5).

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::{Checker, Entry, Position};

/// Two minutes, in microseconds: for so long an id is known.
const ID_LIFETIME_MICROS: u64 = 120_000_000;

/// A user, a room and an id.
type Name = (String, String, String);

/// What was said in such ways.
#[derive(Debug, Default)]
pub struct Spoken {
    /// Payloads that were published under an id.
    with_id: BTreeSet<Vec<u8>>,
    /// Where each of them came to stand, and when the broker had read it, if that is known.
    places: BTreeMap<Vec<u8>, BTreeMap<Position, Option<u64>>>,
    /// What was answered to each.
    answers: BTreeMap<Name, BTreeSet<(u64, u64)>>,
    /// Payloads for some members only: who said it, and for whom.
    direct: BTreeMap<Vec<u8>, (String, BTreeSet<String>)>,
    /// Payloads for everyone.
    broadcast: BTreeSet<Vec<u8>>,
}

impl Checker {
    /// A client publishes this under an id, perhaps once more.
    pub fn record_published_with_id(&mut self, payload: &[u8], kind: &str) {
        if self.spoken.with_id.insert(payload.to_vec()) {
            self.record_published(payload, kind);
        }
    }

    /// A client says this to some members.
    pub fn record_directed(&mut self, payload: &[u8], sender: &str, targets: &[&str]) {
        let targets = targets.iter().map(|user| (*user).to_owned()).collect();
        self.spoken.direct.insert(payload.to_vec(), (sender.to_owned(), targets));
    }

    /// A server says this to everyone.
    pub fn record_broadcast(&mut self, payload: &[u8]) {
        self.spoken.broadcast.insert(payload.to_vec());
    }

    /// Whether a message was published under an id.
    #[must_use]
    pub fn has_id(&self, payload: &[u8]) -> bool {
        self.spoken.with_id.contains(payload)
    }

    /// A message with an id was accepted.
    pub(crate) fn record_answer(&mut self, name: Name, answer: (u64, u64)) {
        self.spoken.answers.entry(name).or_default().insert(answer);
    }

    /// A message stands at a place; if it had an id, that is looked at later.
    pub(crate) fn record_place(
        &mut self,
        position: &Position,
        entry: &Entry,
        read_at: Option<u64>,
    ) {
        let Entry::Message { payload, .. } = entry else { return };
        if self.spoken.with_id.contains(payload) {
            let places = self.spoken.places.entry(payload.clone()).or_default();
            let known = places.entry(position.clone()).or_default();
            *known = read_at.or(*known);
        }
    }

    /// How many answers were given to a message with an id, and in how many places it stands.
    #[must_use]
    pub fn answers_and_places(&self, name: &Name, payload: &[u8]) -> (usize, usize) {
        let answers = self.spoken.answers.get(name).map_or(0, BTreeSet::len);
        (answers, self.spoken.places.get(payload).map_or(0, BTreeMap::len))
    }

    /// A session gets a message for some members.
    ///
    /// # Panics
    /// When it should not (I5).
    pub(crate) fn check_directed(&self, payload: &[u8], sender: &str, user: &str) {
        let known = self.spoken.direct.get(payload);
        let (own, targets) = known.expect("what comes to some only was said to some only (I4)");
        assert_eq!(own, sender, "{payload:?} is another's (I4)");
        assert!(targets.contains(user), "{user} hears what is for {targets:?} (I5)");
    }

    /// A session gets a message for everyone.
    ///
    /// # Panics
    /// When it was never said.
    pub(crate) fn check_broadcast(&self, payload: &[u8]) {
        assert!(self.spoken.broadcast.contains(payload), "{payload:?} was never said (I4)");
    }

    /// What was published under an id stands in one place of its room, unless the id was forgotten
    /// meanwhile, two minutes after the first was read.
    ///
    /// # Panics
    /// When it stands in more.
    pub fn check_repeats(&self) {
        for (payload, places) in &self.spoken.places {
            let read: Vec<_> =
                places.iter().filter_map(|(at, read)| read.map(|read| (at, read))).collect();
            for (first, first_read) in &read {
                for (second, read) in read.iter().filter(|(at, _)| at.room == first.room) {
                    let micros = read.abs_diff(*first_read);
                    let fits = first == second || micros >= ID_LIFETIME_MICROS;
                    assert!(
                        fits,
                        "{payload:?} stands at {first:?} and, {micros} us on, {second:?}"
                    );
                }
            }
        }
    }
}
