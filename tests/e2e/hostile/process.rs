//! What a flood does to the broker's process: its log, its memory, its descriptors, its time on
//! the cores. The broker is the real binary.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use throng_broker::io::choice::Wanted;
use throng_broker::limits::HELLO_DEADLINE_DEFAULT;
use throng_harness::binary::Binary;
use throng_harness::client::{APP, SECRET};
use throng_protocol::FromClient;
use throng_protocol::handshake::{Credentials, Development};
use throng_protocol::request::{CreateRoom, Join, Publish, Request};
use throng_protocol::value::{About, ClassHint, Extensions, IdList, Profile, PublishOptions, Role};

use super::peer::{PING, PONG, Peer, hello};
use super::town::{KEY, OTHER_APP, OTHER_KEY, token};
use crate::both::on_both;

on_both! {
    the_log_of_a_flood_is_short_and_holds_no_secret_and_nothing_that_a_terminal_obeys
    five_thousand_strangers_who_say_half_a_hello_take_little_memory_and_are_cut_in_time
    without_descriptors_nothing_spins_and_who_is_in_stays_in
}

/// Something that must not be in any log.
const PAYLOAD: &str = "for-your-eyes-only";

/// What a terminal would obey: it sets the window's title and goes back to the line's begin.
const ESCAPE: &str = "\u{1b}]0;owned\u{7}\r\u{1b}[31m\n\u{9b}2J";

/// A message in which nothing is said.
const PUBLISH: Publish<'static> = Publish {
    room: "",
    kind: "",
    payload: &[],
    options: PublishOptions::from_bits(0),
    class: ClassHint::Default,
    message_id: "",
    targets: IdList::EMPTY,
    extensions: Extensions::NONE,
};

/// The development app, and one beside it that takes tokens.
fn configuration() -> String {
    format!(
        "[development]\nenabled = true\nkey = \"{APP}\"\nsecret = \"{SECRET}\"\n\
         [[app]]\nkey = \"{OTHER_APP}\"\n\
         [[app.token_keys]]\nid = \"k1\"\nsecret = \"{OTHER_KEY}\"\n"
    )
}

/// A session of the development app that stays, and is asked now and then.
fn honest(address: SocketAddr) -> Peer {
    Peer::open(address, "honest", Role::Client)
}

fn check_well(peer: &mut Peer) {
    peer.say(&PING);
    while peer.next().expect("it may stay") != PONG {}
}

fn the_log_of_a_flood_is_short_and_holds_no_secret_and_nothing_that_a_terminal_obeys(io: Wanted) {
    let broker = Binary::start(io, &configuration(), &["--log", "trace"]);
    let mut honest = honest(broker.address);
    let good = token(OTHER_APP, OTHER_KEY, "ann");
    let mut by_token = Peer::connect(broker.address);
    by_token.say(&hello(OTHER_APP, Credentials::Token(good.as_bytes())));
    check_well(&mut by_token);
    let began = Instant::now();
    say_escapes(&broker);
    let tokens = [token(OTHER_APP, KEY, "mallory"), token("nowhere", OTHER_KEY, "mallory")];
    let development =
        |secret| Development { secret, user: "mallory", device: "d", role: Role::Client };
    let wrong = Credentials::Development(development("not-the-secret-but-near"));
    let hellos = [
        hello(OTHER_APP, Credentials::Token(tokens[0].as_bytes())),
        hello("nowhere", Credentials::Token(tokens[1].as_bytes())),
        hello(APP, wrong),
    ];
    for n in 0..3_000 {
        let mut peer = Peer::connect(broker.address);
        peer.say(&hellos[n % hellos.len()]);
        assert_eq!(peer.rest(), ["GoAway UNAUTHORIZED"]);
    }
    check_well(&mut honest);
    let log = broker.log();
    // Below `debug` the libraries are not told apart from us, and one of them counts connections.
    let is_ours = |line: &&str| !line.contains(" TRACE ") && !line.contains(" DEBUG ");
    let (all, unauthorized) = {
        let count = |word| log.lines().filter(is_ours).filter(|line| line.contains(word)).count();
        (count(""), count("UNAUTHORIZED"))
    };
    // In ten seconds one line for a source and a reason, by each of the two workers.
    let periods = began.elapsed().as_secs() / 10 + 1;
    let unauthorized_max = usize::try_from(2 * periods).expect("few periods");
    assert!((1..=unauthorized_max).contains(&unauthorized) && all <= 20, "{all} lines:\n{log}");
    for secret in [SECRET, KEY, OTHER_KEY, &tokens[0], &tokens[1], &good, "the-secret", PAYLOAD] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    let bad = |c: char| c.is_control() && c != '\n';
    assert!(!log.contains(bad), "{}", log.escape_debug());
    assert!(!log.contains("owned"), "{log}");
}

/// Says what a terminal would obey in every place where a stranger may write text.
fn say_escapes(broker: &Binary) {
    let address = broker.address;
    let good = hello(
        APP,
        Credentials::Development(Development {
            secret: SECRET,
            user: "eve",
            device: "phone",
            role: Role::Client,
        }),
    );
    let development = |secret, user, device| {
        let role = Role::Client;
        Credentials::Development(Development { secret, user, device, role })
    };
    for hello in [
        hello(ESCAPE, development(SECRET, "eve", "phone")),
        hello(APP, development(ESCAPE, "eve", "phone")),
        hello(APP, development(SECRET, ESCAPE, "phone")),
        hello(APP, development(SECRET, "eve", ESCAPE)),
        hello(APP, Credentials::Token(ESCAPE.as_bytes())),
        [&good[..], ESCAPE.as_bytes()].concat(),
    ] {
        let mut peer = Peer::connect(address);
        peer.say(&hello);
        peer.shut();
        peer.rest_bytes();
    }
    let mut peer = Peer::open(address, "eve", Role::Server);
    let about =
        About { title: ESCAPE, announcement: ESCAPE, extension: ESCAPE, ..About::default() };
    let profile = Profile { nickname: ESCAPE, extension: ESCAPE, ..Profile::default() };
    let publish = |room, kind| Publish { room, kind, payload: PAYLOAD.as_bytes(), ..PUBLISH };
    let cases: [(Request<'_>, &str); 7] = [
        (CreateRoom { room: "opaque", about, ..CreateRoom::default() }.into(), "Created"),
        (Join { room: "opaque", profile, ..Join::default() }.into(), "Joined"),
        (publish("opaque", "text").into(), "Accepted"),
        (publish("opaque", ESCAPE).into(), "Refused INVALID_ARGUMENT"),
        (publish(ESCAPE, "text").into(), "Refused INVALID_ARGUMENT"),
        (Join { room: ESCAPE, ..Join::default() }.into(), "Refused INVALID_ARGUMENT"),
        (CreateRoom { room: ESCAPE, ..CreateRoom::default() }.into(), "Refused INVALID_ARGUMENT"),
    ];
    for (request, answer) in cases {
        let mut bytes = Vec::new();
        FromClient::Request(5, request).write(&mut bytes);
        peer.say(&bytes);
        while !peer.next().expect("it may stay").contains(answer) {}
    }
}

fn five_thousand_strangers_who_say_half_a_hello_take_little_memory_and_are_cut_in_time(io: Wanted) {
    const STRANGERS: usize = 5_000;
    let broker = Binary::start(io, &configuration(), &[]);
    let mut honest = honest(broker.address);
    // A frame of the largest size that a hello may have, but for its last byte; and one byte.
    let mut most = 4_092_u32.to_le_bytes().to_vec();
    most.resize(4_095, 1);
    let (before, began) = (broker.resident_bytes(), Instant::now());
    let mut strangers = Vec::with_capacity(STRANGERS);
    for n in 0..STRANGERS {
        let mut peer = Peer::connect(broker.address);
        peer.say(if n % 2 == 0 { &most } else { &most[..1] });
        strangers.push(peer);
    }
    check_well(&mut honest);
    let came_in = began.elapsed();
    let grown = broker.resident_bytes().saturating_sub(before);
    let held = broker.descriptors();
    let each = grown / STRANGERS as u64;
    println!("{each} bytes each, {held} descriptors, all here after {came_in:?}");
    assert!(each <= 8 * 1024, "{each} bytes for each stranger");
    // An honest one comes in meanwhile.
    let mut late = Peer::open(broker.address, "late", Role::Client);
    check_well(&mut late);
    for stranger in &mut strangers {
        assert_eq!(stranger.rest(), ["GoAway TOO_SLOW"]);
    }
    let end = HELLO_DEADLINE_DEFAULT + came_in + Duration::from_secs(2);
    assert!(began.elapsed() < end, "cut after {:?}", began.elapsed());
    check_well(&mut honest);
    check_well(&mut late);
}

fn without_descriptors_nothing_spins_and_who_is_in_stays_in(io: Wanted) {
    const PLACES: usize = 50;
    let broker = Binary::start(io, &configuration(), &[]);
    let mut sessions: Vec<_> =
        (0..20).map(|n| Peer::open(broker.address, &format!("honest-{n}"), Role::Client)).collect();
    broker.allow_descriptors(broker.descriptors() + PLACES);
    let strangers: Vec<_> = (0..1_000).map(|_| Peer::connect(broker.address)).collect();
    // What has to be done once is done; after that there is nothing to do but to try again.
    std::thread::sleep(Duration::from_millis(500));
    let (before, began) = (broker.busy(), Instant::now());
    while began.elapsed() < Duration::from_secs(1) {
        for session in &mut sessions {
            check_well(session);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let busy = broker.busy() - before;
    println!("on a core for {busy:?} of {:?}", began.elapsed());
    assert!(busy < began.elapsed() / 8, "spins: on a core for {busy:?} of {:?}", began.elapsed());
    // An accept that waits in io_uring keeps the limit that it began with.
    if io == Wanted::Epoll {
        let log = broker.log();
        let complaints = log.lines().filter(|line| line.contains("cannot accept")).count();
        assert!((1..=4).contains(&complaints), "{log}");
    }
    drop(strangers);
    // There are places again.
    let mut late = Peer::open(broker.address, "late", Role::Client);
    check_well(&mut late);
}
