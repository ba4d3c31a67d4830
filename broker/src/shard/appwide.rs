//! What holds for a whole app on every shard: its lists of kinds, and its counters.
//!
//! A change is ordered by the app's home, given to every shard, and answered once every shard has
//! it: whatever is read after the answer, on any core, is treated by the new list. The counters
//! are each shard's own; a question is put to all and answered with their sum.

use hashbrown::HashMap;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{ListChange, ListName};

use crate::app::lists::Lists;
use crate::counters::Counters;
use crate::envelope::{Answer, Census, Envelope, KindsChange, Ticket};
use crate::id::{AppId, ShardId};
use crate::names::Names;
use crate::probe::{self, Mark};
use crate::shard::Shard;

type Pending<T> = HashMap<u64, T, foldhash::fast::FixedState>;

/// What holds for the apps, as far as this shard knows, and what waits for other shards.
#[derive(Debug)]
pub(super) struct AppWide {
    pub(super) lists: Vec<Lists>,
    number_last: u64,
    changes: Pending<Change>,
    censuses: Pending<Gathering>,
}

/// A change that not every shard has yet.
#[derive(Debug)]
struct Change {
    ticket: Ticket,
    size: u32,
    shards_left: u16,
}

/// A question that not every shard has answered yet.
#[derive(Debug)]
struct Gathering {
    ticket: Ticket,
    census: Census,
    shards_left: u16,
}

impl AppWide {
    pub(super) fn new(lists: Vec<Lists>) -> Self {
        Self { lists, number_last: 0, changes: Pending::default(), censuses: Pending::default() }
    }

    fn next_number(&mut self) -> u64 {
        self.number_last += 1;
        self.number_last
    }
}

impl Shard {
    /// The shard that orders what changes for an app.
    pub(super) const fn home_of_app(&self, app: AppId) -> ShardId {
        ShardId(app.0 % self.homes.shards)
    }

    fn shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.homes.shards).map(ShardId)
    }

    /// At the app's home: orders a change and gives it to every shard.
    pub(super) fn on_kinds_change(&mut self, change: KindsChange) {
        let KindsChange { ticket, app, list, change, kinds } = change;
        match self.order_kinds(ticket, app, (list, change), &kinds) {
            Ok(()) => {}
            Err(refusal) => self.answer(ticket, Answer::Refused(refusal)),
        }
    }

    fn order_kinds(
        &mut self,
        ticket: Ticket,
        app: AppId,
        (list, change): (ListName, ListChange),
        kinds: &Names,
    ) -> Result<(), Refusal<'static>> {
        let keep_alive_max = self.app(app).keep_alive_max;
        let own = &mut self.appwide.lists[usize::from(app.0)];
        let unknown = Refusal::new(Code::NOT_SUPPORTED).because("list");
        let changed = own.check((list, change), kinds, keep_alive_max).ok_or(unknown)??;
        // Here at once, so that the next change begins where this one ends.
        own.record(list, changed.clone());
        let size = u32::try_from(changed.len()).unwrap_or(u32::MAX);
        let number = self.appwide.next_number();
        let shards_left = self.homes.shards;
        self.appwide.changes.insert(number, Change { ticket, size, shards_left });
        for shard in self.shards() {
            let (from, kinds) = (self.settings.id, changed.clone());
            self.post.tell(shard, Envelope::KindsChanged { app, list, kinds, from, number });
        }
        Ok(())
    }

    /// On every shard: takes the list and says so.
    pub(super) fn on_kinds_changed(
        &mut self,
        (app, list, kinds): (AppId, ListName, Names),
        from: ShardId,
        number: u64,
    ) {
        if from != self.settings.id {
            self.appwide.lists[usize::from(app.0)].record(list, kinds);
        }
        self.post.tell(from, Envelope::KindsTaken { number });
    }

    /// At the app's home: one more shard has it.
    pub(super) fn on_kinds_taken(&mut self, number: u64) {
        let Some(change) = self.appwide.changes.get_mut(&number) else { return };
        change.shards_left -= 1;
        if change.shards_left > 0 {
            return;
        }
        probe::mark(Mark::KindsChanged);
        let Some(Change { ticket, size, .. }) = self.appwide.changes.remove(&number) else {
            return;
        };
        self.answer(ticket, Answer::ListChanged { size });
    }

    /// At the home of whoever asks: puts the question to every shard.
    pub(super) fn begin_census(&mut self, ticket: Ticket, app: AppId) {
        let number = self.appwide.next_number();
        let shards_left = self.homes.shards;
        let census = Census::default();
        self.appwide.censuses.insert(number, Gathering { ticket, census, shards_left });
        for shard in self.shards() {
            let from = self.settings.id;
            self.post.tell(shard, Envelope::CountersAsked { app, from, number });
        }
    }

    /// On every shard: tells what it counted.
    pub(super) fn on_counters_asked(&mut self, app: AppId, from: ShardId, number: u64) {
        let census = Box::new(self.census(app));
        self.post.tell(from, Envelope::CountersTold { number, census });
    }

    /// What this shard counted for an app.
    #[must_use]
    pub fn census(&self, app: AppId) -> Census {
        let mut census =
            Census { counters: self.counters[usize::from(app.0)], ..Census::default() };
        for audience in self.audiences.iter().filter(|audience| audience.app == app) {
            census.waiting.add(&audience.waiting());
        }
        census
    }

    /// At the home of whoever asks: adds what one more shard counted.
    pub(super) fn on_counters_told(&mut self, number: u64, census: &Census) {
        let Some(gathering) = self.appwide.censuses.get_mut(&number) else { return };
        gathering.census.add(census);
        gathering.shards_left -= 1;
        if gathering.shards_left > 0 {
            return;
        }
        if let Some(Gathering { ticket, census, .. }) = self.appwide.censuses.remove(&number) {
            self.answer(ticket, Answer::Counters(Box::new(census)));
        }
    }

    pub(super) fn counters_mut(&mut self, app: AppId) -> &mut Counters {
        &mut self.counters[usize::from(app.0)]
    }
}
