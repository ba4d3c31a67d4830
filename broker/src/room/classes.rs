//! Who is protected in this room: its allowlist of users (spec 6, at most 5). Knows no sibling;
//! what a kind says about a message's class is the app's business and comes in as a fact.

use throng_protocol::refusal::Refusal;
use throng_protocol::value::ListChange;

use crate::class::Class;
use crate::limits::ROOM_PROTECTED_USERS_MAX;
use crate::names::Names;

/// A room's allowlist.
#[derive(Debug, Default)]
pub struct Classes {
    protected_users: Names,
}

impl Classes {
    /// The class of a message: that of its kind, unless its sender is on the list.
    #[must_use]
    pub fn of(&self, sender: &str, by_kind: Class) -> Class {
        if self.is_protected(sender) { Class::Protected } else { by_kind }
    }

    /// Whether a user is on the list.
    #[must_use]
    pub fn is_protected(&self, user: &str) -> bool {
        self.protected_users.contains(user)
    }

    /// The list.
    #[must_use]
    pub const fn protected_users(&self) -> &Names {
        &self.protected_users
    }

    /// The list as a change would make it.
    ///
    /// # Errors
    /// When it would hold more than it may.
    pub fn check(&self, change: ListChange, users: &Names) -> Result<Names, Refusal<'static>> {
        self.protected_users.changed(change, users, ROOM_PROTECTED_USERS_MAX)
    }

    /// Takes a list that was found good.
    pub fn record(&mut self, protected_users: Names) {
        self.protected_users = protected_users;
    }
}
