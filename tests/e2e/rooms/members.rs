//! Who is in a room (spec 4): lists in pages, single users, fixed members, and how members show
//! themselves.

use std::collections::BTreeSet;
use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::broker::config as config_limited;
use throng_harness::client::told::{Member, Profile as Shown};
use throng_harness::client::{Act, Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::request::QueryMembers;
use throng_protocol::value::{
    Attendance, MemberFilter, MemberOrder, Moderation, NoticeOptions, Profile, Role, RoomRole,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    twelve_hundred_members_are_listed_in_pages_in_either_order
    a_list_holds_who_left_no_more_and_who_is_away
    single_users_are_found_or_not
    fixed_members_are_listed_while_they_are_away
    only_so_many_members_are_fixed
    members_show_themselves_as_they_asked
    a_question_for_members_has_its_bounds
    a_client_asks_for_members_once_a_second
}

const ALL: QueryMembers<'static> = QueryMembers {
    room: STAGE,
    filter: MemberFilter::All,
    order: MemberOrder::OldestFirst,
    cursor: &[],
    limit: 500,
    extensions: throng_protocol::value::Extensions::NONE,
};

/// All pages of a list, and how many there were.
fn pages(hall: &mut Hall, client: usize, query: QueryMembers<'_>) -> (Vec<Member>, usize) {
    let (mut members, mut cursor, mut count) = (Vec::new(), Vec::new(), 0);
    loop {
        let query = QueryMembers { cursor: &cursor, ..query };
        let outcome = hall.ask(client, |own| own.query_members(query));
        let Outcome::Members(page) = outcome else { panic!("a page, not {outcome:?}") };
        assert!(page.rows.len() <= usize::from(query.limit), "{} on a page", page.rows.len());
        members.extend(page.rows);
        (cursor, count) = (page.cursor, count + 1);
        if cursor.is_empty() {
            assert_eq!(page.total, members.len() as u64, "the total is of all pages");
            return (members, count);
        }
        assert!((members.len() as u64) < page.total, "the last page says that it is");
    }
}

fn users(members: &[Member]) -> Vec<&str> {
    members.iter().map(|own| &*own.user).collect()
}

fn twelve_hundred_members_are_listed_in_pages_in_either_order(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let mut joined = Vec::new();
    for group in 0..12 {
        let name = |n: usize| format!("user-{}", group * 100 + n);
        let some: Vec<_> =
            (0..100).map(|n| hall.crowd.connect(&name(n), "device", Role::Client)).collect();
        hall.crowd
            .until("all are in", |crowd| some.iter().all(|own| crowd.clients[*own].is_open()));
        for client in some {
            hall.crowd.clients[client].join(STAGE);
            joined.push(client);
        }
    }
    hall.crowd.until("all have joined", |crowd| {
        joined.iter().all(|client| crowd.clients[*client].rooms.contains_key(STAGE))
    });
    let asker = joined[77];
    for limit in [500, 499, 64] {
        let (up, count) = pages(&mut hall, asker, QueryMembers { limit, ..ALL });
        assert!(count >= 1_200_usize.div_ceil(limit.into()), "{count} pages");
        let everyone: BTreeSet<&str> = users(&up).into_iter().collect();
        assert_eq!((up.len(), everyone.len()), (1_200, 1_200), "each once");
        assert!(up.is_sorted_by_key(|own| own.joined_at), "who joined first comes first");
        assert!(up.iter().all(|own| own.attendance == Attendance::Present));
        assert!(up.iter().all(|own| own.role == RoomRole::Visitor));
        let order = MemberOrder::NewestFirst;
        let (mut down, _) = pages(&mut hall, asker, QueryMembers { limit, order, ..ALL });
        down.reverse();
        assert_eq!(up, down, "the other way round");
    }
}

fn a_list_holds_who_left_no_more_and_who_is_away(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.join(cast.server, STAGE);
    let (members, _) = pages(&mut hall, cast.visitor, ALL);
    let anonymous = hall.crowd.clients[cast.anonymous].user.clone();
    let expected = ["creator", "manager", "ordinary", "visitor", &anonymous, "backend"];
    assert_eq!(users(&members)[..5], expected[..5]);
    assert_eq!(members.len(), 6, "a server in the room is a member");
    let roles: Vec<_> = members.iter().map(|own| own.role).collect();
    let [creator, manager] = [RoomRole::Creator, RoomRole::Manager];
    let [ordinary, visitor] = [RoomRole::Ordinary, RoomRole::Visitor];
    let expected = [creator, manager, ordinary, visitor, RoomRole::Anonymous, visitor];
    assert_eq!(roles, expected);

    hall.ask(cast.manager, |own| own.leave(STAGE));
    hall.act(Act::new(STAGE, Moderation::Kick), &["ordinary"]);
    hall.crowd.close(cast.visitor);
    hall.until_counted(cast.creator, STAGE, (4, 3));
    let (members, _) = pages(&mut hall, cast.creator, ALL);
    assert_eq!(users(&members)[..2], ["creator", "visitor"]);
    let here: Vec<_> = members.iter().map(|own| own.attendance).collect();
    let (present, away) = (Attendance::Present, Attendance::Away);
    assert_eq!(here, [present, away, present, present], "its seat is held");
    // Whoever comes again comes last.
    hall.join(cast.manager, STAGE);
    let (members, _) = pages(&mut hall, cast.creator, ALL);
    assert_eq!(users(&members).last(), Some(&"manager"));
}

fn single_users_are_found_or_not(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.crowd.close(cast.visitor);
    hall.until_counted(cast.creator, STAGE, (5, 4));
    let asked = ["creator", "visitor", "manager-2", "nobody", "creator"];
    let found = hall.ask(cast.anonymous, |own| own.find_members(STAGE, &asked));
    let (present, away, absent) = (Attendance::Present, Attendance::Away, Attendance::Absent);
    assert_eq!(found, Outcome::Found(vec![present, away, away, absent, present]));
    let many: Vec<String> = (0..100).map(|n| format!("user-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let found = hall.ask(cast.server, |own| own.find_members(STAGE, &many));
    assert_eq!(found, Outcome::Found(vec![absent; 100]));
    let nobody = hall.code(cast.server, |own| own.find_members(STAGE, &[]));
    assert_eq!(nobody, Code::INVALID_ARGUMENT);
    let nowhere = hall.code(cast.server, |own| own.find_members("nowhere", &["bob"]));
    assert_eq!(nowhere, Code::NO_SUCH_ROOM);
}

fn fixed_members_are_listed_while_they_are_away(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let server = hall.server;
    hall.create(STAGE, "creator");
    // The order in which they became fixed, whatever the order in which they come.
    for (user, role) in
        [("c", RoomRole::Ordinary), ("a", RoomRole::Manager), ("b", RoomRole::Ordinary)]
    {
        assert_eq!(hall.code(server, |own| own.set_role(STAGE, &[user], role)), Code::NONE);
    }
    let [b, visitor] = ["b", "visitor"].map(|user| hall.enter(user, STAGE));
    let fixed = QueryMembers { filter: MemberFilter::Fixed, ..ALL };
    let (members, _) = pages(&mut hall, visitor, fixed);
    assert_eq!(users(&members), ["creator", "c", "a", "b"]);
    let (present, away) = (Attendance::Present, Attendance::Away);
    let here: Vec<_> = members.iter().map(|own| own.attendance).collect();
    assert_eq!(here, [away, away, away, present]);
    let came: Vec<_> = members.iter().map(|own| own.joined_at > 0).collect();
    assert_eq!(came, [false, false, false, true], "0 is never");
    let roles: Vec<_> = members.iter().map(|own| own.role).collect();
    let ordinary = RoomRole::Ordinary;
    assert_eq!(roles, [RoomRole::Creator, ordinary, RoomRole::Manager, ordinary]);
    let newest = QueryMembers { order: MemberOrder::NewestFirst, limit: 3, ..fixed };
    let (members, count) = pages(&mut hall, visitor, newest);
    assert_eq!((users(&members), count >= 2), (vec!["b", "a", "c", "creator"], true));

    hall.ask(b, |own| own.leave(STAGE));
    let (members, _) = pages(&mut hall, visitor, fixed);
    assert_eq!((members.len(), members[3].attendance), (4, away));
    let visitor_again = RoomRole::Visitor;
    let unmake = hall.code(server, |own| own.set_role(STAGE, &["b", "c"], visitor_again));
    assert_eq!(unmake, Code::NONE);
    let (members, _) = pages(&mut hall, visitor, fixed);
    assert_eq!(users(&members), ["creator", "a"]);
}

fn only_so_many_members_are_fixed(io: Wanted) {
    let mut config = config(io);
    config.apps[0].rooms.fixed_members_max = 3;
    let mut hall = Hall::open(&config);
    let server = hall.server;
    hall.create(STAGE, "creator");
    let ordinary = RoomRole::Ordinary;
    assert_eq!(hall.code(server, |own| own.set_role(STAGE, &["a", "b"], ordinary)), Code::NONE);
    assert_eq!(hall.code(server, |own| own.set_role(STAGE, &["c"], ordinary)), Code::TOO_MANY);
    let again = hall.code(server, |own| own.set_role(STAGE, &["a"], RoomRole::Manager));
    assert_eq!(again, Code::NONE, "one that is fixed already is not one more");
    let visitor = RoomRole::Visitor;
    assert_eq!(hall.code(server, |own| own.set_role(STAGE, &["b"], visitor)), Code::NONE);
    assert_eq!(hall.code(server, |own| own.set_role(STAGE, &["c"], ordinary)), Code::NONE);
}

fn members_show_themselves_as_they_asked(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let ann = hall.crowd.open("ann", Role::Client);
    let shown = |hall: &mut Hall| pages(hall, ann, ALL).0[0].profile.clone();
    let full = Profile { nickname: "Ann", avatar: "a.png", extension: "{}" };
    let joining = |profile| Coming { profile, ..Coming::default() };
    hall.join_with(ann, STAGE, joining(full));
    assert_eq!(shown(&mut hall), Shown::from(full));
    // Joining again with less leaves what is not said as it was.
    let less = Profile { nickname: "Annie", ..Profile::default() };
    hall.join_with(ann, STAGE, joining(less));
    assert_eq!(shown(&mut hall), Shown::from(Profile { nickname: "Annie", ..full }));
    // A change is the whole of it.
    assert_eq!(hall.code(ann, |own| own.set_profile(STAGE, less)), Code::NONE);
    assert_eq!(shown(&mut hall), Shown::from(less));
    let Outcome::State(before, ..) = hall.flush(ann, STAGE) else { panic!("it is there") };
    let quiet = throng_protocol::request::SetProfile {
        room: STAGE,
        profile: full,
        options: NoticeOptions::QUIET,
        ..throng_protocol::request::SetProfile::default()
    };
    let changed = hall.ask(ann, |own| own.request(quiet));
    assert!(matches!(changed, Outcome::Changed { seq, .. } if seq == before), "{changed:?}");
    assert_eq!(shown(&mut hall), Shown::from(full));
}

fn a_question_for_members_has_its_bounds(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let server = hall.server;
    for limit in [0, 501] {
        let refused = hall.code(server, |own| own.query_members(QueryMembers { limit, ..ALL }));
        assert_eq!(refused, Code::INVALID_ARGUMENT, "a page of {limit}");
    }
    for cursor in [&[0; 129][..], &[7; 3]] {
        let refused = hall.code(server, |own| own.query_members(QueryMembers { cursor, ..ALL }));
        assert_eq!(refused, Code::INVALID_ARGUMENT, "{} bytes nobody gave", cursor.len());
    }
    let nowhere = QueryMembers { room: "nowhere", ..ALL };
    assert_eq!(hall.code(server, |own| own.query_members(nowhere)), Code::NO_SUCH_ROOM);
    let (members, count) = pages(&mut hall, server, ALL);
    assert_eq!((members.len(), count), (0, 1), "nobody is on one page");
}

fn a_client_asks_for_members_once_a_second(io: Wanted) {
    let mut hall = Hall::with_stage(&config_limited(io));
    let bob = hall.enter("bob", STAGE);
    // In one write, which the broker reads within a second.
    let own = &mut hall.crowd.clients[bob];
    let requests = [
        own.query_members(ALL),
        own.find_members(STAGE, &["bob"]),
        own.query_members(ALL),
        own.query(STAGE),
    ];
    let outcomes = requests.map(|request| hall.crowd.outcome(bob, request));
    assert!(matches!(outcomes[0], Outcome::Members(_)), "{outcomes:?}");
    assert!(matches!(outcomes[3], Outcome::State(..)), "other questions are not concerned");
    for outcome in &outcomes[1..3] {
        let Outcome::Refused(Code::RATE_LIMITED, wait_ms) = *outcome else {
            panic!("a second question in a second came to {outcome:?}");
        };
        assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
    }
    let Outcome::Refused(_, wait_ms) = outcomes[2] else { unreachable!("seen above") };
    hall.crowd.pass(Duration::from_millis(wait_ms.into()));
    let again = hall.ask(bob, |own| own.query_members(ALL));
    assert!(matches!(again, Outcome::Members(_)), "{again:?}");
    // Servers may ask as often as they may ask anything.
    let own = &mut hall.crowd.clients[hall.server];
    let requests: Vec<_> = (0..5).map(|_| own.query_members(ALL)).collect();
    for request in requests {
        let outcome = hall.crowd.outcome(hall.server, request);
        assert!(matches!(outcome, Outcome::Members(_)), "{outcome:?}");
    }
}
