//! A client that speaks the protocol, believes nothing, and judges all it is told.
//!
//! Bytes in, bytes out: a simulated world and a real socket carry them alike, so both are judged
//! by the same rules.

use std::collections::BTreeMap;

use throng_client::time::Instant;
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::{
    ChangeList, CreateRoom, Join, Leave, Publish, QueryCounters, QueryLimits, QueryList, QueryRoom,
    Request, SetRoomLimits,
};
use throng_protocol::value::{
    Allowance, Class, ClassHint, Count, Extensions, IdList, LimitSetting, ListChange, ListName,
    PublishOptions, Role, ShedReason,
};
use throng_protocol::{Code, FromBroker, FromClient, frame};

use crate::checker::{Checker, Entry, Origin, Position, View};
use crate::speaker::Speaker;

/// The secret of every test's development app.
pub const SECRET: &str = "secret-of-the-simulated-app";

/// The key of every test's development app.
pub const APP: &str = "dev";

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Its user.
    pub user: String,
    /// Its device.
    pub device: String,
    /// Its role.
    pub role: Role,
    /// It said what is no request, and may be told so.
    garbage: bool,
    /// The client crate, if it speaks for this client.
    speaker: Option<Speaker>,
    now: Instant,
    /// Whether the broker let it in.
    pub welcomed: bool,
    /// Why it was sent away, or `None` within for a link that just ended.
    pub ended: Option<Option<Code>>,
    /// The rooms it occupies, and what it saw there.
    pub rooms: BTreeMap<String, View>,
    /// What became of its requests.
    pub outcomes: BTreeMap<u32, Outcome>,
    /// How many messages it was delivered.
    pub delivered: u64,
    /// How many it was told were skipped for it: protected, high, low.
    pub skipped: [u64; 3],
    asked: BTreeMap<u32, Asked>,
    /// The last of its messages that was accepted in each life of a room: request and place.
    accepted: BTreeMap<(String, u64), (u32, u64)>,
    requests: u32,
    /// What it heard of an unfinished frame.
    inbox: Vec<u8>,
    /// What it said and nobody has carried yet.
    said: Vec<u8>,
}

/// What is published.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Its type name.
    pub kind: &'a str,
    /// The class that is asked for.
    pub class: ClassHint,
    /// The message.
    pub payload: &'a [u8],
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Joined at that position; the room that was left for it.
    Joined {
        /// The position.
        seq: u64,
        /// Members.
        members: u64,
        /// The room that was left.
        left: String,
    },
    /// Accepted at that position.
    Accepted(u64),
    /// The counts of a room: newest place, members, occupants.
    State(u64, u64, u64),
    /// Done.
    Done,
    /// No, and in how many milliseconds perhaps.
    Refused(Code, u32),
    /// Dropped on purpose: its class, why, and in how many milliseconds perhaps not.
    Shed(Class, ShedReason, u32),
    /// What is on a list.
    Entries(Vec<String>),
    /// What is left: of the sender's messages, and of the room's pools.
    Limits([Allowance; 4]),
    /// What became of messages.
    Counters(Vec<Count>),
}

#[derive(Debug)]
enum Asked {
    Join(String),
    Leave(String),
    Publish { room: String, payload: Vec<u8>, echo: bool, acked: bool },
    Other,
}

impl Client {
    /// A client that says nothing.
    #[must_use]
    pub const fn silent() -> Self {
        Self {
            user: String::new(),
            device: String::new(),
            role: Role::Client,
            garbage: false,
            speaker: None,
            now: Instant::ZERO,
            welcomed: false,
            ended: None,
            rooms: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            delivered: 0,
            skipped: [0; 3],
            asked: BTreeMap::new(),
            accepted: BTreeMap::new(),
            requests: 0,
            inbox: Vec::new(),
            said: Vec::new(),
        }
    }

    /// It is about to say what is no request: replies to what it never asked are forgiven, and
    /// what it asks after that may never be answered.
    pub fn forgive_garbage(&mut self) {
        self.garbage = true;
        if self.speaker.take().is_some() {
            // Beyond any number that the crate has given out.
            self.requests += 1_000_000;
        }
    }

    /// A client for which the client crate speaks, that says hello.
    #[must_use]
    pub fn hello_by_crate(user: &str, device: &str, role: Role, now: Instant) -> Self {
        let mut client = Self {
            user: user.to_owned(),
            device: device.to_owned(),
            role,
            now,
            speaker: Some(Speaker::hello(user, device, role, now)),
            ..Self::silent()
        };
        client.carry_speaker();
        client
    }

    /// Time passes. Says whether it wants the connection to go on.
    pub fn pass(&mut self, now: Instant) -> bool {
        self.now = now;
        let Some(speaker) = &mut self.speaker else { return true };
        let goes_on = speaker.pass(now);
        self.carry_speaker();
        goes_on
    }

    /// What the client crate has to say is said.
    fn carry_speaker(&mut self) {
        if let Some(speaker) = &mut self.speaker {
            speaker.take_said(&mut self.said);
        }
    }

    /// A client that says hello.
    #[must_use]
    pub fn hello(user: &str, device: &str, role: Role) -> Self {
        let mut client =
            Self { user: user.to_owned(), device: device.to_owned(), role, ..Self::silent() };
        let credentials =
            Credentials::Development(Development { secret: SECRET, user, device, role });
        client.say(&FromClient::Hello(Hello {
            magic: MAGIC,
            version_min: VERSION,
            version_max: VERSION,
            app: APP,
            credentials,
            client: "test",
            extensions: Extensions::NONE,
        }));
        client
    }

    /// How many of its requests nothing has become of.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        let silent = |asked: &&Asked| matches!(asked, Asked::Publish { acked: false, .. });
        if self.garbage {
            return 0;
        }
        self.asked.values().filter(|asked| !silent(asked)).count()
    }

    /// Whether it has a session that is not over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.welcomed && self.ended.is_none()
    }

    /// Asks to join.
    pub fn join(&mut self, room: &str) -> u32 {
        let join = Join { room, ..Join::default() };
        self.ask(Asked::Join(room.to_owned()), join.into())
    }

    /// Asks to leave.
    pub fn leave(&mut self, room: &str) -> u32 {
        let leave = Leave { room, extensions: Extensions::NONE };
        self.ask(Asked::Leave(room.to_owned()), leave.into())
    }

    /// Publishes.
    pub fn publish(
        &mut self,
        checker: &mut Checker,
        room: &str,
        Words { kind, class, payload }: Words<'_>,
        options: PublishOptions,
    ) -> u32 {
        checker.record_published(payload, kind);
        let asked = Asked::Publish {
            room: room.to_owned(),
            payload: payload.to_vec(),
            echo: options.has(PublishOptions::ECHO),
            acked: !options.has(PublishOptions::NO_ACK),
        };
        let publish = Publish {
            room,
            kind,
            payload,
            options,
            class,
            message_id: "",
            targets: IdList::EMPTY,
            extensions: Extensions::NONE,
        };
        self.ask(asked, publish.into())
    }

    /// Asks for a list to be changed.
    pub fn change_list(
        &mut self,
        (list, room): (ListName, &str),
        change: ListChange,
        entries: &[&str],
    ) -> u32 {
        let mut bytes = Vec::new();
        IdList::write(entries.iter().copied(), &mut bytes);
        let entries = IdList::parse(&bytes).expect("few entries");
        let extensions = Extensions::NONE;
        self.ask(Asked::Other, ChangeList { list, room, change, entries, extensions }.into())
    }

    /// Asks what is on a list.
    pub fn query_list(&mut self, list: ListName, room: &str) -> u32 {
        self.ask(Asked::Other, QueryList { list, room, extensions: Extensions::NONE }.into())
    }

    /// Asks for a room's limits to be set: the three pools of its quota, and slow mode.
    pub fn set_limits(&mut self, room: &str, pools: [LimitSetting; 3], slow_mode_ms: u32) -> u32 {
        let [high_only, shared, protected] = pools;
        let slow_mode_ms = LimitSetting::Limit(slow_mode_ms);
        let extensions = Extensions::NONE;
        let set = SetRoomLimits { room, high_only, shared, protected, slow_mode_ms, extensions };
        self.ask(Asked::Other, set.into())
    }

    /// Asks what is left of the limits.
    pub fn query_limits(&mut self, room: &str) -> u32 {
        self.ask(Asked::Other, QueryLimits { room, extensions: Extensions::NONE }.into())
    }

    /// Asks what became of messages.
    pub fn query_counters(&mut self) -> u32 {
        self.ask(Asked::Other, QueryCounters { extensions: Extensions::NONE }.into())
    }

    /// Asks for a room to be created.
    pub fn create(&mut self, room: &str) -> u32 {
        self.ask(Asked::Other, CreateRoom { room, ..CreateRoom::default() }.into())
    }

    /// Asks for a room to be destroyed.
    pub fn destroy(&mut self, room: &str) -> u32 {
        let destroy = throng_protocol::request::DestroyRoom { room, extensions: Extensions::NONE };
        self.ask(Asked::Other, destroy.into())
    }

    /// Asks what a room is.
    pub fn query(&mut self, room: &str) -> u32 {
        self.ask(Asked::Other, QueryRoom { room, extensions: Extensions::NONE }.into())
    }

    /// Asks something that no version knows yet.
    pub fn ask_unknown(&mut self) -> u32 {
        self.requests += 1;
        self.asked.insert(self.requests, Asked::Other);
        let number = u8::try_from(self.requests).expect("an early request");
        self.say_raw(&[5, 0, 0, 0, 63, number, 1, 2, 3]);
        self.requests
    }

    /// Says bytes that may be no frame at all.
    pub fn say_raw(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
    }

    /// What it said since the last time, to be carried to the broker.
    #[must_use]
    pub fn take_said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    /// The connection is over.
    pub fn hear_end(&mut self) {
        if let Some(mut speaker) = self.speaker.take() {
            speaker.hear_end();
        }
        self.ended = self.ended.or(Some(None));
        self.rooms.clear();
    }

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
                speaker.expect(&said);
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
        match said {
            FromBroker::Welcome(_) => {
                assert!(!self.welcomed, "one welcome");
                self.welcomed = true;
            }
            FromBroker::GoAway(go_away) => {
                self.ended = Some(Some(go_away.refusal.code));
                self.rooms.clear();
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
        let outcome = match (reply, asked) {
            (Reply::Refused(no), _) => Outcome::Refused(no.code, no.retry_after_ms),
            (Reply::Joined(at), Asked::Join(room)) => {
                self.rooms.remove(at.left);
                self.rooms.entry(room).or_insert_with(|| View::joined(at.epoch, at.seq));
                Outcome::Joined { seq: at.seq, members: at.members, left: at.left.to_owned() }
            }
            (Reply::Left(_), Asked::Leave(room)) => {
                self.rooms.remove(&room);
                Outcome::Done
            }
            (Reply::Accepted(at), Asked::Publish { room, payload, echo, .. }) => {
                if let (Some(view), false) = (self.rooms.get_mut(&room), echo) {
                    view.record_own(at.epoch, at.seq);
                }
                let before = self.accepted.insert((room.clone(), at.epoch), (number, at.seq));
                let in_order =
                    before.is_none_or(|before| before < (number, at.seq) && before.1 < at.seq);
                assert!(in_order, "{before:?}, then request {number} at {} (I3)", at.seq);
                let position = Position { room, epoch: at.epoch, seq: at.seq };
                let entry = Entry { sender: self.user.clone(), payload };
                checker.record_accepted(position, entry);
                Outcome::Accepted(at.seq)
            }
            (Reply::Shed(shed), Asked::Publish { .. }) => {
                Outcome::Shed(shed.class, shed.reason, shed.retry_after_ms)
            }
            (Reply::ListEntries(list), Asked::Other) => {
                Outcome::Entries(list.entries.iter().map(str::to_owned).collect())
            }
            (Reply::Limits(left), Asked::Other) => Outcome::Limits([
                left.messages,
                left.room_high_only,
                left.room_shared,
                left.room_protected,
            ]),
            (Reply::Counters(counters), Asked::Other) => {
                Outcome::Counters(counters.counts.iter().collect())
            }
            (Reply::ListChanged(_) | Reply::RoomLimitsSet(_), Asked::Other) => Outcome::Done,
            (Reply::RoomState(state), Asked::Other) => {
                Outcome::State(state.seq, state.members, state.occupants)
            }
            (Reply::Created(_) | Reply::Destroyed(_) | Reply::Pong(_), Asked::Other) => {
                Outcome::Done
            }
            (reply, asked) => panic!("{reply:?} is no answer to {asked:?}"),
        };
        self.outcomes.insert(number, outcome);
    }

    fn judge_push(&mut self, push: Push<'_>, checker: &mut Checker) {
        match push {
            Push::Deliver(message) => {
                let view = self.rooms.get_mut(message.room);
                let view = view.expect("only occupants are delivered to (I5)");
                let position = Position {
                    room: message.room.to_owned(),
                    epoch: message.epoch,
                    seq: message.seq,
                };
                let entry =
                    Entry { sender: message.sender.to_owned(), payload: message.payload.to_vec() };
                self.delivered += 1;
                let origin = Origin { role: message.sender_role, ingress_at: message.ingress_at };
                checker.record_delivered(position, entry, origin, view);
            }
            Push::Lagged(lagged) => {
                let view = self.rooms.get_mut(lagged.room);
                let view = view.expect("only occupants are told (I5)");
                let skipped = [lagged.protected, lagged.high, lagged.low];
                let range = (lagged.epoch, lagged.from_seq..=lagged.to_seq);
                checker.record_skipped(lagged.room, range, skipped, view);
                for (all, more) in self.skipped.iter_mut().zip(skipped) {
                    *all += more;
                }
            }
            Push::RoomDestroyed(end) => {
                let view = self.rooms.remove(end.room).expect("only occupants are told (I5)");
                assert!(view.is_complete(end.seq - 1), "the end follows a hole (I7)");
            }
            Push::LeftRoom(left) => {
                self.rooms.remove(left.room).expect("only occupants can be out");
            }
            Push::AreYouThere(_) => {
                self.ask(
                    Asked::Other,
                    throng_protocol::request::Ping { extensions: Extensions::NONE }.into(),
                );
            }
            other => panic!("nothing pushes {other:?} yet"),
        }
    }

    fn ask(&mut self, asked: Asked, request: Request<'_>) -> u32 {
        if let Some(speaker) = &mut self.speaker {
            let number = speaker.ask(&request);
            if let Some(number) = number {
                self.asked.insert(number, asked);
                self.requests = self.requests.max(number);
            }
            self.carry_speaker();
            return number.unwrap_or(u32::MAX);
        }
        self.requests += 1;
        self.asked.insert(self.requests, asked);
        self.say(&FromClient::Request(self.requests, request));
        self.requests
    }

    fn say(&mut self, frame: &FromClient<'_>) {
        frame.write(&mut self.said);
    }
}
