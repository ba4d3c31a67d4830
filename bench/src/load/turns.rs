//! What the load does all the time: look, read what is there, publish what may be published.

use core::ops::ControlFlow;
use std::time::Duration;

use anyhow::Context as _;
use mio::Events;
use mio::Token;
use mio::event::Event;

use crate::load::ear::Ear;
use crate::load::member::{BEYOND_ALL, Presence};
use crate::load::order::Flaws;
use crate::load::publisher::Pen;
use crate::load::schedule::Schedule;
use crate::load::{Load, Pace, dialect};

/// Sockets one look at the kernel may tell of. Few, because nothing is published while they are
/// read, and what comes due meanwhile is late by the load's own fault.
pub const EVENTS_PER_TURN: usize = 32;

/// Messages that may come due in one turn.
const DUE_PER_TURN: usize = 1024;

/// How often it is checked whether the server is alive and nobody asked for the end.
const WATCH_EVERY_NS: u64 = 50_000_000;

/// How long nothing must have come before what is still missing is given up.
const SILENCE_NS: u64 = 1_000_000_000;

/// How long to listen after the end for what should not come.
const AFTERMATH: Duration = Duration::from_millis(50);

/// What is published to have announced what was skipped at the very end.
const LAST_WORDS_PER_SECOND: f64 = 100.0;
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Asked now and then whether to go on.
pub type Watch<'a> = &'a mut dyn FnMut() -> anyhow::Result<()>;

/// How what was in flight has come to its end.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// How long that took, up to the last thing that came.
    pub took: Duration,
    /// Whether there is nothing more to come.
    pub in_time: bool,
}

impl Load {
    /// Publishes and reads for that long.
    ///
    /// # Errors
    /// When a session ends, something comes that should not, or `watch` fails.
    pub fn run_for(&mut self, duration: Duration, watch: Watch<'_>) -> anyhow::Result<()> {
        let now = self.tally.clock.now_ns();
        let duration_ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let end = now.saturating_add(duration_ns);
        self.run_until(watch, |load| Ok(load.turn_ended_at >= end))
    }

    /// Publishes and reads until something beside it is over; a step of that follows each turn,
    /// and its time is the load's own.
    ///
    /// # Errors
    /// As [`Load::run_for`], and when a step fails.
    pub fn run_beside(
        &mut self,
        watch: Watch<'_>,
        beside: &mut dyn FnMut() -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        self.run_until(watch, |load| {
            let going = beside()?;
            let now = load.tally.clock.now_ns();
            load.tally.counts.busy_ns += now - load.turn_ended_at;
            load.turn_ended_at = now;
            Ok(going.is_break())
        })
    }

    /// Publishes no more and reads until every member has what was published and not turned
    /// down, but no longer than that, and not while nothing comes. Gives what went wrong in the
    /// whole run.
    ///
    /// # Errors
    /// As [`Load::run_for`].
    pub fn drain(&mut self, patience: Duration, watch: Watch<'_>) -> anyhow::Result<Flaws> {
        self.settle(patience, watch)?;
        self.run_for(AFTERMATH, watch)?;
        Ok(self.flaws(false))
    }

    /// Publishes no more and reads until all is settled, as [`Load::drain`].
    ///
    /// # Errors
    /// As [`Load::run_for`].
    pub fn settle(&mut self, patience: Duration, watch: Watch<'_>) -> anyhow::Result<Settled> {
        self.set_pace(Pace::Silent);
        let began = self.tally.clock.now_ns();
        self.heard_at = began;
        let patience_ns = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        let deadline = began.saturating_add(patience_ns);
        self.run_until(watch, |load| {
            let now = load.turn_ended_at;
            Ok(now >= deadline || now >= load.heard_at + SILENCE_NS || load.is_settled())
        })?;
        Ok(Settled {
            took: Duration::from_nanos(self.heard_at - began),
            in_time: self.turn_ended_at < deadline,
        })
    }

    /// Publishes a few messages more and settles again: a broker announces what it has skipped
    /// for a member before the room's next message, and there may be none.
    ///
    /// # Errors
    /// As [`Load::run_for`].
    pub fn round_off(&mut self, patience: Duration, watch: Watch<'_>) -> anyhow::Result<()> {
        let now = self.tally.clock.now_ns();
        self.set_pace(Pace::Open(Schedule::even(now, LAST_WORDS_PER_SECOND, self.publishers())));
        self.run_for(LAST_WORDS, watch)?;
        self.settle(patience, watch).map(drop)
    }

    /// Whether all is answered and delivered.
    fn is_settled(&self) -> bool {
        let publishers = self.publishers.iter().zip(&self.headway);
        publishers.into_iter().all(|(publisher, headway)| {
            publisher.is_quiet() && publisher.ledger.in_flight(headway, 0).on_their_way() == 0
        })
    }

    fn run_until(
        &mut self,
        watch: Watch<'_>,
        mut done: impl FnMut(&mut Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        self.turn_ended_at = self.tally.clock.now_ns();
        let mut watch_at = self.turn_ended_at + WATCH_EVERY_NS;
        while !done(self)? {
            if let Err(error) = self.turn() {
                // A server that is gone explains more than the connection it left.
                std::thread::sleep(AFTERMATH);
                watch()?;
                return Err(error);
            }
            if self.turn_ended_at >= watch_at {
                watch()?;
                watch_at = self.turn_ended_at + WATCH_EVERY_NS;
            }
        }
        Ok(())
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        let mut events = self.events.take().expect("put back at the end of each turn");
        let worked = self.look_and_read(&mut events);
        self.events = Some(events);
        let worked = worked? | self.publish()?;
        let now = self.tally.clock.now_ns();
        let spent = now - self.turn_ended_at;
        self.turn_ended_at = now;
        if worked {
            self.tally.counts.busy_ns += spent;
        } else {
            self.tally.counts.idle_ns += spent;
        }
        Ok(())
    }

    /// Looks once and reads what is there; tells whether that was anything.
    fn look_and_read(&mut self, events: &mut Events) -> anyhow::Result<bool> {
        match self.poll.poll(events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(false),
            polled => polled.context("cannot wait")?,
        }
        if events.is_empty() {
            return Ok(false);
        }
        for event in events.iter() {
            let Token(number) = event.token();
            if number < self.members.len() {
                self.hear_member(number)?;
            } else {
                self.serve_publisher(number - self.members.len(), event)?;
            }
        }
        self.heard_at = self.turn_ended_at;
        Ok(true)
    }

    fn hear_member(&mut self, number: usize) -> anyhow::Result<()> {
        let heard = self.read_member(number);
        let Err(error) = heard else {
            return Ok(());
        };
        if !self.may_lose_members {
            return Err(error.context(format!("member {number}")));
        }
        self.take_out(number, Presence::Gone)
    }

    fn read_member(&mut self, number: usize) -> anyhow::Result<()> {
        let member = &mut self.members[number];
        if member.presence != Presence::Here {
            return Ok(());
        }
        let room = &self.rooms[member.room];
        let first_publisher = room.publishers.start;
        let mut ear = Ear {
            expected: &room.expected,
            got: &mut self.got[member.got_start..][..room.publishers.len()],
            headway: &mut self.headway[room.publishers.clone()],
            first_publisher: u32::try_from(first_publisher).expect("fewer than sockets"),
            moved: &mut self.moved,
            record: &mut member.record,
            arrived_at: None,
            tally: &mut self.tally,
            out: &mut self.out,
        };
        let dialect = &*self.dialect;
        member.wire.receive(&mut self.buffer, |received| {
            ear.tally.counts.reads += 1;
            ear.arrived_at = member.sampled.then(|| ear.tally.clock.now_ns());
            let taken = dialect.hear_room(received, &mut ear)?;
            ear.tally.counts.bytes += taken as u64;
            Ok(taken)
        })?;
        if !self.out.is_empty() {
            member.wire.out().append(&mut self.out);
            member.wire.write()?;
        }
        Ok(())
    }

    fn serve_publisher(&mut self, number: usize, event: &Event) -> anyhow::Result<()> {
        let publisher = &mut self.publishers[number];
        if event.is_readable() {
            let mut answers = dialect::Answers {
                ledger: &mut publisher.ledger,
                counts: &mut self.tally.counts,
                out: &mut self.out,
            };
            let dialect = &*self.dialect;
            publisher
                .wire
                .receive(&mut self.buffer, |received| dialect.hear_answers(received, &mut answers))
                .with_context(|| format!("publisher {number}"))?;
            publisher.wire.out().append(&mut self.out);
        }
        self.list(number);
        Ok(())
    }

    /// Reads what came while sessions were opened and nobody asked for.
    pub(super) fn hear_held(&mut self) -> anyhow::Result<()> {
        for number in 0..self.members.len() {
            self.read_member(number).with_context(|| format!("member {number}"))?;
        }
        for number in 0..self.publishers.len() {
            self.list(number);
        }
        Ok(())
    }

    pub(super) fn list(&mut self, publisher: usize) {
        let headway = &mut self.headway[publisher];
        if !headway.listed {
            headway.listed = true;
            self.moved.push(u32::try_from(publisher).expect("fewer than sockets"));
        }
    }

    pub(super) fn list_all(&mut self) {
        for number in 0..self.publishers.len() {
            self.list(number);
        }
    }

    /// Lets those publish who may; tells whether anything was said.
    fn publish(&mut self) -> anyhow::Result<bool> {
        self.take_what_is_due();
        let mut worked = false;
        let mut moved = core::mem::take(&mut self.moved);
        for &number in &moved {
            let number = number as usize;
            self.headway[number].listed = false;
            if self.headway[number].is_stale() {
                self.find_slowest(number);
            }
            let said = self.speak(number).with_context(|| format!("publisher {number}"));
            worked |= said?;
        }
        moved.clear();
        self.moved = moved;
        Ok(worked)
    }

    /// Takes what has come due off the time table and gives it to its publishers.
    fn take_what_is_due(&mut self) {
        let Pace::Open(schedule) = &mut self.pace else {
            return;
        };
        let now = self.tally.clock.now_ns();
        for _ in 0..DUE_PER_TURN {
            let Some((due_at, publisher)) = schedule.take(now) else {
                break;
            };
            self.tally.counts.offered += 1;
            self.tally.record_publish(due_at, now);
            self.publishers[publisher as usize].due.push_back(due_at);
            let headway = &mut self.headway[publisher as usize];
            if !headway.listed {
                headway.listed = true;
                self.moved.push(publisher);
            }
        }
    }

    /// Lets one publisher say what it may; tells whether that was anything.
    fn speak(&mut self, number: usize) -> anyhow::Result<bool> {
        let publisher = &mut self.publishers[number];
        let before = publisher.ledger.published;
        let mut pen = Pen {
            dialect: &self.dialect,
            room: &self.rooms[publisher.room as usize].name,
            payload: &mut self.payload,
            now: self.tally.clock.now_ns(),
            tally: &mut self.tally,
        };
        match &self.pace {
            Pace::Closed { window } => {
                let in_flight = publisher.ledger.in_flight(&self.headway[number], *window);
                publisher.publish(in_flight.allowance(), &mut pen)?;
            }
            Pace::Open(_) => publisher.publish_due(&mut pen)?,
            Pace::Silent => publisher.wire.write()?,
        }
        Ok(publisher.ledger.published > before)
    }

    /// Finds out what the slowest member has of one publisher.
    pub(super) fn find_slowest(&mut self, publisher: usize) {
        let room = &self.rooms[self.publishers[publisher].room as usize];
        let (publishers, in_room) = (room.publishers.len(), publisher - room.publishers.start);
        let got = &self.got[room.got_start..][..room.members.len() * publishers];
        let headway = &mut self.headway[publisher];
        let before = headway.slowest;
        headway.find_slowest(got.iter().skip(in_room).step_by(publishers).copied());
        let ledger = &mut self.publishers[publisher].ledger;
        let everywhere = headway.slowest.min(ledger.published);
        if before < everywhere && headway.slowest != BEYOND_ALL {
            let now = self.tally.clock.now_ns();
            for number in before + 1..=everywhere {
                if let Some(due_at) = ledger.due_at(number) {
                    self.tally.record_everywhere(due_at, now);
                }
            }
        }
        ledger.settle(everywhere);
    }
}
