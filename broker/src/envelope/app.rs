//! What shards say to each other about whole apps: their lists, bans and mutes, what happened in
//! them and what was counted. Plain values, read by `shard::appwide`, `sanctions`,
//! `tidings` and `tokens`.

use bytes::Bytes;
use throng_protocol::value::{AppEvents, ListChange, ListName, Moderation, Term};

use super::{Ack, Item, Ticket};
use crate::class::ByClass;
use crate::counters::Counters;
use crate::id::{AppId, ShardId};
use crate::names::Names;
use crate::room::{Ruling, Telling};
use crate::sanctions::Sanction;
use crate::time::WallTime;

/// A change of one of an app's lists.
#[derive(Debug)]
pub struct AppListChange {
    /// Whom to answer.
    pub ticket: Ticket,
    /// The app.
    pub app: AppId,
    /// Which of its lists.
    pub list: ListName,
    /// What to do.
    pub change: ListChange,
    /// The entries.
    pub entries: Names,
}

/// A ban or mute in a whole app, or the lifting of one.
#[derive(Debug)]
pub struct AppRuling {
    /// Whom to answer.
    pub ticket: Ticket,
    /// The app.
    pub app: AppId,
    /// What is done to whom.
    pub ruling: Ruling,
}

/// What holds against a user in a whole app.
#[derive(Debug)]
pub struct UserSanction {
    /// The app.
    pub app: AppId,
    /// The user's id.
    pub user: Box<str>,
    /// What was done.
    pub action: Moderation,
    /// For how long.
    pub term: Term,
    /// Until when it holds, if it does.
    pub sanction: Sanction,
    /// How the user's sessions are told.
    pub telling: Telling,
    /// Who waits for it to be heeded.
    pub ack: Ack,
}

/// Of which moment on the tokens of a user hold.
#[derive(Debug)]
pub struct Revocation {
    /// The app.
    pub app: AppId,
    /// Whether it is a server's credential.
    pub server: bool,
    /// The user, or the credential.
    pub user: Box<str>,
    /// Tokens made at or before this moment hold no more.
    pub made: WallTime,
    /// Who is to be told that it is heeded.
    pub from: ShardId,
    /// Which of the items of a request it is there.
    pub item: Item,
}

/// Events of an app, as the frames that go to its servers.
#[derive(Debug, Clone)]
pub struct TidingsBatch {
    /// Whole frames, one after the other.
    pub bytes: Bytes,
    /// Of which sort each frame is, and where it ends.
    pub ends: Vec<(AppEvents, u32)>,
}

/// What was counted for an app, on one shard or on several.
#[derive(Debug, Clone, Copy, Default)]
pub struct Census {
    /// What became of messages.
    pub counters: Counters,
    /// Messages that wait for an occupant now.
    pub waiting: ByClass<u64>,
}

impl Census {
    /// Adds what another shard counted.
    pub fn add(&mut self, other: &Self) {
        self.counters.add(&other.counters);
        self.waiting.add(&other.waiting);
    }
}
