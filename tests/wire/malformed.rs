//! The malformed corpus: each file in `malformed/` is one way of getting the protocol wrong, and
//! the answer that `docs/protocol.md` promises to it.
//!
//! A simulated broker of two workers gets each case whole and in single bytes. The answer must be
//! exactly the documented one, two members of a room must go on talking, and reading what was
//! sent must not take more memory than the bound allows.

use std::fs;
use std::net::Ipv4Addr;
use std::panic;
use std::path::Path;
use std::time::Duration;

use throng_broker::app::App;
use throng_broker::event::Event;
use throng_broker::id::{ConnectionId, HashKey, ShardId};
use throng_broker::limits;
use throng_broker::session::Patience;
use throng_broker::shard::{Settings, Shard};
use throng_broker::time::{Instant, Now, WallTime};
use throng_harness::client::{APP, Client, SECRET};
use throng_harness::fuzz::cases::{self, bytes_of};
use throng_harness::net::{LinkId, Weather};
use throng_harness::world::{Shape, World};
use throng_protocol::frame::split;
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::reply::Reply;
use throng_protocol::value::{PublishOptions, Role};
use throng_protocol::{FromBroker, FromClient};

use crate::counting::asked_for;

/// Longer cases are fed in larger pieces, for the sake of time.
const SINGLE_BYTES_MAX: usize = 8 * 1024;

/// Within this time a frame that is not finished is too slow, before the hello and after it.
const PATIENCE: Duration = Duration::from_secs(10);

/// One file.
#[derive(Debug)]
struct Case {
    name: String,
    /// The role of the session that sends it; `None` on a new connection.
    role: Option<Role>,
    bytes: Vec<u8>,
    answers: Vec<String>,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("readable");
        let entry = cases::Case::one(&text);
        let get = |word| entry.get(word).unwrap_or_else(|| panic!("{path:?} has no {word}"));
        let name = get("name").to_owned();
        let stem = path.file_stem().expect("files have names");
        assert_eq!(stem, &*name, "a file has the name of its case");
        let role = match get("when") {
            "first" => None,
            "client" => Some(Role::Client),
            "server" => Some(Role::Server),
            other => panic!("{name}: nobody is a {other}"),
        };
        let answers = entry.all_of("answer").map(str::to_owned).collect();
        let bytes = bytes_of(get("hex")).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name, role, bytes, answers }
    }

    /// What the connection has said before.
    fn before(&self) -> Vec<u8> {
        self.role.map_or_else(Vec::new, |role| Client::hello("eve", "phone", role).take_said())
    }
}

fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wire/malformed");
    let entries = fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| Case::read(path)).collect()
}

/// A broker with a room in which two members talk, and a link to it.
struct Scene {
    world: World,
    members: [usize; 2],
    link: LinkId,
}

impl Scene {
    fn new(receive_bytes_max: usize) -> Self {
        let mut world = World::new(7, &Shape::new(2));
        let members = ["ann", "bob"].map(|user| world.open(user, Role::Client));
        for member in members {
            world.clients[member].join("lobby");
            world.settle();
        }
        world.net.set_weather(Weather { receive_bytes_max, ..Weather::CALM });
        let link = world.net.connect();
        Self { world, members, link }
    }

    /// Says something and gives what comes back, in words, and whether that is the end.
    fn say(&mut self, bytes: &[u8]) -> (Vec<String>, bool) {
        self.world.net.client_send(self.link, bytes);
        self.world.settle();
        self.hear()
    }

    fn hear(&mut self) -> (Vec<String>, bool) {
        let mut heard = Vec::new();
        while let Some(bytes) = self.world.net.client_receive(self.link) {
            if bytes.is_empty() {
                return (words(&heard), false);
            }
            heard.extend(bytes);
        }
        (words(&heard), true)
    }

    /// Whether the members still talk to each other.
    fn check_unharmed(&mut self, name: &str) {
        let [ann, bob] = self.members;
        for (from, to) in [(ann, bob), (bob, ann)] {
            let before = self.world.clients[to].delivered;
            self.world.publish(from, "lobby", PublishOptions::default());
            self.world.settle();
            assert_eq!(self.world.clients[to].delivered, before + 1, "{name}: others are harmed");
        }
    }
}

/// Whole frames of a broker, in the words of the files.
fn words(heard: &[u8]) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), heard);
    while let Some((body, after)) = split(rest, BODY_BYTES_MAX).expect("no frame is too large") {
        words.push(match FromBroker::decode(body).expect("the broker speaks the protocol") {
            FromBroker::Welcome(_) => "Welcome".to_owned(),
            FromBroker::GoAway(go_away) => format!("GoAway {}", go_away.refusal.code.name()),
            FromBroker::Reply(number, Reply::Refused(refusal)) => {
                format!("Refused {} {number}", refusal.code.name())
            }
            FromBroker::Reply(number, Reply::Pong(_)) => format!("Pong {number}"),
            other => format!("{other:?}"),
        });
        rest = after;
    }
    assert!(rest.is_empty(), "the broker stopped inside a frame");
    words
}

/// Plays a case and compares every answer.
fn play(case: &Case, receive_bytes_max: usize) {
    let Case { name, bytes, answers, .. } = case;
    let mut scene = Scene::new(receive_bytes_max);
    if case.role.is_some() {
        assert_eq!(scene.say(&case.before()), (vec!["Welcome".to_owned()], false), "{name}");
    }
    let (heard, ended) = scene.say(bytes);
    let expected: Vec<_> = answers.iter().filter(|answer| *answer != "silence").cloned().collect();
    assert_eq!(heard, expected, "{name}");
    let last = answers.last().expect("every case has an answer");
    assert_eq!(ended, last.starts_with("GoAway"), "{name}: whether the connection ends");
    scene.check_unharmed(name);
    if last == "silence" {
        scene.world.pass(PATIENCE);
        let late = (vec!["GoAway TOO_SLOW".to_owned()], true);
        assert_eq!(scene.hear(), late, "{name}: never finished");
    } else if !ended {
        let ping = scene.say(&[3, 0, 0, 0, 19, 9, 0]);
        assert_eq!(ping, (vec!["Pong 9".to_owned()], false), "{name}: the session goes on");
    }
}

#[test]
fn there_are_at_least_two_hundred_cases_and_no_two_send_the_same() {
    let cases = all();
    assert!(cases.len() >= 200, "{} cases", cases.len());
    let mut sent: Vec<_> = cases.iter().map(|case| (case.before(), &case.bytes)).collect();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), cases.len(), "each case is one of its own");
}

#[test]
fn each_malformed_input_gets_exactly_its_documented_answer() {
    for case in all() {
        play(&case, 1 << 20);
    }
}

#[test]
fn and_the_same_answer_when_it_comes_in_pieces() {
    for case in all() {
        play(&case, if case.bytes.len() <= SINGLE_BYTES_MAX { 1 } else { 1000 });
    }
}

#[test]
fn another_answer_than_the_documented_one_is_noticed() {
    let cases = all();
    for answer in ["GoAway MALFORMED", "Refused INVALID_ARGUMENT 7", "silence"] {
        let found = cases.iter().find(|case| case.answers == [answer]).unwrap();
        for other in ["GoAway TOO_LARGE", "Refused INVALID_ARGUMENT 8", "silence", "Pong 7"] {
            let (name, bytes) = (found.name.clone(), found.bytes.clone());
            let case = Case { name, role: found.role, bytes, answers: vec![other.to_owned()] };
            let noticed = panic::catch_unwind(|| play(&case, 1 << 20)).is_err();
            assert_eq!(noticed, other != answer, "{answer} taken for {other}");
        }
    }
}

#[test]
fn every_code_that_bad_input_can_bring_is_in_the_corpus() {
    let all: Vec<String> = all().into_iter().flat_map(|case| case.answers).collect();
    for word in [
        "GoAway MALFORMED",
        "GoAway TOO_LARGE",
        "GoAway UNEXPECTED",
        "GoAway UNSUPPORTED_VERSION",
        "GoAway NOT_SUPPORTED",
        "GoAway INVALID_ARGUMENT",
        "GoAway UNAUTHORIZED",
        "Refused NOT_SUPPORTED",
        "Refused INVALID_ARGUMENT",
        "Refused NOT_ALLOWED",
        "Refused NOT_A_MEMBER",
        "Refused NO_SUCH_ROOM",
        "Refused NO_QUEUE",
        "Refused ROOM_EXISTS",
        "Refused TOO_MANY",
        "silence",
    ] {
        assert!(all.iter().any(|answer| answer.starts_with(word)), "nothing brings {word}");
    }
}

#[test]
fn what_is_only_refused_is_a_frame_that_can_be_read() {
    let refused = |case: &Case| case.answers.iter().all(|answer| answer.starts_with("Refused"));
    for case in all().into_iter().filter(refused) {
        let (body, rest) = split(&case.bytes, BODY_BYTES_MAX).unwrap().expect("a whole frame");
        assert!(rest.is_empty() && FromClient::decode(body).is_ok(), "{}", case.name);
    }
}

/// The bound on what reading so many bytes may ask the allocator for.
const fn bytes_allowed(received: usize) -> usize {
    2 * received + 1024
}

#[test]
fn decoding_a_malformed_frame_takes_at_most_twice_its_bytes_and_one_kib() {
    for case in all() {
        let mut rest = &case.bytes[..];
        while let Ok(Some((body, after))) = split(rest, BODY_BYTES_MAX) {
            let (asked, _) = asked_for(|| FromClient::decode(body).is_ok());
            assert!(asked <= bytes_allowed(body.len()), "{}: {asked} bytes", case.name);
            rest = after;
        }
    }
}

/// A shard alone, in which one connection was accepted.
fn lone_shard(connection: ConnectionId) -> Shard {
    let mut app = App::new(APP);
    app.development_secret = Some(SECRET.into());
    let mut shard = Shard::new(Settings {
        id: ShardId(0),
        shards: 1,
        apps: vec![app],
        patience: Patience {
            hello: limits::HELLO_DEADLINE_DEFAULT,
            frame: limits::FRAME_DEADLINE_DEFAULT,
            ping_after: limits::PING_AFTER_DEFAULT,
        },
        outbound_bytes_max: limits::OUTBOUND_BYTES_MAX_DEFAULT,
        lane_envelopes: limits::LANE_ENVELOPES,
        visits_per_turn: limits::VISITS_PER_TURN,
        connections_max: 10,
        hash_key: HashKey(1, 2),
        seed: 3,
    });
    shard.begin(Now { instant: Instant::ZERO, wall: WallTime::from_micros(1) }, Duration::ZERO);
    shard.handle(Event::Accepted { connection, peer: Ipv4Addr::LOCALHOST.into() });
    shard
}

#[test]
fn a_whole_broker_takes_no_more_than_that_to_read_and_answer_it() {
    let connection = ConnectionId { slot: 0, generation: 0 };
    for case in all() {
        let mut shard = lone_shard(connection);
        let before = case.before();
        if !before.is_empty() {
            shard.handle(Event::Received { connection, bytes: &before });
        }
        shard.finish();
        let bytes = &case.bytes;
        let (asked, ()) = asked_for(|| shard.handle(Event::Received { connection, bytes }));
        assert!(asked <= bytes_allowed(bytes.len()), "{}: {asked} bytes", case.name);
    }
}
