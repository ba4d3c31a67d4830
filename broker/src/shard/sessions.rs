//! The table of a shard's sessions, by the place of their connection.

use crate::id::ConnectionId;
use crate::probe::{self, Bug};
use crate::session::Session;

/// All sessions of a shard.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    places: Vec<Option<Session>>,
    len: usize,
}

impl Sessions {
    /// The session of a connection, if it is still there.
    pub(super) fn get(&self, connection: ConnectionId) -> Option<&Session> {
        let session = self.places.get(connection.slot as usize)?.as_ref()?;
        is_meant(session, connection).then_some(session)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        let session = self.places.get_mut(connection.slot as usize)?.as_mut()?;
        is_meant(session, connection).then_some(session)
    }

    /// Puts a session at the place of its connection, which is free.
    pub(super) fn insert(&mut self, session: Session) {
        let place = session.connection.slot as usize;
        if self.places.len() <= place {
            self.places.resize_with(place + 1, || None);
        }
        debug_assert!(self.places[place].is_none(), "the back end closed it first");
        self.places[place] = Some(session);
        self.len += 1;
    }

    /// Takes a session out.
    pub(super) fn remove(&mut self, connection: ConnectionId) -> Option<Session> {
        self.get(connection)?;
        self.len -= 1;
        self.places[connection.slot as usize].take()
    }

    /// How many places there are, taken or not.
    pub(super) const fn places(&self) -> usize {
        self.places.len()
    }

    /// The session at a place, if it is taken.
    pub(super) fn at(&self, place: usize) -> Option<&Session> {
        self.places.get(place)?.as_ref()
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// All connections that have one, in the order of their places.
    pub(super) fn connections(&self) -> Vec<ConnectionId> {
        self.places.iter().flatten().map(|session| session.connection).collect()
    }

    /// All sessions.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.places.iter().flatten()
    }
}

fn is_meant(session: &Session, connection: ConnectionId) -> bool {
    session.connection == connection || probe::planted(Bug::StaleHandle)
}
