//! What the kinds of messages mean in one app: which are protected, which go first (spec 6).
//!
//! Every shard has the same lists. The configuration gives the first ones; servers change them
//! while the broker runs.

use throng_protocol::refusal::Refusal;
use throng_protocol::value::{ClassHint, ListChange, ListName};

use crate::class::Class;
use crate::limits::APP_KINDS_MAX;
use crate::names::Names;

/// The kinds of an app that are not of class high.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Those that are protected.
    pub protected: Names,
    /// Those that go first.
    pub low: Names,
}

impl Kinds {
    /// The class of a message of a kind, as its sender wishes it. The wish can only lower it, and
    /// not that of a protected kind.
    #[must_use]
    pub fn class(&self, kind: &str, hint: ClassHint) -> Class {
        if self.protected.contains(kind) {
            Class::Protected
        } else if hint == ClassHint::Low || self.low.contains(kind) {
            Class::Low
        } else {
            Class::High
        }
    }

    /// One of the lists.
    #[must_use]
    pub const fn list(&self, list: ListName) -> Option<&Names> {
        match list {
            ListName::ProtectedKinds => Some(&self.protected),
            ListName::LowKinds => Some(&self.low),
            _ => None,
        }
    }

    /// One of the lists as a change would make it; `None` for a list that is not one of these.
    ///
    /// # Errors
    /// When it would hold more than it may.
    pub fn check(
        &self,
        list: ListName,
        change: ListChange,
        kinds: &Names,
    ) -> Option<Result<Names, Refusal<'static>>> {
        self.list(list).map(|own| own.changed(change, kinds, APP_KINDS_MAX))
    }

    /// Takes a list that was found good.
    pub fn record(&mut self, list: ListName, kinds: Names) {
        match list {
            ListName::ProtectedKinds => self.protected = kinds,
            ListName::LowKinds => self.low = kinds,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_lowers_a_class_but_not_a_protected_one() {
        let names = |name: &str| Names::from_iter([Box::from(name)]);
        let kinds = Kinds { protected: names("tip"), low: names("like") };
        assert_eq!(kinds.class("tip", ClassHint::Low), Class::Protected);
        assert_eq!(kinds.class("text", ClassHint::Default), Class::High);
        assert_eq!(kinds.class("text", ClassHint::Low), Class::Low);
        assert_eq!(kinds.class("like", ClassHint::Default), Class::Low);
    }
}
