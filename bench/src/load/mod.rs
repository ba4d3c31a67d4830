//! The load: one thread, one epoll, busy polling, members and publishers of some rooms.
//!
//! It owns every socket of a round and all that is counted on them. It never sleeps while it
//! measures, because a sleeping load bills its wake-ups to the server. The scenario says when to
//! run, at what pace, for how long, and what to do with the counts; the load knows nothing of
//! processes. Read in this order: `plan`, `crowd` (how sessions are opened), `dialect`, `ear`
//! (what a delivery is checked for), `window` and `schedule` (when something is published),
//! `turns` (what is done all the time).

pub mod class;
pub mod crowd;
pub mod dialect;
mod ear;
mod headway;
mod ledger;
pub mod line;
mod member;
pub mod order;
pub mod plan;
mod publisher;
pub mod schedule;
mod stamp;
pub mod tally;
pub mod turns;
mod window;
mod wire;

use core::ops::Range;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use mio::{Events, Interest, Poll, Token};

use crate::Stop;
use crowd::{Crowd, Door, Session};
use dialect::{Dialect, Place};
use ear::{Expected, Record};
use headway::Headway;
use ledger::Ledger;
use member::{BEYOND_ALL, Member, Presence};
use order::Flaws;
use plan::Plan;
use publisher::Publisher;
use schedule::Schedule;
use tally::Tally;
use wire::Wire;

pub use stamp::STAMP_BYTES;

/// Every how many members one is in the sample whose latencies are measured.
pub const SAMPLE_EVERY: usize = 16;

/// Bytes of one receive. Larger than any delivery, so that a whole one always fits.
const RECEIVE_BYTES: usize = 256 * 1024;

/// What the kernel may keep for a member that has stopped reading: what it has by default, and
/// no growth. Less would have it drop what it has offered place for, and then it is the resending
/// that is measured.
const STALLED_RECEIVE_BYTES: usize = 64 * 1024;

/// What it may keep once it reads on.
const AWAKE_RECEIVE_BYTES: usize = 1024 * 1024;

/// Messages in flight that all publishers together keep the due times of, in an open loop.
const RECENT_MESSAGES: usize = 65_536;

/// When something is published.
#[derive(Debug, Clone)]
pub enum Pace {
    /// Nothing is.
    Silent,
    /// As much as may be in flight, for each publisher.
    Closed {
        /// Messages a publisher may have in flight.
        window: u32,
    },
    /// By a time table, whatever the server does.
    Open(Schedule),
}

/// A room.
#[derive(Debug)]
struct Room {
    name: String,
    /// Its members, by number.
    members: Range<usize>,
    /// Its publishers, by number.
    publishers: Range<usize>,
    /// Where its members' part of what all have got begins.
    got_start: usize,
    expected: Expected,
    /// The last message before the load.
    start_seq: u64,
}

/// The load.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    events: Option<Events>,
    dialect: Rc<dyn Dialect>,
    rooms: Vec<Room>,
    members: Vec<Member>,
    publishers: Vec<Publisher>,
    /// The last message each member has of each publisher of its room, room by room, member by
    /// member; apart from the members so that the slowest is found in few cache lines.
    got: Vec<u64>,
    /// How far each publisher's messages have come.
    headway: Vec<Headway>,
    /// Publishers that may be able to publish, or whose messages have come further.
    moved: Vec<u32>,
    pace: Pace,
    may_lose_members: bool,
    payload: Vec<u8>,
    buffer: Vec<u8>,
    /// What has to be said back to the one who speaks.
    out: Vec<u8>,
    turn_ended_at: u64,
    /// When something came last.
    heard_at: u64,
    /// What was counted.
    pub tally: Tally,
}

impl Load {
    /// Connects all members and publishers.
    ///
    /// # Errors
    /// When the server does not let them in.
    pub fn open(door: &Door, plan: &Plan, stop: &Stop) -> anyhow::Result<Self> {
        let crowd = Crowd::open(door, &plan.guests(), crowd::AT_A_TIME, stop)?;
        let (poll, sessions) = crowd.into_sessions();
        let mut payload = vec![0; STAMP_BYTES];
        let pattern = (0..=u8::MAX).cycle();
        payload.extend(pattern.take(plan.payload_bytes - STAMP_BYTES));
        let mut load = Self {
            poll,
            events: Some(Events::with_capacity(turns::EVENTS_PER_TURN)),
            dialect: Rc::clone(&door.dialect),
            rooms: Vec::new(),
            members: Vec::new(),
            publishers: Vec::new(),
            got: Vec::new(),
            headway: Vec::new(),
            moved: Vec::new(),
            pace: Pace::Silent,
            may_lose_members: plan.may_lose_members,
            payload,
            buffer: vec![0; RECEIVE_BYTES],
            out: Vec::new(),
            turn_ended_at: 0,
            heard_at: 0,
            tally: Tally::new(),
        };
        load.seat(plan, sessions)?;
        load.hear_held()?;
        Ok(load)
    }

    /// Gives everyone a place.
    fn seat(&mut self, plan: &Plan, sessions: Vec<Session>) -> anyhow::Result<()> {
        let recent = RECENT_MESSAGES / usize::try_from(plan.publishers())?.max(1);
        let recent = recent.clamp(64, RECENT_MESSAGES).max(plan.window_max as usize);
        let mut sessions = sessions.into_iter();
        let mut first_publisher = 0;
        for (number, room) in plan.rooms.iter().enumerate() {
            let members = sessions.by_ref().take(room.members as usize);
            self.seat_room(plan, number, members)
                .with_context(|| format!("room {}", plan.room_name(number)))?;
            let publishers = usize::from(room.publishers);
            self.rooms[number].publishers = first_publisher..first_publisher + publishers;
            first_publisher += publishers;
        }
        for (number, room) in plan.rooms.iter().enumerate() {
            for in_room in 0..room.publishers {
                let session = sessions.next().context("fewer sessions than guests")?;
                self.publishers.push(Publisher {
                    wire: Wire::new(session),
                    room: u32::try_from(number)?,
                    in_room,
                    ledger: Ledger::new(plan.mix, self.dialect.answers(), recent),
                    due: std::collections::VecDeque::new(),
                });
                self.headway.push(Headway::new(room.members));
            }
        }
        Ok(())
    }

    fn seat_room(
        &mut self,
        plan: &Plan,
        number: usize,
        sessions: impl Iterator<Item = Session>,
    ) -> anyhow::Result<()> {
        let first = self.members.len();
        let got_start = self.got.len();
        let publishers = usize::from(plan.rooms[number].publishers);
        let mut shared: Option<Place> = None;
        for session in sessions {
            let place = session.place;
            // Nothing is published before the load starts, so all come in at the same place.
            let alone = *shared.get_or_insert(place) == place;
            ensure!(alone, "something happens in it besides the load");
            self.members.push(Member {
                room: number,
                got_start: self.got.len(),
                sampled: self.members.len().is_multiple_of(SAMPLE_EVERY),
                presence: Presence::Here,
                had: Vec::new(),
                record: Record::new(place),
                wire: Wire::new(session),
            });
            self.got.resize(self.got.len() + publishers, 0);
        }
        let place = shared.context("it has no members")?;
        let name = plan.room_name(number);
        let expected = Expected {
            room: u32::try_from(number)?,
            beginning: self.dialect.beginning(&name, place.epoch, plan.payload_bytes),
            payload_bytes: plan.payload_bytes,
            filling: self.payload[STAMP_BYTES..].into(),
        };
        self.rooms.push(Room {
            name,
            members: first..self.members.len(),
            publishers: 0..0,
            got_start,
            expected,
            start_seq: place.seq,
        });
        Ok(())
    }

    /// Publishes at this pace from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        for publisher in &mut self.publishers {
            publisher.due.clear();
        }
        self.list_all();
    }

    /// Messages that have come due and wait for place in their publishers' sockets.
    pub fn held_back(&self) -> u64 {
        self.publishers.iter().map(|publisher| publisher.due.len() as u64).sum()
    }

    /// Publishers of all rooms.
    pub fn publishers(&self) -> u32 {
        u32::try_from(self.publishers.len()).expect("there are fewer sockets than that")
    }

    /// Lets this share of the members read no more, evenly spread. Gives how many they are.
    ///
    /// # Errors
    /// When the epoll does not let them go.
    pub fn stall(&mut self, share: f64) -> anyhow::Result<usize> {
        let mut stalled = 0;
        for number in 0..self.members.len() {
            // One more each time the sum passes a whole number.
            let (before, after) = (number as f64 * share, (number + 1) as f64 * share);
            if after.floor() > before.floor() {
                let stream = self.members[number].wire.stream();
                socket2::SockRef::from(&*stream).set_recv_buffer_size(STALLED_RECEIVE_BYTES)?;
                self.take_out(number, Presence::Stalled)?;
                stalled += 1;
            }
        }
        self.list_all();
        Ok(stalled)
    }

    /// Lets all who have stopped reading go on, from where they were.
    ///
    /// # Errors
    /// When the epoll does not take them back.
    pub fn wake(&mut self) -> anyhow::Result<()> {
        for (number, member) in self.members.iter_mut().enumerate() {
            if member.presence == Presence::Stalled {
                member.presence = Presence::Here;
                let had = core::mem::take(&mut member.had);
                self.got[member.got_start..][..had.len()].copy_from_slice(&had);
                let stream = member.wire.stream();
                socket2::SockRef::from(&*stream).set_recv_buffer_size(AWAKE_RECEIVE_BYTES)?;
                self.poll.registry().register(stream, Token(number), Interest::READABLE)?;
            }
        }
        for publisher in 0..self.publishers.len() {
            self.find_slowest(publisher);
        }
        Ok(())
    }

    /// Members that were cut off.
    pub fn members_gone(&self) -> usize {
        self.members.iter().filter(|member| member.presence == Presence::Gone).count()
    }

    /// Why the first message that was turned down was.
    pub fn first_refusal(&self) -> Option<&str> {
        self.publishers.iter().find_map(|publisher| publisher.ledger.first_refusal.as_deref())
    }

    /// What went wrong, for those who take part. What has not come yet is lost, unless it is
    /// `awaited`: then only what was left out on the way to the last that came is.
    pub fn flaws(&self, awaited: bool) -> Flaws {
        let mut flaws = Flaws::default();
        let mut published = Vec::new();
        for room in &self.rooms {
            let publishers = &self.publishers[room.publishers.clone()];
            published.clear();
            published.extend(publishers.iter().map(|publisher| publisher.ledger.published));
            let end = self.dialect.has_places().then(|| {
                let last = publishers.iter().map(|publisher| publisher.ledger.last_seq).max();
                last.unwrap_or(0).max(room.start_seq)
            });
            for member in &self.members[room.members.clone()] {
                if member.presence == Presence::Here {
                    let got = &self.got[member.got_start..][..publishers.len()];
                    let (published, end) = if awaited {
                        (got, end.map(|_| member.record.seq))
                    } else {
                        (&published[..], end)
                    };
                    flaws.add(&member.record.flaws(got, published, end));
                }
            }
        }
        for publisher in &self.publishers {
            let ledger = &publisher.ledger;
            let unanswered = if awaited { 0 } else { ledger.unanswered };
            flaws.refused += ledger.turned_down + u64::from(unanswered);
        }
        flaws
    }

    /// A member takes no part any more: nobody waits for it, and it is not read.
    fn take_out(&mut self, number: usize, presence: Presence) -> anyhow::Result<()> {
        let member = &mut self.members[number];
        member.presence = presence;
        self.poll.registry().deregister(member.wire.stream())?;
        let room = &self.rooms[member.room];
        let publishers = room.publishers.clone();
        let got = &mut self.got[member.got_start..][..publishers.len()];
        member.had = got.to_vec();
        got.fill(BEYOND_ALL);
        for publisher in publishers {
            self.find_slowest(publisher);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
