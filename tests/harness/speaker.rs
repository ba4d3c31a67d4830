//! The client crate inside a test's client: its sans-IO session asks and answers, and what it
//! makes of what it hears is held against what the test's own reader makes of it.
//!
//! So the crate runs under every fault a world has, and neither reader is taken on trust.

use std::collections::VecDeque;

use throng_client::ask::{QueryCounters, QueryLimits};
use throng_client::reply::Reply;
use throng_client::session::{Session, SessionEvent};
use throng_client::time::Instant;
use throng_client::{Config, Development, Event, Failure, Join, Publish, Reason};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply as WireReply;
use throng_protocol::request::Request;
use throng_protocol::value::{Class, ClassHint, PublishOptions, Role};
use throng_protocol::{Code, FromBroker};

use crate::client::{APP, SECRET};

/// The client crate's session, and what it is expected to tell.
#[derive(Debug)]
pub struct Speaker {
    session: Session,
    expected: VecDeque<Heard>,
}

/// Something heard, as both readers must understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Heard {
    Welcome,
    Joined(u32, u64),
    Left(u32),
    Accepted(u32, u64),
    State(u32, u64, u64),
    Done(u32),
    Refused(u32, Code),
    Shed(u32, Class),
    Limits(u32, u32),
    Counters(u32, usize),
    Lagged(String, u64, u64),
    Message(String, u64, Vec<u8>),
    RoomDestroyed(String),
    LeftRoom(String),
    SentAway(Code),
}

impl Speaker {
    /// A session of a client that says hello now.
    #[must_use]
    pub fn hello(user: &str, device: &str, role: Role, now: Instant) -> Self {
        let who = Development::new(SECRET);
        let who = match role {
            Role::Server => who.server(user),
            _ => who.user(user),
        };
        let who = if device.is_empty() { who } else { who.device(device) };
        let config = Config::new("127.0.0.1:1").app(APP).credentials(who).client_name("test");
        Self { session: Session::new(&config, now), expected: VecDeque::new() }
    }

    /// Asks, and gives the number; `None` for what the crate does not ask now.
    pub fn ask(&mut self, request: &Request<'_>) -> Option<u32> {
        let session = &mut self.session;
        let asked = match request {
            Request::Join(join) => session.join(Join::new(join.room).history(join.history)),
            Request::Leave(leave) => session.leave(leave.room),
            Request::QueryRoom(query) => session.query_room(query.room),
            Request::CreateRoom(create) => session.create_room(create.room),
            Request::DestroyRoom(destroy) => session.destroy_room(destroy.room),
            Request::Publish(publish) => {
                let own = Publish::new(publish.room, publish.kind, publish.payload);
                let echo = publish.options.has(PublishOptions::ECHO);
                let own = if echo { own.echo() } else { own };
                let own = if publish.class == ClassHint::Low { own.low() } else { own };
                if publish.options.has(PublishOptions::NO_ACK) {
                    session.publish_no_ack(own)
                } else {
                    session.publish(own)
                }
            }
            Request::QueryLimits(query) if query.room.is_empty() => {
                session.ask_for(&QueryLimits::own())
            }
            Request::QueryLimits(query) => session.ask_for(&QueryLimits::of_room(query.room)),
            Request::QueryCounters(_) => session.ask_for(&QueryCounters),
            _ => return None,
        };
        asked.ok()
    }

    /// What it has to say.
    pub fn take_said(&mut self, out: &mut Vec<u8>) {
        self.session.poll_transmit(out);
    }

    /// Lets it do what is due. Says whether it wants the connection to go on.
    pub fn pass(&mut self, now: Instant) -> bool {
        if self.session.poll_timeout().is_some_and(|due| due <= now) {
            self.session.handle_timeout(now);
        }
        !self.session.is_ended()
    }

    /// What the test's own reader made of a frame.
    pub fn expect(&mut self, said: &FromBroker<'_>) {
        let heard = match said {
            FromBroker::Welcome(_) => Heard::Welcome,
            FromBroker::GoAway(end) => Heard::SentAway(end.refusal.code),
            FromBroker::Reply(number, reply) => match reply {
                WireReply::Joined(at) => Heard::Joined(*number, at.seq),
                WireReply::Left(_) => Heard::Left(*number),
                WireReply::Accepted(at) => Heard::Accepted(*number, at.seq),
                WireReply::RoomState(at) => Heard::State(*number, at.seq, at.occupants),
                WireReply::Created(_) | WireReply::Destroyed(_) => Heard::Done(*number),
                WireReply::Refused(no) => Heard::Refused(*number, no.code),
                WireReply::Shed(shed) => Heard::Shed(*number, shed.class),
                WireReply::Limits(left) => Heard::Limits(*number, left.messages.left),
                WireReply::Counters(it) => Heard::Counters(*number, it.counts.iter().count()),
                _ => return,
            },
            FromBroker::Push(Push::Deliver(it)) => {
                Heard::Message(it.room.to_owned(), it.seq, it.payload.to_vec())
            }
            FromBroker::Push(Push::Lagged(it)) => {
                Heard::Lagged(it.room.to_owned(), it.from_seq, it.to_seq)
            }
            FromBroker::Push(Push::RoomDestroyed(it)) => Heard::RoomDestroyed(it.room.to_owned()),
            FromBroker::Push(Push::LeftRoom(it)) => Heard::LeftRoom(it.room.to_owned()),
            _ => return,
        };
        self.expected.push_back(heard);
    }

    /// Hears the bytes of what was expected and tells the same.
    ///
    /// # Panics
    /// When it tells something else.
    pub fn hear(&mut self, now: Instant, bytes: &[u8]) {
        self.session.handle_bytes(now, bytes);
        while let Some(event) = self.session.poll_event() {
            let Some(heard) = heard(event) else { continue };
            let expected = self.expected.pop_front();
            assert_eq!(Some(&heard), expected.as_ref(), "the client crate reads another thing");
        }
        let left_out = self.expected.pop_front();
        assert_eq!(left_out, None, "the client crate does not tell this");
    }

    /// The connection is over: every request gets its outcome.
    ///
    /// # Panics
    /// When something else than that is told.
    pub fn hear_end(&mut self) {
        self.session.handle_closed(std::io::ErrorKind::UnexpectedEof);
        while let Some(event) = self.session.poll_event() {
            let heard = heard(event);
            assert_eq!(heard, None, "nothing is heard after the end");
        }
    }
}

/// What an event says, of what both readers know.
fn heard(event: SessionEvent) -> Option<Heard> {
    Some(match event {
        SessionEvent::Opened(_) => Heard::Welcome,
        SessionEvent::Done(number, Ok(reply)) => match reply {
            Reply::Joined(at) => Heard::Joined(number, at.seq),
            Reply::Left(_) => Heard::Left(number),
            Reply::Accepted(at) => Heard::Accepted(number, at.seq),
            Reply::RoomState(at) => Heard::State(number, at.seq, at.occupants),
            Reply::Created(_) | Reply::Destroyed(_) => Heard::Done(number),
            Reply::Limits(left) => Heard::Limits(number, left.messages.left),
            Reply::Counters(counters) => Heard::Counters(number, counters.counts.len()),
            _ => return None,
        },
        SessionEvent::Done(number, Err(Failure::Shed(shed))) => Heard::Shed(number, shed.class),
        SessionEvent::Done(number, Err(Failure::Refused(no))) => Heard::Refused(number, no.code),
        SessionEvent::Done(_, Err(_)) => return None,
        SessionEvent::Told(Event::Message(it)) => {
            Heard::Message(it.room.as_str().to_owned(), it.seq, it.payload.to_vec())
        }
        SessionEvent::Told(Event::RoomDestroyed(it)) => {
            Heard::RoomDestroyed(it.room.as_str().to_owned())
        }
        SessionEvent::Told(Event::LeftRoom(it)) => Heard::LeftRoom(it.room.as_str().to_owned()),
        SessionEvent::Told(Event::PublishRefused { number, refused }) => {
            Heard::Refused(number, refused.code)
        }
        SessionEvent::Told(Event::PublishShed { number, shed }) => Heard::Shed(number, shed.class),
        SessionEvent::Told(Event::Lagged(it)) => {
            Heard::Lagged(it.room.as_str().to_owned(), it.from_seq, it.to_seq)
        }
        SessionEvent::Ended(Reason::SentAway { refused, .. }) => Heard::SentAway(refused.code),
        SessionEvent::Ended(Reason::Protocol(error)) => {
            panic!("the client crate takes the broker's words for a breach: {error}")
        }
        _ => return None,
    })
}
