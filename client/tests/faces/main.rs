//! The promises of the faces, each tested on both, over real sockets with a scripted broker.
//!
//! A test is an `async fn` over [`Face`]; `on_both_faces!` runs it on tokio and on threads. What
//! needs the means of one face is in `apart`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall fail")]

mod apart;
mod broker;
mod face;
mod people;
mod rooms;
mod servers;
mod state;
#[cfg(feature = "tls")]
mod tls;
mod tokens;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use throng_client::error::ProtocolError;
use throng_client::{
    Code, Config, DestroyReason, Error, Event, Message, Publish, Reason, Unsent, blocking,
};
use throng_protocol::frame::FromBroker;
use throng_protocol::handshake::Welcome;
use throng_protocol::push::{AreYouThere, RoomDestroyed};
use throng_protocol::request::Request;
use throng_protocol::{Refusal, reply};

use broker::{Broker, NONE, WELCOME, accepted, joined, message, pong};
use face::{Face, Listen, run};
use people::{
    a_kicked_user_is_told_by_whom_and_for_how_long, a_member_is_found_in_pages_and_by_name,
    many_are_moderated_in_one_call_with_a_result_for_each,
    what_holds_against_users_is_listed_with_the_time_left,
};
use rooms::{
    a_room_is_created_changed_closed_and_destroyed, a_server_is_told_what_happens_in_its_app,
    history_comes_first_and_then_what_is_new, notices_come_in_the_rooms_order,
    what_does_not_fit_is_not_sent, what_is_gone_is_told_and_what_is_there_comes,
};
use servers::{
    a_message_goes_to_some_once_and_has_no_place,
    a_server_puts_bots_in_and_asks_for_the_first_rooms,
    a_server_speaks_to_many_rooms_and_to_everyone,
};
use state::{
    a_queue_is_set_written_polled_and_listed, attributes_are_asked_for_in_pages,
    attributes_are_written_on_conditions_with_a_result_for_each,
    history_is_read_in_pages_and_a_message_recalled,
    what_a_room_keeps_comes_with_the_join_and_its_changes_in_order,
    what_no_broker_would_keep_is_not_sent,
};

#[cfg(feature = "tls")]
use tls::{
    a_broker_that_is_not_trusted_hears_nothing, a_broker_without_tls_is_told_from_one_with,
    a_loss_through_tls_is_made_good, a_name_other_than_the_address_may_be_expected,
    both_sides_may_have_much_to_say_at_once, what_is_said_through_tls_is_what_is_heard,
};
use tokens::{
    a_server_revokes_tokens_and_anyone_shows_a_new_one,
    a_source_that_takes_its_time_holds_nothing_up,
    tokens_are_refreshed_in_time_and_new_ones_shown_after_a_loss,
};

/// Runs each promise on tokio and on threads.
macro_rules! on_both_faces {
    ($($(#[$when:meta])? $promise:ident)+) => {
        #[cfg(feature = "tokio")]
        mod on_tokio {
            $($(#[$when])? #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                super::$promise::<throng_client::Client>().await;
            })+
        }

        mod on_threads {
            $($(#[$when])? #[test]
            fn $promise() {
                super::run(super::$promise::<super::blocking::Client>());
            })+
        }
    };
}

on_both_faces! {
    a_client_is_welcomed_and_knows_its_limits
    a_refused_handshake_is_the_error_of_connecting
    an_unreachable_broker_is_the_error_of_connecting
    a_config_that_cannot_be_meant_connects_nowhere
    every_verb_gets_its_reply
    a_refusal_says_which_and_when_to_try_again
    publishes_ahead_do_not_wait_for_each_other
    messages_come_in_order_and_between_them_what_else_happened
    an_application_that_fetches_nothing_stops_the_reading
    an_application_that_dropped_its_events_is_not_waited_for
    a_broker_that_takes_nothing_makes_publishers_wait
    a_connection_lost_in_mid_request_is_the_outcome
    after_a_loss_the_rooms_are_taken_again
    history_comes_first_and_then_what_is_new
    what_is_gone_is_told_and_what_is_there_comes
    notices_come_in_the_rooms_order
    a_room_is_created_changed_closed_and_destroyed
    what_does_not_fit_is_not_sent
    a_server_is_told_what_happens_in_its_app
    a_member_is_found_in_pages_and_by_name
    many_are_moderated_in_one_call_with_a_result_for_each
    what_holds_against_users_is_listed_with_the_time_left
    a_kicked_user_is_told_by_whom_and_for_how_long
    attributes_are_written_on_conditions_with_a_result_for_each
    attributes_are_asked_for_in_pages
    a_queue_is_set_written_polled_and_listed
    what_a_room_keeps_comes_with_the_join_and_its_changes_in_order
    history_is_read_in_pages_and_a_message_recalled
    a_message_goes_to_some_once_and_has_no_place
    a_server_speaks_to_many_rooms_and_to_everyone
    a_server_puts_bots_in_and_asks_for_the_first_rooms
    what_no_broker_would_keep_is_not_sent
    a_broker_that_goes_away_is_not_called_before_its_time
    a_replaced_client_is_closed_for_good
    malformed_bytes_are_told_and_the_connection_made_anew
    a_dead_broker_is_noticed
    a_question_whether_it_is_there_is_answered
    the_last_words_of_a_broker_are_heard_although_it_reads_no_more
    dropping_every_handle_sends_what_was_asked_and_ends_the_connection
    closing_ends_everything_that_waits
    tokens_are_refreshed_in_time_and_new_ones_shown_after_a_loss
    a_source_that_takes_its_time_holds_nothing_up
    a_server_revokes_tokens_and_anyone_shows_a_new_one
    #[cfg(feature = "tls")]
    what_is_said_through_tls_is_what_is_heard
    #[cfg(feature = "tls")]
    both_sides_may_have_much_to_say_at_once
    #[cfg(feature = "tls")]
    a_loss_through_tls_is_made_good
    #[cfg(feature = "tls")]
    a_broker_that_is_not_trusted_hears_nothing
    #[cfg(feature = "tls")]
    a_name_other_than_the_address_may_be_expected
    #[cfg(feature = "tls")]
    a_broker_without_tls_is_told_from_one_with
}

async fn next_message<E: Listen>(events: &mut E) -> Message {
    match events.recv().await {
        Some(Event::Message(message)) => message,
        other => panic!("not a message: {other:?}"),
    }
}

async fn a_client_is_welcomed_and_knows_its_limits<F: Face>() {
    let broker = Broker::run(|door| door.welcome().expect_end());
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let welcome = client.welcome().unwrap();
    assert_eq!((&*welcome.user, welcome.messages_per_second), ("alice", 5));
    drop((client, events));
    broker.finish();
}

async fn a_refused_handshake_is_the_error_of_connecting<F: Face>() {
    let broker = Broker::run(|door| door.greet().send_away(Refusal::new(Code::UNAUTHORIZED)));
    match F::connect(broker.config()).await.err().unwrap() {
        Error::Connect(Reason::SentAway { refused, versions }) => {
            assert_eq!((refused.code, versions), (Code::UNAUTHORIZED, 1..=1));
        }
        other => panic!("{other}"),
    }
    broker.finish();
}

async fn an_unreachable_broker_is_the_error_of_connecting<F: Face>() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let broker = Broker::run(|door| door.welcome().expect_end());
    let address = nowhere.clone();
    let error = ErrorKind::ConnectionRefused;
    let refused = Error::Connect(Reason::Unreachable { address, error });
    let config = |address| {
        let dev = throng_client::Development::new("secret").user("alice");
        Config::new(address).app("dev").credentials(dev)
    };
    assert_eq!(F::connect(config(nowhere.clone())).await.err(), Some(refused));
    // A second address is tried when the first is not there.
    let broker_too = config(nowhere).or_address(broker.address());
    F::connect(broker_too).await.unwrap();
    broker.finish();
}

async fn a_config_that_cannot_be_meant_connects_nowhere<F: Face>() {
    let error = F::connect(Config::new("127.0.0.1:1")).await.err().unwrap();
    assert!(matches!(error, Error::Config(_)), "{error}");
}

async fn every_verb_gets_its_reply<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 4);
        let (number, payload) = peer.publish();
        assert_eq!(payload, b"hello");
        peer.reply(number, accepted(5));
        let number = peer.ping();
        peer.reply(number, pong());
        let room_state = reply::RoomState {
            epoch: 1,
            seq: 5,
            members: 3,
            occupants: 2,
            ..reply::RoomState::default()
        };
        let created = reply::Created { epoch: 1, created_at: 8, extensions: NONE };
        let destroyed = reply::Destroyed { extensions: NONE };
        let left = reply::Left { extensions: NONE };
        let number = peer.request(|it| assert!(matches!(it, Request::QueryRoom(_))));
        peer.reply(number, room_state);
        let number = peer.request(|it| assert!(matches!(it, Request::CreateRoom(_))));
        peer.reply(number, created);
        let number = peer.request(|it| assert!(matches!(it, Request::DestroyRoom(_))));
        peer.reply(number, destroyed);
        let number = peer.request(|it| assert!(matches!(it, Request::Leave(_))));
        peer.reply(number, left);
    });
    let (client, _events) = F::connect(broker.config()).await.unwrap();
    let joined = client.join("lobby").await.unwrap();
    assert_eq!((&*joined.room, joined.seq, joined.left), ("lobby", 4, None));
    let hello = Publish::new("lobby", "text", "hello");
    assert_eq!(client.publish(hello).await.unwrap().seq, 5);
    assert_eq!(client.ping().await.unwrap().time, 9);
    let state = client.query_room("lobby").await.unwrap();
    assert_eq!((state.members, state.occupants), (3, 2));
    client.create_room("attic").await.unwrap();
    client.destroy_room("attic").await.unwrap();
    client.leave("lobby").await.unwrap();
    broker.finish();
}

async fn a_refusal_says_which_and_when_to_try_again<F: Face>() {
    let wait = Duration::from_millis(120);
    let broker = Broker::run(move |door| {
        let mut peer = door.welcome();
        let (number, _) = peer.publish();
        let refusal = Refusal::new(Code::RATE_LIMITED).retry_after(wait);
        peer.reply(number, refusal.because("5 per second"));
        let (number, _) = peer.publish();
        peer.reply(number, Refusal::new(Code::NOT_A_MEMBER));
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let hello = Publish::new("lobby", "text", "hello");
    match client.publish(hello).await {
        Err(Error::Refused(refused)) => {
            assert_eq!((refused.code, refused.retry_after), (Code::RATE_LIMITED, Some(wait)));
            assert_eq!(refused.detail, "5 per second");
        }
        other => panic!("{other:?}"),
    }
    let quiet = client.publish_no_ack(hello).await.unwrap();
    match events.recv().await {
        Some(Event::PublishRefused { number, refused }) => {
            assert_eq!((number, refused.code), (quiet, Code::NOT_A_MEMBER));
        }
        other => panic!("{other:?}"),
    }
    drop((client, events));
    broker.finish();
}

async fn publishes_ahead_do_not_wait_for_each_other<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let numbers: Vec<u32> = (0..100_u8)
            .map(|count| {
                let (number, payload) = peer.publish();
                assert_eq!(payload, [count], "their order is kept");
                number
            })
            .collect();
        for (number, seq) in numbers.into_iter().zip(1..) {
            peer.reply(number, accepted(seq));
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let mut tickets = Vec::new();
    for count in 0..100_u8 {
        let publish = Publish::new("lobby", "text", std::slice::from_ref(&count));
        tickets.push(client.publish_ahead(publish).await.unwrap());
    }
    // Of some nobody wants to know.
    drop(tickets.split_off(90));
    for (ticket, seq) in tickets.into_iter().zip(1..) {
        assert_eq!(F::outcome(ticket).await.unwrap().seq, seq);
    }
    drop((client, events));
    broker.finish();
}

async fn messages_come_in_order_and_between_them_what_else_happened<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 4);
        for seq in 5..105 {
            peer.push(message(seq, &seq.to_le_bytes()));
        }
        peer.push(RoomDestroyed {
            room: "lobby",
            epoch: 1,
            seq: 105,
            reason: DestroyReason::Request,
            extensions: NONE,
        });
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    for seq in 5_u64..105 {
        let message = next_message(&mut events).await;
        assert_eq!((message.seq, &message.payload[..]), (seq, &seq.to_le_bytes()[..]));
        assert_eq!((&*message.sender, &*message.kind), ("bob", "text"));
    }
    match events.recv().await {
        Some(Event::RoomDestroyed(it)) => assert_eq!((&*it.room, it.seq), ("lobby", 105)),
        other => panic!("{other:?}"),
    }
    drop((client, events));
    broker.finish();
}

async fn an_application_that_fetches_nothing_stops_the_reading<F: Face>() {
    const MESSAGES: u64 = 1000;
    let (stopped, is_stopped) = mpsc::channel();
    let broker = Broker::run(move |door| {
        let mut peer = door.welcome();
        let payload = vec![7; 64 * 1024];
        let mut frames = Vec::new();
        for seq in 0..MESSAGES {
            FromBroker::Push(message(seq, &payload).into()).write(&mut frames);
        }
        // 64 MB is more than both sides' kernels hold.
        let rest = peer.say_while_taken(&frames).to_vec();
        stopped.send(!rest.is_empty()).unwrap();
        peer.say_bytes(&rest);
        peer.expect_end();
    });
    let config = broker.config().messages_waiting_max(4);
    let (client, mut events) = F::connect(config).await.unwrap();
    assert!(is_stopped.recv().unwrap());
    for seq in 0..MESSAGES {
        assert_eq!(next_message(&mut events).await.seq, seq);
    }
    drop((client, events));
    broker.finish();
}

async fn an_application_that_dropped_its_events_is_not_waited_for<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        for seq in 0..1000 {
            peer.push(message(seq, b"to whom it may concern"));
        }
        let number = peer.ping();
        peer.reply(number, pong());
        peer.expect_end();
    });
    let config = broker.config().messages_waiting_max(4);
    let (client, events) = F::connect(config).await.unwrap();
    drop(events);
    client.ping().await.unwrap();
    drop(client);
    broker.finish();
}

async fn a_broker_that_takes_nothing_makes_publishers_wait<F: Face>() {
    const MESSAGES: usize = 300;
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        // Nothing is read until this much has come back: more than the client may hold.
        for seq in 0..1000 {
            peer.push(message(seq, &[7; 1024]));
        }
        for count in 0..MESSAGES {
            let (_, payload) = peer.publish();
            assert_eq!(payload[..8], count.to_le_bytes());
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    for count in 0..MESSAGES {
        let mut payload = vec![0; 100 * 1024];
        payload[..8].copy_from_slice(&count.to_le_bytes());
        let publish = Publish::new("lobby", "blob", &payload);
        client.publish_no_ack(publish).await.unwrap();
    }
    drop((client, events));
    broker.finish();
}

async fn a_connection_lost_in_mid_request_is_the_outcome<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.publish();
        peer.drop_dead();
        let mut peer = door.welcome();
        let number = peer.ping();
        peer.reply(number, pong());
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let hello = Publish::new("lobby", "text", "hello");
    assert_eq!(client.publish(hello).await, Err(Error::ConnectionLost));
    match events.recv().await {
        Some(Event::Disconnected { reason, .. }) => {
            assert_eq!(reason, Reason::Lost(ErrorKind::UnexpectedEof));
        }
        other => panic!("{other:?}"),
    }
    match events.recv().await {
        Some(Event::Reconnected { attempts, .. }) => assert_eq!(attempts, 1),
        other => panic!("{other:?}"),
    }
    client.ping().await.unwrap();
    drop((client, events));
    broker.finish();
}

async fn after_a_loss_the_rooms_are_taken_again<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("attic", 3);
        peer.grant_join("lobby", 4);
        peer.push(message(5, b"before"));
        peer.drop_dead();
        let mut peer = door.welcome();
        peer.grant_join_from("attic", 3, joined(3));
        let recovered = reply::Joined { entries: 2, ..joined(9) };
        peer.grant_join_from("lobby", 5, recovered);
        peer.push(message(7, b"meanwhile"));
        peer.push(message(9, b"a moment ago"));
        peer.push(message(10, b"after"));
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("attic").await.unwrap();
    client.join("lobby").await.unwrap();
    assert_eq!(next_message(&mut events).await.payload, "before");
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    for said in ["meanwhile", "a moment ago", "after"] {
        assert_eq!(next_message(&mut events).await.payload, said);
    }
    drop((client, events));
    broker.finish();
}

async fn a_broker_that_goes_away_is_not_called_before_its_time<F: Face>() {
    let wait = Duration::from_millis(250);
    let broker = Broker::run(move |door| {
        let sent_at = Instant::now();
        let refusal = Refusal::new(Code::DRAINING).retry_after(wait);
        door.welcome().send_away(refusal);
        let peer = door.welcome();
        assert!(sent_at.elapsed() >= wait);
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    match events.recv().await {
        Some(Event::Disconnected { reason, retry_in }) => {
            assert!(
                matches!(reason, Reason::SentAway { refused, .. } if refused.code == Code::DRAINING)
            );
            assert_eq!(retry_in, wait);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    drop((client, events));
    broker.finish();
}

async fn a_replaced_client_is_closed_for_good<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 1);
        peer.send_away(Refusal::new(Code::REPLACED));
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    match events.recv().await {
        Some(Event::Closed { reason: Reason::SentAway { refused, .. } }) => {
            assert_eq!(refused.code, Code::REPLACED);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(events.recv().await, None);
    assert_eq!(client.join("lobby").await, Err(Error::Unsent(Unsent::Closed)));
    broker.finish();
}

async fn malformed_bytes_are_told_and_the_connection_made_anew<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.say_bytes(&u32::MAX.to_le_bytes());
        peer.expect_end();
        door.welcome().expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    match events.recv().await {
        Some(Event::Disconnected { reason: Reason::Protocol(error), .. }) => {
            assert!(matches!(error, ProtocolError::TooLarge(_)), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    drop((client, events));
    broker.finish();
}

async fn a_dead_broker_is_noticed<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.greet();
        let impatient = Welcome { ping_after_ms: 300, ..WELCOME };
        peer.say(FromBroker::Welcome(impatient));
        peer.ping();
        peer.expect_end();
        door.welcome().expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    match events.recv().await {
        Some(Event::Disconnected { reason, .. }) => assert_eq!(reason, Reason::Silent),
        other => panic!("{other:?}"),
    }
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    drop((client, events));
    broker.finish();
}

async fn a_question_whether_it_is_there_is_answered<F: Face>() {
    let (answered, is_answered) = mpsc::channel();
    let broker = Broker::run(move |door| {
        let mut peer = door.welcome();
        for _ in 0..3 {
            peer.push(AreYouThere { extensions: NONE });
            let number = peer.ping();
            peer.reply(number, pong());
        }
        answered.send(()).unwrap();
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    is_answered.recv().unwrap();
    drop((client, events));
    broker.finish();
}

async fn the_last_words_of_a_broker_are_heard_although_it_reads_no_more<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 1);
        peer.send_away(Refusal::new(Code::REPLACED));
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    // Some of these meet a closed socket.
    let large = vec![0; 100 * 1024];
    let publish = Publish::new("lobby", "blob", &large);
    while client.publish_no_ack(publish).await.is_ok() {}
    match events.recv().await {
        Some(Event::Closed { reason: Reason::SentAway { refused, .. } }) => {
            assert_eq!(refused.code, Code::REPLACED);
        }
        other => panic!("{other:?}"),
    }
    broker.finish();
}

async fn dropping_every_handle_sends_what_was_asked_and_ends_the_connection<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        for count in 0..50_u8 {
            assert_eq!(peer.publish().1, [count]);
        }
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let last = client.clone();
    drop((client, events));
    for count in 0..50_u8 {
        let publish = Publish::new("lobby", "text", std::slice::from_ref(&count));
        last.publish_no_ack(publish).await.unwrap();
    }
    drop(last);
    broker.finish();
}

async fn closing_ends_everything_that_waits<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.publish();
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let hello = Publish::new("lobby", "text", "hello");
    let ticket = client.publish_ahead(hello).await.unwrap();
    client.close().await;
    assert_eq!(F::outcome(ticket).await, Err(Error::ConnectionLost));
    assert_eq!(client.ping().await, Err(Error::Unsent(Unsent::Closed)));
    let reason = Reason::ClosedHere;
    assert_eq!(events.recv().await, Some(Event::Closed { reason }));
    assert_eq!(events.recv().await, None);
    client.close().await;
    broker.finish();
}
