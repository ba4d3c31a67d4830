//! The languages of the servers that are measured, behind the same few verbs.
//!
//! A dialect turns what the load wants to say into bytes, and what comes back into calls on an
//! [`Ear`] (a member's deliveries) or on [`Answers`] (a publisher's replies). It holds no state
//! of a connection and touches no socket, so that every server gets the same load: which message
//! is published when, what is checked and what is counted is decided elsewhere, once for all.

mod mqtt;
mod nats;
mod redis;
mod throng;
mod units;

use core::fmt;

use throng_protocol::value::Role;

use crate::load::class::Class;
use crate::load::ear::Ear;
use crate::load::ledger::Ledger;
use crate::load::tally::Counts;

pub use mqtt::Mqtt;
pub use nats::Nats;
pub use redis::Redis;
pub use throng::{Entry, Throng};

/// Who a session is to be.
#[derive(Debug, Clone)]
pub struct Guest {
    /// Its user, where the server knows users.
    pub user: String,
    /// Its role, where the server knows roles.
    pub role: Role,
    /// The room it joins, if any.
    pub room: Option<String>,
    /// Whether it must be let to publish as much as it likes.
    pub unlimited: bool,
}

/// A position in a room's order; of a server that keeps none, the position before all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The room's epoch.
    pub epoch: u64,
    /// The last message before it.
    pub seq: u64,
}

/// What a session was told while it was being opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Opened {
    /// Bytes that were read.
    pub taken: usize,
    /// Where it came in, once it is wholly open.
    pub place: Option<Place>,
}

/// One message that is to be published.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The room.
    pub room: &'a str,
    /// Its class, for servers that know kinds.
    pub class: Class,
    /// The publisher's number for it.
    pub number: u64,
    /// The stamp, and what fills the payload up.
    pub payload: &'a [u8],
}

/// Where a publisher's answers go.
#[derive(Debug)]
pub struct Answers<'a> {
    /// What it has published.
    pub ledger: &'a mut Ledger,
    /// What the load counts.
    pub counts: &'a mut Counts,
    /// What has to be said back.
    pub out: &'a mut Vec<u8>,
}

/// One language.
pub trait Dialect: fmt::Debug {
    /// Whether each publish is answered.
    fn answers(&self) -> bool;

    /// Whether a delivery names its place in the room's order.
    fn has_places(&self) -> bool;

    /// Appends all it takes to open a session: who it is, and the room it joins. Nothing has to
    /// be waited for between the two.
    fn open(&self, guest: &Guest, out: &mut Vec<u8>);

    /// Reads what came in answer to [`Dialect::open`].
    ///
    /// # Errors
    /// When the server says no, or something that is no answer.
    fn opened(&self, guest: &Guest, received: &[u8]) -> anyhow::Result<Opened>;

    /// How every delivery of a room begins, up to where one differs from the next.
    fn beginning(&self, room: &str, epoch: u64, payload_bytes: usize) -> Vec<u8>;

    /// Appends a publish.
    ///
    /// # Errors
    /// When the message cannot be said.
    fn publish(&self, message: &Message<'_>, out: &mut Vec<u8>) -> anyhow::Result<()>;

    /// Takes whole deliveries off the front of what a member received; gives how many bytes were
    /// taken. This is the load's hot path.
    ///
    /// # Errors
    /// When something came that should not.
    fn hear_room(&self, received: &[u8], ear: &mut Ear<'_>) -> anyhow::Result<usize>;

    /// Takes whole answers off the front of what a publisher received; gives how many bytes were
    /// taken.
    ///
    /// # Errors
    /// When something came that should not.
    fn hear_answers(&self, received: &[u8], answers: &mut Answers<'_>) -> anyhow::Result<usize>;

    /// Appends a question to which any answer is a sign of life.
    fn ask_for_life(&self, out: &mut Vec<u8>);
}

/// What the tests of all dialects share: a server's bytes, cut anywhere.
#[cfg(test)]
mod testing {
    use super::*;
    use crate::load::ear::{Expected, Record};
    use crate::load::headway::Headway;
    use crate::load::order::Flaws;
    use crate::load::stamp::{STAMP_BYTES, Stamp};
    use crate::load::tally::Tally;

    pub const PAYLOAD_BYTES: usize = STAMP_BYTES + 8;
    pub const ROOM: &str = "a-room";

    /// The payload of one publisher's message.
    pub fn payload(number: u64) -> Vec<u8> {
        let mut payload = vec![0; STAMP_BYTES];
        payload.extend_from_slice(&[1, 2, b'\r', b'\n', 5, 6, 7, 8]);
        stamp(number).write(&mut payload);
        payload
    }

    fn stamp(number: u64) -> Stamp {
        let class = Class::High;
        Stamp { due_at: 1, written_at: 1, room: 3, publisher: 0, class, number }
    }

    /// The publish of that message.
    pub fn published(dialect: &dyn Dialect, number: u64) -> Vec<u8> {
        let payload = payload(number);
        let message = Message { room: ROOM, class: Class::High, number, payload: &payload };
        let mut out = Vec::new();
        dialect.publish(&message, &mut out).unwrap();
        out
    }

    /// What a member hears who receives these pieces, one receive each.
    #[derive(Debug, Default)]
    pub struct Heard {
        pub deliveries: u64,
        pub last_number: u64,
        pub flaws: Flaws,
        pub said: Vec<u8>,
        pub left_over: usize,
    }

    pub fn hear(dialect: &dyn Dialect, pieces: &[&[u8]]) -> anyhow::Result<Heard> {
        let expected = Expected {
            room: 3,
            beginning: dialect.beginning(ROOM, 7, PAYLOAD_BYTES),
            payload_bytes: PAYLOAD_BYTES,
            filling: payload(0)[STAMP_BYTES..].into(),
        };
        let mut record = Record::new(Place::default());
        let (mut got, mut headway, mut moved) = ([0], [Headway::new(1)], Vec::new());
        let (mut tally, mut out, mut held) = (Tally::new(), Vec::new(), Vec::new());
        for piece in pieces {
            held.extend_from_slice(piece);
            let mut ear = Ear {
                expected: &expected,
                got: &mut got,
                headway: &mut headway,
                first_publisher: 0,
                moved: &mut moved,
                record: &mut record,
                arrived_at: Some(2),
                tally: &mut tally,
                out: &mut out,
            };
            let taken = dialect.hear_room(&held, &mut ear)?;
            held.drain(..taken);
        }
        Ok(Heard {
            deliveries: tally.counts.deliveries(),
            last_number: got[0],
            flaws: record.flaws(&got, &[got[0]], dialect.has_places().then_some(record.seq)),
            said: out,
            left_over: held.len(),
        })
    }

    /// Asserts that the deliveries 1 to 3 in these bytes are heard wherever they are cut in two.
    pub fn assert_heard_in_any_pieces(dialect: &dyn Dialect, bytes: &[u8]) {
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            let heard = hear(dialect, &[first, second]).unwrap();
            assert_eq!((heard.deliveries, heard.last_number), (3, 3), "cut at {cut}");
            assert!(heard.flaws.is_none(), "cut at {cut}: {:?}", heard.flaws);
            assert_eq!(heard.left_over, 0, "cut at {cut}");
        }
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(hear(dialect, &single).unwrap().deliveries, 3);
    }

    /// A guest who joins the room.
    pub fn guest() -> Guest {
        let user = "someone".to_owned();
        Guest { user, role: Role::Client, room: Some(ROOM.to_owned()), unlimited: false }
    }

    /// Asserts that a session is open with the last byte of these, and not before.
    pub fn assert_opened_by(dialect: &dyn Dialect, guest: &Guest, bytes: &[u8]) {
        for cut in 0..bytes.len() {
            let first = dialect.opened(guest, &bytes[..cut]).unwrap();
            assert_eq!(first.place, None, "cut at {cut}");
            let then = dialect.opened(guest, &bytes[first.taken..]).unwrap();
            assert!(then.place.is_some(), "cut at {cut}");
            assert_eq!(first.taken + then.taken, bytes.len(), "cut at {cut}");
        }
    }

    /// What becomes of three published messages when these bytes come, cut anywhere.
    pub fn answered(dialect: &dyn Dialect, bytes: &[u8]) -> anyhow::Result<(Counts, Vec<u8>)> {
        let mut found = None;
        for cut in 0..=bytes.len() {
            let mut counts = Counts::default();
            let mut ledger = Ledger::new(crate::load::class::Mix::Plain, dialect.answers(), 4);
            for _ in 0..3 {
                ledger.publish(1, &mut counts);
            }
            let mut out = Vec::new();
            let mut answers = Answers { ledger: &mut ledger, counts: &mut counts, out: &mut out };
            let taken = dialect.hear_answers(&bytes[..cut], &mut answers)?;
            let rest = dialect.hear_answers(&bytes[taken..], &mut answers)?;
            assert_eq!(taken + rest, bytes.len(), "cut at {cut}");
            let here = (counts, out);
            assert!(found.as_ref().is_none_or(|before| *before == here), "cut at {cut}");
            found = Some(here);
        }
        Ok(found.unwrap())
    }
}
