//! What can be measured, one file each: arguments in, rounds run, a report out.
//!
//! `stage` is what they have in common, `span` is what is looked at while one of them runs, and
//! `steady` is the load of those that do not change it under way.

pub mod comeback;
pub mod fanout;
pub mod hot;
pub mod idle;
pub mod latency;
pub mod overload;
pub mod ramp;
pub mod refuse;
pub mod rooms;
pub mod slow;
mod span;
mod stage;
mod steady;
pub mod storm;
