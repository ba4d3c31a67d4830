//! What stands in the place of a message that was recalled (spec 5). Knows no sibling.
//!
//! A tombstone says whose message it was, and who recalled it. Of one that was erased nothing is
//! told; its place is kept all the same, for those who resume and would see a hole.

use throng_protocol::FromBroker;
use throng_protocol::frame;
use throng_protocol::push::{Deliver, Push, Tombstone};
use throng_protocol::value::Extensions;

use crate::time::WallTime;

/// The tag of a frame that holds a tombstone.
pub const TOMBSTONE_TAG: u8 = 139;

/// The message in a frame, if there is one.
#[must_use]
pub fn message(frame: &[u8]) -> Option<Deliver<'_>> {
    match read(frame)? {
        Push::Deliver(message) => Some(message),
        _ => None,
    }
}

/// When a message was read, and of what kind it is or was.
#[must_use]
pub fn time_and_kind(frame: &[u8]) -> Option<(u64, &str)> {
    match read(frame)? {
        Push::Deliver(message) => Some((message.ingress_at, message.kind)),
        Push::Tombstone(stone) => Some((stone.at, stone.kind)),
        _ => None,
    }
}

/// Whether a tombstone tells nothing.
#[must_use]
pub fn is_erased(frame: &[u8]) -> bool {
    matches!(read(frame), Some(Push::Tombstone(stone)) if stone.kind.is_empty())
}

/// What stands in the place of a message from now on.
#[must_use]
pub fn tombstone(message: &Deliver<'_>, actor: &str, erase: bool, now: WallTime) -> Vec<u8> {
    let told = |text| if erase { "" } else { text };
    let stone = Tombstone {
        room: message.room,
        epoch: message.epoch,
        seq: message.seq,
        sender: told(message.sender),
        kind: told(message.kind),
        at: now.as_micros(),
        actor: told(actor),
        extensions: Extensions::NONE,
    };
    let mut bytes = Vec::new();
    FromBroker::Push(stone.into()).write(&mut bytes);
    bytes
}

fn read(bytes: &[u8]) -> Option<Push<'_>> {
    let (body, _) = frame::split(bytes, usize::MAX).ok()??;
    match FromBroker::decode(body).ok()? {
        FromBroker::Push(push) => Some(push),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use throng_protocol::value::Role;

    #[test]
    fn a_tombstone_is_told_by_its_tag_and_one_that_was_erased_tells_nothing() {
        let message = Deliver {
            room: "r",
            epoch: 1,
            seq: 2,
            sender: "ann",
            sender_role: Role::Client,
            kind: "text",
            ingress_at: 3,
            egress_at: 4,
            payload: b"oops",
            extensions: Extensions::NONE,
        };
        let stone = tombstone(&message, "bob", false, WallTime::from_micros(9));
        assert_eq!(stone[4], TOMBSTONE_TAG);
        assert_eq!((time_and_kind(&stone), is_erased(&stone)), (Some((9, "text")), false));
        let erased = tombstone(&message, "bob", true, WallTime::from_micros(9));
        assert!(is_erased(&erased) && super::message(&erased).is_none());
    }
}
