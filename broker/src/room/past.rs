//! What was said in a room before: searching it, and taking a message back (spec 5 and 8). A
//! continuation of the table of contents.

use throng_protocol::push::Notice;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{HistoryBy, NoticeKind, Role};

use crate::id::ShardId;
use crate::names::Names;
use crate::nature::Nature;
use crate::probe::{self, Bug};
use crate::room::government::{Actor, Placed, Telling};
use crate::room::members::Who;
use crate::room::recall;
use crate::room::ring::{Entries, Search};
use crate::room::{Batch, Room};
use crate::time::Now;

type Refused = Refusal<'static>;

/// A list that is read in order of places, as its cursors know it.
const HISTORY_LIST: u8 = 34;

/// Which part of what was said is asked for.
#[derive(Debug, Clone)]
pub struct HistoryAsk {
    /// Whether `from` is a place or a time.
    pub by: HistoryBy,
    /// The first to give.
    pub from: u64,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// Of which kinds; all if there are none.
    pub kinds: Names,
    /// Where to go on; empty to begin.
    pub cursor: Box<[u8]>,
    /// How many at most.
    pub limit: u16,
}

/// Messages that were asked for.
#[derive(Debug)]
pub struct HistoryFound {
    /// The room's epoch.
    pub epoch: u64,
    /// The messages, in the order asked for.
    pub entries: Entries,
    /// Where to go on; empty if there is no more.
    pub cursor: Vec<u8>,
}

/// A message that is to be taken back.
#[derive(Debug, Clone)]
pub struct RecallAsk {
    /// The room's epoch.
    pub epoch: u64,
    /// Its place.
    pub seq: u64,
    /// Whether nothing is to tell that it was there.
    pub erase: bool,
    /// What the app has to say along with it.
    pub extension: Box<str>,
}

impl Room {
    /// Searches what the room still has. All that was said is sealed first.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, or `INVALID_ARGUMENT` for a cursor of something else.
    pub fn history(
        &mut self,
        who: Who<'_>,
        ask: &HistoryAsk,
        nature: &Nature,
        give: impl FnMut(ShardId, Batch),
    ) -> Result<HistoryFound, Refused> {
        self.check_reader(who)?;
        self.seal(nature, give);
        let behind = match &*ask.cursor {
            [] => ask.begins_behind(),
            [HISTORY_LIST, seq @ ..] => {
                let invalid = Refusal::new(Code::INVALID_ARGUMENT).because("cursor");
                Some(u64::from_be_bytes(seq.try_into().map_err(|_| invalid)?))
            }
            _ => return Err(Refusal::new(Code::INVALID_ARGUMENT).because("cursor")),
        };
        let search = Search { newest_first: ask.newest_first, behind, limit: ask.limit };
        let (entries, last) = self.ring.search(search, |frame, time| ask.wants(frame, time));
        let cursor = last.map(|seq| [HISTORY_LIST].into_iter().chain(seq.to_be_bytes()).collect());
        let epoch = self.stream.epoch();
        Ok(HistoryFound { epoch, entries, cursor: cursor.unwrap_or_default() })
    }

    /// Takes a message back: its sender's own, or anyone's by those who lead and by servers.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NO_SUCH_MESSAGE` or `NOT_ALLOWED`.
    pub fn recall(
        &mut self,
        actor: &Actor,
        ask: &RecallAsk,
        (nature, now): (&Nature, Now),
        give: impl FnMut(ShardId, Batch),
    ) -> Result<Placed, Refused> {
        self.check_writer(actor)?;
        self.seal(nature, give);
        let gone = Refusal::new(Code::NO_SUCH_MESSAGE);
        if ask.epoch != self.stream.epoch() {
            return Err(gone);
        }
        let frame = self.ring.find(ask.seq).ok_or(gone)?;
        let message = recall::message(&frame).ok_or(gone)?;
        let is_own = actor.role == Role::Client
            && message.sender_role == Role::Client
            && message.sender == &*actor.user;
        if actor.role != Role::Server && !is_own && !self.roles.leads(&actor.user) {
            return Err(Refusal::new(Code::NOT_ALLOWED));
        }
        let by = if actor.role == Role::Server { "" } else { &actor.user };
        if !probe::planted(Bug::RecallIgnored) {
            let stone = recall::tombstone(&message, by, ask.erase, now.wall);
            self.ring.replace(ask.seq, &stone, message.ingress_at);
        }
        let telling = Telling { quiet: false, extension: ask.extension.clone() };
        let notice = Notice { target_seq: ask.seq, ..Notice::default() };
        let what = (NoticeKind::MessageRecalled, &[message.sender][..]);
        Ok(self.tell((actor, &telling), what, notice, now))
    }
}

impl HistoryAsk {
    /// The place to begin behind, if it is known by place.
    const fn begins_behind(&self) -> Option<u64> {
        match (self.by, self.newest_first) {
            (HistoryBy::Seq, true) => self.from.checked_add(1),
            (HistoryBy::Seq, false) => self.from.checked_sub(1),
            _ => None,
        }
    }

    fn wants(&self, frame: &[u8], recalled: Option<u64>) -> bool {
        let Some((time, kind)) = recall::time_and_kind(frame) else { return false };
        let time = recalled.unwrap_or(time);
        let in_time = match (self.by, self.newest_first) {
            (HistoryBy::Time, true) => time <= self.from,
            (HistoryBy::Time, false) => time >= self.from,
            _ => true,
        };
        in_time && (self.kinds.is_empty() || self.kinds.contains(kind))
    }
}
