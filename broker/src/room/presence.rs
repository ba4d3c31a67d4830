//! What members are told of each other's coming and going (spec 4): names in the room's order, or
//! figures beside it. A continuation of the table of contents.

use throng_protocol::push::Notice;
use throng_protocol::value::{IdList, NoticeKind};

use crate::id::ShardId;
use crate::nature::{Nature, Presence};
use crate::probe::{self, Mark};
use crate::room::about::{Profile, shown};
use crate::room::figures::Figure;
use crate::room::members::Who;
use crate::room::{Batch, Room};
use crate::time::{Instant, Now};

impl Room {
    /// Puts in order that somebody is about to be a member, where members are told by name.
    pub(super) fn announce_joined(
        &mut self,
        who: Who<'_>,
        profile: Option<&Profile>,
        nature: &Nature,
        now: Now,
    ) {
        if self.tells_names(nature, self.members.len() + 1) {
            let (role, profile) = (self.role_of(who), shown(profile));
            let notice = Notice { role, profile, ..Notice::default() };
            self.notice(NoticeKind::MemberJoined, &[who.user], notice, now);
        }
    }

    /// Whether members are told by name who comes and goes, when there are so many.
    pub(super) fn tells_names(&self, nature: &Nature, members: usize) -> bool {
        nature.presence == Presence::Full && members <= nature.presence_full_max as usize
    }

    /// Puts a notice about users in the room's order. Gives its place.
    pub(super) fn notice(
        &mut self,
        what: NoticeKind,
        users: &[&str],
        notice: Notice<'_>,
        now: Now,
    ) -> u64 {
        let mut bytes = Vec::new();
        IdList::write(users.iter().copied(), &mut bytes);
        let users = IdList::parse(&bytes).expect("fewer than a list may hold");
        self.stream.record_notice(&self.name, Notice { what, users, ..notice }, now.wall)
    }

    /// When figures are to be told next; `None` if they are not, or not in figures.
    pub(super) fn figure_due_at(&self, nature: &Nature) -> Option<Instant> {
        let told = self.figures.told().members.max(self.heads());
        let counts = match nature.presence {
            Presence::Off => false,
            Presence::Counts => true,
            Presence::Full => told > u64::from(nature.presence_full_max),
        };
        if counts { self.figures.due_at(self.figure()) } else { None }
    }

    /// How many are in the room.
    pub(super) fn figure(&self) -> Figure {
        let (members, occupants) = (self.heads(), self.members.occupants());
        Figure { members, occupants }
    }

    /// Tells the figures of who is in the room, if they are to be told now.
    pub fn tell_figures(
        &mut self,
        nature: &Nature,
        now: Instant,
        mut give: impl FnMut(ShardId, Batch),
    ) {
        if self.figure_due_at(nature).is_none_or(|due| due > now) {
            return;
        }
        probe::mark(Mark::FigureTold);
        let figure = self.figure();
        self.figures.record(figure, now);
        let batch = self.stream.figures(&self.name, figure);
        for shard in self.members.shards() {
            give(shard, batch.clone());
        }
    }
}
