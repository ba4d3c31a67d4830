//! Makers of the frames about what a room keeps, and of messages to many rooms and to some members.

use throng_protocol::push::{self, RoomAttributes, RoomQueue, Tombstone};
use throng_protocol::reply::{
    AttributesPage, AttributesWritten, BroadcastSent, HistoryPage, Polled, PublishedMany,
    QueuePage, TopRooms,
};
use throng_protocol::request::{
    Broadcast, ChangeBots, ClearAttributes, ClearQueue, PollQueue, PublishMany, QueryAttributes,
    QueryHistory, QueryQueue, QueryTop, Recall, SetQueue, WriteAttributes, WriteQueue,
};
use throng_protocol::value::{
    Attribute, AttributeOp, AttributeOptions, AttributeResult, AttributeResults, AttributeWrite,
    AttributeWrites, Attributes, Bot, BotChange, Bots, ClassHint, HistoryBy, HistoryOrder, List,
    PublishOptions, PublishResult, PublishResults, QueueElement, QueueElements, QueueOp,
    QueueOptions, QueuePermission, QueueWrite, QueueWrites, RecallOptions, Role, Switch, TopBy,
    TopPeriod, TopRoom, WriteWhen,
};

use super::{Frame, Parts, Rows};

const OURS: &str = "they were written by us";

/// The rows.
impl Parts {
    /// Numbers of both signs.
    pub fn signed(&self) -> [i64; 2] {
        [self.longs[1].cast_signed(), self.longs[2].cast_signed()]
    }

    /// A value of an attribute or an element. Twenty of them fit a frame.
    pub fn value(&self) -> &[u8] {
        &self.payload[..self.payload.len().min(300)]
    }

    /// As many keys as every list of rows can hold.
    fn keys(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().take(20).map(String::as_str)
    }

    pub(super) fn write_state(&self, rows: &mut Rows) {
        let writes = self.keys().map(|key| self.attribute_write(key));
        List::write(writes, &mut rows.attribute_writes);
        List::write(
            [self.attribute_result(0), self.attribute_result(1)],
            &mut rows.attribute_results,
        );
        List::write(self.keys().map(|key| self.attribute(key)), &mut rows.attributes);
        List::write(self.keys().map(|key| self.queue_write(key)), &mut rows.queue_writes);
        List::write(self.keys().map(|key| self.element(key)), &mut rows.elements);
        let result = |ms: &u32| PublishResult {
            code: self.code(),
            retry_after_ms: *ms,
            epoch: self.longs[0],
            seq: self.longs[1],
        };
        List::write(self.ints.iter().map(result), &mut rows.publish_results);
        let bots = self.keys().map(|user| Bot { user, profile: self.profile() });
        List::write(bots, &mut rows.bots);
        let [count, error, ..] = self.longs;
        List::write(self.keys().map(|room| TopRoom { room, count, error }), &mut rows.top_rooms);
    }

    fn attribute_write<'a>(&'a self, key: &'a str) -> AttributeWrite<'a> {
        AttributeWrite {
            key,
            op: AttributeOp::from_byte(self.bytes[0]),
            value: self.value(),
            add: self.signed()[0],
            when: WriteWhen::from_byte(self.bytes[1]),
            revision: self.longs[0],
            expires_after: self.ints[0],
            options: AttributeOptions::from_bits(self.bytes[2]),
        }
    }

    fn attribute_result(&self, place: usize) -> AttributeResult {
        AttributeResult {
            code: self.code(),
            retry_after_ms: self.ints[place],
            revision: self.longs[place],
            number: self.signed()[place],
        }
    }

    fn attribute<'a>(&'a self, key: &'a str) -> Attribute<'a> {
        Attribute {
            key,
            value: self.value(),
            owner: &self.texts[1],
            revision: self.longs[0],
            set_at: self.longs[1],
            left: self.term(),
            options: AttributeOptions::from_bits(self.bytes[2]),
        }
    }

    fn queue_write<'a>(&'a self, key: &'a str) -> QueueWrite<'a> {
        QueueWrite {
            op: QueueOp::from_byte(self.bytes[0]),
            key,
            value: self.value(),
            options: QueueOptions::from_bits(self.bytes[2]),
        }
    }

    fn element<'a>(&'a self, key: &'a str) -> QueueElement<'a> {
        QueueElement {
            key,
            value: self.value(),
            owner: &self.texts[1],
            set_at: self.longs[1],
            options: QueueOptions::from_bits(self.bytes[2]),
        }
    }

    pub(super) fn attribute_writes(&self) -> AttributeWrites<'_> {
        List::parse(&self.rows.attribute_writes).expect(OURS)
    }

    pub(super) fn attributes(&self) -> Attributes<'_> {
        List::parse(&self.rows.attributes).expect(OURS)
    }

    pub(super) fn elements(&self) -> QueueElements<'_> {
        List::parse(&self.rows.elements).expect(OURS)
    }

    pub(super) fn permission(&self) -> QueuePermission {
        QueuePermission::from_byte(self.bytes[1])
    }
}

/// What is asked.
impl Parts {
    pub(super) fn write_attributes(&self) -> Frame<'_> {
        self.request(WriteAttributes {
            room: &self.texts[0],
            writes: self.attribute_writes(),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn clear_attributes(&self) -> Frame<'_> {
        self.request(ClearAttributes {
            room: &self.texts[0],
            force: Switch::from_byte(self.bytes[0]),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn query_attributes(&self) -> Frame<'_> {
        self.request(QueryAttributes {
            room: &self.texts[0],
            keys: self.list(),
            cursor: &self.payload,
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn set_queue(&self) -> Frame<'_> {
        self.request(SetQueue {
            room: &self.texts[0],
            size: self.shorts[0],
            permission: self.permission(),
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn write_queue(&self) -> Frame<'_> {
        let writes: QueueWrites<'_> = List::parse(&self.rows.queue_writes).expect(OURS);
        self.request(WriteQueue {
            room: &self.texts[0],
            writes,
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn poll_queue(&self) -> Frame<'_> {
        self.request(PollQueue {
            room: &self.texts[0],
            key: &self.texts[2],
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn query_queue(&self) -> Frame<'_> {
        self.request(QueryQueue {
            room: &self.texts[0],
            cursor: &self.payload,
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn clear_queue(&self) -> Frame<'_> {
        self.request(ClearQueue {
            room: &self.texts[0],
            options: self.options(),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn query_history(&self) -> Frame<'_> {
        self.request(QueryHistory {
            room: &self.texts[0],
            by: HistoryBy::from_byte(self.bytes[0]),
            from: self.longs[0],
            order: HistoryOrder::from_byte(self.bytes[1]),
            kinds: self.list(),
            cursor: &self.payload,
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }

    pub(super) fn recall(&self) -> Frame<'_> {
        self.request(Recall {
            room: &self.texts[0],
            epoch: self.longs[0],
            seq: self.longs[1],
            options: RecallOptions::from_bits(self.bytes[0]),
            extension: &self.texts[1],
            extensions: self.grown(),
        })
    }

    pub(super) fn publish_many(&self) -> Frame<'_> {
        self.request(PublishMany {
            rooms: self.list(),
            kind: &self.texts[1],
            payload: &self.payload,
            options: PublishOptions::from_bits(self.bytes[0]),
            class: ClassHint::from_byte(self.bytes[1]),
            message_id: &self.texts[2],
            extensions: self.grown(),
        })
    }

    pub(super) fn broadcast(&self) -> Frame<'_> {
        let (kind, payload) = (&self.texts[1], &self.payload);
        self.request(Broadcast { kind, payload, extensions: self.grown() })
    }

    pub(super) fn change_bots(&self) -> Frame<'_> {
        let bots: Bots<'_> = List::parse(&self.rows.bots).expect(OURS);
        let change = BotChange::from_byte(self.bytes[0]);
        self.request(ChangeBots { room: &self.texts[0], change, bots, extensions: self.grown() })
    }

    pub(super) fn query_top(&self) -> Frame<'_> {
        self.request(QueryTop {
            by: TopBy::from_byte(self.bytes[0]),
            period: TopPeriod::from_byte(self.bytes[1]),
            limit: self.shorts[0],
            extensions: self.grown(),
        })
    }
}

/// What is answered.
impl Parts {
    pub(super) fn attributes_written(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        let results: AttributeResults<'_> = List::parse(&self.rows.attribute_results).expect(OURS);
        self.reply(AttributesWritten { epoch, seq, results, extensions: self.grown() })
    }

    pub(super) fn attributes_page(&self) -> Frame<'_> {
        let [epoch, seq, total, ..] = self.longs;
        let (attributes, cursor) = (self.attributes(), &self.payload);
        let extensions = self.grown();
        self.reply(AttributesPage { epoch, seq, total, attributes, cursor, extensions })
    }

    pub(super) fn polled(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        let elements = self.elements();
        self.reply(Polled { epoch, seq, elements, extensions: self.grown() })
    }

    pub(super) fn queue_page(&self) -> Frame<'_> {
        let [epoch, seq, total, ..] = self.longs;
        self.reply(QueuePage {
            epoch,
            seq,
            total,
            size: self.shorts[0],
            permission: self.permission(),
            elements: self.elements(),
            cursor: &self.payload,
            extensions: self.grown(),
        })
    }

    pub(super) fn history_page(&self) -> Frame<'_> {
        let (epoch, entries, cursor) = (self.longs[0], self.ints[0], &self.payload);
        self.reply(HistoryPage { epoch, entries, cursor, extensions: self.grown() })
    }

    pub(super) fn published_many(&self) -> Frame<'_> {
        let results: PublishResults<'_> = List::parse(&self.rows.publish_results).expect(OURS);
        self.reply(PublishedMany { results, extensions: self.grown() })
    }

    pub(super) fn broadcast_sent(&self) -> Frame<'_> {
        self.reply(BroadcastSent { time: self.longs[2], extensions: self.grown() })
    }

    pub(super) fn top_rooms(&self) -> Frame<'_> {
        let rooms = List::parse(&self.rows.top_rooms).expect(OURS);
        self.reply(TopRooms { since: self.longs[0], rooms, extensions: self.grown() })
    }
}

/// What is said unasked.
impl Parts {
    pub(super) fn room_attributes(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        let (room, attributes) = (&self.texts[0], self.attributes());
        self.push(RoomAttributes { room, epoch, seq, attributes, extensions: self.grown() })
    }

    pub(super) fn room_queue(&self) -> Frame<'_> {
        let [epoch, seq, ..] = self.longs;
        self.push(RoomQueue {
            room: &self.texts[0],
            epoch,
            seq,
            size: self.shorts[0],
            permission: self.permission(),
            elements: self.elements(),
            extensions: self.grown(),
        })
    }

    pub(super) fn tombstone(&self) -> Frame<'_> {
        let [room, sender, kind, actor, ..] = &self.texts;
        let [epoch, seq, at, ..] = self.longs;
        let extensions = self.grown();
        self.push(Tombstone { room, epoch, seq, sender, kind, at, actor, extensions })
    }

    pub(super) fn direct(&self) -> Frame<'_> {
        let [room, sender, kind, ..] = &self.texts;
        let [epoch, seq, ingress_at, egress_at, ..] = self.longs;
        self.push(push::Direct {
            room,
            epoch,
            seq,
            sender,
            sender_role: Role::from_byte(self.bytes[0]),
            kind,
            ingress_at,
            egress_at,
            payload: &self.payload,
            extensions: self.grown(),
        })
    }

    pub(super) fn broadcast_push(&self) -> Frame<'_> {
        let [_, sender, kind, ..] = &self.texts;
        let [_, _, ingress_at, egress_at, ..] = self.longs;
        self.push(push::Broadcast {
            sender,
            kind,
            ingress_at,
            egress_at,
            payload: &self.payload,
            extensions: self.grown(),
        })
    }
}
