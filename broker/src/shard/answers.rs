//! What rooms answer to the sessions homed here.
//!
//! A room's home is the authority on who is in it. What is known here follows its answers, in
//! the order they were decided; a session that goes away, or that its user takes elsewhere, is
//! out at once here and the home is told. An answer whose session is gone is still heeded: the
//! room is told that the session is not there.

use throng_protocol::frame::FromBroker;
use throng_protocol::refusal::Code;
use throng_protocol::reply::{
    Accepted, BroadcastSent, Changed, Created, Destroyed, Joined, Left, ListChanged, MembersFound,
    MembersPage, Reply, Results, RoomLimitsSet, RoomState, SanctionsPage, Subscribed,
};
use throng_protocol::value::{
    Attendance, Attendances, Departure, Extensions, ItemResult, ItemResults, LeftReason, List,
    Role, Term,
};

use crate::envelope::{Answer, Envelope, Ticket};
use crate::id::{Badge, ConnectionId, RoomHandle, SessionKey, UserHandle};
use crate::page::Page;
use crate::probe::{self, Bug, Mark};
use crate::room::{self, No, Recovered, State};
use crate::session::outbound::Seat;
use crate::shard::Shard;
use crate::shard::audience::Opening;
use crate::shard::repeats::First;
use crate::shard::seats::Told;
use crate::shard::users::{Membership, Place};

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
            Answer::Joined { name, room, at } => return self.on_joined(ticket, name, room, &at),
            Answer::Left { room } => {
                if !probe::planted(Bug::DeliverAfterLeave) {
                    let asked = Some(ticket.session.connection);
                    self.unseat_user(ticket.user, room, Told::Left(LeftReason::Elsewhere, asked));
                    self.forget_user(ticket.user.0);
                }
                Left { extensions: NONE }.into()
            }
            Answer::Accepted { epoch, seq, time } => {
                if self.settle_accepted(ticket, First { epoch, seq, time }) {
                    return;
                }
                Accepted { epoch, seq, time: time.as_micros(), extensions: NONE }.into()
            }
            Answer::State(state) => return self.reply_state(ticket, &state),
            Answer::Created { epoch, created_at } => {
                Created { epoch, created_at: created_at.as_micros(), extensions: NONE }.into()
            }
            Answer::Destroyed => Destroyed { extensions: NONE }.into(),
            Answer::ListChanged { size } => ListChanged { size, extensions: NONE }.into(),
            Answer::LimitsSet => RoomLimitsSet { extensions: NONE }.into(),
            Answer::Changed(at) => {
                Changed { epoch: at.epoch, seq: at.seq, extensions: NONE }.into()
            }
            Answer::Subscribed => Subscribed { extensions: NONE }.into(),
            Answer::Results(codes) => return self.reply_results(ticket, &codes),
            Answer::MembersPage(page) => return self.reply_members(ticket, &page),
            Answer::Attendances(found) => return self.reply_attendances(ticket, &found),
            Answer::SanctionsPage(page) => return self.reply_sanctions(ticket, &page),
            Answer::BroadcastSent(time) => {
                BroadcastSent { time: time.as_micros(), extensions: NONE }.into()
            }
            Answer::AttributesWritten(..)
            | Answer::AttributesPage(..)
            | Answer::Polled(..)
            | Answer::QueuePage(..)
            | Answer::History(_)
            | Answer::PublishedMany(_)
            | Answer::Top(..) => return self.reply_kept(ticket, &answer),
            Answer::Names(names) => return self.reply_names(ticket, &names),
            Answer::Limits(room) => return self.reply_limits(ticket, Some(&room)),
            Answer::Counters(census) => return self.reply_counters(ticket, &census),
            Answer::Shed(shed) => {
                self.settle_refused(ticket, &No::Shed(shed));
                return self.tell_shed(ticket.session.connection, ticket.request, shed);
            }
            Answer::Refused(refusal) => {
                self.settle_refused(ticket, &No::Refused(refusal));
                return self.refuse(ticket.session.connection, ticket.request, refusal);
            }
        };
        self.reply(ticket, reply);
    }

    fn reply_state(&mut self, ticket: Ticket, state: &State) {
        let reply = RoomState {
            epoch: state.epoch,
            seq: state.seq,
            created_at: state.created_at.as_micros(),
            members: state.members,
            occupants: state.occupants,
            flags: state.flags,
            creator: &state.creator,
            about: state.about.on_wire(),
            policy: state.policy.on_wire(),
            attributes: state.attributes,
            elements: state.elements,
            queue_size: state.queue.0,
            queue_permission: state.queue.1,
            bots: state.bots,
            extensions: NONE,
        };
        self.reply(ticket, reply.into());
    }

    fn reply_results(&mut self, ticket: Ticket, codes: &[Code]) {
        let mut bytes = Vec::new();
        let result = |code: &Code| ItemResult { code: *code, retry_after_ms: 0 };
        ItemResults::write(codes.iter().map(result), &mut bytes);
        let results = List::parse(&bytes).expect("one for each of a bounded list");
        self.reply(ticket, Results { results, extensions: NONE }.into());
    }

    fn reply_members(&mut self, ticket: Ticket, page: &Page) {
        let Page { total, rows, cursor } = page;
        let members = List::parse(rows).expect("rows as they were written");
        let reply = MembersPage { total: *total, members, cursor, extensions: NONE };
        self.reply(ticket, reply.into());
    }

    fn reply_sanctions(&mut self, ticket: Ticket, page: &Page) {
        let Page { total, rows, cursor } = page;
        let users = List::parse(rows).expect("rows as they were written");
        let reply = SanctionsPage { total: *total, users, cursor, extensions: NONE };
        self.reply(ticket, reply.into());
    }

    fn reply_attendances(&mut self, ticket: Ticket, found: &[Attendance]) {
        let mut bytes = Vec::new();
        Attendances::write(found.iter().copied(), &mut bytes);
        let attendances = List::parse(&bytes).expect("one for each of a bounded list");
        self.reply(ticket, MembersFound { attendances, extensions: NONE }.into());
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

    fn on_joined(&mut self, ticket: Ticket, name: Box<str>, room: RoomHandle, at: &room::Joined) {
        let connection = ticket.session.connection;
        let (badge, epoch, protected) = (at.badge, at.epoch, at.protected);
        if !self.is_open(connection) {
            return self
                .on_joined_too_late(ticket, Seating { name, room, badge, epoch, protected });
        }
        let scope = self.check_scope(connection, &name);
        let seating = Seating { name, room, badge, epoch, protected };
        if let Err(no) = scope {
            // It has shown a token since that does not reach the room.
            self.on_joined_too_late(ticket, seating);
            return self.refuse(connection, ticket.request, no);
        }
        let is_back = self.take_seat(connection, ticket.user, seating);
        // Who sits there already has had all of it.
        let none = Recovered::default();
        let recovered = if is_back { &none } else { &at.recovered };
        let left = self.leave_oldest(ticket.user, Some(connection));
        let reply = Joined {
            epoch,
            seq: at.seq,
            created_at: at.created_at.as_micros(),
            members: at.members,
            occupants: at.occupants,
            left: left.as_deref().unwrap_or_default(),
            flags: at.flags,
            creator: &at.creator,
            about: at.about.on_wire(),
            role: at.role,
            mute: at.mute.max(self.muted_for(connection)),
            states: u32::try_from(recovered.states.frames.len()).unwrap_or(u32::MAX),
            entries: recovered.entries.count,
            recovery: recovered.code,
            missed: recovered.missed,
            extensions: NONE,
        };
        self.reply_joined(ticket, reply, recovered);
    }

    /// How much longer a session's user is muted in its app.
    fn muted_for(&self, connection: ConnectionId) -> Term {
        let session = self.sessions.get(connection).and_then(|own| own.identity());
        let Some(own) = session.filter(|own| own.role != Role::Server) else { return Term::NONE };
        let mute = self.mute_in_app(own.app, &own.name);
        mute.map_or(Term::NONE, |until| until.left(self.now.instant))
    }

    /// The answer, and right behind it what the session gets of what was said before.
    fn reply_joined(&mut self, ticket: Ticket, reply: Joined<'_>, recovered: &Recovered) {
        let connection = ticket.session.connection;
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let reply = FromBroker::Reply(ticket.request, reply.into());
        session.outbound.push_granted(&mut self.spare, |queue| {
            reply.write(queue);
            for frames in recovered.states.frames.iter().chain(&recovered.entries.frames) {
                queue.extend_from_slice(frames);
            }
        });
        self.mark_dirty(connection);
    }

    /// The session is gone, or may sit there no longer, and with it the seat it was given; its user may
    /// come back to that.
    fn on_joined_too_late(&mut self, ticket: Ticket, seating: Seating) {
        probe::mark(Mark::JoinedTooLate);
        let Seating { name, room, badge, protected, .. } = seating;
        let user = self.users.get_mut(ticket.user);
        let hold = user.as_ref().is_some_and(|user| user.may_come_back());
        if let Some(user) = user.filter(|_| hold) {
            let held = Membership { room, place: Place::Held(name), badge, protected };
            match user.membership_mut(room) {
                Some(Membership { place: Place::Seated(_), .. }) => {}
                Some(own) => *own = held,
                None => user.record_room(held),
            }
        }
        let (session, departure) = (ticket.session, Departure::Lost);
        self.post.tell(room.shard, Envelope::Vacate { room, badge, session, departure, hold });
        self.leave_oldest(ticket.user, None);
    }

    /// Seats a session in a room's audience, and notes that its user is a member. Says whether it
    /// sat there already.
    fn take_seat(&mut self, connection: ConnectionId, user: UserHandle, seating: Seating) -> bool {
        let Seating { name, room, badge, epoch, protected } = seating;
        let session = self.sessions.get(connection).and_then(|own| own.identity());
        let app = session.expect("the caller found it open").app;
        let audience = self.audiences.open(Opening { room, name, epoch, app });
        // Joining again: what waits in the room comes before the answer, as its seq says.
        self.settle(connection, audience);
        let session = self.sessions.get_mut(connection).expect("the caller found it open");
        let seats = &mut session.outbound.seats;
        let own = seats.iter_mut().find(|seat| seat.audience == audience);
        let is_back = own.is_some();
        if let Some(seat) = own {
            probe::mark(Mark::JoinedAgain);
            seat.badge = badge;
        } else {
            let occupant = self.audiences.get_mut(audience).seat(connection);
            seats.push(Seat { audience, occupant, badge, lag: None });
        }
        let place = Place::Seated(audience);
        let user = self.users.get_mut(user).expect("a user lives as long as its sessions");
        match user.membership_mut(room) {
            Some(own) => (own.place, own.badge, own.protected) = (place, badge, protected),
            None => user.record_room(Membership { room, place, badge, protected }),
        }
        is_back
    }

    /// What a user says in a room is protected from now on, or no longer.
    pub(super) fn on_standing(&mut self, session: SessionKey, room: RoomHandle, protected: bool) {
        let session = self.sessions.get(session.connection).and_then(|own| own.identity());
        let Some(user) = session.and_then(|own| self.users.get_mut(own.user)) else { return };
        if let Some(own) = user.membership_mut(room) {
            own.protected = protected;
        }
    }
}
