//! What is forbidden is forbidden on every core from its answer on (I13), and for exactly its time,
//! whatever the wall clock does (I14).

use std::time::Duration;

use throng_harness::client::{Act, Client, Outcome};
use throng_harness::world::{Shape, World};
use throng_protocol::Code;
use throng_protocol::value::{Moderation, PublishOptions, Role, Sanction, Term};

const NONE: PublishOptions = PublishOptions::from_bits(0);
const ROOM: &str = "stage";
const TICK: Duration = Duration::from_nanos(1);

/// What is done in the room or the app, and what is refused from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Mute,
    RoomBan,
    MuteAll,
    AppMute,
    AppBan,
}

const ALL: [Rule; 5] = [Rule::Mute, Rule::RoomBan, Rule::MuteAll, Rule::AppMute, Rule::AppBan];

impl Rule {
    fn ask(self, own: &mut Client, users: &[&str], term: Term) -> u32 {
        let act = |room, action| Act { term, ..Act::new(room, action) };
        match self {
            Self::Mute => own.moderate(act(ROOM, Moderation::Mute), users),
            Self::RoomBan => own.moderate(act(ROOM, Moderation::Ban), users),
            Self::MuteAll => own.mute_room(ROOM, true),
            Self::AppMute => own.moderate(act("", Moderation::Mute), users),
            Self::AppBan => own.moderate(act("", Moderation::Ban), users),
        }
    }

    /// Why a message of a user whom it concerns is refused.
    const fn code(self) -> Code {
        match self {
            Self::Mute => Code::MUTED,
            Self::RoomBan => Code::NOT_A_MEMBER,
            Self::MuteAll => Code::ROOM_MUTED,
            Self::AppMute => Code::MUTED_IN_APP,
            Self::AppBan => Code::BANNED_FROM_APP,
        }
    }

    const fn sanction(self) -> (&'static str, Sanction) {
        match self {
            Self::Mute | Self::MuteAll => (ROOM, Sanction::Mute),
            Self::RoomBan => (ROOM, Sanction::Ban),
            Self::AppMute => ("", Sanction::Mute),
            Self::AppBan => ("", Sanction::Ban),
        }
    }
}

fn shape(workers: u16) -> Shape {
    let mut shape = Shape::new(workers);
    let rates = &mut shape.app.rates;
    (rates.client_messages, rates.server_messages, rates.requests) = (None, None, None);
    shape.app.rooms.lifetimes.idle = Duration::from_secs(604_800);
    shape
}

/// A room with a server and some users of two sessions each, on all workers.
fn stage(seed: u64, shape: &Shape, users: &[&str]) -> (World, usize, Vec<usize>) {
    let mut world = World::new(seed, shape);
    let server = world.open("server", Role::Server);
    let mut members = Vec::new();
    for user in users {
        for device in ["phone", "desk"] {
            let client = world.connect(user, device, Role::Client);
            world.settle();
            world.clients[client].join(ROOM);
            members.push(client);
        }
    }
    world.settle();
    assert!(members.iter().all(|client| world.clients[*client].rooms.contains_key(ROOM)));
    (world, server, members)
}

/// All talk without end while it is done, on workers that mail reaches late; from the answer on not
/// one of them gets a word in.
#[test]
fn from_its_answer_on_it_holds_on_every_core() {
    let users: Vec<String> = (0..6).map(|n| format!("user-{n}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    for seed in 0..40 {
        for rule in ALL {
            let mut shape = shape(3);
            shape.weather.delay_percent = [0, 30, 80][usize::try_from(seed).expect("small") % 3];
            shape.lane_envelopes = [4_096, 8][usize::try_from(seed).expect("small") % 2];
            let (mut world, server, members) = stage(seed, &shape, &users);
            talk_until_done(&mut world, (server, &members), |own| {
                rule.ask(own, &users, Term::FOREVER)
            });
            refuses_all(&mut world, (seed, rule), (&users, &members));
        }
    }
}

/// Members say one thing after the other until something is done.
fn talk_until_done(
    world: &mut World,
    (server, members): (usize, &[usize]),
    ask: impl Fn(&mut Client) -> u32,
) {
    let mut request = ask(&mut world.clients[server]);
    for turn in 0..100_000 {
        match world.clients[server].outcomes.get(&request) {
            None => {}
            // Little fits into the lanes of this world.
            Some(Outcome::Refused(Code::OVERLOADED, _)) => {
                request = ask(&mut world.clients[server]);
            }
            Some(Outcome::Results(each)) => {
                assert!(each.iter().all(|(code, _)| *code == Code::NONE), "{each:?}");
                return;
            }
            Some(Outcome::Changed { .. }) => return,
            Some(other) => panic!("a server may do it: {other:?}"),
        }
        let client = members[turn % members.len()];
        if world.clients[client].is_open() {
            world.publish(client, ROOM, NONE);
        }
        world.step();
    }
    panic!("it is never done");
}

/// Whatever those users say from now on is refused.
fn refuses_all(
    world: &mut World,
    (seed, rule): (u64, Rule),
    (users, members): (&[&str], &[usize]),
) {
    let said: Vec<_> = members
        .iter()
        .map(|client| {
            let late = world.publish(*client, ROOM, NONE);
            (*client, late, world.clients[*client].join(ROOM))
        })
        .collect();
    let hellos: Vec<_> =
        users.iter().map(|user| world.connect(user, "another", Role::Client)).collect();
    world.settle();
    world.pass(Duration::from_millis(10));
    for (client, publish, join) in said {
        let own = &world.clients[client];
        match own.outcomes.get(&publish) {
            // Sent away, or told on the way.
            None => assert_eq!((rule, own.ended.is_some()), (Rule::AppBan, true), "world {seed}"),
            Some(Outcome::Refused(code, 0)) => assert_eq!(*code, rule.code(), "world {seed}"),
            // There was too much for anyone.
            Some(Outcome::Shed(..)) => {}
            other => panic!("{rule:?} in world {seed}: said {other:?}"),
        }
        match own.outcomes.get(&join) {
            Some(Outcome::Joined(_)) => {
                assert!(![Rule::RoomBan, Rule::AppBan].contains(&rule), "{rule:?} in world {seed}");
            }
            Some(Outcome::Refused(code, 0)) => {
                assert_eq!((rule, *code), (Rule::RoomBan, Code::BANNED), "world {seed}");
            }
            None => assert_eq!(rule, Rule::AppBan, "world {seed}"),
            Some(Outcome::Refused(Code::OVERLOADED, _)) => {}
            other => panic!("{rule:?} in world {seed}: joining came to {other:?}"),
        }
    }
    for client in hellos {
        let own = &world.clients[client];
        let expected = (rule == Rule::AppBan).then_some(Some(Code::BANNED_FROM_APP));
        assert_eq!(own.ended, expected, "{rule:?} in world {seed}: {}", own.user);
        assert_eq!(own.welcomed, rule != Rule::AppBan);
    }
}

/// Whether the user may do what is forbidden; the wait it is told if not.
fn is_let(world: &mut World, rule: Rule, client: usize) -> Result<(), u32> {
    let outcome = match rule {
        Rule::AppBan => {
            let again = world.connect("user", "phone", Role::Client);
            world.settle();
            let own = &world.clients[again];
            return match own.ended {
                None => Ok(()),
                Some(Some(Code::BANNED_FROM_APP)) => Err(own.back_after_ms),
                other => panic!("a hello came to {other:?}"),
            };
        }
        Rule::RoomBan => {
            let request = world.clients[client].join(ROOM);
            world.outcome(client, request)
        }
        _ => {
            let request = world.publish(client, ROOM, NONE);
            world.outcome(client, request)
        }
    };
    match outcome {
        Outcome::Refused(code, wait_ms) => {
            assert!([Code::MUTED, Code::MUTED_IN_APP, Code::BANNED].contains(&code), "{code}");
            Err(wait_ms)
        }
        Outcome::Accepted(_) | Outcome::Joined(_) => Ok(()),
        other => panic!("{rule:?}: {other:?}"),
    }
}

fn listed(world: &mut World, server: usize, rule: Rule) -> Vec<Term> {
    let (room, sanction) = rule.sanction();
    let request = world.clients[server].query_sanctions(room, sanction);
    match world.outcome(server, request) {
        Outcome::Sanctions(page) => {
            assert_eq!(page.total, page.rows.len() as u64);
            page.rows.into_iter().map(|own| own.left).collect()
        }
        other => panic!("{rule:?}: who is on the list came to {other:?}"),
    }
}

fn forbid(world: &mut World, server: usize, rule: Rule, term: Term) {
    let request = rule.ask(&mut world.clients[server], &["user"], term);
    let done = Outcome::Results(vec![(Code::NONE, 0)]);
    assert_eq!(world.outcome(server, request), done, "{rule:?}");
}

const TIMED: [Rule; 4] = [Rule::Mute, Rule::RoomBan, Rule::AppMute, Rule::AppBan];

#[test]
fn a_term_ends_at_its_tick_and_not_before_whatever_the_wall_clock_does() {
    let jumps = [None, Some(0), Some(7_200_000_000), Some(1)];
    for (seed, rule) in (0..24).zip(TIMED.into_iter().cycle()) {
        let workers = 1 + u16::try_from(seed).expect("small") % 3;
        let jump = jumps[usize::try_from(seed / 4).expect("small") % 4];
        let seconds = [1, 60, 86_400][usize::try_from(seed / 8).expect("small") % 3];
        let (mut world, server, members) = stage(seed, &shape(workers), &["user"]);
        forbid(&mut world, server, rule, Term::from_seconds(seconds));
        assert_eq!(listed(&mut world, server, rule), [Term::from_seconds(seconds)], "{rule:?}");
        let term = Duration::from_secs(seconds.into());
        world.pass(term / 2);
        if let Some(micros) = jump {
            world.jump_wall(micros);
        }
        assert!(is_let(&mut world, rule, members[0]).is_err(), "{rule:?} holds at half its time");
        world.pass(term - term / 2 - TICK);
        let wait = is_let(&mut world, rule, members[0]);
        assert_eq!(wait, Err(1), "{rule:?} of {seconds} s holds a tick before its end (I14)");
        let left = listed(&mut world, server, rule);
        assert!(left.len() == 1 && !left[0].is_none(), "{rule:?}: {left:?}");
        world.pass(TICK);
        let now = is_let(&mut world, rule, members[0]);
        assert_eq!(now, Ok(()), "{rule:?} of {seconds} s is over (I14)");
        assert!(listed(&mut world, server, rule).is_empty());
    }
}

#[test]
fn a_term_ends_without_any_traffic() {
    for (seed, rule) in (0..12).zip(TIMED.into_iter().cycle()) {
        let (mut world, server, _) = stage(seed, &shape(3), &["user"]);
        forbid(&mut world, server, rule, Term::from_seconds(20));
        world.pass(Duration::from_secs(20));
        assert!(listed(&mut world, server, rule).is_empty(), "{rule:?}");
        forbid(&mut world, server, rule, Term::FOREVER);
        world.pass(Duration::from_secs(100_000));
        assert_eq!(listed(&mut world, server, rule), [Term::FOREVER], "{rule:?}");
    }
}

#[test]
fn doing_it_again_replaces_the_end_both_ways() {
    for (seed, rule) in (0..8).zip(TIMED.into_iter().cycle()) {
        for (first, second) in [(60, 5), (5, 60)] {
            let (mut world, server, members) = stage(seed, &shape(2), &["user"]);
            forbid(&mut world, server, rule, Term::from_seconds(first));
            world.pass(Duration::from_secs(1));
            forbid(&mut world, server, rule, Term::from_seconds(second));
            world.pass(Duration::from_secs(second.into()) - TICK);
            assert_eq!(is_let(&mut world, rule, members[0]), Err(1), "{rule:?}");
            world.pass(TICK);
            assert_eq!(is_let(&mut world, rule, members[0]), Ok(()), "{rule:?}");
        }
    }
}

#[test]
fn what_was_lifted_holds_no_more_on_any_core() {
    let lift = |rule| match rule {
        Rule::Mute => Some((ROOM, Moderation::Unmute)),
        Rule::RoomBan => Some((ROOM, Moderation::Unban)),
        Rule::AppMute => Some(("", Moderation::Unmute)),
        Rule::AppBan => Some(("", Moderation::Unban)),
        Rule::MuteAll => None,
    };
    let users: Vec<String> = (0..6).map(|n| format!("user-{n}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    for seed in 0..20 {
        for rule in TIMED {
            let mut shape = shape(3);
            shape.weather.delay_percent = 50;
            let (mut world, server, _) = stage(seed, &shape, &users);
            let request = rule.ask(&mut world.clients[server], &users, Term::FOREVER);
            world.outcome(server, request);
            let (room, action) = lift(rule).expect("these are lifted by name");
            let request = world.clients[server].moderate(Act::new(room, action), &users);
            while !world.clients[server].outcomes.contains_key(&request) {
                world.step();
            }
            let back: Vec<_> = users
                .iter()
                .map(|user| {
                    let client = world.connect(user, "another", Role::Client);
                    let join = world.clients[client].join(ROOM);
                    (client, join, world.publish(client, ROOM, NONE))
                })
                .collect();
            world.settle();
            for (client, join, publish) in back {
                let outcomes = &world.clients[client].outcomes;
                let in_it = matches!(outcomes.get(&join), Some(Outcome::Joined(_)));
                let said = matches!(outcomes.get(&publish), Some(Outcome::Accepted(_)));
                assert!(in_it && said, "{rule:?} in world {seed}: {outcomes:?}");
            }
            assert!(listed(&mut world, server, rule).is_empty());
        }
    }
}
