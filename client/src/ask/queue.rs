//! Requests about the queue of a room.

use throng_protocol::limits::{QUEUE_WRITE_BYTES_MAX, QUEUE_WRITES_MAX};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{QueueOp, QueueOptions, QueuePermission, QueueWrites};

use super::members::{Cursor, PAGE_DEFAULT};
use super::rows::{OwnQueueWrite, Rows, check_pair, key};
use super::{Ask, NONE, Telling, room, tells};
use crate::error::Unsent;
use crate::reply::{Changed, Polled, QueuePage, Results};

/// Give a room a queue, change what it is like, or take it away (the creator, managers and
/// servers).
///
/// ```
/// use throng_client::ask::SetQueue;
///
/// let anyone = SetQueue::new("stage", 20);
/// let hosts = SetQueue::new("stage", 20).written_by_managers();
/// let none = SetQueue::none("stage");
/// # let _ = (anyone, hosts, none);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetQueue {
    room: String,
    size: u16,
    permission: QueuePermission,
    telling: Telling,
}

impl SetQueue {
    /// A queue of at most that many elements, 1 to 1,000, to which every member with an account may
    /// write.
    #[must_use]
    pub fn new(room: &str, size: u16) -> Self {
        let (room, permission) = (room.to_owned(), QueuePermission::Anyone);
        Self { room, size, permission, telling: Telling::default() }
    }

    /// No queue. What is in it goes, too.
    #[must_use]
    pub fn none(room: &str) -> Self {
        Self::new(room, 0)
    }

    /// Only the creator, managers and servers may write to it.
    #[must_use]
    pub const fn written_by_managers(mut self) -> Self {
        self.permission = QueuePermission::Managers;
        self
    }
}

impl Ask for SetQueue {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::SetQueue {
            room: room(&self.room)?,
            size: self.size,
            permission: self.permission,
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

/// Offer elements to a queue, or take them out: at most 100 in a call, with a result for each.
///
/// ```
/// use throng_client::ask::WriteQueue;
///
/// let write = WriteQueue::new("stage").offer("ann", "a song").transient().remove("bob");
/// # let _ = write;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteQueue {
    room: String,
    writes: Rows<OwnQueueWrite>,
    telling: Telling,
}

impl WriteQueue {
    /// The queue of a room, as it is.
    #[must_use]
    pub fn new(room: &str) -> Self {
        Self { room: room.to_owned(), writes: Rows::default(), telling: Telling::default() }
    }

    /// Append an element; where the key is in the queue, change it in its place.
    #[must_use]
    pub fn offer(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.with(QueueOp::Offer, key, value.as_ref())
    }

    /// The element offered last goes when its owner leaves, or its seat is given up.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.writes.change_last(|write| write.options = QueueOptions::TRANSIENT);
        self
    }

    /// Take an element out.
    #[must_use]
    pub fn remove(self, key: &str) -> Self {
        self.with(QueueOp::Remove, key, &[])
    }

    fn with(mut self, op: QueueOp, key: &str, value: &[u8]) -> Self {
        let options = QueueOptions::default();
        let (key, value) = (key.to_owned(), value.to_owned());
        self.writes.push(OwnQueueWrite { op, key, value, options });
        self
    }
}

impl Ask for WriteQueue {
    type Reply = Results;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let bytes = self.writes.bytes(QUEUE_WRITES_MAX)?;
        let writes = QueueWrites::parse(bytes).expect("they were written, and there are few");
        let mut count = 0;
        for write in writes.iter() {
            check_pair(write.key, write.value)?;
            count += write.key.len() + write.value.len();
        }
        if count > QUEUE_WRITE_BYTES_MAX {
            return Err(Unsent::PayloadTooLarge { length: count, max: QUEUE_WRITE_BYTES_MAX });
        }
        Ok(request::WriteQueue {
            room: room(&self.room)?,
            writes,
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Results::TAG
    }
}

/// Take one element out of a queue and be told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollQueue {
    room: String,
    key: String,
    telling: Telling,
}

impl PollQueue {
    /// The first one.
    #[must_use]
    pub fn first(room: &str) -> Self {
        Self { room: room.to_owned(), key: String::new(), telling: Telling::default() }
    }

    /// That of this key.
    #[must_use]
    pub fn key(room: &str, key: &str) -> Self {
        Self { key: key.to_owned(), ..Self::first(room) }
    }
}

impl Ask for PollQueue {
    type Reply = Polled;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::PollQueue {
            room: room(&self.room)?,
            key: if self.key.is_empty() { "" } else { key(&self.key)? },
            options: self.telling.options,
            extension: self.telling.words()?,
            extensions: NONE,
        }
        .into())
    }

    fn reply_tag(&self) -> u8 {
        Polled::TAG
    }
}

/// Ask for a page of a queue: of members and servers.
///
/// ```
/// use throng_client::ask::QueryQueue;
///
/// let who_is_next = QueryQueue::of("stage").limit(1);
/// # let _ = who_is_next;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryQueue {
    room: String,
    cursor: Cursor,
    limit: u16,
}

impl QueryQueue {
    /// The queue of a room, from its head on.
    #[must_use]
    pub fn of(room: &str) -> Self {
        Self { room: room.to_owned(), cursor: Cursor::default(), limit: PAGE_DEFAULT }
    }

    /// At most that many on the page, 1 to 500; there may be fewer.
    #[must_use]
    pub const fn limit(mut self, elements: u16) -> Self {
        self.limit = elements;
        self
    }

    /// Go on where a page ended.
    #[must_use]
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self
    }
}

impl Ask for QueryQueue {
    type Reply = QueuePage;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        let (room, cursor, limit) = (room(&self.room)?, &self.cursor.0, self.limit);
        Ok(request::QueryQueue { room, cursor, limit, extensions: NONE }.into())
    }

    fn reply_tag(&self) -> u8 {
        QueuePage::TAG
    }
}

/// Take all elements out of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearQueue {
    room: String,
    telling: Telling,
}

impl ClearQueue {
    /// The queue of a room.
    #[must_use]
    pub fn new(room: &str) -> Self {
        Self { room: room.to_owned(), telling: Telling::default() }
    }
}

impl Ask for ClearQueue {
    type Reply = Changed;

    fn request(&self) -> Result<Request<'_>, Unsent> {
        Ok(request::ClearQueue {
            room: room(&self.room)?,
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

tells! { SetQueue WriteQueue PollQueue ClearQueue }
