//! The driver on tokio: one task that owns the socket, from the first dial to the close.
//!
//! It waits for four things at once: bytes to read, room to write, a change that a handle made,
//! and the line's deadline. Reading stops while the application is behind. It never judges
//! silence before it has read what is there to be read.

use core::pin::pin;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::select;
use tokio::time::{self, sleep_until, timeout_at};

use crate::client::{Client, Events};
use crate::config::Config;
use crate::error::Error;
use crate::line::Step;
use crate::shared::Shared;
use crate::time::Instant;

use super::channel::Channel;
use super::{AbortOnDrop, Clock, Outgoing, RECEIVE_BYTES, hear};

impl Client {
    /// Connects and waits until the broker welcomes the client.
    ///
    /// Every address is tried once. Later losses are handled as the config says.
    ///
    /// # Errors
    /// When the config cannot be meant, no address can be reached, or the broker refuses.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time and net enabled.
    pub async fn connect(config: Config) -> Result<(Self, Events), Error> {
        let (client, events, shared) = Self::undriven(config)?;
        tokio::spawn(drive(shared));
        client.ready().await.map_err(Error::Connect)?;
        Ok((client, events))
    }
}

/// Does what the line asks for until it is closed.
async fn drive(shared: Arc<Shared>) {
    let clock = TokioClock::start();
    let guard = AbortOnDrop(shared);
    let shared = &guard.0;
    loop {
        let (step, version) = shared.step(clock.now());
        fetch_token_if_wanted(shared, clock);
        match step {
            Step::Dial { address, by } => {
                let dialled = select! {
                    dialled = dial(&address, clock.moment(by)) => dialled,
                    () = shared.close_asked() => continue,
                };
                match dialled {
                    Ok(stream) => {
                        shared.drive(|line| line.handle_connected(clock.now()));
                        let channel = Channel::to(shared, &address);
                        talk(shared, (stream, channel), clock).await;
                    }
                    Err(error) => {
                        shared.drive(|line| line.handle_unreachable(clock.now(), error.kind()));
                    }
                }
            }
            Step::Talk => unreachable!("talk() returns only when the line has stopped talking"),
            Step::Wait(until) => select! {
                () = sleep_until(clock.moment(until)) => {}
                () = shared.changed(version) => {}
            },
            Step::Close => return,
        }
    }
}

/// Asks the source on a task of its own, so that nothing else waits for it.
fn fetch_token_if_wanted(shared: &Arc<Shared>, clock: TokioClock) {
    let Some(source) = shared.take_token_wanted() else { return };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        select! {
            token = source.fetch() => shared.drive(|line| line.handle_token(clock.now(), token)),
            () = shared.closed() => {}
        }
    });
}

async fn dial(address: &str, by: time::Instant) -> io::Result<TcpStream> {
    let stream = timeout_at(by, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Moves bytes and time until the line is done with the connection.
async fn talk(
    shared: &Arc<Shared>,
    (mut stream, mut channel): (TcpStream, Channel),
    clock: TokioClock,
) {
    let (mut reader, mut writer) = stream.split();
    let (mut received, mut room) = (vec![0; RECEIVE_BYTES], Vec::new());
    let mut out = Outgoing::default();
    let mut can_send = true;
    let mut alarm = pin!(sleep_until(time::Instant::now()));
    loop {
        let turn = shared.turn(clock.now());
        if !turn.is_talking {
            return;
        }
        fetch_token_if_wanted(shared, clock);
        out.refill(shared, &mut channel);
        if turn.is_closing && can_send && out.is_finished(&mut channel) {
            can_send = false;
            // If it cannot be shut down, it is gone; reading will tell.
            let _gone = writer.shutdown().await;
        }
        if let Some(deadline) = turn.deadline.map(|at| clock.moment(at))
            && (alarm.is_elapsed() || deadline < alarm.deadline())
        {
            // An alarm that goes off too early costs less than setting it for every receive.
            alarm.as_mut().reset(deadline);
        }
        let moved = async {
            select! {
                result = reader.read(&mut received), if turn.is_reading => Woken::Received(result),
                result = writer.write(out.rest()), if can_send && !out.rest().is_empty() => {
                    Woken::Sent(result)
                }
                () = shared.changed(turn.version) => Woken::Changed,
            }
        };
        let woken = select! {
            // Silence is only judged when there is nothing to hear.
            biased;
            woken = moved => woken,
            () = &mut alarm, if turn.deadline.is_some() => Woken::Late,
        };
        let now = clock.now();
        match woken {
            Woken::Received(Ok(0)) => {
                shared.drive(|line| line.handle_closed(now, io::ErrorKind::UnexpectedEof));
            }
            Woken::Received(Ok(count)) => {
                let opened = channel.open(&received[..count], &mut room);
                shared.drive(|line| hear(line, now, opened));
            }
            Woken::Received(Err(error)) => {
                shared.drive(|line| line.handle_closed(now, error.kind()));
            }
            Woken::Sent(Ok(count)) => out.record_sent(count),
            // The broker's last words may still be there to be read, and say more.
            Woken::Sent(Err(_)) => can_send = false,
            Woken::Changed => {}
            Woken::Late => shared.drive(|line| line.handle_timeout(now)),
        }
    }
}

/// What a turn waits for.
enum Woken {
    Received(io::Result<usize>),
    Sent(io::Result<usize>),
    Changed,
    Late,
}

/// The clock as tokio has it, which a test may stop.
#[derive(Debug, Clone, Copy)]
struct TokioClock(Clock);

impl TokioClock {
    fn start() -> Self {
        Self(Clock(time::Instant::now().into_std()))
    }

    fn now(self) -> Instant {
        self.0.at(time::Instant::now().into_std())
    }

    fn moment(self, shown: Instant) -> time::Instant {
        self.0.moment(shown).into()
    }
}
