//! The client crate inside a test's client: its sans-IO session asks and answers, and what it
//! makes of what it hears is held against what the test's own reader makes of it.
//!
//! So the crate runs under every fault a world has, and neither reader is taken on trust.

mod asking;
mod keeping;

use std::collections::VecDeque;

use throng_client::reply::Reply;
use throng_client::session::{Session, SessionEvent};
use throng_client::time::Instant;
use throng_client::{Config, Credentials, Development, Event, Failure, Position, Reason};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply as WireReply;
use throng_protocol::request::Request;
use throng_protocol::value::{AppEventKind, Attendance, Class, Role};
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
    Joined {
        number: u32,
        seq: u64,
        entries: u32,
        recovery: Code,
        missed: u64,
    },
    Left(u32),
    Accepted(u32, u64),
    State(u32, u64, u64),
    Done(u32),
    Refused(u32, Code),
    Shed(u32, Class),
    Limits(u32, u32),
    Counters(u32, usize),
    Changed(u32, u64),
    Refreshed(u32, u64),
    Results(u32, Vec<Code>),
    /// Revisions of attributes, or what there is on a page.
    Kept(u32, u64, Vec<u64>),
    Many(u32, Vec<u64>),
    /// A message for some, or for everyone.
    Special(Vec<u8>),
    Stone(String, u64),
    /// A page: how many there are, and who is on it.
    Page(u32, u64, Vec<String>),
    Found(u32, Vec<Attendance>),
    Notice(String, u64, String),
    Kicked(String, u64),
    Presence(String, u64, u64),
    AppEvent(AppEventKind, String, String),
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

    /// A session of a client that shows a token now.
    #[must_use]
    pub fn with_token(text: &str, now: Instant) -> Self {
        let config = Config::new("127.0.0.1:1").app(APP).credentials(Credentials::token(text));
        let config = config.client_name("test");
        Self { session: Session::new(&config, now), expected: VecDeque::new() }
    }

    /// Asks, and gives the number; `None` for what the crate does not ask now.
    pub fn ask(&mut self, request: &Request<'_>) -> Option<u32> {
        asking::ask(&mut self.session, request)
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
            FromBroker::Welcome(_) => Some(Heard::Welcome),
            FromBroker::GoAway(end) => Some(Heard::SentAway(end.refusal.code)),
            FromBroker::Reply(number, reply) => replied(*number, reply),
            FromBroker::Push(push) => pushed(push),
            _ => None,
        };
        self.expected.extend(heard);
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

/// What a reply says, as the test's own reader reads it.
fn replied(number: u32, reply: &WireReply<'_>) -> Option<Heard> {
    Some(match reply {
        WireReply::Joined(at) => Heard::Joined {
            number,
            seq: at.seq,
            entries: at.entries,
            recovery: at.recovery,
            missed: at.missed,
        },
        WireReply::Left(_) => Heard::Left(number),
        WireReply::Accepted(at) => Heard::Accepted(number, at.seq),
        WireReply::RoomState(at) => Heard::State(number, at.seq, at.occupants),
        WireReply::Created(_)
        | WireReply::Destroyed(_)
        | WireReply::ListChanged(_)
        | WireReply::Subscribed(_) => Heard::Done(number),
        WireReply::Refused(no) => Heard::Refused(number, no.code),
        WireReply::Shed(shed) => Heard::Shed(number, shed.class),
        WireReply::Limits(left) => Heard::Limits(number, left.messages.left),
        WireReply::Counters(it) => Heard::Counters(number, it.counts.iter().count()),
        WireReply::Changed(at) => Heard::Changed(number, at.seq),
        WireReply::TokenRefreshed(it) => Heard::Refreshed(number, it.expires_in_ms),
        WireReply::Results(it) => {
            Heard::Results(number, it.results.iter().map(|one| one.code).collect())
        }
        WireReply::MembersPage(page) => {
            let users = page.members.iter().map(|own| own.user.to_owned());
            Heard::Page(number, page.total, users.collect())
        }
        WireReply::AttributesWritten(it) => {
            Heard::Kept(number, it.seq, it.results.iter().map(|one| one.revision).collect())
        }
        WireReply::AttributesPage(it) => {
            Heard::Kept(number, it.seq, it.attributes.iter().map(|own| own.revision).collect())
        }
        WireReply::QueuePage(it) => {
            Heard::Kept(number, it.seq, it.elements.iter().map(|own| own.set_at).collect())
        }
        WireReply::PublishedMany(it) => {
            Heard::Many(number, it.results.iter().map(|one| one.seq).collect())
        }
        WireReply::MembersFound(it) => Heard::Found(number, it.attendances.iter().collect()),
        WireReply::SanctionsPage(page) => {
            let users = page.users.iter().map(|own| own.user.to_owned());
            Heard::Page(number, page.total, users.collect())
        }
        _ => return None,
    })
}

/// What a push says, as the test's own reader reads it.
fn pushed(push: &Push<'_>) -> Option<Heard> {
    Some(match push {
        Push::Deliver(it) => Heard::Message(it.room.to_owned(), it.seq, it.payload.to_vec()),
        Push::Lagged(it) => Heard::Lagged(it.room.to_owned(), it.from_seq, it.to_seq),
        Push::RoomDestroyed(it) => Heard::RoomDestroyed(it.room.to_owned()),
        Push::LeftRoom(it) => Heard::LeftRoom(it.room.to_owned()),
        Push::Kicked(it) => Heard::Kicked(it.room.to_owned(), it.seq),
        Push::Notice(it) => Heard::Notice(it.room.to_owned(), it.seq, it.extension.to_owned()),
        Push::Presence(it) => Heard::Presence(it.room.to_owned(), it.members, it.occupants),
        Push::Direct(it) => Heard::Special(it.payload.to_vec()),
        Push::Broadcast(it) => Heard::Special(it.payload.to_vec()),
        Push::Tombstone(it) => Heard::Stone(it.room.to_owned(), it.seq),
        Push::AppEvent(it) => Heard::AppEvent(it.what, it.room.to_owned(), it.user.to_owned()),
        _ => return None,
    })
}

/// What an event of the crate says, of what both readers know.
fn heard(event: SessionEvent) -> Option<Heard> {
    Some(match event {
        SessionEvent::Opened(_) => Heard::Welcome,
        SessionEvent::Done(number, Ok(reply)) => return done(number, reply),
        SessionEvent::Done(number, Err(Failure::Shed(shed))) => Heard::Shed(number, shed.class),
        SessionEvent::Done(number, Err(Failure::Refused(no))) => Heard::Refused(number, no.code),
        SessionEvent::Done(_, Err(_)) => return None,
        SessionEvent::Told(event) => return told(event),
        SessionEvent::Ended(Reason::SentAway { refused, .. }) => Heard::SentAway(refused.code),
        SessionEvent::Ended(Reason::Protocol(error)) => {
            panic!("the client crate takes the broker's words for a breach: {error}")
        }
        _ => return None,
    })
}

/// What the crate makes of a reply.
fn done(number: u32, reply: Reply) -> Option<Heard> {
    Some(match reply {
        Reply::Joined(at) => Heard::Joined {
            number,
            seq: at.seq,
            entries: at.entries,
            recovery: at.recovery,
            missed: at.missed,
        },
        Reply::Left(_) => Heard::Left(number),
        Reply::Accepted(at) => Heard::Accepted(number, at.seq),
        Reply::RoomState(at) => Heard::State(number, at.seq, at.occupants),
        Reply::Created(_) | Reply::Destroyed(_) | Reply::ListChanged(_) | Reply::Subscribed(_) => {
            Heard::Done(number)
        }
        Reply::Limits(left) => Heard::Limits(number, left.messages.left),
        Reply::Counters(counters) => Heard::Counters(number, counters.counts.len()),
        Reply::Changed(at) => Heard::Changed(number, at.seq),
        Reply::TokenRefreshed(it) => {
            let left_ms = it.expires_in.as_millis();
            Heard::Refreshed(number, u64::try_from(left_ms).expect("it came as one"))
        }
        Reply::Results(it) => {
            let code = |one: &Result<_, throng_client::Refused>| {
                one.as_ref().map_or_else(|no| no.code, |()| Code::NONE)
            };
            Heard::Results(number, it.each.iter().map(code).collect())
        }
        Reply::MembersPage(page) => {
            let users = page.members.iter().map(|own| own.user.as_str().to_owned());
            Heard::Page(number, page.total, users.collect())
        }
        Reply::AttributesWritten(it) => {
            Heard::Kept(number, it.seq, it.each.iter().map(|one| one.revision).collect())
        }
        Reply::AttributesPage(it) => {
            Heard::Kept(number, it.seq, it.attributes.iter().map(|own| own.revision).collect())
        }
        Reply::QueuePage(it) => {
            Heard::Kept(number, it.seq, it.elements.iter().map(|own| own.set_at).collect())
        }
        Reply::PublishedMany(it) => {
            let seq = |one: &Result<Position, _>| one.as_ref().map_or(0, |at| at.seq);
            Heard::Many(number, it.each.iter().map(seq).collect())
        }
        Reply::MembersFound(it) => Heard::Found(number, it.attendances),
        Reply::SanctionsPage(page) => {
            let users = page.users.iter().map(|own| own.user.as_str().to_owned());
            Heard::Page(number, page.total, users.collect())
        }
        _ => return None,
    })
}

/// What the crate makes of a push, and of a refusal of what wanted no answer.
fn told(event: Event) -> Option<Heard> {
    let owned = |id: &throng_client::Id| id.as_str().to_owned();
    Some(match event {
        Event::Message(it) => Heard::Message(owned(&it.room), it.seq, it.payload.to_vec()),
        Event::RoomDestroyed(it) => Heard::RoomDestroyed(owned(&it.room)),
        Event::LeftRoom(it) => Heard::LeftRoom(owned(&it.room)),
        Event::Kicked(it) => Heard::Kicked(owned(&it.room), it.seq),
        Event::Notice(it) => {
            let room = it.room.as_ref().map_or_else(String::new, owned);
            Heard::Notice(room, it.seq, it.extension)
        }
        Event::Presence(it) => Heard::Presence(owned(&it.room), it.members, it.occupants),
        Event::Direct(it) => Heard::Special(it.payload.to_vec()),
        Event::Broadcast(it) => Heard::Special(it.payload.to_vec()),
        Event::Tombstone(it) => Heard::Stone(owned(&it.room), it.seq),
        Event::App(it) => Heard::AppEvent(it.what, owned(&it.room), owned(&it.user)),
        Event::PublishRefused { number, refused } => Heard::Refused(number, refused.code),
        Event::PublishShed { number, shed } => Heard::Shed(number, shed.class),
        Event::Lagged(it) => Heard::Lagged(owned(&it.room), it.from_seq, it.to_seq),
        _ => return None,
    })
}
