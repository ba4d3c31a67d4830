//! What holds for a whole app on every shard: its lists, and its counters.
//!
//! A change is ordered by the app's home, given to every shard, and answered once every shard has
//! it: whatever is read after the answer, on any core, is treated by the new list. The counters
//! are each shard's own; a question is put to all and answered with their sum.

use hashbrown::HashMap;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::ListName;

use crate::app::lists::Lists;
use crate::counters::Counters;
use crate::envelope::{Ack, Answer, AppListChange, Census, Envelope, Ticket};
use crate::id::{AppId, ShardId};
use crate::names::Names;
use crate::probe::{self, Mark};
use crate::shard::Shard;

/// What holds for the apps, as far as this shard knows, and questions to other shards.
#[derive(Debug)]
pub(super) struct AppWide {
    pub(super) lists: Vec<Lists>,
    censuses: HashMap<u64, Gathering, foldhash::fast::FixedState>,
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
        Self { lists, censuses: HashMap::default() }
    }
}

impl Shard {
    /// The shard that orders what changes for an app.
    pub(super) const fn home_of_app(&self, app: AppId) -> ShardId {
        ShardId(app.0 % self.homes.shards)
    }

    pub(super) fn shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.homes.shards).map(ShardId)
    }

    /// At the app's home: orders a change and gives it to every shard.
    pub(super) fn on_app_list_change(&mut self, change: &AppListChange) {
        if let Err(refusal) = self.order_list(change) {
            self.answer(change.ticket, Answer::Refused(refusal));
        }
    }

    fn order_list(&mut self, change: &AppListChange) -> Result<(), Refusal<'static>> {
        let AppListChange { ticket, app, list, .. } = *change;
        let keep_alive_max = self.app(app).keep_alive_max;
        let own = &self.appwide.lists[usize::from(app.0)];
        let unknown = Refusal::new(Code::NOT_SUPPORTED).because("list");
        let changed = own.check((list, change.change), &change.entries, keep_alive_max);
        let changed = changed.ok_or(unknown)??;
        // Here at once, so that the next change begins where this one ends.
        self.take_list(app, list, &changed);
        let size = u32::try_from(changed.len()).unwrap_or(u32::MAX);
        let shards = usize::from(self.homes.shards);
        let Some(ack) = self.answer_once_heeded(ticket, Answer::ListChanged { size }, shards)
        else {
            return Ok(());
        };
        for shard in self.shards() {
            let entries = changed.clone();
            self.post.tell(shard, Envelope::ListChanged { app, list, entries, ack });
        }
        Ok(())
    }

    /// On every shard: takes the list and says so.
    pub(super) fn on_app_list(&mut self, app: AppId, list: ListName, entries: &Names, ack: Ack) {
        probe::mark(Mark::ListChanged);
        if ack.shard != self.settings.id {
            self.take_list(app, list, entries);
        }
        self.heed(ack);
    }

    fn take_list(&mut self, app: AppId, list: ListName, entries: &Names) {
        let before = self.appwide.lists[usize::from(app.0)].record(list, entries.clone());
        if list == ListName::KeepAlive {
            // Rooms whose end was put off, or may be now.
            for name in before.iter().chain(entries.iter()) {
                if let Some(room) = self.rooms.find(app, name) {
                    self.arm_room(room);
                }
            }
        }
    }

    /// Whether only an explicit destroy ends a room.
    pub(super) fn is_kept_alive(&self, app: AppId, name: &str) -> bool {
        self.appwide.lists[usize::from(app.0)].keep_alive.contains(name)
    }

    /// At the home of whoever asks: puts the question to every shard.
    pub(super) fn begin_census(&mut self, ticket: Ticket, app: AppId) {
        let number = self.acks.next_number();
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
