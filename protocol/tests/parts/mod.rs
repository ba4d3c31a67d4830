//! Frames at random: the loose parts that any frame can be made of, and the frames made of them.
//!
//! Numbers are drawn around the widths of a varint more often than elsewhere, because that is
//! where an encoding breaks.

use proptest::collection::vec;
use proptest::prelude::*;
use throng_protocol::frame::{FromBroker, FromClient};
use throng_protocol::handshake::{Credentials, Development, GoAway, Hello, MAGIC, Welcome};
use throng_protocol::push::{AreYouThere, Deliver, Kicked, Lagged, LeftRoom, Push, RoomDestroyed};
use throng_protocol::reply::{
    Accepted, Counters, Created, Destroyed, Joined, Left, Limits, ListChanged, ListEntries, Pong,
    Reply, RoomLimitsSet, RoomState, Shed,
};
use throng_protocol::request::{
    ChangeList, CreateRoom, DestroyRoom, Join, Leave, Ping, Publish, QueryCounters, QueryLimits,
    QueryList, QueryRoom, Request, SetRoomLimits,
};
use throng_protocol::value::{
    Allowance, Class, ClassHint, Count, Counter, Counts, DestroyReason, Extensions, IdList,
    LagReason, LeftReason, LimitSetting, ListChange, ListName, PublishOptions, Role, ShedReason,
};
use throng_protocol::{Code, DecodeError, Refusal};

/// What a frame can be made of. No frame needs more than this.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Which frame to make, below [`KINDS`].
    pub kind: usize,
    pub number: u32,
    pub texts: [String; 5],
    pub longs: [u64; 6],
    pub ints: [u32; 6],
    pub shorts: [u16; 2],
    pub bytes: [u8; 2],
    pub payload: Vec<u8>,
    pub ids: Vec<String>,
    pub extensions: Vec<(u16, Vec<u8>)>,
    /// `ids` as they stand on the wire.
    pub ids_bytes: Vec<u8>,
    /// Figures as they stand on the wire, made of the longs.
    pub counts_bytes: Vec<u8>,
    /// `extensions` as they stand on the wire.
    pub extensions_bytes: Vec<u8>,
}

/// How many frames there are.
pub const KINDS: usize = 36;

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

    /// Reads a body as the side reads it to which a frame of that kind is sent.
    pub fn decode(kind: usize, body: &'a [u8]) -> Result<Self, DecodeError> {
        if kind < FROM_BROKER_AT || (RULES_AT..RULES_FROM_BROKER_AT).contains(&kind) {
            FromClient::decode(body).map(Self::Client)
        } else {
            FromBroker::decode(body).map(Self::Broker)
        }
    }
}

/// Kinds below are sent by clients.
const FROM_BROKER_AT: usize = 9;

/// Kinds from here on are requests about rules, and from there on the replies to those.
const RULES_AT: usize = 25;
const RULES_FROM_BROKER_AT: usize = 30;

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
        (0..KINDS, int(), [text(), text(), text(), text(), text()]),
        proptest::array::uniform6(long()),
        proptest::array::uniform6(int()),
        ([short(), short()], any::<[u8; 2]>(), payload),
        (ids, extensions),
    )
        .prop_map(|((kind, number, texts), longs, ints, (shorts, bytes, payload), lists)| {
            let (ids, extensions) = lists;
            let (mut ids_bytes, mut extensions_bytes) = (Vec::new(), Vec::new());
            IdList::write(ids.iter().map(String::as_str), &mut ids_bytes);
            let pairs = extensions.iter().map(|(number, bytes)| (*number, &bytes[..]));
            Extensions::write(pairs, &mut extensions_bytes);
            let mut counts_bytes = Vec::new();
            Counts::write(counts(&longs, bytes), &mut counts_bytes);
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
                ids_bytes,
                counts_bytes,
                extensions_bytes,
            }
        })
}

/// A figure for each of the longs.
pub fn counts(longs: &[u64], [counter, class]: [u8; 2]) -> impl Iterator<Item = Count> {
    let (counter, class) = (Counter::from_byte(counter), Class::from_byte(class));
    longs.iter().map(move |count| Count { counter, class, count: *count })
}

impl Parts {
    /// The frame of these parts.
    pub fn frame(&self) -> Frame<'_> {
        match self.kind {
            0 | 1 => Frame::Client(FromClient::Hello(self.hello())),
            2..FROM_BROKER_AT => Frame::Client(FromClient::Request(self.number, self.request())),
            FROM_BROKER_AT => Frame::Broker(FromBroker::Welcome(self.welcome())),
            10 => Frame::Broker(FromBroker::GoAway(self.go_away())),
            11..19 => Frame::Broker(FromBroker::Reply(self.number, self.reply())),
            RULES_FROM_BROKER_AT.. => {
                Frame::Broker(FromBroker::Reply(self.number, self.rule_reply()))
            }
            RULES_AT.. => Frame::Client(FromClient::Request(self.number, self.rule_request())),
            _ => Frame::Broker(FromBroker::Push(self.push())),
        }
    }

    fn extensions(&self) -> Extensions<'_> {
        Extensions::parse(&self.extensions_bytes).expect("they were written by us")
    }

    /// The versions of a hello that this version can speak.
    pub fn versions(&self) -> (u16, u16) {
        (self.shorts[0].min(1), self.shorts[1].max(1))
    }

    fn hello(&self) -> Hello<'_> {
        let [app, secret, user, device, client] = &self.texts;
        let (version_min, version_max) = self.versions();
        let credentials = if self.kind == 0 {
            Credentials::Development(Development {
                secret,
                user,
                device,
                role: Role::from_byte(self.bytes[0]),
            })
        } else {
            Credentials::Token(&self.payload)
        };
        Hello {
            magic: MAGIC,
            version_min,
            version_max,
            app,
            credentials,
            client,
            extensions: self.extensions(),
        }
    }

    fn request(&self) -> Request<'_> {
        let [room, kind, message_id, ..] = &self.texts;
        let extensions = self.extensions();
        match self.kind {
            2 => Join { room, history: self.bytes[0], extensions }.into(),
            3 => Leave { room, extensions }.into(),
            4 => Publish {
                room,
                kind,
                payload: &self.payload,
                options: PublishOptions::from_bits(self.bytes[0]),
                class: ClassHint::from_byte(self.bytes[1]),
                message_id,
                targets: IdList::parse(&self.ids_bytes).expect("they were written by us"),
                extensions,
            }
            .into(),
            5 => Ping { extensions }.into(),
            6 => QueryRoom { room, extensions }.into(),
            7 => CreateRoom { room, extensions }.into(),
            _ => DestroyRoom { room, extensions }.into(),
        }
    }

    fn welcome(&self) -> Welcome<'_> {
        let [body, payload, ping, messages, requests, rooms] = self.ints;
        Welcome {
            version: self.shorts[0],
            session: self.longs[0],
            user: &self.texts[0],
            role: Role::from_byte(self.bytes[0]),
            time: self.longs[1],
            body_bytes_max: body,
            payload_bytes_max: payload,
            ping_after_ms: ping,
            messages_per_second: messages,
            requests_per_second: requests,
            rooms_per_user: rooms,
            extensions: self.extensions(),
        }
    }

    fn refusal(&self) -> Refusal<'_> {
        Refusal {
            code: Code::from_number(self.shorts[0]),
            retry_after_ms: self.ints[0],
            detail: &self.texts[0],
            extensions: self.extensions(),
        }
    }

    fn go_away(&self) -> GoAway<'_> {
        GoAway { version_min: self.shorts[1], version_max: self.shorts[0], refusal: self.refusal() }
    }

    fn reply(&self) -> Reply<'_> {
        let [epoch, seq, time, members, occupants, _] = self.longs;
        let extensions = self.extensions();
        match self.kind {
            11 => {
                let left = &self.texts[0];
                Joined { epoch, seq, created_at: time, members, left, extensions }.into()
            }
            12 => Left { extensions }.into(),
            13 => Accepted { epoch, seq, time, extensions }.into(),
            14 => Pong { time, extensions }.into(),
            15 => RoomState { epoch, seq, created_at: time, members, occupants, extensions }.into(),
            16 => Created { epoch, created_at: time, extensions }.into(),
            17 => Destroyed { extensions }.into(),
            _ => Reply::Refused(self.refusal()),
        }
    }

    fn push(&self) -> Push<'_> {
        let [room, sender, kind, extension, _] = &self.texts;
        let [epoch, seq, to_seq, protected, high, low] = self.longs;
        let extensions = self.extensions();
        match self.kind {
            19 => Deliver {
                room,
                epoch,
                seq,
                sender,
                sender_role: Role::from_byte(self.bytes[0]),
                kind,
                ingress_at: to_seq,
                egress_at: protected,
                payload: &self.payload,
                extensions,
            }
            .into(),
            20 => {
                let reason = DestroyReason::from_byte(self.bytes[0]);
                RoomDestroyed { room, epoch, seq, reason, extensions }.into()
            }
            21 => Kicked { room, epoch, seq, extension, extensions }.into(),
            22 => {
                let from_seq = seq;
                let reason = LagReason::from_byte(self.bytes[0]);
                Lagged { room, epoch, from_seq, to_seq, protected, high, low, reason, extensions }
                    .into()
            }
            23 => {
                let reason = LeftReason::from_byte(self.bytes[0]);
                LeftRoom { room, reason, extensions }.into()
            }
            _ => AreYouThere { extensions }.into(),
        }
    }

    /// A limit as it is set, of each of the forms.
    fn setting(&self, place: usize) -> LimitSetting {
        match self.ints[place] {
            u32::MAX => LimitSetting::Keep,
            0xffff_fffe => LimitSetting::Inherit,
            0xffff_fffd => LimitSetting::Unlimited,
            limit => LimitSetting::Limit(limit),
        }
    }

    fn rule_request(&self) -> Request<'_> {
        let (room, extensions) = (&self.texts[0], self.extensions());
        let list = ListName::from_byte(self.bytes[0]);
        match self.kind {
            25 => ChangeList {
                list,
                room,
                change: ListChange::from_byte(self.bytes[1]),
                entries: IdList::parse(&self.ids_bytes).expect("they were written by us"),
                extensions,
            }
            .into(),
            26 => QueryList { list, room, extensions }.into(),
            27 => SetRoomLimits {
                room,
                high_only: self.setting(0),
                shared: self.setting(1),
                protected: self.setting(2),
                slow_mode_ms: self.setting(3),
                extensions,
            }
            .into(),
            28 => QueryLimits { room, extensions }.into(),
            _ => QueryCounters { extensions }.into(),
        }
    }

    fn rule_reply(&self) -> Reply<'_> {
        let extensions = self.extensions();
        let [a, b, c, d, e, f] = self.ints;
        let allowance = |limit, left| Allowance { limit, window_ms: c, left, retry_after_ms: d };
        match self.kind {
            30 => ListChanged { size: a, extensions }.into(),
            31 => {
                let entries = IdList::parse(&self.ids_bytes).expect("they were written by us");
                ListEntries { entries, extensions }.into()
            }
            32 => RoomLimitsSet { extensions }.into(),
            33 => Limits {
                messages: allowance(a, b),
                requests: allowance(b, a),
                room_high_only: allowance(e, f),
                room_shared: allowance(f, e),
                room_protected: allowance(a, f),
                slow_mode_ms: e,
                slow_mode_wait_ms: f,
                extensions,
            }
            .into(),
            34 => {
                let counts = Counts::parse(&self.counts_bytes).expect("they were written by us");
                Counters { counts, extensions }.into()
            }
            _ => Shed {
                class: Class::from_byte(self.bytes[0]),
                reason: ShedReason::from_byte(self.bytes[1]),
                retry_after_ms: a,
                extensions,
            }
            .into(),
        }
    }
}
