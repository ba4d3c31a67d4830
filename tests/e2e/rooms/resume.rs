//! Coming back (spec 4): in the grace nothing is missed and nobody is told; after it, what is missing
//! is told. That the times are exact is shown in the simulated world.

use std::num::NonZeroU32;
use std::time::Duration;

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::nature::Presence;
use throng_harness::client::told::Joined;
use throng_harness::client::{Act, Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{
    Departure, ListChange, ListName, Moderation, NoticeKind, PublishOptions, Role,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    who_comes_back_in_the_grace_gets_all_it_missed_and_nobody_is_told
    its_own_words_come_back_too
    who_comes_back_after_the_grace_is_told_how_much_it_missed
    a_seat_is_held_for_so_many_messages
    a_protected_users_seat_is_held_without_end
    what_the_room_does_not_keep_is_not_recovered
    another_room_of_the_same_name_is_not_gone_on_with
    who_left_or_was_put_out_has_no_seat_to_come_back_to
    a_held_seat_is_a_member_and_no_occupant
    notices_are_among_what_was_missed
}

fn full_presence(io: Wanted) -> Config {
    let mut config = config(io);
    config.apps[0].rooms.presence = Presence::Full;
    config
}

/// A new session of the user resumes where the old one left off.
fn come_back(hall: &mut Hall, old: usize) -> (usize, Joined) {
    let user = hall.crowd.clients[old].user.clone();
    let new = hall.crowd.open(&user, Role::Client);
    let request = hall.crowd.resume(old, new, STAGE);
    match hall.crowd.outcome(new, request) {
        Outcome::Joined(joined) => (new, joined),
        other => panic!("{user} coming back came to {other:?}"),
    }
}

/// Waits until a member is told that another is gone.
fn until_lost(hall: &mut Hall, witness: usize, user: &str) {
    hall.crowd.until("the grace is over", |crowd| {
        let mut told = crowd.clients[witness].notices_of(STAGE);
        told.any(|own| own.departure == Departure::Lost && own.users == [user])
    });
}

fn who_comes_back_in_the_grace_gets_all_it_missed_and_nobody_is_told(io: Wanted) {
    let mut hall = Hall::with_stage(&full_presence(io));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.say_many(alice, STAGE, 3);
    hall.crowd.until("it hears", |crowd| crowd.clients[bob].delivered == 3);
    hall.crowd.close(bob);
    hall.say_many(alice, STAGE, 10);
    let (bob, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.entries, joined.missed), (Code::NONE, 10, 0));
    assert_eq!((joined.members, joined.occupants), (2, 2));
    hall.crowd.until("it has all", |crowd| crowd.clients[bob].replayed == 10);
    hall.say_many(alice, STAGE, 1);
    hall.crowd.until("it goes on", |crowd| crowd.clients[bob].delivered == 1);
    let told = hall.crowd.clients[alice].notices.iter().map(|own| own.what);
    assert_eq!(told.collect::<Vec<_>>(), [NoticeKind::MemberJoined], "once, at the beginning");
    // Coming back a second time, nothing was missed.
    hall.crowd.close(bob);
    let (_, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 0));
}

fn its_own_words_come_back_too(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.say_many(alice, STAGE, 1);
    hall.crowd.until("it hears", |crowd| crowd.clients[bob].delivered == 1);
    hall.say_many(bob, STAGE, 2);
    let echoed = hall.crowd.publish(bob, STAGE, 10, PublishOptions::NO_ACK);
    assert!(!hall.crowd.clients[bob].outcomes.contains_key(&echoed));
    hall.crowd.until("all is said", |crowd| crowd.clients[alice].delivered == 3);
    hall.crowd.close(bob);
    let (bob, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 3));
    hall.crowd.until("it has all", |crowd| crowd.clients[bob].replayed == 3);
}

fn who_comes_back_after_the_grace_is_told_how_much_it_missed(io: Wanted) {
    let mut config = full_presence(io);
    config.apps[0].rooms.grace = Duration::from_millis(100);
    let mut hall = Hall::with_stage(&config);
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.crowd.close(bob);
    until_lost(&mut hall, alice, "bob");
    hall.say_many(alice, STAGE, 4);
    // Alice saw that it came and went: its own place is that of its coming.
    let from = hall.crowd.clients[bob].views_left[STAGE].position();
    let new = hall.crowd.open("bob", Role::Client);
    let coming = Coming { history: 3, from: Some(from), ..Coming::default() };
    let joined = hall.join_with(new, STAGE, coming);
    assert_eq!((joined.recovery, joined.entries), (Code::NOT_RECOVERED, 3));
    assert_eq!(joined.missed, joined.seq - from.1 - 3, "all but what follows");
    hall.crowd.until("its history comes", |crowd| crowd.clients[new].replayed == 3);
    hall.say_many(alice, STAGE, 1);
    hall.crowd.until("it goes on", |crowd| crowd.clients[new].delivered == 1);
}

fn a_seat_is_held_for_so_many_messages(io: Wanted) {
    let mut config = full_presence(io);
    config.apps[0].rooms.grace_messages = 5;
    let mut hall = Hall::with_stage(&config);
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.crowd.close(bob);
    // Its end must have reached the room before the messages count.
    hall.until_counted(alice, STAGE, (2, 1));
    hall.say_many(alice, STAGE, 4);
    let (bob, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 4));
    hall.crowd.until("it has all", |crowd| crowd.clients[bob].replayed == 4);
    hall.crowd.close(bob);
    hall.until_counted(alice, STAGE, (2, 1));
    hall.say_many(alice, STAGE, 6);
    until_lost(&mut hall, alice, "bob");
    let (_, joined) = come_back(&mut hall, bob);
    assert_eq!(joined.recovery, Code::NOT_RECOVERED);
}

fn a_protected_users_seat_is_held_without_end(io: Wanted) {
    let mut config = full_presence(io);
    config.apps[0].rooms.grace = Duration::from_millis(100);
    config.apps[0].rooms.grace_messages = 3;
    let mut hall = Hall::with_stage(&config);
    let list = (ListName::ProtectedUsers, STAGE);
    let change = hall.code(hall.server, |own| own.change_list(list, ListChange::Add, &["star"]));
    assert_eq!(change, Code::NONE);
    let users = ["alice", "star", "other"];
    let [alice, star, other] = users.map(|user| hall.enter(user, STAGE));
    hall.crowd.close(star);
    hall.crowd.close(other);
    hall.say_many(alice, STAGE, 20);
    until_lost(&mut hall, alice, "other");
    hall.until_counted(alice, STAGE, (2, 1));
    let (star, joined) = come_back(&mut hall, star);
    assert_eq!((joined.recovery, joined.members), (Code::NONE, 2));
    let entries = u64::from(joined.entries);
    hall.crowd.until("it has all", |crowd| crowd.clients[star].replayed == entries);
}

fn what_the_room_does_not_keep_is_not_recovered(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.grace_messages = 1_000;
    config.apps[0].rooms.ring_messages = 50;
    let mut hall = Hall::with_stage(&config);
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.crowd.close(bob);
    hall.until_counted(alice, STAGE, (2, 1));
    hall.say_many(alice, STAGE, 50);
    let (again, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 50), "at the least fifty");
    hall.crowd.until("it has all", |crowd| crowd.clients[again].replayed == 50);
    hall.crowd.close(again);
    hall.say_many(alice, STAGE, 500);
    let (_, joined) = come_back(&mut hall, again);
    assert_eq!((joined.recovery, joined.missed), (Code::NOT_RECOVERED, 500));
    assert_eq!(joined.members, 2, "it was a member all the time");
}

fn another_room_of_the_same_name_is_not_gone_on_with(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.say_many(alice, STAGE, 3);
    hall.crowd.until("it hears", |crowd| crowd.clients[bob].delivered == 3);
    hall.crowd.close(bob);
    hall.ask(hall.server, |own| own.destroy(STAGE));
    hall.create(STAGE, "");
    hall.join(alice, STAGE);
    hall.say_many(alice, STAGE, 5);
    let (_, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.recovery, joined.missed), (Code::NOT_RECOVERED, 0), "nobody can say");
    assert_eq!((joined.seq, joined.entries), (5, 0));
}

fn who_left_or_was_put_out_has_no_seat_to_come_back_to(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    let epoch = hall.crowd.clients[bob].rooms[STAGE].epoch();
    let resume = Coming { from: Some((epoch, 0)), ..Coming::default() };
    hall.ask(bob, |own| own.leave(STAGE));
    hall.say_many(alice, STAGE, 2);
    let joined = hall.join_with(bob, STAGE, resume);
    assert_eq!((joined.recovery, joined.missed), (Code::NOT_RECOVERED, 2), "it asked to leave");
    hall.crowd.close(bob);
    hall.act(Act::new(STAGE, Moderation::Kick), &["bob"]);
    let (bob, joined) = come_back(&mut hall, bob);
    assert_eq!(joined.recovery, Code::NOT_RECOVERED, "it was kicked while it was away");
    hall.crowd.close(bob);
    hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["bob"]);
    let new = hall.crowd.open("bob", Role::Client);
    let request = hall.crowd.resume(bob, new, STAGE);
    assert!(matches!(hall.crowd.outcome(new, request), Outcome::Refused(Code::BANNED, _)));
}

fn a_held_seat_is_a_member_and_no_occupant(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.members_max = NonZeroU32::new(2);
    let mut hall = Hall::with_stage(&config);
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    hall.crowd.close(bob);
    hall.until_counted(alice, STAGE, (2, 1));
    let cid = hall.crowd.open("cid", Role::Client);
    assert_eq!(hall.code(cid, |own| own.join(STAGE)), Code::ROOM_FULL, "its seat is taken");
    let (_, joined) = come_back(&mut hall, bob);
    assert_eq!((joined.members, joined.occupants), (2, 2));
}

fn notices_are_among_what_was_missed(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.say_many(cast.creator, STAGE, 2);
    hall.crowd.until("it hears", |crowd| crowd.clients[cast.visitor].delivered == 2);
    hall.crowd.close(cast.visitor);
    for muted in [true, false] {
        assert_eq!(hall.code(cast.creator, |own| own.mute_room(STAGE, muted)), Code::NONE);
        hall.say_many(cast.creator, STAGE, 1);
    }
    hall.act(Act::new(STAGE, Moderation::Kick), &["ordinary"]);
    let (visitor, joined) = come_back(&mut hall, cast.visitor);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 5));
    // The checker holds that they are the very frames that the others got.
    hall.crowd.until("it has all", |crowd| crowd.clients[visitor].replayed == 5);
}
