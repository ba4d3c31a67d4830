//! One user on several devices (spec 1 and 4): a member once, an occupant with each session.

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{LeftReason, Role};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    ten_sessions_of_a_user_are_one_member_and_all_hear
    leaving_takes_all_sessions_out
    a_session_that_did_not_join_hears_nothing
    who_takes_over_a_device_goes_on_where_it_was
    joining_another_room_takes_all_sessions_out_of_the_first
}

fn sessions(hall: &mut Hall, user: &str, count: usize) -> Vec<usize> {
    let connect = |n: usize| hall.crowd.connect(user, &format!("device-{n}"), Role::Client);
    let sessions: Vec<_> = (0..count).map(connect).collect();
    hall.crowd.until("all are in", |crowd| {
        sessions.iter().all(|client| crowd.clients[*client].is_open())
    });
    sessions
}

fn ten_sessions_of_a_user_are_one_member_and_all_hear(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let bobs = sessions(&mut hall, "bob", 10);
    for (number, bob) in bobs.iter().enumerate() {
        let joined = hall.join(*bob, STAGE);
        assert_eq!((joined.members, joined.occupants), (2, 2 + number as u64));
    }
    hall.say_many(alice, STAGE, 5);
    hall.say_many(bobs[0], STAGE, 5);
    hall.crowd.until("all hear", |crowd| {
        let heard = |client: usize| crowd.clients[client].delivered;
        // Not its own words, but those of its other sessions.
        bobs.iter().all(|bob| heard(*bob) == if *bob == bobs[0] { 5 } else { 10 })
    });
    let eleventh = hall.crowd.connect("bob", "one-more", Role::Client);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[eleventh].ended.is_some());
    assert_eq!(hall.crowd.clients[eleventh].ended, Some(Some(Code::TOO_MANY_SESSIONS)));
    // Nine go, one is left: the user is still there.
    bobs[1..].iter().for_each(|bob| hall.crowd.close(*bob));
    hall.until_counted(alice, STAGE, (2, 2));
}

fn leaving_takes_all_sessions_out(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let bobs = sessions(&mut hall, "bob", 4);
    bobs.iter().for_each(|bob| _ = hall.join(*bob, STAGE));
    assert_eq!(hall.code(bobs[2], |own| own.leave(STAGE)), Code::NONE);
    for bob in [bobs[0], bobs[1], bobs[3]] {
        hall.crowd.until("it is out", |crowd| crowd.clients[bob].rooms.is_empty());
        let outs = &hall.crowd.clients[bob].outs;
        assert_eq!(*outs, [(STAGE.to_owned(), LeftReason::Elsewhere)]);
    }
    assert_eq!(hall.flush(alice, STAGE), Outcome::State(0, 1, 1));
    for bob in bobs {
        assert_eq!(hall.code(bob, |own| own.leave(STAGE)), Code::NOT_A_MEMBER);
    }
}

fn a_session_that_did_not_join_hears_nothing(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let bobs = sessions(&mut hall, "bob", 2);
    hall.join(bobs[0], STAGE);
    hall.say_many(alice, STAGE, 3);
    // It may speak: its user is a member.
    assert_eq!(hall.speak(bobs[1], STAGE), Code::NONE);
    hall.crowd.until("the other hears", |crowd| crowd.clients[bobs[0]].delivered == 4);
    hall.flush(bobs[1], STAGE);
    assert_eq!(hall.crowd.clients[bobs[1]].delivered, 0);
}

fn who_takes_over_a_device_goes_on_where_it_was(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let old = hall.enter("bob", STAGE);
    hall.say_many(alice, STAGE, 3);
    hall.crowd.until("it hears", |crowd| crowd.clients[old].delivered == 3);
    let new = hall.crowd.open("bob", Role::Client);
    hall.crowd.until("it is replaced", |crowd| crowd.clients[old].ended.is_some());
    assert_eq!(hall.crowd.clients[old].ended, Some(Some(Code::REPLACED)));
    hall.say_many(alice, STAGE, 4);
    let request = hall.crowd.resume(old, new, STAGE);
    let Outcome::Joined(joined) = hall.crowd.outcome(new, request) else {
        panic!("its seat was held");
    };
    assert_eq!((joined.recovery, joined.entries, joined.members), (Code::NONE, 4, 2));
    hall.crowd.until("it has all", |crowd| crowd.clients[new].rooms[STAGE].is_complete(7));
    assert_eq!(hall.crowd.clients[new].replayed, 4);
}

fn joining_another_room_takes_all_sessions_out_of_the_first(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    hall.create("another", "");
    let bobs = sessions(&mut hall, "bob", 3);
    bobs.iter().for_each(|bob| _ = hall.join(*bob, STAGE));
    let joined = hall.join_with(bobs[0], "another", Coming::default());
    assert_eq!(joined.left, STAGE);
    for bob in &bobs[1..] {
        hall.crowd.until("it is out", |crowd| crowd.clients[*bob].rooms.is_empty());
        let outs = &hall.crowd.clients[*bob].outs;
        assert_eq!(*outs, [(STAGE.to_owned(), LeftReason::JoinedAnother)]);
    }
    assert_eq!(hall.flush(bobs[0], STAGE), Outcome::State(0, 0, 0));
}
