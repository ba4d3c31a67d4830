//! Who may speak (spec 2 and 7): by role, while the room is muted, and in which order the reasons
//! are looked at.

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Outcome};
use throng_protocol::Code;
use throng_protocol::value::{
    ListChange, ListName, Moderation, NoticeKind, Role, RoomFlags, Sanction, Term,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    everyone_with_an_account_speaks
    a_muted_room_hears_its_creator_its_managers_and_its_exceptions
    creator_and_managers_mute_a_room_and_change_its_exceptions
    everyone_is_told_that_a_room_is_muted_and_who_joins_finds_it_so
    a_room_may_be_muted_from_the_start
    exceptions_stay_while_their_users_leave_and_come_back
    the_first_reason_that_holds_is_told
    only_members_speak
}

const EXCEPTIONS: (ListName, &str) = (ListName::MuteExceptions, STAGE);

fn everyone_with_an_account_speaks(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.creator, cast.manager, cast.ordinary, cast.visitor, cast.server] {
        assert_eq!(hall.speak(client, STAGE), Code::NONE);
    }
    assert_eq!(hall.speak(cast.anonymous, STAGE), Code::NOT_ALLOWED);
    hall.crowd.until("all is delivered", |crowd| crowd.clients[cast.anonymous].delivered == 5);
}

fn a_muted_room_hears_its_creator_its_managers_and_its_exceptions(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    assert_eq!(hall.code(cast.server, |own| own.mute_room(STAGE, true)), Code::NONE);
    let loud = [cast.creator, cast.manager, cast.server];
    let quiet = [cast.ordinary, cast.visitor];
    assert!(loud.iter().all(|client| hall.speak(*client, STAGE) == Code::NONE));
    for client in quiet {
        assert_eq!(hall.say(client, STAGE), Outcome::Refused(Code::ROOM_MUTED, 0));
    }
    assert_eq!(hall.speak(cast.anonymous, STAGE), Code::NOT_ALLOWED);
    let users = ["ordinary", "visitor"];
    let change = hall.code(cast.server, |own| own.change_list(EXCEPTIONS, ListChange::Add, &users));
    assert_eq!(change, Code::NONE);
    assert!(quiet.iter().all(|client| hall.speak(*client, STAGE) == Code::NONE));
    let change = ListChange::Remove;
    let change = hall.code(cast.server, |own| own.change_list(EXCEPTIONS, change, &users[..1]));
    assert_eq!(change, Code::NONE);
    assert_eq!(hall.speak(cast.ordinary, STAGE), Code::ROOM_MUTED);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    assert_eq!(hall.code(cast.server, |own| own.mute_room(STAGE, false)), Code::NONE);
    assert_eq!(hall.speak(cast.ordinary, STAGE), Code::NONE);
}

fn creator_and_managers_mute_a_room_and_change_its_exceptions(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.ordinary, cast.visitor, cast.anonymous] {
        for muted in [true, false] {
            assert_eq!(hall.code(client, |own| own.mute_room(STAGE, muted)), Code::NOT_ALLOWED);
        }
        let change = ListChange::Add;
        let change = hall.code(client, |own| own.change_list(EXCEPTIONS, change, &["visitor"]));
        assert_eq!(change, Code::NOT_ALLOWED);
        let asked = hall.code(client, |own| own.query_list(ListName::MuteExceptions, STAGE));
        assert_eq!(asked, Code::NOT_ALLOWED);
    }
    for (client, user) in [(cast.creator, "a"), (cast.manager, "b"), (cast.server, "c")] {
        assert_eq!(hall.code(client, |own| own.mute_room(STAGE, true)), Code::NONE);
        assert_eq!(hall.speak(cast.visitor, STAGE), Code::ROOM_MUTED);
        assert_eq!(hall.code(client, |own| own.mute_room(STAGE, false)), Code::NONE);
        assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
        let change = hall.code(client, |own| own.change_list(EXCEPTIONS, ListChange::Add, &[user]));
        assert_eq!(change, Code::NONE);
    }
    let entries = ["a", "b", "c"].map(str::to_owned).to_vec();
    let asked = hall.ask(cast.manager, |own| own.query_list(ListName::MuteExceptions, STAGE));
    assert_eq!(asked, Outcome::Entries(entries));
    let twenty: Vec<String> = (0..20).map(|n| format!("u{n}")).collect();
    let twenty: Vec<&str> = twenty.iter().map(String::as_str).collect();
    let replace = ListChange::Replace;
    let full = hall.code(cast.creator, |own| own.change_list(EXCEPTIONS, replace, &twenty));
    assert_eq!(full, Code::NONE);
    let more = hall.code(cast.creator, |own| own.change_list(EXCEPTIONS, ListChange::Add, &["x"]));
    assert_eq!(more, Code::TOO_MANY);
}

fn everyone_is_told_that_a_room_is_muted_and_who_joins_finds_it_so(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let Outcome::Changed { seq, .. } = hall.ask(cast.manager, |own| own.mute_room(STAGE, true))
    else {
        panic!("a manager may mute");
    };
    for client in cast.clients() {
        hall.until_noticed(client, STAGE, 1);
        let told = &hall.crowd.clients[client].notices[0];
        let expected = (NoticeKind::RoomMuted, "manager", seq);
        assert_eq!((told.what, &*told.actor, told.seq), expected);
    }
    let late = hall.crowd.open("late", Role::Client);
    assert!(hall.join(late, STAGE).flags.has(RoomFlags::MUTED));
    hall.ask(late, |own| own.query(STAGE));
    assert!(hall.crowd.clients[late].states[STAGE].flags.has(RoomFlags::MUTED));
    assert_eq!(hall.speak(late, STAGE), Code::ROOM_MUTED);

    // Quietly: it holds, nobody is told, and it has no place.
    use throng_protocol::request::MuteRoom;
    use throng_protocol::value::NoticeOptions;
    let (options, room) = (NoticeOptions::QUIET, STAGE);
    let quiet = MuteRoom { room, options, ..MuteRoom::default() };
    let Outcome::Changed { seq: newest, .. } = hall.ask(cast.creator, |own| own.request(quiet))
    else {
        panic!("a creator may unmute");
    };
    let Outcome::State(state_seq, ..) = hall.flush(late, STAGE) else { panic!("it is there") };
    assert_eq!(newest, state_seq);
    assert_eq!(hall.speak(late, STAGE), Code::NONE);
    hall.flush(cast.visitor, STAGE);
    assert_eq!(hall.crowd.clients[cast.visitor].notices.len(), 1);
}

fn a_room_may_be_muted_from_the_start(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let created = hall.ask(hall.server, |own| own.create_muted(STAGE, &["singer"]));
    assert_eq!(created, Outcome::Done);
    let (singer, other) = (hall.enter("singer", STAGE), hall.enter("other", STAGE));
    assert_eq!(hall.speak(singer, STAGE), Code::NONE);
    assert_eq!(hall.speak(other, STAGE), Code::ROOM_MUTED);
    let many: Vec<String> = (0..21).map(|n| format!("u{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = hall.code(hall.server, |own| own.create_muted("another", &many));
    assert!([Code::TOO_MANY, Code::INVALID_ARGUMENT].contains(&refused), "{refused}");
}

fn exceptions_stay_while_their_users_leave_and_come_back(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    hall.ask(hall.server, |own| own.create_muted(STAGE, &["singer"]));
    let singer = hall.enter("singer", STAGE);
    hall.ask(singer, |own| own.leave(STAGE));
    hall.join(singer, STAGE);
    assert_eq!(hall.speak(singer, STAGE), Code::NONE);
    hall.act(Act::new(STAGE, Moderation::Kick), &["singer"]);
    hall.join(singer, STAGE);
    assert_eq!(hall.speak(singer, STAGE), Code::NONE);
}

fn the_first_reason_that_holds_is_told(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let everyone = ["creator", "manager", "visitor"];
    let mute = |room| Act { term: Term::FOREVER, ..Act::new(room, Moderation::Mute) };
    assert_eq!(hall.code(cast.server, |own| own.mute_room(STAGE, true)), Code::NONE);
    hall.act(mute(STAGE), &everyone);
    hall.act(mute(""), &everyone);
    // Muted in the app: nobody speaks, whatever its role.
    for client in [cast.creator, cast.manager, cast.visitor] {
        assert_eq!(hall.say(client, STAGE), Outcome::Refused(Code::MUTED_IN_APP, 0));
    }
    hall.act(Act::new("", Moderation::Unmute), &everyone);
    // Creator, managers and exceptions speak though they are muted in the room.
    for client in [cast.creator, cast.manager] {
        assert_eq!(hall.speak(client, STAGE), Code::NONE);
    }
    assert_eq!(hall.say(cast.visitor, STAGE), Outcome::Refused(Code::MUTED, 0));
    let change = |change| {
        move |own: &mut throng_harness::client::Client| {
            own.change_list(EXCEPTIONS, change, &["visitor"])
        }
    };
    assert_eq!(hall.code(cast.server, change(ListChange::Add)), Code::NONE);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    assert_eq!(hall.code(cast.server, change(ListChange::Remove)), Code::NONE);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::MUTED);
    hall.act(Act::new(STAGE, Moderation::Unmute), &everyone);
    assert_eq!(hall.say(cast.visitor, STAGE), Outcome::Refused(Code::ROOM_MUTED, 0));
    assert_eq!(hall.code(cast.server, |own| own.mute_room(STAGE, false)), Code::NONE);
    assert_eq!(hall.speak(cast.visitor, STAGE), Code::NONE);
    assert!(hall.sanctioned("", Sanction::Mute).is_empty());
    assert!(hall.sanctioned(STAGE, Sanction::Mute).is_empty());
}

fn only_members_speak(io: Wanted) {
    let mut hall = Hall::with_stage(&config(io));
    let alice = hall.crowd.open("alice", Role::Client);
    assert_eq!(hall.speak(alice, STAGE), Code::NOT_A_MEMBER);
    assert_eq!(hall.speak(hall.server, STAGE), Code::NONE, "a server need not be in it");
    hall.join(alice, STAGE);
    assert_eq!(hall.speak(alice, STAGE), Code::NONE);
    hall.ask(alice, |own| own.leave(STAGE));
    assert_eq!(hall.speak(alice, STAGE), Code::NOT_A_MEMBER);
}
