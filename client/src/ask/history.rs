//! Requests about messages that were said before.

use throng_protocol::limits::{HISTORY_PAGE_MAX, LIST_IDS_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{HistoryBy, HistoryOrder, Kind, RecallOptions};

use super::members::Cursor;
use super::{Ask, Ids, NONE, Telling, room, unfit};
use crate::error::Unsent;
use crate::reply::{Changed, HistoryPage, Position};

/// Ask for messages that were said before: of members and servers.
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn all(client: throng_client::Client) -> Result<(), throng_client::Error> {
/// use throng_client::ask::QueryHistory;
/// use throng_client::reply::HistoryEntry;
///
/// let mut query = QueryHistory::newest("stage").kinds(["text"]).limit(50);
/// loop {
///     let page = client.ask(query.clone()).await?;
///     for entry in &page.entries {
///         match entry {
///             HistoryEntry::Message(it) => println!("{}: {:?}", it.sender, it.payload),
///             HistoryEntry::Tombstone(it) => println!("{} was taken back", it.seq),
///             _ => {}
///         }
///     }
///     let Some(next) = page.next else { break };
///     query = query.from(next);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryHistory {
    room: String,
    by: HistoryBy,
    begin: u64,
    order: HistoryOrder,
    kinds: Ids,
    cursor: Cursor,
    limit: u16,
}

/// The most that one page can hold.
const PAGE_DEFAULT: u16 = {
    assert!(HISTORY_PAGE_MAX == 100);
    100
};

impl QueryHistory {
    /// The newest first, from the end on.
    #[must_use]
    pub fn newest(room: &str) -> Self {
        Self::until(room, u64::MAX)
    }

    /// The newest first, from that place in the room's order on.
    #[must_use]
    pub fn until(room: &str, seq: u64) -> Self {
        Self {
            room: room.to_owned(),
            by: HistoryBy::Seq,
            begin: seq,
            order: HistoryOrder::NewestFirst,
            kinds: Ids::default(),
            cursor: Cursor::default(),
            limit: PAGE_DEFAULT,
        }
    }

    /// The newest first, from that time on: microseconds since the Unix epoch.
    #[must_use]
    pub fn until_time(room: &str, micros: u64) -> Self {
        Self { by: HistoryBy::Time, ..Self::until(room, micros) }
    }

    /// The oldest first, from that place in the room's order on.
    #[must_use]
    pub fn since(room: &str, seq: u64) -> Self {
        Self { order: HistoryOrder::OldestFirst, ..Self::until(room, seq) }
    }

    /// The oldest first, from that time on: microseconds since the Unix epoch.
    #[must_use]
    pub fn since_time(room: &str, micros: u64) -> Self {
        Self { by: HistoryBy::Time, ..Self::since(room, micros) }
    }

    /// Only messages of these kinds, at most 100.
    #[must_use]
    pub fn kinds<'a>(mut self, kinds: impl IntoIterator<Item = &'a str>) -> Self {
        self.kinds = Ids::of(kinds);
        self
    }

    /// At most that many on the page, 1 to 100; there may be fewer.
    #[must_use]
    pub const fn limit(mut self, messages: u16) -> Self {
        self.limit = messages;
        self
    }

    /// Go on where a page ended. All else must be as it was.
    #[must_use]
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self
    }
}

impl Ask for QueryHistory {
    type Reply = HistoryPage;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let kinds = self.kinds.list(LIST_IDS_MAX)?;
        for kind in kinds.iter() {
            Kind::parse(kind).map_err(|error| unfit(("kind", error)))?;
        }
        Ok(request::QueryHistory {
            room: room(&self.room)?,
            by: self.by,
            from: self.begin,
            order: self.order,
            kinds,
            cursor: &self.cursor.0,
            limit: self.limit,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        HistoryPage::TAG
    }
}

/// Recall a message: the own one, or that of anyone (the creator, managers and servers).
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn oops(client: throng_client::Client) -> Result<(), throng_client::Error> {
/// use throng_client::ask::Recall;
///
/// let accepted = client.publish(("lobby", "text", "helo")).await?;
/// client.ask(Recall::new("lobby", accepted.position())).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    room: String,
    position: Position,
    options: RecallOptions,
    telling: Telling,
}

impl Recall {
    /// The message at that place in the room's order. A tombstone stands there from then on.
    #[must_use]
    pub fn new(room: &str, position: Position) -> Self {
        let (room, options) = (room.to_owned(), RecallOptions::default());
        Self { room, position, options, telling: Telling::default() }
    }

    /// Nothing shall stand in its place.
    #[must_use]
    pub const fn erase(mut self) -> Self {
        self.options = RecallOptions::ERASE;
        self
    }

    /// Say this along with it, at most 2,048 characters.
    #[must_use]
    pub fn saying(mut self, extension: impl Into<String>) -> Self {
        self.telling.extension = extension.into();
        self
    }
}

impl Ask for Recall {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::Recall {
            room: room(&self.room)?,
            epoch: self.position.epoch,
            seq: self.position.seq,
            options: self.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Changed::TAG
    }
}
