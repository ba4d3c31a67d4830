//! A whole broker on real sockets: every test runs over io_uring and over epoll.

mod both;
mod client_crate;
mod conversation;
mod endings;
mod front;
mod hostile;
mod pages;
mod rates;
mod rooms;
mod shedding;
mod state;
mod tokens;
