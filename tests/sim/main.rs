//! The broker in a simulated world: several workers on one thread, from one seed.

mod chaos;
mod conversation;
mod found;
mod life;
mod lifetimes;
mod moderation;
mod planted;
mod presence;
mod resume;
mod shedding;
mod special;
mod state;
mod tokens;
