//! Enumerations of a room's state: what is done to attributes and to the queue, which part of the
//! history is asked for, and by what rooms are ranked (spec 8).
//!
//! One byte each, as those in [`super::names`]; a byte that is not known is kept.

use crate::codec::{
    BorrowDecode, BorrowDecoder, Decode, Encode, EncodeError, Encoder, RawDecodeError,
};

use super::names::byte_enum;

byte_enum! {
    /// What is done to an attribute.
    AttributeOp {
        /// Give the key this value.
        Set = 0,
        /// Take the key away.
        Delete = 1,
        /// Add to the number that its value is.
        Add = 2,
    }
}

byte_enum! {
    /// On which condition an attribute is written.
    WriteWhen {
        /// On none.
        Always = 0,
        /// The key is not there.
        Absent = 1,
        /// The key has that revision.
        Revision = 2,
    }
}

byte_enum! {
    /// What is done to an element of a queue.
    QueueOp {
        /// Append it; where its key is in the queue, change it in its place.
        Offer = 0,
        /// Take it out.
        Remove = 1,
    }
}

byte_enum! {
    /// Who may write to a queue.
    QueuePermission {
        /// Every member with an account.
        Anyone = 0,
        /// The creator, managers and servers.
        Managers = 1,
    }
}

byte_enum! {
    /// What the beginning of a piece of history is named by.
    HistoryBy {
        /// A place in the room's order.
        Seq = 0,
        /// A time, microseconds since the Unix epoch.
        Time = 1,
    }
}

byte_enum! {
    /// In which order history is told.
    HistoryOrder {
        /// What was said first comes first.
        OldestFirst = 0,
        /// What was said last comes first.
        NewestFirst = 1,
    }
}

byte_enum! {
    /// What is done to the bots of a room.
    BotChange {
        /// Put these in; one that is there gets another profile.
        Add = 0,
        /// Take these out.
        Remove = 1,
        /// Take all out.
        Clear = 2,
    }
}

byte_enum! {
    /// By what rooms are ranked.
    TopBy {
        /// Members.
        Members = 0,
        /// Users who said something.
        Active = 1,
        /// Messages.
        Messages = 2,
    }
}

byte_enum! {
    /// The period of which rooms are ranked.
    TopPeriod {
        /// An hour.
        Hour = 0,
        /// A day.
        Day = 1,
    }
}
