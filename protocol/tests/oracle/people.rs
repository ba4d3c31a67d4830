//! Mirrors of the frames about who is in a room, and what is done to those who do not behave.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{About, Look, Profile, compare, mirrors, written};

mirrors! {
    Bare { number: u32, }
    Join {
        number: u32, room: String, history: u8, profile: Profile, resume_epoch: u64,
        resume_seq: u64, options: u8,
    }
    InRoom { number: u32, room: String, }
    QueryMembers {
        number: u32, room: String, filter: u8, order: u8, cursor: Vec<u8>, limit: u16,
    }
    FindMembers { number: u32, room: String, users: Vec<u8>, }
    SetProfile { number: u32, room: String, profile: Profile, options: u8, }
    SetRoomRole {
        number: u32, room: String, users: Vec<u8>, role: u8, options: u8, extension: String,
    }
    Moderate {
        number: u32, room: String, action: u8, users: Vec<u8>, term: u32, options: u8,
        extension: String,
    }
    QuerySanctions { number: u32, room: String, sanction: u8, cursor: Vec<u8>, limit: u16, }
    Joined {
        number: u32, epoch: u64, seq: u64, created_at: u64, members: u64, occupants: u64,
        left: String, flags: u8, creator: String, about: About, role: u8, mute: u32, entries: u32,
        states: u32,        recovery: u16, missed: u64,
    }
    Page { number: u32, total: u64, rows: Vec<u8>, cursor: Vec<u8>, }
    MembersFound { number: u32, attendances: Vec<u8>, }
    Kicked {
        room: String, epoch: u64, seq: u64, reason: u8, actor: String, term: u32,
        extension: String,
    }
    LeftRoom { room: String, reason: u8, }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Member {
    user: String,
    role: u8,
    attendance: u8,
    joined_at: u64,
    profile: Profile,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Sanctioned {
    user: String,
    left: u32,
    since: u64,
    actor: String,
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [epoch, seq, ..] = look.parts.longs;
    let [first, second, .., options] = look.parts.bytes;
    let (users, extension, profile) = (look.list(), look.text(1), look.profile());
    let (cursor, limit) = (look.parts.payload.clone(), look.parts.shorts[0]);
    let term = look.parts.ints[5];
    Some(match tag {
        16 => {
            let (resume_epoch, resume_seq, history) = (epoch, seq, first);
            let join = Join {
                tag,
                number,
                room,
                history,
                profile,
                resume_epoch,
                resume_seq,
                options: second,
                extensions,
            };
            compare!(look, join)
        }
        17 => compare!(look, InRoom { tag, number, room, extensions }),
        32 => {
            let (filter, order) = (first, second);
            let query =
                QueryMembers { tag, number, room, filter, order, cursor, limit, extensions };
            compare!(look, query)
        }
        33 => compare!(look, FindMembers { tag, number, room, users, extensions }),
        34 => compare!(look, SetProfile { tag, number, room, profile, options, extensions }),
        35 => {
            let role = first;
            let set =
                SetRoomRole { tag, number, room, users, role, options, extension, extensions };
            compare!(look, set)
        }
        36 => {
            let moderate = Moderate {
                tag,
                number,
                room,
                action: first,
                users,
                term,
                options,
                extension,
                extensions,
            };
            compare!(look, moderate)
        }
        37 => {
            let sanction = first;
            let query = QuerySanctions { tag, number, room, sanction, cursor, limit, extensions };
            compare!(look, query)
        }
        _ => return told(tag, look),
    })
}

fn told(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [epoch, seq, _, total, ..] = look.parts.longs;
    let ([reason, ..], cursor) = (look.parts.bytes, look.parts.payload.clone());
    Some(match tag {
        64 => joined(look),
        65 => compare!(look, Bare { tag, number, extensions }),
        78 => {
            let rows = look.parts.ids.iter().flat_map(|user| written!(member(look, user)));
            let rows = rows.collect();
            compare!(look, Page { tag, number, total, rows, cursor, extensions })
        }
        79 => {
            let attendances = look.parts.bytes.to_vec();
            compare!(look, MembersFound { tag, number, attendances, extensions })
        }
        80 => {
            let rows = look.parts.ids.iter().flat_map(|user| written!(sanctioned(look, user)));
            let rows = rows.collect();
            compare!(look, Page { tag, number, total, rows, cursor, extensions })
        }
        130 => {
            let kicked = Kicked {
                tag,
                room,
                epoch,
                seq,
                reason,
                actor: look.text(1),
                term: look.parts.ints[5],
                extension: look.text(2),
                extensions,
            };
            compare!(look, kicked)
        }
        132 => compare!(look, LeftRoom { tag, room, reason, extensions }),
        _ => return None,
    })
}

fn joined(look: &Look<'_>) -> Vec<u8> {
    let [epoch, seq, created_at, members, occupants, missed] = look.parts.longs;
    let joined = Joined {
        tag: 64,
        number: look.parts.number,
        epoch,
        seq,
        created_at,
        members,
        occupants,
        left: look.text(0),
        flags: look.parts.bytes[2],
        creator: look.text(1),
        about: look.about(),
        role: look.parts.bytes[0],
        mute: look.parts.ints[5],
        entries: look.parts.ints[0],
        states: look.parts.ints[1],
        recovery: look.parts.shorts[0],
        missed,
        extensions: look.grown(),
    };
    compare!(look, joined)
}

fn member(look: &Look<'_>, user: &str) -> Member {
    Member {
        user: user.to_owned(),
        role: look.parts.bytes[0],
        attendance: look.parts.bytes[1],
        joined_at: look.parts.longs[0],
        profile: look.profile(),
    }
}

fn sanctioned(look: &Look<'_>, user: &str) -> Sanctioned {
    Sanctioned {
        user: user.to_owned(),
        left: look.parts.ints[5],
        since: look.parts.longs[1],
        actor: look.text(0),
    }
}
