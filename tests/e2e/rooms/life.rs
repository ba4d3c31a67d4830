//! How rooms begin and end (spec 3): policies and their change, the keep-alive list, destroying,
//! closing and opening. That the times are exact is shown in the simulated world; here, that they
//! come by themselves on a real clock.

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::request::{ChangeRoom, CreateRoom, SetRoomOpen};
use throng_protocol::value::{
    About, DestroyPolicy, DestroyReason, LeftReason, ListChange, ListName, Moderation, NoticeKind,
    NoticeOptions, PolicyKind, Role, RoomFields, RoomFlags, RoomRole, Sanction,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    a_room_is_created_with_all_that_is_said_of_it
    what_does_not_fit_creates_nothing
    a_room_in_which_nothing_happens_ends_after_its_idle_time
    a_room_ends_after_its_life_time_whatever_happens_in_it
    an_empty_room_ends_after_its_empty_time
    a_room_that_never_ends_outlives_the_others
    a_policy_without_a_time_takes_the_apps
    a_policy_may_be_changed
    a_room_that_is_kept_alive_ends_on_request_only
    only_so_many_rooms_are_kept_alive
    many_rooms_are_destroyed_in_one_call
    a_room_created_again_is_another_one_without_anything_of_the_old
    closing_puts_everyone_out_and_lets_nobody_in
    a_closed_room_keeps_what_belongs_to_it
    a_room_may_be_closed_from_the_start
    closing_quietly_tells_only_those_who_are_put_out
}

const fn policy(kind: PolicyKind, seconds: u32) -> DestroyPolicy {
    DestroyPolicy { kind, seconds }
}

fn create(hall: &mut Hall, room: &str, policy: DestroyPolicy) {
    let create = CreateRoom { room, policy, ..CreateRoom::default() };
    assert_eq!(hall.ask(hall.server, |own| own.request(create)), Outcome::Done);
}

/// A room that ends soon, and a client in it. A busy machine may take its time for either.
fn enter(hall: &mut Hall, user: &str, (room, policy): (&str, DestroyPolicy)) -> usize {
    let client = hall.crowd.open(user, Role::Client);
    create(hall, room, policy);
    hall.join(client, room);
    client
}

/// Why the client's room ended, once it has.
fn ending(hall: &mut Hall, client: usize) -> DestroyReason {
    hall.crowd.until("the room ends", |crowd| !crowd.clients[client].ends.is_empty());
    hall.crowd.clients[client].ends.remove(0).1
}

fn a_room_is_created_with_all_that_is_said_of_it(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let about = About {
        title: "Stage",
        announcement: "be kind",
        live_url: "https://example.org/live",
        extension: "{\"colour\":\"red\"}",
    };
    let empty = policy(PolicyKind::Empty, 604_800);
    let create =
        CreateRoom { room: STAGE, creator: "ann", about, policy: empty, ..CreateRoom::default() };
    assert_eq!(hall.ask(hall.server, |own| own.request(create)), Outcome::Done);
    assert_eq!(hall.code(hall.server, |own| own.create(STAGE)), Code::ROOM_EXISTS);
    let bob = hall.crowd.open("bob", Role::Client);
    let joined = hall.join(bob, STAGE);
    hall.ask(bob, |own| own.query(STAGE));
    let state = &hall.crowd.clients[bob].states[STAGE];
    assert_eq!((&joined.about, &state.about), (&about.into(), &about.into()));
    assert_eq!((&*joined.creator, &*state.creator), ("ann", "ann"));
    assert_eq!((joined.epoch, joined.created_at), (state.epoch, state.created_at));
    assert_eq!((state.policy, state.flags), (empty, RoomFlags::default()));
}

fn what_does_not_fit_creates_nothing(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let long = "ü".repeat(4_097);
    let of = |characters: usize| &long[..2 * characters];
    let fits = About {
        title: of(128),
        announcement: of(4_096),
        live_url: of(1_024),
        extension: of(4_096),
    };
    let bad = [
        CreateRoom { about: About { title: of(129), ..fits }, ..CreateRoom::default() },
        CreateRoom { about: About { announcement: of(4_097), ..fits }, ..CreateRoom::default() },
        CreateRoom { about: About { live_url: of(1_025), ..fits }, ..CreateRoom::default() },
        CreateRoom { about: About { extension: of(4_097), ..fits }, ..CreateRoom::default() },
        CreateRoom { policy: policy(PolicyKind::Idle, 604_801), ..CreateRoom::default() },
        CreateRoom { creator: "not a user", ..CreateRoom::default() },
    ];
    for create in bad {
        let create = CreateRoom { room: STAGE, ..create };
        let refused = hall.code(hall.server, |own| own.request(create));
        assert_eq!(refused, Code::INVALID_ARGUMENT, "{create:?}");
    }
    assert_eq!(hall.code(hall.server, |own| own.query(STAGE)), Code::NO_SUCH_ROOM);
    let create = CreateRoom { room: STAGE, about: fits, ..CreateRoom::default() };
    assert_eq!(hall.ask(hall.server, |own| own.request(create)), Outcome::Done);
}

fn a_room_in_which_nothing_happens_ends_after_its_idle_time(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let bob = enter(&mut hall, "bob", (STAGE, policy(PolicyKind::Idle, 2)));
    assert_eq!(ending(&mut hall, bob), DestroyReason::Idle);
    assert!(hall.crowd.clients[bob].rooms.is_empty());
    assert_eq!(hall.code(bob, |own| own.join(STAGE)), Code::NO_SUCH_ROOM);
}

fn a_room_ends_after_its_life_time_whatever_happens_in_it(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let bob = enter(&mut hall, "bob", (STAGE, policy(PolicyKind::Lifetime, 2)));
    while hall.crowd.clients[bob].ends.is_empty() {
        let code = hall.speak(bob, STAGE);
        assert!([Code::NONE, Code::NO_SUCH_ROOM, Code::NOT_A_MEMBER].contains(&code), "{code}");
    }
    assert_eq!(ending(&mut hall, bob), DestroyReason::Lifetime);
}

fn an_empty_room_ends_after_its_empty_time(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    create(&mut hall, "nobody-yet", policy(PolicyKind::Empty, 600));
    let bob = enter(&mut hall, "bob", (STAGE, policy(PolicyKind::Empty, 2)));
    let witness = enter(&mut hall, "witness", ("witness", policy(PolicyKind::Lifetime, 3)));
    // One in which somebody is does not end, though nothing is said.
    assert_eq!(ending(&mut hall, witness), DestroyReason::Lifetime);
    assert!(hall.crowd.clients[bob].rooms.contains_key(STAGE));
    hall.ask(bob, |own| own.leave(STAGE));
    hall.until_gone(STAGE);
    assert_eq!(hall.code(hall.server, |own| own.query("nobody-yet")), Code::NONE);
}

fn a_room_that_never_ends_outlives_the_others(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.lifetimes.idle = std::time::Duration::from_secs(1);
    let mut hall = Hall::open(&config);
    create(&mut hall, "never", policy(PolicyKind::Never, 0));
    let bob = enter(&mut hall, "bob", (STAGE, policy(PolicyKind::Idle, 2)));
    assert_eq!(ending(&mut hall, bob), DestroyReason::Idle);
    hall.join(bob, "never");
}

fn a_policy_without_a_time_takes_the_apps(io: Wanted) {
    let mut config = config(io);
    let lifetimes = &mut config.apps[0].rooms.lifetimes;
    let second = std::time::Duration::from_secs(1);
    (lifetimes.idle, lifetimes.lifetime, lifetimes.empty) = (second, second, second);
    config.apps[0].rooms_per_user = 3;
    let mut hall = Hall::open(&config);
    create(&mut hall, "idle", DestroyPolicy::default());
    create(&mut hall, "lifetime", policy(PolicyKind::Lifetime, 0));
    create(&mut hall, "empty", policy(PolicyKind::Empty, 0));
    let bob = hall.crowd.open("bob", Role::Client);
    for room in ["idle", "lifetime", "empty"] {
        // A busy machine may be late; then it is gone already, which is right, too.
        hall.ask(bob, |own| own.join(room));
    }
    hall.until_gone("idle");
    hall.until_gone("lifetime");
    hall.ask(bob, |own| own.leave("empty"));
    hall.until_gone("empty");
}

fn a_policy_may_be_changed(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    create(&mut hall, STAGE, policy(PolicyKind::Never, 0));
    let bob = hall.enter("bob", STAGE);
    let to = |policy| ChangeRoom {
        room: STAGE,
        fields: RoomFields::POLICY,
        policy,
        ..ChangeRoom::default()
    };
    let hours = policy(PolicyKind::Idle, 7_200);
    assert_eq!(hall.code(hall.server, |own| own.change_room(to(hours))), Code::NONE);
    hall.ask(bob, |own| own.query(STAGE));
    assert_eq!(hall.crowd.clients[bob].states[STAGE].policy, hours);
    let second = policy(PolicyKind::Lifetime, 1);
    assert_eq!(hall.code(hall.server, |own| own.change_room(to(second))), Code::NONE);
    assert_eq!(ending(&mut hall, bob), DestroyReason::Lifetime);
    let told = &hall.crowd.clients[bob].notices;
    assert!(told.iter().all(|own| own.what == NoticeKind::RoomChanged), "{told:?}");
    assert!(told.iter().all(|own| own.fields == RoomFields::POLICY), "{told:?}");
    let policies: Vec<_> = told.iter().map(|own| own.policy).collect();
    assert_eq!(policies, [hours, second]);
}

fn a_room_that_is_kept_alive_ends_on_request_only(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let (server, list) = (hall.server, (ListName::KeepAlive, ""));
    create(&mut hall, STAGE, policy(PolicyKind::Idle, 2));
    let keep = hall.code(server, |own| own.change_list(list, ListChange::Add, &[STAGE]));
    assert_eq!(keep, Code::NONE);
    let bob = enter(&mut hall, "bob", ("witness", policy(PolicyKind::Idle, 3)));
    assert_eq!(ending(&mut hall, bob), DestroyReason::Idle);
    assert!(hall.join(bob, STAGE).flags.bits() & RoomFlags::CLOSED.bits() == 0);
    hall.ask(bob, |own| own.query(STAGE));
    assert!(hall.crowd.clients[bob].states[STAGE].flags.has(RoomFlags::KEPT_ALIVE));
    let asked = hall.ask(server, |own| own.query_list(ListName::KeepAlive, ""));
    assert_eq!(asked, Outcome::Entries(vec![STAGE.to_owned()]));
    assert_eq!(hall.code(server, |own| own.destroy(STAGE)), Code::NONE);
    assert_eq!(ending(&mut hall, bob), DestroyReason::Request);

    // Taken off the list, a room ends as its policy says.
    create(&mut hall, "another", policy(PolicyKind::Idle, 1));
    for change in [ListChange::Replace, ListChange::Remove] {
        let keep = hall.code(server, |own| own.change_list(list, change, &["another"]));
        assert_eq!(keep, Code::NONE);
    }
    hall.until_gone("another");
}

fn only_so_many_rooms_are_kept_alive(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let (server, list) = (hall.server, (ListName::KeepAlive, ""));
    let rooms = ["a", "b", "c", "d", "e", "f"];
    rooms.iter().for_each(|room| hall.create(room, ""));
    let five = hall.code(server, |own| own.change_list(list, ListChange::Add, &rooms[..5]));
    assert_eq!(five, Code::NONE);
    let more = hall.code(server, |own| own.change_list(list, ListChange::Add, &rooms[5..]));
    assert_eq!(more, Code::TOO_MANY);
    let again = hall.code(server, |own| own.change_list(list, ListChange::Add, &rooms[..1]));
    assert_eq!(again, Code::NONE, "one that is on it already is not one more");
}

fn many_rooms_are_destroyed_in_one_call(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let rooms: Vec<String> = (0..99).map(|n| format!("room-{n}")).collect();
    rooms.iter().for_each(|room| hall.create(room, ""));
    let members: Vec<_> =
        (0..10).map(|n| hall.enter(&format!("user-{n}"), &format!("room-{n}"))).collect();
    let mut named: Vec<&str> = rooms.iter().map(String::as_str).collect();
    named.insert(50, "nowhere");
    let Outcome::Results(each) = hall.ask(hall.server, |own| own.destroy_rooms(&named)) else {
        panic!("each has a result");
    };
    for (number, (code, _)) in each.iter().enumerate() {
        let expected = if number == 50 { Code::NO_SUCH_ROOM } else { Code::NONE };
        assert_eq!(*code, expected, "{}", named[number]);
    }
    assert_eq!(each.len(), 100);
    for member in members {
        assert_eq!(ending(&mut hall, member), DestroyReason::Request);
    }
    for room in &rooms {
        assert_eq!(hall.code(hall.server, |own| own.query(room)), Code::NO_SUCH_ROOM);
    }
    let none = hall.code(hall.server, |own| own.destroy_rooms(&[]));
    assert_eq!(none, Code::INVALID_ARGUMENT);
}

fn a_room_created_again_is_another_one_without_anything_of_the_old(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let server = hall.server;
    hall.say_many(cast.visitor, STAGE, 3);
    hall.act(Act::lasting(STAGE, Moderation::Mute, 600), &["visitor"]);
    hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["bob"]);
    assert_eq!(hall.code(server, |own| own.mute_room(STAGE, true)), Code::NONE);
    let old = hall.join(cast.visitor, STAGE);
    assert_eq!(hall.code(server, |own| own.destroy(STAGE)), Code::NONE);
    for client in cast.clients() {
        assert_eq!(ending(&mut hall, client), DestroyReason::Request);
    }
    hall.create(STAGE, "");
    let new = hall.join_with(cast.visitor, STAGE, Coming { history: 50, ..Coming::default() });
    assert_ne!(new.epoch, old.epoch);
    assert_eq!((new.seq, new.entries, new.members), (0, 0, 1));
    assert!(new.mute.is_none() && new.flags == RoomFlags::default());
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    assert_eq!(hall.join(cast.manager, STAGE).role, RoomRole::Visitor);
    hall.enter("bob", STAGE);
    for sanction in [Sanction::Ban, Sanction::Mute] {
        assert!(hall.sanctioned(STAGE, sanction).is_empty());
    }
}

fn closing_puts_everyone_out_and_lets_nobody_in(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.join(cast.server, STAGE);
    let close = SetRoomOpen { room: STAGE, extension: "good night", ..SetRoomOpen::default() };
    let closed = hall.ask(cast.creator, |own| own.request(close));
    let Outcome::Changed { seq, .. } = closed else { panic!("a creator may close: {closed:?}") };
    let everyone = [&cast.clients()[..], &[cast.server]].concat();
    for client in everyone {
        hall.crowd.until("it is out", |crowd| !crowd.clients[client].outs.is_empty());
        let own = &hall.crowd.clients[client];
        assert_eq!(own.outs, [(STAGE.to_owned(), LeftReason::Closed)]);
        let told = own.notices.last().expect("it is told why");
        assert_eq!((told.what, told.seq), (NoticeKind::RoomClosed, seq));
        assert_eq!((&*told.actor, &*told.extension), ("creator", "good night"));
        assert_eq!(hall.code(client, |own| own.join(STAGE)), Code::ROOM_CLOSED);
    }
    assert_eq!(hall.flush(cast.visitor, STAGE), Outcome::State(seq, 0, 0));
    assert!(hall.crowd.clients[cast.visitor].states[STAGE].flags.has(RoomFlags::CLOSED));
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NOT_A_MEMBER);
}

fn a_closed_room_keeps_what_belongs_to_it(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.say_many(cast.creator, STAGE, 7);
    hall.act(Act::lasting(STAGE, Moderation::Mute, 600), &["visitor"]);
    hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["bob"]);
    let before = hall.join(cast.visitor, STAGE);
    assert_eq!(hall.code(cast.creator, |own| own.set_open(STAGE, false)), Code::NONE);
    assert_eq!(hall.code(cast.creator, |own| own.set_open(STAGE, true)), Code::NONE);
    let history = Coming { history: 50, ..Coming::default() };
    let after = hall.join_with(cast.visitor, STAGE, history);
    assert_eq!((after.epoch, after.created_at), (before.epoch, before.created_at));
    assert!(after.seq > before.seq && !after.mute.is_none());
    assert_eq!((after.entries, after.members), (7, 1));
    hall.crowd.until("its history comes", |crowd| crowd.clients[cast.visitor].replayed == 7);
    assert_eq!(hall.join(cast.manager, STAGE).role, RoomRole::Manager);
    let bob = hall.crowd.open("bob", Role::Client);
    assert_eq!(hall.code(bob, |own| own.join(STAGE)), Code::BANNED);
}

fn a_room_may_be_closed_from_the_start(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let create = CreateRoom { room: STAGE, flags: RoomFlags::CLOSED, ..CreateRoom::default() };
    assert_eq!(hall.ask(hall.server, |own| own.request(create)), Outcome::Done);
    let bob = hall.crowd.open("bob", Role::Client);
    assert_eq!(hall.code(bob, |own| own.join(STAGE)), Code::ROOM_CLOSED);
    assert_eq!(hall.code(hall.server, |own| own.set_open(STAGE, true)), Code::NONE);
    hall.join(bob, STAGE);
}

fn closing_quietly_tells_only_those_who_are_put_out(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let Outcome::Accepted(newest) = hall.say(cast.creator, STAGE) else { panic!("it may speak") };
    let options = NoticeOptions::QUIET;
    let close = SetRoomOpen { room: STAGE, options, ..SetRoomOpen::default() };
    let closed = hall.ask(cast.server, |own| own.request(close));
    let Outcome::Changed { seq, .. } = closed else { panic!("a server may close: {closed:?}") };
    assert_eq!(seq, newest, "no place of its own");
    for client in cast.clients() {
        hall.crowd.until("it is out", |crowd| crowd.clients[client].rooms.is_empty());
        let own = &hall.crowd.clients[client];
        assert_eq!((own.outs[0].1, own.notices.len()), (LeftReason::Closed, 0));
    }
}
