//! What one publisher has published, and what became of it.
//!
//! Accepted messages must come in the order of their requests and get rising places in the
//! room's order; anything else is an error of the server and ends the run. A refusal may overtake
//! an earlier request's answer, as the protocol allows. The ledger reads no bytes: a dialect
//! does, and says here what they meant.

use std::collections::VecDeque;

use anyhow::ensure;

use crate::load::class::{Class, Mix};
use crate::load::headway::Headway;
use crate::load::tally::Counts;
use crate::load::window::InFlight;

/// Why a message was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// Its sender was too fast, or may not.
    Refused,
    /// There was too much, and it was dropped on purpose.
    Shed,
}

/// What one publisher has published.
#[derive(Debug)]
pub struct Ledger {
    mix: Mix,
    answered: bool,
    /// The number of the last message.
    pub published: u64,
    /// When recent messages were due, by number, as a ring.
    due: Vec<(u64, u64)>,
    /// Messages that are not answered; 0 where the server does not answer.
    pub unanswered: u32,
    /// The number of the last message that was accepted.
    accepted: u64,
    /// The place of that message.
    pub last_seq: u64,
    /// Messages that were not accepted.
    pub turned_down: u64,
    /// Those of them after the last message that every member has, in order.
    turned_down_lately: VecDeque<u64>,
    /// Why the first of them was.
    pub first_refusal: Option<String>,
}

impl Ledger {
    /// Nothing published yet. `answered` says whether the server answers each publish;
    /// `recent` is how many messages' due times are kept.
    pub fn new(mix: Mix, answered: bool, recent: usize) -> Self {
        Self {
            mix,
            answered,
            published: 0,
            due: vec![(0, 0); recent.next_power_of_two()],
            unanswered: 0,
            accepted: 0,
            last_seq: 0,
            turned_down: 0,
            turned_down_lately: VecDeque::new(),
            first_refusal: None,
        }
    }

    /// Enters the next message, which is due then. Gives its number and its class.
    pub fn publish(&mut self, due_at: u64, counts: &mut Counts) -> (u64, Class) {
        self.published += 1;
        let number = self.published;
        let place = self.place(number);
        self.due[place] = (number, due_at);
        self.unanswered += u32::from(self.answered);
        let class = self.mix.class(number);
        counts.published[class as usize] += 1;
        (number, class)
    }

    /// When a message was due, if it is a recent one that was not turned down.
    pub fn due_at(&self, number: u64) -> Option<u64> {
        let (kept, due_at) = self.due[self.place(number)];
        (kept == number).then_some(due_at)
    }

    /// The oldest message that is not answered was accepted: the word of a server that answers
    /// in order and names nothing.
    ///
    /// # Errors
    /// When none is waiting for an answer.
    pub fn accept_next(&mut self, counts: &mut Counts) -> anyhow::Result<()> {
        ensure!(self.unanswered > 0, "an answer to nothing");
        self.unanswered -= 1;
        self.accepted += 1;
        counts.accepted += 1;
        Ok(())
    }

    /// A message was accepted and got this place.
    ///
    /// # Errors
    /// When it is not one that waits for an answer, or a later one was accepted or placed before.
    pub fn accept(&mut self, number: u64, seq: u64, counts: &mut Counts) -> anyhow::Result<()> {
        self.take_answer(number)?;
        ensure!(
            number > self.accepted,
            "message {number} was accepted after message {}",
            self.accepted
        );
        ensure!(
            seq > self.last_seq,
            "a later message got an earlier place: {seq} after {}",
            self.last_seq
        );
        (self.accepted, self.last_seq) = (number, seq);
        counts.accepted += 1;
        Ok(())
    }

    /// A message was not accepted.
    ///
    /// # Errors
    /// When it is not one that waits for an answer.
    pub fn turn_down(
        &mut self,
        number: u64,
        (no, words): (No, &str),
        counts: &mut Counts,
    ) -> anyhow::Result<()> {
        self.take_answer(number)?;
        match no {
            No::Refused => counts.refused += 1,
            No::Shed => counts.shed += 1,
        }
        self.turned_down += 1;
        let place = self.turned_down_lately.partition_point(|earlier| *earlier < number);
        self.turned_down_lately.insert(place, number);
        let place = self.place(number);
        self.due[place] = (0, 0);
        if self.first_refusal.is_none() {
            self.first_refusal = Some(words.to_owned());
        }
        Ok(())
    }

    /// Every member has what came up to this number.
    pub fn settle(&mut self, everywhere: u64) {
        while self.turned_down_lately.front().is_some_and(|number| *number <= everywhere) {
            self.turned_down_lately.pop_front();
        }
    }

    /// What is in flight, of a window of that many.
    pub fn in_flight(&self, headway: &Headway, window: u32) -> InFlight {
        InFlight {
            window,
            published: self.published,
            begun: headway.fastest,
            everywhere: headway.slowest,
            refused: self.turned_down_lately.len() as u64,
            unanswered: self.unanswered,
        }
    }

    fn take_answer(&mut self, number: u64) -> anyhow::Result<()> {
        ensure!(
            self.unanswered > 0 && (1..=self.published).contains(&number),
            "an answer to message {number}, which waits for none"
        );
        self.unanswered -= 1;
        Ok(())
    }

    fn place(&self, number: u64) -> usize {
        usize::try_from(number).expect("a 64-bit machine") & (self.due.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(count: u64) -> (Ledger, Counts) {
        let mut ledger = Ledger::new(Mix::Plain, true, 4);
        let mut counts = Counts::default();
        for number in 1..=count {
            assert_eq!(ledger.publish(number * 10, &mut counts).0, number);
        }
        (ledger, counts)
    }

    #[test]
    fn answers_in_order_with_rising_places_are_taken() {
        let (mut ledger, mut counts) = published(3);
        for number in 1..=3 {
            ledger.accept(number, number + 5, &mut counts).unwrap();
        }
        assert_eq!((ledger.unanswered, ledger.last_seq, counts.accepted), (0, 8, 3));
        assert!(ledger.accept(3, 9, &mut counts).is_err(), "it was answered already");
    }

    #[test]
    fn a_later_message_with_an_earlier_place_is_an_error_of_the_server() {
        let (mut ledger, mut counts) = published(3);
        ledger.accept(1, 7, &mut counts).unwrap();
        assert!(ledger.accept(2, 7, &mut counts).is_err());
        let (mut ledger, mut counts) = published(3);
        ledger.accept(2, 7, &mut counts).unwrap();
        assert!(ledger.accept(1, 8, &mut counts).is_err());
        assert!(ledger.accept(4, 9, &mut counts).is_err(), "it was never published");
    }

    #[test]
    fn a_refusal_may_overtake_and_is_told_in_the_words_of_the_first() {
        let (mut ledger, mut counts) = published(3);
        ledger.turn_down(3, (No::Refused, "too fast"), &mut counts).unwrap();
        ledger.turn_down(2, (No::Shed, "too much"), &mut counts).unwrap();
        ledger.accept(1, 1, &mut counts).unwrap();
        assert_eq!((counts.refused, counts.shed, ledger.unanswered), (1, 1, 0));
        assert_eq!(ledger.first_refusal.as_deref(), Some("too fast"));
        assert_eq!(ledger.due_at(2), None);
    }

    #[test]
    fn a_refused_message_is_not_waited_for() {
        let (mut ledger, mut counts) = published(3);
        let mut headway = Headway::new(1);
        assert_eq!(ledger.in_flight(&headway, 8).on_their_way(), 3);
        ledger.turn_down(3, (No::Shed, ""), &mut counts).unwrap();
        ledger.turn_down(2, (No::Shed, ""), &mut counts).unwrap();
        assert_eq!(ledger.in_flight(&headway, 8).on_their_way(), 1);
        headway.advance(0, 1);
        headway.find_slowest([1].into_iter());
        ledger.settle(headway.slowest);
        assert_eq!(ledger.in_flight(&headway, 8).on_their_way(), 0);
    }

    #[test]
    fn due_times_of_recent_messages_are_known() {
        let (ledger, _) = published(6);
        assert_eq!(ledger.due_at(6), Some(60));
        assert_eq!(ledger.due_at(3), Some(30));
        assert_eq!(ledger.due_at(2), None, "its place in the ring was taken");
    }

    #[test]
    fn a_server_that_does_not_answer_leaves_nothing_unanswered() {
        let mut ledger = Ledger::new(Mix::Plain, false, 4);
        let mut counts = Counts::default();
        ledger.publish(1, &mut counts);
        assert_eq!(ledger.unanswered, 0);
        assert!(ledger.accept_next(&mut counts).is_err());
    }
}
