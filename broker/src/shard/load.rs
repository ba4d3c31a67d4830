//! Whether there is too much to do, and whose work is shed then (spec 6).
//!
//! Three signals: a lane between shards that fills, a loop that falls behind, and a room that says
//! more in one turn than its receivers can be given at once. Each has a mark for every class;
//! above it messages of the class are shed, and again let in only well below it, so that the broker
//! does not flap. Below the highest mark an app that takes less than its share of the work is
//! spared: one app's flood does not shed another's messages.

use core::time::Duration;

use crate::class::Class;
use crate::id::AppId;
use crate::limits::{LAG_MARKS, SHARE_WINDOW, skip_high_at, skip_low_at};
use crate::probe::{self, Mark};
use crate::time::Instant;

/// What is shed: messages of this many classes, the least important first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u8);

impl Level {
    const ALL: Self = Self(3);

    /// Whether messages of a class are shed.
    pub(super) const fn sheds(self, class: Class) -> bool {
        let from = match class {
            Class::Low => 1,
            Class::High => 2,
            Class::Protected => 3,
        };
        self.0 >= from
    }

    /// Whether even what is protected is refused, and requests are.
    pub(super) fn refuses_all(self) -> bool {
        self == Self::ALL
    }
}

/// The marks of a signal: above the first low messages are shed, and so on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels(pub(super) [u64; 3]);

impl Levels {
    /// The level for a figure: it rises at a mark and falls at three quarters of it.
    pub(super) fn next(&self, mut level: Level, figure: u64) -> Level {
        while level < Level::ALL && figure >= self.0[usize::from(level.0)] {
            level.0 += 1;
        }
        while level.0 > 0 && figure < self.0[usize::from(level.0) - 1] / 4 * 3 {
            level.0 -= 1;
        }
        level
    }
}

/// How far the loop is behind, and how the work is shared between the apps.
#[derive(Debug)]
pub(super) struct Load {
    lag: Level,
    /// Bytes of a turn that are too much for whoever receives them.
    glut_marks: Levels,
    window_began_at: Instant,
    /// Messages let in for each app, in this window and the one before.
    work: Vec<[u64; 2]>,
}

impl Load {
    pub(super) fn new(apps: usize, outbound_bytes_max: usize) -> Self {
        let max = outbound_bytes_max;
        let marks = [skip_low_at(max), skip_high_at(max), max];
        Self {
            lag: Level::default(),
            glut_marks: Levels(marks.map(|mark| mark as u64)),
            window_began_at: Instant::ZERO,
            work: vec![[0; 2]; apps],
        }
    }

    /// What is shed because one room has so much to say in one turn already. By the same marks it
    /// would be skipped for whoever cannot take it at once, and the sender would not hear of it.
    pub(super) fn glut(&self, turn_bytes: usize) -> Level {
        self.glut_marks.next(Level::default(), turn_bytes as u64)
    }

    /// Begins a turn. `busy` is how long the last one took: whatever comes now may have waited
    /// for that long.
    pub(super) fn begin(&mut self, now: Instant, busy: Duration) {
        let marks =
            Levels(LAG_MARKS.map(|mark| u64::try_from(mark.as_nanos()).unwrap_or(u64::MAX)));
        self.lag = marks.next(self.lag, u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX));
        if self.lag.sheds(Class::Low) {
            probe::mark(Mark::LoopBehind);
        }
        if now.since(self.window_began_at) >= SHARE_WINDOW {
            self.window_began_at = now;
            for [this, before] in &mut self.work {
                *before = core::mem::take(this);
            }
        }
    }

    /// What is shed because the loop is behind.
    pub(super) const fn level(&self) -> Level {
        self.lag
    }

    /// Notes a message that was let in.
    pub(super) fn record(&mut self, app: AppId) {
        self.work[usize::from(app.0)][0] += 1;
    }

    /// Whether a message of an app is to be shed at a level.
    pub(super) fn sheds(&self, level: Level, app: AppId, class: Class) -> bool {
        level.sheds(class) && (level.refuses_all() || !self.is_spared(app))
    }

    /// Whether an app takes less than its share of the work while another takes more.
    fn is_spared(&self, app: AppId) -> bool {
        let work = |[this, before]: &[u64; 2]| this + before;
        let total: u64 = self.work.iter().map(work).sum();
        let working = self.work.iter().filter(|own| work(own) > 0).count() as u64;
        let own = work(&self.work[usize::from(app.0)]);
        working > 0 && own * working < total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Levels = Levels([100, 200, 300]);

    #[test]
    fn each_mark_sheds_one_more_class_and_protected_is_the_last() {
        let shed = |figure| {
            let level = MARKS.next(Level::default(), figure);
            [Class::Low, Class::High, Class::Protected].map(|class| level.sheds(class))
        };
        assert_eq!(shed(99), [false, false, false]);
        assert_eq!(shed(100), [true, false, false]);
        assert_eq!(shed(200), [true, true, false]);
        assert_eq!(shed(300), [true, true, true]);
    }

    #[test]
    fn a_level_falls_only_well_below_its_mark() {
        let high = MARKS.next(Level::default(), 200);
        assert_eq!(MARKS.next(high, 199), high);
        assert_eq!(MARKS.next(high, 150), high);
        assert_eq!(MARKS.next(high, 149), MARKS.next(Level::default(), 100));
        assert_eq!(MARKS.next(high, 74), Level::default());
    }

    #[test]
    fn an_app_within_its_share_is_spared_until_everything_is_refused() {
        let (loud, quiet) = (AppId(0), AppId(1));
        let mut load = Load::new(2, 1_000);
        (0..90).for_each(|_| load.record(loud));
        (0..10).for_each(|_| load.record(quiet));
        let level = MARKS.next(Level::default(), 250);
        assert!(load.sheds(level, loud, Class::High));
        assert!(!load.sheds(level, quiet, Class::High));
        assert!(!load.sheds(level, loud, Class::Protected));
        let all = MARKS.next(Level::default(), 300);
        assert!(load.sheds(all, quiet, Class::Protected));
    }

    #[test]
    fn an_app_alone_has_no_share_to_stay_within() {
        let mut load = Load::new(2, 1_000);
        load.record(AppId(0));
        let level = MARKS.next(Level::default(), 100);
        assert!(load.sheds(level, AppId(0), Class::Low));
        assert!(!load.sheds(level, AppId(1), Class::Low), "it has not begun");
    }

    #[test]
    fn what_a_room_says_in_one_turn_is_bounded_by_what_may_wait_for_one_receiver() {
        let load = Load::new(1, 1_000);
        let shed = |bytes| Class::ALL.map(|class| load.glut(bytes).sheds(class));
        assert_eq!(shed(499), [false, false, false]);
        assert_eq!(shed(500), [false, false, true]);
        assert_eq!(shed(750), [false, true, true]);
        assert_eq!(shed(1_000), [true, true, true]);
    }

    #[test]
    fn a_loop_that_was_behind_recovers_with_its_first_short_turn() {
        let mut load = Load::new(1, 1_000);
        load.begin(Instant::ZERO, LAG_MARKS[1]);
        assert!(load.level().sheds(Class::High));
        load.begin(Instant::ZERO, Duration::from_millis(1));
        assert!(!load.level().sheds(Class::Low));
    }
}
