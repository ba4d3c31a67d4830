//! What a line promises: when it dials, what it takes again, when it is over.
//!
//! The broker is a list of frames and the clock moves when a test moves it, so an hour of waiting
//! takes no time.

use core::time::Duration;

use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::GoAway;
use throng_protocol::push::{
    Deliver, Direct, Lagged, LeftRoom as LeftRoomPush, RoomAttributes, RoomQueue, Tombstone,
};
use throng_protocol::reply;
use throng_protocol::value::{LagReason, LeftReason};
use throng_protocol::{Code, Refusal};

use super::*;
use crate::about::Profile;
use crate::ask::SetProfile;
use crate::error::{Failure, Unsent};
use crate::event::{LeftRoom, Missed};
use crate::join::Join;
use crate::publish::Publish;
use crate::reconnect::ReconnectPolicy;
use crate::reply::Reply;
use crate::script::{MESSAGE, NONE, WELCOME, at, bytes, config, push, reply, requests};

const DROPPED: io::ErrorKind = io::ErrorKind::ConnectionReset;

/// A line with a broker that says what it is told to, and a clock that moves when it is told to.
struct Test {
    line: Line,
    now: Instant,
}

impl Test {
    fn new(config: Config) -> Self {
        Self { line: Line::new(config, 42).unwrap(), now: at(1) }
    }

    /// A line that is open.
    fn open() -> Self {
        let mut test = Self::new(config());
        test.connect();
        test
    }

    fn step(&mut self) -> Step {
        self.line.poll_step(self.now)
    }

    /// Waits as long as it takes until the line dials, takes the call, and says welcome.
    fn connect(&mut self) {
        self.dial();
        self.line.handle_connected(self.now);
        self.say(&[FromBroker::Welcome(WELCOME)]);
    }

    /// Waits as long as it takes until the line dials.
    fn dial(&mut self) -> String {
        loop {
            match self.step() {
                Step::Wait(until) => self.now = until,
                Step::Dial { address, .. } => return address,
                other => panic!("{other:?}"),
            }
        }
    }

    fn say(&mut self, frames: &[FromBroker<'_>]) {
        self.line.handle_bytes(self.now, &bytes(frames));
    }

    fn send_away(&mut self, refusal: Refusal<'_>) {
        self.say(&[FromBroker::GoAway(GoAway::new(refusal))]);
    }

    fn lose(&mut self) {
        self.line.handle_closed(self.now, DROPPED);
    }

    /// Joins a room that is at `seq`.
    fn join(&mut self, room: &str, seq: u64) {
        let number = self.line.join(room).unwrap();
        self.say(&[reply(number, joined(seq))]);
        self.line.poll_outcome().unwrap().1.unwrap();
    }

    fn sent(&mut self) -> Vec<(u32, String)> {
        let mut out = Vec::new();
        self.line.poll_transmit(&mut out);
        requests(&out)
    }

    /// The number of the one request that was sent, which asks to join the room.
    fn sent_join(&mut self, room: &str) -> u32 {
        let sent = self.sent();
        let [(number, request)] = &sent[..] else {
            panic!("not one request: {sent:?}");
        };
        let join = format!("Join(Join {{ room: {room:?}, history: 10,");
        assert!(request.starts_with(&join), "{request}");
        *number
    }

    fn events(&mut self) -> Vec<Event> {
        core::iter::from_fn(|| self.line.poll_event()).collect()
    }

    /// The places of the messages that the application is told of, and of nothing else.
    fn seqs(&mut self) -> Vec<u64> {
        let seq = |event| match event {
            Event::Message(message) => message.seq,
            other => panic!("not a message: {other:?}"),
        };
        self.events().into_iter().map(seq).collect()
    }

    fn rooms(&self) -> Vec<(String, u64)> {
        let rooms = self.line.rooms();
        rooms.map(|(room, position)| (room.into(), position.seq)).collect()
    }
}

fn joined(seq: u64) -> reply::Joined<'static> {
    reply::Joined { epoch: 1, seq, members: 1, ..reply::Joined::default() }
}

/// What follows a position in part: so many entries do not.
fn not_recovered(seq: u64, missed: u64) -> reply::Joined<'static> {
    reply::Joined { recovery: Code::NOT_RECOVERED, missed, ..joined(seq) }
}

fn room(room: &str) -> Id {
    Id::try_from(room).unwrap()
}

const fn position(seq: u64) -> Position {
    Position { epoch: 1, seq }
}

fn missed(name: &str, seqs: [u64; 2], entries: u64) -> Event {
    let [last, now] = seqs.map(position);
    Event::Missed(Missed { room: room(name), last, now, entries: Some(entries) })
}

fn said_in(room: &'static str, seq: u64) -> FromBroker<'static> {
    push(Deliver { room, seq, ..MESSAGE })
}

#[test]
fn the_first_connection_tries_every_address_once_and_at_once() {
    let config = config().or_address("b:1").or_address("c:1");
    let mut test = Test::new(config);
    for address in ["127.0.0.1:7400", "b:1", "c:1"] {
        let by = test.now + Duration::from_secs(5);
        let address = address.to_owned();
        assert_eq!(test.step(), Step::Dial { address, by });
        test.line.handle_unreachable(test.now, io::ErrorKind::ConnectionRefused);
    }
    assert_eq!(test.step(), Step::Close);
    let reason =
        Reason::Unreachable { address: "c:1".to_owned(), error: io::ErrorKind::ConnectionRefused };
    assert_eq!(test.line.closed(), Some(&reason));
    assert_eq!(test.events(), [Event::Closed { reason }]);
}

#[test]
fn a_first_connection_that_is_refused_for_good_tries_no_other_address() {
    let mut test = Test::new(config().or_address("b:1"));
    test.dial();
    test.line.handle_connected(test.now);
    test.send_away(Refusal::new(Code::UNAUTHORIZED));
    assert_eq!(test.step(), Step::Close);
}

#[test]
fn a_lost_connection_is_dialled_again_after_a_wait_at_the_next_address() {
    let mut test = Test::new(config().or_address("b:1"));
    test.connect();
    let lost_at = test.now;
    test.lose();
    let Step::Wait(until) = test.step() else {
        panic!("no wait");
    };
    let waited = until.since(lost_at);
    assert!((100..=200).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!(test.dial(), "b:1");
    test.line.handle_unreachable(test.now, io::ErrorKind::ConnectionRefused);
    test.connect();
    let events = test.events();
    let reason = Reason::Lost(DROPPED);
    let retry_in = waited;
    assert_eq!(events[0], Event::Disconnected { reason, retry_in });
    assert!(matches!(events[1], Event::ReconnectFailed { .. }));
    let Event::Reconnected { welcome, attempts: 2 } = events[2] else {
        panic!("{:?}", events[2]);
    };
    assert_eq!(welcome.user, "alice");
}

#[test]
fn what_was_asked_before_the_loss_has_one_outcome_and_nothing_is_taken_until_the_return() {
    let mut test = Test::open();
    let publish = Publish::new("lobby", "text", "a");
    let number = test.line.publish(publish).unwrap();
    test.lose();
    assert_eq!(test.line.publish(publish), Err(Unsent::NotConnected));
    let lost = (number, Err(Failure::ConnectionLost));
    assert_eq!(test.line.poll_outcome(), Some(lost));
    assert_eq!(test.line.poll_outcome(), None);
    test.connect();
    assert_eq!(test.sent(), [], "nothing is sent twice");
    assert_ne!(test.line.publish(publish), Ok(number), "numbers go on");
}

#[test]
fn a_broker_that_names_a_time_is_not_called_before() {
    let mut test = Test::open();
    let wait = Duration::from_secs(77);
    test.send_away(Refusal::new(Code::DRAINING).retry_after(wait));
    assert_eq!(test.step(), Step::Wait(test.now + wait));
}

#[test]
fn after_a_refusal_for_good_the_line_is_closed() {
    for code in [Code::REPLACED, Code::UNAUTHORIZED, Code::MALFORMED] {
        let mut test = Test::open();
        test.send_away(Refusal::new(code));
        assert_eq!(test.step(), Step::Close, "{code:?}");
        assert_eq!(test.line.join("lobby"), Err(Unsent::Closed));
        let events = test.events();
        assert!(matches!(events[..], [Event::Closed { .. }]), "{events:?}");
    }
}

#[test]
fn a_policy_of_never_closes_at_the_first_loss() {
    let mut test = Test::new(config().reconnect(ReconnectPolicy::NEVER));
    test.connect();
    test.lose();
    assert_eq!(test.step(), Step::Close);
    let reason = Reason::Lost(DROPPED);
    assert_eq!(test.events(), [Event::Closed { reason }]);
}

#[test]
fn rooms_are_taken_again_one_by_one_in_the_order_of_joining_and_from_where_they_were() {
    let mut test = Test::open();
    test.join("first", 10);
    test.join("second", 20);
    test.say(&[said_in("first", 11)]);
    test.events();
    test.sent();
    test.lose();
    test.connect();
    assert!(matches!(test.events()[..], [Event::Disconnected { .. }, Event::Reconnected { .. }]));
    let sent = test.sent();
    assert!(sent[0].1.contains("resume_epoch: 1, resume_seq: 11,"), "{sent:?}");
    let recovered = reply::Joined { entries: 4, ..joined(15) };
    test.say(&[reply(sent[0].0, recovered)]);
    test.say(&[12, 13, 14, 15].map(|seq| said_in("first", seq)));
    let number = test.sent_join("second");
    test.say(&[reply(number, joined(20))]);
    assert_eq!(test.sent(), []);
    assert_eq!(test.seqs(), [12, 13, 14, 15], "and no word of anything else");
    assert_eq!(test.line.poll_outcome(), None, "nobody asked for these");
    assert_eq!(test.rooms(), [("first".to_owned(), 15), ("second".to_owned(), 20)]);
}

#[test]
fn what_is_not_there_any_more_is_told_before_what_is() {
    let mut test = Test::open();
    test.join("lobby", 10);
    test.lose();
    test.connect();
    test.events();
    let number = test.sent_join("lobby");
    let lost = reply::Joined { entries: 2, ..not_recovered(100, 88) };
    test.say(&[reply(number, lost), said_in("lobby", 99), said_in("lobby", 100)]);
    let events = test.events();
    assert_eq!(events[0], missed("lobby", [10, 100], 88));
    assert!(matches!(events[1..], [Event::Message(_), Event::Message(_)]), "{events:?}");
}

#[test]
fn a_broker_that_cannot_resume_has_missed_everything_in_between() {
    let mut test = Test::open();
    test.join("lobby", 10);
    test.lose();
    test.connect();
    test.events();
    let number = test.sent_join("lobby");
    let cannot = reply::Joined { recovery: Code::NOT_SUPPORTED, ..joined(15) };
    test.say(&[reply(number, cannot)]);
    assert_eq!(test.events(), [missed("lobby", [10, 15], 5)]);
}

#[test]
fn a_room_of_another_epoch_is_not_said_to_have_been_missed_in_part() {
    let mut test = Test::open();
    test.join("lobby", 10);
    test.lose();
    test.connect();
    let number = test.sent_join("lobby");
    let anew = reply::Joined { epoch: 2, ..not_recovered(3, 0) };
    test.say(&[reply(number, anew)]);
    let Some(Event::Missed(missed)) = test.events().pop() else {
        panic!("not told");
    };
    assert_eq!((missed.now.epoch, missed.entries), (2, None));
}

#[test]
fn the_clients_own_words_are_not_news_to_it_after_a_loss() {
    let mut test = Test::open();
    test.join("lobby", 10);
    let number = test.line.publish(Publish::new("lobby", "text", "mine")).unwrap();
    let accepted = reply::Accepted { epoch: 1, seq: 12, time: 0, extensions: NONE };
    test.say(&[reply(number, accepted)]);
    assert_eq!(test.rooms(), [("lobby".to_owned(), 10)], "11 is still to come");
    test.lose();
    test.connect();
    test.events();
    let number = test.sent_join("lobby");
    let recovered = reply::Joined { entries: 3, ..joined(13) };
    test.say(&[reply(number, recovered)]);
    test.say(&[11, 12, 13].map(|seq| said_in("lobby", seq)));
    assert_eq!(test.seqs(), [11, 13]);
}

#[test]
fn a_seat_is_asked_for_as_the_application_asked_for_it() {
    let mut test = Test::open();
    let join = Join::new("lobby").history(3).nickname("Ann").avatar("a.png");
    let number = test.line.join(join).unwrap();
    test.say(&[reply(number, joined(1))]);
    let named = |nickname: &str| Profile { nickname: nickname.to_owned(), ..Profile::default() };
    let granted = test.line.ask_for(&SetProfile::new("lobby", named("Anna"))).unwrap();
    let refused = test.line.ask_for(&SetProfile::new("lobby", named("Eve"))).unwrap();
    let changed = reply::Changed { epoch: 1, seq: 2, extensions: NONE };
    test.say(&[reply(granted, changed), reply(refused, Refusal::new(Code::NOT_ALLOWED))]);
    test.sent();
    test.lose();
    test.connect();
    let sent = test.sent();
    let like = "history: 3, profile: Profile { nickname: \"Anna\", avatar: \"\",";
    assert!(sent[0].1.contains(like), "{sent:?}");
}

#[test]
fn the_state_of_a_room_and_its_tombstones_come_after_a_loss_and_only_these_count_as_entries() {
    let mut test = Test::open();
    test.join("lobby", 10);
    test.lose();
    test.connect();
    test.events();
    let number = test.sent_join("lobby");
    let attributes = RoomAttributes { room: "lobby", epoch: 1, seq: 13, ..Default::default() };
    let queue = RoomQueue { room: "lobby", epoch: 1, seq: 13, size: 9, ..Default::default() };
    let (sender, kind) = ("ann", "text");
    let stone =
        Tombstone { room: "lobby", epoch: 1, seq: 12, sender, kind, ..Tombstone::default() };
    test.say(&[
        reply(number, reply::Joined { states: 2, entries: 3, ..joined(13) }),
        push(attributes),
        push(queue),
        said_in("lobby", 11),
        push(stone),
        said_in("lobby", 13),
    ]);
    let seq = |event| match event {
        Event::RoomAttributes(it) => ("attributes", it.seq),
        Event::RoomQueue(it) => ("queue", it.seq),
        Event::Message(it) => ("message", it.seq),
        Event::Tombstone(it) => ("tombstone", it.seq),
        other => panic!("{other:?}"),
    };
    let told: Vec<_> = test.events().into_iter().map(seq).collect();
    let state = [("attributes", 13), ("queue", 13)];
    let entries = [("message", 11), ("tombstone", 12), ("message", 13)];
    assert_eq!(told, [&state[..], &entries].concat());
    assert_eq!(test.rooms(), [("lobby".to_owned(), 13)]);
}

#[test]
fn a_message_for_some_takes_no_place_from_those_of_others() {
    let mut test = Test::open();
    test.join("lobby", 10);
    let whisper = Publish::new("lobby", "text", "psst").to_users(&["bob"]);
    let number = test.line.publish(whisper).unwrap();
    let accepted = reply::Accepted { epoch: 1, seq: 11, time: 0, extensions: NONE };
    let direct = Direct { room: "lobby", epoch: 1, seq: 40, ..Direct::default() };
    test.say(&[reply(number, accepted), push(direct), said_in("lobby", 11)]);
    let events = test.events();
    assert!(matches!(events[..], [Event::Direct(_), Event::Message(_)]), "{events:?}");
    assert_eq!(test.rooms(), [("lobby".to_owned(), 11)]);
}

#[test]
fn a_room_that_was_joined_without_its_state_is_taken_again_without_it() {
    let mut test = Test::open();
    let number = test.line.join(Join::new("lobby").without_queue()).unwrap();
    assert!(test.sent()[0].1.contains("options: JoinOptions(2)"));
    test.say(&[reply(number, joined(1))]);
    test.lose();
    test.connect();
    let sent = test.sent();
    assert!(sent[0].1.contains("options: JoinOptions(2)"), "{sent:?}");
}

#[test]
fn an_application_that_joins_a_lost_room_itself_goes_on_from_where_it_was() {
    let mut test = Test::open();
    test.join("first", 1);
    test.join("second", 20);
    test.lose();
    test.connect();
    test.events();
    test.sent();
    let number = test.line.join("second").unwrap();
    let sent = test.sent();
    assert!(sent[0].1.contains("resume_epoch: 1, resume_seq: 20,"), "{sent:?}");
    test.say(&[reply(number, reply::Joined { entries: 1, ..joined(21) }), said_in("second", 21)]);
    assert_eq!(test.seqs(), [21]);
    let outcome = test.line.poll_outcome().unwrap();
    assert!(matches!(outcome, (own, Ok(Reply::Joined(_))) if own == number));
}

#[test]
fn a_second_loss_before_all_rooms_are_taken_loses_none() {
    let mut test = Test::open();
    test.join("first", 1);
    test.join("second", 2);
    test.lose();
    test.connect();
    test.sent_join("first");
    test.lose();
    test.connect();
    let number = test.sent_join("first");
    test.say(&[reply(number, not_recovered(5, 4))]);
    test.sent_join("second");
    assert!(test.events().contains(&missed("first", [1, 5], 4)));
}

#[test]
fn a_room_that_is_refused_for_now_is_asked_for_again_later_and_before_the_next() {
    let mut test = Test::open();
    test.join("first", 1);
    test.join("second", 2);
    test.lose();
    test.connect();
    let number = test.sent_join("first");
    let wait = Duration::from_secs(3);
    let refusal = Refusal::new(Code::RATE_LIMITED).retry_after(wait);
    test.say(&[reply(number, refusal)]);
    assert_eq!(test.sent(), []);
    assert_eq!(test.line.poll_timeout(), Some(test.now + wait));
    test.now = test.now + wait;
    test.line.handle_timeout(test.now);
    test.sent_join("first");
}

#[test]
fn a_room_that_is_gone_is_told_and_the_next_one_taken() {
    let mut test = Test::open();
    test.join("gone", 1);
    test.join("there", 2);
    test.lose();
    test.connect();
    let number = test.sent_join("gone");
    test.say(&[reply(number, Refusal::new(Code::NO_SUCH_ROOM))]);
    let Some(Event::RejoinFailed { room, last, failure }) = test.events().pop() else {
        panic!("not told");
    };
    assert_eq!((&*room, last), ("gone", position(1)));
    assert!(matches!(failure, Failure::Refused(it) if it.code == Code::NO_SUCH_ROOM));
    test.sent_join("there");
    assert_eq!(test.rooms(), [("there".to_owned(), 2)]);
}

#[test]
fn a_room_that_had_to_be_left_for_another_is_told() {
    let mut test = Test::open();
    test.join("old", 1);
    test.join("new", 2);
    test.lose();
    test.connect();
    let number = test.sent_join("old");
    test.say(&[reply(number, joined(1))]);
    let number = test.sent_join("new");
    let instead = reply::Joined { left: "old", ..joined(2) };
    test.say(&[reply(number, instead)]);
    let left = LeftRoom { room: room("old"), reason: LeftReason::JoinedAnother };
    assert_eq!(test.events().pop(), Some(Event::LeftRoom(left)));
    assert_eq!(test.rooms(), [("new".to_owned(), 2)]);
}

#[test]
fn only_rooms_the_client_is_in_are_taken_again() {
    let mut test = Test::open();
    for room in ["left", "thrown-out", "leaving", "staying", "kept"] {
        test.join(room, 1);
    }
    let number = test.line.leave("left").unwrap();
    let left = reply::Left { extensions: NONE };
    let thrown_out =
        LeftRoomPush { room: "thrown-out", reason: LeftReason::Elsewhere, extensions: NONE };
    test.say(&[reply(number, left), push(thrown_out)]);
    let number = test.line.leave("staying").unwrap();
    test.say(&[reply(number, Refusal::new(Code::OVERLOADED))]);
    test.line.leave("leaving").unwrap();
    test.lose();
    let rooms = [("staying".to_owned(), 1), ("kept".to_owned(), 1)];
    assert_eq!(test.rooms(), rooms);
}

#[test]
fn the_application_may_take_or_leave_a_lost_room_itself() {
    let mut test = Test::open();
    for room in ["first", "second", "third"] {
        test.join(room, 1);
    }
    test.lose();
    test.connect();
    let first = test.sent_join("first");
    let second = test.line.join("second").unwrap();
    test.line.leave("third").unwrap();
    test.sent();
    test.say(&[reply(first, joined(1)), reply(second, joined(7))]);
    assert_eq!(test.sent(), [], "neither is asked for again");
    assert_eq!(test.rooms(), [("first".to_owned(), 1), ("second".to_owned(), 7)]);
}

#[test]
fn what_was_skipped_for_a_slow_reader_counts_as_seen() {
    let mut test = Test::open();
    test.join("lobby", 1);
    test.say(&[push(Lagged {
        room: "lobby",
        epoch: 1,
        from_seq: 2,
        to_seq: 9,
        protected: 0,
        high: 8,
        low: 0,
        reason: LagReason::SlowReader,
        extensions: NONE,
    })]);
    assert_eq!(test.rooms(), [("lobby".to_owned(), 9)]);
}

#[test]
fn an_application_that_is_behind_stops_the_reading_and_keeps_its_session() {
    let mut test = Test::new(config().messages_waiting_max(2));
    test.connect();
    test.say(&[push(MESSAGE), push(MESSAGE)]);
    assert!(!test.line.wants_bytes());
    test.line.handle_reading(test.now, false);
    test.now = test.now + Duration::from_secs(30);
    test.line.handle_timeout(test.now);
    assert!(test.sent()[0].1.starts_with("Ping"));
    test.now = test.now + Duration::from_secs(300);
    test.line.handle_timeout(test.now);
    assert!(test.line.is_talking(), "the silence is our own");
    test.line.take_events(&mut VecDeque::new());
    assert!(test.line.wants_bytes());
}

#[test]
fn an_application_that_is_behind_does_not_hold_up_the_handshake() {
    let mut test = Test::new(config().messages_waiting_max(1));
    test.connect();
    test.say(&[push(MESSAGE)]);
    test.lose();
    test.dial();
    test.line.handle_connected(test.now);
    assert!(test.line.wants_bytes());
    test.say(&[FromBroker::Welcome(WELCOME)]);
    assert!(!test.line.wants_bytes());
}

#[test]
fn a_lost_room_that_was_to_be_left_is_not_asked_for_again() {
    let mut test = Test::open();
    test.join("lobby", 1);
    test.lose();
    test.connect();
    let rejoin = test.sent_join("lobby");
    let leave = test.line.leave("lobby").unwrap();
    test.sent();
    let later = Refusal::new(Code::RATE_LIMITED);
    test.say(&[reply(rejoin, later), reply(leave, Refusal::new(Code::NOT_A_MEMBER))]);
    test.now = test.now + Duration::from_secs(20);
    test.line.handle_timeout(test.now);
    assert_eq!(test.sent(), []);
    assert_eq!(test.rooms(), []);
}

#[test]
fn closing_sends_what_was_asked_takes_no_more_and_ends_within_its_time() {
    let mut test = Test::open();
    let number = test.line.ping().unwrap();
    test.line.close(test.now);
    test.line.close(test.now + Duration::from_secs(9));
    assert_eq!(test.line.ping(), Err(Unsent::Closed));
    assert_eq!(test.sent().len(), 1);
    assert_eq!(test.step(), Step::Talk);
    let by = test.now + CLOSE_LINGER;
    assert_eq!(test.line.poll_timeout(), Some(by));
    test.line.handle_timeout(by);
    let lost = (number, Err(Failure::ConnectionLost));
    assert_eq!(test.line.poll_outcome(), Some(lost));
    assert_eq!(test.step(), Step::Close);
    assert_eq!(test.line.closed(), Some(&Reason::ClosedHere));
}

#[test]
fn a_line_that_waits_is_closed_at_once() {
    let mut test = Test::open();
    test.lose();
    test.line.close(test.now);
    assert_eq!(test.step(), Step::Close);
}

#[test]
fn one_seed_gives_the_same_waits_again() {
    let waits = |seed| {
        let mut test = Test::open();
        test.line.draws = Draws::from_seed(seed);
        let mut waits = Vec::new();
        for _ in 0..5 {
            test.lose();
            test.connect();
            waits.push(test.now);
        }
        waits
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}
