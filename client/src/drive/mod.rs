//! Drivers: they carry out what a [`crate::Line`] decides, on real sockets and a real clock.
//!
//! Two of them, for the two faces: one task on tokio, or two plain threads. They hold no state of
//! the conversation and make no decision of their own. On a failed write they go on reading, for
//! the broker's last words say more than an error of the kernel.

mod channel;
pub(crate) mod threads;
#[cfg(feature = "tokio")]
pub(crate) mod tokio;

use core::time::Duration;
use std::sync::Arc;
use std::{io, time};

use crate::Line;
use crate::shared::Shared;
use crate::time::Instant;

use channel::{Channel, Opened};

/// Bytes read from a connection at a time.
const RECEIVE_BYTES: usize = 16 * 1024;

/// Tells whoever waits that nobody drives the connection any more, however that came about.
struct AbortOnDrop(Arc<Shared>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.drive(Line::handle_abort);
    }
}

/// Bytes on their way out, some of which may be sent already.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// Takes more from the line when everything so far is sent.
    fn refill(&mut self, shared: &Shared, channel: &mut Channel) {
        if self.bytes.is_empty() {
            channel.seal(shared, &mut self.bytes);
        }
    }

    /// Whether everything is sent, the last words of the channel included.
    fn is_finished(&mut self, channel: &mut Channel) -> bool {
        if self.bytes.is_empty() {
            channel.finish(&mut self.bytes);
        }
        self.bytes.is_empty()
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    fn record_sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        }
    }
}

/// Lets the line hear what a receive came to.
fn hear(line: &mut Line, now: Instant, opened: Result<Opened<'_>, String>) {
    match opened {
        Ok(Opened { bytes, is_last }) => {
            line.handle_bytes(now, bytes);
            if is_last {
                line.handle_closed(now, io::ErrorKind::UnexpectedEof);
            }
        }
        Err(what) => line.handle_insecure(now, what),
    }
}

/// The line's clock, which began with the driver.
#[derive(Debug, Clone, Copy)]
struct Clock(time::Instant);

impl Clock {
    /// What the clock shows at that moment.
    fn at(self, moment: time::Instant) -> Instant {
        let nanos = u64::try_from(moment.duration_since(self.0).as_nanos());
        Instant::from_nanos(nanos.expect("584 years are enough"))
    }

    /// The moment at which the clock shows that.
    fn moment(self, shown: Instant) -> time::Instant {
        self.0 + Duration::from_nanos(shown.as_nanos())
    }
}
