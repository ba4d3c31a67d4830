//! One publisher: what it has to say, and what it has said.
//!
//! In the closed loop it says what the window allows; in the open loop what has come due, and
//! what it cannot say because the server does not read waits here, due at its own time.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::load::dialect::{Dialect, Message};
use crate::load::ledger::Ledger;
use crate::load::stamp::Stamp;
use crate::load::tally::Tally;
use crate::load::wire::Wire;

/// Bytes that may wait for a socket before a publisher holds back what has come due. More would
/// only move the queue, and hide from the stamps when a message was really written.
const UNWRITTEN_BYTES_MAX: usize = 64 * 1024;

/// One publisher.
#[derive(Debug)]
pub struct Publisher {
    /// Its socket.
    pub wire: Wire,
    /// The number of its room.
    pub room: u32,
    /// Its number in that room.
    pub in_room: u16,
    /// What became of what it said.
    pub ledger: Ledger,
    /// When messages came due that are not published yet.
    pub due: VecDeque<u64>,
}

/// What it takes to write a message.
#[derive(Debug)]
pub struct Pen<'a> {
    /// The language.
    pub dialect: &'a Rc<dyn Dialect>,
    /// The name of the publisher's room.
    pub room: &'a str,
    /// The payload; its stamp is overwritten.
    pub payload: &'a mut [u8],
    /// The load's clock.
    pub now: u64,
    /// What is counted.
    pub tally: &'a mut Tally,
}

impl Publisher {
    /// Publishes that many messages now, in one write.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn publish(&mut self, count: u32, pen: &mut Pen<'_>) -> anyhow::Result<()> {
        pen.tally.counts.offered += u64::from(count);
        for _ in 0..count {
            self.say(pen.now, pen)?;
        }
        self.wire.write()
    }

    /// Publishes what has come due, as far as the socket takes it.
    ///
    /// # Errors
    /// When the session has ended.
    pub fn publish_due(&mut self, pen: &mut Pen<'_>) -> anyhow::Result<()> {
        self.wire.write()?;
        while self.wire.unwritten_bytes() < UNWRITTEN_BYTES_MAX
            && let Some(due_at) = self.due.pop_front()
        {
            self.say(due_at, pen)?;
        }
        self.wire.write()
    }

    /// Whether all it said is on its way and, where the server answers, was answered.
    pub fn is_quiet(&self) -> bool {
        self.wire.unwritten_bytes() == 0 && self.ledger.unanswered == 0
    }

    fn say(&mut self, due_at: u64, pen: &mut Pen<'_>) -> anyhow::Result<()> {
        let (number, class) = self.ledger.publish(due_at, &mut pen.tally.counts);
        let stamp = Stamp {
            due_at,
            written_at: pen.now,
            room: self.room,
            publisher: self.in_room,
            class,
            number,
        };
        stamp.write(pen.payload);
        let message = Message { room: pen.room, class, number, payload: pen.payload };
        pen.dialect.publish(&message, self.wire.out())
    }
}
