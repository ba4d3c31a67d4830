//! What a failed accept means, for both back ends: go on at once, or stop for a moment.
//!
//! At the descriptor limit the connection that could not be accepted stays in the backlog, so
//! trying again at once would spin. Owns the moment until which nothing is accepted and what of
//! that was already logged. Never touches a socket.

use std::io;
use std::time::Duration;

use crate::time::Instant;

/// How long nothing is accepted after an accept failed for want of something.
const PAUSE: Duration = Duration::from_millis(100);

/// Failures closer together than this are one episode, with one line in the log.
const EPISODE_GAP: Duration = Duration::from_secs(1);

/// A pause in accepting, if there is one.
#[derive(Debug, Default)]
pub(super) struct Accepting {
    paused_until: Option<Instant>,
    failed_at: Option<Instant>,
}

impl Accepting {
    /// When to try again, if accepting is paused.
    pub(super) const fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Ends a pause whose time has come. True while accepting is not paused.
    pub(super) fn may_accept(&mut self, now: Instant) -> bool {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        self.paused_until.is_none()
    }

    /// An accept failed: pauses unless only that one connection was lost.
    pub(super) fn failed(&mut self, error: &io::Error, now: Instant) {
        if lost_only_itself(error) {
            return;
        }
        if self.failed_at.is_none_or(|before| now.since(before) > EPISODE_GAP) {
            tracing::warn!(%error, "cannot accept connections, trying again every {PAUSE:?}");
        }
        self.failed_at = Some(now);
        self.paused_until = Some(now + PAUSE);
    }
}

/// Whether the next accept may well succeed. Linux reports here what had already happened to the
/// new connection itself.
fn lost_only_itself(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EINTR
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENETUNREACH
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::ENONET
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(ms: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_shortage_pauses_accepting_for_a_tenth_of_a_second() {
        let mut accepting = Accepting::default();
        accepting.failed(&io::Error::from_raw_os_error(libc::EMFILE), at_ms(5));
        assert!(!accepting.may_accept(at_ms(104)));
        assert_eq!(accepting.paused_until(), Some(at_ms(105)));
        assert!(accepting.may_accept(at_ms(105)));
        assert_eq!(accepting.paused_until(), None);
    }

    #[test]
    fn a_connection_that_died_in_the_backlog_pauses_nothing() {
        let mut accepting = Accepting::default();
        accepting.failed(&io::Error::from_raw_os_error(libc::ECONNABORTED), at_ms(5));
        assert!(accepting.may_accept(at_ms(5)));
    }
}
