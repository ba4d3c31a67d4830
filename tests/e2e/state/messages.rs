//! Messages beyond the plain one: published once however often it is asked for, for some only, and
//! delivered to whoever published it.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{CreateRoom, Moderate, PublishMany, QueryHistory};
use throng_client::blocking::Client;
use throng_client::event::Direct;
use throng_client::reply::Accepted;
use throng_client::{Code, Development, Error, Event, Publish};
use throng_harness::client::SECRET;

use super::history::found;
use super::{Guest, House, STAGE, config, refused, text};
use crate::both::on_both;

on_both! {
    a_repeat_gets_the_first_answer_and_is_delivered_once
    a_repeat_is_known_after_a_reconnect_and_from_another_device
    repeats_at_once_are_one_message
    another_room_user_or_id_is_another_message
    what_was_refused_may_be_tried_again
    what_was_refused_in_one_of_many_rooms_is_tried_again_in_that_one
    a_message_for_some_reaches_those_who_are_members_and_nobody_else
    one_without_an_account_is_spoken_to_by_the_id_it_was_given
    a_message_for_some_is_never_kept_and_has_no_place
    messages_for_some_come_between_those_for_all_as_they_were_said
    only_those_who_may_speak_may_speak_to_some
    whoever_publishes_gets_its_own_message_only_if_it_wants_it
    whoever_speaks_to_itself_among_others_gets_it_only_if_it_wants_it
}

fn once<'a>(text: &'a str, id: &'a str) -> Publish<'a> {
    Publish::new(STAGE, "text", text).message_id(id)
}

fn say(client: &Client, publish: Publish<'_>) -> Accepted {
    client.publish(publish).expect("it may speak")
}

fn directs(guest: &mut Guest) -> Vec<Direct> {
    let direct = |event| match event {
        Event::Direct(direct) => Some(direct),
        _ => None,
    };
    guest.heard().into_iter().filter_map(direct).collect()
}

fn a_repeat_gets_the_first_answer_and_is_delivered_once(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    let first = say(&ann, once("hello", "id-1"));
    say(&ann, Publish::new(STAGE, "text", "in between"));
    assert_eq!(say(&ann, once("hello", "id-1")), first);
    assert_eq!(say(&ann, once("something else", "id-1")), first, "the id says what it is");
    let second = say(&ann, once("bye", "id-2"));
    assert_eq!(second.seq, first.seq + 2);
    assert_eq!(bob.messages(), ["hello", "in between", "bye"]);
    let server = say(&house.backend, once("news", "id-1"));
    assert_eq!(say(&house.backend, once("news", "id-1")), server);
    assert_eq!(bob.messages(), ["news"]);
}

fn a_repeat_is_known_after_a_reconnect_and_from_another_device(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    let first = say(&ann, once("hello", "id-1"));
    let phone = house.enter_on("ann", "phone").client;
    assert_eq!(say(&phone, once("hello", "id-1")), first);
    ann.close();
    phone.close();
    let ann = house.enter("ann").client;
    assert_eq!(say(&ann, once("hello", "id-1")), first);
    ann.leave(STAGE).expect("it is a member");
    let ann = house.enter("ann").client;
    assert_eq!(say(&ann, once("hello", "id-1")), first);
    assert_eq!(bob.messages(), ["hello"]);
}

fn repeats_at_once_are_one_message(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    let devices: Vec<_> = (0..4).map(|n| house.enter_on("ann", &format!("device-{n}"))).collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> = devices
            .iter()
            .map(|device| {
                scope.spawn(move || {
                    let ahead = || device.client.publish_ahead(once("hello", "id-1"));
                    let tickets: Vec<_> = (0..5).map(|_| ahead().expect("connected")).collect();
                    let wait = |ticket: throng_client::blocking::Ticket| ticket.wait();
                    tickets.into_iter().map(wait).collect::<Vec<_>>()
                })
            })
            .collect();
        asked.into_iter().flat_map(|own| own.join().expect("it does not panic")).collect()
    });
    assert_eq!(answers.len(), 20);
    let first = answers[0].as_ref().expect("it may speak");
    assert!(answers.iter().all(|own| own.as_ref() == Ok(first)), "{answers:?}");
    assert_eq!(bob.messages(), ["hello"]);
}

fn another_room_user_or_id_is_another_message(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms_per_user = 2;
    let house = House::open(&config);
    house.create(&CreateRoom::new(STAGE));
    house.backend.create_room("lobby").expect("there is none");
    let (ann, bob) = (house.enter("ann").client, house.enter("bob").client);
    ann.join("lobby").expect("it is open");
    let first = say(&ann, once("x", "id-1"));
    let in_lobby = say(&ann, Publish::new("lobby", "text", "x").message_id("id-1"));
    assert_eq!((in_lobby.room.as_str(), in_lobby.seq), ("lobby", 1));
    assert_ne!(in_lobby.epoch, first.epoch);
    assert_eq!(say(&bob, once("x", "id-1")).seq, 2);
    assert_eq!(say(&ann, once("x", "id-2")).seq, 3);
    assert_eq!(say(&ann, once("x", "")).seq, 4, "without an id each is another");
    assert_eq!(say(&ann, once("x", "")).seq, 5);
    let many = PublishMany::new([STAGE, "lobby"], "text", "x").message_id("id-1");
    let places = house.backend.ask(many.clone()).expect("a server may").each;
    assert_eq!(house.backend.ask(many).expect("a server may").each, places, "in each of them");
    let seqs: Vec<_> = places.iter().map(|own| own.as_ref().expect("accepted").seq).collect();
    assert_eq!(seqs, [6, 2]);
}

fn what_was_refused_may_be_tried_again(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    let mute = Moderate::mute(STAGE, ["ann"]).quietly();
    assert!(house.backend.ask(mute).expect("a server may").all_done());
    assert_eq!(refused(ann.publish(once("hello", "id-1"))), Code::MUTED);
    let unmute = Moderate::unmute(STAGE, ["ann"]).quietly();
    assert!(house.backend.ask(unmute).expect("a server may").all_done());
    let first = say(&ann, once("hello", "id-1"));
    assert_eq!(say(&ann, once("hello", "id-1")), first);
    assert_eq!(bob.messages(), ["hello"]);
}

fn a_message_for_some_reaches_those_who_are_members_and_nobody_else(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut bob, mut cid) = (house.enter("ann"), house.enter("bob"), house.enter("cid"));
    let mut phone = house.enter_on("bob", "phone");
    let outsider = house.outsider("outsider");
    let newest = say(&ann.client, Publish::new(STAGE, "text", "for all"));
    let users = ["bob", "outsider", "nobody"];
    let psst = Publish::new(STAGE, "secret", "psst").to_users(&users);
    let accepted = say(&ann.client, psst);
    assert!(accepted.direct);
    assert_eq!(accepted.position(), newest.position(), "it has no place of its own");
    for guest in [&mut bob, &mut phone] {
        let got = directs(guest);
        assert_eq!(got.len(), 1, "{got:?}");
        let Direct { room, seq, sender, kind, payload, .. } = &got[0];
        assert_eq!(
            (&**room, &**sender, &**kind, &text(payload)[..]),
            (STAGE, "ann", "secret", "psst")
        );
        assert_eq!(*seq, newest.seq);
    }
    assert_eq!((directs(&mut cid), directs(&mut ann)), (vec![], vec![]));
    outsider.client.join(STAGE).expect("it is open");
    let mut outsider = outsider;
    assert_eq!(directs(&mut outsider), [], "it was none when it was said");

    say(&house.backend, Publish::new(STAGE, "secret", "by a server").to_users(&["cid"]));
    assert_eq!(directs(&mut cid).len(), 1);
    let echo = Publish::new(STAGE, "secret", "note to self").to_users(&["ann"]).echo();
    say(&ann.client, echo);
    assert_eq!(directs(&mut ann).len(), 1);
}

fn one_without_an_account_is_spoken_to_by_the_id_it_was_given(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann").client;
    let (mut guest, mut other) = (house.enter_anonymous(), house.enter_anonymous());
    let user = guest.client.welcome().expect("it is connected").user;
    let psst = Publish::new(STAGE, "secret", "psst");
    assert!(say(&ann, psst.to_users(&[user.as_str()])).direct);
    let got = directs(&mut guest);
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!((&*got[0].sender, &text(&got[0].payload)[..]), ("ann", "psst"));
    assert_eq!(directs(&mut other), [], "each has its own");
    assert_eq!(ann.query_room(STAGE).expect("it is there").seq, 0, "and it has no place");
}

fn a_message_for_some_is_never_kept_and_has_no_place(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    say(&ann, Publish::new(STAGE, "text", "one"));
    let users: Vec<String> = (0..99).map(|n| format!("user-{n}")).collect();
    let mut hundred: Vec<&str> = users.iter().map(String::as_str).collect();
    hundred.push("bob");
    say(&ann, Publish::new(STAGE, "text", "psst").to_users(&hundred));
    assert_eq!(say(&ann, Publish::new(STAGE, "text", "two")).seq, 2);
    assert_eq!(bob.messages(), ["one", "two"]);
    let history: Vec<_> = found(&bob.client, QueryHistory::since(STAGE, 1));
    assert_eq!(history.iter().map(|own| text(&own.payload)).collect::<Vec<_>>(), ["one", "two"]);
    bob.client.leave(STAGE).expect("it is a member");
    bob.client.join(STAGE).expect("it is open");
    assert_eq!(directs(&mut bob), []);
}

fn only_those_who_may_speak_may_speak_to_some(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    let to_bob = Publish::new(STAGE, "text", "psst").to_users(&["bob"]);
    let outsider = house.outsider("outsider").client;
    assert_eq!(refused(outsider.publish(to_bob)), Code::NOT_A_MEMBER);
    assert_eq!(refused(house.enter_anonymous().client.publish(to_bob)), Code::NOT_ALLOWED);
    let ann = house.enter("ann").client;
    let mute = Moderate::mute(STAGE, ["ann"]).quietly();
    assert!(house.backend.ask(mute).expect("a server may").all_done());
    assert_eq!(refused(ann.publish(to_bob)), Code::MUTED);
    let too_many = ["bob"; 101];
    let unsent = house.backend.publish(Publish::new(STAGE, "text", "x").to_users(&too_many));
    assert!(matches!(unsent, Err(Error::Unsent(_))), "{unsent:?}");
    assert_eq!(directs(&mut bob), []);
}

fn whoever_publishes_gets_its_own_message_only_if_it_wants_it(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut phone) = (house.enter("ann"), house.enter_on("ann", "phone"));
    let mut bob = house.enter("bob");
    assert!(!say(&ann.client, Publish::new(STAGE, "text", "plain")).echo);
    assert!(say(&ann.client, Publish::new(STAGE, "text", "echo").echo()).echo);
    assert_eq!(ann.messages(), ["echo"]);
    assert_eq!(phone.messages(), ["plain", "echo"], "another device gets it always");
    assert_eq!(bob.messages(), ["plain", "echo"]);
    let mut server = house.connect(Development::new(SECRET).server("inside"));
    say(&server.client, Publish::new(STAGE, "text", "from outside").echo());
    assert_eq!(server.messages(), [""; 0], "it is not in the room");
    server.client.join(throng_client::Join::new(STAGE).history(0)).expect("a server may");
    say(&server.client, Publish::new(STAGE, "text", "from inside").echo());
    assert_eq!(server.messages(), ["from inside"]);
}

fn what_was_refused_in_one_of_many_rooms_is_tried_again_in_that_one(io: Wanted) {
    let house = House::with_stage(io);
    let mut bob = house.enter("bob");
    let many = PublishMany::new([STAGE, "later", STAGE], "text", "x").message_id("id-1");
    let first = house.backend.ask(many.clone()).expect("a server may").each;
    assert!(first[0].is_ok() && first[1].is_err());
    assert_eq!(first[0], first[2], "twice the same room and id is one message");
    house.backend.create_room("later").expect("there is none");
    let again = house.backend.ask(many).expect("a server may");
    assert!(again.all_done());
    assert_eq!(again.each[0], first[0]);
    assert_eq!(bob.messages(), ["x"]);
}

fn messages_for_some_come_between_those_for_all_as_they_were_said(io: Wanted) {
    let house = House::with_stage(io);
    let (ann, mut bob) = (house.enter("ann").client, house.enter("bob"));
    let mut tickets = Vec::new();
    for _ in 0..50 {
        let for_all = Publish::new(STAGE, "text", "for all");
        tickets.push(ann.publish_ahead(for_all).expect("connected"));
        tickets.push(ann.publish_ahead(for_all.to_users(&["bob"])).expect("connected"));
    }
    for ticket in tickets {
        ticket.wait().expect("it may speak");
    }
    let (mut newest, mut directs) = (0, 0);
    for event in bob.heard() {
        match event {
            Event::Message(message) => newest = message.seq,
            Event::Direct(direct) => {
                assert_eq!(direct.seq, newest);
                directs += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((newest, directs), (50, 50));
}

fn whoever_speaks_to_itself_among_others_gets_it_only_if_it_wants_it(io: Wanted) {
    let house = House::with_stage(io);
    let (mut ann, mut bob) = (house.enter("ann"), house.enter("bob"));
    say(&ann.client, Publish::new(STAGE, "text", "psst").to_users(&["ann", "bob"]));
    assert_eq!(directs(&mut bob).len(), 1);
    assert_eq!(directs(&mut ann), [], "without ECHO the session does not get its own");
}
