//! The table of rights (spec 2), what is asked and appointed: each row for each role, what it may
//! and what it may not.

use throng_broker::io::choice::Wanted;
use throng_harness::client::{Act, Coming, Outcome};
use throng_protocol::Code;
use throng_protocol::request::{ChangeRoom, QueryMembers};
use throng_protocol::value::{
    About, DestroyPolicy, Moderation, NoticeKind, PolicyKind, Profile, Role, RoomFields, RoomRole,
};

use super::{Hall, STAGE, config};
use crate::both::on_both;

on_both! {
    everyone_in_a_room_receives_and_asks
    each_is_told_its_role_when_it_joins
    only_the_creator_and_servers_appoint_managers
    creator_and_managers_make_and_unmake_ordinary_members
    a_manager_kicks_bans_and_mutes_whom_it_outranks_and_the_creator_anyone
    creator_and_managers_change_what_a_room_says_of_itself
    only_servers_change_when_a_room_ends
    only_the_creator_and_servers_close_and_open_a_room
    each_with_an_account_changes_how_it_shows_itself
    a_role_holds_while_its_user_is_away
    what_is_the_servers_is_refused_to_every_client
}

fn everyone_in_a_room_receives_and_asks(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    hall.say_many(cast.server, STAGE, 1);
    for client in cast.clients() {
        hall.crowd.until("it is delivered", |crowd| crowd.clients[client].delivered == 1);
        let state = hall.ask(client, |own| own.query(STAGE));
        assert!(matches!(state, Outcome::State(_, 5, 5)), "{state:?}");
        let query = QueryMembers { room: STAGE, limit: 10, ..QueryMembers::default() };
        let page = hall.ask(client, |own| own.query_members(query));
        assert!(matches!(&page, Outcome::Members(page) if page.total == 5), "{page:?}");
        let found = hall.ask(client, |own| own.find_members(STAGE, &["visitor"]));
        assert!(matches!(found, Outcome::Found(_)), "{found:?}");
    }
}

fn each_is_told_its_role_when_it_joins(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let roles = [RoomRole::Creator, RoomRole::Manager, RoomRole::Ordinary, RoomRole::Visitor];
    for (client, role) in cast.clients().into_iter().zip(roles) {
        let joined = hall.join(client, STAGE);
        assert_eq!((joined.role, &*joined.creator), (role, "creator"));
    }
    let server = hall.join(cast.server, STAGE);
    assert_eq!(server.role, RoomRole::Visitor);
}

fn only_the_creator_and_servers_appoint_managers(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.manager, cast.ordinary, cast.visitor, cast.anonymous] {
        let appoint = hall.code(client, |own| own.set_role(STAGE, &["bob"], RoomRole::Manager));
        assert_eq!(appoint, Code::NOT_ALLOWED);
        // A manager is not another manager's to unmake, whatever it shall be.
        for role in [RoomRole::Ordinary, RoomRole::Visitor] {
            let unmake = hall.code(client, |own| own.set_role(STAGE, &["manager-2"], role));
            assert_eq!(unmake, Code::NOT_ALLOWED);
        }
    }
    for client in [cast.creator, cast.server] {
        let appoint = hall.code(client, |own| own.set_role(STAGE, &["visitor"], RoomRole::Manager));
        assert_eq!(appoint, Code::NONE);
        assert_eq!(hall.join(cast.visitor, STAGE).role, RoomRole::Manager);
        let unmake = hall.code(client, |own| own.set_role(STAGE, &["visitor"], RoomRole::Visitor));
        assert_eq!(unmake, Code::NONE);
        assert_eq!(hall.join(cast.visitor, STAGE).role, RoomRole::Visitor);
    }
    // Four changes were told, by the creator and by a server.
    hall.until_noticed(cast.ordinary, STAGE, 4);
    let told = &hall.crowd.clients[cast.ordinary].notices;
    assert!(told.iter().all(|own| own.what == NoticeKind::RoleChanged && own.users == ["visitor"]));
    let roles: Vec<_> = told.iter().map(|own| (own.role, &*own.actor)).collect();
    let (up, down) = (RoomRole::Manager, RoomRole::Visitor);
    assert_eq!(roles, [(up, "creator"), (down, "creator"), (up, ""), (down, "")]);
}

fn creator_and_managers_make_and_unmake_ordinary_members(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.ordinary, cast.visitor, cast.anonymous] {
        for (user, role) in [("visitor", RoomRole::Ordinary), ("ordinary", RoomRole::Visitor)] {
            let set = hall.code(client, |own| own.set_role(STAGE, &[user], role));
            assert_eq!(set, Code::NOT_ALLOWED);
        }
    }
    for client in [cast.creator, cast.manager, cast.server] {
        for role in [RoomRole::Ordinary, RoomRole::Visitor] {
            let set = hall.code(client, |own| own.set_role(STAGE, &["visitor"], role));
            assert_eq!(set, Code::NONE);
            assert_eq!(hall.join(cast.visitor, STAGE).role, role);
        }
    }
    // One may be made that never was there, and one call answers for each.
    let users = ["nobody-yet", "manager-2", "creator"];
    let each = hall.ask(cast.manager, |own| own.set_role(STAGE, &users, RoomRole::Ordinary));
    let results = [(Code::NONE, 0), (Code::NOT_ALLOWED, 0), (Code::NOT_ALLOWED, 0)];
    assert_eq!(each, Outcome::Results(results.to_vec()));
    // Nobody is made a creator, or anonymous.
    for role in [RoomRole::Creator, RoomRole::Anonymous] {
        let set = hall.code(cast.server, |own| own.set_role(STAGE, &["visitor"], role));
        assert_eq!(set, Code::INVALID_ARGUMENT);
    }
}

fn a_manager_kicks_bans_and_mutes_whom_it_outranks_and_the_creator_anyone(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let acts = [
        Act::new(STAGE, Moderation::Kick),
        Act::lasting(STAGE, Moderation::Mute, 60),
        Act::new(STAGE, Moderation::Unmute),
        Act::lasting(STAGE, Moderation::Ban, 60),
        Act::new(STAGE, Moderation::Unban),
    ];
    for act in acts {
        for client in [cast.ordinary, cast.visitor, cast.anonymous] {
            let done = hall.code(client, |own| own.moderate(act, &["visitor"]));
            assert_eq!(done, Code::NOT_ALLOWED, "{act:?}");
        }
        for user in ["creator", "manager-2", "manager"] {
            let done = hall.code(cast.manager, |own| own.moderate(act, &[user]));
            assert_eq!(done, Code::NOT_ALLOWED, "{act:?} to {user}");
        }
    }
    let come_back = |hall: &mut Hall| {
        for client in [cast.manager, cast.ordinary, cast.visitor] {
            hall.join(client, STAGE);
        }
    };
    for act in acts {
        let done = hall.code(cast.manager, |own| own.moderate(act, &["visitor", "ordinary"]));
        assert_eq!(done, Code::NONE, "{act:?}");
        if act.action != Moderation::Ban {
            come_back(&mut hall);
        }
    }
    for act in acts {
        let users = ["visitor", "ordinary", "manager"];
        let done = hall.code(cast.creator, |own| own.moderate(act, &users));
        assert_eq!(done, Code::NONE, "{act:?}");
        if act.action != Moderation::Ban {
            come_back(&mut hall);
        }
    }
    let kick = Act::new(STAGE, Moderation::Kick);
    hall.act(kick, &["creator"]);
    hall.crowd.until("the creator is out", |crowd| crowd.clients[cast.creator].kicks.len() == 1);
}

fn creator_and_managers_change_what_a_room_says_of_itself(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let titled = |title| ChangeRoom {
        room: STAGE,
        fields: RoomFields::TITLE,
        about: About { title, announcement: "not meant", ..About::default() },
        extension: "as promised",
        ..ChangeRoom::default()
    };
    for client in [cast.ordinary, cast.visitor, cast.anonymous] {
        assert_eq!(hall.code(client, |own| own.change_room(titled("no"))), Code::NOT_ALLOWED);
    }
    let mut last = 0;
    for (client, title) in
        [(cast.creator, "creator's"), (cast.manager, "manager's"), (cast.server, "server's")]
    {
        let Outcome::Changed { seq, .. } = hall.ask(client, |own| own.change_room(titled(title)))
        else {
            panic!("it may change the title to {title}");
        };
        assert!(seq > last, "each change has its place");
        last = seq;
        hall.ask(client, |own| own.query(STAGE));
        let about = &hall.crowd.clients[client].states[STAGE].about;
        assert_eq!((&*about.title, &*about.announcement), (title, ""), "only what was named");
    }
    hall.until_noticed(cast.visitor, STAGE, 3);
    let told = &hall.crowd.clients[cast.visitor].notices;
    let titles: Vec<_> = told.iter().map(|own| (&*own.about.title, &*own.actor)).collect();
    let expected = [("creator's", "creator"), ("manager's", "manager"), ("server's", "")];
    assert_eq!(titles, expected);
    for own in told {
        assert_eq!((own.what, own.fields), (NoticeKind::RoomChanged, RoomFields::TITLE));
        assert_eq!((&*own.about.announcement, &*own.extension), ("", "as promised"));
    }
    assert_eq!(told[2].seq, last);
    let nothing = ChangeRoom { room: STAGE, ..ChangeRoom::default() };
    let refused = hall.code(cast.creator, |own| own.change_room(nothing));
    assert_eq!(refused, Code::INVALID_ARGUMENT, "at least one field is named");
}

fn only_servers_change_when_a_room_ends(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let policy = DestroyPolicy { kind: PolicyKind::Empty, seconds: 600 };
    let fields = RoomFields::POLICY;
    let change = ChangeRoom { room: STAGE, fields, policy, ..ChangeRoom::default() };
    for client in cast.clients() {
        assert_eq!(hall.code(client, |own| own.change_room(change)), Code::NOT_ALLOWED);
        // Not even along with what it may change.
        let both = ChangeRoom { fields: fields.with(RoomFields::TITLE), ..change };
        assert_eq!(hall.code(client, |own| own.change_room(both)), Code::NOT_ALLOWED);
    }
    assert_eq!(hall.code(cast.server, |own| own.change_room(change)), Code::NONE);
    hall.ask(cast.visitor, |own| own.query(STAGE));
    assert_eq!(hall.crowd.clients[cast.visitor].states[STAGE].policy, policy);
    hall.until_noticed(cast.visitor, STAGE, 1);
    assert_eq!(hall.crowd.clients[cast.visitor].notices[0].policy, policy);
    let week_and_more = DestroyPolicy { seconds: 604_801, ..policy };
    let long = ChangeRoom { policy: week_and_more, ..change };
    let refused = hall.code(cast.server, |own| own.change_room(long));
    assert_eq!(refused, Code::INVALID_ARGUMENT);
}

fn only_the_creator_and_servers_close_and_open_a_room(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.manager, cast.ordinary, cast.visitor, cast.anonymous] {
        for open in [false, true] {
            assert_eq!(hall.code(client, |own| own.set_open(STAGE, open)), Code::NOT_ALLOWED);
        }
    }
    for client in [cast.creator, cast.server] {
        assert_eq!(hall.code(client, |own| own.set_open(STAGE, false)), Code::NONE);
        assert_eq!(hall.code(cast.visitor, |own| own.join(STAGE)), Code::ROOM_CLOSED);
        assert_eq!(hall.code(client, |own| own.set_open(STAGE, true)), Code::NONE);
        hall.join(cast.visitor, STAGE);
    }
}

fn each_with_an_account_changes_how_it_shows_itself(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    let ann = Profile { nickname: "Ann", avatar: "https://example.org/a.png", extension: "{}" };
    for client in [cast.creator, cast.manager, cast.ordinary, cast.visitor] {
        assert_eq!(hall.code(client, |own| own.set_profile(STAGE, ann)), Code::NONE);
    }
    let refused = hall.code(cast.anonymous, |own| own.set_profile(STAGE, ann));
    assert_eq!(refused, Code::NOT_ALLOWED);
    let stranger = hall.crowd.open("stranger", Role::Client);
    let refused = hall.code(stranger, |own| own.set_profile(STAGE, ann));
    assert_eq!(refused, Code::NOT_A_MEMBER);

    // Bounds are in characters, and hold for a join, too.
    let (nickname, avatar, extension) = ("ü".repeat(64), "a".repeat(1_024), "e".repeat(2_048));
    let full = Profile { nickname: &nickname, avatar: &avatar, extension: &extension };
    assert_eq!(hall.code(cast.visitor, |own| own.set_profile(STAGE, full)), Code::NONE);
    let [long_nickname, long_avatar, long_extension] =
        [&nickname, &avatar, &extension].map(|text| format!("{text}x"));
    for profile in [
        Profile { nickname: &long_nickname, ..full },
        Profile { avatar: &long_avatar, ..full },
        Profile { extension: &long_extension, ..full },
    ] {
        let refused = hall.code(cast.visitor, |own| own.set_profile(STAGE, profile));
        assert_eq!(refused, Code::INVALID_ARGUMENT);
        let coming = Coming { profile, ..Coming::default() };
        let refused = hall.code(stranger, |own| own.join_with(STAGE, coming));
        assert_eq!(refused, Code::INVALID_ARGUMENT);
    }
}

fn a_role_holds_while_its_user_is_away(io: Wanted) {
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in [cast.manager, cast.creator, cast.ordinary] {
        assert_eq!(hall.code(client, |own| own.leave(STAGE)), Code::NONE);
    }
    let kick = Act::new(STAGE, Moderation::Kick);
    assert_eq!(hall.code(cast.manager, |own| own.moderate(kick, &["visitor"])), Code::NONE);
    assert_eq!(hall.code(cast.creator, |own| own.mute_room(STAGE, true)), Code::NONE);
    assert_eq!(hall.code(cast.ordinary, |own| own.mute_room(STAGE, false)), Code::NOT_ALLOWED);
    assert_eq!(hall.join(cast.manager, STAGE).role, RoomRole::Manager);
    assert_eq!(hall.join(cast.ordinary, STAGE).role, RoomRole::Ordinary);
}

fn what_is_the_servers_is_refused_to_every_client(io: Wanted) {
    use throng_protocol::value::{AppEvents, ListChange, ListName, Sanction};
    let (mut hall, cast) = Hall::with_cast(&config(io));
    for client in cast.clients() {
        for room in ["another", STAGE] {
            assert_eq!(hall.code(client, |own| own.create(room)), Code::NOT_ALLOWED);
        }
        assert_eq!(hall.code(client, |own| own.destroy(STAGE)), Code::NOT_ALLOWED);
        assert_eq!(hall.code(client, |own| own.destroy_rooms(&[STAGE])), Code::NOT_ALLOWED);
        for (list, room) in [
            (ListName::KeepAlive, ""),
            (ListName::LowKinds, ""),
            (ListName::ProtectedKinds, ""),
            (ListName::ProtectedUsers, STAGE),
        ] {
            let change =
                hall.code(client, |own| own.change_list((list, room), ListChange::Add, &["x"]));
            assert_eq!(change, Code::NOT_ALLOWED, "{list:?}");
            assert_eq!(hall.code(client, |own| own.query_list(list, room)), Code::NOT_ALLOWED);
        }
        for action in [Moderation::Ban, Moderation::Mute] {
            let act = Act::lasting("", action, 60);
            let done = hall.code(client, |own| own.moderate(act, &["visitor"]));
            assert_eq!(done, Code::NOT_ALLOWED);
        }
        for sanction in [Sanction::Ban, Sanction::Mute] {
            let asked = hall.code(client, |own| own.query_sanctions("", sanction));
            assert_eq!(asked, Code::NOT_ALLOWED);
        }
        assert_eq!(hall.code(client, |own| own.subscribe(AppEvents::ROOMS)), Code::NOT_ALLOWED);
    }
    // Who is banned or muted in a room is for those to know who may change it.
    for (client, code) in cast.clients().into_iter().zip([
        Code::NONE,
        Code::NONE,
        Code::NOT_ALLOWED,
        Code::NOT_ALLOWED,
        Code::NOT_ALLOWED,
    ]) {
        assert_eq!(hall.code(client, |own| own.query_sanctions(STAGE, Sanction::Mute)), code);
    }
}
