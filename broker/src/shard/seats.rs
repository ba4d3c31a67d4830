//! The seats of a user in rooms, as its home knows them (spec 4): taken by its sessions, held while
//! they are lost, given up.
//!
//! The room's home decides who is a member; what is known here follows, in the order in which it
//! was decided. A seat that is held is remembered here, because a user that comes back and joins
//! another room has to give it up.

use throng_protocol::frame::FromBroker;
use throng_protocol::push::{Kicked, LeftRoom};
use throng_protocol::value::{Departure, Extensions, KickReason, LeftReason};

use crate::envelope::{Ack, Envelope};
use crate::id::{Badge, ConnectionId, MemberHandle, RoomHandle, SessionKey, UserHandle};
use crate::probe::{self, Bug, Mark};
use crate::room::Expelled;
use crate::shard::Shard;
use crate::shard::users::{Membership, Place};

const NONE: Extensions<'static> = Extensions::NONE;

/// What the sessions of a user that is out of a room are told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'a> {
    /// That it left; but not the session that asked.
    Left(LeftReason, Option<ConnectionId>),
    /// That it was put out.
    Kicked(&'a Expelled),
    /// Nothing: its sessions go away.
    Nothing,
}

impl Shard {
    /// A session's seat was lost with its connection. If it was its user's last in the room, the
    /// room holds it, where it may.
    pub(super) fn note_lost(
        &mut self,
        user: UserHandle,
        (room, audience): (RoomHandle, u32),
        (name, badge): (Box<str>, Badge),
        hold: bool,
    ) {
        let Some(entry) = self.users.get_mut(user) else { return };
        let sits = |own: &ConnectionId| {
            let session = self.sessions.get(*own);
            session.is_some_and(|own| own.outbound.occupant_of(audience).is_some())
        };
        if entry.sessions.iter().any(sits) {
            return;
        }
        if !hold {
            entry.forget_room(room);
        } else if let Some(own) = entry.membership_mut(room) {
            (own.place, own.badge) = (Place::Held(name), badge);
        }
    }

    /// Takes all sessions of a user out of a room. Gives those that were in it.
    pub(super) fn unseat_user(
        &mut self,
        user: UserHandle,
        room: RoomHandle,
        told: Told<'_>,
    ) -> Vec<(SessionKey, Badge)> {
        let mut seated = Vec::new();
        let Some(entry) = self.users.get_mut(user) else { return seated };
        let Some(membership) = entry.membership(room).cloned() else { return seated };
        entry.forget_room(room);
        let Place::Seated(audience) = membership.place else { return seated };
        let sessions = entry.sessions.clone();
        let name = self.audiences.get(audience).name.clone();
        for connection in sessions {
            let session = self.sessions.get_mut(connection);
            let seat = session.and_then(|own| own.outbound.seat_mut(audience));
            let Some(badge) = seat.map(|seat| seat.badge) else { continue };
            seated.push((SessionKey { shard: self.settings.id, connection }, badge));
            self.settle(connection, audience);
            self.unseat(connection, audience);
            self.tell_out(connection, &name, told);
        }
        seated
    }

    fn tell_out(&mut self, connection: ConnectionId, room: &str, told: Told<'_>) {
        match told {
            Told::Left(reason, asked) if asked != Some(connection) => {
                let left = LeftRoom { room, reason, extensions: NONE };
                self.queue(connection, &FromBroker::Push(left.into()));
            }
            Told::Kicked(expelled) => {
                let reason = if expelled.banned { KickReason::Banned } else { KickReason::Kicked };
                let kicked = Kicked {
                    room,
                    epoch: expelled.placed.epoch,
                    seq: expelled.placed.seq,
                    reason,
                    actor: &expelled.actor,
                    term: expelled.term,
                    extension: &expelled.extension,
                    extensions: NONE,
                };
                self.queue(connection, &FromBroker::Push(kicked.into()));
            }
            Told::Left(..) | Told::Nothing => {}
        }
    }

    /// The room's home decided that a user is out.
    pub(super) fn on_out(
        &mut self,
        user: UserHandle,
        (room, member): (RoomHandle, MemberHandle),
        expelled: Option<&Expelled>,
        ack: Option<Ack>,
    ) {
        let own = self.users.get(user).and_then(|own| own.membership(room));
        // Who came back since is another member.
        if own.is_some_and(|own| own.badge.member == member) && !probe::planted(Bug::KickIgnored) {
            if expelled.is_some() {
                probe::mark(Mark::Expelled);
            }
            let told = expelled.map_or(Told::Nothing, Told::Kicked);
            self.unseat_user(user, room, told);
            self.forget_user(user.0);
        }
        if let Some(ack) = ack {
            self.heed(ack);
        }
    }

    /// A room is closed: its occupants here are out.
    pub(super) fn on_close(&mut self, room: RoomHandle, ack: Ack) {
        if let Some(audience) = self.audiences.find(room) {
            probe::mark(Mark::ClosedOnMembers);
            self.fan_out_one(audience, usize::MAX);
            while self.audiences.contains(audience) {
                let connection = self.audiences.get(audience).connection(0);
                let session = self.sessions.get(connection).expect("an occupant has a session");
                let user = session.identity().expect("an occupant is open").user;
                let out = self.unseat_user(user, room, Told::Left(LeftReason::Closed, None));
                assert!(!out.is_empty(), "whoever sits in a room is a member of it");
                self.forget_user(user.0);
            }
        }
        self.heed(ack);
    }

    /// Takes a user out of the rooms it joined longest ago until it is in no more than it may
    /// be. The name of the last one left.
    pub(super) fn leave_oldest(
        &mut self,
        user: UserHandle,
        asked: Option<ConnectionId>,
    ) -> Option<Box<str>> {
        let (app, server) = self.users.get(user).map(|own| (own.app(), own.is_server()))?;
        let rooms_max = self.rooms_per_user(app, server) as usize;
        let mut left = None;
        while let Some(entry) = self.users.get(user)
            && entry.rooms.len() > rooms_max
        {
            let Membership { room, place, badge, .. } = entry.rooms[0].clone();
            let departure = Departure::JoinedAnother;
            match place {
                Place::Seated(audience) => left = Some(self.audiences.get(audience).name.clone()),
                Place::Held(name) => {
                    probe::mark(Mark::SeatForfeited);
                    self.post.tell(room.shard, Envelope::Forfeit { room, badge, departure });
                    // It may have been destroyed and created again, and the user be in the new one.
                    if !self.sits_in(user, &name) {
                        left = Some(name);
                    }
                }
            }
            let told = Told::Left(LeftReason::JoinedAnother, asked);
            for (session, badge) in self.unseat_user(user, room, told) {
                let hold = false;
                let vacate = Envelope::Vacate { room, badge, session, departure, hold };
                self.post.tell(room.shard, vacate);
            }
            probe::mark(Mark::LeftOldest);
        }
        left
    }

    /// Whether a user sits in a room of that name.
    fn sits_in(&self, user: UserHandle, name: &str) -> bool {
        let mut rooms = self.users.get(user).into_iter().flat_map(|own| &own.rooms);
        rooms.any(|own| match own.place {
            Place::Seated(audience) => *self.audiences.get(audience).name == *name,
            Place::Held(_) => false,
        })
    }

    /// Gives up all seats that are held for a user.
    pub(super) fn forfeit_all(&mut self, user: UserHandle, departure: Departure) {
        let Some(entry) = self.users.get_mut(user) else { return };
        for Membership { room, place, badge, .. } in core::mem::take(&mut entry.rooms) {
            assert!(matches!(place, Place::Held(_)), "all sessions of the user are gone");
            self.post.tell(room.shard, Envelope::Forfeit { room, badge, departure });
        }
        self.forget_user(user.0);
    }
}
