//! Rows that are built one by one, each of which can be changed until the next begins: the writes of
//! attributes and of a queue.
//!
//! They stand as they go over the wire, so that a request can borrow them.

use throng_protocol::value::{
    AttributeKey, AttributeOp, AttributeOptions, AttributeWrite, Element, List, QueueOp,
    QueueOptions, QueueWrite, WriteWhen, check_value,
};

use super::unfit;
use crate::error::Unsent;

/// A row that owns what it holds.
pub(super) trait Row {
    /// The row as it is on the wire.
    type Wire<'a>: Element
    where
        Self: 'a;

    fn wire(&self) -> Self::Wire<'_>;
}

/// Rows as they stand on the wire, the last of which can still be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows<R> {
    bytes: Vec<u8>,
    count: usize,
    /// The last one, and where its bytes begin.
    last: Option<(R, usize)>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { bytes: Vec::new(), count: 0, last: None }
    }
}

impl<R: Row> Rows<R> {
    pub(super) fn push(&mut self, row: R) {
        let at = self.bytes.len();
        List::write([row.wire()], &mut self.bytes);
        self.count += 1;
        self.last = Some((row, at));
    }

    /// Changes the last one, if there is one.
    pub(super) fn change_last(&mut self, change: impl FnOnce(&mut R)) {
        if let Some((row, at)) = &mut self.last {
            change(row);
            self.bytes.truncate(*at);
            List::write([row.wire()], &mut self.bytes);
        }
    }

    /// The bytes of the rows, if there are no more than that.
    pub(super) fn bytes(&self, max: usize) -> Result<&[u8], Unsent> {
        if self.count <= max {
            Ok(&self.bytes)
        } else {
            Err(Unsent::TooMany { count: self.count, max })
        }
    }
}

/// One change of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnWrite {
    pub(super) key: String,
    pub(super) op: AttributeOp,
    pub(super) value: Vec<u8>,
    pub(super) add: i64,
    pub(super) when: WriteWhen,
    pub(super) revision: u64,
    pub(super) expires_after: u32,
    pub(super) options: AttributeOptions,
}

impl OwnWrite {
    pub(super) fn new(op: AttributeOp, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            op,
            value: Vec::new(),
            add: 0,
            when: WriteWhen::Always,
            revision: 0,
            expires_after: 0,
            options: AttributeOptions::default(),
        }
    }

    pub(super) fn set(key: &str, value: &[u8]) -> Self {
        Self { value: value.to_owned(), ..Self::new(AttributeOp::Set, key) }
    }
}

impl Row for OwnWrite {
    type Wire<'a> = AttributeWrite<'a>;

    fn wire(&self) -> AttributeWrite<'_> {
        AttributeWrite {
            key: &self.key,
            op: self.op,
            value: &self.value,
            add: self.add,
            when: self.when,
            revision: self.revision,
            expires_after: self.expires_after,
            options: self.options,
        }
    }
}

/// One change of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnQueueWrite {
    pub(super) op: QueueOp,
    pub(super) key: String,
    pub(super) value: Vec<u8>,
    pub(super) options: QueueOptions,
}

impl Row for OwnQueueWrite {
    type Wire<'a> = QueueWrite<'a>;

    fn wire(&self) -> QueueWrite<'_> {
        let Self { op, key, value, options } = self;
        QueueWrite { op: *op, key, value, options: *options }
    }
}

/// A key as it is sent.
pub(super) fn key(key: &str) -> Result<&str, Unsent> {
    let parsed = AttributeKey::parse(key).map_err(|error| unfit(("key", error)))?;
    Ok(parsed.as_str())
}

/// Says whether a broker could make anything of a key and its value.
pub(super) fn check_pair(own: &str, value: &[u8]) -> Result<(), Unsent> {
    key(own)?;
    check_value(value).map_err(unfit)
}
