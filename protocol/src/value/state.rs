//! What a room's state is made of: attributes, the elements of a queue, bots; and the rows in
//! which they are written, answered and told (spec 8).
//!
//! The rules about them are the broker's. Here is only what can be written down, and how much of
//! it fits.

use crate::codec::{BorrowDecode, Encode};
use crate::limits::{
    ATTRIBUTE_WRITES_MAX, ATTRIBUTES_MAX, LIST_IDS_MAX, PAGE_ENTRIES_MAX, QUEUE_WRITES_MAX,
    TOP_ROOMS_MAX, VALUE_BYTES_MAX,
};
use crate::refusal::Code;

use super::bits::{AttributeOptions, QueueOptions};
use super::limit::Term;
use super::list::{Element, List};
use super::room::{FieldError, Profile};
use super::state_names::{AttributeOp, QueueOp, WriteWhen};
use super::text::ParseError;

/// Says whether the value of an attribute or of an element fits.
///
/// # Errors
/// When it does not.
pub const fn check_value(value: &[u8]) -> Result<(), FieldError> {
    if value.len() <= VALUE_BYTES_MAX {
        Ok(())
    } else {
        Err(("value", ParseError::TooLong { max: VALUE_BYTES_MAX }))
    }
}

/// One change of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct AttributeWrite<'a> {
    /// Which.
    pub key: &'a str,
    /// What is done to it.
    pub op: AttributeOp,
    /// Its value from now on, at most 4,096 bytes; of a set.
    pub value: &'a [u8],
    /// What is added to the number that its value is; of an add.
    pub add: i64,
    /// On which condition.
    pub when: WriteWhen,
    /// The revision it must have, 0 if it must not be there; of a write on that condition.
    pub revision: u64,
    /// After how many seconds it goes by itself, at most 30 days; 0 for never.
    pub expires_after: u32,
    /// Forced, going with its owner.
    pub options: AttributeOptions,
}

impl Element for AttributeWrite<'_> {
    const COUNT_MAX: usize = ATTRIBUTE_WRITES_MAX;
}

/// What became of one change of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct AttributeResult {
    /// [`Code::NONE`] if it was done, else why not.
    pub code: Code,
    /// Milliseconds after which the same can succeed; 0 where that cannot be said.
    pub retry_after_ms: u32,
    /// The revision that the key has afterwards; 0 if it is not there.
    pub revision: u64,
    /// The number that its value is after an add.
    pub number: i64,
}

impl Element for AttributeResult {
    const COUNT_MAX: usize = ATTRIBUTE_WRITES_MAX;
}

/// An attribute of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Attribute<'a> {
    /// Which.
    pub key: &'a str,
    /// Its value.
    pub value: &'a [u8],
    /// The user who set it last; empty for a server.
    pub owner: &'a str,
    /// Its revision: each write of any key of the room has a higher one.
    pub revision: u64,
    /// When it was written last, microseconds since the Unix epoch.
    pub set_at: u64,
    /// How much longer it is there; for ever if it does not expire.
    pub left: Term,
    /// Whether it goes with its owner.
    pub options: AttributeOptions,
}

impl Element for Attribute<'_> {
    const COUNT_MAX: usize = ATTRIBUTES_MAX;
}

/// One change of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueueWrite<'a> {
    /// What is done.
    pub op: QueueOp,
    /// To the element of this key.
    pub key: &'a str,
    /// Its value from now on, at most 4,096 bytes; of an offer.
    pub value: &'a [u8],
    /// Whether it goes with its owner; of an offer.
    pub options: QueueOptions,
}

impl Element for QueueWrite<'_> {
    const COUNT_MAX: usize = QUEUE_WRITES_MAX;
}

/// An element of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct QueueElement<'a> {
    /// Which.
    pub key: &'a str,
    /// Its value.
    pub value: &'a [u8],
    /// The user who offered it last; empty for a server.
    pub owner: &'a str,
    /// When it was offered last, microseconds since the Unix epoch.
    pub set_at: u64,
    /// Whether it goes with its owner.
    pub options: QueueOptions,
}

impl Element for QueueElement<'_> {
    const COUNT_MAX: usize = PAGE_ENTRIES_MAX;
}

/// What became of a message in one of many rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct PublishResult {
    /// [`Code::NONE`] if it was accepted, else why not.
    pub code: Code,
    /// Milliseconds after which the same can succeed; 0 where that cannot be said.
    pub retry_after_ms: u32,
    /// The room's epoch.
    pub epoch: u64,
    /// The message's place in the room's order.
    pub seq: u64,
}

impl Element for PublishResult {
    const COUNT_MAX: usize = LIST_IDS_MAX;
}

/// A member that a server made up: in lists and counts, and without a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct Bot<'a> {
    /// What it is called as a user.
    pub user: &'a str,
    /// How it shows itself.
    pub profile: Profile<'a>,
}

impl Element for Bot<'_> {
    const COUNT_MAX: usize = LIST_IDS_MAX;
}

/// A room and how much of something it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, BorrowDecode)]
pub struct TopRoom<'a> {
    /// Which.
    pub room: &'a str,
    /// How much.
    pub count: u64,
    /// By how much the count may be too high.
    pub error: u64,
}

impl Element for TopRoom<'_> {
    const COUNT_MAX: usize = TOP_ROOMS_MAX;
}

/// Changes of attributes.
pub type AttributeWrites<'a> = List<'a, AttributeWrite<'a>>;
/// What became of changes of attributes, in the order of the request.
pub type AttributeResults<'a> = List<'a, AttributeResult>;
/// Attributes of a room.
pub type Attributes<'a> = List<'a, Attribute<'a>>;
/// Changes of a queue.
pub type QueueWrites<'a> = List<'a, QueueWrite<'a>>;
/// Elements of a queue, in its order.
pub type QueueElements<'a> = List<'a, QueueElement<'a>>;
/// What became of a message in each of many rooms, in the order of the request.
pub type PublishResults<'a> = List<'a, PublishResult>;
/// Bots of a room.
pub type Bots<'a> = List<'a, Bot<'a>>;
/// Rooms, the first of something first.
pub type TopRooms<'a> = List<'a, TopRoom<'a>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_more_than_4096_bytes_does_not_fit() {
        assert_eq!(check_value(&[0; VALUE_BYTES_MAX]), Ok(()));
        let error = ParseError::TooLong { max: VALUE_BYTES_MAX };
        assert_eq!(check_value(&[0; VALUE_BYTES_MAX + 1]), Err(("value", error)));
    }

    #[test]
    fn a_number_below_zero_is_read_back() {
        let mut bytes = Vec::new();
        let writes = [i64::MIN, -1, 0, 1, i64::MAX].map(|add| AttributeWrite {
            key: "score",
            op: AttributeOp::Add,
            add,
            ..AttributeWrite::default()
        });
        AttributeWrites::write(writes, &mut bytes);
        assert!(AttributeWrites::parse(&bytes).unwrap().iter().eq(writes));
    }
}
