//! Waking a worker that sleeps, and only then: a wake-up costs the waker as much as two sends.
//!
//! The sleeper says so, then looks once more whether it has mail. The sender puts mail in, then
//! looks whether the other sleeps. Between each one's writing and looking stands a full fence, so
//! that at least one of them sees what the other wrote: no wake-up is lost.

use core::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use crossbeam::utils::CachePadded;

/// One worker's bell.
#[derive(Default)]
pub struct Doorbell {
    asleep: CachePadded<AtomicBool>,
    wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Doorbell {
    /// Says how the worker is woken. Once, by the worker, before it first sleeps.
    pub fn install(&self, wake: impl Fn() + Send + Sync + 'static) {
        let installed = self.wake.set(Box::new(wake));
        debug_assert!(installed.is_ok(), "a worker has one way to be woken");
    }

    /// The worker is about to sleep. It must look for mail once more after this.
    pub fn lie_down(&self) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// The worker is awake.
    pub fn get_up(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Wakes the worker if it sleeps or is about to. What it shall find was put there before.
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed)
            && self.asleep.swap(false, Ordering::Relaxed)
            && let Some(wake) = self.wake.get()
        {
            wake();
        }
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").field("asleep", &self.asleep).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn only_a_sleeper_is_woken_and_only_once() {
        let bell = Doorbell::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        bell.install(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        bell.ring();
        assert_eq!(woken.load(Ordering::Relaxed), 0);
        bell.lie_down();
        bell.ring();
        bell.ring();
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        bell.get_up();
        bell.ring();
        assert_eq!(woken.load(Ordering::Relaxed), 1);
    }
}
