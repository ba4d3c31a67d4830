//! Members of rooms: who they are, what they may do, and what is done to those who do not behave.

use throng_protocol::reply::{MembersFound, MembersPage, SanctionsPage};
use throng_protocol::request::{
    FindMembers, Moderate, QueryMembers, QuerySanctions, SetProfile, SetRoomRole,
};
use throng_protocol::value::{
    Attendance, Attendances, Member, MemberFilter, MemberOrder, Members, Moderation, NoticeOptions,
    Profile, RoomRole, Sanction, Sanctioned, SanctionedUsers, Term,
};

use super::{
    Case, File, bytes_of, ids, keep, longest_profile, reply, request, some_extensions, text_of,
};

const HEAD: &str = "Members of rooms: requests 32 to 37, replies 78 to 80.";

pub fn file() -> File {
    let mut cases = questions();
    cases.extend(actions());
    cases.extend(replies());
    File { name: "members.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn questions() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let minimal = QueryMembers::default();
    let first = QueryMembers { room: "lobby", limit: 500, ..minimal };
    let full = QueryMembers {
        room,
        filter: MemberFilter::Fixed,
        order: MemberOrder::NewestFirst,
        cursor: bytes_of(255, 128),
        limit: u16::MAX,
        extensions: some,
    };
    let users = ids(&["ann", "bob"]);
    let sanctions = QuerySanctions {
        room,
        sanction: Sanction::Mute,
        cursor: bytes_of(255, 128),
        limit: u16::MAX,
        extensions: some,
    };
    vec![
        request("query-members-minimal", 0, minimal),
        request("query-members", 1, first),
        request("query-members-full", most, full),
        request("find-members-minimal", 0, FindMembers::default()),
        request("find-members-full", most, FindMembers { room, users, extensions: some }),
        request("query-sanctions-minimal", 0, QuerySanctions::default()),
        request("query-sanctions-full", most, sanctions),
    ]
}

fn actions() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let (options, extension) = (NoticeOptions::from_bits(255), text_of('e', 2048));
    let ann = Profile { nickname: "Ann", ..Profile::default() };
    let named = SetProfile { room: "lobby", profile: ann, ..SetProfile::default() };
    let profile = SetProfile { room, profile: longest_profile(), options, extensions: some };
    let appoint = SetRoomRole {
        room: "lobby",
        users: ids(&["ann"]),
        role: RoomRole::Manager,
        ..SetRoomRole::default()
    };
    let role = RoomRole::Unknown(255);
    let all = ids(&[text_of('u', 64); 20]);
    let role_full = SetRoomRole { room, users: all, role, options, extension, extensions: some };
    let mute = Moderate {
        room: "lobby",
        action: Moderation::Mute,
        users: ids(&["ann", "bob"]),
        term: Term::from_seconds(600),
        extension: "no flooding, please",
        ..Moderate::default()
    };
    let ban = Moderate {
        action: Moderation::Ban,
        users: ids(&["ann"]),
        term: Term::FOREVER,
        options: NoticeOptions::QUIET,
        ..Moderate::default()
    };
    let full = Moderate {
        room,
        action: Moderation::Unknown(255),
        users: all,
        term: Term::from_seconds(u32::MAX),
        options,
        extension,
        extensions: some,
    };
    vec![
        request("set-profile-minimal", 0, SetProfile::default()),
        request("set-profile", 1, named),
        request("set-profile-full", most, profile),
        request("set-room-role-minimal", 0, SetRoomRole::default()),
        request("set-room-role", 1, appoint),
        request("set-room-role-full", most, role_full),
        request("moderate-minimal", 0, Moderate::default()),
        request("moderate-mute", 1, mute),
        request("moderate-ban-from-the-app", 2, ban),
        request("moderate-full", most, full),
    ]
}

fn replies() -> Vec<Case> {
    let (most, some) = (u32::MAX, some_extensions());
    let found =
        [Attendance::Present, Attendance::Absent, Attendance::Bot, Attendance::Unknown(255)];
    let mut bytes = Vec::new();
    Attendances::write(found, &mut bytes);
    let attendances = Attendances::parse(keep(bytes)).expect("they were written just now");
    let cursor = bytes_of(255, 128);
    let page = MembersPage { total: u64::MAX, members: members(), cursor, extensions: some };
    let users = sanctioned();
    let sanctions = SanctionsPage { total: u64::MAX, users, cursor, extensions: some };
    vec![
        reply("members-page-minimal", 0, MembersPage::default()),
        reply("members-page-full", most, page),
        reply("members-found-minimal", 0, MembersFound::default()),
        reply("members-found-full", most, MembersFound { attendances, extensions: some }),
        reply("sanctions-page-minimal", 0, SanctionsPage::default()),
        reply("sanctions-page-full", most, sanctions),
    ]
}

fn members() -> Members<'static> {
    let ann = Member {
        user: "ann",
        role: RoomRole::Creator,
        attendance: Attendance::Away,
        joined_at: 0,
        profile: Profile { nickname: "Ann", ..Profile::default() },
    };
    let longest = Member {
        user: text_of('u', 64),
        role: RoomRole::Unknown(255),
        attendance: Attendance::Unknown(255),
        joined_at: u64::MAX,
        profile: longest_profile(),
    };
    let mut bytes = Vec::new();
    Members::write([ann, longest], &mut bytes);
    Members::parse(keep(bytes)).expect("they were written just now")
}

fn sanctioned() -> SanctionedUsers<'static> {
    let since = 1_793_500_000_000_000;
    let ann = Sanctioned { user: "ann", left: Term::from_seconds(251), since, actor: "" };
    let long = text_of('u', 64);
    let longest = Sanctioned { user: long, left: Term::FOREVER, since: u64::MAX, actor: long };
    let mut bytes = Vec::new();
    SanctionedUsers::write([ann, longest], &mut bytes);
    SanctionedUsers::parse(keep(bytes)).expect("they were written just now")
}
