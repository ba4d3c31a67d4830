//! The driver on plain threads: one that dials, reads and keeps time, and one beside it that
//! writes for as long as a connection lasts.
//!
//! Two, because a thread that waits for the broker to take bytes must not keep another from
//! taking the broker's: else both sides could wait for each other for ever.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::thread::{self, Thread};
use std::time;

use crate::line::{CLOSE_LINGER, Step};
use crate::shared::{Shared, Turn};
use crate::time::Instant;
use crate::token::TokenFailure;

use super::channel::Channel;
use super::{AbortOnDrop, Clock, Outgoing, RECEIVE_BYTES, hear};

/// Starts the driver.
pub(crate) fn spawn(shared: Arc<Shared>) -> io::Result<()> {
    let guard = AbortOnDrop(shared);
    let thread = thread::Builder::new().name("throng-client".to_owned());
    thread.spawn(move || drive(&guard.0))?;
    Ok(())
}

/// Parks this thread until the future is ready, or until the deadline: then `None`.
pub(crate) fn wait<F: Future>(future: F, deadline: Option<time::Instant>) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        match deadline {
            None => thread::park(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(time::Instant::now());
                if left.is_zero() {
                    return None;
                }
                thread::park_timeout(left);
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Does what the line asks for until it is closed.
fn drive(shared: &Arc<Shared>) {
    let clock = Clock(time::Instant::now());
    loop {
        let (step, version) = shared.step(clock.now());
        fetch_token_if_wanted(shared, clock);
        match step {
            Step::Dial { address, by } => match dial(&address, clock.moment(by)) {
                Ok(stream) => {
                    shared.drive(|line| line.handle_connected(clock.now()));
                    let channel = Mutex::new(Channel::to(shared, &address));
                    Connection { shared, stream: &stream, channel: &channel, clock }.talk();
                }
                Err(error) => {
                    shared.drive(|line| line.handle_unreachable(clock.now(), error.kind()));
                }
            },
            Step::Talk => unreachable!("talk() returns only when the line has stopped talking"),
            Step::Wait(until) => {
                let _in_time = wait(shared.changed(version), Some(clock.moment(until)));
            }
            Step::Close => return,
        }
    }
}

/// Asks the source on a thread of its own, where it may block. A source that never answers keeps that
/// thread, and nothing else.
fn fetch_token_if_wanted(shared: &Arc<Shared>, clock: Clock) {
    let Some(source) = shared.take_token_wanted() else { return };
    let own = Arc::clone(shared);
    let thread = thread::Builder::new().name("throng-client-token".to_owned());
    let fetch = thread.spawn(move || {
        let token =
            wait(source.fetch(), None).expect("without a deadline there is always an output");
        own.drive(|line| line.handle_token(clock.now(), token));
    });
    if let Err(error) = fetch {
        let failure = TokenFailure::Unavailable(format!("no thread to ask for one: {error}"));
        shared.drive(|line| line.handle_token(clock.now(), Err(failure)));
    }
}

fn dial(address: &str, by: time::Instant) -> io::Result<TcpStream> {
    let mut error = io::ErrorKind::AddrNotAvailable.into();
    for address in address.to_socket_addrs()? {
        let left = by.saturating_duration_since(time::Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                // A writer looks up at least that often, so that a line can be closed.
                stream.set_write_timeout(Some(CLOSE_LINGER))?;
                return Ok(stream);
            }
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

/// A connection that was made, and whom it is for.
#[derive(Clone, Copy)]
struct Connection<'a> {
    shared: &'a Arc<Shared>,
    stream: &'a TcpStream,
    /// Never locked while the stream is read or written.
    channel: &'a Mutex<Channel>,
    clock: Clock,
}

impl Connection<'_> {
    /// Moves bytes and time until the line is done with the connection.
    fn talk(self) {
        thread::scope(|scope| {
            let writer = thread::Builder::new().name("throng-client-write".to_owned());
            match writer.spawn_scoped(scope, move || self.write()) {
                Ok(_) => self.read(),
                Err(error) => {
                    self.shared.drive(|line| line.handle_closed(self.clock.now(), error.kind()));
                }
            }
            self.hang_up(Shutdown::Both);
        });
    }

    fn read(mut self) {
        let (mut received, mut room) = (vec![0; RECEIVE_BYTES], Vec::new());
        loop {
            let turn = self.shared.turn(self.clock.now());
            if !turn.is_talking {
                return;
            }
            fetch_token_if_wanted(self.shared, self.clock);
            let deadline = turn.deadline.map(|at| self.clock.moment(at));
            if !turn.is_reading {
                self.wait_for_change(turn, deadline);
                continue;
            }
            let result = self.patience(deadline).and_then(|()| self.stream.read(&mut received));
            let now = self.clock.now();
            match result {
                Ok(count) if count > 0 => {
                    let (opened, has_own_words) = {
                        let mut channel = self.channel();
                        let opened = channel.open(&received[..count], &mut room);
                        (opened, channel.has_own_words())
                    };
                    if has_own_words {
                        self.shared.wake_driver();
                    }
                    self.shared.drive(|line| hear(line, now, opened));
                }
                result => self.shared.drive(|line| match result {
                    Ok(_) => line.handle_closed(now, io::ErrorKind::UnexpectedEof),
                    Err(error) if is_late(&error) => line.handle_timeout(now),
                    Err(error) => line.handle_closed(now, error.kind()),
                }),
            }
        }
    }

    fn channel(&self) -> MutexGuard<'_, Channel> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next read wait until the deadline.
    fn patience(self, deadline: Option<time::Instant>) -> io::Result<()> {
        self.stream.set_read_timeout(deadline.map(|deadline| {
            // Zero would be an error, and mean no timeout besides.
            let left = deadline.saturating_duration_since(time::Instant::now());
            left.max(Duration::from_millis(1))
        }))
    }

    fn write(mut self) {
        let mut out = Outgoing::default();
        let mut can_send = true;
        loop {
            let turn = self.shared.turn(self.clock.now());
            if !turn.is_talking {
                break;
            }
            out.refill(self.shared, &mut self.channel());
            if can_send && !out.rest().is_empty() {
                match self.stream.write(out.rest()) {
                    Ok(count) => out.record_sent(count),
                    Err(error) if is_late(&error) && !turn.is_closing => {}
                    Err(error) if is_late(&error) => {
                        self.shared.drive(|line| line.handle_timeout(self.clock.now()));
                    }
                    // The broker's last words may still be there to be read, and say more.
                    Err(_) => can_send = false,
                }
                continue;
            }
            if turn.is_closing && can_send {
                if !out.is_finished(&mut self.channel()) {
                    continue;
                }
                can_send = false;
                self.hang_up(Shutdown::Write);
            }
            // The reader keeps time, but it may sit in a read that began before the closing.
            let deadline = turn.deadline.filter(|_| turn.is_closing);
            self.wait_for_change(turn, deadline.map(|at| self.clock.moment(at)));
        }
        // Frees a reader that waits for the broker.
        self.hang_up(Shutdown::Both);
    }

    fn wait_for_change(self, turn: Turn, deadline: Option<time::Instant>) {
        if wait(self.shared.changed(turn.version), deadline).is_none() {
            self.shared.drive(|line| line.handle_timeout(self.clock.now()));
        }
    }

    fn hang_up(self, how: Shutdown) {
        // If it cannot be shut down, it is gone; reading will tell.
        let _gone = self.stream.shutdown(how);
    }
}

/// Whether nothing happened but that time passed.
fn is_late(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

impl Clock {
    fn now(self) -> Instant {
        self.at(time::Instant::now())
    }
}
