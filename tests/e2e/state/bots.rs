//! Members that a server made up: in lists and counts, and nobody is behind them.

use throng_broker::io::choice::Wanted;
use throng_client::ask::{ChangeBots, FindMembers, QueryMembers};
use throng_client::{Attendance, Code, Profile, RoomRole};

use super::{House, STAGE, code, refused};
use crate::both::on_both;

on_both! {
    bots_are_in_lists_and_counts_and_occupy_nothing
    a_bot_that_is_there_gets_another_profile
    bots_are_taken_out_one_by_one_or_all_at_once
    there_are_a_hundred_bots_in_a_call_and_the_lists_come_in_pages
    only_servers_put_bots_in
    a_member_is_not_in_lists_and_counts_a_second_time_as_a_bot
}

fn named(nickname: &str) -> Profile {
    Profile { nickname: nickname.to_owned(), ..Profile::default() }
}

fn add<'a>(house: &House, bots: impl IntoIterator<Item = &'a str>) {
    let bots = bots.into_iter().map(|bot| (bot, named(bot)));
    let added = house.backend.ask(ChangeBots::add(STAGE, bots)).expect("a server may");
    assert!(added.all_done(), "{added:?}");
}

/// Members, those with a session, and bots.
fn counts(house: &House) -> (u64, u64, u32) {
    let state = house.backend.query_room(STAGE).expect("it is there");
    (state.members, state.occupants, state.bots)
}

fn bots_are_in_lists_and_counts_and_occupy_nothing(io: Wanted) {
    let house = House::with_stage(io);
    let mut ann = house.enter("ann");
    add(&house, ["dj", "barkeeper"]);
    assert_eq!(counts(&house), (3, 1, 2));
    let bob = house.outsider("bob");
    let joined = bob.client.join(STAGE).expect("it is open");
    assert_eq!((joined.members, joined.occupants), (4, 2));

    let page = ann.client.ask(QueryMembers::of(STAGE)).expect("it may ask");
    assert_eq!(page.total, 4);
    let dj = page.members.iter().find(|member| &*member.user == "dj").expect("it is listed");
    assert_eq!((dj.attendance, &*dj.profile.nickname), (Attendance::Bot, "dj"));
    assert!(dj.role == RoomRole::Visitor && dj.joined_at > 0);
    let sought = FindMembers::new(STAGE, ["dj", "ann", "nobody"]);
    let found = ann.client.ask(sought).expect("it may ask");
    assert_eq!(found.attendances[..2], [Attendance::Bot, Attendance::Present]);
    ann.heard();
    house.backend.publish((STAGE, "text", "hello")).expect("a server may");
    assert_eq!(ann.messages(), ["hello"]);
}

fn a_bot_that_is_there_gets_another_profile(io: Wanted) {
    let house = House::with_stage(io);
    add(&house, ["dj"]);
    let again = ChangeBots::add(STAGE, [("dj", named("DJ Ann"))]);
    assert!(house.backend.ask(again).expect("a server may").all_done());
    let page = house.backend.ask(QueryMembers::of(STAGE)).expect("a server may");
    let bots: Vec<_> = page.members.iter().filter(|it| it.attendance == Attendance::Bot).collect();
    assert_eq!(bots.len(), 1);
    assert_eq!(bots[0].profile, named("DJ Ann"));
}

fn bots_are_taken_out_one_by_one_or_all_at_once(io: Wanted) {
    let house = House::with_stage(io);
    let _ann = house.enter("ann");
    add(&house, ["a", "b", "c"]);
    let some = ChangeBots::remove(STAGE, ["a", "nobody", "ann"]);
    let results = house.backend.ask(some).expect("a server may").each;
    let codes: Vec<_> = results.iter().map(code).collect();
    assert_eq!(codes, [Code::NONE, Code::NOT_A_MEMBER, Code::NOT_A_MEMBER]);
    assert_eq!(counts(&house), (3, 1, 2), "a member is not taken out so");
    let cleared = house.backend.ask(ChangeBots::clear(STAGE)).expect("a server may");
    assert!(cleared.each.is_empty());
    assert_eq!(counts(&house), (1, 1, 0));
    house.backend.ask(ChangeBots::clear(STAGE)).expect("there are none, and that is fine");
    add(&house, ["a"]);
    assert_eq!(counts(&house), (2, 1, 1));
}

fn there_are_a_hundred_bots_in_a_call_and_the_lists_come_in_pages(io: Wanted) {
    let house = House::with_stage(io);
    let ann = house.enter("ann");
    let names: Vec<String> = (0..100).map(|n| format!("bot-{n:02}")).collect();
    add(&house, names.iter().map(String::as_str));
    assert_eq!(counts(&house), (101, 1, 100));
    for newest_first in [false, true] {
        let (mut users, mut query) = (Vec::new(), QueryMembers::of(STAGE).limit(40));
        if newest_first {
            query = query.newest_first();
        }
        loop {
            let page = ann.client.ask(query.clone()).expect("it may ask");
            assert_eq!(page.total, 101);
            users.extend(page.members.into_iter().map(|member| member.user));
            let Some(next) = page.next else { break };
            query = query.from(next);
        }
        users.sort_unstable();
        users.dedup();
        assert_eq!(users.len(), 101, "each once");
    }
}

fn only_servers_put_bots_in(io: Wanted) {
    let house = House::with_stage(io);
    for guest in [house.enter("creator"), house.enter("manager"), house.enter_anonymous()] {
        let add = ChangeBots::add(STAGE, [("dj", named("DJ"))]);
        assert_eq!(refused(guest.client.ask(add)), Code::NOT_ALLOWED);
        assert_eq!(refused(guest.client.ask(ChangeBots::clear(STAGE))), Code::NOT_ALLOWED);
    }
    assert_eq!(house.backend.query_room(STAGE).expect("it is there").bots, 0);
    assert_eq!(refused(house.backend.ask(ChangeBots::clear("nowhere"))), Code::NO_SUCH_ROOM);
}

fn a_member_is_not_in_lists_and_counts_a_second_time_as_a_bot(io: Wanted) {
    let house = House::with_stage(io);
    let _ann = house.enter("ann");
    let twice = ChangeBots::add(STAGE, [("ann", named("not ann"))]);
    house.backend.ask(twice).expect("whatever its result is");
    let found = house.backend.ask(FindMembers::new(STAGE, ["ann"])).expect("a server may");
    assert_eq!(found.attendances, [Attendance::Present]);
    let page = house.backend.ask(QueryMembers::of(STAGE)).expect("a server may");
    assert_eq!(page.members.iter().filter(|member| &*member.user == "ann").count(), 1);
}
