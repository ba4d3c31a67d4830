//! The judge: what every client sees of every room, held against each other and against what was
//! accepted. The names of the invariants are those of the reliability rules.

use std::collections::{BTreeMap, BTreeSet};

/// A place in a room's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The room's id.
    pub room: String,
    /// The room's epoch.
    pub epoch: u64,
    /// The place.
    pub seq: u64,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The user who published it.
    pub sender: String,
    /// The message.
    pub payload: Vec<u8>,
}

/// What all clients together know.
#[derive(Debug, Default)]
pub struct Checker {
    published: BTreeSet<Vec<u8>>,
    order: BTreeMap<Position, Entry>,
    deliveries: u64,
}

/// What one session sees of one room while it occupies it.
#[derive(Debug)]
pub struct View {
    epoch: u64,
    /// The last place that was seen or is known to be the session's own.
    last_seq: u64,
    /// Places of own messages, which are not delivered to the session.
    own: BTreeSet<u64>,
}

impl View {
    /// The view of a session that joined at that position.
    #[must_use]
    pub const fn joined(epoch: u64, seq: u64) -> Self {
        Self { epoch, last_seq: seq, own: BTreeSet::new() }
    }

    /// The life of the room that is seen.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The session's own message has this place and is not delivered to it.
    pub fn record_own(&mut self, epoch: u64, seq: u64) {
        if epoch == self.epoch {
            self.own.insert(seq);
        }
    }

    /// Whether everything up to a place was seen or is the session's own.
    #[must_use]
    pub fn is_complete(&self, seq: u64) -> bool {
        (self.last_seq + 1..=seq).all(|missing| self.own.contains(&missing))
    }
}

impl Checker {
    /// A client publishes this; payloads are unique.
    ///
    /// # Panics
    /// When they are not.
    pub fn record_published(&mut self, payload: &[u8]) {
        assert!(self.published.insert(payload.to_vec()), "payloads of a test are unique");
    }

    /// A message was accepted at this place (I23: no place is given out twice).
    ///
    /// # Panics
    /// When another message stands there.
    pub fn record_accepted(&mut self, position: Position, entry: Entry) {
        self.record_entry(position, entry);
    }

    /// A session is delivered what stands at this place.
    ///
    /// # Panics
    /// When it should not be.
    pub fn record_delivered(&mut self, position: Position, entry: Entry, view: &mut View) {
        let Position { epoch, seq, .. } = position;
        assert_eq!(epoch, view.epoch, "{position:?} is of another life of the room (I5)");
        assert!(seq > view.last_seq, "{position:?} after {} (I1, I2, I6)", view.last_seq);
        assert!(!view.own.contains(&seq), "{position:?} is the session's own");
        assert!(view.is_complete(seq - 1), "{position:?} follows a hole after {view:?} (I7)");
        assert!(self.published.contains(&entry.payload), "{position:?} was never said (I4)");
        self.deliveries += 1;
        view.last_seq = seq;
        self.record_entry(position, entry);
    }

    /// The newest place that anyone knows of in a room's life.
    #[must_use]
    pub fn newest(&self, room: &str, epoch: u64) -> u64 {
        let position = |seq| Position { room: room.to_owned(), epoch, seq };
        let known = self.order.range(position(0)..=position(u64::MAX));
        known.last().map_or(0, |(position, _)| position.seq)
    }

    /// How many messages were delivered.
    #[must_use]
    pub const fn deliveries(&self) -> u64 {
        self.deliveries
    }

    fn record_entry(&mut self, position: Position, entry: Entry) {
        if let Some(known) = self.order.get(&position) {
            assert_eq!(*known, entry, "two see another thing at {position:?} (I1, I4)");
        } else {
            self.order.insert(position, entry);
        }
    }
}
