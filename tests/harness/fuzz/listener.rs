//! A client that says anything at all and still knows what the broker owes it.
//!
//! It reads what it says itself with the rules of the page: where the broker has to stop reading,
//! and which requests must be answered. It holds the answers against that: whole frames, a welcome
//! first, nothing after a go-away, one reply of a fitting kind for each request, and the entries
//! of a room in rising order, only while in it.

use std::collections::BTreeMap;

use throng_protocol::frame::split;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::Request;
use throng_protocol::value::PublishOptions;
use throng_protocol::{Code, FromBroker, FromClient};

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Join(String),
    Leave(String),
    Publish { silent: bool },
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
                Self::Publish { silent: publish.options.has(PublishOptions::NO_ACK) }
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
            Reply::Accepted(_) => matches!(self, Self::Publish { silent: false }),
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
    /// The rooms it is in: epoch and position.
    rooms: BTreeMap<String, (u64, u64)>,
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
            Ok(FromClient::Hello(_)) if !self.greeted => self.greeted = true,
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
        let names_room = |asked: &Asked| matches!(asked, Asked::Join(_) | Asked::Leave(_));
        self.blurred |= names_room(&asked) && waiting.iter().any(names_room);
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
        let asked = if matches!(reply, Reply::Refused(_)) {
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
                if let Some((epoch, seq)) = self.rooms.get(&room)
                    && !self.blurred
                {
                    assert!(joined.epoch != *epoch || joined.seq >= *seq, "a position went back");
                }
                self.rooms.insert(room, (joined.epoch, joined.seq));
            }
            (Reply::Left(_), Some(Asked::Leave(room))) => {
                self.rooms.remove(&room);
            }
            _ => {}
        }
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
            Push::AreYouThere(_) => return,
            _ => panic!("nothing pushes {push:?} yet"),
        };
        let (room, epoch, seq) = entry;
        match self.rooms.get_mut(room) {
            Some(position) => {
                assert!(position.0 == epoch && position.1 < seq || self.blurred, "order of {room}");
                *position = (epoch, seq);
            }
            None => assert!(self.blurred, "an entry of {room}, but it is not in (I5)"),
        }
        if matches!(push, Push::RoomDestroyed(_)) {
            self.rooms.remove(room);
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
        for (number, Waiting { asked, refused }) in &self.asked {
            let silent = |asked: &&Asked| matches!(asked, Asked::Publish { silent: true });
            let owed = asked.len() - asked.iter().filter(silent).count();
            assert!(owed <= *refused, "{asked:?} of number {number}: {refused} refused");
        }
    }

    /// Whether it was told to go away.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }
}
