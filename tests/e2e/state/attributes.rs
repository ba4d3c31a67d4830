//! Writing and reading attributes: who may, whose a key is, and the conditions of a write.

use std::time::Instant;

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ClearAttributes, CreateRoom, QueryAttributes, WriteAttributes};
use throng_client::blocking::Client;
use throng_client::{Attribute, Code, Term};

use super::{House, STAGE, code, config, refused, text, within_a_second};
use crate::both::on_both;

on_both! {
    attributes_are_read_one_by_one_several_or_all_in_pages
    members_and_servers_write_attributes_and_nobody_else
    a_key_belongs_to_whoever_set_it_unless_one_who_leads_forces_it
    of_two_who_compare_revisions_one_wins
    what_is_set_if_absent_overwrites_nothing
    adding_counts_from_nothing_and_refuses_what_is_no_number
    each_write_has_its_own_result_and_one_that_fails_stops_no_other
    the_longest_key_and_value_are_kept
    attributes_are_cleared_by_their_owner_and_all_by_those_who_lead
    a_room_has_a_hundred_attributes_and_not_one_more
    a_room_takes_a_hundred_writes_a_second_and_says_when_the_next_is_taken
    a_write_over_the_limit_still_says_which_revision_the_key_has
    pages_of_attributes_that_change_leave_out_only_what_changed
}

pub(super) fn write() -> WriteAttributes {
    WriteAttributes::new(STAGE)
}

/// The codes of all writes.
pub(super) fn codes(client: &Client, write: WriteAttributes) -> Vec<Code> {
    let written = client.ask(write).expect("the writer may write");
    written.each.iter().map(|own| code(&own.done)).collect()
}

/// Writes that must all be done; gives the revisions.
pub(super) fn done(client: &Client, write: WriteAttributes) -> Vec<u64> {
    let written = client.ask(write).expect("the writer may write");
    assert!(written.all_done(), "{written:?}");
    written.each.iter().map(|own| own.revision).collect()
}

/// All attributes of the room.
pub(super) fn all(client: &Client) -> Vec<Attribute> {
    let page = client.ask(QueryAttributes::of(STAGE)).expect("whoever is asked may read");
    let (mut all, mut next) = (page.attributes, page.next);
    while let Some(cursor) = next {
        let query = QueryAttributes::of(STAGE).from(cursor);
        let page = client.ask(query).expect("the cursor is good");
        all.extend(page.attributes);
        next = page.next;
    }
    assert_eq!(all.len() as u64, page.total, "all pages together are all there are");
    all
}

/// An attribute, which is there.
fn one(client: &Client, key: &str) -> Attribute {
    let page = client.ask(QueryAttributes::of(STAGE).keys([key])).expect("it may read");
    assert_eq!(page.attributes.len(), 1, "{key} is there");
    page.attributes.into_iter().next().expect("there is one")
}

fn owner(client: &Client, key: &str) -> Option<String> {
    one(client, key).owner.map(|owner| owner.as_str().to_owned())
}

fn attributes_are_read_one_by_one_several_or_all_in_pages(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let revisions = done(&ann, write().set("topic", "tea").set("host", "ann").set("mood", "good"));
    assert!(revisions.is_sorted_by(|a, b| a < b) && revisions[0] > 0, "{revisions:?}");

    let topic = one(&ann, "topic");
    assert_eq!((&*topic.value, topic.owner.as_deref()), (&b"tea"[..], Some("ann")));
    assert_eq!((topic.revision, topic.left), (revisions[0], Term::FOREVER));
    assert!(topic.set_at > 0 && !topic.auto_delete);

    let bob = house.enter("bob").client;
    let some = QueryAttributes::of(STAGE).keys(["mood", "weather", "topic"]);
    let page = bob.ask(some).expect("it is a member");
    let keys: Vec<_> = page.attributes.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(keys, ["mood", "topic"], "what is not there is left out");
    assert!(page.next.is_none());

    let page = bob.ask(QueryAttributes::of(STAGE).limit(2)).expect("it is a member");
    assert_eq!((page.total, page.attributes.len()), (3, 2));
    let rest = QueryAttributes::of(STAGE).limit(2).from(page.next.expect("there is one more"));
    let rest = bob.ask(rest).expect("the cursor is good");
    assert_eq!((rest.total, rest.attributes.len(), rest.next), (3, 1, None));
    let mut keys: Vec<_> = page.attributes.iter().chain(&rest.attributes).map(|a| &a.key).collect();
    keys.sort();
    assert_eq!(keys, ["host", "mood", "topic"], "each is on one page");
    assert_eq!(bob.query_room(STAGE).expect("it is there").attributes, 3);
}

fn members_and_servers_write_attributes_and_nobody_else(io: Wanted) {
    let house = House::with_stage(io);
    for user in ["creator", "manager", "ordinary", "visitor"] {
        done(&house.enter(user).client, write().set(user, "was here"));
    }
    done(&house.backend, write().set("backend", "is not"));
    assert_eq!(all(&house.backend).len(), 5, "a server reads from outside, too");

    let outsider = house.outsider("outsider").client;
    assert_eq!(refused(outsider.ask(write().set("k", ""))), Code::NOT_A_MEMBER);
    assert_eq!(refused(outsider.ask(QueryAttributes::of(STAGE))), Code::NOT_A_MEMBER);
    assert_eq!(refused(outsider.ask(ClearAttributes::own(STAGE))), Code::NOT_A_MEMBER);

    let anonymous = house.enter_anonymous().client;
    assert_eq!(refused(anonymous.ask(write().set("k", ""))), Code::NOT_ALLOWED);
    assert_eq!(refused(anonymous.ask(ClearAttributes::own(STAGE))), Code::NOT_ALLOWED);
    assert_eq!(all(&anonymous).len(), 5, "it may read");

    let nowhere = WriteAttributes::new("nowhere").set("k", "");
    assert_eq!(refused(house.backend.ask(nowhere)), Code::NO_SUCH_ROOM);
    assert_eq!(refused(house.backend.ask(QueryAttributes::of("nowhere"))), Code::NO_SUCH_ROOM);
}

fn a_key_belongs_to_whoever_set_it_unless_one_who_leads_forces_it(io: Wanted) {
    let house = House::with_stage(io);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    let [creator, manager] = ["creator", "manager"].map(|user| house.enter(user).client);
    done(&ann, write().set("k", "ann's"));

    for other in [&bob, &manager, &creator, &house.backend] {
        let plain = write().set("k", "x").delete("k").add("k", 1);
        assert_eq!(codes(other, plain), [Code::NOT_OWNER; 3]);
    }
    for without_the_right in [&bob, &ann] {
        let forced = write().set("k", "x").forced().delete("k").forced();
        assert_eq!(codes(without_the_right, forced), [Code::NOT_ALLOWED; 2]);
    }
    assert_eq!(text(&one(&bob, "k").value), "ann's", "nothing of that was done");

    for (leader, name) in [(&manager, Some("manager")), (&creator, Some("creator"))] {
        done(leader, write().set("k", "mine").forced());
        assert_eq!(owner(&bob, "k").as_deref(), name, "what is forced changes hands");
    }
    done(&house.backend, write().set("k", "the server's").forced());
    assert_eq!(owner(&bob, "k"), None);
    assert_eq!(codes(&ann, write().set("k", "x")), [Code::NOT_OWNER], "it is hers no longer");
    done(&manager, write().delete("k").forced());
    done(&bob, write().set("k", "bob's"));
    assert_eq!(owner(&ann, "k").as_deref(), Some("bob"));
}

fn of_two_who_compare_revisions_one_wins(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let other = house.enter_on("ann", "phone").client;
    assert_eq!(codes(&ann, write().compare_and_set("k", 7, "x")), [Code::REVISION]);
    let first = done(&ann, write().compare_and_set("k", 0, "one"))[0];
    assert_eq!(codes(&ann, write().compare_and_set("k", 0, "x")), [Code::REVISION]);

    let second = done(&other, write().compare_and_set("k", first, "two"))[0];
    assert!(second > first);
    let late = ann.ask(write().compare_and_set("k", first, "three")).expect("it may write");
    assert_eq!((code(&late.each[0].done), late.each[0].revision), (Code::REVISION, second));
    assert_eq!(text(&one(&ann, "k").value), "two");

    assert_eq!(codes(&ann, write().compare_and_delete("k", first)), [Code::REVISION]);
    assert_eq!(done(&ann, write().compare_and_delete("k", second)), [0]);
    let again = done(&ann, write().compare_and_set("k", 0, "again"))[0];
    assert!(again > second, "a revision is never used again");
}

fn what_is_set_if_absent_overwrites_nothing(io: Wanted) {
    let house = House::with_stage(io);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    done(&ann, write().set_if_absent("host", "ann"));
    for late in [&bob, &ann, &house.backend] {
        assert_eq!(codes(late, write().set_if_absent("host", "x")), [Code::KEY_EXISTS]);
    }
    assert_eq!(text(&one(&bob, "host").value), "ann");
    done(&ann, write().delete("host"));
    done(&bob, write().set_if_absent("host", "bob"));
}

fn adding_counts_from_nothing_and_refuses_what_is_no_number(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let sums = ann.ask(write().add("score", 5).add("score", -7).add("score", i64::MIN + 2));
    let sums = sums.expect("it is a member");
    let numbers: Vec<_> = sums.each.iter().map(|own| own.number).collect();
    assert_eq!((sums.all_done(), numbers), (true, vec![5, -2, i64::MIN]));
    assert_eq!(text(&one(&ann, "score").value), i64::MIN.to_string());

    assert_eq!(codes(&ann, write().add("score", -1)), [Code::NOT_A_NUMBER], "less is no i64");
    done(&ann, write().set("name", "tea").set("count", "41"));
    assert_eq!(codes(&ann, write().add("name", 1)), [Code::NOT_A_NUMBER]);
    assert_eq!(ann.ask(write().add("count", 1)).expect("it may").each[0].number, 42);
    assert_eq!(text(&one(&ann, "name").value), "tea");
}

fn each_write_has_its_own_result_and_one_that_fails_stops_no_other(io: Wanted) {
    let house = House::with_stage(io);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    done(&bob, write().set("bobs", "1"));
    let mixed = write()
        .set("a", "1")
        .set("bobs", "x")
        .delete("nothing")
        .set_if_absent("a", "x")
        .compare_and_set("a", 999, "x")
        .add("bobs", 1)
        .set("b", "2")
        .delete("a");
    let (no, yes) = (Code::NOT_OWNER, Code::NONE);
    let expected =
        [yes, no, Code::NO_SUCH_KEY, Code::KEY_EXISTS, Code::REVISION, no, yes, yes].to_vec();
    assert_eq!(codes(&ann, mixed), expected);
    let keys: Vec<_> = all(&ann).into_iter().map(|own| own.key).collect();
    assert_eq!(keys, ["b", "bobs"]);
}

fn the_longest_key_and_value_are_kept(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let key = "k-+=_A9".repeat(19)[..128].to_owned();
    let value = "v".repeat(4_096);
    done(&ann, write().set(&key, &value).set("empty", ""));
    assert_eq!((text(&one(&ann, &key).value), one(&ann, "empty").value.len()), (value, 0));
}

fn attributes_are_cleared_by_their_owner_and_all_by_those_who_lead(io: Wanted) {
    let house = House::with_stage(io);
    let [ann, bob] = ["ann", "bob"].map(|user| house.enter(user).client);
    let manager = house.enter("manager").client;
    done(&ann, write().set("a1", "").set("a2", ""));
    done(&bob, write().set("b1", ""));
    ann.ask(ClearAttributes::own(STAGE)).expect("they are hers");
    let keys: Vec<_> = all(&ann).into_iter().map(|own| own.key).collect();
    assert_eq!(keys, ["b1"]);
    assert_eq!(refused(ann.ask(ClearAttributes::all(STAGE))), Code::NOT_ALLOWED);
    assert_eq!(all(&ann).len(), 1);
    manager.ask(ClearAttributes::all(STAGE)).expect("a manager may");
    assert_eq!(all(&ann), []);
    done(&ann, write().set("a1", ""));
    house.backend.ask(ClearAttributes::all(STAGE)).expect("a server may");
    assert_eq!(all(&ann), []);
}

/// Twenty new keys, of a number.
fn twenty(part: usize) -> WriteAttributes {
    (0..20).fold(write(), |write, n| write.set(&format!("key-{}", 20 * part + n), "x"))
}

/// Writes once that is taken.
pub(super) fn code_in_time(client: &Client, write: &WriteAttributes) -> Code {
    loop {
        let written = client.ask(write.clone()).expect("it may write");
        match &written.each[0].done {
            Err(over) if over.code == Code::RATE_LIMITED => {
                std::thread::sleep(over.retry_after.expect("it says when"));
            }
            other => return code(other),
        }
    }
}

fn a_room_has_a_hundred_attributes_and_not_one_more(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    for part in 0..5 {
        done(&ann, twenty(part));
    }
    assert_eq!(code_in_time(&ann, &write().set("one-more", "x")), Code::ATTRIBUTES_FULL);
    assert_eq!(code_in_time(&ann, &write().add("one-more", 1)), Code::ATTRIBUTES_FULL);
    assert_eq!(code_in_time(&ann, &write().set("key-7", "y")), Code::NONE, "it is there already");
    assert_eq!(all(&ann).len(), 100);
    assert_eq!(code_in_time(&ann, &write().delete("key-8")), Code::NONE);
    assert_eq!(code_in_time(&ann, &write().set("one-more", "x")), Code::NONE);
}

/// Writes one more than a hundred in a new room; gives that one, if it all was done in a second.
fn one_more_than_a_hundred(house: &House, room: &str) -> Option<throng_client::reply::Written> {
    house.backend.ask(CreateRoom::new(room)).expect("there is no such room");
    let begin = Instant::now();
    for part in 0..5 {
        let twenty = (0..20).fold(WriteAttributes::new(room), |all, n| {
            all.set(&format!("key-{}", 20 * part + n), "x")
        });
        assert!(house.backend.ask(twenty).expect("a server may").all_done());
    }
    let more = house.backend.ask(WriteAttributes::new(room).set("key-0", "y"));
    let more = more.expect("it is a result and no refusal").each.remove(0);
    (begin.elapsed() < std::time::Duration::from_secs(1)).then_some(more)
}

fn a_room_takes_a_hundred_writes_a_second_and_says_when_the_next_is_taken(io: Wanted) {
    let house = House::open(&config(io));
    within_a_second(|attempt| {
        let room = format!("room-{attempt}");
        let Some(more) = one_more_than_a_hundred(&house, &room) else { return false };
        let over = more.done.expect_err("it is one more than a hundred");
        assert_eq!(over.code, Code::RATE_LIMITED);
        let wait = over.retry_after.expect("it says when");
        assert!((1..=1_000).contains(&wait.as_millis()), "{wait:?}");
        let elsewhere = format!("other-{attempt}");
        house.backend.ask(CreateRoom::new(&elsewhere)).expect("there is no such room");
        let other = WriteAttributes::new(&elsewhere).set("k", "");
        assert!(house.backend.ask(other).expect("it may").all_done(), "each room has its own");
        std::thread::sleep(wait);
        let again = WriteAttributes::new(&room).set("key-0", "y");
        assert!(house.backend.ask(again).expect("it may").all_done(), "it said when");
        true
    });
}

fn a_write_over_the_limit_still_says_which_revision_the_key_has(io: Wanted) {
    let house = House::open(&config(io));
    within_a_second(|attempt| {
        let room = format!("room-{attempt}");
        let Some(more) = one_more_than_a_hundred(&house, &room) else { return false };
        assert_eq!(code(&more.done), Code::RATE_LIMITED);
        let query = QueryAttributes::of(&room).keys(["key-0"]);
        let own = house.backend.ask(query).expect("it may").attributes.remove(0);
        assert_eq!(more.revision, own.revision);
        true
    });
}

fn pages_of_attributes_that_change_leave_out_only_what_changed(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    done(&ann, (0..10).fold(write(), |all, n| all.set(&format!("k-{n}"), "")));
    let page = ann.ask(QueryAttributes::of(STAGE).limit(5)).expect("it may read");
    done(&ann, write().delete("k-0"));
    let next = page.next.expect("five are left");
    let rest = ann.ask(QueryAttributes::of(STAGE).from(next)).expect("the cursor is good");
    let keys: Vec<_> = rest.attributes.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(keys, ["k-5", "k-6", "k-7", "k-8", "k-9"]);
}
