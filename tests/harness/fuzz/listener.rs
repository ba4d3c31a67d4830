//! A client that says anything at all and still knows what the broker owes it.
//!
//! It reads what it says itself with the rules of the page: where the broker has to stop reading,
//! and which requests must be answered. It holds the answers against that: whole frames, a welcome
//! first, nothing after a go-away, one reply of a fitting kind for each request, and the entries
//! of a room in rising order, only while in it.

use std::collections::{BTreeMap, BTreeSet};

use throng_protocol::frame::split;
use throng_protocol::handshake::Credentials;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::push::{Lagged, Push};
use throng_protocol::reply::Reply;
use throng_protocol::request::Request;
use throng_protocol::value::{PublishOptions, Role};
use throng_protocol::{Code, FromBroker, FromClient};

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Join(String),
    Leave(String),
    Publish { room: String, silent: bool, echo: bool },
    Ping,
    Query,
    Create,
    Destroy,
    Unknown,
}

impl Asked {
    fn of(request: &Request<'_>) -> Self {
        match request {
            Request::Join(join) => Self::Join(join.room.to_owned()),
            Request::Leave(leave) => Self::Leave(leave.room.to_owned()),
            Request::Publish(publish) => {
                let (room, has) = (publish.room.to_owned(), |it| publish.options.has(it));
                let (silent, echo) = (has(PublishOptions::NO_ACK), has(PublishOptions::ECHO));
                Self::Publish { room, silent, echo }
            }
            Request::Ping(_) => Self::Ping,
            Request::QueryRoom(_) => Self::Query,
            Request::CreateRoom(_) => Self::Create,
            Request::DestroyRoom(_) => Self::Destroy,
            _ => Self::Unknown,
        }
    }

    fn is_answered_by(&self, reply: &Reply<'_>) -> bool {
        match reply {
            Reply::Joined(_) => matches!(self, Self::Join(_)),
            Reply::Left(_) => matches!(self, Self::Leave(_)),
            Reply::Accepted(_) => matches!(self, Self::Publish { silent: false, .. }),
            Reply::Pong(_) => *self == Self::Ping,
            Reply::RoomState(_) => *self == Self::Query,
            Reply::Created(_) => *self == Self::Create,
            Reply::Destroyed(_) => *self == Self::Destroy,
            _ => false,
        }
    }
}

/// The requests of one number that wait. A client should use a number once at a time, but need not.
#[derive(Debug, Default)]
struct Waiting {
    asked: Vec<Asked>,
    /// How many of them were refused; of several nobody can say which.
    refused: usize,
}

/// What was seen of a room since joining it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) epoch: u64,
    joined: u64,
    /// The place of the last entry.
    last: u64,
    delivered: BTreeSet<u64>,
    /// Accepted, and not to be delivered to this session.
    own: BTreeSet<u64>,
}

impl View {
    fn joined(epoch: u64, seq: u64) -> Self {
        let (delivered, own) = (BTreeSet::new(), BTreeSet::new());
        Self { epoch, joined: seq, last: seq, delivered, own }
    }

    /// The newest entry that it knows of.
    pub(super) fn known(&self) -> u64 {
        self.own.last().copied().unwrap_or_default().max(self.last)
    }

    fn check(&self, silent: u64) {
        assert!(self.own.is_disjoint(&self.delivered), "own words come back only as an echo");
        let own = self.own.range(self.joined + 1..).count() as u64;
        let seen = self.delivered.len() as u64 + own + silent;
        assert!(self.known() - self.joined <= seen, "a hole that nobody announced (I7): {self:?}");
    }
}

/// One client.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// What was said and is no whole frame yet.
    saying: Vec<u8>,
    /// The broker reads no further: this was no frame, or none that may be sent now.
    offended: bool,
    greeted: bool,
    asked: BTreeMap<u32, Waiting>,
    /// What was heard and is no whole frame yet.
    hearing: Vec<u8>,
    welcomed: bool,
    gone: Option<Code>,
    /// The user and device of a client.
    device: Option<(String, String)>,
    /// The rooms it is in.
    rooms: BTreeMap<String, View>,
    /// Publishes that asked for no answer: how many of a room's entries may be its own unknown.
    silent: u64,
    /// Two requests that wait had one number: what a reply says of rooms is ambiguous.
    blurred: bool,
}

impl Listener {
    /// Notes bytes that the broker has received from this client, in order.
    pub(super) fn note_said(&mut self, bytes: &[u8]) {
        if self.offended {
            return;
        }
        let mut saying = std::mem::take(&mut self.saying);
        saying.extend_from_slice(bytes);
        let mut rest = &saying[..];
        while !self.offended {
            let bytes_max = if self.greeted { BODY_BYTES_MAX } else { HELLO_BODY_BYTES_MAX };
            match split(rest, bytes_max) {
                Ok(None) => break,
                Ok(Some((body, after))) => {
                    self.note_frame(body);
                    rest = after;
                }
                Err(_) => self.offended = true,
            }
        }
        self.saying = rest.to_vec();
    }

    fn note_frame(&mut self, body: &[u8]) {
        match FromClient::decode(body) {
            Ok(FromClient::Hello(hello)) if !self.greeted => {
                self.greeted = true;
                if let Credentials::Development(own) = hello.credentials
                    && own.role == Role::Client
                {
                    self.device = Some((own.user.to_owned(), own.device.to_owned()));
                }
            }
            Ok(FromClient::Request(number, request)) if self.greeted => {
                self.note_asked(number, Asked::of(&request));
            }
            Ok(FromClient::UnknownRequest(number, _)) if self.greeted => {
                self.note_asked(number, Asked::Unknown);
            }
            _ => self.offended = true,
        }
    }

    fn note_asked(&mut self, number: u32, asked: Asked) {
        let waiting = &mut self.asked.entry(number).or_default().asked;
        let names_room = |asked: &Asked| {
            !matches!(asked, Asked::Ping | Asked::Query | Asked::Create | Asked::Destroy)
        };
        self.blurred |= names_room(&asked) && waiting.iter().any(names_room);
        self.silent += u64::from(matches!(asked, Asked::Publish { silent: true, .. }));
        waiting.push(asked);
    }

    /// Hears what the broker sends.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let mut hearing = std::mem::take(&mut self.hearing);
        hearing.extend_from_slice(bytes);
        let mut rest = &hearing[..];
        while let Some((body, after)) =
            split(rest, BODY_BYTES_MAX).expect("the broker keeps its own limits")
        {
            assert!(self.gone.is_none(), "something follows a go-away");
            let said = FromBroker::decode(body).expect("the broker speaks the protocol");
            self.judge(said, body.len());
            rest = after;
        }
        self.hearing = rest.to_vec();
    }

    fn judge(&mut self, said: FromBroker<'_>, body_bytes: usize) {
        match said {
            FromBroker::Welcome(_) => {
                assert!(self.greeted && !self.welcomed, "a welcome answers one hello");
                assert!(body_bytes <= HELLO_BODY_BYTES_MAX);
                self.welcomed = true;
            }
            FromBroker::GoAway(go_away) => {
                assert!(self.welcomed || body_bytes <= HELLO_BODY_BYTES_MAX);
                self.gone = Some(go_away.refusal.code);
            }
            _ if !self.welcomed => panic!("{said:?} comes before the welcome"),
            FromBroker::Reply(number, reply) => self.judge_reply(number, &reply),
            FromBroker::Push(push) => self.judge_push(&push),
            _ => panic!("{said:?} is of no version that there is"),
        }
    }

    fn judge_reply(&mut self, number: u32, reply: &Reply<'_>) {
        let waiting = self.asked.get_mut(&number);
        let waiting =
            waiting.unwrap_or_else(|| panic!("{reply:?} to {number}, which nobody asked"));
        let asked = if matches!(reply, Reply::Refused(_) | Reply::Shed(_)) {
            waiting.refused += 1;
            None
        } else {
            let place = waiting.asked.iter().position(|asked| asked.is_answered_by(reply));
            let place = place.unwrap_or_else(|| panic!("{reply:?} is no answer to {waiting:?}"));
            Some(waiting.asked.remove(place))
        };
        assert!(waiting.refused <= waiting.asked.len(), "{reply:?} is one too many");
        if waiting.refused == waiting.asked.len() {
            self.asked.remove(&number);
        }
        match (reply, asked) {
            (Reply::Joined(joined), Some(Asked::Join(room))) => {
                self.rooms.remove(joined.left);
                let view = self.rooms.get(&room).filter(|view| view.epoch == joined.epoch);
                match view {
                    Some(view) => {
                        // All up to that position came before, but for its own.
                        let known = view.known() + self.silent;
                        assert!(self.blurred || joined.seq <= known, "joining again brings a hole");
                        assert!(self.blurred || joined.seq >= view.last, "a position went back");
                    }
                    None => {
                        self.rooms.insert(room, View::joined(joined.epoch, joined.seq));
                    }
                }
            }
            (Reply::Accepted(at), Some(Asked::Publish { room, echo: false, .. })) => {
                let view = self.rooms.get_mut(&room).filter(|view| view.epoch == at.epoch);
                view.map(|view| view.own.insert(at.seq));
            }
            (Reply::Left(_), Some(Asked::Leave(room))) => {
                self.rooms.remove(&room);
            }
            _ => {}
        }
    }

    /// What was skipped is told once, and is no hole then.
    fn judge_lagged(&mut self, lagged: &Lagged<'_>) {
        let Some(view) = self.rooms.get_mut(lagged.room) else {
            assert!(self.blurred, "skipped in {}, but it is not in", lagged.room);
            return;
        };
        let next = view.epoch == lagged.epoch && view.last < lagged.from_seq;
        assert!(next || self.blurred, "{lagged:?} after {}", view.last);
        view.last = lagged.to_seq;
        view.delivered.extend(lagged.from_seq..=lagged.to_seq);
    }

    fn judge_push(&mut self, push: &Push<'_>) {
        let entry = match push {
            Push::Deliver(message) => (message.room, message.epoch, message.seq),
            Push::RoomDestroyed(end) => (end.room, end.epoch, end.seq),
            Push::LeftRoom(left) => {
                let was_in = self.rooms.remove(left.room).is_some();
                assert!(was_in || self.blurred, "out of {}, but it was not in", left.room);
                return;
            }
            Push::Lagged(lagged) => return self.judge_lagged(lagged),
            Push::AreYouThere(_) => return,
            _ => panic!("nothing pushes {push:?} yet"),
        };
        let (room, epoch, seq) = entry;
        match self.rooms.get_mut(room) {
            Some(view) => {
                let next = view.epoch == epoch && view.last < seq;
                assert!(next || self.blurred, "{room} is at {}, then {epoch} {seq}", view.last);
                view.last = seq;
                view.delivered.insert(seq);
            }
            None => assert!(self.blurred, "an entry of {room}, but it is not in (I5)"),
        }
        if matches!(push, Push::RoomDestroyed(_))
            && let Some(view) = self.rooms.remove(room)
            && !self.blurred
        {
            view.check(self.silent);
        }
    }

    /// All is said and done, and the connection is still there: is anything owed?
    pub(super) fn check_settled(&self) {
        assert!(self.hearing.is_empty(), "the broker stopped inside a frame");
        if self.gone.is_some() {
            return;
        }
        assert!(!self.offended, "bad input is answered with a go-away");
        assert_eq!(self.greeted, self.welcomed, "a hello is answered");
        if !self.blurred {
            self.rooms.values().for_each(|view| view.check(self.silent));
        }
        for (number, Waiting { asked, refused }) in &self.asked {
            let silent = |asked: &&Asked| matches!(asked, Asked::Publish { silent: true, .. });
            let owed = asked.len() - asked.iter().filter(silent).count();
            assert!(owed <= *refused, "{asked:?} of number {number}: {refused} refused");
        }
    }

    /// The user and device of an open session of a client.
    pub(super) fn device(&self) -> Option<&(String, String)> {
        self.device.as_ref().filter(|_| self.welcomed && self.gone.is_none())
    }

    /// What an open session knows of each room it is in, as far as it can tell; and how many
    /// entries it may have published without knowing.
    pub(super) fn views(&self) -> impl Iterator<Item = (&str, &View, u64)> {
        let sure = self.welcomed && self.gone.is_none() && !self.blurred;
        let views = self.rooms.iter().filter(move |_| sure);
        views.map(|(room, view)| (&**room, view, self.silent))
    }

    /// Whether it was told to go away.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }
}
