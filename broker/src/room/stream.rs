//! A room's order: its epoch, its sequence numbers, and the entries of this turn, encoded once.
//!
//! Entries collect in one contiguous buffer until the room is sealed, at the end of a turn or
//! before the membership changes; then they leave as one [`Batch`] for each shard with
//! occupants, all sharing the bytes.

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::FromBroker;
use throng_protocol::push::{Deliver, Push, RoomDestroyed};
use throng_protocol::value::{DestroyReason, Extensions};

use crate::id::{SessionKey, ShardId};
use crate::limits::BATCH_BYTES_MAX;
use crate::probe::{self, Bug};
use crate::room::members::Who;
use crate::time::WallTime;

/// Consecutive entries of one room, as the bytes that go to every occupant.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whole frames, one after the other.
    pub bytes: Bytes,
    /// The frames that must not go back to the sessions that published them.
    pub own: SmallVec<[Own; 1]>,
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

/// A message about to be put in order.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Who says it.
    pub sender: Who<'a>,
    /// Its type name.
    pub kind: &'a str,
    /// What is said.
    pub payload: &'a [u8],
    /// When the broker read it.
    pub ingress_at: WallTime,
    /// The occupant that shall not hear its own words.
    pub own: Option<SessionKey>,
}

/// A room's order and the part of it that is not sealed yet.
#[derive(Debug)]
pub struct Stream {
    epoch: u64,
    seq: u64,
    open: Vec<u8>,
    open_bytes_last: usize,
    own: SmallVec<[Own; 1]>,
}

impl Stream {
    /// The order of a new room.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self { epoch, seq: 0, open: Vec::new(), open_bytes_last: 0, own: SmallVec::new() }
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
        if let Some(session) = message.own {
            self.own.push(Own { session, start, end: offset(self.open.len()) });
        }
        self.seq
    }

    /// Puts the room's end in order.
    pub fn record_end(&mut self, room: &str, reason: DestroyReason) {
        self.begin();
        FromBroker::Push(Push::RoomDestroyed(RoomDestroyed {
            room,
            epoch: self.epoch,
            seq: self.seq,
            reason,
            extensions: Extensions::NONE,
        }))
        .write(&mut self.open);
    }

    /// Whether there is enough for a batch, so that one send stays small.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.open.len() >= BATCH_BYTES_MAX
    }

    /// Ends the batch and gives each shard its own; nothing if there are no entries.
    pub fn seal(
        &mut self,
        shards: impl Iterator<Item = ShardId>,
        mut give: impl FnMut(ShardId, Batch),
    ) {
        if self.open.is_empty() {
            return;
        }
        self.open_bytes_last = self.open.len();
        let bytes = Bytes::from(core::mem::take(&mut self.open));
        let skipped = usize::from(probe::planted(Bug::ForgottenShard));
        for shard in shards.skip(skipped) {
            let theirs = self.own.iter().filter(|own| own.session.shard == shard);
            // Counted first, so that it is allocated once or not at all.
            let mut own = SmallVec::with_capacity(theirs.clone().count());
            own.extend(theirs.copied());
            give(shard, Batch { bytes: bytes.clone(), own });
        }
        self.own.clear();
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
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a batch is sealed long before 4 GiB")
}
