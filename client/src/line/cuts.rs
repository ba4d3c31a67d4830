//! A room that others and the client speak in, over a connection that is cut at random: whatever
//! is cut when, each message is told once and in order, or told to be missed.
//!
//! The room is a list, the broker's memory of it has an end, and what it says waits in a queue of
//! which a cut takes away what was not heard.

use std::collections::{BTreeSet, VecDeque};
use std::io::ErrorKind;

use proptest::prelude::*;
use throng_protocol::Code;
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::{RoomAttributes, RoomQueue, Tombstone};
use throng_protocol::reply;
use throng_protocol::request::{Join as JoinRequest, Request};

use super::*;
use crate::join::Join;
use crate::publish::Publish;
use crate::script::{MESSAGE, NONE, WELCOME, bytes, config, push, reply};

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Somebody else speaks.
    Say,
    /// The client speaks, and its `Accepted` overtakes what waits or not.
    Publish { overtakes: bool },
    /// The client speaks to some only: that has no place, and its `Accepted` names the newest one.
    Whisper { overtakes: bool },
    /// The client hears so much of what waits.
    Hear(usize),
    /// The connection is cut.
    Cut,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        5 => Just(Happening::Say),
        3 => any::<bool>().prop_map(|overtakes| Happening::Publish { overtakes }),
        1 => any::<bool>().prop_map(|overtakes| Happening::Whisper { overtakes }),
        4 => (0..6_usize).prop_map(Happening::Hear),
        1 => Just(Happening::Cut),
    ]
}

/// A room, the broker's side of a connection to it, and the client.
struct World {
    line: Line,
    now: Instant,
    /// Who said each message: the client or not.
    is_own: Vec<bool>,
    kept_max: usize,
    waiting: VecDeque<Vec<u8>>,
    /// Places of which the client heard that they are its own.
    accepted: BTreeSet<u64>,
    /// Where the client first came in; before that is history, which a cut may take.
    joined_at: u64,
}

impl World {
    fn new(kept_max: usize, said_before: usize) -> Self {
        let mut world = Self {
            line: Line::new(config(), 1).unwrap(),
            now: Instant::ZERO,
            is_own: vec![false; said_before],
            kept_max,
            waiting: VecDeque::new(),
            accepted: BTreeSet::new(),
            joined_at: said_before as u64,
        };
        world.connect();
        world.line.join(Join::new("lobby").history(3)).unwrap();
        world.serve();
        world.hear(1);
        world
    }

    fn connect(&mut self) {
        loop {
            match self.line.poll_step(self.now) {
                Step::Wait(until) => self.now = until,
                Step::Dial { .. } => break,
                other => panic!("{other:?}"),
            }
        }
        self.line.handle_connected(self.now);
        self.line.handle_bytes(self.now, &bytes(&[FromBroker::Welcome(WELCOME)]));
        self.serve();
    }

    fn newest(&self) -> u64 {
        self.is_own.len() as u64
    }

    fn deliver(&mut self, seq: u64) {
        let deliver = throng_protocol::push::Deliver { seq, ..MESSAGE };
        self.waiting.push_back(bytes(&[push(deliver)]));
    }

    /// What was said before; some of it was recalled.
    fn deliver_again(&mut self, seq: u64) {
        if seq.is_multiple_of(5) {
            let (room, sender, kind) = ("lobby", "bob", "text");
            let stone = Tombstone { room, epoch: 1, seq, sender, kind, ..Tombstone::default() };
            self.waiting.push_back(bytes(&[push(stone)]));
        } else {
            self.deliver(seq);
        }
    }

    /// Answers whatever the client asked.
    fn serve(&mut self) {
        let mut sent = Vec::new();
        self.line.poll_transmit(&mut sent);
        let mut rest = &sent[..];
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX).unwrap() {
            if let FromClient::Request(number, Request::Join(join)) =
                FromClient::decode(body).unwrap()
            {
                self.grant(number, join);
            }
            rest = after;
        }
    }

    fn grant(&mut self, number: u32, join: JoinRequest<'_>) {
        let newest = self.newest();
        let oldest_kept = newest.saturating_sub(self.kept_max as u64) + 1;
        let is_recovered = join.resume_epoch == 1 && join.resume_seq + 1 >= oldest_kept;
        let history = u64::from(join.history).min(self.kept_max as u64);
        let first = match is_recovered {
            true => join.resume_seq + 1,
            false => newest.saturating_sub(history) + 1,
        };
        let is_lost = join.resume_epoch == 1 && !is_recovered;
        let joined = reply::Joined {
            epoch: 1,
            seq: newest,
            entries: u32::try_from((newest + 1).saturating_sub(first)).unwrap(),
            states: 2,
            recovery: if is_lost { Code::NOT_RECOVERED } else { Code::NONE },
            missed: if is_lost { first.saturating_sub(join.resume_seq + 1) } else { 0 },
            ..reply::Joined::default()
        };
        self.waiting.push_back(bytes(&[reply(number, joined)]));
        let attributes =
            RoomAttributes { room: "lobby", epoch: 1, seq: newest, ..Default::default() };
        let queue = RoomQueue { room: "lobby", epoch: 1, seq: newest, ..Default::default() };
        self.waiting.push_back(bytes(&[push(attributes)]));
        self.waiting.push_back(bytes(&[push(queue)]));
        (first..=newest).for_each(|seq| self.deliver_again(seq));
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Say => {
                self.is_own.push(false);
                self.deliver(self.newest());
            }
            Happening::Publish { overtakes } => {
                let number = self.line.publish(Publish::new("lobby", "text", "mine")).unwrap();
                self.is_own.push(true);
                self.accept(number, overtakes);
            }
            Happening::Whisper { overtakes } => {
                let whisper = Publish::new("lobby", "text", "psst").to_users(&["bob"]);
                let number = self.line.publish(whisper).unwrap();
                self.accept(number, overtakes);
            }
            Happening::Hear(count) => self.hear(count),
            Happening::Cut => {
                self.waiting.clear();
                self.line.handle_closed(self.now, ErrorKind::ConnectionReset);
                self.connect();
            }
        }
    }

    fn accept(&mut self, number: u32, overtakes: bool) {
        self.line.poll_transmit(&mut Vec::new());
        let seq = self.newest();
        let accepted = reply::Accepted { epoch: 1, seq, time: 0, extensions: NONE };
        let accepted = bytes(&[reply(number, accepted)]);
        // Not before the room is joined: else the client has no seat to note it down for.
        if overtakes && self.waiting.front().is_some_and(|first| first[4] == 128) {
            self.waiting.push_front(accepted);
        } else {
            self.waiting.push_back(accepted);
        }
    }

    fn hear(&mut self, count: usize) {
        for _ in 0..count {
            let Some(said) = self.waiting.pop_front() else { break };
            self.line.handle_bytes(self.now, &said);
            self.serve();
        }
        while let Some((_, outcome)) = self.line.poll_outcome() {
            if let Ok(crate::reply::Reply::Accepted(it)) = outcome
                && !it.direct
            {
                self.accepted.insert(it.seq);
            }
        }
    }

    fn judge(mut self) -> Result<bool, TestCaseError> {
        self.hear(usize::MAX);
        let (mut told, mut missed) = (Vec::new(), Vec::new());
        while let Some(event) = self.line.poll_event() {
            match event {
                Event::Message(it) => told.push(it.seq),
                Event::Tombstone(it) => told.push(it.seq),
                Event::Missed(it) => missed.push(it.last.seq + 1..=it.now.seq),
                _ => {}
            }
        }
        prop_assert!(told.is_sorted_by(|a, b| a < b), "each once and in order: {told:?}");
        let own = told.iter().find(|seq| self.accepted.contains(*seq));
        prop_assert_eq!(own, None, "it knows of its own words");
        for seq in self.joined_at + 1..=self.newest() {
            let is_own = self.is_own[usize::try_from(seq).unwrap() - 1];
            let is_told = told.contains(&seq) || missed.iter().any(|range| range.contains(&seq));
            prop_assert!(is_own || is_told, "{seq} is neither told nor missed");
        }
        Ok(!missed.is_empty())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_is_cut_each_message_is_told_once_or_told_to_be_missed(
        all in prop::collection::vec(happening(), 0..60),
        kept_max in 1..12_usize,
        said_before in 0..6_usize,
    ) {
        let mut world = World::new(kept_max, said_before);
        all.into_iter().for_each(|happening| world.take(happening));
        world.judge()?;
    }

    #[test]
    fn a_broker_that_keeps_enough_loses_nothing_however_often_it_is_cut(
        all in prop::collection::vec(happening(), 0..60),
    ) {
        let mut world = World::new(1_000, 0);
        all.into_iter().for_each(|happening| world.take(happening));
        prop_assert!(!world.judge()?, "nothing is missed");
    }
}
