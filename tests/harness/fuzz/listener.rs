//! A client that says anything at all and still knows what the broker owes it.
//!
//! It reads what it says itself with the rules of the page: where the broker has to stop reading,
//! and which requests must be answered. It holds the answers against that: whole frames, a welcome
//! first, nothing after a go-away, one reply of a fitting kind for each request, and the entries
//! of a room in rising order, only while in it.

use std::collections::BTreeMap;

use throng_protocol::frame::split;
use throng_protocol::handshake::Credentials;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX};
use throng_protocol::push::{Direct, Kicked, Push, RoomAttributes, RoomQueue};
use throng_protocol::reply::{Joined, Reply};
use throng_protocol::request::Request;
use throng_protocol::value::Role;
use throng_protocol::{Code, FromBroker, FromClient};

use super::asked::{Asked, cursor_of};
use super::view::View;

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
    /// The user and device of a client.
    device: Option<(String, String)>,
    /// The rooms it is in.
    rooms: BTreeMap<String, View>,
    /// Publishes that asked for no answer: how many of a room's entries may be its own unknown.
    silent: u64,
    /// It asked to be told what happens in the app.
    subscribed: bool,
    /// Frames of a page of history that are still to come.
    history_owed: u32,
    /// Where the next page begins of what it asked for last.
    cursor: Vec<u8>,
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
                self.subscribed |= matches!(request, Request::Subscribe(_));
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
        self.blurred |= asked.names_room() && waiting.iter().any(Asked::names_room);
        self.silent += u64::from(asked.is_silent());
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
            if let Some(cursor) = cursor_of(&said) {
                self.cursor = cursor.to_vec();
            }
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
            let asked = waiting.asked.remove(place);
            // Of several that it answers nobody can say which.
            if !waiting.asked.iter().any(|other| other.is_answered_by(reply)) {
                asked.check(reply);
            }
            Some(asked)
        };
        assert!(waiting.refused <= waiting.asked.len(), "{reply:?} is one too many");
        if waiting.refused == waiting.asked.len() {
            self.asked.remove(&number);
        }
        match (reply, asked) {
            (Reply::Joined(joined), Some(asked)) => self.judge_joined(joined, &asked),
            (Reply::Accepted(at), Some(Asked::Publish { room, echo: false, .. })) => {
                let view = self.rooms.get_mut(&room).filter(|view| view.epoch == at.epoch);
                if let Some(view) = view {
                    view.note_own(at.seq);
                }
            }
            (Reply::HistoryPage(page), _) => self.history_owed = page.entries,
            (Reply::Left(_), Some(Asked::Leave(room))) => {
                self.rooms.remove(&room);
            }
            _ => {}
        }
    }

    fn judge_joined(&mut self, joined: &Joined<'_>, asked: &Asked) {
        let Asked::Join { room, .. } = asked else { return };
        self.rooms.remove(joined.left);
        let view = self.rooms.get(room).filter(|view| view.epoch == joined.epoch);
        match view {
            // What the replies of one number say of rooms is anybody's guess.
            _ if self.blurred => {
                self.rooms.insert(room.clone(), View::joined(joined, 0));
            }
            Some(view) => {
                // All up to that position came before, but for its own.
                let known = view.known() + self.silent;
                assert!(joined.seq <= known, "joining again brings a hole");
                assert!(joined.seq >= view.last, "a position went back");
                assert_eq!(joined.entries, 0, "joining again brings nothing that is old");
            }
            None => {
                let after = asked.check_joined(joined);
                self.rooms.insert(room.clone(), View::joined(joined, after));
            }
        }
    }

    /// Entries of a room came, or are told not to come.
    fn judge_entries(&mut self, room: &str, epoch: u64, (from, to): (u64, u64)) {
        match self.rooms.get_mut(room) {
            Some(view) => {
                let last = view.last;
                let next = view.take(epoch, (from, to));
                assert!(next || self.blurred, "{room} is at {last}, then {epoch} {from}: {view:?}");
            }
            None => assert!(self.blurred, "entries of {room}, but it is not in (I5)"),
        }
    }

    /// It is out of a room, by the hand of somebody else.
    fn judge_kicked(&mut self, kicked: &Kicked<'_>) {
        match self.rooms.remove(kicked.room) {
            Some(view) => {
                let fits = view.epoch == kicked.epoch && view.last <= kicked.seq;
                assert!(fits || self.blurred, "{kicked:?} after {}", view.last);
            }
            None => assert!(self.blurred, "out of {}, but it was not in", kicked.room),
        }
    }

    fn judge_push(&mut self, push: &Push<'_>) {
        if let Some(owed) = self.history_owed.checked_sub(1) {
            let is_entry = matches!(push, Push::Deliver(_) | Push::Tombstone(_));
            assert!(is_entry, "{push:?} amid a page of history");
            self.history_owed = owed;
            return;
        }
        match push {
            Push::Deliver(own) => self.judge_entries(own.room, own.epoch, (own.seq, own.seq)),
            // What concerns this user alone has no place in any room.
            Push::Notice(own) if own.room.is_empty() => {}
            Push::Notice(own) => self.judge_entries(own.room, own.epoch, (own.seq, own.seq)),
            // What was skipped is told once, and is no hole then.
            Push::Lagged(own) => {
                self.judge_entries(own.room, own.epoch, (own.from_seq, own.to_seq));
            }
            Push::RoomDestroyed(end) => {
                self.judge_entries(end.room, end.epoch, (end.seq, end.seq));
                let view = self.rooms.remove(end.room).filter(|_| !self.blurred);
                if let Some(view) = view {
                    view.check(self.silent);
                }
            }
            Push::Kicked(kicked) => self.judge_kicked(kicked),
            Push::LeftRoom(left) => {
                let was_in = self.rooms.remove(left.room).is_some();
                assert!(was_in || self.blurred, "out of {}, but it was not in", left.room);
            }
            Push::Presence(own) => {
                let is_in = self.rooms.contains_key(own.room);
                assert!(is_in || self.blurred, "figures of {}, but it is not in", own.room);
            }
            Push::AppEvent(event) => assert!(self.subscribed, "nobody asked for {event:?}"),
            Push::Tombstone(own) => self.judge_entries(own.room, own.epoch, (own.seq, own.seq)),
            Push::Direct(Direct { room, .. })
            | Push::RoomAttributes(RoomAttributes { room, .. })
            | Push::RoomQueue(RoomQueue { room, .. }) => {
                let is_in = self.rooms.contains_key(*room);
                assert!(is_in || self.blurred, "{push:?}, but it is not in the room");
            }
            Push::AreYouThere(_) | Push::Broadcast(_) => {}
            _ => panic!("nothing pushes {push:?}"),
        }
    }

    /// All is said and done, and the connection is still there: is anything owed?
    pub(super) fn check_settled(&self) {
        assert!(self.hearing.is_empty(), "the broker stopped inside a frame");
        if self.gone.is_some() {
            return;
        }
        assert_eq!(self.history_owed, 0, "a page of history stopped in the middle");
        assert!(!self.offended, "bad input is answered with a go-away");
        assert_eq!(self.greeted, self.welcomed, "a hello is answered");
        if !self.blurred {
            self.rooms.values().for_each(|view| view.check(self.silent));
        }
        for (number, Waiting { asked, refused }) in &self.asked {
            let owed = asked.iter().filter(|asked| !asked.is_silent()).count();
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

    /// Where the next page begins of what it asked for last; empty where there is none.
    pub(super) fn cursor(&self) -> &[u8] {
        &self.cursor
    }

    /// Whether it was told to go away.
    pub(super) const fn is_gone(&self) -> bool {
        self.gone.is_some()
    }
}
