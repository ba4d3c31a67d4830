//! Coming back: whatever is cut when, nothing is missed without being told and nothing comes twice;
//! and a seat is held for exactly its time, or its messages (spec 4).

use std::time::Duration;

use throng_harness::client::told::Joined;
use throng_harness::client::{Client, Coming, Outcome};
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{ListChange, ListName, PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";
const TICK: Duration = Duration::from_nanos(1);

/// Cuts of one world. All worlds together have a thousand.
const CUTS: usize = 10;
const WORLDS: u64 = 100;

/// A user that is cut again and again.
struct Member {
    user: String,
    /// Its newest session.
    client: usize,
    /// How far it got in the room.
    from: Option<(u64, u64)>,
}

struct Stage {
    world: World,
    random: Random,
    members: Vec<Member>,
    /// Joins that resume: the session, its request, and the position.
    resumes: Vec<(usize, u32)>,
}

/// How often a session that came back found all, found that there was nothing, or did not find it.
#[derive(Debug, Default)]
struct Found {
    entries: usize,
    nothing: usize,
    not: usize,
}

impl Stage {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, 20);
        let workers = u16::try_from(1 + random.below(3)).expect("small");
        let mut shape = Shape::new(workers);
        let rates = &mut shape.app.rates;
        (rates.client_messages, rates.requests) = (None, None);
        shape.app.rooms.grace_messages = [30, 30, 1_000][random.below(3)];
        shape.speakers_percent = 50;
        shape.weather.receive_bytes_max = [1, 17, 1 << 20][random.below(3)];
        shape.weather.pipe_bytes_max = [1, 60, 1 << 20][random.below(3)];
        shape.weather.delay_percent = [0, 0, 50][random.below(3)];
        let mut world = World::new(seed, &shape);
        let members = (0..4)
            .map(|n| {
                let user = format!("user-{n}");
                let client = world.open(&user, Role::Client);
                world.clients[client].join(ROOM);
                world.settle();
                Member { user, client, from: None }
            })
            .collect();
        Self { world, random, members, resumes: Vec::new() }
    }

    fn step(&mut self, most: usize) {
        for _ in 0..self.random.below(most) {
            self.world.step();
        }
    }

    /// Somebody who is in the room says something.
    fn talk(&mut self, but: usize) {
        let others = self.members.iter().enumerate().filter(|(number, _)| *number != but);
        let inside: Vec<_> = others
            .map(|(_, own)| own.client)
            .filter(|client| self.world.clients[*client].rooms.contains_key(ROOM))
            .collect();
        if !inside.is_empty() {
            let client = inside[self.random.below(inside.len())];
            let options = PublishOptions::from_bits(u8::from(self.random.percent(30)));
            self.world.publish(client, ROOM, options);
        }
    }

    /// The member's connection is lost, amid whatever is on its way.
    fn cut(&mut self, number: usize) {
        for _ in 0..self.random.below(4) {
            self.talk(number);
        }
        self.world.publish(self.members[number].client, ROOM, NONE);
        self.step(12);
        let member = &mut self.members[number];
        if self.world.clients[member.client].ended.is_none() {
            if self.random.percent(50) {
                self.world.close(member.client);
            } else {
                self.world.reset(member.client);
            }
        }
        // If it never got in this time, it is still where it was.
        let view = self.world.clients[member.client].views_left.get(ROOM);
        member.from = view.map(|view| view.position()).or(member.from);
    }

    /// It is away for some time and some messages.
    fn stay_away(&mut self, number: usize) {
        let mut left = Duration::from_millis([0, 20_000, 45_000][self.random.below(3)]);
        let most = 1 + [0, 28, 60][self.random.below(3)];
        for _ in 0..self.random.below(most) {
            self.talk(number);
            self.step(4);
            if self.random.percent(10) {
                let some = left / 2;
                self.world.pass(some);
                left -= some;
            }
        }
        if self.random.percent(70) {
            self.world.pass(left);
        }
    }

    fn come_back(&mut self, number: usize) {
        let Member { user, from, .. } = &self.members[number];
        let (user, from) = (user.clone(), *from);
        let client = self.world.open(&user, Role::Client);
        let history = [0, 10, 50][self.random.below(3)];
        let coming = Coming { history, from, ..Coming::default() };
        let request = self.world.clients[client].join_with(ROOM, coming);
        if from.is_some() {
            self.resumes.push((client, request));
        }
        self.members[number].client = client;
        self.step(40);
    }

    fn play(&mut self, found: &mut Found) {
        for _ in 0..CUTS {
            let number = self.random.below(self.members.len());
            self.cut(number);
            self.stay_away(number);
            self.come_back(number);
        }
        self.talk(usize::MAX);
        self.world.pass(Duration::from_secs(5));
        for Member { user, client, .. } in &self.members {
            let own = &self.world.clients[*client];
            let view = &own.rooms[ROOM];
            let newest = self.world.checker.newest(ROOM, view.epoch());
            assert!(view.is_complete(newest), "{user} has {view:?} of {newest} (I7)");
            assert_eq!(own.unanswered(), 0);
        }
        for (client, request) in &self.resumes {
            match self.world.clients[*client].outcomes.get(request) {
                Some(Outcome::Joined(joined)) => found.count(joined),
                // It was cut again before it was answered.
                None => {}
                other => panic!("coming back came to {other:?}"),
            }
        }
    }
}

impl Found {
    fn count(&mut self, joined: &Joined) {
        match (joined.recovery, joined.entries) {
            (Code::NONE, 0) => self.nothing += 1,
            (Code::NONE, _) => self.entries += 1,
            _ => self.not += 1,
        }
    }
}

/// What follows a join, and how much is told to be missing, is judged by each client's view.
#[test]
fn a_thousand_cuts_lose_nothing_without_a_word_and_bring_nothing_twice() {
    let mut found = Found::default();
    for seed in 0..WORLDS {
        println!("world {seed}");
        Stage::new(seed).play(&mut found);
    }
    let Found { entries, nothing, not } = found;
    println!("{found:?}");
    assert!(entries > 100 && nothing > 20 && not > 100, "{found:?} of a thousand");
}

fn quick(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    shape.app.rates.client_messages = None;
    shape.app.rates.server_messages = None;
    shape.app.rates.requests = None;
    shape
}

/// A room with a server that speaks, a witness and a member that is about to be lost.
fn stage(seed: u64, workers: u16) -> (World, usize, usize, usize) {
    let mut world = World::new(seed, &quick(workers));
    let server = world.open("server", Role::Server);
    let [witness, lost] = ["witness", "lost"].map(|user| {
        let client = world.open(user, Role::Client);
        let request = world.clients[client].join(ROOM);
        assert!(matches!(world.outcome(client, request), Outcome::Joined(_)));
        client
    });
    (world, server, witness, lost)
}

fn counts(world: &mut World, client: usize) -> (u64, u64) {
    let request = world.clients[client].query(ROOM);
    match world.outcome(client, request) {
        Outcome::State(_, members, occupants) => (members, occupants),
        other => panic!("the room is there: {other:?}"),
    }
}

fn come_back(world: &mut World, lost: usize) -> Joined {
    let user = world.clients[lost].user.clone();
    let client = world.open(&user, Role::Client);
    let request = world.resume(lost, client, ROOM);
    match world.outcome(client, request) {
        Outcome::Joined(joined) => joined,
        other => panic!("{user} coming back came to {other:?}"),
    }
}

#[test]
fn a_seat_is_held_for_thirty_seconds_without_any_traffic_and_not_a_tick_more() {
    for seed in 0..9 {
        let workers = 1 + u16::try_from(seed % 3).expect("small");
        let (mut world, _, witness, lost) = stage(seed, workers);
        world.close(lost);
        world.settle();
        assert_eq!(counts(&mut world, witness), (2, 1), "a member, no occupant");
        world.pass(Duration::from_secs(30) - TICK);
        assert_eq!(counts(&mut world, witness), (2, 1));
        world.pass(TICK);
        assert_eq!(counts(&mut world, witness), (1, 1));
        assert_eq!(come_back(&mut world, lost).recovery, Code::NOT_RECOVERED);

        let (mut world, _, witness, lost) = stage(seed, workers);
        world.close(lost);
        world.pass(Duration::from_secs(30) - TICK);
        assert_eq!(come_back(&mut world, lost).recovery, Code::NONE);
        world.pass(Duration::from_secs(60));
        assert_eq!(counts(&mut world, witness), (2, 2), "the old grace does not end the new stay");
    }
}

#[test]
fn a_wall_clock_that_jumps_does_not_end_a_grace_or_make_it_longer() {
    for jump in [0, 7_200_000_000, 1_000_000] {
        let (mut world, _, witness, lost) = stage(7, 2);
        world.close(lost);
        world.pass(Duration::from_secs(10));
        world.jump_wall(jump);
        world.pass(Duration::from_secs(20) - TICK);
        assert_eq!(counts(&mut world, witness), (2, 1));
        world.pass(TICK);
        assert_eq!(counts(&mut world, witness), (1, 1));
    }
}

#[test]
fn a_seat_is_held_for_thirty_messages_without_any_time() {
    for (said, held) in [(0, true), (1, true), (29, true), (31, false), (60, false)] {
        for workers in 1..4 {
            let (mut world, server, witness, lost) = stage(8, workers);
            world.close(lost);
            world.settle();
            for _ in 0..said {
                world.publish(server, ROOM, NONE);
                world.settle();
            }
            let members = if held { 2 } else { 1 };
            assert_eq!(counts(&mut world, witness), (members, 1), "after {said} messages");
            let joined = come_back(&mut world, lost);
            if held {
                assert_eq!((joined.recovery, joined.entries), (Code::NONE, said));
            } else {
                assert_eq!(joined.recovery, Code::NOT_RECOVERED);
                assert_eq!(joined.missed, u64::from(said));
            }
        }
    }
}

#[test]
fn a_protected_users_seat_is_held_whatever_the_time_and_the_messages() {
    let (mut world, server, witness, lost) = stage(9, 3);
    let list = (ListName::ProtectedUsers, ROOM);
    let add = |own: &mut Client, users: &[&str], change| own.change_list(list, change, users);
    let request = add(&mut world.clients[server], &["lost"], ListChange::Add);
    assert_eq!(world.outcome(server, request), Outcome::Done);
    world.close(lost);
    for _ in 0..40 {
        world.publish(server, ROOM, NONE);
        world.pass(Duration::from_secs(60));
    }
    assert_eq!(counts(&mut world, witness), (2, 1));
    let joined = come_back(&mut world, lost);
    assert_eq!((joined.recovery, joined.entries), (Code::NONE, 40));
}

#[test]
fn a_seat_is_lost_with_the_last_of_its_sessions() {
    let (mut world, _, witness, phone) = stage(10, 3);
    let desk = world.connect("lost", "desk", Role::Client);
    world.settle();
    let request = world.clients[desk].join(ROOM);
    world.outcome(desk, request);
    world.reset(phone);
    world.pass(Duration::from_secs(60));
    assert_eq!(counts(&mut world, witness), (2, 2), "one is still there");
    world.reset(desk);
    world.pass(Duration::from_secs(30) - TICK);
    assert_eq!(counts(&mut world, witness), (2, 1));
    world.pass(TICK);
    assert_eq!(counts(&mut world, witness), (1, 1));
}
