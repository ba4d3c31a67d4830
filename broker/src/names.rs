//! A short list of names, such as an allowlist of users or of kinds (spec 6).
//!
//! A plain value: it is searched from end to end, because it never holds more than some dozens,
//! and it changes as a whole, so that every shard can be given the new one.

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::ListChange;

/// A short list of names, each once, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Box<[Box<str>]>);

impl Names {
    /// Whether a name is on it.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|own| **own == *name)
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|own| &**own)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The list after a change. Adding what is there and removing what is not are no errors.
    ///
    /// # Errors
    /// `TOO_MANY` when it would hold more than `max`; `NOT_SUPPORTED` for a change of a later
    /// version.
    pub fn changed(
        &self,
        change: ListChange,
        names: &Self,
        max: usize,
    ) -> Result<Self, Refusal<'static>> {
        let keeps = |own: &str| match change {
            ListChange::Replace => false,
            ListChange::Remove => !names.contains(own),
            _ => true,
        };
        let kept = self.0.iter().filter(|own| keeps(own)).cloned();
        let changed: Self = match change {
            ListChange::Add | ListChange::Replace => kept.chain(names.0.iter().cloned()).collect(),
            ListChange::Remove => kept.collect(),
            _ => return Err(Refusal::new(Code::NOT_SUPPORTED).because("change")),
        };
        if changed.len() > max {
            return Err(Refusal::new(Code::TOO_MANY));
        }
        Ok(changed)
    }
}

impl FromIterator<Box<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Box<str>>>(names: I) -> Self {
        let mut own: Vec<Box<str>> = Vec::new();
        for name in names {
            if !own.contains(&name) {
                own.push(name);
            }
        }
        Self(own.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Names {
        list.iter().map(|name| Box::from(*name)).collect()
    }

    #[test]
    fn a_name_is_on_it_once_however_often_it_was_added() {
        let list = names(&["a", "b", "a"]);
        assert_eq!(list, names(&["a", "b"]));
        assert_eq!(
            list.changed(ListChange::Add, &names(&["b", "c"]), 3),
            Ok(names(&["a", "b", "c"]))
        );
    }

    #[test]
    fn it_never_holds_more_than_it_may_and_a_change_holds_wholly_or_not_at_all() {
        let list = names(&["a", "b"]);
        let too_many = Err(Refusal::new(Code::TOO_MANY));
        assert_eq!(list.changed(ListChange::Add, &names(&["c", "d"]), 3), too_many);
        assert_eq!(
            list.changed(ListChange::Replace, &names(&["c", "d"]), 2),
            Ok(names(&["c", "d"]))
        );
        assert_eq!(list.changed(ListChange::Remove, &names(&["a", "x"]), 2), Ok(names(&["b"])));
    }
}
