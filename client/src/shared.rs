//! What every handle of a client shares with the driver of its connection: the line, behind a
//! lock, and who waits for what.
//!
//! Handles put commands in and wait; the driver moves bytes and time. The futures here need no
//! runtime: the async face awaits them on tokio, the blocking face parks its thread on them. The
//! lock is held for as long as it takes to encode one request or to read one receive, and never
//! while anything waits.

use core::future::poll_fn;
use core::hash::{BuildHasher, Hasher};
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::hash::RandomState;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::{Config, ConfigError};
use crate::error::{Reason, Unsent};
use crate::event::Event;
use crate::line::{Line, Step};
use crate::session::Outcome;
use crate::time::Instant;
use crate::token::TokenSource;

/// The line and who waits for what.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    line: Line,
    /// Set when the application closed or its last handle is gone.
    close_asked: bool,
    /// Rises with everything that a waiting driver must look at.
    version: u64,
    /// Requests somebody waits for.
    calls: BTreeMap<u32, Call>,
    drivers: Wakers,
    /// Wait for room to put a command in.
    submitters: Wakers,
    /// Wait for the line to be open, or closed.
    openers: Wakers,
    /// Waits for events.
    listeners: Wakers,
}

#[derive(Debug)]
enum Call {
    Waiting(Option<Waker>),
    Done(Outcome),
}

/// What the driver of a connection looks at before it waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// Whether the connection is still wanted.
    pub(crate) is_talking: bool,
    /// Whether to read from it.
    pub(crate) is_reading: bool,
    /// Whether to shut down the sending side once everything is sent.
    pub(crate) is_closing: bool,
    /// When the line's timeout is due.
    pub(crate) deadline: Option<Instant>,
    /// What to pass to [`Shared::changed`].
    pub(crate) version: u64,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        // The keys of std's hash maps are the one source of randomness that std has.
        let seed = RandomState::new().build_hasher().finish();
        Ok(Self(Mutex::new(State {
            line: Line::new(config, seed)?,
            close_asked: false,
            version: 0,
            calls: BTreeMap::new(),
            drivers: Wakers::default(),
            submitters: Wakers::default(),
            openers: Wakers::default(),
            listeners: Wakers::default(),
        })))
    }

    /// A panic under the lock is a bug of ours. It does not spread to those who wait: the driver's
    /// last act closes the line, whatever state it is in, and tells them.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The driver's side.
impl Shared {
    /// What to do now, and what to pass to [`Shared::changed`] while doing it.
    pub(crate) fn step(&self, now: Instant) -> (Step, u64) {
        let close_asked = self.lock().close_asked;
        let step = self.drive(|line| {
            if close_asked {
                line.close(now);
            }
            line.poll_step(now)
        });
        (step, self.lock().version)
    }

    /// Whom to ask for a token now, if one is wanted.
    pub(crate) fn take_token_wanted(&self) -> Option<TokenSource> {
        self.lock().line.poll_token()
    }

    /// What to do with an established connection now.
    pub(crate) fn turn(&self, now: Instant) -> Turn {
        let mut state = self.lock();
        if state.close_asked {
            state.line.close(now);
        }
        let is_reading = state.line.wants_bytes();
        state.line.handle_reading(now, is_reading);
        Turn {
            is_talking: state.line.is_talking(),
            is_reading,
            is_closing: state.line.is_closing(),
            deadline: state.line.poll_timeout(),
            version: state.version,
        }
    }

    /// Takes what shall be sent now into `out`.
    pub(crate) fn take_transmit(&self, out: &mut Vec<u8>) {
        let mut state = self.lock();
        if state.line.poll_transmit(out) && !state.line.is_full() {
            let submitters = state.submitters.take();
            drop(state);
            wake(submitters);
        }
    }

    /// Does something to the line, and wakes whom it concerns.
    pub(crate) fn drive<R>(&self, act: impl FnOnce(&mut Line) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state.line);
        let concerned = state.settle();
        drop(state);
        wake(concerned);
        result
    }

    /// Something is to be sent that the line knows nothing of.
    pub(crate) fn wake_driver(&self) {
        let drivers = self.lock().change();
        wake(drivers);
    }

    /// Waits until something changed since the turn of that version.
    pub(crate) async fn changed(&self, version: u64) {
        self.when_driver(|state| state.version != version).await;
    }

    /// Waits until the application wants no more.
    #[cfg(feature = "tokio")]
    pub(crate) async fn close_asked(&self) {
        self.when_driver(|state| state.close_asked).await;
    }

    async fn when_driver(&self, holds: impl Fn(&State) -> bool) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if holds(&state) {
                return Poll::Ready(());
            }
            state.drivers.park(cx.waker());
            Poll::Pending
        })
        .await;
    }
}

/// The handles' side.
impl Shared {
    /// Looks at the line.
    pub(crate) fn look<R>(&self, at: impl FnOnce(&Line) -> R) -> R {
        at(&self.lock().line)
    }

    /// Puts a command in that has no outcome, or none that anybody waits for, once there is room.
    pub(crate) async fn submit(
        &self,
        command: impl FnMut(&mut Line) -> Result<u32, Unsent>,
    ) -> Result<u32, Unsent> {
        self.submit_then(command, |_, _| {}).await
    }

    /// Puts a command in once there is room, and keeps its outcome for [`Shared::poll_outcome`].
    pub(crate) async fn submit_call(
        &self,
        command: impl FnMut(&mut Line) -> Result<u32, Unsent>,
    ) -> Result<u32, Unsent> {
        self.submit_then(command, |state, number| {
            state.calls.insert(number, Call::Waiting(None));
        })
        .await
    }

    async fn submit_then(
        &self,
        mut command: impl FnMut(&mut Line) -> Result<u32, Unsent>,
        then: impl Fn(&mut State, u32),
    ) -> Result<u32, Unsent> {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.close_asked {
                return Poll::Ready(Err(Unsent::Closed));
            }
            match command(&mut state.line) {
                Err(Unsent::Full) => {
                    state.submitters.park(cx.waker());
                    Poll::Pending
                }
                Err(unsent) => Poll::Ready(Err(unsent)),
                Ok(number) => {
                    then(&mut state, number);
                    let drivers = state.change();
                    drop(state);
                    wake(drivers);
                    Poll::Ready(Ok(number))
                }
            }
        })
        .await
    }

    /// The outcome of a call, once and when it is there.
    pub(crate) fn poll_outcome(&self, cx: &Context<'_>, number: u32) -> Poll<Outcome> {
        let mut state = self.lock();
        let call = state.calls.remove(&number);
        if let Some(Call::Done(outcome)) = call {
            return Poll::Ready(outcome);
        }
        let waiting = Call::Waiting(Some(cx.waker().clone()));
        state.calls.insert(number, waiting);
        Poll::Pending
    }

    /// Nobody waits for the outcome of that call any more.
    pub(crate) fn forget_call(&self, number: u32) {
        self.lock().calls.remove(&number);
    }

    /// Waits until the line is open, or says why it never will be.
    pub(crate) async fn opened(&self) -> Result<(), Reason> {
        self.when_settled(|line| match line.closed() {
            Some(reason) => Some(Err(reason.clone())),
            None => line.welcome().map(|_| Ok(())),
        })
        .await
    }

    /// Waits until the line is closed for good.
    pub(crate) async fn closed(&self) {
        self.when_settled(|line| line.closed().map(|_| ())).await;
    }

    async fn when_settled<R>(&self, find: impl Fn(&Line) -> Option<R>) -> R {
        poll_fn(|cx| {
            let mut state = self.lock();
            if let Some(found) = find(&state.line) {
                return Poll::Ready(found);
            }
            state.openers.park(cx.waker());
            Poll::Pending
        })
        .await
    }

    /// Asks the driver to end the connection in good order.
    pub(crate) fn ask_to_close(&self) {
        let mut state = self.lock();
        state.close_asked = true;
        let drivers = state.change();
        drop(state);
        wake(drivers);
    }

    /// Nobody listens any more. A driver that waits for the queue to be emptied may go on.
    pub(crate) fn ignore_events(&self) {
        let mut state = self.lock();
        state.line.ignore_events();
        let drivers = state.change();
        drop(state);
        wake(drivers);
    }

    /// Moves all events that wait to `taken`, which is empty; `false` if none will ever come.
    pub(crate) fn poll_events(&self, cx: &Context<'_>, taken: &mut VecDeque<Event>) -> Poll<bool> {
        let mut state = self.lock();
        let was_reading = state.line.wants_bytes();
        state.line.take_events(taken);
        if taken.is_empty() {
            if state.line.closed().is_some() {
                return Poll::Ready(false);
            }
            state.listeners.park(cx.waker());
            return Poll::Pending;
        }
        if !was_reading {
            let drivers = state.change();
            drop(state);
            wake(drivers);
        }
        Poll::Ready(true)
    }
}

impl State {
    /// Something happened that a waiting driver must look at.
    fn change(&mut self) -> Vec<Waker> {
        self.version += 1;
        self.drivers.take()
    }

    /// Hands outcomes to their calls, and finds whom else the line's new state concerns.
    fn settle(&mut self) -> Vec<Waker> {
        let mut concerned = Vec::new();
        while let Some((number, outcome)) = self.line.poll_outcome() {
            // A call whose ticket was dropped is not there, and nobody misses the outcome.
            if let Some(call) = self.calls.get_mut(&number)
                && let Call::Waiting(Some(waker)) = core::mem::replace(call, Call::Done(outcome))
            {
                concerned.push(waker);
            }
        }
        if self.line.has_events() {
            concerned.append(&mut self.listeners.take());
        }
        if !self.line.is_full() {
            concerned.append(&mut self.submitters.take());
        }
        if self.line.welcome().is_some() || self.line.closed().is_some() {
            concerned.append(&mut self.openers.take());
        }
        if self.line.has_transmit() || !self.line.is_talking() {
            concerned.append(&mut self.change());
        }
        concerned
    }
}

/// Who waits for one thing.
#[derive(Debug, Default)]
struct Wakers(Vec<Waker>);

impl Wakers {
    fn park(&mut self, waker: &Waker) {
        if !self.0.iter().any(|parked| parked.will_wake(waker)) {
            self.0.push(waker.clone());
        }
    }

    fn take(&mut self) -> Vec<Waker> {
        core::mem::take(&mut self.0)
    }
}

fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
