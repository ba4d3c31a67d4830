//! What the mesh's threads share, made of loom's atomics: the place of `broker/src/mesh/sync.rs`.
//!
//! The lane promises less than the real one does: nothing but release and acquire. And a
//! [`Fault`] can be planted here, so that the files under test stay as they are.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Mutex;

use loom::sync::atomic::{AtomicUsize, fence as whole_fence};

pub use std::sync::atomic::Ordering;

/// Needless here: nothing is measured.
pub type CachePadded<T> = T;

/// What is wrong with the machine, or with who uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The sleeper has no fence between saying that it sleeps and looking for mail.
    SleepersFenceMissing,
    /// The sender has no fence between putting mail in and looking whether the other sleeps.
    SendersFenceMissing,
    /// Both fences are there, and order no store before a later load.
    FencesTooWeak,
    /// The flag that says it sleeps may be seen before the way to wake it.
    FlagRelaxed,
    /// The flag is looked at and put down in two steps, so that two can find it up.
    SwapInTwoSteps,
    /// The sleeper looks for mail before it says that it sleeps.
    LooksTooEarly,
}

thread_local! {
    /// All threads of a model run on the one real thread of its test.
    static FAULT: Cell<Fault> = const { Cell::new(Fault::None) };
}

loom::thread_local! {
    static SLEEPER: Cell<bool> = Cell::new(false);
}

/// Plants a fault in the models of this test.
pub fn plant(fault: Fault) {
    FAULT.set(fault);
}

/// The planted fault.
pub fn planted() -> Fault {
    FAULT.get()
}

/// Says that the thread of the model is the one that sleeps.
pub fn become_sleeper() {
    SLEEPER.with(|sleeper| sleeper.set(true));
}

/// A fence, unless a fault has taken it away.
pub fn fence(order: Ordering) {
    let sleeper = SLEEPER.with(Cell::get);
    match planted() {
        Fault::SleepersFenceMissing if sleeper => {}
        Fault::SendersFenceMissing if !sleeper => {}
        Fault::FencesTooWeak => whole_fence(Ordering::AcqRel),
        _ => whole_fence(order),
    }
}

/// A flag.
///
/// Nothing comes between what a swap reads and what it writes. Loom does not know that of the
/// stores of others, and would show the flag of a new sleep put down by the swap that ended an
/// older one. So each store is a swap here, of the same order.
#[derive(Debug, Default)]
pub struct AtomicBool(loom::sync::atomic::AtomicBool);

impl AtomicBool {
    /// Looks at the flag.
    pub fn load(&self, order: Ordering) -> bool {
        self.0.load(flag_order(order))
    }

    /// Puts the flag up or down.
    pub fn store(&self, value: bool, order: Ordering) {
        self.0.swap(value, flag_order(order));
    }

    /// Puts the flag up or down and says how it was.
    pub fn swap(&self, value: bool, order: Ordering) -> bool {
        if planted() == Fault::SwapInTwoSteps {
            let before = self.0.load(order);
            self.0.swap(value, order);
            return before;
        }
        self.0.swap(value, order)
    }
}

fn flag_order(order: Ordering) -> Ordering {
    if planted() == Fault::FlagRelaxed { Ordering::Relaxed } else { order }
}

/// A cell that is filled once.
#[derive(Debug)]
pub struct OnceLock<T> {
    full: AtomicUsize,
    /// A real one, of which loom sees nothing.
    value: std::sync::OnceLock<T>,
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self { full: AtomicUsize::new(0), value: std::sync::OnceLock::new() }
    }
}

impl<T> OnceLock<T> {
    /// Fills the cell, if it is empty.
    pub fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.full.store(1, Ordering::Release);
        Ok(())
    }

    /// What is in the cell, if this thread can see it already.
    pub fn get(&self) -> Option<&T> {
        if self.full.load(Ordering::Acquire) == 0 { None } else { self.value.get() }
    }
}

/// A lane with one sender and one receiver.
#[derive(Debug)]
pub struct ArrayQueue<T> {
    /// How many were ever taken; the receiver's.
    head: AtomicUsize,
    /// How many were ever put in; the sender's.
    tail: AtomicUsize,
    capacity: usize,
    /// A real lock, which loom does not see: it must not order what the lane would not.
    items: Mutex<VecDeque<T>>,
}

impl<T> ArrayQueue<T> {
    /// A lane that holds so many.
    pub fn new(capacity: usize) -> Self {
        let (head, tail) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { head, tail, capacity, items: Mutex::new(VecDeque::new()) }
    }

    /// Puts something in, unless the lane is full.
    pub fn push(&self, item: T) -> Result<(), T> {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail - self.head.load(Ordering::Acquire) == self.capacity {
            return Err(item);
        }
        self.items.lock().expect("no thread panics with it").push_back(item);
        self.tail.store(tail + 1, Ordering::Release);
        Ok(())
    }

    /// Takes the oldest.
    pub fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let item = self.items.lock().expect("no thread panics with it").pop_front();
        self.head.store(self.head.load(Ordering::Relaxed) + 1, Ordering::Release);
        item
    }

    /// Whether there is nothing, as far as the receiver sees.
    pub fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed) == self.tail.load(Ordering::Acquire)
    }

    /// How many there are, as far as the sender sees.
    pub fn len(&self) -> usize {
        self.tail.load(Ordering::Relaxed) - self.head.load(Ordering::Acquire)
    }
}
