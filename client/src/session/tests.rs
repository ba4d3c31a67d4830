//! What a session promises, told as bytes in and events out.
//!
//! The broker is a list of frames, the clock a number. Whatever the cut of the bytes, the events
//! are the same.

use core::time::Duration;

use proptest::prelude::*;
use throng_protocol::frame::{self, FromBroker, FromClient};
use throng_protocol::handshake::GoAway;
use throng_protocol::limits::{BODY_BYTES_MAX, HELLO_BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use throng_protocol::push::{AreYouThere, Deliver, LeftRoom, RoomDestroyed};
use throng_protocol::value::{DestroyReason, LeftReason, ParseError, Role, Term};
use throng_protocol::{Code, DecodeError, Refusal, handshake, reply};

use super::*;
use crate::error::{ProtocolError, Refused, Unsent};
use crate::id::Id;
use crate::join::Join;
use crate::publish::Publish;
use crate::reply::{Accepted, Joined, Pong};
use crate::script::*;

fn events(session: &mut Session) -> Vec<SessionEvent> {
    core::iter::from_fn(|| session.poll_event()).collect()
}

fn sent(session: &mut Session) -> Vec<(u32, String)> {
    let mut out = Vec::new();
    session.poll_transmit(&mut out);
    requests(&out)
}

fn opened() -> Session {
    let mut session = Session::new(&config(), at(0));
    let mut hello = Vec::new();
    assert!(session.poll_transmit(&mut hello));
    session.handle_bytes(at(0), &bytes(&[FromBroker::Welcome(WELCOME)]));
    assert!(matches!(session.poll_event(), Some(SessionEvent::Opened(_))));
    session
}

fn ended_by(session: &mut Session) -> Reason {
    match events(session).pop() {
        Some(SessionEvent::Ended(reason)) => reason,
        other => panic!("the last event is {other:?}"),
    }
}

#[test]
fn the_hello_says_who_and_with_what_version() {
    let mut session = Session::new(&config(), at(0));
    let mut out = Vec::new();
    assert!(session.poll_transmit(&mut out));
    let (body, rest) = frame::split(&out, HELLO_BODY_BYTES_MAX).unwrap().unwrap();
    assert!(rest.is_empty());
    let FromClient::Hello(hello) = FromClient::decode(body).unwrap() else {
        panic!("not a hello");
    };
    assert_eq!((hello.app, hello.version_min, hello.version_max), ("dev", 1, 1));
    let handshake::Credentials::Development(claims) = hello.credentials else {
        panic!("not development credentials");
    };
    assert_eq!((claims.secret, claims.user, claims.role), ("secret", "alice", Role::Client));
    assert!(!session.poll_transmit(&mut out));
}

#[test]
fn nothing_can_be_asked_before_the_welcome_or_after_the_end() {
    let mut session = Session::new(&config(), at(0));
    assert_eq!(session.ping(), Err(Unsent::NotConnected));
    session.handle_bytes(at(0), &bytes(&[FromBroker::Welcome(WELCOME)]));
    assert!(session.ping().is_ok());
    session.handle_closed(io::ErrorKind::UnexpectedEof);
    assert_eq!(session.join("lobby"), Err(Unsent::NotConnected));
}

#[test]
fn every_request_gets_its_own_reply_in_whatever_order_they_come() {
    let mut session = opened();
    let join = session.join("lobby").unwrap();
    let publish = session.publish(Publish::new("lobby", "text", "hello")).unwrap();
    let ping = session.ping().unwrap();
    let numbers: Vec<u32> = sent(&mut session).iter().map(|it| it.0).collect();
    assert_eq!(numbers, [join, publish, ping]);

    let joined = reply::Joined {
        epoch: 1,
        seq: 2,
        created_at: 3,
        members: 4,
        occupants: 5,
        left: "attic",
        creator: "bob",
        mute: Term::from_seconds(60),
        entries: 1,
        ..reply::Joined::default()
    };
    let refused = Refusal::new(Code::RATE_LIMITED).retry_after(Duration::from_millis(80));
    let replies = [reply(ping, PONG), reply(join, joined), reply(publish, refused)];
    session.handle_bytes(at(1), &bytes(&replies));
    let id = |text| Id::try_from(text).unwrap();
    let events = events(&mut session);
    assert_eq!(events[0], SessionEvent::Done(ping, Ok(Pong { time: 5 }.into())));
    let joined = Joined::from_wire(id("lobby"), joined).unwrap();
    assert_eq!((joined.left, joined.creator), (Some(id("attic")), Some(id("bob"))));
    assert_eq!((joined.mute.seconds(), joined.entries), (Some(60), 1));
    assert_eq!(events[1], SessionEvent::Done(join, Ok(joined.into())));
    let SessionEvent::Done(number, Err(Failure::Refused(refused))) = &events[2] else {
        panic!("{:?}", events[2]);
    };
    assert_eq!((*number, refused.code), (publish, Code::RATE_LIMITED));
    assert_eq!(refused.retry_after, Some(Duration::from_millis(80)));
    assert_eq!(events.len(), 3);
}

#[test]
fn a_lost_connection_is_the_outcome_of_whatever_waits_and_then_the_end() {
    let mut session = opened();
    let join = session.join("lobby").unwrap();
    let publish = session.publish(Publish::new("lobby", "text", "a")).unwrap();
    session.publish_no_ack(Publish::new("lobby", "text", "b")).unwrap();
    let query = session.query_room("lobby").unwrap();
    session.handle_bytes(at(1), &bytes(&[push(AreYouThere { extensions: NONE })]));
    session.handle_closed(io::ErrorKind::ConnectionReset);
    session.handle_closed(io::ErrorKind::ConnectionReset);
    let lost = |number| SessionEvent::Done(number, Err(Failure::ConnectionLost));
    assert_eq!(
        events(&mut session),
        [
            lost(join),
            lost(publish),
            lost(query),
            SessionEvent::Ended(Reason::Lost(io::ErrorKind::ConnectionReset)),
        ]
    );
    assert!(!session.has_transmit());
}

#[test]
fn a_publish_without_acknowledgement_is_silent_unless_refused() {
    let mut session = opened();
    let quiet = session.publish_no_ack(Publish::new("lobby", "text", "a")).unwrap();
    let acked = session.publish(Publish::new("lobby", "text", "b")).unwrap();
    let sent = sent(&mut session);
    assert!(sent[0].1.contains("PublishOptions(2)") && sent[1].1.contains("PublishOptions(0)"));
    let refusal = Refusal::new(Code::NOT_A_MEMBER);
    session.handle_bytes(at(0), &bytes(&[reply(quiet, refusal), reply(acked, ACCEPTED)]));
    let refused = Refused::from_wire(refusal).unwrap();
    let room = Id::try_from("lobby").unwrap();
    let accepted = Accepted { room, epoch: 1, seq: 3, time: 12, echo: false, direct: false };
    assert_eq!(
        events(&mut session),
        [
            SessionEvent::Told(Event::PublishRefused { number: quiet, refused }),
            SessionEvent::Done(acked, Ok(accepted.into())),
        ]
    );
}

#[test]
fn what_no_broker_would_take_is_not_sent() {
    let mut session = opened();
    let invalid = |field, error| Err(Unsent::Invalid { field, error });
    assert_eq!(session.join(""), invalid("room", ParseError::Empty));
    let nickname = "n".repeat(65);
    let join = Join::new("lobby").nickname(&nickname);
    assert_eq!(session.join(join), invalid("nickname", ParseError::TooManyCharacters { max: 64 }));
    let too_many = Unsent::TooMany { count: 51, max: 50 };
    assert_eq!(session.join(Join::new("lobby").history(51)), Err(too_many));
    let publish = Publish::new("lobby", "no spaces", "");
    let error = ParseError::Alphabet { at: 2 };
    assert_eq!(session.publish(publish), invalid("kind", error));
    let large = vec![0; PAYLOAD_BYTES_MAX + 1];
    let too_large = Unsent::PayloadTooLarge { length: large.len(), max: PAYLOAD_BYTES_MAX };
    assert_eq!(session.publish(Publish::new("lobby", "b", &large)), Err(too_large));
    assert!(!session.has_transmit());
}

#[test]
fn what_is_under_way_is_bounded_in_bytes_and_in_requests() {
    let mut session = opened();
    let large = vec![0; PAYLOAD_BYTES_MAX];
    for _ in 0..2 {
        session.publish_no_ack(Publish::new("lobby", "b", &large)).unwrap();
    }
    assert_eq!(session.ping(), Err(Unsent::Full));
    session.poll_transmit(&mut Vec::new());
    for _ in 0..UNANSWERED_MAX {
        session.ping().unwrap();
    }
    session.poll_transmit(&mut Vec::new());
    assert_eq!(session.ping(), Err(Unsent::Full));
    session.handle_bytes(at(0), &bytes(&[reply(4, PONG)]));
    assert!(session.ping().is_ok());
}

#[test]
fn a_question_whether_it_is_there_is_answered_and_nobody_else_hears_of_it() {
    let mut session = opened();
    session.handle_bytes(at(9), &bytes(&[push(AreYouThere { extensions: NONE })]));
    let sent = sent(&mut session);
    assert!(sent.len() == 1 && sent[0].1.starts_with("Ping"), "{sent:?}");
    session.handle_bytes(at(9), &bytes(&[reply(sent[0].0, PONG)]));
    assert_eq!(events(&mut session), []);
}

#[test]
fn a_silent_broker_is_asked_and_then_dead() {
    let mut session = opened();
    assert_eq!(session.poll_timeout(), Some(at(60)));
    session.handle_timeout(at(60));
    assert_eq!(sent(&mut session).len(), 1);
    assert_eq!(session.poll_timeout(), Some(at(90)));
    session.handle_timeout(at(90));
    assert_eq!(events(&mut session), [SessionEvent::Ended(Reason::Silent)]);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn a_handshake_that_takes_too_long_is_given_up() {
    let mut session = Session::new(&config().connect_timeout(Duration::from_secs(5)), at(10));
    assert_eq!(session.poll_timeout(), Some(at(15)));
    session.handle_timeout(at(14));
    assert!(!session.is_ended());
    session.handle_timeout(at(15));
    assert_eq!(events(&mut session), [SessionEvent::Ended(Reason::ConnectTimeout)]);
}

#[test]
fn a_refused_handshake_says_why_and_what_the_broker_speaks() {
    let mut session = Session::new(&config(), at(0));
    let go_away =
        GoAway { version_min: 4, version_max: 6, refusal: Refusal::new(Code::UNSUPPORTED_VERSION) };
    session.handle_bytes(at(0), &bytes(&[FromBroker::GoAway(go_away)]));
    let Reason::SentAway { refused, versions } = ended_by(&mut session) else {
        panic!("not sent away");
    };
    assert_eq!((refused.code, versions), (Code::UNSUPPORTED_VERSION, 4..=6));
}

#[test]
fn frames_of_a_later_version_do_not_end_the_session() {
    let mut session = opened();
    let ping = session.ping().unwrap();
    let mut frames = vec![2, 0, 0, 0, 255, 1];
    frames.extend([2, 0, 0, 0, 125, u8::try_from(ping).unwrap()]);
    session.handle_bytes(at(0), &frames);
    let unknown = SessionEvent::Done(ping, Err(Failure::UnknownReply(125)));
    assert_eq!(events(&mut session), [unknown]);
    assert!(!session.is_ended());
}

#[test]
fn what_a_broker_must_not_send_is_a_typed_end() {
    let welcome = || FromBroker::Welcome(WELCOME);
    let version = handshake::Welcome { version: 9, ..WELCOME };
    let long = "r".repeat(65);
    let long_room = Deliver { room: &long, ..MESSAGE };
    let large = vec![0; PAYLOAD_BYTES_MAX + 1];
    let large_payload = Deliver { payload: &large, ..MESSAGE };
    let mut needed = Vec::new();
    Extensions::write([(2, &b"x"[..])], &mut needed);
    let needed = Extensions::parse(&needed).unwrap();
    let extended = Deliver { extensions: needed, ..MESSAGE };
    let too_large = |length, max| ProtocolError::TooLarge(frame::TooLarge { length, max });
    let greeting: [(Vec<u8>, ProtocolError); 5] = [
        (bytes(&[push(MESSAGE)]), ProtocolError::Unexpected),
        (bytes(&[reply(0, PONG)]), ProtocolError::Unexpected),
        (bytes(&[FromBroker::Welcome(version)]), ProtocolError::Version(9)),
        (
            u32::try_from(HELLO_BODY_BYTES_MAX + 1).unwrap().to_le_bytes().to_vec(),
            too_large(HELLO_BODY_BYTES_MAX + 1, HELLO_BODY_BYTES_MAX),
        ),
        (b"HTTP/1.1 400".to_vec(), too_large(0x5054_5448, HELLO_BODY_BYTES_MAX)),
    ];
    let open: [(Vec<u8>, ProtocolError); 8] = [
        (bytes(&[welcome()]), ProtocolError::Unexpected),
        (bytes(&[reply(8, PONG)]), ProtocolError::WrongReply { number: 8 }),
        (bytes(&[reply(9, Refusal::new(Code::INTERNAL))]), ProtocolError::WrongReply { number: 9 }),
        (bytes(&[push(long_room)]), ProtocolError::Bounds("room")),
        (bytes(&[push(large_payload)]), ProtocolError::Bounds("payload")),
        (bytes(&[push(extended)]), ProtocolError::Extension(2)),
        (vec![0, 0, 0, 0], ProtocolError::Unreadable(DecodeError::Empty)),
        (u32::MAX.to_le_bytes().to_vec(), too_large(u32::MAX as usize, BODY_BYTES_MAX)),
    ];
    for (bytes, error) in greeting {
        let mut session = Session::new(&config(), at(0));
        session.handle_bytes(at(0), &bytes);
        assert_eq!(events(&mut session), [SessionEvent::Ended(Reason::Protocol(error))]);
    }
    for (bytes, error) in open {
        let mut session = opened();
        session.handle_bytes(at(0), &bytes);
        assert_eq!(events(&mut session), [SessionEvent::Ended(Reason::Protocol(error))]);
    }
}

#[test]
fn a_reply_of_another_kind_than_the_request_ends_the_session_with_its_outcome() {
    let mut session = opened();
    let number = session.join("lobby").unwrap();
    session.handle_bytes(at(0), &bytes(&[reply(number, PONG)]));
    assert_eq!(
        events(&mut session),
        [
            SessionEvent::Done(number, Err(Failure::ConnectionLost)),
            SessionEvent::Ended(Reason::Protocol(ProtocolError::WrongReply { number })),
        ]
    );
}

#[test]
fn after_the_end_nothing_is_read() {
    let mut session = opened();
    let go_away = FromBroker::GoAway(GoAway::new(Refusal::new(Code::DRAINING)));
    session.handle_bytes(at(0), &bytes(&[go_away, push(MESSAGE)]));
    session.handle_bytes(at(0), &bytes(&[push(MESSAGE)]));
    session.handle_timeout(at(1_000));
    assert_eq!(events(&mut session).len(), 1);
}

/// One of everything a broker says, with a large message among it.
fn conversation() -> Vec<u8> {
    let large = vec![7; 5000];
    let destroyed = RoomDestroyed {
        room: "lobby",
        epoch: 1,
        seq: 4,
        reason: DestroyReason::Idle,
        extensions: NONE,
    };
    let left = LeftRoom { room: "attic", reason: LeftReason::Elsewhere, extensions: NONE };
    bytes(&[
        FromBroker::Welcome(WELCOME),
        push(MESSAGE),
        push(AreYouThere { extensions: NONE }),
        reply(0, PONG),
        push(Deliver { payload: &large, ..MESSAGE }),
        push(destroyed),
        push(left),
        FromBroker::GoAway(GoAway::new(Refusal::new(Code::DRAINING).because("bye"))),
    ])
}

fn events_of(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<SessionEvent> {
    let mut session = Session::new(&config(), at(0));
    for piece in pieces {
        session.handle_bytes(at(0), piece.as_ref());
    }
    events(&mut session)
}

#[test]
fn one_byte_at_a_time_says_the_same() {
    let whole = events_of([conversation()]);
    assert_eq!(whole.len(), 6);
    assert_eq!(events_of(conversation().chunks(1)), whole);
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_they_say_the_same(cuts in prop::collection::vec(0_usize..5400, 0..12)) {
        let bytes = conversation();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([bytes.len()]);
        let pieces = [0].into_iter().chain(cuts.iter().copied()).zip(ends).map(|(a, b)| &bytes[a..b]);
        prop_assert_eq!(events_of(pieces), events_of([&bytes]));
    }

    #[test]
    fn no_bytes_make_it_panic_or_go_on_after_the_end(
        mut noise in prop::collection::vec(any::<u8>(), 0..200),
        tag in prop::sample::select(vec![2_u8, 3, 64, 66, 68, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136]),
    ) {
        let mut frame = u32::try_from(noise.len() + 1).unwrap().to_le_bytes().to_vec();
        frame.push(tag);
        frame.append(&mut noise);
        let mut session = opened();
        session.join("lobby").unwrap();
        session.handle_bytes(at(0), &frame);
        session.handle_bytes(at(0), &frame);
        let events = events(&mut session);
        let ends = events.iter().filter(|it| matches!(it, SessionEvent::Ended(_))).count();
        prop_assert_eq!(ends, usize::from(session.is_ended()));
    }
}
