//! Kicks and bans of a room (spec 7): what they do, who is told, how they are lifted, and that they
//! end by themselves.

use std::time::Duration;

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Client, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{
    KickReason, Moderation, NoticeKind, NoticeOptions, Role, Sanction, Term,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    one_who_is_kicked_is_out_with_all_sessions_and_may_come_back
    everyone_is_told_of_a_kick_unless_it_is_quiet
    who_is_not_there_cannot_be_kicked
    one_who_is_banned_is_out_and_stays_out_until_it_is_lifted
    who_is_not_there_can_be_banned
    a_ban_is_over_by_itself_and_exactly_as_told
    banning_again_replaces_the_term
    a_term_and_a_call_have_their_bounds
    a_call_answers_for_each_user
    lists_of_bans_come_in_pages
    servers_are_not_concerned
    one_without_an_account_is_kicked_and_banned_by_the_id_it_was_given
}

const KICK: Act<'static> = Act {
    room: STAGE,
    action: Moderation::Kick,
    term: Term::NONE,
    options: NoticeOptions::from_bits(0),
    extension: "",
};

const BAN: Act<'static> = Act { action: Moderation::Ban, term: Term::FOREVER, ..KICK };
const UNBAN: Act<'static> = Act { action: Moderation::Unban, ..KICK };

fn one_who_is_kicked_is_out_with_all_sessions_and_may_come_back(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let desk = hall.crowd.connect("visitor", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    hall.join(desk, STAGE);
    let act = Act { extension: "calm down", ..KICK };
    assert_eq!(hall.code(cast.manager, |own| own.moderate(act, &["visitor"])), Code::NONE);
    for client in [cast.visitor, desk] {
        hall.crowd.until("it is out", |crowd| crowd.clients[client].kicks.len() == 1);
        let own = &hall.crowd.clients[client];
        let told = &own.kicks[0];
        assert!(own.rooms.is_empty() && own.is_open(), "out of the room, not of the app");
        assert_eq!((told.reason, told.term), (KickReason::Kicked, Term::NONE));
        assert_eq!((&*told.actor, &*told.extension), ("manager", "calm down"));
        assert_eq!(hall.speak(client, STAGE), Code::NOT_A_MEMBER);
    }
    // What is said now is not for them: their rooms would not know it (I5).
    hall.say_many(cast.creator, STAGE, 3);
    assert_eq!(hall.join(cast.visitor, STAGE).members, 5);
    hall.join(desk, STAGE);
    hall.say_many(cast.creator, STAGE, 1);
    hall.crowd.until("both hear it", |crowd| {
        [cast.visitor, desk].iter().all(|client| crowd.clients[*client].delivered == 1)
    });
}

fn everyone_is_told_of_a_kick_unless_it_is_quiet(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.act(Act { extension: "calm down", ..KICK }, &["visitor"]);
    hall.until_noticed(cast.ordinary, STAGE, 1);
    let told = hall.crowd.clients[cast.ordinary].notices[0].clone();
    assert_eq!(
        (told.what, &told.users[..]),
        (NoticeKind::UsersKicked, &["visitor".to_owned()][..])
    );
    assert_eq!((&*told.actor, &*told.extension), ("", "calm down"));
    let kicked = &hall.crowd.clients[cast.visitor].kicks[0];
    assert_eq!(kicked.seq, told.seq, "both tell of the same place");

    hall.join(cast.visitor, STAGE);
    hall.say_many(cast.creator, STAGE, 1);
    hall.act(Act { options: NoticeOptions::QUIET, ..KICK }, &["visitor"]);
    hall.crowd.until("it is out", |crowd| crowd.clients[cast.visitor].kicks.len() == 2);
    let Outcome::State(newest, ..) = hall.flush(cast.ordinary, STAGE) else {
        panic!("it is there")
    };
    assert_eq!(hall.crowd.clients[cast.visitor].kicks[1].seq, newest);
    assert_eq!(hall.crowd.clients[cast.ordinary].notices.len(), 1, "nobody else is told");
    hall.crowd.checker.check_kicked();
}

fn who_is_not_there_cannot_be_kicked(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.ask(cast.visitor, |own| own.leave(STAGE));
    let each = hall.ask(hall.server, |own| own.moderate(KICK, &["ordinary", "visitor", "nobody"]));
    let absent = (Code::NOT_A_MEMBER, 0);
    assert_eq!(each, Outcome::Results(vec![(Code::NONE, 0), absent, absent]));
    let elsewhere = Act { room: "nowhere", ..KICK };
    let refused = hall.code(hall.server, |own| own.moderate(elsewhere, &["ordinary"]));
    assert_eq!(refused, Code::NO_SUCH_ROOM);
}

fn one_who_is_banned_is_out_and_stays_out_until_it_is_lifted(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let act = Act { extension: "bye", ..Act::lasting(STAGE, Moderation::Ban, 600) };
    assert_eq!(hall.code(cast.creator, |own| own.moderate(act, &["visitor"])), Code::NONE);
    hall.crowd.until("it is out", |crowd| crowd.clients[cast.visitor].kicks.len() == 1);
    let told = &hall.crowd.clients[cast.visitor].kicks[0];
    assert_eq!((told.reason, told.term), (KickReason::Banned, Term::from_seconds(600)));
    assert_eq!((&*told.actor, &*told.extension), ("creator", "bye"));
    hall.until_noticed(cast.ordinary, STAGE, 1);
    let told = &hall.crowd.clients[cast.ordinary].notices[0];
    assert_eq!((told.what, told.term), (NoticeKind::UsersBanned, Term::from_seconds(600)));

    let Outcome::Refused(code, wait_ms) = hall.ask(cast.visitor, |own| own.join(STAGE)) else {
        panic!("who is banned may not join");
    };
    assert_eq!(code, Code::BANNED);
    assert!((1..=600_000).contains(&wait_ms), "{wait_ms} ms");
    let desk = hall.crowd.connect("visitor", "desk", Role::Client);
    hall.crowd.until("it is in", |crowd| crowd.clients[desk].is_open());
    assert_eq!(hall.code(desk, |own| own.join(STAGE)), Code::BANNED, "on any device");
    let listed = hall.sanctioned(STAGE, Sanction::Ban);
    assert_eq!((listed.len(), &*listed[0].user, &*listed[0].actor), (1, "visitor", "creator"));
    let left = listed[0].left.seconds().expect("not for ever");
    assert!((1..=600).contains(&left) && listed[0].since > 0, "{listed:?}");

    assert_eq!(hall.code(cast.manager, |own| own.moderate(UNBAN, &["visitor"])), Code::NONE);
    hall.until_noticed(cast.ordinary, STAGE, 2);
    let lifted = hall.crowd.clients[cast.ordinary].notices[1].what;
    assert_eq!(lifted, NoticeKind::UsersUnbanned);
    assert!(hall.sanctioned(STAGE, Sanction::Ban).is_empty());
    hall.join(cast.visitor, STAGE);
    let again = hall.code(cast.manager, |own| own.moderate(UNBAN, &["visitor"]));
    assert_eq!(again, Code::NONE, "to lift what does not hold is done, too");
}

fn who_is_not_there_can_be_banned(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    hall.act(BAN, &["bob"]);
    let bob = hall.crowd.open("bob", Role::Client);
    let refused = hall.ask(bob, |own| own.join(STAGE));
    assert_eq!(refused, Outcome::Refused(Code::BANNED, 0), "0 is for ever");
    assert_eq!(hall.sanctioned(STAGE, Sanction::Ban)[0].left, Term::FOREVER);
    hall.create("another", "");
    hall.join(bob, "another");
}

fn a_ban_is_over_by_itself_and_exactly_as_told(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let bob = hall.enter("bob", STAGE);
    hall.act(Act { term: Term::from_seconds(1), ..BAN }, &["bob"]);
    // A busy machine may be late; then it is over already.
    if let Outcome::Refused(code, wait_ms) = hall.ask(bob, |own| own.join(STAGE)) {
        assert_eq!(code, Code::BANNED);
        assert!((1..=1_000).contains(&wait_ms), "{wait_ms} ms");
        hall.crowd.pass(Duration::from_millis(wait_ms.into()));
    }
    hall.join(bob, STAGE);
    assert!(hall.sanctioned(STAGE, Sanction::Ban).is_empty());
}

fn banning_again_replaces_the_term(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    hall.act(BAN, &["bob"]);
    hall.act(Act { term: Term::from_seconds(600), ..BAN }, &["bob"]);
    let listed = hall.sanctioned(STAGE, Sanction::Ban);
    assert_eq!(listed.len(), 1);
    assert!(listed[0].left <= Term::from_seconds(600), "{listed:?}");
    hall.act(Act { term: Term::from_seconds(6_000), ..BAN }, &["bob"]);
    let listed = hall.sanctioned(STAGE, Sanction::Ban);
    assert!(listed[0].left > Term::from_seconds(600), "{listed:?}");
}

fn a_term_and_a_call_have_their_bounds(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let server = hall.server;
    let month = 2_592_000;
    for room in [STAGE, ""] {
        for action in [Moderation::Ban, Moderation::Mute] {
            for term in [Term::NONE, Term::from_seconds(month + 1)] {
                let act = Act { term, ..Act::new(room, action) };
                let refused = hall.code(server, |own| own.moderate(act, &["bob"]));
                assert_eq!(refused, Code::INVALID_ARGUMENT, "{act:?}");
            }
            hall.act(Act::lasting(room, action, month), &["bob"]);
        }
    }
    for action in [Moderation::Kick, Moderation::Unban, Moderation::Unmute] {
        let act = Act::lasting(STAGE, action, 60);
        let refused = hall.code(server, |own| own.moderate(act, &["bob"]));
        assert_eq!(refused, Code::INVALID_ARGUMENT, "{act:?}: these are for no time");
    }
    let many: Vec<String> = (0..21).map(|n| format!("user-{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(hall.code(server, |own| own.moderate(BAN, &many)), Code::TOO_MANY);
    assert_eq!(hall.code(server, |own| own.moderate(BAN, &many[..20])), Code::NONE);
    assert_eq!(hall.code(server, |own| own.moderate(BAN, &[])), Code::INVALID_ARGUMENT);
    assert_eq!(hall.code(server, |own| own.moderate(BAN, &["no user"])), Code::INVALID_ARGUMENT);
    let words = "w".repeat(2_049);
    let loud = Act { extension: &words, ..BAN };
    let refused = hall.code(server, |own| own.moderate(loud, &["bob"]));
    assert_eq!(refused, Code::INVALID_ARGUMENT);
    hall.act(Act { extension: &words[1..], ..BAN }, &["bob"]);
    let everywhere = Act { room: "", ..KICK };
    let refused = hall.code(server, |own| own.moderate(everywhere, &["bob"]));
    assert_eq!(refused, Code::INVALID_ARGUMENT, "nobody is kicked out of an app");
}

fn a_call_answers_for_each_user(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let users = ["visitor", "creator", "manager-2", "ordinary"];
    let each = hall.ask(cast.manager, |own| own.moderate(BAN, &users));
    let (done, not_allowed) = ((Code::NONE, 0), (Code::NOT_ALLOWED, 0));
    assert_eq!(each, Outcome::Results(vec![done, not_allowed, not_allowed, done]));
    hall.crowd.until("both are out", |crowd| {
        [cast.visitor, cast.ordinary].iter().all(|client| crowd.clients[*client].rooms.is_empty())
    });
    assert!(!hall.crowd.clients[cast.creator].rooms.is_empty());
    let mut banned: Vec<_> =
        hall.sanctioned(STAGE, Sanction::Ban).into_iter().map(|own| own.user).collect();
    banned.sort();
    assert_eq!(banned, ["ordinary", "visitor"]);
}

fn lists_of_bans_come_in_pages(io: Wanted) {
    use throng_protocol::request::QuerySanctions;
    let mut hall = Hall::with_stage(&config(io));
    let users: Vec<String> = (0..60).map(|n| format!("user-{n}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    users.chunks(20).for_each(|some| hall.act(BAN, some));
    let (mut listed, mut cursor) = (Vec::new(), Vec::new());
    loop {
        let query = QuerySanctions {
            room: STAGE,
            sanction: Sanction::Ban,
            cursor: &cursor,
            limit: 25,
            ..QuerySanctions::default()
        };
        let Outcome::Sanctions(page) = hall.ask(hall.server, |own| own.request(query)) else {
            panic!("a server may ask");
        };
        assert!(page.rows.len() <= 25 && page.total == 60, "{page:?}");
        listed.extend(page.rows.into_iter().map(|own| own.user));
        cursor = page.cursor;
        if cursor.is_empty() {
            break;
        }
        assert!(listed.len() < 60, "the last page says that it is");
    }
    listed.sort();
    let mut users: Vec<String> = users.into_iter().map(str::to_owned).collect();
    users.sort();
    assert_eq!(listed, users, "each once");
    for limit in [0, 501] {
        let query = QuerySanctions { room: STAGE, limit, ..QuerySanctions::default() };
        let refused = hall.code(hall.server, |own| own.request(query));
        assert_eq!(refused, Code::INVALID_ARGUMENT, "a page of {limit}");
    }
}

fn servers_are_not_concerned(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let server = hall.server;
    hall.join(server, STAGE);
    for room in [STAGE, ""] {
        hall.act(Act::lasting(room, Moderation::Mute, 600), &["backend"]);
        hall.act(Act::lasting(room, Moderation::Ban, 600), &["backend"]);
    }
    assert_eq!(hall.speak(server, STAGE), Code::NONE);
    let another = hall.crowd.open("backend", Role::Server);
    hall.join(another, STAGE);
    let client = hall.crowd.connect("backend", "device", Role::Client);
    hall.crowd.until("it is sent away", |crowd| crowd.clients[client].ended.is_some());
    assert_eq!(hall.crowd.clients[client].ended, Some(Some(Code::BANNED_FROM_APP)));
}

fn one_without_an_account_is_kicked_and_banned_by_the_id_it_was_given(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let own = hall.crowd.clients[cast.anonymous].user.clone();
    hall.act(KICK, &[&own]);
    hall.crowd.until("it is out", |crowd| crowd.clients[cast.anonymous].kicks.len() == 1);
    assert_eq!(hall.crowd.clients[cast.anonymous].kicks[0].reason, KickReason::Kicked);
    hall.join(cast.anonymous, STAGE);
    hall.act(BAN, &[&own]);
    hall.crowd.until("it is out", |crowd| crowd.clients[cast.anonymous].kicks.len() == 2);
    let told = &hall.crowd.clients[cast.anonymous].kicks[1];
    assert_eq!((told.reason, told.term), (KickReason::Banned, Term::FOREVER));
    let join = |own: &mut Client| own.join(STAGE);
    assert_eq!(hall.code(cast.anonymous, join), Code::BANNED);
    // The next visitor has another id, and nobody else is out.
    let next = hall.crowd.open("", Role::Anonymous);
    hall.join(next, STAGE);
    hall.say_many(cast.visitor, STAGE, 1);
    hall.crowd.until("both hear it", |crowd| {
        [cast.ordinary, next].iter().all(|client| crowd.clients[*client].delivered == 1)
    });
    hall.act(UNBAN, &[&own]);
    hall.join(cast.anonymous, STAGE);
}
