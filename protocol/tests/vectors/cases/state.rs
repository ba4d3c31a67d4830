//! What a room keeps: attributes, a queue, its history, and what is told of them.

use throng_protocol::Code;
use throng_protocol::push::{Notice, RoomAttributes, RoomQueue, Tombstone};
use throng_protocol::reply::{AttributesPage, AttributesWritten, HistoryPage, Polled, QueuePage};
use throng_protocol::request::{
    ClearAttributes, ClearQueue, PollQueue, QueryAttributes, QueryQueue, SetQueue, WriteAttributes,
    WriteQueue,
};
use throng_protocol::value::{
    Attribute, AttributeOp, AttributeOptions, AttributeResult, AttributeResults, AttributeWrite,
    AttributeWrites, Attributes, NoticeKind, NoticeOptions, QueueElement, QueueElements, QueueOp,
    QueueOptions, QueuePermission, QueueWrite, Switch, Term, WriteWhen,
};

use super::rooms::PLAIN;
use super::{
    Case, File, bytes_of, history, ids, list, push, reply, request, some_extensions, text_of,
};

const HEAD: &str =
    "What a room keeps: requests 39 to 48, replies 82 to 86, pushes 134 and 137 to 139.";

pub fn file() -> File {
    let mut cases = attributes();
    cases.extend(queue());
    cases.extend(history::requests());
    cases.extend(answers());
    cases.extend(pages());
    cases.extend(told());
    cases.extend(notices());
    File { name: "state.txt", head: HEAD, cases, oddities: Vec::new() }
}

/// Two writes as they are usual.
pub fn some_writes() -> AttributeWrites<'static> {
    let topic = AttributeWrite { key: "topic", value: b"tea", ..AttributeWrite::default() };
    let hand = AttributeWrite {
        key: "hand-ann",
        value: b"up",
        expires_after: 600,
        options: AttributeOptions::AUTO_DELETE,
        ..AttributeWrite::default()
    };
    list!([topic, hand])
}

fn conditional_writes() -> AttributeWrites<'static> {
    let once = AttributeWrite {
        key: "seat-1",
        value: b"ann",
        when: WriteWhen::Absent,
        ..AttributeWrite::default()
    };
    let swap = AttributeWrite { key: "topic", when: WriteWhen::Revision, revision: 251, ..once };
    let gone = AttributeWrite {
        key: "seat-2",
        op: AttributeOp::Delete,
        options: AttributeOptions::FORCE,
        ..AttributeWrite::default()
    };
    let add =
        AttributeWrite { key: "score", op: AttributeOp::Add, add: -3, ..AttributeWrite::default() };
    list!([once, swap, gone, add])
}

/// Numbers at the ends of their widths.
fn longest_writes() -> AttributeWrites<'static> {
    let longest = AttributeWrite {
        key: text_of('k', 128),
        op: AttributeOp::Unknown(255),
        value: bytes_of(255, 4096),
        add: i64::MIN,
        when: WriteWhen::Unknown(255),
        revision: u64::MAX,
        expires_after: u32::MAX,
        options: AttributeOptions::from_bits(255),
    };
    let numbers = [i64::MAX, 125, -125, 126, -126, 0];
    list!([longest].into_iter().chain(numbers.map(|add| AttributeWrite {
        key: "n",
        op: AttributeOp::Add,
        add,
        ..AttributeWrite::default()
    })))
}

fn attributes() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let (options, extension) = (NoticeOptions::from_bits(255), text_of('e', 2048));
    let write = WriteAttributes { room: "lobby", writes: some_writes(), ..Default::default() };
    let conditional = WriteAttributes { writes: conditional_writes(), ..write };
    let writes = longest_writes();
    let full = WriteAttributes { room, writes, options, extension, extensions: some };
    let most_writes = [AttributeWrite { key: "k", ..AttributeWrite::default() }; 20];
    let many = WriteAttributes { writes: list!(most_writes), ..write };
    let force = Switch::On;
    let clear = ClearAttributes { room, force, options, extension, extensions: some };
    let (keys, cursor) = (ids(&["topic", text_of('k', 128)]), bytes_of(255, 128));
    let query = QueryAttributes { room, keys, cursor, limit: u16::MAX, extensions: some };
    let all = QueryAttributes { room: "lobby", limit: 100, ..QueryAttributes::default() };
    vec![
        request("write-attributes-minimal", 0, WriteAttributes::default()),
        request("write-attributes", 1, write),
        request("write-attributes-on-conditions", 2, conditional),
        request("write-attributes-most", 3, many),
        request("write-attributes-full", most, full),
        request("clear-attributes-minimal", 0, ClearAttributes::default()),
        request("clear-attributes-full", most, clear),
        request("query-attributes-minimal", 0, QueryAttributes::default()),
        request("query-attributes", 1, all),
        request("query-attributes-full", most, query),
    ]
}

fn queue() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let (options, extension) = (NoticeOptions::from_bits(255), text_of('e', 2048));
    let (size, permission) = (u16::MAX, QueuePermission::Unknown(255));
    let set = SetQueue { room, size, permission, options, extension, extensions: some };
    let stage = SetQueue {
        room: "stage",
        size: 20,
        permission: QueuePermission::Managers,
        ..SetQueue::default()
    };
    let transient = QueueOptions::TRANSIENT;
    let offer =
        QueueWrite { key: "ann", value: b"a song", options: transient, ..Default::default() };
    let remove = QueueWrite { op: QueueOp::Remove, key: "bob", ..QueueWrite::default() };
    let write = WriteQueue { room: "stage", writes: list!([offer, remove]), ..Default::default() };
    let longest = QueueWrite {
        op: QueueOp::Unknown(255),
        key: text_of('k', 128),
        value: bytes_of(255, 4096),
        options: QueueOptions::from_bits(255),
    };
    let many = WriteQueue { writes: list!([remove; 100]), ..write };
    let writes = list!([longest, offer]);
    let full = WriteQueue { room, writes, options, extension, extensions: some };
    let key = text_of('k', 128);
    let poll = PollQueue { room, key, options, extension, extensions: some };
    let (cursor, limit) = (bytes_of(255, 128), u16::MAX);
    let clear = ClearQueue { room, options, extension, extensions: some };
    vec![
        request("set-queue-minimal", 0, SetQueue::default()),
        request("set-queue", 1, stage),
        request("set-queue-full", most, set),
        request("write-queue-minimal", 0, WriteQueue::default()),
        request("write-queue", 1, write),
        request("write-queue-most", 2, many),
        request("write-queue-full", most, full),
        request("poll-queue-minimal", 0, PollQueue::default()),
        request("poll-queue", 1, PollQueue { room: "stage", ..PollQueue::default() }),
        request("poll-queue-full", most, poll),
        request("query-queue-minimal", 0, QueryQueue::default()),
        request("query-queue-full", most, QueryQueue { room, cursor, limit, extensions: some }),
        request("clear-queue-minimal", 0, ClearQueue::default()),
        request("clear-queue-full", most, clear),
    ]
}

fn some_attributes() -> Attributes<'static> {
    let topic = Attribute {
        key: "topic",
        value: b"tea",
        owner: "ann",
        revision: 3,
        set_at: 1_793_500_001_000_000,
        left: Term::FOREVER,
        options: AttributeOptions::default(),
    };
    let hand = Attribute {
        key: "hand-ann",
        left: Term::from_seconds(600),
        options: AttributeOptions::AUTO_DELETE,
        ..topic
    };
    list!([topic, hand])
}

/// As much as one can be.
pub fn longest_attributes() -> Attributes<'static> {
    list!([Attribute {
        key: text_of('k', 128),
        value: bytes_of(255, 4096),
        owner: text_of('u', 64),
        revision: u64::MAX,
        set_at: u64::MAX,
        left: Term::from_seconds(u32::MAX),
        options: AttributeOptions::from_bits(255),
    }])
}

fn some_elements() -> QueueElements<'static> {
    let set_at = 1_793_500_001_000_000;
    let options = QueueOptions::TRANSIENT;
    let ann = QueueElement { key: "ann", value: b"a song", owner: "ann", set_at, options };
    list!([ann, QueueElement { key: "bob", owner: "", options: QueueOptions::default(), ..ann }])
}

/// As much as one can be.
pub fn longest_elements() -> QueueElements<'static> {
    list!([QueueElement {
        key: text_of('k', 128),
        value: bytes_of(255, 4096),
        owner: text_of('u', 64),
        set_at: u64::MAX,
        options: QueueOptions::from_bits(255),
    }])
}

fn answers() -> Vec<Case> {
    let (most, some, high) = (u32::MAX, some_extensions(), u64::MAX);
    let done = AttributeResult { revision: 4, ..AttributeResult::default() };
    let not = |code| AttributeResult { code, ..done };
    let results: AttributeResults<'_> = list!([
        done,
        AttributeResult { number: -3, ..done },
        not(Code::NOT_OWNER),
        AttributeResult {
            code: Code::from_number(u16::MAX),
            retry_after_ms: u32::MAX,
            revision: high,
            number: i64::MIN,
        },
    ]);
    let written = AttributesWritten { epoch: 7, seq: 300, ..AttributesWritten::default() };
    let written = AttributesWritten { results: list!([done, not(Code::REVISION)]), ..written };
    let full = AttributesWritten { epoch: high, seq: high, results, extensions: some };
    let polled = Polled { epoch: 7, seq: 301, elements: some_elements(), ..Polled::default() };
    let elements = longest_elements();
    let polled_full = Polled { epoch: high, seq: high, elements, extensions: some };
    vec![
        reply("attributes-written-minimal", 0, AttributesWritten::default()),
        reply("attributes-written", 1, written),
        reply("attributes-written-full", most, full),
        reply("polled-minimal", 0, Polled::default()),
        reply("polled", 1, polled),
        reply("polled-full", most, polled_full),
    ]
}

fn pages() -> Vec<Case> {
    let (most, some, high) = (u32::MAX, some_extensions(), u64::MAX);
    let cursor = bytes_of(255, 128);
    let page = AttributesPage {
        epoch: 7,
        seq: 300,
        total: 2,
        attributes: some_attributes(),
        ..AttributesPage::default()
    };
    let full = AttributesPage {
        epoch: high,
        seq: high,
        total: high,
        attributes: longest_attributes(),
        cursor,
        extensions: some,
    };
    let queue = QueuePage {
        epoch: high,
        seq: high,
        total: high,
        size: u16::MAX,
        permission: QueuePermission::Unknown(255),
        elements: longest_elements(),
        cursor,
        extensions: some,
    };
    let peek = QueuePage {
        epoch: 7,
        seq: 301,
        total: 2,
        size: 20,
        elements: some_elements(),
        ..QueuePage::default()
    };
    let history = HistoryPage { epoch: high, entries: u32::MAX, cursor, extensions: some };
    vec![
        reply("attributes-page-minimal", 0, AttributesPage::default()),
        reply("attributes-page", 1, page),
        reply("attributes-page-full", most, full),
        reply("queue-page-minimal", 0, QueuePage::default()),
        reply("queue-page", 1, peek),
        reply("queue-page-full", most, queue),
        reply("history-page-minimal", 0, HistoryPage::default()),
        reply("history-page", 1, HistoryPage { epoch: 7, entries: 2, ..HistoryPage::default() }),
        reply("history-page-full", most, history),
    ]
}

fn told() -> Vec<Case> {
    let (some, room, high) = (some_extensions(), text_of('r', 64), u64::MAX);
    let attributes = RoomAttributes {
        room: "lobby",
        epoch: 7,
        seq: 300,
        attributes: some_attributes(),
        ..RoomAttributes::default()
    };
    let attributes_full = RoomAttributes {
        room,
        epoch: high,
        seq: high,
        attributes: longest_attributes(),
        extensions: some,
    };
    let queue = RoomQueue {
        room,
        epoch: high,
        seq: high,
        size: u16::MAX,
        permission: QueuePermission::Unknown(255),
        elements: longest_elements(),
        extensions: some,
    };
    let stone = Tombstone {
        room: "lobby",
        epoch: 7,
        seq: 42,
        sender: "ann",
        kind: "text",
        at: 1_793_500_002_000_000,
        actor: "bob",
        ..Tombstone::default()
    };
    let stone_full = Tombstone {
        room,
        epoch: high,
        seq: high,
        sender: text_of('s', 64),
        kind: text_of('k', 32),
        at: high,
        actor: text_of('a', 64),
        extensions: some,
    };
    vec![
        push("room-attributes-minimal", RoomAttributes::default()),
        push("room-attributes", attributes),
        push("room-attributes-full", attributes_full),
        push("room-queue-minimal", RoomQueue::default()),
        push("room-queue-full", queue),
        push("tombstone-minimal", Tombstone::default()),
        push("tombstone", stone),
        push("tombstone-full", stone_full),
    ]
}

fn notices() -> Vec<Case> {
    let notice = |what| Notice { what, ..PLAIN };
    let changed = Notice {
        attributes: some_attributes(),
        keys: ids(&["seat-2"]),
        ..notice(NoticeKind::AttributesChanged)
    };
    let queue = Notice {
        elements: some_elements(),
        keys: ids(&["cid"]),
        ..notice(NoticeKind::QueueChanged)
    };
    let set = Notice {
        queue_size: 20,
        queue_permission: QueuePermission::Managers,
        ..notice(NoticeKind::QueueSet)
    };
    let recalled =
        Notice { target_seq: 42, users: ids(&["ann"]), ..notice(NoticeKind::MessageRecalled) };
    vec![
        push("notice-attributes-changed", changed),
        push("notice-queue-changed", queue),
        push("notice-queue-cleared", notice(NoticeKind::QueueCleared)),
        push("notice-queue-set", set),
        push("notice-message-recalled", recalled),
    ]
}
