//! What is fuzzed, as plain functions from bytes to nothing that panic when a promise is broken.
//!
//! A fuzz target in `tests/fuzz/` is one call of one of these; the test `wire` calls them with
//! every file of the committed corpora. So a crash is replayed by `cargo test`, without a fuzzer
//! and without a nightly compiler. Nothing here draws a number: the same bytes do the same.

mod asked;
pub mod cases;
mod config;
mod frames;
mod govern;
mod jwt;
mod listener;
mod node;
mod script;
mod session;
mod token;
mod view;

pub use config::config;
pub use frames::{frame_decode, frame_stream};
pub use jwt::jwt;
pub use session::session;
pub use token::token;

/// Takes any bytes; panics when a promise is broken.
pub type Target = fn(&[u8]);

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 6] = [
    ("config", config),
    ("frame_decode", frame_decode),
    ("frame_stream", frame_stream),
    ("jwt", jwt),
    ("session", session),
    ("token", token),
];
