//! A table whose places are used again, with a generation for each use, so that a handle kept
//! too long finds nothing rather than a stranger.
//!
//! `slab` does the work; this adds the guard. Generations come from one counter per table, so a
//! pair of place and generation comes up again only after 2^32 inserts.

use slab::Slab;

/// A place in a table and which use of it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The place.
    pub index: u32,
    /// Which use of it.
    pub generation: u32,
}

/// A table with fewer places grows by one at a time.
const SMALL: usize = 8;

/// The table.
#[derive(Debug)]
pub struct Slots<T> {
    entries: Slab<(u32, T)>,
    next_generation: u32,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { entries: Slab::new(), next_generation: 0 }
    }
}

impl<T> Slots<T> {
    /// Puts a value in a free place.
    pub fn insert(&mut self, value: T) -> Slot {
        if self.entries.capacity() < SMALL && self.entries.len() == self.entries.capacity() {
            // Many tables are small and many, such as the members of a room for four.
            self.entries.reserve_exact(1);
        }
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        let index = self.entries.insert((generation, value));
        let index = u32::try_from(index).expect("memory ends before 2^32 entries");
        Slot { index, generation }
    }

    /// The value, if it is still the one that is meant.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&T> {
        let (generation, value) = self.entries.get(slot.index as usize)?;
        (*generation == slot.generation).then_some(value)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let (generation, value) = self.entries.get_mut(slot.index as usize)?;
        (*generation == slot.generation).then_some(value)
    }

    /// Takes the value out, if it is still the one that is meant.
    pub fn remove(&mut self, slot: Slot) -> Option<T> {
        self.get(slot)?;
        Some(self.entries.remove(slot.index as usize).1)
    }

    /// Gives back what an empty table holds. Handles to what was in it stay dead.
    pub fn release(&mut self) {
        if self.entries.is_empty() {
            self.entries = Slab::new();
        }
    }

    /// The values and their places, in the order of the places.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        self.entries.iter().map(|(index, (generation, value))| {
            let index = u32::try_from(index).expect("memory ends before 2^32 entries");
            (Slot { index, generation: *generation }, value)
        })
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_to_what_is_gone_does_not_reach_what_took_its_place() {
        let mut slots = Slots::default();
        let old = slots.insert("old");
        assert_eq!(slots.remove(old), Some("old"));
        let new = slots.insert("new");
        assert_eq!(old.index, new.index);
        assert_eq!(slots.get(old), None);
        assert_eq!(slots.remove(old), None);
        assert_eq!(slots.get(new), Some(&"new"));
    }
}
