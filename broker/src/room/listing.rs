//! Who is in a room, as it is told to whoever asks (spec 4). A continuation of the table of contents
//! that changes nothing.

use throng_protocol::value::{
    Attendance, Member as MemberRow, MemberFilter, MemberOrder, Role, RoomRole,
};

use crate::page::{Page, Reading};
use crate::room::about::shown;
use crate::room::bots::Bot;
use crate::room::members::{Member, Who};
use crate::room::{Room, both_roles};

/// The lists of members, told apart in their cursors by filter and order.
const LISTS: u8 = 16;

impl Room {
    /// Whether each of some users is in the room.
    pub fn attendances<'a>(
        &'a self,
        users: impl Iterator<Item = &'a str> + 'a,
    ) -> impl Iterator<Item = Attendance> + 'a {
        users.map(|user| {
            let mut members =
                both_roles(user).filter_map(|who| self.members.get(self.members.find(who)?));
            if self.bots.as_ref().is_some_and(|bots| bots.contains(user)) {
                return Attendance::Bot;
            }
            match (members.any(|member| !member.is_away()), self.has_part(user)) {
                (true, _) => Attendance::Present,
                (false, true) => Attendance::Away,
                (false, false) => Attendance::Absent,
            }
        })
    }

    /// Whether a user is a member that is away, or a fixed one.
    fn has_part(&self, user: &str) -> bool {
        both_roles(user).any(|who| self.members.find(who).is_some())
            || self.roles.find(user).is_some()
    }

    /// A page of the members; `None` if the cursor is none of this list, or the list none of this
    /// version.
    #[must_use]
    pub fn members_page(
        &self,
        (filter, order): (MemberFilter, MemberOrder),
        cursor: &[u8],
        limit: u16,
    ) -> Option<Page> {
        let list = LISTS + 2 * filter.to_byte() + order.to_byte();
        let reading = Reading::parse(list, cursor, limit)?;
        let newest_first = match order {
            MemberOrder::OldestFirst => false,
            MemberOrder::NewestFirst => true,
            _ => return None,
        };
        let (from, to) = reading.bounds(newest_first);
        let page = match filter {
            MemberFilter::All => {
                let rows = self.members.by_age(from, to);
                let rows = rows.map(|(number, member)| (number, self.row(member)));
                let bots = self.bots.iter().flat_map(|bots| bots.range(from, to));
                let rows = rows.chain(bots.map(|(number, bot)| (number, bot_row(bot))));
                let total = self.heads();
                if newest_first {
                    reading.page(total, rows.rev())
                } else {
                    reading.page(total, rows)
                }
            }
            MemberFilter::Fixed => {
                let rows = self.roles.range(from, to);
                let rows = rows.map(|(number, fixed)| (number, self.fixed_row(&fixed.user)));
                let total = self.roles.len() as u64;
                if newest_first {
                    reading.page(total, rows.rev())
                } else {
                    reading.page(total, rows)
                }
            }
            _ => return None,
        };
        Some(page)
    }

    fn row<'a>(&'a self, member: &'a Member) -> MemberRow<'a> {
        MemberRow {
            user: &member.user,
            role: self.role_of(Who { user: &member.user, role: member.role }),
            attendance: if member.is_away() { Attendance::Away } else { Attendance::Present },
            joined_at: member.joined_at.as_micros(),
            profile: shown(member.profile.as_deref()),
        }
    }

    fn fixed_row<'a>(&'a self, user: &'a str) -> MemberRow<'a> {
        let here = self.members.find(Who { user, role: Role::Client });
        if let Some(member) = here.and_then(|member| self.members.get(member)) {
            return self.row(member);
        }
        let fixed = self.roles.find(user);
        MemberRow {
            user,
            role: self.roles.of(user),
            attendance: Attendance::Away,
            joined_at: fixed.map_or(0, |fixed| fixed.joined_at.as_micros()),
            profile: shown(fixed.and_then(|fixed| fixed.profile.as_deref())),
        }
    }
}

fn bot_row(bot: &Bot) -> MemberRow<'_> {
    MemberRow {
        user: &bot.user,
        role: RoomRole::Visitor,
        attendance: Attendance::Bot,
        joined_at: bot.joined_at.as_micros(),
        profile: shown(bot.profile.as_deref()),
    }
}
