//! What members are told of a queue, and which of its elements go with whoever offered them.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ClearQueue, CreateRoom, PollQueue, SetQueue, WriteQueue};
use throng_client::event::Change;
use throng_client::{Event, QueuePermission};

use super::queue::{house_with_queue, keys, write};
use super::{Guest, House, STAGE, config};
use crate::both::on_both;

on_both! {
    every_change_of_a_queue_is_told_in_its_order
    what_is_done_quietly_is_not_told
    a_transient_element_goes_with_whoever_offered_it_last
    a_transient_element_stays_while_the_seat_is_held_and_goes_when_it_is_given_up
    when_many_go_at_once_they_are_told_a_hundred_at_a_time
}

/// What was offered and what was removed.
fn changed(guest: &mut Guest) -> (Vec<String>, Vec<String>) {
    match guest.change().1 {
        Change::QueueChanged { elements, removed } => {
            (elements.into_iter().map(|own| own.key).collect(), removed)
        }
        other => panic!("the queue is as it was: {other:?}"),
    }
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

fn every_change_of_a_queue_is_told_in_its_order(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let set = SetQueue::new(STAGE, 5).written_by_managers().saying("form a line");
    house.backend.ask(set).expect("it may");
    house.backend.ask(SetQueue::new(STAGE, 6)).expect("it may");
    write(&ann.client, WriteQueue::new(STAGE).offer("a", "1").offer("b", "2"));
    let mixed = WriteQueue::new(STAGE).offer("a", "3").remove("b").offer("c", "4").remove("none");
    write(&ann.client, mixed.saying("moved"));
    let polled = ann.client.ask(PollQueue::first(STAGE).saying("you are on")).expect("it may");
    ann.client.ask(PollQueue::key(STAGE, "none")).expect("there is none, and that is told");
    ann.client.ask(ClearQueue::new(STAGE).saying("over")).expect("it may");
    house.backend.ask(SetQueue::none(STAGE)).expect("it may");

    let (size, permission) = (5, QueuePermission::Managers);
    assert_eq!(bob.change(), (None, Change::QueueSet { size, permission }, "form a line".into()));
    let (size, permission) = (6, QueuePermission::Anyone);
    assert_eq!(bob.change().1, Change::QueueSet { size, permission });
    assert_eq!(changed(&mut bob), (names(["a", "b"]), vec![]));
    let (actor, change, words) = bob.change();
    assert_eq!((actor.as_deref(), &*words), (Some("ann"), "moved"));
    let Change::QueueChanged { elements, removed } = change else { panic!("{change:?}") };
    let told: Vec<_> = elements.iter().map(|own| (&*own.key, &*own.value)).collect();
    assert_eq!((told, removed), (vec![("a", &b"3"[..]), ("c", b"4")], names(["b"])));
    let notice = bob.notice();
    assert_eq!((notice.position(), &*notice.extension), (polled.position(), "you are on"));
    let Change::QueueChanged { removed, .. } = notice.change else { panic!() };
    assert_eq!(removed, ["a"]);
    assert_eq!(bob.change(), (Some("ann".into()), Change::QueueCleared, "over".into()));
    let Change::QueueSet { size, .. } = bob.change().1 else { panic!("it is taken away") };
    assert_eq!(size, 0);
    assert_eq!(bob.heard(), []);
}

fn what_is_done_quietly_is_not_told(io: Wanted) {
    let house = house_with_queue(io, 5);
    let mut bob = house.enter("bob");
    let before = bob.client.query_room(STAGE).expect("it is there").seq;
    write(&house.backend, WriteQueue::new(STAGE).offer("a", "").offer("b", "").quietly());
    let polled = house.backend.ask(PollQueue::first(STAGE).quietly()).expect("it may");
    assert_eq!(polled.seq, before);
    house.backend.ask(ClearQueue::new(STAGE).quietly()).expect("it may");
    house.backend.ask(SetQueue::new(STAGE, 7).quietly()).expect("it may");
    assert_eq!(bob.heard(), []);
    assert_eq!(bob.client.query_room(STAGE).expect("it is there").queue_size, 7);
}

fn a_transient_element_goes_with_whoever_offered_it_last(io: Wanted) {
    let house = house_with_queue(io, 10);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let offers = ["own", "taken", "plain"].iter().fold(WriteQueue::new(STAGE), |all, key| {
        let all = all.offer(key, "");
        if *key == "plain" { all } else { all.transient() }
    });
    write(&ann.client, offers);
    write(&bob.client, WriteQueue::new(STAGE).offer("taken", "").transient());
    bob.heard();
    ann.client.leave(STAGE).expect("it is a member");
    assert_eq!(changed(&mut bob), (vec![], names(["own"])));
    assert_eq!(keys(&bob.client), ["taken", "plain"]);
}

fn a_transient_element_stays_while_the_seat_is_held_and_goes_when_it_is_given_up(io: Wanted) {
    let mut config = config(io);
    for (grace, stays) in [(Duration::from_secs(30), true), (Duration::ZERO, false)] {
        config.apps[0].rooms.grace = grace;
        let house = House::open(&config);
        house.create(&CreateRoom::new(STAGE).queue(5, QueuePermission::Anyone));
        let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
        write(&ann.client, WriteQueue::new(STAGE).offer("a", "").transient());
        bob.heard();
        ann.client.close();
        while bob.client.query_room(STAGE).expect("it is there").occupants > 1 {
            std::thread::sleep(Duration::from_millis(5));
        }
        if stays {
            assert_eq!(keys(&bob.client), ["a"]);
        } else {
            assert_eq!(changed(&mut bob), (vec![], names(["a"])));
        }
    }
}

fn when_many_go_at_once_they_are_told_a_hundred_at_a_time(io: Wanted) {
    let house = house_with_queue(io, 1_000);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    for part in 0..3 {
        let offers = (0..90).map(|n| format!("k-{part}-{n}"));
        let offers =
            offers.fold(WriteQueue::new(STAGE), |all, key| all.offer(&key, "").transient());
        write(&ann.client, offers);
    }
    bob.heard();
    ann.client.leave(STAGE).expect("it is a member");
    let (mut gone, mut notices) = (Vec::new(), 0);
    while gone.len() < 270 {
        let (offered, removed) = changed(&mut bob);
        assert!(offered.is_empty() && (1..=100).contains(&removed.len()), "{}", removed.len());
        gone.extend(removed);
        notices += 1;
    }
    gone.sort();
    gone.dedup();
    assert_eq!((gone.len(), notices), (270, 3), "each once");
    assert!(bob.heard().iter().all(|event| !matches!(event, Event::Notice(_))));
    assert_eq!(keys(&bob.client), [""; 0]);
}
