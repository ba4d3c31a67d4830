//! How far a token reaches: every request about a room is refused beyond its scopes and asked within
//! them, and what is about the whole app is for tokens without any.

use throng_broker::io::choice::Wanted;
use throng_harness::client::keeping::{self, Special};
use throng_harness::client::{Act, Client, Outcome};
use throng_protocol::Code;
use throng_protocol::request::{
    ChangeRoom, CreateRoom, QueryHistory, QueryMembers, QueryTop, SetProfile,
};
use throng_protocol::value::{
    AppEvents, BotChange, LimitSetting, ListChange, ListName, Moderation, PublishOptions,
    QueuePermission, RoomFields, RoomRole, Sanction, TopBy, TopPeriod,
};

use super::{config, pass, server_pass};
use crate::both::on_both;
use crate::rooms::{Hall, code_of};

on_both! {
    no_request_about_a_room_reaches_beyond_the_scopes
    a_scope_is_a_room_or_how_rooms_begin
    what_is_about_the_app_is_for_whoever_reaches_all_of_it
    of_many_rooms_those_within_reach_are_done
    a_new_token_brings_its_scopes
}

type Ask = (&'static str, fn(&mut Client, &str) -> u32);

/// Every request that is about a room and is not sent in many.
const ABOUT_A_ROOM: &[Ask] = &[
    ("join", |own, room| own.join(room)),
    ("leave", |own, room| own.leave(room)),
    ("query room", |own, room| own.query(room)),
    ("create", |own, room| own.create(room)),
    ("create for", |own, room| own.request(CreateRoom { room, ..CreateRoom::default() })),
    ("destroy", |own, room| own.destroy(room)),
    ("change room", |own, room| {
        let fields = RoomFields::TITLE;
        own.change_room(ChangeRoom { room, fields, ..ChangeRoom::default() })
    }),
    ("set open", |own, room| own.set_open(room, true)),
    ("mute room", |own, room| own.mute_room(room, false)),
    ("members", |own, room| {
        own.query_members(QueryMembers { room, limit: 1, ..QueryMembers::default() })
    }),
    ("find members", |own, room| own.find_members(room, &["ann"])),
    ("set profile", |own, room| own.request(SetProfile { room, ..SetProfile::default() })),
    ("set role", |own, room| own.set_role(room, &["ann"], RoomRole::Visitor)),
    ("moderate", |own, room| own.moderate(Act::lasting(room, Moderation::Mute, 1), &["ann"])),
    ("sanctions", |own, room| own.query_sanctions(room, Sanction::Ban)),
    ("protected users", |own, room| own.query_list(ListName::ProtectedUsers, room)),
    ("mute exceptions", |own, room| own.query_list(ListName::MuteExceptions, room)),
    ("change exceptions", |own, room| {
        own.change_list((ListName::MuteExceptions, room), ListChange::Add, &["ann"])
    }),
    ("set limits", |own, room| own.set_limits(room, [LimitSetting::Keep; 3], 0)),
    ("query limits", |own, room| own.query_limits(room)),
    ("write attributes", |own, room| own.write_attributes(room, &[keeping::set("key", b"value")])),
    ("clear attributes", |own, room| own.clear_attributes(room, true)),
    ("query attributes", |own, room| own.query_attributes(room, 10)),
    ("set queue", |own, room| own.set_queue(room, 10, QueuePermission::Anyone)),
    ("write queue", |own, room| own.write_queue(room, &[keeping::offer("key", b"value", false)])),
    ("poll queue", |own, room| own.poll_queue(room, "")),
    ("clear queue", |own, room| own.clear_queue(room)),
    ("query queue", |own, room| own.query_queue(room, 10)),
    ("history", |own, room| {
        own.query_history(QueryHistory { room, limit: 10, ..QueryHistory::default() })
    }),
    ("recall", |own, room| own.recall(room, (1, 1), false)),
    ("change bots", |own, room| own.change_bots(room, BotChange::Add, &["bot"])),
];

fn no_request_about_a_room_reaches_beyond_the_scopes(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    hall.create("attic", "");
    let server = hall.crowd.open_with(&server_pass("backend-1").within(&["lobby"]));
    let ann = hall.crowd.open_with(&pass("ann").within(&["lobby"]));
    for (name, ask) in ABOUT_A_ROOM {
        let beyond = hall.code(server, |own| ask(own, "attic"));
        assert_eq!(beyond, Code::OUT_OF_SCOPE, "{name} by a server");
        let beyond = hall.code(ann, |own| ask(own, "attic"));
        let servers_alone = beyond == Code::NOT_ALLOWED;
        assert!(beyond == Code::OUT_OF_SCOPE || servers_alone, "{name} by a client: {beyond:?}");
        for client in [server, ann] {
            let within = hall.code(client, |own| ask(own, "lobby"));
            assert_ne!(within, Code::OUT_OF_SCOPE, "{name}");
        }
    }
    for client in [server, ann] {
        assert_eq!(hall.speak(client, "attic"), Code::OUT_OF_SCOPE);
    }
    let payload = hall.crowd.clients[ann].user.clone().into_bytes();
    let options = PublishOptions::default();
    let special = Special { room: "attic", payload: &payload, id: "id", targets: &[], options };
    let request = hall.crowd.clients[ann].publish_special(&mut hall.crowd.checker, special);
    assert_eq!(code_of(&hall.crowd.outcome(ann, request)), Code::OUT_OF_SCOPE);
}

fn a_scope_is_a_room_or_how_rooms_begin(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let scopes = ["lobby", "eu-*"];
    let ann = hall.crowd.open_with(&pass("ann").within(&scopes));
    for (room, code) in [
        ("lobby", Code::NONE),
        ("eu-", Code::NONE),
        ("eu-1", Code::NONE),
        ("eu", Code::OUT_OF_SCOPE),
        ("lobby2", Code::OUT_OF_SCOPE),
        ("lobb", Code::OUT_OF_SCOPE),
        ("Lobby", Code::OUT_OF_SCOPE),
        ("us-1", Code::OUT_OF_SCOPE),
    ] {
        assert_eq!(hall.code(ann, |own| own.join(room)), code, "{room}");
    }
    let bob = hall.crowd.open_with(&pass("bob").within(&["*"]));
    assert_eq!(hall.code(bob, |own| own.join("us-1")), Code::NONE);
}

/// Something that a client asks, by the number of the request.
type AskOfApp<'a> = &'a dyn Fn(&mut Client) -> u32;

fn what_is_about_the_app_is_for_whoever_reaches_all_of_it(io: Wanted) {
    let top =
        QueryTop { by: TopBy::Messages, period: TopPeriod::Hour, limit: 10, ..QueryTop::default() };
    let mut hall = Hall::open(&config(io));
    let narrow = hall.crowd.open_with(&server_pass("backend-1").within(&["lobby"]));
    let wide = hall.crowd.open_with(&server_pass("backend-2"));
    let about_the_app: &[(&str, AskOfApp<'_>)] = &[
        ("counters", &|own| own.query_counters()),
        ("top", &|own| own.request(top)),
        ("subscribe", &|own| own.subscribe(AppEvents::ROOMS)),
        ("revoke", &|own| own.revoke((false, &["nobody"]), 0)),
        ("ban", &|own| own.moderate(Act::lasting("", Moderation::Ban, 1), &["nobody"])),
        ("banned", &|own| own.query_sanctions("", Sanction::Ban)),
        ("keep alive", &|own| {
            own.change_list((ListName::KeepAlive, ""), ListChange::Add, &["lobby"])
        }),
        ("kinds", &|own| own.query_list(ListName::LowKinds, "")),
    ];
    for (name, ask) in about_the_app {
        assert_eq!(hall.code(narrow, ask), Code::OUT_OF_SCOPE, "{name}");
        assert_eq!(hall.code(wide, ask), Code::NONE, "{name}");
    }
    let own = &mut hall.crowd.clients[narrow];
    let request = own.broadcast(&mut hall.crowd.checker, b"to all");
    assert_eq!(code_of(&hall.crowd.outcome(narrow, request)), Code::OUT_OF_SCOPE);
}

fn of_many_rooms_those_within_reach_are_done(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    ["lobby", "attic"].into_iter().for_each(|room| hall.create(room, ""));
    let server = hall.crowd.open_with(&server_pass("backend-1").within(&["lobby"]));
    let own = &mut hall.crowd.clients[server];
    let request = own.publish_many(&mut hall.crowd.checker, &["attic", "lobby"], (b"to two", ""));
    let Outcome::Many(each) = hall.crowd.outcome(server, request) else { panic!("it is for many") };
    let codes: Vec<Code> = each.iter().map(|one| one.0).collect();
    assert_eq!(codes, [Code::OUT_OF_SCOPE, Code::NONE]);
    let destroyed = hall.code(server, |own| own.destroy_rooms(&["lobby", "attic"]));
    assert_eq!(destroyed, Code::OUT_OF_SCOPE, "all of them or none");
    assert_eq!(hall.code(server, |own| own.query("lobby")), Code::NONE);
    assert_eq!(hall.code(server, |own| own.destroy_rooms(&["lobby"])), Code::NONE);
}

fn a_new_token_brings_its_scopes(io: Wanted) {
    let mut hall = Hall::open(&config(io));
    let ann = hall.crowd.open_with(&pass("ann").within(&["lobby"]));
    hall.join(ann, "lobby");
    let elsewhere = pass("ann").within(&["attic"]);
    let refused = hall.code(ann, |own| own.refresh(&elsewhere, true));
    assert_eq!(refused, Code::OUT_OF_SCOPE, "not while it sits in the lobby");
    let wider = pass("ann").within(&["lobby", "attic"]);
    assert_eq!(hall.code(ann, |own| own.refresh(&wider, false)), Code::NONE);
    hall.join(ann, "attic");
    assert_eq!(hall.code(ann, |own| own.refresh(&elsewhere, false)), Code::NONE);
    assert_eq!(hall.code(ann, |own| own.join("lobby")), Code::OUT_OF_SCOPE);
}
