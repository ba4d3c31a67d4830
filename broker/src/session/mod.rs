//! One connection's conversation: who it is, what it has begun to say, what waits for it, and
//! whether it is still alive.
//!
//! ```text
//!            hello is good                    told to go away
//! Greeting ----------------> Open(Identity) ------------------> Leaving ---> closed
//!     |                                                            ^
//!     '------------------------------------------------------------'
//!                     hello is bad, late, too large
//! ```
//! A session knows no room and no other session; its shard moves between them.

pub mod caps;
pub mod flood;
pub mod inbound;
pub mod lag;
pub mod outbound;

use core::net::IpAddr;
use core::time::Duration;

use throng_protocol::value::Role;

use crate::grant::Grant;
use crate::id::{AppId, Badge, ConnectionId, UserHandle};
use crate::limits::{LINGER, PINGS_MISSED_MAX};
use crate::probe::{self, Bug};
use crate::rate::RateWindow;
use crate::time::Instant;

use flood::Flood;
use inbound::Inbound;
use outbound::Outbound;

/// One connection's conversation.
#[derive(Debug)]
pub struct Session {
    /// The connection that carries it.
    pub connection: ConnectionId,
    /// The address it comes from.
    pub peer: IpAddr,
    /// How far it has come.
    pub stage: Stage,
    /// What the peer has begun to say.
    pub inbound: Inbound,
    /// What waits for the peer.
    pub outbound: Outbound,
    /// When the peer was last heard, or when this stage began if that is later.
    heard_at: Instant,
    pings_sent: u32,
    /// Whether receiving is paused until the peer takes what waits for it.
    pub paused: bool,
    /// The earliest moment for which the shard has set a timer.
    pub timer_at: Option<Instant>,
}

/// How far a session has come.
#[derive(Debug)]
pub enum Stage {
    /// Connected; its hello is awaited.
    Greeting,
    /// Authenticated.
    Open(Box<Identity>),
    /// Told to go away; `true` once nothing more will be sent.
    Leaving {
        /// Whether the peer was told that nothing more will come.
        shut_down: bool,
    },
}

/// Who a session is.
#[derive(Debug)]
pub struct Identity {
    /// Its app.
    pub app: AppId,
    /// Its user, by handle.
    pub user: UserHandle,
    /// Its user's id, as others see it.
    pub name: Box<str>,
    /// Its device; a new session of the same user and device replaces it.
    pub device: Box<str>,
    /// Its role.
    pub role: Role,
    /// What its token grants it; nothing of a development app's, which reaches everything for ever.
    pub grant: Option<Box<Grant>>,
    /// Its requests, other than messages.
    pub requests: RateWindow,
    /// Those of them that ask for the members of rooms, once there was one.
    pub member_queries: Option<Box<RateWindow>>,
    /// Whether it heeds its refusals.
    pub flood: Flood,
}

impl Identity {
    /// When its token ends, if it has one.
    fn ends(&self) -> Option<Instant> {
        let grant = self.grant.as_ref().filter(|_| !probe::planted(Bug::ExpiredStays));
        grant.map(|own| own.ends)
    }
}

/// How long a peer may take for what (reliability: slow senders, half-open peers).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the hello, from the moment of connecting.
    pub hello: Duration,
    /// For a frame, from its first byte.
    pub frame: Duration,
    /// For a sign of life; asked for that many times, then the session ends.
    pub ping_after: Duration,
}

/// What a session's deadline calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overdue {
    /// Nothing; it was a timer of the past.
    Nothing,
    /// The hello is late.
    Hello,
    /// A frame is late.
    Frame,
    /// The time of its token is over.
    Token,
    /// Tell what was skipped because the receiver is capped.
    Gap,
    /// Ask whether the peer is there.
    Ping,
    /// It was asked often enough.
    Silent,
    /// It was told to go away and had time to read it.
    Linger,
}

impl Session {
    /// A connection that has just come in.
    #[must_use]
    pub fn new(connection: ConnectionId, peer: IpAddr, now: Instant) -> Self {
        Self {
            connection,
            peer,
            stage: Stage::Greeting,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            heard_at: now,
            pings_sent: 0,
            paused: false,
            timer_at: None,
        }
    }

    /// Who it is, once that is known.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.stage {
            Stage::Open(identity) => Some(identity),
            Stage::Greeting | Stage::Leaving { .. } => None,
        }
    }

    /// The same, to change it.
    pub fn identity_mut(&mut self) -> Option<&mut Identity> {
        match &mut self.stage {
            Stage::Open(identity) => Some(identity),
            Stage::Greeting | Stage::Leaving { .. } => None,
        }
    }

    /// Whether it was told to go away.
    #[must_use]
    pub const fn is_leaving(&self) -> bool {
        matches!(self.stage, Stage::Leaving { .. })
    }

    /// The audience it sat down in last, and what it is called in that room.
    #[must_use]
    pub fn last_seat(&self) -> Option<(u32, Badge)> {
        self.outbound.seats.last().map(|seat| (seat.audience, seat.badge))
    }

    /// Bytes came in. Before the hello is done they buy no time.
    pub fn record_heard(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Open(_)) {
            self.heard_at = now;
            self.pings_sent = 0;
        }
    }

    /// The hello was good.
    pub fn open(&mut self, identity: Identity, now: Instant) {
        self.stage = Stage::Open(Box::new(identity));
        self.heard_at = now;
    }

    /// It is told to go away; what it says from now on is not read.
    pub fn leave(&mut self, now: Instant) -> Option<Identity> {
        self.heard_at = now;
        self.inbound = Inbound::default();
        match core::mem::replace(&mut self.stage, Stage::Leaving { shut_down: false }) {
            Stage::Open(identity) => Some(*identity),
            Stage::Greeting | Stage::Leaving { .. } => None,
        }
    }

    /// When something is due next if nothing is heard until then.
    #[must_use]
    pub fn deadline(&self, patience: &Patience) -> Instant {
        match self.stage {
            Stage::Greeting => self.heard_at + patience.hello,
            Stage::Leaving { .. } => self.heard_at + LINGER,
            Stage::Open(ref identity) => {
                let life = self.heard_at + patience.ping_after * (self.pings_sent + 1);
                let frame = self.inbound.since().map(|since| since + patience.frame);
                let gap = self.outbound.caps.as_ref().and_then(|caps| caps.tell_by);
                [frame, gap, identity.ends()].into_iter().flatten().fold(life, Instant::min)
            }
        }
    }

    /// What is due now. Counts a ping that it calls for.
    pub fn expire(&mut self, now: Instant, patience: &Patience) -> Overdue {
        if self.deadline(patience) > now {
            return Overdue::Nothing;
        }
        match self.stage {
            Stage::Greeting => Overdue::Hello,
            Stage::Leaving { .. } => Overdue::Linger,
            Stage::Open(ref identity) => {
                if identity.ends().is_some_and(|ends| ends <= now) {
                    return Overdue::Token;
                }
                if self.inbound.since().is_some_and(|since| since + patience.frame <= now) {
                    return Overdue::Frame;
                }
                let caps = self.outbound.caps.as_mut();
                if caps.and_then(|caps| caps.tell_by.take_if(|by| *by <= now)).is_some() {
                    return Overdue::Gap;
                }
                if self.pings_sent >= PINGS_MISSED_MAX {
                    return Overdue::Silent;
                }
                self.pings_sent += 1;
                Overdue::Ping
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;
    use crate::slots::Slot;

    const PATIENCE: Patience = Patience {
        hello: Duration::from_secs(3),
        frame: Duration::from_secs(10),
        ping_after: Duration::from_secs(30),
    };

    fn second(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn session() -> Session {
        Session::new(ConnectionId { slot: 0, generation: 0 }, Ipv4Addr::LOCALHOST.into(), second(0))
    }

    fn open_session() -> Session {
        let mut session = session();
        let identity = Identity {
            app: AppId(0),
            user: UserHandle(Slot { index: 0, generation: 0 }),
            name: "u".into(),
            device: "d".into(),
            role: Role::Client,
            grant: None,
            requests: RateWindow::new(None, crate::rate::SECOND),
            member_queries: None,
            flood: Flood::default(),
        };
        session.open(identity, second(0));
        session
    }

    #[test]
    fn bytes_buy_a_stranger_no_time() {
        let mut session = session();
        session.record_heard(second(2));
        assert_eq!(session.deadline(&PATIENCE), second(3));
        assert_eq!(session.expire(second(3), &PATIENCE), Overdue::Hello);
    }

    #[test]
    fn a_silent_peer_is_asked_twice_and_then_cut() {
        let mut session = open_session();
        assert_eq!(session.expire(second(29), &PATIENCE), Overdue::Nothing);
        assert_eq!(session.expire(second(30), &PATIENCE), Overdue::Ping);
        assert_eq!(session.expire(second(30), &PATIENCE), Overdue::Nothing);
        assert_eq!(session.expire(second(60), &PATIENCE), Overdue::Ping);
        assert_eq!(session.expire(second(90), &PATIENCE), Overdue::Silent);
    }

    #[test]
    fn a_sign_of_life_starts_anew() {
        let mut session = open_session();
        assert_eq!(session.expire(second(30), &PATIENCE), Overdue::Ping);
        session.record_heard(second(31));
        assert_eq!(session.deadline(&PATIENCE), second(61));
    }

    #[test]
    fn a_trickled_frame_is_late_although_its_peer_is_alive() {
        let mut session = open_session();
        session.inbound.keep_new(b"x", second(5));
        session.record_heard(second(14));
        assert_eq!(session.deadline(&PATIENCE), second(15));
        assert_eq!(session.expire(second(15), &PATIENCE), Overdue::Frame);
    }
}
