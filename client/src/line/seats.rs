//! The rooms this client is in, in the order in which it joined them, and how far it got in each.
//!
//! When the connection is lost the seats stay; the next session takes them again one by one, in
//! the same order, because the broker makes room for a new seat by taking the oldest. A seat is
//! asked for as the application once asked for it, and from where the client got to.

use throng_protocol::value::{JoinOptions, Profile as WireProfile};

use crate::about::Profile;
use crate::event::Message;
use crate::id::Id;
use crate::join::Join;
use crate::reply::{Accepted, Joined, Position};

use super::progress::Progress;

/// The rooms this client is in or was in when the connection was lost.
#[derive(Debug, Default)]
pub(super) struct Seats {
    seats: Vec<Seat>,
    /// What the application asked for and was not answered yet.
    wishes: Vec<Wish>,
}

#[derive(Debug)]
struct Seat {
    room: Id,
    progress: Progress,
    history: u8,
    options: JoinOptions,
    profile: Profile,
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
    /// Lost, and the application asks for it itself with the request of that number.
    Claimed(u32),
}

/// How a seat shall be from the reply to a request on.
#[derive(Debug)]
struct Wish {
    number: u32,
    room: Id,
    profile: Profile,
    kind: WishKind,
}

#[derive(Debug, Clone, Copy)]
enum WishKind {
    /// To join, with as much history and state, from a position if there is one.
    Join(u8, JoinOptions, Option<Position>),
    /// To change the profile.
    Change,
}

impl Seats {
    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Position)> {
        self.seats.iter().map(|seat| (seat.room, seat.progress.position()))
    }

    /// Where a seat that was lost got to, so that a join of the application can go on from there.
    pub(super) fn lost_at(&self, room: &str) -> Option<Position> {
        let is_lost = |seat: &&Seat| seat.room == *room && seat.state != State::Taken;
        self.seats.iter().find(is_lost).map(|seat| seat.progress.position())
    }

    /// The application asks for the room itself with the request of that number; a lost seat in
    /// it is not asked for beside that.
    pub(super) fn record_joining(&mut self, number: u32, join: &Join<'_>) {
        let is_lost = |seat: &&mut Seat| seat.room == *join.room && seat.state == State::Lost;
        if let Some(seat) = self.seats.iter_mut().find(is_lost) {
            seat.state = State::Claimed(number);
        }
        let kind = WishKind::Join(join.history, join.options, join.resume_from);
        self.record_wish(number, join.room, join.profile, kind);
    }

    /// The application asks to show itself differently with the request of that number.
    pub(super) fn record_changing(&mut self, number: u32, room: &str, profile: WireProfile<'_>) {
        self.record_wish(number, room, profile, WishKind::Change);
    }

    fn record_wish(&mut self, number: u32, room: &str, profile: WireProfile<'_>, kind: WishKind) {
        let room = Id::try_from(room).expect("only a good room id is asked for");
        self.wishes.push(Wish { number, room, profile: Profile::from_wire(profile), kind });
    }

    fn take_wish(&mut self, number: u32) -> Option<Wish> {
        let place = self.wishes.iter().position(|wish| wish.number == number)?;
        Some(self.wishes.remove(place))
    }

    /// The room was joined by the request of that number; if that was a new seat, it is the
    /// youngest.
    pub(super) fn record_joined(&mut self, number: u32, joined: &Joined) {
        if let Some(left) = joined.left {
            self.remove(&left);
        }
        let wish = self.take_wish(number);
        let from = match &wish {
            Some(Wish { kind: WishKind::Join(_, _, from), .. }) => *from,
            _ => None,
        };
        let place = self.seats.iter().position(|seat| seat.room == joined.room);
        let seat = match place {
            Some(place) => {
                let seat = &mut self.seats[place];
                seat.progress.record_joined(joined);
                seat.state = State::Taken;
                seat
            }
            None => {
                self.seats.push(Seat::new(joined, from));
                self.seats.last_mut().expect("pushed just now")
            }
        };
        if let Some(Wish { profile, kind: WishKind::Join(history, options, _), .. }) = wish {
            seat.history = history;
            seat.options = options;
            seat.show(profile);
        }
    }

    /// What the request of that number asked for holds.
    pub(super) fn record_changed(&mut self, number: u32) {
        if let Some(Wish { room, profile, .. }) = self.take_wish(number)
            && let Some(seat) = self.find(&room)
        {
            seat.profile = profile;
        }
    }

    /// A message of a room came. Says whether it is news to the application.
    pub(super) fn record_message(&mut self, message: &Message) -> bool {
        self.record_entry(&message.room, message.position())
    }

    /// An entry of a room came. Says whether it is news to the application.
    pub(super) fn record_entry(&mut self, room: &Id, position: Position) -> bool {
        self.find(room).is_none_or(|seat| seat.progress.record_entry(position))
    }

    /// Everything up to there was skipped.
    pub(super) fn record_skipped(&mut self, room: &Id, to: Position) {
        if let Some(seat) = self.find(room) {
            seat.progress.record_skipped(to);
        }
    }

    /// A message of this client has its place.
    pub(super) fn record_accepted(&mut self, accepted: &Accepted) {
        if let Some(seat) = self.find(&accepted.room)
            && !(accepted.echo || accepted.direct)
        {
            seat.progress.record_own(accepted.position());
        }
    }

    /// The request of that number asks to leave the room. If the connection is lost before its
    /// reply, the seat is given up: that is what the application wanted.
    pub(super) fn record_leaving(&mut self, room: &str, number: u32) {
        self.seats.retain(|seat| seat.room != *room || seat.state != State::Lost);
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.room == *room) {
            seat.leaving = Some(number);
        }
    }

    /// The request of that number was not granted; if it was to leave a room, a seat that is taken
    /// is kept. One that is not is given up all the same, and so is one that the application asked
    /// for itself.
    pub(super) fn record_refused(&mut self, number: u32) {
        self.take_wish(number);
        let leaving = Some(number);
        self.seats.retain(|seat| seat.state != State::Claimed(number));
        self.seats.retain(|seat| seat.leaving != leaving || seat.state == State::Taken);
        for seat in self.seats.iter_mut().filter(|seat| seat.leaving == leaving) {
            seat.leaving = None;
        }
    }

    pub(super) fn remove(&mut self, room: &Id) {
        self.seats.retain(|seat| seat.room != *room);
    }

    /// The connection is lost, and every seat with it.
    pub(super) fn record_lost(&mut self) {
        self.wishes.clear();
        self.seats.retain(|seat| seat.leaving.is_none());
        for seat in &mut self.seats {
            seat.state = State::Lost;
        }
    }

    /// Asks for the oldest lost seat, unless one was asked for and not answered yet.
    pub(super) fn ask_next(&mut self, ask: impl FnOnce(Join<'_>) -> u32) {
        if self.seats.iter().any(|seat| matches!(seat.state, State::Asked(_))) {
            return;
        }
        let is_lost = |seat: &&mut Seat| seat.state == State::Lost && seat.leaving.is_none();
        if let Some(seat) = self.seats.iter_mut().find(is_lost) {
            let number = ask(seat.join());
            seat.state = State::Asked(number);
        }
    }

    /// The room and last position of the seat that the request of that number asks for again.
    pub(super) fn asked_by(&self, number: u32) -> Option<(Id, Position)> {
        let asked = State::Asked(number);
        let seat = self.seats.iter().find(|seat| seat.state == asked)?;
        Some((seat.room, seat.progress.position()))
    }

    /// The seat may be asked for again, later.
    pub(super) fn record_asked_in_vain(&mut self, room: &Id) {
        if let Some(seat) = self.find(room) {
            seat.state = State::Lost;
        }
    }

    fn find(&mut self, room: &Id) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.room == *room)
    }
}

impl Seat {
    fn new(joined: &Joined, from: Option<Position>) -> Self {
        Self {
            room: joined.room,
            progress: Progress::joined(joined, from),
            history: 0,
            options: JoinOptions::default(),
            profile: Profile::default(),
            state: State::Taken,
            leaving: None,
        }
    }

    /// How to ask for it again.
    fn join(&self) -> Join<'_> {
        let from = self.progress.position();
        let join = Join::new(&self.room).history(self.history).resume(from);
        Join { profile: self.profile.wire(), options: self.options, ..join }
    }

    /// What is empty stays as it was.
    fn show(&mut self, Profile { nickname, avatar, extension }: Profile) {
        let Self { profile, .. } = self;
        for (own, wished) in [
            (&mut profile.nickname, nickname),
            (&mut profile.avatar, avatar),
            (&mut profile.extension, extension),
        ] {
            if !wished.is_empty() {
                *own = wished;
            }
        }
    }
}
