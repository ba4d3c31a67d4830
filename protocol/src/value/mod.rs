//! The small values every frame is made of, one kind a file: texts, lists, names for bytes, sets
//! of bits, limits, and what rooms and members are made of.
//!
//! Values parse, they do not validate: a [`RoomId`] in hand is a good room id, and nothing after
//! that looks again. Frames carry the raw text, so that a bad id is a refusal with the request's
//! own number and not the end of the connection.

mod bits;
mod limit;
mod list;
mod names;
mod room;
mod room_names;
mod state;
mod state_names;
mod text;

pub use bits::{
    AppEvents, AttributeOptions, JoinOptions, NoticeOptions, PublishOptions, QueueOptions,
    RecallOptions, RoomFields, RoomFlags,
};
pub use limit::{Allowance, LimitSetting, Term};
pub use list::{Element, Extensions, IdList, KeyList, List};
pub use names::{Class, ClassHint, Counter, LagReason, ListChange, ListName, Role, ShedReason};
pub use room::{
    About, Attendances, Count, Counts, DestroyPolicy, FieldError, ItemResult, ItemResults, Member,
    Members, Profile, Sanctioned, SanctionedUsers, check_extension,
};
pub use room_names::{
    AppEventKind, Attendance, Departure, DestroyReason, KickReason, LeftReason, MemberFilter,
    MemberOrder, Moderation, NoticeKind, PolicyKind, RoomRole, Sanction, Switch,
};
pub use state::{
    Attribute, AttributeResult, AttributeResults, AttributeWrite, AttributeWrites, Attributes, Bot,
    Bots, PublishResult, PublishResults, QueueElement, QueueElements, QueueWrite, QueueWrites,
    TopRoom, TopRooms, check_value,
};
pub use state_names::{
    AttributeOp, BotChange, HistoryBy, HistoryOrder, QueueOp, QueuePermission, TopBy, TopPeriod,
    WriteWhen,
};
pub use text::{
    AppKey, AttributeKey, ClientName, DeviceId, KeyId, Kind, MessageId, ParseError, RoomId, UserId,
    check_characters,
};
