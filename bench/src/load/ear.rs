//! What a member makes of its deliveries: whether each is the next, and how long it took.
//!
//! This is the load's hot path, the same for every dialect. A delivery costs the reading of its
//! stamp and a few comparisons; only a message that is not the next of its publisher goes on to
//! [`Order`]. One clock reading serves a whole receive of a member of the sample, and no other
//! member's receive takes one. The first delivery to each member is compared in full.
//!
//! Loss is found by the server's own numbering where it has one: then a message may be missing
//! in a publisher's numbers because it was refused. Where it has none, nothing is refused, and
//! the publisher's numbers show what is lost.

use anyhow::{Context as _, ensure};

use crate::load::dialect::Place;
use crate::load::headway::Headway;
use crate::load::order::{Flaws, Order};
use crate::load::stamp::{STAMP_BYTES, Stamp};
use crate::load::tally::Tally;

/// What the deliveries of one room look like.
#[derive(Debug)]
pub struct Expected {
    /// The room's number.
    pub room: u32,
    /// How each of them begins.
    pub beginning: Vec<u8>,
    /// Bytes of a payload.
    pub payload_bytes: usize,
    /// The payload behind its stamp.
    pub filling: Box<[u8]>,
}

/// What one member did not get as it should, and what is needed to see that.
#[derive(Debug)]
pub struct Record {
    /// The last of the server's numbers.
    pub seq: u64,
    by_seq: Order,
    /// By publisher of the room; only those with something to tell.
    by_publisher: Vec<(usize, Order)>,
    /// Whether a delivery was read in full.
    checked: bool,
}

/// What one receive of one member is told to.
#[derive(Debug)]
pub struct Ear<'a> {
    /// What deliveries look like.
    pub expected: &'a Expected,
    /// The last message it has of each publisher of the room.
    pub got: &'a mut [u64],
    /// How far each publisher of the room has come.
    pub headway: &'a mut [Headway],
    /// The number of the room's first publisher among all.
    pub first_publisher: u32,
    /// Publishers whose headway has moved.
    pub moved: &'a mut Vec<u32>,
    /// What went wrong.
    pub record: &'a mut Record,
    /// When the bytes came, if the member is in the sample.
    pub arrived_at: Option<u64>,
    /// What is counted.
    pub tally: &'a mut Tally,
    /// What has to be said back.
    pub out: &'a mut Vec<u8>,
}

impl Ear<'_> {
    /// A delivery has come, with its place in the room's order if the server keeps one.
    ///
    /// # Errors
    /// When it is not what was published.
    #[inline]
    pub fn deliver(&mut self, payload: &[u8], seq: Option<u64>) -> anyhow::Result<()> {
        let stamp = Stamp::read(payload).context("a payload without its stamp")?;
        let publisher = usize::from(stamp.publisher);
        let got = self.got.get_mut(publisher).context("a publisher nobody knows")?;
        ensure!(stamp.room == self.expected.room, "a message of another room");
        self.tally.counts.delivered[stamp.class as usize] += 1;
        let is_new = seq.is_none_or(|seq| self.record.take_seq(seq));
        let before = *got;
        if stamp.number == before + 1 {
            *got = stamp.number;
        } else {
            self.record.take_jump(got, &stamp, seq.map(|_| is_new));
        }
        if *got > before && self.headway[publisher].advance(before, *got) {
            self.list(publisher);
        }
        if let Some(arrived_at) = self.arrived_at {
            let in_order = stamp.due_at <= stamp.written_at && stamp.written_at <= arrived_at;
            ensure!(in_order, "a time stamp was changed on its way");
            self.tally.record_arrival(&stamp, arrived_at);
        }
        if !self.record.checked {
            let as_sent = payload[STAMP_BYTES..] == *self.expected.filling;
            ensure!(as_sent, "a payload was changed on its way");
            self.record.checked = true;
        }
        Ok(())
    }

    /// The server told that these places were skipped for this member.
    pub fn skip(&mut self, from_seq: u64, to_seq: u64) {
        self.tally.counts.skipped += to_seq + 1 - from_seq;
        self.record.skip(from_seq, to_seq);
    }

    /// Whether no delivery was read in full yet.
    #[inline]
    pub const fn is_fresh(&self) -> bool {
        !self.record.checked
    }

    fn list(&mut self, publisher: usize) {
        let headway = &mut self.headway[publisher];
        if !headway.listed {
            headway.listed = true;
            let place = u32::try_from(publisher).expect("publishers of a room are counted by u16");
            self.moved.push(self.first_publisher + place);
        }
    }
}

impl Record {
    /// Of a member who came in there.
    pub fn new(place: Place) -> Self {
        Self { seq: place.seq, by_seq: Order::default(), by_publisher: Vec::new(), checked: false }
    }

    /// Takes the server's number of a delivery; tells whether it is a new one.
    #[inline]
    fn take_seq(&mut self, seq: u64) -> bool {
        if seq == self.seq + 1 {
            self.seq = seq;
            return true;
        }
        self.by_seq.record_jump(&mut self.seq, seq)
    }

    /// Takes a message that is not the next of its publisher. `is_new` is what the server's
    /// number said of it, if it has one.
    #[cold]
    fn take_jump(&mut self, got: &mut u64, stamp: &Stamp, is_new: Option<bool>) {
        let publisher = usize::from(stamp.publisher);
        match is_new {
            None => {
                let orders = &mut self.by_publisher;
                let place = orders.iter().position(|(of, _)| *of == publisher);
                let place = place.unwrap_or_else(|| {
                    orders.push((publisher, Order::default()));
                    orders.len() - 1
                });
                orders[place].1.record_jump(got, stamp.number);
            }
            // What is between was refused, or the server's numbers show that it was not.
            Some(_) if stamp.number > *got => *got = stamp.number,
            Some(true) => self.by_seq.record_disorder(),
            Some(false) => {}
        }
    }

    fn skip(&mut self, from_seq: u64, to_seq: u64) {
        if from_seq == self.seq + 1 {
            self.seq = to_seq;
        } else {
            self.by_seq.forgive(from_seq, to_seq);
        }
    }

    /// What went wrong for this member, which has got this much of each publisher of the room.
    /// `published` is how much that should be; `end` is the last place in the room's order, if
    /// the server keeps one.
    pub fn flaws(&self, got: &[u64], published: &[u64], end: Option<u64>) -> Flaws {
        if let Some(end) = end {
            return self.by_seq.flaws(end.saturating_sub(self.seq));
        }
        let mut flaws = Flaws::default();
        for (publisher, (got, published)) in got.iter().zip(published).enumerate() {
            let lacking = published.saturating_sub(*got);
            let order = self.by_publisher.iter().find(|(of, _)| *of == publisher);
            let none = Order::default();
            flaws.add(&order.map_or(&none, |(_, order)| order).flaws(lacking));
        }
        flaws
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::class::Class;

    /// What a room of two publishers makes of these deliveries: publisher, number, place.
    fn hear(deliveries: &[(u16, u64, Option<u64>)]) -> (Record, [u64; 2], [Headway; 2]) {
        let expected = Expected {
            room: 1,
            beginning: Vec::new(),
            payload_bytes: STAMP_BYTES + 1,
            filling: [9].into(),
        };
        let mut record = Record::new(Place { epoch: 1, seq: 10 });
        let mut got = [0; 2];
        let mut headway = [Headway::new(1); 2];
        let mut ear = Ear {
            expected: &expected,
            got: &mut got,
            headway: &mut headway,
            first_publisher: 0,
            moved: &mut Vec::new(),
            record: &mut record,
            arrived_at: None,
            tally: &mut Tally::new(),
            out: &mut Vec::new(),
        };
        for &(publisher, number, seq) in deliveries {
            let stamp =
                Stamp { due_at: 1, written_at: 1, room: 1, publisher, class: Class::High, number };
            let mut payload = [9; STAMP_BYTES + 1];
            stamp.write(&mut payload);
            ear.deliver(&payload, seq).unwrap();
        }
        (record, got, headway)
    }

    fn lost_doubled_disordered(flaws: &Flaws) -> (u64, u64, u64) {
        (flaws.lost, flaws.duplicated, flaws.disordered)
    }

    #[test]
    fn each_publisher_has_an_order_of_its_own() {
        let (record, got, headway) = hear(&[(0, 1, None), (1, 1, None), (0, 2, None)]);
        assert_eq!(got, [2, 1]);
        assert_eq!((headway[0].fastest, headway[1].fastest), (2, 1));
        assert!(record.flaws(&got, &[2, 1], None).is_none());
        assert_eq!(record.flaws(&got, &[2, 4], None).lost, 3);
    }

    #[test]
    fn without_places_a_jump_in_a_publishers_numbers_is_a_loss_until_it_comes() {
        let (record, got, _) = hear(&[(0, 1, None), (0, 4, None), (0, 2, None), (0, 4, None)]);
        assert_eq!(lost_doubled_disordered(&record.flaws(&got, &[4, 0], None)), (1, 1, 1));
    }

    #[test]
    fn with_places_a_refused_message_is_no_loss_and_a_missing_place_is() {
        let (record, got, _) = hear(&[(0, 1, Some(11)), (0, 5, Some(12)), (1, 1, Some(14))]);
        assert_eq!(got, [5, 1]);
        assert_eq!(lost_doubled_disordered(&record.flaws(&got, &[5, 1], Some(16))), (3, 0, 0));
    }

    #[test]
    fn with_places_a_publishers_order_is_checked_too() {
        let (record, got, _) = hear(&[(0, 2, Some(11)), (0, 1, Some(12)), (0, 1, Some(12))]);
        assert_eq!(lost_doubled_disordered(&record.flaws(&got, &[2, 0], Some(12))), (0, 1, 1));
    }

    #[test]
    fn places_that_were_announced_as_skipped_are_not_lost() {
        let (mut record, got, _) = hear(&[(0, 1, Some(11))]);
        record.skip(12, 15);
        assert!(record.take_seq(16));
        assert!(record.flaws(&got, &[1, 0], Some(16)).is_none());
        assert!(record.take_seq(20));
        record.skip(17, 18);
        assert_eq!(record.flaws(&got, &[1, 0], Some(20)).lost, 1);
    }

    #[test]
    fn a_payload_that_was_changed_is_found() {
        let expected = Expected {
            room: 1,
            beginning: Vec::new(),
            payload_bytes: STAMP_BYTES + 1,
            filling: [8].into(),
        };
        let mut record = Record::new(Place::default());
        let mut ear = Ear {
            expected: &expected,
            got: &mut [0],
            headway: &mut [Headway::new(1)],
            first_publisher: 0,
            moved: &mut Vec::new(),
            record: &mut record,
            arrived_at: None,
            tally: &mut Tally::new(),
            out: &mut Vec::new(),
        };
        let class = Class::High;
        let stamp = Stamp { due_at: 1, written_at: 1, room: 1, publisher: 0, class, number: 1 };
        let mut payload = [9; STAMP_BYTES + 1];
        assert!(ear.deliver(&payload, None).is_err(), "no stamp");
        stamp.write(&mut payload);
        assert!(ear.deliver(&payload, None).is_err(), "another filling");
        Stamp { room: 2, ..stamp }.write(&mut payload);
        assert!(ear.deliver(&payload, None).is_err(), "another room");
        Stamp { publisher: 1, ..stamp }.write(&mut payload);
        assert!(ear.deliver(&payload, None).is_err(), "another publisher");
    }
}
