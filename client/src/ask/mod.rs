//! What can be asked beside joining, leaving and publishing: each request is a value, and its
//! type says what the reply is.
//!
//! So a request that is new needs nothing but a place here; all faces have one verb for all of
//! them, `ask`. What is wrong with a request is found before it is sent.

mod attributes;
mod history;
mod limits;
mod lists;
mod members;
mod moderation;
mod queue;
mod rooms;
mod rows;
mod servers;
mod tokens;

use core::time::Duration;

use throng_protocol::request::Request;
use throng_protocol::value::{
    Extensions, FieldError, IdList, NoticeOptions, RoomId, check_extension,
};

use crate::error::Unsent;
use crate::reply::Reply;

pub use attributes::{ClearAttributes, QueryAttributes, WriteAttributes};
pub use history::{QueryHistory, Recall};
pub use limits::{QueryCounters, QueryLimits, SetRoomLimits};
pub use lists::{ChangeList, QueryList};
pub use members::{Cursor, FindMembers, QueryMembers, SetProfile, SetRoomRole};
pub use moderation::{Moderate, MuteRoom, QuerySanctions, Subscribe};
pub use queue::{ClearQueue, PollQueue, QueryQueue, SetQueue, WriteQueue};
pub use rooms::{ChangeRoom, CreateRoom, DestroyRooms, SetRoomOpen};
pub use servers::{Broadcast, ChangeBots, PublishMany, QueryTop};
pub use tokens::{RefreshToken, RevokeTokens};

const NONE: Extensions<'static> = Extensions::NONE;

/// A request, and the type of its reply.
pub trait Ask {
    /// What is replied to it.
    type Reply: TryFrom<Reply, Error = Reply>;

    /// The request as it is sent.
    ///
    /// # Errors
    /// When it cannot be one.
    fn request(&self) -> Result<Request<'_>, Unsent>;

    /// The tag of the reply that fits it.
    fn reply_tag(&self) -> u8;
}

/// What does not fit the protocol is never sent.
pub(crate) fn unfit((field, error): FieldError) -> Unsent {
    Unsent::Invalid { field, error }
}

fn room(room: &str) -> Result<&str, Unsent> {
    let parsed = RoomId::parse(room).map_err(|error| unfit(("room", error)))?;
    Ok(parsed.as_str())
}

/// A time in whole seconds, a part of one counted as one.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// Ids of users, rooms or kinds, as they stand on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Ids {
    bytes: Vec<u8>,
    count: usize,
}

impl Ids {
    fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut own = Self::default();
        for id in ids {
            own.count += 1;
            IdList::write([id], &mut own.bytes);
        }
        own
    }

    /// The list, if there are no more than that.
    fn list(&self, max: usize) -> Result<IdList<'_>, Unsent> {
        let too_many = Unsent::TooMany { count: self.count, max };
        if self.count > max {
            return Err(too_many);
        }
        IdList::parse(&self.bytes).map_err(|_| too_many)
    }
}

/// Whether members are told of a change, and in which words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Telling {
    options: NoticeOptions,
    extension: String,
}

impl Telling {
    fn words(&self) -> Result<&str, Unsent> {
        check_extension(&self.extension).map_err(unfit)?;
        Ok(&self.extension)
    }
}

/// Gives a request whose field `telling` is a [`Telling`] the words for it.
macro_rules! tells {
    ($($name:ident)+) => {
        $(impl $name {
            /// Tell nobody but those whom it puts out of the room.
            #[must_use]
            pub fn quietly(mut self) -> Self {
                self.telling.options = throng_protocol::value::NoticeOptions::QUIET;
                self
            }

            /// Say this along with it, at most 2,048 characters.
            #[must_use]
            pub fn saying(mut self, extension: impl Into<String>) -> Self {
                self.telling.extension = extension.into();
                self
            }
        })+
    };
}
use tells;
