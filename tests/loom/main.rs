//! The mesh in every interleaving: no wake-up is lost (I17), and a sleep ends with at most one.
//!
//! The files under test are the broker's own, compiled a second time over the atomics in
//! [`sync`], which loom counts through. It is an ordinary test: no flags. A wake-up that is lost
//! leaves a thread that waits for ever, which loom reports as a deadlock. Each planted fault must
//! be caught, so it is known that the models can see.

mod models;
mod sync;

// What the files under test name outside themselves.
use throng_broker::{limits, probe};

#[path = "../../broker/src/mesh/doorbell.rs"]
#[allow(dead_code, reason = "the models use what they need")]
mod doorbell;

#[path = "../../broker/src/mesh/endpoint.rs"]
#[allow(dead_code, reason = "the models use what they need")]
mod endpoint;
