//! Rooms as such: how they are changed, closed and muted, and how that is told.

use throng_protocol::Code;
use throng_protocol::push::{AppEvent, Notice, Presence};
use throng_protocol::reply::{Changed, Results};
use throng_protocol::request::{ChangeRoom, DestroyRooms, MuteRoom, SetRoomOpen};
use throng_protocol::value::{
    About, AppEventKind, Attributes, Departure, DestroyPolicy, DestroyReason, IdList, ItemResult,
    ItemResults, NoticeKind, NoticeOptions, PolicyKind, Profile, QueueElements, QueuePermission,
    Role, RoomFields, RoomRole, Switch, Term,
};

use super::state::{longest_attributes, longest_elements};
use super::{
    Case, File, NONE, ids, keep, longest_about, longest_profile, push, reply, request,
    some_extensions, text_of,
};

const HEAD: &str = "Rooms: requests 28 to 31, replies 76 and 77, pushes 134 to 136.";

pub fn file() -> File {
    let mut cases = requests();
    cases.extend(replies());
    cases.extend(notices());
    cases.extend(figures());
    File { name: "rooms.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn requests() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let (options, extension) = (NoticeOptions::from_bits(255), text_of('e', 2048));
    let (minimal, open) = (ChangeRoom::default(), Switch::On);
    let title = ChangeRoom {
        room: "lobby",
        fields: RoomFields::TITLE,
        about: About { title: "The lobby", ..About::default() },
        ..minimal
    };
    let full = ChangeRoom {
        room,
        fields: RoomFields::from_bits(255),
        about: longest_about(),
        policy: DestroyPolicy { kind: PolicyKind::Lifetime, seconds: 604_800 },
        options,
        extension,
        extensions: some,
    };
    let closed = SetRoomOpen { room: "lobby", extension: "see you tomorrow", ..Default::default() };
    let opened = SetRoomOpen { room, open, options, extension, extensions: some };
    let quiet = MuteRoom {
        room: "lobby",
        muted: Switch::On,
        options: NoticeOptions::QUIET,
        ..MuteRoom::default()
    };
    let muted = Switch::Unknown(255);
    let muted_full = MuteRoom { room, muted, options, extension, extensions: some };
    let rooms = DestroyRooms { rooms: ids(&["lobby", "attic"]), extensions: some };
    vec![
        request("change-room-minimal", 0, minimal),
        request("change-room-title", 1, title),
        request("change-room-full", most, full),
        request("destroy-rooms-minimal", 0, DestroyRooms::default()),
        request("destroy-rooms-full", most, rooms),
        request("set-room-open-minimal", 0, SetRoomOpen::default()),
        request("set-room-open-closed", 1, closed),
        request("set-room-open-full", most, opened),
        request("mute-room-minimal", 0, MuteRoom::default()),
        request("mute-room-quiet", 1, quiet),
        request("mute-room-full", most, muted_full),
    ]
}

fn replies() -> Vec<Case> {
    let (most, some) = (u32::MAX, some_extensions());
    let not = |code, retry_after_ms| ItemResult { code, retry_after_ms };
    let all = [ItemResult::DONE, not(Code::NO_SUCH_ROOM, 0), not(Code::OVERLOADED, 500)];
    let mut bytes = Vec::new();
    ItemResults::write(all, &mut bytes);
    let results = ItemResults::parse(keep(bytes)).expect("they were written just now");
    vec![
        reply("changed-minimal", 0, Changed::default()),
        reply("changed-full", most, Changed { epoch: u64::MAX, seq: u64::MAX, extensions: some }),
        reply("results-minimal", 0, Results::default()),
        reply("results-full", most, Results { results, extensions: some }),
    ]
}

/// A notice that says little.
pub const PLAIN: Notice<'static> = Notice {
    room: "lobby",
    epoch: 7,
    seq: 300,
    at: 1_793_500_001_000_000,
    what: NoticeKind::RoomMuted,
    actor: "bob",
    users: IdList::EMPTY,
    role: RoomRole::Creator,
    term: Term::NONE,
    departure: Departure::Asked,
    profile: Profile { nickname: "", avatar: "", extension: "" },
    fields: RoomFields::from_bits(0),
    about: About { title: "", announcement: "", live_url: "", extension: "" },
    policy: DestroyPolicy { kind: PolicyKind::Idle, seconds: 0 },
    attributes: Attributes::EMPTY,
    elements: QueueElements::EMPTY,
    keys: IdList::EMPTY,
    queue_size: 0,
    queue_permission: QueuePermission::Anyone,
    target_seq: 0,
    extension: "",
    extensions: NONE,
};

fn notices() -> Vec<Case> {
    let ann = ids(&["ann"]);
    let notice = |what| Notice { what, ..PLAIN };
    let muted = Notice {
        users: ids(&["ann", "cid"]),
        term: Term::from_seconds(600),
        extension: "no flooding, please",
        ..notice(NoticeKind::UsersMuted)
    };
    let (role, fields, actor) = (RoomRole::Manager, RoomFields::TITLE, "");
    let appointed = Notice { users: ann, role, ..notice(NoticeKind::RoleChanged) };
    let about = About { title: "The lobby", ..About::default() };
    let renamed = Notice { fields, about, ..notice(NoticeKind::RoomChanged) };
    let profile = Profile { nickname: "Ann", ..Profile::default() };
    let role = RoomRole::Visitor;
    let came = Notice { users: ann, role, profile, actor, ..notice(NoticeKind::MemberJoined) };
    let departure = Departure::Lost;
    let went = Notice { users: ann, departure, actor, ..notice(NoticeKind::MemberLeft) };
    let (what, term) = (NoticeKind::UsersMuted, Term::FOREVER);
    let in_app = Notice { users: ann, term, what, at: PLAIN.at, ..Notice::default() };
    vec![
        push("notice-minimal", Notice::default()),
        push("notice-room-muted", PLAIN),
        push("notice-room-closed", notice(NoticeKind::RoomClosed)),
        push("notice-users-muted", muted),
        push("notice-user-muted-in-the-app", in_app),
        push("notice-role-changed", appointed),
        push("notice-room-changed", renamed),
        push("notice-member-joined", came),
        push("notice-member-left", went),
        push("notice-full", longest_notice()),
    ]
}

fn longest_notice() -> Notice<'static> {
    Notice {
        room: text_of('r', 64),
        epoch: u64::MAX,
        seq: u64::MAX,
        at: u64::MAX,
        what: NoticeKind::Unknown(255),
        actor: text_of('a', 64),
        users: ids(&[text_of('u', 64); 20]),
        role: RoomRole::Unknown(255),
        term: Term::FOREVER,
        departure: Departure::Unknown(255),
        profile: longest_profile(),
        fields: RoomFields::from_bits(255),
        about: longest_about(),
        policy: DestroyPolicy { kind: PolicyKind::Unknown(255), seconds: u32::MAX },
        attributes: longest_attributes(),
        elements: longest_elements(),
        keys: ids(&[text_of('k', 128); 20]),
        queue_size: u16::MAX,
        queue_permission: QueuePermission::Unknown(255),
        target_seq: u64::MAX,
        extension: text_of('e', 2048),
        extensions: some_extensions(),
    }
}

fn figures() -> Vec<Case> {
    let presence = Presence {
        room: text_of('r', 64),
        epoch: u64::MAX,
        members: 2_000,
        occupants: u64::MAX,
        extensions: some_extensions(),
    };
    let at = 1_793_500_001_000_000;
    let destroyed = AppEvent {
        what: AppEventKind::RoomDestroyed,
        at,
        room: "lobby",
        epoch: 7,
        destroyed: DestroyReason::Empty,
        ..AppEvent::default()
    };
    let gone = AppEvent {
        what: AppEventKind::SessionEnded,
        at,
        user: "ann",
        device: "laptop",
        code: Code::SILENT,
        ..AppEvent::default()
    };
    let full = AppEvent {
        what: AppEventKind::Unknown(255),
        at: u64::MAX,
        room: text_of('r', 64),
        epoch: u64::MAX,
        user: text_of('u', 64),
        device: text_of('d', 64),
        role: Role::Unknown(255),
        destroyed: DestroyReason::Unknown(255),
        departure: Departure::Unknown(255),
        code: Code::from_number(u16::MAX),
        extensions: some_extensions(),
    };
    vec![
        push("presence-minimal", Presence::default()),
        push("presence-full", presence),
        push("app-event-minimal", AppEvent::default()),
        push("app-event-room-destroyed", destroyed),
        push("app-event-session-ended", gone),
        push("app-event-full", full),
    ]
}
