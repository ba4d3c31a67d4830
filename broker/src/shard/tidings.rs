//! What happens in an app, for those of its servers that subscribed to it (spec 4).
//!
//! Things happen on every shard; a server's sessions are on one. Each shard knows which shards
//! listen to what, encodes an event once if anyone does, and sends what a turn brought in one
//! envelope for each of them. Nothing is done for an app whose servers do not listen.

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::frame::FromBroker;
use throng_protocol::push::AppEvent;
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{AppEventKind, AppEvents, Departure, DestroyReason};

use crate::envelope::{Answer, Envelope, Ticket, TidingsBatch};
use crate::id::{AppId, ConnectionId, ShardId};
use crate::probe::{self, Mark};
use crate::room::Departed;
use crate::session::Identity;
use crate::shard::Shard;

/// Who listens to what, and what happened in this turn.
#[derive(Debug)]
pub(super) struct Tidings {
    apps: Vec<OfApp>,
}

#[derive(Debug, Default)]
struct OfApp {
    /// Shards with subscribed sessions.
    listeners: SmallVec<[(ShardId, AppEvents); 1]>,
    /// Subscribed sessions on this shard.
    subscribers: Vec<(ConnectionId, AppEvents)>,
    /// Frames of this turn.
    open: Vec<u8>,
    ends: Vec<(AppEvents, u32)>,
}

impl OfApp {
    /// All that the sessions on this shard want.
    fn wanted(&self) -> AppEvents {
        self.subscribers.iter().fold(AppEvents::default(), |all, (_, own)| all.with(*own))
    }
}

impl Tidings {
    pub(super) fn new(apps: usize) -> Self {
        Self { apps: (0..apps).map(|_| OfApp::default()).collect() }
    }

    fn of(&mut self, app: AppId) -> &mut OfApp {
        &mut self.apps[usize::from(app.0)]
    }
}

impl Shard {
    /// A session wants to be told these events. It is answered once every shard tells them.
    pub(super) fn subscribe(
        &mut self,
        ticket: Ticket,
        app: AppId,
        events: AppEvents,
    ) -> Result<(), Refusal<'static>> {
        if events.has_unknown() {
            return Err(Refusal::new(Code::NOT_SUPPORTED).because("events"));
        }
        for shard in self.shards() {
            self.check_load(shard)?;
        }
        self.set_subscription(app, ticket.session.connection, events);
        let shards = usize::from(self.homes.shards);
        let ack = self.answer_once_heeded(ticket, Answer::Subscribed, shards);
        self.listen(app, ack.map(|ack| ack.number));
        Ok(())
    }

    /// Whether a session is told anything of what happens in its app.
    pub(super) fn is_subscribed(&self, app: AppId, connection: ConnectionId) -> bool {
        let of_app = &self.tidings.apps[usize::from(app.0)];
        of_app.subscribers.iter().any(|(own, _)| *own == connection)
    }

    /// A session that goes away wants nothing more.
    pub(super) fn unsubscribe(&mut self, app: AppId, connection: ConnectionId) {
        if self.is_subscribed(app, connection) {
            self.set_subscription(app, connection, AppEvents::default());
            self.listen(app, None);
        }
    }

    fn set_subscription(&mut self, app: AppId, connection: ConnectionId, events: AppEvents) {
        let subscribers = &mut self.tidings.of(app).subscribers;
        subscribers.retain(|(own, _)| *own != connection);
        if events != AppEvents::default() {
            subscribers.push((connection, events));
        }
    }

    /// Tells every shard what is wanted here.
    fn listen(&mut self, app: AppId, number: Option<u64>) {
        let (shard, events) = (self.settings.id, self.tidings.of(app).wanted());
        for to in self.shards() {
            self.post.tell(to, Envelope::Listen { app, shard, events, number });
        }
    }

    /// On every shard: notes what a shard listens to.
    pub(super) fn on_listen(
        &mut self,
        app: AppId,
        (shard, events): (ShardId, AppEvents),
        number: Option<u64>,
    ) {
        let listeners = &mut self.tidings.of(app).listeners;
        listeners.retain(|(own, _)| *own != shard);
        if events != AppEvents::default() {
            listeners.push((shard, events));
        }
        if let Some(number) = number {
            self.post.tell(shard, Envelope::Heeded { number });
        }
    }

    /// Something happened in an app.
    fn happen(&mut self, app: AppId, sort: AppEvents, event: AppEvent<'_>) {
        let at = self.now.wall.as_micros();
        let of_app = self.tidings.of(app);
        if !of_app.listeners.iter().any(|(_, wanted)| wanted.has(sort)) {
            return;
        }
        FromBroker::Push(AppEvent { at, ..event }.into()).write(&mut of_app.open);
        let end = u32::try_from(of_app.open.len()).expect("a turn brings less than 4 GiB");
        of_app.ends.push((sort, end));
    }

    /// Something happened to a room as a whole.
    pub(super) fn happen_to_room(
        &mut self,
        (app, room, epoch): (AppId, &str, u64),
        what: AppEventKind,
        destroyed: DestroyReason,
    ) {
        let event = AppEvent { what, room, epoch, destroyed, ..AppEvent::default() };
        self.happen(app, AppEvents::ROOMS, event);
    }

    /// Somebody joined a room.
    pub(super) fn happen_joined(&mut self, (app, room, epoch): (AppId, &str, u64), user: &str) {
        let what = AppEventKind::MemberJoined;
        let event = AppEvent { what, room, epoch, user, ..AppEvent::default() };
        self.happen(app, AppEvents::MEMBERS, event);
    }

    /// Somebody is a member of a room no longer.
    pub(super) fn happen_left(
        &mut self,
        (app, room, epoch): (AppId, &str, u64),
        departed: &Departed,
    ) {
        let (what, user) = (AppEventKind::MemberLeft, &*departed.user);
        let departure: Departure = departed.departure;
        let event = AppEvent { what, room, epoch, user, departure, ..AppEvent::default() };
        self.happen(app, AppEvents::MEMBERS, event);
    }

    /// A session began.
    pub(super) fn happen_opened(&mut self, connection: ConnectionId) {
        let session = self.sessions.get(connection).and_then(|own| own.identity());
        let Some(Identity { app, name, device, role, .. }) = session else { return };
        let (app, user, device, role) = (*app, name.clone(), device.clone(), *role);
        let what = AppEventKind::SessionOpened;
        let event = AppEvent { what, user: &user, device: &device, role, ..AppEvent::default() };
        self.happen(app, AppEvents::SESSIONS, event);
    }

    /// A session ended; with a code if it was sent away.
    pub(super) fn happen_ended(&mut self, identity: &Identity, code: Code) {
        let Identity { app, name, device, role, .. } = identity;
        let what = AppEventKind::SessionEnded;
        let (user, device, role) = (&**name, &**device, *role);
        let event = AppEvent { what, user, device, role, code, ..AppEvent::default() };
        self.happen(*app, AppEvents::SESSIONS, event);
    }

    /// Sends what happened in this turn to the shards that listen.
    pub(super) fn send_tidings(&mut self) {
        for (app, of_app) in (0_u16..).map(AppId).zip(&mut self.tidings.apps) {
            if of_app.open.is_empty() {
                continue;
            }
            let bytes = Bytes::from(core::mem::take(&mut of_app.open));
            let batch = TidingsBatch { bytes, ends: core::mem::take(&mut of_app.ends) };
            for (shard, _) in &of_app.listeners {
                let batch = batch.clone();
                self.post.tell(*shard, Envelope::Tidings { app, batch });
            }
        }
    }

    /// At a shard that listens: gives each subscribed session what it wants, as one piece.
    pub(super) fn on_tidings(&mut self, app: AppId, batch: &TidingsBatch) {
        for (connection, events) in self.tidings.of(app).subscribers.clone() {
            let Some(session) = self.sessions.get_mut(connection) else { continue };
            probe::mark(Mark::EventTold);
            session.outbound.push(&mut self.spare, |queue| {
                let mut start = 0;
                for (sort, end) in &batch.ends {
                    if events.has(*sort) {
                        queue.extend_from_slice(&batch.bytes[start..*end as usize]);
                    }
                    start = *end as usize;
                }
            });
            self.mark_dirty(connection);
        }
    }
}
