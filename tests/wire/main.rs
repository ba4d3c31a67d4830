//! What strangers send: the committed fuzz corpora, and every documented kind of bad input.
//!
//! [`corpora`] replays what the fuzzers have found worth keeping; [`malformed`] holds a file for
//! each kind of bad input against the answer that `docs/protocol.md` promises.

mod corpora;
mod counting;
mod forged;
mod malformed;
