//! The broker in a simulated world: several workers on one thread, from one seed.

mod chaos;
mod conversation;
mod found;
mod lifetimes;
mod planted;
mod shedding;
