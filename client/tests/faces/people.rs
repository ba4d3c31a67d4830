//! Promises about the members of rooms, and about those who do not behave.

use std::time::Duration;

use throng_client::ask::{
    ChangeList, FindMembers, Moderate, QueryMembers, QuerySanctions, SetProfile, SetRoomRole,
};
use throng_client::event::Change;
use throng_client::{
    Attendance, Code, Error, Event, KickReason, Profile, RoomRole, Sanction, Term, Unsent,
};
use throng_protocol::push::{Kicked, Notice};
use throng_protocol::reply;
use throng_protocol::request::Request;
use throng_protocol::value::{
    self, Attendances, IdList, ItemResult, ItemResults, ListName, MemberFilter, MemberOrder,
    Members, Moderation, NoticeKind, Sanctioned, SanctionedUsers,
};

use crate::broker::{Broker, NONE, Peer};
use crate::face::{Face, Listen};
use crate::rooms::NOTICE;

const ANN: value::Member<'static> = value::Member {
    user: "ann",
    role: RoomRole::Creator,
    attendance: Attendance::Away,
    joined_at: 0,
    profile: value::Profile { nickname: "Ann", avatar: "", extension: "{}" },
};

fn reply_members(peer: &mut Peer, number: u32, members: &[value::Member<'_>], cursor: &[u8]) {
    let mut bytes = Vec::new();
    Members::write(members.iter().copied(), &mut bytes);
    let members = Members::parse(&bytes).unwrap();
    peer.reply(number, reply::MembersPage { total: 3, members, cursor, extensions: NONE });
}

fn reply_results(peer: &mut Peer, number: u32, results: &[ItemResult]) {
    let mut bytes = Vec::new();
    ItemResults::write(results.iter().copied(), &mut bytes);
    let results = ItemResults::parse(&bytes).unwrap();
    peer.reply(number, reply::Results { results, extensions: NONE });
}

pub async fn a_member_is_found_in_pages_and_by_name<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        for (cursor, next, user) in [(&b""[..], &b"second"[..], "ann"), (b"second", b"", "bob")] {
            let number = peer.request(|request| match request {
                Request::QueryMembers(it) => {
                    assert_eq!((it.filter, it.order), (MemberFilter::Fixed, NEWEST));
                    assert_eq!((it.cursor, it.limit), (cursor, 1));
                }
                other => panic!("not a query: {other:?}"),
            });
            reply_members(&mut peer, number, &[value::Member { user, ..ANN }], next);
        }
        let number = peer.request(|request| match request {
            Request::FindMembers(it) => assert_eq!(it.users.iter().last(), Some("eve")),
            other => panic!("not a search: {other:?}"),
        });
        let found = [Attendance::Present, Attendance::Absent].map(Attendance::to_byte);
        let attendances = Attendances::parse(&found).unwrap();
        peer.reply(number, reply::MembersFound { attendances, extensions: NONE });
        let number = peer.request(|request| match request {
            Request::SetProfile(it) => assert_eq!(it.profile.nickname, "Anna"),
            other => panic!("not a profile: {other:?}"),
        });
        peer.reply(number, reply::Changed { epoch: 1, seq: 3, extensions: NONE });
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let query = QueryMembers::of("lobby").fixed().newest_first().limit(1);
    let first = client.ask(query.clone()).await.unwrap();
    assert_eq!((first.total, &*first.members[0].user), (3, "ann"));
    assert_eq!(first.members[0].attendance, Attendance::Away);
    assert_eq!(first.members[0].profile.nickname, "Ann");
    let last = client.ask(query.from(first.next.unwrap())).await.unwrap();
    assert_eq!((&*last.members[0].user, last.next), ("bob", None));
    let found = client.ask(FindMembers::new("lobby", ["ann", "eve"])).await.unwrap();
    assert_eq!(found.attendances, [Attendance::Present, Attendance::Absent]);
    let profile = Profile { nickname: "Anna".to_owned(), ..Profile::default() };
    client.ask(SetProfile::new("lobby", profile)).await.unwrap();
    drop((client, events));
    broker.finish();
}

const NEWEST: MemberOrder = MemberOrder::NewestFirst;

pub async fn many_are_moderated_in_one_call_with_a_result_for_each<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::Moderate(it) => {
                assert_eq!((it.room, it.action), ("lobby", Moderation::Mute));
                assert_eq!(it.users.iter().collect::<Vec<_>>(), ["bob", "ann"]);
                assert_eq!((it.term.seconds(), it.extension), (Some(2), "calm down"));
            }
            other => panic!("not a mute: {other:?}"),
        });
        let not_allowed = ItemResult { code: Code::NOT_ALLOWED, retry_after_ms: 0 };
        reply_results(&mut peer, number, &[ItemResult::DONE, not_allowed]);
        let number = peer.request(|request| match request {
            Request::Moderate(it) => {
                assert_eq!((it.room, it.action, it.term), ("", Moderation::Ban, Term::FOREVER));
            }
            other => panic!("not a ban: {other:?}"),
        });
        reply_results(&mut peer, number, &[ItemResult::DONE]);
        let number = peer.request(|request| match request {
            Request::SetRoomRole(it) => assert_eq!(it.role, RoomRole::Manager),
            other => panic!("not a role: {other:?}"),
        });
        reply_results(&mut peer, number, &[ItemResult::DONE]);
        let number = peer.request(|request| match request {
            Request::ChangeList(it) => {
                assert_eq!((it.list, it.room), (ListName::MuteExceptions, "lobby"));
            }
            other => panic!("not a list: {other:?}"),
        });
        peer.reply(number, reply::ListChanged { size: 1, extensions: NONE });
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let mute = Moderate::mute("lobby", ["bob", "ann"]);
    // A part of a second counts as one: nobody is let off early.
    let mute = mute.lasting(Duration::from_millis(1_001)).saying("calm down");
    let results = client.ask(mute).await.unwrap().each;
    assert_eq!(results[0], Ok(()));
    assert_eq!(results[1].as_ref().unwrap_err().code, Code::NOT_ALLOWED);
    assert!(client.ask(Moderate::ban_from_app(["eve"])).await.unwrap().all_done());
    client.ask(SetRoomRole::new("lobby", RoomRole::Manager, ["cid"])).await.unwrap();
    client.ask(ChangeList::mute_exceptions("lobby").adding(["cid"])).await.unwrap();
    let too_many = Unsent::TooMany { count: 21, max: 20 };
    let unsent = client.ask(Moderate::kick("lobby", ["eve"; 21])).await;
    assert_eq!(unsent, Err(Error::Unsent(too_many)));
    drop((client, events));
    broker.finish();
}

pub async fn what_holds_against_users_is_listed_with_the_time_left<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::QuerySanctions(it) => {
                assert_eq!((it.room, it.sanction, it.limit), ("lobby", Sanction::Mute, 500));
            }
            other => panic!("not a query: {other:?}"),
        });
        let left = Term::from_seconds(60);
        let bob = Sanctioned { user: "bob", left, since: 9, actor: "ann" };
        let eve = Sanctioned { user: "eve", left: Term::FOREVER, since: 8, actor: "" };
        let mut bytes = Vec::new();
        SanctionedUsers::write([bob, eve], &mut bytes);
        let users = SanctionedUsers::parse(&bytes).unwrap();
        let page = reply::SanctionsPage { total: 2, users, cursor: &[], extensions: NONE };
        peer.reply(number, page);
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let page = client.ask(QuerySanctions::of_room("lobby", Sanction::Mute)).await.unwrap();
    let [bob, eve] = &page.users[..] else { panic!("{page:?}") };
    assert_eq!((bob.left.seconds(), bob.actor.as_deref()), (Some(60), Some("ann")));
    assert_eq!((eve.left, eve.actor), (Term::FOREVER, None));
    assert_eq!(page.next, None);
    drop((client, events));
    broker.finish();
}

pub async fn a_kicked_user_is_told_by_whom_and_for_how_long<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 4);
        let mut users = Vec::new();
        IdList::write(["alice"], &mut users);
        let users = IdList::parse(&users).unwrap();
        let (what, term) = (NoticeKind::UsersMuted, Term::from_seconds(60));
        peer.push(Notice { seq: 5, what, users, term, ..NOTICE });
        // In the whole app: in no room and at no place.
        let (room, term) = ("", Term::FOREVER);
        peer.push(Notice { room, epoch: 0, what, users, term, actor: "", ..NOTICE });
        peer.push(Kicked {
            room: "lobby",
            epoch: 1,
            seq: 6,
            reason: KickReason::Banned,
            actor: "bob",
            term: Term::from_seconds(600),
            extension: "enough",
            extensions: NONE,
        });
        peer.drop_dead();
        // Whoever was put out does not come back by itself.
        door.welcome().expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    for (place, term) in [(Some("lobby"), Term::from_seconds(60)), (None, Term::FOREVER)] {
        match events.recv().await {
            Some(Event::Notice(notice)) => {
                assert_eq!(notice.room.as_deref(), place);
                let Change::UsersMuted { users, term: own } = notice.change else { panic!() };
                assert_eq!((&*users[0], own), ("alice", term));
            }
            other => panic!("{other:?}"),
        }
    }
    match events.recv().await {
        Some(Event::Kicked(it)) => {
            assert_eq!((it.reason, it.term.seconds()), (KickReason::Banned, Some(600)));
            assert_eq!((it.actor.as_deref(), &*it.extension), (Some("bob"), "enough"));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    drop((client, events));
    broker.finish();
}
