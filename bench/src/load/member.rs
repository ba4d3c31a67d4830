//! One member of the room: reads what is delivered to it and checks that it is next.
//!
//! This is the load's hot path. It must cost less than what the server does for a delivery, so
//! a receive goes into one buffer that all members share, only the head of a frame is looked at,
//! and one clock reading serves a whole receive of a member that is in the sample. The first
//! delivery to each member is read in full by the protocol's own decoder.

use std::io::{ErrorKind, Read as _, Write as _};

use anyhow::{Context as _, bail, ensure};
use mio::net::TcpStream;
use throng_protocol::frame::{self, FromBroker};
use throng_protocol::limits::BODY_BYTES_MAX;
use throng_protocol::push::Push;

use crate::load::deliver::{Beginning, stamp};
use crate::load::order::Order;
use crate::load::session::{refusal, write_ping};
use crate::load::tally::{Arrival, Tally};

/// One member.
#[derive(Debug)]
pub struct Member {
    /// Its socket.
    pub stream: TcpStream,
    /// Whether its latencies are measured.
    sampled: bool,
    /// The beginning of a frame that is not all there.
    held: Vec<u8>,
    /// What did not come in order.
    pub order: Order,
    /// Whether its first delivery was read in full.
    checked: bool,
}

/// What every delivery looks like.
#[derive(Debug)]
pub struct Expected {
    /// How the deliveries of the room begin.
    pub beginning: Beginning,
    /// The payload behind its time stamp.
    pub filling: Vec<u8>,
}

impl Member {
    /// A member on this socket, with what was received on it already.
    pub fn new(stream: TcpStream, held: Vec<u8>, sampled: bool) -> Self {
        Self { stream, sampled, held, order: Order::default(), checked: false }
    }

    /// Reads until there is nothing more. `last` is the last message it has got, and is moved on.
    ///
    /// # Errors
    /// When the session has ended, or something came that is not what it should be.
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        expected: &Expected,
        last: &mut u64,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        loop {
            let held = self.held.len();
            buffer[..held].copy_from_slice(&self.held);
            let read = match self.stream.read(&mut buffer[held..]) {
                Ok(0) => bail!("the broker closed the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot read"),
            };
            tally.counts.reads += 1;
            tally.counts.bytes += read as u64;
            let received = &buffer[..held + read];
            let taken = self.take(received, expected, last, tally)?;
            self.held.clear();
            self.held.extend_from_slice(&received[taken..]);
            // A receive that does not fill the buffer has emptied the socket, and the next
            // arrival is a new event: no second call to be told that there is nothing.
            if held + read < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes whole frames off the front; gives how many bytes they are.
    fn take(
        &mut self,
        received: &[u8],
        expected: &Expected,
        last: &mut u64,
        tally: &mut Tally,
    ) -> anyhow::Result<usize> {
        let arrived_at = self.sampled.then(|| tally.clock.now_ns());
        let mut rest = received;
        while let Some((body, after)) = frame::split(rest, BODY_BYTES_MAX)? {
            rest = after;
            let Some((seq, behind)) = expected.beginning.seq(body) else {
                self.take_other(body)?;
                continue;
            };
            tally.counts.deliveries += 1;
            if seq == *last + 1 {
                *last = seq;
            } else {
                self.order.record_jump(last, seq);
            }
            if let Some(arrived_at) = arrived_at {
                let sent_at = stamp(behind).context("a delivery without a time stamp")?;
                ensure!(sent_at <= arrived_at, "a time stamp was changed on its way");
                tally.record_arrival(&Arrival { seq, sent_at, arrived_at });
            }
            if !self.checked {
                expected.check_whole(body)?;
                self.checked = true;
            }
        }
        Ok(received.len() - rest.len())
    }

    /// Whatever is not a delivery of the room: a question whether we are there, or trouble.
    fn take_other(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let said = FromBroker::decode(body)?;
        if let Some(refusal) = refusal(&said) {
            return Err(refusal);
        }
        match said {
            FromBroker::Push(Push::AreYouThere(_)) => {
                let mut ping = Vec::new();
                write_ping(u32::MAX, &mut ping);
                let written = self.stream.write(&ping).context("cannot answer a ping")?;
                ensure!(written == ping.len(), "no place for a ping in the socket");
                Ok(())
            }
            FromBroker::Reply(..) => Ok(()),
            other => bail!("a member got what nobody asked for: {other:?}"),
        }
    }
}

impl Expected {
    /// Reads a delivery in full.
    fn check_whole(&self, body: &[u8]) -> anyhow::Result<()> {
        let FromBroker::Push(Push::Deliver(deliver)) = FromBroker::decode(body)? else {
            bail!("what begins as a delivery is none");
        };
        let filling = deliver.payload.get(crate::args::STAMP_BYTES..);
        ensure!(filling == Some(&self.filling), "a payload was changed on its way");
        Ok(())
    }
}
