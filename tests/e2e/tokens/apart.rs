//! Two apps in one broker, with the same users and the same rooms: nothing crosses, whatever is asked,
//! said or told.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::broker::Broker;
use throng_harness::client::{Act, Client, Outcome, keeping};
use throng_harness::passes::{Pass, now_ms};
use throng_harness::sockets::Crowd;
use throng_protocol::Code;
use throng_protocol::request::{QueryHistory, QueryMembers, QueryTop};
use throng_protocol::value::{
    AppEvents, ListChange, ListName, Moderation, PublishOptions, Sanction, TopBy, TopPeriod,
};

use super::{OTHER_APP, config, key, other_key, other_pass, pass};
use crate::both::on_both;
use crate::rooms::code_of;

on_both! {
    messages_counts_and_members_stay_in_their_app
    what_a_room_keeps_stays_in_its_app
    moderation_and_lists_stay_in_their_app
    what_servers_say_and_are_told_stays_in_their_app
    devices_and_revocations_stay_in_their_app
}

const ROOM: &str = "lobby";

/// The same people twice: a server and two users, of whom nobody is in the room yet.
struct Side {
    crowd: Crowd,
    server: usize,
    ann: usize,
    bob: usize,
}

impl Side {
    fn open(broker: &Broker, pass: fn(&str) -> Pass) -> Self {
        let mut crowd = Crowd::new(broker.address);
        let Pass { key, app, .. } = pass("server");
        let server = Pass { app, ..Pass::server(&key, "backend", now_ms()) };
        let server = crowd.open_with(&server);
        let [ann, bob] = ["ann", "bob"].map(|user| crowd.open_with(&pass(user)));
        Self { crowd, server, ann, bob }
    }

    fn ask(&mut self, client: usize, ask: impl FnOnce(&mut Client) -> u32) -> Outcome {
        let request = ask(&mut self.crowd.clients[client]);
        self.crowd.outcome(client, request)
    }

    fn join(&mut self, client: usize) {
        let joined = self.ask(client, |own| own.join(ROOM));
        assert!(matches!(joined, Outcome::Joined(_)), "{joined:?}");
    }

    fn speak(&mut self, client: usize) -> Code {
        let request = self.crowd.publish(client, ROOM, 10, PublishOptions::default());
        code_of(&self.crowd.outcome(client, request))
    }

    fn members(&mut self) -> Vec<String> {
        let query = QueryMembers { room: ROOM, limit: 10, ..QueryMembers::default() };
        match self.ask(self.server, |own| own.query_members(query)) {
            Outcome::Members(page) => page.rows.into_iter().map(|row| row.user).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Whatever was on its way has come.
    fn flush(&mut self) {
        self.crowd.pass(Duration::from_millis(200));
    }
}

fn two(io: Wanted) -> (Broker, Side, Side) {
    let broker = Broker::start(&config(io));
    let (own, other) = (Side::open(&broker, pass), Side::open(&broker, other_pass));
    assert_ne!((key().id, "dev"), (other_key().id, OTHER_APP));
    (broker, own, other)
}

fn messages_counts_and_members_stay_in_their_app(io: Wanted) {
    let (_broker, mut own, mut other) = two(io);
    [own.ann, own.bob].into_iter().for_each(|client| own.join(client));
    let unknown = other.ask(other.server, |own| own.query(ROOM));
    assert_eq!(unknown, Outcome::Refused(Code::NO_SUCH_ROOM, 0), "as if there were none");
    other.join(other.ann);
    for _ in 0..3 {
        assert_eq!(own.speak(own.ann), Code::NONE);
    }
    assert_eq!(other.speak(other.bob), Code::NOT_A_MEMBER, "a member in the other app");
    assert_eq!(other.speak(other.ann), Code::NONE);
    let states =
        [own.ask(own.server, |it| it.query(ROOM)), other.ask(other.server, |it| it.query(ROOM))];
    assert_eq!(states, [Outcome::State(3, 2, 2), Outcome::State(1, 1, 1)]);
    assert_eq!(own.members(), ["ann", "bob"]);
    assert_eq!(other.members(), ["ann"]);
    let Outcome::Found(found) = other.ask(other.server, |it| it.find_members(ROOM, &["bob"]))
    else {
        panic!("a server may ask");
    };
    assert!(found.iter().all(|it| *it == throng_protocol::value::Attendance::Absent), "{found:?}");
    [&mut own, &mut other].into_iter().for_each(Side::flush);
    assert_eq!(own.crowd.clients[own.bob].delivered, 3);
    assert_eq!(other.crowd.clients[other.ann].delivered, 0);
    let counted = |outcome| match outcome {
        Outcome::Counters(counts) => counts.iter().map(|count| count.count).sum::<u64>(),
        other => panic!("{other:?}"),
    };
    let [here, there] = [
        counted(own.ask(own.server, |it| it.query_counters())),
        counted(other.ask(other.server, |it| it.query_counters())),
    ];
    assert!(here > there && there > 0, "each counts its own: {here} and {there}");
}

fn what_a_room_keeps_stays_in_its_app(io: Wanted) {
    let (_broker, mut own, mut other) = two(io);
    own.join(own.ann);
    other.join(other.ann);
    let written = own.ask(own.ann, |it| it.write_attributes(ROOM, &[keeping::set("key", b"v")]));
    assert!(matches!(written, Outcome::Written(_)), "{written:?}");
    assert_eq!(own.speak(own.ann), Code::NONE);
    let Outcome::Attributes(page) = other.ask(other.server, |it| it.query_attributes(ROOM, 10))
    else {
        panic!("a server may ask");
    };
    assert_eq!(page.rows, []);
    let query = QueryHistory { room: ROOM, limit: 10, ..QueryHistory::default() };
    let Outcome::History(past, _) = other.ask(other.server, |it| it.query_history(query)) else {
        panic!("a server may ask");
    };
    assert_eq!(past, []);
    assert_eq!(other.ask(other.server, |it| it.destroy(ROOM)), Outcome::Done);
    let state = own.ask(own.server, |it| it.query(ROOM));
    assert!(
        matches!(state, Outcome::State(..)),
        "the other's room is gone, not this one: {state:?}"
    );
    own.flush();
    assert!(own.crowd.clients[own.ann].rooms.contains_key(ROOM));
}

fn moderation_and_lists_stay_in_their_app(io: Wanted) {
    let (_broker, mut own, mut other) = two(io);
    [own.ann, own.bob].into_iter().for_each(|client| own.join(client));
    [other.ann, other.bob].into_iter().for_each(|client| other.join(client));
    for (room, action, user) in [
        (ROOM, Moderation::Kick, "ann"),
        (ROOM, Moderation::Ban, "ann"),
        ("", Moderation::Ban, "ann"),
        ("", Moderation::Mute, "bob"),
    ] {
        let act = match action {
            Moderation::Kick => Act::new(room, action),
            _ => Act::lasting(room, action, 60),
        };
        let done = own.ask(own.server, |it| it.moderate(act, &[user]));
        assert_eq!(code_of(&done), Code::NONE, "{act:?}");
    }
    own.crowd.until("ann is banned", |crowd| !crowd.clients[own.ann].is_open());
    assert_eq!(own.speak(own.bob), Code::MUTED_IN_APP);
    for client in [other.ann, other.bob] {
        assert_eq!(other.speak(client), Code::NONE, "the same user elsewhere may");
    }
    for (room, sanction) in [("", Sanction::Ban), ("", Sanction::Mute), (ROOM, Sanction::Ban)] {
        let Outcome::Sanctions(page) =
            other.ask(other.server, |it| it.query_sanctions(room, sanction))
        else {
            panic!("a server may ask");
        };
        assert_eq!(page.rows, [], "{room:?} {sanction:?}");
    }
    for (list, room) in [
        (ListName::LowKinds, ""),
        (ListName::ProtectedKinds, ""),
        (ListName::KeepAlive, ""),
        (ListName::ProtectedUsers, ROOM),
        (ListName::MuteExceptions, ROOM),
    ] {
        let changed =
            own.ask(own.server, |it| it.change_list((list, room), ListChange::Add, &["x"]));
        assert_eq!(code_of(&changed), Code::NONE, "{list:?}");
        let there = other.ask(other.server, |it| it.query_list(list, room));
        assert_eq!(there, Outcome::Entries(vec![]), "{list:?}");
    }
}

fn what_servers_say_and_are_told_stays_in_their_app(io: Wanted) {
    let (_broker, mut own, mut other) = two(io);
    for side in [&mut own, &mut other] {
        let told = side.ask(side.server, |it| it.subscribe(AppEvents::from_bits(7)));
        assert_eq!(told, Outcome::Subscribed);
    }
    own.join(own.ann);
    own.crowd.until("it is told", |crowd| !crowd.clients[own.server].events.is_empty());
    other.flush();
    assert_eq!(other.crowd.clients[other.server].events, []);
    other.join(other.ann);
    let (server, ann) = (own.server, own.ann);
    let request = own.crowd.clients[server].broadcast(&mut own.crowd.checker, b"to all");
    assert_eq!(own.crowd.outcome(server, request), Outcome::Done);
    own.crowd.until("it is heard", |crowd| !crowd.clients[ann].broadcast.is_empty());
    other.flush();
    assert_eq!(other.crowd.clients[other.ann].broadcast.len(), 0);
    // Neither by name: a user of the other app is nobody here.
    let only_here = other_pass("carl");
    other.crowd.open_with(&only_here);
    let carl = own.ask(own.server, |it| it.find_members(ROOM, &["carl"]));
    assert!(matches!(carl, Outcome::Found(_)), "{carl:?}");
    let mut top = |by| {
        let top = QueryTop { by, period: TopPeriod::Day, limit: 10, ..QueryTop::default() };
        other.ask(other.server, |it| it.request(top))
    };
    for by in [TopBy::Members, TopBy::Active, TopBy::Messages] {
        let Outcome::Top(rows) = top(by) else { panic!("a server may ask") };
        assert!(rows.iter().all(|(room, count)| room == ROOM && *count <= 1), "{by:?} {rows:?}");
    }
}

fn devices_and_revocations_stay_in_their_app(io: Wanted) {
    let (_broker, mut own, mut other) = two(io);
    // The same user on the same device: one session in each app.
    assert!(own.crowd.clients[own.ann].is_open() && other.crowd.clients[other.ann].is_open());
    let revoked = own.ask(own.server, |it| it.revoke((false, &["ann", "bob"]), 0));
    assert_eq!(code_of(&revoked), Code::NONE);
    let (ann, bob) = (own.ann, own.bob);
    own.crowd.until("they are cut", |crowd| {
        [ann, bob].iter().all(|client| crowd.clients[*client].ended.is_some())
    });
    other.flush();
    for client in [other.ann, other.bob] {
        other.join(client);
    }
    let refreshed = other.ask(other.ann, |it| it.refresh(&pass("ann"), true));
    assert_eq!(code_of(&refreshed), Code::UNAUTHORIZED, "a token of another app is no token");
}
