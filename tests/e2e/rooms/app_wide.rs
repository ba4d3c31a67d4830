//! Mutes and bans of a whole app (spec 7): they hold in every room and on every core, and are told
//! to those whom they concern alone.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{Moderation, NoticeKind, NoticeOptions, Role, Sanction, Term};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    one_who_is_muted_in_the_app_speaks_in_no_room
    a_mute_of_the_app_is_told_to_each_session_of_the_user_and_nobody_else
    a_mute_of_the_app_is_lifted_and_ends_by_itself
    one_who_is_banned_from_the_app_is_sent_away_and_kept_out
    a_ban_from_the_app_ends_by_itself_and_exactly_as_told
    a_ban_from_the_app_takes_its_user_out_of_its_rooms
    many_users_on_all_cores_are_banned_at_once
}

fn one_who_is_muted_in_the_app_speaks_in_no_room(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms_per_user = 8;
    let mut hall = Hall::open(&config);
    let rooms: Vec<String> = (0..8).map(|n| format!("room-{n}")).collect();
    let bob = hall.crowd.open("bob", Role::Client);
    for room in &rooms {
        // Not even in rooms of its own.
        hall.create(room, "bob");
        hall.join(bob, room);
    }
    hall.act(Act::lasting("", Moderation::Mute, 600), &["bob"]);
    for room in &rooms {
        let Outcome::Refused(code, wait_ms) = hall.say(bob, room) else {
            panic!("who is muted in the app may not speak in {room}");
        };
        assert_eq!(code, Code::MUTED_IN_APP);
        assert!((1..=600_000).contains(&wait_ms), "{wait_ms} ms");
    }
    let left = hall.join(bob, &rooms[0]).mute.seconds().expect("not for ever");
    assert!((1..=600).contains(&left), "{left} s");
    let listed = hall.sanctioned("", Sanction::Mute);
    assert_eq!((listed.len(), &*listed[0].user, &*listed[0].actor), (1, "bob", ""));
    assert!(hall.sanctioned(&rooms[0], Sanction::Mute).is_empty(), "it is none of the room's");
}

fn a_mute_of_the_app_is_told_to_each_session_of_the_user_and_nobody_else(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let phone = hall.enter("bob", STAGE);
    let desk = hall.crowd.connect("bob", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    let act = Act { extension: "hush", ..Act::lasting("", Moderation::Mute, 600) };
    hall.act(act, &["bob", "nobody"]);
    hall.act(Act::new("", Moderation::Unmute), &["bob"]);
    for client in [phone, desk] {
        hall.until_noticed(client, "", 2);
        let told = &hall.crowd.clients[client].notices;
        assert_eq!((told[0].what, told[0].term), (NoticeKind::UsersMuted, act.term));
        assert_eq!((&*told[0].room, &*told[0].extension), ("", "hush"));
        assert_eq!(told[1].what, NoticeKind::UsersUnmuted);
    }
    hall.say_many(hall.server, STAGE, 1);
    hall.crowd.until("it is delivered", |crowd| crowd.clients[alice].delivered == 1);
    assert!(hall.crowd.clients[alice].notices.is_empty());
    assert_eq!(hall.flush(alice, STAGE), Outcome::State(1, 2, 2), "it has no place in a room");

    let options = NoticeOptions::QUIET;
    hall.act(Act { options, ..act }, &["bob"]);
    assert_eq!(hall.speak(phone, STAGE), Code::MUTED_IN_APP);
    hall.flush(phone, STAGE);
    assert_eq!(hall.crowd.clients[phone].notices.len(), 2);
}

fn a_mute_of_the_app_is_lifted_and_ends_by_itself(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.enter("bob", STAGE);
    let forever = Act { term: Term::FOREVER, ..Act::new("", Moderation::Mute) };
    hall.act(forever, &["bob"]);
    assert_eq!(hall.say(bob, STAGE), Outcome::Refused(Code::MUTED_IN_APP, 0));
    hall.act(Act::new("", Moderation::Unmute), &["bob"]);
    assert_eq!(hall.speak(bob, STAGE), Code::NONE);
    assert!(hall.sanctioned("", Sanction::Mute).is_empty());
    hall.act(Act::lasting("", Moderation::Mute, 1), &["bob"]);
    if let Outcome::Refused(code, wait_ms) = hall.say(bob, STAGE) {
        assert_eq!(code, Code::MUTED_IN_APP);
        assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
        hall.crowd.pass(Duration::from_millis(wait_ms.into()));
    }
    assert_eq!(hall.speak(bob, STAGE), Code::NONE);
    assert!(hall.sanctioned("", Sanction::Mute).is_empty());
}

fn one_who_is_banned_from_the_app_is_sent_away_and_kept_out(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let phone = hall.enter("bob", STAGE);
    let desk = hall.crowd.connect("bob", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    let act = Act { extension: "bye", ..Act::lasting("", Moderation::Ban, 600) };
    hall.act(act, &["bob"]);
    for client in [phone, desk] {
        hall.crowd.until("it is sent away", |crowd| crowd.clients[client].ended.is_some());
        let own = &hall.crowd.clients[client];
        assert_eq!(own.ended, Some(Some(Code::BANNED_FROM_APP)));
        assert!((1..=600_000).contains(&own.back_after_ms), "{} ms", own.back_after_ms);
        let told = own.notices_of("").next().expect("it is told before it is sent away");
        assert_eq!((told.what, told.term), (NoticeKind::UsersBanned, act.term));
        assert_eq!(told.extension, "bye");
    }
    for device in ["phone", "another"] {
        let again = hall.crowd.connect("bob", device, Role::Client);
        hall.crowd.until("it is sent away", |crowd| crowd.clients[again].ended.is_some());
        assert_eq!(hall.crowd.clients[again].ended, Some(Some(Code::BANNED_FROM_APP)));
        assert!(!hall.crowd.clients[again].welcomed);
    }
    let listed = hall.sanctioned("", Sanction::Ban);
    assert_eq!((listed.len(), &*listed[0].user), (1, "bob"));
    hall.act(Act { term: Term::FOREVER, ..act }, &["bob"]);
    let again = hall.crowd.connect("bob", "phone", Role::Client);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[again].ended.is_some());
    assert_eq!(hall.crowd.clients[again].back_after_ms, 0, "0 is for ever");
    hall.act(Act::new("", Moderation::Unban), &["bob"]);
    assert!(hall.sanctioned("", Sanction::Ban).is_empty());
    hall.enter("bob", STAGE);
}

fn a_ban_from_the_app_ends_by_itself_and_exactly_as_told(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.enter("bob", STAGE);
    hall.act(Act::lasting("", Moderation::Ban, 1), &["bob"]);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[bob].ended.is_some());
    let wait_ms = hall.crowd.clients[bob].back_after_ms;
    assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
    hall.crowd.pass(Duration::from_millis(wait_ms.into()));
    hall.enter("bob", STAGE);
    assert!(hall.sanctioned("", Sanction::Ban).is_empty());
}

fn a_ban_from_the_app_takes_its_user_out_of_its_rooms(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    hall.enter("bob", STAGE);
    hall.act(Act::lasting("", Moderation::Ban, 600), &["bob"]);
    // Its seat is not held: it will not be back in time.
    hall.until_counted(alice, STAGE, (1, 1));
}

fn many_users_on_all_cores_are_banned_at_once(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let users: Vec<String> = (0..20).map(|n| format!("user-{n}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let clients: Vec<_> = users.iter().map(|user| hall.enter(user, STAGE)).collect();
    hall.act(Act::lasting("", Moderation::Mute, 600), &users);
    for client in &clients {
        assert_eq!(hall.speak(*client, STAGE), Code::MUTED_IN_APP);
    }
    hall.act(Act::lasting("", Moderation::Ban, 600), &users);
    hall.crowd.until("all are sent away", |crowd| {
        clients.iter().all(|client| crowd.clients[*client].ended.is_some())
    });
    let banned = Some(Some(Code::BANNED_FROM_APP));
    assert!(clients.iter().all(|client| hall.crowd.clients[*client].ended == banned));
    assert_eq!(hall.sanctioned("", Sanction::Ban).len(), 20);
}
