//! What the owner of a session asks: each command is checked, written, and gives the number of the
//! request, whose one outcome comes out of [`Session::poll_event`].
//!
//! What no broker could make anything of is found here and never sent.

use throng_protocol::limits::{JOIN_HISTORY_MAX, LIST_IDS_MAX};
use throng_protocol::request::{
    DestroyRoom, Join as JoinRequest, Leave, Publish as PublishRequest, QueryRoom,
};
use throng_protocol::value::{
    Extensions, IdList, Kind, MessageId, ParseError, PublishOptions, RoomId, UserId,
};

use crate::ask::{Ask, CreateRoom, unfit};
use crate::error::Unsent;
use crate::join::Join;
use crate::publish::Publish;
use crate::reply::Welcome;

use super::pending::Asked;
use super::{PING, Session};

impl Session {
    /// Become a member of a room and receive its messages.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn join<'a>(&mut self, join: impl Into<Join<'a>>) -> Result<u32, Unsent> {
        let join = join.into();
        check_join(&join)?;
        self.ready()?;
        Ok(self.ask_to_join(join))
    }

    /// Leave a room, with all sessions of the user.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn leave(&mut self, room: &str) -> Result<u32, Unsent> {
        let room = self.ready_for(room)?;
        let leave = Leave { room: room.as_str(), extensions: Extensions::NONE };
        Ok(self.ask(leave, Asked::Leave(room.into())))
    }

    /// Publish a message and be told its position.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn publish(&mut self, publish: Publish<'_>) -> Result<u32, Unsent> {
        let mut targets = Vec::new();
        let request = self.ready_to_publish(publish, &mut targets)?;
        let room = RoomId::parse(request.room).map_err(invalid("room"))?;
        let echo = request.options.has(PublishOptions::ECHO);
        let direct = !request.targets.is_empty();
        Ok(self.ask(request, Asked::Publish(room.into(), echo, direct)))
    }

    /// Publish a message without acknowledgement: it has no outcome. If it is refused, an
    /// [`crate::Event::PublishRefused`] says so.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number.
    pub fn publish_no_ack(&mut self, publish: Publish<'_>) -> Result<u32, Unsent> {
        let mut targets = Vec::new();
        let mut request = self.ready_to_publish(publish, &mut targets)?;
        request.options = request.options.with(PublishOptions::NO_ACK);
        let number = self.pending.number_unanswered();
        self.write(number, request);
        Ok(number)
    }

    /// Ask for a sign of life and the broker's clock.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn ping(&mut self) -> Result<u32, Unsent> {
        self.ready()?;
        Ok(self.ask(PING, Asked::Ping))
    }

    /// Ask what a room is.
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn query_room(&mut self, room: &str) -> Result<u32, Unsent> {
        let query =
            QueryRoom { room: self.ready_for(room)?.as_str(), extensions: Extensions::NONE };
        Ok(self.ask(query, Asked::QueryRoom))
    }

    /// Create a room (servers only).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn create_room(&mut self, room: &str) -> Result<u32, Unsent> {
        self.ask_for(&CreateRoom::new(room))
    }

    /// Destroy a room (servers only).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn destroy_room(&mut self, room: &str) -> Result<u32, Unsent> {
        let room = self.ready_for(room)?;
        let destroy = DestroyRoom { room: room.as_str(), extensions: Extensions::NONE };
        Ok(self.ask(destroy, Asked::DestroyRoom(room.into())))
    }

    /// Ask for whatever can be asked ([`crate::ask`]).
    ///
    /// # Errors
    /// When the request cannot be sent; then it has no number and no outcome.
    pub fn ask_for(&mut self, ask: &impl Ask) -> Result<u32, Unsent> {
        let request = ask.request()?;
        self.ready()?;
        Ok(self.ask(request, Asked::For(ask.reply_tag())))
    }

    /// A join that was found good, and is not held up by what else is under way.
    pub(crate) fn ask_to_join(&mut self, join: Join<'_>) -> u32 {
        let room = RoomId::parse(join.room).expect("it was found good");
        let from = join.resume_from;
        let request = JoinRequest {
            room: join.room,
            history: join.history,
            profile: join.profile,
            resume_epoch: from.map_or(0, |from| from.epoch),
            resume_seq: from.map_or(0, |from| from.seq),
            options: join.options,
            extensions: Extensions::NONE,
        };
        self.ask(request, Asked::Join(room.into()))
    }

    fn ready(&self) -> Result<&Welcome, Unsent> {
        let welcome = self.welcome().ok_or(Unsent::NotConnected)?;
        if self.is_full() {
            return Err(Unsent::Full);
        }
        Ok(welcome)
    }

    fn ready_for<'a>(&self, room: &'a str) -> Result<RoomId<'a>, Unsent> {
        let room = RoomId::parse(room).map_err(invalid("room"))?;
        self.ready()?;
        Ok(room)
    }

    /// `targets` takes the users it is for, as they stand on the wire.
    fn ready_to_publish<'a>(
        &self,
        publish: Publish<'a>,
        targets: &'a mut Vec<u8>,
    ) -> Result<PublishRequest<'a>, Unsent> {
        let room = RoomId::parse(publish.room).map_err(invalid("room"))?;
        let kind = Kind::parse(publish.kind).map_err(invalid("kind"))?;
        if !publish.message_id.is_empty() {
            MessageId::parse(publish.message_id).map_err(invalid("message_id"))?;
        }
        let max = self.ready()?.payload_bytes_max;
        let length = publish.payload.len();
        if length > max {
            return Err(Unsent::PayloadTooLarge { length, max });
        }
        Ok(PublishRequest {
            room: room.as_str(),
            kind: kind.as_str(),
            payload: publish.payload,
            options: publish.options,
            class: publish.class,
            message_id: publish.message_id,
            targets: users(publish.users, targets)?,
            extensions: Extensions::NONE,
        })
    }
}

/// Users as they stand on the wire, in bytes that are kept in `bytes`.
fn users<'a>(users: &[&str], bytes: &'a mut Vec<u8>) -> Result<IdList<'a>, Unsent> {
    let (count, max) = (users.len(), LIST_IDS_MAX);
    if count > max {
        return Err(Unsent::TooMany { count, max });
    }
    for user in users {
        UserId::parse(user).map_err(invalid("user"))?;
    }
    IdList::write(users.iter().copied(), bytes);
    Ok(IdList::parse(bytes).expect("they were written just now, and there are few"))
}

/// Says whether a broker could make anything of it.
fn check_join(join: &Join<'_>) -> Result<(), Unsent> {
    RoomId::parse(join.room).map_err(invalid("room"))?;
    join.profile.check().map_err(unfit)?;
    if join.history > JOIN_HISTORY_MAX {
        let (count, max) = (join.history.into(), JOIN_HISTORY_MAX.into());
        return Err(Unsent::TooMany { count, max });
    }
    Ok(())
}

fn invalid(field: &'static str) -> impl Fn(ParseError) -> Unsent {
    move |error| Unsent::Invalid { field, error }
}
