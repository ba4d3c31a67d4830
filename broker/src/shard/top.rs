//! The rooms in which the most goes on (spec 8, TopN), as far as they are homed here.
//!
//! Each room counts for itself, exactly. What is kept here beside that is bounded whatever the
//! number of rooms: for each app, measure and period the rooms with the highest counts. Counts of
//! one period only rise, so a room that is pushed out had less than all that stay, and is offered
//! again when it has more: the table is exact, and a sketch with an error is not needed. Rooms are
//! offered once a second, those in which something happened.

use throng_protocol::value::{TopBy, TopPeriod};

use crate::id::{AppId, RoomHandle};
use crate::limits::TOP_ROOMS_KEPT;
use crate::room::Periods;

/// The measures and periods, one table each.
const TABLES: [(TopBy, TopPeriod); 6] = [
    (TopBy::Members, TopPeriod::Hour),
    (TopBy::Members, TopPeriod::Day),
    (TopBy::Active, TopPeriod::Hour),
    (TopBy::Active, TopPeriod::Day),
    (TopBy::Messages, TopPeriod::Hour),
    (TopBy::Messages, TopPeriod::Day),
];

/// The tables of all apps, and the rooms that are to be offered.
#[derive(Debug)]
pub(super) struct Top {
    apps: Vec<[Table; TABLES.len()]>,
    /// Rooms in which something happened since they were offered last.
    pub(super) noted: Vec<RoomHandle>,
    /// Whether a timer is set to offer them.
    pub(super) armed: bool,
}

/// The rooms with the highest counts of one measure in one period.
#[derive(Debug, Default)]
struct Table {
    period: u32,
    /// By epoch, which names one life of one room.
    rooms: hashbrown::HashMap<u64, Entry, foldhash::fast::FixedState>,
    /// The least count in a table that is full.
    least: u32,
}

/// A room in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its id.
    pub(super) name: Box<str>,
    /// Its count.
    pub(super) count: u32,
}

/// A room's count of everything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer<'a> {
    pub(super) name: &'a str,
    pub(super) epoch: u64,
    pub(super) now: Periods,
    /// The count of a measure in a period.
    pub(super) count: &'a dyn Fn(TopBy, TopPeriod) -> u32,
}

impl Top {
    pub(super) fn new(apps: usize) -> Self {
        let tables = || core::array::from_fn(|_| Table::default());
        Self { apps: (0..apps).map(|_| tables()).collect(), noted: Vec::new(), armed: false }
    }

    /// Takes a room's counts in, where they are among the highest.
    pub(super) fn offer(&mut self, app: AppId, offer: &Offer<'_>) {
        let tables = &mut self.apps[usize::from(app.0)];
        for (table, (by, period)) in tables.iter_mut().zip(TABLES) {
            let count = (offer.count)(by, period);
            table.offer(number(offer.now, period), offer, count);
        }
    }

    /// The rooms of a table, in no order; nothing if the table is of another time.
    pub(super) fn rooms(
        &self,
        app: AppId,
        (by, period): (TopBy, TopPeriod),
        now: Periods,
    ) -> Vec<Entry> {
        let place = TABLES.iter().position(|own| *own == (by, period));
        let table = place.map(|place| &self.apps[usize::from(app.0)][place]);
        let table = table.filter(|table| table.period == number(now, period));
        table.map(|table| table.rooms.values().cloned().collect()).unwrap_or_default()
    }
}

const fn number(periods: Periods, period: TopPeriod) -> u32 {
    match period {
        TopPeriod::Day => periods.day,
        _ => periods.hour,
    }
}

impl Table {
    fn offer(&mut self, period: u32, offer: &Offer<'_>, count: u32) {
        if period != self.period {
            *self = Self { period, ..Self::default() };
        }
        if count <= self.least && !self.rooms.contains_key(&offer.epoch) {
            return;
        }
        let entry = Entry { name: offer.name.into(), count };
        self.rooms.insert(offer.epoch, entry);
        // Twice as many are kept as are told, so that the least are looked for only now and then.
        if self.rooms.len() > 2 * TOP_ROOMS_KEPT {
            let mut counts: Vec<u32> = self.rooms.values().map(|entry| entry.count).collect();
            let (_, least, _) = counts.select_nth_unstable_by(TOP_ROOMS_KEPT, |a, b| b.cmp(a));
            self.least = *least;
            let least = self.least;
            self.rooms.retain(|_, entry| entry.count > least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_are_exact_however_many_rooms_there_are() {
        let mut top = Top::new(1);
        let now = Periods { hour: 5, day: 1 };
        // Counts rise in steps, each room offered again and again, in a scattered order.
        for step in 1..=4_u64 {
            for n in 0..20_000_u64 {
                let room = n * 7_919 % 20_000;
                let count = u32::try_from(room * step / 4).unwrap();
                let name = room.to_string();
                let count = move |_: TopBy, _: TopPeriod| count;
                let offer = Offer { name: &name, epoch: room, now, count: &count };
                top.offer(AppId(0), &offer);
            }
        }
        let mut rooms = top.rooms(AppId(0), (TopBy::Messages, TopPeriod::Hour), now);
        assert!(rooms.len() <= 2 * TOP_ROOMS_KEPT);
        rooms.sort_unstable_by(|a, b| b.count.cmp(&a.count));
        let counts: Vec<u32> = rooms.iter().take(100).map(|entry| entry.count).collect();
        assert_eq!(counts, (19_900..20_000).rev().collect::<Vec<u32>>());
        let later = Periods { hour: 6, day: 1 };
        assert!(top.rooms(AppId(0), (TopBy::Messages, TopPeriod::Hour), later).is_empty());
        assert!(!top.rooms(AppId(0), (TopBy::Messages, TopPeriod::Day), later).is_empty());
    }
}
