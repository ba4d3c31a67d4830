//! What rooms keep: no write is lost (I25), what goes by itself goes at its moment and not before, and
//! limits are exact (spec 8). Each client judges what it is told of it.

use std::collections::BTreeSet;
use std::time::Duration;

use throng_harness::client::Outcome;
use throng_harness::client::keeping::{add, offer, set, set_at, set_bound};
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::request::CreateRoom;
use throng_protocol::value::{
    AttributeOptions, AttributeResult, AttributeWrite, BotChange, DestroyPolicy, NoticeKind,
    PolicyKind, QueuePermission, Role, RoomRole,
};

const ROOM: &str = "stage";
const TICK: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);

fn quick(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    let rates = &mut shape.app.rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    rates.member_queries = None;
    shape
}

fn enter(world: &mut World, user: &str, room: &str) -> usize {
    let client = world.open(user, Role::Client);
    let request = world.clients[client].join(room);
    assert!(matches!(world.outcome(client, request), Outcome::Joined(_)));
    client
}

/// A world whose room has a creator and managers, who may write what is another's.
fn writers(seed: u64) -> (World, Vec<usize>) {
    let mut shape = quick(3);
    shape.weather.delay_percent = 40;
    let mut world = World::new(seed, &shape);
    let server = world.open("server", Role::Server);
    world.clients[server].create_for(ROOM, "user-0");
    world.pass(SECOND);
    let names: Vec<String> = (0..6).map(|n| format!("user-{n}")).collect();
    let users: Vec<&str> = names.iter().map(String::as_str).collect();
    world.clients[server].set_role(ROOM, &users[1..], RoomRole::Manager);
    let clients = users.iter().map(|user| world.connect(user, "device", Role::Client));
    let clients: Vec<usize> = clients.collect();
    world.pass(SECOND);
    for client in &clients {
        world.clients[*client].join(ROOM);
    }
    world.pass(SECOND);
    assert!(clients.iter().all(|own| world.clients[*own].rooms.contains_key(ROOM)));
    (world, clients)
}

fn forced(write: AttributeWrite<'_>) -> AttributeWrite<'_> {
    AttributeWrite { options: AttributeOptions::FORCE, ..write }
}

/// The value of the count, with its revision, as it is on a page.
fn count(outcome: &Outcome) -> (u64, u64) {
    let Outcome::Attributes(page) = outcome else { panic!("a member may ask: {outcome:?}") };
    page.rows.first().map_or((0, 0), |(_, own)| {
        let text = std::str::from_utf8(&own.value).expect("a number");
        (own.revision, text.parse().expect("a number"))
    })
}

/// What a writer waits for.
#[derive(Debug, Clone, Copy)]
enum Waits {
    Page(u32),
    Write(u32),
}

#[test]
fn as_many_writes_are_counted_as_were_told_to_have_met_their_condition() {
    let mut lost = 0;
    for seed in 0..12 {
        let (mut world, clients) = writers(seed);
        let mut random = Random::new(seed, 50);
        let mut done = 0_u64;
        let ask = |world: &mut World, own: usize| {
            Waits::Page(world.clients[own].query_attributes(ROOM, 100))
        };
        let mut waits: Vec<Waits> = clients.iter().map(|own| ask(&mut world, *own)).collect();
        for _ in 0..600 {
            (0..random.below(4)).for_each(|_| _ = world.step());
            if random.percent(20) {
                world.pass(Duration::from_millis(random.draw() % 30));
            }
            let place = random.below(clients.len());
            let own = clients[place];
            let (Waits::Page(request) | Waits::Write(request)) = waits[place];
            let Some(outcome) = world.clients[own].outcomes.get(&request).cloned() else {
                continue;
            };
            waits[place] = match waits[place] {
                Waits::Page(_) => {
                    let (revision, value) = count(&outcome);
                    let value = (value + 1).to_string();
                    let write = forced(set_at("count", revision, value.as_bytes()));
                    Waits::Write(world.clients[own].write_attributes(ROOM, &[write]))
                }
                Waits::Write(_) => {
                    let Outcome::Written(each) = outcome else { panic!("{outcome:?}") };
                    match each[0].code {
                        Code::NONE => done += 1,
                        Code::REVISION => lost += 1,
                        code => assert_eq!(code, Code::RATE_LIMITED),
                    }
                    ask(&mut world, own)
                }
            };
        }
        world.pass(5 * SECOND);
        for (waits, own) in waits.iter().zip(&clients) {
            if let Waits::Write(request) = waits
                && let Some(Outcome::Written(each)) = world.clients[*own].outcomes.get(request)
            {
                done += u64::from(each[0].code == Code::NONE);
            }
        }
        let request = world.clients[clients[0]].query_attributes(ROOM, 100);
        world.pass(SECOND);
        let end = count(&world.clients[clients[0]].outcomes[&request]);
        assert_eq!(end.1, done, "seed {seed}: an update was lost (I25)");
        assert!(done > 20, "seed {seed}: they were not asleep: {done}");
        world.checker.check_claims();
    }
    assert!(lost > 50, "they were in each other's way: {lost}");
}

#[test]
fn every_addition_counts_once_and_is_told_its_own_sum() {
    for seed in 0..12 {
        let (mut world, clients) = writers(seed);
        let mut random = Random::new(seed, 51);
        let mut asked = Vec::new();
        for _ in 0..90 {
            let own = clients[random.below(clients.len())];
            asked.push((own, world.clients[own].write_attributes(ROOM, &[forced(add("n", 1))])));
            (0..random.below(3)).for_each(|_| _ = world.step());
        }
        world.pass(5 * SECOND);
        let sums: BTreeSet<i64> = asked
            .iter()
            .map(|(own, request)| match &world.clients[*own].outcomes[request] {
                Outcome::Written(each) => each[0].number,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(sums.into_iter().eq(1..=90), "seed {seed} (I25)");
        world.checker.check_claims();
    }
}

fn written(world: &mut World, client: usize, write: AttributeWrite<'_>) -> AttributeResult {
    let request = world.clients[client].write_attributes(ROOM, &[write]);
    match world.outcome(client, request) {
        Outcome::Written(each) => each[0],
        other => panic!("a member may write: {other:?}"),
    }
}

fn keys(world: &mut World, client: usize) -> (Vec<String>, Vec<String>) {
    let own = &mut world.clients[client];
    let (attributes, queue) = (own.query_attributes(ROOM, 100), own.query_queue(ROOM, 500));
    let Outcome::Attributes(page) = world.outcome(client, attributes) else { panic!("refused") };
    let Outcome::Queue(_, queue) = world.outcome(client, queue) else { panic!("refused") };
    let keys = page.rows.into_iter().map(|(key, _)| key).collect();
    (keys, queue.elements.into_iter().map(|own| own.key).collect())
}

/// A room with a witness and a member that keeps things there, of which some go with it.
fn belongings(seed: u64) -> (World, usize, usize) {
    let mut world = World::new(seed, &quick(1 + u16::try_from(seed % 3).expect("small")));
    let server = world.open("server", Role::Server);
    let [witness, owner] = ["witness", "owner"].map(|user| enter(&mut world, user, ROOM));
    world.clients[server].set_queue(ROOM, 10, QueuePermission::Anyone);
    world.settle();
    for write in [set_bound("bound", b"1"), set("stays", b"2")] {
        assert_eq!(written(&mut world, owner, write).code, Code::NONE);
    }
    let offers =
        [offer("first", b"", false), offer("second", b"", true), offer("third", b"", false)];
    world.clients[owner].write_queue(ROOM, &offers);
    world.settle();
    (world, witness, owner)
}

fn check_gone(world: &mut World, witness: usize) {
    let (attributes, queue) = keys(world, witness);
    assert_eq!((attributes, queue), (vec!["stays".into()], vec!["first".into(), "third".into()]));
    let told = world.clients[witness].notices_of(ROOM);
    let gone: Vec<_> = told.map(|it| (it.what, it.gone.concat())).collect();
    let expected = [
        (NoticeKind::AttributesChanged, "bound".to_owned()),
        (NoticeKind::QueueChanged, "second".to_owned()),
    ];
    assert_eq!(gone[gone.len() - 2..], expected, "each is told");
    world.checker.check_claims();
}

#[test]
fn what_goes_with_its_owner_goes_when_that_leaves_or_its_seat_is_given_up_and_not_before() {
    for seed in 0..9 {
        let (mut world, witness, owner) = belongings(seed);
        world.clients[owner].leave(ROOM);
        world.settle();
        check_gone(&mut world, witness);

        let (mut world, witness, owner) = belongings(seed);
        world.close(owner);
        world.pass(30 * SECOND - TICK);
        let (attributes, queue) = keys(&mut world, witness);
        assert_eq!((attributes.len(), queue.len()), (2, 3), "its seat is held");
        world.pass(TICK);
        check_gone(&mut world, witness);

        let (mut world, witness, owner) = belongings(seed);
        world.close(owner);
        world.pass(29 * SECOND);
        let back = world.open("owner", Role::Client);
        world.resume(owner, back, ROOM);
        world.pass(60 * SECOND);
        let (attributes, queue) = keys(&mut world, witness);
        assert_eq!((attributes.len(), queue.len()), (2, 3), "it came back");
    }
}

#[test]
fn what_expires_is_there_to_the_last_tick_and_its_end_is_told_without_any_traffic() {
    for seed in 0..9 {
        let (mut world, witness, owner) = belongings(seed);
        let brief = AttributeWrite { expires_after: 5, ..set("brief", b"") };
        assert_eq!(written(&mut world, owner, brief).code, Code::NONE);
        world.pass(5 * SECOND - TICK);
        assert_eq!(keys(&mut world, witness).0, ["bound", "brief", "stays"]);
        let told = world.clients[witness].notices.len();
        world.pass(TICK);
        assert_eq!(world.clients[witness].notices.len(), told + 1);
        assert_eq!(world.clients[witness].notices[told].gone, ["brief"]);
        assert_eq!(keys(&mut world, witness).0, ["bound", "stays"]);
        world.checker.check_claims();
    }
}

#[test]
fn a_room_takes_a_hundred_writes_in_any_second_and_not_one_more() {
    for workers in 1..4 {
        let mut world = World::new(7, &quick(workers));
        let [ann, bob] = ["ann", "bob"].map(|user| enter(&mut world, user, ROOM));
        let writes = [set("k", b""); 20];
        for _ in 0..5 {
            let request = world.clients[ann].write_attributes(ROOM, &writes);
            let Outcome::Written(each) = world.outcome(ann, request) else { panic!("refused") };
            assert!(each.iter().all(|own| own.code == Code::NONE), "{each:?}");
            world.pass(Duration::from_millis(100));
        }
        let late = written(&mut world, bob, set("b", b""));
        assert_eq!((late.code, late.retry_after_ms), (Code::RATE_LIMITED, 500));
        let clear = world.clients[ann].clear_attributes(ROOM, false);
        assert_eq!(world.outcome(ann, clear), Outcome::Refused(Code::RATE_LIMITED, 500));
        world.pass(Duration::from_millis(500) - TICK);
        assert_eq!(written(&mut world, bob, set("b", b"")).code, Code::RATE_LIMITED);
        world.pass(TICK);
        for _ in 0..20 {
            assert_eq!(written(&mut world, bob, set("b", b"")).code, Code::NONE);
        }
        assert_eq!(written(&mut world, bob, set("b", b"")).code, Code::RATE_LIMITED);
    }
}

#[test]
fn bots_are_counted_for_a_day_and_not_a_tick_longer() {
    for workers in 1..4 {
        let mut world = World::new(8, &quick(workers));
        let server = world.open("server", Role::Server);
        let policy = DestroyPolicy { kind: PolicyKind::Never, seconds: 0 };
        let create = CreateRoom { room: ROOM, policy, ..CreateRoom::default() };
        world.clients[server].request(create);
        world.settle();
        world.clients[server].change_bots(ROOM, BotChange::Add, &["dj", "host"]);
        let members = |world: &mut World| {
            let request = world.clients[server].query(ROOM);
            match world.outcome(server, request) {
                Outcome::State(_, members, occupants) => (members, occupants),
                other => panic!("the room is there: {other:?}"),
            }
        };
        assert_eq!(members(&mut world), (2, 0));
        world.pass(24 * 60 * 60 * SECOND - TICK);
        assert_eq!(members(&mut world), (2, 0));
        world.pass(TICK);
        assert_eq!(members(&mut world), (0, 0));
    }
}

#[test]
fn a_hundred_thousand_rooms_live_at_once_and_all_of_them_end() {
    const ROOMS: usize = 100_000;
    let mut shape = quick(3);
    shape.app.rooms.lifetimes.idle = Duration::from_secs(600);
    shape.outbound_bytes_max = 16 << 20;
    // So that few turns are taken: each checks all rooms.
    shape.lane_envelopes = 1 << 16;
    let mut world = World::new(9, &shape);
    let server = world.open("server", Role::Server);
    let name = |n: usize| format!("room-{n}");
    let mut asked = Vec::new();
    for begin in (0..ROOMS).step_by(5_000) {
        for n in begin..begin + 5_000 {
            asked.push(world.clients[server].create(&name(n)));
        }
        world.settle();
    }
    let own = &world.clients[server];
    let first = asked.iter().find_map(|own| world.clients[server].outcomes.get(own));
    assert_eq!((own.ended, first), (None, Some(&Outcome::Done)));
    let done = |own: &&u32| world.clients[server].outcomes.get(own) == Some(&Outcome::Done);
    assert_eq!(asked.iter().filter(done).count(), ROOMS);
    for n in 0..20 {
        enter(&mut world, &format!("user-{n}"), &name(n * 4_999));
    }
    let state = |world: &mut World, n: usize| {
        let request = world.clients[server].query(&name(n));
        world.outcome(server, request)
    };
    for n in 0..20 {
        assert_eq!(state(&mut world, n * 4_999), Outcome::State(0, 1, 1));
        assert_eq!(state(&mut world, n * 4_999 + 1), Outcome::State(0, 0, 0));
    }
    world.pass(Duration::from_secs(601));
    for n in (0..ROOMS).step_by(997) {
        assert_eq!(state(&mut world, n), Outcome::Refused(Code::NO_SUCH_ROOM, 0));
    }
    let ended = world.clients.iter().filter(|own| own.ends.len() == 1).count();
    assert_eq!(ended, 20, "whoever was in one was told");
}
