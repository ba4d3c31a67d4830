//! Answers that wait for other shards: what was decided here must be heeded there before whoever
//! asked for it is told that it holds (I13), or parts of the answer come from there.

use hashbrown::HashMap;
use throng_protocol::refusal::Code;

use crate::envelope::{Ack, Answer, Envelope, Item, ItemOutcome, Ticket};
use crate::shard::Shard;

type Waiting<T> = HashMap<u64, T, foldhash::fast::FixedState>;

/// Answers that wait.
#[derive(Debug, Default)]
pub(super) struct Acks {
    number_last: u64,
    answers: Waiting<Held>,
    results: Waiting<Gathered>,
}

/// An answer that waits for so many to heed what it tells.
#[derive(Debug)]
struct Held {
    ticket: Ticket,
    answer: Answer,
    left: usize,
}

/// An answer of many parts that waits for so many of them.
#[derive(Debug)]
struct Gathered {
    ticket: Ticket,
    outcomes: Vec<ItemOutcome>,
    left: usize,
    /// What the answer is made of them.
    answer: fn(Vec<ItemOutcome>) -> Answer,
}

impl Acks {
    /// A number that was not given out before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.number_last += 1;
        self.number_last
    }
}

impl Shard {
    /// Holds an answer until so many have heeded what it tells; gives what they are to be told.
    /// With nobody to wait for it is given at once.
    pub(super) fn answer_once_heeded(
        &mut self,
        ticket: Ticket,
        answer: Answer,
        by: usize,
    ) -> Option<Ack> {
        if by == 0 {
            self.answer(ticket, answer);
            return None;
        }
        let number = self.acks.next_number();
        self.acks.answers.insert(number, Held { ticket, answer, left: by });
        Some(Ack { shard: self.settings.id, number })
    }

    /// Tells whoever waits that this shard heeds something.
    pub(super) fn heed(&mut self, ack: Ack) {
        self.post.tell(ack.shard, Envelope::Heeded { number: ack.number });
    }

    pub(super) fn on_heeded(&mut self, number: u64) {
        let Some(held) = self.acks.answers.get_mut(&number) else { return };
        held.left -= 1;
        if held.left == 0
            && let Some(Held { ticket, answer, .. }) = self.acks.answers.remove(&number)
        {
            self.answer(ticket, answer);
        }
    }

    /// Begins to gather what becomes of so many items. Gives the number to tell it by.
    pub(super) fn gather_items(
        &mut self,
        ticket: Ticket,
        items: usize,
        answer: fn(Vec<ItemOutcome>) -> Answer,
    ) -> u64 {
        let number = self.acks.next_number();
        let outcomes = vec![ItemOutcome::plain(Code::INTERNAL); items];
        self.acks.results.insert(number, Gathered { ticket, outcomes, left: items, answer });
        number
    }

    /// Whose request it is that an item is one of.
    pub(super) fn gathered_for(&self, item: Item) -> Option<Ticket> {
        self.acks.results.get(&item.number).map(|gathered| gathered.ticket)
    }

    pub(super) fn on_item_done(&mut self, item: Item, outcome: ItemOutcome) {
        let Some(gathered) = self.acks.results.get_mut(&item.number) else { return };
        if let Some(own) = gathered.outcomes.get_mut(usize::from(item.place)) {
            *own = outcome;
        }
        gathered.left -= 1;
        if gathered.left == 0
            && let Some(all) = self.acks.results.remove(&item.number)
        {
            self.answer(all.ticket, (all.answer)(all.outcomes));
        }
    }
}
