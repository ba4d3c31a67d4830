//! What happened in a world: one line for each event, and one number for all of them.
//!
//! ```text
//!     turn        time us  who   what
//!       17        1200000  w0    received c3.5 41 bytes
//! ```
//! `w` is a worker, with the slot and generation of its connection; `c` is a client by its
//! number. The number is the same for the same seed, whether lines are printed or not.

use std::fmt::Arguments;
use std::hash::Hasher;

use throng_broker::time::Instant;

/// The trace of a world.
#[derive(Debug, Default)]
pub struct Trace {
    /// Whether lines are printed.
    pub print: bool,
    events: u64,
    turn: u64,
    hash: u64,
    line: String,
}

impl Trace {
    /// Another turn begins.
    pub fn turn(&mut self) {
        self.turn += 1;
    }

    /// Something happened.
    pub fn note(&mut self, now: Instant, who: char, number: usize, what: Arguments<'_>) {
        use std::fmt::Write;
        self.events += 1;
        let (turn, micros) = (self.turn, now.as_nanos() / 1_000);
        self.line.clear();
        write!(self.line, "{turn:8} {micros:14}  {who}{number:<4} {what}")
            .expect("a String takes everything");
        #[expect(deprecated, reason = "the one hash in std that is the same in every run")]
        let mut hasher = std::hash::SipHasher::new();
        hasher.write_u64(self.hash);
        hasher.write(self.line.as_bytes());
        self.hash = hasher.finish();
        if self.print {
            println!("{}", self.line);
        }
    }

    /// How many events there were.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The number that stands for all of them (I28).
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }
}
