//! All that the mesh's threads share is made of these.
//!
//! Named here and nowhere else in the mesh, so that `tests/loom` can compile the same files with
//! atomics that try every order of events.

pub(super) use std::sync::OnceLock;
pub(super) use std::sync::atomic::{AtomicBool, Ordering, fence};

pub(super) use crossbeam::queue::ArrayQueue;
pub(super) use crossbeam::utils::CachePadded;
