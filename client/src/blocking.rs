//! The blocking face: the same verbs for programs without a runtime, on std alone.
//!
//! Each verb parks the calling thread until its outcome is there. The connection is driven by
//! threads of its own, so pings, reconnects and rejoins go on while the application does
//! something else.
//!
//! ```no_run
//! use throng_client::blocking::Client;
//! use throng_client::{Config, Development, Event};
//!
//! let config = Config::new("127.0.0.1:7400")
//!     .app("dev")
//!     .credentials(Development::new("throng-development").user("alice"));
//! let (client, events) = Client::connect(config)?;
//! client.join("lobby")?;
//! client.publish(("lobby", "text", "hello"))?;
//! for event in events {
//!     if let Event::Message(message) = event {
//!         println!("{}: {:?}", message.sender, message.payload);
//!     }
//! }
//! # Ok::<(), throng_client::Error>(())
//! ```

use core::time::Duration;
use std::time::Instant;

use crate::ask::Ask;
use crate::client;
use crate::config::Config;
use crate::drive::threads::{spawn, wait};
use crate::error::{Error, Reason};
use crate::event::Event;
use crate::join::Join;
use crate::publish::Publish;
use crate::reply::{Accepted, Created, Joined, Pong, Results, RoomState, Welcome};

/// A client of a broker. Cheap to clone; all clones share one connection, and any number of
/// threads may use them at once.
///
/// The connection lives as long as any handle: a [`Client`], its [`Events`], a [`Ticket`]. After
/// the last one is dropped, what was requested is still sent, but a program that ends does not
/// wait for that: [`Client::close`] does.
#[derive(Debug, Clone)]
pub struct Client(client::Client);

impl Client {
    /// Connects and waits until the broker welcomes the client.
    ///
    /// Every address is tried once. Later losses are handled as the config says.
    ///
    /// # Errors
    /// When the config cannot be meant, no address can be reached, or the broker refuses.
    pub fn connect(config: Config) -> Result<(Self, Events), Error> {
        let (client, events, shared) = client::Client::undriven(config)?;
        spawn(shared).map_err(|error| Error::Thread(error.kind()))?;
        forever(client.ready()).map_err(Error::Connect)?;
        Ok((Self(client), Events(events)))
    }

    /// Become a member of a room and receive its messages as events: its last ones first, and
    /// then what is new. A room's id is enough; [`Join`] says more.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn join<'a>(&self, join: impl Into<Join<'a>>) -> Result<Joined, Error> {
        forever(self.0.join(join))
    }

    /// Leave a room, with all sessions of the user.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn leave(&self, room: &str) -> Result<(), Error> {
        forever(self.0.leave(room))
    }

    /// Publish a message and wait until it has its place in the room's order.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::ConnectionLost`] the message may or may not be in the room.
    pub fn publish<'a>(&self, publish: impl Into<Publish<'a>>) -> Result<Accepted, Error> {
        forever(self.0.publish(publish))
    }

    /// Publish a message and do not wait for the broker: the ticket can be waited for later, or
    /// never. Many can be under way; their order is kept.
    ///
    /// # Errors
    /// When it could not be sent.
    pub fn publish_ahead<'a>(&self, publish: impl Into<Publish<'a>>) -> Result<Ticket, Error> {
        forever(self.0.publish_ahead(publish)).map(Ticket)
    }

    /// Publish a message without acknowledgement. If it is refused, an
    /// [`Event::PublishRefused`] with the number given here says so.
    ///
    /// # Errors
    /// When it could not be sent.
    pub fn publish_no_ack<'a>(&self, publish: impl Into<Publish<'a>>) -> Result<u32, Error> {
        forever(self.0.publish_no_ack(publish))
    }

    /// Ask for a sign of life and the broker's clock.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn ping(&self) -> Result<Pong, Error> {
        forever(self.0.ping())
    }

    /// Ask what a room is: its position and counts.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn query_room(&self, room: &str) -> Result<RoomState, Error> {
        forever(self.0.query_room(room))
    }

    /// Create a room (role server only). [`crate::ask::CreateRoom`] says more of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn create_room(&self, room: &str) -> Result<Created, Error> {
        forever(self.0.create_room(room))
    }

    /// Destroy a room (role server only).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn destroy_room(&self, room: &str) -> Result<(), Error> {
        forever(self.0.destroy_room(room))
    }

    /// Ask for anything in [`crate::ask`]: what rooms are, who is in them, what they may do, what
    /// is done to those who do not behave; attributes, queues, history; limits, lists, counters.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn ask<A: Ask>(&self, ask: A) -> Result<A::Reply, Error> {
        forever(self.0.ask(ask))
    }

    /// Show a new token before the time of the old one is over; a client with a
    /// [`crate::TokenSource`] does this by itself. Says for how long the new one holds.
    ///
    /// # Errors
    /// See [`Error`]. The session goes on with the token it has.
    pub fn refresh_token(&self, token: impl Into<Vec<u8>>) -> Result<Duration, Error> {
        forever(self.0.refresh_token(token))
    }

    /// Revoke all tokens of these users that were made until now, and end their sessions (role
    /// server only), with a result for each. [`crate::ask::RevokeTokens`] says more.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn revoke_tokens(&self, users: &[&str]) -> Result<Results, Error> {
        forever(self.0.revoke_tokens(users))
    }

    /// What the broker granted to the present session; `None` while there is no connection.
    #[must_use]
    pub fn welcome(&self) -> Option<Welcome> {
        self.0.welcome()
    }

    /// Waits until there is a connection: at once if there is one, else until it is back.
    ///
    /// # Errors
    /// When the client is closed for good.
    pub fn ready(&self) -> Result<(), Reason> {
        forever(self.0.ready())
    }

    /// Closes the connection, for all handles, once what was requested is sent; waits until it is
    /// closed. What was not answered by then has lost the connection.
    ///
    /// That takes about a second at most, or the connect timeout if the client is dialling.
    pub fn close(&self) {
        forever(self.0.close());
    }
}

/// The outcome to come of a publish. Wait for it, or drop it and never know.
#[derive(Debug)]
#[must_use = "a ticket is the only way to hear what became of the message"]
pub struct Ticket(client::Ticket);

impl Ticket {
    /// Waits for the outcome.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::ConnectionLost`] the message may or may not be in the room.
    pub fn wait(self) -> Result<Accepted, Error> {
        forever(self.0)
    }
}

/// What the broker says without having been asked, and what becomes of the connection. Also an
/// iterator that waits for each event and ends after the last, [`Event::Closed`].
///
/// Events wait in a bounded queue. An application that does not fetch them stops the reading from
/// the broker when [`Config::messages_waiting_max`] messages wait: then replies are not read
/// either, and a broker that has too much waiting for the client in turn cuts it off as
/// `LAGGING`. So fetch events on a thread of their own, or drop the `Events`: then they are
/// discarded as they come.
#[derive(Debug)]
pub struct Events(client::Events);

/// No event came in time; there may be one later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no event came in time")]
pub struct TimedOut;

impl Events {
    /// Waits for the next event; `None` after the last, [`Event::Closed`].
    pub fn recv(&mut self) -> Option<Event> {
        forever(self.0.recv())
    }

    /// Waits for the next event, but no longer than that; `None` after the last.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use throng_client::blocking::{Events, TimedOut};
    ///
    /// fn listen(mut events: Events) {
    ///     loop {
    ///         match events.recv_timeout(Duration::from_secs(1)) {
    ///             Ok(Some(event)) => println!("{event:?}"),
    ///             Ok(None) => break,
    ///             Err(TimedOut) => println!("nothing for a second"),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When the time is over.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Event>, TimedOut> {
        wait(self.0.recv(), Instant::now().checked_add(timeout)).ok_or(TimedOut)
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.recv()
    }
}

fn forever<F: Future>(future: F) -> F::Output {
    wait(future, None).expect("without a deadline there is always an output")
}
