//! The client of a Throng broker: what a game or a live-stream backend embeds.
//!
//! ```no_run
//! # #[cfg(feature = "tokio")]
//! # async fn chat() -> Result<(), throng_client::Error> {
//! use throng_client::{Client, Config, Development, Event};
//!
//! let config = Config::new("127.0.0.1:7400")
//!     .app("dev")
//!     .credentials(Development::new("throng-development").user("alice"));
//! let (client, mut events) = Client::connect(config).await?;
//! client.join("lobby").await?;
//! client.publish(("lobby", "text", "hello")).await?;
//! while let Some(event) = events.recv().await {
//!     if let Event::Message(message) = event {
//!         println!("{}: {:?}", message.sender, message.payload);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Parts
//!
//! Read them in this order. The first three are pure: bytes and time in, bytes and events out.
//! They are what a simulator, or a driver on another runtime, uses directly.
//!
//! | part | what it is |
//! |---|---|
//! | [`session`] | one connection's conversation: requests and replies, signs of life, limits |
//! | [`reconnect`] | when to come back after a loss |
//! | [`mod@line`] | one session after another: dialling, rejoining, what the application is told |
//! | [`token`] | where new tokens come from, when one is not enough |
//! | `Client` | the async face: the line behind a lock, driven by one task on tokio |
//! | [`blocking`] | the blocking face: the same, driven by threads |
//!
//! # What holds
//!
//! - Every request has exactly one outcome, also when the connection is lost: then it is
//!   [`Error::ConnectionLost`], and the request may or may not have been done. An
//!   [`Error::Unsent`] request was surely not done. Nothing is sent twice.
//! - Events come in the broker's order. After a loss the client takes its rooms again by itself,
//!   in the order in which it joined them, and goes on with what came after the last entry it saw:
//!   each once. Where that is not there any more, it says how much is missing
//!   ([`event::Missed`]).
//! - Memory is bounded: by what one frame, or one page of history, may hold on the way in, by [`session::OUTBOUND_BYTES_MAX`]
//!   on the way out, by [`Config::messages_waiting_max`] towards the application. A slow
//!   application stops the reading of its connection, a slow broker makes publishers wait.
//! - A client with a [`TokenSource`] shows a new token with each connection, and in time before the one
//!   of its session is over. Without one it closes when its token is over, and says so.
//! - A broker that is silent is asked for a sign of life and then given up; whatever it sends that
//!   is not the protocol is a typed error and the end of the connection, never a panic.
//!
//! # Features
//!
//! `tokio` (default): the async face. `tls` (default): TLS to the broker, on both faces, so that no
//! application goes without because it did not think of it. Without the two the crate needs std alone.

#![forbid(unsafe_code)]

pub mod about;
pub mod ask;
pub mod blocking;
#[cfg_attr(
    not(feature = "tokio"),
    expect(unreachable_pub, reason = "the blocking face is made of the same handles")
)]
mod client;
pub mod config;
mod drive;
pub mod error;
pub mod event;
pub mod id;
mod join;
pub mod line;
mod publish;
pub mod reconnect;
pub mod reply;
#[cfg(test)]
mod script;
pub mod session;
mod shared;
pub mod state;
pub mod time;
#[cfg(feature = "tls")]
pub mod tls;
pub mod token;

pub use about::{About, Profile};
#[cfg(feature = "tokio")]
pub use client::{Client, Events, Ticket};
pub use config::{Config, Credentials, Development};
pub use error::{Error, Failure, Reason, Refused, Shed, Unsent};
pub use event::{Event, Message};
pub use id::Id;
pub use join::{HISTORY_DEFAULT, Join};
pub use line::Line;
pub use publish::Publish;
pub use reconnect::ReconnectPolicy;
pub use reply::Position;
pub use session::Session;
pub use state::{Attribute, QueueElement};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError};
pub use token::{TokenFailure, TokenSource};

pub use throng_protocol::refusal::{Code, Retry};
pub use throng_protocol::value::{
    Allowance, AppEventKind, AppEvents, Attendance, Class, Count, Counter, Departure,
    DestroyPolicy, DestroyReason, KickReason, LagReason, LeftReason, LimitSetting, PolicyKind,
    QueuePermission, Role, RoomFlags, RoomRole, Sanction, ShedReason, Term, TopBy, TopPeriod,
};

/// The code of the guide on moderation: its doc tests.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../../docs/moderating.md")]
struct Moderating;

/// The code of the guide on what a room keeps: its doc tests.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../../docs/room-state.md")]
struct RoomState;

/// The code of the page on security: its doc tests.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../../docs/security.md")]
struct Security;
