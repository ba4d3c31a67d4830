//! What rooms answer to the sessions homed here.
//!
//! A room's home is the authority on who is in it. What is known here follows its answers, in
//! the order they were decided; a session that goes away, or that its user takes elsewhere, is
//! out at once here and the home is told. An answer whose session is gone is still heeded: the
//! room is told that the session is not there.

use throng_protocol::Code;
use throng_protocol::frame::FromBroker;
use throng_protocol::push::LeftRoom;
use throng_protocol::reply::{
    Accepted, Created, Destroyed, Joined, Left, ListChanged, Reply, RoomLimitsSet, RoomState,
};
use throng_protocol::value::{Extensions, LeftReason, RoomRole};

use crate::envelope::{Answer, Envelope, Ticket};
use crate::id::{Badge, ConnectionId, RoomHandle, SessionKey, UserHandle};
use crate::probe::{self, Bug, Mark};
use crate::room::JoinedAt;
use crate::session::outbound::Seat;
use crate::shard::Shard;
use crate::shard::audience::Opening;
use crate::shard::users::Membership;

const NONE: Extensions<'static> = Extensions::NONE;

/// A session's place in a room, as the room's home gave it.
#[derive(Debug)]
struct Seating {
    name: Box<str>,
    room: RoomHandle,
    badge: Badge,
    epoch: u64,
    protected: bool,
}

impl Shard {
    pub(super) fn on_answer(&mut self, ticket: Ticket, answer: Answer) {
        let reply = match answer {
            Answer::Joined { name, room, badge, at, protected } => {
                let seating = Seating { name, room, badge, epoch: at.epoch, protected };
                return self.on_joined(ticket, seating, at);
            }
            Answer::Left { room } => {
                let asked = ticket.session.connection;
                if !probe::planted(Bug::DeliverAfterLeave) {
                    self.unseat_user(ticket.user, room, LeftReason::Elsewhere, asked);
                }
                Left { extensions: NONE }.into()
            }
            Answer::Accepted { epoch, seq, time } => {
                Accepted { epoch, seq, time: time.as_micros(), extensions: NONE }.into()
            }
            Answer::State(state) => RoomState {
                epoch: state.epoch,
                seq: state.seq,
                created_at: state.created_at.as_micros(),
                members: state.members,
                occupants: state.occupants,
                ..RoomState::default()
            }
            .into(),
            Answer::Created { epoch, created_at } => {
                Created { epoch, created_at: created_at.as_micros(), extensions: NONE }.into()
            }
            Answer::Destroyed => Destroyed { extensions: NONE }.into(),
            Answer::ListChanged { size } => ListChanged { size, extensions: NONE }.into(),
            Answer::LimitsSet => RoomLimitsSet { extensions: NONE }.into(),
            Answer::Names(names) => return self.reply_names(ticket, &names),
            Answer::Limits(room) => return self.reply_limits(ticket, Some(&room)),
            Answer::Counters(census) => return self.reply_counters(ticket, &census),
            Answer::Shed(shed) => {
                return self.tell_shed(ticket.session.connection, ticket.request, shed);
            }
            Answer::Refused(refusal) => {
                return self.refuse(ticket.session.connection, ticket.request, refusal);
            }
        };
        self.reply(ticket, reply);
    }

    pub(super) fn reply(&mut self, ticket: Ticket, reply: Reply<'_>) {
        if self.is_open(ticket.session.connection) {
            let reply = FromBroker::Reply(ticket.request, reply);
            self.queue(ticket.session.connection, &reply);
        }
    }

    /// Whether a connection is an authenticated session that was not told to go away.
    pub(super) fn is_open(&self, connection: ConnectionId) -> bool {
        self.sessions.get(connection).is_some_and(|own| own.identity().is_some())
    }

    fn on_joined(&mut self, ticket: Ticket, seating: Seating, at: JoinedAt) {
        let connection = ticket.session.connection;
        if !self.is_open(connection) {
            probe::mark(Mark::JoinedTooLate);
            let Seating { room, badge, .. } = seating;
            let vacate = Envelope::Vacate { room, badge, session: ticket.session };
            return self.post.tell(room.shard, vacate);
        }
        self.take_seat(connection, ticket.user, seating);
        let left = self.leave_oldest(ticket.user, connection);
        let reply = Joined {
            epoch: at.epoch,
            seq: at.seq,
            created_at: at.created_at.as_micros(),
            members: at.members,
            left: left.as_deref().unwrap_or_default(),
            role: RoomRole::Visitor,
            // Nothing that was missed is kept yet.
            recovery: Code::NOT_SUPPORTED,
            ..Joined::default()
        };
        self.reply(ticket, reply.into());
    }

    /// Seats a session in a room's audience, and notes that its user is a member.
    fn take_seat(&mut self, connection: ConnectionId, user: UserHandle, seating: Seating) {
        let Seating { name, room, badge, epoch, protected } = seating;
        let session = self.sessions.get(connection).and_then(|own| own.identity());
        let app = session.expect("the caller found it open").app;
        let audience = self.audiences.open(Opening { room, name, epoch, app });
        // Joining again: what waits in the room comes before the answer, as its seq says.
        self.settle(connection, audience);
        let session = self.sessions.get_mut(connection).expect("the caller found it open");
        let seats = &mut session.outbound.seats;
        if let Some(seat) = seats.iter_mut().find(|seat| seat.audience == audience) {
            probe::mark(Mark::JoinedAgain);
            seat.badge = badge;
        } else {
            let occupant = self.audiences.get_mut(audience).seat(connection);
            seats.push(Seat { audience, occupant, badge, lag: None });
        }
        let member = badge.member;
        let user = self.users.get_mut(user).expect("a user lives as long as its sessions");
        match user.rooms.iter_mut().find(|own| own.room == room) {
            Some(own) => (own.member, own.protected) = (member, protected),
            None => user.rooms.push(Membership { room, audience, member, protected }),
        }
    }

    /// What a user says in a room is protected from now on, or no longer.
    pub(super) fn on_standing(&mut self, session: SessionKey, room: RoomHandle, protected: bool) {
        let session = self.sessions.get(session.connection).and_then(|own| own.identity());
        let Some(user) = session.and_then(|own| self.users.get_mut(own.user)) else { return };
        if let Some(own) = user.rooms.iter_mut().find(|own| own.room == room) {
            own.protected = protected;
        }
    }

    /// Takes a user out of the rooms it joined longest ago until it is in no more than it may
    /// be. The name of the last one left.
    fn leave_oldest(&mut self, user: UserHandle, connection: ConnectionId) -> Option<Box<str>> {
        let identity = self.sessions.get(connection)?.identity()?;
        let rooms_max = self.rooms_per_user(identity.app, identity.role) as usize;
        let mut left = None;
        while let Some(entry) = self.users.get(user)
            && entry.rooms.len() > rooms_max
        {
            let Membership { room, audience, .. } = entry.rooms[0];
            let name = self.audiences.get(audience).name.clone();
            for (session, badge) in
                self.unseat_user(user, room, LeftReason::JoinedAnother, connection)
            {
                self.post.tell(room.shard, Envelope::Vacate { room, badge, session });
            }
            probe::mark(Mark::LeftOldest);
            left = Some(name);
        }
        left
    }

    /// Takes all sessions of a user out of a room and tells those that did not ask for it. Gives
    /// those that were in it.
    fn unseat_user(
        &mut self,
        user: UserHandle,
        room: RoomHandle,
        reason: LeftReason,
        asked: ConnectionId,
    ) -> Vec<(SessionKey, Badge)> {
        let mut seated = Vec::new();
        let Some(entry) = self.users.get_mut(user) else { return seated };
        let Some(Membership { audience, .. }) = entry.membership(room) else { return seated };
        entry.rooms.retain(|own| own.room != room);
        let sessions = entry.sessions.clone();
        let name = self.audiences.get(audience).name.clone();
        for connection in sessions {
            let session = self.sessions.get_mut(connection);
            let seat = session.and_then(|own| own.outbound.seat_mut(audience));
            let Some(badge) = seat.map(|seat| seat.badge) else { continue };
            seated.push((SessionKey { shard: self.settings.id, connection }, badge));
            self.settle(connection, audience);
            self.unseat(connection, audience);
            if connection != asked {
                let left = LeftRoom { room: &name, reason, extensions: NONE };
                self.queue(connection, &FromBroker::Push(left.into()));
            }
        }
        seated
    }
}
