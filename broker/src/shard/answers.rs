//! What rooms answer to the sessions homed here.
//!
//! A user's memberships change here only as answers come in, in the order the room decided; the
//! room's home is the authority, and this is its faithful, slightly later copy. An answer whose
//! session is gone is still heeded: the room is told that the session is not there.

use throng_protocol::frame::FromBroker;
use throng_protocol::push::LeftRoom;
use throng_protocol::reply::{Accepted, Created, Destroyed, Joined, Left, Reply, RoomState};
use throng_protocol::value::{Extensions, LeftReason};

use crate::envelope::{Answer, Ask, Command, Envelope, Ticket};
use crate::id::{ConnectionId, MemberHandle, RoomHandle, UserHandle};
use crate::room::JoinedAt;
use crate::session::outbound::Seat;
use crate::shard::Shard;
use crate::shard::users::Membership;

const NONE: Extensions<'static> = Extensions::NONE;

impl Shard {
    pub(super) fn on_answer(&mut self, ticket: Ticket, answer: Answer) {
        let reply = match answer {
            Answer::Joined { name, room, member, at } => {
                return self.on_joined(ticket, name, Seating { room, member }, at);
            }
            Answer::Left { room } => {
                self.on_left(ticket, room);
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
                extensions: NONE,
            }
            .into(),
            Answer::Created { epoch, created_at } => {
                Created { epoch, created_at: created_at.as_micros(), extensions: NONE }.into()
            }
            Answer::Destroyed => Destroyed { extensions: NONE }.into(),
            Answer::Refused(refusal) => Reply::Refused(refusal),
        };
        self.reply(ticket, reply);
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply<'_>) {
        let connection = ticket.session.connection;
        let open = self.sessions.get(connection).is_some_and(|own| own.identity().is_some());
        if let Some(number) = ticket.request
            && open
        {
            self.queue(connection, &FromBroker::Reply(number, reply));
        }
    }

    fn on_joined(&mut self, ticket: Ticket, name: Box<str>, seating: Seating, at: JoinedAt) {
        let connection = ticket.session.connection;
        let open = self.sessions.get(connection).is_some_and(|own| own.identity().is_some());
        if !open {
            let Seating { room, member } = seating;
            let vacate = Envelope::Vacate { room, member, session: ticket.session };
            return self.post.tell(room.shard, vacate);
        }
        self.take_seat(connection, ticket.user, name, seating);
        let left = self.leave_oldest(ticket, connection);
        let reply = Joined {
            epoch: at.epoch,
            seq: at.seq,
            created_at: at.created_at.as_micros(),
            members: at.members,
            left: left.as_deref().unwrap_or_default(),
            extensions: NONE,
        };
        self.reply(ticket, reply.into());
    }

    /// Seats a session in a room's audience, and notes that its user is a member.
    fn take_seat(
        &mut self,
        connection: ConnectionId,
        user: UserHandle,
        name: Box<str>,
        seating: Seating,
    ) {
        let Seating { room, member } = seating;
        let audience = self.audiences.open(room, name);
        let session = self.sessions.get_mut(connection).expect("the caller found it open");
        if session.outbound.seat_in(audience).is_some() {
            // Joining again: what waits in the room comes before the answer, as its seq says.
            self.settle(connection, audience);
        } else {
            let occupant = self.audiences.get_mut(audience).seat(connection);
            session.outbound.seats.push(Seat { audience, occupant });
        }
        let user = self.users.get_mut(user).expect("a user lives as long as its sessions");
        match user.rooms.iter_mut().find(|own| own.room == room) {
            Some(own) => own.member = member,
            None => user.rooms.push(Membership { room, audience, member }),
        }
    }

    /// Leaves the rooms a user joined longest ago until it is in no more than it may be. The
    /// name of the last one left.
    fn leave_oldest(&mut self, ticket: Ticket, connection: ConnectionId) -> Option<Box<str>> {
        let identity = self.sessions.get(connection)?.identity()?;
        let (app, role) = (identity.app, identity.role);
        let rooms_max = self.rooms_per_user(app, role) as usize;
        let mut left = None;
        while let Some(user) = self.users.get(ticket.user)
            && user.rooms.len() > rooms_max
        {
            let room = user.rooms[0].room;
            let name = self.audiences.get(user.rooms[0].audience).name.clone();
            let ask = Ask::Leave { user: user.name().into(), role };
            let ticket = Ticket { request: None, ..ticket };
            let command = Command { ticket, app, room: name.clone(), ask };
            self.post.tell(room.shard, Envelope::Command(command));
            self.unseat_user(ticket.user, room, LeftReason::JoinedAnother, connection);
            left = Some(name);
        }
        left
    }

    fn on_left(&mut self, ticket: Ticket, room: RoomHandle) {
        let reason = match ticket.request {
            Some(_) => LeftReason::Elsewhere,
            None => LeftReason::JoinedAnother,
        };
        self.unseat_user(ticket.user, room, reason, ticket.session.connection);
    }

    /// Takes all sessions of a user out of a room and tells those that did not ask for it.
    fn unseat_user(
        &mut self,
        user: UserHandle,
        room: RoomHandle,
        reason: LeftReason,
        asked: ConnectionId,
    ) {
        let Some(entry) = self.users.get_mut(user) else {
            return;
        };
        let Some(membership) = entry.membership(room) else {
            return;
        };
        entry.rooms.retain(|own| own.room != room);
        let sessions = entry.sessions.clone();
        let audience = membership.audience;
        let name = self.audiences.get(audience).name.clone();
        for connection in sessions {
            let session = self.sessions.get(connection);
            if session.is_none_or(|own| own.outbound.seat_in(audience).is_none()) {
                continue;
            }
            self.settle(connection, audience);
            self.unseat(connection, audience);
            if connection != asked {
                let left = LeftRoom { room: &name, reason, extensions: NONE };
                self.queue(connection, &FromBroker::Push(left.into()));
            }
        }
    }
}

/// Where a user sits: the room, and what the user is called there.
#[derive(Debug, Clone, Copy)]
struct Seating {
    room: RoomHandle,
    member: MemberHandle,
}
