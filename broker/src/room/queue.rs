//! A room's queue, such as of those who wait for the microphone (spec 8): elements with keys, in
//! the order in which they were first offered. Knows no sibling.

use core::ops::Bound;
use std::collections::BTreeMap;

use throng_protocol::refusal::Code;
use throng_protocol::value::{QueueElement as Row, QueueOp, QueueOptions, QueuePermission};

use crate::probe::{self, Bug};
use crate::time::WallTime;

/// The queue of a room that has one.
#[derive(Debug)]
pub struct Queue {
    size_max: u16,
    permission: QueuePermission,
    /// The keys of the elements, in the order of the queue.
    order: BTreeMap<u64, Box<str>>,
    all: BTreeMap<Box<str>, Element>,
    number_last: u64,
}

/// An element of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// What is in it.
    pub value: Box<[u8]>,
    /// Who offered it last; empty for a server.
    pub owner: Box<str>,
    /// When.
    pub set_at: WallTime,
    /// Whether it goes with its owner.
    pub transient: bool,
    number: u64,
}

/// One change that is asked for.
#[derive(Debug, Clone)]
pub struct QueueChange {
    /// What is done.
    pub op: QueueOp,
    /// To which element.
    pub key: Box<str>,
    /// What is in it, of an offer.
    pub value: Box<[u8]>,
    /// Whether it goes with its owner, of an offer.
    pub options: QueueOptions,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub const fn new(size_max: u16, permission: QueuePermission) -> Self {
        Self { size_max, permission, order: BTreeMap::new(), all: BTreeMap::new(), number_last: 0 }
    }

    /// How many elements there may be.
    #[must_use]
    pub const fn size_max(&self) -> u16 {
        self.size_max
    }

    /// Who may write.
    #[must_use]
    pub const fn permission(&self) -> QueuePermission {
        self.permission
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Gives it another size and permission.
    ///
    /// # Errors
    /// `TOO_MANY` when it holds more than that.
    pub fn set(&mut self, size_max: u16, permission: QueuePermission) -> Result<(), Code> {
        if self.len() > usize::from(size_max) {
            return Err(Code::TOO_MANY);
        }
        (self.size_max, self.permission) = (size_max, permission);
        Ok(())
    }

    /// Appends an element, or changes it in its place.
    ///
    /// # Errors
    /// `QUEUE_FULL`.
    pub fn offer(&mut self, change: &QueueChange, owner: &str, now: WallTime) -> Result<(), Code> {
        if probe::planted(Bug::OfferMoves) {
            self.remove(&change.key);
        }
        let own = self.all.get(&change.key).map(|own| own.number);
        if own.is_none() && self.len() >= usize::from(self.size_max) {
            return Err(Code::QUEUE_FULL);
        }
        let number = own.unwrap_or_else(|| {
            self.number_last += 1;
            self.order.insert(self.number_last, change.key.clone());
            self.number_last
        });
        let element = Element {
            value: change.value.clone(),
            owner: owner.into(),
            set_at: now,
            transient: change.options.has(QueueOptions::TRANSIENT),
            number,
        };
        self.all.insert(change.key.clone(), element);
        Ok(())
    }

    /// Takes an element out.
    pub fn remove(&mut self, key: &str) -> Option<Element> {
        let element = self.all.remove(key)?;
        self.order.remove(&element.number);
        Some(element)
    }

    /// An element, as it is told.
    #[must_use]
    pub fn find<'a>(&'a self, key: &'a str) -> Option<Row<'a>> {
        self.all.get(key).map(|own| row(key, own))
    }

    /// The key of the first element.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        self.order.values().next().map(|key| &**key)
    }

    /// A user has left: its transient elements go. Gives their keys.
    pub fn record_left(&mut self, user: &str) -> Vec<Box<str>> {
        let goes = |own: &Element| own.transient && *own.owner == *user;
        let gone: Vec<Box<str>> =
            self.all.iter().filter(|(_, own)| goes(own)).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
        gone
    }

    /// Takes all elements out.
    pub fn clear(&mut self) {
        self.order.clear();
        self.all.clear();
    }

    /// Elements behind a number, in the order of the queue, with their numbers.
    pub fn rows(&self, behind: Option<u64>) -> impl Iterator<Item = (u64, Row<'_>)> {
        let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
        let order = self.order.range((from, Bound::Unbounded));
        order.filter_map(|(number, key)| Some((*number, row(key, self.all.get(key)?))))
    }

    /// Checks what must hold between any two events.
    ///
    /// # Panics
    /// When it does not.
    pub fn invariants(&self) {
        assert_eq!(self.order.len(), self.all.len(), "every element has a place");
        for (number, key) in &self.order {
            let own = self.all.get(key).expect("every place has an element");
            assert_eq!(own.number, *number, "of its number");
        }
    }
}

/// An element as it is told.
#[must_use]
pub fn row<'a>(key: &'a str, own: &'a Element) -> Row<'a> {
    let options = if own.transient { QueueOptions::TRANSIENT } else { QueueOptions::default() };
    let set_at = own.set_at.as_micros();
    Row { key, value: &own.value, owner: &own.owner, set_at, options }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallTime = WallTime::from_micros(3);

    fn offer(key: &str, value: &[u8]) -> QueueChange {
        let options = QueueOptions::default();
        QueueChange { op: QueueOp::Offer, key: key.into(), value: value.into(), options }
    }

    fn keys(queue: &Queue) -> Vec<&str> {
        queue.rows(None).map(|(_, row)| row.key).collect()
    }

    #[test]
    fn an_offer_appends_or_changes_in_its_place() {
        let mut queue = Queue::new(3, QueuePermission::Anyone);
        for key in ["b", "a", "c"] {
            queue.offer(&offer(key, b""), "ann", NOW).unwrap();
        }
        queue.offer(&offer("b", b"new"), "bob", NOW).unwrap();
        assert_eq!(queue.offer(&offer("d", b""), "ann", NOW), Err(Code::QUEUE_FULL));
        assert_eq!((keys(&queue), queue.head()), (vec!["b", "a", "c"], Some("b")));
        assert_eq!(queue.remove("b").unwrap().owner, "bob".into());
        assert_eq!((keys(&queue), queue.head()), (vec!["a", "c"], Some("a")));
        queue.offer(&offer("b", b""), "ann", NOW).unwrap();
        assert_eq!(keys(&queue), ["a", "c", "b"], "whoever comes back is the last");
        assert_eq!(queue.set(2, QueuePermission::Managers), Err(Code::TOO_MANY));
        assert_eq!(queue.set(9, QueuePermission::Managers), Ok(()));
    }

    #[test]
    fn transient_elements_go_with_whoever_offered_them_last() {
        let mut queue = Queue::new(9, QueuePermission::Anyone);
        let transient = |key| QueueChange { options: QueueOptions::TRANSIENT, ..offer(key, b"") };
        queue.offer(&transient("a"), "ann", NOW).unwrap();
        queue.offer(&offer("b", b""), "ann", NOW).unwrap();
        queue.offer(&transient("c"), "bob", NOW).unwrap();
        assert_eq!(queue.record_left("ann"), [Box::from("a")]);
        assert_eq!(keys(&queue), ["b", "c"]);
        queue.invariants();
        let first = queue.rows(None).next().unwrap().0;
        assert_eq!(queue.rows(Some(first)).count(), 1);
    }
}
