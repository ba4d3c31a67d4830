//! Who is what in a room, and who may do what (spec 2). Knows no sibling.
//!
//! Only those with a part in the room are kept here: its creator, managers, and ordinary members,
//! all of them fixed, in the room or not. Whoever else joins is a visitor.

use core::ops::Bound;
use std::collections::BTreeMap;

use throng_protocol::refusal::Code;
use throng_protocol::value::RoomRole;

use crate::room::about::Profile;
use crate::time::WallTime;

/// Those with a part in a room. Many rooms have none, and pay for a word.
#[derive(Debug, Default)]
pub struct Roles {
    fixed: Option<Box<AllFixed>>,
}

#[derive(Debug, Default)]
struct AllFixed {
    creator: Option<Box<str>>,
    by_user: BTreeMap<Box<str>, u64>,
    /// In the order in which they became fixed, by number from 1.
    all: BTreeMap<u64, Fixed>,
    number_last: u64,
}

/// One of them.
#[derive(Debug)]
pub struct Fixed {
    /// Who.
    pub user: Box<str>,
    /// What it is.
    pub role: RoomRole,
    /// When it joined last; the Unix epoch if it never did.
    pub joined_at: WallTime,
    /// How it showed itself when it left.
    pub profile: Option<Box<Profile>>,
}

/// Something that not everyone may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Mute the room, change its exceptions, change what it says of itself, ask who is banned.
    Lead,
    /// Appoint and dismiss managers, close and open the room.
    Own,
    /// Kick, ban or mute somebody with this role, or lift that.
    Sanction(RoomRole),
    /// Change one role into the other.
    Appoint(RoomRole, RoomRole),
}

/// Whether somebody with that role may do that; `None` is a server, which may do everything but
/// unmake a creator.
#[must_use]
pub const fn may(actor: Option<RoomRole>, right: Right) -> bool {
    use RoomRole::{Creator, Manager};
    if let Right::Appoint(Creator, _) = right {
        return false;
    }
    match (actor, right) {
        (None, _) => true,
        (Some(Creator), _) => true,
        (Some(Manager), Right::Lead) => true,
        (Some(Manager), Right::Sanction(target)) => !matches!(target, Creator | Manager),
        (Some(Manager), Right::Appoint(from, to)) => {
            !matches!(from, Manager) && !matches!(to, Manager)
        }
        _ => false,
    }
}

impl Roles {
    /// The roles of a new room: there may be a creator.
    #[must_use]
    pub fn new(creator: &str) -> Self {
        let mut roles = Self::default();
        if !creator.is_empty() {
            roles.fixed.get_or_insert_default().creator = Some(creator.into());
            roles.insert(creator, RoomRole::Creator);
        }
        roles
    }

    /// The user the room was created for; empty for none.
    #[must_use]
    pub fn creator(&self) -> &str {
        self.fixed.as_ref().and_then(|own| own.creator.as_deref()).unwrap_or_default()
    }

    /// The role of a user, if it has one here; whoever is in the room without is a visitor.
    #[must_use]
    pub fn of(&self, user: &str) -> RoomRole {
        self.find(user).map_or(RoomRole::Visitor, |fixed| fixed.role)
    }

    /// Whether a user may speak in a muted room because of its role.
    #[must_use]
    pub fn leads(&self, user: &str) -> bool {
        matches!(self.of(user), RoomRole::Creator | RoomRole::Manager)
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, user: &str) -> Option<&Fixed> {
        let own = self.fixed.as_ref()?;
        own.all.get(own.by_user.get(user)?)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fixed.as_ref().map_or(0, |own| own.all.len())
    }

    /// Those behind a number, or before it, in the order in which they became fixed.
    pub fn range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, &Fixed)> {
        let own = self.fixed.iter().flat_map(move |own| own.all.range((from, to)));
        own.map(|(number, fixed)| (*number, fixed))
    }

    /// Whether an actor may give a user a role, of which there may be so many that are fixed.
    ///
    /// # Errors
    /// `NOT_ALLOWED`, or `TOO_MANY`.
    pub fn check(
        &self,
        actor: Option<RoomRole>,
        (user, role): (&str, RoomRole),
        fixed_max: u32,
    ) -> Result<(), Code> {
        if !may(actor, Right::Appoint(self.of(user), role)) {
            return Err(Code::NOT_ALLOWED);
        }
        let more = role != RoomRole::Visitor && self.find(user).is_none();
        if more && self.len() >= fixed_max as usize { Err(Code::TOO_MANY) } else { Ok(()) }
    }

    /// A user has this role from now on.
    pub fn record(&mut self, user: &str, role: RoomRole) {
        if role == RoomRole::Visitor {
            if let Some(own) = &mut self.fixed
                && let Some(number) = own.by_user.remove(user)
            {
                own.all.remove(&number);
            }
        } else if let Some(fixed) = self.find_mut(user) {
            fixed.role = role;
        } else {
            self.insert(user, role);
        }
    }

    /// A user joined the room then, or left it showing itself so; remembered of those who are
    /// fixed.
    pub fn record_seen(&mut self, user: &str, joined_at: WallTime, profile: Option<&Profile>) {
        if let Some(fixed) = self.find_mut(user) {
            fixed.joined_at = joined_at;
            fixed.profile = profile.map(|profile| Box::new(profile.clone()));
        }
    }

    fn insert(&mut self, user: &str, role: RoomRole) {
        let own = self.fixed.get_or_insert_default();
        own.number_last += 1;
        own.by_user.insert(user.into(), own.number_last);
        let joined_at = WallTime::from_micros(0);
        let fixed = Fixed { user: user.into(), role, joined_at, profile: None };
        own.all.insert(own.number_last, fixed);
    }

    fn find_mut(&mut self, user: &str) -> Option<&mut Fixed> {
        let AllFixed { by_user, all, .. } = self.fixed.as_deref_mut()?;
        all.get_mut(by_user.get(user)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RoomRole::{Anonymous, Creator, Manager, Ordinary, Visitor};

    #[test]
    fn the_table_of_rights_holds() {
        let all = [Creator, Manager, Ordinary, Visitor, Anonymous];
        let who_may = |right| -> Vec<RoomRole> {
            all.into_iter().filter(|role| may(Some(*role), right)).collect()
        };
        assert_eq!(who_may(Right::Lead), [Creator, Manager]);
        assert_eq!(who_may(Right::Own), [Creator]);
        assert_eq!(who_may(Right::Sanction(Visitor)), [Creator, Manager]);
        assert_eq!(who_may(Right::Sanction(Ordinary)), [Creator, Manager]);
        assert_eq!(who_may(Right::Sanction(Manager)), [Creator]);
        assert_eq!(who_may(Right::Sanction(Creator)), [Creator]);
        assert_eq!(who_may(Right::Appoint(Visitor, Ordinary)), [Creator, Manager]);
        assert_eq!(who_may(Right::Appoint(Ordinary, Visitor)), [Creator, Manager]);
        assert_eq!(who_may(Right::Appoint(Visitor, Manager)), [Creator]);
        assert_eq!(who_may(Right::Appoint(Manager, Ordinary)), [Creator]);
        assert_eq!(who_may(Right::Appoint(Creator, Visitor)), []);
        assert!(may(None, Right::Own) && !may(None, Right::Appoint(Creator, Visitor)));
    }

    #[test]
    fn whoever_is_unmade_is_a_visitor_again_and_there_is_room_for_another() {
        let mut roles = Roles::new("ann");
        assert_eq!((roles.of("ann"), roles.of("bob")), (Creator, Visitor));
        assert_eq!(roles.check(None, ("bob", Ordinary), 2), Ok(()));
        roles.record("bob", Ordinary);
        assert_eq!(roles.check(None, ("cid", Ordinary), 2), Err(Code::TOO_MANY));
        assert_eq!(roles.check(None, ("bob", Manager), 2), Ok(()), "it is one of them already");
        roles.record("bob", Manager);
        assert_eq!(roles.check(Some(Manager), ("bob", Visitor), 2), Err(Code::NOT_ALLOWED));
        roles.record("bob", Visitor);
        assert_eq!((roles.of("bob"), roles.len()), (Visitor, 1));
        assert_eq!(roles.check(None, ("cid", Ordinary), 2), Ok(()));
    }
}
