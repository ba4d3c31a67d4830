//! The table of a back end's connections: [`Slots`] under the name that the seam gives them.
//! Owned by one back end each; what is in an entry is the back end's own affair.

use crate::id::ConnectionId;
use crate::slots::{Slot, Slots};

/// Connections by id.
pub(super) struct Connections<T> {
    slots: Slots<T>,
}

impl<T> Connections<T> {
    pub(super) fn new() -> Self {
        Self { slots: Slots::default() }
    }

    pub(super) fn insert(&mut self, connection: T) -> ConnectionId {
        let Slot { index, generation } = self.slots.insert(connection);
        ConnectionId { slot: index, generation }
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut T> {
        self.slots.get_mut(slot(id))
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<T> {
        self.slots.remove(slot(id))
    }
}

const fn slot(id: ConnectionId) -> Slot {
    Slot { index: id.slot, generation: id.generation }
}
