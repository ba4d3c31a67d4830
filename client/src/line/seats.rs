//! The rooms this client is in, in the order in which it joined them, and how far it got in each.
//!
//! When the connection is lost the seats stay; the next session takes them again one by one, in
//! the same order, because the broker makes room for a new seat by taking the oldest.

use throng_protocol::value::RoomId;

use crate::id::Id;
use crate::reply::{Joined, Position};

/// The rooms this client is in or was in when the connection was lost.
#[derive(Debug, Default)]
pub(super) struct Seats(Vec<Seat>);

#[derive(Debug, Clone, Copy)]
struct Seat {
    room: Id,
    /// The last place in the room's order that was seen.
    position: Position,
    state: State,
    /// The request that asks to leave the room.
    leaving: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the room.
    Taken,
    /// Lost with the connection.
    Lost,
    /// Lost, and the request of that number asks for it again.
    Asked(u32),
}

impl Seats {
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Position)> {
        self.0.iter().map(|seat| (seat.room, seat.position))
    }

    /// The room was joined; if that was a new seat, it is the youngest.
    pub(super) fn record_joined(&mut self, joined: &Joined) {
        if let Some(left) = joined.left {
            self.remove(&left);
        }
        let position = joined.position();
        match self.find(&joined.room) {
            Some(seat) => {
                seat.position = position;
                seat.state = State::Taken;
            }
            None => self.0.push(Seat {
                room: joined.room,
                position,
                state: State::Taken,
                leaving: None,
            }),
        }
    }

    /// An entry of the room was seen.
    pub(super) fn record_position(&mut self, room: &Id, position: Position) {
        if let Some(seat) = self.find(room) {
            seat.position = position;
        }
    }

    /// The request of that number asks to leave the room. If the connection is lost before its
    /// reply, the seat is given up: that is what the application wanted.
    pub(super) fn record_leaving(&mut self, room: &str, number: u32) {
        self.give_up_lost(room);
        if let Some(seat) = self.0.iter_mut().find(|seat| seat.room == *room) {
            seat.leaving = Some(number);
        }
    }

    /// The application asks for the room itself; a lost seat in it is not asked for again.
    pub(super) fn record_joining(&mut self, room: &str) {
        self.give_up_lost(room);
    }

    /// The request of that number was refused; if it was to leave a room, a seat that is taken is
    /// kept. One that is not is given up all the same.
    pub(super) fn record_refused(&mut self, number: u32) {
        let leaving = Some(number);
        self.0.retain(|seat| seat.leaving != leaving || seat.state == State::Taken);
        for seat in self.0.iter_mut().filter(|seat| seat.leaving == leaving) {
            seat.leaving = None;
        }
    }

    pub(super) fn remove(&mut self, room: &Id) {
        self.0.retain(|seat| seat.room != *room);
    }

    /// The connection is lost, and every seat with it.
    pub(super) fn record_lost(&mut self) {
        self.0.retain(|seat| seat.leaving.is_none());
        for seat in &mut self.0 {
            seat.state = State::Lost;
        }
    }

    /// Asks for the oldest lost seat, unless one was asked for and not answered yet.
    pub(super) fn ask_next(&mut self, ask: impl FnOnce(RoomId<'_>) -> u32) {
        if self.0.iter().any(|seat| matches!(seat.state, State::Asked(_))) {
            return;
        }
        let is_lost = |seat: &&mut Seat| seat.state == State::Lost && seat.leaving.is_none();
        let lost = self.0.iter_mut().find(is_lost);
        if let Some(seat) = lost {
            let room = RoomId::parse(&seat.room).expect("only a good room id can be joined");
            seat.state = State::Asked(ask(room));
        }
    }

    /// The room and last position of the seat that the request of that number asks for again.
    pub(super) fn asked_by(&self, number: u32) -> Option<(Id, Position)> {
        let asked = State::Asked(number);
        let seat = self.0.iter().find(|seat| seat.state == asked)?;
        Some((seat.room, seat.position))
    }

    /// The seat may be asked for again, later.
    pub(super) fn record_asked_in_vain(&mut self, room: &Id) {
        if let Some(seat) = self.find(room) {
            seat.state = State::Lost;
        }
    }

    fn give_up_lost(&mut self, room: &str) {
        self.0.retain(|seat| seat.room != *room || seat.state != State::Lost);
    }

    fn find(&mut self, room: &Id) -> Option<&mut Seat> {
        self.0.iter_mut().find(|seat| seat.room == *room)
    }
}
