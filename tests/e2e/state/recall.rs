//! Taking a message back: whose, by whom, and what is seen of it afterwards.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{CreateRoom, QueryHistory, Recall, WriteAttributes};
use throng_client::event::{Change, Tombstone};
use throng_client::reply::HistoryEntry;
use throng_client::{Code, Event, Position, Publish};

use super::history::{found, say};
use super::{Guest, House, STAGE, refused};
use crate::both::on_both;

on_both! {
    whoever_said_it_takes_it_back_and_everyone_is_told
    those_who_lead_and_servers_take_any_back
    nobody_else_takes_a_message_back
    what_is_not_there_is_not_taken_back
    a_tombstone_stands_in_its_place_for_those_who_come_later
    of_what_is_erased_nothing_is_seen_later
    a_tombstone_stands_for_those_who_resume
    of_what_is_erased_nothing_is_seen_by_those_who_resume
    a_tombstone_is_found_at_the_time_of_its_message
}

fn tombstones(guest: &mut Guest) -> Vec<Tombstone> {
    let stone = |event| match event {
        Event::Tombstone(stone) => Some(stone),
        _ => None,
    };
    guest.heard().into_iter().filter_map(stone).collect()
}

fn recall(at: Position) -> Recall {
    Recall::new(STAGE, at)
}

fn whoever_said_it_takes_it_back_and_everyone_is_told(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    say(&ann.client, "text", "before");
    let oops = say(&ann.client, "text", "oops");
    let changed = ann.client.ask(recall(oops.position()).saying("a typo")).expect("it is hers");
    assert_eq!(bob.messages(), ["before", "oops"], "what was delivered stays");
    for guest in [&mut ann, &mut house.enter("cid")] {
        let seen = guest.heard();
        assert!(seen.iter().all(|event| !matches!(event, Event::Message(_))), "{seen:?}");
    }
    let oops = say(&ann.client, "text", "oops");
    let again = ann.client.ask(recall(oops.position()).saying("again")).expect("it is hers");
    assert!(again.seq > oops.seq && oops.seq > changed.seq);
    let notice = bob.notice();
    assert_eq!(notice.position(), again.position());
    assert_eq!((notice.actor.as_deref(), &*notice.extension), (Some("ann"), "again"));
    let Change::MessageRecalled { seq, sender } = notice.change else { panic!("{notice:?}") };
    assert_eq!((seq, sender.as_deref()), (oops.seq, Some("ann")));
    let phone = house.enter_on("ann", "phone").client;
    let said = say(&ann.client, "text", "from the desk");
    phone.ask(recall(said.position())).expect("the user said it, not the device");
}

fn those_who_lead_and_servers_take_any_back(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let (manager, creator) = (house.enter("manager"), house.enter("creator"));
    for (leader, actor) in [
        (&manager.client, Some("manager")),
        (&creator.client, Some("creator")),
        (&house.backend, None),
    ] {
        let said = say(&ann.client, "text", "x");
        bob.heard();
        leader.ask(recall(said.position())).expect("it leads");
        assert_eq!(bob.notice().actor.as_deref(), actor);
    }
    let of_the_server = say(&house.backend, "text", "x");
    manager.client.ask(recall(of_the_server.position())).expect("any is any");
    assert_eq!(bob.client.ask(QueryHistory::newest(STAGE)).expect("it may").entries.len(), 4);
}

fn nobody_else_takes_a_message_back(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann");
    let said = say(&ann.client, "text", "x").position();
    for guest in [house.enter("bob"), house.enter("ordinary"), house.enter_anonymous()] {
        assert_eq!(refused(guest.client.ask(recall(said))), Code::NOT_ALLOWED);
        assert_eq!(refused(guest.client.ask(recall(said).erase())), Code::NOT_ALLOWED);
    }
    let outsider = house.outsider("outsider");
    assert_eq!(refused(outsider.client.ask(recall(said))), Code::NOT_A_MEMBER);
    ann.client.leave(STAGE).expect("it is a member");
    assert_eq!(refused(ann.client.ask(recall(said))), Code::NOT_A_MEMBER, "not even its own");
    assert_eq!(found(&house.backend, QueryHistory::newest(STAGE)).len(), 1);
}

fn what_is_not_there_is_not_taken_back(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, bob) = (house.enter("ann"), house.enter("bob"));
    let said = say(&ann.client, "text", "x").position();
    let Position { epoch, seq } = said;
    let written = ann.client.ask(WriteAttributes::new(STAGE).set("k", "")).expect("it may");
    let direct = Publish::new(STAGE, "text", "psst").to_users(&["bob"]);
    ann.client.publish(direct).expect("it may speak");
    for not_there in [
        Position { epoch: epoch + 1, seq },
        Position { epoch, seq: 0 },
        Position { epoch, seq: u64::MAX },
        written.position(),
    ] {
        let gone = refused(ann.client.ask(recall(not_there)));
        assert_eq!(gone, Code::NO_SUCH_MESSAGE, "{not_there:?}");
    }
    ann.client.ask(recall(said)).expect("it is there");
    for guest in [&ann, &bob] {
        assert_eq!(refused(guest.client.ask(recall(said))), Code::NO_SUCH_MESSAGE, "not twice");
    }
    let nowhere = Recall::new("nowhere", said);
    assert_eq!(refused(house.backend.ask(nowhere)), Code::NO_SUCH_ROOM);
    house.backend.destroy_room(STAGE).expect("it is there");
    house.backend.ask(CreateRoom::new(STAGE)).expect("it is gone");
    assert_eq!(refused(house.backend.ask(recall(said))), Code::NO_SUCH_MESSAGE, "another room");
}

fn a_tombstone_stands_in_its_place_for_those_who_come_later(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, manager) = (house.enter("ann"), house.enter("manager"));
    say(&ann.client, "text", "one");
    let (own, by_manager) = (say(&ann.client, "tip", "two"), say(&ann.client, "text", "three"));
    ann.client.ask(recall(own.position())).expect("it is hers");
    manager.client.ask(recall(by_manager.position())).expect("it leads");

    let mut cid = house.outsider("cid");
    let joined = cid.client.join(STAGE).expect("it is open");
    let events = cid.heard();
    assert_eq!(joined.entries as usize, events.len(), "{events:?}");
    let [Event::Message(first), Event::Tombstone(second), Event::Tombstone(third), ..] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(first.payload, "one");
    let told = (second.sender.as_deref(), second.kind.as_deref(), second.actor.as_deref());
    assert_eq!(told, (Some("ann"), Some("tip"), Some("ann")));
    assert_eq!(second.position(), own.position());
    assert_eq!((third.actor.as_deref(), third.seq), (Some("manager"), by_manager.seq));
    assert!(second.at > 0);

    let page = cid.client.ask(QueryHistory::since(STAGE, 1)).expect("it may read");
    let [_, HistoryEntry::Tombstone(own), HistoryEntry::Tombstone(other)] = &page.entries[..]
    else {
        panic!("{page:?}")
    };
    assert_eq!((own, other), (second, third));
    let tips = cid.client.ask(QueryHistory::since(STAGE, 1).kinds(["tip"])).expect("it may");
    assert_eq!(tips.entries, [HistoryEntry::Tombstone(*second)], "it has its kind still");
}

fn of_what_is_erased_nothing_is_seen_later(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    say(&ann.client, "text", "one");
    let said = say(&ann.client, "text", "secret");
    bob.heard();
    ann.client.ask(recall(said.position()).erase()).expect("it is hers");
    let Change::MessageRecalled { seq, .. } = bob.notice().change else { panic!("it is told") };
    assert_eq!(seq, said.seq, "those who are there are told");

    let mut cid = house.outsider("cid");
    cid.client.join(STAGE).expect("it is open");
    let events = cid.heard();
    let said = |event: &Event| matches!(event, Event::Message(_) | Event::Tombstone(_));
    assert_eq!(events.iter().filter(|event| said(event)).count(), 1, "{events:?}");
    for query in [QueryHistory::newest(STAGE), QueryHistory::since_time(STAGE, 0)] {
        assert_eq!(found(&cid.client, query).len(), 1);
    }
}

fn a_tombstone_stands_for_those_who_resume(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let first = say(&ann.client, "text", "one");
    bob.heard();
    bob.client.close();
    let said = [say(&ann.client, "text", "two"), say(&ann.client, "text", "three")];
    ann.client.ask(recall(said[0].position())).expect("it is hers");
    let mut bob = house.outsider("bob");
    let join = throng_client::Join::new(STAGE).resume(first.position());
    assert_eq!(bob.client.join(join).expect("its seat is held").recovery, Code::NONE);
    let stones = tombstones(&mut bob);
    assert_eq!(stones.iter().map(Tombstone::position).collect::<Vec<_>>(), [said[0].position()]);
}

fn of_what_is_erased_nothing_is_seen_by_those_who_resume(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let first = say(&ann.client, "text", "one");
    bob.heard();
    bob.client.close();
    let said = say(&ann.client, "text", "secret");
    ann.client.ask(recall(said.position()).erase()).expect("it is hers");
    let mut bob = house.outsider("bob");
    let join = throng_client::Join::new(STAGE).resume(first.position());
    assert_eq!(bob.client.join(join).expect("its seat is held").recovery, Code::NONE);
    assert_eq!(tombstones(&mut bob), [], "nothing stands in its place");
}

fn a_tombstone_is_found_at_the_time_of_its_message(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let said = ["one", "two"].map(|text| say(&ann, "text", text));
    // So that it is recalled in another microsecond than the last was read.
    std::thread::sleep(std::time::Duration::from_millis(1));
    ann.ask(recall(said[0].position())).expect("it is hers");
    let newest = found_with_tombstones(&ann, QueryHistory::newest(STAGE));
    assert_eq!(newest, [2, 1]);
    let until = QueryHistory::until_time(STAGE, said[1].time);
    assert_eq!(found_with_tombstones(&ann, until), newest, "all was said until then");
}

/// The places of what is on the first page.
fn found_with_tombstones(
    client: &throng_client::blocking::Client,
    query: QueryHistory,
) -> Vec<u64> {
    let page = client.ask(query).expect("it may read");
    page.entries.iter().map(|entry| entry.position().seq).collect()
}
