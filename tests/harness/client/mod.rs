//! A client that speaks the protocol, believes nothing, and judges all it is told.
//!
//! Bytes in, bytes out: a simulated world and a real socket carry them alike, so both are judged
//! by the same rules. What it may ask is in `asking` and [`keeping`], the rules by which it judges in
//! `judging`, `stating` and [`granted`], and what it keeps of what it was told in `told`.

mod asking;
pub mod granted;
mod judging;
pub mod keeping;
mod stating;
pub mod told;

use std::collections::BTreeMap;

use throng_client::time::Instant;
use throng_protocol::handshake::{Credentials, Development, Hello, MAGIC, VERSION};
use throng_protocol::request::Request;
use throng_protocol::value::{
    Allowance, Attendance, AttributeResult, Class, Count, DestroyReason, Extensions, HistoryOrder,
    JoinOptions, LeftReason, Role, ShedReason,
};
use throng_protocol::{Code, FromClient};

use crate::checker::View;
use crate::kept::{self, Kept};
use crate::passes::Pass;
use crate::speaker::Speaker;

pub use asking::{Act, Coming, Words};

/// The secret of every test's development app.
pub const SECRET: &str = "secret-of-the-simulated-app";

/// The key of every test's development app.
pub const APP: &str = "dev";

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Its user; of an anonymous visitor as the broker named it.
    pub user: String,
    /// Its device.
    pub device: String,
    /// Its role.
    pub role: Role,
    /// It said what is no request, and may be told so.
    garbage: bool,
    /// By what token it comes, if it needs one.
    pub granted: Option<granted::Granted>,
    /// The client crate, if it speaks for this client.
    speaker: Option<Speaker>,
    now: Instant,
    /// Whether the broker let it in.
    pub welcomed: bool,
    /// Why it was sent away, or `None` within for a link that just ended.
    pub ended: Option<Option<Code>>,
    /// In how many milliseconds it was asked to come back when it was sent away.
    pub back_after_ms: u32,
    /// The rooms it occupies, and what it saw there.
    pub rooms: BTreeMap<String, View>,
    /// The rooms it occupied when its connection ended, for whoever resumes in its place.
    pub views_left: BTreeMap<String, View>,
    /// What became of its requests.
    pub outcomes: BTreeMap<u32, Outcome>,
    /// What it was last told a room is, beside its counts.
    pub states: BTreeMap<String, told::State>,
    /// Notices it was told as they happened, in order.
    pub notices: Vec<told::Notice>,
    /// Rooms it was put out of.
    pub kicks: Vec<told::Kicked>,
    /// Rooms it is out of without having asked.
    pub outs: Vec<(String, LeftReason)>,
    /// Rooms that are gone.
    pub ends: Vec<(String, DestroyReason)>,
    /// What happened in the app.
    pub events: Vec<told::AppEvent>,
    /// The newest figures of each room.
    pub figures: BTreeMap<String, Figures>,
    /// How many messages it was delivered as they happened.
    pub delivered: u64,
    /// How many entries it got behind its joins.
    pub replayed: u64,
    /// How many it was told were skipped for it: protected, high, low.
    pub skipped: [u64; 3],
    /// What it was told that rooms keep when it joined them.
    pub kept: BTreeMap<String, Kept>,
    /// Where it was told that a message was taken back, behind its joins.
    pub stones: Vec<(String, u64)>,
    /// What was said to some only, of whom it was one.
    pub directed: Vec<Vec<u8>>,
    /// What was said to everyone.
    pub broadcast: Vec<Vec<u8>>,
    arriving: Option<stating::Arriving>,
    collecting: Option<stating::Collecting>,
    asked: BTreeMap<u32, Asked>,
    /// The last of its messages that was accepted in each life of a room: request and place.
    accepted: BTreeMap<(String, u64), (u32, u64)>,
    requests: u32,
    /// What it heard of an unfinished frame.
    inbox: Vec<u8>,
    /// What it said and nobody has carried yet.
    said: Vec<u8>,
}

/// How many are in a room, as a client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Members.
    pub members: u64,
    /// Their sessions in the room.
    pub occupants: u64,
    /// How often it was told by a `Presence`, since it came in.
    pub count: u64,
    /// When it was told last, by the world's clock.
    at: Instant,
    /// The least time between two of them, in nanoseconds.
    pub least_gap_nanos: Option<u64>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Joined.
    Joined(told::Joined),
    /// Accepted at that position.
    Accepted(u64),
    /// The counts of a room: newest place, members, occupants. The rest is in [`Client::states`].
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
    /// Changed, at that place of that life of the room.
    Changed {
        /// The room's epoch.
        epoch: u64,
        /// The place of the notice, or of the newest entry.
        seq: u64,
    },
    /// What became of each of many.
    Results(Vec<(Code, u32)>),
    /// A page of members.
    Members(told::Page<told::Member>),
    /// Whether each of some users is there.
    Found(Vec<Attendance>),
    /// A page of those who are banned or muted.
    Sanctions(told::Page<told::Sanctioned>),
    /// Subscribed.
    Subscribed,
    /// What became of each write of an attribute.
    Written(Vec<AttributeResult>),
    /// A page of attributes.
    Attributes(told::Page<(String, kept::Attribute)>),
    /// How many elements a queue has, and a page of it.
    Queue(u64, kept::Queue),
    /// The key of the element that was taken out, if there was one.
    Polled(Option<String>),
    /// What was said before, and where the next page begins.
    History(Vec<told::Past>, Vec<u8>),
    /// What became of a message in each of many rooms: code, epoch and place.
    Many(Vec<(Code, u64, u64)>),
    /// The first rooms, and how much each had.
    Top(Vec<(String, u64)>),
}

#[derive(Debug)]
enum Asked {
    /// To join: how much history, and from where on if it resumes.
    Join {
        room: String,
        history: u8,
        from: Option<(u64, u64)>,
        options: JoinOptions,
    },
    Leave(String),
    State(String),
    Publish {
        room: String,
        payload: Vec<u8>,
        echo: bool,
        acked: bool,
        id: String,
        direct: bool,
    },
    Many {
        rooms: Vec<String>,
        payload: Vec<u8>,
        id: String,
    },
    Attributes(String),
    Queue(String),
    History(String, HistoryOrder),
    Refresh(Box<granted::Renewal>),
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
            granted: None,
            speaker: None,
            now: Instant::ZERO,
            welcomed: false,
            ended: None,
            back_after_ms: 0,
            rooms: BTreeMap::new(),
            views_left: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            states: BTreeMap::new(),
            notices: Vec::new(),
            kicks: Vec::new(),
            outs: Vec::new(),
            ends: Vec::new(),
            events: Vec::new(),
            figures: BTreeMap::new(),
            delivered: 0,
            replayed: 0,
            skipped: [0; 3],
            kept: BTreeMap::new(),
            stones: Vec::new(),
            directed: Vec::new(),
            broadcast: Vec::new(),
            arriving: None,
            collecting: None,
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

    /// A client that shows a token; `never` if that must not let anybody in.
    #[must_use]
    pub fn with_token(pass: &Pass, never: bool, now: Instant) -> Self {
        let mut client = Self::of_token(pass, never, now);
        let text = pass.text();
        client.say_hello(APP, Credentials::Token(text.as_bytes()));
        client
    }

    /// A client that shows a token to the app that it is for.
    #[must_use]
    pub fn of_app(pass: &Pass, now: Instant) -> Self {
        let mut client = Self::of_token(pass, false, now);
        let text = pass.text();
        client.say_hello(&pass.app, Credentials::Token(text.as_bytes()));
        client
    }

    /// The same, spoken for by the client crate.
    #[must_use]
    pub fn with_token_by_crate(pass: &Pass, never: bool, now: Instant) -> Self {
        let mut client = Self::of_token(pass, never, now);
        client.speaker = Some(Speaker::with_token(&pass.text(), now));
        client.carry_speaker();
        client
    }

    fn of_token(pass: &Pass, never: bool, now: Instant) -> Self {
        Self {
            user: pass.user.clone(),
            device: pass.device.clone(),
            role: pass.role,
            now,
            granted: Some(granted::Granted::new(pass, never, now)),
            ..Self::silent()
        }
    }

    /// A client that says hello.
    #[must_use]
    pub fn hello(user: &str, device: &str, role: Role) -> Self {
        let mut client =
            Self { user: user.to_owned(), device: device.to_owned(), role, ..Self::silent() };
        let own = Development { secret: SECRET, user, device, role };
        client.say_hello(APP, Credentials::Development(own));
        client
    }

    fn say_hello(&mut self, app: &str, credentials: Credentials<'_>) {
        self.say(&FromClient::Hello(Hello {
            magic: MAGIC,
            version_min: VERSION,
            version_max: VERSION,
            app,
            credentials,
            client: "test",
            extensions: Extensions::NONE,
        }));
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

    /// The life of the room in which a message was accepted, if it was the last one there.
    #[must_use]
    pub fn epoch_of_accepted(&self, request: u32) -> Option<u64> {
        let mut accepted = self.accepted.iter();
        accepted.find(|(_, (number, _))| *number == request).map(|((_, epoch), _)| *epoch)
    }

    /// What it was told in a room of what happened there, in order.
    pub fn notices_of<'a>(&'a self, room: &'a str) -> impl Iterator<Item = &'a told::Notice> {
        self.notices.iter().filter(move |notice| notice.room == room)
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
        self.lose_rooms();
    }

    /// It occupies nothing any more; what it saw is kept for whoever comes in its place.
    fn lose_rooms(&mut self) {
        self.views_left.append(&mut self.rooms);
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
