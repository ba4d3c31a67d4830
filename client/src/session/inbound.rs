//! From received bytes to what they mean for the session.
//!
//! Whole frames are read where they lie; only the beginning of an unfinished one is kept, and
//! never more of it than the limit that its length prefix was checked against. The one place
//! that decides what a broker may say when.

use core::time::Duration;

use throng_protocol::frame::{self, FromBroker};
use throng_protocol::handshake::{self, VERSION};
use throng_protocol::limits::HELLO_BODY_BYTES_MAX;
use throng_protocol::push::Push;
use throng_protocol::reply::Reply as WireReply;

use crate::error::{Failure, ProtocolError, Reason, Refused, Shed, check_extensions};
use crate::event::{
    AppEvent, Broadcast, Direct, Event, Kicked, Lagged, LeftRoom, Message, Notice, Presence,
    RoomAttributes, RoomDestroyed, RoomQueue, Tombstone,
};
use crate::reply::{
    Accepted, Destroyed, HistoryPage, Joined, Left, Pong, Reply, RoomState, Welcome,
};
use crate::time::Instant;

use super::pending::Asked;
use super::pulse::Pulse;
use super::{Outcome, Session, SessionEvent, Stage};

/// The beginning of a frame that is not all there.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    partial: Vec<u8>,
}

impl Session {
    /// Reads every whole frame of what was kept and what came now; keeps the rest.
    pub(super) fn read(&mut self, now: Instant, bytes: &[u8]) -> Result<(), Reason> {
        if self.inbound.partial.is_empty() {
            let rest = self.read_frames(now, bytes)?;
            self.inbound.partial.extend_from_slice(rest);
            return Ok(());
        }
        let mut held = core::mem::take(&mut self.inbound.partial);
        held.extend_from_slice(bytes);
        let rest_bytes = self.read_frames(now, &held)?.len();
        if rest_bytes > 0 {
            held.drain(..held.len() - rest_bytes);
            self.inbound.partial = held;
        }
        Ok(())
    }

    fn read_frames<'a>(&mut self, now: Instant, mut bytes: &'a [u8]) -> Result<&'a [u8], Reason> {
        while let Some((body, rest)) =
            frame::split(bytes, self.body_bytes_max()).map_err(ProtocolError::from)?
        {
            self.read_frame(now, body)?;
            bytes = rest;
        }
        Ok(bytes)
    }

    /// The largest body the broker may send: as it said, and little before it said anything.
    fn body_bytes_max(&self) -> usize {
        match self.welcome() {
            Some(welcome) => welcome.body_bytes_max,
            None => HELLO_BODY_BYTES_MAX,
        }
    }

    fn read_frame(&mut self, now: Instant, body: &[u8]) -> Result<(), Reason> {
        let frame = FromBroker::decode(body).map_err(ProtocolError::from)?;
        let is_open = self.welcome().is_some();
        match frame {
            FromBroker::GoAway(go_away) => return Err(Reason::from_wire(go_away)),
            FromBroker::Welcome(welcome) if !is_open => self.read_welcome(now, welcome)?,
            FromBroker::Reply(number, reply) if is_open => self.read_reply(number, reply)?,
            FromBroker::UnknownReply(number, tag) if is_open => {
                let asked = self.pending.get(number);
                let asked = asked.ok_or(ProtocolError::WrongReply { number })?;
                self.settle(number, asked, Err(Failure::UnknownReply(tag)));
            }
            FromBroker::Push(push) if is_open => self.read_push(push)?,
            FromBroker::UnknownPush(_) if is_open => {}
            _ => return Err(ProtocolError::Unexpected.into()),
        }
        Ok(())
    }

    fn read_welcome(
        &mut self,
        now: Instant,
        welcome: handshake::Welcome<'_>,
    ) -> Result<(), ProtocolError> {
        if welcome.version != VERSION {
            return Err(ProtocolError::Version(welcome.version));
        }
        let welcome = Welcome::from_wire(welcome)?;
        let ping_after = Duration::from_millis(welcome.ping_after_ms.into());
        self.stage = Stage::Open { welcome, pulse: Pulse::new(ping_after, now) };
        self.events.push_back(SessionEvent::Opened(welcome));
        Ok(())
    }

    fn read_reply(&mut self, number: u32, reply: WireReply<'_>) -> Result<(), ProtocolError> {
        let Some(asked) = self.pending.get(number) else {
            return self.read_refusal_of_unanswered(number, reply);
        };
        if let (Asked::For(HistoryPage::TAG), WireReply::HistoryPage(page)) = (asked, reply) {
            return self.read_history_page(number, page);
        }
        let outcome = outcome(number, asked, reply)?;
        self.settle(number, asked, outcome);
        Ok(())
    }

    pub(super) fn settle(&mut self, number: u32, asked: Asked, outcome: Outcome) {
        self.pending.remove(number);
        if !matches!(asked, Asked::SignOfLife) {
            self.events.push_back(SessionEvent::Done(number, outcome));
        }
    }

    fn read_refusal_of_unanswered(
        &mut self,
        number: u32,
        reply: WireReply<'_>,
    ) -> Result<(), ProtocolError> {
        match reply {
            WireReply::Refused(refusal) if self.pending.is_unanswered(number) => {
                let refused = Refused::from_wire(refusal)?;
                self.tell(Event::PublishRefused { number, refused });
                Ok(())
            }
            WireReply::Shed(shed) if self.pending.is_unanswered(number) => {
                let shed = Shed::from_wire(shed)?;
                self.tell(Event::PublishShed { number, shed });
                Ok(())
            }
            _ => Err(ProtocolError::WrongReply { number }),
        }
    }

    fn read_push(&mut self, push: Push<'_>) -> Result<(), ProtocolError> {
        if self.read_history_entry(&push)? {
            return Ok(());
        }
        match push {
            Push::Deliver(it) => self.tell(Event::Message(Message::from_wire(it)?)),
            Push::RoomDestroyed(it) => {
                self.tell(Event::RoomDestroyed(RoomDestroyed::from_wire(it)?));
            }
            Push::Kicked(it) => self.tell(Event::Kicked(Kicked::from_wire(it)?)),
            Push::Lagged(it) => self.tell(Event::Lagged(Lagged::from_wire(it)?)),
            Push::LeftRoom(it) => self.tell(Event::LeftRoom(LeftRoom::from_wire(it)?)),
            Push::Notice(it) => self.tell(Event::Notice(Notice::from_wire(it)?)),
            Push::Presence(it) => self.tell(Event::Presence(Presence::from_wire(it)?)),
            Push::AppEvent(it) => self.tell(Event::App(AppEvent::from_wire(it)?)),
            Push::Direct(it) => self.tell(Event::Direct(Direct::from_wire(it)?)),
            Push::Broadcast(it) => self.tell(Event::Broadcast(Broadcast::from_wire(it)?)),
            Push::Tombstone(it) => self.tell(Event::Tombstone(Tombstone::from_wire(it)?)),
            Push::RoomAttributes(it) => {
                self.tell(Event::RoomAttributes(RoomAttributes::from_wire(it)?));
            }
            Push::RoomQueue(it) => self.tell(Event::RoomQueue(RoomQueue::from_wire(it)?)),
            Push::AreYouThere(it) => {
                check_extensions(it.extensions)?;
                // What is under way already is an answer, too.
                if !self.is_full() {
                    self.ask_for_life();
                }
            }
            // A push this crate does not read yet is skipped like one the protocol does not know.
            _ => {}
        }
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        self.events.push_back(SessionEvent::Told(event));
    }
}

/// What the reply means to the request, if it fits.
fn outcome(number: u32, asked: Asked, reply: WireReply<'_>) -> Result<Outcome, ProtocolError> {
    Ok(Ok(match (asked, reply) {
        (_, WireReply::Refused(refusal)) => {
            return Ok(Err(Failure::Refused(Refused::from_wire(refusal)?)));
        }
        (Asked::Join(room), WireReply::Joined(it)) => Joined::from_wire(room, it)?.into(),
        (Asked::Leave(room), WireReply::Left(it)) => {
            check_extensions(it.extensions)?;
            Left { room }.into()
        }
        (Asked::Publish(..), WireReply::Shed(shed)) => {
            return Ok(Err(Failure::Shed(Shed::from_wire(shed)?)));
        }
        (Asked::For(tag), reply) if reply.tag() == tag => {
            Reply::from_wire(reply)?.ok_or(ProtocolError::WrongReply { number })?
        }
        (Asked::Publish(room, echo, direct), WireReply::Accepted(it)) => {
            Accepted::from_wire((room, echo, direct), it)?.into()
        }
        (Asked::Ping | Asked::SignOfLife, WireReply::Pong(it)) => {
            check_extensions(it.extensions)?;
            Pong { time: it.time }.into()
        }
        (Asked::QueryRoom, WireReply::RoomState(it)) => RoomState::from_wire(it)?.into(),
        (Asked::DestroyRoom(room), WireReply::Destroyed(it)) => {
            check_extensions(it.extensions)?;
            Destroyed { room }.into()
        }
        _ => return Err(ProtocolError::WrongReply { number }),
    }))
}
