//! How a client judges what it is told of a room's state, of what was said before, and of what is
//! for some only or for everyone. A continuation of `judging`.

use throng_protocol::Code;
use throng_protocol::FromBroker;
use throng_protocol::push::{Broadcast, Deliver, Direct, Push, Tombstone};
use throng_protocol::reply::{
    AttributesPage, HistoryPage, Joined, Polled, PublishedMany, QueuePage,
};
use throng_protocol::value::{HistoryOrder, JoinOptions};

use crate::checker::{Checker, Entry, Origin, Placed, Position};
use crate::kept::{self, Kept, Queue};

use super::{Client, Outcome, told};

/// State that is on its way behind a join.
#[derive(Debug)]
pub(super) struct Arriving {
    position: Position,
    left: u32,
    claim: Kept,
}

/// A page of what was said before, of which some is still on its way.
#[derive(Debug)]
pub(super) struct Collecting {
    number: u32,
    room: String,
    epoch: u64,
    order: HistoryOrder,
    left: u32,
    entries: Vec<told::Past>,
    cursor: Vec<u8>,
}

impl Client {
    /// State follows a join that is not one more: this much of it.
    pub(super) fn expect_states(
        &mut self,
        at: Joined<'_>,
        (room, options): (&str, JoinOptions),
        checker: &mut Checker,
    ) {
        let position = Position { room: room.to_owned(), epoch: at.epoch, seq: at.seq };
        let attributes = !options.has(JoinOptions::NO_ATTRIBUTES);
        let queue = !options.has(JoinOptions::NO_QUEUE);
        let claim = Kept::new(attributes.then(Default::default), queue.then_some(None));
        let arriving = Arriving { position, left: at.states, claim };
        self.arriving = Some(arriving);
        self.check_arrived(checker);
    }

    /// If state is on its way, it comes now. Says whether this was some.
    pub(super) fn take_state(&mut self, push: &Push<'_>, checker: &mut Checker) -> bool {
        let Some(arriving) = &mut self.arriving else {
            let is_state = matches!(push, Push::RoomAttributes(_) | Push::RoomQueue(_));
            assert!(!is_state, "{push:?} follows no join");
            return false;
        };
        let at = |room: &str, epoch, seq| Position { room: room.to_owned(), epoch, seq };
        match push {
            Push::RoomAttributes(state) => {
                assert_eq!(arriving.position, at(state.room, state.epoch, state.seq));
                let own = arriving.claim.attributes.as_mut().expect("they were asked for");
                for (key, row) in kept::attributes(state.attributes) {
                    let before = own.insert(key, row);
                    assert_eq!(before, None, "an attribute twice behind a join: {state:?}");
                }
            }
            Push::RoomQueue(state) => {
                assert_eq!(arriving.position, at(state.room, state.epoch, state.seq));
                let (size, permission) = (state.size, state.permission);
                let none = Queue { size, permission, elements: Vec::new() };
                let own =
                    arriving.claim.queue.as_mut().expect("it was asked for").get_or_insert(none);
                assert_eq!((own.size, own.permission), (size, permission), "{state:?}");
                own.elements.extend(kept::elements(state.elements));
            }
            other => panic!("{other:?} comes before the state of {:?}", arriving.position),
        }
        arriving.left -= 1;
        self.check_arrived(checker);
        true
    }

    fn check_arrived(&mut self, checker: &mut Checker) {
        if let Some(Arriving { position, claim, .. }) = self.arriving.take_if(|own| own.left == 0) {
            self.kept.insert(position.room.clone(), claim.clone());
            checker.record_claim(position, &claim);
        }
    }

    pub(super) fn judge_attributes(
        &self,
        page: AttributesPage<'_>,
        room: String,
        checker: &mut Checker,
    ) -> Outcome {
        let rows: Vec<_> = kept::attributes(page.attributes).collect();
        assert!(page.attributes.iter().count() as u64 <= page.total, "{page:?}");
        if page.cursor.is_empty() {
            assert_eq!(page.attributes.iter().count() as u64, page.total, "{page:?} is all");
            let claim = Kept::new(Some(rows.iter().cloned().collect()), None);
            checker.record_claim(Position { room, epoch: page.epoch, seq: page.seq }, &claim);
        }
        Outcome::Attributes(told::Page { total: page.total, rows, cursor: page.cursor.to_vec() })
    }

    pub(super) fn judge_queue(
        &self,
        page: QueuePage<'_>,
        room: String,
        checker: &mut Checker,
    ) -> Outcome {
        let (size, permission) = (page.size, page.permission);
        let queue = Queue { size, permission, elements: kept::elements(page.elements).collect() };
        if page.cursor.is_empty() {
            assert_eq!(page.elements.iter().count() as u64, page.total, "{page:?} is all");
            let claim = Kept::new(None, Some(Some(queue.clone())));
            checker.record_claim(Position { room, epoch: page.epoch, seq: page.seq }, &claim);
        }
        Outcome::Queue(page.total, queue)
    }

    pub(super) fn judge_polled(polled: Polled<'_>) -> Outcome {
        let elements: Vec<_> = polled.elements.iter().map(|own| own.key.to_owned()).collect();
        assert!(elements.len() <= 1, "{polled:?}: one at most");
        Outcome::Polled(elements.into_iter().next())
    }

    pub(super) fn judge_many(
        &mut self,
        many: PublishedMany<'_>,
        (rooms, payload, id): (&[String], &[u8], &str),
        checker: &mut Checker,
    ) -> Outcome {
        assert_eq!(many.results.iter().count(), rooms.len(), "a result for each: {many:?}");
        for (result, room) in many.results.iter().zip(rooms) {
            if result.code == Code::NONE {
                let position =
                    Position { room: room.clone(), epoch: result.epoch, seq: result.seq };
                let (sender, payload) = (self.user.clone(), payload.to_vec());
                checker.record_accepted(position, Entry::Message { sender, payload });
                self.record_answer((room, id), (result.epoch, result.seq), checker);
            }
        }
        let each = many.results.iter().map(|one| (one.code, one.epoch, one.seq));
        Outcome::Many(each.collect())
    }

    pub(super) fn record_answer(
        &mut self,
        (room, id): (&str, &str),
        answer: (u64, u64),
        checker: &mut Checker,
    ) {
        if id.is_empty() {
            return;
        }
        if let Some(view) = self.rooms.get_mut(room) {
            view.record_perhaps_own(answer.0, answer.1);
        }
        checker.record_answer((self.user.clone(), room.to_owned(), id.to_owned()), answer);
    }

    pub(super) fn expect_page(
        &mut self,
        number: u32,
        page: HistoryPage<'_>,
        (room, order): (String, HistoryOrder),
    ) {
        let (epoch, left, cursor) = (page.epoch, page.entries, page.cursor.to_vec());
        let entries = Vec::new();
        let page = Collecting { number, room, epoch, order, left, entries, cursor };
        self.collecting = Some(page);
        self.check_collected();
    }

    /// Whether what comes next belongs to a page of what was said before.
    pub(super) const fn is_collecting(&self) -> bool {
        self.collecting.is_some()
    }

    /// If a page is on its way, this is of it. Says whether it was.
    pub(super) fn take_past(&mut self, said: &FromBroker<'_>, checker: &mut Checker) -> bool {
        let Some(page) = &mut self.collecting else { return false };
        let (room, epoch, past) = match said {
            FromBroker::Push(Push::Deliver(it)) => {
                record_past(it, checker);
                (it.room, it.epoch, told::Past::Message(it.seq, it.payload.to_vec()))
            }
            FromBroker::Push(Push::Tombstone(it)) => {
                record_stone(it, checker);
                assert_ne!(it.kind, "", "{it:?} was erased and is told");
                (it.room, it.epoch, told::Past::Stone(it.seq, it.actor.to_owned()))
            }
            other => panic!("{other:?} comes before the end of {page:?}"),
        };
        assert_eq!((room, epoch), (&*page.room, page.epoch), "{past:?} is not of {page:?}");
        let before = page.entries.last().map(told::Past::seq);
        let in_order = before.is_none_or(|before| match page.order {
            HistoryOrder::NewestFirst => past.seq() < before,
            _ => past.seq() > before,
        });
        assert!(in_order, "{past:?} in {page:?}");
        page.left -= 1;
        page.entries.push(past);
        self.check_collected();
        true
    }

    fn check_collected(&mut self) {
        if let Some(page) = self.collecting.take_if(|own| own.left == 0) {
            let Collecting { number, entries, cursor, .. } = page;
            self.outcomes.insert(number, Outcome::History(entries, cursor));
        }
    }

    pub(super) fn judge_tombstone(&mut self, stone: Tombstone<'_>, checker: &mut Checker) {
        let view = self.rooms.get_mut(stone.room).expect("only occupants are told (I5)");
        let (room, epoch, seq) = (stone.room.to_owned(), stone.epoch, stone.seq);
        let placed = view.take(&Position { room, epoch, seq }, true);
        assert_eq!(placed, Placed::Behind, "{stone:?} is not new");
        record_stone(&stone, checker);
        self.replayed += 1;
        self.stones.push((stone.room.to_owned(), stone.seq));
    }

    pub(super) fn judge_direct(&mut self, direct: Direct<'_>, checker: &Checker) {
        let view = self.rooms.get(direct.room).expect("only members hear it (I5)");
        assert_eq!(view.epoch(), direct.epoch, "{direct:?} is of another life of the room (I5)");
        let (seq, from) = (direct.seq, view.arrived_at());
        assert!(seq >= from, "{direct:?} was said before {from}, when the session came (I5)");
        assert!(view.last_seq() <= seq, "{direct:?} after {view:?}: it was said before");
        checker.check_directed(direct.payload, direct.sender, &self.user);
        let payload = direct.payload.to_vec();
        assert!(!self.directed.contains(&payload), "{direct:?} comes twice (I2)");
        self.directed.push(payload);
    }

    pub(super) fn judge_broadcast(&mut self, said: Broadcast<'_>, checker: &Checker) {
        assert!(!self.rooms.is_empty(), "{said:?} to one who is in no room (I5)");
        checker.check_broadcast(said.payload);
        let payload = said.payload.to_vec();
        assert!(!self.broadcast.contains(&payload), "{said:?} comes twice (I2)");
        self.broadcast.push(payload);
    }
}

fn record_past(it: &Deliver<'_>, checker: &mut Checker) {
    let position = Position { room: it.room.to_owned(), epoch: it.epoch, seq: it.seq };
    let (sender, payload) = (it.sender.to_owned(), it.payload.to_vec());
    let origin = Origin { role: it.sender_role, ingress_at: it.ingress_at };
    checker.record_told(position, Entry::Message { sender, payload }, origin, Placed::Behind);
}

fn record_stone(it: &Tombstone<'_>, checker: &mut Checker) {
    let position = Position { room: it.room.to_owned(), epoch: it.epoch, seq: it.seq };
    let mut bytes = Vec::new();
    FromBroker::Push((*it).into()).write(&mut bytes);
    checker.record_tombstone(&position, it.sender, &bytes);
}
