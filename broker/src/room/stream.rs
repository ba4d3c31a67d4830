//! A room's order: its epoch, its sequence numbers, and the entries of this turn, encoded once.
//!
//! Entries collect in one contiguous buffer until the room is sealed, at the end of a turn or
//! before the membership changes; then they leave as one [`Batch`] for each shard with
//! occupants, all sharing the bytes.

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::FromBroker;
use throng_protocol::push::{Deliver, Direct, Notice, Presence, Push, RoomDestroyed};
use throng_protocol::value::{DestroyReason, Extensions};

use crate::class::{ByClass, Class};
use crate::id::{SessionKey, ShardId};
use crate::limits::BATCH_BYTES_MAX;
use crate::probe::{self, Bug};
use crate::room::figures::Figure;
use crate::room::members::Who;
use crate::room::ring::Kept;
use crate::time::WallTime;

/// The tag of a frame that holds a message: tells it from a notice in the ring.
pub const MESSAGE_TAG: u8 = 128;

/// Consecutive entries of one room, as the bytes that go to every occupant.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whole frames, one after the other.
    pub bytes: Bytes,
    /// The place of the first of them in the room's order; the others follow without a hole.
    pub first_seq: u64,
    /// Which of them are of which class.
    pub runs: Runs,
    /// The frames that must not go back to the sessions that published them.
    pub own: SmallVec<[Own; 1]>,
}

impl Batch {
    /// How many of some frames in it are of which class.
    #[must_use]
    pub fn classes_of(&self, frames: &[Own]) -> ByClass<u64> {
        let mut classes = ByClass::default();
        for frame in frames {
            let run = self.runs.iter().find(|run| frame.end <= run.end);
            *classes.of_mut(run.expect("a frame ends inside its batch").class) += 1;
        }
        classes
    }
}

/// A frame inside a batch, and the one session that shall not get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// The session that published it without asking for an echo.
    pub session: SessionKey,
    /// Where the frame begins in the batch.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// The classes of a batch, as runs of frames of one class. Almost always there is one run.
pub type Runs = SmallVec<[Run; 1]>;

/// Consecutive frames of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Their class.
    pub class: Class,
    /// How many there are.
    pub frames: u32,
    /// Where the last of them ends in the batch.
    pub end: u32,
}

/// A message about to be put in order.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Who says it.
    pub sender: Who<'a>,
    /// Its type name.
    pub kind: &'a str,
    /// What is said.
    pub payload: &'a [u8],
    /// What becomes of it when there is too much.
    pub class: Class,
    /// When the broker read it.
    pub ingress_at: WallTime,
    /// The occupant that shall not hear its own words.
    pub own: Option<SessionKey>,
    /// Whether it is not to be found in the history later.
    pub unstored: bool,
}

/// A room's order and the part of it that is not sealed yet.
#[derive(Debug)]
pub struct Stream {
    epoch: u64,
    seq: u64,
    open: Vec<u8>,
    open_bytes_last: usize,
    /// Bytes that were sealed since the turn began.
    sealed_bytes: usize,
    runs: Runs,
    own: SmallVec<[Own; 1]>,
    /// How many of the entries that are not sealed are messages.
    open_messages: u32,
    /// Bytes of those that are notices.
    open_notice_bytes: u32,
    /// Places of those messages that are not to be found later.
    open_unstored: Vec<u64>,
    /// How many messages there were in all.
    messages: u64,
}

impl Stream {
    /// The order of a new room.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            seq: 0,
            open: Vec::new(),
            open_bytes_last: 0,
            sealed_bytes: 0,
            runs: Runs::new(),
            own: SmallVec::new(),
            open_messages: 0,
            open_notice_bytes: 0,
            open_unstored: Vec::new(),
            messages: 0,
        }
    }

    /// The room's epoch.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The position of the newest entry; 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// How many messages there were.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Puts a message in order and encodes it. Gives its position.
    pub fn record_message(&mut self, room: &str, message: &Message<'_>, now: WallTime) -> u64 {
        let start = self.begin();
        FromBroker::Push(Push::Deliver(Deliver {
            room,
            epoch: self.epoch,
            seq: self.seq,
            sender: message.sender.user,
            sender_role: message.sender.role,
            kind: message.kind,
            ingress_at: message.ingress_at.as_micros(),
            egress_at: now.as_micros(),
            payload: message.payload,
            extensions: Extensions::NONE,
        }))
        .write(&mut self.open);
        self.finish(message.class);
        self.open_messages += 1;
        if message.unstored {
            self.open_unstored.push(self.seq);
        }
        self.messages += 1;
        if let Some(session) = message.own {
            self.own.push(Own { session, start, end: offset(self.open.len()) });
        }
        self.seq
    }

    /// Puts a notice in order and encodes it. Room, epoch, place and time are filled in here.
    /// Gives its place.
    pub fn record_notice(&mut self, room: &str, notice: Notice<'_>, now: WallTime) -> u64 {
        let start = self.begin();
        let at = now.as_micros();
        let notice = Notice { room, epoch: self.epoch, seq: self.seq, at, ..notice };
        FromBroker::Push(notice.into()).write(&mut self.open);
        self.finish_notice(start);
        self.seq
    }

    /// A message for some members only, as a frame. It has no place in the order.
    #[must_use]
    pub fn direct(&self, room: &str, message: &Message<'_>, now: WallTime) -> Bytes {
        let direct = Direct {
            room,
            epoch: self.epoch,
            seq: self.seq,
            sender: message.sender.user,
            sender_role: message.sender.role,
            kind: message.kind,
            ingress_at: message.ingress_at.as_micros(),
            egress_at: now.as_micros(),
            payload: message.payload,
            extensions: Extensions::NONE,
        };
        let mut bytes = Vec::new();
        FromBroker::Push(direct.into()).write(&mut bytes);
        bytes.into()
    }

    /// Puts the room's end in order.
    pub fn record_end(&mut self, room: &str, reason: DestroyReason) {
        let start = self.begin();
        FromBroker::Push(Push::RoomDestroyed(RoomDestroyed {
            room,
            epoch: self.epoch,
            seq: self.seq,
            reason,
            extensions: Extensions::NONE,
        }))
        .write(&mut self.open);
        self.finish_notice(start);
    }

    /// A batch with figures of who is in the room. They are no entry: whoever does not get them
    /// has missed nothing.
    #[must_use]
    pub fn figures(&self, room: &str, figure: Figure) -> Batch {
        let Figure { members, occupants } = figure;
        let mut bytes = Vec::new();
        let extensions = Extensions::NONE;
        let presence = Presence { room, epoch: self.epoch, members, occupants, extensions };
        FromBroker::Push(presence.into()).write(&mut bytes);
        // Small and rare, and the last one has to arrive: never skipped.
        let run = Run { class: Class::Protected, frames: 0, end: offset(bytes.len()) };
        let runs = Runs::from_elem(run, 1);
        Batch { bytes: bytes.into(), first_seq: self.seq + 1, runs, own: SmallVec::new() }
    }

    /// Whether there is enough for a batch, so that one send stays small.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.open.len() >= BATCH_BYTES_MAX
    }

    /// Bytes of all entries of this turn: every occupant is to be sent them at once.
    #[must_use]
    pub fn turn_bytes(&self) -> usize {
        self.sealed_bytes + self.open.len()
    }

    /// A turn has ended, with everything sealed.
    pub fn end_turn(&mut self) {
        self.sealed_bytes = 0;
    }

    /// Ends the batch, gives each shard its own, and gives what is to be kept of it; nothing if
    /// there are no entries.
    pub fn seal(
        &mut self,
        shards: impl Iterator<Item = ShardId>,
        mut give: impl FnMut(ShardId, Batch),
    ) -> Option<Kept> {
        if self.open.is_empty() {
            return None;
        }
        self.open_bytes_last = self.open.len();
        self.sealed_bytes += self.open.len();
        let bytes = Bytes::from(core::mem::take(&mut self.open));
        let runs = core::mem::take(&mut self.runs);
        let entries: u32 = runs.iter().map(|run| run.frames).sum();
        let first_seq = self.seq + 1 - u64::from(entries);
        let skipped = usize::from(probe::planted(Bug::ForgottenShard));
        for shard in shards.skip(skipped) {
            let theirs = self.own.iter().filter(|own| own.session.shard == shard);
            // Counted first, so that it is allocated once or not at all.
            let mut own = SmallVec::with_capacity(theirs.clone().count());
            own.extend(theirs.copied());
            give(shard, Batch { bytes: bytes.clone(), first_seq, runs: runs.clone(), own });
        }
        self.own.clear();
        let messages = core::mem::take(&mut self.open_messages);
        let notice_bytes = core::mem::take(&mut self.open_notice_bytes);
        let unstored = core::mem::take(&mut self.open_unstored);
        let recalled = Vec::new();
        Some(Kept { bytes, first_seq, entries, messages, notice_bytes, unstored, recalled })
    }

    /// Makes room for the next entry and says where it begins.
    fn begin(&mut self) -> u32 {
        self.seq += if probe::planted(Bug::SeqSkipped) && self.seq % 7 == 6 { 2 } else { 1 };
        if self.open.capacity() == 0 {
            // A turn is most likely about as busy as the last one.
            self.open.reserve(self.open_bytes_last);
        }
        offset(self.open.len())
    }

    /// Notes that the entry that was just encoded is a notice; it began there.
    fn finish_notice(&mut self, start: u32) {
        self.finish(Class::Protected);
        self.open_notice_bytes += offset(self.open.len()) - start;
    }

    /// Notes the class of the entry that was just encoded.
    fn finish(&mut self, class: Class) {
        let end = offset(self.open.len());
        match self.runs.last_mut() {
            Some(run) if run.class == class => {
                run.frames += 1;
                run.end = end;
            }
            _ => self.runs.push(Run { class, frames: 1, end }),
        }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a batch is sealed long before 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_protocol::frame;
    use throng_protocol::value::Role;

    #[test]
    fn messages_and_notices_share_one_order_and_are_told_apart() {
        let mut stream = Stream::new(5);
        let message = Message {
            sender: Who { user: "ann", role: Role::Client },
            kind: "text",
            payload: b"hi",
            class: Class::Low,
            ingress_at: WallTime::from_micros(1),
            own: None,
            unstored: false,
        };
        let now = WallTime::from_micros(2);
        assert_eq!(stream.record_message("r", &message, now), 1);
        assert_eq!(stream.record_notice("r", Notice::default(), now), 2);
        let kept = stream.seal(core::iter::empty(), |_, _| {}).unwrap();
        assert_eq!((kept.entries, kept.messages, stream.messages()), (2, 1, 1));
        let (first, rest) = frame::split(&kept.bytes, usize::MAX).unwrap().unwrap();
        let (second, _) = frame::split(rest, usize::MAX).unwrap().unwrap();
        assert_eq!(kept.notice_bytes as usize, 4 + second.len());
        assert_eq!(first[0], MESSAGE_TAG);
        assert_ne!(second[0], MESSAGE_TAG);
        let FromBroker::Push(Push::Notice(notice)) = FromBroker::decode(second).unwrap() else {
            panic!("a notice");
        };
        assert_eq!((notice.room, notice.epoch, notice.seq, notice.at), ("r", 5, 2, 2));
        assert!(stream.seal(core::iter::empty(), |_, _| {}).is_none());
    }
}
