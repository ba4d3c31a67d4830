//! Answers that wait for other shards: what was decided here must be heeded there before whoever
//! asked for it is told that it holds (I13), or parts of the answer come from there.

use hashbrown::HashMap;
use throng_protocol::refusal::Code;

use crate::envelope::{Ack, Answer, Envelope, Ticket};
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
    codes: Vec<Code>,
    left: usize,
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
    pub(super) fn gather_results(&mut self, ticket: Ticket, items: usize) -> u64 {
        let number = self.acks.next_number();
        let codes = vec![Code::INTERNAL; items];
        self.acks.results.insert(number, Gathered { ticket, codes, left: items });
        number
    }

    pub(super) fn on_item_done(&mut self, number: u64, place: u16, code: Code) {
        let Some(gathered) = self.acks.results.get_mut(&number) else { return };
        if let Some(own) = gathered.codes.get_mut(usize::from(place)) {
            *own = code;
        }
        gathered.left -= 1;
        if gathered.left == 0
            && let Some(Gathered { ticket, codes, .. }) = self.acks.results.remove(&number)
        {
            self.answer(ticket, Answer::Results(codes));
        }
    }
}
