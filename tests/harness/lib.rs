//! What tests play with: a simulated world around real workers, and clients that judge what they
//! see.
//!
//! [`world`] runs several workers on one thread, turn by turn, from one seed: [`net`] is its
//! network, [`io`] the third implementation of the broker's seam, over that network. [`sockets`]
//! carries the same clients over real sockets, to a broker in the same process ([`mod@broker`]) or in one
//! of its own ([`binary`]). [`client`] speaks the protocol and nothing else, so
//! that it depends on no other code under test; [`view`] is what one of its sessions sees of a room,
//! and [`checker`] holds all views against each other and against what was accepted, [`claims`]
//! what is said of [`kept`] state, and [`spoken`] what is said in other ways. [`speaker`]
//! puts the client crate inside some of them. [`fuzz`] is what the fuzz targets do, from bytes alone,
//! [`passes`] mints tokens, and [`forge`] forges them.

pub mod binary;
pub mod broker;
pub mod chaos;
pub mod checker;
pub mod claims;
pub mod client;
pub mod fault;
pub mod forge;
pub mod fuzz;
pub mod io;
pub mod kept;
pub mod net;
pub mod passes;
pub mod random;
pub mod sockets;
pub mod speaker;
pub mod spoken;
pub mod tls;
pub mod tools;
pub mod trace;
pub mod view;
pub mod world;
