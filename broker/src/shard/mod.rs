//! One core's world: its sessions, its users, its rooms, and their audiences.
//!
//! The worker calls, in this order, for each turn: [`Shard::begin`] with the one clock reading of
//! the turn, [`Shard::handle`] for each event, [`Shard::finish`], and then takes the effects and
//! the mail. Nothing here waits, reads a clock, or touches a socket.
//!
//! One message's way through the files: `inbound` (bytes to frames) -> `publishing` (may this user,
//! is it a repeat?) -> `rooms` (may it into the room? its place in the order) -> `fanout` (to the
//! shards, then to the sockets). Another request's: `requests` (may this role, within its rate?) ->
//! `asks` (is it well formed?) -> `commands` (the room carries it out) -> `answers`.
//!
//! `greeting` lets sessions in, `leaving` takes them out, `seats` knows where a user sits. What
//! concerns whole apps is in `appwide`, `sanctions`, `tidings`, `spread` and `top`; what has to be
//! heeded elsewhere before it is answered waits in `acks`. `tokens` ends what their time ends.

mod acks;
mod answers;
mod appwide;
mod asks;
mod audience;
mod chunk;
mod commands;
mod directory;
mod fanout;
mod greeting;
mod inbound;
mod kept_answers;
mod leaving;
mod load;
mod post;
mod publishing;
mod random;
mod repeats;
mod requests;
mod rooms;
mod rules;
mod sanctions;
mod seats;
mod sessions;
mod slow;
mod spread;
mod tidings;
mod timers;
mod tokens;
mod top;
mod users;

use core::net::IpAddr;
use core::time::Duration;
use std::rc::Rc;

use throng_protocol::FromBroker;
use throng_protocol::refusal::Code;

use crate::app::App;
use crate::app::keys::Keys;
use crate::counters::Counters;
use crate::envelope::Envelope;
use crate::event::{Effect, Event, Mail, Receive};
use crate::id::{AppId, ConnectionId, HashKey, RoomHandle, ShardId};
use crate::limits;
use crate::probe::{self, Bug, Mark};
use crate::session::{Overdue, Patience, Session};
use crate::slots::Slot;
use crate::time::{Instant, Now, WallTime};

use acks::Acks;
use appwide::AppWide;
use audience::Audiences;
use directory::{Homes, Rooms};
use load::Load;
use post::Post;
use random::Random;
use sanctions::AllSanctions;
use sessions::Sessions;
use spread::Spread;
use tidings::Tidings;
use timers::{Due, Timers};
use tokens::Revoked;
use top::Top;
use users::Users;

/// What a shard is made with. All shards of a node get the same, but for `id`, `seed` and
/// `connections_max`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which shard this is.
    pub id: ShardId,
    /// How many there are.
    pub shards: u16,
    /// The tenants.
    pub apps: Vec<App>,
    /// How long peers may take.
    pub patience: Patience,
    /// Bytes that may wait for one session: its own frames, and those of a room.
    pub outbound_bytes_max: usize,
    /// Envelopes a lane to another shard holds.
    pub lane_envelopes: usize,
    /// Occupants of rooms that a turn looks at when it fans out; the rest wait for the next.
    pub visits_per_turn: usize,
    /// Connections this shard takes.
    pub connections_max: usize,
    /// The key under which names are hashed; the same on all shards.
    pub hash_key: HashKey,
    /// The seed of the shard's randomness.
    pub seed: u64,
}

/// One core's world.
#[derive(Debug)]
pub struct Shard {
    settings: Rc<Settings>,
    homes: Homes,
    now: Now,
    random: Random,
    post: Post,
    timers: Timers,
    drain: Drain,

    sessions: Sessions,
    users: Users,
    audiences: Audiences,
    rooms: Rooms,

    /// Rooms with entries that are not sealed yet.
    rooms_open: Vec<RoomHandle>,
    /// Whether there is too much to do.
    load: Load,
    /// What holds for the apps on every shard.
    appwide: AppWide,
    /// Who is banned or muted in whole apps.
    sanctions: AllSanctions,
    /// With what the apps' backends sign who may come in, now.
    keys: Vec<Keys>,
    /// Whose tokens were revoked, by app.
    revoked: Vec<Revoked>,
    /// Who is to be told what happens in the apps.
    tidings: Tidings,
    /// Answers that wait for other shards.
    acks: Acks,
    /// Messages with ids of which it is not known yet what became of them.
    repeats_pending: usize,
    /// Messages for everyone that not everyone was given yet.
    spread: Spread,
    /// The rooms in which the most goes on.
    top: Top,
    /// What became of messages, by app.
    counters: Vec<Counters>,

    /// Audiences with chunks that were not fanned out yet.
    audiences_dirty: Vec<u32>,
    /// Occupants that may still be looked at in this turn.
    visits_left: usize,
    /// Sessions to be flushed at the end of the turn.
    sessions_dirty: Vec<ConnectionId>,
    /// Sessions that more waits for than may.
    lagging: Vec<ConnectionId>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,

    effects: Vec<Effect>,
}

/// How far the shard has come in going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drain {
    /// It is not.
    Serving,
    /// Nothing new is taken; what was accepted is on its way to its receivers.
    Settling,
    /// Everyone was told to go away.
    Leaving,
    /// Time is up: whoever is still there is cut off.
    Over,
}

impl Shard {
    /// A shard in which nothing has happened yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (id, key, shards) = (settings.id, settings.hash_key, settings.shards);
        let mut random = Random::new(settings.seed);
        let salt = random.next();
        Self {
            homes: Homes { key, shards },
            now: Now { instant: Instant::ZERO, wall: WallTime::from_micros(0) },
            random,
            post: Post::new(id, shards, settings.lane_envelopes),
            timers: Timers::default(),
            drain: Drain::Serving,
            sessions: Sessions::default(),
            users: Users::new(key),
            audiences: Audiences::default(),
            rooms: Rooms::new(id, key, salt),
            rooms_open: Vec::new(),
            load: Load::new(settings.apps.len(), settings.outbound_bytes_max),
            appwide: AppWide::new(settings.apps.iter().map(|app| app.lists.clone()).collect()),
            sanctions: AllSanctions::new(settings.apps.len()),
            keys: settings.apps.iter().map(|app| app.keys.clone()).collect(),
            revoked: settings.apps.iter().map(|_| Revoked::default()).collect(),
            tidings: Tidings::new(settings.apps.len()),
            acks: Acks::default(),
            repeats_pending: 0,
            spread: Spread::default(),
            top: Top::new(settings.apps.len()),
            counters: vec![Counters::default(); settings.apps.len()],
            audiences_dirty: Vec::new(),
            visits_left: 0,
            sessions_dirty: Vec::new(),
            lagging: Vec::new(),
            spare: Vec::new(),
            effects: Vec::new(),
            settings: Rc::new(settings),
        }
    }

    /// Begins a turn at the time that was read for it. `busy` is how long the last one took.
    pub fn begin(&mut self, now: Now, busy: Duration) {
        self.now = now;
        self.visits_left = self.settings.visits_per_turn;
        self.load.begin(now.instant, busy);
    }

    /// Notes how many envelopes wait in the lane to another shard.
    pub fn set_load(&mut self, to: ShardId, waiting: usize) {
        self.post.set_waiting(to, waiting);
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, event: Event<'_>) {
        match event {
            Event::Accepted { connection, peer } => self.on_accepted(connection, peer),
            Event::Adopted { connection, peer, received } => {
                self.on_accepted(connection, peer);
                self.on_received(connection, &received);
            }
            Event::Received { connection, bytes } => self.on_received(connection, bytes),
            Event::Sent { connection, spare } => self.on_sent(connection, spare),
            Event::Closed { connection } => self.on_closed(connection),
            Event::Mail(envelope) => self.on_envelope(envelope),
            Event::Keys(keys) => self.on_keys(keys),
            Event::Drain => self.on_drain(),
        }
    }

    /// Ends a turn: timers, the shard's mail to itself, and everything that is to be sent.
    pub fn finish(&mut self) {
        self.on_timers();
        loop {
            while let Some(envelope) = self.post.take_own() {
                self.on_envelope(envelope);
            }
            self.seal_rooms();
            self.send_tidings();
            if self.post.has_own() {
                continue;
            }
            self.fan_out();
            self.spread_out();
            self.flush_sessions();
            self.dismiss_lagging();
            if !self.post.has_own() && self.sessions_dirty.is_empty() {
                break;
            }
        }
    }

    /// When the shard wants a turn even if nothing happens.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.audiences_dirty.is_empty() && self.spread.is_empty() {
            self.timers.next()
        } else {
            Some(Instant::ZERO)
        }
    }

    /// What is to be done, in order. Empty afterwards.
    pub fn take_effects(&mut self) -> impl Iterator<Item = Effect> {
        self.effects.drain(..)
    }

    /// What is to be told to other shards, in order. Empty afterwards.
    pub fn take_mail(&mut self) -> impl Iterator<Item = Mail> {
        self.post.take_mail()
    }

    /// Whether the shard is going down and has nothing left to do.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        matches!(self.drain, Drain::Leaving | Drain::Over) && self.sessions.len() == 0
    }

    /// How many connections the shard has.
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.sessions.len()
    }

    /// Checks what must hold between any two turns. Costs a walk through everything.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn invariants(&self) {
        self.users.invariants();
        self.audiences.invariants();
        self.rooms.invariants();
        let bytes_max = self.settings.outbound_bytes_max as u64;
        for session in self.sessions.iter() {
            let waiting = self.counted_bytes(session.connection);
            // Who was not looked at yet since a chunk came is held to the bound when it is.
            let seats = session.outbound.seats.iter();
            let unvisited = seats.map(|seat| self.audiences.get(seat.audience).is_unvisited());
            let exempt = session.is_leaving() || unvisited.into_iter().any(|unvisited| unvisited);
            assert!(exempt || waiting <= bytes_max, "{waiting} bytes wait (I15)");
            for seat in &session.outbound.seats {
                assert!(session.identity().is_some(), "only open sessions have seats");
                let audience = self.audiences.get(seat.audience);
                assert_eq!(audience.connection(seat.occupant), session.connection);
            }
        }
    }

    fn app(&self, app: AppId) -> &App {
        &self.settings.apps[usize::from(app.0)]
    }

    fn on_envelope(&mut self, envelope: Envelope) {
        match envelope {
            // To the home of a room.
            Envelope::Publish(publish) => self.on_publish(&publish),
            Envelope::Command(command) => self.on_command(command),
            Envelope::Vacate { room, badge, session, departure, hold } => {
                self.on_vacate(room, (badge, session), (departure, hold));
            }
            Envelope::Forfeit { room, badge, departure } => {
                self.on_forfeit(room, badge, departure);
            }
            // To the home of a user, or a shard with occupants.
            Envelope::Answer { ticket, answer } => self.on_answer(ticket, answer),
            Envelope::Deliver { room, batch } => self.on_deliver(room, batch),
            Envelope::End { room, batch } => self.on_end(room, batch),
            Envelope::Close { room, ack } => self.on_close(room, ack),
            Envelope::Out { user, room, member, expelled, ack } => {
                self.on_out(user, (room, member), expelled.as_deref(), ack);
            }
            Envelope::Direct { user, room, frame, own } => {
                self.on_direct(user, room, (&frame, own));
            }
            Envelope::Standing { session, room, protected } => {
                self.on_standing(session, room, protected);
            }
            other => self.on_appwide(other),
        }
    }

    /// What concerns whole apps, or several shards.
    fn on_appwide(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Heeded { number } => self.on_heeded(number),
            Envelope::ItemDone { item, outcome } => self.on_item_told(item, outcome),
            Envelope::Broadcast { app, frame, ack } => self.on_spread(app, frame, ack),
            Envelope::TopAsked { app, by, period, ack } => {
                self.on_top_asked(app, (by, period), ack)
            }
            Envelope::TopTold { number, rooms } => self.on_top_told(number, rooms),
            Envelope::ChangeList(change) => self.on_app_list_change(&change),
            Envelope::ListChanged { app, list, entries, ack } => {
                self.on_app_list(app, list, &entries, ack);
            }
            Envelope::Sanction(ruling) => self.on_app_ruling(*ruling),
            Envelope::SanctionUser(heed) => self.on_user_sanction(&heed),
            Envelope::Revoke(revocation) => self.on_revocation(&revocation),
            Envelope::SanctionsAsked { ticket, app, kind, cursor, limit } => {
                self.on_sanctions_asked(ticket, (app, kind), (&cursor, limit));
            }
            Envelope::Listen { app, shard, events, number } => {
                self.on_listen(app, (shard, events), number);
            }
            Envelope::Tidings { app, batch } => self.on_tidings(app, &batch),
            Envelope::CountersAsked { app, from, number } => {
                self.on_counters_asked(app, from, number);
            }
            Envelope::CountersTold { number, census } => self.on_counters_told(number, &census),
            other => unreachable!("{other:?} concerns a room or a user"),
        }
    }

    fn on_accepted(&mut self, connection: ConnectionId, peer: IpAddr) {
        self.sessions.insert(Session::new(connection, peer, self.now.instant));
        self.set_session_timer(connection);
        if self.drain != Drain::Serving {
            self.dismiss_draining(connection);
        } else if self.sessions.len() > self.settings.connections_max {
            probe::mark(Mark::TooManyConnections);
            self.dismiss(connection, Code::OVERLOADED, "no more connections");
        } else {
            self.effects.push(Effect::Resume { connection, receive: Receive::Once });
        }
    }

    /// Queues a frame for a session; it leaves at the end of the turn.
    fn queue(&mut self, connection: ConnectionId, frame: &FromBroker<'_>) {
        if let Some(session) = self.sessions.get_mut(connection) {
            session.outbound.push(&mut self.spare, |queue| frame.write(queue));
            self.mark_dirty(connection);
        }
    }

    fn mark_dirty(&mut self, connection: ConnectionId) {
        if let Some(session) = self.sessions.get_mut(connection)
            && !session.outbound.dirty
        {
            session.outbound.dirty = true;
            self.sessions_dirty.push(connection);
        }
    }

    /// Sets a timer for a session's deadline, unless an earlier one is set: that one will find
    /// out when it fires.
    fn set_session_timer(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(connection) else { return };
        let deadline = session.deadline(&self.settings.patience);
        if session.timer_at.is_none_or(|set| deadline < set) {
            session.timer_at = Some(deadline);
            self.timers.set(deadline, Due::Session(connection));
        }
    }

    fn on_timers(&mut self) {
        while let Some((at, due)) = self.timers.take(self.now.instant) {
            match due {
                Due::Session(connection) => self.on_session_timer(connection, at),
                Due::Room(slot) => self.on_room_timer(slot, at),
                Due::User(slot) => self.forget_user(slot),
                Due::Top => self.offer_rooms(),
                Due::Drain => self.on_drain_timer(),
            }
        }
    }

    fn on_session_timer(&mut self, connection: ConnectionId, at: Instant) {
        let (now, settings) = (self.now.instant, Rc::clone(&self.settings));
        let Some(session) = self.sessions.get_mut(connection) else { return };
        if session.timer_at != Some(at) {
            return; // An earlier one was set since, and has done this one's work.
        }
        session.timer_at = None;
        let overdue = session.expire(now, &settings.patience);
        note_overdue(overdue);
        match overdue {
            Overdue::Nothing => {}
            Overdue::Hello => self.dismiss(connection, Code::TOO_SLOW, "no hello"),
            Overdue::Frame => self.dismiss(connection, Code::TOO_SLOW, ""),
            Overdue::Token => self.dismiss(connection, Code::TOKEN_EXPIRED, ""),
            Overdue::Silent => self.dismiss(connection, Code::SILENT, ""),
            Overdue::Gap => self.settle_all(connection),
            Overdue::Ping => self.ask_for_life(connection),
            Overdue::Linger => {
                self.effects.push(Effect::Close { connection });
                return;
            }
        }
        self.set_session_timer(connection);
    }

    fn forget_user(&mut self, slot: Slot) {
        let user = crate::id::UserHandle(slot);
        let Some(entry) = self.users.get(user) else { return };
        if !entry.sessions.is_empty() || !entry.rooms.is_empty() {
            return;
        }
        let at = entry.forgotten_at();
        if at <= self.now.instant || probe::planted(Bug::LimiterForgets) {
            self.users.remove(user);
        } else {
            probe::mark(Mark::Remembered);
            self.timers.set(at, Due::User(slot));
        }
    }

    /// Gives up on a connection's buffers that grew too large, keeps the others.
    fn keep_spare(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < limits::SPARE_BUFFERS_MAX
            && buffer.capacity() <= limits::SPARE_BUFFER_BYTES_MAX
        {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}

fn note_overdue(overdue: Overdue) {
    match overdue {
        Overdue::Nothing => {}
        Overdue::Gap => probe::mark(Mark::Capped),
        Overdue::Token => probe::mark(Mark::TokenExpired),
        Overdue::Hello => probe::mark(Mark::HelloLate),
        Overdue::Frame => probe::mark(Mark::FrameLate),
        Overdue::Ping => probe::mark(Mark::Pinged),
        Overdue::Silent => probe::mark(Mark::Silent),
        Overdue::Linger => probe::mark(Mark::Lingered),
    }
}
