//! What both faces can do, so that every promise is tested on both.
//!
//! The blocking face blocks inside its futures, so these are ready at the first poll.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use throng_client::ask::Ask;
use throng_client::reply::{Accepted, Joined, Pong, Results, RoomState, Welcome};
use throng_client::{Config, Error, Event, Join, Publish, blocking};

pub trait Face: Sized + Clone {
    type Events: Listen;
    type Ticket;

    async fn connect(config: Config) -> Result<(Self, Self::Events), Error>;
    async fn join<'a>(&self, join: impl Into<Join<'a>>) -> Result<Joined, Error>;
    async fn leave(&self, room: &str) -> Result<(), Error>;
    async fn publish(&self, publish: Publish<'_>) -> Result<Accepted, Error>;
    async fn publish_ahead(&self, publish: Publish<'_>) -> Result<Self::Ticket, Error>;
    async fn publish_no_ack(&self, publish: Publish<'_>) -> Result<u32, Error>;
    async fn outcome(ticket: Self::Ticket) -> Result<Accepted, Error>;
    async fn ping(&self) -> Result<Pong, Error>;
    async fn query_room(&self, room: &str) -> Result<RoomState, Error>;
    async fn create_room(&self, room: &str) -> Result<(), Error>;
    async fn destroy_room(&self, room: &str) -> Result<(), Error>;
    async fn ask<A: Ask>(&self, ask: A) -> Result<A::Reply, Error>;
    async fn revoke_tokens(&self, users: &[&str]) -> Result<Results, Error>;
    async fn close(&self);
    fn welcome(&self) -> Option<Welcome>;
}

pub trait Listen {
    async fn recv(&mut self) -> Option<Event>;
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::*;
    use throng_client::{Client, Events, Ticket};

    impl Face for Client {
        type Events = Events;
        type Ticket = Ticket;

        async fn connect(config: Config) -> Result<(Self, Events), Error> {
            Self::connect(config).await
        }
        async fn join<'a>(&self, join: impl Into<Join<'a>>) -> Result<Joined, Error> {
            self.join(join).await
        }
        async fn leave(&self, room: &str) -> Result<(), Error> {
            self.leave(room).await
        }
        async fn publish(&self, publish: Publish<'_>) -> Result<Accepted, Error> {
            self.publish(publish).await
        }
        async fn publish_ahead(&self, publish: Publish<'_>) -> Result<Ticket, Error> {
            self.publish_ahead(publish).await
        }
        async fn publish_no_ack(&self, publish: Publish<'_>) -> Result<u32, Error> {
            self.publish_no_ack(publish).await
        }
        async fn outcome(ticket: Ticket) -> Result<Accepted, Error> {
            ticket.await
        }
        async fn ping(&self) -> Result<Pong, Error> {
            self.ping().await
        }
        async fn query_room(&self, room: &str) -> Result<RoomState, Error> {
            self.query_room(room).await
        }
        async fn create_room(&self, room: &str) -> Result<(), Error> {
            self.create_room(room).await.map(|_| ())
        }
        async fn destroy_room(&self, room: &str) -> Result<(), Error> {
            self.destroy_room(room).await
        }
        async fn ask<A: Ask>(&self, ask: A) -> Result<A::Reply, Error> {
            self.ask(ask).await
        }
        async fn revoke_tokens(&self, users: &[&str]) -> Result<Results, Error> {
            self.revoke_tokens(users).await
        }
        async fn close(&self) {
            self.close().await;
        }
        fn welcome(&self) -> Option<Welcome> {
            self.welcome()
        }
    }

    impl Listen for Events {
        async fn recv(&mut self) -> Option<Event> {
            self.recv().await
        }
    }
}

impl Face for blocking::Client {
    type Events = blocking::Events;
    type Ticket = blocking::Ticket;

    async fn connect(config: Config) -> Result<(Self, blocking::Events), Error> {
        Self::connect(config)
    }
    async fn join<'a>(&self, join: impl Into<Join<'a>>) -> Result<Joined, Error> {
        self.join(join)
    }
    async fn leave(&self, room: &str) -> Result<(), Error> {
        self.leave(room)
    }
    async fn publish(&self, publish: Publish<'_>) -> Result<Accepted, Error> {
        self.publish(publish)
    }
    async fn publish_ahead(&self, publish: Publish<'_>) -> Result<blocking::Ticket, Error> {
        self.publish_ahead(publish)
    }
    async fn publish_no_ack(&self, publish: Publish<'_>) -> Result<u32, Error> {
        self.publish_no_ack(publish)
    }
    async fn outcome(ticket: blocking::Ticket) -> Result<Accepted, Error> {
        ticket.wait()
    }
    async fn ping(&self) -> Result<Pong, Error> {
        self.ping()
    }
    async fn query_room(&self, room: &str) -> Result<RoomState, Error> {
        self.query_room(room)
    }
    async fn create_room(&self, room: &str) -> Result<(), Error> {
        self.create_room(room).map(|_| ())
    }
    async fn destroy_room(&self, room: &str) -> Result<(), Error> {
        self.destroy_room(room)
    }
    async fn ask<A: Ask>(&self, ask: A) -> Result<A::Reply, Error> {
        self.ask(ask)
    }
    async fn revoke_tokens(&self, users: &[&str]) -> Result<Results, Error> {
        self.revoke_tokens(users)
    }
    async fn close(&self) {
        self.close();
    }
    fn welcome(&self) -> Option<Welcome> {
        self.welcome()
    }
}

impl Listen for blocking::Events {
    async fn recv(&mut self) -> Option<Event> {
        self.recv()
    }
}

/// Runs a future of the blocking face, which blocks instead of waiting.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the blocking face never waits like a future"),
    }
}
