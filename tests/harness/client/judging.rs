//! What a client makes of what it hears: each reply must fit a request, each push must be allowed
//! where it is, and each entry of a room must stand where the room's order has it.
//!
//! The order itself, across clients, is for [`crate::checker`] to judge.

use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::{Kicked, Lagged, Notice, Presence, Push};
use throng_protocol::reply::{Accepted, Joined, Reply};
use throng_protocol::value::{JoinOptions, Role};
use throng_protocol::{FromBroker, frame};

use crate::checker::{Arrival, Checker, Entry, Origin, Placed, Position};

use super::{Asked, Client, Figures, Outcome};

/// A publish that is answered: where to, what, and whether it comes back.
struct Published {
    number: u32,
    room: String,
    payload: Vec<u8>,
    echo: bool,
    id: String,
    direct: bool,
}

impl Client {
    /// Hears bytes and judges what they say.
    ///
    /// # Panics
    /// When the broker says what it should not.
    pub fn hear(&mut self, bytes: &[u8], checker: &mut Checker) {
        let mut inbox = std::mem::take(&mut self.inbox);
        inbox.extend_from_slice(bytes);
        let mut rest = &inbox[..];
        while let Some((body, after)) =
            frame::split(rest, BODY_BYTES_MAX).expect("the broker keeps its own limits")
        {
            let said = FromBroker::decode(body).expect("the broker speaks the protocol");
            rest = after;
            if let Some(speaker) = &mut self.speaker {
                if let FromBroker::Reply(number, _) = said
                    && !self.asked.contains_key(&number)
                {
                    continue; // The client crate asked for a sign of life, and keeps the answer.
                }
                if self.collecting.is_none() {
                    speaker.expect(&said); // What is on a page the crate tells as one.
                }
            }
            self.judge(said, checker);
        }
        self.inbox = rest.to_vec();
        if let Some(speaker) = &mut self.speaker {
            speaker.hear(self.now, bytes);
        }
        self.carry_speaker();
    }

    fn judge(&mut self, said: FromBroker<'_>, checker: &mut Checker) {
        assert!(!matches!(self.ended, Some(Some(_))), "nothing follows a go-away");
        if self.is_collecting() && self.take_past(&said, checker) {
            return;
        }
        match said {
            FromBroker::Welcome(welcome) => {
                assert!(!self.welcomed, "one welcome");
                self.welcomed = true;
                self.judge_entry(welcome.expires_in_ms);
                if self.role == Role::Anonymous {
                    welcome.user.clone_into(&mut self.user);
                }
            }
            FromBroker::GoAway(go_away) => {
                self.judge_end(go_away.refusal.code);
                self.ended = Some(Some(go_away.refusal.code));
                self.back_after_ms = go_away.refusal.retry_after_ms;
                self.lose_rooms();
            }
            FromBroker::Reply(number, reply) => self.judge_reply(number, reply, checker),
            FromBroker::Push(push) => self.judge_push(push, checker),
            other => panic!("the broker says what this version does not know: {other:?}"),
        }
    }

    fn judge_reply(&mut self, number: u32, reply: Reply<'_>, checker: &mut Checker) {
        let Some(asked) = self.asked.remove(&number) else {
            assert!(self.garbage, "one reply to each request; {number} has none open");
            return;
        };
        self.judge_scope(number, &reply, &asked);
        if let (Reply::HistoryPage(page), Asked::History(room, order)) = (reply, &asked) {
            return self.expect_page(number, page, (room.clone(), *order));
        }
        let outcome = match (reply, asked) {
            (Reply::Refused(no), _) => Outcome::Refused(no.code, no.retry_after_ms),
            (Reply::Joined(at), Asked::Join { room, history, from, options }) => {
                self.judge_joined(at, (room, history, from, options), checker)
            }
            (Reply::Left(_), Asked::Leave(room)) => {
                self.rooms.remove(&room);
                Outcome::Done
            }
            (Reply::Accepted(at), Asked::Publish { room, payload, echo, id, direct, .. }) => {
                let published = Published { number, room, payload, echo, id, direct };
                self.judge_accepted(at, published, checker)
            }
            (Reply::PublishedMany(many), Asked::Many { rooms, payload, id }) => {
                self.judge_many(many, (&rooms, &payload, &id), checker)
            }
            (Reply::AttributesPage(page), Asked::Attributes(room)) => {
                self.judge_attributes(page, room, checker)
            }
            (Reply::QueuePage(page), Asked::Queue(room)) => self.judge_queue(page, room, checker),
            (Reply::Shed(shed), Asked::Publish { .. }) => {
                Outcome::Shed(shed.class, shed.reason, shed.retry_after_ms)
            }
            (Reply::RoomState(state), Asked::State(room)) => {
                self.states.insert(room, state.into());
                Outcome::State(state.seq, state.members, state.occupants)
            }
            (Reply::TokenRefreshed(at), Asked::Refresh(renewal)) => {
                self.judge_renewed((number, at.expires_in_ms), *renewal)
            }
            (reply, Asked::Other) => plain(reply),
            (reply, asked) => panic!("{reply:?} is no answer to {asked:?}"),
        };
        self.outcomes.insert(number, outcome);
    }

    fn judge_joined(
        &mut self,
        at: Joined<'_>,
        (room, history, resumed, options): (String, u8, Option<(u64, u64)>, JoinOptions),
        checker: &mut Checker,
    ) -> Outcome {
        self.rooms.remove(at.left);
        let arrival = Arrival {
            epoch: at.epoch,
            seq: at.seq,
            entries: at.entries,
            history,
            resumed,
            recovery: at.recovery,
            missed: at.missed,
        };
        if let Some(view) = self.rooms.get(&room) {
            assert_eq!(view.epoch(), at.epoch, "{room} is another one and its end was not told");
            let follows = (at.entries, at.states);
            assert_eq!(follows, (0, 0), "{room} was joined before: nothing follows");
        } else {
            self.rooms.insert(room.clone(), arrival.view());
            self.figures.remove(&room);
            self.expect_states(at, (&room, options), checker);
        }
        let figures = self.figures.entry(room).or_insert(Figures {
            members: 0,
            occupants: 0,
            count: 0,
            at: self.now,
            least_gap_nanos: None,
        });
        (figures.members, figures.occupants) = (at.members, at.occupants);
        Outcome::Joined(at.into())
    }

    fn judge_accepted(
        &mut self,
        at: Accepted<'_>,
        published: Published,
        checker: &mut Checker,
    ) -> Outcome {
        let Published { number, room, payload, echo, id, direct } = published;
        if direct {
            return Outcome::Accepted(at.seq); // It has no place.
        }
        if id.is_empty() {
            if let (Some(view), false) = (self.rooms.get_mut(&room), echo) {
                view.record_own(at.epoch, at.seq);
            }
            let before = self.accepted.insert((room.clone(), at.epoch), (number, at.seq));
            let in_order =
                before.is_none_or(|before| before < (number, at.seq) && before.1 < at.seq);
            assert!(in_order, "{before:?}, then request {number} at {} (I3)", at.seq);
        }
        self.record_answer((&room, &id), (at.epoch, at.seq), checker);
        let position = Position { room, epoch: at.epoch, seq: at.seq };
        let entry = Entry::Message { sender: self.user.clone(), payload };
        checker.record_accepted(position, entry);
        Outcome::Accepted(at.seq)
    }

    fn judge_push(&mut self, push: Push<'_>, checker: &mut Checker) {
        if self.take_state(&push, checker) {
            return;
        }
        match push {
            Push::Tombstone(stone) => self.judge_tombstone(stone, checker),
            Push::Direct(direct) => self.judge_direct(direct, checker),
            Push::Broadcast(said) => self.judge_broadcast(said, checker),
            Push::Deliver(message) => {
                let view = self.rooms.get_mut(message.room);
                let view = view.expect("only occupants are delivered to (I5)");
                let (epoch, seq) = (message.epoch, message.seq);
                let position = Position { room: message.room.to_owned(), epoch, seq };
                let (sender, payload) = (message.sender.to_owned(), message.payload.to_vec());
                let entry = Entry::Message { sender, payload };
                let origin = Origin { role: message.sender_role, ingress_at: message.ingress_at };
                match checker.record_delivered(position, entry, origin, view) {
                    Placed::Live => self.delivered += 1,
                    Placed::Behind => self.replayed += 1,
                }
            }
            Push::Notice(notice) => self.judge_notice(notice, checker),
            Push::Lagged(lagged) => self.judge_lagged(lagged, checker),
            Push::RoomDestroyed(end) => {
                let view = self.rooms.remove(end.room).expect("only occupants are told (I5)");
                assert_eq!(view.epoch(), end.epoch, "{end:?} is of another life of the room");
                assert!(view.is_complete(end.seq - 1), "the end follows a hole (I7)");
                self.ends.push((end.room.to_owned(), end.reason));
            }
            Push::LeftRoom(left) => {
                self.rooms.remove(left.room).expect("only occupants can be out");
                self.outs.push((left.room.to_owned(), left.reason));
            }
            Push::Kicked(kicked) => self.judge_kicked(kicked, checker),
            Push::Presence(presence) => self.judge_presence(presence),
            Push::AppEvent(event) => {
                assert_eq!(self.role, Role::Server, "{event:?} is for servers alone");
                self.events.push(event.into());
            }
            Push::AreYouThere(_) => _ = self.ping(),
            other => panic!("nothing pushes {other:?} yet"),
        }
    }

    fn judge_notice(&mut self, notice: Notice<'_>, checker: &mut Checker) {
        self.notices.push(notice.into());
        if notice.room.is_empty() {
            let to_itself = notice.users.iter().any(|user| user == self.user);
            assert!(to_itself, "{notice:?} does not concern {}", self.user);
            assert_eq!((notice.epoch, notice.seq), (0, 0), "{notice:?} has no place");
            return;
        }
        let view = self.rooms.get_mut(notice.room);
        let view = view.expect("only occupants are told (I5)");
        let (room, epoch, seq) = (notice.room.to_owned(), notice.epoch, notice.seq);
        let mut bytes = Vec::new();
        FromBroker::Push(notice.into()).write(&mut bytes);
        let position = Position { room, epoch, seq };
        if checker.record_noticed(position, Entry::Notice { bytes, what: notice.what }, view)
            == Placed::Behind
        {
            self.replayed += 1;
            self.notices.pop();
        }
    }

    fn judge_lagged(&mut self, lagged: Lagged<'_>, checker: &mut Checker) {
        let view = self.rooms.get_mut(lagged.room);
        let view = view.expect("only occupants are told (I5)");
        let skipped = [lagged.protected, lagged.high, lagged.low];
        let range = (lagged.epoch, lagged.from_seq..=lagged.to_seq);
        checker.record_skipped(lagged.room, range, skipped, view);
        for (all, more) in self.skipped.iter_mut().zip(skipped) {
            *all += more;
        }
    }

    fn judge_kicked(&mut self, kicked: Kicked<'_>, checker: &mut Checker) {
        let view = self.rooms.remove(kicked.room).expect("only occupants can be put out");
        let room = kicked.room.to_owned();
        let position = Position { room, epoch: kicked.epoch, seq: kicked.seq };
        checker.record_kicked(position, &view);
        self.kicks.push(kicked.into());
    }

    fn judge_presence(&mut self, presence: Presence<'_>) {
        let Presence { room, epoch, members, occupants, .. } = presence;
        let view = self.rooms.get(room).expect("only occupants are told (I5)");
        assert_eq!(view.epoch(), epoch, "{presence:?} is of another life of the room (I5)");
        let figures = self.figures.get_mut(room).expect("it was told when it joined");
        if figures.count > 0 {
            let gap = self.now.as_nanos().saturating_sub(figures.at.as_nanos());
            figures.least_gap_nanos =
                figures.least_gap_nanos.map_or(Some(gap), |it| Some(it.min(gap)));
        }
        (figures.members, figures.occupants) = (members, occupants);
        (figures.count, figures.at) = (figures.count + 1, self.now);
    }
}

/// What became of a request that was about no room the client sees.
fn plain(reply: Reply<'_>) -> Outcome {
    match reply {
        Reply::ListEntries(list) => {
            Outcome::Entries(list.entries.iter().map(str::to_owned).collect())
        }
        Reply::Limits(left) => Outcome::Limits([
            left.messages,
            left.room_high_only,
            left.room_shared,
            left.room_protected,
        ]),
        Reply::Counters(counters) => Outcome::Counters(counters.counts.iter().collect()),
        Reply::ListChanged(_)
        | Reply::RoomLimitsSet(_)
        | Reply::Created(_)
        | Reply::Destroyed(_)
        | Reply::Pong(_) => Outcome::Done,
        Reply::Changed(at) => Outcome::Changed { epoch: at.epoch, seq: at.seq },
        Reply::Results(each) => Outcome::Results(
            each.results.iter().map(|one| (one.code, one.retry_after_ms)).collect(),
        ),
        Reply::MembersPage(page) => Outcome::Members(page.into()),
        Reply::MembersFound(found) => Outcome::Found(found.attendances.iter().collect()),
        Reply::SanctionsPage(page) => Outcome::Sanctions(page.into()),
        Reply::Subscribed(_) => Outcome::Subscribed,
        Reply::AttributesWritten(it) => Outcome::Written(it.results.iter().collect()),
        Reply::Polled(polled) => Client::judge_polled(polled),
        Reply::BroadcastSent(_) => Outcome::Done,
        Reply::TopRooms(top) => {
            Outcome::Top(top.rooms.iter().map(|row| (row.room.to_owned(), row.count)).collect())
        }
        other => panic!("{other:?} is no answer to what was asked"),
    }
}
