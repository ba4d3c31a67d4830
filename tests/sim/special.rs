//! Messages that are more than one message to a room: under an id, taken back, for some, for everyone
//! (spec 5).

use std::time::Duration;

use throng_harness::client::keeping::Special;
use throng_harness::client::told::Past;
use throng_harness::client::{Coming, Outcome};
use throng_harness::random::Random;
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::request::QueryHistory;
use throng_protocol::value::{HistoryBy, PublishOptions, Role};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";
const SECOND: Duration = Duration::from_secs(1);

fn quick(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    let rates = &mut shape.app.rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    shape
}

fn enter(world: &mut World, user: &str, room: &str) -> usize {
    let client = world.open(user, Role::Client);
    let request = world.clients[client].join(room);
    assert!(matches!(world.outcome(client, request), Outcome::Joined(_)));
    client
}

fn under_id<'a>(id: &'a str, payload: &'a [u8]) -> Special<'a> {
    Special { room: ROOM, payload, id, targets: &[], options: NONE }
}

/// Says a message under its id, again and again over cuts, until it is answered. Gives who was.
fn insist(world: &mut World, random: &mut Random, user: &str, words: Special<'_>) -> (usize, u64) {
    loop {
        let device = ["phone", "desk"][random.below(2)];
        let client = world.connect(user, device, Role::Client);
        (0..random.below(12)).for_each(|_| _ = world.step());
        world.clients[client].join(ROOM);
        (0..random.below(8)).for_each(|_| _ = world.step());
        let requests = [0; 2].map(|_| world.publish_special(client, words));
        (0..random.below(30)).for_each(|_| _ = world.step());
        if random.percent(70) && world.clients[client].ended.is_none() {
            world.reset(client);
        }
        world.pass(Duration::from_millis(random.draw() % 300));
        let answered = requests.map(|own| world.clients[client].outcomes.get(&own).cloned());
        for answer in answered.into_iter().flatten() {
            match answer {
                Outcome::Accepted(seq) => return (client, seq),
                other => assert_eq!(other, Outcome::Refused(Code::NOT_A_MEMBER, 0)),
            }
        }
    }
}

#[test]
fn what_is_said_under_an_id_until_it_is_answered_is_in_the_room_once() {
    for seed in 0..150 {
        let mut random = Random::new(seed, 60);
        let mut shape = quick(1 + u16::try_from(seed % 3).expect("small"));
        shape.weather.delay_percent = [0, 30][random.below(2)];
        shape.app.rooms.grace_messages = 1_000;
        let mut world = World::new(seed, &shape);
        let witness = world.connect("witness", "device", Role::Client);
        world.pass(SECOND);
        world.clients[witness].join(ROOM);
        world.pass(SECOND);
        for n in 0..4 {
            let user = format!("user-{}", n % 2);
            let (id, payload) = (format!("id-{n}"), world.new_payload());
            let words = under_id(&id, &payload);
            let (_, seq) = insist(&mut world, &mut random, &user, words);
            // From another device, and later: the same answer.
            let other = world.connect(&user, "tablet", Role::Client);
            world.pass(SECOND);
            world.clients[other].join(ROOM);
            world.pass(SECOND);
            let again = world.publish_special(other, words);
            world.pass(SECOND);
            assert_eq!(world.clients[other].outcomes[&again], Outcome::Accepted(seq));
            let name = (user.clone(), ROOM.to_owned(), id.clone());
            let stands = world.checker.answers_and_places(&name, &payload);
            assert_eq!(stands, (1, 1), "seed {seed}: {id}");
            if n == 3 {
                world.pass(120 * SECOND);
                let anew = world.publish_special(other, words);
                world.pass(SECOND);
                assert_ne!(world.clients[other].outcomes[&anew], Outcome::Accepted(seq));
                assert_eq!(world.checker.answers_and_places(&name, &payload), (2, 2));
            }
        }
        world.checker.check_repeats();
        assert_eq!(world.clients[witness].delivered, 5, "seed {seed}");
    }
}

fn history(world: &mut World, client: usize) -> Vec<Past> {
    let query = QueryHistory { room: ROOM, by: HistoryBy::Seq, limit: 100, ..Default::default() };
    let request = world.clients[client].query_history(query);
    match world.outcome(client, request) {
        Outcome::History(entries, _) => entries,
        other => panic!("a member may ask: {other:?}"),
    }
}

fn seqs(entries: &[Past]) -> Vec<(u64, bool)> {
    entries.iter().map(|own| (own.seq(), matches!(own, Past::Stone(..)))).collect()
}

#[test]
fn who_comes_later_finds_a_stone_or_nothing_and_who_comes_back_no_hole() {
    for seed in 0..9 {
        let mut world = World::new(seed, &quick(1 + u16::try_from(seed % 3).expect("small")));
        let [ann, bob, cut] = ["ann", "bob", "cut"].map(|user| enter(&mut world, user, ROOM));
        world.publish(ann, ROOM, NONE);
        world.settle();
        world.close(cut);
        (0..3).for_each(|_| _ = world.publish(ann, ROOM, NONE));
        world.settle();
        let epoch = world.clients[bob].rooms[ROOM].epoch();
        let recall = |world: &mut World, own: usize, seq, erase| {
            let request = world.clients[own].recall(ROOM, (epoch, seq), erase);
            world.outcome(own, request)
        };
        let not_allowed = Outcome::Refused(Code::NOT_ALLOWED, 0);
        assert_eq!(recall(&mut world, bob, 2, false), not_allowed, "it is another's");
        assert_eq!(recall(&mut world, ann, 2, false), Outcome::Changed { epoch, seq: 5 });
        assert_eq!(recall(&mut world, ann, 3, true), Outcome::Changed { epoch, seq: 6 });
        let gone = Outcome::Refused(Code::NO_SUCH_MESSAGE, 0);
        assert_eq!(recall(&mut world, ann, 2, false), gone);
        assert_eq!(recall(&mut world, ann, 5, false), gone, "a notice is no message");
        let told: Vec<u64> =
            world.clients[bob].notices_of(ROOM).map(|own| own.target_seq).collect();
        assert_eq!(told, [2, 3]);
        assert_eq!(seqs(&history(&mut world, bob)), [(1, false), (2, true), (4, false)]);
        let late = world.open("late", Role::Client);
        let request = world.clients[late].join_with_history(ROOM, 50);
        world.outcome(late, request);
        assert_eq!(world.clients[late].rooms[ROOM].replayed(), [1, 2, 4]);
        assert_eq!(world.clients[late].stones, [(ROOM.to_owned(), 2)]);
        let back = world.open("cut", Role::Client);
        let from = Some(world.clients[cut].views_left[ROOM].position());
        world.clients[back].join_with(ROOM, Coming { from, ..Coming::default() });
        world.settle();
        assert_eq!(world.clients[back].rooms[ROOM].replayed(), [2, 3, 4, 5, 6]);
        assert_eq!(world.clients[back].stones.len(), 2);
        world.checker.check_claims();
    }
}

#[test]
fn what_is_for_some_reaches_all_sessions_of_those_and_nobody_else() {
    for seed in 0..12 {
        let mut world = World::new(seed, &quick(1 + u16::try_from(seed % 3).expect("small")));
        let users = ["ann", "bob", "cid", "dan"];
        let [ann, bob, cid, dan] = users.map(|user| enter(&mut world, user, ROOM));
        let desk = world.connect("bob", "desk", Role::Client);
        let elsewhere = enter(&mut world, "eve", "other");
        world.settle();
        world.clients[desk].join(ROOM);
        world.settle();
        let payload = world.new_payload();
        let targets = ["bob", "cid", "eve", "nobody"];
        let words = Special { targets: &targets, ..under_id("", &payload) };
        let request = world.publish_special(ann, words);
        assert_eq!(world.outcome(ann, request), Outcome::Accepted(0), "it has no place");
        for (client, times) in [(bob, 1), (desk, 1), (cid, 1), (ann, 0), (dan, 0), (elsewhere, 0)] {
            assert_eq!(world.clients[client].directed.len(), times, "seed {seed}");
        }
        assert_eq!(history(&mut world, bob), [], "it is not kept");
    }
}

#[test]
fn what_is_for_everyone_reaches_each_session_that_is_in_a_room_once() {
    for seed in 0..12 {
        let mut shape = quick(1 + u16::try_from(seed % 4).expect("small"));
        shape.app.rooms_per_user = 5;
        shape.visits_per_turn = [1, 3, 1_000][usize::try_from(seed % 3).expect("small")];
        let mut world = World::new(seed, &shape);
        let server = world.open("server", Role::Server);
        let mut inside = Vec::new();
        for n in 0..40 {
            let own = enter(&mut world, &format!("user-{n}"), &format!("room-{}", n % 7));
            world.clients[own].join("common");
            inside.push(own);
        }
        let outside = world.open("outside", Role::Client);
        world.settle();
        let payload = world.new_payload();
        let request = world.broadcast(server, &payload);
        assert_eq!(world.outcome(server, request), Outcome::Done);
        for own in inside {
            assert_eq!(world.clients[own].broadcast.len(), 1, "seed {seed}");
        }
        assert!(world.clients[outside].broadcast.is_empty());
        let request = world.broadcast(server, b"again");
        let refused = Outcome::Refused(Code::RATE_LIMITED, 1_000);
        assert_eq!(world.outcome(server, request), refused, "one a second");
    }
}

#[test]
fn a_message_to_many_rooms_is_in_each_of_them_or_told_why_not() {
    let mut shape = quick(3);
    shape.app.create_on_join = true;
    let mut world = World::new(3, &shape);
    let server = world.open("server", Role::Server);
    let rooms: Vec<String> = (0..100).map(|n| format!("room-{n}")).collect();
    let names: Vec<&str> = rooms.iter().map(String::as_str).collect();
    let members: Vec<usize> =
        (0..99).map(|n| enter(&mut world, &format!("user-{n}"), names[n])).collect();
    let payload = world.new_payload();
    for _ in 0..2 {
        let request = world.publish_many(server, &names, (&payload, "note"));
        let Outcome::Many(each) = world.outcome(server, request) else { panic!("a server may") };
        assert!(each[..99].iter().all(|(code, _, seq)| (*code, *seq) == (Code::NONE, 1)));
        assert_eq!(each[99].0, Code::NO_SUCH_ROOM);
    }
    let got = members.iter().filter(|own| world.clients[**own].delivered == 1);
    assert_eq!(got.count(), 99, "once, though it was said twice under its id");
}
