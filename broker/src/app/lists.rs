//! The lists that an app's servers keep: what the kinds of its messages mean (spec 6), and which
//! rooms only an explicit destroy ends (spec 3).
//!
//! Every shard has the same lists. The configuration gives the first ones; servers change them
//! while the broker runs.

use throng_protocol::refusal::Refusal;
use throng_protocol::value::{ClassHint, ListChange, ListName};

use crate::class::Class;
use crate::limits::APP_KINDS_MAX;
use crate::names::Names;

/// The lists of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    /// Kinds whose messages are protected.
    pub protected_kinds: Names,
    /// Kinds whose messages go first.
    pub low_kinds: Names,
    /// Rooms that are kept alive.
    pub keep_alive: Names,
}

impl Lists {
    /// The class of a message of a kind, as its sender wishes it. The wish can only lower it, and
    /// not that of a protected kind.
    #[must_use]
    pub fn class(&self, kind: &str, hint: ClassHint) -> Class {
        if self.protected_kinds.contains(kind) {
            Class::Protected
        } else if hint == ClassHint::Low || self.low_kinds.contains(kind) {
            Class::Low
        } else {
            Class::High
        }
    }

    /// One of the lists; `None` for a list that is no app's.
    #[must_use]
    pub const fn list(&self, list: ListName) -> Option<&Names> {
        match list {
            ListName::ProtectedKinds => Some(&self.protected_kinds),
            ListName::LowKinds => Some(&self.low_kinds),
            ListName::KeepAlive => Some(&self.keep_alive),
            _ => None,
        }
    }

    /// One of the lists as a change would make it; `None` for a list that is not one of these.
    /// Of rooms that are kept alive there may be `keep_alive_max`.
    ///
    /// # Errors
    /// When it would hold more than it may.
    pub fn check(
        &self,
        (list, change): (ListName, ListChange),
        entries: &Names,
        keep_alive_max: u32,
    ) -> Option<Result<Names, Refusal<'static>>> {
        let max = match list {
            ListName::KeepAlive => keep_alive_max as usize,
            _ => APP_KINDS_MAX,
        };
        self.list(list).map(|own| own.changed(change, entries, max))
    }

    /// Takes a list that was found good. Gives the one that it replaces.
    pub fn record(&mut self, list: ListName, entries: Names) -> Names {
        match list {
            ListName::ProtectedKinds => core::mem::replace(&mut self.protected_kinds, entries),
            ListName::LowKinds => core::mem::replace(&mut self.low_kinds, entries),
            ListName::KeepAlive => core::mem::replace(&mut self.keep_alive, entries),
            _ => Names::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Names {
        names.iter().map(|name| Box::from(*name)).collect()
    }

    #[test]
    fn a_wish_lowers_a_class_but_not_a_protected_one() {
        let lists = Lists {
            protected_kinds: names(&["tip"]),
            low_kinds: names(&["like"]),
            keep_alive: Names::default(),
        };
        assert_eq!(lists.class("tip", ClassHint::Low), Class::Protected);
        assert_eq!(lists.class("text", ClassHint::Default), Class::High);
        assert_eq!(lists.class("text", ClassHint::Low), Class::Low);
        assert_eq!(lists.class("like", ClassHint::Default), Class::Low);
    }

    #[test]
    fn only_so_many_rooms_are_kept_alive_as_the_app_may() {
        let lists = Lists { keep_alive: names(&["a"]), ..Lists::default() };
        let add = (ListName::KeepAlive, ListChange::Add);
        assert_eq!(lists.check(add, &names(&["b"]), 2), Some(Ok(names(&["a", "b"]))));
        assert!(lists.check(add, &names(&["b"]), 1).unwrap().is_err());
        let of_a_room = (ListName::MuteExceptions, ListChange::Add);
        assert_eq!(lists.check(of_a_room, &names(&["b"]), 2), None);
    }
}
