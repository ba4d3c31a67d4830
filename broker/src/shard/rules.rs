//! Requests about the rules that decide what is dropped when there is too much: lists of names,
//! limits of rooms, what is left of limits, what became of messages (spec 6).
//!
//! Where a list is the app's, it goes to the app's home; where it is a room's, to the room's.

use core::num::NonZeroU32;
use core::time::Duration;

use throng_protocol::refusal::{Code, Refusal};
use throng_protocol::reply::{self, Limits};
use throng_protocol::request::{
    ChangeList, DestroyRooms, Moderate, QueryLimits, QueryList, QuerySanctions, SetRoomLimits,
};
use throng_protocol::value::{
    self, Count, Counter, Counts, Extensions, IdList, Kind, LimitSetting, ListChange, ListName,
    Moderation, RoomId, UserId,
};

use crate::class::{ByClass, Class};
use crate::counters::Outcome;
use crate::envelope::{
    Answer, AppListChange, AppRuling, Ask, Census, Command, Envelope, Item, ItemOutcome,
    LimitSettings, Ticket,
};
use crate::id::{ConnectionId, ShardId};
use crate::limits::{
    RATE_PER_SECOND_MAX, RING_BYTES_MAX, RING_BYTES_MIN, RING_MESSAGES_MAX, RING_MESSAGES_MIN,
    SLOW_MODE_MAX,
};
use crate::names::Names;
use crate::nature::Nature;
use crate::rate::{Allowance, QuotaLimits};
use crate::room::{Actor, OwnRetention, RoomAllowance, RoomLimits};
use crate::shard::requests::{Refused, invalid};
use crate::shard::{Shard, asks};

const NONE: Extensions<'static> = Extensions::NONE;

impl Shard {
    pub(super) fn on_change_list(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &ChangeList<'_>,
    ) -> Result<(), Refused> {
        let names = names(request)?;
        let (list, change) = (request.list, request.change);
        let identity = self.identity(connection)?;
        let ask = match list {
            ListName::ProtectedUsers => Ask::ChangeProtectedUsers(change, names),
            ListName::MuteExceptions => {
                let actor = Actor { user: identity.name.clone(), role: identity.role };
                Ask::ChangeExceptions(actor, change, names)
            }
            _ => return self.change_app_list(connection, number, (list, change), names),
        };
        self.command(connection, number, request.room, ask)
    }

    fn change_app_list(
        &mut self,
        connection: ConnectionId,
        number: u32,
        (list, change): (ListName, ListChange),
        entries: Names,
    ) -> Result<(), Refused> {
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        let home = self.home_of_app(app);
        self.check_load(home)?;
        let change = AppListChange { ticket, app, list, change, entries };
        self.post.tell(home, Envelope::ChangeList(Box::new(change)));
        Ok(())
    }

    pub(super) fn on_query_list(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &QueryList<'_>,
    ) -> Result<(), Refused> {
        let identity = self.identity(connection)?;
        let ask = match request.list {
            ListName::ProtectedUsers => Some(Ask::QueryProtectedUsers),
            ListName::MuteExceptions => {
                let actor = Actor { user: identity.name.clone(), role: identity.role };
                Some(Ask::QueryExceptions(actor))
            }
            _ => None,
        };
        if let Some(ask) = ask {
            return self.command(connection, number, request.room, ask);
        }
        let app = identity.app;
        let list = self.appwide.lists[usize::from(app.0)].list(request.list);
        let list = list.ok_or(Refusal::new(Code::NOT_SUPPORTED).because("list"))?.clone();
        let ticket = self.ticket(connection, number)?;
        self.reply_names(ticket, &list);
        Ok(())
    }

    pub(super) fn on_moderate_app(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &Moderate<'_>,
    ) -> Result<(), Refused> {
        let ruling = asks::ruling(request)?;
        if ruling.action == Moderation::Kick {
            return Err(invalid("action: out of a whole app there is only a ban"));
        }
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        let home = self.home_of_app(app);
        self.check_load(home)?;
        self.post.tell(home, Envelope::Sanction(Box::new(AppRuling { ticket, app, ruling })));
        Ok(())
    }

    pub(super) fn on_query_app_sanctions(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &QuerySanctions<'_>,
    ) -> Result<(), Refused> {
        let kind = asks::sanction(request.sanction)?;
        let (cursor, limit) = asks::reading(request.cursor, request.limit)?;
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        let home = self.home_of_app(app);
        self.check_load(home)?;
        self.post.tell(home, Envelope::SanctionsAsked { ticket, app, kind, cursor, limit });
        Ok(())
    }

    /// Asks each room's home to destroy it, and gathers what becomes of them.
    pub(super) fn on_destroy_rooms(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &DestroyRooms<'_>,
    ) -> Result<(), Refused> {
        let rooms: Vec<&str> = request.rooms.iter().collect();
        if rooms.is_empty() || rooms.iter().any(|room| RoomId::parse(room).is_err()) {
            return Err(invalid("rooms"));
        }
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        for room in &rooms {
            self.check_load(self.homes.of_room(app, room))?;
        }
        let results = |all: Vec<ItemOutcome>| {
            Answer::Results(all.into_iter().map(|item| item.code).collect())
        };
        let number = self.gather_items(ticket, rooms.len(), results);
        for (place, room) in (0_u16..).zip(rooms) {
            let home = self.homes.of_room(app, room);
            let ask = Box::new(Ask::DestroyOne(Item { number, place }));
            let command = Command { ticket, app, room: room.into(), ask };
            self.post.tell(home, Envelope::Command(command));
        }
        Ok(())
    }

    /// Tells what is on a list.
    pub(super) fn reply_names(&mut self, ticket: Ticket, names: &Names) {
        let mut bytes = Vec::new();
        IdList::write(names.iter(), &mut bytes);
        let entries = IdList::parse(&bytes).expect("a list is far below the most on the wire");
        self.reply(ticket, reply::ListEntries { entries, extensions: NONE }.into());
    }

    pub(super) fn on_query_limits(
        &mut self,
        connection: ConnectionId,
        number: u32,
        request: &QueryLimits<'_>,
    ) -> Result<(), Refused> {
        if request.room.is_empty() {
            let ticket = self.ticket(connection, number)?;
            self.reply_limits(ticket, None);
            return Ok(());
        }
        let (user, role) = self.member_name(connection)?;
        self.command(connection, number, request.room, Ask::QueryLimits { user, role })
    }

    /// Tells what is left of a session's limits, and of a room's.
    pub(super) fn reply_limits(&mut self, ticket: Ticket, room: Option<&RoomAllowance>) {
        let now = self.now.instant;
        let session = self.sessions.get(ticket.session.connection);
        let requests = session.and_then(|own| own.identity()).map(|own| &own.requests);
        let messages = self.users.get(ticket.user).map(|own| &own.messages);
        let pool =
            |pool: fn(&RoomAllowance) -> Allowance| room.map(pool).map(shown).unwrap_or_default();
        let limits = Limits {
            messages: messages.map(|own| shown(own.allowance(now))).unwrap_or_default(),
            requests: requests.map(|own| shown(own.allowance(now))).unwrap_or_default(),
            room_high_only: pool(|room| room.quota.high_only),
            room_shared: pool(|room| room.quota.shared),
            room_protected: pool(|room| room.quota.protected),
            slow_mode_ms: room.map_or(0, |room| millis(room.slow_mode)),
            slow_mode_wait_ms: room.map_or(0, |room| millis(room.slow_mode_wait)),
            ring_messages: room.map_or(0, |room| room.retention.messages),
            ring_bytes: room.map_or(0, |room| bytes(room.retention.bytes)),
            extensions: NONE,
        };
        self.reply(ticket, limits.into());
    }

    pub(super) fn on_query_counters(
        &mut self,
        connection: ConnectionId,
        number: u32,
    ) -> Result<(), Refused> {
        let ticket = self.ticket(connection, number)?;
        let app = self.identity(connection)?.app;
        for shard in (0..self.homes.shards).map(ShardId) {
            self.check_load(shard)?;
        }
        self.begin_census(ticket, app);
        Ok(())
    }

    /// Tells what became of an app's messages.
    pub(super) fn reply_counters(&mut self, ticket: Ticket, census: &Census) {
        let mut bytes = Vec::new();
        Counts::write(counts(census), &mut bytes);
        let counts = Counts::parse(&bytes).expect("there are few counters");
        self.reply(ticket, reply::Counters { counts, extensions: NONE }.into());
    }
}

/// What a room is to be given as its limits.
pub(super) fn limit_settings(request: &SetRoomLimits<'_>, nature: &Nature) -> Result<Ask, Refused> {
    let SetRoomLimits { high_only, shared, protected, slow_mode_ms, .. } = *request;
    let SetRoomLimits { ring_messages, ring_bytes, .. } = *request;
    let settings =
        LimitSettings { high_only, shared, protected, slow_mode_ms, ring_messages, ring_bytes };
    check_settings(&settings, nature).map(|()| Ask::SetLimits(settings))
}

/// Whether a room of such an app may be given these limits.
pub(super) fn check_settings(settings: &LimitSettings, nature: &Nature) -> Result<(), Refused> {
    let LimitSettings { high_only, shared, protected, slow_mode_ms, .. } = *settings;
    if matches!(slow_mode_ms, LimitSetting::Limit(ms) if ms > millis(SLOW_MODE_MAX)) {
        return Err(invalid("slow_mode_ms"));
    }
    for pool in [high_only, shared, protected] {
        if matches!(pool, LimitSetting::Limit(limit) if !(1..=RATE_PER_SECOND_MAX).contains(&limit))
        {
            return Err(invalid("quota"));
        }
    }
    let is_among = |setting, fits: &dyn Fn(u32) -> bool| match setting {
        LimitSetting::Keep | LimitSetting::Inherit => true,
        LimitSetting::Unlimited => false,
        LimitSetting::Limit(limit) => fits(limit),
    };
    // Whoever comes back in time finds all that it missed.
    let least = RING_MESSAGES_MIN.max(nature.grace_messages.saturating_add(1));
    if !is_among(settings.ring_messages, &|limit| (least..=RING_MESSAGES_MAX).contains(&limit)) {
        return Err(invalid("ring_messages"));
    }
    let bytes = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
    let bounds = RING_BYTES_MIN..=RING_BYTES_MAX;
    if !is_among(settings.ring_bytes, &|limit| bounds.contains(&bytes(limit))) {
        return Err(invalid("ring_bytes"));
    }
    Ok(())
}

/// What settings make of the limits that hold, with the app's to inherit from.
pub(super) fn apply(settings: &LimitSettings, own: RoomLimits, app: QuotaLimits) -> RoomLimits {
    let limit = |setting, own: Option<NonZeroU32>, app| match setting {
        LimitSetting::Keep => own,
        LimitSetting::Inherit => app,
        LimitSetting::Unlimited => None,
        LimitSetting::Limit(limit) => {
            Some(NonZeroU32::new(limit).expect("none of them may be 0, which was refused"))
        }
    };
    let slow_mode = match settings.slow_mode_ms {
        LimitSetting::Keep => own.slow_mode,
        LimitSetting::Inherit | LimitSetting::Unlimited => Duration::ZERO,
        LimitSetting::Limit(ms) => Duration::from_millis(u64::from(ms)),
    };
    let quota = QuotaLimits {
        high_only: limit(settings.high_only, own.quota.high_only, app.high_only),
        shared: limit(settings.shared, own.quota.shared, app.shared),
        protected: limit(settings.protected, own.quota.protected, app.protected),
    };
    let retention = OwnRetention {
        messages: limit(settings.ring_messages, own.retention.messages, None),
        bytes: limit(settings.ring_bytes, own.retention.bytes, None),
    };
    RoomLimits { quota, slow_mode, retention }
}

/// The names of a change, each of which must be what its list holds.
fn names(request: &ChangeList<'_>) -> Result<Names, Refused> {
    let is_good: fn(&str) -> bool = match request.list {
        ListName::ProtectedKinds | ListName::LowKinds => |entry| Kind::parse(entry).is_ok(),
        ListName::KeepAlive => |entry| RoomId::parse(entry).is_ok(),
        ListName::ProtectedUsers | ListName::MuteExceptions => |entry| UserId::parse(entry).is_ok(),
        _ => return Err(Refusal::new(Code::NOT_SUPPORTED).because("list")),
    };
    let of_room = matches!(request.list, ListName::ProtectedUsers | ListName::MuteExceptions);
    if !of_room && !request.room.is_empty() {
        return Err(invalid("room: the list is the app's"));
    }
    if !request.entries.iter().all(is_good) {
        return Err(invalid("entries"));
    }
    Ok(request.entries.iter().map(Box::from).collect())
}

fn counts(census: &Census) -> impl Iterator<Item = Count> {
    let own = &census.counters;
    let delivered = own.delivered(&census.waiting);
    let none = |count| ByClass([count, 0, 0]);
    let table = [
        (Counter::Accepted, own.of(Outcome::Accepted)),
        (Counter::ShedQuota, own.of(Outcome::ShedQuota)),
        (Counter::ShedOverload, own.of(Outcome::ShedOverload)),
        (Counter::RateLimited, own.of(Outcome::RateLimited)),
        (Counter::SlowMode, own.of(Outcome::SlowMode)),
        (Counter::Addressed, own.of(Outcome::Addressed)),
        (Counter::SkippedSlow, own.of(Outcome::SkippedSlow)),
        (Counter::SkippedCap, own.of(Outcome::SkippedCap)),
        (Counter::Cut, own.of(Outcome::Cut)),
        (Counter::Own, own.of(Outcome::Own)),
        (Counter::Waiting, census.waiting),
        (Counter::Delivered, delivered),
        (Counter::Lagging, none(own.lagging)),
        (Counter::Flooding, none(own.flooding)),
    ];
    table.into_iter().flat_map(|(counter, counts)| {
        let of =
            move |class: Class| Count { counter, class: class.on_wire(), count: counts.of(class) };
        Class::ALL.into_iter().map(of).filter(|count| count.count > 0)
    })
}

fn shown(allowance: Allowance) -> value::Allowance {
    value::Allowance {
        limit: allowance.limit.map_or(0, u32::from),
        window_ms: millis(allowance.window),
        left: allowance.left,
        retry_after_ms: millis(allowance.retry_after),
    }
}

fn bytes(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Whole milliseconds, rounded up: whoever waits for that long has waited long enough.
fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}
