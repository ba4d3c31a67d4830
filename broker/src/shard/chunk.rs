//! A batch of a room as it waits for the occupants of one shard, and the copying of what one of
//! them is to get of it.
//!
//! Almost everyone gets a chunk as it is. Who reads too slowly, is capped, or published some of
//! it, gets a copy without what is not for it; what was skipped is told right before the next
//! frame that was not.

use std::rc::Rc;

use bytes::Bytes;
use throng_protocol::FromBroker;
use throng_protocol::frame;
use throng_protocol::push::{Lagged, Push};
use throng_protocol::value::{Extensions, LagReason};

use crate::class::{ByClass, Class, Keep};
use crate::probe::{self, Bug};
use crate::room::{Batch, Own, Runs};
use crate::session::caps::Caps;
use crate::session::lag::{Gap, Lag};
use crate::session::outbound::Seat;
use crate::time::Instant;

/// A position in all that a room ever said to this shard: what came before it, by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) bytes: ByClass<u64>,
    pub(super) frames: ByClass<u64>,
}

impl Extent {
    /// What lies between an earlier position and this one.
    pub(super) const fn since(&self, earlier: &Self) -> Self {
        Self { bytes: self.bytes.less(&earlier.bytes), frames: self.frames.less(&earlier.frames) }
    }

    fn add(&mut self, other: &Self) {
        self.bytes.add(&other.bytes);
        self.frames.add(&other.frames);
    }
}

/// A batch of a room.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Rc<Bytes>,
    pub(super) first_seq: u64,
    pub(super) runs: Runs,
    /// Where it begins in all that the room said.
    pub(super) start: Extent,
    /// How many occupants take it next.
    pub(super) awaited_by: usize,
}

impl Chunk {
    pub(super) fn new(batch: Batch, start: Extent) -> Self {
        let Batch { bytes, first_seq, runs, own: _ } = batch;
        Self { bytes: Rc::new(bytes), first_seq, runs, start, awaited_by: 0 }
    }

    /// Where it ends in all that the room said.
    pub(super) fn end(&self) -> Extent {
        let mut end = self.start;
        end.add(&size(&self.runs));
        end
    }
}

/// What a batch holds, by class.
fn size(runs: &Runs) -> Extent {
    let (mut size, mut start) = (Extent::default(), 0);
    for run in runs {
        *size.bytes.of_mut(run.class) += u64::from(run.end - start);
        *size.frames.of_mut(run.class) += u64::from(run.frames);
        start = run.end;
    }
    size
}

/// Skipped messages by what they were skipped for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Skipped {
    pub(super) slow: ByClass<u64>,
    pub(super) cap: ByClass<u64>,
}

/// For whom and where to copies are made.
#[derive(Debug)]
pub(super) struct Taking<'a> {
    /// How much the session may be given in a second, if that is limited.
    pub(super) caps: Option<&'a mut Caps>,
    pub(super) now: Instant,
    pub(super) out: &'a mut Vec<u8>,
    /// What the copy is for.
    pub(super) end: End,
}

/// What a copy is for, which says how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// To be sent. Once there is no more, the session is told what it missed and gets everything
    /// again.
    CaughtUp,
    /// To be queued, because something else comes next. It is told what it missed.
    Settled,
    /// To be queued, so that the room need not keep it. What it missed is told with what follows.
    Detached,
}

/// Copies what one session is to get of a room's chunks.
#[derive(Debug)]
pub(super) struct Copying<'a> {
    room: &'a str,
    epoch: u64,
    keep: Keep,
    /// What was skipped and is not told yet.
    gap: Option<Gap>,
    skipped: Skipped,
    taking: Taking<'a>,
}

impl<'a> Copying<'a> {
    pub(super) fn new(room: &'a str, epoch: u64, seat: &Seat, taking: Taking<'a>) -> Self {
        let gap = seat.lag.as_ref().and_then(|lag| lag.gap);
        Self { room, epoch, keep: seat.keep(), gap, skipped: Skipped::default(), taking }
    }

    /// Bytes that were copied, and what stood before them.
    pub(super) const fn bytes(&self) -> usize {
        self.taking.out.len()
    }

    /// Ends the copy and notes at the seat what is to be remembered until the next.
    pub(super) fn finish(mut self, seat: &mut Seat, caught_up: bool) -> Skipped {
        let soon = self.gap.is_some_and(|gap| gap.reason == LagReason::Cap);
        match self.taking.end {
            End::CaughtUp if caught_up => {
                self.keep = Keep::All;
                // Who is capped is told with the next message, not in its place.
                if !soon {
                    self.tell_gap();
                }
            }
            End::Settled => self.tell_gap(),
            End::CaughtUp | End::Detached => {}
        }
        let Self { keep, gap, .. } = self;
        let behind = keep != Keep::All || gap.is_some();
        seat.lag = behind.then(|| Box::new(Lag { keep, gap }));
        self.skipped
    }

    /// Copies a chunk, or what the session is to get of it. `own` are the frames in it that the
    /// session published without wanting an echo: they are no gap, it knows them.
    pub(super) fn copy(&mut self, bytes: &[u8], first_seq: u64, runs: &Runs, own: &[Own]) {
        if self.keep == Keep::All && self.taking.caps.is_none() && own.is_empty() {
            self.tell_gap();
            self.taking.out.extend_from_slice(bytes);
            return;
        }
        let (mut seq, mut start) = (first_seq, 0);
        for run in runs {
            let end = run.end as usize;
            if run.frames == 0 {
                // Figures of who is there: no entry, so whoever is behind has missed nothing.
                if self.keeps(run.class) {
                    self.taking.out.extend_from_slice(&bytes[start..end]);
                }
            } else if own.is_empty() && !self.keeps(run.class) {
                self.skip(Gap::new(seq, run.class, run.frames, LagReason::SlowReader));
            } else {
                self.copy_run(&bytes[start..end], (seq, start), run.class, own);
            }
            seq += u64::from(run.frames);
            start = end;
        }
    }

    fn copy_run(&mut self, run: &[u8], (mut seq, mut at): (u64, usize), class: Class, own: &[Own]) {
        let mut rest = run;
        while let Ok(Some((_, after))) = frame::split(rest, usize::MAX) {
            let frame = &rest[..rest.len() - after.len()];
            if !own.iter().any(|own| own.start as usize == at) {
                self.copy_frame(frame, seq, class);
            }
            seq += 1;
            at += frame.len();
            rest = after;
        }
    }

    fn copy_frame(&mut self, frame: &[u8], seq: u64, class: Class) {
        let now = self.taking.now;
        if !self.keeps(class) {
            self.skip(Gap::new(seq, class, 1, LagReason::SlowReader));
        } else if self.taking.caps.as_mut().is_some_and(|caps| !caps.take(class, now)) {
            self.skip(Gap::new(seq, class, 1, LagReason::Cap));
        } else {
            self.tell_gap();
            self.taking.out.extend_from_slice(frame);
        }
    }

    fn keeps(&self, class: Class) -> bool {
        if probe::planted(Bug::WrongClassSkipped) && self.keep != Keep::All {
            return class == Class::Low;
        }
        self.keep.keeps(class)
    }

    fn skip(&mut self, gap: Gap) {
        match gap.reason {
            LagReason::Cap => self.skipped.cap.add(&gap.skipped),
            _ => self.skipped.slow.add(&gap.skipped),
        }
        if !self.gap.as_mut().is_some_and(|open| open.absorb(&gap)) {
            self.tell_gap();
            self.gap = Some(gap);
        }
    }

    /// Tells what was skipped, if anything was.
    fn tell_gap(&mut self) {
        let Some(gap) = self.gap.take() else { return };
        if probe::planted(Bug::NoticeSkipped) {
            return;
        }
        FromBroker::Push(Push::Lagged(Lagged {
            room: self.room,
            epoch: self.epoch,
            from_seq: gap.from_seq,
            to_seq: gap.to_seq,
            protected: gap.skipped.of(Class::Protected),
            high: gap.skipped.of(Class::High),
            low: gap.skipped.of(Class::Low),
            reason: gap.reason,
            extensions: Extensions::NONE,
        }))
        .write(self.taking.out);
    }
}
