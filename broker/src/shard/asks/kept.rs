//! What is asked of a room's attributes, queue, history and bots, held to its bounds.

use core::time::Duration;

use throng_protocol::limits::{
    ATTRIBUTE_WRITES_MAX, ATTRIBUTES_MAX, EXPIRY_SECONDS_MAX, HISTORY_PAGE_MAX, LIST_IDS_MAX,
    QUEUE_SIZE_MAX, QUEUE_WRITE_BYTES_MAX, QUEUE_WRITES_MAX,
};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::request::{
    ChangeBots, PollQueue, QueryAttributes, QueryHistory, Recall, Request, WriteAttributes,
    WriteQueue,
};
use throng_protocol::value::{
    AttributeKey, AttributeOp, AttributeWrite, AttributeWrites, BotChange, HistoryBy, HistoryOrder,
    Kind, QueueOp, QueuePermission, RecallOptions, UserId, WriteWhen, check_extension, check_value,
};

use crate::envelope::Ask;
use crate::room::{Actor, AttributeChange, HistoryAsk, QueueChange, RecallAsk};
use crate::shard::requests::{Refused, invalid};

use super::{profile, reading, switch, telling, unsupported};

/// Which room a request is about, and what it asks of it.
pub(super) fn ask_of<'a>(actor: Actor, request: &Request<'a>) -> Result<(&'a str, Ask), Refused> {
    Ok(match request {
        Request::WriteAttributes(write) => (write.room, ask_write(actor, write)?),
        Request::ClearAttributes(clear) => {
            let telling = telling(clear.options, clear.extension)?;
            (clear.room, Ask::ClearAttributes(actor, switch(clear.force, "force")?, telling))
        }
        Request::QueryAttributes(query) => (query.room, ask_attributes(actor, query)?),
        Request::SetQueue(set) => {
            let telling = telling(set.options, set.extension)?;
            (set.room, Ask::SetQueue(actor, queue(set.size, set.permission)?, telling))
        }
        Request::WriteQueue(write) => (write.room, ask_write_queue(actor, write)?),
        Request::PollQueue(poll) => (poll.room, ask_poll(actor, poll)?),
        Request::ClearQueue(clear) => {
            (clear.room, Ask::ClearQueue(actor, telling(clear.options, clear.extension)?))
        }
        Request::QueryQueue(query) => {
            let (cursor, limit) = reading(query.cursor, query.limit)?;
            (query.room, Ask::QueryQueue { actor, cursor, limit })
        }
        Request::QueryHistory(query) => (query.room, ask_history(actor, query)?),
        Request::Recall(recall) => (recall.room, ask_recall(actor, recall)?),
        Request::ChangeBots(change) => (change.room, ask_bots(change)?),
        _ => return Err(Refusal::new(Code::NOT_SUPPORTED)),
    })
}

fn ask_write(actor: Actor, write: &WriteAttributes<'_>) -> Result<Ask, Refused> {
    let telling = telling(write.options, write.extension)?;
    let changes = changes(write.writes)?;
    if changes.is_empty() {
        return Err(invalid("writes"));
    }
    Ok(Ask::WriteAttributes(actor, changes, telling))
}

/// The attributes that a room begins with.
pub(super) fn first_attributes(
    writes: AttributeWrites<'_>,
) -> Result<Box<[AttributeChange]>, Refused> {
    let changes = changes(writes)?;
    if changes.iter().any(|change| change.op != AttributeOp::Set) {
        return Err(invalid("attributes"));
    }
    Ok(changes)
}

fn changes(writes: AttributeWrites<'_>) -> Result<Box<[AttributeChange]>, Refused> {
    if writes.iter().count() > ATTRIBUTE_WRITES_MAX {
        return Err(Refusal::new(Code::TOO_MANY).because("writes"));
    }
    writes.iter().map(|write| change(&write)).collect()
}

fn change(write: &AttributeWrite<'_>) -> Result<AttributeChange, Refused> {
    AttributeKey::parse(write.key).map_err(|_| invalid("key"))?;
    check_value(write.value).map_err(|(field, _)| invalid(field))?;
    if matches!(write.op, AttributeOp::Unknown(_)) {
        return Err(unsupported("op"));
    }
    if matches!(write.when, WriteWhen::Unknown(_)) {
        return Err(unsupported("when"));
    }
    if write.options.has_unknown() {
        return Err(unsupported("options"));
    }
    if write.expires_after > EXPIRY_SECONDS_MAX {
        return Err(invalid("expires_after"));
    }
    Ok(AttributeChange {
        key: write.key.into(),
        op: write.op,
        value: write.value.into(),
        add: write.add,
        when: write.when,
        revision: write.revision,
        expires_after: Duration::from_secs(write.expires_after.into()),
        options: write.options,
    })
}

fn ask_attributes(actor: Actor, query: &QueryAttributes<'_>) -> Result<Ask, Refused> {
    if query.keys.iter().any(|key| AttributeKey::parse(key).is_err()) {
        return Err(invalid("keys"));
    }
    let (cursor, limit) = reading(query.cursor, query.limit)?;
    if usize::from(limit) > ATTRIBUTES_MAX {
        return Err(invalid("limit"));
    }
    let keys = query.keys.iter().map(Box::from).collect();
    Ok(Ask::QueryAttributes { actor, keys, cursor, limit })
}

/// The size of a queue, 0 for none, and who may write to it.
pub(super) fn queue(
    size: u16,
    permission: QueuePermission,
) -> Result<(u16, QueuePermission), Refused> {
    if size > QUEUE_SIZE_MAX {
        return Err(invalid("size"));
    }
    match permission {
        QueuePermission::Anyone | QueuePermission::Managers => Ok((size, permission)),
        _ => Err(unsupported("permission")),
    }
}

fn ask_write_queue(actor: Actor, write: &WriteQueue<'_>) -> Result<Ask, Refused> {
    let telling = telling(write.options, write.extension)?;
    let count = write.writes.iter().count();
    if count == 0 {
        return Err(invalid("writes"));
    }
    let bytes: usize = write.writes.iter().map(|own| own.key.len() + own.value.len()).sum();
    if count > QUEUE_WRITES_MAX || bytes > QUEUE_WRITE_BYTES_MAX {
        return Err(Refusal::new(Code::TOO_MANY).because("writes"));
    }
    let mut changes = Vec::with_capacity(count);
    for own in write.writes.iter() {
        AttributeKey::parse(own.key).map_err(|_| invalid("key"))?;
        check_value(own.value).map_err(|(field, _)| invalid(field))?;
        if matches!(own.op, QueueOp::Unknown(_)) {
            return Err(unsupported("op"));
        }
        if own.options.has_unknown() {
            return Err(unsupported("options"));
        }
        let (key, value) = (own.key.into(), own.value.into());
        changes.push(QueueChange { op: own.op, key, value, options: own.options });
    }
    Ok(Ask::WriteQueue(actor, changes.into(), telling))
}

fn ask_poll(actor: Actor, poll: &PollQueue<'_>) -> Result<Ask, Refused> {
    if !poll.key.is_empty() {
        AttributeKey::parse(poll.key).map_err(|_| invalid("key"))?;
    }
    let telling = telling(poll.options, poll.extension)?;
    Ok(Ask::PollQueue(actor, poll.key.into(), telling))
}

fn ask_history(actor: Actor, query: &QueryHistory<'_>) -> Result<Ask, Refused> {
    let newest_first = match query.order {
        HistoryOrder::OldestFirst => false,
        HistoryOrder::NewestFirst => true,
        _ => return Err(unsupported("order")),
    };
    if !matches!(query.by, HistoryBy::Seq | HistoryBy::Time) {
        return Err(unsupported("by"));
    }
    if query.kinds.iter().any(|kind| Kind::parse(kind).is_err()) {
        return Err(invalid("kinds"));
    }
    let (cursor, limit) = reading(query.cursor, query.limit)?;
    if usize::from(limit) > HISTORY_PAGE_MAX {
        return Err(invalid("limit"));
    }
    let kinds = query.kinds.iter().map(Box::from).collect();
    let (by, from) = (query.by, query.from);
    Ok(Ask::QueryHistory(actor, HistoryAsk { by, from, newest_first, kinds, cursor, limit }))
}

fn ask_recall(actor: Actor, recall: &Recall<'_>) -> Result<Ask, Refused> {
    if recall.options.has_unknown() {
        return Err(unsupported("options"));
    }
    check_extension(recall.extension).map_err(|(field, _)| invalid(field))?;
    Ok(Ask::Recall(
        actor,
        RecallAsk {
            epoch: recall.epoch,
            seq: recall.seq,
            erase: recall.options.has(RecallOptions::ERASE),
            extension: recall.extension.into(),
        },
    ))
}

fn ask_bots(change: &ChangeBots<'_>) -> Result<Ask, Refused> {
    let count = change.bots.iter().count();
    if count > LIST_IDS_MAX {
        return Err(Refusal::new(Code::TOO_MANY).because("bots"));
    }
    let clears = change.change == BotChange::Clear;
    if clears != (count == 0) || change.bots.iter().any(|bot| UserId::parse(bot.user).is_err()) {
        return Err(invalid("bots"));
    }
    match change.change {
        BotChange::Clear => Ok(Ask::ClearBots),
        BotChange::Remove => {
            Ok(Ask::RemoveBots(change.bots.iter().map(|bot| bot.user.into()).collect()))
        }
        BotChange::Add => {
            let bot = |bot: throng_protocol::value::Bot<'_>| {
                Ok((Box::from(bot.user), profile(bot.profile)?))
            };
            Ok(Ask::AddBots(change.bots.iter().map(bot).collect::<Result<_, Refused>>()?))
        }
        _ => Err(unsupported("change")),
    }
}
