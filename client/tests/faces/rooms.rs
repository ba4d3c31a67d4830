//! Promises about rooms: how they are made and changed, what is told of them, what comes back after
//! a loss.

use std::time::Duration;

use throng_client::ask::{ChangeRoom, CreateRoom, DestroyRooms, MuteRoom, SetRoomOpen, Subscribe};
use throng_client::event::{Change, Missed};
use throng_client::{
    AppEventKind, AppEvents, Code, DestroyReason, Error, Event, Join, LeftReason, PolicyKind,
    Position, QueuePermission, RoomRole, Unsent,
};
use throng_protocol::push::{AppEvent, LeftRoom, Notice, Presence};
use throng_protocol::reply;
use throng_protocol::request::Request;
use throng_protocol::value::{
    self, About, IdList, ItemResult, ItemResults, NoticeKind, NoticeOptions, RoomFields, RoomFlags,
    Switch,
};

use crate::broker::{Broker, NONE, joined, message};
use crate::face::{Face, Listen};
use crate::next_message;

pub const NOTICE: Notice<'static> = Notice {
    room: "lobby",
    epoch: 1,
    seq: 0,
    at: 9,
    what: NoticeKind::RoomMuted,
    actor: "bob",
    users: IdList::EMPTY,
    role: RoomRole::Visitor,
    term: throng_client::Term::NONE,
    departure: throng_client::Departure::Asked,
    profile: value::Profile { nickname: "", avatar: "", extension: "" },
    fields: RoomFields::from_bits(0),
    about: About { title: "", announcement: "", live_url: "", extension: "" },
    policy: throng_client::DestroyPolicy { kind: PolicyKind::Idle, seconds: 0 },
    attributes: value::Attributes::EMPTY,
    elements: value::QueueElements::EMPTY,
    keys: IdList::EMPTY,
    queue_size: 0,
    queue_permission: QueuePermission::Anyone,
    target_seq: 0,
    extension: "",
    extensions: NONE,
};

pub async fn history_comes_first_and_then_what_is_new<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::Join(join) => {
                assert_eq!((join.history, join.resume_epoch), (2, 0));
                assert_eq!((join.profile.nickname, join.profile.avatar), ("Ann", ""));
            }
            other => panic!("not a join: {other:?}"),
        });
        let about = About { title: "The lobby", ..About::default() };
        let joined = reply::Joined {
            occupants: 7,
            flags: RoomFlags::MUTED,
            creator: "bob",
            about,
            role: RoomRole::Manager,
            entries: 2,
            ..joined(40)
        };
        peer.reply(number, joined);
        for seq in [38, 40, 41] {
            peer.push(message(seq, b"said"));
        }
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let joined = client.join(Join::new("lobby").history(2).nickname("Ann")).await.unwrap();
    assert_eq!((joined.seq, joined.entries, joined.occupants), (40, 2, 7));
    assert_eq!((&*joined.about.title, joined.role), ("The lobby", RoomRole::Manager));
    assert!(joined.flags.has(RoomFlags::MUTED) && joined.mute.is_none());
    for seq in [38, 40, 41] {
        assert_eq!(next_message(&mut events).await.seq, seq);
    }
    drop((client, events));
    broker.finish();
}

pub async fn what_is_gone_is_told_and_what_is_there_comes<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 4);
        peer.drop_dead();
        let mut peer = door.welcome();
        let recovery = Code::NOT_RECOVERED;
        let gone = reply::Joined { entries: 1, recovery, missed: 95, ..joined(100) };
        peer.grant_join_from("lobby", 4, gone);
        peer.push(message(100, b"the last one"));
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    match events.recv().await {
        Some(Event::Missed(Missed { room, last, now, entries, .. })) => {
            assert_eq!((&*room, entries), ("lobby", Some(95)));
            let position = |seq| Position { epoch: 1, seq };
            assert_eq!((last, now), (position(4), position(100)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(next_message(&mut events).await.payload, "the last one");
    drop((client, events));
    broker.finish();
}

pub async fn notices_come_in_the_rooms_order<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        peer.grant_join("lobby", 4);
        peer.push(message(5, b"before"));
        peer.push(Notice { seq: 6, extension: "quiet, please", ..NOTICE });
        peer.push(Presence { room: "lobby", epoch: 1, members: 5, occupants: 6, extensions: NONE });
        let what = NoticeKind::RoomChanged;
        let about = About { title: "The attic", ..About::default() };
        peer.push(Notice { seq: 7, what, fields: RoomFields::TITLE, about, ..NOTICE });
        peer.push(Notice { seq: 8, what: NoticeKind::Unknown(99), ..NOTICE });
        peer.push(Notice { seq: 9, what: NoticeKind::RoomClosed, ..NOTICE });
        let reason = LeftReason::Closed;
        peer.push(LeftRoom { room: "lobby", reason, extensions: NONE });
        peer.drop_dead();
        // Whoever was put out does not come back by itself.
        door.welcome().expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    client.join("lobby").await.unwrap();
    assert_eq!(next_message(&mut events).await.payload, "before");
    let mut changes = Vec::new();
    loop {
        match events.recv().await.unwrap() {
            Event::Notice(notice) => {
                assert_eq!((notice.actor.as_deref(), notice.at), (Some("bob"), 9));
                changes.push((notice.seq, notice.change));
            }
            Event::Presence(presence) => {
                assert_eq!((presence.members, presence.occupants), (5, 6));
            }
            Event::LeftRoom(left) => break assert_eq!(left.reason, LeftReason::Closed),
            other => panic!("{other:?}"),
        }
    }
    let Change::RoomChanged(change) = &changes[1].1 else { panic!("{changes:?}") };
    assert_eq!((change.title.as_deref(), &change.announcement), (Some("The attic"), &None));
    changes.remove(1);
    let rest = [(6, Change::RoomMuted), (8, Change::Unknown(99)), (9, Change::RoomClosed)];
    assert_eq!(changes, rest);
    assert!(matches!(events.recv().await, Some(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Some(Event::Reconnected { .. })));
    drop((client, events));
    broker.finish();
}

pub async fn a_room_is_created_changed_closed_and_destroyed<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let changed = reply::Changed { epoch: 1, seq: 8, extensions: NONE };
        let number = peer.request(|request| match request {
            Request::CreateRoom(it) => {
                assert_eq!((it.room, it.creator, it.about.title), ("stage", "ann", "Ann"));
                assert_eq!((it.policy.kind, it.policy.seconds), (PolicyKind::Empty, 600));
                assert_eq!(it.flags, RoomFlags::MUTED);
                assert_eq!(it.mute_exceptions.iter().collect::<Vec<_>>(), ["dj"]);
            }
            other => panic!("not a creation: {other:?}"),
        });
        peer.reply(number, reply::Created { epoch: 1, created_at: 8, extensions: NONE });
        let number = peer.request(|request| match request {
            Request::ChangeRoom(it) => {
                assert_eq!(it.fields, RoomFields::TITLE.with(RoomFields::POLICY));
                assert_eq!((it.about.title, it.policy.seconds), ("Ann!", 0));
                assert_eq!((it.options, it.extension), (NoticeOptions::QUIET, "so it is"));
            }
            other => panic!("not a change: {other:?}"),
        });
        peer.reply(number, changed);
        let number = peer.request(|request| {
            assert!(matches!(request, Request::MuteRoom(it) if it.muted == Switch::Off));
        });
        peer.reply(number, changed);
        let number = peer.request(|request| {
            assert!(matches!(request, Request::SetRoomOpen(it) if it.open == Switch::Off));
        });
        peer.reply(number, changed);
        let number = peer.request(|request| match request {
            Request::DestroyRooms(it) => assert_eq!(it.rooms.iter().count(), 2),
            other => panic!("not a destruction: {other:?}"),
        });
        let mut results = Vec::new();
        let gone = ItemResult { code: Code::NO_SUCH_ROOM, retry_after_ms: 0 };
        ItemResults::write([ItemResult::DONE, gone], &mut results);
        let results = ItemResults::parse(&results).unwrap();
        peer.reply(number, reply::Results { results, extensions: NONE });
        peer.expect_end();
    });
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let ten_minutes = Duration::from_secs(600);
    let create = CreateRoom::new("stage")
        .creator("ann")
        .title("Ann")
        .destroyed_when(PolicyKind::Empty, ten_minutes)
        .muted_except(["dj"]);
    assert_eq!(client.ask(create).await.unwrap().created_at, 8);
    let change = ChangeRoom::new("stage")
        .title("Ann!")
        .destroyed_when(PolicyKind::Idle, Duration::ZERO)
        .quietly()
        .saying("so it is");
    assert_eq!(client.ask(change).await.unwrap().position(), Position { epoch: 1, seq: 8 });
    client.ask(MuteRoom::unmute("stage")).await.unwrap();
    client.ask(SetRoomOpen::close("stage").saying("good night")).await.unwrap();
    let results = client.ask(DestroyRooms::new(["stage", "attic"])).await.unwrap();
    assert_eq!(results.each[0], Ok(()));
    assert_eq!(results.each[1].as_ref().unwrap_err().code, Code::NO_SUCH_ROOM);
    assert!(!results.all_done());
    drop((client, events));
    broker.finish();
}

pub async fn what_does_not_fit_is_not_sent<F: Face>() {
    let broker = Broker::run(|door| door.welcome().expect_end());
    let (client, events) = F::connect(broker.config()).await.unwrap();
    let long = "t".repeat(129);
    let unsent = client.ask(CreateRoom::new("stage").title(&long)).await;
    assert!(matches!(unsent, Err(Error::Unsent(Unsent::Invalid { field: "title", .. }))));
    let unsent = client.ask(CreateRoom::new("no room")).await;
    assert!(matches!(unsent, Err(Error::Unsent(Unsent::Invalid { field: "room", .. }))));
    let many = CreateRoom::new("stage").muted_except(["dj"; 21]);
    let too_many = Unsent::TooMany { count: 21, max: 20 };
    assert_eq!(client.ask(many).await, Err(Error::Unsent(too_many)));
    let unsent = client.ask(MuteRoom::mute("stage").saying("x".repeat(2049))).await;
    assert!(matches!(unsent, Err(Error::Unsent(Unsent::Invalid { field: "extension", .. }))));
    drop((client, events));
    broker.finish();
}

pub async fn a_server_is_told_what_happens_in_its_app<F: Face>() {
    let broker = Broker::run(|door| {
        let mut peer = door.welcome();
        let number = peer.request(|request| match request {
            Request::Subscribe(it) => {
                assert_eq!(it.events, AppEvents::ROOMS.with(AppEvents::SESSIONS));
            }
            other => panic!("not a subscription: {other:?}"),
        });
        peer.reply(number, reply::Subscribed { extensions: NONE });
        peer.push(AppEvent {
            what: AppEventKind::RoomDestroyed,
            at: 9,
            room: "lobby",
            epoch: 1,
            destroyed: DestroyReason::Lifetime,
            ..AppEvent::default()
        });
        peer.expect_end();
    });
    let (client, mut events) = F::connect(broker.config()).await.unwrap();
    let both = AppEvents::ROOMS.with(AppEvents::SESSIONS);
    client.ask(Subscribe::to(both)).await.unwrap();
    match events.recv().await {
        Some(Event::App(it)) => {
            assert_eq!((it.what, &*it.room), (AppEventKind::RoomDestroyed, "lobby"));
            assert_eq!((it.destroyed, &*it.user), (DestroyReason::Lifetime, ""));
        }
        other => panic!("{other:?}"),
    }
    drop((client, events));
    broker.finish();
}
