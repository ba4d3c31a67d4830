//! Mirrors of the frames about rooms themselves, and of the notices in a room's order.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{About, Look, Policy, Profile, compare, mirrors, written};

mirrors! {
    Bare { number: u32, }
    InRoom { number: u32, room: String, }
    CreateRoom {
        number: u32, room: String, creator: String, about: About, policy: Policy, flags: u8,
        mute_exceptions: Vec<u8>, high_only: u32, shared: u32, protected: u32, slow_mode_ms: u32,
        ring_messages: u32, ring_bytes: u32,
        attributes: Vec<u8>, queue_size: u16, queue_permission: u8,
    }
    ChangeRoom {
        number: u32, room: String, fields: u8, about: About, policy: Policy, options: u8,
        extension: String,
    }
    DestroyRooms { number: u32, rooms: Vec<u8>, }
    SwitchRoom { number: u32, room: String, switch: u8, options: u8, extension: String, }
    RoomState {
        number: u32, epoch: u64, seq: u64, created_at: u64, members: u64, occupants: u64,
        flags: u8, creator: String, about: About, policy: Policy, attributes: u32, elements: u32,
        queue_size: u16, queue_permission: u8, bots: u32,
    }
    Created { number: u32, epoch: u64, created_at: u64, }
    Changed { number: u32, epoch: u64, seq: u64, }
    Results { number: u32, results: Vec<u8>, }
    RoomDestroyed { room: String, epoch: u64, seq: u64, reason: u8, }
    Notice {
        room: String, epoch: u64, seq: u64, at: u64, what: u8, actor: String, users: Vec<u8>,
        role: u8, term: u32, departure: u8, profile: Profile, fields: u8, about: About,
        policy: Policy, attributes: Vec<u8>, elements: Vec<u8>, keys: Vec<u8>, queue_size: u16,
        queue_permission: u8, target_seq: u64, extension: String,
    }
    Presence { room: String, epoch: u64, members: u64, occupants: u64, }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct ItemResult {
    code: u16,
    retry_after_ms: u32,
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [epoch, seq, created_at, members, occupants, _] = look.parts.longs;
    let [first, _, _, _, fields, options] = look.parts.bytes;
    let (about, policy, extension) = (look.about(), look.policy(), look.text(1));
    Some(match tag {
        20 | 22 => compare!(look, InRoom { tag, number, room, extensions }),
        21 => create_room(look),
        28 => {
            let change = ChangeRoom {
                tag,
                number,
                room,
                fields,
                about,
                policy,
                options,
                extension,
                extensions,
            };
            compare!(look, change)
        }
        29 => compare!(look, DestroyRooms { tag, number, rooms: look.list(), extensions }),
        30 | 31 => {
            let switch = first;
            let set = SwitchRoom { tag, number, room, switch, options, extension, extensions };
            compare!(look, set)
        }
        68 => room_state(look),
        69 => compare!(look, Created { tag, number, epoch, created_at, extensions }),
        70 => compare!(look, Bare { tag, number, extensions }),
        76 => compare!(look, Changed { tag, number, epoch, seq, extensions }),
        77 => {
            let code = look.parts.shorts[0];
            let result = |ms: &u32| ItemResult { code, retry_after_ms: *ms };
            let results = look.parts.ints.iter().flat_map(|ms| written!(result(ms))).collect();
            compare!(look, Results { tag, number, results, extensions })
        }
        129 => {
            let reason = first;
            compare!(look, RoomDestroyed { tag, room, epoch, seq, reason, extensions })
        }
        134 => notice(look),
        135 => compare!(look, Presence { tag, room, epoch, members, occupants, extensions }),
        _ => return None,
    })
}

fn create_room(look: &Look<'_>) -> Vec<u8> {
    let [high_only, shared, protected, slow_mode_ms, ring_messages, ring_bytes] = look.parts.ints;
    let create = CreateRoom {
        tag: 21,
        number: look.parts.number,
        room: look.text(0),
        creator: look.text(1),
        about: look.about(),
        policy: look.policy(),
        flags: look.parts.bytes[2],
        mute_exceptions: look.list(),
        high_only,
        shared,
        protected,
        slow_mode_ms,
        ring_messages,
        ring_bytes,
        attributes: look.attribute_writes(),
        queue_size: look.parts.shorts[0],
        queue_permission: look.parts.bytes[1],
        extensions: look.grown(),
    };
    compare!(look, create)
}

fn room_state(look: &Look<'_>) -> Vec<u8> {
    let [epoch, seq, created_at, members, occupants, _] = look.parts.longs;
    let [attributes, elements, bots, ..] = look.parts.ints;
    let state = RoomState {
        tag: 68,
        number: look.parts.number,
        epoch,
        seq,
        created_at,
        members,
        occupants,
        flags: look.parts.bytes[2],
        creator: look.text(1),
        about: look.about(),
        policy: look.policy(),
        attributes,
        elements,
        queue_size: look.parts.shorts[0],
        queue_permission: look.parts.bytes[1],
        bots,
        extensions: look.grown(),
    };
    compare!(look, state)
}

fn notice(look: &Look<'_>) -> Vec<u8> {
    let [epoch, seq, at, ..] = look.parts.longs;
    let [what, role, departure, _, fields, _] = look.parts.bytes;
    let notice = Notice {
        tag: 134,
        room: look.text(0),
        epoch,
        seq,
        at,
        what,
        actor: look.text(1),
        users: look.list(),
        role,
        term: look.parts.ints[5],
        departure,
        profile: look.profile(),
        fields,
        about: look.about(),
        policy: look.policy(),
        attributes: look.attributes(),
        elements: look.elements(),
        keys: look.list(),
        queue_size: look.parts.shorts[0],
        queue_permission: look.parts.bytes[1],
        target_seq: look.parts.longs[3],
        extension: look.text(2),
        extensions: look.grown(),
    };
    compare!(look, notice)
}
