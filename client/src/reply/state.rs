//! Answers about what a room keeps: attributes, its queue, its history.

use core::time::Duration;

use throng_protocol::limits::HISTORY_PAGE_MAX;
use throng_protocol::reply as wire;
use throng_protocol::value::{AttributeResult, QueuePermission};

use super::members::next;
use super::{Position, refused};
use crate::ask::Cursor;
use crate::error::{ProtocolError, Refused};
use crate::event::{Message, Tombstone};
use crate::state::{Attribute, QueueElement};

/// What became of each write of attributes. What was done holds on every core.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributesWritten {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
    /// One for each, in the order of the request.
    pub each: Vec<Written>,
}

/// What became of one write of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Whether it was done, and else why not.
    pub done: Result<(), Refused>,
    /// The revision that the key has afterwards, done or not; 0 if it is not there.
    pub revision: u64,
    /// The sum, after an addition.
    pub number: i64,
}

/// A page of a room's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttributesPage {
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how they are.
    pub seq: u64,
    /// How many there are on all pages.
    pub total: u64,
    /// Those on this one.
    pub attributes: Vec<Attribute>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// What was taken out of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polled {
    /// The room's epoch.
    pub epoch: u64,
    /// The place of the notice; that of the newest entry, if there is none.
    pub seq: u64,
    /// The element; `None` if there was none.
    pub element: Option<QueueElement>,
}

/// A page of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueuePage {
    /// The room's epoch.
    pub epoch: u64,
    /// The place at which this is how it is.
    pub seq: u64,
    /// How many elements there are on all pages.
    pub total: u64,
    /// How many there may be.
    pub size: u16,
    /// Who may write to it.
    pub permission: QueuePermission,
    /// Those on this page, in the order of the queue.
    pub elements: Vec<QueueElement>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// A page of a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The room's epoch.
    pub epoch: u64,
    /// What there is, in the order that was asked for.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// Something in a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistoryEntry {
    /// A message.
    Message(Message),
    /// A message was here and was recalled.
    Tombstone(Tombstone),
}

impl AttributesWritten {
    pub(crate) const TAG: u8 = 82;

    /// Whether all of them were done.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.each.iter().all(|written| written.done.is_ok())
    }

    /// From where on it holds.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(super) fn from_wire(written: wire::AttributesWritten<'_>) -> Self {
        let each = |result: AttributeResult| Written {
            done: refused(result.code, Duration::from_millis(result.retry_after_ms.into())),
            revision: result.revision,
            number: result.number,
        };
        let wire::AttributesWritten { epoch, seq, results, .. } = written;
        Self { epoch, seq, each: results.iter().map(each).collect() }
    }
}

impl AttributesPage {
    pub(crate) const TAG: u8 = 83;

    /// The place at which this is how they are.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(super) fn from_wire(page: wire::AttributesPage<'_>) -> Result<Self, ProtocolError> {
        let wire::AttributesPage { epoch, seq, total, cursor, .. } = page;
        let attributes = Attribute::all(page.attributes)?;
        Ok(Self { epoch, seq, total, attributes, next: next(cursor) })
    }
}

impl Polled {
    pub(crate) const TAG: u8 = 84;

    /// From where on it holds.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(super) fn from_wire(polled: wire::Polled<'_>) -> Result<Self, ProtocolError> {
        let wire::Polled { epoch, seq, elements, .. } = polled;
        let mut elements = QueueElement::all(elements)?;
        let element = elements.pop();
        if elements.is_empty() {
            Ok(Self { epoch, seq, element })
        } else {
            Err(ProtocolError::Bounds("elements"))
        }
    }
}

impl QueuePage {
    pub(crate) const TAG: u8 = 85;

    /// The place at which this is how it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { epoch: self.epoch, seq: self.seq }
    }

    pub(super) fn from_wire(page: wire::QueuePage<'_>) -> Result<Self, ProtocolError> {
        Ok(Self {
            epoch: page.epoch,
            seq: page.seq,
            total: page.total,
            size: page.size,
            permission: page.permission,
            elements: QueueElement::all(page.elements)?,
            next: next(page.cursor),
        })
    }
}

impl HistoryPage {
    pub(crate) const TAG: u8 = 86;

    /// The page without its entries, and how many are to come.
    pub(crate) fn from_wire(page: wire::HistoryPage<'_>) -> Result<(Self, usize), ProtocolError> {
        let entries = usize::try_from(page.entries).unwrap_or(usize::MAX);
        if entries > HISTORY_PAGE_MAX {
            return Err(ProtocolError::Bounds("entries"));
        }
        let page = Self { epoch: page.epoch, entries: Vec::new(), next: next(page.cursor) };
        Ok((page, entries))
    }
}

impl HistoryEntry {
    /// The place in the room's order.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Message(message) => message.position(),
            Self::Tombstone(tombstone) => tombstone.position(),
        }
    }
}
