//! What members are told of each other (spec 4): nothing, figures, or who they are. That figures come
//! at most once a second is shown in the simulated world.

use throng_broker::config::Config;
use throng_broker::io::choice::Wanted;
use throng_broker::nature::Presence;
use throng_harness::client::told::{Notice, Profile as Shown};
use throng_harness::client::{Act, Coming};
use throng_protocol::Code;
use throng_protocol::value::{Departure, Moderation, NoticeKind, Profile, Role, RoomRole};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    by_default_members_are_told_nothing_of_each_other
    figures_come_when_they_change_and_the_last_ones_are_true
    members_are_told_who_comes_and_goes
    why_somebody_is_gone_is_told
    a_change_of_how_a_member_shows_itself_is_told
    in_a_large_room_figures_come_instead
}

fn with(io: Wanted, presence: Presence) -> Config {
    let mut config = config(io);
    config.apps[0].rooms.presence = presence;
    config
}

/// All that a client was told of the room.
fn told(hall: &mut Hall, client: usize, count: usize) -> Vec<Notice> {
    hall.until_noticed(client, STAGE, count);
    hall.flush(client, STAGE);
    let told: Vec<_> = hall.crowd.clients[client].notices_of(STAGE).cloned().collect();
    assert_eq!(told.len(), count, "{told:?}");
    told
}

fn by_default_members_are_told_nothing_of_each_other(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.enter("alice", STAGE);
    let bob = hall.enter("bob", STAGE);
    let shown = Profile { nickname: "Bob", ..Profile::default() };
    assert_eq!(hall.code(bob, |own| own.set_profile(STAGE, shown)), Code::NONE);
    hall.ask(bob, |own| own.leave(STAGE));
    assert!(told(&mut hall, alice, 0).is_empty());
    assert_eq!(hall.crowd.clients[alice].figures[STAGE].count, 0);
    let late = hall.crowd.open("late", Role::Client);
    assert_eq!(hall.join(late, STAGE).seq, 0, "what nobody is told has no place");
}

fn figures_come_when_they_change_and_the_last_ones_are_true(io: Wanted) {
    let mut hall = Hall::with_stage(&with(io, Presence::Counts));
    let alice = hall.enter("alice", STAGE);
    let others: Vec<_> = (0..20).map(|n| hall.enter(&format!("user-{n}"), STAGE)).collect();
    let desk = hall.crowd.connect("user-0", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    hall.join(desk, STAGE);
    let figures = |hall: &mut Hall, counts: (u64, u64)| {
        hall.crowd.until("the figures are true", |crowd| {
            let own = crowd.clients[alice].figures[STAGE];
            own.count > 0 && (own.members, own.occupants) == counts
        });
    };
    figures(&mut hall, (21, 22));
    others[5..].iter().for_each(|other| _ = hall.ask(*other, |own| own.leave(STAGE)));
    figures(&mut hall, (6, 7));
    hall.crowd.close(others[1]);
    figures(&mut hall, (6, 6));
    assert!(told(&mut hall, alice, 0).is_empty(), "figures have no place in the order");
    hall.say_many(alice, STAGE, 1);
    assert!(hall.crowd.clients[alice].rooms[STAGE].is_complete(1));
}

fn members_are_told_who_comes_and_goes(io: Wanted) {
    let mut hall = Hall::with_stage(&with(io, Presence::Full));
    let alice = hall.enter("alice", STAGE);
    let bob = hall.crowd.open("bob", Role::Client);
    let profile = Profile { nickname: "Bob", avatar: "b.png", extension: "" };
    let joined = hall.join_with(bob, STAGE, Coming { profile, ..Coming::default() });
    let desk = hall.crowd.connect("bob", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    hall.join(desk, STAGE);
    hall.ask(desk, |own| own.leave(STAGE));
    let told_alice = told(&mut hall, alice, 2);
    let (came, left) = (&told_alice[0], &told_alice[1]);
    assert_eq!((came.what, &*came.users[0]), (NoticeKind::MemberJoined, "bob"));
    assert_eq!((came.role, &came.profile), (RoomRole::Visitor, &Shown::from(profile)));
    assert!(joined.seq >= came.seq, "who joins is not told that it did");
    assert_eq!((left.what, &*left.users[0]), (NoticeKind::MemberLeft, "bob"));
    assert_eq!(left.departure, Departure::Asked);
    assert!(left.seq > came.seq);
    assert!(told(&mut hall, bob, 0).is_empty());
    assert_eq!(hall.crowd.clients[alice].figures[STAGE].count, 0, "who, not how many");
}

fn why_somebody_is_gone_is_told(io: Wanted) {
    let mut config = with(io, Presence::Full);
    config.apps[0].rooms.grace = std::time::Duration::from_millis(100);
    let mut hall = Hall::with_stage(&config);
    hall.create("another", "");
    let witness = hall.enter("witness", STAGE);
    for user in ["lost", "elsewhere", "kicked", "banned", "banned-from-app"] {
        hall.enter(user, STAGE);
    }
    let [lost, elsewhere] = [2, 3];
    assert_eq!(hall.crowd.clients[lost].user, "lost");
    hall.crowd.close(lost);
    hall.join(elsewhere, "another");
    hall.act(Act::new(STAGE, Moderation::Kick), &["kicked"]);
    hall.act(Act::lasting(STAGE, Moderation::Ban, 600), &["banned"]);
    hall.act(Act::lasting("", Moderation::Ban, 600), &["banned-from-app"]);
    for (user, departure) in [
        ("lost", Departure::Lost),
        ("elsewhere", Departure::JoinedAnother),
        ("kicked", Departure::Kicked),
        ("banned", Departure::Banned),
        ("banned-from-app", Departure::Banned),
    ] {
        let is_it = |own: &Notice| own.what == NoticeKind::MemberLeft && own.users == [user];
        hall.crowd.until("it is told", |crowd| crowd.clients[witness].notices.iter().any(is_it));
        let left: Vec<_> =
            hall.crowd.clients[witness].notices.iter().filter(|own| is_it(own)).collect();
        assert_eq!((left.len(), left[0].departure), (1, departure), "{user}");
    }
    hall.until_counted(witness, STAGE, (1, 1));
}

fn a_change_of_how_a_member_shows_itself_is_told(io: Wanted) {
    let mut hall = Hall::with_stage(&with(io, Presence::Full));
    let (alice, bob) = (hall.enter("alice", STAGE), hall.enter("bob", STAGE));
    let profile = Profile { nickname: "Bob", avatar: "", extension: "x" };
    assert_eq!(hall.code(bob, |own| own.set_profile(STAGE, profile)), Code::NONE);
    let told = told(&mut hall, alice, 2);
    assert_eq!((told[1].what, &*told[1].users[0]), (NoticeKind::ProfileChanged, "bob"));
    assert_eq!(told[1].profile, Shown::from(profile));
    hall.until_noticed(bob, STAGE, 1);
}

fn in_a_large_room_figures_come_instead(io: Wanted) {
    let mut config = with(io, Presence::Full);
    config.apps[0].rooms.presence_full_max = 3;
    let mut hall = Hall::with_stage(&config);
    let alice = hall.enter("alice", STAGE);
    let others: Vec<_> = (0..9).map(|n| hall.enter(&format!("user-{n}"), STAGE)).collect();
    hall.crowd.until("figures come", |crowd| crowd.clients[alice].figures[STAGE].members == 10);
    let named = hall.crowd.clients[alice].notices.len();
    assert!((2..=3).contains(&named), "{named} were named while the room was small");
    others[1..].iter().for_each(|other| _ = hall.ask(*other, |own| own.leave(STAGE)));
    let last = |crowd: &throng_harness::sockets::Crowd| {
        crowd.clients[alice].notices.last().map(|own| own.what)
    };
    hall.crowd.until("it is small again", |crowd| last(crowd) == Some(NoticeKind::MemberLeft));
    hall.until_counted(alice, STAGE, (2, 2));
}
