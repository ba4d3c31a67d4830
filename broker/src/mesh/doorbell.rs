//! Waking a worker that sleeps, and only then: a wake-up costs the waker as much as two sends.
//!
//! The sleeper says so, then looks once more whether it has mail. The sender puts mail in, then
//! looks whether the other sleeps. Between each one's writing and looking stands a full fence, so
//! that at least one of them sees what the other wrote: no wake-up is lost. `tests/loom` tries
//! this file in all interleavings, and without each of the fences.

use core::fmt;

use super::sync::{AtomicBool, CachePadded, OnceLock, Ordering, fence};

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
        // Releases the way to wake it, for a ring that sees the flag before it sees that.
        self.asleep.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    /// The worker is awake.
    pub fn get_up(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Wakes the worker if it sleeps or is about to. What it shall find was put there before.
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Acquire)
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
