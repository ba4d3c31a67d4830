//! Messages that do not go the way of a room's order: to some members of a room, and to everyone in
//! an app (spec 5). Each is a frame of the receiving session's own.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::envelope::Ack;
use crate::id::{AppId, ConnectionId, RoomHandle, SessionKey, UserHandle};
use crate::probe::{self, Mark};
use crate::shard::Shard;
use crate::shard::users::Place;

/// Messages for everyone that not everyone was given yet.
#[derive(Debug, Default)]
pub(super) struct Spread {
    jobs: VecDeque<Job>,
}

#[derive(Debug)]
struct Job {
    app: AppId,
    frame: Bytes,
    /// The next place in the table of sessions to look at.
    next: usize,
}

impl Spread {
    /// Whether nothing is to be done.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

impl Shard {
    /// A message for everyone in an app.
    pub(super) fn on_spread(&mut self, app: AppId, frame: Bytes, ack: Ack) {
        self.spread.jobs.push_back(Job { app, frame, next: 0 });
        self.heed(ack);
    }

    /// Gives those messages out, to as many sessions as this turn still looks at: what is left goes
    /// on in the next, in order.
    pub(super) fn spread_out(&mut self) {
        while let Some(mut job) = self.spread.jobs.pop_front() {
            while job.next < self.sessions.places() && self.visits_left > 0 {
                self.visits_left -= 1;
                let session = self.sessions.at(job.next);
                job.next += 1;
                let Some(session) = session else { continue };
                let is_meant = session.identity().is_some_and(|own| own.app == job.app)
                    && !session.outbound.seats.is_empty();
                if is_meant {
                    let connection = session.connection;
                    self.give(connection, &job.frame);
                }
            }
            if job.next < self.sessions.places() {
                return self.spread.jobs.push_front(job);
            }
            probe::mark(Mark::Spread);
        }
    }

    /// A message for one user who is in a room, after what the room said before it.
    pub(super) fn on_direct(
        &mut self,
        user: UserHandle,
        room: RoomHandle,
        (frame, own): (&Bytes, Option<SessionKey>),
    ) {
        let Some(entry) = self.users.get(user) else { return };
        let Some(&Place::Seated(audience)) = entry.membership(room).map(|own| &own.place) else {
            return;
        };
        probe::mark(Mark::Directed);
        for connection in entry.sessions.clone() {
            let session = self.sessions.get(connection);
            let is_own = own == Some(SessionKey { shard: self.settings.id, connection });
            if !is_own && session.is_some_and(|own| own.outbound.occupant_of(audience).is_some()) {
                self.settle(connection, audience);
                self.give(connection, frame);
            }
        }
    }

    fn give(&mut self, connection: ConnectionId, frame: &Bytes) {
        if let Some(session) = self.sessions.get_mut(connection) {
            session.outbound.push(&mut self.spare, |queue| queue.extend_from_slice(frame));
            self.mark_dirty(connection);
        }
    }
}
