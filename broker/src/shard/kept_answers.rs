//! Replies about what rooms keep: attributes, queues, what was said, rankings. The wording only.

use throng_protocol::frame::FromBroker;
use throng_protocol::reply::{
    AttributesPage, AttributesWritten, HistoryPage, Polled, PublishedMany, QueuePage, Reply,
    TopRooms as TopRoomsReply,
};
use throng_protocol::value::{
    AttributeResults, Extensions, List, PublishResult, PublishResults, TopRoom, TopRooms,
};

use crate::envelope::{Answer, Ticket};
use crate::room::HistoryFound;
use crate::shard::Shard;

const NONE: Extensions<'static> = Extensions::NONE;

impl Shard {
    pub(super) fn reply_kept(&mut self, ticket: Ticket, answer: &Answer) {
        let mut bytes = Vec::new();
        let reply: Reply<'_> = match answer {
            Answer::AttributesWritten(at, results) => {
                AttributeResults::write(results.iter().copied(), &mut bytes);
                let results = List::parse(&bytes).expect("one for each of a bounded list");
                AttributesWritten { epoch: at.epoch, seq: at.seq, results, extensions: NONE }.into()
            }
            Answer::AttributesPage(at, page) => AttributesPage {
                epoch: at.epoch,
                seq: at.seq,
                total: page.total,
                attributes: List::parse(&page.rows).expect("rows as they were written"),
                cursor: &page.cursor,
                extensions: NONE,
            }
            .into(),
            Answer::Polled(at, row) => {
                let elements = List::parse(row).expect("a row as it was written");
                Polled { epoch: at.epoch, seq: at.seq, elements, extensions: NONE }.into()
            }
            Answer::QueuePage(at, (size, permission), page) => QueuePage {
                epoch: at.epoch,
                seq: at.seq,
                total: page.total,
                size: *size,
                permission: *permission,
                elements: List::parse(&page.rows).expect("rows as they were written"),
                cursor: &page.cursor,
                extensions: NONE,
            }
            .into(),
            Answer::PublishedMany(outcomes) => {
                let rows = outcomes.iter().map(|own| PublishResult {
                    code: own.code,
                    retry_after_ms: own.retry_after_ms,
                    epoch: own.epoch,
                    seq: own.seq,
                });
                PublishResults::write(rows, &mut bytes);
                let results = List::parse(&bytes).expect("one for each of a bounded list");
                PublishedMany { results, extensions: NONE }.into()
            }
            Answer::Top(since, rooms) => {
                let rows = rooms.iter().map(|(room, count)| TopRoom {
                    room,
                    count: (*count).into(),
                    error: 0,
                });
                TopRooms::write(rows, &mut bytes);
                let rooms = List::parse(&bytes).expect("no more than asked for");
                TopRoomsReply { since: since.as_micros(), rooms, extensions: NONE }.into()
            }
            Answer::History(found) => return self.reply_history(ticket, found),
            other => unreachable!("{other:?} is worded elsewhere"),
        };
        self.reply(ticket, reply);
    }

    /// The answer, and the messages right behind it.
    fn reply_history(&mut self, ticket: Ticket, found: &HistoryFound) {
        let connection = ticket.session.connection;
        if !self.is_open(connection) {
            return;
        }
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let reply = HistoryPage {
            epoch: found.epoch,
            entries: found.entries.count,
            cursor: &found.cursor,
            extensions: NONE,
        };
        let reply = FromBroker::Reply(ticket.request, reply.into());
        session.outbound.push_granted(&mut self.spare, |queue| {
            reply.write(queue);
            for frame in &found.entries.frames {
                queue.extend_from_slice(frame);
            }
        });
        self.mark_dirty(connection);
    }
}
