//! Frames at random: the loose parts that any frame can be made of, and the frames made of them.
//!
//! Numbers are drawn around the widths of a varint more often than elsewhere, because that is
//! where an encoding breaks. [`FRAMES`] has a maker for each frame; those are in the files beside
//! this one.

mod people;
mod rooms;
mod rules;
mod state;
mod talk;
mod tokens;

use proptest::collection::vec;
use proptest::prelude::*;
use throng_protocol::DecodeError;
use throng_protocol::frame::{FromBroker, FromClient};
use throng_protocol::push::Push;
use throng_protocol::reply::Reply;
use throng_protocol::request::Request;
use throng_protocol::value::{
    Attendance, Attendances, Class, Count, Counter, Counts, Extensions, IdList, ItemResult,
    ItemResults, Member, Members, Profile, RoomRole, Sanctioned, SanctionedUsers, Term,
};

/// What a frame can be made of. No frame needs more than this.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Which frame to make: a place in [`FRAMES`].
    pub kind: usize,
    pub number: u32,
    pub texts: [String; 8],
    pub longs: [u64; 6],
    pub ints: [u32; 6],
    pub shorts: [u16; 2],
    pub bytes: [u8; 6],
    pub payload: Vec<u8>,
    pub ids: Vec<String>,
    pub extensions: Vec<(u16, Vec<u8>)>,
    /// `ids` as they stand on the wire.
    pub ids_bytes: Vec<u8>,
    /// Rows as they stand on the wire, made of the parts above.
    pub rows: Rows,
    /// `extensions` as they stand on the wire.
    pub extensions_bytes: Vec<u8>,
}

/// Rows of each kind as they stand on the wire.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub counts: Vec<u8>,
    pub members: Vec<u8>,
    pub sanctioned: Vec<u8>,
    pub results: Vec<u8>,
    pub attendances: Vec<u8>,
    pub attribute_writes: Vec<u8>,
    pub attribute_results: Vec<u8>,
    pub attributes: Vec<u8>,
    pub queue_writes: Vec<u8>,
    pub elements: Vec<u8>,
    pub publish_results: Vec<u8>,
    pub bots: Vec<u8>,
    pub top_rooms: Vec<u8>,
}

/// Makes a frame of parts.
type Make = for<'a> fn(&'a Parts) -> Frame<'a>;

/// A maker for every frame there is; hellos have two, for the two kinds of credentials.
pub const FRAMES: &[Make] = &[
    Parts::hello,
    Parts::hello_with_token,
    Parts::welcome,
    Parts::go_away,
    Parts::publish,
    Parts::ping,
    Parts::subscribe,
    Parts::accepted,
    Parts::pong,
    Parts::subscribed,
    Parts::shed,
    Parts::refused,
    Parts::deliver,
    Parts::lagged,
    Parts::are_you_there,
    Parts::app_event,
    Parts::change_list,
    Parts::query_list,
    Parts::set_room_limits,
    Parts::query_limits,
    Parts::query_counters,
    Parts::list_changed,
    Parts::list_entries,
    Parts::room_limits_set,
    Parts::limits,
    Parts::counters,
    Parts::refresh_token,
    Parts::revoke_tokens,
    Parts::token_refreshed,
    Parts::query_room,
    Parts::create_room,
    Parts::change_room,
    Parts::destroy_room,
    Parts::destroy_rooms,
    Parts::set_room_open,
    Parts::mute_room,
    Parts::room_state,
    Parts::created,
    Parts::destroyed,
    Parts::changed,
    Parts::results,
    Parts::room_destroyed,
    Parts::notice,
    Parts::presence,
    Parts::join,
    Parts::leave,
    Parts::query_members,
    Parts::find_members,
    Parts::set_profile,
    Parts::set_room_role,
    Parts::moderate,
    Parts::query_sanctions,
    Parts::joined,
    Parts::left,
    Parts::members_page,
    Parts::members_found,
    Parts::sanctions_page,
    Parts::kicked,
    Parts::left_room,
    Parts::write_attributes,
    Parts::clear_attributes,
    Parts::query_attributes,
    Parts::set_queue,
    Parts::write_queue,
    Parts::poll_queue,
    Parts::query_queue,
    Parts::clear_queue,
    Parts::query_history,
    Parts::recall,
    Parts::publish_many,
    Parts::broadcast,
    Parts::change_bots,
    Parts::query_top,
    Parts::attributes_written,
    Parts::attributes_page,
    Parts::polled,
    Parts::queue_page,
    Parts::history_page,
    Parts::published_many,
    Parts::broadcast_sent,
    Parts::top_rooms,
    Parts::room_attributes,
    Parts::room_queue,
    Parts::tombstone,
    Parts::direct,
    Parts::broadcast_push,
];

/// A frame of either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    Client(FromClient<'a>),
    Broker(FromBroker<'a>),
}

impl<'a> Frame<'a> {
    /// The whole frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Client(frame) => frame.write(&mut out),
            Self::Broker(frame) => frame.write(&mut out),
        }
        out
    }

    /// Reads a body as the side reads it to which this frame is sent.
    pub fn decode_alike<'b>(&self, body: &'b [u8]) -> Result<Frame<'b>, DecodeError> {
        match self {
            Self::Client(_) => FromClient::decode(body).map(Frame::Client),
            Self::Broker(_) => FromBroker::decode(body).map(Frame::Broker),
        }
    }
}

fn long() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..=260_u64,
        (0..=64_u32, 0..=4_u64).prop_map(|(bits, off)| {
            1_u64.checked_shl(bits).unwrap_or(u64::MAX).saturating_sub(2).saturating_add(off)
        }),
        any::<u64>(),
    ]
}

fn int() -> impl Strategy<Value = u32> {
    long().prop_map(|long| u32::try_from(long).unwrap_or(u32::MAX))
}

fn short() -> impl Strategy<Value = u16> {
    long().prop_map(|long| u16::try_from(long).unwrap_or(u16::MAX))
}

/// Letters of one, two, three and four bytes.
const LETTERS: [char; 8] = ['a', 'Z', '7', '@', '\0', '\u{e9}', '\u{20ac}', '\u{1f642}'];

fn text() -> impl Strategy<Value = String> {
    let letter = (0..LETTERS.len()).prop_map(|at| LETTERS[at]);
    prop_oneof![
        8 => vec(letter, 0..16).prop_map(String::from_iter),
        1 => (245..260_usize).prop_map(|bytes| "t".repeat(bytes)),
    ]
}

/// Parts for any frame.
pub fn parts() -> impl Strategy<Value = Parts> {
    let payload = prop_oneof![
        8 => vec(any::<u8>(), 0..80),
        2 => vec(any::<u8>(), 245..260),
        1 => (any::<u8>(), 65_530..65_540_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    let ids = prop_oneof![9 => vec(text(), 0..4), 1 => (90..=100_usize).prop_map(|count| vec!["an-id".to_owned(); count])];
    let extensions = vec((short(), vec(any::<u8>(), 0..20)), 0..=16);
    (
        (0..FRAMES.len(), int(), proptest::array::uniform8(text())),
        proptest::array::uniform6(long()),
        proptest::array::uniform6(int()),
        ([short(), short()], any::<[u8; 6]>(), payload),
        (ids, extensions),
    )
        .prop_map(|((kind, number, texts), longs, ints, (shorts, bytes, payload), lists)| {
            let (ids, extensions) = lists;
            Parts {
                kind,
                number,
                texts,
                longs,
                ints,
                shorts,
                bytes,
                payload,
                ids,
                extensions,
                ids_bytes: Vec::new(),
                rows: Rows::default(),
                extensions_bytes: Vec::new(),
            }
            .written()
        })
}

impl Parts {
    /// The same, with its lists as they stand on the wire.
    pub fn written(mut self) -> Self {
        let (mut ids, mut extensions, mut rows) = (Vec::new(), Vec::new(), Rows::default());
        IdList::write(self.ids.iter().map(String::as_str), &mut ids);
        let pairs = self.extensions.iter().map(|(number, bytes)| (*number, &bytes[..]));
        Extensions::write(pairs, &mut extensions);
        let [counter, class, ..] = self.bytes;
        let (counter, class) = (Counter::from_byte(counter), Class::from_byte(class));
        let count = |count: &u64| Count { counter, class, count: *count };
        Counts::write(self.longs.iter().map(count), &mut rows.counts);
        Members::write(self.ids.iter().map(|user| self.member(user)), &mut rows.members);
        let sanctioned = self.ids.iter().map(|user| self.sanctioned(user));
        SanctionedUsers::write(sanctioned, &mut rows.sanctioned);
        let result = |ms: &u32| ItemResult { code: self.code(), retry_after_ms: *ms };
        ItemResults::write(self.ints.iter().map(result), &mut rows.results);
        let attendances = self.bytes.iter().map(|byte| Attendance::from_byte(*byte));
        Attendances::write(attendances, &mut rows.attendances);
        self.write_state(&mut rows);
        (self.ids_bytes, self.extensions_bytes, self.rows) = (ids, extensions, rows);
        self
    }

    fn member<'a>(&'a self, user: &'a str) -> Member<'a> {
        Member {
            user,
            role: RoomRole::from_byte(self.bytes[0]),
            attendance: Attendance::from_byte(self.bytes[1]),
            joined_at: self.longs[0],
            profile: self.profile(),
        }
    }

    fn sanctioned<'a>(&'a self, user: &'a str) -> Sanctioned<'a> {
        Sanctioned { user, left: self.term(), since: self.longs[1], actor: &self.texts[0] }
    }

    /// How long something holds, of each of the forms.
    fn term(&self) -> Term {
        match self.ints[5] {
            u32::MAX => Term::FOREVER,
            seconds => Term::from_seconds(seconds),
        }
    }

    /// Made of the last three texts.
    fn profile(&self) -> Profile<'_> {
        let [.., nickname, avatar, extension] = &self.texts;
        Profile { nickname, avatar, extension }
    }

    /// The frame of these parts.
    pub fn frame(&self) -> Frame<'_> {
        FRAMES[self.kind](self)
    }

    fn request<'a>(&'a self, request: impl Into<Request<'a>>) -> Frame<'a> {
        Frame::Client(FromClient::Request(self.number, request.into()))
    }

    fn reply<'a>(&'a self, reply: impl Into<Reply<'a>>) -> Frame<'a> {
        Frame::Broker(FromBroker::Reply(self.number, reply.into()))
    }

    fn push<'a>(&'a self, push: impl Into<Push<'a>>) -> Frame<'a> {
        Frame::Broker(FromBroker::Push(push.into()))
    }

    fn list(&self) -> IdList<'_> {
        IdList::parse(&self.ids_bytes).expect("they were written by us")
    }

    fn grown(&self) -> Extensions<'_> {
        Extensions::parse(&self.extensions_bytes).expect("they were written by us")
    }
}
