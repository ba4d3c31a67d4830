//! Events that wait for the application, bounded in both kinds.
//!
//! What the broker said fills the queue up to a bound, and a full queue stops the reading from
//! the broker. Notices of the connection itself are bounded apart and never stop it: an
//! application that only publishes may leave them lying for years, and loses the oldest of them.

use std::collections::VecDeque;

use crate::event::Event;

/// Notices of the connection that are kept for an application that does not fetch them. Above
/// the 100 rooms that one reconnect can tell of.
const NOTICES_MAX: usize = 256;

/// Events that wait for the application.
#[derive(Debug)]
pub(super) struct Queue {
    events: VecDeque<Event>,
    /// How many of them are notices of the connection.
    notices: usize,
    messages_max: usize,
    ignored: bool,
}

impl Queue {
    /// A queue that is full at this many messages; 0 counts as 1.
    pub(super) fn bounded_by(messages_max: usize) -> Self {
        Self {
            events: VecDeque::new(),
            notices: 0,
            messages_max: messages_max.max(1),
            ignored: false,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.messages() >= self.messages_max
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn push(&mut self, event: Event) {
        if self.ignored {
            return;
        }
        if is_notice(&event) {
            if self.notices == NOTICES_MAX {
                let oldest = self.events.iter().position(is_notice);
                self.events.remove(oldest.expect("notices are counted"));
                self.notices -= 1;
            }
            self.notices += 1;
        }
        self.events.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        if is_notice(&event) {
            self.notices -= 1;
        }
        Some(event)
    }

    /// Moves everything to `taken`, which is empty.
    pub(super) fn take_all(&mut self, taken: &mut VecDeque<Event>) {
        core::mem::swap(&mut self.events, taken);
        self.notices = 0;
    }

    /// Forgets what waits and what will come.
    pub(super) fn ignore(&mut self) {
        self.ignored = true;
        self.events = VecDeque::new();
        self.notices = 0;
    }

    fn messages(&self) -> usize {
        self.events.len() - self.notices
    }
}

/// Whether an event tells of the connection itself.
fn is_notice(event: &Event) -> bool {
    match event {
        Event::Message(_)
        | Event::Direct(_)
        | Event::Broadcast(_)
        | Event::Tombstone(_)
        | Event::RoomAttributes(_)
        | Event::RoomQueue(_)
        | Event::RoomDestroyed(_)
        | Event::Kicked(_)
        | Event::Lagged(_)
        | Event::LeftRoom(_)
        | Event::Notice(_)
        | Event::Presence(_)
        | Event::App(_)
        | Event::PublishRefused { .. }
        | Event::PublishShed { .. } => false,
        Event::Disconnected { .. }
        | Event::ReconnectFailed { .. }
        | Event::RefreshFailed { .. }
        | Event::Reconnected { .. }
        | Event::Missed(_)
        | Event::RejoinFailed { .. }
        | Event::Closed { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;
    use crate::event::LeftRoom;
    use crate::id::Id;
    use core::time::Duration;
    use throng_protocol::value::LeftReason;

    fn message() -> Event {
        Event::LeftRoom(LeftRoom {
            room: Id::try_from("r").unwrap(),
            reason: LeftReason::Elsewhere,
        })
    }

    fn notice(seconds: u64) -> Event {
        Event::Disconnected { reason: Reason::Silent, retry_in: Duration::from_secs(seconds) }
    }

    #[test]
    fn messages_fill_the_queue_and_notices_do_not() {
        let mut queue = Queue::bounded_by(2);
        for seconds in 0..10 {
            queue.push(notice(seconds));
        }
        queue.push(message());
        assert!(!queue.is_full());
        queue.push(message());
        assert!(queue.is_full());
        for _ in 0..11 {
            queue.pop();
        }
        assert!(!queue.is_full());
    }

    #[test]
    fn of_too_many_notices_the_oldest_goes_and_never_a_message() {
        let mut queue = Queue::bounded_by(2);
        queue.push(message());
        for seconds in 0..=NOTICES_MAX as u64 {
            queue.push(notice(seconds));
        }
        assert_eq!(queue.pop(), Some(message()));
        assert_eq!(queue.pop(), Some(notice(1)));
        assert_eq!(queue.events.len(), NOTICES_MAX - 1);
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut queue = Queue::bounded_by(1);
        queue.push(message());
        queue.ignore();
        queue.push(message());
        assert!(!queue.is_full());
        assert_eq!(queue.pop(), None);
    }
}
