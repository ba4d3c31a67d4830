//! The dialect against frames that the protocol's own crate writes.

use throng_protocol::handshake::Welcome;
use throng_protocol::push::{AreYouThere, Deliver, Lagged};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{Accepted, Joined, Shed};
use throng_protocol::value::{LagReason, Role};

use super::*;
use crate::load::dialect::testing::{
    ROOM, answered, assert_heard_in_any_pieces, assert_opened_by, guest, hear, payload, published,
};

fn throng() -> Throng {
    Throng { app: "dev".to_owned(), entry: Entry::Development("secret".to_owned()) }
}

fn frame(said: FromBroker<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    said.write(&mut bytes);
    bytes
}

fn delivery(room: &str, epoch: u64, seq: u64, payload: &[u8]) -> Vec<u8> {
    frame(FromBroker::Push(Push::Deliver(Deliver {
        room,
        epoch,
        seq,
        sender: "someone",
        sender_role: Role::Server,
        kind: "text",
        ingress_at: 1_700_000_000_000_000,
        egress_at: 300,
        payload,
        extensions: Extensions::NONE,
    })))
}

fn reply<'a>(number: u32, reply: impl Into<Reply<'a>>) -> Vec<u8> {
    frame(FromBroker::Reply(number, reply.into()))
}

fn accepted(number: u32, seq: u64) -> Vec<u8> {
    reply(number, Accepted { epoch: 1, seq, time: 1, extensions: Extensions::NONE })
}

fn welcome(messages_per_second: u32) -> Vec<u8> {
    frame(FromBroker::Welcome(Welcome {
        version: VERSION,
        session: 1,
        user: "someone",
        role: Role::Client,
        time: 1,
        body_bytes_max: 1,
        payload_bytes_max: 1,
        ping_after_ms: 0,
        messages_per_second,
        requests_per_second: 0,
        rooms_per_user: 1,
        expires_in_ms: 0,
        extensions: Extensions::NONE,
    }))
}

fn joined() -> Vec<u8> {
    reply(JOIN_NUMBER, Joined { epoch: 7, seq: 40, created_at: 1, members: 1, ..Joined::default() })
}

fn are_you_there() -> Vec<u8> {
    frame(FromBroker::Push(Push::AreYouThere(AreYouThere { extensions: Extensions::NONE })))
}

fn refused(code: Code) -> Refusal<'static> {
    Refusal::new(code)
}

#[test]
fn hello_and_join_go_out_together_and_the_join_opens_the_session() {
    let mut out = Vec::new();
    throng().open(&guest(), &mut out);
    let (body, rest) = frame::split(&out, BODY_BYTES_MAX).unwrap().unwrap();
    assert!(matches!(FromClient::decode(body), Ok(FromClient::Hello(_))));
    let (body, rest) = frame::split(rest, BODY_BYTES_MAX).unwrap().unwrap();
    assert!(matches!(FromClient::decode(body), Ok(FromClient::Request(JOIN_NUMBER, _))));
    assert!(rest.is_empty());
    let bytes = [welcome(0), joined()].concat();
    assert_opened_by(&throng(), &guest(), &bytes);
    let opened = throng().opened(&guest(), &bytes).unwrap();
    assert_eq!(opened.place, Some(Place { epoch: 7, seq: 40 }));
}

#[test]
fn who_joins_no_room_is_in_with_the_welcome_unless_it_may_not_publish_enough() {
    let publisher = Guest { room: None, unlimited: true, ..guest() };
    assert_opened_by(&throng(), &publisher, &welcome(0));
    assert!(throng().opened(&publisher, &welcome(5)).is_err());
    let listener = Guest { room: None, ..guest() };
    assert!(throng().opened(&listener, &welcome(5)).is_ok());
}

#[test]
fn a_no_to_the_join_is_told() {
    let no = reply(JOIN_NUMBER, refused(Code::NOT_ALLOWED));
    let error = throng().opened(&guest(), &no).unwrap_err().to_string();
    assert!(error.contains(Code::NOT_ALLOWED.name()), "{error}");
}

#[test]
fn deliveries_are_heard_in_any_pieces_and_a_question_is_answered() {
    let first = delivery(ROOM, 7, 1, &payload(1));
    let both = [delivery(ROOM, 7, 2, &payload(2)), delivery(ROOM, 7, 3, &payload(3))].concat();
    let bytes = [first, are_you_there(), both].concat();
    assert_heard_in_any_pieces(&throng(), &bytes);
    let mut ping = Vec::new();
    throng().ask_for_life(&mut ping);
    assert_eq!(hear(&throng(), &[&bytes]).unwrap().said, ping);
}

#[test]
fn the_place_is_found_whatever_the_width_of_the_numbers() {
    const WIDTHS: [u64; 8] = [0, 250, 251, 0xffff, 0x1_0000, 0xffff_ffff, 1 << 32, u64::MAX];
    for epoch in WIDTHS {
        let beginning = throng().beginning(ROOM, epoch, 0);
        for seq in WIDTHS {
            let bytes = delivery(ROOM, epoch, seq, &[1]);
            let (body, _) = frame::split(&bytes, BODY_BYTES_MAX).unwrap().unwrap();
            let behind = body.strip_prefix(beginning.as_slice()).unwrap();
            assert_eq!(varint(behind), Some(seq));
        }
    }
}

#[test]
fn another_room_another_epoch_and_what_is_no_delivery_end_the_run() {
    for bytes in [
        delivery("b-room", 7, 1, &payload(1)),
        delivery("a-rooms", 7, 1, &payload(1)),
        delivery(ROOM, 8, 1, &payload(1)),
        delivery(ROOM, 7, 1, &payload(1)[1..]),
        reply(5, refused(Code::RATE_LIMITED)),
    ] {
        assert!(hear(&throng(), &[&bytes]).is_err());
    }
}

#[test]
fn what_was_skipped_on_purpose_is_announced_and_no_loss() {
    let lagged = Lagged {
        room: ROOM,
        epoch: 7,
        from_seq: 2,
        to_seq: 4,
        protected: 0,
        high: 3,
        low: 0,
        reason: LagReason::SlowReader,
        extensions: Extensions::NONE,
    };
    let lagged = frame(FromBroker::Push(Push::Lagged(lagged)));
    let first = delivery(ROOM, 7, 1, &payload(1));
    let after = delivery(ROOM, 7, 5, &payload(5));
    let heard = hear(&throng(), &[&[first, lagged, after].concat()]).unwrap();
    assert_eq!((heard.deliveries, heard.last_number), (2, 5));
    assert!(heard.flaws.is_none(), "{:?}", heard.flaws);
}

#[test]
fn a_publish_has_the_number_of_the_message_and_its_kind() {
    let bytes = published(&throng(), 9);
    let (body, _) = frame::split(&bytes, BODY_BYTES_MAX).unwrap().unwrap();
    let Ok(FromClient::Request(9, throng_protocol::request::Request::Publish(publish))) =
        FromClient::decode(body)
    else {
        panic!("not a publish");
    };
    assert_eq!((publish.room, publish.kind, publish.payload), (ROOM, "text", &payload(9)[..]));
}

#[test]
fn each_answer_is_taken_for_what_it_is() {
    let shed = Shed {
        class: throng_protocol::value::Class::High,
        reason: ShedReason::Quota,
        retry_after_ms: 5,
        extensions: Extensions::NONE,
    };
    let answers = [accepted(1, 11), reply(3, refused(Code::RATE_LIMITED)), reply(2, shed)];
    let bytes = [answers.concat(), are_you_there()].concat();
    let (counts, said) = answered(&throng(), &bytes).unwrap();
    assert_eq!((counts.accepted, counts.refused, counts.shed), (1, 1, 1));
    assert!(!said.is_empty());
}

#[test]
fn an_end_of_the_session_is_told_in_the_brokers_words() {
    let go_away = throng_protocol::handshake::GoAway::new(refused(Code::LAGGING));
    let error = answered(&throng(), &frame(FromBroker::GoAway(go_away))).unwrap_err().to_string();
    assert!(error.contains(Code::LAGGING.name()), "{error}");
}
