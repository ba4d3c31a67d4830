//! What was said before: how it is asked for, and how it is recalled.

use throng_protocol::request::{QueryHistory, Recall};
use throng_protocol::value::{HistoryBy, HistoryOrder, RecallOptions};

use super::{Case, bytes_of, ids, request, some_extensions, text_of};

/// Requests 47 and 48.
pub fn requests() -> Vec<Case> {
    let (most, some, room) = (u32::MAX, some_extensions(), text_of('r', 64));
    let last = QueryHistory {
        room: "lobby",
        from: u64::MAX,
        order: HistoryOrder::NewestFirst,
        kinds: ids(&["text"]),
        limit: 100,
        ..QueryHistory::default()
    };
    let since = QueryHistory {
        room: "lobby",
        by: HistoryBy::Time,
        from: 1_793_500_001_000_000,
        limit: 20,
        ..QueryHistory::default()
    };
    let full = QueryHistory {
        room,
        by: HistoryBy::Unknown(255),
        from: u64::MAX,
        order: HistoryOrder::Unknown(255),
        kinds: ids(&[text_of('k', 32); 20]),
        cursor: bytes_of(255, 128),
        limit: u16::MAX,
        extensions: some,
    };
    let recall = Recall { room: "lobby", epoch: 7, seq: 42, ..Recall::default() };
    let options = RecallOptions::from_bits(255);
    let extension = text_of('e', 2048);
    let (epoch, seq) = (u64::MAX, u64::MAX);
    let recall_full = Recall { room, epoch, seq, options, extension, extensions: some };
    vec![
        request("query-history-minimal", 0, QueryHistory::default()),
        request("query-history-last", 1, last),
        request("query-history-since", 2, since),
        request("query-history-full", most, full),
        request("recall-minimal", 0, Recall::default()),
        request("recall", 1, recall),
        request("recall-full", most, recall_full),
    ]
}
