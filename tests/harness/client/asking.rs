//! All that a client may ask: each gives the number of its request, whose outcome comes into
//! `Client::outcomes`. Nothing is checked here; what the broker makes of nonsense is for tests.

use throng_protocol::request::{
    ChangeList, ChangeRoom, CreateRoom, DestroyRoom, DestroyRooms, FindMembers, Join, Leave,
    Moderate, MuteRoom, Ping, Publish, QueryCounters, QueryLimits, QueryList, QueryMembers,
    QueryRoom, QuerySanctions, Request, SetProfile, SetRoomLimits, SetRoomOpen, SetRoomRole,
    Subscribe,
};
use throng_protocol::value::{
    AppEvents, ClassHint, Extensions, IdList, JoinOptions, LimitSetting, ListChange, ListName,
    Moderation, NoticeOptions, Profile, PublishOptions, RoomRole, Sanction, Switch, Term,
};

use crate::checker::Checker;

use super::{Asked, Client};

const NONE: Extensions<'static> = Extensions::NONE;

/// A room's limits, all as they are.
const KEEP_ALL: SetRoomLimits<'static> = SetRoomLimits {
    room: "",
    high_only: LimitSetting::Keep,
    shared: LimitSetting::Keep,
    protected: LimitSetting::Keep,
    slow_mode_ms: LimitSetting::Keep,
    ring_messages: LimitSetting::Keep,
    ring_bytes: LimitSetting::Keep,
    extensions: NONE,
};

/// What is published.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Its type name.
    pub kind: &'a str,
    /// The class that is asked for.
    pub class: ClassHint,
    /// The message.
    pub payload: &'a [u8],
}

/// How a room is joined.
#[derive(Debug, Clone, Copy, Default)]
pub struct Coming<'a> {
    /// How many of the last messages are asked for.
    pub history: u8,
    /// How the user shows itself.
    pub profile: Profile<'a>,
    /// From where on it resumes: epoch and place.
    pub from: Option<(u64, u64)>,
}

/// What is done to users, and how.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The room; empty for the whole app.
    pub room: &'a str,
    /// What is done.
    pub action: Moderation,
    /// For how long.
    pub term: Term,
    /// Whether members are told.
    pub options: NoticeOptions,
    /// What is said along with it.
    pub extension: &'a str,
}

impl<'a> Act<'a> {
    /// Something that is told and is for no time.
    #[must_use]
    pub fn new(room: &'a str, action: Moderation) -> Self {
        let options = NoticeOptions::default();
        Self { room, action, term: Term::NONE, options, extension: "" }
    }

    /// Something that is told and holds for so many seconds.
    #[must_use]
    pub fn lasting(room: &'a str, action: Moderation, seconds: u32) -> Self {
        Self { term: Term::from_seconds(seconds), ..Self::new(room, action) }
    }
}

/// Ids as they stand on the wire.
fn written(ids: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    IdList::write(ids.iter().copied(), &mut bytes);
    bytes
}

fn list(bytes: &[u8]) -> IdList<'_> {
    IdList::parse(bytes).expect("a test names no more ids than a list holds")
}

const fn switch(on: bool) -> Switch {
    if on { Switch::On } else { Switch::Off }
}

impl Client {
    /// Asks for anything whose answer needs no more than its number to be judged.
    ///
    /// # Panics
    /// When it does need more.
    pub fn request<'a>(&mut self, request: impl Into<Request<'a>>) -> u32 {
        let request = request.into();
        let judged = matches!(
            request,
            Request::Join(_)
                | Request::Leave(_)
                | Request::Publish(_)
                | Request::PublishMany(_)
                | Request::QueryHistory(_)
        );
        assert!(!judged, "{request:?} has a method of its own");
        if let Request::QueryRoom(query) = request {
            return self.ask(Asked::State(query.room.to_owned()), request);
        }
        self.ask(Asked::Other, request)
    }

    /// Asks to join.
    pub fn join(&mut self, room: &str) -> u32 {
        self.join_with(room, Coming::default())
    }

    /// Asks to join and to get the last messages.
    pub fn join_with_history(&mut self, room: &str, history: u8) -> u32 {
        self.join_with(room, Coming { history, ..Coming::default() })
    }

    /// Asks to join in some way.
    pub fn join_with(&mut self, room: &str, coming: Coming<'_>) -> u32 {
        self.join_without(room, coming, JoinOptions::default())
    }

    /// Asks to join without some of the room's state.
    pub fn join_without(&mut self, room: &str, coming: Coming<'_>, options: JoinOptions) -> u32 {
        let Coming { history, profile, from } = coming;
        let (resume_epoch, resume_seq) = from.unwrap_or_default();
        let extensions = NONE;
        let join = Join { room, history, profile, resume_epoch, resume_seq, options, extensions };
        self.ask(Asked::Join { room: room.to_owned(), history, from, options }, join.into())
    }

    /// Asks to leave.
    pub fn leave(&mut self, room: &str) -> u32 {
        self.ask(Asked::Leave(room.to_owned()), Leave { room, extensions: NONE }.into())
    }

    /// Publishes.
    pub fn publish(
        &mut self,
        checker: &mut Checker,
        room: &str,
        Words { kind, class, payload }: Words<'_>,
        options: PublishOptions,
    ) -> u32 {
        checker.record_published(payload, kind);
        let asked = Asked::Publish {
            room: room.to_owned(),
            payload: payload.to_vec(),
            echo: options.has(PublishOptions::ECHO),
            acked: !options.has(PublishOptions::NO_ACK),
            id: String::new(),
            direct: false,
        };
        let publish = Publish {
            room,
            kind,
            payload,
            options,
            class,
            message_id: "",
            targets: IdList::EMPTY,
            extensions: NONE,
        };
        self.ask(asked, publish.into())
    }

    /// Asks for a list to be changed.
    pub fn change_list(
        &mut self,
        (name, room): (ListName, &str),
        change: ListChange,
        entries: &[&str],
    ) -> u32 {
        let bytes = written(entries);
        let entries = list(&bytes);
        self.request(ChangeList { list: name, room, change, entries, extensions: NONE })
    }

    /// Asks what is on a list.
    pub fn query_list(&mut self, list: ListName, room: &str) -> u32 {
        self.request(QueryList { list, room, extensions: NONE })
    }

    /// Asks for a room's limits to be set: the three pools of its quota, and slow mode.
    pub fn set_limits(&mut self, room: &str, pools: [LimitSetting; 3], slow_mode_ms: u32) -> u32 {
        let [high_only, shared, protected] = pools;
        let slow_mode_ms = LimitSetting::Limit(slow_mode_ms);
        let limits = SetRoomLimits { room, high_only, shared, protected, slow_mode_ms, ..KEEP_ALL };
        self.request(limits)
    }

    /// Asks for how much a room keeps to be set: messages, and bytes.
    pub fn set_ring(&mut self, room: &str, [messages, bytes]: [LimitSetting; 2]) -> u32 {
        let (ring_messages, ring_bytes) = (messages, bytes);
        self.request(SetRoomLimits { room, ring_messages, ring_bytes, ..KEEP_ALL })
    }

    /// Asks what is left of the limits.
    pub fn query_limits(&mut self, room: &str) -> u32 {
        self.request(QueryLimits { room, extensions: NONE })
    }

    /// Asks what became of messages.
    pub fn query_counters(&mut self) -> u32 {
        self.request(QueryCounters { extensions: NONE })
    }

    /// Asks for a room to be created that says nothing of itself.
    pub fn create(&mut self, room: &str) -> u32 {
        self.request(CreateRoom { room, ..CreateRoom::default() })
    }

    /// Asks for a room to be created for a user.
    pub fn create_for(&mut self, room: &str, creator: &str) -> u32 {
        self.request(CreateRoom { room, creator, ..CreateRoom::default() })
    }

    /// Asks for a room to be created, muted but for these.
    pub fn create_muted(&mut self, room: &str, exceptions: &[&str]) -> u32 {
        let bytes = written(exceptions);
        let flags = throng_protocol::value::RoomFlags::MUTED;
        let mute_exceptions = list(&bytes);
        self.request(CreateRoom { room, flags, mute_exceptions, ..CreateRoom::default() })
    }

    /// Asks for a room to be destroyed.
    pub fn destroy(&mut self, room: &str) -> u32 {
        self.request(DestroyRoom { room, extensions: NONE })
    }

    /// Asks for many rooms to be destroyed.
    pub fn destroy_rooms(&mut self, rooms: &[&str]) -> u32 {
        let bytes = written(rooms);
        self.request(DestroyRooms { rooms: list(&bytes), extensions: NONE })
    }

    /// Asks what a room is.
    pub fn query(&mut self, room: &str) -> u32 {
        self.request(QueryRoom { room, extensions: NONE })
    }

    /// Asks for what a room says of itself to be changed.
    pub fn change_room(&mut self, change: ChangeRoom<'_>) -> u32 {
        self.request(change)
    }

    /// Asks for a room to be opened or closed.
    pub fn set_open(&mut self, room: &str, open: bool) -> u32 {
        self.request(SetRoomOpen { room, open: switch(open), ..SetRoomOpen::default() })
    }

    /// Asks for a room to be muted, or not any more.
    pub fn mute_room(&mut self, room: &str, muted: bool) -> u32 {
        self.request(MuteRoom { room, muted: switch(muted), ..MuteRoom::default() })
    }

    /// Asks for a page of members.
    pub fn query_members(&mut self, query: QueryMembers<'_>) -> u32 {
        self.request(query)
    }

    /// Asks whether users are in a room.
    pub fn find_members(&mut self, room: &str, users: &[&str]) -> u32 {
        let bytes = written(users);
        self.request(FindMembers { room, users: list(&bytes), extensions: NONE })
    }

    /// Asks to be shown differently.
    pub fn set_profile(&mut self, room: &str, profile: Profile<'_>) -> u32 {
        self.request(SetProfile { room, profile, ..SetProfile::default() })
    }

    /// Asks for users to be given another role.
    pub fn set_role(&mut self, room: &str, users: &[&str], role: RoomRole) -> u32 {
        let bytes = written(users);
        self.request(SetRoomRole { room, users: list(&bytes), role, ..SetRoomRole::default() })
    }

    /// Asks for something to be done to users.
    pub fn moderate(&mut self, act: Act<'_>, users: &[&str]) -> u32 {
        let bytes = written(users);
        let Act { room, action, term, options, extension } = act;
        let (users, extensions) = (list(&bytes), NONE);
        self.request(Moderate { room, action, users, term, options, extension, extensions })
    }

    /// Asks who is banned or muted.
    pub fn query_sanctions(&mut self, room: &str, sanction: Sanction) -> u32 {
        let limit = 500;
        self.request(QuerySanctions { room, sanction, limit, ..QuerySanctions::default() })
    }

    /// Asks to be told what happens in the app.
    pub fn subscribe(&mut self, events: AppEvents) -> u32 {
        self.request(Subscribe { events, extensions: NONE })
    }

    /// Asks for a sign of life.
    pub fn ping(&mut self) -> u32 {
        self.request(Ping { extensions: NONE })
    }

    /// Asks something that no version knows yet.
    pub fn ask_unknown(&mut self) -> u32 {
        self.requests += 1;
        self.asked.insert(self.requests, Asked::Other);
        let number = u8::try_from(self.requests).expect("an early request");
        self.say_raw(&[5, 0, 0, 0, 63, number, 1, 2, 3]);
        self.requests
    }
}
