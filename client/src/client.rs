//! The async face: handles to a client, and the futures its verbs are.
//!
//! Nothing here touches a socket, a clock or a runtime; [`crate::drive`] does. So the blocking
//! face is these same handles, with a thread parked on their futures.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::ask::{Ask, RefreshToken, RevokeTokens};
use crate::config::Config;
use crate::error::{Error, Reason, Unsent};
use crate::event::Event;
use crate::join::Join;
use crate::line::Line;
use crate::publish::Publish;
use crate::reply::{
    Accepted, Created, Destroyed, Joined, Left, Pong, Reply, Results, RoomState, Welcome,
};
use crate::session::Outcome;
use crate::shared::Shared;

/// A client of a broker. Cheap to clone; all clones share one connection.
///
/// Requests may be made from any number of tasks at once. The requests of one task are sent in
/// the order in which it makes them. Dropping the future of a verb does not take the request
/// back.
///
/// The connection lives as long as any handle: a [`Client`], its [`Events`], a [`Ticket`]. After
/// the last one is dropped, what was requested is still sent, for at most a second.
#[derive(Debug, Clone)]
pub struct Client {
    handle: Arc<Handle>,
}

impl Client {
    /// A client whose connection has yet to be driven, and what its driver needs.
    pub(crate) fn undriven(config: Config) -> Result<(Self, Events, Arc<Shared>), Error> {
        let shared = Arc::new(Shared::new(config)?);
        let handle = Arc::new(Handle(Arc::clone(&shared)));
        let events = Events { handle: Arc::clone(&handle), taken: VecDeque::new() };
        Ok((Self { handle }, events, shared))
    }

    /// Become a member of a room and receive its messages as events: its last ones first, and
    /// then what is new. A room's id is enough; [`Join`] says more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn join(&self, join: impl Into<Join<'_>>) -> Result<Joined, Error> {
        let join = join.into();
        self.call(|line| line.join(join)).await
    }

    /// Leave a room, with all sessions of the user.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn leave(&self, room: &str) -> Result<(), Error> {
        self.call(|line| line.leave(room)).await.map(|Left { .. }| ())
    }

    /// Publish a message and wait until it has its place in the room's order.
    ///
    /// # Errors
    /// See [`Error`]. After [`Error::ConnectionLost`] the message may or may not be in the room.
    pub async fn publish(&self, publish: impl Into<Publish<'_>>) -> Result<Accepted, Error> {
        let publish = publish.into();
        self.call(|line| line.publish(publish)).await
    }

    /// Publish a message and do not wait: the ticket can be awaited later, or never. Many can be
    /// under way; their order is kept.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio")]
    /// # async fn publish(client: throng_client::Client) -> Result<(), throng_client::Error> {
    /// let first = client.publish_ahead(("lobby", "text", "one")).await?;
    /// let second = client.publish_ahead(("lobby", "text", "two")).await?;
    /// assert!(first.await?.seq < second.await?.seq);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it could not be sent.
    pub async fn publish_ahead(&self, publish: impl Into<Publish<'_>>) -> Result<Ticket, Error> {
        let publish = publish.into();
        let call = self.start(|line| line.publish(publish)).await?;
        Ok(Ticket(call))
    }

    /// Publish a message without acknowledgement. If it is refused, an
    /// [`Event::PublishRefused`] with the number given here says so.
    ///
    /// # Errors
    /// When it could not be sent.
    pub async fn publish_no_ack(&self, publish: impl Into<Publish<'_>>) -> Result<u32, Error> {
        let publish = publish.into();
        let command = |line: &mut Line| line.publish_no_ack(publish);
        Ok(self.handle.0.submit(command).await?)
    }

    /// Ask for a sign of life and the broker's clock.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ping(&self) -> Result<Pong, Error> {
        self.call(Line::ping).await
    }

    /// Ask what a room is: its position and counts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn query_room(&self, room: &str) -> Result<RoomState, Error> {
        self.call(|line| line.query_room(room)).await
    }

    /// Create a room (role server only). [`crate::ask::CreateRoom`] says more of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_room(&self, room: &str) -> Result<Created, Error> {
        self.call(|line| line.create_room(room)).await
    }

    /// Destroy a room (role server only).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn destroy_room(&self, room: &str) -> Result<(), Error> {
        let destroyed = self.call(|line| line.destroy_room(room)).await;
        destroyed.map(|Destroyed { .. }| ())
    }

    /// Ask for anything in [`crate::ask`]: what rooms are, who is in them, what they may do, what
    /// is done to those who do not behave; attributes, queues, history; limits, lists, counters.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio")]
    /// # async fn rules(client: throng_client::Client) -> Result<(), throng_client::Error> {
    /// use std::time::Duration;
    /// use throng_client::ask::{ChangeList, QueryLimits, SetRoomLimits};
    ///
    /// // A backend: tips come through whatever happens, likes go first.
    /// client.ask(ChangeList::protected_kinds().adding(["tip"])).await?;
    /// client.ask(ChangeList::low_kinds().adding(["like"])).await?;
    /// client.ask(SetRoomLimits::new("stage").slow_mode(Duration::from_secs(10))).await?;
    ///
    /// // Anyone: how much may I still say?
    /// let limits = client.ask(QueryLimits::of_room("stage")).await?;
    /// println!("{} messages left", limits.messages.left);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ask<A: Ask>(&self, ask: A) -> Result<A::Reply, Error> {
        self.call(|line| line.ask_for(&ask)).await
    }

    /// Show a new token before the time of the old one is over; a client with a
    /// [`crate::TokenSource`] does this by itself. Says for how long the new one holds.
    ///
    /// # Errors
    /// See [`Error`]. The session goes on with the token it has.
    pub async fn refresh_token(&self, token: impl Into<Vec<u8>>) -> Result<Duration, Error> {
        self.ask(RefreshToken::new(token)).await.map(|refreshed| refreshed.expires_in)
    }

    /// Revoke all tokens of these users that were made until now, and end their sessions (role
    /// server only), with a result for each. [`RevokeTokens`] says more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn revoke_tokens(&self, users: &[&str]) -> Result<Results, Error> {
        self.ask(RevokeTokens::of_users(users.iter().copied())).await
    }

    /// What the broker granted to the present session; `None` while there is no connection.
    #[must_use]
    pub fn welcome(&self) -> Option<Welcome> {
        self.handle.0.look(|line| line.welcome().copied())
    }

    /// Waits until there is a connection: at once if there is one, else until it is back.
    ///
    /// # Errors
    /// When the client is closed for good.
    pub async fn ready(&self) -> Result<(), Reason> {
        self.handle.0.opened().await
    }

    /// Closes the connection, for all handles, once what was requested is sent; waits until it is
    /// closed, about a second at most. What was not answered by then has lost the connection.
    pub async fn close(&self) {
        self.handle.0.ask_to_close();
        self.handle.0.closed().await;
    }

    async fn start(
        &self,
        command: impl FnMut(&mut Line) -> Result<u32, Unsent>,
    ) -> Result<Call, Error> {
        Ok(Call {
            number: self.handle.0.submit_call(command).await?,
            handle: Arc::clone(&self.handle),
        })
    }

    async fn call<T: TryFrom<Reply, Error = Reply>>(
        &self,
        command: impl FnMut(&mut Line) -> Result<u32, Unsent>,
    ) -> Result<T, Error> {
        let reply = self.start(command).await?.await?;
        Ok(fitting(reply))
    }
}

fn fitting<T: TryFrom<Reply, Error = Reply>>(reply: Reply) -> T {
    T::try_from(reply).expect("the session matched the reply to its request")
}

/// The outcome to come of a publish. Await it, or drop it and never know.
#[derive(Debug)]
#[must_use = "a ticket is the only way to hear what became of the message"]
pub struct Ticket(Call);

impl Future for Ticket {
    type Output = Result<Accepted, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(outcome.map(fitting).map_err(Error::from))
    }
}

/// A request under way.
#[derive(Debug)]
struct Call {
    handle: Arc<Handle>,
    number: u32,
}

impl Future for Call {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        self.handle.0.poll_outcome(cx, self.number)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.handle.0.forget_call(self.number);
    }
}

/// What the broker says without having been asked, and what becomes of the connection.
///
/// Events wait in a bounded queue. An application that does not fetch them stops the reading from
/// the broker when [`Config::messages_waiting_max`] messages wait: then replies are not read
/// either, and a broker that has too much waiting for the client in turn cuts it off as
/// `LAGGING`. So fetch events on a task of their own, or drop the `Events`: then they are
/// discarded as they come.
#[derive(Debug)]
pub struct Events {
    handle: Arc<Handle>,
    /// Taken out of the queue and not given to the application yet.
    taken: VecDeque<Event>,
}

impl Events {
    /// The next event; `None` after the last, [`Event::Closed`].
    ///
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<Event> {
        core::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next event, for a hand-written future or a `Stream`.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if self.taken.is_empty() {
            let _any = ready!(self.handle.0.poll_events(cx, &mut self.taken));
        }
        Poll::Ready(self.taken.pop_front())
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.handle.0.ignore_events();
    }
}

/// Keeps the connection alive: when the last one is gone, it is closed.
#[derive(Debug)]
struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.ask_to_close();
    }
}
