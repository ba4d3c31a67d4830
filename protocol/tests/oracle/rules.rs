//! Mirrors of the frames about lists of names, limits and counters.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{Look, compare, mirrors, written};

mirrors! {
    Bare { number: u32, }
    ChangeList { number: u32, list: u8, room: String, change: u8, entries: Vec<u8>, }
    QueryList { number: u32, list: u8, room: String, }
    SetRoomLimits {
        number: u32, room: String, high_only: u32, shared: u32, protected: u32, slow_mode_ms: u32,
        ring_messages: u32, ring_bytes: u32,
    }
    QueryLimits { number: u32, room: String, }
    ListChanged { number: u32, size: u32, }
    ListEntries { number: u32, entries: Vec<u8>, }
    Limits {
        number: u32, messages: Allowance, requests: Allowance, room_high_only: Allowance,
        room_shared: Allowance, room_protected: Allowance, slow_mode_ms: u32,
        slow_mode_wait_ms: u32, ring_messages: u32, ring_bytes: u32,
    }
    Counters { number: u32, counts: Vec<u8>, }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Allowance {
    limit: u32,
    window_ms: u32,
    left: u32,
    retry_after_ms: u32,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Count {
    counter: u8,
    class: u8,
    count: u64,
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [high_only, shared, protected, slow_mode_ms, ring_messages, ring_bytes] = look.parts.ints;
    let ([list, change, ..], entries) = (look.parts.bytes, look.list());
    Some(match tag {
        23 => compare!(look, ChangeList { tag, number, list, room, change, entries, extensions }),
        24 => compare!(look, QueryList { tag, number, list, room, extensions }),
        25 => {
            let set = SetRoomLimits {
                tag,
                number,
                room,
                high_only,
                shared,
                protected,
                slow_mode_ms,
                ring_messages,
                ring_bytes,
                extensions,
            };
            compare!(look, set)
        }
        26 => compare!(look, QueryLimits { tag, number, room, extensions }),
        27 | 73 => compare!(look, Bare { tag, number, extensions }),
        71 => compare!(look, ListChanged { tag, number, size: high_only, extensions }),
        72 => compare!(look, ListEntries { tag, number, entries, extensions }),
        74 => limits(look),
        75 => {
            let count = |count: &u64| Count { counter: list, class: change, count: *count };
            let counts = look.parts.longs.iter().flat_map(|own| written!(count(own))).collect();
            compare!(look, Counters { tag, number, counts, extensions })
        }
        _ => return None,
    })
}

fn limits(look: &Look<'_>) -> Vec<u8> {
    let [a, b, c, d, e, f] = look.parts.ints;
    let allowance = |limit, left| Allowance { limit, window_ms: c, left, retry_after_ms: d };
    let limits = Limits {
        tag: 74,
        number: look.parts.number,
        messages: allowance(a, b),
        requests: allowance(b, a),
        room_high_only: allowance(e, f),
        room_shared: allowance(f, e),
        room_protected: allowance(a, f),
        slow_mode_ms: e,
        slow_mode_wait_ms: f,
        ring_messages: a,
        ring_bytes: b,
        extensions: look.grown(),
    };
    compare!(look, limits)
}
