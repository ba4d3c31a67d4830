//! What a client may ask about what a room keeps, and how it says something in other ways than once
//! to a whole room. As in `asking`, nothing is checked here.

use throng_protocol::request::{
    Broadcast, ChangeBots, ClearAttributes, ClearQueue, PollQueue, Publish, PublishMany,
    QueryAttributes, QueryHistory, QueryQueue, Recall, SetQueue, WriteAttributes, WriteQueue,
};
use throng_protocol::value::{
    AttributeOp, AttributeOptions, AttributeWrite, Bot, BotChange, ClassHint, Extensions, IdList,
    List, NoticeOptions, PublishOptions, QueueOp, QueueOptions, QueuePermission, QueueWrite,
    RecallOptions, Switch, WriteWhen,
};

use crate::checker::Checker;

use super::{Asked, Client};

const NONE: Extensions<'static> = Extensions::NONE;

/// A message that is said in some special way.
#[derive(Debug, Clone, Copy)]
pub struct Special<'a> {
    /// The room.
    pub room: &'a str,
    /// The message.
    pub payload: &'a [u8],
    /// Its id, or nothing.
    pub id: &'a str,
    /// For whom; nobody for all.
    pub targets: &'a [&'a str],
    /// How.
    pub options: PublishOptions,
}

/// Sets a key to a value.
#[must_use]
pub fn set<'a>(key: &'a str, value: &'a [u8]) -> AttributeWrite<'a> {
    AttributeWrite { key, value, ..AttributeWrite::default() }
}

/// The same, if the key has that revision; with 0, if it is not there.
#[must_use]
pub fn set_at<'a>(key: &'a str, revision: u64, value: &'a [u8]) -> AttributeWrite<'a> {
    AttributeWrite { when: WriteWhen::Revision, revision, ..set(key, value) }
}

/// Sets a key that goes with its owner.
#[must_use]
pub fn set_bound<'a>(key: &'a str, value: &'a [u8]) -> AttributeWrite<'a> {
    AttributeWrite { options: AttributeOptions::AUTO_DELETE, ..set(key, value) }
}

/// Adds to a number.
#[must_use]
pub fn add(key: &str, add: i64) -> AttributeWrite<'_> {
    AttributeWrite { op: AttributeOp::Add, add, ..set(key, b"") }
}

/// Offers an element; it goes with its owner or stays.
#[must_use]
pub fn offer<'a>(key: &'a str, value: &'a [u8], transient: bool) -> QueueWrite<'a> {
    let options = if transient { QueueOptions::TRANSIENT } else { QueueOptions::default() };
    QueueWrite { op: QueueOp::Offer, key, value, options }
}

/// Takes an element out.
#[must_use]
pub fn remove(key: &str) -> QueueWrite<'_> {
    QueueWrite { op: QueueOp::Remove, key, ..QueueWrite::default() }
}

impl Client {
    /// Writes attributes, telling the members or not.
    pub fn write_attributes(&mut self, room: &str, writes: &[AttributeWrite<'_>]) -> u32 {
        self.write_attributes_with(room, writes, NoticeOptions::default())
    }

    /// Writes attributes in some way.
    ///
    /// # Panics
    /// When there are more than a call may write.
    pub fn write_attributes_with(
        &mut self,
        room: &str,
        writes: &[AttributeWrite<'_>],
        options: NoticeOptions,
    ) -> u32 {
        let mut bytes = Vec::new();
        List::write(writes.iter().copied(), &mut bytes);
        let writes = List::parse(&bytes).expect("as many as a call may write");
        self.request(WriteAttributes { room, writes, options, ..WriteAttributes::default() })
    }

    /// Takes its own attributes away, or all.
    pub fn clear_attributes(&mut self, room: &str, force: bool) -> u32 {
        let force = if force { Switch::On } else { Switch::Off };
        self.request(ClearAttributes { room, force, ..ClearAttributes::default() })
    }

    /// Asks for a page of attributes.
    pub fn query_attributes(&mut self, room: &str, limit: u16) -> u32 {
        let query = QueryAttributes { room, limit, ..QueryAttributes::default() };
        self.ask(Asked::Attributes(room.to_owned()), query.into())
    }

    /// Gives a room a queue.
    pub fn set_queue(&mut self, room: &str, size: u16, permission: QueuePermission) -> u32 {
        self.request(SetQueue { room, size, permission, ..SetQueue::default() })
    }

    /// Writes to a queue.
    pub fn write_queue(&mut self, room: &str, writes: &[QueueWrite<'_>]) -> u32 {
        self.write_queue_with(room, writes, NoticeOptions::default())
    }

    /// Writes to a queue in some way.
    ///
    /// # Panics
    /// When there are more than a call may write.
    pub fn write_queue_with(
        &mut self,
        room: &str,
        writes: &[QueueWrite<'_>],
        options: NoticeOptions,
    ) -> u32 {
        let mut bytes = Vec::new();
        List::write(writes.iter().copied(), &mut bytes);
        let writes = List::parse(&bytes).expect("as many as a call may write");
        self.request(WriteQueue { room, writes, options, ..WriteQueue::default() })
    }

    /// Takes out the first element of a queue, or that of a key.
    pub fn poll_queue(&mut self, room: &str, key: &str) -> u32 {
        self.request(PollQueue { room, key, ..PollQueue::default() })
    }

    /// Takes out all of them.
    pub fn clear_queue(&mut self, room: &str) -> u32 {
        self.request(ClearQueue { room, ..ClearQueue::default() })
    }

    /// Asks for a page of a queue.
    pub fn query_queue(&mut self, room: &str, limit: u16) -> u32 {
        let query = QueryQueue { room, limit, ..QueryQueue::default() };
        self.ask(Asked::Queue(room.to_owned()), query.into())
    }

    /// Asks for what was said before.
    pub fn query_history(&mut self, query: QueryHistory<'_>) -> u32 {
        self.ask(Asked::History(query.room.to_owned(), query.order), query.into())
    }

    /// Takes a message back.
    pub fn recall(&mut self, room: &str, (epoch, seq): (u64, u64), erase: bool) -> u32 {
        let options = RecallOptions::from_bits(u8::from(erase));
        self.request(Recall { room, epoch, seq, options, ..Recall::default() })
    }

    /// Publishes under an id, to some only, or both.
    ///
    /// # Panics
    /// When there are more targets than a list holds.
    pub fn publish_special(&mut self, checker: &mut Checker, words: Special<'_>) -> u32 {
        let Special { room, payload, id, targets, options } = words;
        if !targets.is_empty() {
            checker.record_directed(payload, &self.user, targets);
        } else if !id.is_empty() {
            checker.record_published_with_id(payload, "text");
        } else {
            checker.record_published(payload, "text");
        }
        let asked = Asked::Publish {
            room: room.to_owned(),
            payload: payload.to_vec(),
            echo: options.has(PublishOptions::ECHO),
            acked: !options.has(PublishOptions::NO_ACK),
            id: id.to_owned(),
            direct: !targets.is_empty(),
        };
        let mut bytes = Vec::new();
        IdList::write(targets.iter().copied(), &mut bytes);
        let publish = Publish {
            room,
            kind: "text",
            payload,
            options,
            class: ClassHint::Default,
            message_id: id,
            targets: IdList::parse(&bytes).expect("no more than a list holds"),
            extensions: NONE,
        };
        self.ask(asked, publish.into())
    }

    /// Publishes to many rooms, with an echo: what a session says itself comes in between else.
    ///
    /// # Panics
    /// When there are more rooms than a list holds.
    pub fn publish_many(
        &mut self,
        checker: &mut Checker,
        rooms: &[&str],
        (payload, id): (&[u8], &str),
    ) -> u32 {
        if id.is_empty() {
            checker.record_published(payload, "text");
        } else {
            checker.record_published_with_id(payload, "text");
        }
        let mut bytes = Vec::new();
        IdList::write(rooms.iter().copied(), &mut bytes);
        let many = PublishMany {
            rooms: IdList::parse(&bytes).expect("no more than a list holds"),
            kind: "text",
            payload,
            options: PublishOptions::ECHO,
            message_id: id,
            ..PublishMany::default()
        };
        let rooms = rooms.iter().map(|room| (*room).to_owned()).collect();
        self.ask(Asked::Many { rooms, payload: payload.to_vec(), id: id.to_owned() }, many.into())
    }

    /// Says something to everyone in a room of the app.
    pub fn broadcast(&mut self, checker: &mut Checker, payload: &[u8]) -> u32 {
        checker.record_broadcast(payload);
        self.request(Broadcast { kind: "text", payload, extensions: NONE })
    }

    /// Puts bots into a room, or takes them out.
    ///
    /// # Panics
    /// When there are more than a call may name.
    pub fn change_bots(&mut self, room: &str, change: BotChange, users: &[&str]) -> u32 {
        let mut bytes = Vec::new();
        List::write(users.iter().map(|user| Bot { user, ..Bot::default() }), &mut bytes);
        let bots = List::parse(&bytes).expect("as many as a call may name");
        self.request(ChangeBots { room, change, bots, extensions: NONE })
    }
}
