//! Who may not speak in a world of chaos, as far as that is certain: whoever was told to be muted,
//! from the answer on and as long as nothing was said that may have changed it (I13, I14).
//!
//! Certain is less than true: what is on its way, what ends soon, and who may have a role is left out.

use std::collections::BTreeSet;
use std::time::Duration;

use throng_broker::time::Instant;
use throng_protocol::Code;
use throng_protocol::value::{PublishOptions, Role, Term};

use super::Chaos;
use crate::client::Outcome;

/// After this long nothing that was said is on its way any more.
const ON_ITS_WAY: Duration = Duration::from_secs(60);

/// A request of a client.
type Asked = (usize, u32);

/// What is certain, and what may become so.
#[derive(Debug, Default)]
pub(super) struct Forbidden {
    asked: Vec<Mute>,
    held: Vec<Mute>,
    watched: Vec<(Asked, Mute)>,
    /// What may change who may speak in a room, or with an empty one in the app, and when it was
    /// said.
    touched: Vec<(Asked, String, Instant)>,
    /// Rooms, and users who may have a role or be exceptions there.
    exempt: BTreeSet<(String, String)>,
}

/// A mute, of a room or of the app.
#[derive(Debug, Clone)]
struct Mute {
    asked: Asked,
    /// Its place among the users of the request.
    place: usize,
    room: String,
    user: String,
    /// It does not end before this.
    until: Instant,
    /// The life of the room; 0 for the app.
    epoch: u64,
}

impl Forbidden {
    /// Nothing is certain any more.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.held.clear();
        self.watched.clear();
    }

    /// A user may have a role in a room, or be an exception, for as long as this world lasts.
    pub(super) fn exempt(&mut self, room: &str, users: &[&str]) {
        self.exempt.extend(users.iter().map(|user| (room.to_owned(), (*user).to_owned())));
        let concerns = |mute: &Mute| mute.room == room && users.contains(&&*mute.user);
        self.asked.retain(|mute| !concerns(mute));
        self.held.retain(|mute| !concerns(mute));
        self.watched.retain(|(_, mute)| !concerns(mute));
    }

    /// A client says what may change who may speak in a room, or with an empty one in the app.
    pub(super) fn touch(&mut self, asked: Asked, room: &str, now: Instant) {
        self.touched.push((asked, room.to_owned(), now));
        self.asked.retain(|mute| mute.room != room);
        self.held.retain(|mute| mute.room != room);
        self.watched.retain(|(_, mute)| mute.room != room);
    }

    /// Whether something else is on its way that may change what a mute says.
    fn is_doubtful(&self, mute: &Mute) -> bool {
        let other = |asked: &Asked, room: &str| *asked != mute.asked && room == mute.room;
        self.touched.iter().any(|(asked, room, _)| other(asked, room))
    }
}

impl Chaos {
    /// Users are to be muted by that request.
    pub(super) fn expect_muted(
        &mut self,
        asked: Asked,
        (room, users): (&str, &[&str]),
        term: Term,
    ) {
        let now = self.world.net.now().instant;
        // What was said before and is not answered may be heeded after this, and answered sooner.
        let is_doubtful = self.forbidden.touched.iter().any(|(_, own, _)| own == room);
        self.forbidden.touch(asked, room, now);
        let Some(epoch) = self.epoch(room).filter(|_| !is_doubtful) else { return };
        let term = Duration::from_secs(term.seconds().unwrap_or(1_000_000).into());
        for (place, user) in users.iter().enumerate() {
            let (room, user) = (room.to_owned(), (*user).to_owned());
            if self.forbidden.exempt.contains(&(room.clone(), user.clone())) {
                continue;
            }
            let until = now + term;
            self.forbidden.asked.push(Mute { asked, place, room, user, until, epoch });
        }
    }

    /// The life of a room, as somebody in it knows; 0 for the app.
    fn epoch(&self, room: &str) -> Option<u64> {
        if room.is_empty() {
            return Some(0);
        }
        let mut inside = self.world.clients.iter().filter(|own| own.is_open());
        inside.find_map(|own| own.rooms.get(room)).map(|view| view.epoch())
    }

    /// A client published: if it may not for sure, that must be refused.
    pub(super) fn watch(&mut self, (client, request): Asked, room: &str) {
        let own = &self.world.clients[client];
        if own.role != Role::Client || request == u32::MAX {
            return;
        }
        let concerns =
            |mute: &&Mute| mute.user == own.user && (mute.room.is_empty() || mute.room == room);
        let held: Vec<_> = self.forbidden.held.iter().filter(concerns).cloned().collect();
        let watched = held.into_iter().map(|mute| ((client, request), mute));
        self.forbidden.watched.extend(watched);
    }

    /// Looks at what was answered.
    pub(super) fn check_forbidden(&mut self) {
        let now = self.world.net.now().instant;
        let clients = &self.world.clients;
        self.forbidden.touched.retain(|((client, request), _, at)| {
            !clients[*client].outcomes.contains_key(request) && *at + ON_ITS_WAY > now
        });
        for (asked, mute) in std::mem::take(&mut self.forbidden.watched) {
            self.check_watched(asked, mute, now);
        }
        self.forbidden.held.retain(|mute| mute.until > now);
        for mute in std::mem::take(&mut self.forbidden.asked) {
            self.check_asked(mute, now);
        }
    }

    fn check_watched(&mut self, (client, request): Asked, mute: Mute, now: Instant) {
        let own = &self.world.clients[client];
        let epoch = match own.outcomes.get(&request) {
            _ if now >= mute.until => return,
            None if own.ended.is_some() => return,
            None => return self.forbidden.watched.push(((client, request), mute)),
            Some(Outcome::Accepted(_)) => own.epoch_of_accepted(request),
            Some(_) => return,
        };
        let same = mute.epoch == 0 || epoch == Some(mute.epoch);
        assert!(!same, "{} spoke by request {request}, and {mute:?} holds (I13)", own.user);
    }

    fn check_asked(&mut self, mute: Mute, now: Instant) {
        let (client, request) = mute.asked;
        match self.world.clients[client].outcomes.get(&request) {
            None => return self.forbidden.asked.push(mute),
            Some(Outcome::Results(each)) if each[mute.place].0 == Code::NONE => {}
            Some(_) => return,
        }
        let same_room = self.epoch(&mute.room) == Some(mute.epoch);
        if now >= mute.until || !same_room || self.forbidden.is_doubtful(&mute) {
            return;
        }
        let user = mute.user.clone();
        self.forbidden.held.push(mute);
        // It tries at once, wherever it is.
        let open = self.world.open_clients();
        for client in open {
            let own = &self.world.clients[client];
            let rooms: Vec<_> = own.rooms.keys().cloned().collect();
            if own.user == user && own.role == Role::Client {
                for room in rooms {
                    let request = self.world.publish(client, &room, PublishOptions::default());
                    self.watch((client, request), &room);
                }
            }
        }
    }
}
