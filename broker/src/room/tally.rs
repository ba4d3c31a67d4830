//! How much went on in a room in this hour and on this day: members at most, members that were
//! active, messages (spec 8, TopN). Knows no sibling.
//!
//! Exact for the room: a member that is active is counted once in a period, by a stamp that it
//! carries; whoever leaves and comes back is counted again, which is the only error. Periods are
//! those of the wall clock in UTC; when it jumps, a period begins anew.

use throng_protocol::value::{TopBy, TopPeriod};

use crate::time::WallTime;

const HOUR_MICROS: u64 = 3_600_000_000;
const HOURS_OF_A_DAY: u32 = 24;
const DAY_MICROS: u64 = HOURS_OF_A_DAY as u64 * HOUR_MICROS;

/// The numbers of the hour and of the day of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Periods {
    /// Hours since the Unix epoch.
    pub hour: u32,
    /// Days since the Unix epoch.
    pub day: u32,
}

impl Periods {
    /// Those of a moment.
    #[must_use]
    pub fn at(wall: WallTime) -> Self {
        let number = |length| u32::try_from(wall.as_micros() / length).unwrap_or(u32::MAX);
        Self { hour: number(HOUR_MICROS), day: number(DAY_MICROS) }
    }

    /// When one of them began.
    #[must_use]
    pub fn began(self, period: TopPeriod) -> WallTime {
        WallTime::from_micros(match period {
            TopPeriod::Day => u64::from(self.day) * DAY_MICROS,
            _ => u64::from(self.hour) * HOUR_MICROS,
        })
    }
}

/// What went on in a room.
#[derive(Debug, Default)]
pub struct Tally {
    periods: Periods,
    /// When the hour ends, in microseconds: most of what is noted is in the same one.
    hour_ends: u64,
    hour: Counts,
    day: Counts,
    /// Members there now, with whom a new period begins.
    members: u32,
    /// Whether the shard has it on its list of those with something new.
    pub noted: bool,
}

/// What went on in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    members_max: u32,
    active: u32,
    messages: u32,
}

impl Counts {
    /// One of the counts; `None` for one of a later version.
    #[must_use]
    pub const fn of(&self, by: TopBy) -> Option<u32> {
        match by {
            TopBy::Members => Some(self.members_max),
            TopBy::Active => Some(self.active),
            TopBy::Messages => Some(self.messages),
            _ => None,
        }
    }
}

impl Tally {
    /// There are so many members.
    pub fn record_members(&mut self, members: usize, now: WallTime) {
        self.turn(now);
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        self.members = members;
        for counts in [&mut self.hour, &mut self.day] {
            counts.members_max = counts.members_max.max(members);
        }
    }

    /// A message was accepted.
    pub fn record_message(&mut self, now: WallTime) {
        self.turn(now);
        self.hour.messages = self.hour.messages.saturating_add(1);
        self.day.messages = self.day.messages.saturating_add(1);
    }

    /// A member said something that last did in this hour. Gives that of now. Days begin
    /// with an hour, so one number says both.
    pub fn record_active(&mut self, last_hour: u32, now: WallTime) -> u32 {
        self.turn(now);
        if last_hour == self.periods.hour {
            return last_hour;
        }
        self.hour.active += 1;
        self.day.active += u32::from(last_hour / HOURS_OF_A_DAY != self.periods.day);
        self.periods.hour
    }

    /// What went on in the period of `now`.
    #[must_use]
    pub fn counts(&self, period: TopPeriod, now: Periods) -> Counts {
        match period {
            TopPeriod::Day if self.periods.day == now.day => self.day,
            TopPeriod::Hour if self.periods.hour == now.hour => self.hour,
            // Nothing happened in it so far.
            _ => self.beginning(),
        }
    }

    fn beginning(&self) -> Counts {
        Counts { members_max: self.members, ..Counts::default() }
    }

    /// A new period begins with nothing but those who are there.
    fn turn(&mut self, now: WallTime) {
        if self.hour_ends.wrapping_sub(now.as_micros() + 1) < HOUR_MICROS {
            return;
        }
        let periods = Periods::at(now);
        self.hour_ends = periods.began(TopPeriod::Hour).as_micros() + HOUR_MICROS;
        if periods.hour != self.periods.hour {
            self.hour = self.beginning();
        }
        if periods.day != self.periods.day {
            self.day = self.beginning();
        }
        self.periods = periods;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: u64) -> WallTime {
        WallTime::from_micros(hours * HOUR_MICROS + 5)
    }

    #[test]
    fn a_member_is_active_once_in_an_hour_and_once_a_day() {
        let mut tally = Tally::default();
        let mut stamp = 0;
        for hour in [24, 24, 25, 25, 48] {
            stamp = tally.record_active(stamp, at(hour));
            tally.record_message(at(hour));
        }
        let now = Periods::at(at(48));
        let hour = tally.counts(TopPeriod::Hour, now);
        assert_eq!((hour.of(TopBy::Active), hour.of(TopBy::Messages)), (Some(1), Some(1)));
        assert_eq!(tally.counts(TopPeriod::Hour, Periods::at(at(49))), Counts::default());
        assert_eq!(now.began(TopPeriod::Day), WallTime::from_micros(2 * DAY_MICROS));
    }

    #[test]
    fn a_period_begins_with_those_who_are_there() {
        let mut tally = Tally::default();
        tally.record_members(7, at(24));
        tally.record_members(5, at(24));
        let members = |tally: &Tally, hour| {
            let now = Periods::at(at(hour));
            let both = [TopPeriod::Hour, TopPeriod::Day];
            both.map(|period| tally.counts(period, now).of(TopBy::Members))
        };
        assert_eq!(members(&tally, 24), [Some(7), Some(7)]);
        assert_eq!(members(&tally, 25), [Some(5), Some(7)], "though nothing happened since");
        tally.record_message(at(25));
        tally.record_members(4, at(25));
        assert_eq!(members(&tally, 25), [Some(5), Some(7)]);
        assert_eq!(members(&tally, 48), [Some(4), Some(4)]);
    }

    #[test]
    fn the_most_members_are_remembered_and_messages_are_counted_by_day() {
        let mut tally = Tally::default();
        tally.record_members(7, at(24));
        tally.record_members(3, at(25));
        tally.record_message(at(24));
        tally.record_message(at(25));
        let day = tally.counts(TopPeriod::Day, Periods::at(at(25)));
        assert_eq!((day.of(TopBy::Members), day.of(TopBy::Messages)), (Some(7), Some(2)));
    }
}
