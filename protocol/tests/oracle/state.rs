//! Mirrors of the frames about what a room keeps, and of messages to many rooms and to some members.

use wincode::{SchemaRead, SchemaWrite};

use crate::mirror::{Look, Profile, compare, mirrors, written};

mirrors! {
    Write { number: u32, room: String, rows: Vec<u8>, options: u8, extension: String, }
    ClearAttributes { number: u32, room: String, force: u8, options: u8, extension: String, }
    QueryAttributes { number: u32, room: String, keys: Vec<u8>, cursor: Vec<u8>, limit: u16, }
    SetQueue {
        number: u32, room: String, size: u16, permission: u8, options: u8, extension: String,
    }
    PollQueue { number: u32, room: String, key: String, options: u8, extension: String, }
    QueryQueue { number: u32, room: String, cursor: Vec<u8>, limit: u16, }
    ClearQueue { number: u32, room: String, options: u8, extension: String, }
    QueryHistory {
        number: u32, room: String, by: u8, from: u64, order: u8, kinds: Vec<u8>, cursor: Vec<u8>,
        limit: u16,
    }
    Recall { number: u32, room: String, epoch: u64, seq: u64, options: u8, extension: String, }
    PublishMany {
        number: u32, rooms: Vec<u8>, kind: String, payload: Vec<u8>, options: u8, class: u8,
        message_id: String,
    }
    Broadcast { number: u32, kind: String, payload: Vec<u8>, }
    ChangeBots { number: u32, room: String, change: u8, bots: Vec<u8>, }
    QueryTop { number: u32, by: u8, period: u8, limit: u16, }
    Placed { number: u32, epoch: u64, seq: u64, rows: Vec<u8>, }
    AttributesPage {
        number: u32, epoch: u64, seq: u64, total: u64, attributes: Vec<u8>, cursor: Vec<u8>,
    }
    QueuePage {
        number: u32, epoch: u64, seq: u64, total: u64, size: u16, permission: u8,
        elements: Vec<u8>, cursor: Vec<u8>,
    }
    HistoryPage { number: u32, epoch: u64, entries: u32, cursor: Vec<u8>, }
    PublishedMany { number: u32, results: Vec<u8>, }
    BroadcastSent { number: u32, time: u64, }
    TopRooms { number: u32, since: u64, rooms: Vec<u8>, }
    RoomAttributes { room: String, epoch: u64, seq: u64, attributes: Vec<u8>, }
    RoomQueue {
        room: String, epoch: u64, seq: u64, size: u16, permission: u8, elements: Vec<u8>,
    }
    Tombstone {
        room: String, epoch: u64, seq: u64, sender: String, kind: String, at: u64, actor: String,
    }
    Direct {
        room: String, epoch: u64, seq: u64, sender: String, sender_role: u8, kind: String,
        ingress_at: u64, egress_at: u64, payload: Vec<u8>,
    }
    BroadcastPush {
        sender: String, kind: String, ingress_at: u64, egress_at: u64, payload: Vec<u8>,
    }
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct AttributeWrite {
    key: String,
    op: u8,
    value: Vec<u8>,
    add: i64,
    when: u8,
    revision: u64,
    expires_after: u32,
    options: u8,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct AttributeResult {
    code: u16,
    retry_after_ms: u32,
    revision: u64,
    number: i64,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Attribute {
    key: String,
    value: Vec<u8>,
    owner: String,
    revision: u64,
    set_at: u64,
    left: u32,
    options: u8,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct QueueWrite {
    op: u8,
    key: String,
    value: Vec<u8>,
    options: u8,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct QueueElement {
    key: String,
    value: Vec<u8>,
    owner: String,
    set_at: u64,
    options: u8,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct PublishResult {
    code: u16,
    retry_after_ms: u32,
    epoch: u64,
    seq: u64,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct Bot {
    user: String,
    profile: Profile,
}

#[derive(Debug, Clone, PartialEq, SchemaWrite, SchemaRead)]
struct TopRoom {
    room: String,
    count: u64,
    error: u64,
}

/// The rows, each written by wincode.
impl Look<'_> {
    /// One row for each of the first ids.
    fn each<T>(&self, row: impl Fn(String) -> T, write: impl Fn(T) -> Vec<u8>) -> Vec<u8> {
        self.parts.ids.iter().take(20).flat_map(|id| write(row(id.clone()))).collect()
    }

    pub fn attribute_writes(&self) -> Vec<u8> {
        let row = |key| AttributeWrite {
            key,
            op: self.parts.bytes[0],
            value: self.parts.value().to_vec(),
            add: self.parts.signed()[0],
            when: self.parts.bytes[1],
            revision: self.parts.longs[0],
            expires_after: self.parts.ints[0],
            options: self.parts.bytes[2],
        };
        self.each(row, |row| written!(row))
    }

    fn attribute_results(&self) -> Vec<u8> {
        let row = |place: usize| AttributeResult {
            code: self.parts.shorts[0],
            retry_after_ms: self.parts.ints[place],
            revision: self.parts.longs[place],
            number: self.parts.signed()[place],
        };
        [0, 1].into_iter().flat_map(|place| written!(row(place))).collect()
    }

    pub fn attributes(&self) -> Vec<u8> {
        let row = |key| Attribute {
            key,
            value: self.parts.value().to_vec(),
            owner: self.text(1),
            revision: self.parts.longs[0],
            set_at: self.parts.longs[1],
            left: self.parts.ints[5],
            options: self.parts.bytes[2],
        };
        self.each(row, |row| written!(row))
    }

    fn queue_writes(&self) -> Vec<u8> {
        let row = |key| QueueWrite {
            op: self.parts.bytes[0],
            key,
            value: self.parts.value().to_vec(),
            options: self.parts.bytes[2],
        };
        self.each(row, |row| written!(row))
    }

    pub fn elements(&self) -> Vec<u8> {
        let row = |key| QueueElement {
            key,
            value: self.parts.value().to_vec(),
            owner: self.text(1),
            set_at: self.parts.longs[1],
            options: self.parts.bytes[2],
        };
        self.each(row, |row| written!(row))
    }

    fn publish_results(&self) -> Vec<u8> {
        let row = |ms: &u32| PublishResult {
            code: self.parts.shorts[0],
            retry_after_ms: *ms,
            epoch: self.parts.longs[0],
            seq: self.parts.longs[1],
        };
        self.parts.ints.iter().flat_map(|ms| written!(row(ms))).collect()
    }

    fn bots(&self) -> Vec<u8> {
        self.each(|user| Bot { user, profile: self.profile() }, |row| written!(row))
    }

    fn top_rooms(&self) -> Vec<u8> {
        let [count, error, ..] = self.parts.longs;
        self.each(|room| TopRoom { room, count, error }, |row| written!(row))
    }
}

pub fn mirrored(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [first, second, .., options] = look.parts.bytes;
    let (extension, cursor, limit) =
        (look.text(1), look.parts.payload.clone(), look.parts.shorts[0]);
    Some(match tag {
        39 | 43 => {
            let rows = if tag == 39 { look.attribute_writes() } else { look.queue_writes() };
            compare!(look, Write { tag, number, room, rows, options, extension, extensions })
        }
        40 => {
            let force = first;
            let clear =
                ClearAttributes { tag, number, room, force, options, extension, extensions };
            compare!(look, clear)
        }
        41 => {
            let keys = look.list();
            compare!(look, QueryAttributes { tag, number, room, keys, cursor, limit, extensions })
        }
        42 => {
            let (size, permission) = (limit, second);
            let set =
                SetQueue { tag, number, room, size, permission, options, extension, extensions };
            compare!(look, set)
        }
        44 => {
            let key = look.text(2);
            compare!(look, PollQueue { tag, number, room, key, options, extension, extensions })
        }
        45 => compare!(look, QueryQueue { tag, number, room, cursor, limit, extensions }),
        46 => compare!(look, ClearQueue { tag, number, room, options, extension, extensions }),
        47 | 48 => of_history(tag, look),
        49..=52 => of_servers(tag, look),
        _ => return answered(tag, look),
    })
}

fn of_history(tag: u8, look: &Look<'_>) -> Vec<u8> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let ([epoch, seq, ..], [first, second, ..]) = (look.parts.longs, look.parts.bytes);
    if tag == 48 {
        let (options, extension) = (first, look.text(1));
        compare!(look, Recall { tag, number, room, epoch, seq, options, extension, extensions })
    } else {
        let query = QueryHistory {
            tag,
            number,
            room,
            by: first,
            from: epoch,
            order: second,
            kinds: look.list(),
            cursor: look.parts.payload.clone(),
            limit: look.parts.shorts[0],
            extensions,
        };
        compare!(look, query)
    }
}

fn of_servers(tag: u8, look: &Look<'_>) -> Vec<u8> {
    let (number, extensions, room) = (look.parts.number, look.grown(), look.text(0));
    let [first, second, ..] = look.parts.bytes;
    let (kind, payload) = (look.text(1), look.parts.payload.clone());
    match tag {
        49 => {
            let publish = PublishMany {
                tag,
                number,
                rooms: look.list(),
                kind,
                payload,
                options: first,
                class: second,
                message_id: look.text(2),
                extensions,
            };
            compare!(look, publish)
        }
        50 => compare!(look, Broadcast { tag, number, kind, payload, extensions }),
        51 => {
            let bots = look.bots();
            compare!(look, ChangeBots { tag, number, room, change: first, bots, extensions })
        }
        _ => {
            let limit = look.parts.shorts[0];
            compare!(look, QueryTop { tag, number, by: first, period: second, limit, extensions })
        }
    }
}

fn answered(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (number, extensions) = (look.parts.number, look.grown());
    let [epoch, seq, total, ..] = look.parts.longs;
    let cursor = look.parts.payload.clone();
    Some(match tag {
        82 | 84 => {
            let rows = if tag == 82 { look.attribute_results() } else { look.elements() };
            compare!(look, Placed { tag, number, epoch, seq, rows, extensions })
        }
        83 => {
            let attributes = look.attributes();
            let page =
                AttributesPage { tag, number, epoch, seq, total, attributes, cursor, extensions };
            compare!(look, page)
        }
        85 => {
            let page = QueuePage {
                tag,
                number,
                epoch,
                seq,
                total,
                size: look.parts.shorts[0],
                permission: look.parts.bytes[1],
                elements: look.elements(),
                cursor,
                extensions,
            };
            compare!(look, page)
        }
        86 => {
            let entries = look.parts.ints[0];
            compare!(look, HistoryPage { tag, number, epoch, entries, cursor, extensions })
        }
        87 => {
            let results = look.publish_results();
            compare!(look, PublishedMany { tag, number, results, extensions })
        }
        88 => compare!(look, BroadcastSent { tag, number, time: total, extensions }),
        89 => {
            let (since, rooms) = (epoch, look.top_rooms());
            compare!(look, TopRooms { tag, number, since, rooms, extensions })
        }
        _ => return pushed(tag, look),
    })
}

fn pushed(tag: u8, look: &Look<'_>) -> Option<Vec<u8>> {
    let (extensions, payload) = (look.grown(), look.parts.payload.clone());
    let [epoch, seq, at, egress_at, ..] = look.parts.longs;
    let [room, sender, kind, actor, ..] = look.parts.texts.clone();
    Some(match tag {
        137 => {
            let attributes = look.attributes();
            compare!(look, RoomAttributes { tag, room, epoch, seq, attributes, extensions })
        }
        138 => {
            let (size, permission) = (look.parts.shorts[0], look.parts.bytes[1]);
            let elements = look.elements();
            let queue = RoomQueue { tag, room, epoch, seq, size, permission, elements, extensions };
            compare!(look, queue)
        }
        139 => {
            let stone = Tombstone { tag, room, epoch, seq, sender, kind, at, actor, extensions };
            compare!(look, stone)
        }
        140 => {
            let direct = Direct {
                tag,
                room,
                epoch,
                seq,
                sender,
                sender_role: look.parts.bytes[0],
                kind,
                ingress_at: at,
                egress_at,
                payload,
                extensions,
            };
            compare!(look, direct)
        }
        141 => {
            let ingress_at = at;
            let push =
                BroadcastPush { tag, sender, kind, ingress_at, egress_at, payload, extensions };
            compare!(look, push)
        }
        _ => return None,
    })
}
