//! Requests of a test about what a room keeps, and what servers say to many rooms at once, as the
//! client crate's own words for them. What the crate has no words for is not asked.

use std::time::Duration;

use throng_client::ask::{
    Broadcast, ChangeBots, ClearAttributes, ClearQueue, PollQueue, PublishMany, QueryAttributes,
    QueryHistory, QueryQueue, QueryTop, Recall, SetQueue, WriteAttributes, WriteQueue,
};
use throng_client::session::Session;
use throng_client::{Position, Profile, Unsent};
use throng_protocol::request::{self, Request};
use throng_protocol::value::{
    AttributeOp, AttributeOptions, BotChange, ClassHint, HistoryBy, HistoryOrder, PublishOptions,
    QueueOp, QueueOptions, QueuePermission, RecallOptions, Switch, WriteWhen,
};

use super::asking::is_quiet;

type Asked = Option<Result<u32, Unsent>>;

/// Asks something of what a room keeps.
pub(super) fn ask(session: &mut Session, request: &Request<'_>) -> Asked {
    Some(match request {
        Request::WriteAttributes(own) => {
            let write = write_attributes(own)?.saying(own.extension);
            session.ask_for(&if is_quiet(own.options) { write.quietly() } else { write })
        }
        Request::ClearAttributes(own) => {
            let all = own.force == Switch::On;
            let room = own.room;
            let clear = if all { ClearAttributes::all(room) } else { ClearAttributes::own(room) };
            session.ask_for(&clear.saying(own.extension))
        }
        Request::QueryAttributes(own) if own.cursor.is_empty() => {
            let query = QueryAttributes::of(own.room).keys(own.keys.iter());
            session.ask_for(&query.limit(own.limit))
        }
        Request::SetQueue(own) => {
            let set = SetQueue::new(own.room, own.size).saying(own.extension);
            let managers = own.permission == QueuePermission::Managers;
            session.ask_for(&if managers { set.written_by_managers() } else { set })
        }
        Request::WriteQueue(own) => {
            let write = write_queue(own).saying(own.extension);
            session.ask_for(&if is_quiet(own.options) { write.quietly() } else { write })
        }
        Request::PollQueue(own) => {
            let first = own.key.is_empty();
            let room = own.room;
            let poll = if first { PollQueue::first(room) } else { PollQueue::key(room, own.key) };
            session.ask_for(&poll.saying(own.extension))
        }
        Request::QueryQueue(own) if own.cursor.is_empty() => {
            session.ask_for(&QueryQueue::of(own.room).limit(own.limit))
        }
        Request::ClearQueue(own) => {
            session.ask_for(&ClearQueue::new(own.room).saying(own.extension))
        }
        Request::QueryHistory(own) if own.cursor.is_empty() => {
            let query = match (own.by, own.order) {
                (HistoryBy::Seq, HistoryOrder::NewestFirst) => {
                    QueryHistory::until(own.room, own.from)
                }
                (HistoryBy::Seq, _) => QueryHistory::since(own.room, own.from),
                (_, HistoryOrder::NewestFirst) => QueryHistory::until_time(own.room, own.from),
                _ => QueryHistory::since_time(own.room, own.from),
            };
            session.ask_for(&query.kinds(own.kinds.iter()).limit(own.limit))
        }
        other => special(session, other)?,
    })
}

/// Asks something else of those.
fn special(session: &mut Session, request: &Request<'_>) -> Asked {
    Some(match request {
        Request::Recall(own) => {
            let at = Position { epoch: own.epoch, seq: own.seq };
            let recall = Recall::new(own.room, at).saying(own.extension);
            let erase = own.options.has(RecallOptions::ERASE);
            session.ask_for(&if erase { recall.erase() } else { recall })
        }
        Request::PublishMany(own) => {
            let many = PublishMany::new(own.rooms.iter(), own.kind, own.payload);
            let many = many.message_id(own.message_id);
            let many = if own.options.has(PublishOptions::ECHO) { many.echo() } else { many };
            session.ask_for(&if own.class == ClassHint::Low { many.low() } else { many })
        }
        Request::Broadcast(own) => session.ask_for(&Broadcast::new(own.kind, own.payload)),
        Request::ChangeBots(own) => {
            let bots: Vec<&str> = own.bots.iter().map(|bot| bot.user).collect();
            let nobody = bots.iter().map(|user| (*user, Profile::default()));
            session.ask_for(&match own.change {
                BotChange::Add => ChangeBots::add(own.room, nobody),
                BotChange::Remove => ChangeBots::remove(own.room, bots),
                _ => ChangeBots::clear(own.room),
            })
        }
        Request::QueryTop(own) => {
            session.ask_for(&QueryTop::new(own.by, own.period).limit(own.limit))
        }
        _ => return None,
    })
}

fn write_attributes(own: &request::WriteAttributes<'_>) -> Option<WriteAttributes> {
    own.writes.iter().try_fold(WriteAttributes::new(own.room), |all, own| {
        let all = match (own.op, own.when) {
            (AttributeOp::Set, WriteWhen::Always) => all.set(own.key, own.value),
            (AttributeOp::Set, WriteWhen::Absent) => all.set_if_absent(own.key, own.value),
            (AttributeOp::Set, _) => all.compare_and_set(own.key, own.revision, own.value),
            (AttributeOp::Delete, WriteWhen::Always) => all.delete(own.key),
            (AttributeOp::Delete, WriteWhen::Revision) => {
                all.compare_and_delete(own.key, own.revision)
            }
            (AttributeOp::Add, WriteWhen::Always) => all.add(own.key, own.add),
            _ => return None,
        };
        let bound = own.options.has(AttributeOptions::AUTO_DELETE);
        let all = if bound { all.auto_delete() } else { all };
        let all = if own.options.has(AttributeOptions::FORCE) { all.forced() } else { all };
        let after = Duration::from_secs(own.expires_after.into());
        Some(if after.is_zero() { all } else { all.expiring(after) })
    })
}

fn write_queue(own: &request::WriteQueue<'_>) -> WriteQueue {
    own.writes.iter().fold(WriteQueue::new(own.room), |all, own| match own.op {
        QueueOp::Remove => all.remove(own.key),
        _ => {
            let all = all.offer(own.key, own.value);
            if own.options.has(QueueOptions::TRANSIENT) { all.transient() } else { all }
        }
    })
}
