//! What members are told of changes: one notice for each request, in the room's order, with who did
//! it and the words for it; none if it is done quietly. And what a room says of itself.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ChangeRoom, ClearAttributes, QueryAttributes, WriteAttributes};
use throng_client::event::{Change, Notice, RoomChange};
use throng_client::{Code, Event};

use super::attributes::{all, codes, done, write};
use super::{Guest, House, STAGE, refused};
use crate::both::on_both;

on_both! {
    each_request_is_told_once_with_all_that_changed_who_did_it_and_the_words
    what_is_done_quietly_or_not_at_all_is_not_told
    many_writers_are_told_to_all_in_one_order_that_leads_to_what_is_there
    the_largest_write_reaches_everyone
    a_question_says_at_which_place_its_answer_holds
    what_a_room_says_of_itself_is_changed_by_those_who_lead_and_told
    whoever_leads_changes_a_room_from_outside_too
}

fn only_notice(guest: &mut Guest) -> Notice {
    let mut heard = guest.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    match heard.remove(0) {
        Event::Notice(notice) => notice,
        other => panic!("not a notice: {other:?}"),
    }
}

fn each_request_is_told_once_with_all_that_changed_who_did_it_and_the_words(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    done(&ann.client, write().set("old", "x").set("back", "x"));
    bob.heard();
    ann.heard();
    let mixed = write().set("new", "1").delete("old").add("n", 2).delete("back").set("back", "y");
    let written = ann.client.ask(mixed.delete("none").saying("so it is")).expect("it may");
    for guest in [&mut ann, &mut bob] {
        let notice = only_notice(guest);
        assert_eq!(notice.position(), written.position());
        assert_eq!((notice.actor.as_deref(), &*notice.extension), (Some("ann"), "so it is"));
        let Change::AttributesChanged { attributes, deleted } = notice.change else { panic!() };
        let mut told: Vec<_> = attributes.iter().map(|own| (&*own.key, &*own.value)).collect();
        told.sort_unstable();
        assert_eq!(told, [("back", &b"y"[..]), ("n", b"2"), ("new", b"1")]);
        assert_eq!(deleted, ["old"]);
        assert!(attributes.iter().all(|own| own.owner.as_deref() == Some("ann")));
    }
    let cleared = house.backend.ask(ClearAttributes::all(STAGE).saying("over")).expect("it may");
    let notice = only_notice(&mut bob);
    assert_eq!((notice.position(), notice.actor), (cleared.position(), None));
    let Change::AttributesChanged { deleted, .. } = notice.change else { panic!() };
    assert_eq!((deleted.len(), &*notice.extension), (3, "over"));
}

fn what_is_done_quietly_or_not_at_all_is_not_told(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let before = bob.client.query_room(STAGE).expect("it is there").seq;
    let quiet = ann.client.ask(write().set("k", "x").quietly()).expect("it may");
    assert_eq!((quiet.all_done(), quiet.seq), (true, before), "it has no place");
    ann.client.ask(ClearAttributes::own(STAGE).quietly()).expect("it may");
    assert_eq!(codes(&ann.client, write().delete("k")), [Code::NO_SUCH_KEY]);
    ann.client.ask(ClearAttributes::own(STAGE)).expect("there is nothing to clear");
    assert_eq!(bob.heard(), []);
    assert_eq!(bob.client.query_room(STAGE).expect("it is there").seq, before);
}

fn many_writers_are_told_to_all_in_one_order_that_leads_to_what_is_there(io: Wanted) {
    let house = House::with_stage(io);
    let mut watchers = [house.enter("ann"), house.enter("bob")];
    let writers: Vec<_> = (0..4).map(|n| house.enter(&format!("writer-{n}"))).collect();
    watchers.iter_mut().for_each(|guest| drop(guest.heard()));
    std::thread::scope(|scope| {
        for (n, writer) in writers.iter().enumerate() {
            scope.spawn(move || {
                for step in 0..20 {
                    let own = format!("own-{n}");
                    let write = WriteAttributes::new(STAGE).set(&own, format!("{step}"));
                    done(&writer.client, write);
                    writer.client.publish((STAGE, "text", "and so on")).expect("it may speak");
                }
            });
        }
    });
    let mut seen = Vec::new();
    for guest in &mut watchers {
        let (mut seq_last, mut revision_last, mut state) = (0, 0, Vec::<(String, u64)>::new());
        for event in guest.heard() {
            let seq = match event {
                Event::Message(message) => message.seq,
                Event::Notice(Notice { seq, change, .. }) => {
                    let Change::AttributesChanged { attributes, .. } = change else { panic!() };
                    assert!(attributes[0].revision > revision_last);
                    revision_last = attributes[0].revision;
                    state.retain(|(key, _)| *key != attributes[0].key);
                    state.push((attributes[0].key.clone(), revision_last));
                    seq
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(seq, if seq_last == 0 { seq } else { seq_last + 1 }, "without a hole");
            seq_last = seq;
        }
        state.sort();
        let there = all(&guest.client).into_iter().map(|own| (own.key, own.revision));
        assert_eq!(state, there.collect::<Vec<_>>());
        seen.push((seq_last, state));
    }
    assert_eq!(seen[0], seen[1]);
}

fn the_largest_write_reaches_everyone(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let value = "v".repeat(4_096);
    let large = (0..20).fold(write(), |all, n| all.set(&format!("key-{n}"), &value));
    done(&ann.client, large);
    let Change::AttributesChanged { attributes, .. } = bob.notice().change else { panic!() };
    assert!(attributes.len() == 20 && attributes.iter().all(|own| own.value.len() == 4_096));
}

fn a_question_says_at_which_place_its_answer_holds(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann");
    let written = ann.client.ask(write().set("k", "x")).expect("it may");
    let page = ann.client.ask(QueryAttributes::of(STAGE)).expect("it may");
    assert_eq!(page.position(), written.position());
    let said = ann.client.publish((STAGE, "text", "hello")).expect("it may speak");
    let page = ann.client.ask(QueryAttributes::of(STAGE)).expect("it may");
    assert_eq!(page.position(), said.position());
}

fn what_a_room_says_of_itself_is_changed_by_those_who_lead_and_told(io: Wanted) {
    let house = House::with_stage(io);
    let (manager, mut bob) = (house.enter("manager"), house.enter("bob"));
    let change = ChangeRoom::new(STAGE).title("Tea").announcement("Be nice");
    let changed = manager.client.ask(change.saying("new topic")).expect("a manager may");
    let notice = only_notice(&mut bob);
    assert_eq!(notice.position(), changed.position());
    assert_eq!((notice.actor.as_deref(), &*notice.extension), (Some("manager"), "new topic"));
    let Change::RoomChanged(told) = notice.change else { panic!("{notice:?}") };
    let RoomChange { title, announcement, live_url, extension, policy, .. } = *told;
    assert_eq!((title.as_deref(), announcement.as_deref()), (Some("Tea"), Some("Be nice")));
    assert_eq!((live_url, extension, policy), (None, None, None), "these stayed as they were");

    house.backend.ask(ChangeRoom::new(STAGE).live_url("u").quietly()).expect("a server may");
    assert_eq!(bob.heard(), []);
    let about = bob.client.query_room(STAGE).expect("it is there").about;
    assert_eq!((&*about.title, &*about.announcement, &*about.live_url), ("Tea", "Be nice", "u"));

    for guest in [bob, house.enter("ordinary"), house.enter_anonymous(), house.outsider("outsider")]
    {
        let refusal = refused(guest.client.ask(ChangeRoom::new(STAGE).title("x")));
        assert_eq!(refusal, Code::NOT_ALLOWED);
    }
    let about = house.backend.query_room(STAGE).expect("it is there").about;
    assert_eq!(about.title, "Tea");
}

fn whoever_leads_changes_a_room_from_outside_too(io: Wanted) {
    let house = House::with_stage(io);
    let manager = house.outsider("manager").client;
    manager.ask(ChangeRoom::new(STAGE).title("x")).expect("a role holds outside");
    let outsider = house.outsider("outsider").client;
    assert_eq!(refused(outsider.ask(ChangeRoom::new(STAGE).title("y"))), Code::NOT_ALLOWED);
}
