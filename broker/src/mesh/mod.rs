//! How workers talk: a bounded lane for each ordered pair of cores, and a doorbell for each
//! worker that sleeps.
//!
//! A lane is one queue, so it keeps its order across classes of messages; what is refused when
//! it fills is decided before anything is sent (see `limits::lane_refuse_at`). What was let in
//! is never refused any more: what finds its lane full waits on the sender's side, in order, and
//! is moved on every turn. That wait is bounded, because each envelope in it answers or delivers
//! something that passed the mark. A worker never waits for a worker.

mod doorbell;
mod endpoint;
mod sync;

#[cfg(test)]
mod tests;

pub use doorbell::Doorbell;
pub use endpoint::{Endpoint, mesh};
