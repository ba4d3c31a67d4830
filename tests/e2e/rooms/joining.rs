//! Joining (spec 4): in one step and without a gap, with the last messages, and who may not.

use std::num::NonZeroU32;

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{Moderation, Role, RoomRole};

use super::{Hall, NONE, STAGE, config};
use crate::both::on_both;

on_both! {
    a_join_brings_as_many_of_the_last_messages_as_it_asks_for
    history_holds_messages_and_no_notices
    a_join_amid_talk_leaves_no_gap
    joining_again_answers_with_the_position_and_nothing_follows
    a_room_that_is_full_takes_nobody
    who_is_banned_or_outside_a_closed_room_does_not_get_in
    a_visitor_without_an_account_joins_and_listens_where_the_app_lets_it
}

const fn history(history: u8) -> Coming<'static> {
    Coming { history, profile: PLAIN, from: None }
}

const PLAIN: throng_protocol::value::Profile<'static> =
    throng_protocol::value::Profile { nickname: "", avatar: "", extension: "" };

/// What came behind the client's join, once all of it has.
fn replayed(hall: &mut Hall, client: usize, room: &str, count: usize) -> Vec<u64> {
    hall.crowd.until("what was asked for follows", |crowd| {
        crowd.clients[client].rooms[room].replayed().len() == count
    });
    hall.crowd.clients[client].rooms[room].replayed().to_vec()
}

fn a_join_brings_as_many_of_the_last_messages_as_it_asks_for(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let early = hall.crowd.open("early", Role::Client);
    hall.say_many(alice, STAGE, 3);
    assert_eq!(hall.join_with(early, STAGE, history(50)).entries, 3, "there are no more");
    assert_eq!(replayed(&mut hall, early, STAGE, 3), [1, 2, 3]);
    hall.say_many(alice, STAGE, 77);
    for count in [0, 1, 10, 50] {
        let late = hall.crowd.open(&format!("late-{count}"), Role::Client);
        let joined = hall.join_with(late, STAGE, history(count));
        assert_eq!((joined.seq, joined.entries), (80, u32::from(count)));
        let places: Vec<u64> = (81 - u64::from(count)..=80).collect();
        assert_eq!(replayed(&mut hall, late, STAGE, places.len()), places);
        hall.say_many(alice, STAGE, 1);
        hall.crowd.until("it goes on from there", |crowd| crowd.clients[late].delivered > 0);
        hall.ask(late, |own| own.leave(STAGE));
        hall.ask(hall.server, |own| own.destroy(STAGE));
        hall.create(STAGE, "");
        hall.join(alice, STAGE);
        hall.say_many(alice, STAGE, 80);
    }
    let greedy = hall.crowd.open("greedy", Role::Client);
    let refused = hall.code(greedy, |own| own.join_with(STAGE, history(51)));
    assert_eq!(refused, Code::INVALID_ARGUMENT);
}

fn history_holds_messages_and_no_notices(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let (server, alice) = (hall.server, hall.enter("alice", STAGE));
    for _ in 0..5 {
        hall.say_many(alice, STAGE, 1);
        for muted in [true, false] {
            assert_eq!(hall.code(server, |own| own.mute_room(STAGE, muted)), Code::NONE);
        }
    }
    let late = hall.crowd.open("late", Role::Client);
    let joined = hall.join_with(late, STAGE, history(10));
    assert_eq!((joined.seq, joined.entries), (15, 5));
    assert_eq!(replayed(&mut hall, late, STAGE, 5), [1, 4, 7, 10, 13]);
    hall.ask(late, |own| own.leave(STAGE));
    hall.say_many(alice, STAGE, 60);
    (0..40).for_each(|n| _ = hall.ask(server, |own| own.mute_room(STAGE, n % 2 == 0)));
    let joined = hall.join_with(late, STAGE, history(50));
    assert_eq!(joined.entries, 50, "notices take no room from messages");
    assert_eq!(replayed(&mut hall, late, STAGE, 50), (26..=75).collect::<Vec<u64>>());
}

fn a_join_amid_talk_leaves_no_gap(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let talkers: Vec<_> = (0..4).map(|n| hall.enter(&format!("talker-{n}"), STAGE)).collect();
    let joiners: Vec<_> =
        (0..40).map(|n| hall.crowd.open(&format!("joiner-{n}"), Role::Client)).collect();
    for (number, joiner) in joiners.iter().enumerate() {
        talkers.iter().for_each(|talker| _ = hall.crowd.publish(*talker, STAGE, 40, NONE));
        let count = [0, 10, 50][number % 3];
        hall.crowd.clients[*joiner].join_with(STAGE, history(count));
        hall.crowd.carry();
    }
    talkers.iter().for_each(|talker| _ = hall.crowd.publish(*talker, STAGE, 40, NONE));
    // The checker holds that each sees the next one after its join, and what came before it.
    hall.crowd.until("everyone has all", |crowd| {
        let complete = |client: &usize| {
            crowd.clients[*client].rooms.get(STAGE).is_some_and(|view| view.is_complete(164))
        };
        joiners.iter().chain(&talkers).all(complete)
    });
}

fn joining_again_answers_with_the_position_and_nothing_follows(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.say_many(alice, STAGE, 5);
    let joined = hall.join_with(bob, STAGE, history(50));
    assert_eq!((joined.seq, joined.entries, joined.members, joined.occupants), (5, 0, 2, 2));
    assert!(hall.crowd.clients[bob].rooms[STAGE].is_complete(5), "all up to there came before");
    hall.say_many(alice, STAGE, 1);
    hall.crowd.until("it goes on", |crowd| crowd.clients[bob].delivered == 6);
    assert_eq!(hall.crowd.clients[bob].replayed, 0);
}

fn a_room_that_is_full_takes_nobody(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.members_max = NonZeroU32::new(2);
    let mut hall = Hall::with_stage(&config);
    let alice = hall.enter("alice", STAGE);
    hall.enter("bob", STAGE);
    let cid = hall.crowd.open("cid", Role::Client);
    assert_eq!(hall.code(cid, |own| own.join(STAGE)), Code::ROOM_FULL);
    // One more session of a member is no further member.
    let desk = hall.crowd.connect("alice", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    assert_eq!(hall.join(desk, STAGE).members, 2);
    hall.join(alice, STAGE);
    hall.ask(alice, |own| own.leave(STAGE));
    assert_eq!(hall.join(cid, STAGE).members, 2);
    assert_eq!(hall.code(alice, |own| own.join(STAGE)), Code::ROOM_FULL);
}

fn who_is_banned_or_outside_a_closed_room_does_not_get_in(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.crowd.open("bob", Role::Client);
    hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["bob"]);
    assert_eq!(hall.code(bob, |own| own.join(STAGE)), Code::BANNED);
    hall.act(Act::new(STAGE, Moderation::Unban), &["bob"]);
    assert_eq!(hall.code(hall.server, |own| own.set_open(STAGE, false)), Code::NONE);
    assert_eq!(hall.ask(bob, |own| own.join(STAGE)), Outcome::Refused(Code::ROOM_CLOSED, 0));
    assert_eq!(hall.code(hall.server, |own| own.join(STAGE)), Code::ROOM_CLOSED);
    assert_eq!(hall.code(bob, |own| own.join("nowhere")), Code::NO_SUCH_ROOM);
    assert_eq!(hall.code(bob, |own| own.join("no room")), Code::INVALID_ARGUMENT);
    // A ban, its end, and that it was closed have their places.
    assert_eq!(hall.flush(bob, STAGE), Outcome::State(3, 0, 0));
}

fn a_visitor_without_an_account_joins_and_listens_where_the_app_lets_it(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    hall.say_many(alice, STAGE, 2);
    let [one, other] = [0, 1].map(|_| hall.crowd.open("", Role::Anonymous));
    let joined = hall.join_with(one, STAGE, history(10));
    assert_eq!((joined.role, joined.members, joined.entries), (RoomRole::Anonymous, 2, 2));
    assert_eq!(hall.join(other, STAGE).members, 3, "each is somebody else");
    assert_eq!(hall.speak(one, STAGE), Code::NOT_ALLOWED);
    hall.say_many(alice, STAGE, 1);
    hall.crowd.until("they listen", |crowd| {
        [one, other].iter().all(|client| crowd.clients[*client].delivered == 1)
    });
    assert_eq!(hall.code(one, |own| own.leave(STAGE)), Code::NONE);

    let mut config = config(io);
    config.apps[0].anonymous = false;
    let mut hall = Hall::open(&config);
    let stranger = hall.crowd.connect("", "", Role::Anonymous);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[stranger].ended.is_some());
    assert_eq!(hall.crowd.clients[stranger].ended, Some(Some(Code::UNAUTHORIZED)));
}
