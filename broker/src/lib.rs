//! The Throng message broker: rooms, fan-out, and one event loop pinned to each core.
//!
//! The crate is a deterministic core under a thin shell. The core (`time id slots limits
//! class names nature rate page sanctions counters event envelope app room session shard`) takes events
//! and time and leaves effects; it never reads a clock, draws a random number, opens a socket or
//! spawns a thread. The shell (`io mesh worker
//! config tokens node`) does those things and decides nothing. Who may import whom is a table in
//! `docs/architecture.md`, and a test.
//!
//! To follow one message, read `worker`, then `shard` (its files in the order its head names),
//! then `room`, then `io`.

pub mod app;
pub mod class;
pub mod config;
pub mod counters;
pub mod envelope;
pub mod event;
pub mod grant;
pub mod id;
pub mod io;
pub mod journal;
pub mod limits;
pub mod mesh;
pub mod names;
pub mod nature;
pub mod node;
pub mod page;
pub mod probe;
pub mod rate;
pub mod renewal;
pub mod room;
pub mod sanctions;
pub mod session;
pub mod shard;
pub mod signals;
pub mod slots;
pub mod time;
pub mod tokens;
pub mod worker;
