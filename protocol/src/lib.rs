//! The wire of Throng: what a client and a broker say to each other, byte for byte.
//!
//! Read the files in this order: [`frame`] (how a stream is cut), [`value`] (the small types
//! every frame is made of), [`handshake`], [`request`], [`reply`], [`push`] (the frames),
//! [`refusal`] (the codes), and [`token`] (how a client shows who it is). `docs/protocol.md` says the same for people who write a client in
//! another language, and `vectors/` holds golden bytes for every frame.
//!
//! This crate is pure: bytes in, values out. It opens no socket, reads no clock, and reserves no
//! memory that a peer merely claimed to need. Frames that come **in** to the broker are decoded
//! by borrowing from the receive buffer.

#![forbid(unsafe_code)]

mod codec;
pub mod frame;
pub mod handshake;
pub mod limits;
pub mod push;
pub mod refusal;
pub mod reply;
pub mod request;
pub mod token;
pub mod value;

pub use codec::DecodeError;
pub use frame::{FromBroker, FromClient};
pub use refusal::{Code, Refusal};
