//! The judge: what every client sees of every room, held against each other and against what was
//! accepted. The names of the invariants are those of the reliability rules.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use throng_broker::app::Rates;
use throng_protocol::value::{NoticeKind, Role};

use crate::claims::Claims;
use crate::passes::CREDENTIAL;
use crate::spoken::Spoken;
pub use crate::view::{Arrival, View};

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
pub enum Entry {
    /// A message.
    Message {
        /// The user who published it.
        sender: String,
        /// The message.
        payload: Vec<u8>,
    },
    /// A notice, the same bytes for everyone.
    Notice {
        /// The whole frame.
        bytes: Vec<u8>,
        /// What it tells.
        what: NoticeKind,
    },
}

/// How an entry came to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// When it was new.
    Live,
    /// Behind the session's join.
    Behind,
}

/// How a message reached the broker.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The role of its sender.
    pub role: Role,
    /// When the broker read it, by its wall clock in microseconds.
    pub ingress_at: u64,
}

impl Default for Checker {
    fn default() -> Self {
        Self::new(Rates {
            client_messages: None,
            server_messages: None,
            requests: None,
            refused: None,
            member_queries: None,
        })
    }
}

/// What all clients together know.
#[derive(Debug)]
pub struct Checker {
    rates: Rates,
    /// What was published since the broker's memory or clock was last lost.
    published: BTreeSet<Vec<u8>>,
    /// What was published before that. Someone may hear it for the first time only now, with a
    /// time that means nothing any more.
    published_before: BTreeSet<Vec<u8>>,
    order: BTreeMap<Position, Entry>,
    /// When the broker read what each sender published, since its memory or its clock was lost.
    heard_at: BTreeMap<Sender, Vec<u64>>,
    /// Places whose time is among these.
    heard: BTreeSet<Position>,
    deliveries: u64,
    /// Payloads of the kind that is always protected.
    protected: BTreeSet<Vec<u8>>,
    /// Places that were skipped for someone.
    skipped: BTreeSet<Position>,
    /// Where sessions were told that they were put out, without having seen what stands there.
    kicked: BTreeSet<Position>,
    /// What rooms keep, as was said.
    pub(crate) claims: Claims,
    /// What was said in other ways than once, to a whole room.
    pub(crate) spoken: Spoken,
}

/// The kind that is protected wherever kinds are mixed.
pub const PROTECTED_KIND: &str = "tip";

/// Whom a rate limit counts: a user, a server's credential, or all servers of the development app.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Server,
    Credential(String),
    Client(String),
}

impl Checker {
    /// A judge of senders with these limits.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            rates,
            published: BTreeSet::new(),
            published_before: BTreeSet::new(),
            order: BTreeMap::new(),
            heard_at: BTreeMap::new(),
            heard: BTreeSet::new(),
            deliveries: 0,
            protected: BTreeSet::new(),
            skipped: BTreeSet::new(),
            kicked: BTreeSet::new(),
            claims: Claims::default(),
            spoken: Spoken::default(),
        }
    }

    /// The broker has lost its memory, or its wall clock jumped: rates are counted anew.
    ///
    /// # Panics
    /// When they were not kept until now.
    pub fn record_crash(&mut self) {
        self.check_rates();
        self.check_repeats();
        self.heard_at.clear();
        self.published_before.append(&mut self.published);
    }

    /// Holds every sender to its limit in any window of one second (I11).
    ///
    /// # Panics
    /// When one was let go over it.
    pub fn check_rates(&mut self) {
        for (sender, times) in &mut self.heard_at {
            let limit = match sender {
                Sender::Server | Sender::Credential(_) => self.rates.server_messages,
                Sender::Client(_) => self.rates.client_messages,
            };
            let Some(limit) = limit else { continue };
            times.sort_unstable();
            for window in times.windows(limit.get() as usize + 1) {
                let micros = window[window.len() - 1] - window[0];
                assert!(micros >= 1_000_000, "{sender:?}: {} in {micros} us (I11)", window.len());
            }
        }
    }

    /// A client publishes this; payloads are unique.
    ///
    /// # Panics
    /// When they are not.
    pub fn record_published(&mut self, payload: &[u8], kind: &str) {
        if kind == PROTECTED_KIND {
            self.protected.insert(payload.to_vec());
        }
        assert!(self.published.insert(payload.to_vec()), "payloads of a test are unique");
    }

    /// A message was accepted at this place (I23: no place is given out twice).
    ///
    /// # Panics
    /// When another message stands there.
    pub fn record_accepted(&mut self, position: Position, entry: Entry) {
        self.record_place(&position, &entry, None);
        self.record_entry(position, entry);
    }

    /// A session is delivered what stands at this place.
    ///
    /// # Panics
    /// When it should not be.
    pub fn record_delivered(
        &mut self,
        position: Position,
        entry: Entry,
        origin: Origin,
        view: &mut View,
    ) -> Placed {
        let placed = view.take(&position, true);
        if placed == Placed::Behind {
            self.record_given(position.clone(), view.arrived_at());
        }
        self.record_told(position, entry, origin, placed);
        placed
    }

    /// A message is told: as it is delivered, or on a page of what was said before.
    ///
    /// # Panics
    /// When it was never said, or another stands there.
    pub(crate) fn record_told(
        &mut self,
        position: Position,
        entry: Entry,
        origin: Origin,
        placed: Placed,
    ) {
        let Entry::Message { sender, payload } = &entry else { panic!("{entry:?} is no message") };
        let timed = self.published.contains(payload);
        let said = timed || self.published_before.contains(payload);
        assert!(said, "{position:?} was never said (I4)");
        self.deliveries += u64::from(placed == Placed::Live);
        if timed && self.heard.insert(position.clone()) {
            let sender = match origin.role {
                Role::Server if sender.starts_with(CREDENTIAL) => {
                    Sender::Credential(sender.clone())
                }
                Role::Server => Sender::Server,
                _ => Sender::Client(sender.clone()),
            };
            self.heard_at.entry(sender).or_default().push(origin.ingress_at);
        }
        self.record_place(&position, &entry, timed.then_some(origin.ingress_at));
        self.record_entry(position, entry);
    }

    /// A session is told what happened at this place of the room's order.
    ///
    /// # Panics
    /// When it should not be, or another was told something else.
    pub fn record_noticed(&mut self, position: Position, entry: Entry, view: &mut View) -> Placed {
        let placed = view.take(&position, false);
        self.record_entry(position, entry);
        placed
    }

    /// A session is told that it was put out, at this place or right behind it.
    ///
    /// # Panics
    /// When it has not seen all before, or more than that.
    pub fn record_kicked(&mut self, position: Position, view: &View) {
        let Position { epoch, seq, .. } = position;
        assert_eq!(epoch, view.epoch(), "{position:?} is of another life of the room (I5)");
        assert!(view.last_seq() <= seq, "put out at {position:?} after {view:?} (I5)");
        let before = seq.saturating_sub(1);
        assert!(view.is_complete(before), "put out at {position:?} with a hole in {view:?} (I7)");
        if !view.is_complete(seq) {
            self.kicked.insert(position);
        }
    }

    /// Whoever was put out without having seen what stands at that place was put out by just that
    /// (I7).
    ///
    /// # Panics
    /// When something else stands there.
    pub fn check_kicked(&self) {
        let outs = [NoticeKind::UsersKicked, NoticeKind::UsersBanned];
        for position in &self.kicked {
            match self.order.get(position) {
                None => {}
                Some(Entry::Notice { what, .. }) if outs.contains(what) => {}
                Some(other) => panic!("put out at {position:?} without having seen {other:?} (I7)"),
            }
        }
    }

    /// A session is told that these places were skipped for it.
    ///
    /// # Panics
    /// When they should not have been.
    pub fn record_skipped(
        &mut self,
        room: &str,
        (epoch, range): (u64, RangeInclusive<u64>),
        by_class: [u64; 3],
        view: &mut View,
    ) {
        let (from, to) = (*range.start(), *range.end());
        view.skip(epoch, range.clone());
        assert_eq!(by_class.iter().sum::<u64>(), to - from + 1, "{room} {range:?} (I10)");
        assert_eq!(by_class[0], 0, "{room} {range:?}: protected ones are never skipped (I8)");
        let room = room.to_owned();
        self.skipped.extend(range.map(|seq| Position { room: room.clone(), epoch, seq }));
    }

    /// Nothing that was skipped for anyone is a notice, or of the kind that is always protected
    /// (I8).
    ///
    /// # Panics
    /// When something is.
    pub fn check_skipped(&self) {
        for position in &self.skipped {
            let protected = match self.order.get(position) {
                Some(Entry::Message { payload, .. }) => self.protected.contains(payload),
                Some(Entry::Notice { .. }) => true,
                None => false,
            };
            assert!(!protected, "{position:?} is protected and was skipped (I8)");
        }
    }

    /// The newest place that anyone knows of in a room's life.
    #[must_use]
    pub fn newest(&self, room: &str, epoch: u64) -> u64 {
        let position = |seq| Position { room: room.to_owned(), epoch, seq };
        let known = self.order.range(position(0)..=position(u64::MAX));
        known.last().map_or(0, |(position, _)| position.seq)
    }

    /// What stands at a place, as far as anyone knows.
    pub(crate) fn entry(&self, position: &Position) -> Option<&Entry> {
        self.order.get(position)
    }

    /// All that is known.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Position, &Entry)> {
        self.order.iter()
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
