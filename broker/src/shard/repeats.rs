//! What became of a user's messages that carried an id of their own, so that a repeat gets the
//! first answer (spec 5). Kept with the user, so it holds over reconnects and all its devices.

use std::collections::{BTreeMap, VecDeque};

use crate::envelope::{Item, Ticket};
use crate::limits::{MESSAGE_ID_LIFETIME, MESSAGE_IDS_MAX};
use crate::time::{Instant, WallTime};

/// A request, or one of the rooms of one.
type Attempted = (Ticket, Option<Item>);

/// A room and a message id.
type Name = (Box<str>, Box<str>);

/// The messages of a user that had ids.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    all: BTreeMap<Name, Attempt>,
    /// In the order in which they were begun, with their numbers.
    order: VecDeque<(Instant, u64, Name)>,
    /// Those that nothing became of yet, by the request that began them.
    pending: Vec<(Attempted, Name)>,
    number_last: u64,
}

/// A message, and what became of it.
#[derive(Debug)]
struct Attempt {
    number: u64,
    /// Who waits for that, while nothing did.
    waiting: Vec<Waiting>,
    first: Option<First>,
}

/// A request that waits for what becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    /// Whether it wants no answer if the message is accepted.
    pub(super) quiet: bool,
    /// Which of many rooms it was for.
    pub(super) item: Option<Item>,
}

/// The answer to the first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct First {
    pub(super) epoch: u64,
    pub(super) seq: u64,
    pub(super) time: WallTime,
}

/// What a message with an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// New: it is to be published.
    New,
    /// A repeat of one that nothing became of yet; it will be answered with it.
    Waits,
    /// A repeat of one that was accepted.
    Repeat(First),
}

impl Repeats {
    /// Looks a message up; one that is pending is waited for from now on.
    pub(super) fn find(&mut self, room: &str, id: &str, waiting: Waiting, now: Instant) -> Known {
        self.expire(now);
        match self.all.get_mut(&(Box::from(room), Box::from(id))) {
            None => Known::New,
            Some(Attempt { first: Some(first), .. }) => Known::Repeat(*first),
            Some(attempt) => {
                attempt.waiting.push(waiting);
                Known::Waits
            }
        }
    }

    /// A new message is on its way.
    pub(super) fn record(&mut self, room: &str, id: &str, waiting: Waiting, now: Instant) {
        if self.order.len() >= MESSAGE_IDS_MAX {
            self.forget_oldest();
        }
        let name: Name = (room.into(), id.into());
        self.number_last += 1;
        let number = self.number_last;
        self.order.push_back((now, number, name.clone()));
        self.pending.push(((waiting.ticket, waiting.item), name.clone()));
        self.all.insert(name, Attempt { number, waiting: vec![waiting], first: None });
    }

    /// The message of a request was accepted, or was not and may be tried again. Gives who waits for
    /// that; nothing if the message had no id.
    pub(super) fn settle(
        &mut self,
        attempted: Attempted,
        first: Option<First>,
    ) -> Option<Vec<Waiting>> {
        let place = self.pending.iter().position(|(own, _)| *own == attempted)?;
        let (_, name) = self.pending.swap_remove(place);
        let Some(attempt) = self.all.get_mut(&name) else { return Some(Vec::new()) };
        let waiting = core::mem::take(&mut attempt.waiting);
        attempt.first = first;
        if first.is_none() {
            self.all.remove(&name);
        }
        Some(waiting)
    }

    /// When all of it may be forgotten.
    pub(super) fn forgotten_at(&self) -> Instant {
        self.order.back().map_or(Instant::ZERO, |(at, ..)| *at + MESSAGE_ID_LIFETIME)
    }

    fn expire(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(at, ..)| *at + MESSAGE_ID_LIFETIME <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, number, name)) = self.order.pop_front() else { return };
        // It may have failed since, and been tried again.
        if self.all.get(&name).is_some_and(|attempt| attempt.number == number) {
            self.all.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, SessionKey, ShardId, UserHandle};
    use crate::slots::Slot;
    use core::time::Duration;

    fn waiting(request: u32) -> Waiting {
        let connection = ConnectionId { slot: 0, generation: 0 };
        let session = SessionKey { shard: ShardId(0), connection };
        let user = UserHandle(Slot { index: 0, generation: 0 });
        Waiting { ticket: Ticket { session, user, request }, quiet: false, item: None }
    }

    fn by(request: u32) -> Attempted {
        (waiting(request).ticket, None)
    }

    const FIRST: First = First { epoch: 1, seq: 7, time: WallTime::from_micros(3) };

    fn second(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_repeat_gets_the_first_answer_for_two_minutes() {
        let mut repeats = Repeats::default();
        assert_eq!(repeats.find("r", "id", waiting(1), second(0)), Known::New);
        repeats.record("r", "id", waiting(1), second(0));
        assert_eq!(repeats.find("r", "id", waiting(2), second(0)), Known::Waits);
        assert_eq!(repeats.find("other", "id", waiting(3), second(0)), Known::New);
        assert_eq!(repeats.settle(by(9), Some(FIRST)), None, "it had no id");
        let both = Some(vec![waiting(1), waiting(2)]);
        assert_eq!(repeats.settle(by(1), Some(FIRST)), both);
        let repeat = Known::Repeat(FIRST);
        assert_eq!(repeats.find("r", "id", waiting(4), second(119)), repeat);
        assert_eq!(repeats.forgotten_at(), second(120));
        assert_eq!(repeats.find("r", "id", waiting(4), second(120)), Known::New);
    }

    #[test]
    fn one_that_was_refused_may_be_tried_again() {
        let mut repeats = Repeats::default();
        repeats.record("r", "id", waiting(1), second(0));
        assert_eq!(repeats.settle(by(1), None), Some(vec![waiting(1)]));
        assert_eq!(repeats.find("r", "id", waiting(2), second(1)), Known::New);
        repeats.record("r", "id", waiting(2), second(1));
        repeats.settle(by(2), Some(FIRST));
        let repeat = Known::Repeat(FIRST);
        assert_eq!(repeats.find("r", "id", waiting(3), second(120)), repeat, "from the second on");
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut repeats = Repeats::default();
        for n in 0..=u32::try_from(MESSAGE_IDS_MAX).unwrap() {
            repeats.record("r", &n.to_string(), waiting(n), second(0));
            repeats.settle(by(n), Some(FIRST));
        }
        assert_eq!(repeats.all.len(), MESSAGE_IDS_MAX);
        assert_eq!(repeats.find("r", "0", waiting(0), second(0)), Known::New);
    }
}
