//! The optional cap on what one receiver is given: so many messages a second, whatever the room
//! says, so that a person can read them (spec 6). Off unless the app switches it on.

use crate::class::Class;
use crate::rate::{CapLimits, RateWindow, SECOND};
use crate::time::Instant;

/// What one receiver was given in the last second.
#[derive(Debug)]
pub struct Caps {
    normal: RateWindow,
    high: RateWindow,
    /// By when the receiver is told what it was not given, if nothing else comes before.
    pub tell_by: Option<Instant>,
}

impl Caps {
    /// A receiver that was given nothing yet, if there is a cap.
    #[must_use]
    pub fn new(limits: CapLimits) -> Option<Self> {
        limits.normal.map(|normal| Self {
            normal: RateWindow::new(Some(normal), SECOND),
            high: RateWindow::new(Some(limits.high), SECOND),
            tell_by: None,
        })
    }

    /// Takes a place for a message of a class, if there is one. Protected messages need none.
    pub fn take(&mut self, class: Class, now: Instant) -> bool {
        let windows = match class {
            Class::Protected => return true,
            Class::High => &mut [&mut self.normal, &mut self.high][..],
            Class::Low => &mut [&mut self.normal][..],
        };
        let free = windows.iter_mut().find(|window| window.check(now).is_ok());
        let taken = free.map(|window| window.record(now)).is_some();
        if !taken && self.tell_by.is_none() {
            self.tell_by = Some(now + SECOND);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use super::*;

    #[test]
    fn high_has_more_than_low_and_protected_is_never_held_back() {
        let cap = |limit| NonZeroU32::new(limit).unwrap();
        let mut caps = Caps::new(CapLimits { normal: Some(cap(2)), high: cap(1) }).unwrap();
        let now = Instant::ZERO;
        let mut taken = |class| caps.take(class, now);
        assert!(taken(Class::Low) && taken(Class::Low) && !taken(Class::Low));
        assert!(taken(Class::High) && !taken(Class::High));
        assert!((0..100).all(|_| taken(Class::Protected)));
    }
}
