//! How long attributes are there, and what whoever joins gets of them: those that expire, those
//! that go with their owner, and the state of a room behind a join.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_client::ask::{
    ChangeBots, CreateRoom, Moderate, SetQueue, SetRoomOpen, WriteAttributes, WriteQueue,
};
use throng_client::event::Change;
use throng_client::{Code, Event, Join, Profile, QueuePermission};

use super::attributes::{all, code_in_time, done, write};
use super::{Guest, House, STAGE, config};
use crate::both::on_both;

on_both! {
    an_attribute_that_expires_goes_by_itself_and_everyone_is_told
    a_new_write_takes_the_expiry_of_the_one_before_away
    what_is_to_go_with_its_owner_goes_when_that_leaves_and_nothing_else
    what_is_to_go_with_its_owner_goes_when_that_is_kicked
    what_is_to_go_with_its_owner_stays_while_its_seat_is_held
    what_is_to_go_with_its_owner_goes_when_its_seat_is_given_up
    closing_a_room_ends_what_goes_with_its_owner_and_keeps_the_rest
    whoever_joins_gets_attributes_and_queue_as_they_are_at_its_position
    whoever_wants_no_state_gets_none
    a_room_begins_with_what_it_was_created_with
    a_full_room_comes_in_pieces_that_are_all_of_it
}

/// The keys that are told to be gone, and by whom.
fn gone(guest: &mut Guest) -> (Option<String>, Vec<String>) {
    match guest.change() {
        (actor, Change::AttributesChanged { attributes, deleted }, _) if attributes.is_empty() => {
            (actor, deleted)
        }
        other => panic!("nothing is gone: {other:?}"),
    }
}

fn keys(guest: &Guest) -> Vec<String> {
    all(&guest.client).into_iter().map(|own| own.key).collect()
}

fn an_attribute_that_expires_goes_by_itself_and_everyone_is_told(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    done(&ann.client, write().set("short", "x").expiring(Duration::from_secs(1)).set("long", ""));
    let set = bob.notice();
    let Change::AttributesChanged { attributes, .. } = set.change else { panic!("it is set") };
    let left = attributes[0].left.seconds().expect("it is not there for ever");
    assert!(left <= 1 && attributes[1].left.seconds().is_none());

    for guest in [&mut ann, &mut bob] {
        let told = guest.next_of(|event| match event {
            Event::Notice(notice) if notice.seq > set.seq => Some(notice),
            _ => None,
        });
        let Change::AttributesChanged { deleted, .. } = told.change else { panic!("{told:?}") };
        assert_eq!((deleted, told.actor), (vec!["short".to_owned()], None));
        // The broker counts by a clock that is never set; its wall clock may be, a little.
        assert!(told.at >= set.at + 990_000, "after {} us", told.at - set.at);
    }
    assert_eq!(keys(&bob), ["long"]);
    done(&bob.client, write().set_if_absent("short", "bob's"));
}

fn a_new_write_takes_the_expiry_of_the_one_before_away(io: Wanted) {
    let house = House::with_stage(io);
    let mut ann = house.enter("ann");
    let second = Duration::from_secs(1);
    done(&ann.client, write().set("kept", "").expiring(second).set("gone", "").expiring(second));
    done(&ann.client, write().set("kept", ""));
    ann.heard();
    while keys(&ann).contains(&"gone".to_owned()) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(gone(&mut ann), (None, vec!["gone".to_owned()]));
    assert_eq!(keys(&ann), ["kept"]);
}

fn what_is_to_go_with_its_owner_goes_when_that_leaves_and_nothing_else(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    let phone = house.enter_on("ann", "phone");
    done(&ann.client, write().set("hand", "up").auto_delete().set("stays", "x"));
    done(&phone.client, write().set("pulse", "80").auto_delete());
    done(&bob.client, write().set("bobs", "x").auto_delete());
    assert!(all(&bob.client).iter().find(|own| own.key == "hand").expect("set").auto_delete);
    bob.heard();
    ann.client.leave(STAGE).expect("it is a member");
    let (actor, mut keys_gone) = gone(&mut bob);
    keys_gone.sort();
    assert_eq!((actor, keys_gone), (None, vec!["hand".to_owned(), "pulse".to_owned()]));
    assert_eq!(keys(&bob), ["bobs", "stays"]);
}

fn what_is_to_go_with_its_owner_stays_while_its_seat_is_held(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    done(&ann.client, write().set("hand", "up").auto_delete());
    bob.heard();
    ann.client.close();
    while bob.client.query_room(STAGE).expect("it is there").occupants > 1 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(keys(&bob), ["hand"], "its seat is held");
    let back = house.enter("ann");
    assert_eq!(keys(&back), ["hand"]);
    assert_eq!(bob.heard(), [], "nobody was told that it left");
}

fn what_is_to_go_with_its_owner_goes_when_its_seat_is_given_up(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.grace = Duration::ZERO;
    let house = House::open(&config);
    house.create(&CreateRoom::new(STAGE));
    let (ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    done(&ann.client, write().set("hand", "up").auto_delete());
    bob.heard();
    ann.client.close();
    assert_eq!(gone(&mut bob), (None, vec!["hand".to_owned()]));
    assert_eq!(keys(&bob), Vec::<String>::new());
}

fn closing_a_room_ends_what_goes_with_its_owner_and_keeps_the_rest(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann");
    house.backend.ask(SetQueue::new(STAGE, 5)).expect("a server may");
    let dj = ChangeBots::add(STAGE, [("dj", Profile::default())]);
    assert!(house.backend.ask(dj).expect("a server may").all_done());
    done(&ann.client, write().set("hand", "up").auto_delete().set("stays", "x"));
    let offers = WriteQueue::new(STAGE).offer("gone", "").transient().offer("stays", "");
    assert!(ann.client.ask(offers).expect("it may").all_done());
    house.backend.ask(SetRoomOpen::close(STAGE)).expect("a server may");
    house.backend.ask(SetRoomOpen::open(STAGE)).expect("a server may");
    let entered = enter_and_read(&mut house.outsider("bob"), Join::new(STAGE));
    assert_eq!(entered.attributes, [("stays".to_owned(), 1)]);
    assert_eq!(entered.queue, [("stays".to_owned(), 0)]);
    assert_eq!(house.backend.query_room(STAGE).expect("it is there").bots, 1);
}

/// The state behind a join: attributes and the queue, as key and value, and how many pieces.
struct Entered {
    attributes: Vec<(String, usize)>,
    queue: Vec<(String, usize)>,
    pieces: u32,
}

/// Joins and reads the state, which has to be the first that comes.
fn enter_and_read(guest: &mut Guest, join: Join<'_>) -> Entered {
    let joined = guest.client.join(join).expect("the room is open");
    let (mut attributes, mut queue) = (Vec::new(), Vec::new());
    for _ in 0..joined.states {
        match guest.next() {
            Event::RoomAttributes(it) => {
                assert_eq!(it.position().seq, joined.seq);
                attributes.extend(it.attributes.into_iter().map(|own| (own.key, own.value.len())));
            }
            Event::RoomQueue(it) => {
                assert_eq!((it.seq, it.epoch), (joined.seq, joined.epoch));
                queue.extend(it.elements.into_iter().map(|own| (own.key, own.value.len())));
            }
            other => panic!("not the state of the room: {other:?}"),
        }
    }
    Entered { attributes, queue, pieces: joined.states }
}

fn whoever_joins_gets_attributes_and_queue_as_they_are_at_its_position(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann");
    house.backend.ask(SetQueue::new(STAGE, 5)).expect("a server may");
    done(&ann.client, write().set("topic", "tea").set("old", "x").set("n", "12"));
    done(&ann.client, write().delete("old").set("topic", "coffee"));
    let offers = WriteQueue::new(STAGE).offer("z", "first").offer("a", "second");
    assert!(ann.client.ask(offers).expect("it may").all_done());

    let mut bob = house.outsider("bob");
    let entered = enter_and_read(&mut bob, Join::new(STAGE));
    assert_eq!(entered.attributes, [("n".to_owned(), 2), ("topic".to_owned(), 6)]);
    assert_eq!(entered.queue, [("z".to_owned(), 5), ("a".to_owned(), 6)], "in its order");
    assert_eq!(entered.pieces, 2);
    assert!(bob.heard().iter().all(|event| !matches!(event, Event::RoomAttributes(_))));

    done(&ann.client, write().set("topic", "water"));
    let Change::AttributesChanged { attributes, .. } = bob.change().1 else { panic!("it is set") };
    assert_eq!(attributes[0].value, "water", "and from there on every change");
}

fn whoever_wants_no_state_gets_none(io: Wanted) {
    let house = House::with_stage(io);
    house.backend.ask(SetQueue::new(STAGE, 5)).expect("a server may");
    done(&house.backend, write().set("topic", "tea"));
    let mut guest = house.outsider("bob");
    let join = Join::new(STAGE);
    assert_eq!(enter_and_read(&mut guest, join.without_state()).pieces, 0);
    let only_queue = enter_and_read(&mut house.outsider("cid"), join.without_attributes());
    assert_eq!((only_queue.pieces, only_queue.attributes.len()), (1, 0), "an empty queue is told");
    let only_attributes = enter_and_read(&mut house.outsider("dan"), join.without_queue());
    assert_eq!((only_attributes.pieces, only_attributes.attributes.len()), (1, 1));
}

fn a_room_begins_with_what_it_was_created_with(io: Wanted) {
    let house = House::open(&config(io));
    let room = CreateRoom::new(STAGE).attribute("topic", "tea").attribute("mood", "good");
    house.create(&room.queue(7, QueuePermission::Managers));
    let state = house.backend.query_room(STAGE).expect("it is there");
    assert_eq!((state.attributes, state.elements, state.queue_size), (2, 0, 7));
    assert_eq!(state.queue_permission, QueuePermission::Managers);
    let creator = house.enter("creator");
    assert!(all(&creator.client).iter().all(|own| own.owner.as_deref() == Some("creator")));
    done(&creator.client, write().set("topic", "coffee"));
}

fn a_full_room_comes_in_pieces_that_are_all_of_it(io: Wanted) {
    let house = House::with_stage(io);
    house.backend.ask(SetQueue::new(STAGE, 1_000)).expect("a server may");
    let large = "v".repeat(4_096);
    for n in 0..100 {
        let one = WriteAttributes::new(STAGE).set(&format!("key-{n}"), &large).quietly();
        assert!(code_in_time(&house.backend, &one) == Code::NONE);
    }
    for part in 0..50 {
        let offers = (0..20).fold(WriteQueue::new(STAGE).quietly(), |all, n| {
            all.offer(&format!("element-{}", part * 20 + n), &large)
        });
        assert!(house.backend.ask(offers).expect("it may").all_done());
    }
    let mut guest = house.outsider("bob");
    let entered = enter_and_read(&mut guest, Join::new(STAGE));
    let state = house.backend.query_room(STAGE).expect("it is there");
    assert_eq!((state.attributes, state.elements), (100, 1_000));
    assert_eq!((entered.attributes.len(), entered.queue.len()), (100, 1_000));
    let both = entered.attributes.iter().chain(&entered.queue);
    assert!(both.into_iter().all(|(_, length)| *length == 4_096));
    let order = entered.queue.iter().enumerate();
    assert!(order.into_iter().all(|(n, (key, _))| *key == format!("element-{n}")));
}

fn what_is_to_go_with_its_owner_goes_when_that_is_kicked(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, bob) = (house.enter("ann"), house.enter("bob"));
    done(&ann.client, write().set("hand", "up").auto_delete().set("stays", ""));
    let kick = house.backend.ask(Moderate::kick(STAGE, ["ann"])).expect("a server may");
    assert!(kick.all_done());
    assert_eq!(keys(&bob), ["stays"]);
}
