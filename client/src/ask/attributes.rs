//! Requests about the attributes of a room.

use core::time::Duration;

use throng_protocol::limits::{ATTRIBUTE_WRITES_MAX, ATTRIBUTES_MAX, LIST_IDS_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{AttributeOp, AttributeOptions, AttributeWrites, Switch, WriteWhen};

use super::members::Cursor;
use super::rows::{OwnWrite, Rows, check_pair, key};
use super::{Ask, Ids, NONE, Telling, room, tells, whole_seconds};
use crate::error::Unsent;
use crate::reply::{AttributesPage, AttributesWritten, Changed};

/// Write attributes of a room, at most 20 in a call, with a result for each: of members and
/// servers. Whoever sets a key owns it.
///
/// ```no_run
/// # #[cfg(feature = "tokio")]
/// # async fn write(client: throng_client::Client) -> Result<(), throng_client::Error> {
/// use std::time::Duration;
/// use throng_client::Code;
/// use throng_client::ask::WriteAttributes;
///
/// let write = WriteAttributes::new("stage")
///     .set("topic", "tea")
///     .set("hand-ann", "up").auto_delete().expiring(Duration::from_secs(600))
///     .add("score", 3)
///     .set_if_absent("host", "ann");
/// let written = client.ask(write).await?;
/// println!("the score is {}", written.each[2].number);
///
/// // Change what nobody else changed in between.
/// let revision = written.each[0].revision;
/// let swap = WriteAttributes::new("stage").compare_and_set("topic", revision, "coffee");
/// match &client.ask(swap).await?.each[0].done {
///     Ok(()) => println!("coffee it is"),
///     Err(refused) if refused.code == Code::REVISION => println!("somebody was faster"),
///     Err(refused) => println!("{refused}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteAttributes {
    room: String,
    writes: Rows<OwnWrite>,
    telling: Telling,
}

impl WriteAttributes {
    /// Attributes of a room, all as they are.
    #[must_use]
    pub fn new(room: &str) -> Self {
        Self { room: room.to_owned(), writes: Rows::default(), telling: Telling::default() }
    }

    /// Give the key this value, at most 4,096 bytes.
    #[must_use]
    pub fn set(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.with(OwnWrite::set(key, value.as_ref()))
    }

    /// Give the key this value if it is not there, else the result is `KEY_EXISTS`.
    #[must_use]
    pub fn set_if_absent(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.with(OwnWrite { when: WriteWhen::Absent, ..OwnWrite::set(key, value.as_ref()) })
    }

    /// Give the key this value if it has that revision, else the result is `REVISION`; with 0 it
    /// must not be there.
    #[must_use]
    pub fn compare_and_set(self, key: &str, revision: u64, value: impl AsRef<[u8]>) -> Self {
        let when = WriteWhen::Revision;
        self.with(OwnWrite { when, revision, ..OwnWrite::set(key, value.as_ref()) })
    }

    /// Add to the number that the key's value is. The value is decimal text; what is not there
    /// counts as 0. The result says the sum.
    #[must_use]
    pub fn add(self, key: &str, number: i64) -> Self {
        self.with(OwnWrite { add: number, ..OwnWrite::new(AttributeOp::Add, key) })
    }

    /// Take the key away.
    #[must_use]
    pub fn delete(self, key: &str) -> Self {
        self.with(OwnWrite::new(AttributeOp::Delete, key))
    }

    /// Take the key away if it has that revision, else the result is `REVISION`.
    #[must_use]
    pub fn compare_and_delete(self, key: &str, revision: u64) -> Self {
        let when = WriteWhen::Revision;
        self.with(OwnWrite { when, revision, ..OwnWrite::new(AttributeOp::Delete, key) })
    }

    /// The key written last goes when its owner leaves, or its seat is given up.
    #[must_use]
    pub fn auto_delete(self) -> Self {
        self.but(|write| write.options = write.options.with(AttributeOptions::AUTO_DELETE))
    }

    /// The key written last goes by itself after whole seconds, at most 30 days.
    #[must_use]
    pub fn expiring(self, after: Duration) -> Self {
        self.but(|write| write.expires_after = whole_seconds(after))
    }

    /// The key written last is written whoever owns it (the creator, managers and servers).
    #[must_use]
    pub fn forced(self) -> Self {
        self.but(|write| write.options = write.options.with(AttributeOptions::FORCE))
    }

    fn with(mut self, write: OwnWrite) -> Self {
        self.writes.push(write);
        self
    }

    fn but(mut self, change: impl FnOnce(&mut OwnWrite)) -> Self {
        self.writes.change_last(change);
        self
    }
}

/// Writes as they are sent, each of which a broker can make something of.
pub(super) fn attribute_writes(rows: &Rows<OwnWrite>) -> Result<AttributeWrites<'_>, Unsent> {
    let bytes = rows.bytes(ATTRIBUTE_WRITES_MAX)?;
    let writes = AttributeWrites::parse(bytes).expect("they were written, and there are few");
    for write in writes.iter() {
        check_pair(write.key, write.value)?;
    }
    Ok(writes)
}

impl Ask for WriteAttributes {
    type Reply = AttributesWritten;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::WriteAttributes {
            room: room(&self.room)?,
            writes: attribute_writes(&self.writes)?,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        AttributesWritten::TAG
    }
}

/// Take away all attributes that the caller owns, or all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearAttributes {
    room: String,
    force: Switch,
    telling: Telling,
}

impl ClearAttributes {
    /// The caller's own.
    #[must_use]
    pub fn own(room: &str) -> Self {
        Self { room: room.to_owned(), force: Switch::Off, telling: Telling::default() }
    }

    /// All of them (the creator, managers and servers).
    #[must_use]
    pub fn all(room: &str) -> Self {
        Self { force: Switch::On, ..Self::own(room) }
    }
}

impl Ask for ClearAttributes {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::ClearAttributes {
            room: room(&self.room)?,
            force: self.force,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Changed::TAG
    }
}

/// Ask for a page of a room's attributes: of members and servers. Keys that are not there are left
/// out.
///
/// ```
/// use throng_client::ask::QueryAttributes;
///
/// let all = QueryAttributes::of("stage");
/// let two = QueryAttributes::of("stage").keys(["topic", "host"]);
/// # let _ = (all, two);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAttributes {
    room: String,
    keys: Ids,
    cursor: Cursor,
    limit: u16,
}

/// The most that one page can hold.
const PAGE_DEFAULT: u16 = {
    assert!(ATTRIBUTES_MAX == 100);
    100
};

impl QueryAttributes {
    /// All attributes of a room.
    #[must_use]
    pub fn of(room: &str) -> Self {
        let (keys, cursor) = (Ids::default(), Cursor::default());
        Self { room: room.to_owned(), keys, cursor, limit: PAGE_DEFAULT }
    }

    /// Only those of these keys, at most 100.
    #[must_use]
    pub fn keys<'a>(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.keys = Ids::of(keys);
        self
    }

    /// At most that many on the page, 1 to 100; there may be fewer.
    #[must_use]
    pub const fn limit(mut self, attributes: u16) -> Self {
        self.limit = attributes;
        self
    }

    /// Go on where a page ended.
    #[must_use]
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self
    }
}

impl Ask for QueryAttributes {
    type Reply = AttributesPage;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let keys = self.keys.list(LIST_IDS_MAX)?;
        for own in keys.iter() {
            key(own)?;
        }
        Ok(request::QueryAttributes {
            room: room(&self.room)?,
            keys,
            cursor: &self.cursor.0,
            limit: self.limit,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        AttributesPage::TAG
    }
}

tells! { WriteAttributes ClearAttributes }
