//! Requests about rooms in full, read off four bytes: what a room says of itself and when it ends,
//! who is in it and what they may do, who may not speak or not come in, and what a server is told.
//!
//! Most of what four bytes can say is good; where something is not (a role of a later version, a
//! page of nothing, nobody to kick) the broker has a refusal for it.

use throng_protocol::FromClient;
use throng_protocol::request::{
    ChangeList, ChangeRoom, CreateRoom, DestroyRooms, FindMembers, Join, Moderate, MuteRoom,
    QueryList, QueryMembers, QuerySanctions, Request, SetProfile, SetRoomOpen, SetRoomRole,
    Subscribe,
};
use throng_protocol::value::{
    About, AppEvents, DestroyPolicy, Extensions, IdList, JoinOptions, LimitSetting, ListChange,
    ListName, MemberFilter, MemberOrder, Moderation, NoticeOptions, PolicyKind, Profile,
    RoomFields, RoomFlags, RoomRole, Sanction, Switch, Term,
};

use super::script::Govern;

const NONE: Extensions<'static> = Extensions::NONE;
const ABOUT: About<'static> =
    About { title: "Lobby", announcement: "Be nice", live_url: "live", extension: "{}" };
const PROFILE: Profile<'static> = Profile { nickname: "Ann", avatar: "ann.png", extension: "{}" };
const WORDS: &str = "so it is";

/// What a client may know when it asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// The room's id.
    pub(super) room: &'a str,
    /// The users that there are.
    pub(super) users: &'a [&'a str],
    /// The epoch of a room and its newest entry, as somebody knows them.
    pub(super) position: (u64, u64),
    /// Where the next page begins.
    pub(super) cursor: &'a [u8],
}

impl Govern {
    /// Appends the request.
    pub(super) fn write(self, number: u32, known: Known<'_>, out: &mut Vec<u8>) {
        let named = known.users.iter().enumerate().filter(|(bit, _)| self.whom & (1 << bit) != 0);
        let (mut users, mut room) = (Vec::new(), Vec::new());
        IdList::write(named.map(|(_, user)| *user), &mut users);
        IdList::write([known.room], &mut room);
        let list = |bytes| IdList::parse(bytes).expect("a few ids are a list");
        let request = self.request(known, [list(&users), list(&room)]);
        FromClient::Request(number, request).write(out);
    }

    fn request<'a>(self, known: Known<'a>, lists: [IdList<'a>; 2]) -> Request<'a> {
        match self.what {
            0..=4 => self.of_the_room(known, lists),
            5..=7 => self.of_lists(known, lists),
            8..=10 => self.of_members(known, lists),
            _ => self.of_order(known, lists),
        }
    }

    fn policy(self) -> DestroyPolicy {
        let kind = PolicyKind::from_byte(self.how % 5);
        DestroyPolicy { kind, seconds: [0, 1, 60, 604_801][usize::from(self.how / 8 % 4)] }
    }

    const fn quiet(self) -> NoticeOptions {
        NoticeOptions::from_bits(self.how >> 7)
    }

    const fn on(self) -> Switch {
        Switch::from_byte(self.how % 3)
    }

    /// What it is and how long it lives.
    fn of_the_room<'a>(self, known: Known<'a>, [users, rooms]: [IdList<'a>; 2]) -> Request<'a> {
        let (room, extension, options) = (known.room, WORDS, self.quiet());
        match self.what {
            0 => {
                let (resume_epoch, newest) = known.position;
                let (history, back) = (self.how % 52, u64::from(self.whom));
                let resume_seq = newest.saturating_sub(back);
                let resume_epoch = if self.how < 128 { 0 } else { resume_epoch };
                Join {
                    room,
                    history,
                    profile: PROFILE,
                    resume_epoch,
                    resume_seq,
                    extensions: NONE,
                    options: JoinOptions::default(),
                }
                .into()
            }
            1 => CreateRoom {
                room,
                creator: known.users.get(usize::from(self.whom / 16)).copied().unwrap_or_default(),
                about: ABOUT,
                policy: self.policy(),
                flags: RoomFlags::from_bits(self.how >> 6),
                mute_exceptions: users,
                ring_bytes: [LimitSetting::Inherit, LimitSetting::Limit(256 * 1024)]
                    [usize::from(self.whom % 2)],
                ..CreateRoom::default()
            }
            .into(),
            2 => {
                let (fields, policy) = (RoomFields::from_bits(self.whom), self.policy());
                ChangeRoom {
                    room,
                    fields,
                    about: ABOUT,
                    policy,
                    options,
                    extension,
                    extensions: NONE,
                }
                .into()
            }
            3 => DestroyRooms { rooms, extensions: NONE }.into(),
            _ => SetRoomOpen { room, open: self.on(), options, extension, extensions: NONE }.into(),
        }
    }

    /// Who may speak in a muted room, and which rooms are kept.
    fn of_lists<'a>(self, known: Known<'a>, [users, rooms]: [IdList<'a>; 2]) -> Request<'a> {
        let kept = self.how.is_multiple_of(2);
        let (list, room, entries) = if kept {
            (ListName::KeepAlive, "", rooms)
        } else {
            (ListName::MuteExceptions, known.room, users)
        };
        let change = ListChange::from_byte(self.how / 2 % 4);
        match self.what {
            5 => MuteRoom {
                room: known.room,
                muted: self.on(),
                options: self.quiet(),
                extension: WORDS,
                extensions: NONE,
            }
            .into(),
            6 => ChangeList { list, room, change, entries, extensions: NONE }.into(),
            _ => QueryList { list, room, extensions: NONE }.into(),
        }
    }

    /// Who is there and how they show themselves.
    fn of_members<'a>(self, known: Known<'a>, [users, _]: [IdList<'a>; 2]) -> Request<'a> {
        let room = known.room;
        match self.what {
            8 => QueryMembers {
                room,
                filter: MemberFilter::from_byte(self.how % 2),
                order: MemberOrder::from_byte(self.how / 2 % 2),
                cursor: if self.how < 128 { &[] } else { known.cursor },
                limit: [1, 2, 500, 0][usize::from(self.how / 4 % 4)],
                extensions: NONE,
            }
            .into(),
            9 => FindMembers { room, users, extensions: NONE }.into(),
            _ => {
                let options = self.quiet();
                SetProfile { room, profile: PROFILE, options, extensions: NONE }.into()
            }
        }
    }

    /// Who may do what, and who may not.
    fn of_order<'a>(self, known: Known<'a>, [users, _]: [IdList<'a>; 2]) -> Request<'a> {
        let (options, extension) = (self.quiet(), WORDS);
        // The whole app, for some.
        let room = if self.whom < 128 { known.room } else { "" };
        let terms = [Term::NONE, Term::from_seconds(1), Term::from_seconds(60), Term::FOREVER];
        match self.what {
            11 => SetRoomRole {
                room: known.room,
                users,
                role: RoomRole::from_byte(self.how % 6),
                options,
                extension,
                extensions: NONE,
            }
            .into(),
            12 | 13 => Moderate {
                room,
                action: Moderation::from_byte(self.how % 6),
                users,
                term: terms[usize::from(self.how / 8 % 4)],
                options,
                extension,
                extensions: NONE,
            }
            .into(),
            14 => QuerySanctions {
                room,
                sanction: Sanction::from_byte(self.how % 2),
                cursor: if self.how < 128 { &[] } else { known.cursor },
                limit: [1, 2, 500, 0][usize::from(self.how / 4 % 4)],
                extensions: NONE,
            }
            .into(),
            _ => Subscribe { events: AppEvents::from_bits(self.how % 16), extensions: NONE }.into(),
        }
    }
}
