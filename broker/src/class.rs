//! How much a message matters when there is too much: its class (spec 6).
//!
//! A plain value. Who decides it is `room::classes`; who acts on it are the room's quota, the
//! load of the shards, and the outbound side of a session that reads too slowly.

use throng_protocol::value;

/// The class of a message, the most important first: what is shed first compares greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The last to go. Notices of a room are of this class, too.
    Protected,
    /// What is said in the usual way.
    High,
    /// The first to go.
    Low,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Protected, Self::High, Self::Low];

    /// Its place in tables by class.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What it is called on the wire.
    #[must_use]
    pub const fn on_wire(self) -> value::Class {
        match self {
            Self::Protected => value::Class::Protected,
            Self::High => value::Class::High,
            Self::Low => value::Class::Low,
        }
    }
}

/// One figure for each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByClass<T>(pub [T; 3]);

impl<T: Copy> ByClass<T> {
    /// The figure of a class.
    #[must_use]
    pub const fn of(&self, class: Class) -> T {
        self.0[class.index()]
    }

    /// The same, to change it.
    pub const fn of_mut(&mut self, class: Class) -> &mut T {
        &mut self.0[class.index()]
    }
}

impl ByClass<u64> {
    /// All classes together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.0[0] + self.0[1] + self.0[2]
    }

    /// What is kept of it.
    #[must_use]
    pub fn kept(&self, keep: Keep) -> u64 {
        Class::ALL.into_iter().filter(|class| keep.keeps(*class)).map(|class| self.of(class)).sum()
    }

    /// Adds figure by figure.
    pub fn add(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(other.0) {
            *own += more;
        }
    }

    /// So many times as much.
    pub fn scale(&mut self, times: u64) {
        for own in &mut self.0 {
            *own *= times;
        }
    }

    /// This less another that is nowhere larger.
    #[must_use]
    pub const fn less(&self, other: &Self) -> Self {
        Self([self.0[0] - other.0[0], self.0[1] - other.0[1], self.0[2] - other.0[2]])
    }
}

/// What a session that reads too slowly still gets. Each step keeps less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keep {
    /// Everything.
    #[default]
    All,
    /// Nothing of class low.
    High,
    /// Only what is protected.
    Protected,
}

impl Keep {
    /// Whether a message of that class is kept.
    #[must_use]
    pub const fn keeps(self, class: Class) -> bool {
        match self {
            Self::All => true,
            Self::High => !matches!(class, Class::Low),
            Self::Protected => matches!(class, Class::Protected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_keeps_a_class_and_skips_a_higher_one() {
        for keep in [Keep::All, Keep::High, Keep::Protected] {
            let kept = Class::ALL.map(|class| keep.keeps(class));
            assert!(kept.is_sorted_by(|higher, lower| higher >= lower), "{keep:?}: {kept:?}");
        }
    }

    #[test]
    fn what_is_kept_is_the_sum_of_the_classes_that_are() {
        let bytes = ByClass([1, 10, 100]);
        assert_eq!(bytes.kept(Keep::All), 111);
        assert_eq!(bytes.kept(Keep::High), 11);
        assert_eq!(bytes.kept(Keep::Protected), 1);
        assert_eq!(bytes.less(&ByClass([1, 5, 0])), ByClass([0, 5, 100]));
    }
}
