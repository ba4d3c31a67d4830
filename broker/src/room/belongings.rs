//! What a room keeps for its members: attributes, the queue, and bots (spec 8). A continuation of
//! the table of contents.
//!
//! Every change has its place in the room's order, so whoever joins gets all of it as it is at its
//! position, and after that every change.

use bytes::Bytes;
use smallvec::SmallVec;
use throng_protocol::FromBroker;
use throng_protocol::push::{Notice, RoomAttributes, RoomQueue};
use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::value::{
    Attribute as AttributeRow, AttributeKey, AttributeResult, Attributes as AttributeRows, Element,
    Extensions, IdList, JoinOptions, List, NoticeKind, QueueElement, QueueElements, QueueOp,
    QueuePermission, Role,
};

use crate::page::{PAGE_BYTES_MAX, Page, Reading};
use crate::probe::{self, Bug};
use crate::room::attributes::{AttributeChange, Writer};
use crate::room::government::{Actor, Placed, Telling, told_name};
use crate::room::members::Who;
use crate::room::queue::{self, Queue, QueueChange};
use crate::room::roles::Right;
use crate::room::{Profile, Room, both_roles};
use crate::time::{Instant, Now};

type Refused = Refusal<'static>;

/// The list of a queue's elements, as cursors know it.
const QUEUE_LIST: u8 = 32;
/// The list of attributes.
const ATTRIBUTE_LIST: u8 = 33;

/// What changed of the attributes or the queue, by key.
#[derive(Debug, Default)]
struct Touched {
    /// There now, and new or changed.
    written: Vec<Box<str>>,
    /// Gone.
    gone: Vec<Box<str>>,
}

impl Touched {
    fn record(&mut self, key: &str, is_there: bool) {
        let (to, from) = if is_there {
            (&mut self.written, &mut self.gone)
        } else {
            (&mut self.gone, &mut self.written)
        };
        from.retain(|own| **own != *key);
        if !to.iter().any(|own| **own == *key) {
            to.push(key.into());
        }
    }

    const fn is_empty(&self) -> bool {
        self.written.is_empty() && self.gone.is_empty()
    }
}

/// Frames of a room's whole state, for one who joins.
#[derive(Debug, Clone, Default)]
pub struct States {
    /// Whole frames.
    pub frames: SmallVec<[Bytes; 1]>,
}

impl Room {
    /// Whether an actor may write here: members with an account, and servers from anywhere.
    pub(super) fn check_writer(&self, actor: &Actor) -> Result<(), Refused> {
        let who = Who { user: &actor.user, role: actor.role };
        match actor.role {
            Role::Server => Ok(()),
            Role::Client if self.members.find(who).is_some() => Ok(()),
            Role::Client => Err(Refusal::new(Code::NOT_A_MEMBER)),
            _ => Err(Refusal::new(Code::NOT_ALLOWED)),
        }
    }

    /// Whether an actor may read here what members may.
    pub(super) fn check_reader(&self, who: Who<'_>) -> Result<(), Refused> {
        let is_member = who.role == Role::Server || self.members.find(who).is_some();
        if is_member { Ok(()) } else { Err(Refusal::new(Code::NOT_A_MEMBER)) }
    }

    /// Something was asked of what the room keeps. What changed nothing keeps no room from idling.
    fn note_written(&mut self, has_changed: bool, now: Instant) {
        if has_changed {
            self.lifecycle.record_activity(now);
        }
    }

    fn may_force(&self, actor: &Actor) -> bool {
        actor.role == Role::Server || self.roles.leads(&actor.user)
    }

    /// Writes attributes. Gives what became of each change.
    ///
    /// # Errors
    /// `NOT_A_MEMBER` or `NOT_ALLOWED`; then nothing has changed.
    pub fn write_attributes(
        &mut self,
        actor: &Actor,
        changes: &[AttributeChange],
        telling: &Telling,
        now: Now,
    ) -> Result<(Placed, Vec<AttributeResult>), Refused> {
        self.check_writer(actor)?;
        let writer = Writer { user: told_name(actor), may_force: self.may_force(actor) };
        let mut touched = Touched::default();
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            let result = self.attributes.write(writer, change, now);
            if result.code == Code::NONE {
                touched.record(&change.key, result.revision > 0);
            }
            results.push(result);
        }
        self.note_written(results.iter().any(|own| own.code == Code::NONE), now.instant);
        self.tell_attributes((actor, telling), &touched, now);
        Ok((self.placed(), results))
    }

    /// Takes away the actor's own attributes, or all of them: one operation of the room's rate.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NOT_ALLOWED` or `RATE_LIMITED`.
    pub fn clear_attributes(
        &mut self,
        actor: &Actor,
        force: bool,
        telling: &Telling,
        now: Now,
    ) -> Result<Placed, Refused> {
        self.check_writer(actor)?;
        if force && !self.may_force(actor) {
            return Err(Refusal::new(Code::NOT_ALLOWED));
        }
        let too_fast = |wait| Refusal::new(Code::RATE_LIMITED).retry_after(wait);
        self.attributes.admit(now.instant).map_err(too_fast)?;
        let gone = self.attributes.clear((!force).then_some(told_name(actor)));
        self.note_written(!gone.is_empty(), now.instant);
        let touched = Touched { gone, ..Touched::default() };
        self.tell_attributes((actor, telling), &touched, now);
        Ok(self.placed())
    }

    /// Some of the attributes, or a page of all of them.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, or `INVALID_ARGUMENT` for a cursor of something else.
    pub fn attributes_page(
        &self,
        who: Who<'_>,
        keys: &[Box<str>],
        (cursor, limit): (&[u8], u16),
        now: Instant,
    ) -> Result<(Placed, Page), Refused> {
        self.check_reader(who)?;
        // The cursor is the last key itself: keys are in order, and nothing moves one.
        let behind = match cursor {
            [] => None,
            key => {
                let key = core::str::from_utf8(key).ok();
                let key = key.filter(|key| AttributeKey::parse(key).is_ok());
                let invalid = Refusal::new(Code::INVALID_ARGUMENT).because("cursor");
                Some(key.ok_or(invalid)?)
            }
        };
        let rows: Vec<AttributeRow<'_>> = if keys.is_empty() {
            self.attributes.rows(now).collect()
        } else {
            keys.iter().filter_map(|key| self.attributes.row(key, now)).collect()
        };
        let total = rows.len() as u64;
        let rest = rows.iter().filter(|row| behind.is_none_or(|behind| row.key > behind));
        let reading = Reading { list: ATTRIBUTE_LIST, last: None, limit };
        let mut page = reading.page(total, (0_u64..).zip(rest.clone().copied()));
        if !page.cursor.is_empty() {
            let told =
                List::<AttributeRow<'_>>::parse(&page.rows).map_or(0, |told| told.iter().count());
            let last = rest.clone().nth(told.saturating_sub(1));
            page.cursor = last.map(|row| row.key.as_bytes().to_vec()).unwrap_or_default();
        }
        Ok((self.placed(), page))
    }

    fn tell_attributes(
        &mut self,
        (actor, telling): (&Actor, &Telling),
        touched: &Touched,
        now: Now,
    ) {
        if touched.is_empty() {
            return;
        }
        let rows: Vec<AttributeRow<'_>> = touched
            .written
            .iter()
            .filter_map(|key| self.attributes.row(key, now.instant))
            .collect();
        let (mut bytes, mut keys) = (Vec::new(), Vec::new());
        AttributeRows::write(rows, &mut bytes);
        IdList::write(touched.gone.iter().map(|key| &**key), &mut keys);
        let notice = Notice {
            attributes: List::parse(&bytes).expect("as many as there may be"),
            keys: List::parse(&keys).expect("as many as there may be"),
            ..Notice::default()
        };
        self.tell((actor, telling), (NoticeKind::AttributesChanged, &[]), notice, now);
    }

    /// Gives the room a queue, another size for it, or takes it away with size 0.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NOT_ALLOWED`, or `TOO_MANY` if it holds more.
    pub fn set_queue(
        &mut self,
        actor: &Actor,
        (size, permission): (u16, QueuePermission),
        telling: &Telling,
        now: Now,
    ) -> Result<Placed, Refused> {
        self.check_writer(actor)?;
        self.check_right(actor, Right::Lead)?;
        match &mut self.queue {
            own if size == 0 => *own = None,
            Some(queue) => queue.set(size, permission).map_err(Refusal::new)?,
            none => *none = Some(Box::new(Queue::new(size, permission))),
        }
        self.lifecycle.record_activity(now.instant);
        let notice = Notice { queue_size: size, queue_permission: permission, ..Notice::default() };
        Ok(self.tell((actor, telling), (NoticeKind::QueueSet, &[]), notice, now))
    }

    fn check_queue_writer(&self, actor: &Actor) -> Result<(), Refused> {
        self.check_writer(actor)?;
        let queue = self.queue.as_ref().ok_or(Refusal::new(Code::NO_QUEUE))?;
        match queue.permission() {
            QueuePermission::Anyone => Ok(()),
            _ => self.check_right(actor, Right::Lead),
        }
    }

    /// Offers and removes elements. Gives what became of each change.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NOT_ALLOWED` or `NO_QUEUE`; then nothing has changed.
    pub fn write_queue(
        &mut self,
        actor: &Actor,
        changes: &[QueueChange],
        telling: &Telling,
        now: Now,
    ) -> Result<Vec<Code>, Refused> {
        self.check_queue_writer(actor)?;
        let mut touched = Touched::default();
        let mut codes = Vec::with_capacity(changes.len());
        for change in changes {
            if change.op != QueueOp::Remove && touched.gone.contains(&change.key) {
                // It comes back at another place, which one notice could not tell.
                let before = core::mem::take(&mut touched);
                self.tell_queue((actor, telling), &before, now);
            }
            let queue = self.queue.as_mut().ok_or(Refusal::new(Code::NO_QUEUE))?;
            let done = match change.op {
                QueueOp::Remove => queue.remove(&change.key).map(|_| ()).ok_or(Code::NO_SUCH_KEY),
                _ => queue.offer(change, told_name(actor), now.wall),
            };
            if done.is_ok() {
                touched.record(&change.key, change.op != QueueOp::Remove);
            }
            codes.push(done.err().unwrap_or(Code::NONE));
        }
        self.note_written(codes.contains(&Code::NONE), now.instant);
        self.tell_queue((actor, telling), &touched, now);
        Ok(codes)
    }

    /// Takes out the first element, or that of a key. Gives it as a row, if there was one.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NOT_ALLOWED` or `NO_QUEUE`.
    pub fn poll_queue(
        &mut self,
        actor: &Actor,
        key: &str,
        telling: &Telling,
        now: Now,
    ) -> Result<(Placed, Vec<u8>), Refused> {
        self.check_queue_writer(actor)?;
        let queue = self.queue.as_mut().ok_or(Refusal::new(Code::NO_QUEUE))?;
        let key: Option<Box<str>> =
            if key.is_empty() { queue.head().map(Box::from) } else { Some(key.into()) };
        let polled = key.and_then(|key| queue.remove(&key).map(|element| (key, element)));
        let Some((key, element)) = polled else { return Ok((self.placed(), Vec::new())) };
        self.note_written(true, now.instant);
        let mut row = Vec::new();
        QueueElements::write([queue::row(&key, &element)], &mut row);
        let touched = Touched { gone: vec![key], ..Touched::default() };
        self.tell_queue((actor, telling), &touched, now);
        Ok((self.placed(), row))
    }

    /// Takes all elements out.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NOT_ALLOWED` or `NO_QUEUE`.
    pub fn clear_queue(
        &mut self,
        actor: &Actor,
        telling: &Telling,
        now: Now,
    ) -> Result<Placed, Refused> {
        self.check_queue_writer(actor)?;
        if let Some(queue) = &mut self.queue {
            queue.clear();
        }
        self.lifecycle.record_activity(now.instant);
        Ok(self.tell((actor, telling), (NoticeKind::QueueCleared, &[]), Notice::default(), now))
    }

    /// A page of the queue, with its size and permission.
    ///
    /// # Errors
    /// `NOT_A_MEMBER`, `NO_QUEUE`, or `INVALID_ARGUMENT` for a cursor of something else.
    pub fn queue_page(
        &self,
        who: Who<'_>,
        (cursor, limit): (&[u8], u16),
    ) -> Result<(Placed, (u16, QueuePermission), Page), Refused> {
        self.check_reader(who)?;
        let queue = self.queue.as_ref().ok_or(Refusal::new(Code::NO_QUEUE))?;
        let invalid = Refusal::new(Code::INVALID_ARGUMENT).because("cursor");
        let reading = Reading::parse(QUEUE_LIST, cursor, limit).ok_or(invalid)?;
        let page = reading.page(queue.len() as u64, queue.rows(reading.last));
        Ok((self.placed(), (queue.size_max(), queue.permission()), page))
    }

    fn tell_queue(&mut self, (actor, telling): (&Actor, &Telling), touched: &Touched, now: Now) {
        if touched.is_empty() {
            return;
        }
        let rows: Vec<QueueElement<'_>> = self.queue.as_ref().map_or_else(Vec::new, |queue| {
            touched.written.iter().filter_map(|key| queue.find(key)).collect()
        });
        let (mut bytes, mut keys) = (Vec::new(), Vec::new());
        QueueElements::write(rows, &mut bytes);
        IdList::write(touched.gone.iter().map(|key| &**key), &mut keys);
        let notice = Notice {
            elements: List::parse(&bytes).expect("as many as a call may write"),
            keys: List::parse(&keys).expect("as many as a call may write"),
            ..Notice::default()
        };
        self.tell((actor, telling), (NoticeKind::QueueChanged, &[]), notice, now);
    }

    /// A member has left: what goes with it goes, and the others are told.
    pub(super) fn belongings_left(&mut self, user: &str, now: Now) {
        if probe::planted(Bug::AutoDeleteIgnored) {
            return;
        }
        let gone = self.attributes.record_left(user);
        let touched = Touched { gone, ..Touched::default() };
        self.tell_attributes((&Actor::nobody(), &Telling::default()), &touched, now);
        let gone = self.queue.as_mut().map_or_else(Vec::new, |queue| queue.record_left(user));
        for gone in gone.chunks(throng_protocol::limits::LIST_IDS_MAX) {
            let touched = Touched { gone: gone.to_vec(), ..Touched::default() };
            self.tell_queue((&Actor::nobody(), &Telling::default()), &touched, now);
        }
    }

    /// Attributes that have expired go, and the members are told: before anybody is shown the
    /// others, so that whoever joins never misses one whose end is still to be told.
    pub fn expire_attributes(&mut self, now: Now) {
        let gone = self.attributes.expire(now.instant);
        let touched = Touched { gone, ..Touched::default() };
        self.tell_attributes((&Actor::nobody(), &Telling::default()), &touched, now);
    }

    /// Bots whose day is over go.
    pub fn expire_bots(&mut self, now: Instant) {
        if let Some(bots) = &mut self.bots {
            bots.expire(now);
        }
    }

    /// When the next of it expires.
    pub(super) fn belongings_expire_at(&self) -> Option<Instant> {
        let bots = self.bots.as_ref().and_then(|bots| bots.expires_at());
        [self.attributes.expires_at(), bots].into_iter().flatten().min()
    }

    /// The whole state, as frames for one who joins at the newest place.
    pub(super) fn states(&self, options: JoinOptions, now: Instant) -> States {
        let mut states = States::default();
        let (room, epoch, seq) = (&*self.name, self.stream.epoch(), self.stream.seq());
        let extensions = Extensions::NONE;
        if !options.has(JoinOptions::NO_ATTRIBUTES) {
            let short = usize::from(probe::planted(Bug::StateShort));
            pieces(self.attributes.rows(now).skip(short), |bytes| {
                let attributes = List::parse(bytes).expect("as many as there may be");
                let piece = RoomAttributes { room, epoch, seq, attributes, extensions };
                states.push(&FromBroker::Push(piece.into()));
            });
        }
        if let Some(queue) = self.queue.as_ref().filter(|_| !options.has(JoinOptions::NO_QUEUE)) {
            let (size, permission) = (queue.size_max(), queue.permission());
            let mut told = |bytes: &[u8]| {
                let elements = List::parse(bytes).expect("as many as a list may hold");
                let piece = RoomQueue { room, epoch, seq, size, permission, elements, extensions };
                states.push(&FromBroker::Push(piece.into()));
            };
            if queue.len() == 0 {
                told(&[]);
            }
            pieces(queue.rows(None).map(|(_, row)| row), told);
        }
        states
    }

    /// Puts bots in. Gives what became of each.
    pub fn add_bots(&mut self, bots: Vec<(Box<str>, Option<Box<Profile>>)>, now: Now) -> Vec<Code> {
        let own = self.bots.get_or_insert_default();
        let members = &self.members;
        let is_taken = |user: &str| both_roles(user).any(|who| members.find(who).is_some());
        let add = |(user, profile): (Box<str>, _)| match is_taken(&user) {
            true => Code::KEY_EXISTS,
            false => own.add(&user, profile, now).err().unwrap_or(Code::NONE),
        };
        bots.into_iter().map(add).collect()
    }

    /// Takes bots out. Gives what became of each.
    pub fn remove_bots(&mut self, users: &[Box<str>]) -> Vec<Code> {
        let own = self.bots.get_or_insert_default();
        users.iter().map(|user| own.remove(user).err().unwrap_or(Code::NONE)).collect()
    }

    /// Takes all bots out.
    pub fn clear_bots(&mut self) {
        self.bots = None;
    }

    /// The first state of a new room: attributes, and a queue if it is to have one.
    pub(super) fn furnish(
        &mut self,
        creator: &str,
        attributes: &[AttributeChange],
        (size, permission): (u16, QueuePermission),
        now: Now,
    ) {
        let writer = Writer { user: creator, may_force: false };
        for change in attributes {
            self.attributes.write(writer, change, now);
        }
        self.queue = (size > 0).then(|| Box::new(Queue::new(size, permission)));
    }

    /// How many bots there are.
    #[must_use]
    pub fn bots(&self) -> usize {
        self.bots.as_ref().map_or(0, |bots| bots.len())
    }

    /// Members and bots.
    #[must_use]
    pub(super) fn heads(&self) -> u64 {
        (self.members.len() + self.bots()) as u64
    }
}

impl States {
    fn push(&mut self, frame: &FromBroker<'_>) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        self.frames.push(bytes.into());
    }
}

/// Rows in pieces that fit a frame each, as the bytes of a list.
fn pieces<T: Element>(rows: impl Iterator<Item = T>, mut piece: impl FnMut(&[u8])) {
    let (mut bytes, mut count) = (Vec::new(), 0);
    for row in rows {
        let before = bytes.len();
        List::write([row], &mut bytes);
        if count == T::COUNT_MAX || (bytes.len() > PAGE_BYTES_MAX && count > 0) {
            piece(&bytes[..before]);
            bytes.drain(..before);
            count = 0;
        }
        count += 1;
    }
    if !bytes.is_empty() {
        piece(&bytes);
    }
}
