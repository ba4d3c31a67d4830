//! The rules that decide what is dropped when there is too much: what is asked and answered about
//! them, and the two ways in which a dropped message is told.

use super::{Case, File, NONE, ids, keep, reply, request, some_extensions, text_of};
use throng_protocol::reply::{Counters, Limits, ListChanged, ListEntries, RoomLimitsSet, Shed};
use throng_protocol::request::{ChangeList, QueryCounters, QueryLimits, QueryList, SetRoomLimits};
use throng_protocol::value::{
    Allowance, Class, Count, Counter, Counts, IdList, LimitSetting, ListChange, ListName,
    ShedReason,
};

const HEAD: &str = "Lists, limits and counters: requests 23 to 27, replies 71 to 75, and Shed.";

pub fn file() -> File {
    let mut cases = requests();
    cases.extend(replies());
    File { name: "rules.txt", head: HEAD, cases, oddities: Vec::new() }
}

fn requests() -> Vec<Case> {
    let (none, some, room) = (NONE, some_extensions(), text_of('r', 64));
    let (list, change, entries) = (ListName::ProtectedUsers, ListChange::Add, IdList::EMPTY);
    let minimal = ChangeList { list, room: "", change, entries, extensions: none };
    let kinds = ChangeList { list: ListName::LowKinds, entries: ids(&["like"]), ..minimal };
    let full = ChangeList {
        list: ListName::Unknown(255),
        room,
        change: ListChange::Unknown(255),
        entries: ids(&["ann", "bob"]),
        extensions: some,
    };
    let keep_all = LimitSetting::Keep;
    let kept = SetRoomLimits {
        room: "",
        high_only: keep_all,
        shared: keep_all,
        protected: keep_all,
        slow_mode_ms: keep_all,
        ring_messages: keep_all,
        ring_bytes: keep_all,
        extensions: none,
    };
    let set = SetRoomLimits {
        room,
        high_only: LimitSetting::Inherit,
        shared: LimitSetting::Unlimited,
        protected: LimitSetting::Limit(LimitSetting::MAX),
        slow_mode_ms: LimitSetting::Limit(0),
        ring_messages: LimitSetting::Limit(10_000),
        ring_bytes: LimitSetting::Inherit,
        extensions: some,
    };
    let lists = (ListName::ProtectedKinds, ListName::MuteExceptions);
    vec![
        request("change-list-minimal", 0, minimal),
        request("change-list", 1, kinds),
        request("change-list-full", u32::MAX, full),
        request("query-list-minimal", 0, QueryList { list: lists.0, room: "", extensions: none }),
        request("query-list-full", 250, QueryList { list: lists.1, room, extensions: some }),
        request("set-room-limits-minimal", 251, kept),
        request("set-room-limits-full", u32::MAX, set),
        request("query-limits-minimal", 0, QueryLimits { room: "", extensions: none }),
        request("query-limits-full", 65_536, QueryLimits { room, extensions: some }),
        request("query-counters-minimal", 0, QueryCounters { extensions: none }),
        request("query-counters-full", u32::MAX, QueryCounters { extensions: some }),
    ]
}

fn replies() -> Vec<Case> {
    let (none, some, most) = (NONE, some_extensions(), u32::MAX);
    let zero = Allowance::default();
    let nothing = Limits {
        messages: zero,
        requests: zero,
        room_high_only: zero,
        room_shared: zero,
        room_protected: zero,
        slow_mode_ms: 0,
        slow_mode_wait_ms: 0,
        ring_messages: 0,
        ring_bytes: 0,
        extensions: none,
    };
    let used_up = Allowance { limit: 5, window_ms: 1_000, left: 0, retry_after_ms: 991 };
    let free = Allowance { limit: 0, window_ms: 1_000, left: most, retry_after_ms: 0 };
    let pool = Allowance { limit: 20, window_ms: 200, left: 17, retry_after_ms: 0 };
    let full = Limits {
        messages: used_up,
        requests: free,
        room_high_only: pool,
        room_shared: pool,
        room_protected: pool,
        slow_mode_ms: 10_000,
        slow_mode_wait_ms: most,
        ring_messages: 50,
        ring_bytes: 8 * 1_024 * 1_024,
        extensions: some,
    };
    let shed = Shed {
        class: Class::Low,
        reason: ShedReason::Overload,
        retry_after_ms: 500,
        extensions: none,
    };
    let shed_full = Shed {
        class: Class::Unknown(255),
        reason: ShedReason::Unknown(255),
        retry_after_ms: most,
        extensions: some,
    };
    vec![
        reply("list-changed-minimal", 0, ListChanged { size: 0, extensions: none }),
        reply("list-changed-full", most, ListChanged { size: most, extensions: some }),
        reply("list-entries-minimal", 0, ListEntries { entries: IdList::EMPTY, extensions: none }),
        reply(
            "list-entries-full",
            most,
            ListEntries { entries: ids(&["a", "b"]), extensions: some },
        ),
        reply("room-limits-set-minimal", 0, RoomLimitsSet { extensions: none }),
        reply("room-limits-set-full", most, RoomLimitsSet { extensions: some }),
        reply("limits-minimal", 0, nothing),
        reply("limits-full", most, full),
        reply("counters-minimal", 0, Counters { counts: Counts::default(), extensions: none }),
        reply("counters-full", most, Counters { counts: counts(), extensions: some }),
        reply("shed-minimal", 0, Shed { retry_after_ms: 0, ..shed }),
        reply("shed", 2, shed),
        reply("shed-full", most, shed_full),
    ]
}

fn counts() -> Counts<'static> {
    let count = |counter, class, count| Count { counter, class, count };
    let mut bytes = Vec::new();
    let all = [
        count(Counter::Accepted, Class::High, u64::MAX),
        count(Counter::Unknown(255), Class::Unknown(255), 0),
    ];
    Counts::write(all, &mut bytes);
    Counts::parse(keep(bytes)).expect("they were written just now")
}
