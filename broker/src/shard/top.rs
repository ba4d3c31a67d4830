//! The rooms in which the most goes on (spec 8, TopN), as far as they are homed here.
//!
//! Each room counts for itself, exactly. What is kept here beside that is bounded whatever the
//! number of rooms: for each app, measure and period the rooms with the highest counts. Counts of
//! one period only rise, so a room that is pushed out had less than all that stay, and is offered
//! again when it has more: the table is exact, and a sketch with an error is not needed. Rooms are
//! offered once a second, those in which something happened.

use core::cmp::Reverse;

use throng_protocol::limits::TOP_ROOMS_MAX;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::request::QueryTop;
use throng_protocol::value::{TopBy, TopPeriod};

use crate::envelope::{Ack, Answer, Envelope, Ticket};
use crate::id::{AppId, ConnectionId, RoomHandle};
use crate::limits::{TOP_PERIOD, TOP_ROOMS_KEPT};
use crate::room::Periods;
use crate::shard::Shard;
use crate::shard::requests::{Refused, invalid};
use crate::shard::timers::Due;
use crate::time::WallTime;

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
    noted: Vec<RoomHandle>,
    /// The hour in which all rooms were offered last, those in which nothing happens as well.
    swept: u32,
    /// Whether a timer is set to offer them.
    armed: bool,
    /// Questions that not every shard has answered yet.
    asked: hashbrown::HashMap<u64, Asking, foldhash::fast::FixedState>,
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
#[derive(Clone, Copy)]
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
        Self {
            apps: (0..apps).map(|_| tables()).collect(),
            noted: Vec::new(),
            swept: 0,
            armed: false,
            asked: hashbrown::HashMap::default(),
        }
    }

    /// Something went on in a room: it is to be ranked anew.
    pub(super) fn note(&mut self, room: RoomHandle) {
        self.noted.push(room);
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
            self.prune();
        }
    }

    /// Lets go of all but the highest. Of rooms with the same count the older ones stay: many rooms
    /// have the same, and all of them together must not leave their places empty.
    fn prune(&mut self) {
        let rank = |epoch: u64, entry: &Entry| (Reverse(entry.count), epoch);
        let mut ranks: Vec<_> = self.rooms.iter().map(|(epoch, own)| rank(*epoch, own)).collect();
        let (_, last, _) = ranks.select_nth_unstable(TOP_ROOMS_KEPT - 1);
        let last = *last;
        self.rooms.retain(|epoch, own| rank(*epoch, own) <= last);
        self.least = last.0.0;
    }
}

/// A question that not every shard has answered yet.
#[derive(Debug)]
struct Asking {
    ticket: Ticket,
    since: WallTime,
    adds_up: bool,
    limit: usize,
    rooms: Vec<(Box<str>, u32)>,
    shards_left: u16,
}

impl Shard {
    /// Sets the timer by which rooms are ranked anew, if there are any.
    pub(super) fn arm_top(&mut self) {
        if !self.top.armed && !self.top.noted.is_empty() {
            self.top.armed = true;
            self.timers.set(self.now.instant + TOP_PERIOD, Due::Top);
        }
    }

    /// Ranks the rooms anew in which something went on.
    pub(super) fn offer_rooms(&mut self) {
        self.top.armed = false;
        for handle in core::mem::take(&mut self.top.noted) {
            self.offer_room(handle);
        }
    }

    /// Ranks one room anew.
    pub(super) fn offer_room(&mut self, handle: RoomHandle) {
        let now = Periods::at(self.now.wall);
        let Some(room) = self.rooms.get_mut(handle) else { return };
        room.forget_news();
        let room = &*room;
        let count = |by, period| room.went_on(by, period, now);
        let offer = Offer { name: room.name(), epoch: room.epoch(), now, count: &count };
        self.top.offer(room.app(), &offer);
    }

    /// Asks every shard for the rooms in which the most goes on.
    pub(super) fn on_query_top(
        &mut self,
        connection: ConnectionId,
        number: u32,
        query: &QueryTop<'_>,
    ) -> Result<(), Refused> {
        let unsupported = |field| Err(Refusal::new(Code::NOT_SUPPORTED).because(field));
        if matches!(query.by, TopBy::Unknown(_)) {
            return unsupported("by");
        }
        if matches!(query.period, TopPeriod::Unknown(_)) {
            return unsupported("period");
        }
        if !(1..=TOP_ROOMS_MAX).contains(&usize::from(query.limit)) {
            return Err(invalid("limit"));
        }
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        for shard in self.shards() {
            self.check_load(shard)?;
        }
        let number = self.acks.next_number();
        let asking = Asking {
            ticket,
            since: Periods::at(self.now.wall).began(query.period),
            adds_up: query.by != TopBy::Members,
            limit: query.limit.into(),
            rooms: Vec::new(),
            shards_left: self.homes.shards,
        };
        self.top.asked.insert(number, asking);
        let (by, period) = (query.by, query.period);
        let ack = Ack { shard: self.settings.id, number };
        for shard in self.shards() {
            self.post.tell(shard, Envelope::TopAsked { app, by, period, ack });
        }
        Ok(())
    }

    /// On every shard: tells the rooms of a ranking, as they are now.
    pub(super) fn on_top_asked(&mut self, app: AppId, what: (TopBy, TopPeriod), ack: Ack) {
        for handle in core::mem::take(&mut self.top.noted) {
            self.offer_room(handle);
        }
        self.sweep_top();
        let mut rooms = self.top.rooms(app, what, Periods::at(self.now.wall));
        rooms.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        rooms.truncate(TOP_ROOMS_KEPT);
        let rooms = rooms.into_iter().map(|entry| (entry.name, entry.count)).collect();
        self.post.tell(ack.shard, Envelope::TopTold { number: ack.number, rooms });
    }

    /// Ranks all rooms that have members, once in an hour in which somebody asks: nothing need happen
    /// in a room for it to have the most members.
    fn sweep_top(&mut self) {
        let hour = Periods::at(self.now.wall).hour;
        if core::mem::replace(&mut self.top.swept, hour) != hour {
            for handle in self.rooms.occupied() {
                self.offer_room(handle);
            }
        }
    }

    /// At the home of whoever asks: one more shard has told its rooms.
    pub(super) fn on_top_told(&mut self, number: u64, rooms: Vec<(Box<str>, u32)>) {
        let Some(asking) = self.top.asked.get_mut(&number) else { return };
        asking.rooms.extend(rooms);
        asking.shards_left -= 1;
        if asking.shards_left == 0
            && let Some(asking) = self.top.asked.remove(&number)
        {
            let Asking { ticket, since, .. } = asking;
            self.answer(ticket, Answer::Top(since, merged(asking)));
        }
    }
}

/// The first rooms of all. A name that was used for several rooms, one after the other, counts as
/// one: what adds up is added, of members the most counts.
fn merged(asking: Asking) -> Vec<(Box<str>, u32)> {
    let Asking { mut rooms, adds_up, limit, .. } = asking;
    rooms.sort_unstable();
    let mut merged: Vec<(Box<str>, u32)> = Vec::new();
    for (name, count) in rooms.into_iter().filter(|(_, count)| *count > 0) {
        match merged.last_mut().filter(|last| last.0 == name) {
            Some(last) if adds_up => last.1 = last.1.saturating_add(count),
            Some(last) => last.1 = last.1.max(count),
            None => merged.push((name, count)),
        }
    }
    merged.sort_by_key(|(_, count)| Reverse(*count));
    merged.truncate(limit);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_with_equal_counts_do_not_push_each_other_out() {
        let mut top = Top::new(1);
        let now = Periods { hour: 5, day: 1 };
        // Ten stand out; in all the others the same went on.
        for epoch in 0..5_000_u64 {
            let count = move |_: TopBy, _: TopPeriod| if epoch % 500 == 0 { 7 } else { 1 };
            let name = epoch.to_string();
            let offer = Offer { name: &name, epoch, now, count: &count };
            top.offer(AppId(0), &offer);
        }
        let rooms = top.rooms(AppId(0), (TopBy::Members, TopPeriod::Day), now);
        assert!((TOP_ROOMS_KEPT..=2 * TOP_ROOMS_KEPT).contains(&rooms.len()), "{}", rooms.len());
        assert_eq!(rooms.iter().filter(|own| own.count == 7).count(), 10);
    }

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
        rooms.sort_unstable_by_key(|entry| Reverse(entry.count));
        let counts: Vec<u32> = rooms.iter().take(100).map(|entry| entry.count).collect();
        assert_eq!(counts, (19_900..20_000).rev().collect::<Vec<u32>>());
        let later = Periods { hour: 6, day: 1 };
        assert!(top.rooms(AppId(0), (TopBy::Messages, TopPeriod::Hour), later).is_empty());
        assert!(!top.rooms(AppId(0), (TopBy::Messages, TopPeriod::Day), later).is_empty());
    }
}
