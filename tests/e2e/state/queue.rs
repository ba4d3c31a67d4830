//! The queue of a room: that there is one, who may write to it, and how it is written and read.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ClearQueue, PollQueue, QueryQueue, SetQueue, WriteQueue};
use throng_client::blocking::Client;
use throng_client::{Code, QueueElement, QueuePermission};

use super::{House, STAGE, code, refused, text};
use crate::both::on_both;

on_both! {
    without_a_queue_there_is_nothing_to_ask
    who_leads_gives_a_room_a_queue_and_takes_it_away
    an_offer_appends_or_changes_in_its_place_and_whoever_offered_last_owns_it
    the_head_is_peeked_at_and_polled_and_others_are_polled_by_key
    a_batch_has_a_result_for_each
    a_long_queue_is_read_in_pages
    pages_of_a_queue_that_changes_leave_nobody_out
    a_queue_for_all_is_written_by_members_with_an_account
    a_queue_for_those_who_lead_is_written_by_nobody_else
    a_queue_never_gets_smaller_than_what_is_in_it
}

pub(super) fn offer(client: &Client, key: &str, value: &str) -> Code {
    write(client, WriteQueue::new(STAGE).offer(key, value))[0]
}

/// The codes of all writes.
pub(super) fn write(client: &Client, write: WriteQueue) -> Vec<Code> {
    client.ask(write).expect("it may write").each.iter().map(code).collect()
}

/// All elements in order.
pub(super) fn elements(client: &Client) -> Vec<QueueElement> {
    let page = client.ask(QueryQueue::of(STAGE)).expect("it may read");
    assert_eq!((page.total, page.next), (page.elements.len() as u64, None), "one page is enough");
    page.elements
}

pub(super) fn keys(client: &Client) -> Vec<String> {
    elements(client).into_iter().map(|own| own.key).collect()
}

/// A house with a room that has a queue.
pub(super) fn house_with_queue(io: Wanted, size: u16) -> House {
    let house = House::with_stage(io);
    house.backend.ask(SetQueue::new(STAGE, size)).expect("a server may");
    house
}

fn poll(client: &Client, poll: PollQueue) -> Option<(String, String)> {
    let element = client.ask(poll).expect("it may poll").element;
    element.map(|own| (own.key, text(&own.value)))
}

fn owned(key: &str, value: &str) -> Option<(String, String)> {
    Some((key.to_owned(), value.to_owned()))
}

/// Every way to write is refused with that.
fn refused_to_write(client: &Client, code: Code) {
    let offer = WriteQueue::new(STAGE).offer("k", "x");
    let remove = WriteQueue::new(STAGE).remove("k");
    assert_eq!(refused(client.ask(offer)), code);
    assert_eq!(refused(client.ask(remove)), code);
    assert_eq!(refused(client.ask(PollQueue::first(STAGE))), code);
    assert_eq!(refused(client.ask(PollQueue::key(STAGE, "k"))), code);
    assert_eq!(refused(client.ask(ClearQueue::new(STAGE))), code);
}

fn without_a_queue_there_is_nothing_to_ask(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for client in [&ann, &house.backend] {
        refused_to_write(client, Code::NO_QUEUE);
        assert_eq!(refused(client.ask(QueryQueue::of(STAGE))), Code::NO_QUEUE);
    }
    assert_eq!(ann.query_room(STAGE).expect("it is there").queue_size, 0);
    assert_eq!(refused(house.backend.ask(QueryQueue::of("nowhere"))), Code::NO_SUCH_ROOM);
    assert_eq!(refused(house.backend.ask(SetQueue::new("nowhere", 5))), Code::NO_SUCH_ROOM);
}

fn who_leads_gives_a_room_a_queue_and_takes_it_away(io: Wanted) {
    let house = House::with_stage(io);
    let outsider = house.outsider("outsider").client;
    assert_eq!(refused(outsider.ask(SetQueue::new(STAGE, 5))), Code::NOT_A_MEMBER);
    for guest in [house.enter("visitor"), house.enter("ordinary"), house.enter_anonymous()] {
        assert_eq!(refused(guest.client.ask(SetQueue::new(STAGE, 5))), Code::NOT_ALLOWED);
        assert_eq!(refused(guest.client.ask(SetQueue::none(STAGE))), Code::NOT_ALLOWED);
    }
    for leader in [&house.enter("creator").client, &house.enter("manager").client, &house.backend] {
        leader.ask(SetQueue::new(STAGE, 5)).expect("it leads");
        assert_eq!(offer(leader, "k", "x"), Code::NONE);
        let state = leader.query_room(STAGE).expect("it is there");
        assert_eq!((state.queue_size, state.elements), (5, 1));
        leader.ask(SetQueue::none(STAGE)).expect("it leads");
        assert_eq!(refused(leader.ask(QueryQueue::of(STAGE))), Code::NO_QUEUE);
        leader.ask(SetQueue::new(STAGE, 5)).expect("it leads");
        assert_eq!(keys(leader), [""; 0], "what was in it is gone with it");
        leader.ask(SetQueue::none(STAGE)).expect("it leads");
    }
}

fn an_offer_appends_or_changes_in_its_place_and_whoever_offered_last_owns_it(io: Wanted) {
    let house = house_with_queue(io, 10);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    for key in ["c", "a", "b"] {
        assert_eq!(offer(&ann, key, "of ann"), Code::NONE);
    }
    assert_eq!(offer(&bob, "a", "of bob"), Code::NONE);
    let all = elements(&ann);
    let told = all.iter().map(|own| (&*own.key, text(&own.value), own.owner.as_deref()));
    let expected = [
        ("c", "of ann".to_owned(), Some("ann")),
        ("a", "of bob".to_owned(), Some("bob")),
        ("b", "of ann".to_owned(), Some("ann")),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(all.iter().all(|own| own.set_at > 0 && !own.transient));
    assert_eq!(offer(&house.backend, "a", "of nobody"), Code::NONE);
    assert_eq!(elements(&ann)[1].owner, None);
    write(&ann, WriteQueue::new(STAGE).remove("c").offer("c", "again"));
    assert_eq!(keys(&ann), ["a", "b", "c"], "whoever comes back is the last");
}

fn the_head_is_peeked_at_and_polled_and_others_are_polled_by_key(io: Wanted) {
    let house = house_with_queue(io, 10);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    write(&ann, WriteQueue::new(STAGE).offer("x", "1").offer("y", "2").offer("z", "3"));
    for _ in 0..2 {
        let head = bob.ask(QueryQueue::of(STAGE).limit(1)).expect("it is a member");
        assert_eq!((head.total, &*head.elements[0].key), (3, "x"), "peeking takes nothing");
    }
    assert_eq!(poll(&bob, PollQueue::key(STAGE, "y")), owned("y", "2"));
    assert_eq!(poll(&bob, PollQueue::key(STAGE, "y")), None);
    assert_eq!(poll(&bob, PollQueue::first(STAGE)), owned("x", "1"));
    assert_eq!(poll(&house.backend, PollQueue::first(STAGE)), owned("z", "3"));
    assert_eq!(poll(&bob, PollQueue::first(STAGE)), None, "it is empty");
    assert_eq!(keys(&ann), [""; 0]);
}

fn a_batch_has_a_result_for_each(io: Wanted) {
    let house = house_with_queue(io, 99);
    let ann = house.enter("ann").client;
    let batch = (0..100).fold(WriteQueue::new(STAGE), |all, n| all.offer(&format!("k-{n}"), "x"));
    let mut expected = vec![Code::NONE; 99];
    expected.push(Code::QUEUE_FULL);
    assert_eq!(write(&ann, batch), expected);
    let more = WriteQueue::new(STAGE).offer("late", "").remove("nothing").offer("k-7", "new");
    let more = more.remove("k-0").offer("late", "");
    let (yes, full) = (Code::NONE, Code::QUEUE_FULL);
    assert_eq!(write(&ann, more), [full, Code::NO_SUCH_KEY, yes, yes, yes]);
    assert_eq!(ann.query_room(STAGE).expect("it is there").elements, 99);
    ann.ask(ClearQueue::new(STAGE)).expect("it may");
    assert_eq!(keys(&ann), [""; 0]);
}

fn a_long_queue_is_read_in_pages(io: Wanted) {
    let house = house_with_queue(io, 1_000);
    for part in 0..10 {
        let keys = (0..100).map(|n| format!("k-{:03}", 100 * part + n));
        let batch = keys.fold(WriteQueue::new(STAGE), |all, key| all.offer(&key, ""));
        assert!(write(&house.backend, batch).iter().all(|code| *code == Code::NONE));
    }
    let bob = house.enter_anonymous().client;
    let (mut read, mut query) = (Vec::new(), QueryQueue::of(STAGE).limit(300));
    loop {
        let page = bob.ask(query.clone()).expect("it may read");
        assert_eq!(
            (page.total, page.size, page.permission),
            (1_000, 1_000, QueuePermission::Anyone)
        );
        assert!(page.elements.len() <= 300);
        read.extend(page.elements.into_iter().map(|own| own.key));
        let Some(next) = page.next else { break };
        query = query.from(next);
    }
    assert!(read.iter().eq(&(0..1_000).map(|n| format!("k-{n:03}")).collect::<Vec<_>>()));
}

fn a_queue_for_all_is_written_by_members_with_an_account(io: Wanted) {
    let house = house_with_queue(io, 10);
    for user in ["creator", "manager", "ordinary", "visitor"] {
        let client = house.enter(user).client;
        assert_eq!(offer(&client, user, "me"), Code::NONE);
        assert_eq!(poll(&client, PollQueue::first(STAGE)), owned(user, "me"));
        client.ask(ClearQueue::new(STAGE)).expect("it may");
    }
    refused_to_write(&house.enter_anonymous().client, Code::NOT_ALLOWED);
    let outsider = house.outsider("outsider").client;
    refused_to_write(&outsider, Code::NOT_A_MEMBER);
    assert_eq!(refused(outsider.ask(QueryQueue::of(STAGE))), Code::NOT_A_MEMBER);
}

fn a_queue_for_those_who_lead_is_written_by_nobody_else(io: Wanted) {
    let house = House::with_stage(io);
    let manager = house.enter("manager").client;
    manager.ask(SetQueue::new(STAGE, 10).written_by_managers()).expect("it leads");
    for leader in [&manager, &house.enter("creator").client, &house.backend] {
        assert_eq!(offer(leader, "k", "x"), Code::NONE);
        assert_eq!(poll(leader, PollQueue::key(STAGE, "k")), owned("k", "x"));
    }
    offer(&manager, "k", "x");
    for guest in [house.enter("visitor"), house.enter("ordinary"), house.enter_anonymous()] {
        refused_to_write(&guest.client, Code::NOT_ALLOWED);
        assert_eq!(keys(&guest.client), ["k"], "it may read");
    }
    refused_to_write(&house.outsider("outsider").client, Code::NOT_A_MEMBER);
    manager.ask(SetQueue::new(STAGE, 10)).expect("it leads");
    assert_eq!(offer(&house.enter("visitor").client, "v", "x"), Code::NONE);
}

fn a_queue_never_gets_smaller_than_what_is_in_it(io: Wanted) {
    let house = house_with_queue(io, 3);
    for key in ["a", "b", "c"] {
        assert_eq!(offer(&house.backend, key, ""), Code::NONE);
    }
    assert_eq!(refused(house.backend.ask(SetQueue::new(STAGE, 2))), Code::TOO_MANY);
    let page = house.backend.ask(QueryQueue::of(STAGE)).expect("it may read");
    assert_eq!((page.total, page.size), (3, 3));
    house.backend.ask(PollQueue::first(STAGE)).expect("it may");
    house.backend.ask(SetQueue::new(STAGE, 2)).expect("two are left");
    assert_eq!(offer(&house.backend, "d", ""), Code::QUEUE_FULL);
}

fn pages_of_a_queue_that_changes_leave_nobody_out(io: Wanted) {
    let house = house_with_queue(io, 20);
    let ten = (0..10).fold(WriteQueue::new(STAGE), |all, n| all.offer(&format!("k-{n}"), ""));
    assert!(write(&house.backend, ten).iter().all(|code| *code == Code::NONE));
    let page = house.backend.ask(QueryQueue::of(STAGE).limit(5)).expect("it may read");
    write(&house.backend, WriteQueue::new(STAGE).remove("k-0").remove("k-4").offer("late", ""));
    let next = page.next.expect("five are left");
    let rest = house.backend.ask(QueryQueue::of(STAGE).from(next)).expect("the cursor is good");
    let keys: Vec<_> = rest.elements.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(keys, ["k-5", "k-6", "k-7", "k-8", "k-9", "late"]);
}
