//! How far a long run has come, as one bar on the terminal.
//!
//! It counts turns, one for each target and round, and is drawn between them only: nothing is
//! drawn, woken or computed while something is measured, since all of that would run on the
//! load's own core. It is not there when standard error is not a terminal, and not before a run
//! has lasted a few seconds.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run that ends sooner needs no bar.
const SHOWN_AFTER: Duration = Duration::from_secs(3);

/// The bar of one run.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    began_at: Instant,
    may_be_shown: bool,
}

impl Progress {
    /// Of a run of that many turns.
    pub fn new(turns: usize) -> Self {
        Self::on(turns, std::io::stderr().is_terminal())
    }

    fn on(turns: usize, is_terminal: bool) -> Self {
        let template = "{bar:24} {pos} of {len} turns in {elapsed}, {eta} to go: {msg}";
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        let nowhere = ProgressDrawTarget::hidden();
        let bar =
            ProgressBar::with_draw_target(u64::try_from(turns).ok(), nowhere).with_style(style);
        Self { bar, began_at: Instant::now(), may_be_shown: is_terminal && turns > 1 }
    }

    /// A turn begins, of that round and target.
    pub fn begin(&self, round: u32, target: &str) {
        self.bar.set_message(format!("round {round}, {target}"));
        if self.may_be_shown && self.bar.is_hidden() && self.began_at.elapsed() >= SHOWN_AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.tick();
    }

    /// The turn is over.
    pub fn end(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away while something else is printed.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// The run is over, and the bar goes.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_counted_and_named() {
        let progress = Progress::on(4, false);
        progress.begin(2, "redis");
        assert_eq!(progress.bar.message(), "round 2, redis");
        progress.end();
        assert_eq!((progress.bar.position(), progress.bar.length()), (1, Some(4)));
        assert_eq!(progress.suspend(|| 7), 7);
        progress.finish();
        assert!(progress.bar.is_finished());
    }

    #[test]
    fn nothing_is_drawn_without_a_terminal_or_in_the_first_seconds() {
        let progress = Progress::on(4, true);
        progress.begin(1, "broker");
        assert!(progress.bar.is_hidden(), "too early");
        let long_ago = Instant::now().checked_sub(SHOWN_AFTER * 2).unwrap();
        let progress = Progress { began_at: long_ago, ..Progress::on(4, false) };
        progress.begin(1, "broker");
        assert!(progress.bar.is_hidden(), "no terminal");
    }
}
