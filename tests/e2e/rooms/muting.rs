//! Mutes of members (spec 7): what they do, who is told, how they are lifted, and that they end by
//! themselves.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{Moderation, NoticeKind, NoticeOptions, Role, Sanction, Term};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    one_who_is_muted_listens_and_does_not_speak
    everyone_is_told_of_a_mute_unless_it_is_quiet
    a_mute_is_lifted
    a_mute_outlives_leaving_and_is_told_to_who_joins
    a_mute_is_over_by_itself_and_exactly_as_told
    muting_again_replaces_the_term
    who_is_not_there_can_be_muted
    a_mute_holds_in_its_room_alone
}

fn one_who_is_muted_listens_and_does_not_speak(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let act = Act::lasting(STAGE, Moderation::Mute, 600);
    assert_eq!(hall.code(cast.manager, |own| own.moderate(act, &["visitor"])), Code::NONE);
    let Outcome::Refused(code, wait_ms) = hall.say(cast.visitor, STAGE) else {
        panic!("who is muted may not speak");
    };
    assert_eq!(code, Code::MUTED);
    assert!((1..=600_000).contains(&wait_ms), "{wait_ms} ms");
    assert_eq!(hall.speak(cast.ordinary, STAGE), Code::NONE, "nobody else is concerned");
    hall.crowd.until("it listens", |crowd| crowd.clients[cast.visitor].delivered == 1);
    let desk = hall.crowd.connect("visitor", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    assert_eq!(hall.speak(desk, STAGE), Code::MUTED, "on any device");
    let listed = hall.sanctioned(STAGE, Sanction::Mute);
    assert_eq!((listed.len(), &*listed[0].user, &*listed[0].actor), (1, "visitor", "manager"));
    let left = listed[0].left.seconds().expect("not for ever");
    assert!((1..=600).contains(&left) && listed[0].since > 0, "{listed:?}");
    assert!(hall.sanctioned(STAGE, Sanction::Ban).is_empty(), "a mute is no ban");
}

fn everyone_is_told_of_a_mute_unless_it_is_quiet(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let act = Act { extension: "hush", ..Act::lasting(STAGE, Moderation::Mute, 600) };
    hall.act(act, &["visitor", "ordinary"]);
    for client in cast.clients() {
        hall.until_noticed(client, STAGE, 1);
        let told = &hall.crowd.clients[client].notices[0];
        assert_eq!((told.what, told.term), (NoticeKind::UsersMuted, Term::from_seconds(600)));
        assert_eq!(told.users, ["visitor", "ordinary"]);
        assert_eq!((&*told.actor, &*told.extension), ("", "hush"));
    }
    let options = NoticeOptions::QUIET;
    hall.act(Act { options, ..Act::new(STAGE, Moderation::Unmute) }, &["visitor"]);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    hall.flush(cast.ordinary, STAGE);
    assert_eq!(hall.crowd.clients[cast.ordinary].notices.len(), 1);
}

fn a_mute_is_lifted(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let forever = Act { term: Term::FOREVER, ..Act::new(STAGE, Moderation::Mute) };
    hall.act(forever, &["visitor"]);
    assert_eq!(hall.say(cast.visitor, STAGE), Outcome::Refused(Code::MUTED, 0));
    assert_eq!(hall.sanctioned(STAGE, Sanction::Mute)[0].left, Term::FOREVER);
    let lift = Act::new(STAGE, Moderation::Unmute);
    assert_eq!(hall.code(cast.manager, |own| own.moderate(lift, &["visitor"])), Code::NONE);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    assert!(hall.sanctioned(STAGE, Sanction::Mute).is_empty());
    hall.until_noticed(cast.ordinary, STAGE, 2);
    let told = &hall.crowd.clients[cast.ordinary].notices[1];
    assert_eq!((told.what, &*told.actor), (NoticeKind::UsersUnmuted, "manager"));
    assert_eq!(told.users, ["visitor"]);
}

fn a_mute_outlives_leaving_and_is_told_to_who_joins(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.enter("bob", STAGE);
    hall.act(Act::lasting(STAGE, Moderation::Mute, 600), &["bob"]);
    hall.ask(bob, |own| own.leave(STAGE));
    let left = hall.join(bob, STAGE).mute.seconds().expect("not for ever");
    assert!((1..=600).contains(&left), "{left} s");
    assert_eq!(hall.speak(bob, STAGE), Code::MUTED);
    // Nor does another connection help.
    hall.crowd.close(bob);
    let bob = hall.enter("bob", STAGE);
    assert_eq!(hall.speak(bob, STAGE), Code::MUTED);
    let alice = hall.crowd.open("alice", Role::Client);
    assert!(hall.join(alice, STAGE).mute.is_none());
}

fn a_mute_is_over_by_itself_and_exactly_as_told(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.enter("bob", STAGE);
    hall.act(Act::lasting(STAGE, Moderation::Mute, 1), &["bob"]);
    if let Outcome::Refused(code, wait_ms) = hall.say(bob, STAGE) {
        assert_eq!(code, Code::MUTED);
        assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
        hall.crowd.pass(Duration::from_millis(wait_ms.into()));
    }
    assert_eq!(hall.speak(bob, STAGE), Code::NONE);
    assert!(hall.sanctioned(STAGE, Sanction::Mute).is_empty());
    assert!(hall.join(bob, STAGE).mute.is_none());
}

fn muting_again_replaces_the_term(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    for (seconds, least, most) in [(6_000, 601, 6_000), (600, 1, 600), (6_000, 601, 6_000)] {
        hall.act(Act::lasting(STAGE, Moderation::Mute, seconds), &["bob"]);
        let listed = hall.sanctioned(STAGE, Sanction::Mute);
        let left = listed[0].left.seconds().expect("not for ever");
        assert!(listed.len() == 1 && (least..=most).contains(&left), "{listed:?}");
    }
}

fn who_is_not_there_can_be_muted(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let forever = Act { term: Term::FOREVER, ..Act::new(STAGE, Moderation::Mute) };
    hall.act(forever, &["bob"]);
    let bob = hall.crowd.open("bob", Role::Client);
    assert_eq!(hall.join(bob, STAGE).mute, Term::FOREVER);
    assert_eq!(hall.speak(bob, STAGE), Code::MUTED);
}

fn a_mute_holds_in_its_room_alone(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms_per_user = 2;
    let mut hall = Hall::with_stage(&config);
    hall.create("another", "");
    let bob = hall.enter("bob", STAGE);
    hall.join(bob, "another");
    hall.act(Act::lasting(STAGE, Moderation::Mute, 600), &["bob"]);
    assert_eq!(hall.speak(bob, STAGE), Code::MUTED);
    assert_eq!(hall.speak(bob, "another"), Code::NONE);
}
