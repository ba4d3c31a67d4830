//! The rooms in which the most went on: by members, by those who said something, by messages.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ChangeBots, CreateRoom, QueryTop};
use throng_client::blocking::Client;
use throng_client::{Code, Profile, TopBy, TopPeriod};

use super::{House, config, refused};
use crate::both::on_both;

on_both! {
    the_first_rooms_are_those_with_the_most_in_the_period_that_is_running
    only_servers_ask_which_rooms_are_the_first
    active_users_are_those_who_said_something
}

const PERIODS: [TopPeriod; 2] = [TopPeriod::Hour, TopPeriod::Day];

/// When the periods began, and the first rooms with their counts in both.
fn top(backend: &Client, query: impl Fn(TopPeriod) -> QueryTop) -> [(u64, Vec<(String, u64)>); 2] {
    PERIODS.map(|period| {
        let top = backend.ask(query(period)).expect("a server may");
        assert!(top.rooms.iter().all(|own| own.error == 0), "{top:?}");
        let rooms = top.rooms.iter().map(|own| (own.room.as_str().to_owned(), own.count));
        (top.since, rooms.collect())
    })
}

/// In which hour and on which day it is.
fn periods(backend: &Client) -> [u64; 2] {
    top(backend, |period| QueryTop::new(TopBy::Messages, period)).map(|(since, _)| since)
}

fn rooms<const N: usize>(rooms: [(&str, u64); N]) -> Vec<(String, u64)> {
    rooms.map(|(room, count)| (room.to_owned(), count)).to_vec()
}

/// Does it until no hour ended in between, as then all begins anew.
fn within_one_hour(io: Wanted, told: impl Fn(&House)) {
    loop {
        let house = House::open(&config(io));
        let before = periods(&house.backend);
        for room in ["crowd", "debate", "stream", "silent"] {
            house.backend.ask(CreateRoom::new(room)).expect("there is none");
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| told(&house)));
        if periods(&house.backend) == before {
            return outcome.unwrap_or_else(|failed| resume_unwind(failed));
        }
    }
}

/// So many new members of a room.
fn enter(house: &House, room: &str, count: usize) -> Vec<Client> {
    let guest = |n| house.outsider(&format!("{room}-{n}")).client;
    let guests: Vec<_> = (0..count).map(guest).collect();
    guests.iter().for_each(|guest| drop(guest.join(room).expect("it is open")));
    guests
}

/// So many messages, of all of these in turn.
fn say(who: &[Client], room: &str, count: usize) {
    for own in who.iter().cycle().take(count) {
        own.publish((room, "text", "x")).expect("it may speak");
    }
}

/// The first rooms by that, in both periods.
fn first(house: &House, by: TopBy) -> [Vec<(String, u64)>; 2] {
    top(&house.backend, |period| QueryTop::new(by, period)).map(|(_, rooms)| rooms)
}

/// Many members in one room, many messages in another.
fn the_first_rooms_are_those_with_the_most_in_the_period_that_is_running(io: Wanted) {
    within_one_hour(io, |house| {
        let crowd = enter(house, "crowd", 6);
        let (debate, stream) = (enter(house, "debate", 4), enter(house, "stream", 2));
        say(&crowd[..1], "crowd", 2);
        say(&debate, "debate", 6);
        say(&stream, "stream", 9);
        crowd[5].leave("crowd").expect("it is a member");
        let dj = ChangeBots::add("stream", [("dj", Profile::default())]);
        assert!(house.backend.ask(dj).expect("a server may").all_done());

        let expected = rooms([("stream", 9), ("debate", 6), ("crowd", 2)]);
        assert_eq!(first(house, TopBy::Messages), [expected.clone(), expected.clone()]);
        let two = |period| QueryTop::new(TopBy::Messages, period).limit(2);
        assert_eq!(top(&house.backend, two).map(|(_, rooms)| rooms), [&expected[..2]; 2]);
        for members in first(house, TopBy::Members) {
            assert_eq!(members[..2], rooms([("crowd", 6), ("debate", 4)]), "the most at one time");
            assert!(members.iter().all(|own| own.0 != "silent"), "{members:?}");
        }
    });
}

fn only_servers_ask_which_rooms_are_the_first(io: Wanted) {
    let house = House::with_stage(io);
    for guest in [house.enter("creator"), house.outsider("outsider"), house.enter_anonymous()] {
        let query = QueryTop::new(TopBy::Members, TopPeriod::Hour);
        assert_eq!(refused(guest.client.ask(query)), Code::NOT_ALLOWED);
    }
}

/// Six are in one room and one of them speaks; of four in another three speak.
fn active_users_are_those_who_said_something(io: Wanted) {
    within_one_hour(io, |house| {
        let (crowd, debate) = (enter(house, "crowd", 6), enter(house, "debate", 4));
        say(&crowd[..1], "crowd", 2);
        say(&debate[..3], "debate", 6);
        let expected = rooms([("debate", 3), ("crowd", 1)]);
        assert_eq!(first(house, TopBy::Active), [expected.clone(), expected]);
    });
}
